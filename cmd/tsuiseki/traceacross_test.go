package main

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"tsuiseki/chains"
)

// blockTimes are a chain's, in minutes, by height; negative: it lacks the block.
type blockTimes struct {
	from    uint64
	minutes []int
}

func (b blockTimes) Snapshot() chains.Snapshot {
	return chains.Snapshot{From: b.from, BlockRef: chains.BlockRef{Height: b.from + uint64(len(b.minutes)) - 1}}
}

func (b blockTimes) BlockAt(height uint64) (h chains.Header, txs int, err error) {
	if height < b.from || height-b.from >= uint64(len(b.minutes)) || b.minutes[height-b.from] < 0 {
		return h, 0, fmt.Errorf("block %d: %w", height, chains.ErrNotFound)
	}
	h.Height, h.Time = height, minutes(b.minutes[height-b.from])
	return h, 0, nil
}

func minutes(n int) time.Time { return time.Unix(1_700_000_000+int64(n)*60, 0).UTC() }

func TestLastNotAfter(t *testing.T) {
	long := blockTimes{from: 0}
	for i := range 3_000 {
		long.minutes = append(long.minutes, 10*i+i%7*3)
	}
	for name, c := range map[string]struct {
		chain blockTimes
		at    int
		want  uint64
		later bool
	}{
		"at the tip":           {blockTimes{5, []int{0, 10, 20}}, 99, 7, false},
		"the same time":        {blockTimes{5, []int{0, 10, 20}}, 10, 6, false},
		"between":              {blockTimes{5, []int{0, 10, 20}}, 19, 6, false},
		"before all":           {blockTimes{5, []int{0, 10, 20}}, -1, 0, true},
		"times that go back":   {blockTimes{5, []int{0, 10, 30, 20, 25, 40}}, 26, 9, false},
		"blocks that it lacks": {blockTimes{5, []int{0, 10, -1, -1, 40}}, 39, 6, false},
		"a long chain":         {long, 10*1234 + 1234%7*3, 1234, false},
	} {
		got, err := lastNotAfter(c.chain, minutes(c.at))
		if c.later != errors.Is(err, errLater) || !c.later && (err != nil || got != c.want) {
			t.Errorf("%s: %d, %v; want %d", name, got, err, c.want)
		}
	}
}
