package label

import (
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer"
)

// Owner is whose an address is by the best label that ends trails, for heuristics.
type Owner struct {
	Kind  tracer.EndKind
	Label string
	// Exchange identifies the exchange whose own wallet the address is: by its
	// actor, else by the label's text. It is empty for all else, for what an
	// exchange gave a customer too.
	Exchange string
	Miner    bool // it belongs to a mining service
}

// Owner finds whose an address is at a time, a zero time being whenever; false
// where nothing known ends trails there. Stop says who says so.
func (s Stops) Owner(address chains.Address, at time.Time) (Owner, bool, error) {
	known, isKnown := s.Known.Of(address)
	owner := Owner{Kind: known.Kind, Label: known.Label}
	if isKnown && known.Kind == tracer.EndBurn || s.View == nil {
		return owner, isKnown, nil
	}
	entries, err := s.View.Of(s.Chain, string(address), at)
	if err != nil {
		return Owner{}, false, err
	}
	for i := range entries {
		e := &entries[i]
		kind := e.StopKind()
		if kind == "" {
			continue
		}
		owner = Owner{Kind: kind, Label: e.Label.Label, Miner: below(e.Category, "mining_service")}
		if kind == tracer.EndService && below(e.Category, "exchange") {
			owner.Exchange, err = s.View.identity(e)
		}
		return owner, true, err
	}
	return owner, isKnown, nil
}

// identity is the actor that a label names, by the id in its pack, else the
// label's text.
func (v *View) identity(e *Entry) (string, error) {
	if e.Actor == "" {
		return e.Label.Label, nil
	}
	actor, known, err := v.Actor(e.Actor)
	if err != nil || !known {
		return e.Actor, err
	}
	return actor.ID, nil
}

// below reports whether a concept is another one, or narrower.
func below(concept, other string) bool {
	for ; concept != ""; concept = broader[concept] {
		if concept == other {
			return true
		}
	}
	return false
}
