package ethereum

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// etlFacts are bits: which facts a record holds.
type etlFacts uint32

const (
	knowsHash etlFacts = 1 << iota
	knowsIndex
	knowsTo
	knowsFrom
	knowsValue
	knowsParent
	knowsTime
	knowsMiner
	knowsBaseFee
	knowsCount
	knowsBloom
	knowsWithdrawals
	knowsGasUsed
	knowsGasPrice
	knowsStatus
	knowsContract
	knowsBlobGas
	knowsSubtraces
	isFailed
	isEmptyBloom
	isProofOfStake
	isProofOfWork
	isBlobTx
	knowsGas
	isReceipt
)

func (f etlFacts) has(bits etlFacts) bool { return f&bits == bits }

// count is how much is known.
func (f etlFacts) count() int { return bits.OnesCount32(uint32(f)) }

// The records of rows, as they are sorted and spilled. Each lists its parts
// once, in code, for writing and reading alike.

type etlBlock struct {
	etlSource
	facts       etlFacts
	hash        [32]byte
	parent      [32]byte
	time        uint64
	miner       etlAddress
	baseFee     etlWord
	count       uint64 // of transactions
	withdrawals []etlWithdrawal
}

type etlWithdrawal struct {
	index  uint64
	to     etlAddress
	amount uint64 // gwei
}

type etlHint struct {
	etlSource
	facts etlFacts
	hash  [32]byte
	time  uint64
}

type etlTransaction struct {
	etlSource
	hash       [32]byte
	index      uint64
	facts      etlFacts
	from, to   etlAddress
	value      etlWord
	nonce, gas uint64
	gasPrice   etlWord
	memo       []byte     // the call's data, where they may be one
	receipt    etlReceipt // of streamed lines
}

type etlReceipt struct {
	etlSource
	facts        etlFacts
	hash         [32]byte
	index        uint64
	gasUsed      uint64
	gasPrice     etlWord // effective
	contract     etlAddress
	blobGas      uint64
	blobGasPrice etlWord
	l1Fee        etlWord // what a rollup's transaction pays for its data
}

type etlLog struct {
	etlSource
	facts   etlFacts
	log     uint64
	hash    [32]byte
	index   uint64
	address etlAddress
	topics  []byte // 32 bytes each
	data    []byte
}

type etlTokenTransfer struct {
	etlSource
	log             uint64
	hash            [32]byte
	token, from, to etlAddress
	value           etlWord
}

type etlTrace struct {
	etlSource
	facts     etlFacts
	hash      [32]byte
	index     uint64
	from, to  etlAddress
	value     etlWord
	kind      etlTraceKind
	subtraces uint64
	// The trace address, four bytes a step, big-endian: sorts as the call tree.
	// Of what is in no transaction, the trace id.
	path []byte
}

type etlToken struct {
	etlSource
	address  etlAddress
	block    uint64
	decimals uint64
	symbol   []byte
}

func (b *etlBlock) code(c *etlCodec) {
	c.facts(&b.facts)
	c.fixed(b.hash[:])
	c.fixed(b.parent[:])
	c.uint(&b.time)
	c.fixed(b.miner[:])
	c.word(&b.baseFee)
	c.uint(&b.count)
	n := uint64(len(b.withdrawals))
	c.uint(&n)
	if c.reading {
		b.withdrawals = make([]etlWithdrawal, min(n, uint64(len(c.buf))))
	}
	for i := range b.withdrawals {
		w := &b.withdrawals[i]
		c.uint(&w.index)
		c.fixed(w.to[:])
		c.uint(&w.amount)
	}
}

func (h *etlHint) code(c *etlCodec) {
	c.facts(&h.facts)
	c.fixed(h.hash[:])
	c.uint(&h.time)
}

