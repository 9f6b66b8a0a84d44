package ethereum_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/chains/chaintest"
	"tsuiseki/chains/ethereum"
)

// sameFacts compares blocks by what they say.
func sameFacts() cmp.Options {
	return cmp.Options{cmp.Comparer(chains.Amount.Equal), cmpopts.EquateEmpty()}
}

// TestETLYieldsTheChain: however an export is written, in whatever order and
// with rows twice, and however little memory there is, it yields the chain.
func TestETLYieldsTheChain(t *testing.T) {
	top, folders := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		truth := randomTruth(rt, rapid.IntRange(0, 20_000_000).Draw(rt, "first"), rapid.IntRange(1, 6).Draw(rt, "blocks"), rapid.Bool().Draw(rt, "holes"))
		lines := truth.lines
		for range rapid.IntRange(0, 5).Draw(rt, "rows twice") {
			lines = append(lines, rapid.SampledFrom(lines).Draw(rt, "row"))
		}
		lines = rapid.Permutation(lines).Draw(rt, "order")
		export := etlExport{
			json: rapid.Bool().Draw(rt, "json"), stream: rapid.Bool().Draw(rt, "stream"),
			packed: rapid.Bool().Draw(rt, "packed"), parts: rapid.IntRange(1, 3).Draw(rt, "parts"),
		}
		folders++
		dir := filepath.Join(top, strconv.Itoa(folders))
		temp := filepath.Join(dir, "temp")
		export.write(t, filepath.Join(dir, "export"), lines)
		if err := os.Mkdir(temp, 0o700); err != nil {
			rt.Fatal(err)
		}
		src, err := ethereum.OpenETL(t.Context(), ethereum.ETLConfig{
			Path: filepath.Join(dir, "export"), Temp: temp,
			Memory: rapid.SampledFrom([]int{1, 1000, 5000, 1 << 20}).Draw(rt, "memory"), MaxLine: 20_000,
		})
		if err != nil {
			rt.Fatal(err)
		}
		for range 2 {
			if diff := cmp.Diff(truth.blocks, readBlocks(rt, src), sameFacts()); diff != "" {
				rt.Fatalf("-want +got:\n%s", diff)
			}
		}
		from := rapid.SampledFrom(truth.blocks).Draw(rt, "from").Height
		for block, err := range src.Blocks(t.Context(), from, from) {
			if err != nil || block.Height != from {
				rt.Fatalf("block %v from height %d: %v", block, from, err)
			}
		}
		if err := src.Close(); err != nil {
			rt.Fatal(err)
		}
		if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
			rt.Fatalf("%d temporary files are left (%v)", len(left), err)
		}
	})
}

// TestETLNamesWhatIsMissing: whatever kinds an export lacks, for all blocks or
// some, and whatever rows where others count them, what it yields is true, and
// what it does not name as missing is all there.
func TestETLNamesWhatIsMissing(t *testing.T) {
	top, folders := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		truth := randomTruth(rt, rapid.SampledFrom([]int{100, 15_000_000, 20_000_000}).Draw(rt, "first"), rapid.IntRange(1, 4).Draw(rt, "blocks"), true)
		kinds := map[string]int{}
		for _, kind := range []string{"block", "transaction", "receipt", "log", "token_transfer", "trace"} {
			kinds[kind] = rapid.IntRange(0, 2).Draw(rt, kind) // none, some, all
		}
		counted := map[string]bool{
			"transaction": kinds["block"] == 2, "receipt": kinds["transaction"] == 2, "trace": kinds["transaction"] == 2,
		}
		var lines []etlLine
		chosen := map[string]bool{} // whole blocks of a kind
		for _, l := range truth.lines {
			block := fmt.Sprint(l.kind, l.height())
			held, drawn := chosen[block]
			if !drawn || counted[l.kind] {
				held = kinds[l.kind] == 2 || kinds[l.kind] == 1 && rapid.Bool().Draw(rt, "row")
				chosen[block] = held
			}
			if held {
				lines = append(lines, l)
			}
		}
		if len(lines) == 0 {
			return
		}
		folders++
		dir := filepath.Join(top, strconv.Itoa(folders))
		etlExport{json: rapid.Bool().Draw(rt, "json")}.write(t, dir, lines)
		src, err := ethereum.OpenETL(t.Context(), ethereum.ETLConfig{Path: dir})
		if err != nil {
			rt.Fatal(err)
		}
		defer src.Close()
		want := map[uint64]*chains.Block{}
		for _, block := range truth.blocks {
			want[block.Height] = block
		}
		for _, block := range readBlocks(rt, src) {
			checkMissing(rt, want[block.Height], block)
		}
	})
}

