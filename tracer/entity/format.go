package entity

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"tsuiseki/chains"
)

// formatVersion changes with every change of the files; docs/clusters.md describes them.
const formatVersion = 1

// ErrDamaged says that a file is not as it was written.
var ErrDamaged = errors.New("damaged")

// damaged names the file, and what to do.
func damaged(path, format string, args ...any) error {
	return fmt.Errorf("%s: %w: %s; remove the folder it is in, and the clusters are built again from the index", path, ErrDamaged, fmt.Sprintf(format, args...))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(parts ...[]byte) (sum uint32) {
	for _, part := range parts {
		sum = crc32.Update(sum, castagnoli, part)
	}
	return sum
}

// keySize is how much of a hash tells addresses apart: among a billion, two share a
// key by chance with a probability of 10^-11.
const keySize = 12

// key is what stands for an address in the files.
type key [keySize]byte

// keyOf is the first bytes of the SHA-256 of the address as its chain writes it, in
// which all scripts with one address agree.
func keyOf(address chains.Address) key {
	sum := sha256.Sum256([]byte(address))
	return key(sum[:keySize])
}

// head is how a file begins: what it is, and its version.
const headSize = 16

func head(kind string) []byte {
	return binary.LittleEndian.AppendUint32([]byte("tsuiseki"+kind), formatVersion)
}

func checkHead(path, kind string, file []byte) error {
	want := head(kind)
	if len(file) < headSize || string(file[:12]) != string(want[:12]) {
		return damaged(path, "it is no file of %s", kind)
	}
	if version := binary.LittleEndian.Uint32(file[12:]); version != formatVersion {
		return fmt.Errorf("%s has format %d, this program reads format %d: remove the folder it is in, and the clusters are built again from the index", path, version, formatVersion)
	}
	return nil
}

// linkSize: from (4), to (4), place of the transaction in its block (4).
const linkSize = 12

// blockSize: hash (32), four running sums (4 each), checksum of the block's
// addresses and links (4), of the record before this (4).
const blockSize = 56

// sums are running sums up to and with a block.
type sums struct {
	Addresses, Links uint32
	Missing          uint32 // transactions of several inputs of which not all are known
	Guarded          uint32 // transactions that the guard stopped
}

// blockRow is what is kept of a block.
type blockRow struct {
	hash chains.BlockHash
	sums
	data uint32 // checksum
}

func (b *blockRow) append(buf []byte) []byte {
	start := len(buf)
	buf = append(buf, b.hash[:]...)
	for _, n := range []uint32{b.Addresses, b.Links, b.Missing, b.Guarded, b.data} {
		buf = binary.LittleEndian.AppendUint32(buf, n)
	}
	return binary.LittleEndian.AppendUint32(buf, checksum(buf[start:]))
}

// readBlock reads a record; false where it is damaged.
func readBlock(buf []byte) (b blockRow, ok bool) {
	n := func(i int) uint32 { return binary.LittleEndian.Uint32(buf[32+4*i:]) }
	copy(b.hash[:], buf)
	b.sums, b.data = sums{n(0), n(1), n(2), n(3)}, n(4)
	return b, n(5) == checksum(buf[:blockSize-4])
}
