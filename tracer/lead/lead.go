// Package lead looks beyond mixers. What it finds are leads for an investigator to
// check, marked as such: nothing that a mixer gave out is traced value, and no two
// accounts have one owner because of a lead.
package lead

import (
	"iter"
	"time"

	"tsuiseki/chains"
)

// Ledger answers what leads on an account chain rest on, all as of one block.
type Ledger interface {
	Snapshot() chains.Snapshot
	// Txs is every transaction with the id, in chain order.
	Txs(id chains.TxID) ([]*chains.Tx, error)
	// Transfers yields the transfers to and from an account from a position on, in chain order.
	Transfers(account chains.Address, from chains.Position) iter.Seq2[Entry, error]
	// Degree counts the transactions that moved value to or from an account, up to limit+1.
	Degree(account chains.Address, limit int) (int, error)
	// Pool tells whether an account is a mixer's pool at a time.
	Pool(account chains.Address, at time.Time) (bool, error)
}

// Entry is a transfer in an account's history, with its transaction.
type Entry struct {
	Tx       *chains.Tx // without an id where the transfer is outside of transactions
	Transfer *chains.Transfer
}

// Limits bound the work. What is beyond them is named as missing.
type Limits struct {
	Degree      int // transactions of a depositor above which it is a service, not a person
	Withdrawals int // transfers of a pool to read after a deposit
}

// DefaultLimits read the busiest pool of the main chain whole.
var DefaultLimits = Limits{Degree: 1_000, Withdrawals: 1_000_000}
