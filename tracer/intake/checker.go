package intake

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"tsuiseki/chains"
)

// checker asks the chains about items.
type checker struct {
	chains []Chain
	opt    *Options
	claims map[Place]claim // of this file
	tokens map[tokenKey]tokenWord
}

type claim struct {
	row    int
	victim string
}

type tokenKey struct {
	chain chains.Chain
	asset chains.Asset
}

type tokenWord struct {
	token chains.Token
	known bool
}

// outcome is what became of an item.
type outcome struct {
	deposit *Deposit
	record  *Record
	errors  []RowError
}

func failed(e ...RowError) outcome { return outcome{errors: e} }

// found is a transaction on a chain.
type found struct {
	chain Chain
	tx    *chains.Tx
}

func (f found) name() chains.Chain { return f.chain.Snapshot().Chain }

// check decides about an item. An error is of a chain or of the case, never of the row.
func (c *checker) check(ctx context.Context, it *item) (outcome, error) {
	if it.row.internal() {
		return outcome{record: it.record(KindExchangeInternal, "", internalEN, internalJA)}, nil
	}
	if e, bad := it.unreadable(); bad {
		const shortest = 40 // ids of other shapes, such as Solana's, are long
		if o, elsewhere := c.elsewhere(it); elsewhere && it.id.kind == idTrade && len(it.id.text) >= shortest {
			return o, nil
		}
		err := c.suggest(ctx, it, &e)
		return failed(e), err
	}
	f, o, err := c.find(ctx, it)
	if err == nil && o == nil {
		o = c.settled(it, f)
	}
	if err != nil {
		return outcome{}, err
	}
	if o != nil {
		return *o, nil
	}
	p, notices, e, err := c.choose(ctx, it, f)
	if err != nil {
		return outcome{}, err
	}
	if e != nil {
		return failed(*e), nil
	}
	when, e := it.checkTime(f.tx.Time)
	if e != nil {
		return failed(*e), nil
	}
	notices = append(notices, when...)
	return c.accept(ctx, it, f, p, notices)
}

// find asks every chain for the id. It returns what was found, or what that no chain,
// or another than the row says, knows it.
func (c *checker) find(ctx context.Context, it *item) (f found, o *outcome, err error) {
	var all []found
	for _, chain := range c.chains {
		txs, err := chain.Txs(ctx, it.id.tx)
		switch {
		case errors.Is(err, chains.ErrNotFound):
			continue
		case err != nil:
			return f, nil, fmt.Errorf("row %d, transaction %s on %s: %w", it.row.record.number, it.id.tx, chain.Snapshot().Chain, err)
		case len(txs) > 1:
			e := failed(it.error(FieldTx, TxTwice, heights(txs)))
			return f, &e, nil
		case len(txs) == 1:
			all = append(all, found{chain, txs[0]})
		}
	}
	switch len(all) {
	case 0:
		o, err := c.absent(ctx, it)
		return f, o, err
	case 1:
		f = all[0]
	default:
		if f, err = c.amongChains(it, all); err != nil {
			e := failed(it.error(FieldTx, TxSeveralChains, err.Error()))
			return f, &e, nil
		}
	}
	for _, h := range it.hints() {
		if !sameChain(h.chain, f.name()) {
			e := failed(it.error(h.field, ChainMismatch, string(f.name()), h.chain))
			return f, &e, nil
		}
	}
	return f, nil, nil
}

// amongChains picks the one chain of several that the row names; the error's text
// lists them where it names none of them alone.
func (c *checker) amongChains(it *item, all []found) (found, error) {
	var named []found
	var names []string
	for _, f := range all {
		names = append(names, string(f.name()))
		if it.row.chain == string(f.name()) || it.row.chain == "" && it.id.chain == string(f.name()) {
			named = append(named, f)
		}
	}
	if len(named) == 1 {
		return named[0], nil
	}
	return found{}, errors.New(strings.Join(names, ", "))
}

func heights(txs []*chains.Tx) string {
	var out []string
	for _, tx := range txs {
		out = append(out, strconv.FormatUint(tx.Block.Height, 10))
	}
	return strings.Join(out, ", ")
}

