package ethereum

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"time"

	"tsuiseki/chains"
)

// etlRows are the rows of one block. They alias arena until the next read.
type etlRows struct {
	height       uint64
	arena        []byte
	codec        etlCodec
	blocks       []etlBlock
	hints        []etlHint
	transactions []etlTransaction
	receipts     []etlReceipt
	logs         []etlLog
	transfers    []etlTokenTransfer
	traces       []etlTrace
}

// read takes the first block's rows off a merge.
func (r *etlRows) read(merge *etlMerge) error {
	height := (*merge)[0].key
	*r = etlRows{
		height: height, arena: r.arena[:0], blocks: r.blocks[:0], hints: r.hints[:0], transactions: r.transactions[:0],
		receipts: r.receipts[:0], logs: r.logs[:0], transfers: r.transfers[:0], traces: r.traces[:0],
	}
	for len(*merge) > 0 && (*merge)[0].key == height {
		if err := r.add((*merge)[0].record); err != nil {
			return err
		}
		if err := merge.advance(); err != nil {
			return err
		}
	}
	return nil
}

// add reads a record.
func (r *etlRows) add(raw []byte) error {
	start := len(r.arena)
	r.arena = append(r.arena, raw...)
	r.codec = etlCodec{buf: r.arena[start:], reading: true}
	c := &r.codec
	var kind etlKind
	var source etlSource
	c.head(&kind, &source)
	switch kind {
	case etlBlockRow:
		decode(&r.blocks, c).etlSource = source
	case etlHintRow:
		decode(&r.hints, c).etlSource = source
	case etlTransactionRow:
		row := decode(&r.transactions, c)
		row.etlSource, row.receipt.etlSource = source, source
	case etlReceiptRow:
		decode(&r.receipts, c).etlSource = source
	case etlLogRow:
		decode(&r.logs, c).etlSource = source
	case etlTokenTransferRow:
		decode(&r.transfers, c).etlSource = source
	case etlTraceRow:
		decode(&r.traces, c).etlSource = source
	default:
		c.short()
	}
	return c.err
}

// decode appends the record that the codec holds.
func decode[T any, P interface {
	*T
	etlRecord
}](rows *[]T, c *etlCodec) *T {
	var zero T
	*rows = append(*rows, zero)
	row := &(*rows)[len(*rows)-1]
	P(row).code(c)
	return row
}

// at is the line that a row stands in.
func (s *etlSource) at() etlSource { return *s }

// unique sorts rows and keeps one of those that say the same: overlapping files
// are common. It returns two rows that contradict each other where there are.
func unique[T any, P interface {
	*T
	at() etlSource
}](rows *[]T, order func(a, b T) int, same func(kept, other *T) bool) (contradiction []etlSource) {
	if !slices.IsSortedFunc(*rows, order) {
		slices.SortStableFunc(*rows, order)
	}
	kept := (*rows)[:0]
	for i := range *rows {
		row := &(*rows)[i]
		last := len(kept) - 1
		switch {
		case last < 0 || order(kept[last], *row) != 0:
			kept = append(kept, *row)
		case !same(&kept[last], row):
			return []etlSource{P(&kept[last]).at(), P(row).at()}
		case more(kept[last], *row):
			kept[last] = *row
		}
	}
	*rows = kept
	return nil
}

// more reports whether other knows more than kept, which says the same.
func more[T any](kept, other T) bool {
	known := func(row any) etlFacts {
		switch row := row.(type) {
		case etlBlock:
			return row.facts
		case etlTransaction:
			return row.facts | row.receipt.facts
		case etlReceipt:
			return row.facts
		case etlLog:
			return row.facts
		case etlTrace:
			return row.facts
		}
		return 0
	}
	return known(other).count() > known(kept).count()
}

// settle leaves one row for each fact.
func (e *ETL) settle(r *etlRows) error {
	sameReceipt := func(a, b *etlReceipt) bool {
		return a.hash == b.hash && a.gasUsed == b.gasUsed &&
			(!a.facts.has(knowsStatus) || !b.facts.has(knowsStatus) || a.facts&isFailed == b.facts&isFailed)
	}
	checks := [][]etlSource{
		unique(&r.blocks, func(_, _ etlBlock) int { return 0 }, func(a, b *etlBlock) bool { return a.hash == b.hash }),
		unique(&r.transactions, func(a, b etlTransaction) int { return cmp.Compare(a.index, b.index) }, func(a, b *etlTransaction) bool {
			return a.hash == b.hash && a.from == b.from && a.to == b.to && a.value == b.value
		}),
		unique(&r.receipts, func(a, b etlReceipt) int { return cmp.Compare(a.index, b.index) }, sameReceipt),
		unique(&r.logs, func(a, b etlLog) int { return cmp.Compare(a.log, b.log) }, func(a, b *etlLog) bool {
			return a.hash == b.hash && a.address == b.address && bytes.Equal(a.topics, b.topics) && bytes.Equal(a.data, b.data)
		}),
		unique(&r.transfers, func(a, b etlTokenTransfer) int { return cmp.Compare(a.log, b.log) }, func(a, b *etlTokenTransfer) bool {
			return a.hash == b.hash && a.token == b.token && a.from == b.from && a.to == b.to && a.value == b.value
		}),
	}
	for _, pair := range checks {
		if pair != nil {
			return e.contradiction(r.height, pair[0], pair[1])
		}
	}
	return nil
}

func (e *ETL) contradiction(height uint64, a, b etlSource) error {
	return corrupt("block %d: %s and %s contradict each other; keep the one that is right", height, e.at(a), e.at(b))
}

// at names a line.
func (e *ETL) at(s etlSource) string {
	if s.file >= uint64(len(e.files)) {
		return fmt.Sprintf("line %d", s.line)
	}
	return fmt.Sprintf("%s line %d", e.files[s.file].path, s.line)
}

// header is what the rows say of their block.
func (e *ETL) header(r *etlRows) (*chains.Block, error) {
	block := &chains.Block{}
	block.Height = r.height
	facts, source := etlFacts(0), etlSource{}
	take := func(from etlSource, known etlFacts, hash [32]byte, seconds uint64) error {
		at := time.Unix(int64(seconds), 0).UTC()
		both := known & facts
		if (both.has(knowsHash) && block.Hash != hash) || (both.has(knowsTime) && !block.Time.Equal(at)) {
			return e.contradiction(r.height, source, from)
		}
		if known.has(knowsHash) {
			block.Hash, source = hash, from
		}
		if known.has(knowsTime) {
			block.Time = at
		}
		facts |= known
		return nil
	}
	for i := range r.blocks {
		b := &r.blocks[i]
		if err := take(b.etlSource, b.facts|knowsHash, b.hash, b.time); err != nil {
			return nil, err
		}
		block.Parent = b.parent
		if b.facts.has(knowsMiner) {
			block.Producer = b.miner.chain()
		}
	}
	for i := range r.hints {
		h := &r.hints[i]
		if err := take(h.etlSource, h.facts, h.hash, h.time); err != nil {
			return nil, err
		}
	}
	return block, nil
}
