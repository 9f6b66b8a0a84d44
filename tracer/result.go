package tracer

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/gowebpki/jcs"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
	"tsuiseki/tracer/rate"
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
	EndService      EndKind = "service"       // with a labelled service
	EndExchange     EndKind = "exchange-deposit"
	EndMixer        EndKind = "mixer"
	EndCoinJoin     EndKind = "coinjoin"   // moved on into a transaction that mixes coins of several owners
	EndBridge       EndKind = "bridge"     // to another chain
	EndContract     EndKind = "contract"   // held by a contract as of the snapshot
	EndFrozen       EndKind = "frozen"     // by the token's issuer
	EndBudget       EndKind = "budget"     // moved on, Params.Budget used up
	EndIncomplete   EndKind = "incomplete" // moved on, and the index lacks what the rule needs
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
	Assets   []AssetDoc    `json:"assets,omitempty"` // how to read amounts, where the chain has tokens
	Deposits []DepositDoc  `json:"deposits"`
	Hops     []Hop         `json:"hops"`
	Ends     []End         `json:"ends"`
	Totals   []Total       `json:"totals"`
	Leads    []Lead        `json:"leads,omitempty"` // at bridges, and beyond mixers: see AddLeads
	Missing  []Missing     `json:"missing"`
	Rates    *rate.Doc     `json:"rates,omitempty"`  // what values rest on, where there are any
	Digest   string        `json:"digest,omitempty"` // SHA-256 of the rest in canonical form (RFC 8785)

	missing  lacks           // until finish
	balances map[balance]int // places in Totals, until finish sorts them
}

type balance struct {
	deposit int
	asset   chains.Asset
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
	Labels    string         `json:"labels,omitempty"` // digest of the labels that trails were stopped by

	Heuristics []HeuristicDoc `json:"heuristics,omitempty"` // that could end trails
	Clusters   *ClustersDoc   `json:"clusters,omitempty"`
	Without    []string       `json:"without,omitempty"` // heuristics switched off
}

// HeuristicDoc is a heuristic as it was asked.
type HeuristicDoc struct {
	Heuristic  string            `json:"heuristic"`
	Version    int               `json:"version"`
	Parameters map[string]string `json:"parameters,omitempty"`
}

// ClustersDoc pins the clusters through which labels reached addresses: what they
// rest on, the size from which two are not merged, and the block as of which they are.
type ClustersDoc struct {
	Heuristics []cluster.Heuristic `json:"heuristics"`
	Giant      int                 `json:"giant"`
	Missing    uint32              `json:"missing,omitempty"` // transactions that may link more: not all they spend is known
	Height     uint64              `json:"height"`
	Hash       chains.BlockHash    `json:"hash,omitzero"`
}

// SnapshotDoc is the part of a chain that the trace could see.
type SnapshotDoc struct {
	Chain      chains.Chain     `json:"chain"`
	FromHeight uint64           `json:"from_height"`
	Height     uint64           `json:"height"`
	Hash       chains.BlockHash `json:"hash,omitzero"`

	FinalHeight *uint64 `json:"final_height,omitempty"` // blocks above may still be replaced
}

// AssetDoc is what a token's contract says of itself, in its own words; null
// where it did not say.
type AssetDoc struct {
	Asset    chains.Asset `json:"asset"`
	Symbol   *string      `json:"symbol"`
	Decimals *uint8       `json:"decimals"`
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
	Block   chains.BlockHash `json:"block,omitzero"`
	Time    time.Time        `json:"time,omitzero"`
	Value   *Value           `json:"value,omitempty"`

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
	Block   chains.BlockHash `json:"block,omitzero"`
	Time    time.Time        `json:"time,omitzero"`
	From    Endpoint         `json:"from"`
	To      Endpoint         `json:"to"`
	Asset   chains.Asset     `json:"asset"`
	Amount  chains.Amount    `json:"amount"`
	Traced  chains.Amount    `json:"traced"`
	Kind    string           `json:"kind"` // transfer, swap, wrap or bridge

	Transfer string   `json:"transfer,omitempty"` // of an account chain: the kind of transfer that the indexes count
	Swapped  *Swapped `json:"swapped,omitempty"`  // of a swap, wrap or bridge: what was given for it
	Value    *Value   `json:"value,omitempty"`

	FromChain chains.Chain `json:"from_chain,omitempty"` // of a bridge: the chain of From
	Bridge    *BridgeDoc   `json:"bridge,omitempty"`

	at    chains.Position
	order uint64 // within the transaction: of what it reaches, or of execution
	input uint32
}

