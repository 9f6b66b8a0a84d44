package ethereum

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"tsuiseki/chains"
)

// op is the frame's operation as call tracers name it.
func (k etlTraceKind) op() string {
	switch k {
	case traceCall:
		return "CALL"
	case traceCreate:
		return "CREATE"
	case traceDestruct:
		return "SELFDESTRUCT"
	}
	return "DELEGATECALL" // or another whose value moves nothing
}

func (t *etlTrace) frame() *frame {
	f := &frame{Op: t.kind.op(), Value: t.value.amount()}
	if t.facts.has(knowsFrom) && (t.kind != traceDestruct || t.facts.has(knowsValue)) {
		f.From = t.from.chain()
	}
	if t.facts.has(knowsTo) {
		f.To = t.to.chain()
	}
	if t.facts.has(isFailed) {
		f.Error = "failed"
	}
	return f
}

// tree builds the transaction's call tree. It is whole where every frame that
// its rows count is there; nil without the top.
func (t *etlTx) tree() (root *frame, whole bool) {
	if len(t.frames) == 0 || len(t.frames[0].path) > 0 {
		return nil, false
	}
	type branch struct {
		row *etlTrace
		*frame
	}
	whole = true
	counted := func(b branch) {
		whole = whole && (!b.row.facts.has(knowsSubtraces) || b.row.subtraces == uint64(len(b.Calls)))
	}
	var stack []branch // from the top to the last frame
	for _, row := range t.frames {
		for len(stack) > 0 && (len(stack[len(stack)-1].row.path) >= len(row.path) || !bytes.HasPrefix(row.path, stack[len(stack)-1].row.path)) {
			counted(stack[len(stack)-1])
			stack = stack[:len(stack)-1]
		}
		f := row.frame()
		if len(stack) == 0 {
			root = f
		} else {
			parent := stack[len(stack)-1]
			step := row.path[len(row.path)-4:]
			place := uint64(step[0])<<24 | uint64(step[1])<<16 | uint64(step[2])<<8 | uint64(step[3])
			whole = whole && len(parent.row.path)+4 == len(row.path) && place == uint64(len(parent.Calls))
			parent.Calls = append(parent.Calls, f)
		}
		stack = append(stack, branch{row, f})
	}
	for _, b := range stack {
		counted(b)
	}
	return root, whole && !root.partial()
}

// failed says whether the transaction was reverted: by its receipt, else by its
// trace, else by what is certain of old transactions.
func (t *etlTx) failed(root *frame) (failed, undecided bool) {
	switch {
	case t.receipt != nil && t.receipt.facts.has(knowsStatus):
		return t.receipt.facts.has(isFailed), false
	case root != nil:
		return root.Error != "", false
	case len(t.logs)+len(t.transfers) > 0:
		return false, false // what is reverted leaves no log
	case t.receipt == nil || t.row == nil || !t.row.facts.has(knowsGas):
		return false, true
	}
	// Before Byzantium, who failed used all gas.
	return false, t.receipt.gasUsed >= t.row.gas
}

// fill turns the joined rows into the transaction; it notes in lacks what is missing.
func (t *etlTx) fill(tx *chains.Tx, block *etlBlock, coin chains.Asset, lacks *etlLacks) (freezes []chains.Freeze) {
	root, whole := t.tree()
	if root != nil && t.row != nil && (root.From != t.row.from.chain() || (!root.creates() && !root.Value.Equal(t.row.value.amount()))) {
		root, whole = nil, false
		lacks.otherTrace++
	}
	tx.ID = t.hash
	switch {
	case t.row != nil:
		tx.From = t.row.from.chain()
		if t.row.facts.has(knowsTo) {
			tx.To = t.row.to.chain()
		}
	case root != nil:
		if tx.From = root.From; !root.creates() {
			tx.To = root.To
		}
	}
	coins := t.fillCoins(tx, root, whole, coin, lacks)
	tx.Transfers = append(tx.Transfers, t.fees(tx.From, block, coin, lacks)...)
	for i := range t.logs {
		t.logs[i].Tx = tx.Index
	}
	logs, freezes := decodeLogsBeside(t.logs, coins)
	if t.row != nil {
		if m, ok := dataMessage(tx, t.row.value.amount(), t.row.memo, coin); ok {
			tx.Messages = append(tx.Messages, m)
		}
	}
	tx.Messages = append(tx.Messages, decodeMessages(t.logs, coin)...)
	for _, row := range t.transfers {
		logs = append(logs, chains.Transfer{
			Kind: chains.TokenTransfer, Index: uint32(row.log), From: row.from.chain(), To: row.to.chain(),
			Asset: chains.Asset(row.token.chain()), Amount: row.value.amount(),
		})
	}
	if len(t.transfers) > 0 && len(t.logs) > 0 {
		slices.SortStableFunc(logs, func(a, b chains.Transfer) int { return cmp.Compare(a.Index, b.Index) })
	}
	if len(tx.Transfers) == 0 {
		tx.Transfers = logs
	} else {
		tx.Transfers = append(tx.Transfers, logs...)
	}
	return freezes
}

