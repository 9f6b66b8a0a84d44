package rate_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/tracer/rate"
)

func TestStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "rates")
	store := rate.OpenStore(dir)
	if list, err := store.List(); err != nil || len(list) != 0 {
		t.Fatalf("an empty store lists %v, %v", list, err)
	}
	if err := store.Remove(1); !errors.Is(err, chains.ErrNotFound) {
		t.Fatalf("got %v", err)
	}
	first := rate.FileOptions{Path: write(t, "a.csv", "date,price\n2024-01-01,1\n2024-01-09,9\n"), Asset: "BTC", Source: "s"}
	made, again, err := store.Import(t.Context(), first, time.Unix(5, 0))
	if err != nil || again || made.ID != 1 || len(made.SHA256) != 64 {
		t.Fatalf("got %+v, %t, %v", made, again, err)
	}
	// Once more is nothing new, though it lies elsewhere; with something else said of it, it is.
	same := first
	same.Path = write(t, "b.csv", "date,price\n2024-01-01,1\n2024-01-09,9\n")
	if made, again, err = store.Import(t.Context(), same, time.Unix(9, 0)); err != nil || !again || made.ID != 1 || made.File != "a.csv" {
		t.Fatalf("got %+v, %t, %v", made, again, err)
	}
	same.Days = rate.UTC
	if made, again, err = store.Import(t.Context(), same, time.Unix(9, 0)); err != nil || again || made.ID != 2 {
		t.Fatalf("got %+v, %t, %v", made, again, err)
	}
	if err := store.Remove(2); err != nil {
		t.Fatal(err)
	}
	// What a stopped import left, and a refused file, leave nothing behind.
	if err := os.MkdirAll(filepath.Join(dir, "sort-1.part"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "00000002.rates.part"), []byte("cut"), 0o600); err != nil {
		t.Fatal(err)
	}
	bad := rate.FileOptions{Path: write(t, "bad.csv", "date,price\n2024-01-01,1\n2024-01-01,2\n"), Asset: "BTC", Source: "s"}
	if _, _, err := store.Import(t.Context(), bad, time.Unix(9, 0)); err == nil {
		t.Fatal("two rates for one day were taken")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Fatalf("there are %v, %v", entries, err)
	}
}

// TestLaterFile: between its first and last rate, a newer file counts alone;
// before and behind them, the older one goes on.
func TestLaterFile(t *testing.T) {
	store := rate.OpenStore(filepath.Join(t.TempDir(), "rates"))
	for i, content := range []string{
		"date,price\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n2024-01-04,4\n2024-01-05,5\n2024-01-06,6\n",
		"date,price\n2024-01-03,30\n2024-01-05,50\n",
	} {
		opt := rate.FileOptions{Path: write(t, fmt.Sprintf("%d.csv", i), content), Asset: "BTC", Source: "s"}
		if _, _, err := store.Import(t.Context(), opt, time.Unix(5, 0)); err != nil {
			t.Fatal(err)
		}
	}
	book, err := store.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	pricer := yen(t, book, rate.DayClose)
	for day, want := range map[string]string{"01": "1", "02": "2", "03": "30", "04": "", "05": "50", "06": "6", "07": ""} {
		price, err := pricer.Price("bitcoin", "BTC", at(t, "2024-01-"+day+"T12:00:00+09:00"))
		if want == "" {
			if _, none := errors.AsType[*rate.NoRateError](err); !none {
				t.Errorf("day %s: got %v, %v", day, price, err)
			}
		} else if err != nil || price.Steps[0].Rate.String() != want {
			t.Errorf("day %s: got %+v, %v, want %s", day, price, err, want)
		}
	}
	doc := pricer.Doc()
	if len(doc.Series) != 1 || len(doc.Series[0].Files) != 2 || doc.Series[0].Files[0].Rates != 2 || doc.MaxAge != nil {
		t.Fatalf("got %+v", doc)
	}
}

