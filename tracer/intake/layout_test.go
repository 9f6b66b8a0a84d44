package intake_test

import (
	"strings"
	"testing"

	"tsuiseki/tracer/intake"
)

// TestLayouts: how files are laid out, and what is made of their columns.
func TestLayouts(t *testing.T) {
	w := newWorld(t)
	single, batch, ether := w.single.String(), w.batch.String(), w.ether.String()
	alice := string(w.person(alice))
	for _, c := range []struct {
		name, text string
		want       []string // references
		rows       intake.Rows
		decided    map[string]string // column → field
	}{
		{
			name: "a list of ids", text: single + "\n\n0x" + ether + "\n",
			want: []string{single + ":0", ether + ":call:0"}, rows: intake.Rows{All: 3, Blank: 1, Good: 2}, decided: map[string]string{"A": "txid"},
		},
		{
			name: "a list with wrapped lines", text: single[:50] + "\n" + single[50:] + "\n" + ether + "\n",
			want: []string{single + ":0", ether + ":call:0"}, rows: intake.Rows{All: 2, Good: 2},
		},
		{
			name: "several ids in a cell", text: "取引ID,備考\n\"" + single + "\n0x" + ether + "\",x\n" + batch + ":3、" + batch + ":4,y\n",
			want: []string{single + ":0", ether + ":call:0", batch + ":3", batch + ":4"}, rows: intake.Rows{All: 3, Skipped: 1, Good: 2},
		},
		{
			name: "several ids and amounts", text: "取引ID,数量,送金先アドレス\n\"" + single + "\n" + batch + "\",\"0.5\n0.1\"," + alice + "\n",
			want: []string{single + ":0", batch + ":0"}, rows: intake.Rows{All: 2, Skipped: 1, Good: 1},
		},
		{
			name: "several ids and their sum", text: "取引ID,数量,送金先アドレス\n" + single + " " + batch + ",0.6 BTC," + alice + "\n",
			want: []string{single + ":0", batch + ":0"}, rows: intake.Rows{All: 2, Skipped: 1, Good: 1},
		},
		{
			name: "titles, sums and remarks", text: "令和6年 被害一覧,,\n船橋署,,\n\n取引ID,数量,備考\n" + single + ",0.5,\n合計,0.5,\n※ 以上,,\n",
			want: []string{single + ":0"}, rows: intake.Rows{All: 7, Blank: 1, Skipped: 5, Good: 1},
		},
		{
			name: "the heading again on each page", text: "取引ID,数量\n" + single + ",0.5\n取引ID,数量\n" + ether + ",1.5\n",
			want: []string{single + ":0", ether + ":call:0"}, rows: intake.Rows{All: 4, Skipped: 2, Good: 2},
		},
		{
			name: "no heading", text: "2024/5/1 13:00\t" + single + "\t0.5BTC\t" + alice + "\n2024/5/1 12:01\t" + ether + "\t1.5 ETH\t" + string(someone("mallory")) + "\n",
			want: []string{single + ":0", ether + ":call:0"}, rows: intake.Rows{All: 2, Good: 2},
			decided: map[string]string{"A": "time", "B": "txid", "C": "amount", "D": "address"},
		},
		{
			name: "content against headings", text: "取引ID,管理番号,数量\nW-20240501-1," + single + ",0.5\nW-20240501-2," + ether + ",1.5\n",
			want: []string{single + ":0", ether + ":call:0"}, rows: intake.Rows{All: 3, Skipped: 1, Good: 2},
			decided: map[string]string{"A": "", "B": "txid", "C": "amount"},
		},
		{
			name: "English", text: "TxHash;Quantity;Date (UTC);To\n" + single + ";0.5;2024-05-01T04:00:00Z;" + alice + "\n",
			want: []string{single + ":0"}, rows: intake.Rows{All: 2, Skipped: 1, Good: 1},
			decided: map[string]string{"A": "txid", "B": "amount", "C": "time", "D": "address"},
		},
		{
			name: "the plain form", text: "txid,chain,kind,index,asset,amount,address,time,note\n" + single + ",bitcoin,output,0,BTC,50000000," + alice + ",2024-05-01T04:00:00Z,x\n" + w.dollars.String() + ",ethereum,token,1," + string(usdt) + ",2000000000,,,\n" + batch + ",,,,,0.1,,,\n",
			want: []string{single + ":0", w.dollars.String() + ":log:1", batch + ":0"}, rows: intake.Rows{All: 4, Skipped: 1, Good: 3},
		},
		{
			name: "the zone in the heading", text: "取引ID,日時（UTC）\n" + single + ",2024/5/1 4:00\n",
			want: []string{single + ":0"}, rows: intake.Rows{All: 2, Skipped: 1, Good: 1},
		},
		{
			name: "the unit in the heading", text: "取引ID,数量（BTC）\n" + single + ",0.5\n",
			want: []string{single + ":0"}, rows: intake.Rows{All: 2, Skipped: 1, Good: 1},
		},
		{
			name: "a sum of another amount", text: "取引ID,数量,送金先アドレス\n" + single + " " + batch + ",0.7 BTC," + alice + "\n",
			rows: intake.Rows{All: 2, Skipped: 1, Bad: 1},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, report, _ := read(t, []byte(c.text), w.options())
			var refs []string
			for _, d := range got.deposits {
				refs = append(refs, ref(d.Place))
				if n := notices(d.Details); n != "" && len(c.want) == 1 {
					t.Errorf("notices: %s", n)
				}
			}
			if strings.Join(refs, " ") != strings.Join(c.want, " ") {
				t.Errorf("deposits %s, want %s; rejected %+v", refs, c.want, got.rejected)
			}
			c.rows.Deposits = len(c.want)
			if report.Rows != c.rows {
				t.Errorf("rows %+v, want %+v; %v", report.Rows, c.rows, report.Skipped)
			}
			for _, d := range report.Layout.Decisions {
				if want, ok := c.decided[d.Column]; ok && want != string(d.Field) {
					t.Errorf("column %s is the %s, want %s: %s", d.Column, d.Field, want, d.Why)
				}
				if d.Why == "" || d.WhyJA == "" {
					t.Errorf("a decision without a reason: %+v", d)
				}
			}
		})
	}
}

