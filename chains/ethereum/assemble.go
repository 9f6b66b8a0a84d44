package ethereum

import (
	"fmt"

	"tsuiseki/chains"
)

// blockFacts is all that a source told of a block.
type blockFacts struct {
	block      *rpcBlock
	coin       chains.Asset
	receipts   []rpcReceipt // of each transaction, or nil
	noReceipts string       // why nil
	trace      blockTrace
}

// add takes a call tree for a transaction, unless they contradict each other.
func (t *blockTrace) add(tx *rpcTx, root *frame) {
	switch {
	case root.From != chains.Address(tx.From) || !root.Value.Equal(chains.Amount(tx.Value)):
		t.lacks(fmt.Sprintf("transaction %x: its trace has another sender or value", tx.ID))
	case root.partial():
		t.lacks(fmt.Sprintf("transaction %x: the node's tracer does not tell what a self-destruct paid", tx.ID))
		fallthrough
	default:
		t.roots[chains.TxID(tx.ID)] = root
	}
}

// lacks notes that the trace of a transaction is missing or in part; the first
// reason is kept.
func (t *blockTrace) lacks(reason string) {
	if t.gap == "" {
		t.gap = reason
	}
}

func (f *blockFacts) header() *chains.Block {
	b := f.block
	return &chains.Block{
		Header:   chains.Header{BlockRef: b.ref, Parent: chains.BlockHash(b.Parent), Time: b.time},
		Producer: chains.Address(b.Miner),
	}
}

// assemble joins the facts into the block.
func (f *blockFacts) assemble() *chains.Block {
	block := f.header()
	block.System = f.block.system(f.trace.rewards, f.coin)
	block.Txs = make([]chains.Tx, len(f.block.txs))
	gaps := map[chains.Part]string{chains.PartReceipts: f.noReceipts, chains.PartLogs: f.noReceipts, chains.PartRewards: f.trace.noRewards}
	for i := range f.block.txs {
		undecided := f.assembleTx(block, uint32(i))
		if undecided && gaps[chains.PartReceipts] == "" {
			gaps[chains.PartReceipts] = "receipts before Byzantium do not say whether a transaction failed, and there is no trace: taken as not failed"
		}
	}
	gaps[chains.PartInternal] = f.trace.gap
	for _, part := range chains.Parts() {
		if reason := gaps[part]; reason != "" {
			block.Gaps = append(block.Gaps, chains.Gap{Part: part, Reason: reason})
		}
	}
	return block
}

// assembleTx fills in one transaction and adds its freezes to the block; undecided
// says that no source told whether it failed.
func (f *blockFacts) assembleTx(block *chains.Block, index uint32) (undecided bool) {
	told, tx := &f.block.txs[index], &block.Txs[index]
	*tx = chains.Tx{
		ID: chains.TxID(told.ID), Block: block.BlockRef, Time: block.Time, Index: index,
		From: chains.Address(told.From), To: chains.Address(told.To),
	}
	var receipt *rpcReceipt
	if f.receipts != nil {
		receipt = &f.receipts[index]
	}
	root := f.trace.roots[tx.ID]
	tx.Failed, undecided = failed(told, receipt, root)
	var coins []chains.Transfer // nil: not all are known
	if !tx.Failed {
		switch {
		case root == nil:
			tx.Transfers, tx.Created = told.transfers(receipt)
		case root.Error != "":
			f.trace.lacks(fmt.Sprintf("transaction %s: its trace says that it failed (%.80q), its receipt that it did not", tx.ID, root.Error))
			tx.Transfers, tx.Created = told.transfers(receipt)
		default:
			tx.Transfers, tx.Created, _ = frameTransfers(root)
			if !root.partial() {
				coins = tx.Transfers
			}
		}
	}
	for i := range tx.Transfers {
		tx.Transfers[i].Asset = f.coin
	}
	if told.signed != nil {
		if m, ok := dataMessage(tx, chains.Amount(told.Value), told.signed.Data(), f.coin); ok {
			tx.Messages = append(tx.Messages, m)
		}
	}
	if receipt == nil {
		return undecided
	}
	records := receipt.records(index)
	logs, freezes := decodeLogsBeside(records, coins)
	tx.Messages = append(tx.Messages, decodeMessages(records, f.coin)...)
	tx.Transfers = append(append(tx.Transfers, receipt.fees(told, f.block, f.coin)...), logs...)
	block.Freezes = append(block.Freezes, freezes...)
	return undecided
}

// failed says whether the transaction was reverted: by its receipt, else by its
// trace, else by what is certain of old transactions.
func failed(tx *rpcTx, receipt *rpcReceipt, root *frame) (failed, undecided bool) {
	switch {
	case receipt != nil && receipt.Status != nil:
		return chains.Amount(*receipt.Status).IsZero(), false
	case root != nil:
		return root.Error != "", false
	case receipt == nil:
		return false, true
	}
	// Before Byzantium, who failed used all gas and logged nothing.
	usedAll := chains.Amount(receipt.GasUsed).Cmp(chains.Amount(tx.Gas)) >= 0
	return false, usedAll && len(receipt.Logs) == 0
}

// transfers is what is known of a transaction without its trace.
func (tx *rpcTx) transfers(receipt *rpcReceipt) (transfers []chains.Transfer, created []chains.Address) {
	to := chains.Address(tx.To)
	if to == "" && receipt != nil && receipt.Contract != "" {
		to = chains.Address(receipt.Contract)
		created = append(created, to)
	}
	return []chains.Transfer{{Kind: chains.NativeTransfer, From: chains.Address(tx.From), To: to, Amount: chains.Amount(tx.Value)}}, created
}
