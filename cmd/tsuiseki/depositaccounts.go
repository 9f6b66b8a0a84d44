package main

import (
	"errors"
	"fmt"
	"iter"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/cluster"
)

var _ tracer.Inferrer = (*openedAccounts)(nil)

// Infer implements tracer.Inferrer: a trail ends at an exchange's deposit address.
// Each account is asked once: as of the view the answer is always the same.
func (o *openedAccounts) Infer(account chains.Address) (tracer.Inference, error) {
	if len(o.heuristics.deposits) == 0 {
		return tracer.Inference{}, nil
	}
	if known, asked := o.inferred[account]; asked {
		return known, nil
	}
	d, err := o.depositAddress(account)
	if err != nil {
		return tracer.Inference{}, err
	}
	found := inferenceOf(d)
	o.inferred[account] = found
	return found, nil
}

// depositAddress asks all heuristics that are on.
func (o *openedAccounts) depositAddress(account chains.Address) (*cluster.DepositAddress, error) {
	return cluster.FindDepositAddress(depositChain{o}, account, o.heuristics.deposits, o.heuristics.params)
}

// depositDetail says in an end which heuristic says so, and by which transaction.
func depositDetail(in *cluster.DepositInference) string {
	first := in.Fired[0]
	return fmt.Sprintf("by heuristic %s/%d, confidence %s, %d observations: swept to %s in %s",
		in.ID, in.Version, basisPoints(in.Confidence), in.Observed, first.To, first.Sweep)
}

// basisPoints writes hundredths of a percent.
func basisPoints(bp int) string { return fmt.Sprintf("%d.%02d%%", bp/100, bp%100) }

// depositChain answers the heuristics from an index and labels.
type depositChain struct{ view *openedAccounts }

var _ cluster.AccountChain = depositChain{}

func (c depositChain) Snapshot() chains.Snapshot { return c.view.AccountView.Snapshot() }

func (c depositChain) Native() chains.Asset { return c.view.Native() }

func (c depositChain) Touching(account chains.Address, from chains.Position) iter.Seq2[*chains.Tx, error] {
	return c.view.Touching(account, from)
}

func (c depositChain) Party(account chains.Address, at time.Time) (cluster.Party, error) {
	owner, known, err := c.view.labels.Owner(account, at)
	return cluster.Party{Exchange: owner.Exchange, Label: owner.Label, Known: known, Miner: owner.Miner}, err
}

func (c depositChain) Code(account chains.Address) (cluster.Code, error) {
	seen, err := c.view.Code(account)
	if err != nil {
		return cluster.Code{}, err
	}
	code := cluster.Code{Contract: seen.Any(), Token: seen.Token != nil, Mixer: seen.Mixer != nil}
	if seen.Created != nil {
		code.Creation, err = c.view.Creation(account)
	}
	return code, err
}

func (c depositChain) Missing(part chains.Part, from, to uint64) ([]chains.Heights, error) {
	return c.view.Missing(part, from, to)
}

// SignedBefore asks the archive node for the account's nonce, where there is one.
func (c depositChain) SignedBefore(account chains.Address) (cluster.Verdict, error) {
	from := c.Snapshot().From
	if from == 0 {
		return cluster.No, nil
	}
	if c.view.node == nil {
		return cluster.Undecided, nil
	}
	header, _, err := c.view.BlockAt(from)
	if err != nil || header.Parent == (chains.BlockHash{}) {
		return cluster.Undecided, err
	}
	nonce, err := c.view.node.NonceAt(c.view.Ctx, account, chains.BlockRef{Height: from - 1, Hash: header.Parent})
	switch {
	case errors.Is(err, chains.ErrUnavailable) || errors.Is(err, chains.ErrNotFound):
		return cluster.Undecided, nil
	case err != nil:
		return "", err
	case nonce == 0:
		return cluster.No, nil
	}
	return cluster.Yes, nil
}

// addressSignsDoc is what heuristics see in an account, or in an address.
type addressSignsDoc struct {
	DepositAddress *depositDoc `json:"deposit_address"` // null where no label is known
}

func newAccountSigns(view *openedAccounts, account chains.Address) (addressSignsDoc, error) {
	if len(view.heuristics.deposits) == 0 {
		return addressSignsDoc{}, nil
	}
	d, err := view.depositAddress(account)
	if err != nil {
		return addressSignsDoc{}, err
	}
	return addressSignsDoc{newDepositDoc(d)}, nil
}
