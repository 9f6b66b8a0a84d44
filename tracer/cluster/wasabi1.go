package cluster

import "tsuiseki/chains"

const (
	wasabi1Equal = 10
	wasabi1Least = 8_000_000 // satoshi; 0.1 BTC but for 0.02
	wasabi1Most  = 12_000_000
)

// Wasabi1 is Wasabi Wallet 1.x: all scripts P2WPKH, at least 10 outputs of one value
// within 0.02 of 0.1 BTC, and no fewer inputs. (Ficsór: "ZeroLink", 2017; Stütz et
// al., 2022.)
func Wasabi1(tx *chains.Tx) Verdict {
	value, equal := topValue(tx)
	if equal < wasabi1Equal || len(tx.Inputs) < equal ||
		value.Cmp(chains.NewAmount(wasabi1Least)) < 0 || value.Cmp(chains.NewAmount(wasabi1Most)) > 0 {
		return No
	}
	for i := range tx.Outputs {
		if tx.Outputs[i].Type != typeP2WPKH {
			return No
		}
	}
	return inputsAll(tx, func(spent *chains.Output) bool { return spent.Type == typeP2WPKH })
}
