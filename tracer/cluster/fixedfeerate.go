package cluster

import "tsuiseki/chains"

const weightPerVbyte = 4 // BIP141

// FixedFeeRate leaves the outputs that are not yet spent, or are spent at the same
// fee rate in whole satoshi per virtual byte: some wallets never change it. Where a
// rate is not known nothing is ruled out. (Kalodner et al.: "BlockSci", 2020.)
func FixedFeeRate(tx *chains.Tx, chain Chain) ([]uint32, error) {
	rate, known := feeRate(tx)
	if !known {
		return payables(tx), nil
	}
	return keepSpent(tx, chain, func(spender *chains.Tx) bool {
		other, known := feeRate(spender)
		return !known || other.Equal(rate)
	})
}

func feeRate(tx *chains.Tx) (chains.Amount, bool) {
	fee, known := tx.Fee()
	if !known || fee.Sign() < 0 || tx.Weight == 0 {
		return chains.Amount{}, false
	}
	vbytes := (int64(tx.Weight) + weightPerVbyte - 1) / weightPerVbyte
	rate, _ := fee.MulDiv(chains.NewAmount(1), chains.NewAmount(vbytes))
	return rate, true
}
