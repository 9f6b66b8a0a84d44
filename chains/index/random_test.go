package index_test

import (
	"slices"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
	"tsuiseki/fixtures"
)

func drawFrom(t *rapid.T) fixtures.Draw {
	return func(label string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(t, label) }
}

// source opens a chain, which does not know the transactions whose id ends below
// a byte.
func source(t runningTest, c *fixtures.Chain, unknown byte) *fixtures.Source {
	t.Helper()
	src, err := c.Source(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	src.Unknown = func(id chains.TxID) bool { return id[31] < unknown }
	return src
}

// synced is an index of a source, made in one or several Syncs.
type synced struct {
	*index.Index
	fs vfs.FS
}

func openSynced(t runningTest, src *fixtures.Source, batchBytes int) synced {
	fs, network := vfs.NewMem(), src.Network()
	x, err := index.Open(index.Options{Dir: "index", Chain: src.Chain(), Scripts: &network, FS: fs, BatchBytes: batchBytes})
	if err != nil {
		t.Fatal(err)
	}
	return synced{x, fs}
}

func (s synced) sync(t runningTest, src *fixtures.Source, from uint64, to int) {
	height := uint64(to)
	if _, err := s.Sync(t.Context(), src, index.SyncOptions{From: from, To: &height}); err != nil {
		t.Fatal(err)
	}
}

// rows closes the index and reads all of it.
func (s synced) rows(t runningTest) map[string]string {
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dump(t, "index", s.fs)
}

// TestReorgEqualsFresh is the law Reorg: an index that followed one branch, bit
// by bit, and was then shown a better one holds the same rows as one made from
// the better branch at once, wherever it starts and whatever the batches.
func TestReorgEqualsFresh(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := drawFrom(t)
		old := fixtures.NewChain()
		old.Extend(draw, draw("blocks", 2, 12))
		from := uint64(draw("from", 0, old.Height()/2))
		best := old.Fork(draw("fork", int(from), old.Height()))
		best.Extend(draw, old.Height()-best.Height()+draw("longer by", 1, 3))
		unknown := byte(draw("unknown", 0, 1) * 60)
		before, after := source(t, old, unknown), source(t, best, unknown)

		grown := openSynced(t, before, draw("batch bytes", 1, 3000))
		for to := int(from); to < old.Height(); {
			to = draw("to", to+1, old.Height())
			grown.sync(t, before, from, to)
		}
		grown.sync(t, after, from, best.Height())
		fresh := openSynced(t, after, 0)
		fresh.sync(t, after, from, best.Height())
		sameRows(t, grown.rows(t), fresh.rows(t))
	})
}

// TestIndexAgainstBlocks asks a random index everything, at a random height, and
// compares with what the blocks themselves say.
func TestIndexAgainstBlocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := drawFrom(t)
		c := fixtures.NewChain()
		c.Extend(draw, draw("blocks", 2, 12))
		from := draw("from", 0, c.Height()/2) * draw("partial", 0, 1)
		asOf := uint64(draw("as of", from, c.Height()))
		src := source(t, c, 0)
		x := openSynced(t, src, draw("batch bytes", 1, 3000))
		defer x.Close()
		x.sync(t, src, uint64(from), c.Height())
		v, err := x.View(t.Context(), &asOf)
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		truth := readTruth(src, from, int(asOf))
		truth.checkTxs(t, v)
		truth.checkRecords(t, v)
		truth.checkSpends(t, v)
		truth.checkHistories(t, v)
	})
}

// truth is what the blocks of a range say, with every output of the whole chain.
type truth struct {
	src     *fixtures.Source
	from    int
	txs     []*chains.Tx // of the range, in chain order
	all     []*chains.Tx // from the genesis block
	spender map[placeOf]chains.Spend
	creator map[*chains.Input]*chains.Tx
}

// placeOf names an output by the position of its transaction, which tells BIP30
// duplicates apart.
type placeOf struct {
	at    chains.Position
	index uint32
}

func readTruth(src *fixtures.Source, from, to int) truth {
	r := truth{src: src, from: from, spender: map[placeOf]chains.Spend{}, creator: map[*chains.Input]*chains.Tx{}}
	newest := map[chains.TxID]*chains.Tx{}
	for _, block := range src.Decoded[:to+1] {
		for t := range block.Txs {
			tx := &block.Txs[t]
			for n := range tx.Inputs {
				if in := &tx.Inputs[n]; !in.Coinbase() {
					made := newest[in.Prevout.Tx]
					r.creator[in] = made
					r.spender[placeOf{made.Position(), in.Prevout.Index}] = chains.Spend{State: chains.SpentConfirmed, By: tx.ID, Input: uint32(n), At: tx.Position()}
				}
			}
			newest[tx.ID] = tx
			r.all = append(r.all, tx)
			if int(block.Height) >= from {
				r.txs = append(r.txs, tx)
			}
		}
	}
	return r
}

