package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"tsuiseki/chains"
	"tsuiseki/chains/bitcoin"
)

type showCmd struct {
	Tx      showTxCmd      `cmd:"" help:"Show a transaction: inputs, outputs, and who spends them."`
	Address showAddressCmd `cmd:"" help:"Show an address's balance and appearances."`
	Block   showBlockCmd   `cmd:"" help:"Show a block by height or hash."`
}

type showTxCmd struct {
	chainFlag
	nodeFlags
	Ref  string  `arg:"" help:"TXID; TXID@HEIGHT where the id occurs twice."`
	AsOf *uint64 `help:"Height up to which to look; the index's tip by default." placeholder:"H"`
	JSON bool    `name:"json" help:"Print one JSON document."`
}

type txDoc struct {
	Chain     chains.Chain     `json:"chain"`
	Tx        chains.TxID      `json:"tx"`
	Height    uint64           `json:"height"`
	Block     chains.BlockHash `json:"block,omitzero"`
	Time      time.Time        `json:"time,omitzero"`
	Asset     chains.Asset     `json:"asset"`
	Inputs    []inputDoc       `json:"inputs"`
	Outputs   []outputDoc      `json:"outputs"`
	Transfers []transferDoc    `json:"transfers"`
	Fee       *chains.Amount   `json:"fee"` // null where a prevout is unknown, and for a coinbase
	Signs     *signsDoc        `json:"signs"`
	Memo      *memoDoc         `json:"memo,omitempty"` // of a bridge
	Coinbase  bool             `json:"coinbase"`
	AsOf      chains.BlockRef  `json:"as_of"`
}

// inputDoc is an input; a coinbase's has neither transaction nor amount, and an
// unknown prevout no address and amount.
type inputDoc struct {
	Index   int            `json:"index"`
	Tx      *chains.TxID   `json:"tx"`
	Output  *uint32        `json:"output"`
	Address chains.Address `json:"address"`
	Script  string         `json:"script"`
	Amount  *chains.Amount `json:"amount"`
}

type outputDoc struct {
	Index   int               `json:"index"`
	Address chains.Address    `json:"address"`
	Script  string            `json:"script"`
	Amount  chains.Amount     `json:"amount"`
	SpentBy *spenderDoc       `json:"spent_by"`
	State   chains.SpendState `json:"state"`
}

type spenderDoc struct {
	Tx    chains.TxID `json:"tx"`
	Input uint32      `json:"input"`
}

