// Package bridge reads what bridges write on the chains that they join, and says
// which payments belong together. It knows THORChain: what a memo means, which
// output of a transaction it is about, and when a payment out of a vault answers a
// payment into one. It is pure: it looks nothing up.
//
// Sources: THORChain's developers' documentation ("Transaction Memos", "Asset
// Notation", "Sending Transactions"), and the behaviour of its nodes' memo parser
// and observers of Bitcoin and Ethereum.
package bridge

import (
	"strings"
	"unicode/utf8"

	"tsuiseki/chains"
)

// Protocol names the bridge whose memos are read.
const Protocol = "thorchain"

// Kind is what a memo asks for, or says of a payment.
type Kind string

// Kinds of memo. Only swaps are followed, to the payments and refunds that answer them.
const (
	KindSwap           Kind = "swap"
	KindLimitSwap      Kind = "limit-swap" // carried out once the price is met
	KindOut            Kind = "out"
	KindRefund         Kind = "refund"
	KindAdd            Kind = "add"
	KindWithdraw       Kind = "withdraw"
	KindDonate         Kind = "donate"
	KindLoanOpen       Kind = "loan-open"
	KindLoanRepay      Kind = "loan-repay"
	KindTradeDeposit   Kind = "trade-deposit"
	KindTradeWithdraw  Kind = "trade-withdraw"
	KindSecureDeposit  Kind = "secure-deposit"
	KindSecureWithdraw Kind = "secure-withdraw"
	KindName           Kind = "name"
	KindBond           Kind = "bond"
	KindUnbond         Kind = "unbond"
	KindLeave          Kind = "leave"
	KindReserve        Kind = "reserve"
	KindNoOp           Kind = "no-op"
	KindSwitch         Kind = "switch"
	KindPool           Kind = "pool"
	KindExecute        Kind = "execute"
	KindMigrate        Kind = "migrate"     // from vault to vault
	KindConsolidate    Kind = "consolidate" // within a vault
	KindRagnarok       Kind = "ragnarok"    // a pool is wound up
	KindYggdrasil      Kind = "yggdrasil"   // between a vault and a node, in former years
)

// kindOf reads a memo's first word, in any case.
func kindOf(word string) Kind {
	switch strings.ToLower(word) {
	case "swap", "s", "=":
		return KindSwap
	case "=<", "limito", "lo":
		return KindLimitSwap
	case "out":
		return KindOut
	case "refund":
		return KindRefund
	case "add", "a", "+":
		return KindAdd
	case "withdraw", "wd", "-":
		return KindWithdraw
	case "donate", "d", "%":
		return KindDonate
	case "loan+", "$+":
		return KindLoanOpen
	case "loan-", "$-":
		return KindLoanRepay
	case "trade+":
		return KindTradeDeposit
	case "trade-":
		return KindTradeWithdraw
	case "secure+":
		return KindSecureDeposit
	case "secure-":
		return KindSecureWithdraw
	case "name", "n", "~":
		return KindName
	case "bond":
		return KindBond
	case "unbond":
		return KindUnbond
	}
	return rareKindOf(word)
}

func rareKindOf(word string) Kind {
	switch strings.ToLower(word) {
	case "leave":
		return KindLeave
	case "reserve":
		return KindReserve
	case "noop":
		return KindNoOp
	case "switch":
		return KindSwitch
	case "pool+", "pool-":
		return KindPool
	case "x":
		return KindExecute
	case "migrate":
		return KindMigrate
	case "consolidate":
		return KindConsolidate
	case "ragnarok":
		return KindRagnarok
	case "yggdrasil+", "yggdrasil-":
		return KindYggdrasil
	}
	return ""
}

// Memo is a memo taken apart. What a part does not say is empty.
type Memo struct {
	Text string // as written, hostile
	Kind Kind

	// Of a swap.
	Asset      Asset
	To         string // who is paid; an address of the asset's chain, or a THORName
	Refund     string // who is paid back; empty: the sender
	Limit      string // least to be paid, in 10^-8 of the asset
	Interval   string // of a streaming swap, in THORChain's blocks
	Quantity   string // of a streaming swap: into how many parts it is cut
	Affiliate  string
	Fee        string // of the affiliate, in basis points
	Aggregator string // contract by which it is swapped on, in part; Final is for what
	Final      string

	// Of a payment or refund out of a vault: the transaction that it answers.
	Quoted chains.TxID
}

// Parse reads a memo; false where it is none of THORChain's.
func Parse(text string) (m Memo, ok bool) {
	if len(text) > chains.MaxMemo {
		return m, false
	}
	m.Text = text
	text, _, _ = strings.Cut(text, "|") // what follows is for a contract
	parts := strings.Split(text, ":")
	if m.Kind = kindOf(parts[0]); m.Kind == "" {
		return m, false
	}
	part := func(n int) string {
		if n < len(parts) && plain(parts[n]) {
			return parts[n]
		}
		return ""
	}
	switch m.Kind {
	case KindSwap, KindLimitSwap:
		if part(1) == "" {
			return m, false
		}
		m.Asset = parseAsset(part(1))
		m.To, m.Refund, _ = strings.Cut(part(2), "/")
		limits := append(strings.SplitN(part(3), "/", 3), "", "")
		m.Limit, m.Interval, m.Quantity = limits[0], limits[1], limits[2]
		m.Affiliate, m.Fee, m.Aggregator, m.Final = part(4), part(5), part(6), part(7)
	case KindOut, KindRefund:
		m.Quoted, ok = chains.QuotedTx(text)
		return m, ok
	}
	return m, true
}

// Swaps reports whether the memo asks for a swap.
func (m Memo) Swaps() bool { return m.Kind == KindSwap || m.Kind == KindLimitSwap }

// Answers reports whether the memo says that a payment answers a transaction.
func (m Memo) Answers() bool { return m.Kind == KindOut || m.Kind == KindRefund }

// plain reports whether a part is printable ASCII: no name or address is anything else.
func plain(part string) bool {
	for i := range len(part) {
		if part[i] <= ' ' || part[i] > '~' {
			return false
		}
	}
	return true
}

// Printable is a memo as it may be shown: bytes that are no text, and characters
// that steer a terminal, are replaced.
func Printable(memo string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError || r >= 0x80 && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff {
			return utf8.RuneError
		}
		return r
	}, memo)
}
