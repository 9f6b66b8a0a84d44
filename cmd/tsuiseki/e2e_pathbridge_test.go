package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"
	"github.com/ethereum/go-ethereum/core/types"

	"tsuiseki/chains"
	"tsuiseki/graph"
	"tsuiseki/graph/pebblegraph"
)

// bridgedStory is what TestBridgeOutAndBack played.
type bridgedStory struct {
	victim, in, last       *wire.MsgTx
	paid, toMule, returned *types.Transaction
}

func ethereumID(tx *types.Transaction) string { return tx.Hash().Hex()[2:] }

// path asks for a path, and wants an exit code.
func (b *bridgeCase) path(t *testing.T, exit int, args ...string) *pathDoc {
	t.Helper()
	var out, errOut bytes.Buffer
	if code := run(append([]string{"path", "--json", "--data", b.data}, args...), &out, &errOut); code != exit {
		t.Fatalf("path %s: exit %d, want %d\n%s%s", strings.Join(args, " "), code, exit, &out, &errOut)
	}
	var doc pathDoc
	if exit == exitDone || exit == exitIncomplete {
		unmarshal(t, out.String(), &doc)
	}
	return &doc
}

// hops are those of the only path found.
func (d *pathDoc) hops(t *testing.T) (lines []string) {
	t.Helper()
	if d.Answer != graph.Found || len(d.Paths) != 1 {
		t.Fatalf("%s, %d paths, explored %+v", d.Answer, len(d.Paths), d.Explored)
	}
	lines = append(lines, d.Paths[0].Bottleneck.String()+" "+string(d.Paths[0].Asset))
	for _, h := range d.Paths[0].Hops {
		line := fmt.Sprintf("%s %s %s on %s", h.Kind, h.Tx, h.Amount, h.Chain)
		if h.Bridge != nil {
			line += fmt.Sprintf(" for %s %s on %s: %s", h.Swapped.Amount, h.Swapped.Asset, h.FromChain, h.Bridge.Basis)
		}
		if h.Block == (chains.BlockHash{}) || h.Height == 0 || h.Time.IsZero() || h.From.Address == "" || h.To.Address == "" {
			t.Errorf("evidence is missing of %+v", h)
		}
		lines = append(lines, line)
	}
	return lines
}

