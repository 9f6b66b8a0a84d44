package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"tsuiseki/chains"
	"tsuiseki/fixtures"
)

// grow indexes other blocks of the story's chain.
func (w *casework) grow(t *testing.T, blocks []*chains.Block) {
	t.Helper()
	story := *w.Casework
	story.Blocks = blocks
	dir := filepath.Join(t.TempDir(), "export")
	if err := os.Mkdir(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	s := &session{ctx: t.Context(), data: w.data, out: io.Discard, errOut: io.Discard, log: slog.New(slog.DiscardHandler)}
	if err := indexCasework(s, dir, &story); err != nil {
		t.Fatal(err)
	}
}

// TestLinksAsChainsGrow correlates what is known as of a block, then as the chain grows,
// then as its last blocks are replaced. Each time incremental and full are the same.
func TestLinksAsChainsGrow(t *testing.T) {
	story, err := fixtures.NewCasework()
	if err != nil {
		t.Fatal(err)
	}
	swept := slices.IndexFunc(story.Blocks, func(b *chains.Block) bool {
		return slices.ContainsFunc(b.Txs, func(tx chains.Tx) bool { return tx.From == story.Deposit })
	})
	whole := story.Blocks
	early := *story
	early.Blocks, early.Cases = whole[:swept], story.Cases[:3]
	w := &casework{Casework: &early, data: t.TempDir()}
	s := &session{ctx: t.Context(), data: w.data, out: io.Discard, errOut: io.Discard, log: slog.New(slog.DiscardHandler)}
	if w.cases, err = loadCases(s, t.TempDir(), &early); err != nil {
		t.Fatal(err)
	}
	doc := w.correlate(t)
	w.want(t, "before anything was swept", &doc, []string{"0-1 collector"})

	w.grow(t, whole)
	doc = w.correlate(t)
	w.want(t, "once the deposit address is known", &doc, []string{"0-1 deposit-address"})
	w.retrace(t)
	doc = w.correlate(t)
	w.want(t, "traced anew", &doc, []string{"0-1 deposit-address", "0-2 deposit-address", "1-2 deposit-address"})

	// The money never reached the deposit address: those blocks are replaced by empty ones.
	fork := slices.Clone(whole[:swept-1])
	for height := len(fork); height < len(whole); height++ {
		last := fork[height-1]
		b := &chains.Block{Producer: last.Producer}
		b.Height, b.Parent, b.Time = last.Height+1, last.Hash, whole[height].Time
		b.Hash = sha256.Sum256(fmt.Append(nil, "fork ", height))
		fork = append(fork, b)
	}
	w.grow(t, fork)
	doc = w.correlate(t)
	if doc.Cases != 0 || len(doc.Links) != 0 {
		t.Errorf("by traces of replaced blocks %d cases have links %v", doc.Cases, w.found(&doc))
	}
	if text := w.run(t, "link", "list", "--withdrawn"); strings.Count(text, "found no more: ") != 3 {
		t.Errorf("withdrawn are:\n%s", text)
	}
	w.retrace(t)
	doc = w.correlate(t)
	w.want(t, "after the reorg", &doc, []string{"0-1 collector"})
}

func (w *casework) retrace(t *testing.T) {
	t.Helper()
	for _, id := range w.cases {
		w.run(t, "case", "trace", id)
	}
}

// TestLinkByCluster has two cases on a chain of outputs whose victims paid two addresses
// of one owner, and a third who paid somebody else.
func TestLinkByCluster(t *testing.T) {
	c := fixtures.NewChain()
	out := func(owner int, value int64) *wire.TxOut {
		return wire.NewTxOut(value, fixtures.Script("p2wpkh", owner))
	}
	const coin = 50e8
	c.Mine(c.Coinbase(out(1, coin), out(2, coin), out(3, coin), out(11, 1e6), out(12, 1e6)))
	coins := fixtures.Coins(c.Blocks()[1].Transactions[0])
	// The offender spends from both addresses at once.
	c.Mine(c.Coinbase(out(90, coin)), c.Pay(coins[3:5], out(13, 19e5)))
	var paid []*wire.MsgTx
	for i, to := range []int{11, 12, 14} {
		tx := c.Pay(coins[i:i+1], out(to, coin-1e4))
		paid = append(paid, tx)
		c.Mine(c.Coinbase(out(91+i, coin)), tx)
	}
	c.Mine(c.Coinbase(out(99, coin)))
	w := &casework{Casework: &fixtures.Casework{}, data: t.TempDir()}
	blocks := t.TempDir()
	if err := fixtures.WriteBlkFiles(blocks, c.Blocks(), fixtures.BlkOptions{}); err != nil {
		t.Fatal(err)
	}
	w.run(t, "index", "bitcoin", "--blocks", blocks)
	for i, tx := range paid {
		var made newCaseDoc
		unmarshal(t, w.run(t, "case", "new", "--title", "t", "--prefecture", "13", "--number", fmt.Sprint(i), "--json"), &made)
		file := filepath.Join(t.TempDir(), "paid.csv")
		if err := os.WriteFile(file, []byte("txid,index\n"+tx.TxHash().String()+",0\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		w.run(t, "case", "import", made.Case, file)
		w.run(t, "case", "trace", made.Case)
		w.cases = append(w.cases, made.Case)
	}
	doc := w.correlate(t)
	w.want(t, "of two addresses of one owner", &doc, []string{"0-1 cluster"})
	if text := w.run(t, "correlate"); !strings.Contains(text, "addresses of one owner") || !strings.Contains(text, "co-spend@1") || !strings.Contains(text, "49.99990000 BTC") {
		t.Errorf("it is told so:\n%s", text)
	}
}
