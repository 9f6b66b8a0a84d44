package index_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
	"tsuiseki/fixtures"
)

// seededChain is the same random chain in every process.
func seededChain(blocks int) *fixtures.AccountChain {
	r := rand.New(rand.NewPCG(4, 2))
	c := fixtures.NewAccountChain(0)
	c.Extend(func(_ string, lo, hi int) int { return lo + r.IntN(hi-lo+1) }, blocks)
	return c
}

func openAccountsOnDisk(t *testing.T, dir string) *index.Accounts {
	t.Helper()
	x, err := index.OpenAccounts(index.Options{Dir: dir, Chain: chains.Ethereum, BatchBytes: 30_000})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestKillAccounts is TestKill for an index of accounts.
func TestKillAccounts(t *testing.T) {
	src := seededChain(2000)
	if dir := os.Getenv(killedDir); dir != "" {
		x := openAccountsOnDisk(t, dir)
		defer x.Close()
		if _, err := x.Sync(t.Context(), src, index.SyncOptions{Progress: func(p index.Progress) { fmt.Println(p.Height) }}); err != nil {
			t.Fatal(err)
		}
		return
	}
	dir := t.TempDir()
	killUntilDone(t, dir, 800, func(last uint64) uint64 { return checkWholeAccounts(t, dir, src, last) })

	fresh := openAccounts(t, 0)
	fresh.sync(t, src, tipOf(src))
	sameRows(t, dump(t, dir, vfs.Default), fresh.rows(t))
}

// checkWholeAccounts opens an index after a kill: it holds whole blocks up to its
// tip, and no fewer than before.
func checkWholeAccounts(t *testing.T, dir string, src *fixtures.AccountChain, before uint64) uint64 {
	t.Helper()
	x := openAccountsOnDisk(t, dir)
	defer x.Close()
	v, err := x.View(t.Context(), nil)
	if errors.Is(err, index.ErrEmpty) {
		return before
	}
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	tip := v.Snapshot()
	if tip.Height < before {
		t.Fatalf("the tip went down from %d to %s", before, tip.BlockRef)
	}
	for _, block := range src.Held {
		if block.Height != tip.Height {
			continue
		}
		if block.Hash != tip.Hash {
			t.Fatalf("the tip is %s, want hash %s", tip.BlockRef, block.Hash)
		}
		for i := range block.Txs {
			if tx, err := v.TxAt(block.Txs[i].Position()); err != nil || lineOf(tx) != lineOf(&block.Txs[i]) {
				t.Fatalf("transaction %s: %v", block.Txs[i].ID, err)
			}
		}
	}
	return tip.Height
}
