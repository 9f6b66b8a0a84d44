package entity

import (
	"encoding/binary"
	"math/bits"

	"tsuiseki/tracer/cluster"
)

// table finds the number of an address by its key: open addressing with linear
// probing. A slot is two words: the number + 1, 0 where it is free, and the last 4
// bytes of the key, which tell nearly always whether the whole key is worth reading.
type table struct {
	slots *cluster.Column
	used  int
	log   *chainLog
}

const (
	leastSlots = 1 << 10
	// Filled to 4/5 a table is made anew, 15/8 as large as what it holds.
	fullNum, fullDen   = 4, 5
	roomyNum, roomyDen = 15, 8
)

func newTable(log *chainLog, count int) *table {
	size := max(leastSlots, count*roomyNum/roomyDen)
	return &table{slots: cluster.NewColumn(make([]uint32, 2*size)), log: log}
}

// place is where the search for a key begins.
func (t *table) place(k key) uint32 {
	high, _ := bits.Mul64(binary.BigEndian.Uint64(k[:]), uint64(t.slots.Len()/2))
	return uint32(high)
}

func tag(k key) uint32 { return binary.BigEndian.Uint32(k[8:]) }

// find is the slot of a key, and whether the key is in it; else it is free.
func (t *table) find(k key) (slot uint32, found bool) {
	size := uint32(t.slots.Len() / 2)
	for slot = t.place(k); ; {
		n := t.slots.At(2 * slot)
		if n == 0 {
			return slot, false
		}
		if t.slots.At(2*slot+1) == tag(k) && t.log.keyAt(n-1) == k {
			return slot, true
		}
		if slot++; slot == size {
			slot = 0
		}
	}
}

// id is the number of an address.
func (t *table) id(k key) (uint32, bool) {
	slot, found := t.find(k)
	if !found {
		return 0, false
	}
	return t.slots.At(2*slot) - 1, true
}

// add puts the next number in. Its key is in the log already.
func (t *table) add(k key, id uint32) {
	if (t.used+1)*fullDen > t.slots.Len()/2*fullNum {
		t.grow()
	}
	slot, _ := t.find(k)
	t.slots.Set(2*slot, id+1)
	t.slots.Set(2*slot+1, tag(k))
	t.used++
}

func (t *table) grow() {
	larger := newTable(t.log, t.used)
	for id := range uint32(t.used) {
		larger.add(t.log.keyAt(id), id)
	}
	t.slots = larger.slots
}

// forget takes the last numbers out again: the table is then as before they came,
// as what came later never stands in the way of what came before.
func (t *table) forget(count int) {
	for ; t.used > count; t.used-- {
		if slot, found := t.find(t.log.keyAt(uint32(t.used - 1))); found {
			t.slots.Set(2*slot, 0)
			t.slots.Set(2*slot+1, 0)
		}
	}
}
