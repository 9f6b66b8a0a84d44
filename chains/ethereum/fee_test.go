package ethereum_test

import (
	"fmt"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/chains/ethereum"
)

func TestFees(t *testing.T) {
	block := func(baseFee string) string { return fmt.Sprintf(`{"miner":%q,"baseFeePerGas":%s}`, producer, baseFee) }
	tx := func(price string) string { return fmt.Sprintf(`{"from":%q,"gasPrice":%s}`, alice, price) }
	for name, c := range map[string]struct {
		receipt, tx, block string
		fee, tip           string // "" where there is none
	}{
		"London":                 {`{"gasUsed":"0xa","effectiveGasPrice":"0x7"}`, tx(`"0x9"`), block(`"0x5"`), "50", "20"},
		"all burned":             {`{"gasUsed":"0xa","effectiveGasPrice":"0x5"}`, tx(`"0x9"`), block(`"0x5"`), "50", ""},
		"before London":          {`{"gasUsed":"0xa","effectiveGasPrice":"0x7"}`, tx(`"0x7"`), block(`null`), "", "70"},
		"price not in receipt":   {`{"gasUsed":"0xa"}`, tx(`"0x7"`), block(`"0x5"`), "50", "20"},
		"blobs":                  {`{"gasUsed":"0xa","effectiveGasPrice":"0x7","blobGasUsed":"0x20000","blobGasPrice":"0x3"}`, tx(`"0x7"`), block(`"0x5"`), "393266", "20"},
		"a rollup's data":        {`{"gasUsed":"0xa","effectiveGasPrice":"0x7","l1Fee":"0x64"}`, tx(`"0x7"`), block(`"0x5"`), "150", "20"},
		"a rollup's deposit":     {`{"gasUsed":"0xa","effectiveGasPrice":"0x0"}`, tx(`"0x0"`), block(`"0x5"`), "", ""},
		"no price anywhere":      {`{"gasUsed":"0xa"}`, tx(`null`), block(`"0x5"`), "", ""},
		"price below base fee":   {`{"gasUsed":"0xa","effectiveGasPrice":"0x3"}`, tx(`"0x3"`), block(`"0x5"`), "30", ""},
		"more than 64 bits hold": {`{"gasUsed":"0x1c9c380","effectiveGasPrice":"0x56bc75e2d63100000"}`, tx(`"0x0"`), block(`null`), "", "3000000000000000000000000000"},
	} {
		got, err := ethereum.Fees(c.receipt, c.tx, c.block)
		if err != nil {
			t.Fatal(err)
		}
		fee, tip := "", ""
		for _, x := range got {
			switch {
			case x.Kind == chains.FeeTransfer && x.From == alice && x.To == "":
				fee = x.Amount.String()
			case x.Kind == chains.TipTransfer && x.From == alice && x.To == producer:
				tip = x.Amount.String()
			default:
				t.Errorf("%s: %+v", name, x)
			}
		}
		if fee != c.fee || tip != c.tip {
			t.Errorf("%s: fee %q, tip %q; want %q, %q", name, fee, tip, c.fee, c.tip)
		}
	}
}

// TestFailed: before Byzantium only a trace tells for certain.
func TestFailed(t *testing.T) {
	reverted, fine := &ethereum.Frame{Op: "CALL", Error: "out of gas"}, &ethereum.Frame{Op: "CALL"}
	const usedAll, usedPart = `{"gasUsed":"0xa"}`, `{"gasUsed":"0x9"}`
	for name, c := range map[string]struct {
		receipt           string
		root              *ethereum.Frame
		failed, undecided bool
	}{
		"receipt says so":             {`{"status":"0x0"}`, nil, true, false},
		"receipt says not":            {`{"status":"0x1"}`, nil, false, false},
		"receipt against trace":       {`{"status":"0x1"}`, reverted, false, false},
		"trace says so":               {usedAll, reverted, true, false},
		"trace says not":              {usedAll, fine, false, false},
		"trace alone":                 {`null`, reverted, true, false},
		"nothing known":               {`null`, nil, false, true},
		"old, used all gas":           {usedAll, nil, false, true},
		"old, used part of its gas":   {usedPart, nil, false, false},
		"old, used all but it logged": {`{"gasUsed":"0xa","logs":[{}]}`, nil, false, false},
	} {
		failed, undecided, err := ethereum.Failed(c.receipt, `{"gas":"0xa"}`, c.root)
		if err != nil || failed != c.failed || undecided != c.undecided {
			t.Errorf("%s: failed %v, undecided %v, error %v", name, failed, undecided, err)
		}
	}
}
