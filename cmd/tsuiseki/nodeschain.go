package main

import (
	"fmt"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
	"tsuiseki/tracer"
	"tsuiseki/tracer/cluster"
	"tsuiseki/tracer/correlate"
)

// standingOf is what a stop makes of an address: a service says nothing, one customer's
// deposit address much.
func standingOf(stop tracer.Stop) correlate.Standing {
	if stop.Kind == tracer.EndExchange {
		return correlate.Standing{Exchange: stop.Label, Label: stop.Label, Source: stop.Detail}
	}
	return correlate.Standing{Stops: string(stop.Kind), Label: stop.Label, Source: stop.Detail}
}

// deposited is what heuristics make of a deposit address.
func deposited(d *cluster.DepositAddress) correlate.Standing {
	best := d.Best()
	if best == nil {
		return correlate.Standing{}
	}
	is := correlate.Standing{Exchange: d.Label, Source: depositDetail(best)}
	for i := range d.Inferences {
		if in := &d.Inferences[i]; in.Verdict == cluster.Yes {
			is.Heuristics = append(is.Heuristics, versioned(in.Heuristic))
		}
	}
	return is
}

func versioned(h cluster.Heuristic) string { return fmt.Sprintf("%s@%d", h.ID, h.Version) }

// outputNodes tell of addresses on a chain in Bitcoin's format.
type outputNodes struct{ *opened }

func (n outputNodes) standing(address chains.Address) (correlate.Standing, error) {
	if stop, found, err := n.Stop(address, time.Time{}); err != nil || found {
		return standingOf(stop), err
	}
	if !n.asksDeposits {
		return correlate.Standing{}, nil
	}
	d, err := n.depositAddress(address)
	if err != nil {
		return correlate.Standing{}, err
	}
	return deposited(d), nil
}

// degree counts transactions, where the index counts outputs.
func (n outputNodes) degree(address chains.Address, limit int) (count int, err error) {
	canonical, key, err := n.network.AddressKey(string(address))
	if err != nil {
		return 0, err
	}
	last := chains.Position{}
	for a, err := range n.History(canonical, key) {
		if err != nil {
			return 0, err
		}
		if at := a.Tx.Position(); count == 0 || at != last {
			count, last = count+1, at
		}
		if count > limit {
			break
		}
	}
	return count, nil
}

func (n outputNodes) behind(address chains.Address) (*correlate.Entity, *correlate.Funder, error) {
	found, err := n.clusters.Cluster(address)
	if err != nil || found.Lone() {
		return nil, nil, err
	}
	return &correlate.Entity{
		Name: graph.Address{Chain: n.Snapshot().Chain, Address: found.Entity}, Size: found.Size, Heuristics: clusteredBy(),
	}, nil, nil
}

func (outputNodes) unit(chains.Asset) (*chains.Token, error) { return nil, nil }

func (n outputNodes) Native() chains.Asset { return n.network.Asset }

// accountNodes tell of accounts.
type accountNodes struct{ *openedAccounts }

func (n accountNodes) standing(account chains.Address) (correlate.Standing, error) {
	if stop, found, err := n.Stop(account, time.Time{}); err != nil || found {
		return standingOf(stop), err
	}
	code, err := n.Code(account)
	if err != nil {
		return correlate.Standing{}, err
	}
	if code.Token != nil { // whoever holds the token pays by it
		return correlate.Standing{Stops: string(tracer.EndContract), Source: "the chain: it logs transfers as a token's contract"}, nil
	}
	if len(n.heuristics.deposits) == 0 {
		return correlate.Standing{}, nil
	}
	d, err := n.depositAddress(account)
	if err != nil {
		return correlate.Standing{}, err
	}
	return deposited(d), nil
}

func (n accountNodes) degree(account chains.Address, limit int) (int, error) {
	return n.Degree(account, limit)
}

// behind finds who paid the first coin of the chain that came to an account. It may be
// an exchange: then what it is says that nothing follows.
func (n accountNodes) behind(account chains.Address) (*correlate.Entity, *correlate.Funder, error) {
	native := n.Native()
	for m, err := range n.Movements(account, native, chains.Position{}) {
		if err != nil {
			return nil, nil, err
		}
		if m.In.IsZero() {
			continue
		}
		tx, err := n.TxAt(m.At)
		if err != nil {
			return nil, nil, err
		}
		for i := range tx.Transfers {
			t := &tx.Transfers[i]
			if t.Payment() && t.To == account && t.Asset == native && t.From != "" && t.From != account {
				return nil, &correlate.Funder{Address: t.From, Tx: tx.ID}, nil
			}
		}
		return nil, nil, nil // a block's reward, or the first block's allotment
	}
	return nil, nil, nil
}

func (n accountNodes) unit(asset chains.Asset) (*chains.Token, error) {
	if asset == n.Native() {
		return nil, nil
	}
	return n.Token(asset)
}
