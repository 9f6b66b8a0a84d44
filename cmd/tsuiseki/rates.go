package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/rate"
)

// Values are in yen, which has no smaller unit.
const (
	valueCurrency = "JPY"
	valuePlaces   = 0
)

// rateFlags say by which rates amounts are valued.
type rateFlags struct {
	Rates      []string      `help:"Rate file to value amounts by, in place of the registered ones; BTC=FILE where the file does not name its asset." placeholder:"FILE" sep:"none"`
	RateSource []string      `help:"Use only rates of this source; of several, each pair's of the first named that has it." placeholder:"NAME" sep:"none"`
	RateRule   string        `help:"Which rate a moment has: last-before, day-close or nearest." enum:"last-before,day-close,nearest" default:"last-before"`
	RateMaxAge time.Duration `help:"How far from the moment a rate may be, by last-before and nearest." default:"24h"`
	NoValues   bool          `help:"Value nothing, though rates are registered."`
}

// values are the rates that a command values amounts by; nil values nothing.
type values struct {
	book   *rate.Book
	params rate.Params
}

// open opens the rates; nil where there are none, or none are wanted.
func (f *rateFlags) open(s *session) (*values, error) {
	if f.NoValues {
		return nil, nil
	}
	v := &values{params: rate.Params{
		Currency: valueCurrency, Places: valuePlaces, Rule: rate.Rule(f.RateRule), MaxAge: f.RateMaxAge, Sources: f.RateSource,
	}}
	if f.RateMaxAge < 0 {
		return nil, usagef("--rate-max-age cannot be negative")
	}
	var err error
	if len(f.Rates) == 0 {
		v.book, err = rate.OpenStore(rate.Dir(s.data)).Open()
	} else {
		var files []rate.FileOptions
		for _, text := range f.Rates {
			opt, err := rateFile(text)
			if err != nil {
				return nil, err
			}
			files = append(files, opt)
		}
		v.book, err = rate.OpenFiles(s.ctx, files)
	}
	if err != nil {
		return nil, err
	}
	if v.book.Empty() {
		return nil, v.book.Close()
	}
	if err := v.knows(f.RateSource); err != nil {
		return nil, errors.Join(err, v.book.Close())
	}
	return v, nil
}

// knows refuses a source that was mistyped: it would silently value nothing.
func (v *values) knows(sources []string) error {
	known := v.book.Sources()
	for _, source := range sources {
		found := false
		for _, k := range known {
			found = found || k == source
		}
		if !found {
			return usagef("--rate-source %q has no rates; there are those of %q", source, known)
		}
	}
	return nil
}

// Close closes the rates.
func (v *values) Close() error {
	if v == nil {
		return nil
	}
	return v.book.Close()
}

// rateFile reads FILE, BTC=FILE or ethereum:0x…=FILE.
func rateFile(text string) (rate.FileOptions, error) {
	opt := rate.FileOptions{Path: text}
	if of, path, named := strings.Cut(text, "="); named && !strings.ContainsAny(of, `/\`) {
		chain, asset, onChain := strings.Cut(of, ":")
		if !onChain {
			chain, asset = "", of
		}
		var err error
		if opt.Asset, err = rate.ParseAsset(asset); err != nil {
			return opt, usagef("--rates %.120q: asset %w", text, err)
		}
		opt.Chain, opt.Path = chains.Chain(chain), path
	}
	opt.Source = filepath.Base(opt.Path)
	return opt, nil
}

// add values the traces, or how they compare.
func (v *values) add(traces []*tracer.Result, comparison *tracer.Comparison) (err error) {
	switch {
	case v == nil:
		return nil
	case comparison != nil:
		err = comparison.AddValues(v.book, v.params)
	default:
		for _, r := range traces {
			if err = r.AddValues(v.book, v.params); err != nil {
				break
			}
		}
	}
	return asUsage(err)
}

// asUsage tells that the person must choose between sources.
func asUsage(err error) error {
	if _, ok := errors.AsType[*rate.AmbiguousError](err); ok {
		return usageError{err}
	}
	return err
}

// grouped writes a whole number as people read it: 63,000,005.
func grouped(number string) string {
	whole, fraction, _ := strings.Cut(number, ".")
	var text strings.Builder
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			text.WriteByte(',')
		}
		text.WriteByte(whole[i])
	}
	if fraction != "" {
		return text.String() + "." + fraction
	}
	return text.String()
}

// worth is what an amount was worth, for people; nothing where that is not known.
func worth(v *tracer.Value, amount string) string {
	if v == nil {
		return ""
	}
	return fmt.Sprintf("%s %s", grouped(amount), v.Currency)
}

// worthTraced is what the traced part was worth, in brackets behind it.
func worthTraced(v *tracer.Value) string {
	if v == nil {
		return ""
	}
	return " (" + worth(v, v.Traced) + ")"
}

// printRates says what values rest on.
func printRates(w io.Writer, d *rate.Doc) {
	if d != nil {
		fmt.Fprintf(w, "\n%s", d)
	}
}