// Swapped is what an account took in for what a hop says it gave: the two amounts
// imply the rate.
type Swapped struct {
	Asset  chains.Asset  `json:"asset"`
	Amount chains.Amount `json:"amount"`
	Traced chains.Amount `json:"traced"`
	Value  *Value        `json:"value,omitempty"`
}

// swappedAsset is empty where the hop is no swap.
func (h *Hop) swappedAsset() chains.Asset {
	if h.Swapped == nil {
		return ""
	}
	return h.Swapped.Asset
}

// End is where a part of a deposit rests or left sight. A fee has neither index
// nor address.
type End struct {
	Deposit string           `json:"deposit"`
	Kind    EndKind          `json:"kind"`
	Chain   chains.Chain     `json:"chain"`
	Tx      chains.TxID      `json:"tx"`
	Height  uint64           `json:"height"`
	Block   chains.BlockHash `json:"block,omitzero"`
	Time    time.Time        `json:"time,omitzero"`
	Index   *uint32          `json:"index"`
	Address chains.Address   `json:"address"`
	Asset   chains.Asset     `json:"asset"`
	Amount  chains.Amount    `json:"amount"`
	Traced  chains.Amount    `json:"traced"`
	Label   *string          `json:"label"`
	Detail  string           `json:"detail"`

	Transfer string     `json:"transfer,omitempty"` // of an account chain: the kind of transfer that brought it
	Bridge   *BridgeDoc `json:"bridge,omitempty"`   // where it went over a bridge, as a memo tells
	Value    *Value     `json:"value,omitempty"`

	at    chains.Position
	order uint64 // index; a fee comes after the outputs
	rests bool   // in an account, as of the snapshot
}

// Total balances one deposit in one asset: In + SwappedIn = SwappedOut + Ends +
// Fees + Unresolved, unless the rule does not conserve.
type Total struct {
	Deposit    string        `json:"deposit"`
	Chain      chains.Chain  `json:"chain,omitempty"` // where the trace is of several
	Asset      chains.Asset  `json:"asset"`
	In         chains.Amount `json:"in"`
	SwappedIn  chains.Amount `json:"swapped_in"`
	SwappedOut chains.Amount `json:"swapped_out"`
	Ends       chains.Amount `json:"ends"`
	Fees       chains.Amount `json:"fees"`
	Unresolved chains.Amount `json:"unresolved"`
}

func newResult(snapshot chains.Snapshot, rule taint.Rule, params Params) *Result {
	return &Result{
		Rule: rule.Name, Engine: Engine{Version}, Params: params.doc(),
		Snapshot: []SnapshotDoc{snapshotDoc(snapshot)},
		Hops:     []Hop{}, Ends: []End{}, Totals: []Total{}, Missing: []Missing{},
		missing: lacks{}, balances: map[balance]int{},
	}
}

func snapshotDoc(s chains.Snapshot) SnapshotDoc {
	return SnapshotDoc{Chain: s.Chain, FromHeight: s.From, Height: s.Height, Hash: s.Hash, FinalHeight: s.Final}
}

// addDeposit records where a trail begins.
func (r *Result) addDeposit(tx *chains.Tx, d DepositDoc) {
	d.Chain, d.Tx = r.Snapshot[0].Chain, tx.ID
	d.Height, d.Block, d.Time, d.place = tx.Block.Height, tx.Block.Hash, tx.Time, tx.Index
	r.Deposits = append(r.Deposits, d)
	r.total(len(r.Deposits)-1, d.Asset).In = d.Amount
}

// total is the balance of one deposit in one asset, made where it is new.
func (r *Result) total(deposit int, asset chains.Asset) *Total {
	of := balance{deposit, asset}
	i, known := r.balances[of]
	if !known {
		i = len(r.Totals)
		r.balances[of] = i
		r.Totals = append(r.Totals, Total{Deposit: r.Deposits[deposit].ID, Asset: asset})
	}
	return &r.Totals[i]
}

