package intake_test

import (
	"strings"
	"testing"

	"tsuiseki/tracer/intake"
)

// normalised is how a cell is read, or the code with which it is refused.
func normalised(t *testing.T, heading, raw string) string {
	t.Helper()
	text := "取引ID," + heading + "\n内部送金," + `"` + strings.ReplaceAll(raw, `"`, `""`) + "\"\n"
	got, _, _ := read(t, []byte(text), intake.Options{Chains: []intake.Chain{nothingThere{}}})
	if len(got.rejected) == 1 {
		return codes(got.rejected[0])
	}
	for _, f := range got.records[0].Fields {
		if f.Column == "B" {
			return f.Normalised
		}
	}
	return "nothing"
}

func TestNormalised(t *testing.T) {
	for heading, cells := range map[string]map[string]string{
		"日時": {
			"2024/5/1 12:34":                "2024-05-01T03:34:00Z",
			"2024-05-01 12:34:56":           "2024-05-01T03:34:56Z",
			"2024-05-01T12:34:56+09:00":     "2024-05-01T03:34:56Z",
			"2024-05-01T12:34:56Z":          "2024-05-01T12:34:56Z",
			"2024-05-01T12:34:56.789Z":      "2024-05-01T12:34:56Z",
			"2024-05-01 12:34 UTC":          "2024-05-01T12:34:00Z",
			"2024-05-01 12:34 (UTC+9)":      "2024-05-01T03:34:00Z",
			"2024-05-01 12:34 JST":          "2024-05-01T03:34:00Z",
			"2024年5月1日 12時34分56秒":           "2024-05-01T03:34:56Z",
			"2024年5月1日12時":                  "2024-05-01T03:00:00Z",
			"令和6年5月1日":                      "2024-04-30T15:00:00Z",
			"令和６年５月１日（水）午後０時３４分":            "2024-05-01T03:34:00Z",
			"令和元年5月1日 午前0時0分":               "2019-04-30T15:00:00Z",
			"平成31年4月30日 24:00":              "2019-04-30T15:00:00Z",
			"R6.5.1 12:34":                  "2024-05-01T03:34:00Z",
			"20240501":                      "2024-04-30T15:00:00Z",
			"20240501123456":                "2024-05-01T03:34:56Z",
			"31/12/2024 10:00":              "2024-12-31T01:00:00Z",
			"5/1/2024 12:34 PM":             "time-unreadable", // which is the month?
			"2024/5/1 12:34 pm":             "2024-05-01T03:34:00Z",
			"2024/5/1 12:34 am":             "2024-04-30T15:34:00Z",
			"1714534440":                    "2024-05-01T03:34:00Z",
			"1714534440000":                 "2024-05-01T03:34:00Z",
			"24/5/1":                        "time-unreadable",
			"5月1日 12:34":                    "time-unreadable",
			"2024/2/30":                     "time-unreadable",
			"2024/5/1 25:00":                "time-unreadable",
			"45413.5":                       "time-unreadable",
			"平成36年5月1日":                     "time-unreadable",
			"2024/5/1 12:34 頃":              "time-unreadable",
			"2024-05-01 12:34 Asia/Bangkok": "time-unreadable",
		},
		"数量": {
			"0.5": "0.5", "１，２３４．５": "1234.5", "1,234,567": "1234567", "0.50": "0.50", "0.5BTC": "0.5 BTC", "BTC 0.5": "0.5 BTC", "0.5 ビットコイン": "0.5 BTC", "0.5 USDT(TRC20)": "0.5 USDT",
			"1万": "10000", "1.5万USDT": "15000 USDT", "1億2,345万6,789": "123456789", "3千": "3000", "+0.5": "0.5", "－0.5": "0.5", ".5": "0.5", "100 sat": "100 sat",
			"0,5": "amount-unreadable", "1,23": "amount-unreadable", "1.2.3": "amount-unreadable", "5E-05": "amount-mangled", "1.0e+8": "amount-mangled", "約1": "amount-unreadable", "1万2億": "amount-unreadable",
			"¥500": "amount-is-yen", "50万円": "amount-is-yen", "0.5 XYZ": "amount-unreadable", "0.5 (手数料込)": "amount-unreadable", "一": "amount-unreadable", "5 5": "amount-unreadable",
		},
		"円換算額": {
			"500,000": "500000", "50万円": "500000", "￥1,000": "1000", "1億円": "100000000", "1.5億円": "150000000", "1000.5": "yen-unreadable", "0.5BTC": "yen-unreadable", "-5": "yen-unreadable",
		},
		"都道府県警": {
			"千葉県警": "12", "警視庁": "13", "東京都": "13", "大阪府警察": "27", "北海道警察本部": "01", "京都府警": "26", "13": "13", "沖縄": "47", "千葉県警/船橋署": "12", "48": "", "火星県警": "",
		},
		"送金先アドレス": {
			"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4":                              "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
			"BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4":                              "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
			"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5":                              "address-unreadable",
			"1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH":                                      "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH",
			"1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMh":                                      "address-unreadable",
			"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t":                                      "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
			"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6T":                                      "address-unreadable",
			"0xdAC17F958D2ee523a2206206994597C13D831ec7":                              "0xdac17f958d2ee523a2206206994597c13d831ec7",
			"0xdac17f958d2ee523a2206206994597c13d831ec7":                              "0xdac17f958d2ee523a2206206994597c13d831ec7",
			"0xDac17F958D2ee523a2206206994597C13D831ec7":                              "address-unreadable",
			"dac17f958d2ee523a2206206994597c13d831ec7":                                "0xdac17f958d2ee523a2206206994597c13d831ec7",
			"https://etherscan.io/address/0xdAC17F958D2ee523a2206206994597C13D831ec7": "0xdac17f958d2ee523a2206206994597c13d831ec7",
			"bitcoin:1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH?amount=0.1":                   "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH",
			"山田太郎": "address-unreadable",
		},
		"通貨": {
			"BTC": "BTC", "ビットコイン": "BTC", "ｂｔｃ": "BTC", "USDT(TRC20)": "USDT", "USDT-ERC20": "USDT", "テザー": "USDT", "イーサリアム(ETH)": "ETH", "0xDAC17F958D2EE523A2206206994597C13D831EC7": "0xdac17f958d2ee523a2206206994597c13d831ec7", "円": "asset-unknown",
		},
	} {
		for raw, want := range cells {
			if got := normalised(t, heading, raw); got != want {
				t.Errorf("%s %q: got %q, want %q", heading, raw, got, want)
			}
		}
	}
}

