package label_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tsuiseki/chains"
	"tsuiseki/tracer/label"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// canonical stands for the real chains' rules: no address is short, and case
// counts only on Bitcoin.
func canonical(chain chains.Chain, text string) (chains.Address, error) {
	if len(text) < 20 || strings.ContainsAny(text, " \n") {
		return "", fmt.Errorf("address %q is no address of %s", text, chain)
	}
	if chain.Family() == chains.Ethereum {
		return chains.Address(strings.ToLower(text)), nil
	}
	return chains.Address(text), nil
}

// clock stands still until it is moved.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func (c *clock) day(n int) time.Time {
	c.now = time.Date(2025, 1, n, 12, 0, 0, 0, time.UTC)
	return c.now
}

// newStore is an empty store on the first of January 2025.
func newStore(t testing.TB) (*label.Store, *clock) {
	t.Helper()
	c := &clock{}
	c.day(1)
	return label.Open(label.Options{Dir: t.TempDir(), Canonical: canonical, Now: c.Now}), c
}

// importFile takes one file in.
func importFile(t testing.TB, s *label.Store, f label.File) *label.Report {
	t.Helper()
	report, err := tryImport(s, f, false)
	if err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	return report
}

func tryImport(s *label.Store, f label.File, force bool) (*label.Report, error) {
	m, err := s.Import()
	if err != nil {
		return nil, err
	}
	defer m.Close()
	m.Force = force
	return m.File(f)
}

func openView(t testing.TB, s *label.Store, knownAt time.Time) *label.View {
	t.Helper()
	v, err := s.View(knownAt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

func find(t testing.TB, v *label.View, subject string) []label.Entry {
	t.Helper()
	entries, err := v.Of("", subject, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return entries
}
