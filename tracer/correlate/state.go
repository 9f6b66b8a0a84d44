package correlate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tsuiseki/graph"
)

// state is what runs keep: derived from the inputs, and built again from them whenever
// it is not there or not readable.
type state struct {
	dir     string
	m       manifest
	rows    []row   // by ID
	known   []known // by key
	records *records
}

// openState reads the state of the same parameters; an empty one where there is none,
// with what was wrong with the one found.
func openState(dir string, p Params, full bool) (*state, string, error) {
	empty := &state{dir: dir, m: manifest{Format: formatVersion, Rule: p.Rule, Limit: p.DegreeLimit, Next: 1}}
	empty.records = newRecords(dir, nil)
	m, err := readManifest(dir)
	if m != nil {
		empty.m.Next = m.Next // names are never used twice
	}
	switch {
	case full:
		return empty, "", nil
	case errors.Is(err, ErrDamaged):
		return empty, err.Error(), nil
	case err != nil || m == nil:
		return empty, "", err
	case m.Rule != p.Rule || m.Limit != p.DegreeLimit:
		return empty, fmt.Sprintf("it was of rule %s with degrees up to %d", m.Rule, m.Limit), nil
	}
	s := &state{dir: dir, m: *m, records: newRecords(dir, m.Segments)}
	if s.rows, err = decodeRows(dir, m.Cases); err == nil {
		if s.known, err = decodeKnown(dir, m.Nodes); err == nil {
			err = s.records.open()
		}
	}
	if err == nil {
		return s, "", nil
	}
	err = errors.Join(err, s.records.close())
	if errors.Is(err, ErrDamaged) {
		return empty, err.Error(), nil
	}
	return nil, "", err
}

// save writes the state, whose segments are written already, and removes what was before.
func (s *state) save() (err error) {
	number := s.m.Next
	s.m.Next++
	if s.m.Cases, err = writeFile(s.dir, fmt.Sprintf("%s-%08d", ofCases, number), ofCases, encodeRows(s.rows)); err != nil {
		return err
	}
	if s.m.Nodes, err = writeFile(s.dir, fmt.Sprintf("%s-%08d", ofNodes, number), ofNodes, encodeKnown(s.known)); err != nil {
		return err
	}
	if err := s.m.write(s.dir); err != nil {
		return err
	}
	return s.m.clean(s.dir)
}

// find is the row of a case; nil where there is none.
func (s *state) find(id graph.CaseID) *row {
	i, ok := slices.BinarySearchFunc(s.rows, id, func(r row, id graph.CaseID) int { return strings.Compare(string(r.ref.ID), string(id)) })
	if !ok {
		return nil
	}
	return &s.rows[i]
}

// live tells for each segment's ordinals which case each is, by place in rows; -1 of a
// record that is no longer any case's.
func (s *state) live() map[int][]int32 {
	live := make(map[int][]int32, len(s.m.Segments))
	for _, seg := range s.m.Segments {
		of := make([]int32, seg.Records)
		for i := range of {
			of[i] = -1
		}
		live[seg.ID] = of
	}
	for i := range s.rows {
		r := &s.rows[i]
		if of := live[r.segment]; int(r.ordinal) < len(of) {
			of[r.ordinal] = int32(i)
		}
	}
	return live
}

// visitors are the cases that come to any of the addresses.
func (s *state) visitors(ctx context.Context, addresses []graph.Address) (ids map[graph.CaseID]bool, err error) {
	ids = map[graph.CaseID]bool{}
	if len(addresses) == 0 {
		return ids, nil
	}
	wanted := keysOf(addresses)
	m, err := openMerged(s.dir, s.m.Segments)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	live := s.live()
	return ids, m.each(ctx, func(k key, group []found) error {
		for len(wanted) > 0 && wanted[0].compare(k) < 0 {
			wanted = wanted[1:]
		}
		if len(wanted) == 0 || wanted[0] != k {
			return nil
		}
		for _, f := range group {
			if of := live[f.segment]; int(f.ordinal) < len(of) && of[f.ordinal] >= 0 {
				ids[s.rows[of[f.ordinal]].ref.ID] = true
			}
		}
		return nil
	})
}

// keysOf are the keys of addresses, sorted.
func keysOf(addresses []graph.Address) []key {
	keys := make([]key, len(addresses))
	for i, a := range addresses {
		keys[i] = addressKey(a)
	}
	slices.SortFunc(keys, key.compare)
	return keys
}
