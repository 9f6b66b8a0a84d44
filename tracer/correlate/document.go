package correlate

import (
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// Link is two cases that meet, and why that counts.
type Link struct {
	ID          string          `json:"id"` // of the two cases, whatever the evidence: LinkID
	Cases       [2]graph.CaseID `json:"cases"`
	Prefectures [2]string       `json:"prefectures"`
	Grade       Grade           `json:"grade"`
	Score       float64         `json:"score"`    // a number without unit; it ranks, and is no money
	P           float64         `json:"p"`        // of as many meetings or more by chance
	Q           float64         `json:"q"`        // share of false discoveries at which the link still is one
	Meetings    int             `json:"meetings"` // addresses at which the cases meet by themselves
	Digest      string          `json:"digest"`   // of the evidence
	Evidence    []Evidence      `json:"evidence"`
	Decision    *DecisionDoc    `json:"decision"`
}

// Evidence is one thing that two cases have in common. Maps are by case.
type Evidence struct {
	ID       string       `json:"id"`
	Class    Class        `json:"class"`
	Node     string       `json:"node"`
	Chain    chains.Chain `json:"chain"`
	Degree   int          `json:"degree"` // transactions of the chain that touch it, an entity's addresses; 0 of a person
	InCases  int          `json:"in_cases"`
	Weight   float64      `json:"weight"`
	Score    float64      `json:"score"` // its part of the link's
	Path     []Leg        `json:"path"`
	Exchange string       `json:"exchange,omitempty"` // whose customer's deposit address it is

	Amounts map[graph.CaseID][]AssetAmount `json:"amounts"` // traced to it
	Hops    map[graph.CaseID]int           `json:"hops"`    // transfers from the victim's on, that one included
	Times   map[graph.CaseID]Times         `json:"times"`

	Heuristics []string    `json:"heuristics,omitempty"` // id@version of each inference it rests on
	Sources    []Statement `json:"sources,omitempty"`    // of each attribution or observation it rests on
	New        bool        `json:"new,omitempty"`        // it was not there when the link was decided
}

// Leg is how a case's money came to the evidence: addresses in the order in which it
// passed them, the receiver of a victim's payment first. Where it is not known from
// where it came, the leg starts there, and Whole is false.
type Leg struct {
	Case  graph.CaseID     `json:"case"`
	Nodes []chains.Address `json:"nodes"`
	Whole bool             `json:"whole"`
}

// Times are when something of a case came to a place first and last.
type Times struct {
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

// Statement is what somebody or a transaction says.
type Statement struct {
	Case       graph.CaseID `json:"case"`
	Address    string       `json:"address"` // of which it is said
	Source     string       `json:"source,omitempty"`
	Confidence int          `json:"confidence,omitempty"`
	Tx         string       `json:"tx,omitempty"`
}

// DecisionDoc is a person's verdict on a link. Reopened says that evidence came since:
// the link is proposed again, and what is new of it is marked.
type DecisionDoc struct {
	Verdict  Verdict   `json:"verdict"`
	Reason   string    `json:"reason"`
	At       time.Time `json:"at"`
	Reopened bool      `json:"reopened"`
}

// Group is cases that links join: those that are confirmed, strong or probable.
type Group struct {
	Cases    []graph.CaseID `json:"cases"`
	Links    int            `json:"links"`
	Cut      Grade          `json:"cut"` // the least grade of links that join it
	KeyNodes []KeyNode      `json:"key_nodes"`
	Nodes    int            `json:"nodes"` // at which its cases meet; KeyNodes are the first of them
}

// KeyNode is a place at which cases of a group meet. Rank is its weight times the
// number of cases' moneys that came to it, each counted by the share that did.
type KeyNode struct {
	Role   string       `json:"role"` // account-holder, cash-out, gas-funder, cluster, or collector
	Node   string       `json:"node"`
	Chain  chains.Chain `json:"chain"`
	Cases  int          `json:"cases"` // of the group
	Degree int          `json:"degree"`
	Rank   float64      `json:"rank"`
}

// Suppressed is a place at which cases meet, and why that says nothing.
type Suppressed struct {
	Node   string       `json:"node"`
	Chain  chains.Chain `json:"chain"`
	Kind   string       `json:"kind"`   // address, cluster, account-holder or gas-funder
	Reason string       `json:"reason"` // a kind of end (service, mixer, …), or hub
	Label  string       `json:"label,omitempty"`
	Source string       `json:"source,omitempty"`
	Degree int          `json:"degree"` // counted to one above the limit
	Cases  int          `json:"cases"`
}

func (k kind) String() string {
	return [...]string{"", "address", "cluster", "account-holder", "gas-funder"}[min(k, kindFunder)]
}
