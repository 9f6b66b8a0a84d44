package cluster

import (
	"cmp"
	"fmt"
	"slices"

	"tsuiseki/chains"
)

// DepositUse is a deposit address that an account paid. Who else paid it paid the
// same customer of the exchange, and need not be the same person: a swindler's
// victims pay straight into his exchange account. So no use merges anything.
type DepositUse struct {
	*DepositAddress
	Payments []DepositPayment // by the account; Account is the account's own
}

// UsedDeposits are what an account paid, and which of that could not be told.
type UsedDeposits struct {
	Uses      []DepositUse
	Undecided []*DepositAddress
	Payees    int    // that were asked
	Limit     string // which limit was reached; empty where none was
}

// FindUsedDeposits asks of everyone whom an account ever paid whether it is a
// deposit address, in the order of first payments. It reads at most MaxTxs
// transactions of the account and asks at most mostPayees payees.
func FindUsedDeposits(chain AccountChain, account chains.Address, heuristics []DepositHeuristic, params DepositParams, mostPayees int) (*UsedDeposits, error) {
	used := new(UsedDeposits)
	payees, err := used.payees(chain, account, params.MaxTxs, mostPayees)
	if err != nil {
		return nil, fmt.Errorf("payees of %s: %w", account, err)
	}
	used.Payees = len(payees)
	for _, payee := range payees {
		d, err := FindDepositAddress(chain, payee, heuristics, params)
		if err != nil {
			return nil, err
		}
		payments := d.PaidBy(account)
		switch {
		case d.Verdict == No || len(payments) == 0:
		case d.Verdict == Undecided:
			used.Undecided = append(used.Undecided, d)
		default:
			used.Uses = append(used.Uses, DepositUse{d, payments})
		}
	}
	return used, nil
}

// payees are all that an account pays, the first first.
func (u *UsedDeposits) payees(chain AccountChain, account chains.Address, mostTxs, most int) (payees []chains.Address, err error) {
	seen, read := map[chains.Address]bool{account: true}, 0
	for tx, err := range chain.Touching(account, chains.Position{}) {
		switch {
		case err != nil:
			return nil, err
		case read == mostTxs:
			u.Limit = fmt.Sprintf("more than %d transactions touch it: whom it pays in later ones is not looked at", mostTxs)
			return payees, nil
		}
		read++
		for i := range tx.Transfers {
			t := &tx.Transfers[i]
			if tx.Failed || t.From != account || !t.Payment() || seen[t.To] {
				continue
			}
			if len(payees) == most {
				u.Limit = fmt.Sprintf("it pays more than %d accounts: the later ones are not looked at", most)
				return payees, nil
			}
			seen[t.To] = true
			payees = append(payees, t.To)
		}
	}
	return payees, nil
}

// PaidBy are the payments of one account into a deposit address.
func (d *DepositAddress) PaidBy(account chains.Address) (payments []DepositPayment) {
	for _, p := range d.Receipts {
		if p.Account == account {
			payments = append(payments, p)
		}
	}
	return payments
}

// DepositSender is an account that pays a deposit address.
type DepositSender struct {
	Address  chains.Address
	Payments []DepositPayment // in chain order
}

// Senders are the accounts that pay a deposit address, the first to pay first.
func (d *DepositAddress) Senders() (senders []DepositSender) {
	places := map[chains.Address]int{}
	for _, p := range d.Receipts {
		if p.Account == "" { // the consensus layer
			continue
		}
		i, known := places[p.Account]
		if !known {
			i = len(senders)
			places[p.Account] = i
			senders = append(senders, DepositSender{Address: p.Account})
		}
		senders[i].Payments = append(senders[i].Payments, p)
	}
	return senders
}

// SharedDeposit is a deposit address that two accounts pay, or that one of them is.
type SharedDeposit struct {
	*DepositAddress
	A, B []DepositPayment // by each; nothing for the one that is the address itself
}

// FindSharedDeposits finds the deposit addresses that two accounts have in common,
// the surest first. What is undecided, or beyond a limit, is told by used.
func FindSharedDeposits(chain AccountChain, a, b chains.Address, heuristics []DepositHeuristic, params DepositParams, mostPayees int) (shared []SharedDeposit, used []*UsedDeposits, err error) {
	for _, account := range []chains.Address{a, b} {
		found, err := FindUsedDeposits(chain, account, heuristics, params, mostPayees)
		if err != nil {
			return nil, nil, err
		}
		used = append(used, found)
	}
	for _, of := range used[0].Uses {
		i := slices.IndexFunc(used[1].Uses, func(other DepositUse) bool { return other.Address == of.Address })
		switch {
		case of.Address == b:
			shared = append(shared, SharedDeposit{of.DepositAddress, of.Payments, nil})
		case i >= 0:
			shared = append(shared, SharedDeposit{of.DepositAddress, of.Payments, used[1].Uses[i].Payments})
		}
	}
	for _, of := range used[1].Uses {
		if of.Address == a {
			shared = append(shared, SharedDeposit{of.DepositAddress, nil, of.Payments})
		}
	}
	slices.SortStableFunc(shared, func(x, y SharedDeposit) int {
		return cmp.Compare(y.Best().Confidence, x.Best().Confidence)
	})
	return shared, used, nil
}
