package neo4j

import (
	"errors"
	"fmt"
	"time"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// A node is named by the chain and what is unique there.
func addressKey(a graph.Address) string { return string(a.Chain) + " " + string(a.Address) }

func txPlace(chain chains.Chain, at chains.Position) string { return fmt.Sprintf("%s %s", chain, at) }

func transferPlace(k graph.Key) string { return fmt.Sprintf("%s %d", txPlace(k.Chain, k.At), k.N) }

func outpoint(chain chains.Chain, o chains.Outpoint) string { return fmt.Sprintf("%s %s", chain, o) }

// order is a position as one number that sorts in chain order.
func order(p chains.Position) int64 { return int64(p.Height<<24 | uint64(p.Tx)) }

func positionOf(order int64) chains.Position {
	return chains.Position{Height: uint64(order) >> 24, Tx: uint32(order & (1<<24 - 1))}
}

// field is a row's value, of the type that this package has written.
func field[T any](r *driver.Record, name string) (v T, err error) {
	value, found := r.Get(name)
	v, is := value.(T)
	if !found || !is {
		err = fmt.Errorf("the graph's %s is %v, not %T: %w", name, value, v, chains.ErrCorrupt)
	}
	return v, err
}

// transferFields are what transferOf needs of a transfer m that reached an address b.
const transferFields = `m.order AS order, m.n AS n, m.kind AS kind, m.index AS index, m.sender AS sender, m.receiver AS receiver,
	m.asset AS asset, m.amount AS amount, m.time AS time`

func transferOf(r *driver.Record, chain chains.Chain) (t graph.Transfer, err error) {
	at, err1 := field[int64](r, "order")
	n, err2 := field[int64](r, "n")
	kind, err3 := field[string](r, "kind")
	index, err4 := field[int64](r, "index")
	sender, err5 := field[string](r, "sender")
	receiver, err6 := field[string](r, "receiver")
	asset, err7 := field[string](r, "asset")
	text, err8 := field[string](r, "amount")
	moment, err9 := field[time.Time](r, "time")
	if err = errors.Join(err1, err2, err3, err4, err5, err6, err7, err8, err9); err != nil {
		return t, err
	}
	amount, err := chains.ParseAmount(text)
	return graph.Transfer{
		Key: graph.Key{Chain: chain, At: positionOf(at), N: uint32(n)}, Kind: chains.TransferKind(kind), Index: uint32(index),
		From: chains.Address(sender), To: chains.Address(receiver), Asset: chains.Asset(asset), Amount: amount, Time: moment.UTC(),
	}, err
}

// transferProperties are what a transfer node says of itself. Amounts are exact as
// text; approximate serves filters and sums for people.
func transferProperties(t *graph.Transfer, id chains.TxID) map[string]any {
	return map[string]any{
		"place": transferPlace(t.Key), "chain": string(t.Chain), "txid": id.String(), "height": int64(t.At.Height), "order": order(t.At), "n": int64(t.N),
		"kind": string(t.Kind), "index": int64(t.Index), "sender": string(t.From), "receiver": string(t.To),
		"asset": string(t.Asset), "amount": t.Amount.String(), "approximate": approximate(t.Amount), "time": t.Time,
	}
}

func approximate(a chains.Amount) float64 {
	f, _ := a.Big().Float64()
	return f
}
