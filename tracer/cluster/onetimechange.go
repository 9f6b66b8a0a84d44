package cluster

import "tsuiseki/chains"

const (
	oneTimeFewest = 2
	oneTimeMost   = 10
	oneTimeRound  = 1_000 // satoshi
)

// OneTimeChangeConfidence is what GraphSense gives to OneTimeChange, in percent.
const OneTimeChangeConfidence = 50

// OneTimeChange leaves the only one of 2 to 10 outputs that has the inputs' script
// type, is no multiple of 1,000 satoshi, is below the smallest input, and pays an
// address that is fresh and paid once. It leaves all outputs where no or several
// outputs are so, or where a fact is not known. (GraphSense: one-time change.)
func OneTimeChange(tx *chains.Tx, chain Chain) ([]uint32, error) {
	all := payables(tx)
	kind, one := inputType(tx)
	if !one || len(tx.Outputs) < oneTimeFewest || len(tx.Outputs) > oneTimeMost {
		return all, nil
	}
	smallest, _ := smallestInput(tx)
	paid := map[chains.Address]int{}
	for i := range tx.Outputs {
		paid[tx.Outputs[i].Address]++
	}
	left := keep(tx, func(out *chains.Output) bool {
		return out.Type == kind && !multiple(out.Value, oneTimeRound) && out.Value.Cmp(smallest) < 0 && paid[out.Address] == 1
	})
	var change []uint32
	for _, n := range left {
		switch fresh, err := chain.Fresh(&tx.Outputs[n], tx.Position()); {
		case err != nil:
			return nil, err
		case fresh == Undecided:
			return all, nil
		case fresh == Yes:
			change = append(change, n)
		}
	}
	if len(change) != 1 {
		return all, nil
	}
	return change, nil
}
