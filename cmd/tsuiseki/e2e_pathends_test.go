package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tsuiseki/chains/chaintest"
	"tsuiseki/graph"
)

// TestPathEnds asks for paths on the real early chain by every kind of end that needs
// no case, and wants the same transfers, whether a cluster is listed or recognised.
func TestPathEnds(t *testing.T) {
	data := t.TempDir()
	command(t, "index", "bitcoin", "--blocks", chaintest.EarlyChain(t), "--data", data)
	label := func(rows ...string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "labels.csv")
		text := "chain,address,label,category,source,is_cluster_definer\n" + strings.Join(rows, "\n") + "\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		command(t, "label", "import", file, "--data", data)
	}
	label("bitcoin,"+demoFrom+",the miner,exchange,test,", "bitcoin,"+demoTo+",the meeting,mixing_service,test,")
	const between, beside = "1ByLSV2gLRcuqUmfdYcpPQH8Npm8cccsFg", "15NUwyBYrZcnUgTagsm1A7M2yL2GntpuaZ" // of a cluster of three
	ask := func(args ...string) (doc pathDoc) {
		t.Helper()
		unmarshal(t, command(t, append([]string{"path", "--json", "--data", data}, args...)...), &doc)
		return doc
	}
	hops := func(d pathDoc) (txs []string) {
		for _, p := range d.Paths {
			for _, h := range p.Hops {
				txs = append(txs, h.Tx.String()+" "+string(h.From.Address))
			}
		}
		return txs
	}
	same := func(what string, a, b pathDoc) {
		t.Helper()
		if a.Answer != graph.Found || !slices.Equal(hops(a), hops(b)) {
			t.Errorf("%s: %s %v, and %s %v", what, a.Answer, hops(a), b.Answer, hops(b))
		}
	}
	plain := ask(demoFrom, demoTo)
	if len(hops(plain)) != 2 {
		t.Fatalf("%v", hops(plain))
	}
	same("from a kind", ask("any:exchange", demoTo), plain)
	same("to a kind", ask(demoFrom, "any:mixer"), plain)
	same("lone clusters", ask("entity:"+demoFrom, "entity:"+demoTo), plain)
	listed, met := ask("entity:"+between, demoTo), ask("entity:"+between, demoTo, "--listed", "1")
	same("from a cluster", met, listed)
	if listed.FromIs.Addresses != 3 || len(hops(listed)) != 1 || listed.Explored.Addresses <= met.Explored.Addresses {
		t.Errorf("cluster %+v, %v; explored %+v, and %+v", listed.FromIs, hops(listed), listed.Explored, met.Explored)
	}
	same("to a cluster", ask(demoFrom, "entity:"+between, "--listed", "1"), ask(demoFrom, "entity:"+between))
	for _, wrong := range [][]string{
		{"any:exchange", "any:mixer"},
		{"any:exchange", "entity:" + between, "--listed", "1"},
		{"any:nothing", demoTo},
		{demoFrom, demoFrom},
		{"entity:" + between, between},
		{"entity:nothing", demoTo},
		{"ethereum:0x0000000000000000000000000000000000000001", demoTo},
	} {
		if code := run(append([]string{"path", "--data", data}, wrong...), new(strings.Builder), new(strings.Builder)); code != exitUsage {
			t.Errorf("path %v: exit %d", wrong, code)
		}
	}
	label("bitcoin," + beside + ",a shop,payment_processor,test,true")
	if shop := ask(demoFrom, "any:payment_processor"); len(hops(shop)) != 1 || shop.Paths[0].Hops[0].To.Address != between {
		t.Errorf("to what a label of another address of its cluster says is one: %s %v", shop.Answer, hops(shop))
	}
	if beyond := ask(demoFrom, demoTo); beyond.Answer != graph.HubInTheWay || !slices.Contains(beyond.Explored.Services, between) {
		t.Errorf("through a service's cluster: %s, %v", beyond.Answer, beyond.Explored.Services)
	}
}

// checkHolderPaths: an account's holder is paid at the deposit addresses, too.
func (l *ledgerCase) checkHolderPaths(t *testing.T) {
	t.Helper()
	var doc pathDoc
	ben, ann, deposit := string(l.story.Party("ben")), string(l.story.Party("ann")), l.story.Party("deposit of ann")
	l.shown(t, &doc, "path", ben, ann)
	if doc.Answer == graph.Found {
		t.Errorf("ben is said to have paid ann's own account: %+v", doc.Paths)
	}
	l.shown(t, &doc, "path", ben, "entity:"+ann, "--k", "9")
	paid := func(p onePathDoc) bool { return len(p.Hops) == 1 && p.Hops[0].To.Address == deposit }
	if doc.Answer != graph.Found || !slices.ContainsFunc(doc.Paths, paid) {
		t.Fatalf("%s %+v", doc.Answer, doc.Paths)
	}
	h := slices.IndexFunc(doc.ToIs.Heuristics, func(h endHeuristicDoc) bool { return h.Address == deposit })
	if h < 0 || doc.ToIs.Heuristics[h].ID != "victor-deposit" || len(doc.ToIs.Heuristics[h].Txs) == 0 {
		t.Errorf("nothing says why the deposit address is ann's: %+v", doc.ToIs)
	}
}
