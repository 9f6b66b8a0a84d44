package intake

import (
	"math/big"
	"strconv"
	"strings"
	"time"
)

// spreadsheetDigits is how many significant digits a spreadsheet keeps of a number.
const spreadsheetDigits = 15

// plainNumber writes a number as a workbook has it in plain digits. Files hold a
// double's 17 digits: of 0.1 they hold 0.10000000000000001. The shortest digits that
// give the same double are those that were typed, where these were no more than 15.
func plainNumber(text string) (string, bool) {
	if len(text) > 64 {
		return "", false
	}
	d, ok := new(big.Rat).SetString(text)
	if !ok || strings.ContainsAny(text, "/_xXpPbBoO") {
		return "", false
	}
	if significant(text) > spreadsheetDigits {
		double, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return "", false
		}
		text = strconv.FormatFloat(double, 'e', -1, 64)
		if d, ok = new(big.Rat).SetString(text); !ok {
			return "", false
		}
	}
	const places = 400 // beyond a double's smallest
	if d.IsInt() {
		return d.Num().String(), true
	}
	return strings.TrimRight(d.FloatString(places), "0"), true
}

// significant counts the digits of a number from its first that is not zero to its
// last; zeros at the end of an integer do not count.
func significant(text string) int {
	if at := strings.IndexAny(text, "eE"); at >= 0 {
		text = text[:at]
	}
	digits := strings.TrimLeft(strings.NewReplacer(".", "", "-", "", "+", "").Replace(text), "0")
	return len(strings.TrimRight(digits, "0"))
}

// lossy reports whether a spreadsheet may have lost digits of a number: it has as
// many as are kept, or stands for an integer that is longer.
func lossy(number string) bool {
	whole, _, _ := strings.Cut(strings.TrimPrefix(number, "-"), ".")
	return significant(number) >= spreadsheetDigits || len(strings.TrimLeft(whole, "0")) > spreadsheetDigits
}

// serialTime is the local time that a serial number stands for, to the second, in
// the date system of 1900 or 1904; without the hour where it is a whole day. The
// days before March 1900, where the systems of spreadsheets differ, are none.
func serialTime(serial string, date1904 bool) (string, bool) {
	days, ok := new(big.Rat).SetString(serial)
	if !ok {
		return "", false
	}
	epoch := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	first := int64(61)
	if date1904 {
		epoch, first = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC), 0
	}
	const last = 2_958_465 // the year 9999
	if days.Cmp(big.NewRat(first, 1)) < 0 || days.Cmp(big.NewRat(last, 1)) > 0 {
		return "", false
	}
	seconds := new(big.Rat).Mul(days, big.NewRat(86400, 1))
	twice := new(big.Int).Add(new(big.Int).Lsh(seconds.Num(), 1), seconds.Denom())
	rounded := new(big.Int).Quo(twice, new(big.Int).Lsh(seconds.Denom(), 1)).Int64()
	t := epoch.Add(time.Duration(rounded%86400)*time.Second).AddDate(0, 0, int(rounded/86400))
	if days.IsInt() {
		return t.Format("2006-01-02"), true
	}
	return t.Format("2006-01-02 15:04:05"), true
}