func (t *etlTransaction) code(c *etlCodec) {
	c.facts(&t.facts)
	c.fixed(t.hash[:])
	c.uint(&t.index)
	c.fixed(t.from[:])
	c.fixed(t.to[:])
	c.word(&t.value)
	c.uint(&t.nonce)
	c.uint(&t.gas)
	c.word(&t.gasPrice)
	c.bytes(&t.memo)
	t.receipt.code(c)
}

func (r *etlReceipt) code(c *etlCodec) {
	c.facts(&r.facts)
	if !r.facts.has(isReceipt) {
		return
	}
	c.fixed(r.hash[:])
	c.uint(&r.index)
	c.uint(&r.gasUsed)
	c.word(&r.gasPrice)
	c.fixed(r.contract[:])
	c.uint(&r.blobGas)
	c.word(&r.blobGasPrice)
	c.word(&r.l1Fee)
}

func (l *etlLog) code(c *etlCodec) {
	c.facts(&l.facts)
	c.uint(&l.log)
	c.fixed(l.hash[:])
	c.uint(&l.index)
	c.fixed(l.address[:])
	c.bytes(&l.topics)
	c.bytes(&l.data)
}

func (t *etlTokenTransfer) code(c *etlCodec) {
	c.uint(&t.log)
	c.fixed(t.hash[:])
	c.fixed(t.token[:])
	c.fixed(t.from[:])
	c.fixed(t.to[:])
	c.word(&t.value)
}

func (t *etlTrace) code(c *etlCodec) {
	c.facts(&t.facts)
	c.fixed(t.hash[:])
	c.uint(&t.index)
	c.fixed(t.from[:])
	c.fixed(t.to[:])
	c.word(&t.value)
	kind := uint64(t.kind)
	c.uint(&kind)
	t.kind = etlTraceKind(kind)
	c.uint(&t.subtraces)
	c.bytes(&t.path)
}

func (t *etlToken) code(c *etlCodec) {
	c.fixed(t.address[:])
	c.uint(&t.block)
	c.uint(&t.decimals)
	c.bytes(&t.symbol)
}

// etlCodec writes a record's parts to the end of buf, or reads them from its
// start. What it reads aliases buf.
type etlCodec struct {
	buf     []byte
	reading bool
	err     error
}

// head codes what stands in front of every record.
func (c *etlCodec) head(kind *etlKind, source *etlSource) {
	k := uint64(*kind)
	c.uint(&k)
	*kind = etlKind(k)
	c.uint(&source.file)
	c.uint(&source.line)
}

func (c *etlCodec) uint(v *uint64) {
	if !c.reading {
		c.buf = binary.AppendUvarint(c.buf, *v)
		return
	}
	n, size := binary.Uvarint(c.buf)
	if size <= 0 {
		c.short()
		return
	}
	*v, c.buf = n, c.buf[size:]
}

func (c *etlCodec) facts(f *etlFacts) {
	n := uint64(*f)
	c.uint(&n)
	*f = etlFacts(n)
}

func (c *etlCodec) fixed(v []byte) {
	if !c.reading {
		c.buf = append(c.buf, v...)
		return
	}
	if len(c.buf) < len(v) {
		c.short()
		return
	}
	copy(v, c.buf)
	c.buf = c.buf[len(v):]
}

// word leaves out leading zeros.
func (c *etlCodec) word(w *etlWord) {
	zeros := uint64(0)
	for !c.reading && zeros < 32 && w[zeros] == 0 {
		zeros++
	}
	c.uint(&zeros)
	if zeros > 32 {
		c.short()
		return
	}
	c.fixed(w[zeros:])
}

func (c *etlCodec) bytes(v *[]byte) {
	n := uint64(len(*v))
	c.uint(&n)
	if !c.reading {
		c.buf = append(c.buf, *v...)
		return
	}
	if n > uint64(len(c.buf)) {
		c.short()
		return
	}
	*v, c.buf = c.buf[:n:n], c.buf[n:]
}

func (c *etlCodec) short() {
	c.buf, c.err = nil, errors.New("a temporary file does not hold what was written to it: is its disk full or damaged?")
}
