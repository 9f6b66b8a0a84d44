package bitcoin

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"sync/atomic"

	"tsuiseki/chains"
)

// Dialect names the family of node software, which differ in what they can tell.
type Dialect string

// Dialects of the JSON-RPC.
const (
	Core Dialect = "core"
	Btcd Dialect = "btcd"
)

// Node is a chains.UTXOSource over a node's JSON-RPC. Blocks come as raw bytes and
// are decoded and checked here; nothing is taken from the node's own rendering
// but prevouts of transactions it keeps no index of.
type Node struct {
	rpc     *rpcClient
	network Network
	dialect Dialect
	workers int

	noUndoPrevouts atomic.Bool // getblock 3 turned out to carry no prevouts
	noTxLookup     atomic.Bool // the node has no transaction index
}

var _ chains.UTXOSource = (*Node)(nil)

// dialRetries is how often a node is tried again before the first answer: who
// mistyped its address should not wait for long.
const dialRetries = 2

// DialNode reaches a node and asks it which network and dialect it is of.
// network is the name expected; "" takes what the node serves.
func DialNode(ctx context.Context, cfg RPCConfig, network string) (*Node, error) {
	patient, err := newRPCClient(cfg)
	if err != nil {
		return nil, err
	}
	cfg.Retries = min(orDefault(cfg.Retries, dialRetries), dialRetries)
	rpc, err := newRPCClient(cfg)
	if err != nil {
		return nil, err
	}
	defer rpc.close()
	n := &Node{rpc: rpc, workers: rpc.cfg.Concurrency}
	genesis, err := n.BlockHash(ctx, 0)
	if err != nil {
		return nil, err
	}
	if n.network, err = resolveNetwork(network, genesis); err != nil {
		return nil, fmt.Errorf("node %s: %w", rpc.endpoint, err)
	}
	// Where Core lists a verbose block's transactions under "tx", btcd has "rawtx".
	var verbose map[string]json.RawMessage
	if err := rpc.call(ctx, &verbose, "getblock", genesis, 2); err != nil {
		return nil, err
	}
	n.dialect = Core
	if verbose["rawtx"] != nil {
		n.dialect = Btcd
		n.noUndoPrevouts.Store(true) // it accepts verbosity 3 and leaves them out
	}
	n.rpc = patient
	return n, nil
}

// Close drops idle connections.
func (n *Node) Close() error {
	n.rpc.close()
	return nil
}

// Network is the network that the node serves.
func (n *Node) Network() Network { return n.network }

// Dialect is the node's dialect, found by asking.
func (n *Node) Dialect() Dialect { return n.dialect }

// Chain implements chains.Source.
func (n *Node) Chain() chains.Chain { return n.network.Chain() }

// Tip implements chains.Source.
func (n *Node) Tip(ctx context.Context) (chains.BlockRef, error) {
	var height uint64
	if err := n.rpc.call(ctx, &height, "getblockcount"); err != nil {
		return chains.BlockRef{}, err
	}
	hash, err := n.BlockHash(ctx, height)
	return chains.BlockRef{Height: height, Hash: hash}, err
}

// BlockHash implements chains.Source.
func (n *Node) BlockHash(ctx context.Context, height uint64) (hash chains.BlockHash, err error) {
	err = n.rpc.call(ctx, &hash, "getblockhash", height)
	if hasCode(err, -8, -1) { // Core's and btcd's way to say "above the tip"
		err = fmt.Errorf("height %d: %w: %w", height, chains.ErrNotFound, err)
	}
	return hash, err
}

// Blocks implements chains.Source.
func (n *Node) Blocks(ctx context.Context, from, to uint64) iter.Seq2[*chains.Block, error] {
	return chains.Ordered(ctx, from, to, n.workers, func(ctx context.Context, height uint64) (*chains.Block, error) {
		hash, err := n.BlockHash(ctx, height)
		if err != nil {
			return nil, err
		}
		var raw hexBytes
		if err := n.rpc.call(ctx, &raw, "getblock", hash, 0); err != nil {
			if hasCode(err, -5) {
				return nil, fmt.Errorf("block %s at height %d: %w: %w", hash, height, chains.ErrReorg, err)
			}
			return nil, fmt.Errorf("block %s at height %d: %w", hash, height, err)
		}
		block, err := DecodeBlock(raw)
		if err == nil && block.Hash != hash {
			err = corrupt("asked for block %s, the node sent %s", hash, block.Hash)
		}
		if err != nil {
			return nil, fmt.Errorf("node %s, height %d: %w", n.rpc.endpoint, height, err)
		}
		return block, nil
	})
}

