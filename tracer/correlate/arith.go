package correlate

import "math"

// Scores have to be the same bit for bit on every machine. The functions of package
// math are not: some are assembly on some machines, and a compiler may fuse a product
// with a sum. Here each product is rounded by a conversion, which the language says
// prevents fusing; Sqrt, Frexp and Ldexp are exact everywhere.

const ln2 = 0.693147180559945309417232121458176568

// ln is the natural logarithm of a positive number, by ln m = 2·artanh((m-1)/(m+1))
// with m in [sqrt(1/2), sqrt(2)); its error is a few units in the last place.
func ln(x float64) float64 {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, e = float64(m*2), e-1
	}
	const most = 23 // s^25/25 is below 10^-19
	s := (m - 1) / (m + 1)
	square := float64(s * s)
	sum := 0.0
	for n := most; n >= 1; n -= 2 {
		sum = float64(sum*square) + 1/float64(n)
	}
	return float64(float64(e)*ln2) + float64(float64(2*s)*sum)
}

// exp is e^x for x <= 0; 0 below -700.
func exp(x float64) float64 {
	if x < -700 {
		return 0
	}
	k := math.Floor(float64(x/ln2) + 0.5)
	r := x - float64(k*ln2)
	const most = 16 // |r| <= 0.35: r^17/17! is below 10^-22
	sum := 1.0
	for n := most; n >= 1; n-- {
		sum = 1 + float64(float64(r*sum)/float64(n))
	}
	return math.Ldexp(sum, int(k))
}

// lnFactorial is ln n!, exactly summed up to 255 and by Stirling's series above.
type lnFactorial struct{ small [256]float64 }

func newLnFactorial() *lnFactorial {
	f := &lnFactorial{}
	for n := 2; n < len(f.small); n++ {
		f.small[n] = f.small[n-1] + ln(float64(n))
	}
	return f
}

func (f *lnFactorial) of(n int) float64 {
	if n < len(f.small) {
		return f.small[n]
	}
	const halfLnTau = 0.918938533204672741780329736405617640
	x := float64(n)
	series := 1/float64(12*x) - 1/float64(360*float64(x*float64(x*x)))
	return float64((x+0.5)*ln(x)) - x + halfLnTau + series
}

func (f *lnFactorial) choose(n, k int) float64 { return f.of(n) - f.of(k) - f.of(n-k) }

// tail is the probability that, of all nodes, two draws without replacement of a and
// of b nodes have k or more in common: the upper tail of the hypergeometric
// distribution. It is 1 for k = 0.
func (f *lnFactorial) tail(all, a, b, k int) float64 {
	if k <= max(0, a+b-all) {
		return 1
	}
	if k > min(a, b) {
		return 0
	}
	// The first term by logarithms, the rest by the ratio of each to the one before.
	term := exp(min(0, f.choose(a, k)+f.choose(all-a, b-k)-f.choose(all, b)))
	sum := 0.0
	for j := k; j <= min(a, b) && term > 0; j++ {
		next := sum + term
		if next == sum {
			break
		}
		sum = next
		up := float64(float64(a-j) * float64(b-j))
		down := float64(float64(j+1) * float64(all-a-b+j+1))
		term = float64(term * (up / down))
	}
	return min(1, sum)
}

// falseDiscovery turns sorted p-values into q-values (Benjamini and Hochberg,
// "Controlling the False Discovery Rate", 1995) among so many tests: the least share
// of false discoveries at which each is still one.
func falseDiscovery(sorted []float64, tests float64) []float64 {
	q := make([]float64, len(sorted))
	least := 1.0
	for i := len(sorted) - 1; i >= 0; i-- {
		least = min(least, float64(sorted[i]*tests)/float64(i+1))
		q[i] = least
	}
	return q
}
