package tracer_test

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer"
)

const ether chains.Asset = "ETH"

// memoryLedger answers from whole blocks, by looking through all of them.
type memoryLedger struct {
	blocks []*chains.Block // each the next height
	labels map[chains.Address]accountLabel

	inferred map[chains.Address]bool // accounts where trails end by a heuristic; false: where that is in doubt
}

type accountLabel struct {
	kind tracer.EndKind
	name string
}

func (l *memoryLedger) Snapshot() chains.Snapshot {
	return chains.Snapshot{Chain: "ethereum", From: l.blocks[0].Height, BlockRef: l.blocks[len(l.blocks)-1].BlockRef}
}

func (l *memoryLedger) Native() chains.Asset { return ether }

// txs are all transactions in chain order. What moved outside of them follows
// them, as a transaction of its own.
func (l *memoryLedger) txs() (txs []*chains.Tx) {
	for _, block := range l.blocks {
		for i := range block.Txs {
			txs = append(txs, &block.Txs[i])
		}
		if len(block.System) > 0 {
			txs = append(txs, &chains.Tx{Block: block.BlockRef, Time: block.Time, Index: uint32(len(block.Txs)), Transfers: block.System})
		}
	}
	return txs
}

func (l *memoryLedger) TxAt(at chains.Position) (*chains.Tx, error) {
	for _, tx := range l.txs() {
		if tx.Position() == at {
			return tx, nil
		}
	}
	return nil, fmt.Errorf("transaction at %s: %w", at, chains.ErrNotFound)
}

// movement is what a transaction did to a balance, and whether it names it at all.
func movement(tx *chains.Tx, account chains.Address, asset chains.Asset) (m chains.Movement, named bool) {
	m.At = tx.Position()
	for i := range tx.Transfers {
		t := &tx.Transfers[i]
		fee := t.Kind == chains.FeeTransfer || t.Kind == chains.TipTransfer
		if t.Asset != asset || t.Kind == chains.CollectibleTransfer || tx.Failed && !fee {
			continue
		}
		if t.From == account {
			m.Out, named = m.Out.Add(t.Amount), true
		}
		if t.To == account {
			m.In, named = m.In.Add(t.Amount), true
		}
	}
	return m, named
}

func (l *memoryLedger) Movements(account chains.Address, asset chains.Asset, from chains.Position) iter.Seq2[chains.Movement, error] {
	return func(yield func(chains.Movement, error) bool) {
		for _, tx := range l.txs() {
			m, named := movement(tx, account, asset)
			if named && m.At.Compare(from) >= 0 && !yield(m, nil) {
				return
			}
		}
	}
}

func (l *memoryLedger) Opening(account chains.Address, asset chains.Asset, before chains.Position) (opening tracer.Opening, err error) {
	if from := l.blocks[0].Height; from > 0 {
		opening.Assumed = fmt.Sprintf("blocks below %d are not held", from)
	}
	for _, tx := range l.txs() {
		if m, _ := movement(tx, account, asset); m.At.Compare(before) < 0 {
			opening.Balance = opening.Balance.Add(m.In).Sub(m.Out)
		}
	}
	if opening.Balance.Sign() < 0 {
		opening = tracer.Opening{Assumed: "the transfers held give it less than it paid"}
	}
	return opening, nil
}

func (l *memoryLedger) Degree(account chains.Address, limit int) (degree int, err error) {
	for _, tx := range l.txs() {
		if degree <= limit && slices.ContainsFunc(tx.Transfers, func(t chains.Transfer) bool { return t.From == account || t.To == account }) {
			degree++
		}
	}
	return degree, nil
}

func (l *memoryLedger) Contract(account chains.Address) (bool, error) {
	for _, tx := range l.txs() {
		sends := func(t chains.Transfer) bool {
			return t.Kind == chains.InternalTransfer && t.From == account && !tx.Failed
		}
		if slices.Contains(tx.Created, account) || slices.ContainsFunc(tx.Transfers, sends) {
			return true, nil
		}
	}
	return false, nil
}

