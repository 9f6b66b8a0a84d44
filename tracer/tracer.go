// Package tracer follows deposits through a chain: deposits in, a ledger of hops
// and typed ends out.
//
// All deposits are swept forward together in chain order, which is topological
// order, so no transaction is visited twice. Each deposit keeps its own traced
// part of every output: its result does not depend on what is traced beside it.
package tracer

import (
	"context"
	"fmt"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
	"tsuiseki/tracer/taint"
)

// Version of the engine; it changes whenever a result may.
const Version = "0.2.0"

// Chain answers the questions that a trace asks of one chain, all as of one block.
type Chain interface {
	// Snapshot is what the answers can see.
	Snapshot() chains.Snapshot
	// Txs is every transaction with the id, in chain order; chains.ErrNotFound where there is none.
	Txs(id chains.TxID) ([]*chains.Tx, error)
	// TxAt is the transaction at a position; unknown prevouts are nil.
	TxAt(at chains.Position) (*chains.Tx, error)
	// Spend tells who spends output n of a transaction: SpentConfirmed or Unspent.
	Spend(tx *chains.Tx, n uint32) (chains.Spend, error)
	// Overwritten tells whether a BIP30 duplicate took the transaction's place.
	Overwritten(tx *chains.Tx) (bool, error)
	// Degree counts the outputs that pay the script's address, up to limit+1.
	Degree(script []byte, limit int) (int, error)
	// Describe gives a script's address, or stable name, and its type.
	Describe(script []byte) (chains.Address, string)
}

// Params bound a trace. A place where a bound stops a trail becomes an end of
// the bound's kind; where several do, of the first among MinAmount, Until, MaxHops,
// HubDegree and Budget, on every chain. (An account's degree is asked on arrival,
// before the others.) Until comes before MaxHops: what has not moved by then is
// there, and no hop that comes later may take a part of it away.
type Params struct {
	Rule      string        // allocation rule, see taint.Rules
	MaxHops   int           // transactions between deposit and end; 0 means no limit
	MinAmount chains.Amount // traced part of a place below which it is not followed; 0 means no limit
	Until     time.Time     // spends in later blocks are not followed; zero means no limit
	HubDegree int           // outputs paid to an address above which it is not followed; 0 means no limit
	Budget    int           // transactions visited per deposit; 0 means no limit
	Labels    string        // digest of the labels that the chain's stops come from; empty where there are none

	Without    []string       // ids of heuristics that are not used
	Heuristics []HeuristicDoc // that may end trails, where the ledger brings them; Trace names its own
	Clusters   *ClustersDoc   // through which labels reached addresses; nil where they did not
}

// Deposit is an output in which a victim paid.
type Deposit struct {
	ID     string // unique in the trace; "" means TXID:INDEX
	Tx     *chains.Tx
	Output uint32
}

func (d *Deposit) value() chains.Amount { return d.Tx.Outputs[d.Output].Value }

// Trace sweeps the deposits forward over one chain; where that is a Stopper too, or
// an Inferrer, trails end where it says. Every unit of every deposit rests in a typed end of the
// result. asset names what the chain's values are of.
func Trace(ctx context.Context, chain Chain, asset chains.Asset, deposits []Deposit, params Params) (*Result, error) {
	rule, ok := taint.RuleByName(params.Rule)
	if !ok {
		return nil, fmt.Errorf("allocation rule %q is unknown: use one of %s", params.Rule, ruleNames())
	}
	deposits, err := checkDeposits(deposits)
	if err != nil {
		return nil, err
	}
	if len(deposits) == 0 {
		return nil, fmt.Errorf("no deposit to trace")
	}
	s := newSweep(chain, asset, rule, deposits, params)
	if err := s.run(ctx); err != nil {
		return nil, err
	}
	return s.result, s.result.finish()
}

func newSweep(chain Chain, asset chains.Asset, rule taint.Rule, deposits []Deposit, params Params) *sweep {
	stopper, _ := chain.(Stopper)
	inferrer, _ := chain.(Inferrer)
	heuristics := applied(params.Without, cluster.Joint)
	s := &sweep{
		chain: chain, stopper: stopper, inferrer: inferrer, asset: asset, rule: rule, params: params, deposits: deposits,
		result:  newResult(chain.Snapshot(), rule, params),
		pending: map[chains.Position]*arrivals{},
		degrees: map[chains.Address]int{},
		mixes:   len(heuristics) > 0,
	}
	s.result.Params.Heuristics = uniteHeuristics(heuristics, params.Heuristics)
	return s
}

// checkDeposits names deposits without an id, and refuses what cannot be traced.
func checkDeposits(given []Deposit) ([]Deposit, error) {
	seen := map[string]bool{}
	deposits := make([]Deposit, len(given))
	for i, d := range given {
		if int(d.Output) >= len(d.Tx.Outputs) {
			return nil, fmt.Errorf("deposit %s:%d: %w: the transaction has %d outputs, numbered from 0", d.Tx.ID, d.Output, chains.ErrNotFound, len(d.Tx.Outputs))
		}
		if d.value().Sign() == 0 {
			return nil, fmt.Errorf("deposit %s:%d carries no value: there is nothing to trace", d.Tx.ID, d.Output)
		}
		if d.ID == "" {
			d.ID = chains.Outpoint{Tx: d.Tx.ID, Index: d.Output}.String()
		}
		if seen[d.ID] {
			return nil, fmt.Errorf("deposit %s is given twice", d.ID)
		}
		seen[d.ID] = true
		deposits[i] = d
	}
	return deposits, nil
}

func ruleNames() (names string) {
	for i, r := range taint.Rules() {
		if i > 0 {
			names += ", "
		}
		names += r.Name
	}
	return names
}
