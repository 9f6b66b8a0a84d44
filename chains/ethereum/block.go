package ethereum

import (
	"encoding/json"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum/core/types"

	"tsuiseki/chains"
)

// rpcBlock is a block as eth_getBlockByHash tells it.
type rpcBlock struct {
	Hash        *hash               `json:"hash"`
	Parent      hash                `json:"parentHash"`
	Number      quantity            `json:"number"`
	Timestamp   quantity            `json:"timestamp"`
	Miner       account             `json:"miner"`
	Difficulty  quantity            `json:"difficulty"`
	BaseFee     *quantity           `json:"baseFeePerGas"` // absent before London
	Withdrawals []*types.Withdrawal `json:"withdrawals"`   // EIP-4895, in Gwei

	ref    chains.BlockRef
	txs    []rpcTx
	time   time.Time
	header *types.Header // nil where this program cannot compute the chain's block hashes
}

// rpcTx is a transaction as a block lists it.
type rpcTx struct {
	ID       hash      `json:"hash"`
	From     account   `json:"from"`
	To       account   `json:"to"`
	Value    quantity  `json:"value"`
	Gas      quantity  `json:"gas"`
	GasPrice *quantity `json:"gasPrice"` // what was paid in the end, or nothing where none is paid
	R        quantity  `json:"r"`
	S        quantity  `json:"s"`

	signed *types.Transaction // nil where its kind is not known or nobody signed it
}

// decodeBlock reads a block with whole transactions and checks that it is the one
// asked for, and all of it, as far as its header tells.
func decodeBlock(raw json.RawMessage, ref chains.BlockRef) (*rpcBlock, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, corrupt("block: %w", err)
	}
	var listed []json.RawMessage
	if err := json.Unmarshal(fields["transactions"], &listed); err != nil || listed == nil {
		return nil, corrupt("the block has no list of transactions (%w)", errOrNone(err))
	}
	delete(fields, "transactions") // by far the largest
	block, err := decodeHeader(fields, ref)
	if err != nil {
		return nil, err
	}
	block.txs = make([]rpcTx, len(listed))
	for i := range listed {
		if block.txs[i], err = decodeTx(listed[i]); err != nil {
			return nil, err
		}
	}
	if err := block.checkLists(); err != nil {
		return nil, err
	}
	return block, nil
}

// decodeHeader reads a block without its transactions.
func decodeHeader(fields map[string]json.RawMessage, ref chains.BlockRef) (*rpcBlock, error) {
	raw, err := json.Marshal(fields)
	if err != nil {
		return nil, corrupt("block: %w", err)
	}
	block := &rpcBlock{ref: ref}
	if err := json.Unmarshal(raw, block); err != nil {
		return nil, corrupt("block: %w", err)
	}
	if block.Hash == nil || chains.BlockHash(*block.Hash) != ref.Hash {
		return nil, corrupt("the node sent another block than asked for")
	}
	if block.header, err = checkHeader(raw, fields, ref); err != nil {
		return nil, err
	}
	if height, err := block.Number.uint64(); err != nil || height != ref.Height {
		return nil, corrupt("the block has height %s", chains.Amount(block.Number))
	}
	seconds, err := block.Timestamp.uint64()
	if err != nil {
		return nil, corrupt("block time: %w", err)
	}
	block.time = time.Unix(int64(seconds), 0).UTC()
	return block, nil
}

// system are the movements of value that stand beside all transactions.
func (block *rpcBlock) system(rewards []chains.Transfer, coin chains.Asset) (transfers []chains.Transfer) {
	gwei := chains.NewAmount(1_000_000_000)
	for i, w := range block.Withdrawals {
		if w == nil {
			continue
		}
		amount := times(chains.BigAmount(new(big.Int).SetUint64(w.Amount)), gwei)
		transfers = append(transfers, chains.Transfer{
			Kind: chains.WithdrawalTransfer, Index: uint32(i), To: address(w.Address[:]), Asset: coin, Amount: amount,
		})
	}
	for _, reward := range rewards {
		reward.Asset = coin
		transfers = append(transfers, reward)
	}
	return transfers
}
