package index

import (
	"fmt"
	"iter"
	"slices"

	"tsuiseki/chains"
)

// Code is the evidence in a view that an account is a contract: where each kind
// was first seen, nil where it was not.
type Code struct {
	Created  *chains.Position // a transaction created it
	Internal *chains.Position // it sent an internal transfer; so does an account with delegated code (EIP-7702)
	Token    *chains.Position // it logged a token's transfer or freeze
	Mixer    *chains.Position // it logged a deposit as a mixer's pools do
	Ran      *chains.Position // a transaction sent to it ran code
}

// Any reports whether there is any evidence.
func (c Code) Any() bool {
	return c.Created != nil || c.Internal != nil || c.Token != nil || c.Mixer != nil || c.Ran != nil
}

// Code looks for each kind of evidence. Contract gives the first of them for people.
func (v *AccountView) Code(address chains.Address) (code Code, err error) {
	a, err := parseAccount(address)
	if err != nil {
		return code, err
	}
	for kind, into := range map[byte]**chains.Position{
		markCreated: &code.Created, markInternal: &code.Internal, markToken: &code.Token, markMixer: &code.Mixer, markRan: &code.Ran,
	} {
		first, err := v.firstMark(a, kind)
		if err != nil {
			return Code{}, err
		}
		if first.Height <= v.asOf.Height {
			*into = &first
		}
	}
	return code, nil
}

// Touching yields the transactions with transfers to or from an account, of nothing
// too, or fees that it pays, from a position on, in chain order. What moved outside
// of transactions comes as one without an id. Memory grows with the account's
// assets, not with its history.
func (v *AccountView) Touching(address chains.Address, from chains.Position) iter.Seq2[*chains.Tx, error] {
	return func(yield func(*chains.Tx, error) bool) {
		var last *chains.Tx
		for entry, err := range v.History(address, from) {
			if err == nil && entry.Tx == last {
				continue
			}
			last = entry.Tx
			if !yield(entry.Tx, err) || err != nil {
				return
			}
		}
	}
}

// Creation is the transaction that created an account's contract; nil where the
// view has none.
func (v *AccountView) Creation(address chains.Address) (*chains.Tx, error) {
	a, err := parseAccount(address)
	if err != nil {
		return nil, err
	}
	at, err := v.firstMark(a, markCreated)
	if err != nil || at.Height > v.asOf.Height {
		return nil, err
	}
	tx, err := v.TxAt(at)
	if err != nil {
		return nil, err
	}
	if slices.Contains(tx.Created, a.address()) {
		return tx, nil
	}
	return nil, fmt.Errorf("creation of %s noted at %s: %w", address, at, errEncoding)
}
