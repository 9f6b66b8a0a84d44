package ethereum

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"tsuiseki/chains"
)

// rpcReceipt is what came of a transaction.
type rpcReceipt struct {
	Tx                hash      `json:"transactionHash"`
	Place             quantity  `json:"transactionIndex"`
	Block             hash      `json:"blockHash"`
	Status            *quantity `json:"status"` // absent before Byzantium
	GasUsed           quantity  `json:"gasUsed"`
	EffectiveGasPrice *quantity `json:"effectiveGasPrice"` // absent from older nodes
	BlobGasUsed       quantity  `json:"blobGasUsed"`
	BlobGasPrice      quantity  `json:"blobGasPrice"`
	L1Fee             quantity  `json:"l1Fee"` // rollups of the OP stack charge it on top
	Contract          account   `json:"contractAddress"`
	Logs              []rpcLog  `json:"logs"`

	raw json.RawMessage
}

// rpcLog is a log within a receipt.
type rpcLog struct {
	Address account  `json:"address"`
	Topics  []hash   `json:"topics"`
	Data    blob     `json:"data"`
	Index   quantity `json:"logIndex"`
	Tx      hash     `json:"transactionHash"`
	Removed bool     `json:"removed"`
}

// receipts asks for the receipts of a block's transactions, in their order.
func (n *Node) receipts(ctx context.Context, block *rpcBlock) ([]rpcReceipt, error) {
	receipts, err := n.blockReceipts(ctx, block.ref)
	if absent(err) || misunderstood(err) {
		receipts, err = n.singleReceipts(ctx, block)
	}
	if err != nil {
		return nil, err
	}
	if err := checkReceipts(block, receipts); err != nil {
		return nil, err
	}
	return receipts, nil
}

// blockReceipts asks for all at once; a refusal that is absent where this node
// has no such call.
func (n *Node) blockReceipts(ctx context.Context, ref chains.BlockRef) ([]rpcReceipt, error) {
	const method = "eth_getBlockReceipts"
	if !n.can.BlockReceipts {
		return nil, &refusal{codeMethodNotFound, method}
	}
	var raw json.RawMessage
	err := n.inForm(&n.receiptForm, ref, func(block any) error {
		return n.rpc.call(ctx, &raw, method, block)
	})
	if err != nil {
		return nil, err
	}
	if null(raw) {
		return nil, fmt.Errorf("%s: %w: the node has the block but not its receipts: let it finish its sync, or ask another", method, chains.ErrUnavailable)
	}
	var listed []json.RawMessage
	if err := json.Unmarshal(raw, &listed); err != nil {
		return nil, corrupt("%s: %w", method, err)
	}
	receipts := make([]rpcReceipt, len(listed))
	for i := range listed {
		if receipts[i], err = decodeReceipt(listed[i]); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(receipts, func(a, b rpcReceipt) int { return chains.Amount(a.Place).Cmp(chains.Amount(b.Place)) })
	return receipts, nil
}

func (n *Node) singleReceipts(ctx context.Context, block *rpcBlock) ([]rpcReceipt, error) {
	const method = "eth_getTransactionReceipt"
	questions := make([]question, len(block.txs))
	for i := range block.txs {
		questions[i] = question{method, []any{hexHash(block.txs[i].ID)}}
	}
	answers, err := n.rpc.batch(ctx, questions)
	if err != nil {
		return nil, err
	}
	receipts := make([]rpcReceipt, len(answers))
	for i, a := range answers {
		if a.err != nil {
			return nil, a.err
		}
		if null(a.result) {
			return nil, fmt.Errorf("%s: %w: the node has no receipt of transaction %x: let it index all transactions, or ask another", method, chains.ErrUnavailable, block.txs[i].ID)
		}
		if receipts[i], err = decodeReceipt(a.result); err != nil {
			return nil, err
		}
	}
	return receipts, nil
}

func decodeReceipt(raw json.RawMessage) (rpcReceipt, error) {
	receipt := rpcReceipt{raw: raw}
	if err := json.Unmarshal(raw, &receipt); err != nil {
		return receipt, corrupt("receipt: %w", err)
	}
	return receipt, nil
}

// checkReceipts holds receipts to the block's transactions, one for each, with
// all the block's logs numbered in order.
func checkReceipts(block *rpcBlock, receipts []rpcReceipt) error {
	if len(receipts) != len(block.txs) {
		return corrupt("%d receipts for %d transactions", len(receipts), len(block.txs))
	}
	next := uint32(0)
	for i := range receipts {
		r := &receipts[i]
		if chains.BlockHash(r.Block) != block.ref.Hash {
			return fmt.Errorf("receipt %d is of block %x: %w", i, r.Block, chains.ErrReorg)
		}
		if r.Tx != block.txs[i].ID {
			return corrupt("receipt %d is of transaction %x, not %x", i, r.Tx, block.txs[i].ID)
		}
		for j := range r.Logs {
			log := &r.Logs[j]
			index, err := log.Index.uint32()
			if err != nil || index != next || log.Removed || log.Tx != r.Tx || log.Address == "" {
				return corrupt("log %d of transaction %x is out of place: index %s, want %d", j, r.Tx, chains.Amount(log.Index), next)
			}
			next++
		}
	}
	return block.checkReceiptRoot(receipts)
}

// records are the receipt's logs as decodeLogsBeside reads them.
func (r *rpcReceipt) records(tx uint32) []logRecord {
	records := make([]logRecord, len(r.Logs))
	for i := range r.Logs {
		log := &r.Logs[i]
		topics := make([]common.Hash, len(log.Topics))
		for j := range topics {
			topics[j] = common.Hash(log.Topics[j])
		}
		index, _ := log.Index.uint32() // checkReceipts has read it
		records[i] = logRecord{Address: chains.Address(log.Address), Topics: topics, Data: log.Data, Index: index, Tx: tx}
	}
	return records
}

// fees are what the sender paid beyond the value: the part that is burned (with
// blobs and what a rollup charges for its main chain), then the producer's.
// Transactions that a chain makes by itself have no price and pay nothing.
func (r *rpcReceipt) fees(tx *rpcTx, block *rpcBlock, coin chains.Asset) (transfers []chains.Transfer) {
	price := cmp.Or(r.EffectiveGasPrice, tx.GasPrice, &quantity{})
	base := cmp.Or(block.BaseFee, &quantity{})
	gas := chains.Amount(r.GasUsed)
	burnedPrice := chains.Amount(*base).Min(chains.Amount(*price))
	burned := chains.Sum(
		times(gas, burnedPrice),
		times(chains.Amount(r.BlobGasUsed), chains.Amount(r.BlobGasPrice)),
		chains.Amount(r.L1Fee),
	)
	tip := times(gas, chains.Amount(*price).Sub(burnedPrice))
	from := chains.Address(tx.From)
	if burned.Sign() > 0 {
		transfers = append(transfers, chains.Transfer{Kind: chains.FeeTransfer, From: from, Asset: coin, Amount: burned})
	}
	if tip.Sign() > 0 {
		transfers = append(transfers, chains.Transfer{Kind: chains.TipTransfer, From: from, To: chains.Address(block.Miner), Asset: coin, Amount: tip})
	}
	return transfers
}

func times(a, b chains.Amount) chains.Amount {
	product, _ := a.MulDiv(b, chains.NewAmount(1))
	return product
}
