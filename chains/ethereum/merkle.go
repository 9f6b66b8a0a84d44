package ethereum

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

// listHasher computes the root of the Merkle Patricia trie (Yellow Paper, appendix
// D) that a header holds of its transactions or receipts, as types.ListHasher. It
// builds each node once, from all pairs; go-ethereum's own tries would bring
// their databases along.
type listHasher struct{ pairs []pair }

type pair struct{ nibbles, value []byte }

// Reset forgets all pairs.
func (h *listHasher) Reset() { h.pairs = h.pairs[:0] }

// Update adds a pair; keys are distinct and none is the start of another.
func (h *listHasher) Update(key, value []byte) error {
	nibbles := make([]byte, 0, 2*len(key))
	for _, b := range key {
		nibbles = append(nibbles, b>>4, b&15)
	}
	h.pairs = append(h.pairs, pair{nibbles, bytes.Clone(value)})
	return nil
}

// Hash is the root of all pairs.
func (h *listHasher) Hash() common.Hash {
	if len(h.pairs) == 0 {
		return crypto.Keccak256Hash(rlpString(nil))
	}
	slices.SortFunc(h.pairs, func(a, b pair) int { return bytes.Compare(a.nibbles, b.nibbles) })
	return crypto.Keccak256Hash(trieNode(h.pairs, 0))
}

// trieNode encodes the node under which all of the sorted pairs stand, which agree
// in their nibbles up to the depth.
func trieNode(pairs []pair, depth int) []byte {
	first, last := pairs[0].nibbles[depth:], pairs[len(pairs)-1].nibbles[depth:]
	if len(pairs) == 1 {
		return rlpList(rlpString(hexPrefix(first, true)), rlpString(pairs[0].value))
	}
	shared := 0
	for shared < len(first) && shared < len(last) && first[shared] == last[shared] {
		shared++
	}
	if shared > 0 {
		return rlpList(rlpString(hexPrefix(first[:shared], false)), reference(trieNode(pairs, depth+shared)))
	}
	var children [17][]byte
	for i := range children {
		children[i] = rlpString(nil)
	}
	for len(pairs) > 0 {
		nibble := pairs[0].nibbles[depth]
		end := 1
		for end < len(pairs) && pairs[end].nibbles[depth] == nibble {
			end++
		}
		children[nibble] = reference(trieNode(pairs[:end], depth+1))
		pairs = pairs[end:]
	}
	return rlpList(children[:]...)
}

// reference stands for a node within its parent: its hash, or itself where that is shorter.
func reference(node []byte) []byte {
	if len(node) < common.HashLength {
		return node
	}
	return rlpString(crypto.Keccak256(node))
}

// hexPrefix packs nibbles into bytes, with their parity and the kind of node in front.
func hexPrefix(nibbles []byte, leaf bool) []byte {
	flag := byte(0)
	if leaf {
		flag = 2
	}
	packed := []byte{flag << 4}
	if len(nibbles)%2 == 1 {
		packed[0] |= 1<<4 | nibbles[0]
		nibbles = nibbles[1:]
	}
	for pair := range slices.Chunk(nibbles, 2) {
		packed = append(packed, pair[0]<<4|pair[1])
	}
	return packed
}

// rlpString and rlpList encode as the Yellow Paper's appendix B has it.
func rlpString(s []byte) []byte {
	if len(s) == 1 && s[0] < 0x80 {
		return s
	}
	return append(rlpHeader(0x80, len(s)), s...)
}

func rlpList(items ...[]byte) []byte {
	content := slices.Concat(items...)
	return append(rlpHeader(0xc0, len(content)), content...)
}

func rlpHeader(kind byte, size int) []byte {
	const short = 55
	if size <= short {
		return []byte{kind + byte(size)}
	}
	digits := bytes.TrimLeft(binary.BigEndian.AppendUint64(nil, uint64(size)), "\x00")
	return append([]byte{kind + short + byte(len(digits))}, digits...)
}
