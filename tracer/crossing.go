package tracer

import (
	"fmt"
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer/bridge"
	"tsuiseki/tracer/taint"
)

// vaultHeuristic names the heuristic that takes an address for a vault of
// THORChain's, and its version: enoughDepositors others paid into it with a memo
// that asks for a swap.
const (
	vaultHeuristic   = "thorchain-vault/1"
	enoughDepositors = 3
)

// mostAnswers bounds the transactions read that say they answer one deposit:
// anybody can write more.
const mostAnswers = 200

// decision says what becomes of value in a place into which it was paid with a memo
// that asks for a swap: it crosses, ends, or is an ordinary payment with a lead.
type decision struct {
	in    bridge.In
	doc   BridgeDoc
	outs  []exit   // it crosses: to all of them
	stop  Stop     // it ends there; no kind: it does not
	miss  *Missing // what was looked for in vain
	leads []string
	ahead string // where the place's value went on, if it was no vault

	brought uint32 // transfer that brought it to an account
}

// exit is a payment out of a vault that answers a deposit.
type exit struct {
	side   *Side
	tx     *chains.Tx
	place  uint32 // output, or place in Transfers
	index  uint32 // as a trace names the place
	to     chains.Address
	asset  chains.Asset
	amount chains.Amount
	memo   bridge.Memo

	contract chains.Address // that logged it; empty on a chain with outputs
}

// memoPlace is where value was paid with a memo.
type memoPlace struct {
	side     *Side
	key      crossKey
	in       bridge.In
	contract chains.Address // that logged the memo; empty on a chain with outputs
	vault    chains.Address // or contract that holds it for a vault
	brought  uint32         // transfer that brought it to an account
	problem  string         // why the memo cannot be about the place; empty where it is
}

// decide looks a place up once for all rounds and deposits.
func (a *across) decide(p *memoPlace) (*decision, error) {
	if d, known := a.decided[p.key]; known {
		return d, nil
	}
	d, err := a.judge(p)
	if err != nil {
		return nil, fmt.Errorf("bridge of %s: %w", p.in.Tx, err)
	}
	a.decided[p.key] = d
	return d, nil
}

func (a *across) judge(p *memoPlace) (*decision, error) {
	d := &decision{in: p.in, brought: p.brought, doc: BridgeDoc{
		Protocol: bridge.Protocol, Chain: p.in.Memo.Asset.Chain, Asset: p.in.Memo.Asset.Text,
		Recipient: p.in.Memo.To, Limit: p.in.Memo.Limit, Memo: bridge.Printable(p.in.Memo.Text),
	}}
	if p.problem != "" {
		d.leads = []string{"a memo asks for a swap, and is not followed: " + p.problem}
		return d, nil
	}
	label, err := labelOf(p)
	if err != nil || label.Kind != "" && label.Kind != EndBridge && label.Kind != EndService {
		return nil, err // a label says that it is something else
	}
	target, why, err := a.world.Side(d.doc.Chain)
	if err != nil {
		return nil, err
	}
	sides := []*Side{p.side}
	if target != nil && target.snapshot().Chain != p.key.chain {
		sides = append(sides, target)
	}
	for _, side := range sides {
		a.asked[side.snapshot().Chain] = side
		if err := d.find(side); err != nil {
			return nil, err
		}
	}
	d.keepUntil(a.params.Until)
	if err := d.weigh(p, label); err != nil {
		return nil, err
	}
	switch {
	case len(d.outs) > 0 && d.doc.Basis == "":
		if err := d.agree(p); err != nil {
			return nil, err
		}
		d.leads = append(d.leads, fmt.Sprintf("no label and no heuristic says that %s is a vault: who holds its key could have written both records; %s", p.vault, d.ahead))
	case len(d.outs) > 0:
	case d.doc.Basis == "":
		d.leads = append(d.leads, fmt.Sprintf("a memo asks for a swap, and nothing bears it out: %s; followed as a payment", d.unanswered(target, why)))
	default:
		d.end(p, label, target, why)
	}
	return d, nil
}

