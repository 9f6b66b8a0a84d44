package tracer_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/taint"
)

// jointSweep follows one deposit through both chains at once, transaction by
// transaction as time goes: what crosses waits for the payments that answer it. It
// knows from the world's making which do.
type jointSweep struct {
	rule     taint.Rule
	world    *twoChains
	outputs  map[chains.Outpoint][]taint.Span
	accounts map[chains.Address][]taint.Span
	balances map[chains.Address]chains.Amount
	crossing map[chains.TxID][]taint.Span
	sums     map[string]chains.Amount // fees, and what crossed, by chain
}

// moment is a transaction of either chain.
type moment struct {
	time    time.Time
	tx      *chains.Tx
	bitcoin bool
}

func (w *twoChains) moments(src []*chains.Block) (all []moment) {
	for _, block := range src {
		for i := range block.Txs {
			all = append(all, moment{block.Time, &block.Txs[i], true})
		}
	}
	for _, tx := range w.ether.ledger().txs() {
		all = append(all, moment{tx.Time, tx, false})
	}
	slices.SortStableFunc(all, func(a, b moment) int { return a.time.Compare(b.time) })
	return all
}

func (w *twoChains) in(id chains.TxID) *bridgeIn {
	i := slices.IndexFunc(w.ins, func(in bridgeIn) bool { return in.id == id })
	if i < 0 {
		return nil
	}
	return &w.ins[i]
}

func newJointSweep(w *twoChains, rule taint.Rule) *jointSweep {
	return &jointSweep{
		rule: rule, world: w, outputs: map[chains.Outpoint][]taint.Span{}, accounts: map[chains.Address][]taint.Span{},
		balances: map[chains.Address]chains.Amount{}, crossing: map[chains.TxID][]taint.Span{}, sums: map[string]chains.Amount{},
	}
}

func (j *jointSweep) sum(what string, spans []taint.Span) {
	if total := taint.Sum(spans); total.Sign() > 0 {
		j.sums[what] = j.sums[what].Add(total)
	}
}

// whole stands for an amount where only sums count.
func (j *jointSweep) whole(spans []taint.Span) []taint.Span {
	total := taint.Sum(spans)
	if total.IsZero() || j.rule.Ordered {
		return spans
	}
	return []taint.Span{{Value: total}}
}

// arrive adds what a payment brings over the bridge to what it brings otherwise.
func (j *jointSweep) arrive(answer chains.TxID, chain string, natural []taint.Span, amount chains.Amount) []taint.Span {
	in := j.world.answers[answer]
	if in == nil || len(j.crossing[in.id]) == 0 {
		return natural
	}
	spans := taint.Scale(j.whole(j.crossing[in.id]), chains.NewAmount(in.amount), amount)
	if j.rule.Ordered || !j.rule.Conserves {
		fresh := taint.Subtract(taint.Merge(spans), natural)
		j.sum("in "+chain, fresh)
		return taint.Merge(append(slices.Clone(natural), fresh...))
	}
	had := taint.Sum(natural)
	fresh := taint.Sum(spans).Min(amount.Sub(had))
	j.sum("in "+chain, []taint.Span{{Value: fresh}})
	return j.whole([]taint.Span{{Value: had}, {Value: fresh}})
}

// leave takes what came into a vault, and is answered, out of sight; false where it
// is not answered.
func (j *jointSweep) leave(id chains.TxID, chain string, spans []taint.Span) bool {
	if in := j.world.in(id); in == nil || !in.answered {
		return false
	}
	j.crossing[id] = spans
	j.sum("out "+chain, spans)
	return true
}

