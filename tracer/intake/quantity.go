package intake

import (
	"math/big"
	"regexp"
	"strings"

	"tsuiseki/chains"
)

// quantity is a number as a person wrote it, exactly: digits, of which the last
// places stand behind the point, of a unit.
type quantity struct {
	digits *big.Int
	places int
	unit   string // BTC, sat, USDT, …; empty where none is said
	yen    bool
	minus  bool
}

var (
	errNumber    = &unread{"want digits with a point, such as 0.5, and a unit where there is one", "数字(例: 0.5)と単位以外の文字があります"}
	errComma     = &unread{"its comma does not split groups of three digits: write the decimal point as a point", "カンマの位置が3桁区切りではありません。小数点は「.」です"}
	errAbout     = &unread{"it says about how much: the exact amount is needed", "概数です"}
	errExponent  = &unread{"a spreadsheet wrote it with an exponent, and digits may be lost", "指数表記のため、桁が失われた可能性があります"}
	errPrecision = &unread{"it has more decimal places than the asset has", "小数の桁数が多すぎます"}
	errYenParts  = &unread{"yen have no decimal places", "円に小数はありません"}
)

// part is a unit smaller than a coin: its chain's family, and how many decimal places
// it lies above the base unit.
type part struct {
	family string
	places int
}

// parts are the names of parts of BTC and of ether.
var parts = map[string]part{
	"sat": {chains.Bitcoin, 0}, "sats": {chains.Bitcoin, 0}, "satoshi": {chains.Bitcoin, 0}, "satoshis": {chains.Bitcoin, 0}, "サトシ": {chains.Bitcoin, 0},
	"mbtc": {chains.Bitcoin, 5}, "wei": {chains.Ethereum, 0}, "gwei": {chains.Ethereum, 9},
}

var (
	numberPart = regexp.MustCompile(`^([0-9][0-9,]*)?(\.[0-9]+)?`)
	yenWords   = []string{"日本円", "円", "jpy", "yen", "¥"}
	aboutWords = []string{"約", "およそ", "about", "approx", "ca.", "~", "≈", "程度", "前後", "くらい", "以上", "余り"}
)

// scales are the powers of ten of Japanese numbers.
var scales = map[rune]int{'千': 3, '万': 4, '億': 8, '兆': 12}

// parseQuantity reads a tidied number: 1,234.5, 0.5BTC, BTC 0.5, 1億2,345万円, ¥500,000, -0.5.
func parseQuantity(t string) (q quantity, err error) {
	const longest = 100
	t = strings.ToLower(strings.TrimSpace(t))
	if t == "" || len(t) > longest {
		return q, errNumber
	}
	if scientific.MatchString(t) {
		return q, errExponent
	}
	for _, word := range aboutWords {
		if strings.HasPrefix(t, word) || strings.HasSuffix(t, word) {
			return q, errAbout
		}
	}
	t, q.yen = cutYen(t)
	before, rest := cutWord(t)
	for _, sign := range []string{"-", "▲", "△"} {
		if strings.HasPrefix(rest, sign) && !q.minus {
			q.minus, rest = true, strings.TrimSpace(strings.TrimPrefix(rest, sign))
		}
	}
	rest = strings.TrimPrefix(rest, "+")
	if q.digits, q.places, rest, err = parseDigits(rest); err != nil {
		return q, err
	}
	after := strings.TrimSpace(rest)
	if after != "" && before != "" || q.yen && after+before != "" {
		return q, errNumber
	}
	if word := after + before; word != "" {
		if q.unit = unitNamed(word); q.unit == "" {
			return q, errNumber
		}
	}
	return q, nil
}

// unitNamed is the unit that a tidied word names: a symbol, a contract or a part of a
// coin. Empty where it names none.
func unitNamed(word string) string {
	word = strings.ToLower(word)
	if _, ok := parts[word]; ok {
		return word
	}
	asset, _ := assetNamed(word)
	if asset.contract != "" {
		return string(asset.contract)
	}
	return asset.symbol
}

func cutYen(t string) (string, bool) {
	for _, word := range yenWords {
		if rest, ok := strings.CutSuffix(t, word); ok {
			return strings.TrimSpace(rest), true
		}
		if rest, ok := strings.CutPrefix(t, word); ok {
			return strings.TrimSpace(rest), true
		}
	}
	return t, false
}

// cutWord takes the word before a number off.
func cutWord(t string) (word, rest string) {
	at := strings.IndexAny(t, "0123456789.-+▲△")
	if at <= 0 {
		return "", t
	}
	return strings.Trim(t[:at], " :"), t[at:]
}

// parseDigits reads one number after another, each with its scale: 1億2,345万6,789.
func parseDigits(t string) (digits *big.Int, places int, rest string, err error) {
	sum, scaled, last := new(big.Rat), false, 100
	for {
		part := numberPart.FindString(t)
		if part == "" || part == "." {
			break
		}
		whole, fraction, _ := strings.Cut(part, ".")
		if !grouped(whole) {
			return nil, 0, "", errComma
		}
		n, ok := new(big.Rat).SetString("0" + strings.ReplaceAll(whole, ",", "") + "." + fraction + "0")
		if !ok {
			return nil, 0, "", errNumber
		}
		t = t[len(part):]
		power := 0
		for _, r := range t {
			power = scales[r]
			if power > 0 {
				t = t[len(string(r)):]
			}
			break
		}
		if power >= last || scaled && power == 0 && fraction != "" {
			return nil, 0, "", errNumber
		}
		n.Mul(n, new(big.Rat).SetInt(pow10(power)))
		sum.Add(sum, n)
		if places = max(places, len(fraction)-power); power == 0 {
			return scaledDigits(sum, places), max(places, 0), t, nil
		}
		scaled, last = true, power
	}
	if !scaled {
		return nil, 0, "", errNumber
	}
	return scaledDigits(sum, places), max(places, 0), t, nil
}

func scaledDigits(sum *big.Rat, places int) *big.Int {
	n := new(big.Rat).Mul(sum, new(big.Rat).SetInt(pow10(max(places, 0))))
	return new(big.Int).Set(n.Num())
}

// grouped reports whether commas split groups of three digits, or there are none.
func grouped(whole string) bool {
	groups := strings.Split(whole, ",")
	if len(groups) == 1 {
		return true
	}
	for i, g := range groups {
		if i > 0 && len(g) != 3 || i == 0 && (len(g) == 0 || len(g) > 3) {
			return false
		}
	}
	return true
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// base is the quantity in base units of an asset with so many decimal places.
func (q *quantity) base(decimals int) (chains.Amount, error) {
	if q.places <= decimals {
		return chains.BigAmount(new(big.Int).Mul(q.digits, pow10(decimals-q.places))), nil
	}
	n, rest := new(big.Int).QuoRem(q.digits, pow10(q.places-decimals), new(big.Int))
	if rest.Sign() != 0 {
		return chains.Amount{}, errPrecision
	}
	return chains.BigAmount(n), nil
}

// String is the number in plain digits.
func (q *quantity) String() string {
	s := chains.BigAmount(q.digits).Decimal(q.places)
	if q.unit != "" {
		s += " " + q.unit
	}
	return s
}

// parseYen reads an amount of yen, which has no parts.
func parseYen(t string) (chains.Amount, error) {
	q, err := parseQuantity(t)
	if err != nil {
		return chains.Amount{}, err
	}
	if q.unit != "" || q.minus {
		return chains.Amount{}, errNumber
	}
	n, err := q.base(0)
	if err != nil {
		return chains.Amount{}, errYenParts
	}
	return n, nil
}