// labelOf is what a label says of the vault, or of the contract that holds for it.
func labelOf(p *memoPlace) (Stop, error) {
	stopper := p.side.stopper()
	if stopper == nil {
		return Stop{}, nil
	}
	stop, _, err := stopper.Stop(p.vault, p.in.Time)
	return stop, err
}

// find takes the payments of a chain that answer the deposit, and notes those that
// only say so.
func (d *decision) find(side *Side) error {
	const mostNotes = 3
	txs, err := side.Messages.Quoting(d.in.Tx, mostAnswers)
	if err != nil {
		return err
	}
	if len(txs) == mostAnswers {
		d.leads = append(d.leads, fmt.Sprintf("%d transactions or more on %s say that they answer this one: the others are not looked at", mostAnswers, side.snapshot().Chain))
	}
	for i, tx := range txs {
		if i > 0 && tx.Position() == txs[i-1].Position() {
			continue
		}
		for _, out := range side.exits(tx) {
			if out.memo.Quoted != d.in.Tx {
				continue
			}
			problem := bridge.Mismatch(d.in, bridge.Out{Code: side.code(), Time: tx.Time, To: out.to, Asset: out.asset, Native: out.asset == side.Asset, Memo: out.memo})
			switch {
			case problem == "":
				d.outs = append(d.outs, out)
			case len(d.leads) < mostNotes:
				d.leads = append(d.leads, fmt.Sprintf("not followed, though it says that it answers this payment: %s on %s: %s", tx.ID, side.snapshot().Chain, problem))
			}
		}
	}
	return nil
}

// keepUntil leaves out payments after the time limit, with words, where others are
// followed; where all are later, the trail ends there by that limit.
func (d *decision) keepUntil(until time.Time) {
	late := func(out exit) bool { return !until.IsZero() && out.tx.Time.After(until) }
	if !slices.ContainsFunc(d.outs, func(out exit) bool { return !late(out) }) {
		return
	}
	for _, out := range d.outs {
		if late(out) {
			d.leads = append(d.leads, fmt.Sprintf("not followed, for it is later than the time limit: %s on %s answers this payment, too", out.tx.ID, out.side.snapshot().Chain))
		}
	}
	d.outs = slices.DeleteFunc(d.outs, late)
}

// weigh says what, beside a memo, speaks for a vault.
func (d *decision) weigh(p *memoPlace, label Stop) error {
	if label.Kind != "" {
		d.doc.Basis = "label " + label.Label
		return nil
	}
	n, err := p.side.Messages.Depositors(p.in.Vault, p.in.Sender, enoughDepositors)
	if err != nil {
		return err
	}
	if n >= enoughDepositors {
		d.doc.Basis = fmt.Sprintf("heuristic %s: %d others or more paid in with such memos", vaultHeuristic, n)
		return nil
	}
	if len(d.outs) == 0 {
		return nil
	}
	d.ahead, err = p.onward()
	return err
}

// agree states that the records bear each other out, and which of them known
// contracts made.
func (d *decision) agree(p *memoPlace) error {
	d.doc.Basis = "records of both chains agree"
	contracts := []memoPlace{{side: p.side, vault: p.contract, in: p.in}}
	for _, out := range d.outs {
		contracts = append(contracts, memoPlace{side: out.side, vault: out.contract, in: bridge.In{Time: out.tx.Time}})
	}
	for i := range contracts {
		c := &contracts[i]
		if c.vault == "" {
			continue
		}
		if label, err := labelOf(c); err != nil {
			return err
		} else if label.Kind == EndBridge {
			d.doc.Basis += ", logged by " + label.Label
			return nil
		}
	}
	return nil
}

// onward says where the value in a place went on.
func (p *memoPlace) onward() (string, error) {
	if p.side.Outputs == nil {
		return p.onwardAccount()
	}
	tx, err := p.side.Outputs.TxAt(p.key.tx)
	if err != nil {
		return "", err
	}
	spend, err := p.side.Outputs.Spend(tx, p.key.output)
	if err != nil {
		return "", err
	}
	if spend.State != chains.SpentConfirmed {
		return "it has not moved on", nil
	}
	return fmt.Sprintf("it moved on in %s at height %d", spend.By, spend.At.Height), nil
}

