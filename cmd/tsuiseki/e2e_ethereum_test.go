package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tsuiseki/chains"
	"tsuiseki/fixtures/evm"
	"tsuiseki/fixtures/node"
	"tsuiseki/tracer"
)

// ledgerCase is an Ethereum node with a data folder that indexes it, and what was
// played on it.
type ledgerCase struct {
	node  *node.Ethereum
	data  string
	story *evm.Story
}

func (l *ledgerCase) index(t *testing.T, extra ...string) {
	t.Helper()
	command(t, append([]string{"index", "ethereum", "--data", l.data, "--rpc", l.node.URL}, extra...)...)
}

func (l *ledgerCase) trace(t *testing.T, args ...string) (*tracer.Result, string) {
	t.Helper()
	out := command(t, append([]string{"trace", "--json", "--data", l.data}, args...)...)
	var result tracer.Result
	unmarshal(t, out, &result)
	return &result, out
}

// TestInvestigationOnEthereum plays one story on two kinds of nodes. Both give
// the ledger that the story tells, and so the same trails.
func TestInvestigationOnEthereum(t *testing.T) {
	trails := map[string][]string{}
	for name, start := range map[string]func(testing.TB, ...string) *node.Ethereum{"geth": node.Geth, "anvil": node.Anvil} {
		t.Run(name, func(t *testing.T) {
			l := &ledgerCase{node: start(t), data: t.TempDir()}
			l.story = evm.Play(t, l.node)
			l.index(t)
			l.checkLedger(t)
			trails[name] = l.checkTrails(t)
			l.checkReorg(t)
		})
	}
	if diff := cmp.Diff(trails["geth"], trails["anvil"]); diff != "" {
		t.Errorf("trails differ between nodes (-geth +anvil):\n%s", diff)
	}
}

// checkLedger compares every transaction that the index shows with the story.
func (l *ledgerCase) checkLedger(t *testing.T) {
	t.Helper()
	for _, step := range l.story.Steps {
		var doc accountTxDoc
		unmarshal(t, command(t, "show", "tx", step.Tx.Hex(), "--json", "--data", l.data), &doc)
		var got, want []string
		for _, transfer := range doc.Transfers {
			switch kind := chains.TransferKind(transfer.Kind); {
			case kind == chains.FeeTransfer, kind == chains.TipTransfer, kind == chains.NativeTransfer && transfer.Amount.IsZero():
			case kind == chains.MixTransfer && step.Name == "mixer deposit":
			default:
				got = append(got, fmt.Sprint(kind, " ", transfer.From, " ", transfer.Address, " ", transfer.Asset, " ", transfer.Amount))
			}
		}
		for _, transfer := range step.Transfers {
			want = append(want, fmt.Sprint(transfer.Kind, " ", transfer.From, " ", transfer.To, " ", transfer.Asset, " ", transfer.Amount))
		}
		// The story mixes calls and logs as they happen, the index lists calls first.
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" || doc.Failed != step.Failed || doc.Height != step.Block || len(doc.Missing) > 0 {
			t.Errorf("%s (failed %v, block %d, missing %v): transfers (-story +index):\n%s", step.Name, doc.Failed, doc.Height, doc.Missing, diff)
		}
	}
}

// of is the reference to a step's only transfer of an asset from a party.
func (l *ledgerCase) of(t *testing.T, name string, asset chains.Asset) string {
	t.Helper()
	step := l.story.Step(t, name)
	var doc accountTxDoc
	unmarshal(t, command(t, "show", "tx", step.Tx.Hex(), "--json", "--data", l.data), &doc)
	for _, transfer := range doc.Transfers {
		if transfer.Asset == asset && transfer.Amount.Sign() > 0 && transfer.Ref != "" {
			return transfer.Ref
		}
	}
	t.Fatalf("step %q has no transfer of %s: %+v", name, asset, doc.Transfers)
	return ""
}

// ends writes a trace's ends with the story's names.
func (l *ledgerCase) ends(r *tracer.Result) (lines []string) {
	names := map[chains.Address]string{"": "nobody", chains.ZeroAddress: "nobody"}
	for name, address := range l.story.Address {
		names[chains.Address(strings.ToLower(address.Hex()))] = name
	}
	sums := map[string]chains.Amount{}
	for _, e := range r.Ends {
		key := fmt.Sprintf("%s at %s: %s", e.Kind, names[e.Address], assetName(names, e.Asset))
		sums[key] = sums[key].Add(e.Traced)
	}
	for key, sum := range sums {
		lines = append(lines, key+" "+sum.String())
	}
	return slices.Sorted(slices.Values(lines))
}