// Prevouts implements chains.UTXOSource. It reads them from the undo data that Core
// adds to a block (one call), else from the node's transaction index.
func (n *Node) Prevouts(ctx context.Context, spender chains.BlockRef, outpoints []chains.Outpoint) ([]*chains.Output, error) {
	outputs := make([]*chains.Output, len(outpoints))
	if !n.noUndoPrevouts.Load() {
		found, err := n.undoPrevouts(ctx, spender)
		if err != nil {
			return nil, err
		}
		for i, o := range outpoints {
			outputs[i] = found[o]
		}
	}
	const perBatch = 100
	var missing []int
	for i := range outputs {
		if outputs[i] == nil {
			missing = append(missing, i)
		}
	}
	for len(missing) > 0 && !n.noTxLookup.Load() {
		batch := missing[:min(perBatch, len(missing))]
		missing = missing[len(batch):]
		if err := n.lookUp(ctx, outpoints, outputs, batch); err != nil {
			return nil, err
		}
	}
	return outputs, nil
}

// lookUp fills outputs[i] for each i of the batch from whole transactions, whose
// bytes must hash to the id asked for.
func (n *Node) lookUp(ctx context.Context, outpoints []chains.Outpoint, outputs []*chains.Output, batch []int) error {
	params := make([][]any, len(batch))
	for k, i := range batch {
		params[k] = []any{outpoints[i].Tx, 0}
	}
	answers, err := n.rpc.batch(ctx, "getrawtransaction", params)
	if err != nil {
		return err
	}
	for k, i := range batch {
		if answers[k].Error != nil {
			if hasCode(answers[k].Error, -5) { // no such transaction, or no index of them
				continue
			}
			if hasCode(answers[k].Error, codeMethodNotFound, -1, -32603) {
				n.noTxLookup.Store(true)
				return nil
			}
			return answers[k].Error
		}
		var raw hexBytes
		if err := json.Unmarshal(answers[k].Result, &raw); err != nil {
			return corrupt("transaction %s: %w", outpoints[i].Tx, err)
		}
		tx, err := DecodeTx(raw)
		if err != nil {
			return err
		}
		if tx.ID != outpoints[i].Tx {
			return corrupt("asked for transaction %s, the node sent %s", outpoints[i].Tx, tx.ID)
		}
		if int(outpoints[i].Index) >= len(tx.Outputs) {
			return corrupt("transaction %s has no output %d, which block data spends", tx.ID, outpoints[i].Index)
		}
		outputs[i] = &tx.Outputs[outpoints[i].Index]
	}
	return nil
}

// undoPrevouts reads the prevouts of a whole block; none where the node's
// getblock has no verbosity 3 or its undo data is pruned.
func (n *Node) undoPrevouts(ctx context.Context, block chains.BlockRef) (map[chains.Outpoint]*chains.Output, error) {
	var verbose struct {
		Tx []struct {
			Vin []struct {
				TxID    chains.TxID `json:"txid"`
				Vout    uint32      `json:"vout"`
				Prevout *struct {
					Value        json.Number `json:"value"`
					ScriptPubKey struct {
						Hex hexBytes `json:"hex"`
					} `json:"scriptPubKey"`
				} `json:"prevout"`
			} `json:"vin"`
		} `json:"tx"`
	}
	if err := n.rpc.call(ctx, &verbose, "getblock", block.Hash, 3); err != nil {
		if hasCode(err, -1, -3, -8, -32602) { // it knows lower verbosities only
			n.noUndoPrevouts.Store(true)
			return nil, nil
		}
		return nil, err
	}
	found := make(map[chains.Outpoint]*chains.Output)
	for i, tx := range verbose.Tx {
		for _, in := range tx.Vin {
			if i == 0 { // a coinbase spends nothing
				continue
			}
			if in.Prevout == nil {
				n.noUndoPrevouts.Store(true)
				return nil, nil
			}
			value, err := parseCoins(in.Prevout.Value.String())
			if err != nil {
				return nil, err
			}
			found[chains.Outpoint{Tx: in.TxID, Index: in.Vout}] = &chains.Output{Value: value, Script: in.Prevout.ScriptPubKey.Hex}
		}
	}
	return found, nil
}

// hexBytes decodes a JSON string of hexadecimal digits.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) error {
	raw := make([]byte, hex.DecodedLen(len(text)))
	if _, err := hex.Decode(raw, text); err != nil {
		return err
	}
	*h = raw
	return nil
}
