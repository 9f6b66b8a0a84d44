package ethereum

import "slices"

// etlColumn is a column of a CSV export, or a key of a JSON line, that is read.
type etlColumn uint8

const (
	colType etlColumn = iota
	colNumber
	colHash
	colParentHash
	colLogsBloom
	colMiner
	colDifficulty
	colTimestamp
	colTransactionCount
	colBaseFee
	colWithdrawals
	colBlockHash
	colBlockNumber
	colBlockTimestamp
	colTransactionHash
	colTransactionIndex
	colFrom
	colTo
	colValue
	colGas
	colGasPrice
	colNonce
	colTransactionType
	colCumulativeGasUsed
	colGasUsed
	colContractAddress
	colStatus
	colEffectiveGasPrice
	colL1Fee
	colBlobGasPrice
	colBlobGasUsed
	colReceiptGasUsed
	colReceiptContractAddress
	colReceiptStatus
	colReceiptEffectiveGasPrice
	colReceiptL1Fee
	colReceiptBlobGasPrice
	colReceiptBlobGasUsed
	colLogIndex
	colAddress
	colData
	colTopics
	colTokenAddress
	colTraceType
	colCallType
	colRewardType
	colSubtraces
	colTraceAddress
	colError
	colSymbol
	colDecimals
	colBytecode
	colTransactionTraces
	colTraceID
	colInput
	etlColumns // how many there are
	colNone    = etlColumns
)

// etlColumnNames are the names as ethereum-etl writes them, by column.
func etlColumnNames() [etlColumns]string {
	return [etlColumns]string{
		"type", "number", "hash", "parent_hash", "logs_bloom", "miner", "difficulty", "timestamp",
		"transaction_count", "base_fee_per_gas", "withdrawals",
		"block_hash", "block_number", "block_timestamp", "transaction_hash", "transaction_index",
		"from_address", "to_address", "value", "gas", "gas_price", "nonce", "transaction_type",
		"cumulative_gas_used", "gas_used", "contract_address", "status", "effective_gas_price",
		"l1_fee", "blob_gas_price", "blob_gas_used",
		"receipt_gas_used", "receipt_contract_address", "receipt_status", "receipt_effective_gas_price",
		"receipt_l1_fee", "receipt_blob_gas_price", "receipt_blob_gas_used",
		"log_index", "address", "data", "topics", "token_address",
		"trace_type", "call_type", "reward_type", "subtraces", "trace_address", "error",
		"symbol", "decimals", "bytecode", "transaction_traces", "trace_id", "input",
	}
}

func (c etlColumn) String() string { return etlColumnNames()[c] }

// etlColumnOf is the column of a name; colNone where it is not read.
func etlColumnOf(name []byte) etlColumn {
	names := etlColumnNames()
	return etlColumn(slices.IndexFunc(append(names[:], string(name)), func(n string) bool { return n == string(name) }))
}

// etlColumnSet is a set of columns.
type etlColumnSet uint64

func columnSet(columns ...etlColumn) (set etlColumnSet) {
	for _, c := range columns {
		set |= 1 << c
	}
	return set
}

func (s etlColumnSet) has(c etlColumn) bool           { return s>>c&1 == 1 }
func (s etlColumnSet) hasAll(other etlColumnSet) bool { return s&other == other }

// etlKind is what a row is of. Its value stands in temporary files only.
type etlKind uint8

const (
	etlUnknown etlKind = iota
	etlBlockRow
	etlTransactionRow
	etlReceiptRow
	etlLogRow
	etlTokenTransferRow
	etlTraceRow
	etlTokenRow
	etlContractRow // says nothing of transfers
	etlHintRow     // a block's hash and time, as rows of other kinds state them
	etlKinds
)

// etlKindNames are the values of the field "type" of streamed lines.
func etlKindNames() [etlKinds]string {
	return [etlKinds]string{"", "block", "transaction", "receipt", "log", "token_transfer", "trace", "token", "contract", "hint"}
}

func (k etlKind) String() string { return etlKindNames()[k] }

// kindOf tells a row's kind by the columns that no other kind has together.
// What is not told by type must have all columns that place it on the chain.
func kindOf(columns etlColumnSet) etlKind {
	switch {
	case columns.hasAll(columnSet(colBlockNumber, colTraceType)):
		return etlTraceRow
	case columns.hasAll(columnSet(colBlockNumber, colLogIndex, colTransactionHash, colTokenAddress, colFrom, colTo, colValue)):
		return etlTokenTransferRow
	case columns.hasAll(columnSet(colBlockNumber, colLogIndex, colTransactionHash, colAddress, colData, colTopics)):
		return etlLogRow
	case columns.hasAll(columnSet(colBlockNumber, colHash, colTransactionIndex, colFrom, colTo, colValue)):
		return etlTransactionRow
	case columns.hasAll(columnSet(colBlockNumber, colTransactionHash, colTransactionIndex, colGasUsed)):
		return etlReceiptRow
	case columns.hasAll(columnSet(colNumber, colHash)):
		return etlBlockRow
	case columns.hasAll(columnSet(colAddress, colSymbol, colDecimals)):
		return etlTokenRow
	case columns.hasAll(columnSet(colAddress, colBytecode)):
		return etlContractRow
	}
	return etlUnknown
}

// kindNamed is the kind that a streamed line states.
func kindNamed(name []byte) etlKind {
	for kind, n := range etlKindNames() {
		if n == string(name) && etlKind(kind) != etlHintRow {
			return etlKind(kind)
		}
	}
	return etlUnknown
}
