package graph

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"tsuiseki/chains"
)

// CaseID names a case; the casebook knows what it is.
type CaseID string

// Trace is what one trace of a case says: by an allocation rule, how much of what
// the victims paid moved with which transfers, and where it rests. It stands beside
// the facts and is replaced whole: a case has one trace of each rule.
type Trace struct {
	Case   CaseID
	Rule   string
	Digest string   // of the trace's document
	Engine string   // version that made it
	AsOf   []Anchor // the block of each chain as of which it holds, by chain

	// Stale says that a block it rests on was replaced: it is to be made anew.
	Stale bool

	Deposits []Deposit
	Hops     []Hop
	Ends     []End

	Members []Member // inferences that it used
	Labels  []Label  // attributions that it used
}

// Deposit is a transfer in which a victim paid. Its ID is unique within the trace.
type Deposit struct {
	ID string
	Transfer
	Tx chains.TxID
}

// Hop is the part of a deposit that moved with a transfer.
type Hop struct {
	Deposit string
	Transfer
	Tx     chains.TxID
	Traced chains.Amount
	Depth  int    // transfers from the deposit's receiver, this one included, the shortest way
	Means  string // transfer, swap, wrap or bridge
}

// End is where a part of a deposit rests or left sight.
type End struct {
	Deposit string
	Kind    string // as in a trace's document
	Key            // of the transfer that brought it; N is 0 for a fee and for what an issuer destroyed
	Tx      chains.TxID
	Time    time.Time
	Address chains.Address // empty for a fee
	Asset   chains.Asset
	Traced  chains.Amount
	Depth   int    // of the transfer that brought it; 0 is the deposit itself
	Label   string // whose place it is, if a label says so
	Detail  string
}

// Member says that an address belongs to an entity: an inference.
type Member struct {
	Address
	Entity     chains.Address // the entity is named after one of its addresses
	Size       int            // addresses in the entity
	Heuristics []string       // id@version of each that joined it, sorted
}

// Label says whose an address is: an attribution.
type Label struct {
	Address
	Label      string
	Concepts   []string // of the taxonomy, sorted: exchange, mixing_service, …
	Source     string
	Confidence int // 0 to 100
	Since      time.Time
}

// Visit is what of a deposit came to an address in one asset.
type Visit struct {
	Case    CaseID
	Rule    string
	Deposit string
	Address
	Asset  chains.Asset
	Traced chains.Amount // sum of all that came; what came twice counts twice
	Depth  int           // transfers from the deposit's receiver, the shortest way; 0 is the receiver itself
	First  Moment        // transfer that brought it
	Last   Moment
	End    string // kind of end, where some of it rests there; the first in order of names
}

// Moment is a place on a chain and its time.
type Moment struct {
	At   chains.Position
	Time time.Time
}

// Visits are what a trace says of addresses, sorted by address, deposit and asset.
// Where several transfers are the first or the last, as in one transaction, each is
// of the same moment.
func (t *Trace) Visits() []Visit {
	type key struct {
		Address
		deposit string
		asset   chains.Asset
	}
	found := map[key]*Visit{}
	came := func(deposit string, of *Transfer, traced chains.Amount, depth int) {
		if of.To == "" { // a fee, or an output that nobody holds
			return
		}
		k := key{of.Receiver(), deposit, of.Asset}
		at := Moment{of.At, of.Time}
		v := found[k]
		if v == nil {
			v = &Visit{Case: t.Case, Rule: t.Rule, Deposit: deposit, Address: k.Address, Asset: of.Asset, Depth: depth, First: at, Last: at}
			found[k] = v
		}
		v.Traced = v.Traced.Add(traced)
		v.Depth = min(v.Depth, depth)
		if of.At.Compare(v.First.At) < 0 {
			v.First = at
		}
		if of.At.Compare(v.Last.At) > 0 {
			v.Last = at
		}
	}
	for i := range t.Deposits {
		d := &t.Deposits[i]
		came(d.ID, &d.Transfer, d.Amount, 0)
	}
	for i := range t.Hops {
		h := &t.Hops[i]
		came(h.Deposit, &h.Transfer, h.Traced, h.Depth)
	}
	for i := range t.Ends {
		e := &t.Ends[i]
		if v := found[key{Address{e.Chain, e.Address}, e.Deposit, e.Asset}]; v != nil && (v.End == "" || e.Kind < v.End) {
			v.End = e.Kind
		}
	}
	all := make([]Visit, 0, len(found))
	for _, v := range found {
		all = append(all, *v)
	}
	slices.SortFunc(all, func(a, b Visit) int {
		return cmp.Or(a.Compare(b.Address), cmp.Compare(a.Deposit, b.Deposit), cmp.Compare(a.Asset, b.Asset))
	})
	return all
}

// TraceRef is a trace without what it says.
type TraceRef struct {
	Case   CaseID
	Rule   string
	Digest string
	Engine string
	AsOf   []Anchor
	Stale  bool
}

// Statements keeps what traces say. They are written by Store.Write, in one with the
// transactions of the same batch, and become stale by Store.Undo: every trace does
// that holds as of a block of that chain at the height or above. One that is written
// after Undo, and rests on a block that it removed, is not marked: its writer asks the
// chain first.
//
// A trace comes back as it was written, in its order, whether or not the graph holds
// the transactions it speaks of: times in UTC to the second, empty lists nil. Write
// refuses one that contradicts itself with an ErrBadTrace. Answers see what was written
// before the question, and end with ctx's error once ctx is done. It is safe for
// concurrent use: who asks while a trace is replaced sees the old one or the new one.
type Statements interface {
	// Trace is a case's trace by a rule; nil where there is none.
	Trace(ctx context.Context, of CaseID, rule string) (*Trace, error)
	// Traces yields all traces, stale ones too, by case, then by rule.
	Traces(ctx context.Context) iter.Seq2[TraceRef, error]
	// Visits yields who came to addresses, by traces of a rule that are not stale: in
	// the order of what was asked, then by case, deposit and asset. What is asked twice
	// is answered twice.
	Visits(ctx context.Context, rule string, addresses []Address) iter.Seq2[Visit, error]
	// AllVisits yields every visit by traces of a rule that are not stale, by address
	// (chain, then name), then by case, deposit and asset.
	AllVisits(ctx context.Context, rule string) iter.Seq2[Visit, error]
	// Withdraw takes back a case's traces: that of a rule, or all where it is empty.
	// The transactions stay. Where there is none it does nothing.
	Withdraw(ctx context.Context, of CaseID, rule string) error
}
