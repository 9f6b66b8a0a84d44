package ethereum

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"

	"tsuiseki/chains"
)

// Node is a chains.AccountSource and chains.Balances over an execution client's
// JSON-RPC. What it asks about a block it asks by hash, and checks: the block's
// hash and its transactions' ids are computed again wherever their format is known.
type Node struct {
	rpc     *rpcClient
	network Network
	can     Capabilities

	receiptForm atomic.Int32 // how this node wants a block named: see form
	stateForm   atomic.Int32
}

var (
	_ chains.AccountSource = (*Node)(nil)
	_ chains.Balances      = (*Node)(nil)
	_ chains.Genesis       = (*Node)(nil)
)

// Capabilities are what a node was found to serve, by asking it.
type Capabilities struct {
	BlockReceipts bool // a block's receipts in one call
	CallTracer    bool // debug_traceBlockByHash
	TraceBlock    bool // trace_block
	Archive       bool // the state of old blocks
}

// dialRetries is how often a node is tried again before the first answer: who
// mistyped its address should not wait for long.
const dialRetries = 2

// Dial reaches a node and asks it which chain it serves and what it can tell.
func Dial(ctx context.Context, cfg RPCConfig) (*Node, error) {
	patient, err := newRPCClient(ctx, cfg)
	if err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	cfg.Retries = min(cfg.Retries, dialRetries)
	quick, err := newRPCClient(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer quick.close()
	n := &Node{rpc: quick}
	if err := n.probe(ctx); err != nil {
		patient.close()
		return nil, err
	}
	n.rpc = patient
	return n, nil
}

// probe asks about a block that does not exist: a method that is there says so,
// at no cost to the node.
func (n *Node) probe(ctx context.Context) error {
	cfg := n.rpc.cfg
	var id quantity
	if err := n.rpc.call(ctx, &id, "eth_chainId"); err != nil {
		return err
	}
	served, err := id.uint64()
	if err != nil || served == 0 {
		return corrupt("eth_chainId: %s is no chain id", chains.Amount(id))
	}
	if cfg.ChainID != 0 && served != cfg.ChainID {
		return fmt.Errorf("node %s serves chain id %d, not %d: pass the chain id %d, or reach another node", n.rpc.endpoint, served, cfg.ChainID, served)
	}
	n.network = NewNetwork(served, cfg.Asset)

	var nowhere hash
	for _, p := range []struct {
		served *bool
		method string
		params []any
	}{
		{&n.can.BlockReceipts, "eth_getBlockReceipts", []any{hexHash(nowhere)}},
		{&n.can.CallTracer, "debug_traceBlockByHash", []any{hexHash(nowhere), n.callTracer()}},
		{&n.can.TraceBlock, "trace_block", []any{hexNumber(1 << 53)}},
	} {
		var ignored json.RawMessage
		err := n.rpc.callOnce(ctx, &ignored, isSlow, p.method, p.params...)
		if errors.Is(err, chains.ErrUnavailable) && !overtime(err) {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		*p.served = !absent(err)
	}
	return n.probeArchive(ctx)
}

// probeArchive asks for state as of the first block after genesis, whose own
// state nodes keep longer than others.
func (n *Node) probeArchive(ctx context.Context) error {
	first, err := n.header(ctx, hexNumber(1))
	if errors.Is(err, chains.ErrNotFound) || pruned(err) {
		n.can.Archive = !pruned(err) // there is no old block yet
		return nil
	}
	if err != nil {
		return err
	}
	_, err = n.BalanceAt(ctx, chains.ZeroAddress, n.network.Asset, first)
	n.can.Archive = err == nil
	return ctx.Err()
}

// Close drops the connections.
func (n *Node) Close() error {
	n.rpc.close()
	return nil
}

// Network is the network that the node serves.
func (n *Node) Network() Network { return n.network }

// Capabilities are what the node was found to serve when it was reached.
func (n *Node) Capabilities() Capabilities { return n.can }

// Chain implements chains.Source.
func (n *Node) Chain() chains.Chain { return n.network.Chain() }

// Tip implements chains.Source.
func (n *Node) Tip(ctx context.Context) (chains.BlockRef, error) { return n.header(ctx, "latest") }

// Final implements chains.AccountSource. What the node calls safe may still be
// replaced, and does not count.
func (n *Node) Final(ctx context.Context) (chains.BlockRef, error) {
	ref, err := n.header(ctx, "finalized")
	if refused, ok := asRefusal(err); ok { // it finalizes nothing, yet or ever
		err = fmt.Errorf("finalized block: %w: %s", chains.ErrNotFound, refused.Error())
	}
	return ref, err
}

// BlockHash implements chains.Source.
func (n *Node) BlockHash(ctx context.Context, height uint64) (chains.BlockHash, error) {
	ref, err := n.header(ctx, hexNumber(height))
	if err == nil && ref.Height != height {
		err = corrupt("asked for block %d, the node sent %s", height, ref)
	}
	return ref.Hash, err
}

// header asks for a block by number or tag; ErrNotFound where there is none.
func (n *Node) header(ctx context.Context, tag string) (chains.BlockRef, error) {
	var raw json.RawMessage
	err := n.rpc.call(ctx, &raw, "eth_getBlockByNumber", tag, false)
	if pruned(err) { // what remains of pruned history is the header
		err = n.rpc.call(ctx, &raw, "eth_getHeaderByNumber", tag)
	}
	if err == nil && null(raw) {
		err = chains.ErrNotFound
	}
	if err != nil {
		return chains.BlockRef{}, fmt.Errorf("block %s: %w", tag, unavailable(err))
	}
	var header struct {
		Hash   *hash     `json:"hash"`
		Number *quantity `json:"number"`
	}
	if err := json.Unmarshal(raw, &header); err != nil || header.Hash == nil || header.Number == nil {
		return chains.BlockRef{}, corrupt("block %s: the node's answer has no hash and number (%w)", tag, errOrNone(err))
	}
	height, err := header.Number.uint64()
	if err != nil {
		return chains.BlockRef{}, corrupt("block %s: %w", tag, err)
	}
	return chains.BlockRef{Height: height, Hash: chains.BlockHash(*header.Hash)}, nil
}

// Blocks implements chains.Source.
func (n *Node) Blocks(ctx context.Context, from, to uint64) iter.Seq2[*chains.Block, error] {
	return chains.Ordered(ctx, from, to, n.rpc.cfg.Concurrency, func(ctx context.Context, height uint64) (*chains.Block, error) {
		hash, err := n.BlockHash(ctx, height)
		if err != nil {
			return nil, err
		}
		ref := chains.BlockRef{Height: height, Hash: hash}
		block, err := n.fetch(ctx, ref)
		if err != nil {
			return nil, fmt.Errorf("node %s, block %s: %w", n.rpc.endpoint, ref, unavailable(err))
		}
		return block, nil
	})
}

// replaced is ErrReorg where the block has left the best chain, and nil where it
// is still there.
func (n *Node) replaced(ctx context.Context, ref chains.BlockRef) error {
	hash, err := n.BlockHash(ctx, ref.Height)
	if err != nil && !errors.Is(err, chains.ErrNotFound) {
		return err
	}
	if hash != ref.Hash {
		return fmt.Errorf("block %s was replaced by %s: %w", ref, hash, chains.ErrReorg)
	}
	return nil
}

// unavailable makes a refusal that nobody dealt with an error that callers know.
func unavailable(err error) error {
	if isA[*refusal](err) && !errors.Is(err, chains.ErrNotFound) && !errors.Is(err, chains.ErrReorg) {
		return fmt.Errorf("%w: %w", chains.ErrUnavailable, err)
	}
	return err
}

// errOrNone stands in for no error where a message has room for one.
func errOrNone(err error) error {
	if err == nil {
		return errors.New("null")
	}
	return err
}

func hexNumber(n uint64) string { return fmt.Sprintf("%#x", n) }

func hexHash(h [32]byte) string { return fmt.Sprintf("%#x", h[:]) }
