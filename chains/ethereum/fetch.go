package ethereum

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"tsuiseki/chains"
)

// fetch asks for all that the node can tell of a block. What it cannot becomes a
// gap with its reason.
func (n *Node) fetch(ctx context.Context, ref chains.BlockRef) (*chains.Block, error) {
	var raw json.RawMessage
	err := n.rpc.call(ctx, &raw, "eth_getBlockByHash", hexHash(ref.Hash), true)
	if pruned(err) {
		return n.fetchHeader(ctx, ref)
	}
	if gone(err) || (err == nil && null(raw)) {
		return nil, fmt.Errorf("eth_getBlockByHash: the node does not know it any more: %w", chains.ErrReorg)
	}
	if err != nil {
		return nil, err
	}
	block, err := decodeBlock(raw, ref)
	if err != nil {
		return nil, err
	}
	facts := blockFacts{block: block, coin: n.network.Asset}
	if err := n.fetchFacts(ctx, &facts); err != nil {
		if gone(err) || errors.Is(err, chains.ErrUnavailable) {
			if replaced := n.replaced(ctx, ref); replaced != nil {
				return nil, replaced
			}
		}
		return nil, err
	}
	return facts.assemble(), nil
}

// fetchFacts asks for receipts and traces at the same time.
func (n *Node) fetchFacts(ctx context.Context, facts *blockFacts) error {
	group, ctx := errgroup.WithContext(ctx)
	if len(facts.block.txs) > 0 {
		group.Go(func() (err error) {
			facts.receipts, err = n.receipts(ctx, facts.block)
			if reason, isGap := gapReason(err); isGap && !gone(err) {
				facts.noReceipts = reason
				return nil
			}
			return err
		})
	}
	group.Go(func() (err error) {
		facts.trace, err = n.trace(ctx, facts.block)
		return err
	})
	return group.Wait()
}

// fetchHeader makes a block of what is left where the node has pruned the rest.
func (n *Node) fetchHeader(ctx context.Context, ref chains.BlockRef) (*chains.Block, error) {
	var raw json.RawMessage
	if err := n.rpc.call(ctx, &raw, "eth_getHeaderByHash", hexHash(ref.Hash)); err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, corrupt("header: %w", err)
	}
	header, err := decodeHeader(fields, ref)
	if err != nil {
		return nil, err
	}
	facts := blockFacts{block: header, coin: n.network.Asset}
	block := facts.header()
	const reason = "the node has pruned this history: ask an archive node"
	for _, part := range chains.Parts() {
		block.Gaps = append(block.Gaps, chains.Gap{Part: part, Reason: reason})
	}
	return block, nil
}

// callTracer asks for every frame and no logs, which receipts tell.
func (n *Node) callTracer() map[string]any {
	return map[string]any{
		"tracer": "callTracer", "tracerConfig": map[string]any{"onlyTopCall": false, "withLog": false},
		"timeout": n.rpc.cfg.Timeout.String(), // geth's own is 5 s a transaction
	}
}

// trace asks for the call trees of a block, by the call that tells more: only
// trace_block knows of block rewards, which there are until proof of stake.
func (n *Node) trace(ctx context.Context, block *rpcBlock) (blockTrace, error) {
	if block.ref.Height == 0 {
		return blockTrace{noRewards: "balances that the genesis block gives are not told by a node"}, nil
	}
	mined := chains.Amount(block.Difficulty).Sign() > 0
	if len(block.txs) == 0 && !mined {
		return blockTrace{}, nil
	}
	sources := []func(context.Context, *rpcBlock) (blockTrace, error){n.debugTrace, n.parityTrace}
	if mined && n.can.TraceBlock {
		sources[0], sources[1] = sources[1], sources[0]
	}
	var trace blockTrace
	var reasons []string
	for _, source := range sources {
		var err error
		trace, err = source(ctx, block)
		reason, isGap := gapReason(err)
		if err != nil && !isGap {
			return blockTrace{}, err
		}
		if gone(err) {
			if err := n.replaced(ctx, block.ref); err != nil {
				return blockTrace{}, err
			}
		}
		if err == nil {
			reasons = nil
			break
		}
		if !absent(err) || len(reasons) == 0 {
			reasons = []string{reason}
		}
	}
	if len(reasons) > 0 {
		trace = blockTrace{gap: reasons[0]}
	}
	if mined && len(trace.rewards) == 0 {
		trace.noRewards = "the node does not tell the reward of a mined block, which only trace_block does"
	}
	return trace, nil
}

