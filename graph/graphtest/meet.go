package graphtest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// TestMeet compares where cases meet, by random traces, with looking for each case at
// each node by itself.
func TestMeet(t *testing.T, open func(t *testing.T) graph.Archive) {
	rapid.Check(t, func(r *rapid.T) {
		draw := func(label string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(r, label) }
		store := open(t)
		defer store.Close()
		statements, keeps := store.(graph.Statements)
		if !keeps {
			t.Fatalf("%T keeps no statements", store)
		}
		var worlds []*World
		indexes := map[chains.Chain]graph.Chain{}
		for _, chain := range Chains()[:2] {
			w := NewWorld(draw, chain, draw("transactions", 2, 10))
			worlds = append(worlds, w)
			if draw("indexed", 0, 3) > 0 {
				indexes[chain] = w
			}
		}
		for range draw("traces", 2, 6) {
			trace := meetTrace(draw, worlds)
			if err := store.Write(context.Background(), &graph.Batch{Traces: []graph.Trace{trace}}); err != nil {
				r.Fatal(err)
			}
		}
		q := graph.MeetQuery{Rule: Rules()[0], HubDegree: draw("hub degree", 0, 8)}
		for range draw("cases", 2, 5) {
			q.Cases = append(q.Cases, CaseIDs()[draw("of", 0, 3)])
		}
		service := Name(draw("service", 0, names-1))
		q.Service = func(a graph.Address) (string, bool, error) { return "of all", a.Address == service, nil }
		got, err := graph.Meet(context.Background(), store, statements, indexes, q)
		if few := len(slices.Compact(slices.Sorted(slices.Values(q.Cases)))) < 2; few || err != nil {
			if few != (err != nil) {
				r.Fatalf("cases %q: %v", q.Cases, err)
			}
			return
		}
		if diff := gocmp.Diff(naiveMeet(r, statements, indexes, q), meetLines(got)); diff != "" {
			r.Fatalf("(-naive +store):\n%s", diff)
		}
	})
}

// meetTrace is a trace of few cases that goes to many places, of few entities.
func meetTrace(draw Draw, worlds []*World) graph.Trace {
	trace := NewTrace(draw, worlds)
	trace.Case, trace.Rule = CaseIDs()[draw("case", 0, 3)], Rules()[min(draw("rule", 0, 4)/4, 1)]
	if len(trace.Deposits) > 0 {
		follow(draw, worlds, &trace)
		follow(draw, worlds, &trace)
	}
	for range draw("more members", 0, 3) {
		trace.Members = append(trace.Members, graph.Member{
			Address: graph.Address{Chain: worlds[draw("of chain", 0, 1)].Chain, Address: Name(draw("member", 0, names-1))},
			Entity:  Name(draw("of entity", 0, 1)), Size: draw("addresses", 2, 12), Heuristics: []string{"change@1", "co-spend@2"}[:draw("by", 0, 2)],
		})
	}
	return trace
}

func meetLines(a *graph.MeetAnswer) (lines []string) {
	for _, m := range a.Meetings {
		line := []string{fmt.Sprintf("%s %s %s at %d", m.Kind, m.Chain, m.Address.Address, m.Depth)}
		for _, c := range m.Cases {
			line = append(line, fmt.Sprintf("%q %q %v at %d, %v to %v, %q", c.Case, c.Deposits, c.Amounts, c.Depth, c.First.At, c.Last.At, c.Ends))
		}
		lines = append(lines, strings.Join(append(line, fmt.Sprintf("%v of %d by %v", m.Members, m.Size, m.Heuristics)), "; "))
	}
	for _, s := range a.Suppressed {
		lines = append(lines, fmt.Sprintf("%s %s %s is %s: %q", s.Kind, s.Chain, s.Address.Address, s.Reason, s.Cases))
	}
	return append(lines, fmt.Sprintf("stale %q, missing %q", a.Stale, a.Missing))
}

// naiveNode is a node that is tried.
type naiveNode struct {
	graph.Node
	members []graph.Address
	cases   []graph.CaseID
	depth   int
	line    string
	size    int
}

