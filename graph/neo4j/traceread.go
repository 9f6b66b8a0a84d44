package neo4j

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

const (
	traceFields = `t.id AS id, t.case AS case, t.rule AS rule, t.digest AS digest, t.engine AS engine, t.stale AS stale,
		t.as_of_chains AS chains, t.as_of_heights AS heights, t.as_of_hashes AS hashes,
		t.deposits AS deposits, t.hops AS hops, t.ends AS ends, t.members AS members, t.labels AS labels`
	readTraces = `MATCH (t:Trace) WHERE t.case IS NOT NULL AND t.rule IS NOT NULL RETURN ` + traceFields + ` ORDER BY t.case, t.rule`
	readTrace  = `MATCH (t:Trace {case: $case, rule: $rule}) RETURN ` + traceFields

	readDeposits = `MATCH (t:Trace {case: $case, rule: $rule})-[:BEGINS_WITH]->(m:Deposit)
		RETURN m.id AS id, m.chain AS chain, m.txid AS txid, ` + transferFields + ` ORDER BY m.step`
	readHops = `MATCH (t:Trace {case: $case, rule: $rule})-[:BEGINS_WITH]->(d:Deposit)-[:MOVED]->(m:Hop)
		RETURN d.id AS deposit, m.traced AS traced, m.depth AS depth, m.means AS means, m.chain AS chain, m.txid AS txid, ` + transferFields + ` ORDER BY m.step`
	readEnds = `MATCH (t:Trace {case: $case, rule: $rule})-[:BEGINS_WITH]->(d:Deposit)-[:ENDS_IN]->(e:End)
		RETURN d.id AS deposit, e.kind AS kind, e.chain AS chain, e.order AS order, e.n AS n, e.txid AS txid, e.time AS time,
			e.address AS address, e.asset AS asset, e.traced AS traced, e.depth AS depth, e.label AS label, e.detail AS detail ORDER BY e.step`
	readMembers = `MATCH (t:Trace {case: $case, rule: $rule})-[u:USED]->(m:Member)<-[:JOINED]-(a:Address), (m)-[:IN_ENTITY]->(e:Entity)
		RETURN a.chain AS chain, a.address AS address, e.address AS entity, m.size AS size, m.heuristics AS heuristics ORDER BY u.step`
	readLabels = `MATCH (t:Trace {case: $case, rule: $rule})-[u:USED]->(l:Label)<-[:LABELLED]-(a:Address)
		RETURN a.chain AS chain, a.address AS address, l.label AS label, l.concepts AS concepts, l.source AS source,
			l.confidence AS confidence, l.since AS since ORDER BY u.step`

	visitFields = `v.rule AS rule, v.chain AS chain, v.address AS address, v.case AS case, v.deposit AS deposit, v.asset AS asset, v.traced AS traced,
		v.depth AS depth, v.first AS first, v.first_order AS first_order, v.last AS last, v.last_order AS last_order, v.end AS end`
	readVisits = `UNWIND range(0, size($rows) - 1) AS i
		MATCH (:Address {key: $rows[i]})<-[v:CAME_TO]-(:Deposit)<-[:BEGINS_WITH]-(t:Trace) WHERE v.rule = $rule AND NOT t.stale
		RETURN ` + visitFields + ` ORDER BY i, v.case, v.deposit, v.asset`
	// readAllVisits is in the order of an index: nothing is sorted.
	readAllVisits = `MATCH (d:Deposit)-[v:CAME_TO]->(:Address) USING INDEX v:CAME_TO(rule, chain, address, case, deposit, asset)
		WHERE v.rule = $rule AND v.chain IS NOT NULL AND v.address IS NOT NULL AND v.case IS NOT NULL AND v.deposit IS NOT NULL AND v.asset IS NOT NULL
		MATCH (d)<-[:BEGINS_WITH]-(t:Trace) WHERE NOT t.stale
		RETURN ` + visitFields + ` ORDER BY v.rule, v.chain, v.address, v.case, v.deposit, v.asset`
)

// Traces implements graph.Statements.
func (s *Store) Traces(ctx context.Context) iter.Seq2[graph.TraceRef, error] {
	return stream(ctx, s, readTraces, nil, func(r *driver.Record) (ref graph.TraceRef, err error) {
		t, _, err := traceOf(r)
		if err == nil {
			ref = t.Ref()
		}
		return ref, err
	})
}

// Visits implements graph.Statements.
func (s *Store) Visits(ctx context.Context, rule string, addresses []graph.Address) iter.Seq2[graph.Visit, error] {
	return func(yield func(graph.Visit, error) bool) {
		for _, part := range inParts(addresses) {
			params := map[string]any{"rule": rule, "rows": addressKeys(part)}
			for v, err := range stream(ctx, s, readVisits, params, visitOf) {
				if !yield(v, err) || err != nil {
					return
				}
			}
		}
	}
}

