package intake_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer/intake"
)

// heading is that of the files that prefectures send.
const heading = "事件番号,都道府県警,署,担当者,受理番号,手口,被害者ID,取引ID,通貨,数量,日時,送金先アドレス,送金元交換業者,円換算額,備考\n"

// defect is a row of a file as it comes, and what becomes of it.
type defect struct {
	name    string
	tx      string
	asset   string
	amount  string
	time    string
	address string
	note    string
	want    string // a reference, "record KIND CHAIN", or codes of errors
	says    string // that the suggestion, or a notice, contains
}

func (d defect) row() string {
	quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
	return strings.Join([]string{
		"R6-12", "千葉県警", "船橋署", "髙橋", "第34号", "投資詐欺", "被害者A", quote(d.tx), d.asset, quote(d.amount), quote(d.time), quote(d.address), "取引所X", "50万円", quote(d.note),
	}, ",") + "\n"
}

func defects(w *world) []defect {
	alice, mallory := string(w.person(alice)), string(someone("mallory"))
	single, ether := w.single.String(), w.ether.String()
	full := func(s string) string { return strings.Map(func(r rune) rune { return r - '!' + '！' }, s) }
	noon := "2024/5/1 13:00" // JST: 04:00 UTC, the block of single
	return []defect{
		{name: "as it should be", tx: single, asset: "BTC", amount: "0.5", time: noon, address: alice, want: single + ":0"},
		{name: "the id alone", tx: single, want: single + ":0"},
		{name: "full width", tx: full(single), asset: "BTC", amount: "0.5", want: single + ":0"},
		{name: "unseen characters", tx: "\u200b" + single[:10] + "\u200d" + single[10:] + "\u3000", want: single + ":0"},
		{name: "wrapped", tx: single[:40] + "\n" + single[40:], want: single + ":0"},
		{name: "wrapped twice, with 0x", tx: "0x" + ether[:20] + "\r\n" + ether[20:40] + "\r\n" + ether[40:], amount: "1.5ETH", want: ether + ":call:0"},
		{name: "upper case without 0x", tx: strings.ToUpper(ether), want: ether + ":call:0"},
		{name: "explorer", tx: "https://etherscan.io/tx/0x" + ether, want: ether + ":call:0"},
		{name: "explorer of the other chain", tx: "https://mempool.space/ja/tx/" + ether, want: "chain-mismatch", says: "ethereum"},
		{name: "unknown explorer", tx: "https://explorer.example/tx/" + single, want: single + ":0", says: "explorer.example"},
		{name: "a link beside its id", tx: single + " (https://mempool.space/tx/" + single + ")", want: single + ":0"},
		{name: "numbered", tx: "①" + single, want: single + ":0"},
		{name: "an address instead", tx: alice, amount: "0.5 BTC", time: noon, want: "id-is-address", says: single + ":0"},
		{name: "truncated", tx: single[:10] + "…" + single[58:], address: alice, amount: "0.5BTC", time: noon, want: "id-truncated", says: single + ":0"},
		{name: "truncated without a mark", tx: "0x" + ether[:30], address: mallory, time: "2024-05-01T03:01:00Z", want: "id-truncated", says: ether + ":call:0"},
		{name: "too long", tx: single + "ab", want: "id-too-long"},
		{name: "trade number", tx: "2024050112345", want: "id-is-trade-number"},
		{name: "trade number with letters", tx: "WD-20240501-7", address: alice, time: noon, amount: "0.5", asset: "ビットコイン", want: "id-is-trade-number", says: single + ":0"},
		{name: "internal transfer", tx: "取引所内振替", want: "record exchange-internal "},
		{name: "internal transfer in the note", tx: "98765432", note: "内部送金のため", want: "record exchange-internal "},
		{name: "no id", tx: "", amount: "0.5", want: "id-missing"},
		{name: "mangled by a spreadsheet", tx: "1.23457E+19", want: "id-mangled"},
		{name: "Tron by asset", tx: strings.Repeat("ab", 32), asset: "USDT(TRC20)", amount: "100", want: "record unindexed-chain tron", says: "tron, which is not indexed"},
		{name: "Tron by address", tx: strings.Repeat("ab", 32), address: "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", want: "record unindexed-chain tron"},
		{name: "Tron by explorer", tx: "https://tronscan.org/#/transaction/" + strings.Repeat("ab", 32), want: "record unindexed-chain tron"},
		{name: "Tron address as id", tx: "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", want: "id-is-address"},
		{name: "Tron said, found elsewhere", tx: ether, asset: "TRX", want: "chain-mismatch", says: "ethereum"},
		{name: "unknown", tx: strings.Repeat("cd", 32), want: "tx-not-found"},
		{name: "pending", tx: w.waiting.String(), want: "tx-pending"},
		{name: "replaced", tx: w.replaced.String(), want: "tx-replaced", says: single},
		{name: "failed", tx: w.failed.String(), want: "tx-failed"},
		{name: "no value", tx: w.nothing.String(), want: "tx-no-value"},
		{name: "native said, token moved", tx: w.dollars.String(), asset: "ETH", want: "asset-mismatch", says: "1000 USDT"},
		{name: "token said, native moved", tx: ether, asset: "USDT", want: "asset-mismatch", says: "1.5 ETH"},
		{name: "look-alike token", tx: w.fake.String(), asset: "USDT", amount: "500", want: "asset-mismatch", says: string(fake)},
		{name: "token by contract", tx: w.fake.String(), asset: string(fake), amount: "500", want: w.fake.String() + ":log:3"},
		{name: "satoshi for coins", tx: single, amount: "50,000,000", want: "amount-scale", says: "0.5 BTC"},
		{name: "wei for ether", tx: ether, amount: "1500000000000000000", want: "amount-scale", says: "1.5 ETH"},
		{name: "wei said", tx: ether, amount: "1,500,000,000,000,000,000 wei", want: ether + ":call:0"},
		{name: "satoshi said", tx: single, amount: "50000000 sat", want: single + ":0"},
		{name: "token units for tokens", tx: w.dollars.String(), asset: "USDT", address: mallory, amount: "1000000000", want: "amount-scale", says: "1000 USDT"},
		{name: "misplaced point", tx: single, amount: "0.05", want: "amount-scale"},
		{name: "wrong amount", tx: single, amount: "0.7", want: "amount-mismatch", says: "fee"},
		{name: "too many places", tx: single, amount: "0.512345678901", want: "amount-precision"},
		{name: "amount with 万", tx: w.dollars.String(), asset: "USDT", address: mallory, amount: "0.1万", want: w.dollars.String() + ":log:0"},
		{name: "about", tx: single, amount: "約0.5", want: "amount-unreadable"},
		{name: "decimal comma", tx: single, amount: "0,5", want: "amount-unreadable"},
		{name: "yen as amount", tx: single, amount: "500,000円", want: "amount-is-yen"},
		{name: "two assets", tx: single, asset: "BTC", amount: "0.5 ETH", want: "asset-conflict"},
		{name: "satoshi of ether", tx: ether, amount: "1500000000 sat", want: "asset-conflict"},
		{name: "negative", tx: single, amount: "△0.5", want: single + ":0", says: "minus"},
		{name: "batch by recipient", tx: w.batch.String(), address: alice, want: w.batch.String() + ":0"},
		{name: "batch by amount", tx: w.batch.String(), amount: "0.1", want: w.batch.String() + ":0", says: "amount alone"},
		{name: "batch by both", tx: w.batch.String(), amount: "0.2", address: string(w.person(carol)), want: w.batch.String() + ":2"},
		{name: "batch, two fit", tx: w.batch.String(), amount: "0.2", want: "place-ambiguous", says: w.batch.String() + ":1"},
		{name: "batch, same recipient twice", tx: w.batch.String(), amount: "0.3", address: string(w.person(dan)), want: "place-ambiguous", says: w.batch.String() + ":4"},
		{name: "batch, nothing said", tx: w.batch.String(), want: "place-ambiguous", says: "(5)"},
		{name: "batch by place", tx: w.batch.String() + ":4", want: w.batch.String() + ":4"},
		{name: "batch of tokens", tx: w.dollars.String(), amount: "2000", asset: "テザー", want: w.dollars.String() + ":log:1"},
		{name: "internal calls", tx: w.split.String(), address: mallory, amount: "1", want: w.split.String() + ":call:1"},
		{name: "no such output", tx: single + ":7", want: "place-missing"},
		{name: "another recipient", tx: single, address: string(w.person(bob)), want: "recipient-mismatch", says: alice},
		{name: "the sender as recipient", tx: ether, address: string(someone("victim")), want: "recipient-is-sender", says: mallory},
		{name: "mistyped address", tx: single, address: alice[:len(alice)-1] + "x", want: "address-unreadable"},
		{name: "nine hours", tx: single, time: "2024/5/1 4:00", want: single + ":0", says: "nine hours"},
		{name: "nine hours in words", tx: single, time: "令和6年5月1日 午前4時", want: single + ":0", says: "nine hours"},
		{name: "UTC said", tx: single, time: "2024-05-01 04:00 UTC", want: single + ":0"},
		{name: "era", tx: single, time: "R6.5.1", want: single + ":0"},
		{name: "another month", tx: single, time: "2024/6/1 13:00", want: "time-far"},
		{name: "a day and some", tx: single, time: "2024/5/2 13:00", want: single + ":0", says: "24h"},
		{name: "no year", tx: single, time: "5/1 13:00", want: "time-unreadable"},
		{name: "serial", tx: single, time: "45413.54", want: "time-unreadable"},
		{name: "all digits kept", tx: w.exact.String(), amount: "1.234567890123456789", want: w.exact.String() + ":call:0"},
		{name: "several things wrong", tx: alice, amount: "半分", time: "昨日", want: "amount-unreadable time-unreadable id-is-address"},
		{name: "unknown asset", tx: single, asset: "なぞコイン", want: "asset-unknown"},
	}
}

