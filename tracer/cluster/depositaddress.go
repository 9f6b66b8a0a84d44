package cluster

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"time"

	"tsuiseki/chains"
)

// AccountChain answers what the heuristics of deposit addresses ask of an account
// chain, all as of one block.
type AccountChain interface {
	// Snapshot is what the answers can see.
	Snapshot() chains.Snapshot
	// Native is the asset in which fees are paid.
	Native() chains.Asset
	// Touching yields the transactions that an account signs, or that move anything
	// to or from it, from a position on, in chain order. What moves outside of
	// transactions comes as one without an id.
	Touching(account chains.Address, from chains.Position) iter.Seq2[*chains.Tx, error]
	// Party is what attributions say of an account at a time; a zero time is whenever.
	Party(account chains.Address, at time.Time) (Party, error)
	// Code is what is known of an account's being a contract.
	Code(account chains.Address) (Code, error)
	// Missing lists the heights between two, both included, of which a part is not held.
	Missing(part chains.Part, from, to uint64) ([]chains.Heights, error)
	// SignedBefore tells whether an account had signed a transaction before the
	// first block held: Undecided where nobody tells.
	SignedBefore(account chains.Address) (Verdict, error)
}

// Party is whose an account is, by attribution.
type Party struct {
	Exchange string // identity of the exchange whose own wallet it is; else empty
	Label    string // for people
	Known    bool   // it is some service's, or nobody's: trails end there
	Miner    bool   // it belongs to a mining service
}

// Code is the evidence that an account is a contract.
type Code struct {
	Contract bool
	Token    bool       // it logs transfers as a token's contract
	Mixer    bool       // it logs deposits as a mixer's pool
	Creation *chains.Tx // nil where not known
}

// DepositParams are the parameters of all heuristics of deposit addresses.
type DepositParams struct {
	MaxRest     chains.Amount // of the native asset: what a sweep may leave behind, or take as its fee
	MaxBlocks   uint64        // from a payment, or from gas, to the sweep
	MaxGas      chains.Amount // of the native asset: what an exchange may pay in for gas, each time
	Dust        chains.Amount // of the native asset: what may go elsewhere, each time
	MinSweeps   int           // transactions that sweep
	MinReceipts int           // payments by others than the exchange
	MinFunded   int           // other deposit addresses that a funder of gas has
	MinerTxs    int           // transactions of a payer that are looked at for a block's rewards
	FunderTxs   int           // transactions of a funder of gas that are looked at
	MaxTxs      int           // transactions of one account that are read
}

// DefaultDepositParams are Victor's for the rest and the blocks, else this project's.
func DefaultDepositParams() DepositParams {
	const milliether = 1_000_000_000_000_000
	return DepositParams{
		MaxRest: chains.NewAmount(10 * milliether), MaxBlocks: 3_200,
		MaxGas: chains.NewAmount(50 * milliether), Dust: chains.NewAmount(milliether / 10),
		MinSweeps: 2, MinReceipts: 2, MinFunded: 3, MinerTxs: 64, FunderTxs: 200, MaxTxs: 1_000,
	}
}

// DepositHeuristic is one way to know that an account is what an exchange gave a
// customer to pay into. What it says holds only for accounts that pass the guards
// of FindDepositAddress.
type DepositHeuristic struct {
	Heuristic
	// Parameters names those that the heuristic reads, the guards' included.
	Parameters func(DepositParams) map[string]string
	find       func(*depositHistory) (*DepositInference, error)
}

// DepositHeuristics are all heuristics of deposit addresses.
func DepositHeuristics() []DepositHeuristic {
	return []DepositHeuristic{
		{VictorDeposit, victorParameters, findVictor},
		{ForwardsToOneExchange, forwardParameters, findForwards},
		{ExchangeGasFunding, gasParameters, findGasFunding},
		{ForwarderContract, contractParameters, findForwarderContract},
	}
}

// DepositInference is what one heuristic says of an account.
type DepositInference struct {
	Heuristic
	Verdict    Verdict           `json:"verdict"`
	Reason     string            `json:"reason,omitempty"` // why no, or why it is undecided
	Confidence int               `json:"confidence_bp"`    // basis points of the best observation; 0 where the verdict is no
	Observed   int               `json:"observations"`
	Fired      []DepositFiring   `json:"fired"` // the observation that the confidence is of first, the others in chain order
	Parameters map[string]string `json:"parameters"`
}

// DepositFiring is one observation: transactions by which a heuristic knows.
type DepositFiring struct {
	Deposit *chains.TxID   `json:"deposit"` // in which somebody paid; null where that is not told apart
	Gas     *chains.TxID   `json:"gas"`     // in which the gas was paid; null where the heuristic does not ask
	Sweep   chains.TxID    `json:"sweep"`
	To      chains.Address `json:"to"` // wallet of the exchange
	Asset   chains.Asset   `json:"asset"`
	Amount  chains.Amount  `json:"amount"` // swept

	confidence int
}

