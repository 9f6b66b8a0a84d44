package rate_test

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/tracer/rate"
)

func TestParseDecimal(t *testing.T) {
	for text, want := range map[string]string{
		"1": "1", "6300000.5": "6300000.5", "6,300,000.50": "6300000.5", "0.10": "0.1", ".5": "0.5", "007": "7", "1.5e-7": "0.00000015",
		"1.5E3": "1500", "12e+2": "1200", "100": "100", "100.0e-2": "1", "99999999999999999999999999999999999999": "99999999999999999999999999999999999999",
		"34028236692093846346.374607431768211455": "34028236692093846346.374607431768211455",
		"0." + strings.Repeat("0", 59) + "1":      "0." + strings.Repeat("0", 59) + "1",
	} {
		if d, err := rate.ParseDecimal(text); err != nil || d.String() != want {
			t.Errorf("%s: got %s, %v, want %s", text, d, err, want)
		}
	}
	for text, why := range map[string]string{
		"": "no number", ".": "no number", "1.": "no number", "-1": "no number", "+1": "no number", "1.2.3": "no number", "１": "no number", "1e": "no number",
		"1e1e1": "no number", "1e9999": "no number", "0x1": "no number", "NaN": "no number", "0": "zero", "0.000": "zero", "0e5": "zero",
		"1,5": "comma", "12,34.5": "comma", ",123": "comma", "1,2345": "comma", "1.5,000": "no number",
		strings.Repeat("9", 39): "more than", "0." + strings.Repeat("0", 60) + "1": "more than", "1e38": "more than", "1e999": "more than",
	} {
		if d, err := rate.ParseDecimal(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: got %s, %v, want an error of %q", text, d, err, why)
		}
	}
}

// TestDecimalIsExact: what is written is the number that was read, and equal
// numbers are equal however they are written.
func TestDecimalIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[0-9]{1,18}(\.[0-9]{1,18})?(e-?[0-9])?`).Draw(t, "text")
		want, _ := new(big.Rat).SetString(text)
		d, err := rate.ParseDecimal(text)
		if err != nil {
			if want.Sign() != 0 {
				t.Fatalf("%s: %v", text, err)
			}
			return
		}
		got, _ := new(big.Rat).SetString(d.String())
		if got.Cmp(want) != 0 {
			t.Fatalf("%s is read as %s", text, d)
		}
		if again, err := rate.ParseDecimal(want.FloatString(40)); err == nil && again != d {
			t.Fatalf("%s and %s differ", text, want.FloatString(40))
		}
	})
}
