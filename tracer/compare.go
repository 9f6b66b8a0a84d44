package tracer

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"tsuiseki/chains"
)

// Comparison is the same deposits traced by several rules, side by side, in the
// shape of its JSON. What the rules do not agree on is a range.
type Comparison struct {
	Rules  []string  `json:"rules"`
	Traces []*Result `json:"traces"` // by rule, each with its own digest
	Ranges []Range   `json:"ranges"`
	Digest string    `json:"digest,omitempty"` // SHA-256 of the rest in canonical form (RFC 8785)
}

// Range is how much of a deposit rests in one place, or left sight there in one
// way: the least and the most that any rule says. A place has tx and index, those
// of a fee being its transaction's. Where value rests in an account, the account
// is the place, and tx and index name the last transfer that brought any of it
// by any rule.
type Range struct {
	Deposit string                   `json:"deposit"`
	Kind    EndKind                  `json:"kind"`
	Chain   chains.Chain             `json:"chain"`
	Tx      chains.TxID              `json:"tx"`
	Index   *uint32                  `json:"index"`
	Address chains.Address           `json:"address"`
	Asset   chains.Asset             `json:"asset"`
	Amount  chains.Amount            `json:"amount"` // that the place holds, traced or not
	Least   chains.Amount            `json:"least"`
	Most    chains.Amount            `json:"most"`
	By      map[string]chains.Amount `json:"by"` // every rule

	Transfer string      `json:"transfer,omitempty"` // as of an End
	Value    *RangeValue `json:"value,omitempty"`

	at    chains.Position
	order uint64
}

// Compare puts traces of the same deposits by different rules side by side.
func Compare(traces []*Result) (*Comparison, error) {
	c := &Comparison{Rules: []string{}, Traces: traces, Ranges: []Range{}}
	ranges := map[endKey]*Range{}
	for _, r := range traces {
		if slices.Contains(c.Rules, r.Rule) || !sameQuestion(traces[0], r) {
			return nil, fmt.Errorf("traces by %s and %s cannot be compared: want the same deposits as of the same block, by different rules", traces[0].Rule, r.Rule)
		}
		c.Rules = append(c.Rules, r.Rule)
		for key, found := range r.byPlace() {
			if known := ranges[key]; known != nil {
				known.join(found)
			} else {
				ranges[key] = found
			}
		}
	}
	for _, found := range ranges {
		found.bound(c.Rules)
		c.Ranges = append(c.Ranges, *found)
	}
	slices.SortFunc(c.Ranges, func(a, b Range) int {
		return cmp.Or(cmp.Compare(a.Chain, b.Chain), a.at.Compare(b.at), cmp.Compare(a.order, b.order), cmp.Compare(a.Deposit, b.Deposit), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Asset, b.Asset), cmp.Compare(a.Address, b.Address))
	})
	digest, err := c.digest()
	c.Digest = digest
	return c, err
}

func sameQuestion(a, b *Result) bool {
	if !slices.EqualFunc(a.Deposits, b.Deposits, sameDeposit) {
		return false
	}
	// By one rule a trail may cross to a chain that it does not reach by another.
	for _, s := range a.Snapshot {
		i := slices.IndexFunc(b.Snapshot, func(t SnapshotDoc) bool { return s.Chain == t.Chain })
		if i >= 0 && (b.Snapshot[i].Height != s.Height || b.Snapshot[i].Hash != s.Hash) {
			return false
		}
		if i < 0 && slices.ContainsFunc(a.Deposits, func(d DepositDoc) bool { return d.Chain == s.Chain }) {
			return false
		}
	}
	return true
}

// sameDeposit compares amounts and times by value: == tells apart large amounts
// that are equal, and times that one JSON document was read from.
func sameDeposit(a, b DepositDoc) bool {
	if !a.Amount.Equal(b.Amount) || !a.Time.Equal(b.Time) {
		return false
	}
	a.Amount, a.Time = b.Amount, b.Time
	return a == b
}

// endKey tells apart what a comparison does.
type endKey struct {
	deposit string
	chain   chains.Chain
	kind    EndKind
	at      chains.Position // nothing for what rests in an account
	order   uint64
	address chains.Address
	asset   chains.Asset
}

// byPlace sums up the ends of each place.
func (r *Result) byPlace() map[endKey]*Range {
	ranges := map[endKey]*Range{}
	for i := range r.Ends {
		e := &r.Ends[i]
		key := endKey{deposit: e.Deposit, chain: e.Chain, kind: e.Kind, address: e.Address, asset: e.Asset}
		if !e.rests {
			key.at, key.order = e.at, e.order
		}
		known := ranges[key]
		if known == nil {
			ranges[key] = e.asRange(r.Rule)
			continue
		}
		known.By[r.Rule] = known.By[r.Rule].Add(e.Traced)
		if e.Kind == EndFee { // of which an account chain has two kinds
			known.Amount = known.Amount.Add(e.Amount)
		} else { // it left bit by bit
			known.Amount = larger(known.Amount, e.Amount)
		}
	}
	return ranges
}

func (e *End) asRange(rule string) *Range {
	return &Range{
		Deposit: e.Deposit, Kind: e.Kind, Chain: e.Chain, Tx: e.Tx, Index: e.Index, Address: e.Address, Asset: e.Asset, Amount: e.Amount,
		By: map[string]chains.Amount{rule: e.Traced}, Transfer: e.Transfer, at: e.at, order: e.order,
	}
}

// join takes up what another rule says of the same place.
func (r *Range) join(other *Range) {
	maps.Copy(r.By, other.By)
	r.Amount = larger(r.Amount, other.Amount)
	if cmp.Or(other.at.Compare(r.at), cmp.Compare(other.order, r.order)) > 0 {
		r.Tx, r.Index, r.Transfer, r.at, r.order = other.Tx, other.Index, other.Transfer, other.at, other.order
	}
}

// bound finds the least and the most; a rule that says nothing of a place says zero.
func (r *Range) bound(rules []string) {
	for i, rule := range rules {
		traced := r.By[rule]
		r.By[rule] = traced
		if i == 0 || traced.Cmp(r.Least) < 0 {
			r.Least = traced
		}
		r.Most = larger(r.Most, traced)
	}
}

// Fees are a deposit's fees, one range for each asset: the sum over all
// transactions, in none of them.
func (c *Comparison) Fees(deposit string) (sums []Range) {
	for _, r := range c.Ranges {
		if r.Deposit != deposit || r.Kind != EndFee {
			continue
		}
		i := slices.IndexFunc(sums, func(sum Range) bool { return sum.Asset == r.Asset && sum.Chain == r.Chain })
		if i < 0 {
			i = len(sums)
			sums = append(sums, Range{Deposit: deposit, Kind: EndFee, Chain: r.Chain, Asset: r.Asset, By: map[string]chains.Amount{}})
		}
		sum := &sums[i]
		sum.Amount = sum.Amount.Add(r.Amount)
		for rule, traced := range r.By {
			sum.By[rule] = sum.By[rule].Add(traced)
		}
	}
	for i := range sums {
		sums[i].bound(c.Rules)
	}
	return sums
}

func larger(a, b chains.Amount) chains.Amount {
	if a.Cmp(b) < 0 {
		return b
	}
	return a
}

func (c *Comparison) digest() (string, error) {
	bare := *c
	bare.Digest = ""
	return digestOf(&bare)
}

// Verify recomputes the digest and says whether it is the comparison's own.
func (c *Comparison) Verify() (bool, error) {
	digest, err := c.digest()
	return digest == c.Digest, err
}