func (j *jointSweep) bitcoin(tx *chains.Tx, deposit *place) {
	var ins []taint.Input
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		if in.Coinbase() {
			break
		}
		ins = append(ins, taint.Input{Value: in.Spent.Value, Traced: j.outputs[in.Prevout]})
		delete(j.outputs, in.Prevout)
	}
	var outs []taint.Output
	for i := range tx.Outputs {
		outs = append(outs, taint.Output{Value: tx.Outputs[i].Value})
	}
	fee, _ := tx.Fee()
	spans := make([][]taint.Span, len(outs)+1)
	for _, f := range j.rule.Allocate(ins, append(outs, taint.Output{Value: fee, Fee: true})) {
		spans[f.Output] = append(spans[f.Output], f.Span)
	}
	j.sum("fee BTC", taint.Merge(spans[len(outs)]))
	for i := range outs {
		got := taint.Merge(spans[i])
		if i == 0 {
			got = j.arrive(tx.ID, "BTC", got, outs[0].Value)
		}
		if deposit != nil && int(deposit.index) == i && deposit.at == tx.Position() {
			got = []taint.Span{{Value: outs[i].Value}}
		}
		if len(got) > 0 && (i != 0 || !j.leave(tx.ID, "BTC", got)) {
			j.outputs[chains.Outpoint{Tx: tx.ID, Index: uint32(i)}] = got
		}
	}
}

// ether takes a transaction, or what moves outside of them: all of it goes from one
// account to one other, and to fees.
func (j *jointSweep) ether(tx *chains.Tx, deposit *transferPlace) {
	var from, to chains.Address
	var amount chains.Amount
	outs := []taint.Output{{}}
	for i := range tx.Transfers {
		switch t := &tx.Transfers[i]; t.Kind {
		case chains.RewardTransfer:
			j.balances[t.To] = j.balances[t.To].Add(t.Amount)
		case chains.FeeTransfer, chains.TipTransfer:
			outs = append(outs, taint.Output{Value: t.Amount, Fee: true})
		case chains.NativeTransfer:
			from, to, amount = t.From, t.To, t.Amount
		default:
			to = t.To
		}
	}
	if from == "" {
		return
	}
	outs[0].Value = amount
	var payment chains.Amount
	for _, out := range outs {
		payment = payment.Add(out.Value)
	}
	spans := make([][]taint.Span, len(outs))
	if traced := j.accounts[from]; len(traced) > 0 {
		if !j.rule.Conserves {
			traced = []taint.Span{{Value: j.balances[from]}}
		}
		leaves, stays := j.rule.Split(taint.Input{Value: j.balances[from], Traced: traced}, payment)
		j.accounts[from] = stays
		for _, f := range j.rule.Allocate([]taint.Input{{Value: payment, Traced: leaves}}, outs) {
			spans[f.Output] = append(spans[f.Output], f.Span)
		}
	}
	for _, fee := range spans[1:] {
		j.sum("fee ETH", taint.Merge(fee))
	}
	j.balances[from] = j.balances[from].Sub(payment)
	got := j.arrive(tx.ID, "ETH", taint.Merge(spans[0]), amount)
	if deposit != nil && deposit.at == tx.Position() {
		got = []taint.Span{{Value: amount}}
	}
	had := j.balances[to]
	j.balances[to] = had.Add(amount)
	if len(got) > 0 && !j.leave(tx.ID, "ETH", got) {
		j.accounts[to] = j.whole(taint.Merge(append(slices.Clone(j.accounts[to]), taint.Shift(got, had)...)))
	}
}

// run follows a deposit and says where all of it is.
func (j *jointSweep) run(moments []moment, output *place, transfer *transferPlace) []string {
	for _, m := range moments {
		if m.bitcoin {
			j.bitcoin(m.tx, output)
		} else {
			j.ether(m.tx, transfer)
		}
	}
	for at, spans := range j.outputs {
		j.sum("at "+at.String(), spans)
	}
	for account, spans := range j.accounts {
		if !j.rule.Conserves && len(spans) > 0 {
			spans = []taint.Span{{Value: j.balances[account]}}
		}
		j.sum("at "+string(account), spans)
	}
	return sumLines(j.sums)
}

func sumLines(sums map[string]chains.Amount) (lines []string) {
	for what, sum := range sums {
		if sum.Sign() > 0 {
			lines = append(lines, fmt.Sprintf("%s %s", what, sum))
		}
	}
	slices.Sort(lines)
	return lines
}

