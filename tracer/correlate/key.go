package correlate

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// kind is what cases can have in common.
type kind uint8

const (
	kindAddress kind = 1 + iota
	kindEntity
	kindHolder
	kindFunder
)

// keySize is how much of a hash tells nodes apart: among a billion, two share a key by
// chance with a probability of 10^-11.
const keySize = 12

// key is what stands for a node in the index.
type key [keySize]byte

func keyOf(k kind, chain chains.Chain, name string) key {
	buf := make([]byte, 0, 128)
	buf = append(buf, byte(k))
	buf = append(buf, chain...)
	buf = append(buf, 0)
	buf = append(buf, name...)
	sum := sha256.Sum256(buf)
	return key(sum[:keySize])
}

func addressKey(a graph.Address) key { return keyOf(kindAddress, a.Chain, string(a.Address)) }

func (k key) compare(o key) int { return bytes.Compare(k[:], o[:]) }

// prefix is what an entry keeps of another node's key; never 0, which is none.
func (k key) prefix() uint64 { return max(1, binary.BigEndian.Uint64(k[:])) }

// holderName is the form in which two exchanges' names of one person agree: by
// compatibility forms, without case, with single spaces. Two people of one name and
// nationality cannot be told apart.
func holderName(h *Holder) string {
	plain := func(s string) string {
		return strings.Join(strings.Fields(cases.Fold().String(norm.NFKC.String(s))), " ")
	}
	return plain(h.Name) + "\x00" + plain(h.Nationality)
}

// hashID is the first n bytes of the SHA-256 of texts, each closed by a zero byte.
func hashID(n int, texts ...string) string {
	h := sha256.New()
	for _, t := range texts {
		h.Write([]byte(t))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:n])
}

// LinkID names the link of two cases, whatever it rests on.
func LinkID(a, b graph.CaseID) string {
	if b < a {
		a, b = b, a
	}
	const size = 10
	return hashID(size, "link", string(a), string(b))
}
