package tracer_test

import (
	"fmt"
	"math/big"
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/cluster"
)

// The reference: what a trace means, as plainly as it can be said. It knows
// nothing of indexes, sweeps or many deposits at once, and takes its time.

type refDeposit struct {
	at       chains.Outpoint
	position chains.Position // of the creating transaction
}

type refHop struct {
	deposit        int
	tx             chains.TxID
	at             chains.Position
	fromTx         chains.TxID // zero for haircut, whose hops are per output
	fromIndex      uint32
	toIndex        uint32
	amount, traced int64
}

type refEnd struct {
	deposit        int
	kind           tracer.EndKind
	tx             chains.TxID
	at             chains.Position
	index          int64 // -1 for a fee
	amount, traced int64
}

type refResult struct {
	hops []refHop
	ends []refEnd
}

// reference traces one deposit at a time over whole decoded blocks (index =
// height from 0), straight from the definitions. It panics on an invalid chain.
func reference(blocks []*chains.Block, asOf int, describe func(script []byte) (chains.Address, string), deposits []refDeposit, params tracer.Params) refResult {
	chain := newRefChain(blocks, asOf, describe)
	var all refResult
	for i, deposit := range deposits {
		trace := refTrace{chain: chain, params: params, deposit: i, places: map[refOutpoint]refPlace{}}
		trace.run(deposit)
		all.hops = append(all.hops, trace.hops...)
		all.ends = append(all.ends, trace.ends...)
	}
	return all
}

// refChain is every transaction up to the snapshot in one line.
type refChain struct {
	txs      []refTx
	describe func(script []byte) (chains.Address, string)
}

type refTx struct {
	id       chains.TxID
	at       chains.Position
	time     time.Time
	coinbase bool
	mixes    bool // coins of several owners
	inputs   []refInput
	outputs  []refOutput
	fee      int64
}

type refInput struct {
	from  refOutpoint
	value int64
}

type refOutput struct {
	value   int64
	address chains.Address
	kind    string
}

// refOutpoint is an output by its transaction's place in the line, which tells
// apart transactions with the same id.
type refOutpoint struct {
	tx    int
	index uint32
}

func newRefChain(blocks []*chains.Block, asOf int, describe func(script []byte) (chains.Address, string)) *refChain {
	c := &refChain{describe: describe}
	for height, block := range blocks[:asOf+1] {
		for n := range block.Txs {
			c.add(&block.Txs[n], chains.Position{Height: uint64(height), Tx: uint32(n)}, block.Time)
		}
	}
	return c
}

// add appends a transaction; all that it spends is in the line already.
func (c *refChain) add(tx *chains.Tx, at chains.Position, blockTime time.Time) {
	added := refTx{id: tx.ID, at: at, time: blockTime, coinbase: tx.Coinbase()}
	if !added.coinbase {
		for _, in := range tx.Inputs {
			from := refOutpoint{c.last(in.Prevout.Tx), in.Prevout.Index}
			value := c.txs[from.tx].outputs[from.index].value
			added.inputs = append(added.inputs, refInput{from, value})
			added.fee += value
		}
	}
	for _, out := range tx.Outputs {
		value := refInt64(out.Value)
		address, kind := c.describe(out.Script)
		added.outputs = append(added.outputs, refOutput{value, address, kind})
		added.fee -= value
	}
	if added.coinbase {
		added.fee = 0
	}
	added.mixes = c.isMix(added)
	if added.fee < 0 {
		panic(fmt.Sprintf("reference: %s pays more than it has", tx.ID))
	}
	c.txs = append(c.txs, added)
}

// isMix asks the heuristic, which has tests of its own.
func (c *refChain) isMix(tx refTx) bool {
	asked := chains.Tx{Inputs: make([]chains.Input, len(tx.inputs))}
	output := func(o refOutput) chains.Output {
		return chains.Output{Value: chains.NewAmount(o.value), Address: o.address, Type: o.kind}
	}
	for i, in := range tx.inputs {
		spent := output(c.txs[in.from.tx].outputs[in.from.index])
		asked.Inputs[i].Spent = &spent
	}
	for _, out := range tx.outputs {
		asked.Outputs = append(asked.Outputs, output(out))
	}
	return cluster.CoinJoin(&asked) == cluster.Yes
}