// debugTrace asks for geth's call trees.
func (n *Node) debugTrace(ctx context.Context, block *rpcBlock) (blockTrace, error) {
	const method = "debug_traceBlockByHash"
	if !n.can.CallTracer {
		return blockTrace{}, &refusal{codeMethodNotFound, method}
	}
	trace := blockTrace{roots: map[chains.TxID]*frame{}}
	if len(block.txs) == 0 {
		return trace, nil
	}
	var results []struct {
		Tx     *hash           `json:"txHash"` // absent from older nodes
		Result json.RawMessage `json:"result"`
		Error  string          `json:"error"`
	}
	if err := n.rpc.callOnce(ctx, &results, isSlow, method, hexHash(block.ref.Hash), n.callTracer()); err != nil {
		return trace, err
	}
	if len(results) == 0 {
		return trace, fmt.Errorf("%s: %w: no traces for %d transactions", method, chains.ErrUnavailable, len(block.txs))
	}
	if len(results) != len(block.txs) {
		return trace, corrupt("%s: %d traces for %d transactions", method, len(results), len(block.txs))
	}
	for i := range results {
		id := block.txs[i].ID
		switch r := &results[i]; {
		case r.Tx != nil && *r.Tx != id:
			return trace, corrupt("%s: trace %d is of transaction %x, not %x", method, i, *r.Tx, id)
		case r.Error != "" || null(r.Result):
			reason, _ := gapReason(&refusal{message: r.Error})
			trace.lacks(fmt.Sprintf("transaction %x: %s", id, reason))
		default:
			root, err := decodeCallFrame(r.Result)
			if err != nil {
				return trace, err
			}
			trace.add(&block.txs[i], root)
		}
	}
	return trace, nil
}

// parityTrace asks for the calls of the block at a number, and checks its hash.
func (n *Node) parityTrace(ctx context.Context, block *rpcBlock) (blockTrace, error) {
	const method = "trace_block"
	if !n.can.TraceBlock {
		return blockTrace{}, &refusal{codeMethodNotFound, method}
	}
	var items []flatFrame
	if err := n.rpc.callOnce(ctx, &items, isSlow, method, hexNumber(block.ref.Height)); err != nil {
		return blockTrace{}, err
	}
	for i := range items {
		if chains.BlockHash(items[i].Block) != block.ref.Hash {
			return blockTrace{}, fmt.Errorf("%s: item %d is of block %x: %w", method, i, items[i].Block, chains.ErrReorg)
		}
	}
	flat, err := decodeFlat(items)
	if err != nil {
		return blockTrace{}, err
	}
	if len(flat.roots) == 0 && len(block.txs) > 0 {
		return blockTrace{}, fmt.Errorf("%s: %w: no traces for %d transactions", method, chains.ErrUnavailable, len(block.txs))
	}
	trace := blockTrace{roots: map[chains.TxID]*frame{}, rewards: flat.rewards}
	for i := range block.txs {
		root, told := flat.roots[chains.TxID(block.txs[i].ID)]
		if !told {
			trace.lacks(fmt.Sprintf("transaction %x: the node has no trace of it", block.txs[i].ID))
			continue
		}
		delete(flat.roots, chains.TxID(block.txs[i].ID))
		trace.add(&block.txs[i], root)
	}
	if len(flat.roots) > 0 {
		return blockTrace{}, corrupt("%s: traces of %d transactions that are not in the block", method, len(flat.roots))
	}
	return trace, nil
}
