package tracer_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer"
)

// The reference's own tests, computed by hand. A block is a list of
// transactions "NAME: INPUT… > VALUE[@SCRIPT]…", with inputs NAME:N and none for
// a coinbase. Blocks are ten minutes apart. Each result line is
// "DEPOSIT FROM > TO @POSITION TRACED/AMOUNT" or "DEPOSIT KIND PLACE @POSITION TRACED/AMOUNT".

type refCase struct {
	name     string
	blocks   [][]string
	missing  int      // blocks at the end that are after the snapshot
	deposits []string // NAME:N, or NAME:N@HEIGHT for a coinbase
	params   tracer.Params
	want     []string
}

var refCases = slices.Concat(refAllocationCases, refChainCases, refLimitCases, refMixCases)

// Two coinbases of 3 and 5, one transaction to 4, 3 and a fee of 1.
var (
	refTracedFirst = [][]string{{"a: > 3"}, {"b: > 5"}, {"c: > 9", "t: a:0 b:0 > 4 3"}}
	refCleanFirst  = [][]string{{"a: > 3"}, {"b: > 5"}, {"c: > 9", "t: b:0 a:0 > 4 3"}}
)

var refAllocationCases = []refCase{
	{
		name: "fifo, traced first", blocks: refTracedFirst, deposits: []string{"a:0"}, params: tracer.Params{Rule: "fifo"},
		want: []string{"0 a:0 > t:0 @2:1 3/4", "0 unspent t:0 @2:1 3/4"},
	},
	{
		name: "fifo, clean first", blocks: refCleanFirst, deposits: []string{"a:0"}, params: tracer.Params{Rule: "fifo"},
		want: []string{"0 a:0 > t:1 @2:1 2/3", "0 unspent t:1 @2:1 2/3", "0 fee t @2:1 1/1"},
	},
	{
		name: "fifo, each deposit as if alone", blocks: refCleanFirst, deposits: []string{"a:0", "b:0"}, params: tracer.Params{Rule: "fifo"},
		want: []string{
			"0 a:0 > t:1 @2:1 2/3", "0 unspent t:1 @2:1 2/3", "0 fee t @2:1 1/1",
			"1 b:0 > t:0 @2:1 4/4", "1 b:0 > t:1 @2:1 1/3", "1 unspent t:0 @2:1 4/4", "1 unspent t:1 @2:1 1/3",
		},
	},
	{ // the line is 3 traced, 5 clean; t:0 is its last 4 units, t:1 the 3 before
		name: "lifo, traced first", blocks: refTracedFirst, deposits: []string{"a:0"}, params: tracer.Params{Rule: "lifo"},
		want: []string{"0 a:0 > t:1 @2:1 2/3", "0 unspent t:1 @2:1 2/3", "0 fee t @2:1 1/1"},
	},
	{
		name: "lifo, clean first", blocks: refCleanFirst, deposits: []string{"a:0"}, params: tracer.Params{Rule: "lifo"},
		want: []string{"0 a:0 > t:0 @2:1 3/4", "0 unspent t:0 @2:1 3/4"},
	},
	{ // t:0 is s:0 and b:0 from the second unit on, 1 traced, 2 clean, 2 traced; t:1 the unit before, and none
		name:   "lifo, a place in parts",
		blocks: [][]string{{"a: > 6"}, {"b: > 2"}, {"c: > 9", "s: a:0 > 4 2"}, {"d: > 9", "t: s:0 b:0 s:1 > 5 3"}, {"e: > 9", "u: t:0 > 1 0 2 2"}},
		params: tracer.Params{Rule: "lifo"}, deposits: []string{"a:0"},
		want: []string{
			"0 a:0 > s:0 @2:1 4/4", "0 a:0 > s:1 @2:1 2/2",
			"0 s:0 > t:0 @3:1 1/5", "0 s:1 > t:0 @3:1 2/5", "0 s:0 > t:1 @3:1 3/3", "0 unspent t:1 @3:1 3/3",
			"0 t:0 > u:0 @4:1 1/1", "0 t:0 > u:2 @4:1 1/2", "0 t:0 > u:3 @4:1 1/2",
			"0 unspent u:0 @4:1 1/1", "0 unspent u:2 @4:1 1/2", "0 unspent u:3 @4:1 1/2",
		},
	},
	{ // t:1 is the largest, t:2 and t:3 are equal, the fee of 9 is larger and last
		name: "tiho", blocks: [][]string{{"a: > 8"}, {"b: > 12"}, {"c: > 9", "t: b:0 a:0 > 1 4 3 3"}},
		deposits: []string{"a:0"}, params: tracer.Params{Rule: "tiho"},
		want: []string{
			"0 a:0 > t:1 @2:1 4/4", "0 a:0 > t:2 @2:1 3/3", "0 a:0 > t:3 @2:1 1/3",
			"0 unspent t:1 @2:1 4/4", "0 unspent t:2 @2:1 3/3", "0 unspent t:3 @2:1 1/3",
		},
	},
	{
		name: "dirty first, from several inputs", blocks: [][]string{{"a: > 6"}, {"b: > 5"}, {"c: > 9", "s: a:0 > 2 4"}, {"d: > 9", "t: s:1 b:0 s:0 > 5 3 2"}},
		params: tracer.Params{Rule: "dirty-first"}, deposits: []string{"a:0"},
		want: []string{
			"0 a:0 > s:0 @2:1 2/2", "0 a:0 > s:1 @2:1 4/4",
			"0 s:1 > t:0 @3:1 4/5", "0 s:0 > t:0 @3:1 1/5", "0 s:0 > t:1 @3:1 1/3", "0 unspent t:0 @3:1 5/5", "0 unspent t:1 @3:1 1/3",
		},
	},
	{ // 5 clean: t:0 and 1 of t:1
		name: "clean first", blocks: refTracedFirst, deposits: []string{"a:0"}, params: tracer.Params{Rule: "clean-first"},
		want: []string{"0 a:0 > t:1 @2:1 2/3", "0 unspent t:1 @2:1 2/3", "0 fee t @2:1 1/1"},
	},
	{ // 12/8, 9/8 and 3/8: 1, 1 and 0, and one more for the first
		name: "haircut", blocks: refTracedFirst, deposits: []string{"a:0"}, params: tracer.Params{Rule: "haircut"},
		want: []string{"0 * > t:0 @2:1 2/4", "0 * > t:1 @2:1 1/3", "0 unspent t:0 @2:1 2/4", "0 unspent t:1 @2:1 1/3"},
	},
	{ // 0, 1/2 and 1/2
		name: "haircut, tie before the fee", blocks: [][]string{{"a: > 1"}, {"b: > 1"}, {"c: > 9", "t: b:0 a:0 > 0 1"}},
		deposits: []string{"a:0"}, params: tracer.Params{Rule: "haircut"},
		want: []string{"0 * > t:1 @2:1 1/1", "0 unspent t:1 @2:1 1/1"},
	},
	{ // 3/5, 3/5 and 9/5: 0, 0 and 1, the remainders 3, 3 and 4
		name: "haircut, remainder to the fee", blocks: [][]string{{"a: > 3"}, {"b: > 2"}, {"c: > 9", "t: a:0 b:0 > 1 1"}},
		deposits: []string{"a:0"}, params: tracer.Params{Rule: "haircut"},
		want: []string{"0 * > t:0 @2:1 1/1", "0 unspent t:0 @2:1 1/1", "0 fee t @2:1 2/3"},
	},
	{ // products beyond an int64: …99.5, 25e8 and 0.5
		name: "haircut, large", blocks: [][]string{{"a: > 5000000000"}, {"b: > 5000000000"}, {"c: > 9", "t: a:0 b:0 > 4999999999 5000000000"}},
		deposits: []string{"a:0"}, params: tracer.Params{Rule: "haircut"},
		want: []string{
			"0 * > t:0 @2:1 2500000000/4999999999", "0 unspent t:0 @2:1 2500000000/4999999999",
			"0 * > t:1 @2:1 2500000000/5000000000", "0 unspent t:1 @2:1 2500000000/5000000000",
		},
	},
	{
		name: "poison", blocks: refCleanFirst, deposits: []string{"a:0"}, params: tracer.Params{Rule: "poison"},
		want: []string{
			"0 a:0 > t:0 @2:1 4/4", "0 a:0 > t:1 @2:1 3/3",
			"0 unspent t:0 @2:1 4/4", "0 unspent t:1 @2:1 3/3", "0 fee t @2:1 1/1",
		},
	},
	{ // two traced inputs, a clean one, a worthless output, no fee
		name:   "poison, split and merged",
		blocks: [][]string{{"a: > 3"}, {"b: > 5"}, {"c: > 9", "s: a:0 > 1 2"}, {"d: > 9", "t: s:0 b:0 s:1 > 0 8"}},
		params: tracer.Params{Rule: "poison"}, deposits: []string{"a:0"},
		want: []string{
			"0 a:0 > s:0 @2:1 1/1", "0 a:0 > s:1 @2:1 2/2",
			"0 s:0 > t:1 @3:1 8/8", "0 s:1 > t:1 @3:1 8/8", "0 unspent t:1 @3:1 8/8",
		},
	},
	{ // t:0 is 2 traced, 2 clean, 1 traced
		name:   "fifo, a place in parts",
		blocks: [][]string{{"a: > 6"}, {"b: > 2"}, {"c: > 9", "s: a:0 > 2 4"}, {"d: > 9", "t: s:0 b:0 s:1 > 5 2"}, {"e: > 9", "u: t:0 > 1 0 2 1"}},
		params: tracer.Params{Rule: "fifo"}, deposits: []string{"a:0"},
		want: []string{
			"0 a:0 > s:0 @2:1 2/2", "0 a:0 > s:1 @2:1 4/4",
			"0 s:0 > t:0 @3:1 2/5", "0 s:1 > t:0 @3:1 1/5", "0 s:1 > t:1 @3:1 2/2", "0 unspent t:1 @3:1 2/2", "0 fee t @3:1 1/1",
			"0 t:0 > u:0 @4:1 1/1", "0 t:0 > u:2 @4:1 1/2", "0 unspent u:0 @4:1 1/1", "0 unspent u:2 @4:1 1/2", "0 fee u @4:1 1/1",
		},
	},
}

