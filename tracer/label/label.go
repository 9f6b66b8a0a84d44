// Package label holds attributions: whose an address is, and who says so.
//
// A label is what one source says of one address or transaction. Labels come in
// sets: a TagPack, a sanctions list of one currency, an exchange's answer. A new
// import of a set takes the place of the one before, which is kept: what was known
// on a day can be asked for ever after.
package label

import (
	"fmt"
	"strings"
	"time"

	"tsuiseki/chains"
)

// Label is one attribution. A time without a value is zero.
type Label struct {
	Chain    chains.Chain   // empty where the network is none that can be indexed
	Network  string         // as the source writes it
	Currency string         // likewise
	Address  chains.Address // as its chain writes it; empty where a transaction is labelled
	Tx       string         // transaction labelled, else empty

	Label      string
	Source     string
	Confidence Confidence
	Category   string // concept of an entity
	Abuse      string // concept of an abuse
	Concepts   []string
	Actor      string // id in an ActorPack
	TagType    string // actor, event or mention
	Context    string // whatever else the source says, often JSON
	LastMod    time.Time

	// ClusterDefiner says that the label holds for all that its address's owner has.
	ClusterDefiner bool

	// The label is true from ValidFrom to before ValidTo; without them, always.
	ValidFrom, ValidTo time.Time

	Holder Holder
}

// Holder is whom an exchange names as the customer behind an address.
type Holder struct {
	Name, Nationality string
	Identifiers       []string // documents, telephones, accounts, logins
}

// IsZero reports whether nobody is named.
func (h Holder) IsZero() bool {
	return h.Name == "" && h.Nationality == "" && len(h.Identifiers) == 0
}

// Subject is the address or transaction that the label is about.
func (l *Label) Subject() string {
	if l.Address != "" {
		return string(l.Address)
	}
	return l.Tx
}

// ValidAt reports whether the label holds at a time; a zero time asks for none.
func (l *Label) ValidAt(t time.Time) bool {
	return t.IsZero() || !t.Before(l.ValidFrom) && (l.ValidTo.IsZero() || t.Before(l.ValidTo))
}

// Set names labels that are imported together and replaced together.
type Set struct {
	Kind SetKind `json:"kind"`
	Name string  `json:"name"`
}

func (s Set) String() string { return string(s.Kind) + " " + s.Name }

// SetKind says what a set was made from.
type SetKind string

// Kinds of set.
const (
	SetTagPack    SetKind = "tagpack"
	SetActorPack  SetKind = "actorpack"
	SetOFAC       SetKind = "ofac"
	SetCSV        SetKind = "csv"
	SetDisclosure SetKind = "disclosure"
)

func (k SetKind) known() bool {
	switch k {
	case SetTagPack, SetActorPack, SetOFAC, SetCSV, SetDisclosure:
		return true
	}
	return false
}

// Pack is what a file says of a set as a whole.
type Pack struct {
	Set         Set    `json:"set"`
	Title       string `json:"title,omitempty"`
	Creator     string `json:"creator,omitempty"`
	Description string `json:"description,omitempty"`
	Owner       string `json:"owner,omitempty"`
	Public      *bool  `json:"is_public,omitempty"`
}

// Actor is an entity that labels may name by its id.
type Actor struct {
	ID, URI, Label string
	LastMod        time.Time
	Categories     []string
	Jurisdictions  []string // ISO 3166-1 alpha-2
	Aliases        []string
	Context        string // JSON, or empty
}

// Canonical writes an address as its chain does. An error says why the text is no
// address of the chain.
type Canonical func(chain chains.Chain, text string) (chains.Address, error)

// Problem says why a place in a file cannot be taken in.
type Problem struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Field  string `json:"field"` // empty where it is none's
	Reason string `json:"reason"`
}

func (p Problem) String() string {
	if p.Field == "" {
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Reason)
	}
	return fmt.Sprintf("%s:%d: %s: %s", p.File, p.Line, p.Field, p.Reason)
}

// RefusedError lists all that is wrong with a file, of which nothing was taken in.
type RefusedError struct {
	Problems []Problem
	Rows     int // with a problem
}

func (e *RefusedError) Error() string {
	var lines []string
	for _, p := range e.Problems {
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}

// finish completes a label whose fields are read, and says what it lacks.
func (l *Label) finish() (field, reason string) {
	for _, must := range []struct{ field, value string }{{"label", l.Label}, {"source", l.Source}} {
		if must.value == "" {
			return must.field, "is missing"
		}
	}
	switch {
	case l.Currency == "" && l.Network == "":
		return "currency", "is missing, and so is network"
	case (l.Address == "") == (l.Tx == ""):
		return "address", "want either an address or a tx_hash"
	case len(l.record()) > maxRecord/2:
		return "context", fmt.Sprintf("the label is longer than %d bytes", maxRecord/2)
	case !l.ValidTo.IsZero() && !l.ValidFrom.Before(l.ValidTo):
		return "valid_to", "is not after valid_from"
	}
	if l.Currency == "" {
		l.Currency = l.Network
	}
	if l.Network == "" {
		l.Network = l.Currency
	}
	if l.Confidence == "" {
		l.Confidence = Unknown
	}
	l.Chain = chainOf(l.Network, l.Subject())
	if l.Tx != "" {
		l.Tx = subjectKey(l.Tx)
	}
	return "", ""
}

// place puts the address into the form of its chain. Where it has none, the label
// is of no chain: lists that nobody here can mend have such addresses.
func (l *Label) place(canonical Canonical) error {
	if l.Chain == "" || l.Address == "" {
		return nil
	}
	text := string(l.Address)
	if isAccount(text) {
		text = strings.ToLower(text) // labels are not held to a checksum that their sources get wrong
	}
	address, err := canonical(l.Chain, text)
	if err != nil {
		l.Chain = ""
		return err
	}
	l.Address = address
	return nil
}