// TestPlainFormSlip: in the plain form a number without a point counts base units.
func TestPlainFormSlip(t *testing.T) {
	w := newWorld(t)
	got, _, _ := read(t, []byte("txid,amount\n"+w.batch.String()+":0,1\n"+w.single.String()+",5000000000000000\n"), w.options())
	if len(got.rejected) != 2 || codes(got.rejected[0]) != "amount-scale" || codes(got.rejected[1]) != "amount-scale" {
		t.Fatalf("deposits %+v, rejected %+v", got.deposits, got.rejected)
	}
}

// TestChosenColumn: a person settles what content cannot.
func TestChosenColumn(t *testing.T) {
	w := newWorld(t)
	opt := w.options()
	text := []byte("a,b\n" + w.single.String() + "," + w.ether.String() + "\n")
	for choice, want := range map[string]string{"A": w.single.String() + ":0", "b": w.ether.String() + ":call:0"} {
		opt.Columns = map[intake.Field]string{intake.FieldTx: choice}
		if got, _, _ := read(t, text, opt); len(got.deposits) != 1 || ref(got.deposits[0].Place) != want {
			t.Errorf("column %s: %+v", choice, got.deposits)
		}
	}
	opt.Columns = map[intake.Field]string{intake.FieldTx: "Q"}
	if e := refused(t, text, opt, intake.FileColumnMissing); !strings.Contains(e.Reason, "B (b)") {
		t.Errorf("does not name the columns: %s", e.Reason)
	}
}

// TestParts: of several transactions in a cell those that are good are taken, and the
// others come back alone.
func TestParts(t *testing.T) {
	w := newWorld(t)
	text := "取引ID,数量,備考\n\"" + w.single.String() + "\n" + w.failed.String() + "\",\"0.5\n1\",x\n"
	got, report, mend := read(t, []byte(text), w.options())
	if len(got.deposits) != 1 || got.deposits[0].Part != 1 || len(got.rejected) != 1 || report.Rows.Bad != 1 {
		t.Fatalf("deposits %+v, rejected %+v", got.deposits, got.rejected)
	}
	if cells := got.rejected[0].Cells; cells[0] != w.failed.String() || cells[1] != "1" || cells[2] != "x" {
		t.Errorf("came back: %q", cells)
	}
	if again, _, _ := read(t, mend, w.options()); len(again.deposits) != 0 || len(again.rejected) != 1 {
		t.Errorf("the file to mend brings the payment again")
	}
}

// TestFirstRowIsData: without a heading no row is taken for one.
func TestFirstRowIsData(t *testing.T) {
	w := newWorld(t)
	for _, first := range []string{w.single.String()[:63], w.single.String() + "0", string(w.person(alice)), "WD-20240501-7", "2024050112345", "0x1234567890"} {
		got, report, _ := read(t, []byte(first+"\n"+w.ether.String()+"\n"), w.options())
		if len(got.deposits) != 1 || len(got.rejected) != 1 || report.Rows.Skipped != 0 {
			t.Errorf("%s: %d deposits, %d rejected, %+v", first, len(got.deposits), len(got.rejected), report.Rows)
		}
	}
}