// TestDefects: each row becomes what it should, alone in a file.
func TestDefects(t *testing.T) {
	w := newWorld(t)
	for _, d := range defects(w) {
		t.Run(d.name, func(t *testing.T) {
			got, report, _ := read(t, []byte(heading+d.row()), w.options())
			have, says := "", ""
			switch {
			case len(got.deposits) == 1:
				have = ref(got.deposits[0].Place)
				says = notices(got.deposits[0].Details)
			case len(got.records) == 1:
				have = "record " + got.records[0].Kind + " " + got.records[0].Chain
				says = notices(got.records[0].Details)
			case len(got.rejected) == 1:
				have = codes(got.rejected[0])
				for _, e := range got.rejected[0].Errors {
					if e.Row != 2 || e.Column == "" || e.Reason == "" || e.ReasonJA == "" || e.Suggestion == "" || e.SuggestionJA == "" || strings.Contains(e.Reason+e.ReasonJA+e.Suggestion+e.SuggestionJA, "{") {
						t.Errorf("an error that does not say all: %+v", e)
					}
					says += e.Reason + " " + e.Suggestion + " "
				}
			}
			if have != d.want || !strings.Contains(says, d.says) {
				t.Errorf("got %q, saying %q; want %q, saying %q", have, says, d.want, d.says)
			}
			if report.Rows.Good+report.Rows.Bad != 1 {
				t.Errorf("rows: %+v", report.Rows)
			}
		})
	}
}

