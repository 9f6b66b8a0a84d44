package chains_test

import (
	"testing"

	"tsuiseki/chains"
)

func TestChainNames(t *testing.T) {
	for want, chain := range map[string]chains.Chain{
		"bitcoin":         chains.NewChain(chains.Bitcoin, "main"),
		"bitcoin-regtest": chains.NewChain(chains.Bitcoin, "regtest"),
		"ethereum":        chains.NewChain(chains.Ethereum, ""),
		"ethereum-137":    chains.NewChain(chains.Ethereum, "137"),
	} {
		if string(chain) != want {
			t.Errorf("%s, want %s", chain, want)
		}
	}
	if family := chains.Chain("bitcoin-litecoin-regtest").Family(); family != chains.Bitcoin {
		t.Errorf("family %s", family)
	}
}

func TestParseTxID(t *testing.T) {
	const digits = "0437cd7f8525ceed2324359c2d0ba26006d92d856a9c20fa0241106ee5a597c9"
	for _, text := range []string{digits, "0x" + digits, "0437CD7F8525CEED2324359C2D0BA26006D92D856A9C20FA0241106EE5A597C9"} {
		if id, err := chains.ParseTxID(text); err != nil || id.String() != digits {
			t.Errorf("%s reads as %s, %v", text, id, err)
		}
	}
	for _, text := range []string{"", digits[1:], digits + "0", "g" + digits[1:], "0x" + digits[2:]} {
		if _, err := chains.ParseTxID(text); err == nil {
			t.Errorf("%q is taken for a transaction id", text)
		}
	}
}

func TestPositionOrder(t *testing.T) {
	ordered := []chains.Position{{}, {Tx: 1}, {Height: 1}, {Height: 1, Tx: 1}, {Height: 2}}
	for i, a := range ordered {
		for j, b := range ordered {
			if got := a.Compare(b); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%s against %s: %d", a, b, got)
			}
		}
	}
}
