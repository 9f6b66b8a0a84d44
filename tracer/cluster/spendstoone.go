package cluster

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"tsuiseki/chains"
)

// OutputChain answers what the heuristic of deposit addresses asks of a UTXO chain,
// all as of one block.
type OutputChain interface {
	// Snapshot is what the answers can see.
	Snapshot() chains.Snapshot
	// Native is the asset that outputs hold.
	Native() chains.Asset
	// Touching yields the transactions that pay an address or spend from it, each
	// once, in chain order, described (Describe), with prevouts where known.
	Touching(address chains.Address) iter.Seq2[*chains.Tx, error]
	// Party is what attributions say of an address at a time; a zero time is whenever.
	Party(address chains.Address, at time.Time) (Party, error)
}

// SpendsToOneExchange is the heuristic of FindOutputDeposit.
var SpendsToOneExchange = Heuristic{ID: "spends-to-one-exchange", Version: 1}

// SpendsParameters names the parameters that it reads.
func SpendsParameters(p DepositParams) map[string]string {
	return map[string]string{"min_sweeps": fmt.Sprint(p.MinSweeps), "min_receipts": fmt.Sprint(p.MinReceipts), "max_txs": fmt.Sprint(p.MaxTxs)}
}

// FindOutputDeposit asks whether an address of a UTXO chain is what an exchange
// gave a customer to pay into: at least two transactions spend from it, each of which
// pays nothing but addresses that labels call the same exchange's own, whatever
// else it spends, so nothing comes back as change; at least two pay it, in none of
// which the exchange spends. Its confidence after n sweeps is Laplace's rule of
// succession, (n+1)/(n+2). It reads at most MaxTxs transactions, and stops at the
// first that rules the address out.
func FindOutputDeposit(chain OutputChain, address chains.Address, params DepositParams) (*DepositAddress, error) {
	h := &outputHistory{chain: chain, address: address, params: params}
	if err := h.readAll(); err != nil {
		return nil, fmt.Errorf("history of %s: %w", address, err)
	}
	in := h.judge()
	in.Heuristic, in.Parameters, in.Observed, in.Fired = SpendsToOneExchange, SpendsParameters(params), len(in.Fired), bestFirst(in.Fired)
	return &DepositAddress{
		Address: address, Verdict: in.Verdict, Reason: in.Reason, Exchange: h.exchange.Exchange, Label: h.exchange.Label,
		Inferences: []DepositInference{*in}, Receipts: h.receipts, Sweeps: h.sweeps, Read: h.read,
	}, nil
}

// outputHistory is an address's history as far as it is read.
type outputHistory struct {
	chain   OutputChain
	address chains.Address
	params  DepositParams
	read    int

	exchange         Party
	receipts, sweeps []DepositPayment
	no, doubt        string
}

func (h *outputHistory) readAll() error {
	party, err := h.chain.Party(h.address, time.Time{})
	if err != nil || party.Known {
		h.no = "it is known as " + party.Label
		return err
	}
	var paid []*chains.Tx
	for tx, err := range h.chain.Touching(h.address) {
		if err != nil {
			return err
		}
		if h.read == h.params.MaxTxs {
			h.doubt = fmt.Sprintf("more than %d transactions touch it, and the first %d of them speak for it", h.params.MaxTxs, h.params.MaxTxs)
			break
		}
		h.read++
		spends := slices.ContainsFunc(tx.Inputs, func(in chains.Input) bool { return in.Spent != nil && in.Spent.Address == h.address })
		if spends {
			err = h.sweep(tx)
		}
		if h.receive(tx) {
			paid = append(paid, tx)
		}
		if err != nil || h.no != "" {
			return err
		}
	}
	return h.checkPayers(paid)
}

