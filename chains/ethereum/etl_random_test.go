package ethereum_test

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"tsuiseki/chains"
)

// etlLine is one row of an export, its fields by column. A field is nil, a
// string, a *big.Int, an int, or a list of strings.
type etlLine struct {
	kind   string
	names  []string
	fields []any
}

func line(kind string, pairs ...any) etlLine {
	l := etlLine{kind: kind}
	for pair := range slices.Chunk(pairs, 2) {
		l.names, l.fields = append(l.names, pair[0].(string)), append(l.fields, pair[1])
	}
	return l
}

func (l *etlLine) height() any {
	at := slices.IndexFunc(l.names, func(name string) bool { return name == "block_number" || name == "number" })
	return l.fields[at]
}

// etlTruth is a random chain: its blocks as a source that knows all would yield
// them, and the rows that ethereum-etl would write of it.
type etlTruth struct {
	draw   func(label string, lo, hi int) int
	serial int
	blocks []*chains.Block
	lines  []etlLine

	block *chains.Block
	logs  int
}

const (
	topicTransfer = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
	topicFrozen   = "0x42e160154868087d6bfdc0ca23d96a1c1cfa32f1b72ba9ba27b69b98a0d819dc"
)

// randomTruth draws heights from first on, with holes where they are asked for.
func randomTruth(t *rapid.T, first, blocks int, holes bool) *etlTruth {
	c := &etlTruth{draw: func(label string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(t, label) }}
	height := uint64(first)
	for range blocks {
		c.addBlock(height)
		height++
		if holes {
			height += uint64(c.draw("hole", 0, 2))
		}
	}
	return c
}

func (c *etlTruth) hash() (text string, raw [32]byte) {
	c.serial++
	raw[0], raw[30], raw[31] = 0xab, byte(c.serial>>8), byte(c.serial)
	return "0x" + hex.EncodeToString(raw[:]), raw
}

func (c *etlTruth) address(label string) string {
	return fmt.Sprintf("0x%038x%02x", 0xfeed, c.draw(label, 0, 9))
}

// amount is anything from nothing to the greatest that fits in 256 bits.
func (c *etlTruth) amount(label string) *big.Int {
	n := big.NewInt(int64(c.draw(label, 0, 1_000_000)))
	n.Lsh(n, uint(c.draw(label+" bits", 0, 4)*59))
	return n
}

func word(n *big.Int) string { return fmt.Sprintf("0x%064x", n) }

func topic(address string) string { return fmt.Sprintf("0x%064s", address[2:]) }

func (c *etlTruth) addBlock(height uint64) {
	hash, raw := c.hash()
	b := &chains.Block{}
	b.Height, b.Hash, b.Time = height, raw, time.Unix(1_700_000_000+12*int64(height), 0).UTC()
	parent := "0x" + strings.Repeat("00", 32)
	if n := len(c.blocks); n > 0 && c.blocks[n-1].Height+1 == height {
		b.Parent = c.blocks[n-1].Hash
		parent = "0x" + b.Parent.String()
	}
	miner := c.address("miner")
	b.Producer = chains.Address(miner)
	c.block, c.logs = b, 0
	baseFee := big.NewInt(int64(c.draw("base fee", 0, 50)))
	txs := c.draw("transactions", 1, 4)
	for i := range txs {
		c.addTx(uint32(i), hash, miner, baseFee)
	}
	var withdrawals []string
	for i := range c.draw("withdrawals", 0, 2) {
		to, gwei := c.address("to"), c.draw("gwei", 0, 1<<40)
		withdrawals = append(withdrawals, fmt.Sprintf(`{"index":%d,"validator_index":7,"address":%q,"amount":%d}`, i, to, gwei))
		b.System = append(b.System, chains.Transfer{
			Kind: chains.WithdrawalTransfer, Index: uint32(i), To: chains.Address(to), Asset: "ETH",
			Amount: chains.BigAmount(new(big.Int).Mul(big.NewInt(int64(gwei)), big.NewInt(1e9))),
		})
	}
	bloom := "0x" + strings.Repeat("0", 512)
	if c.logs > 0 {
		bloom = "0x" + strings.Repeat("01", 256)
	}
	reward := c.amount("reward")
	b.System = append(b.System, chains.Transfer{Kind: chains.RewardTransfer, To: b.Producer, Asset: "ETH", Amount: chains.BigAmount(reward)})
	c.lines = append(c.lines,
		line("block", "number", int(height), "hash", hash, "parent_hash", parent, "logs_bloom", bloom, "miner", miner, "difficulty", 5,
			"extra_data", "0x22,\n", "timestamp", int(b.Time.Unix()), "transaction_count", txs, "base_fee_per_gas", baseFee, "withdrawals", withdrawals),
		line("trace", "block_number", int(height), "transaction_hash", nil, "transaction_index", nil, "from_address", nil, "to_address", miner,
			"value", reward, "trace_type", "reward", "call_type", nil, "reward_type", "block", "subtraces", 0, "trace_address", []string{}, "error", nil,
			"status", 1, "trace_id", fmt.Sprintf("reward_%d_0", height)))
	c.blocks = append(c.blocks, b)
}

