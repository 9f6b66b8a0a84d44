package ethereum

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/big"
	"math/bits"
	"strconv"

	"tsuiseki/chains"
)

// etlSource is a line of a file of the export.
type etlSource struct {
	file uint64 // its number in ETL.files
	line uint64 // from 1
}

// etlRow is one line, its fields not yet read. Fields alias the line.
type etlRow struct {
	etlSource
	kind   etlKind
	has    etlColumnSet // the columns that there are, null or not
	fields [etlColumns][]byte
	err    error // the first that reading a field met
}

// etlWord is an unsigned 256-bit integer, big-endian, as the chain has it.
type etlWord [32]byte

// amount is the word as an amount.
func (w *etlWord) amount() chains.Amount {
	digits := bytes.TrimLeft(w[:], "\x00")
	if len(digits) < 8 { // fits an int64
		var n int64
		for _, b := range digits {
			n = n<<8 | int64(b)
		}
		return chains.NewAmount(n)
	}
	return chains.BigAmount(new(big.Int).SetBytes(digits))
}

func (r *etlRow) refuse(c etlColumn, want string) {
	if r.err == nil {
		r.err = fmt.Errorf("column %s is %.80q: want %s", c, r.fields[c], want)
	}
}

// filled reports whether the field holds something; it must where need is set.
func (r *etlRow) filled(c etlColumn, need bool) bool {
	if need && len(r.fields[c]) == 0 && r.err == nil {
		r.err = fmt.Errorf("column %s is empty or missing: export the file again with it", c)
	}
	return len(r.fields[c]) > 0
}

// uint reads a number that counts or places something.
func (r *etlRow) uint(c etlColumn, most uint64) uint64 {
	n, ok := parseUint(r.fields[c], most)
	if !ok {
		r.refuse(c, "a whole number up to "+strconv.FormatUint(most, 10)+" in decimal digits")
	}
	return n
}

func parseUint(text []byte, most uint64) (n uint64, ok bool) {
	if len(text) == 0 || len(text) > 19 {
		return 0, false
	}
	for _, digit := range text {
		if digit -= '0'; digit > 9 {
			return 0, false
		}
		n = n*10 + uint64(digit)
	}
	return n, n <= most
}

// word reads an amount, of which every digit counts.
func (r *etlRow) word(c etlColumn) (w etlWord) {
	if problem := w.parse(r.fields[c]); problem != "" {
		r.refuse(c, problem)
	}
	return w
}

// parse reads decimal digits; what it returns says what it wants instead.
func (w *etlWord) parse(text []byte) string {
	if len(text) == 0 || len(text) > 78 {
		return "1 to 78 decimal digits"
	}
	var limbs [4]uint64 // least significant first
	for len(text) > 0 {
		part := text[:min(19, len(text))]
		text = text[len(part):]
		n, scale := uint64(0), uint64(1)
		for _, digit := range part {
			if digit < '0' || digit > '9' {
				return "every digit of a whole number: an exponent or a decimal point means that digits were lost, so export the file again without a spreadsheet or data frame in between"
			}
			n, scale = n*10+uint64(digit-'0'), scale*10
		}
		for i := range limbs {
			hi, lo := bits.Mul64(limbs[i], scale)
			var carry uint64
			limbs[i], carry = bits.Add64(lo, n, 0)
			n = hi + carry
		}
		if n != 0 {
			return "a number below 2^256"
		}
	}
	for i, limb := range limbs {
		for j := range 8 {
			w[31-8*i-j] = byte(limb >> (8 * j))
		}
	}
	return ""
}

func (r *etlRow) hash(c etlColumn) (hash [32]byte) {
	if !unhex(hash[:], r.fields[c]) {
		r.refuse(c, "64 hexadecimal digits")
	}
	return hash
}

func (r *etlRow) address(c etlColumn) (address etlAddress) {
	if !unhex(address[:], r.fields[c]) {
		r.refuse(c, "an address of 40 hexadecimal digits")
	}
	return address
}

// etlAddress is an account's address as the chain has it.
type etlAddress [20]byte

func (a *etlAddress) String() string {
	const digits = "0123456789abcdef"
	text := [42]byte{'0', 'x'}
	for i, b := range a {
		text[2+2*i], text[3+2*i] = digits[b>>4], digits[b&15]
	}
	return string(text[:])
}

func (a *etlAddress) chain() chains.Address { return chains.Address(a.String()) }

// unhex reads just as many bytes as dst has, with or without 0x in front. Most
// of an export is hexadecimal digits, so it takes eight at once.
func unhex(dst, text []byte) bool {
	text = trim0x(text)
	if len(text) != 2*len(dst) {
		return false
	}
	const each = 0x0101010101010101 // a one in every byte
	bad := uint64(0)
	for ; len(dst) >= 4; dst, text = dst[4:], text[8:] {
		digits := binary.LittleEndian.Uint64(text)
		letters := digits >> 6 & each
		values := digits&(0x0f*each) + 9*letters
		above9 := (values + 6*each) >> 4 & each
		bad |= values&(0xf0*each) | (values + '0'*each + ('a'-'0'-10)*above9) ^ (digits | letters<<5)
		pairs := (values<<4 | values>>8) & 0x00ff00ff00ff00ff
		pairs = (pairs | pairs>>8) & 0x0000ffff0000ffff
		binary.LittleEndian.PutUint32(dst, uint32(pairs|pairs>>16))
	}
	for i := range dst {
		hi, lo := nibble(text[2*i]), nibble(text[2*i+1])
		bad |= uint64((hi | lo) & 0xf0)
		dst[i] = hi<<4 | lo&15
	}
	return bad == 0
}

func trim0x(text []byte) []byte {
	if len(text) > 1 && text[0] == '0' && text[1]|0x20 == 'x' {
		return text[2:]
	}
	return text
}

// nibble is a hexadecimal digit's value; above 15 for what is none.
func nibble(c byte) byte {
	switch {
	case c-'0' < 10:
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 0xf0
}

// unhexAppend reads bytes of any number.
func unhexAppend(dst, text []byte) ([]byte, bool) {
	text = trim0x(text)
	start := len(dst)
	dst = append(dst, make([]byte, len(text)/2)...)
	return dst, unhex(dst[start:], text)
}

// list calls back with each item of a list: a JSON array, or what CSV has of
// one, its items joined by commas.
func (r *etlRow) list(c etlColumn, item func(text []byte) bool) {
	text := bytes.TrimSpace(r.fields[c])
	if len(text) > 1 && text[0] == '[' && text[len(text)-1] == ']' {
		text = bytes.TrimSpace(text[1 : len(text)-1])
	}
	for len(text) > 0 {
		one, rest, more := bytes.Cut(text, []byte{','})
		one = bytes.TrimSpace(one)
		if len(one) > 1 && one[0] == '"' && one[len(one)-1] == '"' {
			one = one[1 : len(one)-1]
		}
		if !item(one) || (more && len(rest) == 0) {
			r.refuse(c, "a list, its items joined by commas")
			return
		}
		text = rest
	}
}
