package tracer

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gowebpki/jcs"

	"tsuiseki/chains"
	"tsuiseki/tracer/taint"
)

// EndKind says why a trail goes no further.
type EndKind string

// Kinds of end.
const (
	EndUnspent      EndKind = "unspent"       // still there as of the snapshot
	EndFee          EndKind = "fee"           // paid to whoever produced the block
	EndBurn         EndKind = "burn"          // can never be spent
	EndBelowMinimum EndKind = "below-minimum" // moved on, less than Params.MinAmount
	EndHopLimit     EndKind = "hop-limit"     // moved on, Params.MaxHops reached
	EndTimeLimit    EndKind = "time-limit"    // moved on after Params.Until
	EndHub          EndKind = "hub"           // moved on from an address above Params.HubDegree
	EndBudget       EndKind = "budget"        // moved on, Params.Budget used up
	EndIncomplete   EndKind = "incomplete"    // moved on, and the index lacks what the rule needs
)

// Unresolved reports whether the trail stopped for want of work or facts: it is
// not known where the value went.
func (k EndKind) Unresolved() bool { return k == EndBudget || k == EndIncomplete }

// Result is a finished trace, in the shape of its JSON.
type Result struct {
	Rule     string        `json:"rule"`
	Engine   Engine        `json:"engine"`
	Params   ParamsDoc     `json:"params"`
	Snapshot []SnapshotDoc `json:"snapshot"`
	Deposits []DepositDoc  `json:"deposits"`
	Hops     []Hop         `json:"hops"`
	Ends     []End         `json:"ends"`
	Totals   []Total       `json:"totals"`
	Missing  []Missing     `json:"missing"`
	Digest   string        `json:"digest,omitempty"` // SHA-256 of the rest in canonical form (RFC 8785)
}

// Engine says what made the result.
type Engine struct {
	Version string `json:"version"`
}

// ParamsDoc is how Params are written; an absent limit is null.
type ParamsDoc struct {
	MaxHops   *int           `json:"max_hops"`
	MinAmount *chains.Amount `json:"min_amount"`
	Until     *time.Time     `json:"until"`
	HubDegree *int           `json:"hub_degree"`
	Budget    *int           `json:"budget"`
}

// SnapshotDoc is the part of a chain that the trace could see.
type SnapshotDoc struct {
	Chain      chains.Chain     `json:"chain"`
	FromHeight uint64           `json:"from_height"`
	Height     uint64           `json:"height"`
	Hash       chains.BlockHash `json:"hash"`
}

// DepositDoc is where a trail begins.
type DepositDoc struct {
	ID      string           `json:"id"`
	Chain   chains.Chain     `json:"chain"`
	Tx      chains.TxID      `json:"tx"`
	Index   uint32           `json:"index"`
	Kind    string           `json:"kind"`
	Address chains.Address   `json:"address"`
	Asset   chains.Asset     `json:"asset"`
	Amount  chains.Amount    `json:"amount"`
	Height  uint64           `json:"height"`
	Block   chains.BlockHash `json:"block"`
	Time    time.Time        `json:"time"`

	place uint32 // of the transaction in its block
}

// Endpoint is one side of a hop: an output.
type Endpoint struct {
	Tx      chains.TxID    `json:"tx"`
	Index   uint32         `json:"index"`
	Address chains.Address `json:"address"`
}

// Hop moves traced value from one place to another in one transaction. Amount is
// what the place it reaches holds.
type Hop struct {
	Deposit string           `json:"deposit"`
	Chain   chains.Chain     `json:"chain"`
	Tx      chains.TxID      `json:"tx"`
	Height  uint64           `json:"height"`
	Block   chains.BlockHash `json:"block"`
	Time    time.Time        `json:"time"`
	From    Endpoint         `json:"from"`
	To      Endpoint         `json:"to"`
	Asset   chains.Asset     `json:"asset"`
	Amount  chains.Amount    `json:"amount"`
	Traced  chains.Amount    `json:"traced"`
	Kind    string           `json:"kind"`

	at    chains.Position
	input uint32
}