func (c *etlTruth) addTx(index uint32, blockHash, miner string, baseFee *big.Int) {
	b := c.block
	hash, raw := c.hash()
	from, to, value := c.address("from"), c.address("to"), c.amount("value")
	tx := chains.Tx{ID: raw, Block: b.BlockRef, Time: b.Time, Index: index, From: chains.Address(from), To: chains.Address(to)}
	gasUsed := 21000 + c.draw("gas", 0, 5)
	price := new(big.Int).Add(baseFee, big.NewInt(int64(c.draw("tip", 0, 3))))
	tx.Failed = c.draw("failed", 0, 4) == 0
	top := c.frame(2)
	top.op, top.from, top.to, top.value, top.failed = "call", from, to, value, tx.Failed
	var contract, named any = nil, to
	if c.draw("creates", 0, 4) == 0 {
		top.op, tx.To, contract, named = "create", "", to, nil
	}
	c.addFrames(&tx, &top, hash, nil, new(int), false)
	gas := big.NewInt(int64(gasUsed))
	for _, fee := range []chains.Transfer{
		{Kind: chains.FeeTransfer, Amount: chains.BigAmount(new(big.Int).Mul(gas, baseFee))},
		{Kind: chains.TipTransfer, To: chains.Address(miner), Amount: chains.BigAmount(new(big.Int).Mul(gas, new(big.Int).Sub(price, baseFee)))},
	} {
		if fee.From, fee.Asset = tx.From, "ETH"; fee.Amount.Sign() > 0 {
			tx.Transfers = append(tx.Transfers, fee)
		}
	}
	if !tx.Failed {
		for range c.draw("logs", 0, 3) {
			c.addLog(&tx, hash, blockHash)
		}
	}
	status := 1
	if tx.Failed {
		status, contract = 0, nil
	}
	c.lines = append(c.lines,
		line("transaction", "hash", hash, "nonce", 5, "block_hash", blockHash, "block_number", int(b.Height), "transaction_index", int(index),
			"from_address", from, "to_address", named, "value", value, "gas", 100000, "gas_price", price, "input", "0x", "block_timestamp", int(b.Time.Unix())),
		line("receipt", "transaction_hash", hash, "transaction_index", int(index), "block_hash", blockHash, "block_number", int(b.Height),
			"cumulative_gas_used", 1, "gas_used", gasUsed, "contract_address", contract, "root", nil, "status", status, "effective_gas_price", price))
	b.Txs = append(b.Txs, tx)
}

// truthFrame is a call, and what it calls.
type truthFrame struct {
	op, from, to string
	value        *big.Int
	failed       bool
	calls        []truthFrame
}

