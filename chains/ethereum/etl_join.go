package ethereum

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"tsuiseki/chains"
)

// etlTx is a transaction while its rows are joined.
type etlTx struct {
	etlSource          // of the row that told of it first
	hash      [32]byte // its id
	index     uint64
	placed    bool // index is known
	firstLog  uint64
	row       *etlTransaction // nil: not held
	receipt   *etlReceipt
	frames    []*etlTrace
	logs      []logRecord
	transfers []*etlTokenTransfer // whose logs are not held
}

// etlJoin joins a block's rows by transaction. It is used again for the next block.
type etlJoin struct {
	etl     *ETL
	rows    *etlRows
	txs     []*etlTx
	spare   []*etlTx // of the blocks before
	byIndex map[uint64]*etlTx
	byHash  map[[32]byte]*etlTx
	last    *etlTx // rows of a transaction mostly follow each other
	logs    []logRecord
	topics  []common.Hash

	nameless int // frames whose transaction's id nothing tells
	unplaced int // transactions whose place nothing tells
}

// find is the transaction of a row, new where no row told of it before; nil
// where the row does not have its id and no other row does.
func (j *etlJoin) find(from etlSource, facts etlFacts, hash [32]byte, index uint64) (*etlTx, error) {
	if t := j.last; t != nil && facts.has(knowsHash) && t.hash == hash && (!facts.has(knowsIndex) || (t.placed && t.index == index)) {
		return t, nil
	}
	var t *etlTx
	if facts.has(knowsHash) {
		t = j.byHash[hash]
	}
	if facts.has(knowsIndex) {
		placed := j.byIndex[index]
		switch {
		case placed != nil && facts.has(knowsHash) && placed.hash != hash:
			return nil, j.etl.contradiction(j.rows.height, placed.etlSource, from)
		case t != nil && t.placed && t.index != index:
			return nil, j.etl.contradiction(j.rows.height, t.etlSource, from)
		case placed != nil:
			t = placed
		}
	}
	if t == nil {
		if !facts.has(knowsHash) {
			return nil, nil
		}
		t = j.newTx()
		*t = etlTx{etlSource: from, hash: hash, firstLog: math.MaxUint64, frames: t.frames[:0], transfers: t.transfers[:0]}
		j.txs = append(j.txs, t)
		j.byHash[hash] = t
	}
	if facts.has(knowsIndex) && !t.placed {
		t.index, t.placed = index, true
		j.byIndex[index] = t
	}
	j.last = t
	return t, nil
}

func (j *etlJoin) newTx() *etlTx {
	last := len(j.spare) - 1
	if last < 0 {
		return &etlTx{}
	}
	t := j.spare[last]
	j.spare = j.spare[:last]
	return t
}

// start makes room for a block's rows.
func (j *etlJoin) start(rows *etlRows) {
	clear(j.byIndex)
	clear(j.byHash)
	j.rows, j.last, j.nameless, j.unplaced = rows, nil, 0, 0
	j.spare, j.txs = append(j.spare, j.txs...), j.txs[:0]
	j.logs, j.topics = slices.Grow(j.logs[:0], len(rows.logs)), j.topics[:0]
	topics := 0
	for i := range rows.logs {
		topics += len(rows.logs[i].topics) / common.HashLength
	}
	j.topics = slices.Grow(j.topics, topics)
}

// join assigns all rows to transactions, and those to places.
func (j *etlJoin) join(rows *etlRows) error {
	j.start(rows)
	for i := range j.rows.transactions {
		row := &j.rows.transactions[i]
		t, err := j.find(row.etlSource, knowsHash|knowsIndex, row.hash, row.index)
		if err != nil {
			return err
		}
		if t.row = row; row.receipt.facts.has(isReceipt) {
			t.receipt = &row.receipt
		}
	}
	for i := range j.rows.receipts {
		row := &j.rows.receipts[i]
		t, err := j.find(row.etlSource, knowsHash|knowsIndex, row.hash, row.index)
		if err != nil {
			return err
		}
		t.receipt = row
	}
	for _, join := range []func() error{j.joinLogs, j.joinTransfers, j.joinTraces} {
		if err := join(); err != nil {
			return err
		}
	}
	return j.place()
}

