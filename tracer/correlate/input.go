// Package correlate compares all cases with all others: which of them meet at places
// that are nobody's service, how strong that is as evidence, and how likely by chance.
// docs/correlation.md gives the method, its formulas and its rates of error.
//
// Cases are never compared pair by pair. What each case's trace says of places is kept
// in a folder as a record of the case and as sorted entries by place; a run brings up
// the records that changed, walks the entries once, and scores what meets.
package correlate

import (
	"context"
	"iter"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// Inputs is what a run asks. All are asked by several goroutines at once.
type Inputs struct {
	Cases     Cases
	Nodes     Nodes
	Decisions Decisions // nil where nobody has decided anything
}

// Cases are the cases that count: with a trace that is neither stale nor withdrawn.
type Cases interface {
	// Refs yields all of them, in any order, each once.
	Refs(ctx context.Context) iter.Seq2[Ref, error]
	// Case is what one of them says, as of its revision or a later one.
	Case(ctx context.Context, id graph.CaseID) (*Case, error)
}

// Ref is a case without what it says. Revision differs whenever Case would say
// something else; a trace's digest serves.
type Ref struct {
	ID         graph.CaseID
	Revision   string
	Prefecture string
	First      time.Time // when the first victim paid
}

// Case is where a case's money came, in any order.
type Case struct{ Visits []Visit }

// Visit is what of a deposit came to an address in one asset, and from where. From is
// the address that paid it on the shortest way; empty at the deposit's receiver, and
// where it is not known.
type Visit struct {
	graph.Visit
	From graph.Address
}

// Nodes tells of addresses. Answers come in the order of what was asked.
type Nodes interface {
	// Identities says to whom addresses belong. An address that a label or the chain
	// makes a service's has no entity and no funder.
	Identities(ctx context.Context, addresses []graph.Address) ([]Identity, error)
	// Standings says how public addresses are. Degree counts up to limit+1.
	Standings(ctx context.Context, addresses []graph.Address, limit int) ([]Standing, error)
	// Changed tells of which addresses that were asked about the answers may differ
	// from those at a mark that it gave before; of an empty mark, of all.
	Changed(ctx context.Context, since string) (Changes, error)
}

// Changes are what may have changed since a mark. Mark stands for now.
type Changes struct {
	Mark       string
	Identities []graph.Address
	Standings  []graph.Address
	// All that was asked may have changed: of identities every case is read again, of
	// standings every place at which cases meet is asked about again.
	AllIdentities, AllStandings bool
}

// Identity is whom an address belongs to. Each part is nil where it is not known.
type Identity struct {
	Entity *Entity
	Holder *Holder
	Funder *Funder
}

// Entity is a cluster of more than one address: an inference.
type Entity struct {
	Name       graph.Address
	Size       int      // addresses
	Heuristics []string // id@version, sorted
}

// Holder is whom an exchange named as the holder of the account that an address
// pays into: an attribution.
type Holder struct {
	Name        string
	Nationality string // empty where it was not told
	Source      string
	Confidence  int // 0 to 100
}

// Funder is who first gave an account the coin that pays for gas. It is no exchange's.
type Funder struct {
	Address chains.Address
	Tx      chains.TxID
}

// Standing is how public an address is.
type Standing struct {
	// Degree is how many transactions of the whole chain touch it.
	Degree int
	// Stops is why nothing follows from meeting there, as a kind of end (service,
	// mixer, bridge, contract, burn, …); empty where no label says so.
	Stops  string
	Label  string // who says what of it
	Source string
	// Exchange is whose customer's deposit address it is; empty where it is none.
	Exchange   string
	Heuristics []string // id@version of those that found that; none of a label's
}

// Decisions are what people decided of links.
type Decisions interface {
	// Decisions yields the last one of each link that has any.
	Decisions(ctx context.Context) iter.Seq2[Decision, error]
}

// Verdict is what a person decided.
type Verdict string

// Verdicts.
const (
	Confirmed Verdict = "confirmed"
	Rejected  Verdict = "rejected"
)

// Decision is a person's verdict on a link, and on what evidence.
type Decision struct {
	Link    string
	Cases   [2]graph.CaseID
	Verdict Verdict
	Reason  string
	At      time.Time
	Digest  string   // of the evidence then: Link.Digest
	Seen    []string // Evidence.ID of each then; with none, all that is there now counts as new once the digest differs
}
