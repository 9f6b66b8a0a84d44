package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tsuiseki/fixtures"
	"tsuiseki/tracer/casebook"
)

// casework is a data folder with the cases of a story, traced.
type casework struct {
	*fixtures.Casework
	data  string
	cases []string
}

func newCasework(t *testing.T) *casework {
	t.Helper()
	story, err := fixtures.NewCasework()
	if err != nil {
		t.Fatal(err)
	}
	w := &casework{Casework: story, data: t.TempDir()}
	s := &session{ctx: t.Context(), data: w.data, out: io.Discard, errOut: io.Discard, log: slog.New(slog.DiscardHandler)}
	if w.cases, err = loadCases(s, t.TempDir(), story); err != nil {
		t.Fatal(err)
	}
	return w
}

// run is a command on the data folder.
func (w *casework) run(t *testing.T, args ...string) string {
	t.Helper()
	return command(t, append(args, "--data", w.data)...)
}

// correlated is what the document of correlate says, as far as tests look at it.
type correlated struct {
	Cases int
	Links []struct {
		ID       string
		Cases    [2]string
		Grade    string
		Evidence []struct {
			ID, Class, Node string
			New             bool
		}
		Decision *struct {
			Verdict  string
			Reopened bool
		}
	}
	Groups []struct {
		KeyNodes []struct{ Role, Node string } `json:"key_nodes"`
	}
	Suppressed []struct {
		Node, Reason string
		Cases        int
	}
}

// correlate runs it, and holds it against a full run.
func (w *casework) correlate(t *testing.T) (doc correlated) {
	t.Helper()
	out := w.run(t, "correlate", "--json")
	if full := w.run(t, "correlate", "--full", "--json"); full != out {
		t.Errorf("incremental and full differ:\n%s\n%s", out, full)
	}
	unmarshal(t, out, &doc)
	return doc
}

// found are the links as the story names cases, each with its strongest evidence.
func (w *casework) found(doc *correlated) (lines []string) {
	for _, l := range doc.Links {
		a, b := slices.Index(w.cases, l.Cases[0]), slices.Index(w.cases, l.Cases[1])
		lines = append(lines, fmt.Sprint(min(a, b), "-", max(a, b), " ", l.Evidence[0].Class))
	}
	slices.Sort(lines)
	return lines
}

// planted are the links of the story, but for those of a class.
func (w *casework) planted(but string) (lines []string) {
	for _, l := range w.Linked {
		if l.Class != but {
			lines = append(lines, fmt.Sprint(l.A, "-", l.B, " ", l.Class))
		}
	}
	slices.Sort(lines)
	return lines
}

// link is the id of the link of two cases.
func (w *casework) link(t *testing.T, doc *correlated, a, b int) string {
	t.Helper()
	for _, l := range doc.Links {
		if slices.Contains(l.Cases[:], w.cases[a]) && slices.Contains(l.Cases[:], w.cases[b]) {
			return l.ID
		}
	}
	t.Fatalf("cases %d and %d are not linked: %v", a, b, w.found(doc))
	return ""
}

func (w *casework) disclose(t *testing.T) {
	t.Helper()
	for _, x := range w.Disclosed {
		w.run(t, "case", "disclose", w.cases[x.Case], "--exchange", x.Exchange, "--holder", x.Holder, "--nationality", x.Nationality,
			"--chain", fmt.Sprintf("ethereum-%d", fixtures.CaseworkNetwork), "--address", string(x.Address), "--date", x.Date)
	}
}

// importLabel says of an address that it is a service's.
func (w *casework) importLabel(t *testing.T, address string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "more.csv")
	rows := fmt.Sprintf("chain,address,label,category,source\nethereum-%d,%s,Payment Co,payment_processor,test\n", fixtures.CaseworkNetwork, address)
	if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	w.run(t, "label", "import", file)
}

func (w *casework) want(t *testing.T, when string, got *correlated, want []string) {
	t.Helper()
	if diff := cmp.Diff(want, w.found(got)); diff != "" {
		t.Errorf("%s, links (-planted +found):\n%s", when, diff)
	}
}

