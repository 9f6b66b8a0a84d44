package ethereum

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"

	"tsuiseki/chains"
)

// etlRowReader turns rows into records and hands them to a sorter. The records
// are its own so that a row costs no allocation.
type etlRowReader struct {
	out   *etlSorter
	codec etlCodec

	block       etlBlock
	transaction etlTransaction
	receipt     etlReceipt
	log         etlLog
	transfer    etlTokenTransfer
	trace       etlTrace
	token       etlToken
	hint        etlHint
	hinted      uint64 // height of the last hint
}

type etlRecord interface{ code(*etlCodec) }

// Keys of the sorted records: heights, and above them tokens by address.
const (
	etlMaxHeight = 1<<62 - 1
	etlTokenKeys = 1 << 63
)

// read writes the record of a row; the row's err says what is wrong with it,
// and what is returned that the record could not be kept.
func (p *etlRowReader) read(r *etlRow) error {
	switch r.kind {
	case etlBlockRow:
		return p.readBlock(r)
	case etlTransactionRow:
		return p.readTransaction(r)
	case etlReceiptRow:
		return p.readReceipt(r)
	case etlLogRow:
		return p.readLog(r)
	case etlTokenTransferRow:
		return p.readTokenTransfer(r)
	case etlTraceRow:
		return p.readTrace(r)
	case etlTokenRow:
		return p.readToken(r)
	}
	return nil
}

// put keeps a record, unless something is wrong with its row.
func (p *etlRowReader) put(key uint64, kind etlKind, r *etlRow, record etlRecord) error {
	if r.err != nil {
		return nil //nolint:nilerr // the caller tells of it, with file and line
	}
	p.codec.buf = p.codec.buf[:0]
	p.codec.head(&kind, &r.etlSource)
	record.code(&p.codec)
	return p.out.add(key, p.codec.buf)
}

// putHint keeps what a row that is not of a block states of its block.
func (p *etlRowReader) putHint(height uint64, r *etlRow) error {
	h := etlHint{}
	if r.filled(colBlockHash, false) {
		h.hash = r.hash(colBlockHash)
		h.facts |= knowsHash
	}
	if r.filled(colBlockTimestamp, false) {
		h.time = r.uint(colBlockTimestamp, math.MaxInt32*1000)
		h.facts |= knowsTime
	}
	if h.facts == 0 || (height == p.hinted && h == p.hint) {
		return nil
	}
	p.hint, p.hinted = h, height
	return p.put(height, etlHintRow, r, &p.hint)
}

func (r *etlRow) height(c etlColumn) uint64 {
	r.filled(c, true)
	return r.uint(c, etlMaxHeight)
}

// place reads an index that may be missing.
func (r *etlRow) place(c etlColumn, facts *etlFacts) uint64 {
	if !r.filled(c, false) {
		return 0
	}
	*facts |= knowsIndex
	return r.uint(c, math.MaxUint32-1)
}

func (p *etlRowReader) readBlock(r *etlRow) error {
	height := r.height(colNumber)
	b := &p.block
	*b = etlBlock{hash: r.hash(colHash), withdrawals: b.withdrawals[:0]}
	if r.filled(colParentHash, false) {
		b.parent, b.facts = r.hash(colParentHash), b.facts|knowsParent
	}
	if r.filled(colTimestamp, false) {
		b.time, b.facts = r.uint(colTimestamp, math.MaxInt32*1000), b.facts|knowsTime
	}
	if r.filled(colMiner, false) {
		b.miner, b.facts = r.address(colMiner), b.facts|knowsMiner
	}
	if r.has.has(colBaseFee) { // empty: before London nothing was burned
		b.facts |= knowsBaseFee
		if r.filled(colBaseFee, false) {
			b.baseFee = r.word(colBaseFee)
		}
	}
	if r.filled(colTransactionCount, false) {
		b.count, b.facts = r.uint(colTransactionCount, math.MaxUint32), b.facts|knowsCount
	}
	if r.filled(colLogsBloom, false) {
		b.facts |= knowsBloom
		if len(bytes.Trim(trim0x(r.fields[colLogsBloom]), "0")) == 0 {
			b.facts |= isEmptyBloom
		}
	}
	if r.filled(colDifficulty, false) {
		if difficulty := r.word(colDifficulty); difficulty == (etlWord{}) && height > 0 {
			b.facts |= isProofOfStake
		} else {
			b.facts |= isProofOfWork
		}
	}
	if r.has.has(colWithdrawals) {
		b.facts |= knowsWithdrawals
		r.withdrawals(b)
	}
	return p.put(height, etlBlockRow, r, b)
}