func (c *etlTruth) frame(depth int) truthFrame {
	f := truthFrame{
		op:   []string{"call", "delegatecall", "callcode", "staticcall", "create", "suicide"}[c.draw("op", 0, 5)],
		from: c.address("from"), to: c.address("to"), value: c.amount("value"), failed: c.draw("reverted", 0, 3) == 0,
	}
	for range c.draw("calls", 0, depth) {
		f.calls = append(f.calls, c.frame(depth-1))
	}
	return f
}

// addFrames writes a call tree's rows and, by itself, what they move.
func (c *etlTruth) addFrames(tx *chains.Tx, f *truthFrame, hash string, path []string, next *int, reverted bool) {
	index := *next
	*next++
	kind, call, failure, status := f.op, any(nil), any(nil), 1
	moves := f.op == "call" || f.op == "create" || f.op == "suicide"
	if f.op != "create" && f.op != "suicide" {
		kind, call = "call", f.op
	}
	if f.failed {
		failure = "Reverted, \"why\""
	}
	if reverted = reverted || f.failed; reverted {
		status = 0
	} else {
		if index == 0 || moves && f.value.Sign() > 0 {
			transfer := chains.Transfer{
				Kind: chains.InternalTransfer, Index: uint32(index), From: chains.Address(f.from), To: chains.Address(f.to), Asset: "ETH", Amount: chains.BigAmount(f.value),
			}
			if index == 0 {
				transfer.Kind = chains.NativeTransfer
			}
			tx.Transfers = append(tx.Transfers, transfer)
		}
		if f.op == "create" {
			tx.Created = append(tx.Created, chains.Address(f.to))
		}
	}
	c.lines = append(c.lines, line("trace", "block_number", int(c.block.Height), "transaction_hash", hash, "transaction_index", int(tx.Index),
		"from_address", f.from, "to_address", f.to, "value", f.value, "trace_type", kind, "call_type", call, "reward_type", nil,
		"subtraces", len(f.calls), "trace_address", append([]string{}, path...), "error", failure, "status", status, "trace_id", "x"))
	for i := range f.calls {
		c.addFrames(tx, &f.calls[i], hash, append(slices.Clip(path), fmt.Sprint(i)), next, reverted)
	}
}

// addLog adds a token's transfer, a collectible's, a freeze or another event.
func (c *etlTruth) addLog(tx *chains.Tx, hash, blockHash string) {
	token, from, to, value := c.address("token"), c.address("from"), c.address("to"), c.amount("value")
	index := c.logs
	c.logs++
	topics, data := []string{topicTransfer, topic(from), topic(to)}, word(value)
	transfer := chains.Transfer{
		Kind: chains.TokenTransfer, Index: uint32(index), From: chains.Address(from), To: chains.Address(to), Asset: chains.Asset(token), Amount: chains.BigAmount(value),
	}
	kind := c.draw("log", 0, 4)
	switch kind {
	case 0:
		topics, data = append(topics, data), "0x"
		transfer.Kind, transfer.Amount, transfer.TokenID = chains.CollectibleTransfer, chains.NewAmount(1), transfer.Amount
	case 1:
		topics, data = []string{topicFrozen}, topic(from)
		c.block.Freezes = append(c.block.Freezes, chains.Freeze{
			Asset: chains.Asset(token), Account: chains.Address(from), Frozen: true, Tx: tx.Index, Log: uint32(index),
		})
	case 2:
		topics = nil
	}
	if kind != 1 && kind != 2 {
		tx.Transfers = append(tx.Transfers, transfer)
		c.lines = append(c.lines, line("token_transfer", "token_address", token, "from_address", from, "to_address", to, "value", value,
			"transaction_hash", hash, "log_index", index, "block_number", int(c.block.Height)))
	}
	c.lines = append(c.lines, line("log", "log_index", index, "transaction_hash", hash, "transaction_index", int(tx.Index), "block_hash", blockHash,
		"block_number", int(c.block.Height), "address", token, "data", data, "topics", topics))
}