var refDuplicates = [][]string{
	{"d: > 50"}, {"x: > 9", "t: d:0 > 49"}, // spent, then created anew
	{"d: > 50"}, {"d: > 50"}, // replaced unspent
	{"y: > 9", "u: d:0 > 48"},
}

var refChainCases = []refCase{
	{
		name: "same block", blocks: [][]string{{"a: > 9"}, {"c: > 9", "t: a:0 > 2 6", "u: t:1 > 6", "v: u:0 t:0 > 8"}, {"d: > 9"}},
		params: tracer.Params{Rule: "haircut"}, deposits: []string{"a:0"},
		want: []string{
			"0 * > t:0 @1:1 2/2", "0 * > t:1 @1:1 6/6", "0 fee t @1:1 1/1",
			"0 * > u:0 @1:2 6/6", "0 * > v:0 @1:3 8/8", "0 unspent v:0 @1:3 8/8",
		},
	},
	{
		name: "spent after the snapshot", blocks: refTracedFirst, missing: 1, params: tracer.Params{Rule: "fifo"}, deposits: []string{"a:0"},
		want: []string{"0 unspent a:0 @0:0 3/3"},
	},
	{
		name: "burn", blocks: [][]string{{"a: > 9"}, {"c: > 9", "t: a:0 > 0@return 4@return 5"}},
		params: tracer.Params{Rule: "poison"}, deposits: []string{"a:0"},
		want: []string{"0 a:0 > t:1 @1:1 4/4", "0 a:0 > t:2 @1:1 5/5", "0 burn t:1 @1:1 4/4", "0 unspent t:2 @1:1 5/5"},
	},
	{
		name: "no value", blocks: [][]string{{"a: > 0"}, {"c: > 9", "t: a:0 c:0 > 9"}},
		params: tracer.Params{Rule: "poison"}, deposits: []string{"a:0"},
	},
	{
		name: "BIP30", blocks: refDuplicates, params: tracer.Params{Rule: "fifo"}, deposits: []string{"d:0@0", "d:0@2", "d:0@3"},
		want: []string{
			"0 d:0 > t:0 @1:1 49/49", "0 unspent t:0 @1:1 49/49", "0 fee t @1:1 1/1",
			"1 burn d:0 @2:0 50/50",
			"2 d:0 > u:0 @4:1 48/48", "2 unspent u:0 @4:1 48/48", "2 fee u @4:1 2/2",
		},
	},
	{
		name: "BIP30, replaced after the snapshot", blocks: refDuplicates, missing: 2, params: tracer.Params{Rule: "fifo"}, deposits: []string{"d:0@2"},
		want: []string{"0 unspent d:0 @2:0 50/50"},
	},
}

