package tracer

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer/taint"
)

// Ledger answers the questions that a trace asks of one account chain, all as of
// one block.
type Ledger interface {
	// Snapshot is what the answers can see.
	Snapshot() chains.Snapshot
	// Native is the asset in which fees are paid.
	Native() chains.Asset
	// TxAt is the transaction at a position, with all its transfers.
	TxAt(at chains.Position) (*chains.Tx, error)
	// Movements yields what transactions at or after a position did to an account's
	// balance of an asset, in chain order.
	Movements(account chains.Address, asset chains.Asset, from chains.Position) iter.Seq2[chains.Movement, error]
	// Opening is the account's balance before a position.
	Opening(account chains.Address, asset chains.Asset, before chains.Position) (Opening, error)
	// Degree counts the transactions that touch the account, up to limit+1.
	Degree(account chains.Address, limit int) (int, error)
	// Contract tells whether there is evidence that the account has code.
	Contract(account chains.Address) (bool, error)
	// Frozen tells whether and since when the asset's issuer has frozen the account.
	Frozen(asset chains.Asset, account chains.Address) (since chains.Position, frozen bool, err error)
	// Missing lists the heights between two, both included, of which a part is not held.
	Missing(part chains.Part, from, to uint64) ([]chains.Heights, error)
	// Token is what an asset's contract says of itself; nil where it did not say.
	Token(asset chains.Asset) (*chains.Token, error)
	Stopper
}

// Stopper knows places where trails end because of whose or what they are.
type Stopper interface {
	// Stop says whether a trail that reaches an address at a time ends there.
	Stop(address chains.Address, at time.Time) (Stop, bool, error)
}

// Stop is why a trail ends at an address.
type Stop struct {
	Kind   EndKind
	Label  string // attribution, of the place or of the wallet by which a heuristic knows it; empty where there is none
	Detail string // who says so, or which heuristic by what

	Bridge *BridgeDoc // where it left for another chain, and a memo told
}

// Opening is a balance before a position.
type Opening struct {
	Balance chains.Amount
	Assumed string // why it is not certain; empty where it is
}

// AccountDeposit is a transfer by which a victim paid.
type AccountDeposit struct {
	ID       string // unique in the trace; "" means TXID:log:N or TXID:call:N
	Tx       *chains.Tx
	Transfer int // place in Tx.Transfers
}

func (d *AccountDeposit) transfer() *chains.Transfer { return &d.Tx.Transfers[d.Transfer] }

// TransferRef is how a transfer is referred to.
func TransferRef(tx chains.TxID, t *chains.Transfer) string {
	place := "call"
	if t.IsLog() {
		place = "log"
	}
	return fmt.Sprintf("%s:%s:%d", tx, place, t.Index)
}

// TraceAccounts follows deposits over an account chain. What an account holds of
// an asset is one queue of lots: what comes in joins at the end, and the rule
// says which part of the queue an outgoing payment takes. Within a transaction
// an account's net change counts; where an account takes in one asset and gives
// another, the trail goes from asset to asset at the rate that this implies. Where
// the ledger is an Inferrer too, trails end where it says.
func TraceAccounts(ctx context.Context, ledger Ledger, deposits []AccountDeposit, params Params) (*Result, error) {
	rule, ok := taint.RuleByName(params.Rule)
	if !ok {
		return nil, fmt.Errorf("allocation rule %q is unknown: use one of %s", params.Rule, ruleNames())
	}
	deposits, err := checkAccountDeposits(deposits)
	if err != nil {
		return nil, err
	}
	if len(deposits) == 0 {
		return nil, fmt.Errorf("no deposit to trace")
	}
	s := newAccountSweep(ledger, rule, params)
	s.start(deposits)
	if err := s.run(ctx); err != nil {
		return nil, err
	}
	if err := s.nameAssets(); err != nil {
		return nil, err
	}
	return s.result, s.result.finish()
}

func newAccountSweep(ledger Ledger, rule taint.Rule, params Params) *accountSweep {
	inferrer, _ := ledger.(Inferrer)
	return &accountSweep{
		ledger: ledger, inferrer: inferrer, rule: rule, params: params,
		result: newResult(ledger.Snapshot(), rule, params),
		events: map[chains.Position]*event{},
		passed: map[chains.Address]bool{},
		live:   map[holder]*lotQueue{},
		gaps:   newGaps(ledger.Snapshot(), ledger.Missing),
	}
}

// checkAccountDeposits names deposits without an id, and refuses what cannot be traced.
func checkAccountDeposits(given []AccountDeposit) (deposits []AccountDeposit, err error) {
	seen := map[string]bool{}
	for _, d := range given {
		if err := d.checkTransfer(); err != nil {
			return nil, err
		}
		if d.ID == "" {
			d.ID = TransferRef(d.Tx.ID, d.transfer())
		}
		if seen[d.ID] {
			return nil, fmt.Errorf("deposit %s is given twice", d.ID)
		}
		seen[d.ID] = true
		deposits = append(deposits, d)
	}
	return deposits, nil
}

// nameAssets lists how to read the amounts of every asset that the trace met.
func (s *accountSweep) nameAssets() error {
	seen := map[chains.Asset]bool{}
	for _, t := range s.result.Totals {
		if seen[t.Asset] {
			continue
		}
		seen[t.Asset] = true
		doc := AssetDoc{Asset: t.Asset}
		if t.Asset == s.ledger.Native() {
			symbol, decimals := string(t.Asset), uint8(WeiDecimals)
			doc.Symbol, doc.Decimals = &symbol, &decimals
		} else if token, err := s.ledger.Token(t.Asset); err != nil {
			return err
		} else if token != nil {
			doc.Symbol, doc.Decimals = &token.Symbol, &token.Decimals
		}
		s.result.Assets = append(s.result.Assets, doc)
	}
	slices.SortFunc(s.result.Assets, func(a, b AssetDoc) int { return cmp.Compare(a.Asset, b.Asset) })
	return nil
}

// WeiDecimals is how many decimal places the coin of an Ethereum chain has.
const WeiDecimals = 18

// checkTransfer says why a transfer cannot be traced.
func (d *AccountDeposit) checkTransfer() error {
	if d.Transfer < 0 || d.Transfer >= len(d.Tx.Transfers) {
		return fmt.Errorf("deposit in %s: %w: the transaction has %d transfers", d.Tx.ID, chains.ErrNotFound, len(d.Tx.Transfers))
	}
	t := d.transfer()
	ref := TransferRef(d.Tx.ID, t)
	switch {
	case d.Tx.Failed:
		return fmt.Errorf("deposit %s: the transaction failed: it moved nothing", ref)
	case t.Kind == chains.CollectibleTransfer:
		return fmt.Errorf("deposit %s is a collectible (ERC-721 or ERC-1155), not an amount: it cannot be traced by value", ref)
	case t.Amount.Sign() <= 0:
		return fmt.Errorf("deposit %s carries no value: look-alike addresses are planted this way; find the payment that the victim made", ref)
	case t.From == t.To:
		return fmt.Errorf("deposit %s moves nothing: %s pays itself; find the payment that the victim made", ref, t.From)
	case !t.Payment():
		return fmt.Errorf("deposit %s is a %s, not a payment", ref, t.Kind)
	}
	return nil
}