// sweep takes a transaction that spends from the address.
func (h *outputHistory) sweep(tx *chains.Tx) error {
	wallet := chains.Address("")
	for i := range tx.Outputs {
		out := &tx.Outputs[i]
		if !payable(out) {
			continue
		}
		to, err := h.chain.Party(out.Address, tx.Time)
		switch {
		case err != nil:
			return err
		case to.Exchange == "":
			h.no = fmt.Sprintf("it also pays %s in %s", out.Address, tx.ID)
			return nil
		case h.exchange.Exchange != "" && h.exchange.Exchange != to.Exchange:
			h.no = fmt.Sprintf("it pays %s, and %s in %s", h.exchange.Label, to.Label, tx.ID)
			return nil
		}
		h.exchange = to
		if wallet == "" {
			wallet = out.Address
		}
	}
	if wallet == "" {
		h.no = fmt.Sprintf("it pays nobody in %s", tx.ID)
	}
	for i := range tx.Inputs {
		if spent := tx.Inputs[i].Spent; spent != nil && spent.Address == h.address {
			h.sweeps = append(h.sweeps, h.payment(tx, wallet, spent.Value))
		}
	}
	return nil
}

func (h *outputHistory) payment(tx *chains.Tx, other chains.Address, amount chains.Amount) DepositPayment {
	return DepositPayment{Tx: tx.ID, Height: tx.Block.Height, Account: other, Asset: h.chain.Native(), Amount: amount}
}

// receive takes what a transaction pays to the address, and tells whether it does.
func (h *outputHistory) receive(tx *chains.Tx) (paid bool) {
	payer := chains.Address("")
	if len(tx.Inputs) > 0 && tx.Inputs[0].Spent != nil {
		payer = tx.Inputs[0].Spent.Address
	}
	for i := range tx.Outputs {
		if out := &tx.Outputs[i]; out.Address == h.address && payable(out) {
			paid = true
			h.receipts = append(h.receipts, h.payment(tx, payer, out.Value))
		}
	}
	return paid
}

// checkPayers rules out an address that the exchange pays, or that finds blocks.
func (h *outputHistory) checkPayers(paid []*chains.Tx) error {
	for _, tx := range paid {
		if tx.Coinbase() {
			h.no = fmt.Sprintf("it is paid by block %d", tx.Block.Height)
			return nil
		}
		for i := range tx.Inputs {
			spent := tx.Inputs[i].Spent
			if spent == nil {
				h.doubt = fmt.Sprintf("who pays it in %s is not known: a prevout is not held", tx.ID)
				continue
			}
			from, err := h.chain.Party(spent.Address, tx.Time)
			if err != nil {
				return err
			}
			if from.Exchange != "" && from.Exchange == h.exchange.Exchange {
				h.no = fmt.Sprintf("%s pays it in %s", from.Label, tx.ID)
				return nil
			}
		}
	}
	return nil
}

func (h *outputHistory) judge() *DepositInference {
	sweeps, receipts := countTxs(h.sweeps), countTxs(h.receipts)
	switch {
	case h.no != "":
		return inferred(nil, h.no)
	case sweeps < h.params.MinSweeps:
		return inferred(nil, fmt.Sprintf("%d transactions sweep it, %d are wanted", sweeps, h.params.MinSweeps))
	case receipts < h.params.MinReceipts:
		return inferred(nil, fmt.Sprintf("%d transactions pay it, %d are wanted", receipts, h.params.MinReceipts))
	}
	var fired []DepositFiring
	for _, s := range h.sweeps {
		fired = append(fired, DepositFiring{Sweep: s.Tx, To: s.Account, Asset: s.Asset, Amount: s.Amount, confidence: succession(sweeps)})
	}
	in := inferred(fired, "")
	if from := h.chain.Snapshot().From; from > 0 && h.doubt == "" {
		h.doubt = fmt.Sprintf("what it paid before height %d, where the index starts, is not known", from)
	}
	if h.doubt != "" {
		in.Verdict, in.Reason = Undecided, h.doubt
	}
	return in
}

// countTxs counts the transactions of payments in chain order.
func countTxs(payments []DepositPayment) (count int) {
	for i := range payments {
		if i == 0 || payments[i].Tx != payments[i-1].Tx {
			count++
		}
	}
	return count
}