// absent says of an id that no chain's blocks hold what else is known.
func (c *checker) absent(ctx context.Context, it *item) (*outcome, error) {
	for _, chain := range c.chains {
		pool, ok := chain.(Pool)
		if !ok {
			continue
		}
		p, err := pool.Pending(ctx, it.id.tx)
		name := string(chain.Snapshot().Chain)
		if err != nil {
			return nil, fmt.Errorf("row %d, transaction %s among those that wait on %s: %w", it.row.record.number, it.id.tx, name, err)
		}
		var o outcome
		switch {
		case p.By != nil:
			o = failed(it.error(FieldTx, TxReplaced, name, p.By.String()))
		case p.Waiting:
			o = failed(it.error(FieldTx, TxPending, name))
		default:
			continue
		}
		return &o, nil
	}
	if o, ok := c.elsewhere(it); ok {
		return &o, nil
	}
	var asked []string
	for _, chain := range c.chains {
		s := chain.Snapshot()
		asked = append(asked, fmt.Sprintf("%s, blocks %d to %d", s.Chain, s.From, s.Height))
	}
	o := failed(it.error(FieldTx, TxNotFound, strings.Join(asked, "; ")))
	return &o, nil
}

// elsewhere records an item that by all that the row says is on a chain that no index holds.
func (c *checker) elsewhere(it *item) (outcome, bool) {
	hints := it.hints()
	for i, h := range hints {
		for _, chain := range c.chains {
			// An address fits every chain of its family: it decides only where nothing else does.
			if sameChain(h.chain, chain.Snapshot().Chain) && (i == 0 || h.field != FieldAddress) {
				return outcome{}, false
			}
		}
		if h.chain != hints[0].chain && !strings.HasPrefix(hints[0].chain, h.chain+"-") {
			return outcome{}, false // it contradicts itself
		}
	}
	if len(hints) == 0 {
		return outcome{}, false
	}
	return outcome{record: it.record(KindUnindexed, hints[0].chain, unindexedEN, unindexedJA)}, true
}

// settled says where a transaction did not happen, or may not have.
func (c *checker) settled(it *item, f found) *outcome {
	var o outcome
	confirmations := f.chain.Snapshot().Height - f.tx.Block.Height + 1
	switch {
	case f.tx.Failed:
		o = failed(it.error(FieldTx, TxFailed, strconv.FormatUint(f.tx.Block.Height, 10)))
	case confirmations < c.opt.Confirmations:
		o = failed(it.error(FieldTx, TxUnconfirmed, strconv.FormatUint(confirmations, 10), strconv.FormatUint(c.opt.Confirmations, 10)))
	default:
		return nil
	}
	return &o
}

// accept makes the deposit, unless this file has it already.
func (c *checker) accept(ctx context.Context, it *item, f found, p payment, notices []Notice) (outcome, error) {
	if first, taken := c.claims[p.Place]; taken {
		if first.victim == it.row.details.Victim {
			return failed(it.error(FieldTx, DuplicateRow, strconv.Itoa(first.row))), nil
		}
		list, err := c.list(ctx, f, payments(f.name(), f.chain.Native(), f.tx))
		return failed(it.error(FieldTx, PlaceClaimed, strconv.Itoa(first.row), first.victim, list)), err
	}
	d := &Deposit{
		Place: p.Place, Address: p.to, Sender: p.from, Asset: p.asset, Amount: p.amount,
		Block: f.tx.Block, TxIndex: f.tx.Index, Time: f.tx.Time.UTC(), Details: it.row.details,
	}
	if it.id.host != "" && it.id.chain == "" {
		notices = append(notices, newNotice(ExplorerUnknown, it.id.host))
	}
	d.Notices = append(append([]Notice(nil), it.row.details.Notices...), notices...)
	if c.opt.Known != nil {
		already, err := c.opt.Known.Deposit(ctx, p.Place)
		if err != nil {
			return outcome{}, fmt.Errorf("row %d: the case's deposits: %w", it.row.record.number, err)
		}
		d.Already = already
	}
	return outcome{deposit: d}, nil
}

// claim keeps that a row has a payment.
func (c *checker) claim(d *Deposit) { c.claims[d.Place] = claim{d.Row, d.Victim} }