// naiveMeet tries each address, and each entity, that any of the traces names.
func naiveMeet(r *rapid.T, statements graph.Statements, indexes map[chains.Chain]graph.Chain, q graph.MeetQuery) (lines []string) {
	var traces []*graph.Trace
	var stale, missing []graph.CaseID
	for _, id := range slices.Compact(slices.Sorted(slices.Values(q.Cases))) {
		trace, err := statements.Trace(context.Background(), id, q.Rule)
		switch {
		case err != nil:
			r.Fatal(err)
		case trace == nil:
			missing = append(missing, id)
		case trace.Stale:
			stale = append(stale, id)
		default:
			traces = append(traces, trace)
		}
	}
	var nodes []naiveNode
	for _, n := range naiveNodes(traces) {
		if len(n.cases) > 1 {
			nodes = append(nodes, n)
		}
	}
	slices.SortFunc(nodes, func(a, b naiveNode) int {
		return cmp.Or(cmp.Compare(len(b.cases), len(a.cases)), cmp.Compare(a.depth, b.depth), a.Compare(b.Address), cmp.Compare(a.Kind, b.Kind))
	})
	var kept, left []string
	slices.SortStableFunc(nodes, func(a, b naiveNode) int { return cmp.Compare(len(b.cases), len(a.cases)) })
	byName := slices.Clone(nodes)
	slices.SortFunc(byName, func(a, b naiveNode) int {
		return cmp.Or(cmp.Compare(len(b.cases), len(a.cases)), a.Compare(b.Address), cmp.Compare(a.Kind, b.Kind))
	})
	for _, n := range nodes {
		if naiveReason(traces, indexes, q, &n) == "" {
			kept = append(kept, n.line)
		}
	}
	for _, n := range byName {
		if reason := naiveReason(traces, indexes, q, &n); reason != "" {
			left = append(left, fmt.Sprintf("%s %s %s is %s: %q", n.Kind, n.Chain, n.Address.Address, reason, n.cases))
		}
	}
	return append(append(kept, left...), fmt.Sprintf("stale %q, missing %q", stale, missing))
}

// naiveNodes are all that could be one.
func naiveNodes(traces []*graph.Trace) (nodes []naiveNode) {
	tried := map[graph.Node]bool{}
	try := func(n graph.Node, members []graph.Address, size int, heuristics []string) {
		if tried[n] {
			return
		}
		tried[n] = true
		nodes = append(nodes, naiveAt(traces, n, members, size, heuristics))
	}
	for _, t := range traces {
		for _, v := range t.Visits() {
			try(graph.Node{Kind: graph.AddressNode, Address: v.Address}, []graph.Address{v.Address}, 0, nil)
		}
	}
	addresses := slices.Clone(nodes)
	for _, t := range traces {
		for _, m := range t.Members {
			var members []graph.Address
			var heuristics []string
			size := 0
			for _, a := range addresses {
				for _, other := range traces {
					for _, o := range other.Members {
						if o.Address == a.Address && o.Chain == m.Chain && o.Entity == m.Entity {
							members, heuristics, size = append(members, a.Address), append(heuristics, o.Heuristics...), max(size, o.Size)
						}
					}
				}
			}
			slices.SortFunc(members, graph.Address.Compare)
			slices.Sort(heuristics)
			entity := naiveAt(traces, graph.Node{Kind: graph.EntityNode, Address: graph.Address{Chain: m.Chain, Address: m.Entity}}, slices.Compact(members), size, slices.Compact(heuristics))
			alone := slices.ContainsFunc(addresses, func(a naiveNode) bool {
				return slices.Contains(members, a.Address) && len(a.cases) == len(entity.cases)
			})
			if !alone && !tried[entity.Node] {
				tried[entity.Node] = true
				nodes = append(nodes, entity)
			}
		}
	}
	return nodes
}

