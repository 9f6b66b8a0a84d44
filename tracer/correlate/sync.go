package correlate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"tsuiseki/graph"
)

// mostSegments is how many segments there may be before small ones are written as one.
const mostSegments = 12

// synced is what bringing the state up did.
type synced struct {
	read    int          // cases that were read
	removed int          // cases that are no more
	derived map[key]bool // keys of what stands behind addresses in records that were written
	changes Changes
}

// sync brings the state's records up to the cases.
func (s *state) sync(ctx context.Context, in Inputs, p Params) (*synced, error) {
	changes, err := in.Nodes.Changed(ctx, s.m.Mark)
	if err != nil {
		return nil, fmt.Errorf("what changed of addresses: %w", err)
	}
	refs, err := sortedRefs(ctx, in.Cases)
	if err != nil {
		return nil, err
	}
	again, err := s.visitors(ctx, changes.Identities)
	if err != nil {
		return nil, err
	}
	done := &synced{derived: map[key]bool{}, changes: changes}
	kept, read := make([]row, 0, len(refs)), []Ref(nil)
	for _, ref := range refs {
		old := s.find(ref.ID)
		if old == nil || old.ref.Revision != ref.Revision || changes.AllIdentities || again[ref.ID] {
			read = append(read, ref)
			continue
		}
		row := *old
		row.ref = ref
		kept = append(kept, row)
	}
	done.read, done.removed = len(read), len(s.rows)-len(kept)
	for _, ref := range read {
		if s.find(ref.ID) != nil {
			done.removed--
		}
	}
	merge := s.crowded(kept)
	if len(read) > 0 || len(merge) > 0 {
		if kept, err = s.writeSegment(ctx, in, p, kept, read, merge, done); err != nil {
			return nil, err
		}
	}
	s.rows = kept
	slices.SortFunc(s.rows, func(a, b row) int { return cmp.Compare(a.ref.ID, b.ref.ID) })
	s.m.Mark = changes.Mark
	return done, nil
}

func sortedRefs(ctx context.Context, from Cases) ([]Ref, error) {
	var refs []Ref
	for ref, err := range from.Refs(ctx) {
		if err != nil {
			return nil, fmt.Errorf("list of cases: %w", err)
		}
		refs = append(refs, ref)
	}
	slices.SortFunc(refs, func(a, b Ref) int { return cmp.Compare(a.ID, b.ID) })
	for i := 1; i < len(refs); i++ {
		if refs[i].ID == refs[i-1].ID {
			return nil, fmt.Errorf("case %s is listed twice: list one trace of each case, by one rule", refs[i].ID)
		}
	}
	return refs, nil
}

// crowded are the segments to be written as one: those that are mostly dead, and, where
// there are too many, all small ones.
func (s *state) crowded(kept []row) map[int]bool {
	live := map[int]int{}
	for i := range kept {
		live[kept[i].segment]++
	}
	merge := map[int]bool{}
	for _, seg := range s.m.Segments {
		const small = 8
		switch n := live[seg.ID]; {
		case 2*n < seg.Records, len(s.m.Segments) >= mostSegments && small*n < len(kept):
			merge[seg.ID] = true
		}
	}
	return merge
}

// writeSegment writes what was read, and what segments to be merged still hold.
func (s *state) writeSegment(ctx context.Context, in Inputs, p Params, kept []row, read []Ref, merge map[int]bool, done *synced) (rows []row, err error) {
	w, err := newSegmentWriter(s.dir, s.m.Next, p.heldEntries)
	if err != nil {
		return nil, err
	}
	s.m.Next++
	finished := false
	defer func() {
		if !finished {
			err = errors.Join(err, w.discard())
		}
	}()
	for i := range kept {
		if !merge[kept[i].segment] {
			rows = append(rows, kept[i])
			continue
		}
		rec, data, err := s.records.read(&kept[i])
		if err != nil {
			return nil, err
		}
		r, err := w.add(kept[i].ref, rec, data)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	if rows, err = s.readCases(ctx, in, p, w, rows, read, done); err != nil {
		return nil, err
	}
	finished = true
	info, err := w.finish()
	if err != nil {
		return nil, err
	}
	s.m.Segments = slices.DeleteFunc(slices.Clone(s.m.Segments), func(seg segmentInfo) bool { return merge[seg.ID] })
	if info.Records > 0 {
		s.m.Segments = append(s.m.Segments, info)
		s.records.names[info.ID] = info.Data
	}
	return rows, s.records.open()
}

// readCases reads cases, some at once, and writes them in order.
func (s *state) readCases(ctx context.Context, in Inputs, p Params, w *segmentWriter, rows []row, read []Ref, done *synced) ([]row, error) {
	type made struct {
		rec  *record
		data []byte
	}
	const atOnce = 512
	for part := range slices.Chunk(read, atOnce) {
		records := make([]made, len(part))
		tasks, tasksCtx := errgroup.WithContext(ctx)
		tasks.SetLimit(p.Workers)
		for i, ref := range part {
			tasks.Go(func() error {
				rec, err := readCase(tasksCtx, in, ref.ID)
				if err == nil {
					records[i] = made{rec, rec.encode(nil)}
				}
				return err
			})
		}
		if err := tasks.Wait(); err != nil {
			return nil, err
		}
		for i, ref := range part {
			r, err := w.add(ref, records[i].rec, records[i].data)
			if err != nil {
				return nil, err
			}
			rows = append(rows, r)
			for _, n := range records[i].rec.nodes {
				if len(s.known) > 0 && (n.kind == kindEntity || n.kind == kindHolder) {
					done.derived[n.key] = true
				}
			}
		}
	}
	return rows, nil
}

func readCase(ctx context.Context, in Inputs, id graph.CaseID) (*record, error) {
	c, err := in.Cases.Case(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("case %s: %w", id, err)
	}
	all := places(c)
	addresses := make([]graph.Address, len(all))
	for i, p := range all {
		addresses[i] = p.Address
	}
	ids, err := in.Nodes.Identities(ctx, addresses)
	if err != nil {
		return nil, fmt.Errorf("whose the addresses of case %s are: %w", id, err)
	}
	if len(ids) != len(all) {
		return nil, fmt.Errorf("whose the addresses of case %s are: %d answers to %d questions", id, len(ids), len(all))
	}
	return newRecord(all, ids), nil
}
