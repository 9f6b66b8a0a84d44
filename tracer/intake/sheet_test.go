package intake_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"tsuiseki/tracer/intake"
)

// book is a workbook that a person might send; build fills its one sheet.
func book(t testing.TB, build func(f *excelize.File, sheet string)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	build(f, "Sheet1")
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func set(t testing.TB, f *excelize.File, sheet string, rows ...[]any) {
	t.Helper()
	for i, r := range rows {
		if err := f.SetSheetRow(sheet, fmt.Sprintf("A%d", i+1), &r); err != nil {
			t.Fatal(err)
		}
	}
}

// edited replaces text in a part of a workbook.
func edited(t testing.TB, data []byte, part, was, is string) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == part {
			if !strings.Contains(string(body), was) {
				t.Fatalf("%s has no %q: %s", part, was, body)
			}
			body = []byte(strings.ReplaceAll(string(body), was, is))
		}
		p, err := w.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestWorkbook: numbers, dates of both systems, text, and rows that come back as a workbook.
func TestWorkbook(t *testing.T) {
	w := newWorld(t)
	for _, date1904 := range []bool{false, true} {
		data := book(t, func(f *excelize.File, s string) {
			if err := f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &date1904}); err != nil {
				t.Fatal(err)
			}
			set(t, f, s,
				[]any{"被害一覧"},
				[]any{"取引ID", "数量", "日時", "備考"},
				[]any{w.single.String(), 0.5, time.Date(2024, 5, 1, 13, 0, 0, 0, time.UTC), "日付はセルの書式"},
				[]any{w.batch.String() + ":0", 0.1, "令和6年5月1日 14時", ""},
				[]any{},
				[]any{w.exact.String(), 1.234567890123456789, "", "digits lost"},
				[]any{w.ether.String(), "1.5", 45413.5, "a serial that is no date"},
				[]any{2024050112345678901, "0.5", "", "a number where an id belongs"},
				[]any{"合計", 3.3},
			)
		})
		got, report, mend := read(t, data, w.options())
		if len(got.deposits) != 2 || len(got.rejected) != 3 || report.Rows.Blank != 1 || report.Rows.Skipped != 3 {
			t.Fatalf("1904 %v: deposits %+v\nrejected %+v\nrows %+v", date1904, got.deposits, got.rejected, report.Rows)
		}
		if n := notices(got.deposits[0].Details); n != "" {
			t.Errorf("1904 %v: the date is off: %s", date1904, n)
		}
		for i, want := range []string{"amount-mangled", "time-unreadable", "id-mangled"} {
			if r := got.rejected[i]; codes(r) != want || r.Row != 6+i {
				t.Errorf("row %d: %+v, want %s", r.Row, r.Errors, want)
			}
		}
		if s := got.rejected[0].Errors[0].Suggestion; !strings.Contains(s, "1.234567890123456789 ETH") {
			t.Errorf("does not say what the chain says: %s", s)
		}
		if !bytes.HasPrefix(mend, []byte("PK")) {
			t.Fatal("a workbook did not come back as one")
		}
		// Mended, all come in; the reasons do not matter.
		f, err := excelize.OpenReader(bytes.NewReader(mend))
		if err != nil {
			t.Fatal(err)
		}
		for cell, value := range map[string]string{"B3": "1.234567890123456789", "C4": "", "A5": w.batch.String() + ":1", "B5": "0.2"} {
			if err := f.SetCellStr("Sheet1", cell, value); err != nil {
				t.Fatal(err)
			}
		}
		var mended bytes.Buffer
		if err := f.Write(&mended); err != nil {
			t.Fatal(err)
		}
		f.Close()
		if again, _, _ := read(t, mended.Bytes(), w.options()); len(again.deposits) != 3 || len(again.rejected) != 0 {
			t.Errorf("mended: deposits %d, rejected %+v", len(again.deposits), again.rejected)
		}
	}
}

// TestNumbersOfWorkbooks: doubles are the digits that were typed, or none.
func TestNumbersOfWorkbooks(t *testing.T) {
	w := newWorld(t)
	for raw, want := range map[string]string{
		"0.5":                      "",
		"0.50000000000000000":      "",
		"5E-1":                     "",
		"4.9999999999999999E-1":    "", // the double of 0.5
		"0.50000000000000011":      "amount-mangled",
		"5.0E+7":                   "amount-scale",
		"1.2345678901234568E+19":   "amount-mangled",
		"1000000000000000000":      "amount-mangled", // what stood behind the fifteenth digit is lost
		"0.30000000000000004":      "amount-mangled",
		"0.2999999999999999888978": "amount-mismatch", // the double of 0.3
	} {
		data := book(t, func(f *excelize.File, s string) {
			set(t, f, s, []any{"取引ID", "数量"}, []any{w.single.String(), 0.12345})
		})
		got, _, _ := read(t, edited(t, data, "xl/worksheets/sheet1.xml", "0.12345", raw), w.options())
		have := ""
		if len(got.rejected) == 1 {
			have = codes(got.rejected[0])
		}
		if have != want || len(got.deposits)+len(got.rejected) != 1 {
			t.Errorf("%s: got %q, want %q", raw, have, want)
		}
	}
}

