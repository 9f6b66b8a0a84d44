package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
)

type showAddressCmd struct {
	chainFlag
	pageFlags
	labelFlags
	Address string  `arg:"" help:"Address, or script name such as multisig:…"`
	AsOf    *uint64 `help:"Height up to which to look; the index's tip by default." placeholder:"H"`
	JSON    bool    `name:"json" help:"Print one JSON document."`
}

type addressDoc struct {
	Chain       chains.Chain    `json:"chain"`
	Address     chains.Address  `json:"address"`
	Asset       chains.Asset    `json:"asset"`
	AsOf        chains.BlockRef `json:"as_of"`
	FromHeight  uint64          `json:"from_height"`
	Received    chains.Amount   `json:"received"`
	Spent       chains.Amount   `json:"spent"`
	Balance     chains.Amount   `json:"balance"`
	Appearances []appearanceDoc `json:"appearances"` // empty here: they are written one by one
	Labels      []labelDoc      `json:"labels"`
	Signs       addressSignsDoc `json:"signs"`
	Next        string          `json:"next,omitempty"` // where the next page begins
}

// appearanceDoc is an output that pays the address, or an input that spends one.
type appearanceDoc struct {
	Tx     chains.TxID      `json:"tx"`
	Height uint64           `json:"height"`
	Block  chains.BlockHash `json:"block,omitzero"`
	Time   time.Time        `json:"time,omitzero"`
	Side   string           `json:"side"` // "input" or "output"
	Index  uint32           `json:"index"`
	Amount chains.Amount    `json:"amount"`
}

func newAppearanceDoc(a *index.Appearance) appearanceDoc {
	d := appearanceDoc{a.Tx.ID, a.Tx.Block.Height, a.Tx.Block.Hash, a.Tx.Time, "output", a.Index, a.Value}
	if a.Input {
		d.Side = "input"
	}
	return d
}

// Run shows one address. The history is read twice, for the sums and for the page,
// and never held.
func (c *showAddressCmd) Run(s *session) (err error) {
	p, err := c.page(c.JSON)
	if err != nil {
		return err
	}
	chain, err := c.resolve(s.data)
	if err != nil {
		return err
	}
	if chain.Family() == chains.Ethereum {
		return c.showAccount(s, chain, p)
	}
	view, err := openView(s, chain, c.AsOf, c.labelFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	address, key, err := view.network.AddressKey(c.Address)
	if err != nil {
		return usageError{err}
	}
	snapshot := view.Snapshot()
	doc := addressDoc{
		Chain: snapshot.Chain, Address: address, Asset: view.network.Asset, AsOf: snapshot.BlockRef, FromHeight: snapshot.From,
		Appearances: []appearanceDoc{},
	}
	found, err := doc.sum(s, view, key, &p)
	if err != nil {
		return err
	}
	if found == 0 {
		return fmt.Errorf("address %s: %w on %s between heights %d and %d", address, chains.ErrNotFound, snapshot.Chain, snapshot.From, snapshot.Height)
	}
	if doc.Labels, err = labelDocs(view.labels.View, chain, string(address)); err != nil {
		return err
	}
	if doc.Signs, err = view.addressSigns(address); err != nil {
		return err
	}
	each := func(put func(appearanceDoc) error) error {
		for a, err := range view.History(address, key) {
			at := chains.Position{}
			if err == nil {
				at, err = a.Tx.Position(), s.ctx.Err()
			}
			if err != nil || p.next != nil && at.Compare(*p.next) >= 0 {
				return err
			}
			if at.Compare(p.from) < 0 {
				continue
			}
			if err := put(newAppearanceDoc(&a)); err != nil {
				return err
			}
		}
		return nil
	}
	if c.JSON {
		return printStreamed(s.out, &doc, "appearances", func(put func(any) error) error {
			return each(func(a appearanceDoc) error { return put(a) })
		})
	}
	if err := printAddress(s.out, &doc, each); err != nil {
		return err
	}
	p.printNext(s.out, fmt.Sprintf("of %d appearances", found), "more follow")
	return nil
}

// sum reads the whole history, and finds where the page ends.
func (d *addressDoc) sum(s *session, view *opened, key uint64, p *page) (found int, err error) {
	for a, err := range view.History(d.Address, key) {
		if err == nil {
			err = s.ctx.Err()
		}
		if err != nil {
			return 0, err
		}
		found++
		if a.Input {
			d.Spent = d.Spent.Add(a.Value)
		} else {
			d.Received = d.Received.Add(a.Value)
		}
		p.holds(a.Tx.Position())
	}
	d.Balance, d.Next = d.Received.Sub(d.Spent), p.nextText()
	return found, nil
}

// rowsAtOnce are aligned with each other.
const rowsAtOnce = 500

// inTables collects rows and writes them, aligned, so many at once.
func inTables[T any](each func(func(T) error) error, write func([]T) error) error {
	var rows []T
	err := each(func(row T) error {
		rows = append(rows, row)
		if len(rows) < rowsAtOnce {
			return nil
		}
		err := write(rows)
		rows = rows[:0]
		return err
	})
	if err == nil && len(rows) > 0 {
		err = write(rows)
	}
	return err
}

func printAddress(w io.Writer, d *addressDoc, each func(func(appearanceDoc) error) error) error {
	fmt.Fprintf(w, "address %s on %s, heights %d to %d\n", d.Address, d.Chain, d.FromHeight, d.AsOf.Height)
	printLabels(w, d.Labels)
	printDepositAddress(w, d.Signs.DepositAddress)
	fmt.Fprintf(w, "received %s, spent %s, balance %s\n\n", people(d.Received, d.Asset), people(d.Spent, d.Asset), people(d.Balance, d.Asset))
	return inTables(each, func(rows []appearanceDoc) error {
		table(w, func(w io.Writer) {
			for _, a := range rows {
				sign := "+"
				if a.Side == "input" {
					sign = "-"
				}
				fmt.Fprintf(w, "%d\t%s\t%s%s\t%s %s:%d\n", a.Height, when(a.Time), sign, people(a.Amount, d.Asset), a.Side, a.Tx, a.Index)
			}
		})
		return nil
	})
}
