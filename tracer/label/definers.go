package label

import (
	"cmp"
	"slices"
	"time"

	"tsuiseki/chains"
)

// Definer is an address whose label makes all that its owner has a service's.
type Definer struct {
	Address chains.Address
	// Services name whose it is, the best label's first: by the actor, else by the
	// label's text.
	Services []string
}

// Definers are the addresses of a chain that a cluster-defining label says to be a
// service's, whenever it is valid. It reads all labels once.
func (v *View) Definers(chain chains.Chain) (definers []Definer, err error) {
	entries := map[chains.Address][]Entry{}
	for _, set := range v.Sets() {
		err := v.Each(set.Set, func(l *Label, _ *Actor, _ time.Time) error {
			if l != nil && l.Chain == chain && l.Address != "" && l.ClusterDefiner && l.StopKind() != "" {
				entries[l.Address] = append(entries[l.Address], Entry{Label: *l})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for address, list := range entries {
		slices.SortFunc(list, func(a, b Entry) int { return a.Compare(&b) })
		d := Definer{Address: address}
		for i := range list {
			name, err := v.serviceOf(&list[i].Label)
			if err != nil {
				return nil, err
			}
			if !slices.Contains(d.Services, name) {
				d.Services = append(d.Services, name)
			}
		}
		definers = append(definers, d)
	}
	slices.SortFunc(definers, func(a, b Definer) int { return cmp.Compare(a.Address, b.Address) })
	return definers, nil
}

// serviceOf names a label's service. Two ids of one actor name one.
func (v *View) serviceOf(l *Label) (string, error) {
	if l.Actor == "" {
		return l.Label, nil
	}
	actor, known, err := v.Actor(l.Actor)
	if known {
		return actor.ID, err
	}
	return l.Actor, err
}
