package ethereum

import (
	"encoding/json"
	"slices"

	"github.com/ethereum/go-ethereum/core/types"

	"tsuiseki/chains"
)

// checkHeader computes the block's hash from its header. A header with fields that
// this program does not know, as a later fork or another chain adds them, cannot
// be computed: its node and its child's parent hash are trusted, and nil is returned.
func checkHeader(raw json.RawMessage, fields map[string]json.RawMessage, ref chains.BlockRef) (*types.Header, error) {
	var header types.Header
	if err := json.Unmarshal(raw, &header); err != nil {
		return nil, nil //nolint:nilerr,nilnil // a chain whose headers lack fields has another way to hash them
	}
	if chains.BlockHash(header.Hash()) == ref.Hash {
		return &header, nil
	}
	known := []string{
		"parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom", "difficulty", "number",
		"gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce", "baseFeePerGas", "withdrawalsRoot", "blobGasUsed",
		"excessBlobGas", "parentBeaconBlockRoot", "requestsHash", "blockAccessListHash", "slotNumber", // hashed
		"hash", "size", "totalDifficulty", "uncles", "withdrawals", "author", // beside the header
	}
	for field := range fields {
		if !slices.Contains(known, field) {
			return nil, nil //nolint:nilnil // unknown is no error
		}
	}
	return nil, corrupt("the block's header has hash %x", header.Hash())
}

// decodeTx reads a transaction and computes its id, except for kinds that only
// some chains have, and those that nobody signed.
func decodeTx(raw json.RawMessage) (rpcTx, error) {
	var tx rpcTx
	if err := json.Unmarshal(raw, &tx); err != nil {
		return tx, corrupt("transaction: %w", err)
	}
	if tx.From == "" || tx.ID == (hash{}) {
		return tx, corrupt("a transaction without id or sender")
	}
	var signed types.Transaction
	if err := signed.UnmarshalJSON(raw); err != nil || !tx.hasSignature() {
		return tx, nil //nolint:nilerr // a kind of transaction that go-ethereum does not know
	}
	if hash(signed.Hash()) != tx.ID {
		return tx, corrupt("transaction %x has id %x", tx.ID, signed.Hash())
	}
	tx.signed = &signed
	return tx, nil
}

// hasSignature tells signatures from what test nodes and side chains put in their
// place for transactions that no key stands behind.
func (tx *rpcTx) hasSignature() bool {
	const nobody = 1 << 32
	for _, part := range []quantity{tx.R, tx.S} {
		if n, small := chains.Amount(part).Int64(); small && n < nobody {
			return false
		}
	}
	return true
}

// checkLists holds transactions and withdrawals to the roots in the block's header:
// none is missing, none is added. A block with a transaction of unknown kind is of
// a chain that may use the roots otherwise.
func (block *rpcBlock) checkLists() error {
	var signed types.Transactions
	for i := range block.txs {
		if block.txs[i].signed == nil {
			return nil
		}
		signed = append(signed, block.txs[i].signed)
	}
	if block.header == nil {
		return nil
	}
	if types.DeriveSha(signed, &listHasher{}) != block.header.TxHash {
		return corrupt("the block's %d transactions are not those of its header", len(signed))
	}
	if slices.Contains(block.Withdrawals, nil) {
		return corrupt("one of the block's withdrawals is null")
	}
	if root := block.header.WithdrawalsHash; root != nil && types.DeriveSha(types.Withdrawals(block.Withdrawals), &listHasher{}) != *root {
		return corrupt("the block's %d withdrawals are not those of its header", len(block.Withdrawals))
	}
	return nil
}

// checkReceiptRoot holds the receipts, and so all logs, to the root in the block's
// header, where each is of a kind and completeness that can be encoded.
func (block *rpcBlock) checkReceiptRoot(told []rpcReceipt) error {
	if block.header == nil {
		return nil
	}
	complete := true // erigon keeps no state roots, of which receipts before Byzantium consist
	receipts := make(types.Receipts, len(told))
	for i := range told {
		if block.txs[i].signed == nil {
			return nil
		}
		receipts[i] = new(types.Receipt)
		if err := receipts[i].UnmarshalJSON(told[i].raw); err != nil {
			return nil //nolint:nilerr // a node that leaves out what only the root needs
		}
		receipts[i].Type = block.txs[i].signed.Type() // which older nodes do not repeat
		complete = complete && (len(receipts[i].PostState) > 0 || block.header.BaseFee != nil)
	}
	if types.DeriveSha(receipts, &listHasher{}) != block.header.ReceiptHash && complete {
		return corrupt("the %d receipts are not those of the block's header", len(receipts))
	}
	return nil
}
