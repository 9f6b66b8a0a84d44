package index

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2/sstable"

	"tsuiseki/chains"
)

// movements gathers what transactions did to balances.
type movements struct {
	rows  []movement
	sums  []byte // the rows' values
	sides []side // of the transaction that is being read
	err   error
}

// movement is a row. Its pair is the account's number and the asset's.
type movement struct {
	pair  uint64
	pos   uint64
	start uint32 // in sums
	size  uint8
}

// side is one account's side of a transfer.
type side struct {
	pair   uint64
	amount chains.Amount
	out    bool
	trade  bool // value moved otherwise than as a fee
}

func (m *movements) reuse() { m.rows, m.sums = m.rows[:0], m.sums[:0] }

func (m *movements) size() int {
	const rowSize = 24
	return len(m.rows)*rowSize + len(m.sums)
}

// maxSums is where the rows' places in sums end, whatever the batch may hold.
const maxSums = 1 << 31

// move takes both sides of a transfer. A fee's are told apart because they make
// nobody a counterparty.
func (m *movements) move(p parties, amount chains.Amount, counts bool) {
	trade := counts && amount.Sign() > 0
	if p.from != 0 {
		m.sides = append(m.sides, side{uint64(p.from)<<32 | uint64(p.asset), amount, true, trade})
	}
	if p.to != 0 {
		m.sides = append(m.sides, side{uint64(p.to)<<32 | uint64(p.asset), amount, false, trade})
	}
}

// settle sums the sides up to one row for each account and asset.
func (m *movements) settle(pos uint64) {
	slices.SortFunc(m.sides, func(a, b side) int { return cmp.Compare(a.pair, b.pair) })
	for i := 0; i < len(m.sides); {
		pair, trade := m.sides[i].pair, false
		var in, out chains.Amount
		for ; i < len(m.sides) && m.sides[i].pair == pair; i++ {
			if s := &m.sides[i]; s.out {
				out = out.Add(s.amount)
			} else {
				in = in.Add(s.amount)
			}
			trade = trade || m.sides[i].trade
		}
		start := len(m.sums)
		var err error
		if m.sums, err = appendMovement(m.sums, in, out, trade); err != nil {
			m.err = err
			break
		}
		m.rows = append(m.rows, movement{pair, pos, uint32(start), uint8(len(m.sums) - start)})
	}
	m.sides = m.sides[:0]
}

// A movement's value: nothing where only transfers of nothing were met; else one
// byte with the length of what came in, and a flag where the transaction moved
// value otherwise than as a fee; the bytes of what came in; those of what went out.
const (
	movementLength = 0x3f
	movementTrade  = 0x40
)

func appendMovement(value []byte, in, out chains.Amount, trade bool) ([]byte, error) {
	size := (in.BitLen() + 7) / 8
	if longest := 8 * movementLength; in.BitLen() > longest || out.BitLen() > longest {
		return value, fmt.Errorf("%w: one transaction moves %s in, %s out", chains.ErrCorrupt, in, out)
	}
	if in.IsZero() && out.IsZero() {
		return value, nil
	}
	value = append(value, byte(size)|flag(trade)*movementTrade)
	return out.AppendBytes(in.AppendBytes(value)), nil
}

func readMovement(value []byte) (in, out chains.Amount, trade bool, err error) {
	if len(value) == 0 {
		return in, out, false, nil
	}
	size := int(value[0] & movementLength)
	trade, value = value[0]&movementTrade != 0, value[1:]
	if size > len(value) {
		return in, out, false, errEncoding
	}
	return chains.AmountOfBytes(value[:size]), chains.AmountOfBytes(value[size:]), trade, nil
}

func (m *movements) table(n *names) sortedTable {
	return sortedTable{tableMovement, len(m.rows), func(w *sstable.Writer) error { return m.write(w, n) }}
}

// write puts the rows out by account, asset and position. Sorting the addresses
// first leaves numbers to compare. The rows' pairs are ranks after it.
func (m *movements) write(w *sstable.Writer, n *names) error {
	order := make([]uint32, len(n.list)) // from rank to number
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order[1:], func(a, b uint32) int {
		return bytes.Compare(n.list[a].account[:], n.list[b].account[:])
	})
	rank := make([]uint64, len(order))
	for i, id := range order {
		rank[id] = uint64(i)
	}
	for i := range m.rows {
		r := &m.rows[i]
		r.pair = rank[r.pair>>32]<<32 | rank[uint32(r.pair)]
	}
	slices.SortFunc(m.rows, func(a, b movement) int {
		if a.pair != b.pair {
			return cmp.Compare(a.pair, b.pair)
		}
		return cmp.Compare(a.pos, b.pos)
	})
	var key []byte
	for i := range m.rows {
		r := &m.rows[i]
		key = append(key[:0], tableMovement)
		key = append(key, n.list[order[r.pair>>32]].account[:]...)
		key = append(key, n.list[order[uint32(r.pair)]].account[:]...)
		if err := w.Set(appendPos(key, r.pos), m.sums[r.start:][:r.size]); err != nil {
			return err
		}
	}
	return nil
}

// key is the row's key, while its pair is of numbers.
func (r *movement) key(n *names) []byte {
	holder, asset := n.list[r.pair>>32].account, n.list[uint32(r.pair)].account
	return appendPos(pairKey(tableMovement, holder, asset), r.pos)
}
