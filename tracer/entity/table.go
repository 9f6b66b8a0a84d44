package entity

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"tsuiseki/tracer/cluster"
)

// table finds the number of an address by its key. What a state holds stays as it was
// mapped: to put a key in would copy a page of it, and most pages for a day's keys.
type table struct {
	old    *slots // of the state
	recent *slots // of what came since
}

func newTable(log *chainLog, count int) *table {
	return &table{newSlots(log, 0, 0), newSlots(log, 0, count)}
}

// count is how many addresses are in the table.
func (t *table) count() int { return t.old.used + t.recent.used }

func (t *table) err() error { return errors.Join(t.old.words.Err(), t.recent.words.Err()) }

// id is the number of an address.
func (t *table) id(k key) (uint32, bool) {
	for _, s := range [...]*slots{t.recent, t.old} {
		if s.used == 0 {
			continue
		}
		if slot, found := s.find(k); found {
			return s.words.At(2*slot) - 1, true
		}
	}
	return 0, false
}

// add puts the next number in. Its key is in the log already.
func (t *table) add(k key, id uint32) { t.recent.add(k, id) }

// forget takes the last numbers out again, which came since the state.
func (t *table) forget(count int) { t.recent.forget(count - t.old.used) }

// merge makes what came since a part of the old, to be written as a state.
func (t *table) merge() {
	if t.old.used == 0 {
		t.old = t.recent
	} else {
		for id := t.recent.first; t.recent.used > 0; id++ {
			t.old.add(t.recent.log.keyAt(id), id)
			t.recent.used--
		}
	}
	t.recent = newSlots(t.old.log, uint32(t.old.used), 0)
}

// slots are open addressing with linear probing, of successive numbers. A slot is two
// words: the number + 1, 0 where it is free, and the last 4 bytes of the key, which
// tell nearly always whether the whole key is worth reading.
type slots struct {
	words *cluster.Column
	first uint32 // number
	used  int
	log   *chainLog
}

const (
	leastSlots = 1 << 10
	// Filled to 4/5 the slots are made anew, 15/8 as many as what they hold.
	fullNum, fullDen   = 4, 5
	roomyNum, roomyDen = 15, 8
)

func newSlots(log *chainLog, first uint32, count int) *slots {
	size := max(leastSlots, count*roomyNum/roomyDen)
	return &slots{words: cluster.NewColumn(make([]uint32, 2*size)), first: first, log: log}
}

// place is where the search for a key begins.
func (s *slots) place(k key) uint32 {
	high, _ := bits.Mul64(binary.BigEndian.Uint64(k[:]), uint64(s.words.Len()/2))
	return uint32(high)
}

func tag(k key) uint32 { return binary.BigEndian.Uint32(k[8:]) }

// find is the slot of a key, and whether the key is in it; else it is free.
func (s *slots) find(k key) (slot uint32, found bool) {
	size := uint32(s.words.Len() / 2)
	for slot = s.place(k); ; {
		n := s.words.At(2 * slot)
		if n == 0 {
			return slot, false
		}
		if s.words.At(2*slot+1) == tag(k) && s.log.keyAt(n-1) == k {
			return slot, true
		}
		if slot++; slot == size {
			slot = 0
		}
	}
}

func (s *slots) add(k key, id uint32) {
	if (s.used+1)*fullDen > s.words.Len()/2*fullNum {
		s.grow()
	}
	slot, _ := s.find(k)
	s.words.Set(2*slot, id+1)
	s.words.Set(2*slot+1, tag(k))
	s.used++
}

func (s *slots) grow() {
	larger := newSlots(s.log, s.first, s.used)
	for id := s.first; id < s.first+uint32(s.used); id++ {
		larger.add(s.log.keyAt(id), id)
	}
	s.words = larger.words
}

// forget takes the last numbers out: the slots are then as before they came, as what
// came later never stands in the way of what came before.
func (s *slots) forget(count int) {
	for ; s.used > count; s.used-- {
		if slot, found := s.find(s.log.keyAt(s.first + uint32(s.used) - 1)); found {
			s.words.Set(2*slot, 0)
			s.words.Set(2*slot+1, 0)
		}
	}
}
