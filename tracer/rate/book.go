package rate

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
)

// Book is rates open for looking up. It is not safe for concurrent use.
type Book struct {
	segments  []*segment // oldest first
	pairs     map[Pair][]*history
	temporary string // folder that goes with the book
}

// history is one series with all its files. Between the first and the last rate of
// a newer file, the rates of older ones do not count: so a file may go on where
// another ends, or correct a part of it.
type history struct {
	Series
	versions []version // newest first
}

type version struct {
	segment *segment
	series  int
}

func (v version) stored() *StoredSeries { return &v.segment.Series[v.series] }

func (v version) covers(moment int64) bool {
	return v.stored().First <= moment && moment <= v.stored().Last
}

func openBook(paths []string, ids []int) (_ *Book, err error) {
	b := &Book{pairs: map[Pair][]*history{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.Close())
		}
	}()
	for i, path := range paths {
		s, err := openSegment(path)
		if err != nil {
			return nil, err
		}
		s.ID = ids[i]
		b.segments = append(b.segments, s)
		for n := range s.Series {
			h := b.history(s.Series[n].Series)
			h.versions = slices.Insert(h.versions, 0, version{s, n})
		}
	}
	for _, list := range b.pairs {
		slices.SortFunc(list, func(a, c *history) int { return strings.Compare(a.Source, c.Source) })
	}
	return b, nil
}

// history finds a series, or makes it.
func (b *Book) history(of Series) *history {
	for _, h := range b.pairs[of.Pair] {
		if h.Source == of.Source {
			return h
		}
	}
	h := &history{Series: of}
	b.pairs[of.Pair] = append(b.pairs[of.Pair], h)
	return h
}

// Empty reports whether there is no rate at all.
func (b *Book) Empty() bool { return len(b.pairs) == 0 }

// Close closes the files, and removes those that were made for the book alone.
func (b *Book) Close() error {
	var errs []error
	for _, s := range b.segments {
		errs = append(errs, s.close())
	}
	if b.temporary != "" {
		errs = append(errs, os.RemoveAll(b.temporary))
	}
	return errors.Join(errs...)
}

// newer is the newest file in front of versions[i] whose range holds a moment.
func (h *history) newer(i int, moment int64) (version, bool) {
	for _, v := range h.versions[:i] {
		if v.covers(moment) {
			return v, true
		}
	}
	return version{}, false
}

// before is the last rate at or before a moment.
func (h *history) before(moment int64) (best Entry, found bool, err error) {
	for i, v := range h.versions {
		for bound := moment; bound >= v.stored().First && (!found || v.stored().Last > best.At); {
			e, ok, err := v.before(bound)
			if err != nil {
				return best, false, err
			}
			if !ok {
				break
			}
			by, masked := h.newer(i, e.At)
			if masked {
				bound = by.stored().First - 1
				continue
			}
			if !found || e.At > best.At {
				best, found = e, true
			}
			break
		}
	}
	return best, found, nil
}

// after is the first rate at or after a moment.
func (h *history) after(moment int64) (best Entry, found bool, err error) {
	for i, v := range h.versions {
		for bound := moment; bound <= v.stored().Last && (!found || v.stored().First < best.At); {
			e, ok, err := v.after(bound)
			if err != nil {
				return best, false, err
			}
			if !ok {
				break
			}
			by, masked := h.newer(i, e.At)
			if masked {
				bound = by.stored().Last + 1
				continue
			}
			if !found || e.At < best.At {
				best, found = e, true
			}
			break
		}
	}
	return best, found, nil
}

// dayClose is the last rate of a moment's day, in the days of the newest file that
// has one.
func (h *history) dayClose(moment int64) (e Entry, found bool, err error) {
	for i, v := range h.versions {
		first, last := v.segment.Days.bounds(Entry{At: moment}.Time())
		for bound := last; bound >= first; {
			e, ok, err := v.before(bound)
			if err != nil {
				return e, false, err
			}
			if !ok || e.At < first {
				break
			}
			by, masked := h.newer(i, e.At)
			if !masked {
				return e, true, nil
			}
			bound = by.stored().First - 1
		}
	}
	return Entry{}, false, nil
}

func (v version) before(moment int64) (Entry, bool, error) {
	t, err := v.segment.table(v.series)
	if err != nil {
		return Entry{}, false, err
	}
	return t.before(moment)
}

func (v version) after(moment int64) (Entry, bool, error) {
	t, err := v.segment.table(v.series)
	if err != nil {
		return Entry{}, false, err
	}
	return t.after(moment)
}

// Sources are those of all rates, each once.
func (b *Book) Sources() []string {
	found := map[string]struct{}{}
	for _, list := range b.pairs {
		for _, h := range list {
			found[h.Source] = struct{}{}
		}
	}
	return slices.Sorted(maps.Keys(found))
}