// checkMissing compares a block with the truth, but for the parts it names as missing.
func checkMissing(t *rapid.T, want, got *chains.Block) {
	gaps := map[chains.Part]bool{}
	for _, gap := range got.Gaps {
		gaps[gap.Part] = true
	}
	txs := map[chains.TxID]*chains.Tx{}
	for i := range want.Txs {
		txs[want.Txs[i].ID] = &want.Txs[i]
	}
	if !gaps[chains.PartTransactions] && len(got.Txs) != len(want.Txs) {
		t.Fatalf("%d transactions, want %d", len(got.Txs), len(want.Txs))
	}
	counts, held := map[chains.Part]int{}, map[chains.Part]int{}
	part := func(tr *chains.Transfer) chains.Part {
		switch {
		case tr.IsLog():
			return chains.PartLogs
		case tr.Kind == chains.FeeTransfer || tr.Kind == chains.TipTransfer:
			return chains.PartReceipts
		case tr.Kind == chains.WithdrawalTransfer:
			return chains.PartWithdrawals
		case tr.Kind == chains.RewardTransfer:
			return chains.PartRewards
		case tr.Kind == chains.InternalTransfer:
			return chains.PartInternal
		}
		return chains.PartTransactions
	}
	for i := range want.Txs {
		for j := range want.Txs[i].Transfers {
			counts[part(&want.Txs[i].Transfers[j])]++
		}
	}
	for i := range got.Txs {
		tx, truth := &got.Txs[i], txs[got.Txs[i].ID]
		if truth == nil || (tx.From != "" && tx.From != truth.From) || (!gaps[chains.PartReceipts] && tx.Failed != truth.Failed) {
			t.Fatalf("transaction %+v, want %+v", tx, truth)
		}
		if !gaps[chains.PartTransactions] && tx.Index != truth.Index {
			t.Fatalf("transaction %s has place %d, want %d", tx.ID, tx.Index, truth.Index)
		}
		for j := range tx.Transfers {
			tr := &tx.Transfers[j]
			held[part(tr)]++
			if !isTrue(truth, tr, gaps) {
				t.Fatalf("transfer %+v of transaction %+v with gaps %v", tr, truth, got.Gaps)
			}
		}
	}
	for i := range want.System {
		counts[part(&want.System[i])]++
	}
	for i := range got.System {
		held[part(&got.System[i])]++
	}
	for _, p := range chains.Parts() {
		if undecided := p == chains.PartTransactions && gaps[chains.PartReceipts]; !gaps[p] && held[p] != counts[p] && !undecided {
			if p == chains.PartWithdrawals && want.Height < 17_034_870 || p == chains.PartRewards && want.Height >= 15_537_394 {
				continue // the main chain has none there, though the random one does
			}
			t.Fatalf("block %d holds %d of %d transfers of part %q, which is not named as missing; gaps %v", got.Height, held[p], counts[p], p, got.Gaps)
		}
	}
}

// isTrue reports whether the transaction made a transfer, as far as the gaps
// leave it to be known.
func isTrue(truth *chains.Tx, tr *chains.Transfer, gaps map[chains.Part]bool) bool {
	if truth.Failed && !tr.IsLog() && tr.Kind != chains.FeeTransfer && tr.Kind != chains.TipTransfer {
		return gaps[chains.PartReceipts] // it may have been taken as not failed
	}
	for i := range truth.Transfers {
		want := &truth.Transfers[i]
		same := want.From == tr.From && want.To == tr.To && want.Asset == tr.Asset
		// Only where frames before it may be missing is a frame's place not known.
		same = same && (want.Index == tr.Index || tr.Kind == chains.InternalTransfer && gaps[chains.PartInternal])
		switch {
		case same && want.Kind == tr.Kind && want.Amount.Equal(tr.Amount) && want.TokenID.Equal(tr.TokenID):
			return true
		case same && want.Kind == chains.CollectibleTransfer && tr.Kind == chains.TokenTransfer && want.TokenID.Equal(tr.Amount) && gaps[chains.PartLogs]:
			return true
		}
	}
	// A created contract's address follows from its creator's nonce, unless told.
	return tr.Kind == chains.NativeTransfer && truth.To == "" || tr.Kind == chains.InternalTransfer && gaps[chains.PartInternal]
}

func TestETLConforms(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		if _, err := os.Stat(filepath.Join(dir, "part=0")); err == nil {
			return
		}
		truth := randomTruth(rt, 100, 12, false)
		etlExport{}.write(t, dir, truth.lines)
	})
	src := openETL(t, ethereum.ETLConfig{Path: dir, Memory: 2000})
	if src.First() != 100 || src.Chain() != "ethereum" {
		t.Errorf("first height %d of %s", src.First(), src.Chain())
	}
	chaintest.TestSource(t, src, 100)
	tip, err := src.Tip(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if final, err := src.Final(t.Context()); err != nil || final != tip {
		t.Errorf("final %s, want the tip %s (%v)", final, tip, err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ethereum.OpenETL(cancelled, ethereum.ETLConfig{Path: dir}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}
