package intake_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/japanese"
	"pgregory.net/rapid"

	"tsuiseki/tracer/intake"
)

// mixed is a file of rows as they come, right and wrong, drawn.
func mixed(r *rapid.T, all []defect) (rows [][]string) {
	rows = append(rows, strings.Split(strings.TrimSpace(heading), ","))
	for range rapid.IntRange(1, 30).Draw(r, "rows") {
		switch rapid.IntRange(0, 9).Draw(r, "row") {
		case 0:
			rows = append(rows, []string{""})
		case 1:
			rows = append(rows, []string{"合計", "", "", ""})
		default:
			d := rapid.SampledFrom(all).Draw(r, "defect")
			rows = append(rows, []string{"R6-12", "千葉県警", "船橋署", "髙橋", "第34号", "投資詐欺", rapid.SampledFrom([]string{"A", "B"}).Draw(r, "victim"), d.tx, d.asset, d.amount, d.time, d.address, "取引所X", "50万円", d.note})
		}
	}
	return rows
}

func csvOf(rows [][]string) []byte {
	var b strings.Builder
	for _, r := range rows {
		for i, c := range r {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"` + strings.ReplaceAll(c, `"`, `""`) + `"`)
		}
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

func bookOf(t testing.TB, rows [][]string) []byte {
	return book(t, func(f *excelize.File, s string) {
		for i, r := range rows {
			for c, text := range r {
				name, err := excelize.CoordinatesToCellName(c+1, i+1)
				if err == nil && text != "" {
					err = f.SetCellStr(s, name, text)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// outcomeOf is all that a Read says, as bytes.
func outcomeOf(t interface{ Fatal(...any) }, got *caught, report *intake.Report) string {
	out, err := json.Marshal([]any{got.layout, got.deposits, got.records, got.rejected, report})
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestLaws: no row is lost; the same bytes give the same answer; rows that come back
// unmended come back again, all of them, and say the same; whatever the format.
func TestLaws(t *testing.T) {
	w := newWorld(t)
	all := defects(w)
	rapid.Check(t, func(r *rapid.T) {
		rows := mixed(r, all)
		var data []byte
		switch rapid.IntRange(0, 2).Draw(r, "format") {
		case 0:
			data = csvOf(rows)
		case 1:
			encoded, err := japanese.ShiftJIS.NewEncoder().Bytes([]byte(strings.Map(func(c rune) rune {
				if c == '\u200b' || c == '\u200d' {
					return ' '
				}
				return c
			}, string(csvOf(rows)))))
			if err != nil {
				r.Fatal(err)
			}
			data = encoded
		case 2:
			data = bookOf(t, rows)
		}
		got, report, mend := read(t, data, w.options())
		n := report.Rows
		if n.All != n.Blank+n.Skipped+n.Good+n.Bad || n.Bad != len(got.rejected) || n.Deposits != len(got.deposits) || n.Records != len(got.records) {
			r.Fatalf("rows lost: %+v, %d deposits, %d records, %d rejected", n, len(got.deposits), len(got.records), len(got.rejected))
		}
		seen := map[int]bool{}
		for _, d := range got.deposits {
			seen[d.Row] = true
		}
		for _, d := range got.records {
			seen[d.Row] = true
		}
		for _, x := range got.rejected {
			if len(x.Errors) == 0 {
				r.Fatalf("row %d comes back without a reason", x.Row)
			}
			seen[x.Row] = true
		}
		if len(seen) != n.Good+n.Bad {
			r.Fatalf("%d rows of %d are heard of", len(seen), n.Good+n.Bad)
		}
		again, second, mendAgain := read(t, data, w.options())
		if a, b := outcomeOf(r, got, report), outcomeOf(r, again, second); a != b {
			r.Fatalf("the same bytes:\n%s\n%s", a, b)
		}
		if len(got.rejected) == 0 {
			if len(mend) > 0 {
				r.Fatalf("no row was rejected, and a file came back")
			}
			return
		}
		if report.Layout.Format.Kind == "csv" && !bytes.Equal(mend, mendAgain) {
			r.Fatalf("the files to mend differ")
		}
		third, thirdReport, _ := read(t, mend, w.options())
		// A duplicate's first row stays behind: alone it is good.
		duplicates := 0
		for _, x := range got.rejected {
			if c := codes(x); c == string(intake.DuplicateRow) || c == string(intake.PlaceClaimed) {
				duplicates++
			}
		}
		if len(third.deposits) > duplicates || thirdReport.Rows.Good+thirdReport.Rows.Bad != len(got.rejected) {
			r.Fatalf("unmended: %d deposits, %d of %d rows rejected again", len(third.deposits), len(third.rejected), len(got.rejected))
		}
		if duplicates == 0 {
			for i, x := range third.rejected {
				if codes(x) != codes(got.rejected[i]) {
					r.Fatalf("row %v: %s, and then %s", x.Cells, codes(got.rejected[i]), codes(x))
				}
			}
		}
	})
}

// TestMend: rows mended in the file that came back come in.
func TestMend(t *testing.T) {
	w := newWorld(t)
	text := "\ufeff管理,ハッシュ番号,数量\r\n1," + w.single.String() + ",0.5\r\n2," + w.ether.String() + ",15\r\n3," + w.batch.String() + ",0.2\r\n"
	got, _, mend := read(t, []byte(text), w.options())
	if len(got.deposits) != 1 || len(got.rejected) != 2 {
		t.Fatalf("deposits %d, rejected %+v", len(got.deposits), got.rejected)
	}
	lines := strings.Split(string(mend), "\r\n")
	if !strings.HasPrefix(lines[0], "\ufeff管理,取引ID,数量,"+intake.ReasonHeading+","+intake.ReasonHeadingJA) || len(lines) != 4 {
		t.Fatalf("the file to mend:\n%s", mend)
	}
	mended := strings.NewReplacer(",15,", ",1.5,", w.batch.String()+",0.2", w.batch.String()+":2,0.2").Replace(string(mend))
	again, _, none := read(t, []byte(mended), w.options())
	if len(again.deposits) != 2 || len(again.rejected) != 0 || len(none) != 0 {
		t.Errorf("mended: %+v", again.rejected)
	}
	if d := again.layout.Decisions[3]; d.Field != "reason" || !strings.Contains(d.Why, "earlier") {
		t.Errorf("the reasons were read as %+v", d)
	}
}

// TestMendList: a plain list comes back with headings, and is mended all the same.
func TestMendList(t *testing.T) {
	w := newWorld(t)
	_, _, mend := read(t, []byte(w.single.String()[:63]+"\n"+w.ether.String()+"\n"), w.options())
	if !strings.HasPrefix(string(mend), "取引ID,"+intake.ReasonHeading) {
		t.Fatalf("the file to mend:\n%s", mend)
	}
	mended := strings.Replace(string(mend), w.single.String()[:63], w.single.String(), 1)
	if again, _, _ := read(t, []byte(mended), w.options()); len(again.deposits) != 1 || len(again.rejected) != 0 {
		t.Errorf("mended: %+v", again.rejected)
	}
}

// TestDuplicates: the same payment twice in a file comes back once; one that the case
// holds changes nothing.
func TestDuplicates(t *testing.T) {
	w := newWorld(t)
	text := "被害者ID,取引ID\nA," + w.single.String() + "\nA," + w.single.String() + "\nB," + w.single.String() + "\nB," + w.batch.String() + ":1\n"
	got, report, _ := read(t, []byte(text), w.options())
	if len(got.deposits) != 2 || len(got.rejected) != 2 || codes(got.rejected[0]) != "duplicate-row" || codes(got.rejected[1]) != "place-claimed" {
		t.Fatalf("deposits %+v, rejected %+v", got.deposits, got.rejected)
	}
	if !strings.Contains(got.rejected[1].Errors[0].Reason, "row 2") || report.Rows.Already != 0 {
		t.Errorf("%+v", got.rejected[1].Errors)
	}
	opt := w.options()
	opt.Known = holds{got.deposits[0].Place: "D1", got.deposits[1].Place: "D2"}
	again, second, _ := read(t, []byte(text), opt)
	if len(again.deposits) != 2 || again.deposits[0].Already != "D1" || second.Rows.Already != 2 {
		t.Errorf("uploaded again: %+v", again.deposits)
	}
}

type holds map[intake.Place]string

func (h holds) Deposit(_ context.Context, p intake.Place) (string, error) { return h[p], nil }

// TestErrorsOfOthers: what is not the file's fault is returned as it is.
func TestErrorsOfOthers(t *testing.T) {
	w := newWorld(t)
	text := []byte(w.single.String() + "\nx\n")
	if _, err := intake.Read(t.Context(), upload(text), intake.Options{}, &caught{}); !errors.Is(err, intake.ErrNoChain) {
		t.Errorf("without a chain: %v", err)
	}
	for _, at := range []string{"begin", "accept", "reject"} {
		if _, err := intake.Read(t.Context(), upload(text), w.options(), full{at}); !errors.Is(err, errSink) {
			t.Errorf("a sink full at %s: %v", at, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	opt := w.options()
	opt.Progress = func(intake.Progress) { cancel() }
	if _, err := intake.Read(ctx, upload([]byte(strings.Repeat("x1234\n", 5000))), opt, &caught{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// full is a sink that takes no more.
type full struct{ at string }

func (f full) fails(at string) error {
	if f.at == at {
		return fmt.Errorf("%s: %w", at, errSink)
	}
	return nil
}
func (f full) Begin(intake.Layout) error    { return f.fails("begin") }
func (f full) Accept(intake.Deposit) error  { return f.fails("accept") }
func (f full) Record(intake.Record) error   { return f.fails("record") }
func (f full) Reject(intake.Rejected) error { return f.fails("reject") }

// TestConfirmations: a payment needs as many blocks as are asked for.
func TestConfirmations(t *testing.T) {
	w := newWorld(t)
	opt := w.options()
	for confirmations, want := range map[uint64]int{1: 1, 2: 1, 3: 0} {
		opt.Confirmations = confirmations
		if got, _, _ := read(t, []byte(w.single.String()), opt); len(got.deposits) != want || want == 0 && codes(got.rejected[0]) != "tx-unconfirmed" {
			t.Errorf("%d confirmations: %+v", confirmations, got.rejected)
		}
	}
}

// TestUnindexed: a payment on a chain that no index holds is kept for disclosure.
func TestUnindexed(t *testing.T) {
	w := newWorld(t)
	opt := w.options()
	opt.Chains = opt.Chains[:1]
	got, _, _ := read(t, []byte("取引ID,通貨,数量\n"+w.ether.String()+",ETH,1.5\n"), opt)
	if len(got.records) != 1 || got.records[0].Chain != "ethereum" || got.records[0].Amount != "1.5" || got.records[0].ID != w.ether.String() {
		t.Errorf("records %+v, rejected %+v", got.records, got.rejected)
	}
}
