package bridge

import (
	"fmt"
	"strings"
	"time"

	"tsuiseki/chains"
)

// In is a payment into what may be a vault, and the memo that came with it.
type In struct {
	Code   string // THORChain's code of its chain
	Tx     chains.TxID
	Time   time.Time
	Sender chains.Address
	Vault  chains.Address
	Asset  chains.Asset
	Amount chains.Amount
	Native bool // the asset is the chain's coin
	Memo   Memo // asks for a swap
}

// Out is a payment out of what may be a vault.
type Out struct {
	Code   string
	Time   time.Time
	To     chains.Address
	Asset  chains.Asset
	Native bool
	Memo   Memo // answers a transaction
}

// slack is by how much a block of Bitcoin may claim a time later than its own.
const slack = 2 * time.Hour

// Mismatch says why a payment does not answer another; empty where the records of
// both chains agree that it does: it quotes the other's id, is not older, and pays
// the asset that was asked for to the recipient that was named; or, as a refund,
// pays what had come back to who had sent it or was named for that. A block without
// a time is not held against it.
func Mismatch(in In, out Out) string {
	refund := out.Memo.Kind == KindRefund
	asset, to := in.Memo.Asset.names(out.Asset, out.Native) && in.Memo.Asset.Chain == out.Code, in.Memo.To
	if refund {
		asset, to = in.Code == out.Code && in.Asset == out.Asset, in.Memo.Refund
		if to == "" {
			to = string(in.Sender)
		}
	}
	switch {
	case !out.Memo.Answers() || out.Memo.Quoted != in.Tx:
		return "it answers another transaction"
	case !in.Time.IsZero() && !out.Time.IsZero() && out.Time.Before(in.Time.Add(-slack)):
		return fmt.Sprintf("it is older than the deposit (%s)", out.Time.UTC().Format(time.RFC3339))
	case !asset && refund:
		return fmt.Sprintf("it pays back %s, and %s was sent", out.Asset, in.Asset)
	case !asset:
		return fmt.Sprintf("it pays %s on %s, and the memo asks for %s", out.Asset, out.Code, in.Memo.Asset.Text)
	case !SameAddress(to, string(out.To)):
		return fmt.Sprintf("it pays %s, not %q", out.To, to)
	}
	return ""
}

// SameAddress reports whether two texts name one address: in hexadecimal and bech32
// the case does not matter.
func SameAddress(a, b string) bool {
	if a == b {
		return a != ""
	}
	lower := strings.ToLower(a)
	for _, prefix := range []string{"0x", "bc1", "tb1", "bcrt1", "sb1", "ltc1", "tltc1", "rltc1"} {
		if strings.HasPrefix(lower, prefix) {
			return strings.EqualFold(a, b)
		}
	}
	return false
}