// a splits in two; one part takes a longer way; both meet again in v.
var refTwoWays = [][]string{
	{"a: > 9@A"},
	{"c: > 9", "s: a:0 > 2@B 7"},
	{"d: > 9", "t: s:1 > 7"},
	{"e: > 9", "u: t:0 > 6@A"},
	{"f: > 9", "v: s:0 u:0 > 8@B"},
	{"g: > 9", "w: v:0 > 8@B"},
}

var refAlongTwoWays = []string{
	"0 a:0 > s:0 @1:1 2/2", "0 a:0 > s:1 @1:1 7/7", "0 s:1 > t:0 @2:1 7/7", "0 t:0 > u:0 @3:1 6/6", "0 fee u @3:1 1/1",
}

func refAt(height int64) time.Time { return time.Unix(600*height, 0).UTC() }

var refLimitCases = []refCase{
	{ // v:0 is two hops away by s:0
		name: "hop limit, fewest hops", blocks: refTwoWays, params: tracer.Params{Rule: "fifo", MaxHops: 4}, deposits: []string{"a:0"},
		want: append([]string{
			"0 s:0 > v:0 @4:1 2/8", "0 u:0 > v:0 @4:1 6/8", "0 v:0 > w:0 @5:1 8/8", "0 unspent w:0 @5:1 8/8",
		}, refAlongTwoWays...),
	},
	{ // u:0 is three hops away and ends, s:0 goes on and makes v:0 two hops away
		name: "hop limit", blocks: refTwoWays, params: tracer.Params{Rule: "fifo", MaxHops: 3}, deposits: []string{"a:0"},
		want: append([]string{
			"0 s:0 > v:0 @4:1 2/8", "0 hop-limit u:0 @3:1 6/6", "0 v:0 > w:0 @5:1 2/8", "0 unspent w:0 @5:1 2/8",
		}, refAlongTwoWays...),
	},
	{ // s:0 ends and lends v:0 neither money nor nearness: it is four hops away
		name: "below minimum", blocks: refTwoWays, params: tracer.Params{Rule: "fifo", MinAmount: chains.NewAmount(3), MaxHops: 4}, deposits: []string{"a:0"},
		want: append([]string{
			"0 below-minimum s:0 @1:1 2/2", "0 u:0 > v:0 @4:1 6/8", "0 hop-limit v:0 @4:1 6/8",
		}, refAlongTwoWays...),
	},
	{
		name: "below minimum only where spent", blocks: refTwoWays, missing: 2, params: tracer.Params{Rule: "fifo", MinAmount: chains.NewAmount(7)}, deposits: []string{"a:0"},
		want: append([]string{
			"0 unspent s:0 @1:1 2/2", "0 unspent u:0 @3:1 6/6",
		}, refAlongTwoWays...),
	},
	{
		name: "time limit", blocks: refTwoWays, params: tracer.Params{Rule: "poison", Until: refAt(2)}, deposits: []string{"a:0"},
		want: []string{
			"0 a:0 > s:0 @1:1 2/2", "0 a:0 > s:1 @1:1 7/7", "0 s:1 > t:0 @2:1 7/7",
			"0 time-limit s:0 @1:1 2/2", "0 time-limit t:0 @2:1 7/7",
		},
	},
	{ // three outputs to B, two to A
		name: "hub", blocks: refTwoWays, params: tracer.Params{Rule: "haircut", HubDegree: 2}, deposits: []string{"a:0"},
		want: []string{
			"0 * > s:0 @1:1 2/2", "0 * > s:1 @1:1 7/7", "0 * > t:0 @2:1 7/7", "0 * > u:0 @3:1 6/6", "0 fee u @3:1 1/1",
			"0 hub s:0 @1:1 2/2", "0 * > v:0 @4:1 6/8", "0 hub v:0 @4:1 6/8",
		},
	},
	{ // two outputs to B in sight
		name: "hub as of the snapshot", blocks: refTwoWays, missing: 1, params: tracer.Params{Rule: "poison", HubDegree: 2}, deposits: []string{"s:0"},
		want: []string{"0 s:0 > v:0 @4:1 8/8", "0 unspent v:0 @4:1 8/8"},
	},
	{ // s, t and u are visited; v is not, and w not reached
		name: "budget", blocks: refTwoWays, params: tracer.Params{Rule: "fifo", Budget: 3}, deposits: []string{"a:0"},
		want: append([]string{
			"0 budget s:0 @1:1 2/2", "0 budget u:0 @3:1 6/6",
		}, refAlongTwoWays...),
	},
	{ // q moves nothing on, so r is the second visit
		name:     "budget counts what moves",
		blocks:   [][]string{{"a: > 9"}, {"c: > 9", "p: a:0 > 2 7", "q: p:0 > 2", "r: p:1 > 7", "s: r:0 > 7"}},
		deposits: []string{"a:0"}, params: tracer.Params{Rule: "fifo", MinAmount: chains.NewAmount(3), Budget: 2},
		want: []string{
			"0 a:0 > p:0 @1:1 2/2", "0 a:0 > p:1 @1:1 7/7", "0 below-minimum p:0 @1:1 2/2",
			"0 p:1 > r:0 @1:3 7/7", "0 budget r:0 @1:3 7/7",
		},
	},
}

