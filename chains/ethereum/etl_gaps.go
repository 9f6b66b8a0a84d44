package ethereum

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tsuiseki/chains"
)

// etlLacks counts what the rows of a block's transactions do not tell.
type etlLacks struct {
	rows       int // transactions known by their logs, receipts or traces only
	receipts   int
	undecided  int // whether they failed
	fees       int
	trees      int // call trees that are missing or not whole
	otherTrace int
}

// Heights from which the main chain burns fees, mines no more and pays withdrawals.
const (
	mainnetLondon   = 12_965_000
	mainnetMerge    = 15_537_394
	mainnetShanghai = 17_034_870
)

// blockRow is the row of the block; nil where there is none.
func (e *ETL) blockRow(r *etlRows) *etlBlock {
	if len(r.blocks) == 0 {
		return nil
	}
	b := &r.blocks[0]
	if e.network.ChainID == mainnet && r.height < mainnetLondon {
		b.facts |= knowsBaseFee // older files have no column for it
	}
	return b
}

// gaps says which parts of a block the export does not hold.
func (e *ETL) gaps(j *etlJoin, b *etlBlock, lacks *etlLacks, block *chains.Block) (gaps []chains.Gap) {
	empty := b != nil && b.facts.has(knowsCount) && b.count == 0 && len(j.txs) == 0
	for _, part := range chains.Parts() {
		var reasons []string
		switch part {
		case chains.PartTransactions:
			reasons = e.transactionGaps(j, b, lacks)
		case chains.PartReceipts:
			reasons = e.receiptGaps(j, lacks)
		case chains.PartLogs:
			reasons = e.logGaps(j, b)
		case chains.PartInternal:
			reasons = e.traceGaps(j, lacks)
		case chains.PartWithdrawals:
			reasons = e.withdrawalGaps(b, block.Height)
		case chains.PartRewards:
			reasons = e.rewardGaps(b, block)
		}
		if len(reasons) > 0 && (!empty || part == chains.PartWithdrawals || part == chains.PartRewards) {
			gaps = append(gaps, chains.Gap{Part: part, Reason: strings.Join(reasons, "; ")})
		}
	}
	return gaps
}

func (e *ETL) withdrawalGaps(b *etlBlock, height uint64) []string {
	if (b != nil && b.facts.has(knowsWithdrawals)) || (e.network.ChainID == mainnet && height < mainnetShanghai) {
		return nil
	}
	return e.lack(b != nil, etlBlockRow, "the blocks file has no column withdrawals: export it with a newer ethereum-etl")
}

func (e *ETL) rewardGaps(b *etlBlock, block *chains.Block) []string {
	switch {
	case b != nil && b.facts.has(isProofOfStake), e.network.ChainID == mainnet && block.Height >= mainnetMerge, hasReward(block.System):
		return nil
	}
	return e.lack(e.seen[etlTraceRow], etlTraceRow, "the traces hold no reward: only export_traces writes rewards, extract_geth_traces does not")
}

func hasReward(system []chains.Transfer) bool {
	for i := range system {
		if system[i].Kind == chains.RewardTransfer {
			return true
		}
	}
	return false
}

// lack is why rows are missing: for want of a file, or otherwise where rows of
// the block are there.
func (e *ETL) lack(there bool, kind etlKind, otherwise string) []string {
	switch {
	case !e.seen[kind]:
		return []string{fmt.Sprintf("the export has no file of %ss", kind)}
	case !there:
		return []string{fmt.Sprintf("the export's files of %ss hold no row of this block", kind)}
	}
	return []string{otherwise}
}

func (e *ETL) transactionGaps(j *etlJoin, b *etlBlock, lacks *etlLacks) (reasons []string) {
	held := len(j.rows.transactions)
	switch {
	case held == 0:
		reasons = e.lack(false, etlTransactionRow, "")
	case b != nil && b.facts.has(knowsCount) && uint64(held) < b.count:
		reasons = append(reasons, fmt.Sprintf("the export holds %d of %d transactions", held, b.count))
	case lacks.rows > 0:
		reasons = append(reasons, fmt.Sprintf("%d transactions are known by their logs, receipts or traces only", lacks.rows))
	case j.txs[len(j.txs)-1].index >= uint64(held):
		reasons = append(reasons, fmt.Sprintf("the export holds %d of at least %d transactions", held, j.txs[len(j.txs)-1].index+1))
	}
	if j.unplaced > 0 {
		reasons = append(reasons, fmt.Sprintf("the places of %d transactions are not known: they stand in the order of their first logs", j.unplaced))
	}
	return reasons
}

