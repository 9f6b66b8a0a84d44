package entity_test

import (
	"cmp"
	"errors"
	"iter"
	"maps"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"
	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/chains/bitcoin"
	"tsuiseki/chains/index"
	"tsuiseki/fixtures"
	"tsuiseki/tracer/cluster"
	"tsuiseki/tracer/entity"
)

// around answers from an index.
type around struct {
	*index.View
	network *bitcoin.Network
}

func (a around) Appearances(address chains.Address) iter.Seq2[entity.Appearance, error] {
	return func(yield func(entity.Appearance, error) bool) {
		_, key, err := a.network.AddressKey(string(address))
		if err != nil {
			yield(entity.Appearance{}, err)
			return
		}
		for found, err := range a.History(address, key) {
			if err != nil {
				yield(entity.Appearance{}, err)
				return
			}
			if !yield(entity.Appearance{At: found.Tx.Position(), Input: found.Input}, nil) {
				return
			}
		}
	}
}

func (a around) Fresh(out *chains.Output, before chains.Position) (cluster.Verdict, error) {
	for found, err := range a.Appearances(out.Address) {
		if err != nil {
			return "", err
		}
		if found.At.Compare(before) < 0 {
			return cluster.No, nil
		}
		break
	}
	return cluster.Yes, nil
}

func (a around) Spender(tx *chains.Tx, n uint32) (*chains.Tx, error) {
	spend, err := a.Spend(tx, n)
	if err != nil || spend.State != chains.SpentConfirmed {
		return nil, err
	}
	spender, err := a.TxAt(spend.At)
	if err != nil {
		return nil, err
	}
	return cluster.Describe(spender, a.network), nil
}

func (a around) Creator(tx *chains.Tx, input uint32) (*chains.Tx, error) {
	txs, err := a.Txs(tx.Inputs[input].Prevout.Tx)
	if errors.Is(err, chains.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return cluster.Describe(txs[0], a.network), nil
}

// changes are the links that change makes, of the whole chain, in order.
func (b *bench) changes(t *rapid.T, v *index.View, off []string) (links []cluster.Evidence, first map[chains.Address]chains.Position) {
	first = map[chains.Address]chains.Position{}
	snapshot := v.Snapshot()
	for h := snapshot.From; h <= snapshot.Height; h++ {
		_, txs, err := v.BlockAt(h)
		if err != nil {
			t.Fatal(err)
		}
		for i := range txs {
			tx, err := v.TxAt(chains.Position{Height: h, Tx: uint32(i)})
			if err != nil {
				t.Fatal(err)
			}
			tx = cluster.Describe(tx, &b.network)
			change, err := cluster.FindChange(tx, around{v, &b.network}, off...)
			if err != nil {
				t.Fatal(err)
			}
			links = append(links, change.Evidence(tx)...)
			for j := range tx.Outputs {
				if _, known := first[tx.Outputs[j].Address]; !known {
					first[tx.Outputs[j].Address] = tx.Position()
				}
			}
		}
	}
	return links, first
}

// reach is the extended cluster by going over all links again and again.
func (n *naive) reach(start chains.Address, links []cluster.Evidence) (reached, shut map[chains.Address]bool) {
	reached, shut = map[chains.Address]bool{}, map[chains.Address]bool{}
	join := func(a chains.Address) {
		for _, m := range n.members(a) {
			reached[m] = true
		}
	}
	join(start)
	mine := n.serviceOf(n.members(start))
	for grown := true; grown; {
		grown = false
		for _, l := range links {
			if reached[l.From] == reached[l.To] {
				continue
			}
			other := l.To
			if reached[other] {
				other = l.From
			}
			members := n.members(other)
			if s := n.serviceOf(members); len(members) >= n.giant || s != "" && s != mine {
				shut[members[0]] = true
				continue
			}
			join(other)
			grown = true
		}
	}
	return reached, shut
}

// economy is a chain of wallets whose change shows: they pay round sums to another
// kind of script, from one or two coins, and keep the rest, for no fee.
func economy(draw fixtures.Draw) *fixtures.Chain {
	c := fixtures.NewChain()
	own := func(owner int) []byte { return fixtures.Script("p2wpkh", owner) }
	fresh := 100
	for range draw("blocks", 3, 10) {
		var coins []fixtures.Coin
		for _, coin := range c.Unspent() {
			if len(coin.Output.PkScript) == len(own(0)) {
				coins = append(coins, coin)
			}
		}
		var txs []*wire.MsgTx
		for range draw("payments", 0, 3) {
			if len(coins) < 2 {
				break
			}
			count := draw("coins", 1, 2)
			at := draw("coin", 0, len(coins)-count)
			spent := slices.Clone(coins[at : at+count])
			coins = slices.Delete(coins, at, at+count)
			left := int64(0)
			for _, coin := range spent {
				left += coin.Output.Value
			}
			paid := min(left/2, int64(draw("sum", 1, 9))*1_000_000)
			fresh++
			change := draw("change", 0, 9)
			if change > 6 {
				change = fresh
			}
			txs = append(txs, c.Pay(spent, wire.NewTxOut(paid, fixtures.Script("p2pkh", draw("payee", 10, 14))), wire.NewTxOut(left-paid, own(change))))
		}
		coinbase := c.Coinbase(wire.NewTxOut(50_000_123, own(draw("miner", 0, 6))), wire.NewTxOut(20_000_017, own(draw("miner", 0, 6))))
		c.Mine(coinbase, txs...)
	}
	return c
}

// TestExtendedAgainstWholeChain: the extended cluster, found from one address, is
// what all links of the chain reach from it; a limit leaves a part of it and says so.
func TestExtendedAgainstWholeChain(t *testing.T) {
	complete, joined, held := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		draw := drawFrom(t)
		src := source(t, economy(draw))
		b := newBench(t, src, entity.Options{Giant: draw("giant", 2, 8)})
		b.reach(t, 0, len(src.Decoded)-1)
		defer b.close(t)
		v, err := b.index.View(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		tags := drawTags(t, draw, src, b.network)
		n := b.truth(t, v, tags)
		view, err := b.store.View(v, tags)
		if err != nil {
			t.Fatal(err)
		}
		var off []string
		if draw("off", 0, 2) == 0 {
			off = append(off, rapid.SampledFrom(cluster.ChangeRules()).Draw(t, "rule").ID)
		}
		links, first := b.changes(t, v, off)
		for _, address := range slices.Sorted(maps.Keys(first)) {
			x, err := view.Extend(around{v, &b.network}, address, entity.ExtendOptions{Without: off})
			if err != nil {
				t.Fatal(err)
			}
			reached, shut := n.reach(address, links)
			checkExtended(t, x, address, reached, shut, first)
			joined, held = joined+len(x.Links), held+len(x.Withheld)
			limit := draw("limit", 1, 6)
			part, err := view.Extend(around{v, &b.network}, address, entity.ExtendOptions{Without: off, Limit: limit})
			if err != nil {
				t.Fatal(err)
			}
			if part.Complete != (x.Txs <= limit) || part.Size > x.Size || part.Complete && part.Size != x.Size {
				t.Fatalf("with a limit of %d of %d transactions: %+v, want a part of %+v", limit, x.Txs, part, x)
			}
			if part.Complete {
				complete++
			}
		}
	})
	if complete == 0 || joined == 0 || held == 0 {
		t.Errorf("%d searches within their limit, %d links, %d held back: the test proves little", complete, joined, held)
	}
}

