package neo4j

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"tsuiseki/graph"
)

const (
	// rowsAtOnce go into one statement.
	rowsAtOnce = 5_000
	// stagedAtOnce is how many rows of traces one transaction holds.
	stagedAtOnce = 20_000
)

// A trace is first written as a Partial, which nothing asks for: in one transaction
// with all else where it is small enough, else in several. Its last part makes it a
// Trace, and the one before it a Partial, which is then removed. What was begun and
// stopped is removed when the trace is written again or withdrawn.
const (
	stagePartials = `UNWIND $rows AS row CREATE (p:Partial) SET p = row`
	stageDeposits = `UNWIND $rows AS row
		MATCH (p:Partial {id: row.trace}) CREATE (p)-[:BEGINS_WITH]->(d:Deposit) SET d = row.properties
		WITH d MATCH (m:Transfer {place: d.place}) WHERE m.txid = d.txid CREATE (d)-[:PAID]->(m)`
	stageHops = `UNWIND $rows AS row
		MATCH (d:Deposit {key: row.deposit}) CREATE (d)-[:MOVED]->(h:Hop) SET h = row.properties
		WITH h MATCH (m:Transfer {place: h.place}) WHERE m.txid = h.txid CREATE (h)-[:WITH]->(m)`
	stageEnds = `UNWIND $rows AS row
		MATCH (d:Deposit {key: row.deposit}) CREATE (d)-[:ENDS_IN]->(e:End) SET e = row.properties
		WITH e, row MATCH (a:Address {key: row.to}) CREATE (e)-[:AT]->(a)`
	stageVisits = `UNWIND $rows AS row
		MATCH (d:Deposit {key: row.deposit}), (a:Address {key: row.to}) CREATE (d)-[v:CAME_TO]->(a) SET v = row.properties`
	// Members and labels are shared by the traces that used them. Setting the key
	// locks what another writer might be removing.
	stageMembers = `UNWIND $rows AS row
		MATCH (p:Partial {id: row.trace}), (a:Address {key: row.of})
		MERGE (e:Entity {key: row.entity.key}) SET e = row.entity
		MERGE (m:Member {key: row.key}) SET m += row.properties
		MERGE (a)-[:JOINED]->(m) MERGE (m)-[:IN_ENTITY]->(e) CREATE (p)-[:USED {step: row.step}]->(m)`
	stageLabels = `UNWIND $rows AS row
		MATCH (p:Partial {id: row.trace}), (a:Address {key: row.of})
		MERGE (l:Label {key: row.key}) SET l += row.properties
		MERGE (a)-[:LABELLED]->(l) CREATE (p)-[:USED {step: row.step}]->(l)`

	// Transfers that are written after a trace speaks of them.
	linkHops     = `UNWIND $rows AS place MATCH (h:Hop {place: place}), (m:Transfer {place: place}) WHERE m.txid = h.txid MERGE (h)-[:WITH]->(m)`
	linkDeposits = `UNWIND $rows AS place MATCH (d:Deposit {place: place}), (m:Transfer {place: place}) WHERE m.txid = d.txid MERGE (d)-[:PAID]->(m)`

	retireTraces = `UNWIND $rows AS row MERGE (c:Case {id: row.case}) SET c.id = row.case
		WITH c, row MATCH (c)-[traced:TRACED]->(t:Trace) WHERE t.rule = row.rule
		REMOVE t:Trace SET t:Partial, t.discarded = true DELETE traced`
	discardPartials = `UNWIND $rows AS row MATCH (p:Partial) WHERE p.case = row.case AND p.rule = row.rule AND p.id <> row.id
		SET p.discarded = true RETURN p.id AS id`
	showTraces = `UNWIND $rows AS row MATCH (c:Case {id: row.case}), (p:Partial {id: row.id}) WHERE p.discarded IS NULL
		REMOVE p:Partial SET p:Trace CREATE (c)-[:TRACED]->(p) RETURN p.id AS id`

	withdrawTraces = `MATCH (c:Case {id: $case}) SET c.id = $case
		WITH c MATCH (c)-[traced:TRACED]->(t:Trace) WHERE $rule = '' OR t.rule = $rule
		REMOVE t:Trace SET t:Partial, t.discarded = true DELETE traced`
	withdrawPartials = `MATCH (p:Partial) WHERE p.case = $case AND p.rule IS NOT NULL AND ($rule = '' OR p.rule = $rule)
		SET p.discarded = true RETURN p.id AS id`
	withdrawCase = `MATCH (c:Case {id: $case}) WHERE NOT EXISTS { (c)-[:TRACED]->() } DELETE c`

	undoTraces = `MATCH (t:Trace) WHERE NOT t.stale AND any(i IN range(0, size(t.as_of_chains) - 1) WHERE t.as_of_chains[i] = $chain AND t.as_of_heights[i] >= $from)
		SET t.stale = true`
)

