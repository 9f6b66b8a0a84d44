package chains

import (
	"encoding/hex"
	"fmt"
)

// TxID identifies a transaction. Its bytes stand in the order in which people
// read them, which for Bitcoin is the reverse of the order on the wire.
type TxID [32]byte

// BlockHash identifies a block, in the order in which people read it.
type BlockHash [32]byte

// ParseTxID reads 64 hexadecimal digits, with or without a leading 0x.
func ParseTxID(s string) (TxID, error) {
	id, err := parseHash(s)
	if err != nil {
		return TxID{}, fmt.Errorf("transaction id %.80q: %w", s, err)
	}
	return id, nil
}

// ParseBlockHash reads 64 hexadecimal digits, with or without a leading 0x.
func ParseBlockHash(s string) (BlockHash, error) {
	hash, err := parseHash(s)
	if err != nil {
		return BlockHash{}, fmt.Errorf("block hash %.80q: %w", s, err)
	}
	return hash, nil
}

func parseHash(s string) (hash [32]byte, err error) {
	if len(s) > 1 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') {
		s = s[2:]
	}
	if len(s) != 2*len(hash) {
		return hash, fmt.Errorf("want %d hexadecimal digits, have %d characters", 2*len(hash), len(s))
	}
	if _, err := hex.Decode(hash[:], []byte(s)); err != nil {
		return hash, err
	}
	return hash, nil
}

func (id TxID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText writes the id in lower-case hexadecimal digits.
func (id TxID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (id *TxID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseTxID(string(text))
	return err
}

func (h BlockHash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes the hash in lower-case hexadecimal digits.
func (h BlockHash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (h *BlockHash) UnmarshalText(text []byte) (err error) {
	*h, err = ParseBlockHash(string(text))
	return err
}
