package index

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"tsuiseki/chains"
)

// MixedError says that the source has facts about a block which the index holds
// without them. What would be added cannot make up for them.
type MixedError struct {
	Chain  chains.Chain
	Part   chains.Part // the last block that lacks it is at Height
	Height uint64
}

func (e *MixedError) Error() string {
	return fmt.Sprintf("the source has %s at height %d, where the index of %s has none", e.Part, e.Height, e.Chain)
}

// Sync brings the index to the source's best chain; see syncer for what holds
// when it stops midway. A source may leave blocks out and have hashes that it
// cannot tell: neither is a reason to undo anything. What a node did not tell for
// a while is read anew within SyncOptions.Heal.
func (x *Accounts) Sync(ctx context.Context, src chains.AccountSource, opt SyncOptions) (Result, error) {
	healed := uint64(0)
	for {
		result, err := x.syncOnce(ctx, src, opt)
		result.Reread += healed
		mixed, is := errors.AsType[*MixedError](err)
		if !is {
			return result, err
		}
		undone, healErr := x.heal(ctx, mixed, opt.Heal)
		if healErr != nil || undone == 0 {
			return result, errors.Join(err, healErr)
		}
		healed += undone
	}
}

// heal cuts the index below a block that lacks what the source has, unless it
// lies too deep or is the first.
func (x *Accounts) heal(ctx context.Context, mixed *MixedError, depth uint64) (undone uint64, err error) {
	status, err := x.Status(ctx)
	if err != nil || mixed.Height <= status.From || mixed.Height+depth <= status.Tip.Height {
		return 0, err
	}
	x.log.Info("reading anew what the source could not tell before", "part", mixed.Part, "from", mixed.Height, "chain", x.chain)
	return x.Cut(ctx, mixed.Height-1)
}

func (x *Accounts) syncOnce(ctx context.Context, src chains.AccountSource, opt SyncOptions) (Result, error) {
	keeper := &accountKeeper{Accounts: x, src: src, mixed: opt.Mixed}
	s := syncer[*accountBatch]{store: x.store, keeper: keeper, src: src, opt: opt, loose: true}
	result, err := s.sync(ctx)
	if err != nil {
		return result, err
	}
	return result, x.keepFinal(ctx, src)
}

// accountKeeper keeps the transfers of an account chain.
type accountKeeper struct {
	*Accounts
	src     chains.AccountSource
	mixed   bool
	genesis chains.Genesis // where the index begins with it and the source may tell
}

var _ keeper[*accountBatch] = (*accountKeeper)(nil)

func (k *accountKeeper) begin(ctx context.Context, v *pinned, height uint64) (*accountBatch, error) {
	from := height
	if v != nil {
		from = v.from
	}
	if genesis, asks := k.src.(chains.Genesis); asks && from == 0 {
		k.genesis = genesis
	}
	if v == nil {
		return newAccountBatch(k.native, accountTotals{}), nil
	}
	value, err := v.blockRow(height)
	if err != nil {
		return nil, err
	}
	block, err := readAccountBlock(height, value)
	if err != nil {
		return nil, err
	}
	if !k.mixed {
		if err := k.checkMissing(ctx, &AccountView{pinned: v}, &block.totals); err != nil {
			return nil, err
		}
	}
	return newAccountBatch(k.native, block.totals), nil
}

// checkMissing refuses a source that has what the index lacks, as far as the
// last height shows that lacks each part.
func (k *accountKeeper) checkMissing(ctx context.Context, v *AccountView, totals *accountTotals) error {
	looked := map[uint64][]chains.Part{} // by height: what the source has
	parts := missable()
	for i := partBlocks; i >= 0; i-- {
		height, found, err := v.lastLacking(i, totals)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		if _, known := looked[height]; !known {
			if looked[height], err = k.partsAt(ctx, height); err != nil {
				return err
			}
		}
		if slices.Contains(looked[height], parts[i]) {
			return &MixedError{k.chain, parts[i], height}
		}
	}
	return nil
}

// lastLacking is the last block that is held without a part, or the last height
// without a block. It gives up among many holes.
func (v *AccountView) lastLacking(part int, totals *accountTotals) (height uint64, found bool, err error) {
	const patience = 1000
	for range patience {
		gap := totals.gaps[part]
		if gap.blocks == 0 || part == partBlocks {
			return gap.last.To, gap.blocks > 0, nil
		}
		height, held, err := v.below(gap.last.To + 1)
		if err != nil || !held {
			return 0, false, err
		}
		if height >= gap.last.From { // else the run is of heights without a block
			return height, true, nil
		}
		block, err := v.block(height)
		if err != nil {
			return 0, false, err
		}
		totals = &block.totals
	}
	return 0, false, nil
}

// partsAt are the parts that the source has of the block at a height.
func (k *accountKeeper) partsAt(ctx context.Context, height uint64) (has []chains.Part, err error) {
	for block, err := range k.src.Blocks(ctx, height, height) {
		if errors.Is(err, chains.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for _, part := range missable() {
			if !slices.ContainsFunc(block.Gaps, func(g chains.Gap) bool { return g.Part == part }) {
				has = append(has, part)
			}
		}
	}
	return has, nil
}

func (k *accountKeeper) add(_ context.Context, batch, writing *accountBatch, block *chains.Block) error {
	if err := batch.addBlock(block); err != nil {
		return err
	}
	for _, asset := range batch.newest {
		if writing != nil {
			if _, asked := writing.asked[asset]; asked {
				continue
			}
		}
		_, err := k.get(tokenKey(asset))
		if err == nil {
			continue
		}
		if !errors.Is(err, pebble.ErrNotFound) {
			return err
		}
		batch.unasked = append(batch.unasked, asset)
		batch.asked[asset] = struct{}{}
	}
	return nil
}

// finish asks for what no block tells: the metadata of new tokens, and what the
// genesis block allots to accounts.
func (k *accountKeeper) finish(ctx context.Context, batch *accountBatch) error {
	if err := k.askTokens(ctx, batch); err != nil {
		return err
	}
	return k.askGenesis(ctx, batch)
}

// askTokens asks for metadata. Where the source fails to tell, or the Sync is
// being stopped, it is asked for again when a token is next seen.
func (k *accountKeeper) askTokens(ctx context.Context, batch *accountBatch) error {
	const atOnce = 100
	for assets := range slices.Chunk(batch.unasked, atOnce) {
		names := make([]chains.Asset, len(assets))
		for i, asset := range assets {
			names[i] = chains.Asset(asset.address())
		}
		if ctx.Err() != nil {
			return nil
		}
		tokens, err := k.src.Tokens(ctx, batch.tip, names)
		if errors.Is(err, chains.ErrReorg) {
			return err
		}
		if err == nil && len(tokens) != len(assets) {
			err = fmt.Errorf("%w: asked for %d tokens, got %d", chains.ErrCorrupt, len(assets), len(tokens))
		}
		if err != nil {
			k.log.Warn("the source does not tell what tokens are called", "chain", k.chain, "tokens", len(assets), "error", err)
			return nil
		}
		for i, token := range tokens {
			batch.tokens.set(tokenKey(assets[i]), appendToken(nil, token))
		}
	}
	return nil
}

// appendToken writes a token's metadata; nothing where it has none.
func appendToken(value []byte, t *chains.Token) []byte {
	if t == nil {
		return value
	}
	return appendText(append(value, t.Decimals), t.Symbol)
}
