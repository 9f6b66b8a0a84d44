package rate_test

import (
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/tracer/rate"
)

const token chains.Asset = "0xdac17f958d2ee523a2206206994597c13d831ec7"

// naiveFile is a rate file as a list.
type naiveFile struct {
	days rate.Days
	rows []naiveRow // in the order of the file
}

type naiveRow struct {
	asset, chain, quote, source string
	at                          time.Time
	rate                        string
}

func (r naiveRow) series() string {
	return strings.Join([]string{r.asset, r.chain, r.quote, r.source}, "|")
}

func (f *naiveFile) csv() string {
	text := "chain,asset,quote,source,time,rate\n"
	for _, r := range f.rows {
		text += fmt.Sprintf("%s,%s,%s,%s,%s,%s\n", r.chain, r.asset, r.quote, r.source, r.at.Format(time.RFC3339), r.rate)
	}
	return text
}

func drawFiles(t *rapid.T) (files []naiveFile) {
	for range rapid.IntRange(1, 4).Draw(t, "files") {
		f := naiveFile{days: rapid.SampledFrom([]rate.Days{rate.JST, rate.UTC}).Draw(t, "days")}
		said := map[string]bool{}
		for range rapid.IntRange(1, 12).Draw(t, "rows") {
			r := naiveRow{
				asset:  rapid.SampledFrom([]string{"BTC", "USD", "EUR", string(token)}).Draw(t, "asset"),
				quote:  rapid.SampledFrom([]string{"JPY", "USD", "EUR"}).Draw(t, "quote"),
				source: rapid.SampledFrom([]string{"s1", "s1", "s1", "s2"}).Draw(t, "source"),
				at:     time.Unix(int64(rapid.IntRange(0, 50).Draw(t, "hour"))*3600, 0).UTC(),
				rate:   rapid.SampledFrom([]string{"1", "0.5", "3.25", "6300000.125", "0.0000001", "149.55"}).Draw(t, "rate"),
			}
			if r.asset == string(token) || rapid.Bool().Draw(t, "named chain") {
				r.chain = "ethereum"
			}
			if key := fmt.Sprint(r.series(), r.at); r.asset != r.quote && !said[key] {
				said[key] = true
				f.rows = append(f.rows, r)
			}
		}
		if len(f.rows) > 0 {
			files = append(files, f)
		}
	}
	return files
}

// naiveSeries is what counts of a series: what newer files do not cover. Each row
// carries the days of its file.
func naiveSeries(files []naiveFile, series string) (counts []naiveRow, days []rate.Days) {
	type span struct{ first, last time.Time }
	var newer []span
	for _, f := range slices.Backward(files) {
		var own span
		for _, r := range f.rows {
			if r.series() != series {
				continue
			}
			if !slices.ContainsFunc(newer, func(s span) bool { return !r.at.Before(s.first) && !r.at.After(s.last) }) {
				counts, days = append(counts, r), append(days, f.days)
			}
			if own == (span{}) {
				own = span{r.at, r.at}
			}
			if r.at.Before(own.first) {
				own.first = r.at
			}
			if r.at.After(own.last) {
				own.last = r.at
			}
		}
		if own != (span{}) {
			newer = append(newer, own)
		}
	}
	return counts, days
}

func dayOf(moment time.Time, days rate.Days) string {
	if days == rate.JST {
		moment = moment.Add(9 * time.Hour)
	}
	return moment.UTC().Format(time.DateOnly)
}

// naiveAt looks through all rows.
func naiveAt(files []naiveFile, series string, p rate.Params, moment time.Time) (best *naiveRow) {
	counts, days := naiveSeries(files, series)
	for i := range counts {
		r := &counts[i]
		age := moment.Sub(r.at)
		var better bool
		switch p.Rule {
		case rate.LastBefore:
			better = age >= 0 && age <= p.MaxAge && (best == nil || r.at.After(best.at))
		case rate.DayClose:
			// The files come newest first, and the first that has the day counts.
			better = dayOf(r.at, days[i]) == dayOf(moment, days[i]) && (best == nil || r.at.After(best.at) && fileOf(files, *r) == fileOf(files, *best))
		case rate.Nearest:
			better = age.Abs() <= p.MaxAge && (best == nil || age.Abs() < moment.Sub(best.at).Abs() || age.Abs() == moment.Sub(best.at).Abs() && r.at.Before(best.at))
		}
		if better {
			best = r
		}
	}
	return best
}

