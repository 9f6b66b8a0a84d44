package neo4j

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// askedAtOnce is how many questions go into one statement.
const askedAtOnce = 500

const (
	readAnchors  = `MATCH (a:Anchor {chain: $chain}) RETURN a.height AS height, a.hash AS hash ORDER BY a.height DESC, a.hash DESC`
	readCoverage = `UNWIND range(0, size($rows) - 1) AS i MATCH (a:Address {key: $rows[i]}) WHERE a.whole IS NOT NULL RETURN i, a.whole AS whole`
	readSent     = `UNWIND range(0, size($rows) - 1) AS i WITH i, $rows[i] AS row
		MATCH (:Address {key: row.key})-[:SENT]->(m:Transfer) WHERE row.from <= m.order <= row.to
		RETURN i, ` + transferFields + ` ORDER BY i, order, n`
	readReceived = `UNWIND range(0, size($rows) - 1) AS i WITH i, $rows[i] AS row
		MATCH (:Address {key: row.key})<-[:TO]-(m:Transfer) WHERE row.from <= m.order <= row.to
		RETURN i, ` + transferFields + ` ORDER BY i, order, n`
	readFollowers = `UNWIND range(0, size($rows) - 1) AS i
		MATCH (:Transfer {place: $rows[i]})-[:SPENT_IN]->(:Transaction)-[:MOVED]->(m:Transfer)
		RETURN i, ` + transferFields + ` ORDER BY i, order, n`
	readSources = `UNWIND range(0, size($rows) - 1) AS i
		MATCH (:Transfer {place: $rows[i]})<-[:MOVED]-(x:Transaction)<-[s:SPENT_IN]-(m:Output)
		RETURN i, s.input AS input, s.address AS holder, s.amount AS held, m.txid AS txid, m.place IS NOT NULL AS known, ` + transferFields + ` ORDER BY i, input`
	readDegree = `UNWIND range(0, size($rows) - 1) AS i
		CALL { WITH i
			CALL { WITH i MATCH (:Address {key: $rows[i]})-[:SENT]->(m:Transfer) WHERE m.height <= $asOf RETURN m.order AS order
				UNION WITH i MATCH (:Address {key: $rows[i]})<-[:TO]-(m:Transfer) WHERE m.height <= $asOf RETURN m.order AS order
				UNION WITH i MATCH (:Address {key: $rows[i]})<-[:TO]-(:Output)-[:SPENT_IN]->(x:Transaction) WHERE x.height <= $asOf RETURN x.order AS order }
			WITH order LIMIT $most RETURN count(order) AS degree }
		RETURN i, degree`
	readTxs = `UNWIND range(0, size($rows) - 1) AS i MATCH (x:Transaction {place: $rows[i]})
		RETURN i, x.txid AS txid, x.block AS block, x.time AS time ORDER BY i`
	readMoved = `UNWIND range(0, size($rows) - 1) AS i MATCH (:Transaction {place: $rows[i]})-[:MOVED]->(m:Transfer)
		RETURN i, ` + transferFields + ` ORDER BY i, n`
	readSpends = `UNWIND range(0, size($rows) - 1) AS i MATCH (:Transaction {place: $rows[i]})<-[s:SPENT_IN]-(m:Output)
		RETURN i, s.address AS holder, s.amount AS held, m.txid AS txid, m.n AS n, s.input AS input ORDER BY i, input`
)

// Anchors implements graph.Store.
func (s *Store) Anchors(ctx context.Context, chain chains.Chain) iter.Seq2[chains.BlockRef, error] {
	return func(yield func(chains.BlockRef, error) bool) {
		all, err := read(ctx, s, readAnchors, map[string]any{"chain": string(chain)}, driver.AccessModeRead, func(r *driver.Record) (ref chains.BlockRef, err error) {
			height, err1 := field[int64](r, "height")
			text, err2 := field[string](r, "hash")
			if err = errors.Join(err1, err2); err == nil {
				ref.Height = uint64(height)
				ref.Hash, err = chains.ParseBlockHash(text)
			}
			return ref, err
		})
		yieldAll(all, err, yield)
	}
}