// writeTraces writes traces with all else of their batch.
func (s *Store) writeTraces(ctx context.Context, traces []*graph.Trace, rest []query) error {
	s.tracing.Lock()
	defer s.tracing.Unlock()
	size := 0
	for _, t := range traces {
		size += stageSize(t)
	}
	rows := newStaged()
	next := func() (*staged, error) {
		if size <= stagedAtOnce || rows.size < stagedAtOnce {
			return rows, nil
		}
		err := s.writeAll(ctx, rows.queries())
		rows = newStaged()
		return rows, err
	}
	var names []any
	for _, t := range traces {
		id := rand.Text()
		names = append(names, map[string]any{"id": id, "case": string(t.Case), "rule": t.Rule})
		if err := stage(id, t, next); err != nil {
			return err
		}
	}
	params := map[string]any{"rows": names}
	var old, shown []string
	queries := append(rows.queries(), rest...)
	queries = append(queries,
		query{cypher: retireTraces, params: params},
		query{cypher: discardPartials, params: params, answer: ids(&old, func() error { return nil })},
		query{cypher: showTraces, params: params, answer: ids(&shown, func() error {
			if len(shown) != len(names) {
				return fmt.Errorf("of %d traces only %d are whole: another process writes traces of the same cases by the same rules: write them again", len(names), len(shown))
			}
			return nil
		})},
	)
	if err := s.writeAll(ctx, queries); err != nil {
		return err
	}
	return s.clear(ctx, old)
}

// ids takes the rows' ids, as often as the transaction is tried, and checks them.
func ids(into *[]string, check func() error) func([]*driver.Record) error {
	return func(all []*driver.Record) error {
		*into = nil
		for _, r := range all {
			id, err := field[string](r, "id")
			if err != nil {
				return err
			}
			*into = append(*into, id)
		}
		return check()
	}
}

// Withdraw implements graph.Statements.
func (s *Store) Withdraw(ctx context.Context, of graph.CaseID, rule string) error {
	s.tracing.Lock()
	defer s.tracing.Unlock()
	params := map[string]any{"case": string(of), "rule": rule}
	var old []string
	err := s.writeAll(ctx, []query{
		{cypher: withdrawTraces, params: params},
		{cypher: withdrawPartials, params: params, answer: ids(&old, func() error { return nil })},
		{cypher: withdrawCase, params: params},
	})
	if err != nil {
		return err
	}
	return s.clear(ctx, old)
}

// clearSome is how many nodes or relationships of a kind one transaction removes.
const clearSome = 5_000

// clearing removes some of what discarded traces say; what is left is counted last.
var clearing = []string{
	`MATCH (p:Partial)-[:BEGINS_WITH]->(:Deposit)-[:MOVED]->(h:Hop) WHERE p.id IN $ids WITH h LIMIT $some DETACH DELETE h`,
	`MATCH (p:Partial)-[:BEGINS_WITH]->(:Deposit)-[:ENDS_IN]->(e:End) WHERE p.id IN $ids WITH e LIMIT $some DETACH DELETE e`,
	`MATCH (p:Partial)-[:BEGINS_WITH]->(:Deposit)-[v:CAME_TO]->() WHERE p.id IN $ids WITH v LIMIT $some DELETE v`,
	`MATCH (p:Partial)-[u:USED]->(x) WHERE p.id IN $ids WITH u, x ORDER BY x.key LIMIT $some
		DELETE u WITH DISTINCT x SET x.key = x.key
		WITH x WHERE NOT EXISTS { (x)<-[:USED]-() } OPTIONAL MATCH (x)-[:IN_ENTITY]->(e:Entity)
		DETACH DELETE x WITH DISTINCT e WHERE e IS NOT NULL SET e.key = e.key
		WITH e WHERE NOT EXISTS { (e)<-[:IN_ENTITY]-() } DELETE e`,
	`MATCH (p:Partial)-[:BEGINS_WITH]->(d:Deposit) WHERE p.id IN $ids AND NOT EXISTS { (d)-[:MOVED|ENDS_IN|CAME_TO]->() }
		WITH d LIMIT $some DETACH DELETE d`,
	`MATCH (p:Partial) WHERE p.id IN $ids AND NOT EXISTS { (p)-[:BEGINS_WITH|USED]->() } DELETE p`,
}

// clear removes traces that say nothing any more.
func (s *Store) clear(ctx context.Context, discarded []string) error {
	for part := range slices.Chunk(discarded, askedAtOnce) {
		params := map[string]any{"ids": texts(part), "some": int64(clearSome)}
		var queries []query
		for _, cypher := range clearing {
			queries = append(queries, query{cypher: cypher, params: params})
		}
		left := part
		queries = append(queries, query{
			cypher: `MATCH (p:Partial) WHERE p.id IN $ids RETURN p.id AS id`, params: params, answer: ids(&left, func() error { return nil }),
		})
		for len(left) > 0 {
			if err := s.writeAll(ctx, queries); err != nil {
				return fmt.Errorf("it is done, but what it replaced is not yet removed: %w", err)
			}
		}
	}
	return nil
}
