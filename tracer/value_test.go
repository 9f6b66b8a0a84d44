package tracer_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/rate"
)

// drawRates are rates of coins around a moment, now and then with a gap, as a book
// and by their times.
func drawRates(t *rapid.T, around time.Time) (*rate.Book, map[int64]*big.Rat) {
	file, err := os.CreateTemp("", "rates")
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(file.Name())
	rates := map[int64]*big.Rat{}
	fmt.Fprintln(file, "time,asset,rate")
	for i := range 40 {
		at := around.Add(time.Duration(i-8) * 7 * time.Minute).Unix()
		if i > 0 && rapid.IntRange(0, 3).Draw(t, "gap") == 0 {
			continue
		}
		text := fmt.Sprintf("%d.%d", rapid.IntRange(1, 9_999_999).Draw(t, "whole"), rapid.IntRange(0, 999).Draw(t, "fraction"))
		rates[at], _ = new(big.Rat).SetString(text)
		fmt.Fprintf(file, "%d,BTC,%s\n%d,ETH,%s\n", at, text, at, text)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	book, err := rate.OpenFiles(t.Context(), []rate.FileOptions{{Path: file.Name(), Source: "test"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	return book, rates
}

// naiveValue is an amount's value in yen as a fraction by the last rate before; nil
// where there is none.
func naiveValue(rates map[int64]*big.Rat, maxAge time.Duration, asset chains.Asset, amount chains.Amount, at time.Time) *big.Rat {
	var last int64
	for known := range rates {
		if known <= at.Unix() && known > last {
			last = known
		}
	}
	if last == 0 || at.Unix()-last > int64(maxAge/time.Second) || asset != "BTC" && asset != ether {
		return nil
	}
	unit := big.NewInt(100_000_000)
	if asset == ether {
		unit = big.NewInt(1_000_000_000_000_000_000)
	}
	return new(big.Rat).Mul(rates[last], new(big.Rat).SetFrac(amount.Big(), unit))
}

// checkValue wants a value that is at most half a yen away.
func checkValue(t *rapid.T, v *tracer.Value, text func(*tracer.Value) string, want *big.Rat) {
	if (v == nil) != (want == nil) {
		t.Fatalf("value %+v, want %v", v, want)
	}
	if v == nil {
		return
	}
	got, ok := new(big.Rat).SetString(text(v))
	if !ok || v.Currency != "JPY" || new(big.Rat).Sub(got, want).Abs(new(big.Rat).Sub(got, want)).Cmp(big.NewRat(1, 2)) > 0 {
		t.Fatalf("value %+v, want %s", v, want.FloatString(3))
	}
}

// bare is a document without what rates add to it.
func bare(t *rapid.T, document any) any {
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	var strip func(any) any
	strip = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			maps.DeleteFunc(v, func(key string, _ any) bool { return key == "value" || key == "rates" || key == "digest" })
			for key := range v {
				v[key] = strip(v[key])
			}
			return v
		case []any:
			v = slices.DeleteFunc(v, func(entry any) bool {
				m, ok := entry.(map[string]any)
				what, _ := m["what"].(string)
				return ok && strings.HasPrefix(what, "rate of ")
			})
			for i := range v {
				v[i] = strip(v[i])
			}
			return v
		}
		return v
	}
	return strip(v)
}

// checkValues adds values to a trace, which changes nothing else of it.
func checkValues(t *rapid.T, r *tracer.Result, around time.Time) {
	before := bare(t, r)
	book, rates := drawRates(t, around)
	params := rate.Params{Currency: "JPY", Rule: rate.LastBefore, MaxAge: time.Duration(rapid.IntRange(0, 40).Draw(t, "minutes")) * time.Minute}
	if err := r.AddValues(book, params); err != nil {
		t.Fatal(err)
	}
	if after := bare(t, r); !reflect.DeepEqual(before, after) {
		t.Fatalf("values change the ledger:\n%v\n%v", before, after)
	}
	if sealed, err := r.Verify(); err != nil || !sealed {
		t.Fatalf("the digest is not that of the document: %v", err)
	}
	without := 0
	check := func(v *tracer.Value, asset chains.Asset, amount chains.Amount, traced *chains.Amount, at time.Time) {
		checkValue(t, v, func(v *tracer.Value) string { return v.Amount }, naiveValue(rates, params.MaxAge, asset, amount, at))
		if traced != nil {
			checkValue(t, v, func(v *tracer.Value) string { return v.Traced }, naiveValue(rates, params.MaxAge, asset, *traced, at))
		}
		if v == nil {
			without++
		}
	}
	for _, d := range r.Deposits {
		check(d.Value, d.Asset, d.Amount, nil, d.Time)
	}
	for _, h := range r.Hops {
		check(h.Value, h.Asset, h.Amount, &h.Traced, h.Time)
		if s := h.Swapped; s != nil {
			check(s.Value, s.Asset, s.Amount, &s.Traced, h.Time)
		}
	}
	for _, e := range r.Ends {
		check(e.Value, e.Asset, e.Amount, &e.Traced, e.Time)
	}
	// Whatever has no value is told, and counted.
	for _, m := range r.Missing {
		if strings.HasPrefix(m.What, "rate of ") {
			var n int
			if _, err := fmt.Sscanf(m.Reason[strings.LastIndex(m.Reason, ": ")+2:], "%d amounts", &n); err != nil {
				t.Fatal(err)
			}
			without -= n
		}
	}
	if without != 0 {
		t.Fatalf("%d amounts without a value are not told: %+v", without, r.Missing)
	}
}

// TestValuesAreDecoration: with rates the ledger is what it is without, and values
// are those of naive arithmetic.
func TestValuesAreDecoration(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawScenario(t, "fifo").run(t)
		checkValues(t, r, r.Deposits[0].Time)
	})
}