// TestCasework finds exactly the links that the story planted, by what the stores of
// labels, disclosures and decisions come to say.
func TestCasework(t *testing.T) {
	w := newCasework(t)
	doc := w.correlate(t)
	if doc.Cases != len(w.Cases) {
		t.Errorf("%d cases were compared", doc.Cases)
	}
	w.want(t, "before the disclosures", &doc, w.planted("account-holder"))
	for node, reason := range map[string]string{string(w.Hot): "service", string(w.Mixer): "mixer", string(w.Popular): "hub", string(w.Tokens[0].Asset): "contract"} {
		met := 0
		for _, n := range doc.Suppressed {
			if n.Node == node && n.Reason == reason {
				met = n.Cases
			}
		}
		if met != 2 {
			t.Errorf("%d cases are told to have met at the %s %s", met, reason, node)
		}
	}

	if got, want := fmt.Sprint(doc.Groups[0].KeyNodes), fmt.Sprintf("[{cash-out %s} {collector %s}]", w.Deposit, w.Collector); got != want {
		t.Errorf("behind the ring are %s, want %s", got, want)
	}
	if text := w.run(t, "correlate", "--limit", "1"); strings.Count(text, "strong link ") != 1 || !strings.Contains(text, "and 3 links more") {
		t.Errorf("limited to a link:\n%s", text)
	}

	w.disclose(t)
	doc = w.correlate(t)
	w.want(t, "with the disclosures", &doc, w.planted(""))
	holder := w.link(t, &doc, 3, 4)
	if text := w.run(t, "link", "show", holder); !strings.Contains(text, "exchanges named one person") || !strings.Contains(text, "confidence 70") || !strings.Contains(text, "3.09 ETH") {
		t.Errorf("it is told so:\n%s", text)
	}

	gas := w.link(t, &doc, 5, 6)
	w.importLabel(t, gasNode(t, &doc, gas))
	doc = w.correlate(t)
	w.want(t, "with the funder a service", &doc, w.without("5-6 gas-funder"))
	if text := w.run(t, "link", "list", "--withdrawn"); !strings.Contains(text, gas) || !strings.Contains(text, "withdrawn: found no more: ") || !strings.Contains(text, "Payment Co") {
		t.Errorf("it is listed so:\n%s", text)
	}
	if text := w.run(t, "link", "list"); strings.Contains(text, gas) {
		t.Errorf("it is still listed:\n%s", text)
	}

	w.markStale(t, w.cases[2])
	doc = w.correlate(t)
	w.want(t, "with a trace stale", &doc, []string{"0-1 deposit-address", "3-4 account-holder"})
	w.run(t, "case", "trace", w.cases[2])
	doc = w.correlate(t)
	w.want(t, "traced anew", &doc, w.without("5-6 gas-funder"))

	w.run(t, "case", "withdraw", w.cases[4], "--reason", "a mistake")
	doc = w.correlate(t)
	if len(doc.Links) != 3 || doc.Cases != len(w.Cases)-1 {
		t.Errorf("with a case withdrawn, of %d cases: %v", doc.Cases, w.found(&doc))
	}
}

