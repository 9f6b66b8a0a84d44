package index_test

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tsuiseki/chains"
	"tsuiseki/chains/chaintest"
	"tsuiseki/chains/index"
)

// killedDir tells this test binary to index into a folder until it is killed.
const killedDir = "TSUISEKI_TEST_INDEX_INTO"

func openOnDisk(t *testing.T, dir string, src interface{ Chain() chains.Chain }) *index.Index {
	t.Helper()
	x, err := index.Open(index.Options{Dir: dir, Chain: src.Chain(), Scripts: mainNetwork(t), BatchBytes: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestKill kills an indexing process again and again. Whatever the moment, the
// index opens as a whole one, and in the end equals one made in one go.
func TestKill(t *testing.T) {
	src := openFiles(t, chaintest.EarlyChain(t))
	if dir := os.Getenv(killedDir); dir != "" {
		x := openOnDisk(t, dir, src)
		defer x.Close()
		sync(t, x, src, index.SyncOptions{Progress: func(p index.Progress) { fmt.Println(p.Height) }})
		return
	}
	dir := t.TempDir()
	killUntilDone(t, dir, 2500, func(last uint64) uint64 { return checkWhole(t, dir, src, last) })

	fs := vfs.NewMem()
	fresh := openIndex(t, src.Network(), fs)
	sync(t, fresh, src, index.SyncOptions{})
	if err := fresh.Close(); err != nil {
		t.Fatal(err)
	}
	sameRows(t, dump(t, dir, vfs.Default), dump(t, "index", fs))
}

// killUntilDone kills an indexing process, once it has read some blocks, until one
// comes to its end. After each, check opens the index and tells its tip.
func killUntilDone(t *testing.T, dir string, maxBlocks int, check func(last uint64) uint64) {
	t.Helper()
	kills, last, tips := 0, uint64(0), map[uint64]bool{}
	for done := false; !done; {
		if done = indexUntilKilled(t, dir, 1+rand.IntN(maxBlocks)); !done {
			kills++
		}
		last = check(last)
		tips[last] = true
	}
	if len(tips) < 3 {
		t.Errorf("%d kills hit only %d states: the test proves little", kills, len(tips))
	}
	t.Logf("killed %d times, in %d states", kills, len(tips))
}

// indexUntilKilled indexes in a process of its own, and kills it once it has read
// some blocks; the last of them are being written then, or wait for it. It tells
// whether the process came to its end before.
func indexUntilKilled(t *testing.T, dir string, blocks int) (done bool) {
	t.Helper()
	process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	process.Env = append(os.Environ(), killedDir+"="+dir)
	heights, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	var said string
	for lines := bufio.NewScanner(heights); lines.Scan(); blocks-- {
		if _, err := strconv.Atoi(lines.Text()); err != nil {
			said += lines.Text() + "\n"
		}
		if blocks == 0 {
			if err := process.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	err = process.Wait()
	if err != nil && blocks >= 0 {
		t.Fatalf("indexing failed before it was killed: %v\n%s", err, said)
	}
	return err == nil
}

// checkWhole opens an index after a kill: its tip's transactions are all there,
// and it holds no less than before.
func checkWhole(t *testing.T, dir string, src chains.Source, before uint64) uint64 {
	t.Helper()
	x := openOnDisk(t, dir, src)
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
	if hash, err := src.BlockHash(t.Context(), tip.Height); err != nil || hash != tip.Hash || tip.Height < before {
		t.Fatalf("after a kill the tip is %s, want hash %s at no less than %d (%v)", tip.BlockRef, hash, before, err)
	}
	for block, err := range src.Blocks(t.Context(), tip.Height, tip.Height) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range block.Txs {
			resolveInputs(t, v, &block.Txs[i])
		}
	}
	return tip.Height
}
