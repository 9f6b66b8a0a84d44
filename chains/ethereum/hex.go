package ethereum

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"

	"tsuiseki/chains"
)

// quantity is a JSON-RPC integer: 0x and hexadecimal digits of up to 256 bits.
// null and absence are zero; leading zeros, which some nodes write, are let pass.
type quantity chains.Amount

func (q *quantity) UnmarshalText(text []byte) error {
	digits, ok := strings.CutPrefix(string(text), "0x")
	if !ok || len(digits) > 64 {
		return fmt.Errorf("%.80q: want 0x and at most 64 hexadecimal digits", text)
	}
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	raw, err := hex.DecodeString(digits)
	if err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	*q = quantity(word(raw))
	return nil
}

// uint64 is the value where it is one that counts things.
func (q quantity) uint64() (uint64, error) {
	n, fits := chains.Amount(q).Int64()
	if !fits {
		return 0, fmt.Errorf("%s is too large a count", chains.Amount(q))
	}
	return uint64(n), nil
}

// uint32 is the value where it is a place in a block.
func (q quantity) uint32() (uint32, error) {
	n, fits := chains.Amount(q).Int64()
	if !fits || n > math.MaxUint32 {
		return 0, fmt.Errorf("%s is too large a place in a block", chains.Amount(q))
	}
	return uint32(n), nil
}

// account is an address in JSON; null and absence are empty.
type account chains.Address

func (a *account) UnmarshalText(text []byte) error {
	raw, err := fixed(text, 20)
	if err == nil {
		*a = account(address(raw))
	}
	return err
}

// hash is a 32-byte hash in JSON.
type hash [32]byte

func (h *hash) UnmarshalText(text []byte) error {
	raw, err := fixed(text, len(h))
	if err == nil {
		*h = hash(raw)
	}
	return err
}

// blob is a byte string in JSON.
type blob []byte

func (b *blob) UnmarshalText(text []byte) error {
	digits, ok := strings.CutPrefix(string(text), "0x")
	if !ok {
		return errors.New("bytes without 0x")
	}
	raw, err := hex.DecodeString(digits)
	if err == nil {
		*b = raw
	}
	return err
}

func fixed(text []byte, size int) ([]byte, error) {
	var raw blob
	if err := raw.UnmarshalText(text); err != nil {
		return nil, fmt.Errorf("%.80q: %w", text, err)
	}
	if len(raw) != size {
		return nil, fmt.Errorf("%.80q: want %d bytes, have %d", text, size, len(raw))
	}
	return raw, nil
}
