package cluster_test

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

const ether chains.Asset = "ETH"

// tenthMilli is the unit of ether in these tests: as much as may be dust.
var tenthMilli = chains.NewAmount(100_000_000_000_000)

// depositChain is a chain of a few transactions with attributions, in memory. Any
// word is an account's address.
type depositChain struct {
	txs     []*chains.Tx // in chain order
	from    uint64
	height  uint64
	parties map[chains.Address]depositParty
	missing map[chains.Part][]chains.Heights
	signed  cluster.Verdict // before the first block
	reads   int             // transactions yielded
}

type depositParty struct {
	cluster.Party
	since time.Time // known to be so
}

// defaultParties are whose accounts are in all cases.
func defaultParties() map[chains.Address]depositParty {
	return map[chains.Address]depositParty{
		"hot":   {Party: cluster.Party{Exchange: "x", Label: "X 1", Known: true}},
		"hot2":  {Party: cluster.Party{Exchange: "x", Label: "X 2", Known: true}},
		"bank":  {Party: cluster.Party{Exchange: "y", Label: "Y", Known: true}},
		"shop":  {Party: cluster.Party{Label: "a shop", Known: true}},
		"hive":  {Party: cluster.Party{Label: "a mining pool", Known: true, Miner: true}},
		"fresh": {Party: cluster.Party{Exchange: "x", Label: "X 3", Known: true}, since: hour(500)},
	}
}

func hour(height uint64) time.Time {
	return time.Unix(1_700_000_000, 0).Add(time.Duration(height) * time.Hour)
}

func (c *depositChain) Snapshot() chains.Snapshot {
	return chains.Snapshot{Chain: "ethereum", From: c.from, BlockRef: chains.BlockRef{Height: c.height}}
}

func (*depositChain) Native() chains.Asset { return ether }

func (c *depositChain) Touching(account chains.Address, from chains.Position) iter.Seq2[*chains.Tx, error] {
	return func(yield func(*chains.Tx, error) bool) {
		for _, tx := range c.txs {
			names := tx.From == account || slices.ContainsFunc(tx.Transfers, func(t chains.Transfer) bool { return t.From == account || t.To == account })
			if tx.Position().Compare(from) < 0 || !names {
				continue
			}
			c.reads++
			if !yield(tx, nil) {
				return
			}
		}
	}
}

func (c *depositChain) Party(account chains.Address, at time.Time) (cluster.Party, error) {
	p := c.parties[account]
	if !at.IsZero() && at.Before(p.since) {
		return cluster.Party{}, nil
	}
	return p.Party, nil
}

func (c *depositChain) Code(account chains.Address) (code cluster.Code, err error) {
	for _, tx := range c.txs {
		if slices.Contains(tx.Created, account) {
			code.Contract = true
			if code.Creation == nil {
				code.Creation = tx
			}
		}
		for _, t := range tx.Transfers {
			code.Token = code.Token || t.IsLog() && t.Kind != chains.MixTransfer && t.Asset == chains.Asset(account)
			code.Mixer = code.Mixer || t.Kind == chains.MixTransfer && t.To == account
			code.Contract = code.Contract || code.Token || code.Mixer || t.Kind == chains.InternalTransfer && t.From == account && !tx.Failed
		}
	}
	return code, nil
}

func (c *depositChain) Missing(part chains.Part, from, to uint64) (found []chains.Heights, err error) {
	for _, m := range c.missing[part] {
		if m.From <= to && m.To >= from {
			found = append(found, m)
		}
	}
	return found, nil
}

func (c *depositChain) SignedBefore(chains.Address) (cluster.Verdict, error) {
	if c.signed == "" {
		return cluster.Undecided, nil
	}
	return c.signed, nil
}

// fatal is what testing and rapid have in common.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
}

// tx adds a transaction told as
//
//	HEIGHT [SIGNER calls TO] [failed] [creates ACCOUNT]: FROM>TO N ASSET, …
//
// Without a caller the first transfer is the signer's own: of ether to its receiver,
// of a token by a call of its contract. "#" before N is a collectible, "tip", "reward",
// "withdrawal", "destroyed" and "mix" before FROM are kinds. Ether counts in tenths of
// a milliether.
func (c *depositChain) tx(tb fatal, text string) {
	tb.Helper()
	head, transfers, _ := strings.Cut(text, ":")
	words := strings.Fields(head)
	tx := &chains.Tx{ID: chains.TxID{31: byte(len(c.txs)), 30: byte(len(c.txs) >> 8), 0: 0xd}, Index: uint32(len(c.txs))}
	if _, err := fmt.Sscan(words[0], &tx.Block.Height); err != nil {
		tb.Fatalf("%q: %v", text, err)
	}
	tx.Time = hour(tx.Block.Height)
	for i := 1; i < len(words); i++ {
		switch {
		case words[i] == "failed":
			tx.Failed = true
		case words[i] == "creates":
			tx.Created = append(tx.Created, chains.Address(words[i+1]))
			i++
		case words[i+1] == "calls":
			tx.From, tx.To = chains.Address(words[i]), chains.Address(words[i+2])
			i += 2
		}
	}
	for part := range strings.SplitSeq(transfers, ",") {
		if part = strings.TrimSpace(part); part != "" {
			c.transfer(tb, tx, part)
		}
	}
	c.txs = append(c.txs, tx)
	c.height = max(c.height, tx.Block.Height)
}

func (c *depositChain) transfer(tb fatal, tx *chains.Tx, text string) {
	tb.Helper()
	words := strings.Fields(text)
	t := chains.Transfer{Index: uint32(len(tx.Transfers))}
	switch kind := chains.TransferKind(words[0]); kind {
	case chains.TipTransfer, chains.RewardTransfer, chains.WithdrawalTransfer, chains.DestroyedTransfer, chains.MixTransfer:
		t.Kind, words = kind, words[1:]
	}
	from, to, _ := strings.Cut(words[0], ">")
	t.From, t.To, t.Asset = chains.Address(from), chains.Address(to), chains.Asset(words[2])
	var n int64
	if _, err := fmt.Sscan(strings.TrimPrefix(words[1], "#"), &n); err != nil {
		tb.Fatalf("%q: %v", text, err)
	}
	t.Amount = chains.NewAmount(n)
	switch {
	case strings.HasPrefix(words[1], "#"):
		t.Kind = chains.CollectibleTransfer
	case t.Kind == "" && t.Asset != ether:
		t.Kind = chains.TokenTransfer
	case t.Kind == "" && (tx.From == "" || tx.From == t.From) && len(tx.Transfers) == 0:
		t.Kind = chains.NativeTransfer
	case t.Kind == "":
		t.Kind = chains.InternalTransfer
	}
	if t.Asset == ether {
		t.Amount, _ = t.Amount.MulDiv(tenthMilli, chains.NewAmount(1))
	}
	if tx.From == "" && t.Kind != chains.RewardTransfer && t.Kind != chains.WithdrawalTransfer {
		tx.From, tx.To = t.From, t.To
		if t.IsLog() {
			tx.To = chains.Address(t.Asset)
		}
	}
	tx.Transfers = append(tx.Transfers, t)
}
