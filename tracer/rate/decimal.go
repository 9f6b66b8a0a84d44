package rate

import (
	"errors"
	"fmt"
	"math/big"
	"math/bits"
	"strings"
)

// Decimal is a positive number, exactly: digits without a point, of which the last
// places stand behind it. Zeros at the end of a fraction are not kept, so equal
// numbers are the same Decimal.
type Decimal struct {
	hi, lo uint64 // the digits, as 128 bits
	places uint8
}

const (
	mostDigits = 38 // all of them fit in 128 bits
	mostPlaces = 60
)

// ParseDecimal reads digits with at most one point, with groups of three digits
// split by commas or not, and an exponent or not: 6300000.5, 6,300,000.5, 1.5e-7.
// Zero, and numbers of more than 38 digits or 60 decimal places, are refused.
func ParseDecimal(text string) (Decimal, error) {
	number, exponent, err := cutExponent(text)
	if err != nil {
		return Decimal{}, err
	}
	whole, fraction, pointed := strings.Cut(number, ".")
	if whole, err = ungroup(whole); err != nil {
		return Decimal{}, err
	}
	digits := whole + fraction
	if digits == "" || pointed && fraction == "" {
		return Decimal{}, errNoNumber
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return Decimal{}, errNoNumber
		}
	}
	places := len(fraction) - exponent
	digits = strings.TrimLeft(digits, "0")
	if digits == "" {
		return Decimal{}, errors.New("is zero, which is no rate: leave the row out")
	}
	for places > 0 && digits[len(digits)-1] == '0' {
		digits, places = digits[:len(digits)-1], places-1
	}
	if places > mostPlaces || len(digits) > mostDigits || len(digits)-min(places, 0) > mostDigits {
		return Decimal{}, fmt.Errorf("has more than %d digits or %d decimal places", mostDigits, mostPlaces)
	}
	for ; places < 0; places++ {
		digits += "0"
	}
	d := Decimal{places: uint8(places)}
	for i := range len(digits) {
		carry, low := bits.Mul64(d.lo, 10)
		low, over := bits.Add64(low, uint64(digits[i]-'0'), 0)
		d.hi, d.lo = d.hi*10+carry+over, low
	}
	return d, nil
}

var errNoNumber = errors.New("is no number: want digits with a point, such as 6300000.5")

// cutExponent splits 1.5e-7 into 1.5 and -7.
func cutExponent(text string) (number string, exponent int, err error) {
	at := strings.IndexAny(text, "eE")
	if at < 0 {
		return text, 0, nil
	}
	digits := text[at+1:]
	negative := strings.HasPrefix(digits, "-")
	digits = strings.TrimPrefix(strings.TrimPrefix(digits, "-"), "+")
	if len(digits) == 0 || len(digits) > 3 {
		return "", 0, errNoNumber
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return "", 0, errNoNumber
		}
		exponent = exponent*10 + int(digits[i]-'0')
	}
	if negative {
		exponent = -exponent
	}
	return text[:at], exponent, nil
}

// ungroup takes the commas out of 6,300,000. Elsewhere a comma may be a decimal
// point, which nobody can tell.
func ungroup(whole string) (string, error) {
	groups := strings.Split(whole, ",")
	for i, group := range groups {
		if len(groups) > 1 && (i > 0 && len(group) != 3 || i == 0 && (len(group) == 0 || len(group) > 3)) {
			return "", errors.New("has a comma that does not split groups of three digits: write the decimal point as a point")
		}
	}
	return strings.Join(groups, ""), nil
}

func (d Decimal) big() *big.Int {
	n := new(big.Int).SetUint64(d.hi)
	return n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(d.lo))
}

// String is the number in digits, without an exponent; ParseDecimal reads it.
func (d Decimal) String() string { return point(d.big().String(), int(d.places)) }

// IsZero reports whether it is no rate: the zero value.
func (d Decimal) IsZero() bool { return d == Decimal{} }

// point puts the decimal point before the last digits.
func point(digits string, places int) string {
	if places == 0 {
		return digits
	}
	if missing := places + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	return digits[:len(digits)-places] + "." + digits[len(digits)-places:]
}

// roundHalfEven is numerator/denominator as the nearest integer, the even one where
// two are as near; both are at least zero, the denominator more.
func roundHalfEven(numerator, denominator *big.Int) *big.Int {
	quotient, rest := new(big.Int).QuoRem(numerator, denominator, new(big.Int))
	if c := rest.Lsh(rest, 1).Cmp(denominator); c > 0 || c == 0 && quotient.Bit(0) == 1 {
		quotient.Add(quotient, big.NewInt(1))
	}
	return quotient
}

// powerOfTen is 10^n.
func powerOfTen(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }
