package index_test

import (
	"context"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
	"tsuiseki/fixtures"
)

// asking counts what an index asks of its source, which may refuse to tell.
type asking struct {
	*fixtures.AccountChain
	refusal error
	asked   []chains.Asset
}

func (a *asking) Tokens(ctx context.Context, at chains.BlockRef, assets []chains.Asset) ([]*chains.Token, error) {
	a.asked = append(a.asked, assets...)
	if a.refusal != nil {
		return nil, a.refusal
	}
	return a.AccountChain.Tokens(ctx, at, assets)
}

// TestAccountsAskForTokens: once where the source answers, be it that it does not
// know; again, when the token is next seen, where it fails.
func TestAccountsAskForTokens(t *testing.T) {
	known, unknown := fixtures.TokenNames()[3], fixtures.TokenNames()[2]
	block := func(height uint64) *chains.Block {
		tx := chains.Tx{From: fixtures.AccountNames()[2]}
		for _, token := range []chains.Asset{known, unknown, known} {
			tx.Transfers = append(tx.Transfers, chains.Transfer{Kind: chains.TokenTransfer, From: tx.From, Asset: token})
		}
		return &chains.Block{Header: chains.Header{BlockRef: chains.BlockRef{Height: height}}, Txs: []chains.Tx{tx}}
	}
	src := &asking{AccountChain: &fixtures.AccountChain{Held: []*chains.Block{block(1), block(2), block(3)}, Finality: -1}}
	x := openAccounts(t, 1) // a batch for each block
	defer x.Close()
	for _, step := range []struct {
		to      uint64
		refusal error
		asked   int
		told    bool
	}{{1, chains.ErrUnavailable, 2, false}, {2, nil, 4, true}, {3, nil, 4, true}} {
		src.refusal = step.refusal
		x.sync(t, src, step.to)
		if len(src.asked) != step.asked {
			t.Errorf("up to height %d: asked for %q", step.to, src.asked)
		}
		v := x.view(t, nil)
		token, ok, err := v.Token(known)
		if err != nil || ok != step.told || (ok && (token.Symbol != "Tffff" || token.Decimals != 5)) {
			t.Errorf("up to height %d: %+v, %v, %v", step.to, token, ok, err)
		}
		if _, ok, err := v.Token(unknown); ok || err != nil {
			t.Errorf("an unknown token: %v, %v", ok, err)
		}
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAccountsStartOverWhenATokenIsAskedOfAReplacedBlock: nothing of the block stays.
func TestAccountsStartOverWhenATokenIsAskedOfAReplacedBlock(t *testing.T) {
	c := seededChain(5)
	src := &asking{AccountChain: c, refusal: chains.ErrReorg}
	x := openAccounts(t, 0)
	if _, err := x.Sync(t.Context(), src, index.SyncOptions{}); err == nil {
		t.Fatal("a chain that never settles was indexed")
	}
	if rows := x.rows(t); len(rows) != 4 {
		t.Errorf("%d rows stay", len(rows))
	}
}
