// Command accuracy measures the heuristics of tracer/cluster on generated economies
// with known owners and on a reference, prints the figures, and fails when one is
// beyond its recorded limit. docs/accuracy.md says how to read them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tsuiseki/fixtures/accuracy"
)

const (
	exitFailed = 1
	exitUsage  = 2
)

// options are the flags.
type options struct {
	seeds  string
	extra  string
	small  bool
	shared string
	write  string
	only   string
	suffix string
	check  string
	record string
	limits string
	runs   string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var opt options
	flags := flag.NewFlagSet("accuracy", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&opt.seeds, "seeds", "1-6", "seeds: numbers and ranges, separated by commas; \"random\" is another one each time")
	flags.StringVar(&opt.extra, "extra", "", "more seeds, held to the limits and not in the table; written as those")
	flags.BoolVar(&opt.small, "small", false, "small economies; the recorded limits are for large ones and are not applied")
	flags.StringVar(&opt.shared, "shared", "../shared/data", "folder of the reference data")
	flags.StringVar(&opt.write, "write", "", "document whose table is written anew")
	flags.StringVar(&opt.only, "only", "", "parts to measure, separated by semicolons; else all")
	flags.StringVar(&opt.suffix, "suffix", "", "what the names of the document's sections end in")
	flags.StringVar(&opt.check, "check", "", "document whose table has to be what these seeds give")
	flags.StringVar(&opt.limits, "limits", "", "file of limits that take the place of the recorded ones, for small economies too")
	flags.StringVar(&opt.runs, "runs", "", "file that keeps measured seeds, which are then not measured again")
	flags.StringVar(&opt.record, "record", "", "file to which limits are written that these seeds set")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return exitUsage
	}
	seeds, err := parseSeeds(opt.seeds, rand.Uint64N)
	extra, errExtra := parseSeeds(opt.extra, rand.Uint64N)
	if err = errors.Join(err, errExtra); err != nil {
		fmt.Fprintln(stderr, "accuracy:", err)
		return exitUsage
	}
	if err := measure(ctx, opt, seeds, extra, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "accuracy:", err)
		return exitFailed
	}
	return 0
}

// parseSeeds reads "1-6,9,random"; of nothing come no seeds.
func parseSeeds(text string, random func(uint64) uint64) (seeds []uint64, err error) {
	const most = 1_000
	if text == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		if part == "random" {
			seeds = append(seeds, 1_000_000+random(1_000_000_000))
			continue
		}
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		lo, errLo := strconv.ParseUint(first, 10, 63)
		hi, errHi := strconv.ParseUint(last, 10, 63)
		if errLo != nil || errHi != nil || hi < lo || hi-lo >= most {
			return nil, fmt.Errorf("seeds %q: write numbers and ranges of at most %d, as in 1-6,9, or random", text, most)
		}
		for s := lo; s <= hi; s++ {
			seeds = append(seeds, s)
		}
	}
	return seeds, nil
}

func measure(ctx context.Context, opt options, seeds, extra []uint64, stdout, stderr io.Writer) error {
	size := accuracy.Full()
	if opt.small {
		size = accuracy.Small()
	}
	parts := accuracy.Parts()
	if opt.only != "" {
		parts = strings.Split(opt.only, ";")
	}
	limits, err := readLimits(opt)
	if err != nil {
		return err
	}
	all, err := measureSeeds(ctx, opt, slices.Concat(seeds, extra), size, parts, stderr)
	if err != nil {
		return err
	}
	runs := all[:len(seeds)]
	reference, err := readReference(opt)
	if err != nil && !errors.Is(err, accuracy.ErrAbsent) {
		return err
	}
	if opt.record != "" {
		if err := record(opt.record, limits, runs, reference); err != nil {
			return err
		}
	}
	sections := map[string]string{}
	for _, part := range parts {
		sections[part+opt.suffix] = fmt.Sprintf("Seeds %s.\n\n%s", opt.seeds, accuracy.Table(accuracy.Summarize(runs), part, limits))
		fmt.Fprintf(stdout, "On %s. %s\n", part, sections[part+opt.suffix])
	}
	if opt.only == "" && opt.suffix == "" {
		sections["habits"] = habitsTable()
	}
	switch {
	case opt.only != "":
	case reference == nil:
		fmt.Fprintf(stdout, "Reference graphsense-utxo: NOT MEASURED, as %s is absent; name its folder with --shared.\n\n", opt.shared)
	default:
		sections["reference"] = accuracy.ReferenceTable(accuracy.Summarize([]accuracy.Run{{Figures: reference}}), limits)
		fmt.Fprintf(stdout, "Reference graphsense-utxo.\n\n%s\n", sections["reference"])
	}
	fmt.Fprintln(stdout, "Other seeds: make accuracy SEED=7, SEED=100-110 or SEED=random. Limits are in fixtures/accuracy/limits.json.")
	if err := document(opt, sections); err != nil {
		return err
	}
	if opt.small && opt.limits == "" || opt.record != "" {
		return nil
	}
	return judge(opt, limits, all, reference)
}

func readLimits(opt options) (accuracy.Limits, error) {
	if opt.limits == "" {
		return accuracy.Recorded()
	}
	raw, err := os.ReadFile(opt.limits)
	if err != nil {
		return nil, err
	}
	limits, err := accuracy.ParseLimits(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", opt.limits, err)
	}
	return limits, nil
}

// readReference measures the reference; ErrAbsent where it is not there.
func readReference(opt options) ([]accuracy.Figure, error) {
	if opt.only != "" && opt.record == "" {
		return nil, nil
	}
	return accuracy.Reference(filepath.Join(opt.shared, "graphsense-utxo"), accuracy.Cluster().Guard)
}
