package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"tsuiseki/chains"
	"tsuiseki/chains/ethereum"
)

// transferDoc is a transfer in the words of a deposit. An empty address stands
// where value is created or destroyed.
type transferDoc struct {
	Ref     string         `json:"ref,omitempty"`
	Tx      *chains.TxID   `json:"tx"` // null outside of transactions
	Kind    string         `json:"kind"`
	Index   uint32         `json:"index"`
	From    chains.Address `json:"from"`
	Address chains.Address `json:"address"`
	Asset   chains.Asset   `json:"asset"`
	Amount  chains.Amount  `json:"amount"`
	TokenID *chains.Amount `json:"token_id,omitempty"`
	Height  uint64         `json:"height"`
	Time    time.Time      `json:"time,omitzero"`
}

func newTransferDoc(tx *chains.Tx, t *chains.Transfer) transferDoc {
	d := transferDoc{
		Kind: string(t.Kind), Index: t.Index, From: t.From, Address: t.To, Asset: t.Asset, Amount: t.Amount,
		Height: tx.Block.Height, Time: tx.Time,
	}
	if tx.ID != (chains.TxID{}) {
		d.Tx = &tx.ID
	}
	if t.Payment() || t.Kind == chains.CollectibleTransfer {
		d.Ref = reference(tx, t)
	}
	if t.Kind == chains.CollectibleTransfer {
		d.TokenID = &t.TokenID
	}
	return d
}

func newTransferDocs(tx *chains.Tx) []transferDoc {
	docs := []transferDoc{}
	for i := range tx.Transfers {
		docs = append(docs, newTransferDoc(tx, &tx.Transfers[i]))
	}
	return docs
}

// accountTxDoc is a transaction of an account chain.
type accountTxDoc struct {
	txDoc
	From     chains.Address   `json:"from"`
	To       chains.Address   `json:"to"` // empty where a contract is created
	Failed   bool             `json:"failed"`
	Final    *bool            `json:"final"` // false: its block may still be replaced; null where the chain does not say
	Created  []chains.Address `json:"created"`
	Missing  []missingDoc     `json:"missing"`
	Messages []messageDoc     `json:"messages,omitempty"` // of bridges
	Signs    struct{}         `json:"signs"`              // the embedded document's are of inputs and outputs
}

// showAccountTx shows one transaction of an account chain.
func (c *showTxCmd) showAccountTx(s *session, chain chains.Chain, r ref) (err error) {
	view, err := openAccountView(s, chain, c.AsOf, executionFlags{}, labelFlags{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	tx, err := r.findAccountTx(view)
	if err != nil {
		return err
	}
	doc := &accountTxDoc{
		txDoc: txDoc{
			Chain: chain, Tx: tx.ID, Height: tx.Block.Height, Block: tx.Block.Hash, Time: tx.Time, Asset: view.Native(),
			Inputs: []inputDoc{}, Outputs: []outputDoc{}, Transfers: newTransferDocs(tx), AsOf: view.Snapshot().BlockRef,
		},
		From: tx.From, To: tx.To, Failed: tx.Failed, Created: append([]chains.Address{}, tx.Created...), Messages: newMessageDocs(tx),
	}
	if doc.Missing, err = blockGaps(view, tx.Block.Height); err != nil {
		return err
	}
	if final := view.Snapshot().Final; final != nil {
		isFinal := tx.Block.Height <= *final
		doc.Final = &isFinal
	}
	fee, paid := chains.Amount{}, false
	for i := range tx.Transfers {
		if t := &tx.Transfers[i]; t.Kind == chains.FeeTransfer || t.Kind == chains.TipTransfer {
			fee, paid = fee.Add(t.Amount), true
		}
	}
	if paid {
		doc.Fee = &fee
	}
	if c.JSON {
		return printJSON(s.out, doc)
	}
	u, err := view.units(doc.Transfers)
	if err != nil {
		return err
	}
	printAccountTx(s.out, doc, u)
	return nil
}

// blockGaps are the parts that are not held of a block.
func blockGaps(view *openedAccounts, height uint64) ([]missingDoc, error) {
	gaps, err := view.Gaps(height)
	docs := []missingDoc{}
	for _, g := range gaps {
		docs = append(docs, missingDoc{What: string(g.Part), Range: fmt.Sprintf("%d-%d", height, height), Reason: g.Reason})
	}
	return docs, err
}

type accountDoc struct {
	Chain      chains.Chain    `json:"chain"`
	Address    chains.Address  `json:"address"`
	Contract   bool            `json:"contract"` // there is evidence that it has code
	Label      string          `json:"label,omitempty"`
	AsOf       chains.BlockRef `json:"as_of"`
	FromHeight uint64          `json:"from_height"`
	Balances   []balanceDoc    `json:"balances"`
	Transfers  []transferDoc   `json:"transfers"`
	Labels     []labelDoc      `json:"labels"`
	Signs      addressSignsDoc `json:"signs"`
}

// balanceDoc is what the transfers held, and what the genesis block allots, add up
// to; the account may have had more before the index begins.
type balanceDoc struct {
	Asset  chains.Asset  `json:"asset"`
	Amount chains.Amount `json:"amount"`
	Frozen bool          `json:"frozen"`
}

// showAccount shows an account's balances and transfers.
func (c *showAddressCmd) showAccount(s *session, chain chains.Chain) (err error) {
	view, err := openAccountView(s, chain, c.AsOf, executionFlags{}, labelFlags{})
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
	for entry, err := range view.History(address, chains.Position{}) {
		if err != nil {
			return err
		}
		doc.Transfers = append(doc.Transfers, newTransferDoc(entry.Tx, entry.Transfer))
	}
	if len(doc.Transfers) == 0 {
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
	if c.JSON {
		return printJSON(s.out, doc)
	}
	u, err := view.units(doc.Transfers)
	if err != nil {
		return err
	}
	printAccount(s.out, doc, u)
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

// showAccountBlock shows one block of an account chain.
func (c *showBlockCmd) showAccountBlock(s *session, chain chains.Chain) (err error) {
	view, err := openAccountView(s, chain, nil, executionFlags{}, labelFlags{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	header, txs, err := findBlock(view, c.Ref)
	if err != nil {
		return err
	}
	doc := blockDoc{Chain: chain, Height: header.Height, Block: header.Hash, Parent: header.Parent, Time: header.Time}
	for i := range txs {
		tx, err := view.TxAt(chains.Position{Height: header.Height, Tx: uint32(i)})
		if err != nil {
			return err
		}
		doc.Txs = append(doc.Txs, tx.ID)
	}
	if doc.Missing, err = blockGaps(view, header.Height); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(s.out, doc)
	}
	printBlock(s.out, &doc)
	return nil
}
