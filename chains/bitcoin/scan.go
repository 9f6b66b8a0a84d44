package bitcoin

import (
	"bytes"
	"encoding/binary"
	"errors"
	"log/slog"
	"math/big"
	"slices"

	"tsuiseki/chains"
)

const (
	recordHead = 8                // magic and length in front of each block
	maxRecord  = 32 * 1024 * 1024 // more than any chain in Bitcoin's format allows a block
)

// record is where a block lies.
type record struct {
	hash   chains.BlockHash
	offset int64 // of the block, behind the record's head
	size   uint32
	file   uint16
}

// scan adds the header of every record to the tree. Between records it looks for
// the next magic: bitcoind pads its files with zeros and may leave torn records.
func (f *blkFile) scan(number uint16, magic uint32, tree *headerTree, log *slog.Logger) error {
	var head [recordHead + headerSize]byte
	for offset := int64(0); offset < f.size; {
		n, err := f.readAt(head[:], offset)
		if err != nil {
			return err
		}
		size := binary.LittleEndian.Uint32(head[4:])
		whole := n == len(head) && size >= headerSize+minTx && size <= maxRecord && offset+recordHead+int64(size) <= f.size
		if !whole || binary.LittleEndian.Uint32(head[:]) != magic {
			next, junk, err := f.nextMagic(offset+1, magic)
			if err != nil {
				return err
			}
			if junk {
				log.Warn("skipped bytes that are no block record", "file", f.path, "from", offset, "to", next)
			}
			offset = next
			continue
		}
		r := record{offset: offset + recordHead, size: size, file: number}
		if err := tree.add(head[recordHead:], r); err != nil {
			log.Warn("skipped a block record", "file", f.path, "at", offset, "reason", err)
		}
		if offset, err = f.recordEnd(offset, int64(size), magic); err != nil {
			return err
		}
	}
	return nil
}

// recordEnd is where to look on behind a record. One that nothing but another
// record, padding or the file's end follows is whole; any other may have been
// torn by a crash, and what it claims to contain may be the records written next.
func (f *blkFile) recordEnd(offset, size int64, magic uint32) (int64, error) {
	end := offset + recordHead + size
	var after [4]byte
	if _, err := f.readAt(after[:], end); err != nil || binary.LittleEndian.Uint32(after[:]) == magic {
		return end, err
	}
	next, junk, err := f.nextMagic(end, magic)
	if junk {
		return offset + recordHead + headerSize, err
	}
	return next, err
}

// nextMagic is the offset of the next magic at or after from, or the file's end,
// and whether anything but padding was passed on the way. Padding is zeros,
// obfuscated or not.
func (f *blkFile) nextMagic(from int64, magic uint32) (next int64, junk bool, err error) {
	want := binary.LittleEndian.AppendUint32(nil, magic)
	buf := make([]byte, 64*1024)
	for offset := from; offset < f.size; {
		n, err := f.readAt(buf, offset)
		if err != nil {
			return 0, false, err
		}
		found := bytes.Index(buf[:n], want)
		passed := n
		if found >= 0 {
			passed = found
		}
		junk = junk || !f.isPadding(buf[:passed], offset)
		if found >= 0 {
			return offset + int64(found), junk, nil
		}
		if n < len(buf) {
			break
		}
		offset += int64(n - len(want) + 1)
	}
	return f.size, junk, nil
}

// isPadding reports whether plain bytes at an offset are zeros, or were before
// the key was applied to them.
func (f *blkFile) isPadding(plain []byte, offset int64) bool {
	zeros := func(b []byte) bool { return len(bytes.TrimLeft(b, "\x00")) == 0 }
	if zeros(plain) {
		return true
	}
	raw := bytes.Clone(plain)
	for i := range raw {
		raw[i] ^= f.key[(offset+int64(i))&7]
	}
	return zeros(raw)
}

// headerTree links all headers found, to find the branch with the most work.
type headerTree struct {
	network Network
	byHash  map[chains.BlockHash]int32
	records []record
	copies  map[chains.BlockHash][]record // further records of a block
	parents []chains.BlockHash
	work    []*big.Int // of the header alone; headers of one difficulty share it
	shared  map[uint32]*big.Int
}

func newHeaderTree(network Network) *headerTree {
	return &headerTree{
		network: network,
		byHash:  map[chains.BlockHash]int32{},
		copies:  map[chains.BlockHash][]record{},
		shared:  map[uint32]*big.Int{},
	}
}

// add takes a header with its record.
func (t *headerTree) add(raw []byte, r record) error {
	header := decodeHeader(raw)
	r.hash = header.Hash
	if _, known := t.byHash[header.Hash]; known {
		t.copies[header.Hash] = append(t.copies[header.Hash], r)
		return nil
	}
	work, err := t.network.work(raw)
	if err != nil {
		return err
	}
	bits := binary.LittleEndian.Uint32(raw[72:])
	if same, ok := t.shared[bits]; ok {
		work = same
	} else {
		t.shared[bits] = work
	}
	t.byHash[header.Hash] = int32(len(t.records))
	t.records = append(t.records, r)
	t.parents = append(t.parents, header.Parent)
	t.work = append(t.work, work)
	return nil
}

// best is the branch with the most work, from its first block up. Of branches
// with equal work the one whose last block was found first wins.
func (t *headerTree) best() ([]record, error) {
	if len(t.records) == 0 {
		return nil, errors.New("no block of this network was found")
	}
	total := make([]*big.Int, len(t.records))
	var path []int32
	tip := 0
	for i := range t.records {
		below := new(big.Int)
		path = path[:0]
		for at, known := int32(i), true; known; at, known = t.parent(at) {
			if total[at] != nil {
				below = total[at]
				break
			}
			path = append(path, at)
		}
		for _, at := range slices.Backward(path) {
			total[at] = new(big.Int).Add(below, t.work[at])
			below = total[at]
		}
		if total[i].Cmp(total[tip]) > 0 {
			tip = i
		}
	}
	var branch []record
	for at, known := int32(tip), true; known; at, known = t.parent(at) {
		branch = append(branch, t.records[at])
	}
	slices.Reverse(branch)
	return branch, nil
}

func (t *headerTree) parent(i int32) (int32, bool) {
	p, known := t.byHash[t.parents[i]]
	return p, known
}
