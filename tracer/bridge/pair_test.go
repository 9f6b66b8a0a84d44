package bridge_test

import (
	"strings"
	"testing"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer/bridge"
)

func parsed(t *testing.T, text string) bridge.Memo {
	t.Helper()
	m, ok := bridge.Parse(text)
	if !ok {
		t.Fatalf("%q is no memo", text)
	}
	return m
}

func TestMismatch(t *testing.T) {
	id := chains.TxID{7}
	when := time.Unix(1_700_000_000, 0)
	in := func(text string) bridge.In {
		return bridge.In{Code: "BTC", Tx: id, Time: when, Sender: "bc1qsender", Vault: "bc1qvault", Asset: "BTC", Native: true, Memo: parsed(t, text)}
	}
	out := func(word string, change func(*bridge.Out)) bridge.Out {
		o := bridge.Out{Code: "ETH", Time: when.Add(time.Minute), To: "0xab", Asset: "ETH", Native: true, Memo: parsed(t, word+":"+id.String())}
		if change != nil {
			change(&o)
		}
		return o
	}
	back := func(o *bridge.Out) { o.Code, o.To, o.Asset = "BTC", "bc1qsender", "BTC" }
	token := func(o *bridge.Out) { o.Asset, o.Native = usdt, false }
	for name, c := range map[string]struct {
		in   bridge.In
		out  bridge.Out
		want string
	}{
		"as asked for":             {in("=:ETH.ETH:0xAB"), out("OUT", nil), ""},
		"a refund to the sender":   {in("=:ETH.ETH:0xAB"), out("REFUND", back), ""},
		"a refund address":         {in("=:e:0xAB/BC1QOTHER"), out("REFUND", func(o *bridge.Out) { back(o); o.To = "bc1qother" }), ""},
		"a token by contract":      {in("=:ETH.USDT-" + strings.ToUpper(usdt) + ":0xab"), out("OUT", token), ""},
		"a token by last digits":   {in("=:ETH.USDT-EC7:0xab"), out("OUT", token), ""},
		"a time ahead of its own":  {in("=:e:0xab"), out("OUT", func(o *bridge.Out) { o.Time = when.Add(-2 * time.Hour) }), ""},
		"no time":                  {in("=:e:0xab"), out("OUT", func(o *bridge.Out) { o.Time = time.Time{} }), ""},
		"another recipient":        {in("=:e:0xac"), out("OUT", nil), "it pays 0xab"},
		"no recipient":             {in("=:e:"), out("OUT", func(o *bridge.Out) { o.To = "" }), "it pays"},
		"another asset":            {in("=:b:0xab"), out("OUT", nil), "asks for BTC.BTC"},
		"another chain":            {in("=:AVAX.ETH:0xab"), out("OUT", nil), "asks for AVAX.ETH"},
		"a token by symbol alone":  {in("=:ETH.USDT:0xab"), out("OUT", token), "asks for ETH.USDT"},
		"two digits":               {in("=:ETH.USDT-C7:0xab"), out("OUT", token), "asks for"},
		"other digits":             {in("=:ETH.USDT-EC8:0xab"), out("OUT", token), "asks for"},
		"the start of a contract":  {in("=:ETH.USDT-0XDAC17:0xab"), out("OUT", token), "asks for"},
		"a coin for a token":       {in("=:ETH.USDT-EC7:0xab"), out("OUT", nil), "asks for"},
		"a synthetic":              {in("=:ETH/ETH:0xab"), out("OUT", nil), "asks for"},
		"before the deposit":       {in("=:e:0xab"), out("OUT", func(o *bridge.Out) { o.Time = when.Add(-2*time.Hour - time.Second) }), "older"},
		"another transaction":      {in("=:e:0xab"), out("OUT", func(o *bridge.Out) { o.Memo.Quoted = chains.TxID{8} }), "another transaction"},
		"a refund to the vault's":  {in("=:e:0xab"), out("REFUND", func(o *bridge.Out) { back(o); o.To = "bc1qvault" }), "it pays bc1qvault"},
		"a refund on another":      {in("=:e:0xab"), out("REFUND", func(o *bridge.Out) { o.To = "bc1qsender" }), "pays back ETH"},
		"base58 is not case-blind": {in("=:e:1aB"), out("OUT", func(o *bridge.Out) { o.To = "1ab" }), "it pays 1ab"},
	} {
		got := bridge.Mismatch(c.in, c.out)
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestCode(t *testing.T) {
	for _, c := range []struct {
		chain chains.Chain
		coin  chains.Asset
		code  string
		live  bool
	}{
		{"bitcoin", "BTC", "BTC", true},
		{"bitcoin-regtest", "BTC", "BTC", false},
		{"bitcoin-litecoin-regtest", "LTC", "LTC", false},
		{"ethereum", "ETH", "ETH", true},
		{"ethereum-1337", "ETH", "ETH", false},
		{"ethereum-56", "BNB", "BSC", true},
		{"ethereum-137", "POL", "", true},
	} {
		if code, live := bridge.Code(c.chain, c.coin), bridge.Live(c.chain); code != c.code || live != c.live {
			t.Errorf("%s: %q, %v", c.chain, code, live)
		}
	}
}