// fillCoins adds what the transaction and its calls moved of the chain's coin. It
// returns that where it is all of it, else nil.
func (t *etlTx) fillCoins(tx *chains.Tx, root *frame, whole bool, coin chains.Asset, lacks *etlLacks) (coins []chains.Transfer) {
	failed, undecided := t.failed(root)
	if undecided {
		lacks.undecided++
	}
	if tx.Failed = failed; failed {
		return nil
	}
	if root != nil && root.Error == "" {
		tx.Transfers, tx.Created, _ = frameTransfers(root)
	} else if whole = false; t.row != nil {
		tx.Transfers, tx.Created = t.native()
	}
	for i := range tx.Transfers {
		tx.Transfers[i].Asset = coin
	}
	if !whole {
		lacks.trees++
		return nil
	}
	return tx.Transfers
}

// native is what is known of a transaction without its trace.
func (t *etlTx) native() (transfers []chains.Transfer, created []chains.Address) {
	transfer := chains.Transfer{Kind: chains.NativeTransfer, From: t.row.from.chain(), To: t.row.to.chain(), Amount: t.row.value.amount()}
	if !t.row.facts.has(knowsTo) {
		transfer.To = ""
		switch {
		case t.receipt != nil && t.receipt.facts.has(knowsContract):
			transfer.To = t.receipt.contract.chain()
		case t.row.facts.has(knowsCount):
			contract := etlAddress(crypto.CreateAddress(common.Address(t.row.from), t.row.nonce))
			transfer.To = contract.chain()
		}
		if transfer.To != "" {
			created = append(created, transfer.To)
		}
	}
	return []chains.Transfer{transfer}, created
}

// fees are what the sender paid beyond the value: the part that is burned (with
// blobs and what a rollup charges for its main chain), then the producer's. A
// fee of which a piece is unknown is left out.
func (t *etlTx) fees(from chains.Address, block *etlBlock, coin chains.Asset, lacks *etlLacks) (transfers []chains.Transfer) {
	if t.receipt == nil {
		lacks.receipts++
		return nil
	}
	price := t.receipt.gasPrice
	if !t.receipt.facts.has(knowsGasPrice) && t.row != nil && t.row.facts.has(knowsGasPrice) {
		price = t.row.gasPrice // of a mined transaction nodes state what was paid in the end
	} else if !t.receipt.facts.has(knowsGasPrice) {
		from = ""
	}
	blobs := t.row != nil && t.row.facts.has(isBlobTx)
	if from == "" || block == nil || !block.facts.has(knowsBaseFee|knowsMiner) || (blobs && !t.receipt.facts.has(knowsBlobGas)) {
		lacks.fees++
		return nil
	}
	one := chains.NewAmount(1)
	gas := chains.NewAmount(int64(t.receipt.gasUsed))
	burnedPrice := block.baseFee.amount().Min(price.amount())
	burned, _ := gas.MulDiv(burnedPrice, one)
	blobFee, _ := chains.NewAmount(int64(t.receipt.blobGas)).MulDiv(t.receipt.blobGasPrice.amount(), one)
	tip, _ := gas.MulDiv(price.amount().Sub(burnedPrice), one)
	if burned = chains.Sum(burned, blobFee, t.receipt.l1Fee.amount()); burned.Sign() > 0 {
		transfers = append(transfers, chains.Transfer{Kind: chains.FeeTransfer, From: from, Asset: coin, Amount: burned})
	}
	if tip.Sign() > 0 {
		transfers = append(transfers, chains.Transfer{Kind: chains.TipTransfer, From: from, To: block.miner.chain(), Asset: coin, Amount: tip})
	}
	return transfers
}
