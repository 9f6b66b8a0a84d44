package main

import (
	"fmt"
	"strconv"
	"strings"

	"tsuiseki/chains"
)

// ref is a reference to a transaction or a place in it: TXID; TXID:N, an output;
// TXID:log:N or TXID:call:N, a transfer of an account chain; and @HEIGHT behind
// it where the same id occurs twice (BIP30).
type ref struct {
	tx     chains.TxID
	kind   string // of the place: "", output, log or call
	index  uint32
	height *uint64
}

const (
	refOutput = "output"
	refLog    = "log"
	refCall   = "call"
)

func parseRef(text string) (r ref, err error) {
	rest, height, hasHeight := strings.Cut(text, "@")
	id, place, hasPlace := strings.Cut(rest, ":")
	if r.tx, err = chains.ParseTxID(id); err != nil {
		return r, usagef("reference %.120q: %w", text, err)
	}
	if hasPlace {
		r.kind = refOutput
		if kind, index, ok := strings.Cut(place, ":"); ok && (kind == refLog || kind == refCall) {
			r.kind, place = kind, index
		}
		n, err := strconv.ParseUint(place, 10, 32)
		if err != nil {
			return r, usagef("reference %.120q: %.40q is no output index: write TXID:N with N from 0, or TXID:log:N or TXID:call:N on Ethereum", text, place)
		}
		r.index = uint32(n)
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