// markStale has a case's trace wait to be made anew, as the nightly work does.
func (w *casework) markStale(t *testing.T, id string) {
	t.Helper()
	s := &session{ctx: t.Context(), data: w.data}
	err := withDesk(s, casebookFlags{}, casebook.System, func(d *desk) error {
		traces, err := d.Traces(s.ctx, d.who, casebook.TraceFilter{Case: id}, casebook.Page{})
		if err != nil {
			return err
		}
		return d.MarkStale(s.ctx, d.who, traces.Items[0].ID, "the chain has grown")
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (w *casework) without(line string) []string {
	return slices.DeleteFunc(w.planted(""), func(l string) bool { return l == line })
}

func gasNode(t *testing.T, doc *correlated, id string) string {
	t.Helper()
	for _, l := range doc.Links {
		if l.ID == id {
			return l.Evidence[0].Node
		}
	}
	t.Fatal("no link " + id)
	return ""
}

// TestDecisions has people decide: what they decide stays until evidence comes that they
// did not see.
func TestDecisions(t *testing.T) {
	w := newCasework(t)
	doc := w.correlate(t)
	id := w.link(t, &doc, 0, 2)
	var shown linkShowDoc
	unmarshal(t, w.run(t, "link", "show", id, "--json"), &shown)
	digest := shown.Link.Detail.EvidenceDigest
	w.refused(t, exitFailed, "rests on other evidence", "link", "reject", id, "--reason", "r", "--evidence", "sha256:other")
	w.refused(t, exitUsage, "no such rule", "correlate", "--rule", "all")
	w.refused(t, exitUsage, "reason", "link", "reject", id)
	w.run(t, "link", "reject", id, "--reason", "a broker's address", "--evidence", digest)

	decision := func(want string, fresh int) {
		t.Helper()
		doc = w.correlate(t)
		for _, l := range doc.Links {
			if l.ID != id {
				continue
			}
			news := 0
			for _, e := range l.Evidence {
				if e.New {
					news++
				}
			}
			if got := fmt.Sprint(l.Decision); got != want || news != fresh {
				t.Errorf("decided %s with %d new pieces of evidence, want %s and %d", got, news, want, fresh)
			}
		}
	}
	decision("&{rejected false}", 0)
	// A third thing in common: exchanges name one holder of what both reached.
	for _, i := range []int{0, 2} {
		var one caseDoc
		unmarshal(t, w.run(t, "case", "show", w.cases[i], "--json"), &one)
		w.run(t, "case", "disclose", w.cases[i], "--exchange", "Z", "--holder", "Same", "--date", "2024-08-01",
			"--chain", string(one.Deposits[0].Chain), "--address", string(one.Deposits[0].Address))
	}
	decision("&{rejected true}", 1)
	if text := w.run(t, "link", "show", id); !strings.Contains(text, "NEW since it was decided: exchanges named one person, same,") {
		t.Errorf("it is told so:\n%s", text)
	}
	w.run(t, "link", "confirm", id, "--reason", "one holder")
	decision("&{confirmed false}", 0)
	unmarshal(t, w.run(t, "link", "show", id, "--json"), &shown)
	if len(shown.Decisions) != 2 || shown.Decisions[0].Verdict != casebook.Rejected || shown.Link.Reopened {
		t.Errorf("it is %+v, decided %+v", shown.Link, shown.Decisions)
	}
}

// TestLinkSecrecy looks at links in every role: of a link into another force's case its
// force learns the grade and whom to call, and nothing of what it rests on.
func TestLinkSecrecy(t *testing.T) {
	w := newCasework(t)
	doc := w.correlate(t)
	id := w.link(t, &doc, 0, 1)
	for name, role := range map[string][]string{
		"tokyo": {"--role", "investigator", "--prefecture", "13"}, "osaka": {"--role", "investigator", "--prefecture", "27"},
		"hyogo": {"--role", "investigator", "--prefecture", "28"}, "dept": {"--role", "analyst"}, "kato": {"--role", "auditor"}, "root": {"--role", "administrator"},
	} {
		w.run(t, append([]string{"user", "add", name}, role...)...)
	}
	for user, other := range map[string]int{"tokyo": 1, "osaka": 0} {
		for _, args := range [][]string{{"link", "show", id, "--as", user}, {"link", "show", id, "--as", user, "--json"}, {"link", "list", "--as", user}, {"link", "list", "--as", user, "--json"}} {
			text := w.run(t, args...)
			if !strings.Contains(text, id) || !strings.Contains(text, w.Cases[other].Contact) || !strings.Contains(text, "strong") {
				t.Errorf("%v does not tell whom to call:\n%s", args, text)
			}
			for _, secret := range []string{w.cases[other], w.Cases[other].Number, w.Cases[other].Title, string(w.Collector), party(w.Collector), string(w.Deposit), "7.48", "evidence\":["} {
				if strings.Contains(text, secret) {
					t.Errorf("%v tells %q:\n%s", args, secret, text)
				}
			}
		}
		w.refused(t, exitFailed, "not allowed", "link", "confirm", id, "--reason", "r", "--as", user)
		w.refused(t, exitFailed, "not allowed", "link", "reject", id, "--reason", "r", "--evidence", "sha256:guess", "--as", user)
		w.refused(t, exitFailed, "not allowed", "correlate", "--as", user)
	}
	w.refused(t, exitFailed, "not found", "link", "show", id, "--as", "hyogo")
	w.refused(t, exitFailed, "not found", "link", "confirm", id, "--reason", "r", "--as", "hyogo")
	w.refused(t, exitFailed, "not found", "case", "disclose", w.cases[0], "--exchange", "X", "--holder", "H", "--date", "2024-01-01",
		"--chain", fmt.Sprintf("ethereum-%d", fixtures.CaseworkNetwork), "--address", string(w.Deposit), "--as", "hyogo")
	if text := w.run(t, "link", "list", "--json", "--as", "hyogo"); strings.Contains(text, id) {
		t.Errorf("a third force is told of it: %s", text)
	}
	for _, user := range []string{"kato", "root"} {
		for _, args := range [][]string{{"link", "list"}, {"link", "show", id}, {"correlate"}} {
			w.refused(t, exitFailed, "not allowed", append(args, "--as", user)...)
		}
	}
	if text := w.run(t, "link", "show", id, "--as", "dept"); !strings.Contains(text, party(w.Collector)) {
		t.Errorf("the department is told:\n%s", text)
	}
	w.run(t, "correlate", "--as", "dept")
}

// refused is a command that must fail.
func (w *casework) refused(t *testing.T, code int, reason string, args ...string) {
	t.Helper()
	var out, errOut strings.Builder
	if got := run(append(args, "--data", w.data), &out, &errOut); got != code || !strings.Contains(errOut.String(), reason) || out.Len() > 0 {
		t.Errorf("%v: exit %d, want %d and %q\n%s%s", args, got, code, reason, &out, &errOut)
	}
}

// TestCaseworkIsTheSame makes the story, and its files, twice.
func TestCaseworkIsTheSame(t *testing.T) {
	first, err := fixtures.NewCasework()
	if err != nil {
		t.Fatal(err)
	}
	again, err := fixtures.NewCasework()
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(first.Cases)
	b, _ := json.Marshal(again.Cases)
	if string(a) != string(b) {
		t.Error("the story is another each time")
	}
}
