package chains

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
)

// Amount is an exact integer of any size in an asset's base unit (satoshi, wei,
// token unit). The zero value is zero. An Amount is immutable.
type Amount struct {
	small int64
	big   *big.Int // set only where the value does not fit in an int64
}

// NewAmount is the amount n.
func NewAmount(n int64) Amount { return Amount{small: n} }

// BigAmount is the amount n, which is copied.
func BigAmount(n *big.Int) Amount {
	if n.IsInt64() {
		return Amount{small: n.Int64()}
	}
	return Amount{big: new(big.Int).Set(n)}
}

// ParseAmount reads an optional minus sign and decimal digits, nothing else.
func ParseAmount(s string) (Amount, error) {
	digits := s
	if len(digits) > 0 && digits[0] == '-' {
		digits = digits[1:]
	}
	const longest = 100 // digits; 2^256 has 78
	if len(digits) == 0 || len(digits) > longest {
		return Amount{}, fmt.Errorf("amount %.120q: want 1 to %d decimal digits", s, longest)
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return Amount{}, fmt.Errorf("amount %q: want decimal digits in base units, without point or separator", s)
		}
	}
	n, ok := new(big.Int).SetString(s, 10)
	if !ok {
		return Amount{}, fmt.Errorf("amount %q: not a decimal integer", s)
	}
	return BigAmount(n), nil
}

// AmountOfBytes is the amount whose big-endian bytes these are.
func AmountOfBytes(b []byte) Amount {
	if len(b) < 8 || len(b) == 8 && b[0] < 0x80 {
		var n int64
		for _, c := range b {
			n = n<<8 | int64(c)
		}
		return Amount{small: n}
	}
	return BigAmount(new(big.Int).SetBytes(b))
}

// AppendBytes appends the big-endian bytes of the value without its sign, as few
// as possible: none for zero.
func (a Amount) AppendBytes(to []byte) []byte {
	if a.big != nil {
		start, size := len(to), (a.big.BitLen()+7)/8
		to = append(to, make([]byte, size)...)
		a.big.FillBytes(to[start:])
		return to
	}
	n := uint64(a.small)
	if a.small < 0 {
		n = -n
	}
	for shift := (bits.Len64(n) + 7) / 8 * 8; shift > 0; shift -= 8 {
		to = append(to, byte(n>>(shift-8)))
	}
	return to
}

// BitLen is how many bits the value takes without its sign.
func (a Amount) BitLen() int {
	if a.big != nil {
		return a.big.BitLen()
	}
	n := uint64(a.small)
	if a.small < 0 {
		n = -n
	}
	return bits.Len64(n)
}

// Big is a fresh copy of the value.
func (a Amount) Big() *big.Int {
	if a.big != nil {
		return new(big.Int).Set(a.big)
	}
	return big.NewInt(a.small)
}

// Int64 is the value, and whether it fits.
func (a Amount) Int64() (int64, bool) { return a.small, a.big == nil }

// Sign is -1, 0 or 1.
func (a Amount) Sign() int {
	switch {
	case a.big != nil:
		return a.big.Sign()
	case a.small < 0:
		return -1
	case a.small > 0:
		return 1
	}
	return 0
}

// IsZero reports whether the amount is nothing.
func (a Amount) IsZero() bool { return a.Sign() == 0 }

// Cmp is negative, zero or positive as a is less than, equal to or more than b.
func (a Amount) Cmp(b Amount) int {
	if a.big == nil && b.big == nil {
		switch {
		case a.small < b.small:
			return -1
		case a.small > b.small:
			return 1
		}
		return 0
	}
	return a.Big().Cmp(b.Big())
}

// Equal reports whether both are the same number.
func (a Amount) Equal(b Amount) bool { return a.Cmp(b) == 0 }

// Add is a + b.
func (a Amount) Add(b Amount) Amount {
	if a.big == nil && b.big == nil {
		sum := a.small + b.small
		if (sum > a.small) == (b.small > 0) {
			return Amount{small: sum}
		}
	}
	return BigAmount(new(big.Int).Add(a.Big(), b.Big()))
}

// Sub is a - b.
func (a Amount) Sub(b Amount) Amount {
	if a.big == nil && b.big == nil {
		diff := a.small - b.small
		if (diff < a.small) == (b.small > 0) {
			return Amount{small: diff}
		}
	}
	return BigAmount(new(big.Int).Sub(a.Big(), b.Big()))
}

// Min is the lesser of a and b.
func (a Amount) Min(b Amount) Amount {
	if a.Cmp(b) <= 0 {
		return a
	}
	return b
}

// MulDiv is the quotient, rounded down, and the remainder of a·b/c for a, b >= 0
// and c > 0; the product is never rounded. It panics on other signs, which
// callers rule out.
func (a Amount) MulDiv(b, c Amount) (quotient, remainder Amount) {
	if a.Sign() < 0 || b.Sign() < 0 || c.Sign() <= 0 {
		panic("chains: MulDiv of a negative amount or by zero")
	}
	if a.big == nil && b.big == nil && c.big == nil {
		hi, lo := bits.Mul64(uint64(a.small), uint64(b.small))
		if hi < uint64(c.small) {
			q, r := bits.Div64(hi, lo, uint64(c.small))
			if q <= math.MaxInt64 {
				return Amount{small: int64(q)}, Amount{small: int64(r)}
			}
		}
	}
	q, r := new(big.Int).QuoRem(new(big.Int).Mul(a.Big(), b.Big()), c.Big(), new(big.Int))
	return BigAmount(q), BigAmount(r)
}

// Sum adds amounts up.
func Sum(amounts ...Amount) Amount {
	var total Amount
	for _, a := range amounts {
		total = total.Add(a)
	}
	return total
}

// String is the value in decimal base units.
func (a Amount) String() string {
	if a.big != nil {
		return a.big.String()
	}
	return fmt.Sprint(a.small)
}

// Decimal writes the amount with the given number of decimal places, as people
// read it: Decimal(8) of 5000000000 is "50.00000000".
func (a Amount) Decimal(places int) string {
	digits, sign := a.String(), ""
	if digits[0] == '-' {
		digits, sign = digits[1:], "-"
	}
	if places <= 0 {
		return sign + digits
	}
	if missing := places + 1 - len(digits); missing > 0 {
		digits = fmt.Sprintf("%0*d", missing, 0) + digits
	}
	point := len(digits) - places
	return sign + digits[:point] + "." + digits[point:]
}

// MarshalJSON writes a decimal string: JSON numbers lose digits beyond 2^53.
func (a Amount) MarshalJSON() ([]byte, error) { return []byte(`"` + a.String() + `"`), nil }

// UnmarshalJSON reads what MarshalJSON writes.
func (a *Amount) UnmarshalJSON(data []byte) error {
	if len(data) < 2 || data[0] != '"' || data[len(data)-1] != '"' {
		return errors.New("amount: want a decimal string")
	}
	parsed, err := ParseAmount(string(data[1 : len(data)-1]))
	if err == nil {
		*a = parsed
	}
	return err
}