func (l *memoryLedger) Frozen(asset chains.Asset, account chains.Address) (since chains.Position, frozen bool, err error) {
	for _, block := range l.blocks {
		for _, f := range block.Freezes {
			if f.Asset != asset || f.Account != account {
				continue
			}
			if f.Frozen && !frozen {
				since = chains.Position{Height: block.Height, Tx: f.Tx}
			}
			frozen = f.Frozen
		}
	}
	return since, frozen, nil
}

func (l *memoryLedger) Missing(part chains.Part, from, to uint64) (missing []chains.Heights, err error) {
	for _, block := range l.blocks {
		lacks := slices.ContainsFunc(block.Gaps, func(g chains.Gap) bool { return g.Part == part })
		if !lacks || block.Height < from || block.Height > to {
			continue
		}
		if last := len(missing) - 1; last >= 0 && missing[last].To+1 == block.Height {
			missing[last].To = block.Height
			continue
		}
		missing = append(missing, chains.Heights{From: block.Height, To: block.Height})
	}
	return missing, nil
}

func (l *memoryLedger) Stop(account chains.Address, _ time.Time) (tracer.Stop, bool, error) {
	label, ok := l.labels[account]
	return tracer.Stop{Kind: label.kind, Label: label.name}, ok, nil
}

func (l *memoryLedger) Infer(account chains.Address) (tracer.Inference, error) {
	switch ends, named := l.inferred[account]; {
	case ends:
		return tracer.Inference{Stop: tracer.Stop{Kind: tracer.EndExchange, Label: "an exchange", Detail: "by heuristic"}}, nil
	case named:
		return tracer.Inference{What: "what " + string(account) + " is", Doubt: "nobody knows"}, nil
	}
	return tracer.Inference{}, nil
}

func (l *memoryLedger) Token(chains.Asset) (*chains.Token, error) { return nil, nil }

// without is the ledger of an index that lacks a part of some blocks, with what
// the part shows left out of them.
func (l *memoryLedger) without(part chains.Part, lacks func(height uint64) bool) *memoryLedger {
	partial := &memoryLedger{labels: l.labels, inferred: l.inferred}
	for _, whole := range l.blocks {
		block := *whole
		partial.blocks = append(partial.blocks, &block)
		if !lacks(block.Height) {
			continue
		}
		block.Gaps = append(slices.Clone(block.Gaps), chains.Gap{Part: part, Reason: "left out for a test"})
		block.Txs = slices.Clone(block.Txs)
		for i := range block.Txs {
			tx := &block.Txs[i]
			tx.Transfers = slices.DeleteFunc(slices.Clone(tx.Transfers), func(t chains.Transfer) bool { return partOf(t.Kind) == part })
			if part == chains.PartReceipts {
				tx.Failed = false
			}
		}
		switch part {
		case chains.PartWithdrawals, chains.PartRewards:
			block.System = slices.DeleteFunc(slices.Clone(block.System), func(t chains.Transfer) bool { return partOf(t.Kind) == part })
		case chains.PartLogs:
			block.Freezes = nil
		}
	}
	return partial
}

// scaled is the ledger with all amounts changed.
func (l *memoryLedger) scaled(change func(chains.Amount) chains.Amount) *memoryLedger {
	scaled := &memoryLedger{labels: l.labels, inferred: l.inferred}
	transfers := func(list []chains.Transfer) []chains.Transfer {
		list = slices.Clone(list)
		for i := range list {
			list[i].Amount = change(list[i].Amount)
		}
		return list
	}
	for _, whole := range l.blocks {
		block := *whole
		block.System, block.Txs = transfers(block.System), slices.Clone(block.Txs)
		for i := range block.Txs {
			block.Txs[i].Transfers = transfers(block.Txs[i].Transfers)
		}
		scaled.blocks = append(scaled.blocks, &block)
	}
	return scaled
}

func partOf(kind chains.TransferKind) chains.Part {
	switch kind {
	case chains.NativeTransfer:
		return chains.PartTransactions
	case chains.InternalTransfer:
		return chains.PartInternal
	case chains.FeeTransfer, chains.TipTransfer:
		return chains.PartReceipts
	case chains.WithdrawalTransfer:
		return chains.PartWithdrawals
	case chains.RewardTransfer:
		return chains.PartRewards
	}
	return chains.PartLogs
}
