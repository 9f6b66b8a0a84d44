package chains_test

import (
	"encoding/json"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/chains"
)

// amounts draws numbers around the borders of an int64 and far beyond them.
func amounts() *rapid.Generator[chains.Amount] {
	return rapid.OneOf(
		rapid.Map(rapid.Int64(), chains.NewAmount),
		rapid.Map(rapid.SampledFrom([]int64{0, 1, -1, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1}), chains.NewAmount),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 40), func(b []byte) chains.Amount { return chains.BigAmount(new(big.Int).SetBytes(b)) }),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 8, 9), func(b []byte) chains.Amount {
			return chains.BigAmount(new(big.Int).Neg(new(big.Int).SetBytes(b)))
		}),
	)
}

func TestAmountAgreesWithBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := amounts().Draw(t, "a"), amounts().Draw(t, "b")
		x, y := a.Big(), b.Big()
		equal(t, "add", a.Add(b), new(big.Int).Add(x, y))
		equal(t, "sub", a.Sub(b), new(big.Int).Sub(x, y))
		if a.Cmp(b) != x.Cmp(y) || a.Equal(b) != (x.Cmp(y) == 0) || a.Sign() != x.Sign() || a.IsZero() != (x.Sign() == 0) {
			t.Fatalf("%s and %s compare wrongly", a, b)
		}
		if n, fits := a.Int64(); fits != x.IsInt64() || (fits && n != x.Int64()) {
			t.Fatalf("%s as an int64: %d, %v", a, n, fits)
		}
		equal(t, "min", a.Min(b), map[bool]*big.Int{true: x, false: y}[x.Cmp(y) <= 0])
		equal(t, "sum", chains.Sum(a, b, a), new(big.Int).Add(x, new(big.Int).Add(x, y)))
		if bytes := a.AppendBytes([]byte{7}); string(bytes) != "\a"+string(x.Bytes()) || a.BitLen() != x.BitLen() {
			t.Fatalf("%s has %d bits, bytes %x", a, a.BitLen(), bytes)
		}
		equal(t, "of bytes", chains.AmountOfBytes(a.AppendBytes(nil)), new(big.Int).Abs(x))
		equal(t, "a", a, x) // unchanged by all of it
	})
}

func equal(t *rapid.T, what string, got chains.Amount, want *big.Int) {
	t.Helper()
	if got.Big().Cmp(want) != 0 || got.String() != want.String() || !got.Equal(chains.BigAmount(want)) {
		t.Fatalf("%s: %s, want %s", what, got, want)
	}
}

func TestAmountMulDiv(t *testing.T) {
	positive := rapid.Map(amounts(), func(a chains.Amount) chains.Amount { return chains.BigAmount(new(big.Int).Abs(a.Big())) })
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := positive.Draw(t, "a"), positive.Draw(t, "b"), positive.Draw(t, "c")
		if c.IsZero() {
			t.Skip("division by zero")
		}
		q, r := a.MulDiv(b, c)
		wantQ, wantR := new(big.Int).QuoRem(new(big.Int).Mul(a.Big(), b.Big()), c.Big(), new(big.Int))
		equal(t, "quotient", q, wantQ)
		equal(t, "remainder", r, wantR)
	})
}

func TestAmountJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := amounts().Draw(t, "a")
		text, err := json.Marshal(a)
		if err != nil || string(text) != `"`+a.String()+`"` {
			t.Fatalf("%s, %v", text, err)
		}
		var back chains.Amount
		if err := json.Unmarshal(text, &back); err != nil || !back.Equal(a) {
			t.Fatalf("%s reads as %s, %v", text, back, err)
		}
	})
}

func TestParseAmountRefuses(t *testing.T) {
	for _, text := range []string{"", "-", "+1", "1.5", "1e8", " 1", "1 ", "0x10", "１", "1_000", "--1", string(make([]byte, 200))} {
		if a, err := chains.ParseAmount(text); err == nil {
			t.Errorf("%q reads as %s", text, a)
		}
	}
}

func TestAmountDecimal(t *testing.T) {
	for _, c := range []struct {
		amount int64
		places int
		want   string
	}{{5_000_000_000, 8, "50.00000000"}, {1, 8, "0.00000001"}, {0, 8, "0.00000000"}, {-1, 2, "-0.01"}, {123, 0, "123"}, {math.MinInt64, 18, "-9.223372036854775808"}} {
		if got := chains.NewAmount(c.amount).Decimal(c.places); got != c.want {
			t.Errorf("%d with %d places: %s, want %s", c.amount, c.places, got, c.want)
		}
	}
}

func FuzzParseAmount(f *testing.F) {
	f.Add("5000000000")
	f.Add("-99999999999999999999999")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := chains.ParseAmount(text)
		if err != nil {
			return
		}
		if again, err := chains.ParseAmount(a.String()); err != nil || !again.Equal(a) {
			t.Fatalf("%q reads as %s, which reads as %s, %v", text, a, again, err)
		}
	})
}
