package index

import (
	"bytes"
	"container/heap"
	"errors"
	"iter"

	"tsuiseki/chains"
)

// Appearance is an output that pays a script, or an input that spends one.
type Appearance struct {
	Tx    *chains.Tx // without prevouts
	Input bool
	Index uint32 // of the input or output
	Value chains.Amount
}

// History yields an address's appearances in chain order, a transaction's inputs
// before its outputs. Inputs are found through the outputs that they spend, so
// memory grows with the outputs whose spender is still to come, not with the history.
func (v *View) History(address chains.Address, key uint64) iter.Seq2[Appearance, error] {
	return func(yield func(Appearance, error) bool) {
		prefix := prefixKey(tableScript, key)
		it, err := v.snap.NewIter(nil)
		if err != nil {
			yield(Appearance{}, err)
			return
		}
		h := history{view: v, address: address}
		stopped := false
		for ok := it.SeekGE(prefix); ok && !stopped && err == nil && bytes.HasPrefix(it.Key(), prefix); ok = it.Next() {
			var pos chains.Position
			var suffix uint32
			if pos, suffix, err = readTail(it.Key()[len(prefix):]); err != nil || pos.Height > v.asOf.Height {
				break
			}
			if len(h.group) > 0 && pos != h.at {
				stopped, err = h.takeGroup(yield)
			}
			h.at, h.group = pos, append(h.group, suffix)
		}
		if err == nil && !stopped {
			stopped, err = h.takeGroup(yield)
		}
		if err == nil && !stopped {
			stopped, err = h.flush(chains.Position{Height: v.asOf.Height + 1}, yield)
		}
		if err = errors.Join(err, it.Error(), it.Close()); err != nil && !stopped {
			yield(Appearance{}, err)
		}
	}
}

// Touching yields the transactions in which an address appears, with their prevouts
// where known, in chain order.
func (v *View) Touching(address chains.Address, key uint64) iter.Seq2[*chains.Tx, error] {
	return func(yield func(*chains.Tx, error) bool) {
		var last *chains.Position
		for a, err := range v.History(address, key) {
			if err != nil {
				yield(nil, err)
				return
			}
			at := a.Tx.Position()
			if last != nil && *last == at {
				continue
			}
			last = &at
			tx, err := v.TxAt(at)
			if !yield(tx, err) || err != nil {
				return
			}
		}
	}
}

// history merges outputs, read in order, with their spenders, which come later.
type history struct {
	view    *View
	address chains.Address
	at      chains.Position
	group   []uint32 // suffixes of the rows at this position
	spends  spendQueue
	last    *chains.Tx
}

func (h *history) read(pos chains.Position) (tx *chains.Tx, err error) {
	if h.last == nil || h.last.Position() != pos {
		h.last, err = h.view.record(pos)
	}
	return h.last, err
}

// flush yields the waiting inputs of transactions up to and with pos.
func (h *history) flush(pos chains.Position, yield func(Appearance, error) bool) (stopped bool, err error) {
	for len(h.spends) > 0 && h.spends[0].pos.Compare(pos) <= 0 {
		next := heap.Pop(&h.spends).(waiting)
		tx, err := h.read(next.pos)
		if err != nil {
			return false, err
		}
		if !yield(Appearance{Tx: tx, Input: true, Index: next.input, Value: next.value}, nil) {
			return true, nil
		}
	}
	return false, nil
}

// takeGroup yields what waited until this transaction, then its outputs.
func (h *history) takeGroup(yield func(Appearance, error) bool) (stopped bool, err error) {
	for _, suffix := range h.group {
		if n := suffix >> 1; suffix == scriptInput(n) && err == nil {
			err = h.takeInput(n)
		}
	}
	if err == nil {
		stopped, err = h.flush(h.at, yield)
	}
	for _, suffix := range h.group {
		if n := suffix >> 1; suffix == scriptOutput(n) && err == nil && !stopped {
			stopped, err = h.takeOutput(n, yield)
		}
	}
	h.group = h.group[:0]
	return stopped, err
}

// takeOutput yields an output and queues its spender.
func (h *history) takeOutput(n uint32, yield func(Appearance, error) bool) (stopped bool, err error) {
	tx, err := h.read(h.at)
	if err != nil {
		return false, err
	}
	if int(n) >= len(tx.Outputs) {
		return false, errEncoding
	}
	out := tx.Outputs[n]
	if address, _ := h.view.Describe(out.Script); address != h.address {
		return false, nil
	}
	spend, err := h.view.Spend(tx, n)
	if err != nil {
		return false, err
	}
	if spend.State == chains.SpentConfirmed {
		heap.Push(&h.spends, waiting{spend.At, spend.Input, out.Value})
	}
	return !yield(Appearance{Tx: tx, Index: n, Value: out.Value}, nil), nil
}

// takeInput queues an input whose prevout lies before the range.
func (h *history) takeInput(n uint32) error {
	tx, err := h.read(h.at)
	if err != nil {
		return err
	}
	if int(n) >= len(tx.Inputs) {
		return errEncoding
	}
	value, found, err := h.view.get(prevoutKey(tx.Inputs[n].Prevout))
	if err == nil && !found {
		err = errEncoding
	}
	if err != nil {
		return err
	}
	out, err := readOutput(value)
	if err != nil {
		return err
	}
	if address, _ := h.view.Describe(out.Script); address == h.address {
		heap.Push(&h.spends, waiting{h.at, n, out.Value})
	}
	return nil
}

// Degree counts the outputs that pay the address of a script, up to limit+1.
func (v *View) Degree(script []byte, limit int) (int, error) {
	hits := prefixKey(tableScript, v.scripts.Key(script))
	count := 0
	for ok := v.iter.SeekGE(hits); ok && count <= limit && bytes.HasPrefix(v.iter.Key(), hits); ok = v.iter.Next() {
		pos, suffix, err := readTail(v.iter.Key()[len(hits):])
		if err != nil {
			return 0, err
		}
		if pos.Height > v.asOf.Height {
			break
		}
		if suffix&1 == 0 {
			count++
		}
	}
	if err := v.iter.Error(); err != nil || count <= limit {
		return count, err
	}
	// Another address may share the key: count again, reading each output.
	address, _ := v.Describe(script)
	count = 0
	for appearance, err := range v.History(address, v.scripts.Key(script)) {
		if err != nil {
			return 0, err
		}
		if !appearance.Input {
			count++
		}
		if count > limit {
			break
		}
	}
	return count, nil
}

// waiting is an input that a history has still to yield.
type waiting struct {
	pos   chains.Position
	input uint32
	value chains.Amount
}

type spendQueue []waiting

func (q spendQueue) Len() int      { return len(q) }
func (q spendQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q spendQueue) Less(i, j int) bool {
	if c := q[i].pos.Compare(q[j].pos); c != 0 {
		return c < 0
	}
	return q[i].input < q[j].input
}
func (q *spendQueue) Push(w any) { *q = append(*q, w.(waiting)) }
func (q *spendQueue) Pop() any {
	last := len(*q) - 1
	w := (*q)[last]
	*q = (*q)[:last]
	return w
}