// checkRecords: the pass over all transactions meets each once, and what they spend
// can be asked for meanwhile.
func (r truth) checkRecords(t *rapid.T, v *index.View) {
	next := 0
	for tx, err := range v.Records(0) {
		if err != nil || next == len(r.txs) {
			t.Fatalf("record %d of %d: %v", next, len(r.txs), err)
		}
		want := r.txs[next]
		next++
		for n := range tx.Inputs {
			in := &tx.Inputs[n]
			if in.Spent, err = v.Prevout(in.Prevout, tx.Position()); err != nil {
				t.Fatal(err)
			}
			if in.Coinbase() && in.Spent != nil {
				t.Fatalf("a coinbase spends %+v", in.Spent)
			}
		}
		r.checkTx(t, tx, want)
		if tx.Index != want.Index {
			t.Fatalf("place %d, want %d", tx.Index, want.Index)
		}
	}
	if next != len(r.txs) {
		t.Fatalf("%d records, want %d", next, len(r.txs))
	}
	last := r.txs[len(r.txs)-1].Block.Height
	for tx, err := range v.Records(last) {
		if err != nil || tx.Block.Height != last {
			t.Fatalf("from the last block on: %+v, %v", tx, err)
		}
		break
	}
	for tx, err := range v.Records(last + 1) {
		t.Fatalf("above the view's block: %+v, %v", tx, err)
	}
}

func (r truth) checkTxs(t *rapid.T, v *index.View) {
	byID := map[chains.TxID]int{}
	for _, want := range r.txs {
		got, err := v.TxAt(want.Position())
		if err != nil {
			t.Fatal(err)
		}
		r.checkTx(t, got, want)
		byID[want.ID]++
	}
	for id, count := range byID {
		if txs, err := v.Txs(id); err != nil || len(txs) != count {
			t.Fatalf("%s is there %d times, want %d (%v)", id, len(txs), count, err)
		}
	}
}

func (r truth) checkTx(t *rapid.T, got, want *chains.Tx) {
	if got.ID != want.ID || got.Block != want.Block || !got.Time.Equal(want.Time) || got.LockTime != want.LockTime ||
		got.Version != want.Version || got.Weight != want.Weight || len(got.Inputs) != len(want.Inputs) || len(got.Outputs) != len(want.Outputs) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	for n := range want.Outputs {
		sameOutput(t, &got.Outputs[n], &want.Outputs[n])
	}
	for n := range want.Inputs {
		in := &want.Inputs[n]
		if got.Inputs[n].Prevout != in.Prevout || got.Inputs[n].Sequence != in.Sequence {
			t.Fatalf("input %+v, want %+v", got.Inputs[n], in)
		}
		if !in.Coinbase() {
			sameOutput(t, got.Inputs[n].Spent, &r.creator[in].Outputs[in.Prevout.Index])
		}
	}
}

func sameOutput(t *rapid.T, got, want *chains.Output) {
	if got == nil || !got.Value.Equal(want.Value) || string(got.Script) != string(want.Script) {
		t.Fatalf("output %+v, want %+v", got, want)
	}
}

func (r truth) checkSpends(t *rapid.T, v *index.View) {
	for _, tx := range r.txs {
		for n := range tx.Outputs {
			want, spent := r.spender[placeOf{tx.Position(), uint32(n)}]
			if !spent {
				want = chains.Spend{State: chains.Unspent}
			}
			want.AsOf = v.Snapshot().BlockRef
			if got, err := v.Spend(tx, uint32(n)); err != nil || got != want {
				t.Fatalf("spend of %s:%d at %s: %+v, want %+v (%v)", tx.ID, n, tx.Position(), got, want, err)
			}
		}
	}
	for _, tx := range r.all[:len(r.all)-len(r.txs)] { // from before the range
		for n := range tx.Outputs {
			want, spent := r.spender[placeOf{tx.Position(), uint32(n)}]
			if !spent || want.At.Height < uint64(r.from) {
				continue
			}
			want.AsOf = v.Snapshot().BlockRef
			if got, err := v.SpendOf(chains.Outpoint{Tx: tx.ID, Index: uint32(n)}); err != nil || (got != want && !r.recreated(tx)) {
				t.Fatalf("spend of %s:%d, from before the range: %+v, want %+v (%v)", tx.ID, n, got, want, err)
			}
		}
	}
}

