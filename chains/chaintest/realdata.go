// Package chaintest holds what tests of sources share: one conformance suite
// that every chains.Source passes, and real chain data to read.
package chaintest

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// ModuleDir is the folder of a module that this project depends on.
func ModuleDir(tb testing.TB, module string) string {
	tb.Helper()
	out, err := exec.CommandContext(tb.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil || len(out) < 2 {
		tb.Fatalf("go list -m %s: %v: run go mod download", module, err)
	}
	return strings.TrimSpace(string(out))
}

// EarlyChain is the file with the main chain's blocks 0 to 14131: 14,247
// transactions and 865 spends.
func EarlyChain(tb testing.TB) string {
	return filepath.Join(ModuleDir(tb, "github.com/btcsuite/btcd"), "blockchain", "testdata", "blk_0_to_14131.dat")
}

// EarlyBlocks are the blocks of EarlyChain by height.
func EarlyBlocks(tb testing.TB) (blocks [][]byte) {
	tb.Helper()
	file, err := os.ReadFile(EarlyChain(tb))
	if err != nil {
		tb.Fatal(err)
	}
	for len(file) > 8 && binary.LittleEndian.Uint32(file) != 0 {
		size := 8 + binary.LittleEndian.Uint32(file[4:])
		blocks = append(blocks, file[8:size:size])
		file = file[size:]
	}
	return blocks
}

// FullBlocks are full blocks of the main chain: two that ship with btcd's wire
// module, and those of the shared data folder beside the repository where it is there.
func FullBlocks(tb testing.TB) (blocks [][]byte) {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(ModuleDir(tb, "github.com/btcsuite/btcd/wire/v2"), "testdata", "*.blk"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("no blocks in the wire module: %v", err)
	}
	shared, err := filepath.Glob(filepath.Join(repository(tb), "..", "shared", "data", "bitcoin", "0000*"))
	if err != nil {
		tb.Fatal(err)
	}
	if len(shared) == 0 {
		tb.Log("shared data is not beside the repository: two real blocks are left out")
	}
	for _, file := range append(files, shared...) {
		raw, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		blocks = append(blocks, raw)
	}
	return blocks
}

// repository is the project's top folder.
func repository(tb testing.TB) string {
	tb.Helper()
	out, err := exec.CommandContext(tb.Context(), "go", "env", "GOMOD").Output()
	if err != nil {
		tb.Fatal(err)
	}
	return filepath.Dir(strings.TrimSpace(string(out)))
}

// Shared is a place in the shared data folder beside the repository. A test that
// needs it skips where it is absent, and fails where tests may not skip.
func Shared(tb testing.TB, parts ...string) string {
	tb.Helper()
	path := filepath.Join(append([]string{repository(tb), "..", "shared", "data"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("TSUISEKI_NO_SKIP") != "" {
			tb.Fatalf("%v: put the shared data beside the repository", err)
		}
		tb.Skipf("%v: the shared data is not beside the repository", err)
	}
	return path
}