// last is the newest transaction with the id: a duplicate has replaced the older.
func (c *refChain) last(id chains.TxID) int {
	for k, tx := range slices.Backward(c.txs) {
		if tx.id == id {
			return k
		}
	}
	panic(fmt.Sprintf("reference: no transaction %s", id))
}

// replaced tells whether a later coinbase has the id of this one.
func (c *refChain) replaced(tx int) bool {
	for k := tx + 1; k < len(c.txs); k++ {
		if c.txs[tx].coinbase && c.txs[k].coinbase && c.txs[k].id == c.txs[tx].id {
			return true
		}
	}
	return false
}

// degree counts the outputs with an address.
func (c *refChain) degree(address chains.Address) int {
	count := 0
	for _, tx := range c.txs {
		for _, out := range tx.outputs {
			if out.address == address {
				count++
			}
		}
	}
	return count
}

// refPlace is what an output, or a fee, holds of one deposit.
type refPlace struct {
	value, traced int64
	parts         []refInterval // where in the value the traced part lies, where that counts
	hops          int
}

// refInterval is the units from the first up to but without the second.
type refInterval struct{ from, to int64 }

// refTrace follows one deposit. Places are those that nothing has spent so far.
type refTrace struct {
	refResult
	chain   *refChain
	params  tracer.Params
	deposit int
	places  map[refOutpoint]refPlace
	visited int
}

func (t *refTrace) run(d refDeposit) {
	start := slices.IndexFunc(t.chain.txs, func(tx refTx) bool { return tx.at == d.position })
	if start < 0 || t.chain.txs[start].id != d.at.Tx {
		panic(fmt.Sprintf("reference: no deposit %s at %s", d.at, d.position))
	}
	value := t.chain.txs[start].outputs[d.at.Index].value
	if value > 0 {
		whole := []refInterval{{0, value}}
		t.places[refOutpoint{start, d.at.Index}] = refPlace{value: value, traced: value, parts: whole}
	}
	for k := start + 1; k < len(t.chain.txs); k++ {
		t.visit(k)
	}
	for at, place := range t.places { // nobody spends these
		kind := tracer.EndUnspent
		if t.chain.txs[at.tx].outputs[at.index].kind == "op_return" || t.chain.replaced(at.tx) {
			kind = tracer.EndBurn
		}
		t.end(kind, at, place)
	}
}

// visit takes the deposit's places out of the inputs of a transaction and ends
// each of them or moves it on.
func (t *refTrace) visit(k int) {
	tx := t.chain.txs[k]
	inputs := make([]refPlace, len(tx.inputs)) // an ended place is clean money here
	moving := []int{}
	for i, in := range tx.inputs {
		inputs[i].value = in.value
		place, traced := t.places[in.from]
		if !traced {
			continue
		}
		delete(t.places, in.from)
		if kind := t.stop(in.from, place, tx); kind != "" {
			t.end(kind, in.from, place)
			continue
		}
		inputs[i] = place
		moving = append(moving, i)
	}
	if len(moving) == 0 {
		return
	}
	if tx.mixes && !slices.Contains(t.params.Without, "coinjoin") {
		for _, i := range moving {
			t.end(tracer.EndCoinJoin, tx.inputs[i].from, inputs[i])
		}
		return
	}
	if t.params.Budget > 0 && t.visited == t.params.Budget {
		for _, i := range moving {
			t.end(tracer.EndBudget, tx.inputs[i].from, inputs[i])
		}
		return
	}
	t.visited++

	fewest := inputs[moving[0]].hops
	for _, i := range moving {
		fewest = min(fewest, inputs[i].hops)
	}
	recipients := make([]refPlace, 0, len(tx.outputs)+1)
	for _, out := range tx.outputs {
		recipients = append(recipients, refPlace{value: out.value, hops: 1 + fewest})
	}
	recipients = append(recipients, refPlace{value: tx.fee})
	flows := refAllocate(t.params.Rule, inputs, recipients)
	t.record(k, recipients, flows)
}