func (j *etlJoin) joinLogs() error {
	for i := range j.rows.logs {
		row := &j.rows.logs[i]
		t, err := j.find(row.etlSource, row.facts|knowsHash, row.hash, row.index)
		if err != nil {
			return err
		}
		start := len(j.topics)
		for at := 0; at < len(row.topics); at += common.HashLength {
			j.topics = append(j.topics, common.Hash(row.topics[at:]))
		}
		log := logRecord{Address: row.address.chain(), Topics: j.topics[start:len(j.topics):len(j.topics)], Data: row.data, Index: uint32(row.log)}
		j.logs = append(j.logs, log)
		last := len(j.logs) - 1
		switch n := len(t.logs); {
		case n == 0:
			t.logs = j.logs[last : last+1]
		case last > 0 && &t.logs[n-1] == &j.logs[last-1]: // a transaction's logs follow each other
			t.logs = t.logs[:n+1]
		default:
			t.logs = append(slices.Clip(t.logs), log)
		}
		t.firstLog = min(t.firstLog, row.log)
	}
	return nil
}

// joinTransfers takes the token transfers whose logs are not held, and compares
// the others with their logs.
func (j *etlJoin) joinTransfers() error {
	logs := j.rows.logs
	for i := range j.rows.transfers {
		row := &j.rows.transfers[i]
		t, err := j.find(row.etlSource, knowsHash, row.hash, 0)
		if err != nil {
			return err
		}
		if row.token[0] == 0xff && row.token.chain() == systemAddress {
			continue // logs of the coin, of which other rows tell
		}
		at, held := slices.BinarySearchFunc(logs, row.log, func(l etlLog, log uint64) int { return cmp.Compare(l.log, log) })
		if !held {
			t.firstLog = min(t.firstLog, row.log)
			t.transfers = append(t.transfers, row)
			continue
		}
		k := slices.IndexFunc(t.logs, func(l logRecord) bool { return uint64(l.Index) == row.log })
		if k < 0 || !row.tells(t.logs[k]) {
			return j.etl.contradiction(j.rows.height, logs[at].etlSource, row.etlSource)
		}
	}
	return nil
}

// tells reports whether the row is what ethereum-etl makes of a log. It takes
// Transfer logs of any shape, those that are no standard's among them.
func (t *etlTokenTransfer) tells(l logRecord) bool {
	if l.event() != transferEvent || l.Address != t.token.chain() {
		return false
	}
	moved, _, ok := decodeLog(l)
	if !ok {
		return true
	}
	amount := moved[0].Amount
	if moved[0].Kind == chains.CollectibleTransfer {
		amount = moved[0].TokenID
	}
	return moved[0].From == t.from.chain() && moved[0].To == t.to.chain() && amount.Equal(t.value.amount())
}

func (j *etlJoin) joinTraces() error {
	for _, named := range []bool{true, false} { // those with an id may tell that of others
		for i := range j.rows.traces {
			row := &j.rows.traces[i]
			if !row.kind.inTransaction() || row.facts.has(knowsHash) != named {
				continue
			}
			t, err := j.find(row.etlSource, row.facts, row.hash, row.index)
			switch {
			case err != nil:
				return err
			case t == nil:
				j.nameless++
			default:
				t.frames = append(t.frames, row)
			}
		}
	}
	for _, t := range j.txs {
		slices.SortStableFunc(t.frames, func(a, b *etlTrace) int { return bytes.Compare(a.path, b.path) })
		kept := t.frames[:0]
		for _, f := range t.frames {
			last := len(kept) - 1
			switch {
			case last < 0 || !bytes.Equal(kept[last].path, f.path):
				kept = append(kept, f)
			case kept[last].kind != f.kind || kept[last].facts.has(knowsValue) && f.facts.has(knowsValue) &&
				(kept[last].value != f.value || kept[last].from != f.from || kept[last].to != f.to):
				return j.etl.contradiction(j.rows.height, kept[last].etlSource, f.etlSource)
			case more(*kept[last], *f):
				kept[last] = f
			}
		}
		t.frames = kept
	}
	return nil
}

// place gives transactions whose place no row tells the first free ones that
// keep the order of logs, and sorts all by place.
func (j *etlJoin) place() error {
	byLog := slices.Clone(j.txs)
	slices.SortFunc(byLog, func(a, b *etlTx) int {
		return cmp.Or(cmp.Compare(a.firstLog, b.firstLog), cmp.Compare(a.index, b.index), bytes.Compare(a.hash[:], b.hash[:]))
	})
	next, before := uint64(0), (*etlTx)(nil)
	for _, t := range byLog {
		switch {
		case t.placed && t.firstLog == math.MaxUint64:
			continue
		case t.placed && t.index < next:
			return j.etl.contradiction(j.rows.height, before.etlSource, t.etlSource)
		case !t.placed:
			for j.byIndex[next] != nil {
				next++
			}
			t.index = next
			j.byIndex[next] = t
			j.unplaced++
		}
		next, before = t.index+1, t
	}
	slices.SortFunc(j.txs, func(a, b *etlTx) int { return cmp.Compare(a.index, b.index) })
	return nil
}
