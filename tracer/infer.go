package tracer

import (
	"fmt"

	"tsuiseki/chains"
)

// Inferrer is a Ledger that knows by heuristics of more places where trails end
// than a Stopper does, at a greater cost: it is asked of accounts that no label
// names and that are no hubs.
type Inferrer interface {
	// Infer says whether trails end at an account. The answer is one for the whole
	// view, whatever is traced and whenever it arrives.
	Infer(account chains.Address) (Inference, error)
}

// Inference is what heuristics say of an account.
type Inference struct {
	Stop         // without a kind where trails go on
	Doubt string // where signs speak for an end, why that is not decided; else empty
	What  string // that is in doubt
}

// infer asks the ledger's heuristics. What they leave undecided is named.
func (s *accountSweep) infer(account chains.Address) (Stop, error) {
	if s.inferrer == nil {
		return Stop{}, nil
	}
	found, err := s.inferrer.Infer(account)
	if err != nil {
		return Stop{}, fmt.Errorf("heuristics of %s: %w", account, err)
	}
	if found.Doubt != "" {
		snapshot := s.ledger.Snapshot()
		s.result.miss(found.What, snapshot.From, snapshot.Height, found.Doubt)
	}
	return found.Stop, nil
}

// endsWithin are the accounts at which trails end by heuristics though the
// transaction takes what it brings them on to a place where trails end too, as an
// exchange's forwarding contracts do. Others that are passed through are not asked.
func (s *accountSweep) endsWithin(tx *chains.Tx) (map[chains.Address]bool, error) {
	if s.inferrer == nil || tx.Failed {
		return nil, nil
	}
	var ends map[chains.Address]bool
	got := map[holder]bool{}
	for i := range tx.Transfers {
		t := &tx.Transfers[i]
		if !t.Payment() || t.From == t.To {
			continue
		}
		got[holder{t.To, t.Asset}] = true
		if _, asked := ends[t.From]; asked || !got[holder{t.From, t.Asset}] {
			continue
		}
		_, known, err := s.ledger.Stop(t.From, tx.Time)
		if err != nil {
			return nil, err
		}
		_, labelled, err := s.ledger.Stop(t.To, tx.Time)
		if err != nil {
			return nil, err
		}
		if known || !labelled {
			continue
		}
		ending, err := s.endsAt(t.From)
		if err != nil {
			return nil, err
		}
		if ends == nil {
			ends = map[chains.Address]bool{}
		}
		ends[t.From] = ending
	}
	return ends, nil
}

// endsAt tells whether heuristics end trails at an account that is no hub. Those that
// are passed through are so again and again.
func (s *accountSweep) endsAt(account chains.Address) (ends bool, err error) {
	if known, asked := s.passed[account]; asked {
		return known, nil
	}
	degree := 0
	if s.params.HubDegree > 0 {
		if degree, err = s.ledger.Degree(account, s.params.HubDegree); err != nil {
			return false, err
		}
	}
	if degree <= s.params.HubDegree {
		why, err := s.infer(account)
		if err != nil {
			return false, err
		}
		ends = why.Kind != ""
	}
	s.passed[account] = ends
	return ends, nil
}
