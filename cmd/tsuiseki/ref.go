package main

import (
	"fmt"
	"strconv"
	"strings"

	"tsuiseki/chains"
)

// ref is a reference to a transaction or output: TXID or TXID:N, and @HEIGHT
// behind it where the same id occurs twice (BIP30).
type ref struct {
	tx     chains.TxID
	output *uint32
	height *uint64
}

func parseRef(text string) (r ref, err error) {
	rest, height, hasHeight := strings.Cut(text, "@")
	id, output, hasOutput := strings.Cut(rest, ":")
	if r.tx, err = chains.ParseTxID(id); err != nil {
		return r, usagef("reference %.120q: %w", text, err)
	}
	if hasOutput {
		n, err := strconv.ParseUint(output, 10, 32)
		if err != nil {
			return r, usagef("reference %.120q: %.40q is no output index: write TXID:N with N from 0", text, output)
		}
		index := uint32(n)
		r.output = &index
	}
	if hasHeight {
		h, err := strconv.ParseUint(height, 10, 32)
		if err != nil {
			return r, usagef("reference %.120q: %.40q is no height", text, height)
		}
		r.height = &h
	}
	return r, nil
}

// find reads the transaction meant.
func (r ref) find(view *opened) (*chains.Tx, error) {
	txs, err := view.Txs(r.tx)
	if err != nil {
		return nil, err
	}
	if r.height == nil && len(txs) == 1 {
		return txs[0], nil
	}
	var heights []string
	for _, tx := range txs {
		if r.height != nil && tx.Block.Height == *r.height {
			return tx, nil
		}
		heights = append(heights, fmt.Sprint(tx.Block.Height))
	}
	if r.height != nil {
		return nil, usagef("transaction %s is not at height %d but at %s", r.tx, *r.height, strings.Join(heights, ", "))
	}
	return nil, usagef("transaction %s occurs at heights %s: add @HEIGHT to say which", r.tx, strings.Join(heights, " and "))
}