func TestReference(t *testing.T) {
	for _, c := range refCases {
		t.Run(c.name, func(t *testing.T) { refCheck(t, c) })
	}
}

// Every limit is in the way of s:0; take away one after the other.
func TestReferencePrecedence(t *testing.T) {
	c := refCase{
		blocks:   [][]string{{"a: > 3"}, {"c: > 9@H", "s: a:0 > 2@H"}, {"d: > 9", "t: s:0 > 2"}},
		deposits: []string{"a:0"},
		params:   tracer.Params{Rule: "fifo", MinAmount: chains.NewAmount(3), MaxHops: 1, Until: refAt(1), HubDegree: 1, Budget: 1},
	}
	ends := func(kind tracer.EndKind) {
		t.Helper()
		c.want = []string{"0 a:0 > s:0 @1:1 2/2", "0 fee s @1:1 1/1", fmt.Sprintf("0 %s s:0 @1:1 2/2", kind)}
		refCheck(t, c)
	}
	ends(tracer.EndBelowMinimum)
	c.params.MinAmount = chains.NewAmount(2)
	ends(tracer.EndTimeLimit)
	c.params.Until = refAt(2)
	ends(tracer.EndHopLimit)
	c.params.MaxHops = 2
	ends(tracer.EndHub)
	c.params.HubDegree = 2
	ends(tracer.EndBudget)
}

