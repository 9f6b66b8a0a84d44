package main

import (
	"io"
	"os"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// progress shows one bar at a time on a terminal, and nothing elsewhere.
type progress struct {
	bars  *mpb.Progress
	bar   *mpb.Bar
	label string
}

func newProgress(w io.Writer) *progress {
	if file, ok := w.(*os.File); !ok || !term.IsTerminal(int(file.Fd())) {
		return &progress{}
	}
	return &progress{bars: mpb.New(mpb.WithOutput(w), mpb.WithWidth(60))}
}

// set moves the bar of a step, starting it where it is new.
func (p *progress) set(label string, done, total uint64) {
	if p.bars == nil {
		return
	}
	if p.label != label {
		p.finish()
		p.label = label
		p.bar = p.bars.AddBar(int64(total),
			mpb.PrependDecorators(decor.Name(label+" ")),
			mpb.AppendDecorators(decor.CountersNoUnit("%d / %d "), decor.OnComplete(decor.AverageETA(decor.ET_STYLE_GO), "done")))
	}
	p.bar.SetTotal(int64(total), false)
	p.bar.SetCurrent(int64(done))
}

func (p *progress) finish() {
	if p.bar != nil {
		p.bar.SetTotal(-1, true)
		p.bar = nil
	}
}

// close leaves the last bar as it stands; it may be called twice.
func (p *progress) close() {
	if p.bars != nil {
		p.finish()
		p.bars.Wait()
		p.bars = nil
	}
}