func notices(d intake.Details) string {
	var out []string
	for _, n := range d.Notices {
		if n.TextJA == "" {
			return "no Japanese for " + string(n.Code)
		}
		out = append(out, n.Text)
	}
	return strings.Join(out, "; ")
}

func ref(p intake.Place) string {
	switch p.Kind {
	case intake.KindOutput:
		return fmt.Sprintf("%s:%d", p.Tx, p.Index)
	case intake.KindToken:
		return fmt.Sprintf("%s:log:%d", p.Tx, p.Index)
	}
	return fmt.Sprintf("%s:call:%d", p.Tx, p.Index)
}

// TestDetails: what a row says beside the payment is kept, raw and normalised.
func TestDetails(t *testing.T) {
	w := newWorld(t)
	d := defect{tx: w.single.String(), asset: "BTC", amount: "０．５", time: "令和6年5月1日 午後1時", address: string(w.person(alice)), note: "テスト送金、後日返金"}
	got, _, _ := read(t, []byte(heading+d.row()), w.options())
	if len(got.deposits) != 1 {
		t.Fatalf("rejected: %+v", got.rejected)
	}
	p := got.deposits[0]
	if p.Case != "R6-12" || p.Prefecture != "12" || p.Station != "船橋署" || p.Officer != "髙橋" || p.Receipt != "第34号" || p.Scheme != "投資詐欺" || p.Victim != "被害者A" || p.Exchange != "取引所X" || p.Yen.String() != "500000" || !p.SaidTest || !p.SaidRefund {
		t.Errorf("details: %+v", p.Details)
	}
	if p.Amount.String() != "50000000" || p.Asset != "BTC" || p.Address != w.person(alice) || !p.Time.Equal(start.Add(time.Hour)) || p.Chain.Family() != chains.Bitcoin || p.Row != 2 || p.Part != 1 {
		t.Errorf("deposit: %+v", p)
	}
	side := map[intake.Field]intake.FieldValue{}
	for _, f := range p.Fields {
		side[f.Field] = f
	}
	if f := side[intake.FieldAmount]; f.Raw != "０．５" || f.Normalised != "0.5" || f.Column != "J" {
		t.Errorf("amount side by side: %+v", f)
	}
	if f := side[intake.FieldTime]; f.Normalised != "2024-05-01T04:00:00Z" {
		t.Errorf("time side by side: %+v", f)
	}
}

// TestSuggestions: what an answer suggests, written into the row, makes a deposit of it.
func TestSuggestions(t *testing.T) {
	w := newWorld(t)
	confirmed, written := 0, 0
	for _, d := range defects(w) {
		got, _, _ := read(t, []byte(heading+d.row()), w.options())
		if len(got.rejected) != 1 || len(got.rejected[0].Errors) != 1 {
			continue
		}
		e := got.rejected[0].Errors[0]
		switch e.Code {
		case intake.AmountScale:
			_, amount, _ := strings.Cut(e.Suggestion, "write ")
			d.amount = amount
			written++
			if again, _, _ := read(t, []byte(heading+d.row()), w.options()); len(again.deposits) != 1 {
				t.Errorf("%s, with the amount %q: %+v", d.name, amount, again.rejected)
			}
		case intake.PlaceAmbiguous, intake.IDTruncated, intake.IDIsAddress, intake.IDIsTradeNumber:
			for _, c := range e.Candidates {
				d.tx = c.Ref
				confirmed++
				if again, _, _ := read(t, []byte(heading+d.row()), w.options()); len(again.deposits) != 1 || ref(again.deposits[0].Place) != c.Ref {
					t.Errorf("%s, with the id %s: %+v", d.name, c.Ref, again.rejected)
				}
			}
		}
	}
	if written < 4 || confirmed < 10 {
		t.Errorf("%d amounts and %d ids were tried: too few to tell", written, confirmed)
	}
}