func checkExtended(t *rapid.T, x *entity.Extended, start chains.Address, reached, shut map[chains.Address]bool, first map[chains.Address]chains.Position) {
	var got []chains.Address
	entities := map[chains.Address]bool{}
	for _, c := range x.Clusters {
		members, err := c.Addresses(0)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, members...)
		entities[c.Entity] = true
	}
	if !x.Complete || x.Size != len(reached) || len(got) != len(reached) || slices.ContainsFunc(got, func(a chains.Address) bool { return !reached[a] }) {
		t.Fatalf("extended cluster of %s: %v, want %v", start, got, reached)
	}
	earliest := x.Clusters[0].Entity
	for entity := range entities {
		if cmp.Or(first[entity].Compare(first[earliest]), cmp.Compare(entity, earliest)) < 0 {
			earliest = entity
		}
	}
	if x.Entity != earliest || len(x.Links) != len(x.Clusters)-1 {
		t.Fatalf("extended cluster of %s: entity %s, want %s; %d links of %d clusters", start, x.Entity, earliest, len(x.Links), len(x.Clusters))
	}
	for _, l := range x.Withheld {
		if !shut[l.Other.Entity] {
			t.Fatalf("held back of %s: %s, want one of %v", start, l.Other.Entity, shut)
		}
	}
	if len(x.Withheld) != len(shut) {
		t.Fatalf("held back of %s: %v, want %v", start, x.Withheld, shut)
	}
	for other := range reached {
		checkExtendedWhy(t, x, start, other)
	}
}

// checkExtendedWhy: the chain leads from one to the other without a gap.
func checkExtendedWhy(t *rapid.T, x *entity.Extended, a, b chains.Address) {
	steps, joined, err := x.Why(a, b)
	if err != nil || !joined {
		t.Fatalf("why %s %s: joined %v, %v", a, b, joined, err)
	}
	at := a
	for _, s := range steps {
		if s.From != at {
			t.Fatalf("why %s %s: %+v does not go on from %s", a, b, s, at)
		}
		at = s.To
	}
	if at != b {
		t.Fatalf("why %s %s ends at %s", a, b, at)
	}
}