func (e *ETL) receiptGaps(j *etlJoin, lacks *etlLacks) (reasons []string) {
	if len(j.txs) == 0 || lacks.receipts == len(j.txs) {
		reasons = e.lack(false, etlReceiptRow, "")
	} else if lacks.receipts > 0 {
		reasons = append(reasons, fmt.Sprintf("the export holds no receipt of %d transactions", lacks.receipts))
	}
	if lacks.undecided > 0 {
		reasons = append(reasons, fmt.Sprintf("nothing says whether %d transactions failed: taken as not failed", lacks.undecided))
	}
	if lacks.fees > 0 {
		reasons = append(reasons, fmt.Sprintf("the fees of %d transactions are left out: for those are needed transactions, receipts with gas prices, and blocks with miner and base_fee_per_gas", lacks.fees))
	}
	return reasons
}

func (e *ETL) logGaps(j *etlJoin, b *etlBlock) (reasons []string) {
	logs := j.rows.logs
	direct := 0
	for _, t := range j.txs {
		direct += len(t.transfers)
	}
	switch {
	case direct > 0:
		return append(e.lack(len(logs) > 0, etlLogRow, fmt.Sprintf("the logs of %d token transfers are not held", direct)),
			"token transfers alone do not tell collectibles from tokens, and leave out wraps and freezes")
	case len(logs) > 0 && logs[len(logs)-1].log >= uint64(len(logs)):
		return []string{fmt.Sprintf("the export holds %d of at least %d logs", len(logs), logs[len(logs)-1].log+1)}
	case len(logs) > 0 || (b != nil && b.facts.has(isEmptyBloom)):
		return nil
	case b != nil && b.facts.has(knowsBloom):
		return e.lack(false, etlLogRow, "")
	}
	return append(e.lack(false, etlLogRow, ""), "and no block's logs_bloom says that there were none")
}

func (e *ETL) traceGaps(j *etlJoin, lacks *etlLacks) (reasons []string) {
	frames := j.nameless
	for _, t := range j.txs {
		frames += len(t.frames)
	}
	switch {
	case len(j.txs) == 0 || frames == 0 && lacks.trees > 0:
		if frames == 0 {
			reasons = e.lack(false, etlTraceRow, "")
		}
	case lacks.trees > 0:
		reasons = append(reasons, fmt.Sprintf("the call trees of %d transactions are missing or not whole", lacks.trees))
	}
	if j.nameless > 0 {
		reasons = append(reasons, fmt.Sprintf("%d traces are left out: they name no transaction, and the export does not hold the transaction at their place", j.nameless))
	}
	if lacks.otherTrace > 0 {
		reasons = append(reasons, fmt.Sprintf("%d traces have another sender or value than their transactions", lacks.otherTrace))
	}
	return reasons
}

// system are the movements of value that stand beside all transactions.
func (e *ETL) system(r *etlRows, b *etlBlock) (transfers []chains.Transfer) {
	if b != nil {
		for i, w := range b.withdrawals {
			amount, _ := chains.NewAmount(int64(w.amount)).MulDiv(chains.NewAmount(1_000_000_000), chains.NewAmount(1))
			transfers = append(transfers, chains.Transfer{
				Kind: chains.WithdrawalTransfer, Index: uint32(i), To: w.to.chain(), Asset: e.network.Asset, Amount: amount,
			})
		}
	}
	rewards := 0
	var beside []*etlTrace
	for i := range r.traces {
		if t := &r.traces[i]; !t.kind.inTransaction() {
			beside = append(beside, t)
		}
	}
	slices.SortFunc(beside, func(a, b *etlTrace) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), bytes.Compare(a.to[:], b.to[:]), bytes.Compare(a.value[:], b.value[:]), bytes.Compare(a.path, b.path))
	})
	for i, t := range beside {
		if i > 0 && len(t.path) > 0 && bytes.Equal(t.path, beside[i-1].path) && t.to == beside[i-1].to && t.value == beside[i-1].value {
			continue // from overlapping files
		}
		transfer := chains.Transfer{Kind: chains.RewardTransfer, To: t.to.chain(), Asset: e.network.Asset, Amount: t.value.amount()}
		if t.kind == traceFork {
			transfer.Kind, transfer.From = chains.InternalTransfer, t.from.chain()
		}
		transfer.Index = uint32(rewards)
		rewards++
		transfers = append(transfers, transfer)
	}
	return transfers
}