// yieldAll reports whether to go on: neither an error nor the reader ended it.
func yieldAll[T any](all []T, err error, yield func(T, error) bool) bool {
	for _, v := range all {
		if !yield(v, nil) {
			return false
		}
	}
	if err != nil {
		var none T
		yield(none, err)
		return false
	}
	return true
}

// Coverage implements graph.Store.
func (s *Store) Coverage(ctx context.Context, addresses []graph.Address) ([]graph.Through, error) {
	all := make([]graph.Through, len(addresses))
	for start, part := range inParts(addresses) {
		_, err := read(ctx, s, readCoverage, map[string]any{"rows": addressKeys(part)}, driver.AccessModeRead, func(r *driver.Record) (struct{}, error) {
			i, err1 := field[int64](r, "i")
			whole, err2 := field[int64](r, "whole")
			if err := errors.Join(err1, err2); err != nil {
				return struct{}{}, err
			}
			all[start+int(i)] = graph.Through{Whole: true, Height: uint64(whole)}
			return struct{}{}, nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func addressKeys(addresses []graph.Address) (keys []any) {
	for _, a := range addresses {
		keys = append(keys, addressKey(a))
	}
	return keys
}

// inParts cuts questions into what goes into one statement, with where each begins.
func inParts[T any](all []T) iter.Seq2[int, []T] {
	return func(yield func(int, []T) bool) {
		start := 0
		for part := range slices.Chunk(all, askedAtOnce) {
			if !yield(start, part) {
				return
			}
			start += len(part)
		}
	}
}

// Sent implements graph.Store.
func (s *Store) Sent(ctx context.Context, spans []graph.Span) iter.Seq2[graph.Step, error] {
	return s.history(ctx, readSent, spans)
}

// Received implements graph.Store.
func (s *Store) Received(ctx context.Context, spans []graph.Span) iter.Seq2[graph.Step, error] {
	return s.history(ctx, readReceived, spans)
}

func (s *Store) history(ctx context.Context, cypher string, spans []graph.Span) iter.Seq2[graph.Step, error] {
	return steps(ctx, s, cypher, spans, func(span graph.Span) (any, chains.Chain) {
		return map[string]any{"key": addressKey(span.Address), "from": order(span.From), "to": order(span.To)}, span.Chain
	})
}

// Followers implements graph.Store.
func (s *Store) Followers(ctx context.Context, outputs []graph.Key) iter.Seq2[graph.Step, error] {
	return steps(ctx, s, readFollowers, outputs, func(k graph.Key) (any, chains.Chain) { return transferPlace(k), k.Chain })
}

// steps asks a statement whose rows are transfers.
func steps[Q any](ctx context.Context, s *Store, cypher string, asked []Q, param func(Q) (any, chains.Chain)) iter.Seq2[graph.Step, error] {
	return func(yield func(graph.Step, error) bool) {
		for start, part := range inParts(asked) {
			var rows []any
			var on []chains.Chain
			for _, q := range part {
				row, chain := param(q)
				rows, on = append(rows, row), append(on, chain)
			}
			all, err := numbered(ctx, s, cypher, rows, func(i int, r *driver.Record) (graph.Step, error) {
				t, err := transferOf(r, on[i])
				return graph.Step{Asked: start + i, Transfer: t}, err
			})
			if !yieldAll(all, err, yield) {
				return
			}
		}
	}
}

// Sources implements graph.Store.
func (s *Store) Sources(ctx context.Context, outputs []graph.Key) iter.Seq2[graph.Source, error] {
	return func(yield func(graph.Source, error) bool) {
		for start, part := range inParts(outputs) {
			var rows []any
			for _, k := range part {
				rows = append(rows, transferPlace(k))
			}
			all, err := numbered(ctx, s, readSources, rows, func(i int, r *driver.Record) (source graph.Source, err error) {
				known, err1 := field[bool](r, "known")
				spend, err2 := spendOf(r)
				if err = errors.Join(err1, err2); err != nil {
					return source, err
				}
				source.Spend = spend
				if source.Held = known; known {
					source.Transfer, err = transferOf(r, part[i].Chain)
				}
				source.Asked = start + i
				return source, err
			})
			if !yieldAll(all, err, yield) {
				return
			}
		}
	}
}

func spendOf(r *driver.Record) (spend graph.Spend, err error) {
	holder, err1 := field[string](r, "holder")
	held, err2 := field[string](r, "held")
	txid, err3 := field[string](r, "txid")
	n, err4 := field[int64](r, "n")
	if err = errors.Join(err1, err2, err3, err4); err != nil {
		return spend, err
	}
	spend.Address, spend.Output.Index = chains.Address(holder), uint32(n)
	spend.Amount, err1 = chains.ParseAmount(held)
	spend.Output.Tx, err2 = chains.ParseTxID(txid)
	return spend, errors.Join(err1, err2)
}

// Degree implements graph.Store.
func (s *Store) Degree(ctx context.Context, addresses []graph.Address, asOf uint64, limit int) ([]int, error) {
	degrees := make([]int, len(addresses))
	most := int64(limit)
	if most < math.MaxInt64 {
		most++
	}
	for start, part := range inParts(addresses) {
		params := map[string]any{"rows": addressKeys(part), "asOf": int64(asOf), "most": most}
		_, err := read(ctx, s, readDegree, params, driver.AccessModeRead, func(r *driver.Record) (struct{}, error) {
			i, err1 := field[int64](r, "i")
			degree, err2 := field[int64](r, "degree")
			if err := errors.Join(err1, err2); err != nil {
				return struct{}{}, err
			}
			degrees[start+int(i)] = int(degree)
			return struct{}{}, nil
		})
		if err != nil {
			return nil, err
		}
	}
	return degrees, nil
}

// Txs implements graph.Store.
func (s *Store) Txs(ctx context.Context, chain chains.Chain, at []chains.Position) (found []*graph.Tx, err error) {
	for _, part := range inParts(at) {
		some, err := s.txs(ctx, chain, part)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

// txs asks for as many transactions as go into one statement.
func (s *Store) txs(ctx context.Context, chain chains.Chain, places []chains.Position) (all []*graph.Tx, err error) {
	var rows []any
	for _, place := range places {
		rows = append(rows, txPlace(chain, place))
	}
	at := make([]*graph.Tx, len(places))
	all, err = numbered(ctx, s, readTxs, rows, func(i int, r *driver.Record) (*graph.Tx, error) {
		tx, err := txOf(r, chain)
		if err == nil {
			tx.At = places[i]
			at[i] = tx
		}
		return tx, err
	})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	_, err = numbered(ctx, s, readMoved, rows, func(i int, r *driver.Record) (t graph.Transfer, err error) {
		if t, err = transferOf(r, chain); err == nil && at[i] != nil {
			at[i].Transfers = append(at[i].Transfers, t)
		}
		return t, err
	})
	if err != nil {
		return nil, err
	}
	_, err = numbered(ctx, s, readSpends, rows, func(i int, r *driver.Record) (spend graph.Spend, err error) {
		if spend, err = spendOf(r); err == nil && at[i] != nil {
			at[i].Spends = append(at[i].Spends, spend)
		}
		return spend, err
	})
	return all, err
}

// numbered asks a statement whose rows carry the number of what was asked.
func numbered[T any](ctx context.Context, s *Store, cypher string, rows []any, row func(int, *driver.Record) (T, error)) ([]T, error) {
	return read(ctx, s, cypher, map[string]any{"rows": rows}, driver.AccessModeRead, func(r *driver.Record) (v T, err error) {
		i, err := field[int64](r, "i")
		if err != nil || i < 0 || int(i) >= len(rows) {
			return v, errors.Join(err, fmt.Errorf("row %d of %d: %w", i, len(rows), chains.ErrCorrupt))
		}
		return row(int(i), r)
	})
}

func txOf(r *driver.Record, chain chains.Chain) (tx *graph.Tx, err error) {
	txid, err1 := field[string](r, "txid")
	block, err2 := field[string](r, "block")
	moment, err3 := field[time.Time](r, "time")
	if err = errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	tx = &graph.Tx{Chain: chain, Time: moment.UTC()}
	tx.ID, err1 = chains.ParseTxID(txid)
	tx.Block, err2 = chains.ParseBlockHash(block)
	return tx, errors.Join(err1, err2)
}
