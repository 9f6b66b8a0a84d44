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
	"strconv"
	"strings"
	"sync"

	"tsuiseki/fixtures/accuracy"
)

const (
	exitFailed = 1
	exitUsage  = 2
)

// options are the flags.
type options struct {
	seeds   string
	small   bool
	shared  string
	write   string
	section string
	check   string
	record  string
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
	flags.BoolVar(&opt.small, "small", false, "small economies; the recorded limits are for large ones and are not applied")
	flags.StringVar(&opt.shared, "shared", "../shared/data", "folder of the reference data")
	flags.StringVar(&opt.write, "write", "", "document whose table is written anew")
	flags.StringVar(&opt.section, "section", "table", "section of the document: table or spread")
	flags.StringVar(&opt.check, "check", "", "document whose table has to be what these seeds give")
	flags.StringVar(&opt.record, "record", "", "file to which limits are written that these seeds set")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return exitUsage
	}
	seeds, err := parseSeeds(opt.seeds, rand.Uint64N)
	if err != nil {
		fmt.Fprintln(stderr, "accuracy:", err)
		return exitUsage
	}
	if err := measure(ctx, opt, seeds, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "accuracy:", err)
		return exitFailed
	}
	return 0
}

// parseSeeds reads "1-6,9,random".
func parseSeeds(text string, random func(uint64) uint64) (seeds []uint64, err error) {
	const most = 1_000
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

func measure(ctx context.Context, opt options, seeds []uint64, stdout, stderr io.Writer) error {
	size := accuracy.Full()
	if opt.small {
		size = accuracy.Small()
	}
	limits, err := accuracy.Recorded()
	if err != nil {
		return err
	}
	var mu sync.Mutex
	runs, err := accuracy.MeasureAll(ctx, seeds, size, accuracy.Cluster(), func(r accuracy.Run) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(stderr, "seed %d measured\n", r.Seed)
	})
	if err != nil {
		return err
	}
	table := accuracy.Table(accuracy.Summarize(runs), limits)
	fmt.Fprintf(stdout, "Economies of seeds %s:\n\n%s\n", opt.seeds, table)
	reference, err := referenceTable(opt, limits, stdout)
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, "Other seeds: make accuracy SEED=7, SEED=100-110 or SEED=random. Limits are in fixtures/accuracy/limits.json.")
	if opt.record != "" {
		return record(opt.record, runs, reference)
	}
	if err := document(opt, table, reference); err != nil {
		return err
	}
	if opt.small {
		return nil
	}
	return judge(limits, runs, reference)
}

// referenceTable measures the reference where it is there, and says so where not.
func referenceTable(opt options, limits accuracy.Limits, stdout io.Writer) ([]accuracy.Figure, error) {
	figures, err := accuracy.Reference(opt.shared+"/graphsense-utxo", accuracy.Cluster().Guard)
	switch {
	case errors.Is(err, accuracy.ErrAbsent):
		fmt.Fprintf(stdout, "Reference graphsense-utxo: NOT MEASURED, as %s is absent; name its folder with --shared.\n\n", opt.shared)
		return nil, nil
	case err != nil:
		return nil, err
	}
	summaries := accuracy.Summarize([]accuracy.Run{{Figures: figures}})
	fmt.Fprintf(stdout, "Reference graphsense-utxo:\n\n%s\n", accuracy.ReferenceTable(summaries, limits))
	return figures, nil
}
