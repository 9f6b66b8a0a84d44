package cluster_test

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

// outputChain is a chain of few transactions with attributions, in memory.
type outputChain struct {
	depositChain
}

func (c *outputChain) Touching(address chains.Address) iter.Seq2[*chains.Tx, error] {
	return func(yield func(*chains.Tx, error) bool) {
		for _, tx := range c.txs {
			spends := slices.ContainsFunc(tx.Inputs, func(in chains.Input) bool { return in.Spent != nil && in.Spent.Address == address })
			pays := slices.ContainsFunc(tx.Outputs, func(out chains.Output) bool { return out.Address == address })
			if !spends && !pays {
				continue
			}
			c.reads++
			if !yield(tx, nil) {
				return
			}
		}
	}
}

func (*outputChain) Native() chains.Asset { return "BTC" }

// tx adds a transaction told as "HEIGHT: PAYER OTHER > ADDRESS N, ADDRESS N". An
// input "?" is unknown, "coinbase" creates coins, an output "return" is OP_RETURN.
func (c *outputChain) tx(t *testing.T, text string) {
	t.Helper()
	head, rest, _ := strings.Cut(text, ":")
	from, to, _ := strings.Cut(rest, ">")
	tx := &chains.Tx{ID: chains.TxID{31: byte(len(c.txs)), 30: byte(len(c.txs) >> 8)}, Index: uint32(len(c.txs))}
	if _, err := fmt.Sscan(head, &tx.Block.Height); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	tx.Time = hour(tx.Block.Height)
	for name := range strings.FieldsSeq(from) {
		in := chains.Input{Prevout: chains.Outpoint{Tx: chains.TxID{1}}}
		switch name {
		case "coinbase":
			in.Prevout = chains.Outpoint{Index: 0xffffffff}
		case "?":
		default:
			in.Spent = &chains.Output{Address: chains.Address(name), Type: "p2wpkh", Value: chains.NewAmount(100)}
		}
		tx.Inputs = append(tx.Inputs, in)
	}
	for part := range strings.SplitSeq(to, ",") {
		var name string
		var n int64
		if _, err := fmt.Sscan(part, &name, &n); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		out := chains.Output{Address: chains.Address(name), Type: "p2wpkh", Value: chains.NewAmount(n)}
		if name == "return" {
			out.Type = "op_return"
		}
		tx.Outputs = append(tx.Outputs, out)
	}
	c.txs = append(c.txs, tx)
	c.height = tx.Block.Height
}

func TestSpendsToOneExchange(t *testing.T) {
	swept := []string{"10: ann > d 100, ann 50", "20: d e f > hot 290", "30: ben > d 100", "40: d g > hot2 150, hot 40, return 0"}
	for _, c := range []struct {
		name   string
		txs    []string
		change func(*outputChain)
		want   string
	}{
		{"swept with others", swept, nil, "yes 7500 2"},
		{"three sweeps", with(swept, "50: ann > d 10", "51: d > hot 9"), nil, "yes 8000 3"},
		{"swept once", swept[:3], nil, "no 1 transactions sweep it"},
		{"paid once", []string{"10: ann > d 60, d 40", "20: d > hot 60", "30: d > hot 40"}, nil, "no 1 transactions pay it"},
		{"change comes back", with(swept, "50: ann > d 10", "51: d > hot 5, d 4"), nil, "no it also pays d"},
		{"change elsewhere", with(swept, "50: ann > d 10", "51: d > hot 5, new 4"), nil, "no it also pays new"},
		{"two exchanges", with(swept, "50: ann > d 10", "51: d > bank 9"), nil, "no it pays X 1, and Y"},
		{"all for the fee", with(swept, "50: ann > d 10", "51: d > return 0"), nil, "no it pays nobody"},
		{"paid by the exchange", with(swept, "50: hot ann > d 10"), nil, "no X 1 pays it"},
		{"paid by another exchange", with(swept, "50: bank > d 10"), nil, "yes 7500 2"},
		{"a block's finder", with(swept, "50: coinbase > d 10"), nil, "no it is paid by block 50"},
		{"known", swept, func(c *outputChain) { c.parties["d"] = c.parties["shop"] }, "no it is known as a shop"},
		{"a wallet known later", []string{"10: ann > d 9", "20: d > fresh 9", "30: ann > d 9", "40: d > hot 9"}, nil, "no it also pays fresh"},
		{"an unknown payer", with(swept, "50: ? > d 10"), nil, "undecided who pays it"},
		{"a late index", swept, func(c *outputChain) { c.from = 5 }, "undecided what it paid before height 5"},
		{"never spent", swept[:1], nil, "no 0 transactions sweep it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			chain := &outputChain{depositChain{parties: defaultParties()}}
			for _, text := range c.txs {
				chain.tx(t, text)
			}
			if c.change != nil {
				c.change(chain)
			}
			d, err := cluster.FindOutputDeposit(chain, "d", cluster.DefaultDepositParams())
			if err != nil {
				t.Fatal(err)
			}
			in := d.Inferences[0]
			got := string(in.Verdict) + " " + in.Reason
			if in.Verdict == cluster.Yes {
				got = fmt.Sprintf("yes %d %d", in.Confidence, in.Observed)
			}
			if !strings.HasPrefix(got, c.want) {
				t.Errorf("%s, want %s", got, c.want)
			}
			checkInference(t, d)
		})
	}
}

// TestOutputDepositReads: no more than the limit is read, and that is told.
func TestOutputDepositReads(t *testing.T) {
	chain := &outputChain{depositChain{parties: defaultParties()}}
	for height := range 600 {
		chain.tx(t, fmt.Sprintf("%d: ann > d 10", 2*height))
		chain.tx(t, fmt.Sprintf("%d: d > hot 9", 2*height+1))
	}
	d, err := cluster.FindOutputDeposit(chain, "d", cluster.DefaultDepositParams())
	if err != nil || d.Verdict != cluster.Undecided || !strings.Contains(d.Reason, "more than 1000 transactions") || chain.reads > 1_001 {
		t.Errorf("%+v after %d reads, %v", d.Verdict, chain.reads, err)
	}
	chain.txs[1].Outputs[0].Address, chain.reads = "bob", 0
	if d, err = cluster.FindOutputDeposit(chain, "d", cluster.DefaultDepositParams()); err != nil || d.Verdict != cluster.No || chain.reads != 2 {
		t.Errorf("%+v after %d reads, %v", d.Verdict, chain.reads, err)
	}
}