// naiveAt goes through the traces for what came to a node.
func naiveAt(traces []*graph.Trace, n graph.Node, members []graph.Address, size int, heuristics []string) naiveNode {
	node := naiveNode{Node: n, members: members, depth: 1 << 30, size: size}
	var parts []string
	for _, t := range traces {
		of := graph.MeetingCase{Case: t.Case, Depth: 1 << 30}
		for _, v := range t.Visits() {
			if !slices.Contains(members, v.Address) {
				continue
			}
			if of.Deposits == nil || v.First.At.Compare(of.First.At) < 0 {
				of.First = v.First
			}
			if of.Deposits == nil || v.Last.At.Compare(of.Last.At) > 0 {
				of.Last = v.Last
			}
			of.Depth = min(of.Depth, v.Depth)
			of.Deposits = append(of.Deposits, v.Deposit)
			if v.End != "" {
				of.Ends = append(of.Ends, v.End)
			}
			at := slices.IndexFunc(of.Amounts, func(a graph.AssetAmount) bool { return a.Asset == v.Asset })
			if at < 0 {
				at, of.Amounts = len(of.Amounts), append(of.Amounts, graph.AssetAmount{Asset: v.Asset})
			}
			of.Amounts[at].Amount = of.Amounts[at].Amount.Add(v.Traced)
		}
		if of.Deposits == nil {
			continue
		}
		slices.SortFunc(of.Amounts, func(a, b graph.AssetAmount) int { return cmp.Compare(a.Asset, b.Asset) })
		slices.Sort(of.Deposits)
		slices.Sort(of.Ends)
		node.cases = append(node.cases, t.Case)
		node.depth = min(node.depth, of.Depth)
		parts = append(parts, fmt.Sprintf("%q %q %v at %d, %v to %v, %q", of.Case, slices.Compact(of.Deposits), of.Amounts, of.Depth, of.First.At, of.Last.At, slices.Compact(of.Ends)))
	}
	if n.Kind == graph.AddressNode {
		members = nil
	}
	parts = append(parts, fmt.Sprintf("%v of %d by %v", members, size, heuristics))
	node.line = fmt.Sprintf("%s %s %s at %d; %s", n.Kind, n.Chain, n.Address.Address, node.depth, strings.Join(parts, "; "))
	return node
}

func naiveReason(traces []*graph.Trace, indexes map[chains.Chain]graph.Chain, q graph.MeetQuery, n *naiveNode) graph.Reason {
	for _, a := range n.members {
		if _, is, _ := q.Service(a); is {
			return graph.IsService
		}
		for _, t := range traces {
			for _, e := range t.Ends {
				if e.Chain == a.Chain && e.Address == a.Address && (e.Kind == "service" || e.Kind == "mixer" || e.Kind == "bridge" || e.Kind == "burn") {
					return graph.IsService
				}
			}
		}
	}
	for _, a := range n.members {
		w, indexed := indexes[a.Chain].(*World)
		if !indexed {
			return graph.NoIndex
		}
		if (&naive{World: w, Query: graph.Query{HubDegree: q.HubDegree}}).hub(a.Address) {
			return graph.IsHub
		}
	}
	if q.HubDegree > 0 && n.size > q.HubDegree {
		return graph.IsHub
	}
	return ""
}