// End is where a part of a deposit rests or left sight. A fee has neither index
// nor address.
type End struct {
	Deposit string           `json:"deposit"`
	Kind    EndKind          `json:"kind"`
	Chain   chains.Chain     `json:"chain"`
	Tx      chains.TxID      `json:"tx"`
	Height  uint64           `json:"height"`
	Block   chains.BlockHash `json:"block"`
	Time    time.Time        `json:"time"`
	Index   *uint32          `json:"index"`
	Address chains.Address   `json:"address"`
	Asset   chains.Asset     `json:"asset"`
	Amount  chains.Amount    `json:"amount"`
	Traced  chains.Amount    `json:"traced"`
	Label   *string          `json:"label"`
	Detail  string           `json:"detail"`

	at    chains.Position
	order uint64 // index; a fee comes after the outputs
}

// Total balances one deposit in one asset: In + SwappedIn = SwappedOut + Ends +
// Fees + Unresolved, unless the rule does not conserve.
type Total struct {
	Deposit    string        `json:"deposit"`
	Asset      chains.Asset  `json:"asset"`
	In         chains.Amount `json:"in"`
	SwappedIn  chains.Amount `json:"swapped_in"`
	SwappedOut chains.Amount `json:"swapped_out"`
	Ends       chains.Amount `json:"ends"`
	Fees       chains.Amount `json:"fees"`
	Unresolved chains.Amount `json:"unresolved"`
}

// Missing is something that the trace needed and did not have.
type Missing struct {
	Chain  chains.Chain `json:"chain"`
	What   string       `json:"what"`
	Range  string       `json:"range"`
	Reason string       `json:"reason"`
}

func newResult(snapshot chains.Snapshot, asset chains.Asset, rule taint.Rule, params Params, deposits []Deposit, describe func([]byte) (chains.Address, string)) *Result {
	r := &Result{
		Rule: rule.Name, Engine: Engine{Version}, Params: params.doc(),
		Snapshot: []SnapshotDoc{{snapshot.Chain, snapshot.From, snapshot.Height, snapshot.Hash}},
		Hops:     []Hop{}, Ends: []End{}, Totals: []Total{}, Missing: []Missing{},
	}
	for i := range deposits {
		d := &deposits[i]
		out := &d.Tx.Outputs[d.Output]
		address, _ := describe(out.Script)
		r.Deposits = append(r.Deposits, DepositDoc{
			ID: d.ID, Chain: snapshot.Chain, Tx: d.Tx.ID, Index: d.Output, Kind: "output", Address: address, Asset: asset,
			Amount: out.Value, Height: d.Tx.Block.Height, Block: d.Tx.Block.Hash, Time: d.Tx.Time, place: d.Tx.Index,
		})
		r.Totals = append(r.Totals, Total{Deposit: d.ID, Asset: asset, In: out.Value})
	}
	return r
}

func (p Params) doc() (doc ParamsDoc) {
	if p.MaxHops > 0 {
		doc.MaxHops = &p.MaxHops
	}
	if p.MinAmount.Sign() > 0 {
		doc.MinAmount = &p.MinAmount
	}
	if !p.Until.IsZero() {
		until := p.Until.UTC()
		doc.Until = &until
	}
	if p.HubDegree > 0 {
		doc.HubDegree = &p.HubDegree
	}
	if p.Budget > 0 {
		doc.Budget = &p.Budget
	}
	return doc
}

