package neo4j_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	server "tsuiseki/fixtures/neo4j"
	"tsuiseki/graph"
	"tsuiseki/graph/graphtest"
	"tsuiseki/graph/neo4j"
)

// asked is a store on an empty server, and a way to ask the server itself.
func asked(t *testing.T) (s *neo4j.Store, opt neo4j.Options, ask func(cypher string) []any) {
	t.Helper()
	at := server.Shared(t)
	opt = neo4j.Options{URI: at.URI, User: at.User, Password: at.Password}
	s, err := neo4j.Open(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	d, err := driver.NewDriverWithContext(at.URI, driver.BasicAuth(at.User, at.Password, ""))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close(context.Background()) })
	return s, opt, func(cypher string) (values []any) {
		t.Helper()
		result, err := driver.ExecuteQuery(context.Background(), d, cypher, nil, driver.EagerResultTransformer)
		if err != nil {
			t.Fatalf("%s: %v", cypher, err)
		}
		for _, r := range result.Records {
			values = append(values, r.Values...)
		}
		return values
	}
}

// TestOlderVersion carries a graph on that was made before it held traces.
func TestOlderVersion(t *testing.T) {
	s, opt, ask := asked(t)
	if err := s.Write(t.Context(), &graph.Batch{Txs: batchOfEach(t).Txs}); err != nil {
		t.Fatal(err)
	}
	ask("DROP CONSTRAINT deposit")
	ask("MATCH (s:Schema) SET s.version = 1")
	again, err := neo4j.Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	made := ask("SHOW CONSTRAINTS YIELD name WHERE name = 'deposit' RETURN name")
	version := ask("MATCH (s:Schema) RETURN s.version")
	if len(made) != 1 || len(version) != 1 || version[0] != int64(2) {
		t.Errorf("constraint %v, version %v: want it made, and version 2", made, version)
	}
	if err := again.Write(t.Context(), batchOfEach(t)); err != nil {
		t.Error(err)
	}
}

// statements counts the nodes of traces; each of their relationships has one at an end.
const statements = `MATCH (n:Case|Trace|Partial|Deposit|Hop|End|Member|Label|Entity) RETURN count(n)`

// TestNothingIsLeft withdraws all traces, some of them written twice.
func TestNothingIsLeft(t *testing.T) {
	s, _, ask := asked(t)
	b := batchOfEach(t)
	for range 2 {
		if err := s.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	once := ask(statements)
	partials := ask("MATCH (p:Partial) RETURN count(p)")
	if once[0] == int64(0) || partials[0] != int64(0) {
		t.Errorf("there are %v nodes, %v partial traces, want some and none", once, partials)
	}
	for _, of := range graphtest.CaseIDs() {
		if err := s.Withdraw(t.Context(), of, ""); err != nil {
			t.Fatal(err)
		}
	}
	if left := ask(statements); left[0] != int64(0) {
		t.Errorf("%v nodes of withdrawn traces are left", left)
	}
}

// TestLinked writes transfers before and after the traces that speak of them.
func TestLinked(t *testing.T) {
	s, _, ask := asked(t)
	const links = `MATCH (x:Deposit|Hop)-[:PAID|WITH]->(m:Transfer) WHERE x.place = m.place AND x.txid = m.txid RETURN count(*)`
	b := batchOfEach(t)
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	want := ask(links)
	for _, chain := range graphtest.Chains() {
		if err := s.Undo(t.Context(), chain, 0); err != nil {
			t.Fatal(err)
		}
	}
	if none := ask(links); none[0] != int64(0) || want[0] == int64(0) {
		t.Errorf("linked are %v, then, without any transfer, %v", want, none)
	}
	if err := s.Write(t.Context(), &graph.Batch{Txs: b.Txs}); err != nil {
		t.Fatal(err)
	}
	if again := ask(links); again[0] != want[0] {
		t.Errorf("linked are %v, once the transfers are back %v", want, again)
	}
}

// TestManyWriters writes the same traces from two stores at once: each write is done
// whole, or says that the other was in between.
func TestManyWriters(t *testing.T) {
	s, opt, ask := asked(t)
	other, err := neo4j.Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	want := graphtest.LargeTrace("1", 2_000)
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i, store := range []*neo4j.Store{s, other} {
		store.StageAtOnce(500)
		wg.Go(func() { errs[i] = store.Write(t.Context(), &graph.Batch{Traces: []graph.Trace{want}}) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil && !strings.Contains(err.Error(), "another process writes traces") {
			t.Error(err)
		}
	}
	if errs[0] != nil && errs[1] != nil {
		t.Error("neither wrote its trace")
	}
	got, err := s.Trace(t.Context(), want.Case, want.Rule)
	if err != nil || got == nil || len(got.Hops) != len(want.Hops) {
		t.Errorf("the trace is not there whole: %v", err)
	}
	if err := s.Write(t.Context(), &graph.Batch{Traces: []graph.Trace{graphtest.LargeTrace("1", 1)}}); err != nil {
		t.Fatal(err)
	}
	if left := ask("MATCH (h:Hop) RETURN count(h)"); left[0] != int64(1) {
		t.Errorf("%v hops are left, want one", left)
	}
}

// tracesOfEach have something of every kind; cases 1 and 2 meet at an exchange.
func tracesOfEach(worlds []*graphtest.World) (traces []graph.Trace) {
	random := rand.New(rand.NewPCG(3, 4))
	draw := func(_ string, lo, hi int) int { return lo + random.IntN(hi-lo+1) }
	for range 12 {
		traces = append(traces, graphtest.NewTrace(draw, worlds))
	}
	of := worlds[1].All[0].Transfers[0]
	for _, name := range graphtest.CaseIDs()[:4] {
		traces = append(traces, graph.Trace{
			Case: name, Rule: "fifo",
			Deposits: []graph.Deposit{{ID: "d", Transfer: of, Tx: worlds[1].All[0].ID}},
			Hops:     []graph.Hop{{Deposit: "d", Transfer: of, Tx: worlds[1].All[0].ID, Traced: of.Amount, Depth: 1, Means: "transfer"}},
			Ends:     []graph.End{{Deposit: "d", Kind: "service", Key: of.Key, Time: of.Time, Address: of.To, Asset: of.Asset, Traced: of.Amount, Label: "Exchange"}},
			Members:  []graph.Member{{Address: of.Receiver(), Entity: of.To, Size: 1, Heuristics: []string{"deposit-address@1"}}},
			Labels:   []graph.Label{{Address: of.Receiver(), Label: "Exchange", Source: "tagpack", Since: graphtest.Start}},
		})
	}
	return traces
}