func TestAccountValuesAreDecoration(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkValues(t, drawHistory(t, "haircut").run(t), minute(0))
	})
}

// TestComparedValues: of what is compared, each trace is valued as alone, and a
// range is worth from the least to the most.
func TestComparedValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t, "fifo")
		by := func(p tracer.Params) *tracer.Result { return traceAccounts(t, h.ledger(), h.deposits, p) }
		book, rates := drawRates(t, minute(0))
		params := rate.Params{Currency: "JPY", Rule: rate.LastBefore, MaxAge: time.Hour}
		c, err := tracer.Compare(tracesByRule(h.params, by))
		if err == nil {
			err = c.AddValues(book, params)
		}
		if err != nil {
			t.Fatal(err)
		}
		for i, alone := range tracesByRule(h.params, by) {
			if err := alone.AddValues(book, params); err != nil {
				t.Fatal(err)
			}
			if document(t, alone) != document(t, c.Traces[i]) {
				t.Fatalf("the trace by %s is another than alone", alone.Rule)
			}
		}
		if sealed, err := c.Verify(); err != nil || !sealed {
			t.Fatalf("the digest is not that of the document: %v", err)
		}
		times := map[chains.TxID]time.Time{}
		for _, r := range c.Traces {
			for _, e := range r.Ends {
				times[e.Tx] = e.Time
			}
		}
		for _, r := range c.Ranges {
			if (r.Value != nil) != (naiveValue(rates, time.Hour, r.Asset, r.Least, times[r.Tx]) != nil) {
				t.Fatalf("range %+v", r)
			}
			if r.Value != nil {
				v := &tracer.Value{Currency: r.Value.Currency}
				checkValue(t, v, func(*tracer.Value) string { return r.Value.Least }, naiveValue(rates, time.Hour, r.Asset, r.Least, times[r.Tx]))
				checkValue(t, v, func(*tracer.Value) string { return r.Value.Most }, naiveValue(rates, time.Hour, r.Asset, r.Most, times[r.Tx]))
				checkValue(t, v, func(*tracer.Value) string { return r.Value.Amount }, naiveValue(rates, time.Hour, r.Asset, r.Amount, times[r.Tx]))
			}
		}
	})
}