// acrossLines says the same of a result.
func acrossLines(r *tracer.Result, deposit string) []string {
	sums := map[string]chains.Amount{}
	for _, e := range r.Ends {
		if e.Deposit != deposit {
			continue
		}
		place := "at " + string(e.Address)
		switch {
		case e.Kind == tracer.EndFee:
			place = "fee " + string(e.Asset)
		case e.Asset == "BTC":
			place = "at " + chains.Outpoint{Tx: e.Tx, Index: *e.Index}.String()
		}
		sums[place] = sums[place].Add(e.Traced)
	}
	for _, total := range r.Totals {
		if total.Deposit == deposit {
			sums["in "+string(total.Asset)] = sums["in "+string(total.Asset)].Add(total.SwappedIn)
			sums["out "+string(total.Asset)] = sums["out "+string(total.Asset)].Add(total.SwappedOut)
		}
	}
	return sumLines(sums)
}

// crossCase is a world with deposits on both chains.
type crossCase struct {
	*twoChains
	*world
	outputs   []place
	transfers []transferPlace
	params    tracer.Params
}

func drawCrossCase(t *rapid.T, rule string) crossCase {
	draw := drawFrom(t)
	c := crossCase{twoChains: drawWorld(t, draw), params: tracer.Params{Rule: rule}}
	c.world = c.open(t)
	if c.bitcoin.Height() > 0 {
		c.outputs = drawDeposits(t, c.src, 1, uint64(c.bitcoin.Height()+1)/2)
	}
	var payments []transferPlace
	for _, p := range paymentsIn(c.ether.blocks) {
		if p.transfer == 0 {
			payments = append(payments, p)
		}
	}
	if len(payments) > 0 {
		fewest := 0
		if len(c.outputs) == 0 {
			fewest = 1
		}
		c.transfers = rapid.SliceOfNDistinct(rapid.SampledFrom(payments), fewest, min(3, len(payments)), rapid.ID[transferPlace]).Draw(t, "transfers")
	}
	if len(c.outputs)+len(c.transfers) == 0 {
		t.Skip("nothing is paid")
	}
	return c
}

func (c crossCase) run(t runningTest) *tracer.Result {
	var deposits []tracer.SideDeposits
	outputs := tracer.SideDeposits{Side: c.sides["BTC"]}
	for _, p := range c.outputs {
		tx, err := c.view.TxAt(p.at)
		if err != nil {
			t.Fatal(err)
		}
		outputs.Outputs = append(outputs.Outputs, tracer.Deposit{ID: p.String(), Tx: tx, Output: p.index})
	}
	transfers, err := accountDeposits(c.eth, c.transfers)
	if err != nil {
		t.Fatal(err)
	}
	if len(outputs.Outputs) > 0 {
		deposits = append(deposits, outputs)
	}
	if len(transfers) > 0 {
		deposits = append(deposits, tracer.SideDeposits{Side: c.sides["ETH"], Accounts: transfers})
	}
	r, err := tracer.Across(t.Context(), c.world, deposits, c.params)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestAcrossReference: sweeping each chain until nothing changes gives what going
// through both at once does.
func TestAcrossReference(t *testing.T) {
	forEachRule(t, func(t *rapid.T, rule taint.Rule) {
		c := drawCrossCase(t, rule.Name)
		r := c.run(t)
		moments := c.moments(filled(t, c.world))
		for _, p := range c.outputs {
			want := newJointSweep(c.twoChains, rule).run(moments, &p, nil)
			sameLines(t, "deposit "+p.String(), acrossLines(r, p.String()), want)
		}
		for _, p := range c.transfers {
			want := newJointSweep(c.twoChains, rule).run(moments, nil, &p)
			sameLines(t, "deposit "+p.String(), acrossLines(r, p.String()), want)
		}
	})
}

// filled are the blocks of the chain with outputs, with what inputs spend.
func filled(t *rapid.T, w *world) (blocks []*chains.Block) {
	for _, block := range w.src.Decoded {
		whole := *block
		whole.Txs = nil
		for i := range block.Txs {
			tx, err := w.view.TxAt(block.Txs[i].Position())
			if err != nil {
				t.Fatal(err)
			}
			whole.Txs = append(whole.Txs, *tx)
		}
		blocks = append(blocks, &whole)
	}
	return blocks
}
