package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/chains/chaintest"
	"tsuiseki/fixtures/evm"
	"tsuiseki/fixtures/node"
	"tsuiseki/graph"
	neo4jgraph "tsuiseki/graph/neo4j"
	"tsuiseki/graph/pebblegraph"
	"tsuiseki/tracer"
)

// filedTrace is what the graph of a data folder holds of a case's trace.
func filedTrace(t *testing.T, data, of, rule string) *graph.Trace {
	t.Helper()
	store, err := pebblegraph.Open(pebblegraph.Options{Dir: filepath.Join(data, "graph")})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	return traceIn(t, store, of, rule)
}

func traceIn(t *testing.T, store graph.Statements, of, rule string) *graph.Trace {
	t.Helper()
	trace, err := store.Trace(t.Context(), graph.CaseID(of), rule)
	if err != nil || trace == nil {
		t.Fatalf("trace of %s: %v, %v", of, trace, err)
	}
	return trace
}

// TestTraceIsFiled files the trace of a payment on the real early chain in both
// stores: it says what the document says, and labels say whose an address is.
func TestTraceIsFiled(t *testing.T) {
	server, data := graphServer(t), t.TempDir()
	command(t, "index", "bitcoin", "--blocks", chaintest.EarlyChain(t), "--data", data)
	labels := filepath.Join(t.TempDir(), "labels.csv")
	row := "address,chain,label,category,source\n" + demoTo + ",bitcoin,Old Exchange,exchange,a test\n"
	if err := os.WriteFile(labels, []byte(row), 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, "label", "import", labels, "--data", data)
	var doc tracer.Result
	unmarshal(t, command(t, "trace", demoDeposit, "--case", "A", "--json", "--data", data), &doc)
	command(t, "trace", demoDeposit, "--case", "A", "--data", data, "--graph", server.URI)

	trace := filedTrace(t, data, "A", "fifo")
	checkFiled(t, trace, &doc)
	if n := slices.IndexFunc(trace.Labels, func(l graph.Label) bool { return l.Label == "Old Exchange" }); n < 0 || trace.Labels[n].Source != "a test" || !slices.Contains(trace.Labels[n].Concepts, "exchange") {
		t.Errorf("labels %+v", trace.Labels)
	}
	store, err := neo4jgraph.Open(t.Context(), neo4jgraph.Options{URI: server.URI, User: server.User, Password: server.Password})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if there := traceIn(t, store, "A", "fifo"); fmt.Sprintf("%+v", there) != fmt.Sprintf("%+v", trace) {
		t.Errorf("Neo4j holds\n%+v\nnot\n%+v", there, trace)
	}
	command(t, "trace", demoDeposit, "--case", "A", "--max-hops", "1", "--data", data)
	if again := filedTrace(t, data, "A", "fifo"); again.Digest == trace.Digest || len(again.Hops) >= len(trace.Hops) {
		t.Errorf("the second trace did not take the first one's place: %d hops", len(again.Hops))
	}
}

// TestAccountTraceIsFiled files a trace of a story with swaps, played on a real node.
func TestAccountTraceIsFiled(t *testing.T) {
	l := &ledgerCase{node: node.Anvil(t), data: t.TempDir()}
	l.story = evm.Play(t, l.node)
	l.index(t)
	for step, asset := range map[string]chains.Asset{
		"token": l.story.Asset("USDT"), "theft of USDT": l.story.Asset("USDT"), "mixer deposit": evm.Ether, "split": evm.Ether,
		"swap ether": evm.Ether, "swap to another": l.story.Asset("WETH"), "route": l.story.Asset("WETH"), "swap to ether": l.story.Asset("USDT"),
		"create and destroy": evm.Ether,
	} {
		var doc tracer.Result
		unmarshal(t, command(t, "trace", l.of(t, step, asset), "--case", step, "--rule", "haircut", "--json", "--data", l.data), &doc)
		checkFiled(t, filedTrace(t, l.data, step, "haircut"), &doc)
	}
}

// checkFiled compares how much of the deposits ended where, and what moved by which means.
func checkFiled(t *testing.T, trace *graph.Trace, doc *tracer.Result) {
	t.Helper()
	if trace.Digest != doc.Digest || trace.Engine != doc.Engine.Version || len(trace.AsOf) != len(doc.Snapshot) || trace.Stale {
		t.Errorf("filed %s by %s as of %v, stale %v; traced %s", trace.Digest, trace.Engine, trace.AsOf, trace.Stale, doc.Digest)
	}
	var want, got []string
	for _, e := range doc.Ends {
		want = append(want, fmt.Sprint(e.Deposit, e.Kind, e.Tx, e.Height, e.Address, e.Asset, e.Traced))
	}
	for _, e := range trace.Ends {
		got = append(got, fmt.Sprint(e.Deposit, e.Kind, e.Tx, e.At.Height, e.Address, e.Asset, e.Traced))
	}
	if !slices.Equal(want, got) {
		t.Errorf("ends\n%v\nwant\n%v", got, want)
	}
	means, swaps := map[string]int{}, 0
	for _, h := range trace.Hops {
		means[h.Means]++
	}
	for _, h := range doc.Hops {
		if h.Swapped != nil {
			swaps++
		}
	}
	if (swaps > 0) != (means["swap"]+means["wrap"] > 0) {
		t.Errorf("%d swaps, filed as %v", swaps, means)
	}
	if len(doc.Hops) > 0 && len(trace.Hops) == 0 {
		t.Error("no hop was filed")
	}
}