// recreated tells whether a later transaction of the range has the same id.
func (r truth) recreated(tx *chains.Tx) bool {
	return slices.ContainsFunc(r.txs, func(other *chains.Tx) bool { return other.ID == tx.ID })
}

// appearance is one in a form to compare.
type appearance struct {
	at    chains.Position
	input bool
	index uint32
	value string
}

func (r truth) checkHistories(t *rapid.T, v *index.View) {
	want := map[chains.Address][]appearance{}
	scripts := map[chains.Address][]byte{}
	note := func(out *chains.Output, a appearance) {
		address, _ := v.Describe(out.Script)
		a.value = out.Value.String()
		want[address], scripts[address] = append(want[address], a), out.Script
	}
	for _, tx := range r.txs {
		for n := range tx.Inputs {
			if in := &tx.Inputs[n]; !in.Coinbase() {
				note(&r.creator[in].Outputs[in.Prevout.Index], appearance{at: tx.Position(), input: true, index: uint32(n)})
			}
		}
		for n := range tx.Outputs {
			note(&tx.Outputs[n], appearance{at: tx.Position(), index: uint32(n)})
		}
	}
	network := r.src.Network()
	for address, appearances := range want {
		var got []appearance
		paid := 0
		for a, err := range v.History(address, network.Key(scripts[address])) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, appearance{a.Tx.Position(), a.Input, a.Index, a.Value.String()})
			if !a.Input {
				paid++
			}
		}
		if !slices.Equal(got, appearances) {
			t.Fatalf("history of %s:\n%+v\nwant\n%+v", address, got, appearances)
		}
		for _, limit := range []int{0, paid - 1, paid, paid + 1} {
			if degree, err := v.Degree(scripts[address], max(limit, 0)); err != nil || degree != min(paid, max(limit, 0)+1) {
				t.Fatalf("degree of %s up to %d is %d, want %d (%v)", address, limit, degree, paid, err)
			}
		}
	}
}

// TestSameValueToSameAddressTwice: outputs that nothing but their number tells
// apart keep their own spenders.
func TestSameValueToSameAddressTwice(t *testing.T) {
	c := fixtures.NewChain()
	pay := func(value int64) *wire.TxOut { return wire.NewTxOut(value, fixtures.Script("p2wpkh", 7)) }
	c.Mine(c.Coinbase(pay(100)))
	twice := c.Pay(c.Unspent(), pay(50), pay(50))
	c.Mine(c.Coinbase(pay(1)), twice)
	coins := fixtures.Coins(twice)
	second, first := c.Pay(coins[1:], pay(49)), c.Pay(coins[:1], pay(48))
	c.Mine(c.Coinbase(pay(2)), second)
	c.Mine(c.Coinbase(pay(3)), first)
	src := source(t, c, 0)
	x := openSynced(t, src, 0)
	defer x.Close()
	x.sync(t, src, 0, c.Height())
	v, err := x.View(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	for n, want := range []*wire.MsgTx{first, second} {
		spend, err := v.SpendOf(chains.Outpoint{Tx: src.Decoded[2].Txs[1].ID, Index: uint32(n)})
		if err != nil || spend.By.String() != want.TxHash().String() {
			t.Fatalf("output %d is spent by %s, want %s (%v)", n, spend.By, want.TxHash(), err)
		}
	}
}

// TestUndoKeepsOlderDuplicatesPrevout: the fetched output of a coinbase from
// before the range outlives the undoing of a block that spends its duplicate.
func TestUndoKeepsOlderDuplicatesPrevout(t *testing.T) {
	c := fixtures.NewChain()
	pay := func(value int64) *wire.TxOut { return wire.NewTxOut(value, fixtures.Script("p2pk", 1)) }
	twice := c.Coinbase(pay(50))
	c.Mine(twice)
	c.Mine(c.Coinbase(pay(1)), c.Pay(fixtures.Coins(twice), pay(49)))
	c.Mine(twice)
	best := c.Fork(3)
	c.Mine(c.Coinbase(pay(2)), c.Pay(fixtures.Coins(twice), pay(48)))
	best.Mine(best.Coinbase(pay(3)))
	best.Mine(best.Coinbase(pay(4)))

	before, after := source(t, c, 0), source(t, best, 0)
	grown, fresh := openSynced(t, before, 0), openSynced(t, after, 0)
	grown.sync(t, before, 2, 4)
	grown.sync(t, after, 2, 5)
	fresh.sync(t, after, 2, 5)
	sameRows(t, grown.rows(t), fresh.rows(t))
}