// hop records what moves from an input's place to another place.
func (r *Result) hop(from *place, input uint32, to *place, deposit int, traced chains.Amount) {
	d := &r.Deposits[deposit]
	r.Hops = append(r.Hops, Hop{
		Deposit: d.ID, Chain: d.Chain, Tx: to.tx.ID, Height: to.tx.Block.Height, Block: to.tx.Block.Hash, Time: to.tx.Time,
		From: Endpoint{from.tx.ID, from.index, from.address}, To: Endpoint{to.tx.ID, to.index, to.address},
		Asset: d.Asset, Amount: to.output().Value, Traced: traced, Kind: "transfer",
		at: to.tx.Position(), input: input,
	})
}

// end records that a deposit's part of a place rests there.
func (r *Result) end(p *place, h holding, kind EndKind, detail string) {
	index := p.index
	r.addEnd(p.tx, h.deposit, End{
		Kind: kind, Index: &index, Address: p.address, Amount: p.output().Value, Traced: taint.Sum(h.spans), Detail: detail,
		order: uint64(index),
	})
}

// fee records what a transaction's fee takes of a deposit.
func (r *Result) fee(tx *chains.Tx, deposit int, amount, traced chains.Amount) {
	r.addEnd(tx, deposit, End{
		Kind: EndFee, Amount: amount, Traced: traced, Detail: fmt.Sprintf("to the producer of block %s", tx.Block),
		order: uint64(len(tx.Outputs)),
	})
}

func (r *Result) addEnd(tx *chains.Tx, deposit int, e End) {
	d := &r.Deposits[deposit]
	e.Deposit, e.Chain, e.Asset = d.ID, d.Chain, d.Asset
	e.Tx, e.Height, e.Block, e.Time, e.at = tx.ID, tx.Block.Height, tx.Block.Hash, tx.Time, tx.Position()
	r.Ends = append(r.Ends, e)

	total := &r.Totals[deposit]
	switch {
	case e.Kind == EndFee:
		total.Fees = total.Fees.Add(e.Traced)
	case e.Kind.Unresolved():
		total.Unresolved = total.Unresolved.Add(e.Traced)
	default:
		total.Ends = total.Ends.Add(e.Traced)
	}
}

// finish sorts all lists by height, place in the block, index and deposit, and
// seals the result with its digest.
func (r *Result) finish(missing map[Missing]struct{}) error {
	compareDeposits := func(a, b DepositDoc) int {
		return cmp.Or(cmp.Compare(a.Height, b.Height), cmp.Compare(a.place, b.place), cmp.Compare(a.Index, b.Index), cmp.Compare(a.ID, b.ID))
	}
	totals := map[string]Total{}
	for _, t := range r.Totals {
		totals[t.Deposit] = t
	}
	slices.SortFunc(r.Deposits, compareDeposits)
	for i, d := range r.Deposits {
		r.Totals[i] = totals[d.ID]
	}
	slices.SortFunc(r.Hops, func(a, b Hop) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.To.Index, b.To.Index), cmp.Compare(a.Deposit, b.Deposit), cmp.Compare(a.input, b.input))
	})
	slices.SortFunc(r.Ends, func(a, b End) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.order, b.order), cmp.Compare(a.Deposit, b.Deposit), cmp.Compare(a.Kind, b.Kind))
	})
	r.Missing = slices.SortedFunc(maps.Keys(missing), func(a, b Missing) int {
		return cmp.Or(cmp.Compare(a.Range, b.Range), cmp.Compare(a.What, b.What), cmp.Compare(a.Reason, b.Reason))
	})
	if r.Missing == nil {
		r.Missing = []Missing{}
	}
	digest, err := r.digest()
	r.Digest = digest
	return err
}

// digest is the SHA-256 of the result, without its digest, as canonical JSON.
func (r *Result) digest() (string, error) {
	bare := *r
	bare.Digest = ""
	document, err := json.Marshal(&bare)
	if err != nil {
		return "", err
	}
	canonical, err := jcs.Transform(document)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(canonical)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

// Verify recomputes the digest and says whether it is the result's own.
func (r *Result) Verify() (bool, error) {
	digest, err := r.digest()
	return digest == r.Digest, err
}
