package correlate_test

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/tracer/correlate"
)

func near(got, want, relative float64) bool {
	return math.Abs(got-want) <= relative*math.Abs(want)+1e-300
}

func TestLogarithmAndExponential(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64Range(1e-12, 1e12).Draw(t, "x")
		if got, want := correlate.Ln(x), math.Log(x); math.Abs(got-want) > 4e-15*max(1, math.Abs(want)) {
			t.Errorf("ln %v is %v, want %v", x, got, want)
		}
		y := -rapid.Float64Range(0, 600).Draw(t, "y")
		if got, want := correlate.Exp(y), math.Exp(y); !near(got, want, 2e-13) {
			t.Errorf("exp %v is %v, want %v", y, got, want)
		}
	})
	if correlate.Ln(1) != 0 || correlate.Exp(0) != 1 || correlate.Exp(-1e6) != 0 {
		t.Error("ln 1, exp 0 or exp of much below is wrong")
	}
}

// exactTail adds up the distribution in integers.
func exactTail(all, a, b, k int) float64 {
	choose := func(n, k int) *big.Int {
		if k < 0 || k > n {
			return new(big.Int)
		}
		return new(big.Int).Binomial(int64(n), int64(k))
	}
	sum := new(big.Int)
	for j := k; j <= min(a, b); j++ {
		sum.Add(sum, new(big.Int).Mul(choose(a, j), choose(all-a, b-j)))
	}
	value, _ := new(big.Rat).SetFrac(sum, choose(all, b)).Float64()
	return value
}

func TestHypergeometricTail(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.IntRange(1, 3_000).Draw(t, "all")
		a, b := rapid.IntRange(0, all).Draw(t, "a"), rapid.IntRange(0, min(all, 60)).Draw(t, "b")
		k := rapid.IntRange(0, 8).Draw(t, "k")
		if got, want := correlate.Tail(all, a, b, k), exactTail(all, a, b, k); math.Abs(got-want) > 1e-9*want+1e-280 {
			t.Errorf("of %d, %d and %d with %d in common: %v, want %v", all, a, b, k, got, want)
		}
	})
	// Two draws of 25 of two million: one in common by chance in about 25·25/2,000,000.
	if got := correlate.Tail(2_000_000, 25, 25, 1); !near(got, 3.1245e-4, 1e-3) {
		t.Errorf("got %v", got)
	}
}

func TestFalseDiscovery(t *testing.T) {
	// The example of Benjamini and Hochberg (1995), section 3.2: of 15 tests, four are
	// discoveries at 5%.
	p := []float64{0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.000}
	found := 0
	q := correlate.FalseDiscovery(p, 15)
	for _, v := range q {
		if v <= 0.05 {
			found++
		}
	}
	if found != 4 || !slices.IsSorted(q) || !near(q[3], 0.0095*15/4, 1e-12) {
		t.Errorf("%d discoveries, q %v", found, q)
	}
}