// TestMeetCases tells of two frauds whose money meets.
func TestMeetCases(t *testing.T, open func(t *testing.T) graph.Archive) {
	w := told(chains.Ethereum, "v>a 5 ETH", "a>m 5 ETH", "u>b 3 ETH", "b>m 3 ETH", "m>x 8 ETH", "w>c 1 ETH", "c>n 1 ETH")
	store := open(t)
	defer store.Close()
	hop := func(deposit string, tx, depth int) graph.Hop {
		of := w.All[tx].Transfers[0]
		return graph.Hop{Deposit: deposit, Transfer: of, Tx: w.All[tx].ID, Traced: of.Amount, Depth: depth, Means: "transfer"}
	}
	end := func(deposit string, tx, depth int, amount int64, kind, label string) graph.End {
		of := w.All[tx].Transfers[0]
		return graph.End{Deposit: deposit, Kind: kind, Key: of.Key, Tx: w.All[tx].ID, Time: of.Time, Address: of.To, Asset: of.Asset, Traced: chains.NewAmount(amount), Depth: depth, Label: label}
	}
	paid := func(id string, tx int) graph.Deposit {
		return graph.Deposit{ID: id, Transfer: w.All[tx].Transfers[0], Tx: w.All[tx].ID}
	}
	eth := func(name string) graph.Address { return graph.Address{Chain: chains.Ethereum, Address: Letter(name)} }
	mine := func(name string) graph.Member {
		return graph.Member{Address: eth(name), Entity: Letter("m"), Size: 7, Heuristics: []string{"co-spend@1"}}
	}
	err := store.Write(context.Background(), &graph.Batch{Traces: []graph.Trace{
		{Case: "1", Rule: "fifo", Deposits: []graph.Deposit{paid("d1", 0)}, Hops: []graph.Hop{hop("d1", 1, 1), hop("d1", 4, 2)}, Ends: []graph.End{end("d1", 4, 2, 5, "service", "An Exchange")}},
		{Case: "2", Rule: "fifo", Deposits: []graph.Deposit{paid("d1", 2)}, Hops: []graph.Hop{hop("d1", 3, 1), hop("d1", 4, 2)}, Ends: []graph.End{end("d1", 4, 2, 3, "service", "An Exchange")}, Members: []graph.Member{mine("m"), mine("n")}},
		{Case: "3", Rule: "fifo", Deposits: []graph.Deposit{paid("d1", 5)}, Hops: []graph.Hop{hop("d1", 6, 1)}, Ends: []graph.End{end("d1", 6, 1, 1, "unspent", "")}},
		{Case: "4", Rule: "fifo", Stale: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	statements := store.(graph.Statements)
	ask := func(q graph.MeetQuery) string {
		q.Rule = "fifo"
		got, err := graph.Meet(context.Background(), store, statements, map[chains.Chain]graph.Chain{chains.Ethereum: w}, q)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(meetLines(got), "\n")
		for _, letter := range []string{"m", "n", "x"} {
			text = strings.ReplaceAll(text, string(Letter(letter)), letter)
		}
		return text
	}
	const (
		m      = `address ethereum m at 1; "1" ["d1"] [{ETH 5}] at 1, 1:0 to 1:0, []; "2" ["d1"] [{ETH 3}] at 1, 3:0 to 3:0, []; [] of 0 by []`
		x      = `address ethereum x is service: ["1" "2"]`
		entity = `entity ethereum m at 1; "1" ["d1"] [{ETH 5}] at 1, 1:0 to 1:0, []; "2" ["d1"] [{ETH 3}] at 1, 3:0 to 3:0, []; "3" ["d1"] [{ETH 1}] at 1, 6:0 to 6:0, ["unspent"]; [{ethereum m} {ethereum n}] of 7 by [co-spend@1]`
	)
	for _, c := range []struct {
		name string
		q    graph.MeetQuery
		want []string
	}{
		{"at a collector, not at an exchange", graph.MeetQuery{Cases: []graph.CaseID{"2", "1"}}, []string{m, x, "stale [], missing []"}},
		{"by an entity", graph.MeetQuery{Cases: []graph.CaseID{"1", "2", "3"}}, []string{entity, m, x, "stale [], missing []"}},
		{"an entity larger than a hub is busy", graph.MeetQuery{Cases: []graph.CaseID{"1", "2", "3"}, HubDegree: 6}, []string{m, `entity ethereum m is hub: ["1" "2" "3"]`, x, "stale [], missing []"}},
		{"stale and missing", graph.MeetQuery{Cases: []graph.CaseID{"3", "4", "5"}}, []string{`stale ["4"], missing ["5"]`}},
		{"a hub of the whole chain", graph.MeetQuery{Cases: []graph.CaseID{"1", "2"}, HubDegree: 2}, []string{`address ethereum m is hub: ["1" "2"]`, x, "stale [], missing []"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := gocmp.Diff(strings.Join(c.want, "\n"), ask(c.q)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	trace, err := statements.Trace(context.Background(), "1", "fifo")
	if err != nil {
		t.Fatal(err)
	}
	got := graph.ExposureOfCase(trace, func(*graph.End, []graph.Label) string { return "" })
	want := []graph.CaseCategory{{Category: "service", Places: 1, CaseSum: graph.CaseSum{
		Asset: "ETH", Indirect: chains.NewAmount(5), Depth: 2, Deposits: 1, First: Start.Add(4 * time.Minute), Last: Start.Add(4 * time.Minute),
	}}}
	if diff := gocmp.Diff(want, got.Categories, gocmp.Comparer(chains.Amount.Equal)); diff != "" {
		t.Errorf("exposure of a case (-want +got):\n%s", diff)
	}
}
