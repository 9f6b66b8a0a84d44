package label

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tsuiseki/chains"
)

// SetInfo is a set as it was known at a time.
type SetInfo struct {
	Pack
	Rows    int       // that it says, or said when it was withdrawn
	Since   time.Time // of its first import, or the first after it was withdrawn
	KnownAt time.Time // of its last import, or of its withdrawal
	Input   string    // name of the file that was imported last
	// Withdrawn is why the set is no longer in force; empty where it is.
	Withdrawn string
}

// sets are all sets that were ever known by a time, by kind and name; a zero time
// is now.
func (m *manifest) sets(at time.Time) (found []SetInfo) {
	places := map[Set]int{}
	for i := range m.Imports {
		made := &m.Imports[i]
		if !at.IsZero() && made.KnownAt.After(at) {
			continue
		}
		next := SetInfo{made.Pack, made.Rows, made.KnownAt, made.KnownAt, made.Input, made.Withdrawn}
		place, known := places[made.Set]
		switch {
		case !known:
			places[made.Set] = len(found)
			found = append(found, next)
			continue
		case made.Withdrawn != "":
			next.Pack, next.Rows, next.Since, next.Input = found[place].Pack, found[place].Rows, found[place].Since, found[place].Input
		case found[place].Withdrawn == "":
			next.Since = found[place].Since
		}
		found[place] = next
	}
	slices.SortFunc(found, func(a, b SetInfo) int {
		return cmp.Or(cmp.Compare(a.Set.Kind, b.Set.Kind), cmp.Compare(a.Set.Name, b.Set.Name))
	})
	return found
}

// Sets are the sets known at a time by kind and name, also those withdrawn before;
// a zero time is now.
func (s *Store) Sets(knownAt time.Time) ([]SetInfo, error) {
	m, err := readManifest(s.opt.Dir)
	return m.sets(knownAt), err
}

// Sets are the sets held, by kind and name.
func (v *View) Sets() []SetInfo { return v.sets }

// FindSet finds a set in force by its name, or by its kind and name as they are
// printed. Where there is none, or several kinds have one, the error says so.
func FindSet(sets []SetInfo, name string) (Set, error) {
	var found []Set
	for i := range sets {
		set := sets[i].Set
		if sets[i].Withdrawn == "" && (set.String() == name || set.Name == name) {
			found = append(found, set)
		}
	}
	switch len(found) {
	case 0:
		return Set{}, fmt.Errorf("set %q of labels: %w: see what sets there are by label sets", name, chains.ErrNotFound)
	case 1:
		return found[0], nil
	}
	var kinds []string
	for _, set := range found {
		kinds = append(kinds, fmt.Sprintf("%q", set))
	}
	return Set{}, fmt.Errorf("%q may be any of these sets: say which: %s", name, strings.Join(kinds, ", "))
}

// resembles are the sets in force that a new one may be the new state of under
// another name: they say the same, or have its title and creator.
func (m *manifest) resembles(p *part) (names []Set) {
	for _, held := range m.knownAt(time.Time{}) {
		if held.Set.Kind != p.pack.Set.Kind || held.Set == p.pack.Set {
			continue
		}
		sameWords := held.Title != "" && held.Title == p.pack.Title && held.Creator == p.pack.Creator
		if sameWords || held.Said == digest(p.writer.said) && held.Rows > 0 {
			names = append(names, held.Set)
		}
	}
	return names
}