// TestExplorers: the host tells the chain, and a row on another chain than the one
// found is told so.
func TestExplorers(t *testing.T) {
	id := strings.Repeat("ab", 32)
	for url, chain := range map[string]string{
		"https://tronscan.org/#/transaction/" + id:                   "tron",
		"https://blockchair.com/tron/transaction/" + id:              "tron",
		"https://www.oklink.com/trx/tx/" + id:                        "tron",
		"https://etherscan.io/tx/0x" + id + "#eventlog":              "ethereum",
		"etherscan.io/tx/0x" + id:                                    "ethereum",
		"https://polygonscan.com/tx/0x" + id:                         "ethereum-137",
		"https://bscscan.com/tx/0x" + id:                             "ethereum-56",
		"https://www.blockchain.com/explorer/transactions/eth/" + id: "ethereum",
		"https://sepolia.etherscan.io/tx/0x" + id:                    "ethereum-11155111",
		"リンク：https://arbiscan.io/tx/0x" + id:                         "ethereum-42161",
		"https://blockstream.info/testnet/tx/" + id:                  "bitcoin-test",
	} {
		got, _, _, err := tryRead(t, []byte("取引ID\n"+url+"\n"), intake.Options{Chains: []intake.Chain{nothingThere{}}})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.records) != 1 || got.records[0].Chain != chain || got.records[0].ID != id {
			t.Errorf("%s: records %+v, rejected %+v", url, got.records, got.rejected)
		}
	}
	for _, url := range []string{"https://mempool.space/tx/" + id, "https://blockchair.com/bitcoin/transaction/" + id, "https://chainflyer.bitflyer.com/Transaction/" + id} {
		got, _, _, err := tryRead(t, []byte("取引ID\n"+url+"\n"), intake.Options{Chains: []intake.Chain{nothingThere{}}})
		if err != nil || len(got.rejected) != 1 || codes(got.rejected[0]) != "tx-not-found" {
			t.Errorf("%s: %v %+v", url, err, got)
		}
	}
}
