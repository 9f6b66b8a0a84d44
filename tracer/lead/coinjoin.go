package lead

import (
	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/cluster"
)

// JoinReunion is the lead that an output of a CoinJoin pays an address which belongs
// together with the one that brought the value in, by what was signed together
// outside of CoinJoins. Who mixes and then spends the mixed coin beside an old one shows which
// it was. (Goldfeder et al.: "When the cookie meets the blockchain", 2018.)
var JoinReunion = cluster.Heuristic{ID: "coinjoin-reunion", Version: 1}

// Join is a CoinJoin that took traced value in.
type Join struct {
	Deposit string
	Tx      *chains.Tx     // the CoinJoin, described
	From    chains.Address // of the input that brought the value
}

// Joins finds leads beyond CoinJoins. entity names the co-spend cluster of an
// address, so that two addresses of one cluster have one name.
func Joins(chain chains.Chain, asset chains.Asset, joins []Join, entity func(chains.Address) (chains.Address, error)) (leads []tracer.Lead, err error) {
	for _, join := range joins {
		owner, err := entity(join.From)
		if err != nil {
			return nil, err
		}
		for n := range join.Tx.Outputs {
			out := &join.Tx.Outputs[n]
			if out.Address == "" || out.Value.Sign() == 0 {
				continue
			}
			other, err := entity(out.Address)
			if err != nil {
				return nil, err
			}
			if other != owner {
				continue
			}
			detail := "this address and " + string(join.From) + " are in one cluster by " + cluster.CoSpending.ID
			if out.Address == join.From {
				detail = "pays back the address that brought the value"
			}
			leads = append(leads, tracer.Lead{
				Deposit: join.Deposit, Heuristic: JoinReunion.ID, Version: JoinReunion.Version, Mixed: tracer.Mixed{Tx: join.Tx.ID, Address: join.From},
				Chain: chain, Tx: join.Tx.ID, Height: join.Tx.Block.Height, Block: join.Tx.Block.Hash, Time: join.Tx.Time,
				Index: uint32(n), Address: out.Address, Asset: asset, Amount: out.Value, Detail: detail,
			})
		}
	}
	return leads, nil
}
