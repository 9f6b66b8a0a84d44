package lead_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tsuiseki/chains"
	"tsuiseki/tracer/lead"
)

func TestJoinLeads(t *testing.T) {
	out := func(to chains.Address, value int64) chains.Output {
		return chains.Output{Address: to, Value: chains.NewAmount(value)}
	}
	tx := &chains.Tx{Outputs: []chains.Output{out("a", 5), out("b", 5), out("other", 5), out("", 5), out("c", 0), out("d", 3)}}
	clusters := map[chains.Address]chains.Address{"a": "a", "b": "a", "c": "a", "d": "a", "other": "other"}
	leads, err := lead.Joins("bitcoin", "BTC", []lead.Join{{Deposit: "x", Tx: tx, From: "a"}}, func(a chains.Address) (chains.Address, error) { return clusters[a], nil })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range leads {
		got = append(got, fmt.Sprintf("%s %d %s %s %s %s", l.Deposit, l.Index, l.Address, l.Amount, l.Heuristic, l.Mixed.Address))
	}
	want := []string{"x 0 a 5 coinjoin-reunion a", "x 1 b 5 coinjoin-reunion a", "x 5 d 3 coinjoin-reunion a"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
}