// TestLarge: more rows than are sorted in memory, the newest first, of two series.
func TestLarge(t *testing.T) {
	const minutes = 400_000
	path := filepath.Join(t.TempDir(), "large.csv")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(file, "time,asset,rate")
	var block strings.Builder
	for i := minutes - 1; i >= 0; i-- {
		fmt.Fprintf(&block, "%d,BTC,%d.5\n%d,ETH,%d\n", 1_600_000_000+60*i, i+1, 1_600_000_000+60*i, i+7)
		if block.Len() > 1<<20 || i == 0 {
			if _, err := file.WriteString(block.String()); err != nil {
				t.Fatal(err)
			}
			block.Reset()
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	pricer := yen(t, open(t, rate.FileOptions{Path: path, Source: "s"}), rate.LastBefore)
	for _, i := range []int64{0, 1, 511, 512, 513, 262_143, 262_144, 399_999} {
		for asset, want := range map[chains.Asset]string{"BTC": fmt.Sprintf("%d.5", i+1), "ETH": fmt.Sprint(i + 7)} {
			for _, late := range []int64{0, 59} {
				price, err := pricer.Price("bitcoin", asset, time.Unix(1_600_000_000+60*i+late, 0))
				if err != nil || price.Steps[0].Rate.String() != want || price.Steps[0].At.Unix() != 1_600_000_000+60*i {
					t.Fatalf("%s, minute %d: got %+v, %v, want %s", asset, i, price, err, want)
				}
			}
		}
	}
	if price, err := pricer.Price("bitcoin", "BTC", time.Unix(1_599_999_999, 0)); err == nil {
		t.Fatalf("before the first: got %+v", price)
	}
}

// TestDamage: a segment with a changed byte is refused, or gives the same answers.
func TestDamage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "rates")
	var content strings.Builder
	content.WriteString("time,rate\n")
	for i := range 1500 {
		fmt.Fprintf(&content, "%d,%d\n", 1_600_000_000+60*i, i+1)
	}
	store := rate.OpenStore(dir)
	if _, _, err := store.Import(t.Context(), rate.FileOptions{Path: write(t, "r.csv", content.String()), Asset: "BTC", Source: "s"}, time.Unix(5, 0)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "00000001.rates")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		damaged := append([]byte{}, whole...)
		if rapid.Bool().Draw(rt, "cut") {
			damaged = damaged[:rapid.IntRange(0, len(whole)-1).Draw(rt, "length")]
		} else {
			damaged[rapid.IntRange(0, len(whole)-1).Draw(rt, "place")] ^= byte(rapid.IntRange(1, 255).Draw(rt, "bits"))
		}
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			rt.Fatal(err)
		}
		book, err := store.Open()
		if err != nil {
			if !errors.Is(err, rate.ErrCorrupt) {
				rt.Fatal(err)
			}
			return
		}
		defer book.Close()
		pricer := yen(t, book, rate.LastBefore)
		for i := range 1500 {
			price, err := pricer.Price("bitcoin", "BTC", time.Unix(int64(1_600_000_000+60*i), 0))
			if err != nil && !errors.Is(err, rate.ErrCorrupt) || err == nil && price.Steps[0].Rate.String() != fmt.Sprint(i+1) {
				rt.Fatalf("minute %d: got %+v, %v", i, price, err)
			}
		}
	})
}

// FuzzFile: whatever a file holds, it is refused in words or its rates can be asked for.
func FuzzFile(f *testing.F) {
	for _, content := range []string{
		"date,price\n2024-01-01,1\n", "time,asset,chain,quote,rate,source\n1700000000,0xdac17f958d2ee523a2206206994597c13d831ec7,ethereum,USD,1.01,s\n",
		"日付;通貨ペア;終値\n2024年1月1日;BTC_JPY;\"6,300,000円\"\n", "\xef\xbb\xbftime\trate\n2024-01-01T00:00:00+09:00\t1e-7\n",
		`{"date":"2009-01-03","fiatValues":{"EUR":150,"JPY":1e5}}`, "\xff\xfed\x00a\x00", "\x93\xfa\x95t,\x89\xbf\x8ai\n2024/1/1,5\n",
	} {
		f.Add([]byte(content))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "r")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		book, err := rate.OpenFiles(t.Context(), []rate.FileOptions{{Path: path, Asset: "BTC", Source: "s"}})
		if err != nil {
			if _, refused := errors.AsType[*rate.RefusedError](err); !refused {
				t.Fatal(err)
			}
			return
		}
		defer book.Close()
		if book.Empty() {
			t.Fatal("a file that was taken in holds nothing")
		}
		if _, err := yen(t, book, rate.Nearest, book.Sources()...).Price("bitcoin", "BTC", time.Unix(1_700_000_000, 0)); err != nil {
			if _, none := errors.AsType[*rate.NoRateError](err); !none {
				t.Fatal(err)
			}
		}
	})
}

// BenchmarkPrice asks for prices at random moments, and at one after the other.
func BenchmarkPrice(b *testing.B) {
	const minutes = 1_000_000
	var content strings.Builder
	content.WriteString("time,rate\n")
	for i := range minutes {
		fmt.Fprintf(&content, "%d,%d.5\n", 1_600_000_000+60*i, i+1)
	}
	book := open(b, rate.FileOptions{Path: write(b, "r.csv", content.String()), Asset: "BTC", Source: "s"})
	for name, next := range map[string]func(n int) int{
		"random":  func(n int) int { return n * 7919 % minutes },
		"in turn": func(n int) int { return n % minutes },
	} {
		b.Run(name, func(b *testing.B) {
			pricer := yen(b, book, rate.LastBefore)
			n := 0
			for b.Loop() {
				if _, err := pricer.Price("bitcoin", "BTC", time.Unix(int64(1_600_000_000+60*next(n)), 0)); err != nil {
					b.Fatal(err)
				}
				n++
			}
		})
	}
}