// withdrawals reads a JSON array, or its items joined by commas, as in CSV.
func (r *etlRow) withdrawals(b *etlBlock) {
	text := bytes.TrimSpace(r.fields[colWithdrawals])
	if len(text) == 0 {
		return
	}
	if text[0] == '{' {
		text = append(append([]byte{'['}, text...), ']')
	}
	var items []struct {
		Index, Amount json.Number
		Address       string
	}
	if err := json.Unmarshal(text, &items); err != nil {
		r.refuse(colWithdrawals, "withdrawals as JSON objects")
		return
	}
	for _, item := range items {
		var w etlWithdrawal
		var index, amount bool
		w.index, index = parseUint([]byte(item.Index), math.MaxInt64)
		w.amount, amount = parseUint([]byte(item.Amount), math.MaxInt64)
		if !index || !amount || !unhex(w.to[:], []byte(item.Address)) {
			r.refuse(colWithdrawals, "withdrawals, each with index, address and amount in gwei")
		}
		b.withdrawals = append(b.withdrawals, w)
	}
}

func (p *etlRowReader) readTransaction(r *etlRow) error {
	height := r.height(colBlockNumber)
	t := &p.transaction
	*t = etlTransaction{
		memo: r.memo(t.memo[:0]), hash: r.hash(colHash), from: r.address(colFrom), value: r.word(colValue),
		index: r.uint(colTransactionIndex, math.MaxUint32-1),
	}
	if r.filled(colTo, false) {
		t.to, t.facts = r.address(colTo), t.facts|knowsTo
	} else if r.filled(colNonce, false) { // it makes the created contract's address
		t.nonce, t.facts = r.uint(colNonce, math.MaxInt64), t.facts|knowsCount
	}
	if r.filled(colGasPrice, false) {
		t.gasPrice, t.facts = r.word(colGasPrice), t.facts|knowsGasPrice
	}
	if bytes.Equal(r.fields[colTransactionType], []byte{'3'}) {
		t.facts |= isBlobTx
	}
	if r.filled(colReceiptGasUsed, false) {
		t.receipt = r.receipt(receiptColumns{
			gasUsed: colReceiptGasUsed, contract: colReceiptContractAddress, status: colReceiptStatus, gasPrice: colReceiptEffectiveGasPrice,
			l1Fee: colReceiptL1Fee, blobGas: colReceiptBlobGasUsed, blobGasPrice: colReceiptBlobGasPrice,
		})
		t.receipt.hash, t.receipt.index = t.hash, t.index
	}
	if r.filled(colGas, false) {
		t.gas, t.facts = r.uint(colGas, math.MaxInt64), t.facts|knowsGas
	}
	if err := p.putHint(height, r); err != nil {
		return err
	}
	return p.put(height, etlTransactionRow, r, t)
}

// memo appends a call's data where they may be a memo; others are not kept.
func (r *etlRow) memo(to []byte) []byte {
	const prefix = len("0x")
	data := r.fields[colInput]
	if len(data) <= prefix || len(data) > prefix+2*chains.MaxMemo {
		return to
	}
	raw, ok := unhexAppend(to, data)
	if !ok || !memoData(raw) {
		return to
	}
	return raw
}

// receiptColumns are where a row has its receipt's fields.
type receiptColumns struct {
	gasUsed, contract, status, gasPrice, l1Fee, blobGas, blobGasPrice etlColumn
}

