package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"tsuiseki/chains"
	"tsuiseki/chains/bitcoin"
	"tsuiseki/chains/index"
	"tsuiseki/graph"
	"tsuiseki/tracer"
)

// The first 14,132 blocks of Bitcoin's main chain are part of btcd's own test data.
const (
	demoModule = "github.com/btcsuite/btcd@v0.26.2"
	demoFile   = "blockchain/testdata/blk_0_to_14131.dat"
	// The coins of block 9, of which Hal Finney got ten in the first payment ever.
	demoDeposit = "0437cd7f8525ceed2324359c2d0ba26006d92d856a9c20fa0241106ee5a597c9:0"
	// Their miner, and where eleven of them met others.
	demoFrom = "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S"
	demoTo   = "1BBz9Z15YpELQ4QP5sEKb1SwxkcmPb5TMs"
)

type demoCmd struct {
	Once   bool   `help:"Print the result and exit."`
	Blocks string `help:"Bitcoin block file to use in place of the one in the Go module cache." placeholder:"FILE" type:"path"`
}

// Run traces one deposit on each bundled chain, then correlates a dozen cases, in data
// folders of its own.
func (c *demoCmd) Run(s *session) (err error) {
	dir, err := os.MkdirTemp("", "tsuiseki-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	demo := *s
	demo.data = filepath.Join(dir, "data")
	if err := c.bitcoin(&demo); err != nil {
		return err
	}
	fmt.Fprintln(s.out)
	if err := demoEthereum(&demo, filepath.Join(dir, "export")); err != nil {
		return err
	}
	fmt.Fprintln(s.out)
	demo.data = filepath.Join(dir, "casework")
	return demoCases(&demo, filepath.Join(dir, "cases"))
}

// bitcoin indexes the real chain's first blocks.
func (c *demoCmd) bitcoin(s *session) (err error) {
	path := c.Blocks
	if path == "" {
		if path, err = demoBlocks(s); err != nil {
			return err
		}
	}
	bar := newProgress(s.errOut)
	defer bar.close()
	src, err := bitcoin.OpenFiles(s.ctx, bitcoin.FilesConfig{Path: path, Log: s.log})
	if err != nil {
		return err
	}
	defer src.Close()
	status, err := indexAll(s, src, bar)
	bar.close()
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, "Bitcoin: indexed the real chain's first blocks.")
	printStatus(s.out, status)
	fmt.Fprintln(s.out)
	if err := demoTrace(s, src.Chain()); err != nil {
		return err
	}
	fmt.Fprintln(s.out)
	return demoPath(s, src.Chain())
}

// demoPath asks how the money came to one of the places where the trace ends.
func demoPath(s *session, chain chains.Chain) error {
	path := pathCmd{
		graphQuestion: graphQuestion{chainFlag: chainFlag{Chain: string(chain)}, MinAmount: "0", HubDegree: defaultHubDegree, Timeout: time.Minute},
		From:          demoFrom, To: demoTo, MaxHops: 6, K: 1, By: string(graph.ByAmount),
	}
	return path.Run(s)
}

func indexAll(s *session, src bitcoinSource, bar *progress) (status index.Status, err error) {
	x, _, err := openIndex(s, src.Chain(), false)
	if err != nil {
		return status, err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	_, err = x.Sync(s.ctx, src, index.SyncOptions{Progress: func(p index.Progress) {
		bar.set("indexing", p.Height, p.Target)
	}})
	if err != nil {
		return status, err
	}
	return x.Status(s.ctx)
}

func demoTrace(s *session, chain chains.Chain) (err error) {
	view, err := openView(s, chain, nil, labelFlags{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	refs, err := parseRefs([]string{demoDeposit})
	if err != nil {
		return err
	}
	result, err := traceRefs(s, view, refs, tracer.Params{Rule: "fifo"})
	if err != nil {
		return err
	}
	printTrace(s.out, result, drawing{})
	return nil
}

// demoBlocks finds the block file in the Go module cache, fetching the module
// where it is not there yet.
func demoBlocks(s *session) (string, error) {
	download := exec.CommandContext(s.ctx, "go", "mod", "download", "-json", demoModule)
	answer, runErr := download.Output()
	var module struct{ Dir, Error string }
	if err := json.Unmarshal(answer, &module); err != nil || module.Error != "" || runErr != nil {
		return "", fmt.Errorf("the demo's blocks are in the Go module %s, which go mod download did not give (%w; %s): install Go, or name the file with --blocks", demoModule, errors.Join(runErr, err), module.Error)
	}
	return filepath.Join(module.Dir, filepath.FromSlash(demoFile)), nil
}
