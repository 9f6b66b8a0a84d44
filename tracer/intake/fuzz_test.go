package intake_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"tsuiseki/chains"
	"tsuiseki/tracer/intake"
)

// nothingThere is a chain that holds one empty block.
type nothingThere struct{}

func (nothingThere) Snapshot() chains.Snapshot {
	return chains.Snapshot{Chain: chains.Bitcoin}
}
func (nothingThere) Native() chains.Asset { return "BTC" }
func (nothingThere) Txs(context.Context, chains.TxID) ([]*chains.Tx, error) {
	return nil, chains.ErrNotFound
}

func (nothingThere) Paying(context.Context, chains.Address, time.Time, time.Time) iter.Seq2[*chains.Tx, error] {
	return func(func(*chains.Tx, error) bool) {}
}

func (nothingThere) Token(context.Context, chains.Asset) (chains.Token, bool, error) {
	return chains.Token{}, false, nil
}

// FuzzRead: no bytes panic, none are read without an account of every row, and what
// comes back is read again.
func FuzzRead(f *testing.F) {
	id := strings.Repeat("ab", 32)
	for _, seed := range []string{
		"txid\n" + id + "\n", heading + defect{tx: id, amount: "0.5"}.row(), "\ufeffa\tb\r\n" + id + "\t1\r\n", "\xff\xfet\x00x\x00", "\x8e\xe6\x88\xf8ID,\x94\x95\x97\xca\n" + id + ",1\n",
		id[:30] + "\n" + id[30:], "\"" + id + "\"\"x\n", "PK\x03\x04",
	} {
		f.Add([]byte(seed))
	}
	f.Add(book(f, func(b *excelize.File, s string) {
		set(f, b, s, []any{"取引ID", "数量", "日時"}, []any{id, 0.5, time.Unix(1_700_000_000, 0)})
	}))
	f.Fuzz(func(t *testing.T, data []byte) {
		opt := intake.Options{Chains: []intake.Chain{nothingThere{}}, Limits: intake.Limits{Unzipped: 4 << 20}}
		got, report, mend, err := tryRead(t, data, opt)
		if err != nil {
			if _, ok := errors.AsType[*intake.FileError](err); !ok {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if n := report.Rows; n.All != n.Blank+n.Skipped+n.Good+n.Bad || n.Bad != len(got.rejected) {
			t.Fatalf("rows lost: %+v", n)
		}
		if len(got.rejected) == 0 {
			return
		}
		again, _, _, err := tryRead(t, mend, opt)
		if err != nil {
			t.Fatalf("the file to mend cannot be read: %v\n%q", err, mend)
		}
		if len(again.rejected)+len(again.records) < len(got.rejected) {
			t.Fatalf("of %d rows that came back %d were seen again:\n%q", len(got.rejected), len(again.rejected)+len(again.records), mend)
		}
	})
}

// FuzzCells: whatever stands in the cells, the row is a deposit, a record, or comes
// back with reasons in both languages.
func FuzzCells(f *testing.F) {
	id := strings.Repeat("ab", 32)
	f.Add(id, "0.5", "2024/5/1 12:34", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "BTC")
	f.Add("0x"+id[:20]+"…"+id[50:], "1億2,345万円", "令和6年5月1日(水)午後3時5分", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "USDT(TRC20)")
	f.Add("https://blockchair.com/tron/transaction/"+id, "△1,234.5 sat", "1714534440", "0xdAC17F958D2ee523a2206206994597C13D831ec7", "erc20")
	f.Add("取引所内振替", "約", "H31.4.30 24:00", "bitcoin:1BoatSLRHtKNngkdXEeobR76b53LETtpyT?amount=1", "0x")
	f.Fuzz(func(t *testing.T, tx, amount, at, address, asset string) {
		row := defect{tx: tx, amount: amount, time: at, address: address}.row()
		row = strings.Replace(row, ",,", `,"`+strings.ReplaceAll(asset, `"`, `""`)+`",`, 1)
		got, report, _, err := tryRead(t, []byte("\ufeff"+heading+row), intake.Options{Chains: []intake.Chain{nothingThere{}}})
		if err != nil {
			if _, ok := errors.AsType[*intake.FileError](err); !ok {
				t.Fatal(err)
			}
			return
		}
		if n := report.Rows; n.All != n.Blank+n.Skipped+n.Good+n.Bad || n.Deposits > 0 {
			t.Fatalf("%+v", n)
		}
		for _, r := range got.rejected {
			for _, e := range r.Errors {
				if e.Reason == "" || e.ReasonJA == "" || e.Suggestion == "" || e.SuggestionJA == "" || e.Row != r.Row {
					t.Fatalf("%+v", e)
				}
			}
		}
	})
}
