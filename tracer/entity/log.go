package entity

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sort"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

// Files of the log and what their heads say.
const (
	addressesName, addressesKind = "addresses", "addr"
	linksName, linksKind         = "links", "link"
	blocksName, blocksKind       = "blocks", "blck"
)

// mostNumbers is how many addresses, and how many links, a log can hold.
const mostNumbers uint32 = math.MaxUint32 - 1

// chainLog is the truth of which everything else is made: which addresses the
// transactions of each block link. Addresses are numbered from 0 as they come, links
// from 1. What is added counts once it is committed.
type chainLog struct {
	dir  string
	from uint64 // height of the first block

	keys, links, rows *mapping // committed
	committed         int      // blocks
	saved             sums     // up to the last committed block

	newKeys, newLinks, newRows []byte
	now                        sums // up to what was added last
	whole                      sums // up to the last whole block

	unchecked []uint64 // a bit per committed block that was not held against its checksum
	// What the block holds that was used last, which is good: answers lie close together.
	goodAfter, goodTo sums
	err               error
}

var _ cluster.Links = (*chainLog)(nil)

func openLog(dir string, m *manifest) (_ *chainLog, err error) {
	l := &chainLog{dir: dir}
	if err := l.remap(m); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// remap maps what a manifest says is committed.
func (l *chainLog) remap(m *manifest) (err error) {
	if err := l.Close(); err != nil {
		return err
	}
	l.from, l.committed = m.From, m.Blocks
	for _, f := range []struct {
		into       **mapping
		name, kind string
		count      uint64
		size       int
	}{
		{&l.keys, addressesName, addressesKind, uint64(m.Addresses), keySize},
		{&l.links, linksName, linksKind, uint64(m.Links), linkSize},
		{&l.rows, blocksName, blocksKind, uint64(m.Blocks), blockSize},
	} {
		if *f.into, err = mapLog(filepath.Join(l.dir, f.name), f.kind, f.count*uint64(f.size), m.Blocks > 0); err != nil {
			return err
		}
	}
	l.unchecked = make([]uint64, (m.Blocks+63)/64)
	for i := range l.unchecked {
		l.unchecked[i] = math.MaxUint64
	}
	l.newKeys, l.newLinks, l.newRows = l.newKeys[:0], l.newLinks[:0], l.newRows[:0]
	l.saved = sums{}
	if m.Blocks > 0 {
		l.saved = l.row(m.Blocks - 1).sums
	}
	if l.err == nil && (l.saved.Addresses != m.Addresses || l.saved.Links != m.Links) {
		l.err = damaged(filepath.Join(l.dir, blocksName), "its last block counts otherwise than the manifest")
	}
	l.now, l.whole = l.saved, l.saved
	l.goodAfter, l.goodTo = sums{}, sums{}
	return l.err
}

func mapLog(path, kind string, size uint64, there bool) (*mapping, error) {
	if !there {
		return &mapping{}, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, damaged(path, "%v", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() < headSize || uint64(info.Size()) < headSize+size {
		return nil, damaged(path, "it has %d bytes, the manifest says %d", info.Size(), headSize+size)
	}
	m, err := mapFile(file, int64(headSize+size), false)
	if err != nil {
		return nil, err
	}
	if err := checkHead(path, kind, m.data); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	m.data = m.data[headSize:]
	return m, nil
}

// Close gives the memory back.
func (l *chainLog) Close() error {
	err := errors.Join(l.keys.Close(), l.links.Close(), l.rows.Close())
	l.keys, l.links, l.rows = nil, nil, nil
	return err
}

// Err implements cluster.Links.
func (l *chainLog) Err() error { return l.err }

func (l *chainLog) fail(name, format string, args ...any) {
	if l.err == nil {
		l.err = damaged(filepath.Join(l.dir, name), format, args...)
	}
}

// blocks counts whole blocks, committed or not.
func (l *chainLog) blocks() int { return l.committed + len(l.newRows)/blockSize }

// height of a block by its number from 0.
func (l *chainLog) height(block int) uint64 { return l.from + uint64(block) }

// row is what is kept of a block.
func (l *chainLog) row(block int) (b blockRow) {
	at, data := block, l.rows.data
	if block >= l.committed {
		at, data = block-l.committed, l.newRows
	}
	b, ok := readBlock(data[at*blockSize : (at+1)*blockSize])
	if !ok {
		l.fail(blocksName, "the record of the block at height %d does not match its checksum", l.height(block))
	}
	return b
}

// before are the sums before a block.
func (l *chainLog) before(block int) sums {
	if block == 0 {
		return sums{}
	}
	return l.row(block - 1).sums
}

// blockWith is the first block whose sums satisfy a condition, which those of all
// later blocks do too.
func (l *chainLog) blockWith(holds func(sums) bool) int {
	return sort.Search(l.blocks(), func(block int) bool { return holds(l.row(block).sums) })
}

// blockOf is the block of a link.
func (l *chainLog) blockOf(number uint32) int {
	return l.blockWith(func(s sums) bool { return s.Links >= number })
}

// blockOfAddress is the block that names an address first.
func (l *chainLog) blockOfAddress(id uint32) int {
	return l.blockWith(func(s sums) bool { return s.Addresses > id })
}

// use holds a committed block against its checksum, once.
func (l *chainLog) use(block int) bool {
	if l.unchecked == nil || block >= l.committed {
		return true
	}
	b, before := l.row(block), l.before(block)
	if l.err != nil {
		return false
	}
	l.goodAfter, l.goodTo = before, b.sums
	if l.unchecked[block>>6]&(1<<(block&63)) == 0 {
		return true
	}
	if b.Addresses < before.Addresses || b.Links < before.Links || b.Addresses > l.saved.Addresses || b.Links > l.saved.Links ||
		checksum(l.keys.data[int(before.Addresses)*keySize:int(b.Addresses)*keySize], l.links.data[int(before.Links)*linkSize:int(b.Links)*linkSize]) != b.data {
		l.goodTo = l.goodAfter
		l.fail(linksName, "what it and %s hold of the block at height %d does not match its checksum", addressesName, l.height(block))
		return false
	}
	l.unchecked[block>>6] &^= 1 << (block & 63)
	return true
}

// checkAll holds every block against its checksum: afterwards nothing is checked again.
func (l *chainLog) checkAll() error {
	for block := range l.committed {
		if !l.use(block) {
			break
		}
	}
	if l.err == nil {
		l.unchecked = nil
	}
	return l.err
}

func (l *chainLog) goodKey(id uint32) bool {
	return l.unchecked == nil || id >= l.goodAfter.Addresses && id < l.goodTo.Addresses || l.use(l.blockOfAddress(id))
}

func (l *chainLog) goodLink(number uint32) bool {
	return l.unchecked == nil || number > l.goodAfter.Links && number <= l.goodTo.Links || l.use(l.blockOf(number))
}

// keyAt is the key of an address.
func (l *chainLog) keyAt(id uint32) (k key) {
	switch {
	case id >= l.now.Addresses:
		l.fail(addressesName, "address %d is not there", id)
	case id >= l.saved.Addresses:
		copy(k[:], l.newKeys[int(id-l.saved.Addresses)*keySize:])
	case l.goodKey(id):
		copy(k[:], l.keys.data[int(id)*keySize:])
	}
	return k
}

// Count implements cluster.Links.
func (l *chainLog) Count() uint32 { return l.now.Links }

// record is a link as it is kept; nil where it cannot be read.
func (l *chainLog) record(number uint32) []byte {
	i := int(number) - 1
	switch {
	case number == 0 || number > l.now.Links:
		l.fail(linksName, "link %d is not there", number)
	case number > l.saved.Links:
		return l.newLinks[(i-int(l.saved.Links))*linkSize:]
	case l.goodLink(number):
		return l.links.data[i*linkSize:]
	}
	return nil
}

// Ends implements cluster.Links.
func (l *chainLog) Ends(number uint32) (from, to uint32) {
	r := l.record(number)
	if r == nil {
		return 0, 0
	}
	return binary.LittleEndian.Uint32(r), binary.LittleEndian.Uint32(r[4:])
}

// Link implements cluster.Links.
func (l *chainLog) Link(number uint32) cluster.Link {
	r := l.record(number)
	if r == nil {
		return cluster.Link{}
	}
	return cluster.Link{
		From: binary.LittleEndian.Uint32(r), To: binary.LittleEndian.Uint32(r[4:]), Heuristic: cluster.CoSpending,
		At: chains.Position{Height: l.height(l.blockOf(number)), Tx: binary.LittleEndian.Uint32(r[8:])},
	}
}

// addAddress numbers an address that was not there.
func (l *chainLog) addAddress(k key) (uint32, error) {
	if l.now.Addresses == mostNumbers {
		return 0, fmt.Errorf("the chain links more than %d addresses: the format of clusters cannot hold them", mostNumbers)
	}
	l.newKeys = append(l.newKeys, k[:]...)
	l.now.Addresses++
	return l.now.Addresses - 1, nil
}

// addLink adds a link of a transaction of the block being added.
func (l *chainLog) addLink(from, to, place uint32) (number uint32, err error) {
	if l.now.Links == mostNumbers {
		return 0, fmt.Errorf("the chain has more than %d links: the format of clusters cannot hold them", mostNumbers)
	}
	for _, n := range []uint32{from, to, place} {
		l.newLinks = binary.LittleEndian.AppendUint32(l.newLinks, n)
	}
	l.now.Links++
	return l.now.Links, nil
}

// endBlock makes what was added since the last one a block.
func (l *chainLog) endBlock(hash chains.BlockHash) {
	b := blockRow{hash: hash, sums: l.now}
	b.data = checksum(l.newKeys[int(l.whole.Addresses-l.saved.Addresses)*keySize:], l.newLinks[int(l.whole.Links-l.saved.Links)*linkSize:])
	l.newRows = b.append(l.newRows)
	l.whole = l.now
}

// rollback forgets what was added since the last whole block.
func (l *chainLog) rollback() {
	l.now = l.whole
	l.newKeys = l.newKeys[:int(l.now.Addresses-l.saved.Addresses)*keySize]
	l.newLinks = l.newLinks[:int(l.now.Links-l.saved.Links)*linkSize]
}
