package bitcoin

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"tsuiseki/chains"
)

// maxMempool is how many transactions without a block are searched for a spender.
const maxMempool = 20_000

// MempoolSpends asks which of the outpoints, unspent in all blocks, a transaction
// without a block spends. The answers have state SpentMempool, with By zero
// where Core tells that there is a spender but its mempool is too large to find it.
func (n *Node) MempoolSpends(ctx context.Context, outpoints []chains.Outpoint) (map[chains.Outpoint]chains.Spend, error) {
	spends := map[chains.Outpoint]chains.Spend{}
	for _, o := range outpoints {
		// btcd's gettxout does not tell what its mempool spends: all are searched for.
		if n.dialect == Core {
			if spent, err := n.spentInMempool(ctx, o); err != nil {
				return nil, err
			} else if !spent {
				continue
			}
		}
		spends[o] = chains.Spend{State: chains.SpentMempool}
	}
	if len(spends) == 0 {
		return spends, nil
	}
	if err := n.findSpenders(ctx, spends); err != nil {
		return nil, err
	}
	if n.dialect == Btcd {
		maps.DeleteFunc(spends, func(_ chains.Outpoint, s chains.Spend) bool { return s.By == chains.TxID{} })
	}
	return spends, nil
}

// spentInMempool compares the output set of the blocks with that of the mempool too.
func (n *Node) spentInMempool(ctx context.Context, o chains.Outpoint) (bool, error) {
	var confirmed, pending json.RawMessage
	if err := n.rpc.call(ctx, &confirmed, "gettxout", o.Tx, o.Index, false); err != nil {
		return false, err
	}
	if err := n.rpc.call(ctx, &pending, "gettxout", o.Tx, o.Index, true); err != nil {
		return false, err
	}
	return string(confirmed) != "null" && string(pending) == "null", nil
}

func (n *Node) findSpenders(ctx context.Context, spends map[chains.Outpoint]chains.Spend) error {
	var ids []chains.TxID
	if err := n.rpc.call(ctx, &ids, "getrawmempool"); err != nil {
		return err
	}
	if len(ids) > maxMempool {
		if n.dialect == Core {
			return nil
		}
		return fmt.Errorf("%w: %d transactions wait for a block, too many to search for a spender", chains.ErrUnavailable, len(ids))
	}
	const perBatch = 200
	for len(ids) > 0 {
		batch := ids[:min(perBatch, len(ids))]
		ids = ids[len(batch):]
		params := make([][]any, len(batch))
		for i, id := range batch {
			params[i] = []any{id, 0}
		}
		answers, err := n.rpc.batch(ctx, "getrawtransaction", params)
		if err != nil {
			return err
		}
		for _, answer := range answers {
			if answer.Error != nil {
				continue // mined or dropped meanwhile
			}
			if err := noteSpends(answer.Result, spends); err != nil {
				return err
			}
		}
	}
	return nil
}

func noteSpends(result json.RawMessage, spends map[chains.Outpoint]chains.Spend) error {
	var raw hexBytes
	if err := json.Unmarshal(result, &raw); err != nil {
		return fmt.Errorf("%w: mempool transaction: %w", chains.ErrCorrupt, err)
	}
	tx, err := DecodeTx(raw)
	if err != nil {
		return err
	}
	for i := range tx.Inputs {
		if spend, asked := spends[tx.Inputs[i].Prevout]; asked {
			spend.By, spend.Input = tx.ID, uint32(i)
			spends[tx.Inputs[i].Prevout] = spend
		}
	}
	return nil
}