// stop is the reason, if any, why a place that tx spends is not followed,
// whatever the budget.
func (t *refTrace) stop(at refOutpoint, place refPlace, tx refTx) tracer.EndKind {
	address := t.chain.txs[at.tx].outputs[at.index].address
	switch p := t.params; {
	case place.traced < refInt64(p.MinAmount):
		return tracer.EndBelowMinimum
	case !p.Until.IsZero() && tx.time.After(p.Until):
		return tracer.EndTimeLimit
	case p.MaxHops > 0 && place.hops >= p.MaxHops:
		return tracer.EndHopLimit
	case p.HubDegree > 0 && t.chain.degree(address) > p.HubDegree:
		return tracer.EndHub
	}
	return ""
}

// record writes down what a transaction did; flows is by recipient, then input.
func (t *refTrace) record(k int, recipients []refPlace, flows [][]int64) {
	tx := t.chain.txs[k]
	for r, place := range recipients {
		if place.traced == 0 {
			continue
		}
		if r == len(tx.outputs) {
			t.ends = append(t.ends, refEnd{t.deposit, tracer.EndFee, tx.id, tx.at, -1, place.value, place.traced})
			continue
		}
		t.places[refOutpoint{k, uint32(r)}] = place
		hop := refHop{deposit: t.deposit, tx: tx.id, at: tx.at, toIndex: uint32(r), amount: place.value}
		if t.params.Rule == "haircut" {
			hop.traced = place.traced
			t.hops = append(t.hops, hop)
			continue
		}
		for i, in := range tx.inputs {
			if flows[r][i] > 0 {
				hop.fromTx, hop.fromIndex, hop.traced = t.chain.txs[in.from.tx].id, in.from.index, flows[r][i]
				t.hops = append(t.hops, hop)
			}
		}
	}
}

func (t *refTrace) end(kind tracer.EndKind, at refOutpoint, place refPlace) {
	tx := t.chain.txs[at.tx]
	t.ends = append(t.ends, refEnd{t.deposit, kind, tx.id, tx.at, int64(at.index), place.value, place.traced})
}

// refAllocate fills in what each recipient gets, and returns how much of it
// comes from each input (not for haircut, where only totals count). The last
// recipient is the fee.
func refAllocate(rule string, inputs, recipients []refPlace) [][]int64 {
	switch rule {
	case "fifo":
		return refFIFO(inputs, recipients)
	case "lifo":
		return refLIFO(inputs, recipients)
	case "haircut":
		refHaircut(inputs, recipients)
		return nil
	case "tiho", "dirty-first", "clean-first":
		return refOneAfterAnother(inputs, recipients, refOrder(rule, recipients))
	case "poison":
		return refPoison(inputs, recipients)
	}
	panic("reference: no rule " + rule)
}

// refFIFO lays the inputs end to end and cuts the recipients from the front.
func refFIFO(inputs, recipients []refPlace) [][]int64 {
	flows := make([][]int64, len(recipients))
	var cut int64 // where the recipient begins
	for r := range recipients {
		to := &recipients[r]
		flows[r] = make([]int64, len(inputs))
		var laid int64 // where the input begins
		for i, in := range inputs {
			for _, part := range in.parts {
				from := max(laid+part.from, cut)
				upTo := min(laid+part.to, cut+to.value)
				if from < upTo {
					to.parts = append(to.parts, refInterval{from - cut, upTo - cut})
					to.traced += upTo - from
					flows[r][i] += upTo - from
				}
			}
			laid += in.value
		}
		cut += to.value
	}
	return flows
}