// TestMerged: a merged cell speaks for all its rows where it tells of the case, and
// never for an amount.
func TestMerged(t *testing.T) {
	w := newWorld(t)
	data := book(t, func(f *excelize.File, s string) {
		set(t, f, s,
			[]any{"事件番号", "取引ID", "数量"},
			[]any{"R6-1", w.single.String(), 0.5},
			[]any{nil, w.ether.String()},
			[]any{nil, w.batch.String() + ":1"},
			[]any{"R6-2", w.split.String() + ":call:1"},
		)
		for _, m := range [][2]string{{"A2", "A4"}, {"C2", "C4"}} {
			if err := f.MergeCell(s, m[0], m[1]); err != nil {
				t.Fatal(err)
			}
		}
	})
	got, _, _ := read(t, data, w.options())
	var cases []string
	for _, d := range got.deposits {
		cases = append(cases, d.Case)
	}
	if strings.Join(cases, "+") != "R6-1+R6-1+R6-1+R6-2" {
		t.Errorf("cases %q; rejected %+v", cases, got.rejected)
	}
}

// TestSheets: the sheet with transactions is read; where several have them, a person says.
func TestSheets(t *testing.T) {
	w := newWorld(t)
	build := func(second string) []byte {
		return book(t, func(f *excelize.File, s string) {
			set(t, f, s, []any{"説明", "取引IDを記入してください"})
			for _, name := range []string{"一覧", "控え"} {
				if _, err := f.NewSheet(name); err != nil {
					t.Fatal(err)
				}
			}
			set(t, f, "一覧", []any{"取引ID"}, []any{w.single.String()})
			set(t, f, "控え", []any{"取引ID"}, []any{second})
		})
	}
	got, report, _ := read(t, build("なし"), w.options())
	if len(got.deposits) != 1 || report.Layout.Format.Sheet != "一覧" || len(report.Layout.Format.Unread) != 2 {
		t.Errorf("layout %+v, deposits %d", report.Layout.Format, len(got.deposits))
	}
	both := build(w.ether.String())
	if e := refused(t, both, w.options(), intake.FileSheets); !strings.Contains(e.Reason, "控え") {
		t.Errorf("does not name the sheets: %s", e.Reason)
	}
	opt := w.options()
	opt.Sheet = "控え"
	if got, _, _ := read(t, both, opt); len(got.deposits) != 1 || got.deposits[0].Asset != "ETH" {
		t.Errorf("the sheet chosen: %+v", got.deposits)
	}
	opt.Sheet = "ない"
	if e := refused(t, both, opt, intake.FileSheetMissing); !strings.Contains(e.Reason, "一覧") {
		t.Errorf("does not name the sheets: %s", e.Reason)
	}
}

// TestFurigana: readings that Japanese Excel keeps beside text are no part of it.
func TestFurigana(t *testing.T) {
	w := newWorld(t)
	data := book(t, func(f *excelize.File, s string) {
		set(t, f, s, []any{"取引ID", "担当者"}, []any{w.single.String(), "MARK"})
	})
	data = edited(t, data, "xl/sharedStrings.xml", "<t>MARK</t>", `<r><t>髙</t></r><r><t>橋</t></r><rPh sb="0" eb="1"><t>タカ</t></rPh><rPh sb="1" eb="2"><t>ハシ</t></rPh>`)
	if got, _, _ := read(t, data, w.options()); len(got.deposits) != 1 || got.deposits[0].Officer != "髙橋" {
		t.Errorf("officer: %+v", got.deposits)
	}
}

// TestWorkbookLimits: what unpacks to too much, or is torn, is refused.
func TestWorkbookLimits(t *testing.T) {
	w := newWorld(t)
	data := book(t, func(f *excelize.File, s string) {
		set(t, f, s, []any{"取引ID", "備考"}, []any{w.single.String(), "MARK"})
	})
	bomb := edited(t, data, "xl/worksheets/sheet1.xml", "</sheetData>", strings.Repeat(`<row><c><v>1</v></c></row>`, 400_000)+"</sheetData>")
	opt := w.options()
	opt.Limits.Unzipped = 4 << 20
	if len(bomb) > 1<<20 {
		t.Fatalf("the bomb is %d bytes: no bomb", len(bomb))
	}
	// Neither part is too large by itself.
	parts := edited(t, data, "xl/worksheets/sheet1.xml", "</sheetData>", strings.Repeat(`<row><c><v>1</v></c></row>`, 100_000)+"</sheetData>")
	parts = edited(t, parts, "xl/sharedStrings.xml", "</sst>", strings.Repeat("<si><t>x</t></si>", 150_000)+"</sst>")
	for name, c := range map[string]struct {
		data []byte
		code intake.FileCode
	}{
		"a zip bomb":   {bomb, intake.FileTooLarge},
		"many parts":   {parts, intake.FileTooLarge},
		"a huge cell":  {edited(t, data, "xl/sharedStrings.xml", "MARK", strings.Repeat("x", 100_000)), intake.FileTooLarge},
		"one huge tag": {edited(t, data, "xl/worksheets/sheet1.xml", "<sheetData>", "<sheetData><row "+strings.Repeat("x", 400_000)+`="1">`), intake.FileTooLarge},
		"no string":    {edited(t, data, "xl/worksheets/sheet1.xml", "<v>0</v>", "<v>99</v>"), intake.FileDamaged},
		"rows astray":  {edited(t, data, "xl/worksheets/sheet1.xml", `r="2"`, `r="1"`), intake.FileDamaged},
		"no sheet":     {edited(t, data, "xl/workbook.xml", "<sheet ", `<sheet state="hidden" `), intake.FileEmpty},
		"cut XML":      {edited(t, data, "xl/workbook.xml", "</workbook>", ""), intake.FileDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			if e := refused(t, c.data, opt, c.code); strings.Contains(e.Reason, "{") {
				t.Errorf("%s", e.Reason)
			}
		})
	}
}