// Run shows one transaction.
func (c *showTxCmd) Run(s *session) (err error) {
	r, err := parseRef(c.Ref)
	if err != nil {
		return err
	}
	chain, err := c.resolve(s.data)
	if err != nil {
		return err
	}
	if chain.Family() == chains.Ethereum {
		return c.showAccountTx(s, chain, r)
	}
	view, err := openView(s, chain, c.AsOf, labelFlags{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	tx, err := r.find(view)
	if err != nil {
		return err
	}
	doc, err := newTxDoc(view, tx)
	if err == nil && c.RPC != "" && c.AsOf == nil {
		err = c.addMempool(s, view, doc)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(s.out, doc)
	}
	printTx(s.out, doc)
	return nil
}

func newTxDoc(view *opened, tx *chains.Tx) (*txDoc, error) {
	doc := &txDoc{
		Chain: view.Snapshot().Chain, Tx: tx.ID, Height: tx.Block.Height, Block: tx.Block.Hash, Time: tx.Time, Asset: view.network.Asset,
		Inputs: []inputDoc{}, Outputs: []outputDoc{}, Transfers: []transferDoc{}, Coinbase: tx.Coinbase(), AsOf: view.Snapshot().BlockRef,
		Memo: txMemoDoc(tx),
	}
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		d := inputDoc{Index: i}
		if !in.Coinbase() {
			d.Tx, d.Output = &in.Prevout.Tx, &in.Prevout.Index
		}
		if in.Spent != nil {
			d.Address, d.Script = view.Describe(in.Spent.Script)
			d.Amount = &in.Spent.Value
		}
		doc.Inputs = append(doc.Inputs, d)
	}
	for i := range tx.Outputs {
		out := &tx.Outputs[i]
		spend, err := view.Spend(tx, uint32(i))
		if err != nil {
			return nil, err
		}
		d := outputDoc{Index: i, Amount: out.Value, State: spend.State}
		d.Address, d.Script = view.Describe(out.Script)
		if spend.State == chains.SpentConfirmed {
			d.SpentBy = &spenderDoc{spend.By, spend.Input}
		}
		doc.Outputs = append(doc.Outputs, d)
	}
	if fee, known := tx.Fee(); known {
		doc.Fee = &fee
	}
	var err error
	doc.Signs, err = newSignsDoc(view, tx)
	return doc, err
}

// addMempool asks the node who is about to spend what no block spends.
func (c *showTxCmd) addMempool(s *session, view *opened, doc *txDoc) error {
	node, err := bitcoin.DialNode(s.ctx, c.config(s), view.network.Name)
	if err != nil {
		return err
	}
	defer node.Close()
	var unspent []chains.Outpoint
	for _, out := range doc.Outputs {
		if out.State == chains.Unspent {
			unspent = append(unspent, chains.Outpoint{Tx: doc.Tx, Index: uint32(out.Index)})
		}
	}
	spends, err := node.MempoolSpends(s.ctx, unspent)
	for o, spend := range spends {
		out := &doc.Outputs[o.Index]
		out.State = spend.State
		if spend.By != (chains.TxID{}) {
			out.SpentBy = &spenderDoc{spend.By, spend.Input}
		}
	}
	return err
}

type showAddressCmd struct {
	chainFlag
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
	Appearances []appearanceDoc `json:"appearances"`
	Labels      []labelDoc      `json:"labels"`
	Signs       addressSignsDoc `json:"signs"`
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

// Run shows one address.
func (c *showAddressCmd) Run(s *session) (err error) {
	chain, err := c.resolve(s.data)
	if err != nil {
		return err
	}
	if chain.Family() == chains.Ethereum {
		return c.showAccount(s, chain)
	}
	view, err := openView(s, chain, c.AsOf, labelFlags{})
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
	for a, err := range view.History(address, key) {
		if err != nil {
			return err
		}
		d := appearanceDoc{a.Tx.ID, a.Tx.Block.Height, a.Tx.Block.Hash, a.Tx.Time, "output", a.Index, a.Value}
		if a.Input {
			d.Side = "input"
			doc.Spent = doc.Spent.Add(a.Value)
		} else {
			doc.Received = doc.Received.Add(a.Value)
		}
		doc.Appearances = append(doc.Appearances, d)
	}
	doc.Balance = doc.Received.Sub(doc.Spent)
	if len(doc.Appearances) == 0 {
		return fmt.Errorf("address %s: %w on %s between heights %d and %d", address, chains.ErrNotFound, snapshot.Chain, snapshot.From, snapshot.Height)
	}
	if doc.Labels, err = labelDocs(view.labels.View, chain, string(address)); err != nil {
		return err
	}
	if doc.Signs, err = view.addressSigns(address); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(s.out, doc)
	}
	printAddress(s.out, &doc)
	return nil
}

type showBlockCmd struct {
	chainFlag
	Ref  string `arg:"" help:"Height or hash."`
	JSON bool   `name:"json" help:"Print one JSON document."`
}

type blockDoc struct {
	Chain  chains.Chain     `json:"chain"`
	Height uint64           `json:"height"`
	Block  chains.BlockHash `json:"block,omitzero"`
	Parent chains.BlockHash `json:"parent"`
	Time   time.Time        `json:"time,omitzero"`
	Txs    []chains.TxID    `json:"transactions"`

	Missing []missingDoc `json:"missing,omitempty"` // parts of it, on an account chain
}

// Run shows one block.
func (c *showBlockCmd) Run(s *session) (err error) {
	chain, err := c.resolve(s.data)
	if err != nil {
		return err
	}
	if chain.Family() == chains.Ethereum {
		return c.showAccountBlock(s, chain)
	}
	view, err := openView(s, chain, nil, labelFlags{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	header, txs, err := findBlock(view, c.Ref)
	if err != nil {
		return err
	}
	doc := blockDoc{Chain: view.Snapshot().Chain, Height: header.Height, Block: header.Hash, Parent: header.Parent, Time: header.Time}
	for i := range txs {
		tx, err := view.TxAt(chains.Position{Height: header.Height, Tx: uint32(i)})
		if err != nil {
			return err
		}
		doc.Txs = append(doc.Txs, tx.ID)
	}
	if c.JSON {
		return printJSON(s.out, doc)
	}
	printBlock(s.out, &doc)
	return nil
}

// blockFinder finds headers, with their number of transactions.
type blockFinder interface {
	BlockAt(height uint64) (chains.Header, int, error)
	BlockByHash(hash chains.BlockHash) (chains.Header, int, error)
}

func findBlock(view blockFinder, text string) (chains.Header, int, error) {
	if height, err := strconv.ParseUint(text, 10, 32); err == nil {
		return view.BlockAt(height)
	}
	hash, err := chains.ParseBlockHash(text)
	if err != nil {
		return chains.Header{}, 0, usagef("block %.80q is neither a height nor a hash: %w", text, err)
	}
	return view.BlockByHash(hash)
}
