package tracer_test

import (
	"slices"

	"tsuiseki/chains"
)

// naivePile is value that lies or moves together, oldest unit first.
type naivePile struct {
	size, traced int64
	units        []bool
}

func naivePileOf(units []bool) naivePile {
	p := naivePile{size: int64(len(units)), units: units}
	for _, traced := range units {
		if traced {
			p.traced++
		}
	}
	return p
}

func naiveClean(n int64) naivePile { return naivePileOf(make([]bool, n)) }

// naivePour lets piles flow into new ones of given sizes.
func naivePour(rule string, ins []naivePile, sizes []int64) []naivePile {
	var all []bool
	var traced int64
	for _, in := range ins {
		all, traced = append(all, in.units...), traced+in.traced
	}
	outs := make([]naivePile, len(sizes))
	if naiveCounts(rule) {
		for i, share := range naiveShares(rule, traced, naiveRooms(sizes)) {
			outs[i] = naiveClean(sizes[i])
			outs[i].traced = share
		}
		return outs
	}
	for i, size := range sizes {
		var units []bool
		if rule == "lifo" {
			units, all = slices.Clone(all[int64(len(all))-size:]), all[:int64(len(all))-size]
		} else {
			units, all = slices.Clone(all[:size]), all[size:]
		}
		if rule == "poison" && traced > 0 {
			naiveTaint(units)
		}
		outs[i] = naivePileOf(units)
	}
	return outs
}

func naiveTaint(units []bool) {
	for u := range units {
		units[u] = true
	}
}

// naiveCounts: under these rules only sums count, not which units they are.
func naiveCounts(rule string) bool { return rule != "fifo" && rule != "lifo" && rule != "poison" }

// naiveRoom is what traced units may go to.
type naiveRoom struct {
	size, free int64 // free is not traced yet
	fee        bool
}

func naiveRooms(sizes []int64) (rooms []naiveRoom) {
	for _, size := range sizes {
		rooms = append(rooms, naiveRoom{size: size, free: size})
	}
	return rooms
}

// naiveShares splits a total: in proportion, or unit by unit to who comes first.
func naiveShares(rule string, total int64, rooms []naiveRoom) []int64 {
	shares := make([]int64, len(rooms))
	if rule == "haircut" {
		var free []int64
		for _, r := range rooms {
			free = append(free, r.free)
		}
		return naiveProportion(total, free)
	}
	for ; total > 0; total-- {
		best := -1
		for i, r := range rooms {
			if r.free > shares[i] && (best < 0 || naiveBefore(rule, r, rooms[best])) {
				best = i
			}
		}
		shares[best]++
	}
	return shares
}

// naiveBefore: a unit goes to this one rather than to an earlier one.
func naiveBefore(rule string, r, earlier naiveRoom) bool {
	switch rule {
	case "dirty-first":
		return false
	case "clean-first":
		return true
	case "tiho":
		return earlier.fee && !r.fee || earlier.fee == r.fee && r.size > earlier.size
	}
	panic("reference: no rule " + rule)
}

// naiveProportion splits a total in proportion, rounded down, and then one unit
// each to the largest remainders, the earlier first.
func naiveProportion(total int64, weights []int64) []int64 {
	var sum int64
	for _, w := range weights {
		sum += w
	}
	shares, remainders := make([]int64, len(weights)), make([]int64, len(weights))
	if sum == 0 {
		return shares
	}
	left := total
	for i, w := range weights {
		shares[i], remainders[i] = w*total/sum, w*total%sum
		left -= shares[i]
	}
	for ; left > 0; left-- {
		largest := slices.Index(remainders, slices.Max(remainders))
		shares[largest]++
		remainders[largest] = -1
	}
	return shares
}

// followSums is follow where only sums count. Rounding depends on what is shared out
// together: all that accounts give of one asset, asset by asset in the order of
// their first transfers, and again as long as exchanges bring more. What is
// traced already has no part in it.
func (x naiveTx) followSums(rule string, own map[accountPlace]naivePile, origins map[chains.Address]bool) naiveOutcome {
	o := newNaiveOutcome()
	pending := map[accountPlace]int64{}
	for at, pile := range own {
		pending[at] = pile.traced
	}
	for _, asset := range x.assets {
		o.moved[asset] = make([]int64, len(x.edges[asset]))
	}
	kept := map[accountPlace]int64{}
	for len(pending) > 0 {
		for _, asset := range x.assets {
			gains := x.carrySums(rule, asset, pending, o, kept)
			for account, gain := range gains {
				x.keepOrExchange(accountPlace{account, asset}, gain, pending, o, origins)
			}
		}
	}
	return o
}

func (x naiveTx) keepOrExchange(at accountPlace, gain int64, pending map[accountPlace]int64, o naiveOutcome, origins map[chains.Address]bool) {
	given := x.exchanges(at)
	if origins[at.account] || len(given) == 0 {
		stays := naiveClean(x.net(at))
		stays.traced = o.gains[at].traced + gain
		o.gains[at] = stays
		return
	}
	o.swapOut[at] += gain
	for _, other := range given {
		gave := x.gave(other)
		fresh := min(gain*gave/x.net(at), gave-o.swapIn[other])
		if o.swapIn[other] += fresh; fresh > 0 {
			pending[other] += fresh
		}
	}
}

// carrySums moves what is pending of one asset.
func (x naiveTx) carrySums(rule string, asset chains.Asset, pending map[accountPlace]int64, o naiveOutcome, kept map[accountPlace]int64) map[chains.Address]int64 {
	edges, moved, gains := x.edges[asset], o.moved[asset], map[chains.Address]int64{}
	fresh := make([]int64, len(edges))
	done := map[chains.Address]bool{}
	var settle func(account chains.Address)
	settle = func(account chains.Address) {
		if done[account] {
			return
		}
		done[account] = true
		at := accountPlace{account, asset}
		total := pending[at]
		delete(pending, at)
		var rooms []naiveRoom // payments and the gain
		for i, e := range edges {
			if e.to == account && e.left > 0 {
				settle(e.from)
				total += fresh[i]
			}
			if e.from == account {
				rooms = append(rooms, naiveRoom{e.left, e.left - moved[i], e.fee})
			}
		}
		gain := max(x.net(at), 0)
		shares := naiveShares(rule, total, append(rooms, naiveRoom{size: gain, free: gain - kept[at]}))
		for i, e := range edges {
			if e.from == account {
				fresh[i], shares = shares[0], shares[1:]
				moved[i] += fresh[i]
			}
		}
		if kept[at] += shares[0]; shares[0] > 0 && account != naiveNobody {
			gains[account] = shares[0]
		}
	}
	for _, e := range edges {
		settle(e.to)
		settle(e.from)
	}
	return gains
}
