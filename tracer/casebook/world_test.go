package casebook_test

import (
	"encoding/json"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/tracer/casebook"
)

// owned is one of everything that a case can have, and of what is nobody's.
type owned struct {
	Case       casebook.Case
	Deposit    casebook.Deposit
	Upload     string
	Disclosure string
	Trace      string
	Note       string
	Link       string // to another case of the same force
	Evidence   string // its digest
	User       casebook.User
	Rate       string
	Job        string // that waits
	Dead       string // a job
	Failed     string // another
	Watch      string
	Alert      string
}

// secret is in every text of a force's cases, apart from the contact.
func secret(force casebook.Prefecture) string { return "secret-of-" + string(force) }

// contactOf is what every force may be told.
func contactOf(force casebook.Prefecture) string { return "call-" + string(force) }

// nowhere has ids that nothing has.
func nowhere() owned {
	const id = "00000000000000000000000000000000"
	return owned{
		Case:    casebook.Case{ID: id, Title: "t", Prefecture: "01", Status: casebook.CaseOpen, Change: casebook.Change{Version: 1}},
		Deposit: casebook.Deposit{ID: id, Change: casebook.Change{Version: 1}},
		Upload:  id, Disclosure: id, Trace: id, Note: id, Link: id, Evidence: id, Rate: id,
		Job: id, Dead: id, Failed: id, Watch: id, Alert: id,
		User: casebook.User{ID: id, Name: "nobody", Role: casebook.Analyst, Change: casebook.Change{Version: 1}},
	}
}

// settle gives a force two linked cases, the first with one of everything.
func settle(tb testing.TB, b *casebook.Book, force casebook.Prefecture) (o owned) {
	tb.Helper()
	ctx, s := tb.Context(), secret(force)
	pair := [2]string{}
	for i := range pair {
		c := must(b.CreateCase(ctx, dept, casebook.Case{
			Number: s + string(rune('a'+i)), Title: s, Prefecture: force, Station: s, Officer: s, Scheme: s, Contact: contactOf(force),
		}))(tb)
		pair[i] = c.ID
		if i == 0 {
			o.Case = c
		}
	}
	u, _, err := b.AddUpload(ctx, dept, o.Case.ID, s, []byte(s))
	if err != nil {
		tb.Fatal(err)
	}
	o.Upload = u.ID
	attempt := must(b.BeginReading(ctx, dept, u.ID))(tb)
	if err := b.AddRejects(ctx, dept, u.ID, attempt, []casebook.Reject{{Row: 1, Field: "txid", Code: "short", Value: s, Reason: s}}); err != nil {
		tb.Fatal(err)
	}
	d := payment(1)
	d.Victim, d.Note, d.Receipt, d.Upload = s, s, s, u.ID
	o.Deposit = must(b.Deposit(ctx, dept, must(b.AddDeposits(ctx, dept, o.Case.ID, []casebook.Deposit{d}))(tb)[0].ID))(tb)
	answer, _, err := b.AddDisclosure(ctx, dept, o.Case.ID, casebook.Disclosure{Exchange: s, Holder: s, Date: "2025-03-31"}, []byte(s))
	if err != nil {
		tb.Fatal(err)
	}
	o.Disclosure = answer.ID
	r, _, err := b.AddTrace(ctx, dept, o.Case.ID, casebook.Trace{Rule: "fifo", Engine: s, Digest: "sha256:" + s}, []byte("trace "+s))
	if err != nil {
		tb.Fatal(err)
	}
	o.Trace = r.ID
	o.Note = must(b.AddNote(ctx, dept, o.Case.ID, s))(tb).ID
	o.settleJobs(tb, b, s)
	link(tb, b, pair, s)
	o.Link, o.Evidence = linkOf(tb, b, pair)
	return o
}

// settleJobs gives a case three jobs, of which two are dead, and a watch with an alert.
func (o *owned) settleJobs(tb testing.TB, b *casebook.Book, s string) {
	tb.Helper()
	ctx := tb.Context()
	o.Job = ask(tb, b, dept, casebook.TraceTask{Case: o.Case.ID, Rule: s}).ID
	o.Dead = ask(tb, b, dept, casebook.ReportTask{Case: o.Case.ID, Format: s}).ID
	o.Failed = ask(tb, b, dept, casebook.ReportTask{Case: o.Case.ID, Format: s, Language: "ja"}).ID
	if _, err := b.DB().ExecContext(ctx, "UPDATE jobs SET state = 'dead', failure = $1 WHERE id IN ($2, $3)", s, o.Dead, o.Failed); err != nil {
		tb.Fatal(err)
	}
	w := watchOf(casebook.WatchAddress, casebook.Sight{Height: 1, Hash: "a1"})
	w.Note = s
	w, _, err := b.AddWatch(ctx, dept, o.Case.ID, w)
	if err != nil {
		tb.Fatal(err)
	}
	o.Watch = w.ID
	must(b.CheckWatches(ctx, system, &ledger{blocks: []string{"a1", "a2"}, moves: map[string][]byte{"a2": {2}}}, quiet))(tb)
	o.Alert = must(b.Alerts(ctx, dept, casebook.AlertFilter{Case: o.Case.ID}, casebook.Page{}))(tb).Items[0].ID
}

func link(tb testing.TB, b *casebook.Book, pair [2]string, evidence string) {
	tb.Helper()
	text, err := json.Marshal(evidence)
	if err != nil {
		tb.Fatal(err)
	}
	must(b.PutLinks(tb.Context(), system, []casebook.NewLink{{Cases: pair, Grade: casebook.Strong, Score: "0.9", Q: "0.01", Evidence: text}}))(tb)
}

// linkOf is the link of a pair, and the digest of its evidence.
func linkOf(tb testing.TB, b *casebook.Book, pair [2]string) (id, digest string) {
	tb.Helper()
	for _, l := range must(b.Links(tb.Context(), dept, casebook.LinkFilter{Case: pair[0]}, casebook.Page{}))(tb).Items {
		if l.Cases == pair || l.Cases == [2]string{pair[1], pair[0]} {
			return l.ID, l.Detail.EvidenceDigest
		}
	}
	tb.Fatalf("no link between %v", pair)
	return "", ""
}

// world is two forces and a link between them; what is nobody's is in both.
func world(tb testing.TB, b *casebook.Book) (tokyos, osakas owned, between string) {
	tb.Helper()
	tokyos, osakas = settle(tb, b, "13"), settle(tb, b, "27")
	pair := [2]string{tokyos.Case.ID, osakas.Case.ID}
	link(tb, b, pair, secret("13")+secret("27"))
	between, _ = linkOf(tb, b, pair)
	f, _, err := b.AddRateFile(tb.Context(), dept, casebook.RateFile{Name: "btc.csv", Asset: "BTC", Source: "s"}, []byte("1"))
	if err != nil {
		tb.Fatal(err)
	}
	must(b.AddUser(tb.Context(), admin, casebook.User{Name: "root", Role: casebook.Administrator}))(tb)
	for i, o := range []*owned{&tokyos, &osakas} {
		o.Rate = f.ID
		o.User = must(b.AddUser(tb.Context(), admin, casebook.User{Name: "user" + string(rune('a'+i)), Role: casebook.Analyst, PasswordHash: "h"}))(tb)
	}
	return tokyos, osakas, between
}

func fresh(n byte) casebook.Deposit {
	d := payment(7)
	d.Tx = chains.TxID{0xff, n}
	return d
}
