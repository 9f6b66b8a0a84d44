package neo4j

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

const (
	// A transaction is held with all that it moved, or not at all: what is held is left
	// as it is, so that the rest needs no looking for what may be there.
	readHeld       = `UNWIND $rows AS place MATCH (x:Transaction {place: place}) RETURN place`
	writeAddresses = `UNWIND $rows AS row MERGE (a:Address {key: row.key}) ON CREATE SET a.chain = row.chain, a.address = row.address`
	// Transactions come with their payments.
	writeTransactions = `UNWIND $rows AS row CREATE (x:Transaction) SET x = row.properties
		WITH x, row UNWIND row.transfers AS t
		MATCH (a:Address {key: t.from}), (b:Address {key: t.to})
		CREATE (x)-[:MOVED]->(m:Transfer)-[:TO]->(b), (a)-[:SENT]->(m) SET m = t.properties`
	// An output may be known from its spender.
	writeOutputs = `UNWIND $rows AS row
		MATCH (x:Transaction {place: row.tx}), (b:Address {key: row.to})
		MERGE (m:Output {outpoint: row.outpoint}) SET m:Transfer, m = row.properties
		CREATE (x)-[:MOVED]->(m) MERGE (m)-[:TO]->(b)`
	// What a transaction spends may lie in one that the graph does not hold: its
	// output then has no place yet.
	writeSpends = `UNWIND $rows AS row
		MATCH (x:Transaction {place: row.tx})
		MERGE (o:Output {outpoint: row.outpoint}) ON CREATE SET o.chain = row.chain, o.txid = row.txid, o.n = row.n
		CREATE (o)-[:SPENT_IN {input: row.input, address: row.address, amount: row.amount}]->(x)`
	writeHolders = `UNWIND $rows AS row
		MATCH (o:Output {outpoint: row.outpoint}), (a:Address {key: row.holder}) MERGE (o)-[:TO]->(a)`
	writeWhole = `UNWIND $rows AS row MATCH (a:Address {key: row.key})
		SET a.whole = CASE WHEN a.whole IS NULL OR a.whole < row.through THEN row.through ELSE a.whole END`
	writeAnchors = `UNWIND $rows AS row MERGE (a:Anchor {key: row.key}) SET a = row`
)

// Write implements graph.Store.
func (s *Store) Write(ctx context.Context, b *graph.Batch) error {
	err := s.writeBatch(ctx, b)
	var refused *driver.Neo4jError
	if errors.As(err, &refused) && refused.Code == "Neo.ClientError.Schema.ConstraintValidationFailed" {
		err = s.writeBatch(ctx, b) // another process wrote some of it meanwhile: it is held now
	}
	return err
}

func (s *Store) writeBatch(ctx context.Context, b *graph.Batch) error {
	traces, err := b.Kept()
	if err != nil {
		return err
	}
	r := newRows()
	txs, err := s.notHeld(ctx, b.Txs)
	if err != nil {
		return err
	}
	for _, tx := range txs {
		r.tx(tx)
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

// notHeld are the transactions that the graph does not hold yet, each once.
func (s *Store) notHeld(ctx context.Context, txs []graph.Tx) (missing []*graph.Tx, err error) {
	byPlace := map[string]*graph.Tx{}
	for i := range txs {
		byPlace[txPlace(txs[i].Chain, txs[i].At)] = &txs[i]
	}
	places := slices.Sorted(maps.Keys(byPlace))
	for _, part := range inParts(places) {
		_, err := read(ctx, s, readHeld, map[string]any{"rows": part}, driver.AccessModeRead, func(r *driver.Record) (struct{}, error) {
			place, err := field[string](r, "place")
			delete(byPlace, place)
			return struct{}{}, err
		})
		if err != nil {
			return nil, err
		}
	}
	for _, place := range places {
		if tx := byPlace[place]; tx != nil {
			missing = append(missing, tx)
		}
	}
	return missing, nil
}

// rows are a batch as parameters, sorted so that writers lock in one order.
type rows struct {
	addresses                                             addressRows
	txs, outputs, spends, holders, whole, anchors, places []any
}

func newRows() *rows { return &rows{addresses: addressRows{}} }

func (r *rows) tx(tx *graph.Tx) {
	place := txPlace(tx.Chain, tx.At)
	transfers := []any{}
	properties := map[string]any{
		"place": place, "chain": string(tx.Chain), "txid": tx.ID.String(), "height": int64(tx.At.Height), "order": order(tx.At),
		"block": tx.Block.String(), "time": tx.Time, "inputs": int64(len(tx.Spends)),
	}
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
		row := map[string]any{"to": r.addresses.note(t.Receiver()), "properties": transferProperties(t, tx.ID)}
		if t.Kind != graph.Output {
			row["from"] = r.addresses.note(t.Sender())
			transfers = append(transfers, row)
			continue
		}
		point := outpoint(tx.Chain, chains.Outpoint{Tx: tx.ID, Index: t.N})
		row["tx"], row["outpoint"] = place, point
		row["properties"].(map[string]any)["outpoint"] = point
		r.outputs = append(r.outputs, row)
	}
	r.txs = append(r.txs, map[string]any{"properties": properties, "transfers": transfers})
}

// queries are the statements that have rows.
func (r *rows) queries() (all []query) {
	for _, q := range []struct {
		cypher string
		rows   []any
	}{
		{writeAddresses, r.addresses.sorted()},
		{writeTransactions, r.txs},
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
