package rate_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"tsuiseki/chains"
	"tsuiseki/tracer/rate"
)

func write(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// open reads one file for one book.
func open(t testing.TB, opt rate.FileOptions) *rate.Book {
	t.Helper()
	book, err := rate.OpenFiles(t.Context(), []rate.FileOptions{opt})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	return book
}

func yen(t testing.TB, book *rate.Book, rule rate.Rule, sources ...string) *rate.Pricer {
	t.Helper()
	p, err := rate.NewPricer(book, rate.Params{Currency: "JPY", Rule: rule, MaxAge: rate.DefaultMaxAge, Sources: sources})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func at(t testing.TB, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

func TestForms(t *testing.T) {
	const day = "2024-02-29T14:59:59Z" // 23:59:59 in Japan
	sjis := func(text string) string {
		encoded, err := japanese.ShiftJIS.NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		return encoded
	}
	utf16 := func(text string) string {
		encoded, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		return encoded
	}
	for name, c := range map[string]struct {
		content string
		opt     rate.FileOptions
		at      string // of the rate, which is 1234.5
	}{
		"all columns":   {"source,rate,quote,asset,time\nx,1234.5,jpy,btc,2024-02-29T14:59:59Z\n", rate.FileOptions{}, day},
		"two columns":   {"date,price\n2024-02-29,1234.5\n", rate.FileOptions{Asset: "BTC"}, day},
		"ohlc":          {"Date,Open,High,Low,Close,Adj Close,Volume\n2024-02-29,1,9,1,1234.50,3,7\n", rate.FileOptions{Asset: "BTC"}, day},
		"coingecko":     {"snapped_at,price,market_cap,total_volume\n2024-02-29 00:00:00 UTC,1234.5,1,1\n", rate.FileOptions{Asset: "BTC"}, "2024-02-29T00:00:00Z"},
		"UTC days":      {"date,price\n2024-02-29,1234.5\n", rate.FileOptions{Asset: "BTC", Days: rate.UTC}, "2024-02-29T23:59:59Z"},
		"japanese":      {"日付,終値\n2024年2月29日,\"1,234.5円\"\n", rate.FileOptions{Asset: "BTC"}, day},
		"cp932":         {sjis("日付,通貨,価格\r\n2024/2/29,ＢＴＣ,１２３４．５\r\n"), rate.FileOptions{}, day},
		"bom":           {"\ufeffdate,price\n2024-02-29,1234.5\n", rate.FileOptions{Asset: "BTC"}, day},
		"utf-16":        {utf16("日付\t価格\n2024/02/29\t￥1,234.5\n"), rate.FileOptions{Asset: "BTC"}, day},
		"semicolons":    {"date;pair;price\n20240229;BTC_JPY;1234.5\n", rate.FileOptions{}, day},
		"quoted":        {"\"date\",\"pair\",\"source\",\"price\"\n\"2024-02-29\",\"BTC/JPY\",\"a \"\"b\"\", c\",\"1234.5\"\n", rate.FileOptions{}, day},
		"unix":          {"time,rate\n1709218799,1234.5\n", rate.FileOptions{Asset: "BTC"}, day},
		"unix millis":   {"time,rate\n1709218799000,1234.5\n", rate.FileOptions{Asset: "BTC"}, day},
		"unix micros":   {"time,rate\n1709218799000000,1234.5\n", rate.FileOptions{Asset: "BTC"}, day},
		"japanese time": {"日時,レート\n2024/02/29 23:59:59,1234.5\n", rate.FileOptions{Asset: "BTC"}, day},
		"graphsense":    {"{\"date\": \"2024-02-29\", \"fiatValues\": {\"EUR\": 1, \"JPY\": 1234.5}}\n", rate.FileOptions{Asset: "BTC"}, "2024-02-29T23:59:59Z"},
		"exponent":      {"date,price\n2024-02-29,1.2345e3\n", rate.FileOptions{Asset: "BTC"}, day},
		"said twice":    {"date,price\n2024-02-29,1234.5\n2024-02-29,1234.50\n\n", rate.FileOptions{Asset: "BTC"}, day},
	} {
		t.Run(name, func(t *testing.T) {
			opt := c.opt
			opt.Path = write(t, "rates.csv", c.content)
			if opt.Source == "" && !strings.Contains(c.content, "source") {
				opt.Source = "test"
			}
			price, err := yen(t, open(t, opt), rate.LastBefore).Price("bitcoin", "BTC", at(t, c.at))
			if err != nil {
				t.Fatal(err)
			}
			if s := price.Steps[0]; s.Rate.String() != "1234.5" || !s.At.Equal(at(t, c.at)) || s.Quote != "JPY" {
				t.Fatalf("got %+v", s)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		opt     rate.FileOptions
		want    string
	}{
		"empty":          {"", rate.FileOptions{}, "r.csv:1: holds no rate"},
		"headings alone": {"time,rate\n", rate.FileOptions{}, "r.csv:1: holds no rate"},
		"no time":        {"asset,rate\nBTC,1\n", rate.FileOptions{}, "r.csv:1: no column is the time"},
		"unknown":        {"time,rate,qoute\n1,1,USD\n", rate.FileOptions{}, `r.csv:1: heading "qoute" is none that is known`},
		"two prices":     {"time,price,close\n1,1,1\n", rate.FileOptions{}, `headings "price" and "close" both stand for the rate`},
		"pair and asset": {"time,price,pair,asset\n1,1,1,1\n", rate.FileOptions{}, "a pair says both"},
		"bad time":       {"time,rate\n2024-02-30,1\n", rate.FileOptions{Asset: "BTC"}, `r.csv:2: time: "2024-02-30" is no time`},
		"other zone":     {"time,rate\n2024-02-20 00:00:00 PST,1\n", rate.FileOptions{Asset: "BTC"}, "is no time"},
		"short unix":     {"time,rate\n170921879,1\n", rate.FileOptions{Asset: "BTC"}, "is no Unix time"},
		"before 1970":    {"time,rate\n1969-12-30,1\n", rate.FileOptions{Asset: "BTC"}, "lies before 1970"},
		"nanoseconds":    {"time,rate\n2024-02-20T00:00:00.0000001Z,1\n", rate.FileOptions{Asset: "BTC"}, "finer than a microsecond"},
		"zero":           {"time,rate\n2024-02-20,0\n", rate.FileOptions{Asset: "BTC"}, `r.csv:2: rate: "0" is zero`},
		"yen of dollars": {"time,rate,quote\n2024-02-20,¥5,USD\n", rate.FileOptions{Asset: "BTC"}, "is no number"},
		"no asset":       {"time,rate\n2024-02-20,1\n", rate.FileOptions{}, "r.csv:2: asset: is not told"},
		"bad asset":      {"time,rate\n2024-02-20,1\n", rate.FileOptions{Asset: "B T C"}, "want a coin's name"},
		"no source":      {"time,rate\n2024-02-20,1\n", rate.FileOptions{Asset: "BTC", Source: "-"}, "r.csv:2: source: is not told"},
		"no chain":       {"time,rate\n2024-02-20,1\n", rate.FileOptions{Asset: "0xdac17f958d2ee523a2206206994597c13d831ec7"}, "r.csv:2: chain: a contract's address is another token"},
		"itself":         {"time,rate,pair\n2024-02-20,1,JPY/JPY\n", rate.FileOptions{}, "says nothing"},
		"bad pair":       {"time,rate,pair\n2024-02-20,1,BTCJPY\n", rate.FileOptions{}, "want BTC/JPY"},
		"differs":        {"time,rate\n2024-02-20,1\n2024-02-20,2\n", rate.FileOptions{Asset: "BTC"}, "r.csv:3: rate: 2 differs from 1 of line 2 for the same time"},
		"cells":          {"time,rate\n2024-02-20,1,2\n", rate.FileOptions{Asset: "BTC"}, "r.csv:2: has 3 cells, the headings are 2"},
		"quote":          {"time,rate\n2024-02-20,\"1\n", rate.FileOptions{Asset: "BTC"}, "r.csv:2: a quote is not closed"},
		"no text":        {"time,rate\n2024-02-20,1\xff\xff\n", rate.FileOptions{Asset: "BTC"}, "r.csv:2: is neither UTF-8 nor CP932"},
		"long line":      {"time,rate\n" + strings.Repeat("1", 70_000), rate.FileOptions{Asset: "BTC"}, "r.csv:2: is longer than"},
		"json":           {"{\"date\":\"2024-01-01\",\"fiatValues\":{\"JPY\":1},\"x\":1}\n", rate.FileOptions{Asset: "BTC"}, "r.csv:1: is not {"},
		"json twice":     {"{\"date\":\"2024-01-01\",\"fiatValues\":{\"JPY\":1}} {}\n", rate.FileOptions{Asset: "BTC"}, "more than one document"},
	} {
		t.Run(name, func(t *testing.T) {
			opt := c.opt
			opt.Path = write(t, "r.csv", c.content)
			switch opt.Source {
			case "":
				opt.Source = "test"
			case "-":
				opt.Source = ""
			}
			_, err := rate.OpenFiles(t.Context(), []rate.FileOptions{opt})
			if _, refused := errors.AsType[*rate.RefusedError](err); !refused || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestGraphSense reads the rates that GraphSense tests with.
func TestGraphSense(t *testing.T) {
	path := write(t, "rates.json", `{"date": "2009-01-03", "fiatValues": {"EUR": 150, "USD": 149.55}}
{"date": "2009-01-09", "fiatValues": {"EUR": 300, "USD": 302.67}}
`)
	book := open(t, rate.FileOptions{Path: path, Asset: "BTC", Source: "graphsense"})
	p, err := rate.NewPricer(book, rate.Params{Currency: "USD", Places: 2, Rule: rate.DayClose})
	if err != nil {
		t.Fatal(err)
	}
	price, err := p.Price("bitcoin", "BTC", at(t, "2009-01-09T00:00:00Z"))
	if err != nil || price.Of(chains.NewAmount(50_0000_0000), 8) != "15133.50" {
		t.Fatalf("got %v, %v", price, err)
	}
}

// TestManyProblems: all are counted, the first hundred told.
func TestManyProblems(t *testing.T) {
	path := write(t, "r.csv", "time,rate\n"+strings.Repeat("x,1\n", 250))
	_, err := rate.OpenFiles(t.Context(), []rate.FileOptions{{Path: path, Asset: "BTC", Source: "s"}})
	refused, ok := errors.AsType[*rate.RefusedError](err)
	if !ok || refused.Rows != 250 || len(refused.Problems) != 100 || !strings.Contains(err.Error(), "and 150 more") {
		t.Fatalf("got %v", err)
	}
}
