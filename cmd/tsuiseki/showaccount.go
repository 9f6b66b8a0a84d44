package main

import (
	"errors"
	"fmt"
	"strings"

	"tsuiseki/chains"
	"tsuiseki/chains/ethereum"
)

type accountDoc struct {
	Chain      chains.Chain    `json:"chain"`
	Address    chains.Address  `json:"address"`
	Contract   bool            `json:"contract"` // there is evidence that it has code
	Label      string          `json:"label,omitempty"`
	AsOf       chains.BlockRef `json:"as_of"`
	FromHeight uint64          `json:"from_height"`
	Balances   []balanceDoc    `json:"balances"`
	Transfers  []transferDoc   `json:"transfers"` // empty here: they are written one by one
	Labels     []labelDoc      `json:"labels"`
	Signs      addressSignsDoc `json:"signs"`
	Next       string          `json:"next,omitempty"` // where the next page begins
}

// balanceDoc is what the transfers held, and what the genesis block allots, add up
// to; the account may have had more before the index begins.
type balanceDoc struct {
	Asset  chains.Asset  `json:"asset"`
	Amount chains.Amount `json:"amount"`
	Frozen bool          `json:"frozen"`
}

// showAccount shows an account's balances and a page of its transfers. Further ones
// are not read.
func (c *showAddressCmd) showAccount(s *session, chain chains.Chain, p page) (err error) {
	view, err := openAccountView(s, chain, c.AsOf, executionFlags{}, c.labelFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	address, err := ethereum.ParseAddress(c.Address)
	if err != nil {
		return usageError{err}
	}
	snapshot := view.Snapshot()
	doc := &accountDoc{Chain: chain, Address: address, AsOf: snapshot.BlockRef, FromHeight: snapshot.From, Balances: []balanceDoc{}, Transfers: []transferDoc{}}
	found := false
	for _, err := range view.History(address, chains.Position{}) {
		if err != nil {
			return err
		}
		found = true
		break
	}
	if !found {
		return fmt.Errorf("account %s: %w on %s between heights %d and %d", address, chains.ErrNotFound, chain, snapshot.From, snapshot.Height)
	}
	if err := doc.addBalances(view); err != nil {
		return err
	}
	if doc.Contract, err = view.Contract(address); err != nil {
		return err
	}
	tip, _, err := view.BlockAt(snapshot.Height)
	if err != nil {
		return err
	}
	stop, stops, err := view.Stop(address, tip.Time)
	if err != nil {
		return err
	}
	if stops {
		doc.Label = strings.TrimPrefix(fmt.Sprintf("%s, %s, %s", stop.Label, stop.Kind, stop.Detail), ", ")
	}
	if doc.Labels, err = labelDocs(view.labels.View, chain, string(address)); err != nil {
		return err
	}
	if doc.Signs, err = newAccountSigns(view, address); err != nil {
		return err
	}
	each := func(put func(transferDoc) error) error {
		for entry, err := range view.History(address, p.from) {
			if err != nil {
				return err
			}
			if !p.holds(entry.Tx.Position()) {
				break
			}
			if err := put(newTransferDoc(entry.Tx, entry.Transfer)); err != nil {
				return err
			}
		}
		doc.Next = p.nextText()
		return nil
	}
	if c.JSON {
		return printStreamed(s.out, doc, "transfers", func(put func(any) error) error {
			return each(func(t transferDoc) error { return put(t) })
		})
	}
	if err := printAccount(s.out, doc, view, each); err != nil {
		return err
	}
	p.printNext(s.out, "transfers", "more follow")
	return nil
}

func (d *accountDoc) addBalances(view *openedAccounts) error {
	end := chains.Position{Height: view.Snapshot().Height + 1}
	for asset, err := range view.Assets(d.Address) {
		if err != nil {
			return err
		}
		sum, _, err := view.Balance(d.Address, asset, end)
		if err != nil {
			return err
		}
		if asset == view.Native() && view.AccountView.Snapshot().From == 0 {
			allotted, _, err := view.Allotment(d.Address)
			if err != nil {
				return err
			}
			sum = sum.Add(allotted)
		}
		_, frozen, err := view.Frozen(asset, d.Address)
		if err != nil {
			return err
		}
		d.Balances = append(d.Balances, balanceDoc{asset, sum, frozen})
	}
	return nil
}
