package ethereum

import (
	"context"
	"fmt"

	"tsuiseki/chains"
)

// Tokens implements chains.AccountSource. It answers from the export's tokens,
// which say in which block they were seen: the last before the one asked for, else
// the first.
func (e *ETL) Tokens(ctx context.Context, at chains.BlockRef, assets []chains.Asset) ([]*chains.Token, error) {
	tokens := make([]*chains.Token, len(assets))
	if !e.seen[etlTokenRow] {
		return tokens, nil
	}
	for i, asset := range assets {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var contract etlAddress
		if !unhex(contract[:], []byte(asset)) {
			continue // the chain's coin is no token
		}
		var err error
		if tokens[i], err = e.token(at.Height, contract); err != nil {
			return nil, fmt.Errorf("token %s: %w", asset, err)
		}
	}
	return tokens, nil
}

func (e *ETL) token(height uint64, contract etlAddress) (*chains.Token, error) {
	key := tokenKey(contract)
	merge, err := newMerge(e.runs, e.sorters, key)
	var best *etlToken
	for err == nil && len(merge) > 0 && merge[0].key == key {
		var kind etlKind
		row := &etlToken{}
		c := etlCodec{buf: append([]byte(nil), merge[0].record...), reading: true}
		c.head(&kind, &row.etlSource)
		row.code(&c)
		if err = c.err; err == nil {
			err = merge.advance()
		}
		if row.address == contract && (best == nil || row.nearer(best, height)) {
			best = row
		}
	}
	if err != nil || best == nil {
		return nil, err
	}
	return &chains.Token{Asset: chains.Asset(contract.chain()), Symbol: printable(best.symbol), Decimals: uint8(best.decimals)}, nil
}

// nearer reports whether the row rather than another tells what held at a height.
func (t *etlToken) nearer(other *etlToken, height uint64) bool {
	if t.block <= height && other.block <= height {
		return t.block > other.block
	}
	return t.block < other.block
}
