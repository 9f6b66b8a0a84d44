package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"tsuiseki/chains"
	"tsuiseki/tracer/intake"
)

// mostShown is how many rows people are shown of each kind; JSON has all.
const mostShown = 20

// print writes what became of an upload.
func (c *caseImportCmd) print(s *session, doc *intakeDoc) error {
	if c.JSON {
		return printJSON(s.out, doc)
	}
	w := s.out
	switch {
	case c.DryRun:
		fmt.Fprintf(w, "nothing was stored (--dry-run); sha256 %s\n", doc.SHA256)
	case doc.New:
		fmt.Fprintf(w, "upload %s, sha256 %s\n", doc.Upload, doc.SHA256)
	default:
		fmt.Fprintf(w, "upload %s: the case has these very bytes, sha256 %s\n", doc.Upload, doc.SHA256)
	}
	fmt.Fprintf(w, "read as %s\n", formatText(doc.Layout.Format))
	for _, d := range doc.Layout.Decisions {
		if d.Field != "" {
			fmt.Fprintf(w, "  column %s (%s): %s\n", d.Column, cmp.Or(d.Heading, "no heading"), d.Why)
		}
	}
	r := doc.Rows
	fmt.Fprintf(w, "%d rows: %d good with %d deposits (%d the case had already), %d for disclosure alone, %d to be mended, %d blank, %d without data\n",
		r.All, r.Good, r.Deposits, r.Already, r.Records, r.Bad, r.Blank, r.Skipped)
	for i := range doc.Deposits {
		if i == mostShown {
			fmt.Fprintf(w, "  and %d more\n", len(doc.Deposits)-i)
			break
		}
		d := &doc.Deposits[i]
		fmt.Fprintf(w, "  row %d: %s to %s, %s, %s\n", d.Row, doc.units.of(d.Chain, d.Asset).people(d.Amount, d.Asset), d.Address, when(d.Time), placeText(d.Place))
		for _, n := range d.Notices {
			fmt.Fprintf(w, "    note: %s\n", n.Text)
		}
	}
	for i := range doc.Records {
		fmt.Fprintf(w, "  row %d, kept as a remark: %s\n", doc.Records[i].Row, recordText(&doc.Records[i]))
	}
	for _, m := range doc.Marks {
		fmt.Fprintf(w, "  %s: %s, by heuristic %s/%d from %s\n", placeText(m.Place), markNames[m.Heuristic], m.Heuristic, m.Version, m.Fired)
	}
	if n := len(doc.Undecided); n > 0 {
		fmt.Fprintf(w, "  of %d deposits it was not seen whether money came back, the first: %s: %s\n", n, placeText(doc.Undecided[0].Place), doc.Undecided[0].Reason)
	}
	printRejected(w, doc.Rejected)
	if doc.Rejects != "" {
		fmt.Fprintf(w, "rows to be mended: %s; mend it and import it\n", doc.Rejects)
	}
	return nil
}

// markNames say what inferences about deposits mean.
var markNames = map[string]string{
	intake.MarkTest: "a test payment", intake.MarkRefunded: "money came back for it", intake.MarkRefund: "itself money that came back",
}

func printRejected(w io.Writer, rejected []rejectedDoc) {
	for i := range rejected {
		if i == mostShown {
			fmt.Fprintf(w, "  and %d more; the file has all\n", len(rejected)-i)
			return
		}
		e := &rejected[i]
		fmt.Fprintf(w, "  row %d, %s %q: %s\n    %s\n", e.Row, e.Field, e.Value, e.Reason, e.ReasonJA)
		if e.Suggestion != "" {
			fmt.Fprintf(w, "    %s\n", e.Suggestion)
		}
		for n, c := range e.Candidates {
			fmt.Fprintf(w, "    %d. %s: %s to %s, %s\n", n+1, c.Ref, c.Amount, c.Address, when(c.Time))
		}
	}
}

func formatText(f intake.Format) string {
	parts := []string{f.Kind}
	for _, part := range []string{string(f.Encoding), f.Sheet} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if len(f.Unread) > 0 {
		parts = append(parts, "sheets not read: "+strings.Join(f.Unread, ", "))
	}
	return strings.Join(parts, ", ")
}

// placeText is a deposit's reference, as trace takes it.
func placeText(p intake.Place) string { return depositRef(p.Tx, p.Kind, p.Index) }

func depositRef(tx chains.TxID, kind string, index uint32) string {
	switch kind {
	case intake.KindOutput:
		return fmt.Sprintf("%s:%d", tx, index)
	case intake.KindToken:
		return fmt.Sprintf("%s:log:%d", tx, index)
	}
	return fmt.Sprintf("%s:call:%d", tx, index)
}

func recordText(r *intake.Record) string {
	what := "within the exchange, on no chain"
	if r.Kind == intake.KindUnindexed {
		what = "on " + cmp.Or(r.Chain, "another chain") + ", which is not indexed"
	}
	parts := []string{r.ID, what}
	for _, more := range []string{strings.TrimSpace(r.Amount + " " + r.Asset), r.Address} {
		if more != "" {
			parts = append(parts, more)
		}
	}
	return strings.Join(parts, ", ")
}