// fileOf is the newest file that has a row.
func fileOf(files []naiveFile, row naiveRow) int {
	for i, f := range slices.Backward(files) {
		if slices.Contains(f.rows, row) {
			return i
		}
	}
	return -1
}

// naiveFind is the series of a pair; ambiguous where nobody named one of several.
func naiveFind(files []naiveFile, p rate.Params, asset, chain, quote string) (series string, ambiguous bool) {
	for _, on := range slices.Compact([]string{chain, ""}) {
		var sources []string
		for _, f := range files {
			for _, r := range f.rows {
				if r.asset == asset && r.chain == on && r.quote == quote && !slices.Contains(sources, r.source) {
					sources = append(sources, r.source)
				}
			}
		}
		for _, wanted := range p.Sources {
			if slices.Contains(sources, wanted) {
				return strings.Join([]string{asset, on, quote, wanted}, "|"), false
			}
		}
		if len(p.Sources) == 0 && len(sources) > 1 {
			return "", true
		}
		if len(p.Sources) == 0 && len(sources) == 1 {
			return strings.Join([]string{asset, on, quote, sources[0]}, "|"), false
		}
	}
	return "", false
}

// naivePrice is the value of one unit as a fraction; nil where there is none.
func naivePrice(files []naiveFile, p rate.Params, asset, chain string, moment time.Time) (value *big.Rat, ambiguous bool) {
	fraction := func(r *naiveRow) *big.Rat {
		f, _ := new(big.Rat).SetString(r.rate)
		return f
	}
	direct, ambiguous := naiveFind(files, p, asset, chain, p.Currency)
	if ambiguous {
		return nil, true
	}
	if direct != "" {
		if r := naiveAt(files, direct, p, moment); r != nil {
			value = fraction(r)
		}
	}
	for _, over := range []string{"EUR", "JPY", "USD"} {
		if over == p.Currency {
			continue
		}
		first, twice := naiveFind(files, p, asset, chain, over)
		second, twiceToo := naiveFind(files, p, over, "", p.Currency)
		// Who has no way on from the other currency need not choose a way to it.
		if twiceToo && (first != "" || twice) || twice && second != "" {
			return nil, true
		}
		if value != nil || first == "" || second == "" {
			continue
		}
		a, b := naiveAt(files, first, p, moment), naiveAt(files, second, p, moment)
		if a != nil && b != nil {
			value = new(big.Rat).Mul(fraction(a), fraction(b))
		}
	}
	return value, false
}

// naiveRound rounds a fraction to a whole number, half to even.
func naiveRound(value *big.Rat) string {
	doubled := new(big.Rat).Mul(value, big.NewRat(2, 1))
	floor := new(big.Int).Quo(value.Num(), value.Denom())
	half := new(big.Rat).Sub(doubled, new(big.Rat).SetInt(new(big.Int).Mul(floor, big.NewInt(2))))
	if c := half.Cmp(big.NewRat(1, 1)); c > 0 || c == 0 && floor.Bit(0) == 1 {
		floor.Add(floor, big.NewInt(1))
	}
	return floor.String()
}

