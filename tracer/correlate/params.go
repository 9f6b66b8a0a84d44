package correlate

import (
	"fmt"
	"runtime"
	"time"
)

// Params are what results depend on, beside the inputs. docs/correlation.md says what
// each is for.
type Params struct {
	Rule        string        // of the traces that the cases come from
	DegreeLimit int           // a place that more transactions touch is a hub
	QuietDegree int           // one that at most so many touch is hardly a service that nobody labelled
	OwnShare    int           // nor one at which cases are one in so many of its transactions, or more
	Theta       time.Duration // in which the weight of a meeting falls to 1/e with the time between
	CoFlow      time.Duration // within which two arrivals are a co-flow
	Significant float64       // q at or below which chance is ruled out
	GroupLimit  int           // cases above which a group is cut at strong links
	KeyNodes    int           // of each group that are shown

	Workers     int // goroutines; results do not depend on them
	heldEntries int
}

// DefaultParams are those that the rates of error in docs/correlation.md were measured with.
func DefaultParams(rule string) Params {
	const day = 24 * time.Hour
	return Params{
		Rule: rule, DegreeLimit: 1_000, QuietDegree: 100, OwnShare: 10, Theta: 180 * day, CoFlow: time.Hour, Significant: 0.01,
		GroupLimit: 200, KeyNodes: 10, Workers: runtime.GOMAXPROCS(0), heldEntries: heldEntries,
	}
}

func (p *Params) check() error {
	switch {
	case p.Rule == "":
		return fmt.Errorf("no rule is named: say by which rule the cases were traced")
	case p.DegreeLimit < 1, p.QuietDegree < 1, p.QuietDegree > p.DegreeLimit:
		return fmt.Errorf("degrees %d and %d: they are at least 1, and a quiet place is no hub", p.QuietDegree, p.DegreeLimit)
	case p.OwnShare < 0:
		return fmt.Errorf("one in %d transactions: it is 0, for none, or more", p.OwnShare)
	case p.Theta < time.Second, p.CoFlow < 0:
		return fmt.Errorf("times %s and %s: the first is a second at least, the other not negative", p.Theta, p.CoFlow)
	case !(p.Significant >= 0 && p.Significant <= 1):
		return fmt.Errorf("q %v: it is between 0 and 1", p.Significant)
	case p.GroupLimit < 2, p.KeyNodes < 0:
		return fmt.Errorf("groups of %d cases with %d nodes: a group has two cases at least, and nodes are not negative", p.GroupLimit, p.KeyNodes)
	}
	p.Workers = max(1, p.Workers)
	if p.heldEntries <= 0 {
		p.heldEntries = heldEntries
	}
	return nil
}