func (r *etlRow) receipt(c receiptColumns) etlReceipt {
	t := etlReceipt{facts: isReceipt | knowsGasUsed, gasUsed: r.uint(c.gasUsed, math.MaxInt64)}
	if r.filled(c.contract, false) {
		t.contract, t.facts = r.address(c.contract), t.facts|knowsContract
	}
	if r.filled(c.status, false) {
		t.facts |= knowsStatus
		if r.uint(c.status, 1) == 0 {
			t.facts |= isFailed
		}
	}
	if r.filled(c.gasPrice, false) {
		t.gasPrice, t.facts = r.word(c.gasPrice), t.facts|knowsGasPrice
	}
	if r.filled(c.blobGas, false) && r.filled(c.blobGasPrice, false) {
		t.blobGas, t.blobGasPrice, t.facts = r.uint(c.blobGas, math.MaxInt64), r.word(c.blobGasPrice), t.facts|knowsBlobGas
	}
	if r.filled(c.l1Fee, false) {
		t.l1Fee = r.word(c.l1Fee)
	}
	return t
}

func (p *etlRowReader) readReceipt(r *etlRow) error {
	height := r.height(colBlockNumber)
	p.receipt = r.receipt(receiptColumns{
		gasUsed: colGasUsed, contract: colContractAddress, status: colStatus, gasPrice: colEffectiveGasPrice,
		l1Fee: colL1Fee, blobGas: colBlobGasUsed, blobGasPrice: colBlobGasPrice,
	})
	p.receipt.hash, p.receipt.index = r.hash(colTransactionHash), r.uint(colTransactionIndex, math.MaxUint32-1)
	if err := p.putHint(height, r); err != nil {
		return err
	}
	return p.put(height, etlReceiptRow, r, &p.receipt)
}

func (p *etlRowReader) readLog(r *etlRow) error {
	height := r.height(colBlockNumber)
	l := &p.log
	*l = etlLog{
		log: r.uint(colLogIndex, math.MaxUint32-1), hash: r.hash(colTransactionHash), address: r.address(colAddress),
		topics: l.topics[:0], data: l.data[:0],
	}
	l.index = r.place(colTransactionIndex, &l.facts)
	r.list(colTopics, func(topic []byte) bool {
		size := len(l.topics)
		l.topics = append(l.topics, make([]byte, 32)...)
		return unhex(l.topics[size:], topic) && size < 4*32
	})
	var ok bool
	if l.data, ok = unhexAppend(l.data, r.fields[colData]); !ok {
		r.refuse(colData, "hexadecimal digits")
	}
	if err := p.putHint(height, r); err != nil {
		return err
	}
	return p.put(height, etlLogRow, r, l)
}

func (p *etlRowReader) readTokenTransfer(r *etlRow) error {
	height := r.height(colBlockNumber)
	p.transfer = etlTokenTransfer{
		log: r.uint(colLogIndex, math.MaxUint32-1), hash: r.hash(colTransactionHash), token: r.address(colTokenAddress),
		from: r.address(colFrom), to: r.address(colTo), value: r.word(colValue),
	}
	if err := p.putHint(height, r); err != nil {
		return err
	}
	return p.put(height, etlTokenTransferRow, r, &p.transfer)
}

func (p *etlRowReader) readToken(r *etlRow) error {
	decimals := r.fields[colDecimals]
	if len(decimals) == 0 || len(bytes.Trim(decimals, "0123456789")) == 0 && len(decimals) > 3 {
		return nil // the contract states none, or nonsense: it is no token of use
	}
	t := &p.token
	*t = etlToken{address: r.address(colAddress), decimals: r.uint(colDecimals, math.MaxInt64), symbol: r.fields[colSymbol]}
	if r.filled(colBlockNumber, false) {
		t.block = r.height(colBlockNumber)
	}
	if t.decimals > math.MaxUint8 {
		return nil
	}
	return p.put(tokenKey(t.address), etlTokenRow, r, t)
}

func tokenKey(token etlAddress) uint64 { return etlTokenKeys | binary.BigEndian.Uint64(token[:]) }