// TestReferenceAgrees: prices are those of a search through all rows, in rational
// arithmetic, whatever the files, the rule and the sources.
func TestReferenceAgrees(t *testing.T) {
	root, draws := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		files := drawFiles(t)
		draws++
		dir := filepath.Join(root, fmt.Sprint(draws))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		store := rate.OpenStore(filepath.Join(dir, "store"))
		for i, f := range files {
			path := filepath.Join(dir, fmt.Sprintf("%d.csv", i))
			if err := os.WriteFile(path, []byte(f.csv()), 0o600); err != nil {
				t.Fatal(err)
			}
			// A file that says what an older one says is no newer version of it.
			if _, again, err := store.Import(t.Context(), rate.FileOptions{Path: path, Days: f.days}, time.Unix(1, 0)); err != nil || again {
				if again {
					t.Skip("twice the same file")
				}
				t.Fatal(err)
			}
		}
		book, err := store.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer book.Close()
		params := rate.Params{
			Currency: "JPY", Rule: rapid.SampledFrom(rate.Rules()).Draw(t, "rule"), MaxAge: time.Duration(rapid.IntRange(0, 40).Draw(t, "age")) * time.Hour,
			Sources: rapid.SampledFrom([][]string{nil, {"s1"}, {"s2", "s1"}, {"s1", "s2"}}).Draw(t, "sources"),
		}
		pricer, err := rate.NewPricer(book, params)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			asset := rapid.SampledFrom([]chains.Asset{"BTC", token, "ETH"}).Draw(t, "of")
			chain := rapid.SampledFrom([]chains.Chain{"ethereum", "bitcoin"}).Draw(t, "on")
			moment := time.Unix(int64(rapid.IntRange(0, 120).Draw(t, "half hour"))*1800, 0).UTC()
			amount := chains.NewAmount(rapid.Int64Range(0, 1e18).Draw(t, "amount"))
			decimals := rapid.SampledFrom([]int{0, 6, 8, 18}).Draw(t, "decimals")
			checkPrice(t, pricer, files, params, asset, chain, moment, amount, decimals)
		}
	})
}

func checkPrice(t *rapid.T, pricer *rate.Pricer, files []naiveFile, params rate.Params, asset chains.Asset, chain chains.Chain, moment time.Time, amount chains.Amount, decimals int) {
	price, err := pricer.Price(chain, asset, moment)
	want, ambiguous := naivePrice(files, params, string(asset), string(chain), moment)
	_, isAmbiguous := errors.AsType[*rate.AmbiguousError](err)
	_, isNone := errors.AsType[*rate.NoRateError](err)
	switch {
	case ambiguous != isAmbiguous:
		t.Fatalf("%s on %s: got %v, ambiguous %t", asset, chain, err, ambiguous)
	case ambiguous:
	case (want == nil) != isNone:
		t.Fatalf("%s on %s at %s by %+v: got %+v, %v, want %v", asset, chain, moment, params, price, err, want)
	case want != nil && err != nil:
		t.Fatal(err)
	case want != nil:
		unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil)
		exact := new(big.Rat).Mul(want, new(big.Rat).SetFrac(amount.Big(), unit))
		if got := price.Of(amount, decimals); got != naiveRound(exact) {
			t.Fatalf("%s of %s at %s by %+v: got %s by %+v, want %s", amount, asset, moment, params, got, price.Steps, exact.FloatString(3))
		}
	}
}

func TestRounding(t *testing.T) {
	for _, c := range []struct {
		rate, want string
		amount     int64
		places     int
	}{
		{"0.5", "0", 1, 0},
		{"1.5", "2", 1, 0},
		{"2.5", "2", 1, 0},
		{"2.5000001", "3", 1, 0},
		{"3.5", "4", 1, 0},
		{"0.4999", "0", 1, 0},
		{"1", "0.00", 0, 2},
		{"0.125", "0.12", 1, 2},
		{"0.375", "0.38", 1, 2},
		{"0.005", "0.00", 1, 2},
		{"1.005", "1.00", 1, 2},
	} {
		book := open(t, rate.FileOptions{Path: write(t, "r.csv", "time,rate\n2024-01-01T00:00:00Z,"+c.rate+"\n"), Asset: "X", Source: "s"})
		pricer, err := rate.NewPricer(book, rate.Params{Currency: "JPY", Places: c.places, Rule: rate.LastBefore})
		if err != nil {
			t.Fatal(err)
		}
		price, err := pricer.Price("bitcoin", "X", at(t, "2024-01-01T00:00:00Z"))
		if err != nil || price.Of(chains.NewAmount(c.amount), 0) != c.want {
			t.Errorf("%d at %s: got %s, %v, want %s", c.amount, c.rate, price.Of(chains.NewAmount(c.amount), 0), err, c.want)
		}
	}
}