// refCheck compares a case with what it should be, and its sums with the deposits.
func refCheck(t *testing.T, c refCase) {
	t.Helper()
	blocks := refBlocks(c.blocks)
	var deposits []refDeposit
	var values []int64
	for _, text := range c.deposits {
		place, height, dated := strings.Cut(text, "@")
		at := refPrevout(place)
		for _, block := range blocks {
			i := slices.IndexFunc(block.Txs, func(tx chains.Tx) bool { return tx.ID == at.Tx })
			if i >= 0 && (!dated || height == strconv.FormatUint(block.Height, 10)) {
				deposits = append(deposits, refDeposit{at, block.Txs[i].Position()})
				values = append(values, refInt64(block.Txs[i].Outputs[at.Index].Value))
				break
			}
		}
	}
	result := reference(blocks, len(blocks)-1-c.missing, refDescribe, deposits, c.params)

	var got []string
	for _, h := range result.hops {
		from := "*"
		if h.fromTx != (chains.TxID{}) {
			from = fmt.Sprintf("%s:%d", refName(h.fromTx), h.fromIndex)
		}
		got = append(got, fmt.Sprintf("%d %s > %s:%d @%s %d/%d", h.deposit, from, refName(h.tx), h.toIndex, h.at, h.traced, h.amount))
	}
	for _, e := range result.ends {
		place := refName(e.tx)
		if e.index >= 0 {
			place += fmt.Sprintf(":%d", e.index)
		}
		got = append(got, fmt.Sprintf("%d %s %s @%s %d/%d", e.deposit, e.kind, place, e.at, e.traced, e.amount))
		values[e.deposit] -= e.traced
	}
	want := slices.Sorted(slices.Values(c.want))
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	if i := slices.IndexFunc(values, func(left int64) bool { return left != 0 }); i >= 0 && c.params.Rule != "poison" {
		t.Errorf("deposit %d: %d units are nowhere", i, values[i])
	}
}