// DepositAddress is what is known of an account's being a deposit address.
type DepositAddress struct {
	Address    chains.Address     `json:"address"`
	Verdict    Verdict            `json:"verdict"` // yes where any heuristic says so
	Reason     string             `json:"reason,omitempty"`
	Exchange   string             `json:"exchange"` // identity of the exchange; empty where nothing went to one
	Label      string             `json:"label"`    // of the wallet that was paid last
	Inferences []DepositInference `json:"inferences"`

	Receipts []DepositPayment `json:"-"` // in, by others than the exchange
	Sweeps   []DepositPayment `json:"-"` // out, to the exchange
	Read     int              `json:"-"` // transactions
}

// DepositPayment is one payment into a deposit address, or a sweep's out of it.
type DepositPayment struct {
	Tx      chains.TxID    `json:"tx"`
	Height  uint64         `json:"height"`
	Account chains.Address `json:"address"` // the other side; empty for what the consensus layer paid
	Asset   chains.Asset   `json:"asset"`
	Amount  chains.Amount  `json:"amount"`
}

// Best is the inference with the highest confidence; nil where none says yes.
func (d *DepositAddress) Best() *DepositInference {
	var best *DepositInference
	for i := range d.Inferences {
		if in := &d.Inferences[i]; in.Verdict == Yes && (best == nil || in.Confidence > best.Confidence) {
			best = in
		}
	}
	return best
}

// FindDepositAddress asks the heuristics whether an account is a deposit address.
// All of them share these guards, each of which makes the answer a no: attributions
// name the account; it is a token's contract, a mixer or a block's producer; it pays
// anyone but the wallets of one exchange, dust aside; it calls other contracts than
// tokens'; the exchange itself pays it more than gas, or alone pays it. Where blocks
// that could show any of this are not held, what would be a yes is undecided.
//
// It reads at most MaxTxs transactions of the account and stops at the first that
// rules it out; what heuristics ask of other accounts is bounded by their parameters.
// (F. Victor: "Address Clustering Heuristics for Ethereum", FC 2020.)
func FindDepositAddress(chain AccountChain, account chains.Address, heuristics []DepositHeuristic, params DepositParams) (*DepositAddress, error) {
	h, err := readDepositHistory(chain, account, params)
	if err != nil {
		return nil, fmt.Errorf("history of %s: %w", account, err)
	}
	found := &DepositAddress{Address: account, Verdict: No, Reason: h.no, Exchange: h.exchange.Exchange, Label: h.exchange.Label, Inferences: []DepositInference{}, Read: h.read}
	for _, heuristic := range heuristics {
		in := &DepositInference{Verdict: No, Reason: h.no}
		if h.no == "" {
			if in, err = heuristic.find(h); err != nil {
				return nil, fmt.Errorf("%s of %s: %w", heuristic.ID, account, err)
			}
		}
		if in.Verdict == Yes {
			doubt, err := h.lacks()
			if err != nil {
				return nil, err
			}
			if doubt != "" {
				in.Verdict, in.Reason = Undecided, doubt
			}
		}
		in.Heuristic, in.Parameters, in.Observed = heuristic.Heuristic, heuristic.Parameters(params), len(in.Fired)
		in.Fired = bestFirst(in.Fired)
		found.Inferences = append(found.Inferences, *in)
		if in.Verdict == Yes || in.Verdict == Undecided && found.Verdict == No {
			found.Verdict, found.Reason = in.Verdict, in.Reason
		}
	}
	found.Receipts, found.Sweeps = h.customers(), h.swept()
	return found, nil
}

// bestFirst puts the observation of highest confidence, the earliest of equals, first.
func bestFirst(fired []DepositFiring) []DepositFiring {
	best := 0
	for i := range fired {
		if fired[i].confidence > fired[best].confidence {
			best = i
		}
	}
	if len(fired) == 0 {
		return []DepositFiring{}
	}
	first := fired[best]
	return slices.Insert(slices.Delete(fired, best, best+1), 0, first)
}

// inferred is a yes by observations, or a no for a reason.
func inferred(fired []DepositFiring, otherwise string) *DepositInference {
	if len(fired) == 0 {
		return &DepositInference{Verdict: No, Reason: otherwise}
	}
	best := slices.MaxFunc(fired, func(a, b DepositFiring) int { return cmp.Compare(a.confidence, b.confidence) })
	return &DepositInference{Verdict: Yes, Confidence: best.confidence, Fired: fired}
}