func wantHops(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// checkPaths: paths go out over the bridge and back, in either direction of search,
// from addresses, clusters, and a case's deposit.
func (b *bridgeCase) checkPaths(t *testing.T, s *bridgedStory) {
	t.Helper()
	script := b.bitcoin.Miner.P2WPKH
	offender := "bitcoin:" + b.bitcoin.Address(t, script("offender"))
	payout := b.bitcoin.Address(t, script("payout"))
	mule := "ethereum:" + b.account("mule").Address.Hex()
	agree := "records of both chains agree"
	in := fmt.Sprintf("transfer %s %d on bitcoin-simnet", s.in.TxHash(), swapped)
	out := fmt.Sprintf("bridge %s 2000000000000000000 on ethereum-1337 for %d BTC on bitcoin-simnet: %s", ethereumID(s.paid), swapped, agree)
	back := []string{
		"transfer " + ethereumID(s.returned) + " 1000000000000000000 on ethereum-1337", "transfer " + ethereumID(s.returned) + " 1000000000000000000 on ethereum-1337",
		fmt.Sprintf("bridge %s %d on bitcoin-simnet for 1000000000000000000 ETH on ethereum-1337: %s", s.last.TxHash(), paidOut, agree),
	}
	there := append([]string{fmt.Sprintf("%d BTC", paidOut), in, out}, back...)

	toMule := b.path(t, exitDone, offender, mule)
	wantHops(t, "out", toMule.hops(t), "700000000000000000 ETH", in, out, "transfer "+ethereumID(s.toMule)+" 700000000000000000 on ethereum-1337")
	if len(toMule.Snapshot) != 2 || toMule.FromIs.Kind != endAddress || toMule.ToIs.Chain != "ethereum-1337" {
		t.Errorf("snapshot %v, ends %+v %+v", toMule.Snapshot, toMule.FromIs, toMule.ToIs)
	}
	wantHops(t, "out and back", b.path(t, exitDone, offender, payout).hops(t), there...)
	wantHops(t, "with time as the order", b.path(t, exitDone, offender, payout, "--by", "time").hops(t), there...)
	cluster := b.path(t, exitDone, "entity:"+offender, "entity:"+payout)
	wantHops(t, "between clusters", cluster.hops(t), there...)
	if cluster.FromIs.Addresses != 1 || len(cluster.FromIs.Heuristics) == 0 {
		t.Errorf("cluster %+v", cluster.FromIs)
	}
	alone := b.path(t, exitDone, offender, payout, "--no-cross")
	wantHops(t, "without the bridge, through the vault", alone.hops(t), fmt.Sprintf("%d BTC", paidOut), in, fmt.Sprintf("transfer %s %d on bitcoin-simnet", s.last.TxHash(), paidOut))
	if len(alone.Snapshot) != 1 {
		t.Errorf("snapshot %v", alone.Snapshot)
	}
	b.path(t, exitUsage, offender, mule, "--no-cross")
	if short := b.path(t, exitDone, offender, payout, "--max-hops", "4"); short.Answer != graph.NotWithinLimits || short.Explored.Cut.Hops == 0 {
		t.Errorf("within four transfers: %s, %+v", short.Answer, short.Explored)
	}
	b.checkCasePaths(t, s, there)
	other := &bridgeCase{ethereum: b.ethereum, data: t.TempDir()}
	other.index(t, "ethereum")
	unseen := other.path(t, exitIncomplete, "any:exchange", b.account("offender").Address.Hex())
	if len(unseen.Missing) != 1 || !strings.Contains(unseen.Missing[0].What, s.in.TxHash().String()) || unseen.Answer == graph.None {
		t.Errorf("where the deposit's chain is not indexed: %s, missing %+v", unseen.Answer, unseen.Missing)
	}
	text := command(t, "path", offender, mule, "--data", b.data)
	if want := "bridge  2 ETH for 3.00000000 BTC on bitcoin-simnet (" + agree + ")"; !strings.Contains(text, want) {
		t.Errorf("%q is not in\n%s", want, text)
	}
}

// checkCasePaths: a path begins with a case's deposit itself, and a case is reached
// where its money came to.
func (b *bridgeCase) checkCasePaths(t *testing.T, s *bridgedStory, there []string) {
	t.Helper()
	store, err := pebblegraph.Open(pebblegraph.Options{Dir: filepath.Join(b.data, "graph")})
	if err != nil {
		t.Fatal(err)
	}
	find := func(tx *wire.MsgTx, n uint32) (deposit graph.Deposit, whole graph.Tx) {
		id, err := chains.ParseTxID(tx.TxHash().String())
		if err != nil {
			t.Fatal(err)
		}
		for held, err := range store.All(t.Context(), "bitcoin-simnet") {
			if err != nil {
				t.Fatal(err)
			}
			if held.ID == id {
				whole = *held
			}
		}
		for _, transfer := range whole.Transfers {
			if transfer.N == n {
				deposit = graph.Deposit{ID: id.String() + ":" + fmt.Sprint(n), Transfer: transfer, Tx: id}
			}
		}
		return deposit, whole
	}
	var anchor graph.Anchor
	for at, err := range store.Anchors(t.Context(), "bitcoin-simnet") {
		if err != nil {
			t.Fatal(err)
		}
		anchor = graph.Anchor{Chain: "bitcoin-simnet", BlockRef: at}
		break
	}
	paidIn, victim := find(s.victim, 0)
	result, last := find(s.last, 0)
	batch := &graph.Batch{Txs: []graph.Tx{victim, last}}
	for id, of := range map[graph.CaseID]graph.Deposit{"one": paidIn, "two": result} {
		batch.Traces = append(batch.Traces, graph.Trace{Case: id, Rule: "fifo", Digest: "sha256:0", AsOf: []graph.Anchor{anchor}, Deposits: []graph.Deposit{of}})
	}
	service := graph.End{Deposit: result.ID, Kind: "service", Key: result.Key, Tx: result.Tx, Address: result.To, Asset: result.Asset, Traced: result.Amount}
	batch.Traces = append(batch.Traces, graph.Trace{Case: "closed", Rule: "fifo", Digest: "sha256:0", AsOf: []graph.Anchor{anchor}, Deposits: []graph.Deposit{result}, Ends: []graph.End{service}})
	replaced := graph.Anchor{Chain: anchor.Chain, BlockRef: chains.BlockRef{Height: anchor.Height + 1, Hash: chains.BlockHash{1}}}
	batch.Anchors = []graph.Anchor{replaced}
	batch.Traces = append(batch.Traces, graph.Trace{Case: "old", Rule: "fifo", Digest: "sha256:0", AsOf: []graph.Anchor{replaced}, Deposits: []graph.Deposit{paidIn}})
	if err := store.Write(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	begins := fmt.Sprintf("transfer %s %d on bitcoin-simnet", s.victim.TxHash(), deposit)
	want := append([]string{there[0], begins}, there[1:]...)
	doc := b.path(t, exitDone, "case:one", "case:two", "--chain", "bitcoin")
	wantHops(t, "from case to case", doc.hops(t), want...)
	if doc.FromIs.Transfers != 1 || doc.ToIs.Addresses != 1 || doc.ToIs.Rule != "fifo" {
		t.Errorf("ends %+v %+v", doc.FromIs, doc.ToIs)
	}
	for why, args := range map[string][]string{
		"no trace of case three": {"case:one", "case:three"}, "by rule lifo": {"case:one", "case:two", "--rule", "lifo"},
		"services and hubs alone": {"case:one", "case:closed"}, "were replaced": {"case:old", "case:two"},
	} {
		var errOut strings.Builder
		if code := run(append([]string{"path", "--chain", "bitcoin", "--data", b.data}, args...), new(strings.Builder), &errOut); code != exitFailed || !strings.Contains(errOut.String(), why) {
			t.Errorf("path %v: exit %d, %s", args, code, &errOut)
		}
	}
}