// refLIFO lays the inputs end to end and cuts the recipients from the back.
func refLIFO(inputs, recipients []refPlace) [][]int64 {
	var end int64 // of what is not cut off yet
	for _, in := range inputs {
		end += in.value
	}
	flows := make([][]int64, len(recipients))
	for r := range recipients {
		to := &recipients[r]
		flows[r] = make([]int64, len(inputs))
		start := end - to.value
		var laid int64
		for i, in := range inputs {
			for _, part := range in.parts {
				if from, upTo := max(start, laid+part.from), min(end, laid+part.to); from < upTo {
					to.parts = append(to.parts, refInterval{from - start, upTo - start})
					to.traced += upTo - from
					flows[r][i] += upTo - from
				}
			}
			laid += in.value
		}
		end = start
	}
	return flows
}

// refOrder is the order in which recipients get traced value.
func refOrder(rule string, recipients []refPlace) (order []int) {
	fee := len(recipients) - 1
	switch rule {
	case "dirty-first":
		for r := range recipients {
			order = append(order, r)
		}
	case "clean-first": // who gets clean value first gets traced value last
		for r := range slices.Backward(recipients) {
			order = append(order, r)
		}
	case "tiho":
		for len(order) < fee {
			largest := -1
			for r := range recipients[:fee] {
				if !slices.Contains(order, r) && (largest < 0 || recipients[r].value > recipients[largest].value) {
					largest = r
				}
			}
			order = append(order, largest)
		}
		order = append(order, fee)
	}
	return order
}

// refOneAfterAnother fills the recipients in an order. What they got then comes
// from the inputs, both in the order of the transaction.
func refOneAfterAnother(inputs, recipients []refPlace, order []int) [][]int64 {
	var left int64
	for _, in := range inputs {
		left += in.traced
	}
	for _, r := range order {
		recipients[r].traced = min(left, recipients[r].value)
		left -= recipients[r].traced
	}
	flows := make([][]int64, len(recipients))
	var got int64 // before this recipient
	for r, to := range recipients {
		flows[r] = make([]int64, len(inputs))
		var gave int64 // before this input
		for i, in := range inputs {
			flows[r][i] = max(0, min(got+to.traced, gave+in.traced)-max(got, gave))
			gave += in.traced
		}
		got += to.traced
	}
	return flows
}

// refHaircut gives each recipient its proportion, rounded down, and then one
// unit each to the largest remainders, the earlier first.
func refHaircut(inputs, recipients []refPlace) {
	total, sum := new(big.Int), new(big.Int)
	for _, in := range inputs {
		total.Add(total, big.NewInt(in.traced))
		sum.Add(sum, big.NewInt(in.value))
	}
	left := total.Int64()
	remainders := make([]*big.Int, len(recipients))
	for r := range recipients {
		product := new(big.Int).Mul(big.NewInt(recipients[r].value), total)
		share, remainder := new(big.Int).QuoRem(product, sum, new(big.Int))
		recipients[r].traced, remainders[r] = share.Int64(), remainder
		left -= share.Int64()
	}
	for ; left > 0; left-- {
		largest := 0
		for r := range remainders {
			if remainders[r].Cmp(remainders[largest]) > 0 {
				largest = r
			}
		}
		recipients[largest].traced++
		remainders[largest] = big.NewInt(-1) // served
	}
}

// refPoison takes every recipient whole, from every traced input.
func refPoison(inputs, recipients []refPlace) [][]int64 {
	flows := make([][]int64, len(recipients))
	for r := range recipients {
		recipients[r].traced = recipients[r].value
		flows[r] = make([]int64, len(inputs))
		for i, in := range inputs {
			if in.traced > 0 {
				flows[r][i] = recipients[r].value
			}
		}
	}
	return flows
}

func refInt64(a chains.Amount) int64 {
	n, fits := a.Int64()
	if !fits || n < 0 {
		panic("reference: value " + a.String())
	}
	return n
}