// AllVisits implements graph.Statements.
func (s *Store) AllVisits(ctx context.Context, rule string) iter.Seq2[graph.Visit, error] {
	return stream(ctx, s, readAllVisits, map[string]any{"rule": rule}, visitOf)
}

// readTries is how often a trace is read that is replaced meanwhile.
const readTries = 5

// Trace implements graph.Statements. A transaction sees what others commit between
// its statements: what the trace says must be as much as it says itself.
func (s *Store) Trace(ctx context.Context, of graph.CaseID, rule string) (*graph.Trace, error) {
	for range readTries {
		t, whole, err := s.trace(ctx, map[string]any{"case": string(of), "rule": rule})
		if err != nil {
			return nil, fmt.Errorf("trace of case %q by %s: %w", of, rule, err)
		}
		if whole {
			return t, nil
		}
	}
	return nil, fmt.Errorf("trace of case %q by %s: parts of it are missing: %w", of, rule, chains.ErrCorrupt)
}

// trace reads a trace once, and tells whether all of it was there.
func (s *Store) trace(ctx context.Context, params map[string]any) (t *graph.Trace, whole bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	session := s.session(ctx, driver.AccessModeRead)
	defer func() { err = errors.Join(err, session.Close(ctx)) }()
	_, err = session.ExecuteRead(ctx, func(tx driver.ManagedTransaction) (any, error) {
		t, whole = nil, true
		var id string
		var long [5]int64
		err := each(ctx, tx, readTrace, params, func(r *driver.Record) (err error) {
			if t, long, err = traceOf(r); err == nil {
				id, err = field[string](r, "id")
			}
			return err
		})
		if err != nil || t == nil {
			return nil, err
		}
		deposits, err1 := list(ctx, tx, readDeposits, params, depositOf)
		hops, err2 := list(ctx, tx, readHops, params, hopOf)
		ends, err3 := list(ctx, tx, readEnds, params, endOf)
		members, err4 := list(ctx, tx, readMembers, params, memberOf)
		labels, err5 := list(ctx, tx, readLabels, params, labelOf)
		t.Deposits, t.Hops, t.Ends, t.Members, t.Labels = deposits, hops, ends, members, labels
		got := [5]int64{int64(len(deposits)), int64(len(hops)), int64(len(ends)), int64(len(members)), int64(len(labels))}
		same := false
		err6 := each(ctx, tx, readTrace, params, func(r *driver.Record) error {
			now, err := field[string](r, "id")
			same = now == id
			return err
		})
		whole = same && got == long
		return nil, errors.Join(err1, err2, err3, err4, err5, err6)
	})
	return t, whole, err
}

// each runs a statement and gives its rows.
func each(ctx context.Context, tx driver.ManagedTransaction, cypher string, params map[string]any, row func(*driver.Record) error) error {
	result, err := tx.Run(ctx, cypher, params)
	if err != nil {
		return err
	}
	for result.Next(ctx) {
		if err := row(result.Record()); err != nil {
			return err
		}
	}
	return result.Err()
}

func list[T any](ctx context.Context, tx driver.ManagedTransaction, cypher string, params map[string]any, row func(*driver.Record) (T, error)) (all []T, err error) {
	err = each(ctx, tx, cypher, params, func(r *driver.Record) error {
		v, err := row(r)
		all = append(all, v)
		return err
	})
	return all, err
}

// errStopped ends a transaction whose rows nobody wants any more.
var errStopped = errors.New("the reader stopped")

// stream yields a statement's rows as they come. It is tried again only as long as
// none was yielded.
func stream[T any](ctx context.Context, s *Store, cypher string, params map[string]any, row func(*driver.Record) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		if err := ctx.Err(); err != nil {
			yield(none, err)
			return
		}
		session := s.session(ctx, driver.AccessModeRead)
		begun, stopped := false, false
		var failed error
		_, err := session.ExecuteRead(ctx, func(tx driver.ManagedTransaction) (any, error) {
			err := each(ctx, tx, cypher, params, func(r *driver.Record) error {
				v, err := row(r)
				if err = errors.Join(err, ctx.Err()); err != nil {
					return err
				}
				begun = true
				if stopped = !yield(v, nil); stopped {
					return errStopped
				}
				return nil
			})
			if err != nil && begun && !stopped {
				failed = err
				return nil, errStopped
			}
			return nil, err
		})
		if failed != nil {
			err = failed
		}
		err = errors.Join(err, session.Close(ctx))
		if !stopped && err != nil {
			yield(none, err)
		}
	}
}

// optionalTime is a row's time; zero where it has none.
func optionalTime(r *driver.Record, name string) (time.Time, error) {
	if value, found := r.Get(name); found && value == nil {
		return time.Time{}, nil
	}
	moment, err := field[time.Time](r, name)
	return moment.UTC(), err
}
