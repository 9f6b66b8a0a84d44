package intake_test

import (
	"reflect"
	"slices"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/tracer/intake"
)

// TestMarks: a first small payment that came back is a test, and so on, by what the chain holds.
func TestMarks(t *testing.T) {
	w := newWorld(t)
	take := func(victim string, refs ...string) (out []intake.Deposit) {
		text := "被害者ID,取引ID\n"
		for _, r := range refs {
			text += victim + "," + r + "\n"
		}
		got, _, _ := read(t, []byte(text), w.options())
		if len(got.rejected) > 0 {
			t.Fatalf("rejected: %+v", got.rejected)
		}
		return got.deposits
	}
	id := func(x chains.TxID) string { return x.String() }
	for name, c := range map[string]struct {
		deposits []intake.Deposit
		smaller  int
		want     []string
	}{
		"paid back, and nothing larger": {take("A", id(w.ether)), 5, []string{intake.MarkRefunded}},
		"paid back, then a larger one":  {take("A", id(w.ether), id(w.later)), 5, []string{intake.MarkRefunded, intake.MarkTest}},
		"paid back, then not so large":  {take("A", id(w.ether), id(w.later)), 50, []string{intake.MarkRefunded}},
		"of another victim":             {append(take("A", id(w.ether)), take("B", id(w.later))...), 5, []string{intake.MarkRefunded}},
		"the refund is in the file":     {take("A", id(w.ether), id(w.back)), 5, []string{intake.MarkRefunded, intake.MarkRefund}},
		"never paid back":               {take("A", id(w.later)), 5, nil},
		"Bitcoin, paid back":            {take("A", id(w.single)), 5, []string{intake.MarkRefunded}},
		"Bitcoin, not paid back":        {take("A", id(w.batch)+":0"), 5, nil},
	} {
		t.Run(name, func(t *testing.T) {
			params := intake.DefaultMarkParams()
			params.Smaller = c.smaller
			marks, undecided, err := intake.MarkPayments(t.Context(), w.options().Chains, c.deposits, params)
			if err != nil || len(undecided) > 0 {
				t.Fatalf("%v %+v", err, undecided)
			}
			var have []string
			for _, m := range marks {
				have = append(have, m.Heuristic)
				fired := w.back
				if m.Place.Chain.Family() == chains.Bitcoin {
					fired = w.returned
				}
				if m.Fired != fired || m.Version != intake.MarkVersion || m.Params != params {
					t.Errorf("mark %+v", m)
				}
			}
			if !slices.Equal(have, c.want) {
				t.Errorf("marks %s, want %s", have, c.want)
			}
			slices.Reverse(c.deposits)
			again, _, err := intake.MarkPayments(t.Context(), w.options().Chains, c.deposits, params)
			if err != nil || !reflect.DeepEqual(again, marks) {
				t.Errorf("in another order: %+v, %v", again, err)
			}
		})
	}
}

// TestMarksTellLimits: a payer with too many transactions is undecided, not cleared.
func TestMarksTellLimits(t *testing.T) {
	w := newWorld(t)
	got, _, _ := read(t, []byte(w.ether.String()), w.options())
	params := intake.DefaultMarkParams()
	params.Look = 1
	marks, undecided, err := intake.MarkPayments(t.Context(), w.options().Chains, got.deposits, params)
	if err != nil || len(marks) != 0 || len(undecided) != 1 {
		t.Errorf("marks %+v, undecided %+v, %v", marks, undecided, err)
	}
	_, undecided, err = intake.MarkPayments(t.Context(), w.options().Chains[:1], got.deposits, params)
	if err != nil || len(undecided) != 1 {
		t.Errorf("without the chain: %+v, %v", undecided, err)
	}
}
