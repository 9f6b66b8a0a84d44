package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"tsuiseki/fixtures/accuracy"
)

// measureSeeds measures seeds, but for those that a file of runs holds, and adds what
// it measures to that file, a run a line: a long measurement can be stopped and taken
// up again. A half-written last line is cut off.
func measureSeeds(ctx context.Context, opt options, seeds []uint64, size accuracy.Size, parts []string, stderr io.Writer) ([]accuracy.Run, error) {
	known, err := readRuns(opt.runs)
	if err != nil {
		return nil, err
	}
	var missing []uint64
	for _, seed := range seeds {
		if _, ok := known[seed]; !ok {
			missing = append(missing, seed)
		}
	}
	var mu sync.Mutex
	var failed error
	runs, err := accuracy.MeasureAll(ctx, missing, size, parts, accuracy.Cluster(), func(r accuracy.Run) {
		mu.Lock()
		defer mu.Unlock()
		if err := appendRun(opt.runs, r); err != nil && failed == nil {
			failed = err
		}
		fmt.Fprintf(stderr, "seed %d measured\n", r.Seed)
	})
	if err = errors.Join(err, failed); err != nil {
		return nil, err
	}
	for _, r := range runs {
		known[r.Seed] = r
	}
	all := make([]accuracy.Run, len(seeds))
	for i, seed := range seeds {
		all[i] = known[seed]
		if !sameFigures(all[i], all[0]) {
			return nil, fmt.Errorf("%s: seeds %d and %d have different figures: measure them with one version", opt.runs, all[0].Seed, seed)
		}
	}
	return all, nil
}

// sameFigures tells whether two runs measured the same things.
func sameFigures(a, b accuracy.Run) bool {
	return slices.EqualFunc(a.Figures, b.Figures, func(f, g accuracy.Figure) bool { return f.ID() == g.ID() && f.Part == g.Part })
}

func readRuns(path string) (map[uint64]accuracy.Run, error) {
	runs := map[uint64]accuracy.Run{}
	if path == "" {
		return runs, nil
	}
	raw, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return runs, nil
	}
	if err != nil {
		return nil, err
	}
	whole := raw[:bytes.LastIndexByte(raw, '\n')+1]
	if len(whole) < len(raw) {
		if err := os.Truncate(path, int64(len(whole))); err != nil {
			return nil, err
		}
	}
	scanner := bufio.NewScanner(bytes.NewReader(whole))
	scanner.Buffer(nil, len(whole)+1)
	for line := 1; scanner.Scan(); line++ {
		var run accuracy.Run
		if err := json.Unmarshal(scanner.Bytes(), &run); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, line, err)
		}
		runs[run.Seed] = run
	}
	return runs, scanner.Err()
}

func appendRun(path string, run accuracy.Run) error {
	if path == "" {
		return nil
	}
	raw, err := json.Marshal(run)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := file.Write(append(raw, '\n')); err != nil {
		_ = file.Close()
		return err
	}
	return file.Close()
}
