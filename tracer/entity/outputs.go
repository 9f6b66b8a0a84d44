package entity

import "tsuiseki/chains"

// outputs remembers the outputs of transactions that were read last, up to a number
// of bytes: most coins are spent soon. What is asked for is taken out.
type outputs struct {
	limit        int // bytes
	young, old   map[chains.TxID]*remembered
	bytes        int // of young
	hits, misses uint64
}

type remembered struct {
	outputs []chains.Output
	left    int // not asked for yet
}

// Roughly what Go takes for a transaction in a map, and for an output beside its script.
const (
	rememberedBytes = 150
	outputBytes     = 96
)

func newOutputs(limit int) *outputs {
	return &outputs{limit: limit, young: map[chains.TxID]*remembered{}}
}

// remember takes a transaction's outputs in. A coinbase with an id that was there
// before takes the older one's place (BIP30).
func (o *outputs) remember(tx *chains.Tx) {
	for i := range tx.Outputs {
		o.bytes += outputBytes + len(tx.Outputs[i].Script)
	}
	o.bytes += rememberedBytes
	o.young[tx.ID] = &remembered{tx.Outputs, len(tx.Outputs)}
	if o.bytes > o.limit/2 {
		o.old, o.young, o.bytes = o.young, map[chains.TxID]*remembered{}, 0
	}
}

// take gives an output that is remembered, and forgets it; else nil.
func (o *outputs) take(outpoint chains.Outpoint) *chains.Output {
	from := o.young
	r := from[outpoint.Tx]
	if r == nil {
		from = o.old
		r = from[outpoint.Tx]
	}
	if r == nil || int(outpoint.Index) >= len(r.outputs) {
		o.misses++
		return nil
	}
	o.hits++
	if r.left--; r.left == 0 {
		delete(from, outpoint.Tx)
	}
	return &r.outputs[outpoint.Index]
}
