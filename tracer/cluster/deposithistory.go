package cluster

import (
	"fmt"
	"time"

	"tsuiseki/chains"
)

// depositHistory is an account's history as the heuristics of deposit addresses
// see it: what came in, and what went to an exchange.
type depositHistory struct {
	chain   AccountChain
	account chains.Address
	params  DepositParams
	code    Code
	read    int // transactions

	exchange Party                 // that is paid
	receipts []receipt             // of value, in chain order
	sweeps   []sweep               // in chain order
	moved    map[chains.Asset]bool // swept
	left     map[chains.Asset]chains.Amount
	signs    bool                  // it signed a transaction: it has a key
	owns     map[chains.Asset]bool // tokens whose contracts it called: their logs tell the truth of it

	no     string // why it is no deposit address
	doubt  string // why it may be one or not
	lacked *string

	miners  map[chains.Address]bool // by account asked
	funders map[chains.Address]bool // of gas, for the exchange
}

// receipt is value that came in.
type receipt struct {
	tx     *chains.Tx
	from   chains.Address
	party  Party // whose from is
	asset  chains.Asset
	amount chains.Amount
}

// sweep is value that went to a wallet of the exchange.
type sweep struct {
	tx     *chains.Tx
	to     chains.Address
	asset  chains.Asset
	amount chains.Amount
	left   chains.Amount // of the asset, when the transaction ended
	by     string        // identity of the exchange that signed the transaction; empty where none did
	within bool          // it passes on what came in the same transaction
}

// readDepositHistory reads until something rules the account out.
func readDepositHistory(chain AccountChain, account chains.Address, params DepositParams) (*depositHistory, error) {
	h := &depositHistory{
		chain: chain, account: account, params: params,
		moved: map[chains.Asset]bool{}, left: map[chains.Asset]chains.Amount{}, owns: map[chains.Asset]bool{},
		miners: map[chains.Address]bool{}, funders: map[chains.Address]bool{},
	}
	if err := h.identify(); err != nil || h.no != "" {
		return h, err
	}
	for tx, err := range chain.Touching(account, chains.Position{}) {
		if err != nil {
			return nil, err
		}
		if h.read == params.MaxTxs {
			h.doubt = fmt.Sprintf("more than %d transactions touch it, and the first %d of them speak for it", params.MaxTxs, params.MaxTxs)
			break
		}
		h.read++
		if err := h.take(tx); err != nil {
			return nil, err
		}
		if h.no != "" {
			return h, nil
		}
	}
	h.judge()
	return h, nil
}

// identify rules out what is known to be something else.
func (h *depositHistory) identify() (err error) {
	party, err := h.chain.Party(h.account, time.Time{})
	if err != nil {
		return err
	}
	if h.code, err = h.chain.Code(h.account); err != nil {
		return err
	}
	switch {
	case party.Known:
		h.no = "it is known as " + party.Label
	case h.code.Token:
		h.no = "it is a token's contract"
	case h.code.Mixer:
		h.no = "it is a mixer's pool"
	}
	return nil
}

// take reads one transaction. One that failed moved nothing but its fee.
func (h *depositHistory) take(tx *chains.Tx) error {
	signed := tx.From == h.account
	h.signs = h.signs || signed
	if signed && tx.To != "" {
		// Only who calls a token's contract can know what it will log.
		h.owns[chains.Asset(tx.To)] = true
	}
	exits, first := 0, len(h.sweeps)
	for i := range tx.Transfers {
		t := &tx.Transfers[i]
		if tx.Failed && !paysFee(t) {
			continue
		}
		if h.leaves(t) {
			exits++
			if err := h.exit(tx, t); err != nil || h.no != "" {
				return err
			}
		}
		if h.comes(t) {
			if err := h.entry(tx, t); err != nil || h.no != "" {
				return err
			}
		}
		if t.Ledger() {
			h.count(t)
		}
	}
	h.finishSweeps(tx, h.sweeps[first:])
	if signed && exits == 0 && !tx.Failed {
		return h.called(tx)
	}
	return nil
}

// leaves tells whether a transfer pays somebody else; fees and what an issuer
// destroys pay nobody.
func (h *depositHistory) leaves(t *chains.Transfer) bool {
	return t.From == h.account && t.To != h.account && t.Amount.Sign() > 0 && !paysFee(t) && t.Kind != chains.DestroyedTransfer
}

func (h *depositHistory) comes(t *chains.Transfer) bool {
	return t.To == h.account && t.From != h.account && t.Amount.Sign() > 0
}

func paysFee(t *chains.Transfer) bool {
	return t.Kind == chains.FeeTransfer || t.Kind == chains.TipTransfer
}

// count keeps what the account has.
func (h *depositHistory) count(t *chains.Transfer) {
	if t.From == h.account {
		h.left[t.Asset] = h.left[t.Asset].Sub(t.Amount)
	}
	if t.To == h.account {
		h.left[t.Asset] = h.left[t.Asset].Add(t.Amount)
	}
}

// entry takes what comes in.
func (h *depositHistory) entry(tx *chains.Tx, t *chains.Transfer) error {
	switch t.Kind {
	case chains.TipTransfer, chains.RewardTransfer:
		h.no = fmt.Sprintf("it produced block %d", tx.Block.Height)
	case chains.NativeTransfer, chains.InternalTransfer, chains.TokenTransfer, chains.WithdrawalTransfer:
		r := receipt{tx: tx, from: t.From, asset: t.Asset, amount: t.Amount}
		var err error
		if t.From != "" {
			r.party, err = h.chain.Party(t.From, tx.Time)
		}
		h.receipts = append(h.receipts, r)
		return err
	}
	return nil
}