func (p Params) doc() (doc ParamsDoc) {
	doc.Labels, doc.Heuristics, doc.Without, doc.Clusters = p.Labels, p.Heuristics, sortedIDs(p.Without), p.Clusters
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

// addHop records what a transaction moves of a deposit.
func (r *Result) addHop(tx *chains.Tx, deposit int, h Hop) {
	h.Deposit, h.Chain = r.Deposits[deposit].ID, r.Snapshot[0].Chain
	h.Tx, h.Height, h.Block, h.Time, h.at = tx.ID, tx.Block.Height, tx.Block.Hash, tx.Time, tx.Position()
	r.Hops = append(r.Hops, h)
}

// addEnd records that a part of a deposit rests where the transaction put it.
func (r *Result) addEnd(tx *chains.Tx, deposit int, e End) {
	e.Deposit, e.Chain = r.Deposits[deposit].ID, r.Snapshot[0].Chain
	e.Tx, e.Height, e.Block, e.Time, e.at = tx.ID, tx.Block.Height, tx.Block.Hash, tx.Time, tx.Position()
	r.Ends = append(r.Ends, e)

	total := r.total(deposit, e.Asset)
	switch {
	case e.Kind == EndFee:
		total.Fees = total.Fees.Add(e.Traced)
	case e.Kind.Unresolved():
		total.Unresolved = total.Unresolved.Add(e.Traced)
	default:
		total.Ends = total.Ends.Add(e.Traced)
	}
}

// miss records that the trace needed something of heights and did not have it.
func (r *Result) miss(what string, from, to uint64, reason string) {
	r.missing.add(lack{r.Snapshot[0].Chain, what, reason}, chains.Heights{From: from, To: to})
}

// finish sorts all lists by height, place in the block, index and deposit, and
// seals the result with its digest.
func (r *Result) finish() error {
	slices.SortFunc(r.Deposits, func(a, b DepositDoc) int {
		return cmp.Or(cmp.Compare(a.Chain, b.Chain), cmp.Compare(a.Height, b.Height), cmp.Compare(a.place, b.place), cmp.Compare(a.Index, b.Index), cmp.Compare(a.ID, b.ID))
	})
	order := map[string]int{}
	for i, d := range r.Deposits {
		order[d.ID] = i
	}
	own := func(t Total) int { // the deposit's own asset comes first
		if d := &r.Deposits[order[t.Deposit]]; t.Asset == d.Asset && (t.Chain == "" || t.Chain == d.Chain) {
			return 0
		}
		return 1
	}
	slices.SortFunc(r.Totals, func(a, b Total) int {
		return cmp.Or(cmp.Compare(order[a.Deposit], order[b.Deposit]), cmp.Compare(own(a), own(b)), cmp.Compare(a.Chain, b.Chain), cmp.Compare(a.Asset, b.Asset))
	})
	slices.SortFunc(r.Hops, func(a, b Hop) int {
		return cmp.Or(cmp.Compare(a.Chain, b.Chain), a.at.Compare(b.at), cmp.Compare(a.order, b.order), cmp.Compare(a.Deposit, b.Deposit), cmp.Compare(a.input, b.input),
			cmp.Compare(a.Asset, b.Asset), cmp.Compare(a.To.Address, b.To.Address), cmp.Compare(a.swappedAsset(), b.swappedAsset()),
			cmp.Compare(a.FromChain, b.FromChain), bytes.Compare(a.From.Tx[:], b.From.Tx[:]), cmp.Compare(a.From.Index, b.From.Index))
	})
	slices.SortFunc(r.Ends, func(a, b End) int {
		return cmp.Or(cmp.Compare(a.Chain, b.Chain), a.at.Compare(b.at), cmp.Compare(a.order, b.order), cmp.Compare(a.Deposit, b.Deposit), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Asset, b.Asset), cmp.Compare(a.Address, b.Address), cmp.Compare(a.Detail, b.Detail))
	})
	r.sortLeads()
	r.Missing = r.missing.list()
	digest, err := r.digest()
	r.Digest = digest
	return err
}

// digest is the SHA-256 of the result, without its digest, as canonical JSON.
func (r *Result) digest() (string, error) {
	bare := *r
	bare.Digest = ""
	return digestOf(&bare)
}

// digestOf is the SHA-256 of a value's canonical JSON.
func digestOf(v any) (string, error) {
	document, err := json.Marshal(v)
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
