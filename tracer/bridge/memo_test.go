package bridge_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"tsuiseki/chains"
	"tsuiseki/tracer/bridge"
)

const usdt = "0xdac17f958d2ee523a2206206994597c13d831ec7"

func TestParse(t *testing.T) {
	id := strings.Repeat("AB", 32)
	quoted, err := chains.ParseTxID(strings.ToLower(id))
	if err != nil {
		t.Fatal(err)
	}
	ether := bridge.Asset{Text: "ETH.ETH", Chain: "ETH", Symbol: "ETH"}
	for text, want := range map[string]bridge.Memo{
		"=:ETH.ETH:0xAb":  {Kind: bridge.KindSwap, Asset: ether, To: "0xAb"},
		"=:e:0xAb":        {Kind: bridge.KindSwap, Asset: ether, To: "0xAb"},
		"SWAP:eth.eth:0x": {Kind: bridge.KindSwap, Asset: ether, To: "0x"},
		"s:ETH.USDT-0XDAC1:0xAb/bc1q:123/1/0:t1:25:~1b3:0xFin": {
			Kind:  bridge.KindSwap,
			Asset: bridge.Asset{Text: "ETH.USDT-0XDAC1", Chain: "ETH", Symbol: "USDT", Contract: "0XDAC1"},
			To:    "0xAb", Refund: "bc1q", Limit: "123", Interval: "1", Quantity: "0", Affiliate: "t1", Fee: "25", Aggregator: "~1b3", Final: "0xFin",
		},
		"=<:r:thor1x:1e8":              {Kind: bridge.KindLimitSwap, Asset: bridge.Asset{Text: "THOR.RUNE", Chain: "THOR", Symbol: "RUNE"}, To: "thor1x", Limit: "1e8"},
		"=:ETH~ETH:thor1x":             {Kind: bridge.KindSwap, Asset: bridge.Asset{Text: "ETH~ETH", Chain: "THOR", Symbol: "ETH"}, To: "thor1x"},
		"=:ETH/ETH:thor1x":             {Kind: bridge.KindSwap, Asset: bridge.Asset{Text: "ETH/ETH", Chain: "THOR", Symbol: "ETH"}, To: "thor1x"},
		"=:BTC-BTC:thor1x":             {Kind: bridge.KindSwap, Asset: bridge.Asset{Text: "BTC-BTC", Chain: "THOR", Symbol: "BTC"}, To: "thor1x"},
		"=:NEW.COIN:x":                 {Kind: bridge.KindSwap, Asset: bridge.Asset{Text: "NEW.COIN", Chain: "NEW", Symbol: "COIN"}, To: "x"},
		"=:DOGE:x":                     {Kind: bridge.KindSwap, Asset: bridge.Asset{Text: "DOGE", Chain: "THOR", Symbol: "DOGE"}, To: "x"},
		"=:b:\xff\xfe:5":               {Kind: bridge.KindSwap, Asset: bridge.Asset{Text: "BTC.BTC", Chain: "BTC", Symbol: "BTC"}, Limit: "5"},
		"=:b:bc1|0xfeed":               {Kind: bridge.KindSwap, Asset: bridge.Asset{Text: "BTC.BTC", Chain: "BTC", Symbol: "BTC"}, To: "bc1"},
		"OUT:" + id:                    {Kind: bridge.KindOut, Quoted: quoted},
		"refund:" + id:                 {Kind: bridge.KindRefund, Quoted: quoted},
		"+:BTC.BTC:thor1":              {Kind: bridge.KindAdd},
		"wd:BTC.BTC:10000":             {Kind: bridge.KindWithdraw},
		"%:BTC.BTC":                    {Kind: bridge.KindDonate},
		"$+:ETH.ETH:0x":                {Kind: bridge.KindLoanOpen},
		"LOAN-:ETH.ETH":                {Kind: bridge.KindLoanRepay},
		"TRADE+:thor1":                 {Kind: bridge.KindTradeDeposit},
		"~:name:BTC":                   {Kind: bridge.KindName},
		"MIGRATE:123":                  {Kind: bridge.KindMigrate},
		"consolidate":                  {Kind: bridge.KindConsolidate},
		"=:" + strings.Repeat("a", 48): {Kind: bridge.KindSwap, Asset: bridge.Asset{Text: strings.Repeat("A", 48), Chain: "THOR", Symbol: strings.Repeat("A", 48)}},
	} {
		want.Text = text
		if got, ok := bridge.Parse(text); !ok || got != want {
			t.Errorf("%q: %v\n%s", text, ok, cmp.Diff(want, got))
		}
	}
	for _, text := range []string{"", ":", "hello", "SWAP", "=::x", "=:\x00:x", "OUT:", "OUT:" + id[1:], "=:b:" + strings.Repeat("a", chains.MaxMemo)} {
		if got, ok := bridge.Parse(text); ok {
			t.Errorf("%q is taken for %+v", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"=:ETH.ETH:0xab/0xcd:1/2/3:t:5", "OUT:" + strings.Repeat("ab", 32), "~:\xff", "=:b:a|b|c", ":::::", "s:ETH.USDT-EC7:0x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, ok := bridge.Parse(text)
		if !ok {
			return
		}
		if m.Text != text || m.Kind == "" || len(text) > chains.MaxMemo || m.Swaps() && m.Asset.Text == "" || m.Answers() && m.Quoted == (chains.TxID{}) && !strings.Contains(text, strings.Repeat("0", 64)) {
			t.Errorf("%q: %+v", text, m)
		}
		for _, part := range []string{m.To, m.Refund, m.Limit, m.Affiliate, m.Fee, m.Asset.Text, m.Asset.Contract} {
			for _, b := range []byte(part) {
				if b <= ' ' || b > '~' {
					t.Errorf("%q: part %q", text, part)
				}
			}
		}
		if shown := bridge.Printable(text); !utf8.ValidString(shown) || strings.ContainsAny(shown, "\x00\x1b\n\x7f\u202e") {
			t.Errorf("%q is shown as %q", text, shown)
		}
	})
}