// exit takes what leaves. A token's log is believed where the account must have
// had a part in it: anybody can make a contract that logs transfers of anybody.
func (h *depositHistory) exit(tx *chains.Tx, t *chains.Transfer) error {
	to, err := h.chain.Party(t.To, tx.Time)
	if err != nil {
		return err
	}
	elsewhere := to.Exchange == "" || h.exchange.Exchange != "" && h.exchange.Exchange != to.Exchange
	believed, err := h.believed(tx, t)
	switch {
	case err != nil:
		return err
	case signerUnknown(tx) && t.IsLog() && elsewhere:
		h.doubt = fmt.Sprintf("who signed %s, in which it seems to pay %s, is not held", tx.ID, t.To)
	case !believed && h.code.Contract && elsewhere:
		h.doubt = fmt.Sprintf("%s logs that it paid %s in %s, which may be planted", t.Asset, t.To, tx.ID)
	case !believed:
	case t.Kind == chains.CollectibleTransfer && elsewhere:
		h.no = fmt.Sprintf("it sends a collectible elsewhere in %s", tx.ID)
	case t.Kind == chains.CollectibleTransfer:
	case to.Exchange == "":
		if t.Asset != h.chain.Native() || t.Amount.Cmp(h.params.Dust) > 0 {
			h.no = fmt.Sprintf("it also pays %s in %s", t.To, tx.ID)
		}
	case elsewhere:
		h.no = fmt.Sprintf("it pays %s, and %s in %s", h.exchange.Label, to.Label, tx.ID)
	default:
		h.exchange = to
		return h.addSweep(tx, t)
	}
	return nil
}

func (h *depositHistory) addSweep(tx *chains.Tx, t *chains.Transfer) error {
	signer, err := h.chain.Party(tx.From, tx.Time)
	h.moved[t.Asset] = true
	h.sweeps = append(h.sweeps, sweep{tx: tx, to: t.To, asset: t.Asset, amount: t.Amount, by: signer.Exchange})
	return err
}

// believed tells whether a transfer from the account happened by its key or its
// code: coins always do; a token's log does where the account signed the
// transaction, or called that token before (to approve of others' moving it), or
// is a contract that the transaction calls, or whose makers or exchange signed it.
// Where the signer is not held, nothing is a yes anyway.
func (h *depositHistory) believed(tx *chains.Tx, t *chains.Transfer) (bool, error) {
	switch {
	case !t.IsLog() || tx.From == h.account || signerUnknown(tx):
		return true, nil
	case !h.code.Contract:
		return h.owns[t.Asset], nil
	case tx.To == h.account:
		return true, nil
	}
	if made := h.code.Creation; made != nil {
		for _, maker := range []chains.Address{made.From, made.To} {
			if maker != "" && (tx.From == maker || tx.To == maker) {
				return true, nil
			}
		}
	}
	for i := range tx.Transfers {
		if other := &tx.Transfers[i]; other.Kind == chains.InternalTransfer && other.From == h.account {
			return true, nil
		}
	}
	signer, err := h.chain.Party(tx.From, tx.Time)
	return signer.Exchange != "", err
}

// signerUnknown tells whether the block's transactions are not held, only their logs.
func signerUnknown(tx *chains.Tx) bool { return tx.From == "" && tx.ID != (chains.TxID{}) }

// called judges a transaction that the account signs without paying anybody.
func (h *depositHistory) called(tx *chains.Tx) error {
	if tx.To == h.account { // to take back what waits
		return nil
	}
	if tx.To == "" {
		h.no = fmt.Sprintf("it creates a contract in %s", tx.ID)
		return nil
	}
	code, err := h.chain.Code(tx.To)
	if err != nil || code.Token {
		return err
	}
	party, err := h.chain.Party(tx.To, tx.Time)
	if err == nil && party.Exchange == "" {
		h.no = fmt.Sprintf("it calls %s in %s", tx.To, tx.ID)
	}
	return err
}

// finishSweeps notes what a transaction's sweeps leave behind, and whether what
// they pass on came in it.
func (h *depositHistory) finishSweeps(tx *chains.Tx, sweeps []sweep) {
	for i := range sweeps {
		s := &sweeps[i]
		s.left = h.left[s.asset]
		for n := len(h.receipts) - 1; n >= 0 && h.receipts[n].tx == tx; n-- {
			s.within = s.within || h.receipts[n].asset == s.asset
		}
	}
}

// customers are the payments in by others than the exchange.
func (h *depositHistory) customers() (payments []DepositPayment) {
	for i := range h.receipts {
		if r := &h.receipts[i]; h.exchange.Exchange != "" && h.pays(r) {
			payments = append(payments, DepositPayment{r.tx.ID, r.tx.Block.Height, r.from, r.asset, r.amount})
		}
	}
	return payments
}

func (h *depositHistory) swept() (payments []DepositPayment) {
	for i := range h.sweeps {
		s := &h.sweeps[i]
		payments = append(payments, DepositPayment{s.tx.ID, s.tx.Block.Height, s.to, s.asset, s.amount})
	}
	return payments
}
