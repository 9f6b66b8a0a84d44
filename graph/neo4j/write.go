package neo4j

import (
	"context"
	"fmt"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

const (
	writeTransactions = `UNWIND $rows AS row MERGE (x:Transaction {place: row.place}) SET x = row`
	writeAddresses    = `UNWIND $rows AS row MERGE (a:Address {key: row.key}) ON CREATE SET a.chain = row.chain, a.address = row.address`
	writeTransfers    = `UNWIND $rows AS row
		MATCH (x:Transaction {place: row.tx}), (a:Address {key: row.from}), (b:Address {key: row.to})
		MERGE (m:Transfer {place: row.place}) SET m = row.properties
		MERGE (x)-[:MOVED]->(m) MERGE (a)-[:SENT]->(m) MERGE (m)-[:TO]->(b)`
	writeOutputs = `UNWIND $rows AS row
		MATCH (x:Transaction {place: row.tx}), (b:Address {key: row.to})
		MERGE (m:Output {outpoint: row.outpoint}) SET m:Transfer, m = row.properties
		MERGE (x)-[:MOVED]->(m) MERGE (m)-[:TO]->(b)`
	// What a transaction spends may lie in one that the graph does not hold: its
	// output then has no place yet.
	writeSpends = `UNWIND $rows AS row
		MATCH (x:Transaction {place: row.tx})
		MERGE (o:Output {outpoint: row.outpoint}) ON CREATE SET o.chain = row.chain, o.txid = row.txid, o.n = row.n
		MERGE (o)-[s:SPENT_IN]->(x) SET s.input = row.input, s.address = row.address, s.amount = row.amount`
	writeHolders = `UNWIND $rows AS row
		MATCH (o:Output {outpoint: row.outpoint}), (a:Address {key: row.holder}) MERGE (o)-[:TO]->(a)`
	writeWhole = `UNWIND $rows AS row MATCH (a:Address {key: row.key})
		SET a.whole = CASE WHEN a.whole IS NULL OR a.whole < row.through THEN row.through ELSE a.whole END`
	writeAnchors = `UNWIND $rows AS row MERGE (a:Anchor {key: row.key}) SET a = row`
)

// Write implements graph.Store.
func (s *Store) Write(ctx context.Context, b *graph.Batch) error {
	traces, err := b.Kept()
	if err != nil {
		return err
	}
	r := newRows()
	for i := range b.Txs {
		r.tx(&b.Txs[i])
	}
	for _, w := range b.Whole {
		r.whole = append(r.whole, map[string]any{"key": r.addresses.note(w.Address), "through": int64(w.Through)})
	}
	for _, a := range b.Anchors {
		r.anchors = append(r.anchors, map[string]any{
			"key": fmt.Sprintf("%s %d %s", a.Chain, a.Height, a.Hash), "chain": string(a.Chain), "height": int64(a.Height), "hash": a.Hash.String(),
		})
	}
	if len(traces) > 0 {
		return s.writeTraces(ctx, traces, r.queries())
	}
	return s.writeAll(ctx, r.queries())
}

// rows are a batch as parameters, sorted so that writers lock in one order.
type rows struct {
	addresses                                                        addressRows
	txs, transfers, outputs, spends, holders, whole, anchors, places []any
}

func newRows() *rows { return &rows{addresses: addressRows{}} }

func (r *rows) tx(tx *graph.Tx) {
	place := txPlace(tx.Chain, tx.At)
	r.txs = append(r.txs, map[string]any{
		"place": place, "chain": string(tx.Chain), "txid": tx.ID.String(), "height": int64(tx.At.Height), "order": order(tx.At),
		"block": tx.Block.String(), "time": tx.Time, "inputs": int64(len(tx.Spends)),
	})
	for i, spend := range tx.Spends {
		point := outpoint(tx.Chain, spend.Output)
		r.spends = append(r.spends, map[string]any{
			"tx": place, "outpoint": point, "chain": string(tx.Chain), "txid": spend.Output.Tx.String(), "n": int64(spend.Output.Index),
			"input": int64(i), "address": string(spend.Address), "amount": spend.Amount.String(),
		})
		if spend.Address != "" {
			r.holders = append(r.holders, map[string]any{"outpoint": point, "holder": r.addresses.note(graph.Address{Chain: tx.Chain, Address: spend.Address})})
		}
	}
	for i := range tx.Transfers {
		t := &tx.Transfers[i]
		r.places = append(r.places, transferPlace(t.Key))
		row := map[string]any{"tx": place, "place": transferPlace(t.Key), "to": r.addresses.note(t.Receiver()), "properties": transferProperties(t, tx.ID)}
		if t.Kind != graph.Output {
			row["from"] = r.addresses.note(t.Sender())
			r.transfers = append(r.transfers, row)
			continue
		}
		point := outpoint(tx.Chain, chains.Outpoint{Tx: tx.ID, Index: t.N})
		row["outpoint"] = point
		row["properties"].(map[string]any)["outpoint"] = point
		r.outputs = append(r.outputs, row)
	}
}

// queries are the statements that have rows.
func (r *rows) queries() (all []query) {
	for _, q := range []struct {
		cypher string
		rows   []any
	}{
		{writeAddresses, r.addresses.sorted()},
		{writeTransactions, r.txs},
		{writeTransfers, r.transfers},
		{writeOutputs, r.outputs},
		{writeSpends, r.spends},
		{writeHolders, r.holders},
		{writeWhole, r.whole},
		{writeAnchors, r.anchors},
		{linkHops, r.places},
		{linkDeposits, r.places},
	} {
		if len(q.rows) > 0 {
			all = append(all, query{cypher: q.cypher, params: map[string]any{"rows": q.rows}})
		}
	}
	return all
}

const (
	undoWhole   = `MATCH (a:Address {chain: $chain}) WHERE a.whole >= $from SET a.whole = CASE WHEN $from = 0 THEN NULL ELSE $from - 1 END`
	undoAnchors = `MATCH (a:Anchor {chain: $chain}) WHERE a.height >= $from DELETE a`
	// undoTransactions removes some, the last first, and says how many.
	undoTransactions = `MATCH (x:Transaction {chain: $chain}) WHERE x.height >= $from
		WITH x ORDER BY x.order DESC LIMIT $some
		OPTIONAL MATCH (x)-[:MOVED]->(m:Transfer)
		OPTIONAL MATCH (o:Output)-[:SPENT_IN]->(x) WHERE o.place IS NULL AND COUNT { (o)-[:SPENT_IN]->() } = 1
		WITH x, collect(DISTINCT m) + collect(DISTINCT o) AS gone
		FOREACH (g IN gone | DETACH DELETE g)
		DETACH DELETE x
		RETURN count(*) AS removed`
	undoSome = 1_000
)

// Undo implements graph.Store. Traces, coverage and anchors go first: what is left of
// the transactions if it stops midway is then held, and no longer relied on.
func (s *Store) Undo(ctx context.Context, chain chains.Chain, from uint64) error {
	params := map[string]any{"chain": string(chain), "from": int64(from), "some": int64(undoSome)}
	if err := s.writeAll(ctx, []query{{cypher: undoTraces, params: params}, {cypher: undoWhole, params: params}, {cypher: undoAnchors, params: params}}); err != nil {
		return err
	}
	for {
		removed, err := read(ctx, s, undoTransactions, params, driver.AccessModeWrite, func(r *driver.Record) (int64, error) { return field[int64](r, "removed") })
		if err != nil {
			return err
		}
		if len(removed) == 0 || removed[0] == 0 {
			return nil
		}
	}
}
