package label

import (
	"cmp"
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer"
)

// Compare orders what is said of one address, the best first: by confidence; then
// the more specific, which names an actor or the narrower concept; then what its
// source said last. What is left is in the order of its text: the order depends on
// nothing but what is said.
func (e *Entry) Compare(other *Entry) int {
	mine, _ := e.Confidence.Level()
	theirs, _ := other.Confidence.Level()
	return cmp.Or(
		cmp.Compare(theirs, mine),
		cmp.Compare(other.specificity(), e.specificity()),
		other.LastMod.Compare(e.LastMod),
		cmp.Compare(e.Label.Label, other.Label.Label),
		cmp.Compare(string(e.record()), string(other.record())),
	)
}

// specificity counts what a label commits itself to.
func (l *Label) specificity() int {
	n := depth(l.Category) + depth(l.Abuse)
	if l.Actor != "" {
		n += 2
	}
	if !l.Holder.IsZero() {
		n++
	}
	return n
}

// Conflict is a question that labels of one address on one chain answer differently.
type Conflict struct {
	Chain   chains.Chain `json:"chain"`
	Network string       `json:"network"`
	About   string       `json:"about"`   // "actor": whose it is; "kind": where a trail ends there
	Answers []string     `json:"answers"` // the best label's first
}

// Conflicts finds what entries, in their order, do not agree on. Two ids of one
// actor agree.
func (v *View) Conflicts(entries []Entry) ([]Conflict, error) {
	var found []Conflict
	seen := map[string]bool{}
	for i := range entries {
		network := entries[i].Network
		where := cmp.Or(string(entries[i].Chain), "?"+network)
		if seen[where] {
			continue
		}
		seen[where] = true
		actors, kinds := Conflict{entries[i].Chain, network, "actor", nil}, Conflict{entries[i].Chain, network, "kind", nil}
		for j := range entries[i:] {
			e := &entries[i+j]
			if cmp.Or(string(e.Chain), "?"+e.Network) != where {
				continue
			}
			if e.Actor != "" {
				actor, known, err := v.Actor(e.Actor)
				if err != nil {
					return nil, err
				}
				id := e.Actor
				if known {
					id = actor.ID
				}
				actors.add(id)
			}
			if kind := e.StopKind(); kind == tracer.EndExchange {
				kinds.add(string(tracer.EndService)) // a customer's account is with one
			} else if kind != "" {
				kinds.add(string(kind))
			}
		}
		for _, c := range []Conflict{actors, kinds} {
			if len(c.Answers) > 1 {
				found = append(found, c)
			}
		}
	}
	return found, nil
}

func (c *Conflict) add(answer string) {
	if !slices.Contains(c.Answers, answer) {
		c.Answers = append(c.Answers, answer)
	}
}

// Defining are the labels that hold for all that an address's owner has, as Of
// orders them: those that a cluster may take. The others never reach it.
func (v *View) Defining(chain chains.Chain, address chains.Address, valid time.Time) ([]Entry, error) {
	entries, err := v.Of(chain, string(address), valid)
	return slices.DeleteFunc(entries, func(e Entry) bool { return !e.ClusterDefiner }), err
}