func refBlocks(texts [][]string) []*chains.Block {
	blocks := make([]*chains.Block, len(texts))
	for height, txs := range texts {
		block := &chains.Block{Header: chains.Header{BlockRef: chains.BlockRef{Height: uint64(height)}, Time: refAt(int64(height))}}
		for i, text := range txs {
			tx := refParse(text)
			tx.Block, tx.Time, tx.Index = block.BlockRef, block.Time, uint32(i)
			block.Txs = append(block.Txs, tx)
		}
		blocks[height] = block
	}
	return blocks
}

// refParse reads a transaction; an output without a script gets its own.
func refParse(text string) chains.Tx {
	name, rest, _ := strings.Cut(text, ":")
	spends, pays, _ := strings.Cut(rest, ">")
	tx := chains.Tx{ID: refID(name)}
	for place := range strings.FieldsSeq(spends) {
		tx.Inputs = append(tx.Inputs, chains.Input{Prevout: refPrevout(place)})
	}
	if tx.Inputs == nil {
		tx.Inputs = []chains.Input{{Prevout: chains.Outpoint{Index: 0xffffffff}}}
	}
	for n, pay := range strings.Fields(pays) {
		digits, script, _ := strings.Cut(pay, "@")
		if script == "" {
			script = fmt.Sprintf("%s:%d", name, n)
		}
		tx.Outputs = append(tx.Outputs, chains.Output{Value: chains.NewAmount(refNumber(digits)), Script: []byte(script)})
	}
	return tx
}

func refPrevout(place string) chains.Outpoint {
	name, index, _ := strings.Cut(place, ":")
	return chains.Outpoint{Tx: refID(name), Index: uint32(refNumber(index))}
}

func refNumber(digits string) int64 {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

func refID(name string) (id chains.TxID) {
	copy(id[:], name)
	return id
}

func refName(id chains.TxID) string { return strings.TrimRight(string(id[:]), "\x00") }

func refDescribe(script []byte) (chains.Address, string) {
	if string(script) == "return" {
		return "return", "op_return"
	}
	return chains.Address(script), "p2pkh"
}