// onwardAccount names the account's next payment of the asset.
func (p *memoPlace) onwardAccount() (string, error) {
	after := chains.Position{Height: p.key.tx.Height, Tx: p.key.tx.Tx + 1}
	for m, err := range p.side.Accounts.Movements(p.key.account, p.key.asset, after) {
		if err != nil {
			return "", err
		}
		if m.Out.Cmp(m.In) <= 0 {
			continue
		}
		tx, err := p.side.Accounts.TxAt(m.At)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("its next payment is %s at height %d", tx.ID, m.At.Height), nil
	}
	return "it has paid nothing since", nil
}

// unanswered says why no payment out is known.
func (d *decision) unanswered(target *Side, why string) string {
	if target == nil {
		return fmt.Sprintf("%s to %q cannot be followed (%s)", d.doc.Asset, d.in.Memo.To, why)
	}
	s := target.snapshot()
	return fmt.Sprintf("no payment to %q that answers it is on %s up to height %d", d.in.Memo.To, s.Chain, s.Height)
}

// end makes the place one where the trail leaves for another chain.
func (d *decision) end(p *memoPlace, label Stop, target *Side, why string) {
	d.stop = label
	d.stop.Kind, d.stop.Bridge = EndBridge, &d.doc
	detail := fmt.Sprintf("left to chain %s as %s for %q: %s; by %s", d.doc.Chain, d.doc.Asset, d.in.Memo.To, d.unanswered(target, why), d.doc.Basis)
	if label.Detail != "" {
		detail += "; " + label.Detail
	}
	d.stop.Detail = detail
	if target != nil {
		s := target.snapshot()
		missing := NewMissing(s.Chain, fmt.Sprintf("payment that answers %s", p.in.Tx), chains.Heights{From: s.From, To: s.Height},
			"the bridge's payment lies beyond these blocks, was made otherwise, or never was")
		d.miss = &missing
	}
}

// crossings is what bridges mean to one chain's sweep.
type crossings struct {
	*across
	side     *Side
	injected []injection
	flows    map[flowKey]flow // what leaves
	places   map[string]int   // of deposits among the result's
}

// know notes where the result has which deposit.
func (c *crossings) know(deposits []DepositDoc) {
	c.places = map[string]int{}
	for i := range deposits {
		c.places[deposits[i].ID] = i
	}
}

// leave records that a deposit's spans cross from a place.
func (c *crossings) leave(key crossKey, deposit string, d *decision, spans []taint.Span, hops int) {
	if !c.rule.Ordered {
		spans = sumSpan(taint.Sum(spans))
	}
	c.flows[flowKey{deposit, key}] = flow{d, spans, hops}
}

// refuse is why a deposit's part does not cross though there is a way; no kind
// where it does.
func (c *crossings) refuse(key flowKey, d *decision, traced chains.Amount, hops int) Stop {
	first := d.outs[0].tx
	moved := fmt.Sprintf("moved on over a bridge in %s on %s", first.ID, d.outs[0].side.snapshot().Chain)
	stop := Stop{Bridge: &d.doc}
	switch p := &c.params; {
	case traced.Cmp(p.MinAmount) < 0:
		stop.Kind, stop.Detail = EndBelowMinimum, fmt.Sprintf("below %s; %s", p.MinAmount, moved)
	case !p.Until.IsZero() && first.Time.After(p.Until):
		stop.Kind, stop.Detail = EndTimeLimit, fmt.Sprintf("%s at %s", moved, first.Time.Format(timeFormat))
	case p.MaxHops > 0 && hops >= p.MaxHops:
		stop.Kind, stop.Detail = EndHopLimit, fmt.Sprintf("%d hops from the deposit; %s", hops, moved)
	case c.blocked[key]:
		stop.Kind = EndBudget
		stop.Detail = fmt.Sprintf("what crosses here had not settled when the chains had been swept %d times; %s", settlingRounds, moved)
	default:
		return Stop{}
	}
	return stop
}
