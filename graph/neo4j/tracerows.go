package neo4j

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// addressRows are addresses to be made where they are not there, by their keys.
type addressRows map[string]any

// note takes an address in and gives its key.
func (r addressRows) note(a graph.Address) string {
	key := addressKey(a)
	r[key] = map[string]any{"key": key, "chain": string(a.Chain), "address": string(a.Address)}
	return key
}

// sorted are the rows in the order in which all writers lock.
func (r addressRows) sorted() (all []any) {
	for _, key := range slices.Sorted(maps.Keys(r)) {
		all = append(all, r[key])
	}
	return all
}

// staged are rows of what traces say, by the statement that writes them.
type staged struct {
	rows      map[string][]any
	addresses addressRows
	size      int
}

func newStaged() *staged { return &staged{rows: map[string][]any{}, addresses: addressRows{}} }

func (s *staged) add(cypher string, row map[string]any) {
	s.rows[cypher] = append(s.rows[cypher], row)
	s.size++
}

// queries are the statements that have rows, each behind what it refers to.
func (s *staged) queries() (all []query) {
	s.rows[writeAddresses] = s.addresses.sorted()
	for _, cypher := range []string{writeAddresses, stagePartials, stageDeposits, stageHops, stageEnds, stageVisits, stageMembers, stageLabels} {
		rows := s.rows[cypher]
		if cypher == stageMembers || cypher == stageLabels { // shared by traces
			slices.SortStableFunc(rows, func(a, b any) int {
				return cmp.Compare(a.(map[string]any)["key"].(string), b.(map[string]any)["key"].(string))
			})
		}
		for part := range slices.Chunk(rows, rowsAtOnce) {
			all = append(all, query{cypher: cypher, params: map[string]any{"rows": part}})
		}
	}
	return all
}

// stageSize is at most how many rows a trace has.
func stageSize(t *graph.Trace) int {
	return 1 + 2*len(t.Deposits) + 2*len(t.Hops) + len(t.Ends) + len(t.Members) + len(t.Labels)
}

// stage gives the rows of a trace to one that may write some of them and begin anew.
func stage(id string, t *graph.Trace, rows func() (*staged, error)) error {
	into, err := rows()
	if err != nil {
		return err
	}
	into.add(stagePartials, traceProperties(id, t))
	each := func(length int, row func(s *staged, i int)) {
		for i := 0; i < length && err == nil; i++ {
			if into, err = rows(); err == nil {
				row(into, i)
			}
		}
	}
	each(len(t.Deposits), func(s *staged, i int) {
		d := &t.Deposits[i]
		p := movedProperties(&d.Transfer, d.Tx)
		p["key"], p["id"], p["step"] = depositKey(id, d.ID), d.ID, int64(i)
		s.add(stageDeposits, map[string]any{"trace": id, "properties": p})
	})
	each(len(t.Hops), func(s *staged, i int) {
		h := &t.Hops[i]
		p := movedProperties(&h.Transfer, h.Tx)
		p["step"], p["depth"], p["means"] = int64(i), int64(h.Depth), h.Means
		traced(p, h.Traced)
		s.add(stageHops, map[string]any{"deposit": depositKey(id, h.Deposit), "properties": p})
	})
	each(len(t.Ends), func(s *staged, i int) {
		e := &t.Ends[i]
		s.add(stageEnds, map[string]any{"deposit": depositKey(id, e.Deposit), "to": s.holder(e), "properties": endProperties(i, e)})
	})
	visits := t.Visits()
	each(len(visits), func(s *staged, i int) {
		v := &visits[i]
		s.add(stageVisits, map[string]any{"deposit": depositKey(id, v.Deposit), "to": s.addresses.note(v.Address), "properties": visitProperties(v)})
	})
	each(len(t.Members), func(s *staged, i int) {
		m := &t.Members[i]
		entity := graph.Address{Chain: m.Chain, Address: m.Entity}
		s.add(stageMembers, map[string]any{
			"trace": id, "step": int64(i), "key": contentKey(*m), "of": s.addresses.note(m.Address),
			"entity":     map[string]any{"key": addressKey(entity), "chain": string(m.Chain), "address": string(m.Entity)},
			"properties": map[string]any{"heuristics": texts(m.Heuristics), "size": int64(m.Size)},
		})
	})
	each(len(t.Labels), func(s *staged, i int) {
		l := t.Labels[i]
		p := map[string]any{"label": l.Label, "concepts": texts(l.Concepts), "source": l.Source, "confidence": int64(l.Confidence)}
		if l.Since = second(l.Since); !l.Since.IsZero() {
			p["since"] = l.Since
		}
		s.add(stageLabels, map[string]any{"trace": id, "step": int64(i), "key": contentKey(l), "of": s.addresses.note(l.Address), "properties": p})
	})
	return err
}

// holder is the key of the address where an end rests; nil for a fee.
func (s *staged) holder(e *graph.End) any {
	if e.Address == "" {
		return nil
	}
	return s.addresses.note(graph.Address{Chain: e.Chain, Address: e.Address})
}

func depositKey(trace, deposit string) string { return trace + " " + deposit }

// contentKey names a node that says the same for all traces.
func contentKey(v any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%#v", v))
	return hex.EncodeToString(sum[:])
}

func second(t time.Time) time.Time { return time.Unix(t.Unix(), 0).UTC() }

func texts(all []string) []any {
	list := make([]any, 0, len(all))
	for _, text := range all {
		list = append(list, text)
	}
	return list
}

func traced(p map[string]any, a chains.Amount) {
	p["traced"], p["traced_approximate"] = a.String(), approximate(a)
}

// movedProperties are those of a transfer, which the graph may not hold.
func movedProperties(t *graph.Transfer, id chains.TxID) map[string]any {
	p := transferProperties(t, id)
	p["time"] = second(t.Time)
	return p
}

// traceProperties are what a trace says of itself. Its blocks are three lists.
func traceProperties(id string, t *graph.Trace) map[string]any {
	chain, height, hash := []any{}, []any{}, []any{}
	for _, a := range t.AsOf {
		chain, height, hash = append(chain, string(a.Chain)), append(height, int64(a.Height)), append(hash, a.Hash.String())
	}
	return map[string]any{
		"id": id, "case": string(t.Case), "rule": t.Rule, "digest": t.Digest, "engine": t.Engine, "stale": t.Stale,
		"as_of_chains": chain, "as_of_heights": height, "as_of_hashes": hash,
		"deposits": int64(len(t.Deposits)), "hops": int64(len(t.Hops)), "ends": int64(len(t.Ends)),
		"members": int64(len(t.Members)), "labels": int64(len(t.Labels)),
	}
}

func endProperties(step int, e *graph.End) map[string]any {
	p := map[string]any{
		"step": int64(step), "kind": e.Kind, "chain": string(e.Chain), "txid": e.Tx.String(), "height": int64(e.At.Height), "order": order(e.At), "n": int64(e.N),
		"time": second(e.Time), "address": string(e.Address), "asset": string(e.Asset), "depth": int64(e.Depth), "label": e.Label, "detail": e.Detail,
	}
	traced(p, e.Traced)
	return p
}

func visitProperties(v *graph.Visit) map[string]any {
	p := map[string]any{
		"rule": v.Rule, "chain": string(v.Chain), "address": string(v.Address.Address), "case": string(v.Case), "deposit": v.Deposit, "asset": string(v.Asset),
		"depth": int64(v.Depth), "first": second(v.First.Time), "first_order": order(v.First.At), "last": second(v.Last.Time), "last_order": order(v.Last.At), "end": v.End,
	}
	traced(p, v.Traced)
	return p
}