func assetName(names map[chains.Address]string, asset chains.Asset) string {
	if name, ok := names[chains.Address(asset)]; ok {
		return name
	}
	return string(asset)
}

func (l *ledgerCase) checkTrails(t *testing.T) (all []string) {
	t.Helper()
	usdt := l.story.Asset("USDT")
	for _, c := range []struct {
		step  string
		asset chains.Asset
		want  []string // nil: compared between the nodes alone
	}{
		{"token", usdt, []string{
			"burn at USDT: USDT 50000000", "frozen at thief: USDT 5000000", "unspent at bob: USDT 2345000000", "unspent at dave: USDT 600000000", "unspent at hot wallet: USDT 1000000000",
		}},
		{"theft of USDT", usdt, []string{"frozen at thief: USDT 1400000000", "unspent at mule: USDT 600000000"}},
		{"theft of USDC", l.story.Asset("USDC"), []string{"unspent at mule: USDC 100000000", "unspent at thief: USDC 2900000000"}},
		{"mixer deposit", evm.Ether, []string{"mixer at mixer: ETH 1000000000000000000"}},
		{"split", evm.Ether, nil},
		{"swap ether", evm.Ether, nil},
		{"swap to another", l.story.Asset("WETH"), nil},
		{"route", l.story.Asset("WETH"), nil},
		{"swap to ether", usdt, nil},
		{"create and destroy", evm.Ether, nil},
	} {
		ref := l.of(t, c.step, c.asset)
		for _, rule := range []string{"fifo", "lifo", "haircut", "tiho", "dirty-first", "clean-first", "poison"} {
			r, _ := l.trace(t, ref, "--rule", rule)
			ends := l.ends(r)
			all = append(all, append([]string{c.step + " by " + rule}, ends...)...)
			if c.want != nil && rule == "fifo" {
				if diff := cmp.Diff(c.want, ends); diff != "" {
					t.Errorf("%s (-want +got):\n%s", c.step, diff)
				}
			}
			if rule != "poison" {
				checkBalanced(t, c.step, r)
			}
			if len(r.Missing) > 0 {
				t.Errorf("%s by %s: missing %v", c.step, rule, r.Missing)
			}
		}
	}
	return all
}

// checkBalanced holds each asset of each deposit to its balance.
func checkBalanced(t *testing.T, name string, r *tracer.Result) {
	t.Helper()
	for _, total := range r.Totals {
		in := total.In.Add(total.SwappedIn)
		if out := chains.Sum(total.SwappedOut, total.Ends, total.Fees, total.Unresolved); !in.Equal(out) {
			t.Errorf("%s: %s in, %s out: %+v", name, in, out, total)
		}
	}
}

// checkReorg replaces the last blocks: the index follows, and equals a fresh one.
func (l *ledgerCase) checkReorg(t *testing.T) {
	t.Helper()
	ref := l.of(t, "token", l.story.Asset("USDT"))
	before, _ := l.trace(t, ref)
	l.node.Reorg(t, 3)
	l.index(t)
	after, document := l.trace(t, ref)
	if before.Digest == after.Digest || before.Snapshot[0].Height+1 != after.Snapshot[0].Height {
		t.Errorf("snapshots %+v and %+v", before.Snapshot, after.Snapshot)
	}
	fresh := &ledgerCase{node: l.node, data: t.TempDir(), story: l.story}
	fresh.index(t)
	if _, again := fresh.trace(t, ref); again != document {
		t.Errorf("after the reorg and from scratch, traces differ:\n%s\n%s", document, again)
	}
	// An index that starts at the deposit has what was held before from the archive node.
	late := &ledgerCase{node: l.node, data: t.TempDir(), story: l.story}
	late.index(t, "--from", fmt.Sprint(after.Deposits[0].Height))
	result, _ := late.trace(t, ref, "--rpc", l.node.URL)
	if diff := cmp.Diff(l.ends(after), late.ends(result)); diff != "" || len(result.Missing) > 0 {
		t.Errorf("a late index: missing %v, ends differ:\n%s", result.Missing, diff)
	}
}
