package tracer_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer"
)

// accountChain builds blocks transfer by transfer, and keeps all balances: what
// an account does not have, it cannot pay.
type accountChain struct {
	blocks   []*chains.Block
	balances map[accountPlace]int64
	logs     uint32 // in the open block
	txs      int
}

type accountPlace struct {
	account chains.Address
	asset   chains.Asset
}

func newAccountChain() *accountChain {
	c := &accountChain{balances: map[accountPlace]int64{}}
	c.block("miner")
	return c
}

// block begins a block, a minute after the one before.
func (c *accountChain) block(producer chains.Address) *chains.Block {
	height := uint64(len(c.blocks))
	header := chains.Header{BlockRef: chains.BlockRef{Height: height, Hash: chains.BlockHash{31: byte(height), 0: 0xb0}}, Time: minute(height)}
	b := &chains.Block{Header: header, Producer: producer}
	c.blocks, c.logs = append(c.blocks, b), 0
	return b
}

func minute(height uint64) time.Time {
	return time.Date(2026, 1, 1, 0, int(height), 0, 0, time.UTC)
}

func (c *accountChain) last() *chains.Block { return c.blocks[len(c.blocks)-1] }

func (c *accountChain) ledger() *memoryLedger { return &memoryLedger{blocks: c.blocks} }

// system moves value outside of transactions, from nowhere to an account.
func (c *accountChain) system(kind chains.TransferKind, to chains.Address, n int64) {
	c.balances[accountPlace{to, ether}] += n
	b := c.last()
	b.System = append(b.System, chains.Transfer{Kind: kind, Index: uint32(len(b.System)), To: to, Asset: ether, Amount: chains.NewAmount(n)})
}

// txBuilder is a transaction in the making.
type txBuilder struct {
	*accountChain
	from        chains.Address
	fee, tip    int64
	failed      bool
	calls, logs []chains.Transfer
}

// begin sets the fee aside, as the chain does.
func (c *accountChain) begin(from chains.Address, fee, tip int64) *txBuilder {
	c.balances[accountPlace{from, ether}] -= fee + tip
	return &txBuilder{accountChain: c, from: from, fee: fee, tip: tip}
}

func (b *txBuilder) move(kind chains.TransferKind, asset chains.Asset, from, to chains.Address, n int64) {
	t := chains.Transfer{Kind: kind, From: from, To: to, Asset: asset, Amount: chains.NewAmount(n)}
	token := kind == chains.TokenTransfer
	if from != "" && (!token || from != chains.ZeroAddress) {
		at := accountPlace{from, asset}
		if b.balances[at] < n {
			panic(fmt.Sprintf("%s has %d of %s, not %d", from, b.balances[at], asset, n))
		}
		if !b.failed {
			b.balances[at] -= n
		}
	}
	if to != "" && (!token || to != chains.ZeroAddress) && !b.failed {
		b.balances[accountPlace{to, asset}] += n
	}
	if t.IsLog() {
		b.logs = append(b.logs, t)
		return
	}
	if kind == chains.InternalTransfer {
		t.Index = uint32(len(b.calls)) + 1
	}
	b.calls = append(b.calls, t)
}

// pay moves ether by the transaction itself where it comes first and from its
// sender, else by a call; anything else by a token's log.
func (b *txBuilder) pay(asset chains.Asset, from, to chains.Address, n int64) {
	switch {
	case asset != ether:
		b.move(chains.TokenTransfer, asset, from, to, n)
	case from == b.from && len(b.calls) == 0:
		b.move(chains.NativeTransfer, asset, from, to, n)
	default:
		b.move(chains.InternalTransfer, asset, from, to, n)
	}
}

// has is the most that an account can pay now.
func (b *txBuilder) has(account chains.Address, asset chains.Asset) int64 {
	if account == chains.ZeroAddress {
		return math.MaxInt64
	}
	return b.balances[accountPlace{account, asset}]
}

// end puts the transaction into the block.
func (b *txBuilder) end() {
	block := b.last()
	b.txs++
	tx := chains.Tx{
		ID: chains.TxID{30: byte(b.txs >> 8), 31: byte(b.txs)}, Block: block.BlockRef, Time: block.Time, Index: uint32(len(block.Txs)),
		From: b.from, Failed: b.failed, Transfers: b.calls,
	}
	frames := uint32(len(b.calls)) + 1
	if b.fee > 0 {
		tx.Transfers = append(tx.Transfers, chains.Transfer{Kind: chains.FeeTransfer, Index: frames, From: b.from, Asset: ether, Amount: chains.NewAmount(b.fee)})
	}
	if b.tip > 0 {
		tx.Transfers = append(tx.Transfers, chains.Transfer{Kind: chains.TipTransfer, Index: frames + 1, From: b.from, To: block.Producer, Asset: ether, Amount: chains.NewAmount(b.tip)})
		b.balances[accountPlace{block.Producer, ether}] += b.tip
	}
	for _, t := range b.logs {
		t.Index = b.accountChain.logs
		b.accountChain.logs++
		tx.Transfers = append(tx.Transfers, t)
	}
	block.Txs = append(block.Txs, tx)
}

// transferPlace is a transfer by its transaction's position.
type transferPlace struct {
	at       chains.Position
	transfer int
}

func (p transferPlace) String() string { return fmt.Sprintf("%s/%d", p.at, p.transfer) }

// paymentsIn are all transfers that could be deposits.
func paymentsIn(blocks []*chains.Block) (all []transferPlace) {
	payment := []chains.TransferKind{chains.NativeTransfer, chains.InternalTransfer, chains.TokenTransfer}
	for _, block := range blocks {
		for i := range block.Txs {
			tx := &block.Txs[i]
			for n, t := range tx.Transfers {
				if !tx.Failed && t.Amount.Sign() > 0 && t.From != t.To && slices.Contains(payment, t.Kind) {
					all = append(all, transferPlace{tx.Position(), n})
				}
			}
		}
	}
	return all
}

func accountDeposits(l tracer.Ledger, places []transferPlace) (deposits []tracer.AccountDeposit, err error) {
	for _, p := range places {
		tx, err := l.TxAt(p.at)
		if err != nil {
			return nil, err
		}
		deposits = append(deposits, tracer.AccountDeposit{ID: p.String(), Tx: tx, Transfer: p.transfer})
	}
	return deposits, nil
}

// String shows the chain as people would draw it.
func (c *accountChain) String() string {
	var text strings.Builder
	for _, tx := range c.ledger().txs() {
		fmt.Fprintf(&text, "%s %s", tx.Position(), tx.ID.String()[60:])
		if tx.Failed {
			text.WriteString(" failed")
		}
		for i, t := range tx.Transfers {
			fmt.Fprintf(&text, "\n\t/%d %s:%d %s > %s %s %s", i, t.Kind, t.Index, t.From, t.To, t.Amount, t.Asset)
		}
		text.WriteString("\n")
	}
	return text.String()
}
