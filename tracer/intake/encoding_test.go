package intake_test

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"tsuiseki/tracer/intake"
)

func encoded(t testing.TB, e encoding.Encoding, text string) []byte {
	t.Helper()
	out, err := e.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEncodings: the same rows in every encoding and with every delimiter are the same
// deposits, and the rows that come back are in the same encoding.
func TestEncodings(t *testing.T) {
	w := newWorld(t)
	// Characters of NEC's and IBM's rows, and those that tables of Shift_JIS differ on.
	rows := heading + defect{tx: w.single.String(), amount: "0.5", note: "①髙橋～－∥￢ 〜なし"[:len("①髙橋～－∥￢ ")]}.row() + defect{tx: "１２３なし", note: "髙"}.row()
	le := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	be := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	for _, c := range []struct {
		name     string
		data     []byte
		encoding intake.Encoding
		mark     bool
	}{
		{"utf-8", []byte(rows), intake.UTF8, false},
		{"utf-8 with a mark", []byte("\ufeff" + rows), intake.UTF8, true},
		{"cp932", encoded(t, japanese.ShiftJIS, rows), intake.CP932, false},
		{"utf-16le", encoded(t, le, rows), intake.UTF16LE, false},
		{"utf-16le with a mark", encoded(t, le, "\ufeff"+rows), intake.UTF16LE, true},
		{"utf-16be", encoded(t, be, rows), intake.UTF16BE, false},
		{"utf-16be with a mark", encoded(t, be, "\ufeff"+rows), intake.UTF16BE, true},
	} {
		for _, delimiter := range []string{",", "\t", ";"} {
			for _, newline := range []string{"\n", "\r\n", "\r"} {
				text := func(data []byte) []byte {
					e := map[intake.Encoding]encoding.Encoding{intake.UTF8: unicode.UTF8, intake.CP932: japanese.ShiftJIS, intake.UTF16LE: le, intake.UTF16BE: be}[c.encoding]
					plain, err := e.NewDecoder().Bytes(data)
					if err != nil {
						t.Fatal(err)
					}
					return encoded(t, e, strings.NewReplacer(",", delimiter, "\n", newline).Replace(string(plain)))
				}
				got, report, mend := read(t, text(c.data), w.options())
				f := report.Layout.Format
				if f.Encoding != c.encoding || f.Mark != c.mark || f.Delimiter != delimiter || f.Newline != newline {
					t.Fatalf("%s %q %q: read as %+v", c.name, delimiter, newline, f)
				}
				if len(got.deposits) != 1 || len(got.rejected) != 1 || got.deposits[0].Note != "①髙橋～－∥￢" || got.deposits[0].Officer != "髙橋" {
					t.Fatalf("%s: deposits %+v, rejected %+v", c.name, got.deposits, got.rejected)
				}
				again, second, _ := read(t, mend, w.options())
				if g := second.Layout.Format; g.Encoding != f.Encoding || g.Mark != f.Mark || g.Delimiter != f.Delimiter || g.Newline != f.Newline {
					t.Fatalf("%s: %+v came back as %+v", c.name, f, g)
				}
				if len(again.rejected) != 1 || again.rejected[0].Cells[14] != "髙" {
					t.Fatalf("%s: the row that came back reads as %+v", c.name, again.rejected)
				}
			}
		}
	}
}

// TestRefusedFiles: what is no table is refused with a reason, not read.
func TestRefusedFiles(t *testing.T) {
	w := newWorld(t)
	id := w.single.String()
	for name, c := range map[string]struct {
		data string
		code intake.FileCode
	}{
		"nothing":             {"", intake.FileEmpty},
		"blank rows":          {"\n , ,\n\n", intake.FileEmpty},
		"a PDF":               {"%PDF-1.7 …", intake.FileNotTable},
		"an old workbook":     {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", intake.FileOldExcel},
		"NUL bytes":           {"txid\n" + id + "\n\x00\x00\n", intake.FileNUL},
		"NUL behind a mark":   {"\ufefftxid\n" + id + "\n\x00\n", intake.FileNUL},
		"no encoding":         {"txid\n" + strings.Repeat("\xff\xfe\xfd\x80", 300), intake.FileEncoding},
		"a quote stays open":  {"txid,note\n" + id + ",\"open\n" + id + ",x\n", intake.FileQuote},
		"a huge cell":         {"txid,note\n" + id + "," + strings.Repeat("x", 70_000) + "\n", intake.FileTooLarge},
		"a huge row":          {"txid\n" + id + strings.Repeat(",", 300) + "\n", intake.FileTooLarge},
		"no ids":              {"name,age\nx,1\ny,2\n", intake.FileNoIDs},
		"two columns of ids":  {"a,b\n" + id + "," + w.batch.String() + "\n", intake.FileAmbiguous},
		"two columns of time": {"txid,日時,取引日\n" + id + ",2024-05-01,2024-05-02\n", intake.FileAmbiguous},
		"a torn zip":          {"PK\x03\x04 and no more", intake.FileDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			e := refused(t, []byte(c.data), w.options(), c.code)
			if c.code == intake.FileAmbiguous && !strings.Contains(e.Reason, "B (") {
				t.Errorf("does not name the choices: %s", e.Reason)
			}
		})
	}
}

// TestDamagedCharacters: a file with a bad byte here and there is read; its rows come back.
func TestDamagedCharacters(t *testing.T) {
	w := newWorld(t)
	bad := strings.Replace(defect{tx: w.batch.String() + ":0"}.row(), "投資", "\xe6\x8a投資", 1)
	got, _, mend := read(t, []byte(heading+defect{tx: w.single.String()}.row()+bad), w.options())
	if len(got.deposits) != 1 || len(got.rejected) != 1 || codes(got.rejected[0]) != string(intake.CellUndecodable) {
		t.Fatalf("deposits %d, rejected %+v", len(got.deposits), got.rejected)
	}
	if !strings.Contains(string(mend), "外字") {
		t.Errorf("the file to mend: %s", mend)
	}
}
