package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tsuiseki/chains"
	"tsuiseki/chains/ethereum"
	"tsuiseki/chains/index"
	"tsuiseki/tracer"
	"tsuiseki/tracer/label"
)

// openedAccounts is an index of an account chain with the network it is of, and
// a view on it. It answers a trace's questions.
type openedAccounts struct {
	*index.AccountView
	*tracer.Openings
	index   *index.Accounts
	network ethereum.Network
	labels  label.Stops
	node    *archive // nil where none was given

	heuristics accountHeuristics
	inferred   map[chains.Address]tracer.Inference // by account asked
}

var _ tracer.Ledger = (*openedAccounts)(nil)

// openAccountView opens a chain's index as of a height, or of its tip. node may
// tell what accounts held before the index begins; its URL may be empty.
func openAccountView(s *session, chain chains.Chain, asOf *uint64, node executionFlags, known labelFlags) (_ *openedAccounts, err error) {
	x, err := openAccounts(s, chain, "", true)
	if err != nil {
		return nil, err
	}
	o := &openedAccounts{index: x}
	defer func() {
		if err != nil {
			err = errors.Join(err, o.Close())
		}
	}()
	if o.labels, err = known.open(s, chain); err != nil {
		return nil, err
	}
	if o.network, err = ethereum.NetworkByChain(chain, x.Native()); err != nil {
		return nil, err
	}
	if o.AccountView, err = x.View(s.ctx, asOf); err != nil {
		return nil, err
	}
	o.Openings = &tracer.Openings{Ctx: s.ctx, Index: o.AccountView, Native: x.Native()}
	if node.RPC != "" {
		o.node = &archive{dial: func() (*ethereum.Node, error) {
			return ethereum.Dial(s.ctx, node.config(s, o.network.ChainID, string(o.network.Asset)))
		}}
		o.Node = o.node
	}
	err = o.withHeuristics(heuristicFlags{})
	return o, err
}

// Close closes the view, the index, the labels and the connection to a node.
func (o *openedAccounts) Close() error {
	var errs []error
	if o.labels.View != nil {
		errs = append(errs, o.labels.View.Close())
	}
	if o.node != nil {
		errs = append(errs, o.node.Close())
	}
	if o.AccountView != nil {
		errs = append(errs, o.AccountView.Close())
	}
	return errors.Join(append(errs, o.index.Close())...)
}

// Snapshot implements tracer.Ledger.
func (o *openedAccounts) Snapshot() chains.Snapshot {
	snapshot := o.AccountView.Snapshot()
	if final, told := o.Final(); told {
		snapshot.Final = &final.Height
	}
	return snapshot
}

// Native implements tracer.Ledger.
func (o *openedAccounts) Native() chains.Asset { return o.network.Asset }

// Contract implements tracer.Ledger.
func (o *openedAccounts) Contract(account chains.Address) (bool, error) {
	_, _, found, err := o.AccountView.Contract(account)
	return found, err
}

// Frozen implements tracer.Ledger.
func (o *openedAccounts) Frozen(asset chains.Asset, account chains.Address) (chains.Position, bool, error) {
	if asset == o.network.Asset {
		return chains.Position{}, false, nil
	}
	frozen, since, _, err := o.AccountView.Frozen(asset, account, chains.Position{Height: o.Snapshot().Height + 1})
	return since, frozen, err
}

// Token implements tracer.Ledger.
func (o *openedAccounts) Token(asset chains.Asset) (*chains.Token, error) {
	token, found, err := o.AccountView.Token(asset)
	if err != nil || !found {
		return nil, err
	}
	return &token, nil
}

// Stop implements tracer.Stopper: a label comes before a heuristic.
func (o *openedAccounts) Stop(account chains.Address, at time.Time) (tracer.Stop, bool, error) {
	if stop, labelled, err := o.labels.Stop(account, at); err != nil || labelled {
		return stop, labelled, err
	}
	if !o.heuristics.mixer {
		return tracer.Stop{}, false, nil
	}
	first, mixes, err := o.Mixer(account)
	if err != nil || !mixes {
		return tracer.Stop{}, false, err
	}
	return tracer.Stop{Kind: tracer.EndMixer, Detail: fmt.Sprintf("by heuristic %s/%d: it logs deposits as Tornado Cash's pools do, first at height %d", mixerLogs.ID, mixerLogs.Version, first.Height)}, true, nil
}

// units are how to read the assets of transfers.
func (o *openedAccounts) units(transfers []transferDoc) (units, error) {
	u := units{o.network.Asset: {string(o.network.Asset), tracer.WeiDecimals}}
	for _, t := range transfers {
		if _, known := u[t.Asset]; known {
			continue
		}
		token, err := o.Token(t.Asset)
		if err != nil {
			return nil, err
		}
		if token != nil {
			u.add(*token)
		}
	}
	return u, nil
}

// findAccountTx reads the transaction that a reference means.
func (r ref) findAccountTx(view *openedAccounts) (*chains.Tx, error) {
	txs, err := view.Txs(r.tx)
	if err != nil {
		return nil, err
	}
	if r.height != nil && txs[0].Block.Height != *r.height {
		return nil, usagef("transaction %s is not at height %d but at %d", r.tx, *r.height, txs[0].Block.Height)
	}
	return txs[0], nil
}

// archive is a node that is reached when it is first asked: most traces need none.
// One that cannot be reached, or serves another chain, tells nothing.
type archive struct {
	dial func() (*ethereum.Node, error)
	node *ethereum.Node
	err  error
}

// BalanceAt implements chains.Balances.
func (a *archive) BalanceAt(ctx context.Context, account chains.Address, asset chains.Asset, block chains.BlockRef) (chains.Amount, error) {
	if err := a.reach(); err != nil {
		return chains.Amount{}, err
	}
	return a.node.BalanceAt(ctx, account, asset, block)
}

// NonceAt is how many transactions an account had signed when a block ended.
func (a *archive) NonceAt(ctx context.Context, account chains.Address, block chains.BlockRef) (uint64, error) {
	if err := a.reach(); err != nil {
		return 0, err
	}
	return a.node.NonceAt(ctx, account, block)
}

func (a *archive) reach() error {
	if a.node == nil && a.err == nil {
		if a.node, a.err = a.dial(); a.err != nil {
			a.err = fmt.Errorf("%w: %w", chains.ErrUnavailable, a.err)
		}
	}
	return a.err
}

// Close drops the connection, where there is one.
func (a *archive) Close() error {
	if a.node == nil {
		return nil
	}
	return a.node.Close()
}
