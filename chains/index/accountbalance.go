package index

import (
	"bytes"
	"slices"

	"tsuiseki/chains"
)

// Balance sums an account's movements of an asset before a position: what is held
// of them, not what came before the index. The lowest running sum, at most zero,
// tells what the account must at least have had before. It reads the movements
// since the last position that the view was asked about, and all where that was
// none or is forgotten.
func (v *AccountView) Balance(address chains.Address, asset chains.Asset, before chains.Position) (sum, lowest chains.Amount, err error) {
	if err := v.ctx.Err(); err != nil {
		return sum, lowest, err
	}
	prefix, err := v.movementPrefix(address, asset)
	if err != nil {
		return sum, lowest, err
	}
	end := min(packEnd(before), packEnd(chains.Position{Height: v.asOf.Height + 1}))
	at := v.sums.before(prefix, end)
	read := 0
	for ok := v.iter.SeekGE(appendPos(bytes.Clone(prefix), at.end)); ok && hasPrefix(v.iter.Key(), prefix); ok = v.iter.Next() {
		tail := v.iter.Key()[len(prefix):]
		if len(tail) != posSize {
			return chains.Amount{}, chains.Amount{}, errEncoding
		}
		if readPos(tail) >= end {
			break
		}
		value, err := v.iter.ValueAndErr()
		var in, out chains.Amount
		if err == nil {
			in, out, _, err = readMovement(value)
		}
		if read++; err == nil && read%longestUnchecked == 0 {
			err = v.ctx.Err()
		}
		if err != nil {
			return chains.Amount{}, chains.Amount{}, err
		}
		at.sum = at.sum.Add(in).Sub(out)
		at.lowest = at.lowest.Min(at.sum)
	}
	if err := v.iter.Error(); err != nil {
		return chains.Amount{}, chains.Amount{}, err
	}
	at.end = end
	if read >= fewestRemembered {
		v.sums.remember(prefix, at)
	}
	return at.sum, at.lowest, nil
}

// packEnd is packFrom, but above all positions where p is.
func packEnd(p chains.Position) uint64 {
	if p.Height > maxHeight || p.Height == maxHeight && p.Tx > maxTxIndex {
		return maxPos + 1
	}
	return packFrom(p)
}

const (
	// longestUnchecked is how many rows are read between looks at the context.
	longestUnchecked = 256
	// fewestRemembered is how many rows a sum must save to be remembered.
	fewestRemembered = 16
	// mostSums bounds what is remembered of all accounts, some 150 bytes each, and
	// mostSumsEach of one.
	mostSums     = 1 << 16
	mostSumsEach = 32
)

// runningSum is what movements before a packed position add up to.
type runningSum struct {
	end         uint64
	sum, lowest chains.Amount
}

// runningSums remembers sums of a view, which never change: a trace asks for the
// balance of the same account again and again, later each time, and so does the
// next rule.
type runningSums struct {
	of    map[string][]runningSum // by prefix of the movements, in order
	count int
}

// before is the last sum remembered that is not beyond a position; else that of nothing.
func (r *runningSums) before(prefix []byte, end uint64) runningSum {
	known := r.of[string(prefix)]
	i, found := slices.BinarySearchFunc(known, end, compareEnd)
	switch {
	case found:
		return known[i]
	case i > 0:
		return known[i-1]
	}
	return runningSum{}
}

func compareEnd(s runningSum, end uint64) int {
	switch {
	case s.end < end:
		return -1
	case s.end > end:
		return 1
	}
	return 0
}

// remember keeps a sum. Where an account has too many, every other one goes; where
// all have, all do.
func (r *runningSums) remember(prefix []byte, s runningSum) {
	if r.of == nil || r.count >= mostSums {
		r.of, r.count = map[string][]runningSum{}, 0
	}
	known := r.of[string(prefix)]
	i, found := slices.BinarySearchFunc(known, s.end, compareEnd)
	if found {
		return
	}
	known = slices.Insert(known, i, s)
	r.count++
	if len(known) > mostSumsEach {
		kept := known[:0]
		for n := (len(known) - 1) % 2; n < len(known); n += 2 { // with the last: what is asked next lies beyond it
			kept = append(kept, known[n])
		}
		r.count -= len(known) - len(kept)
		clear(known[len(kept):])
		known = kept
	}
	r.of[string(prefix)] = known
}
