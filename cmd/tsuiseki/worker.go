package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"tsuiseki/chains"
	"tsuiseki/graph"
	"tsuiseki/tracer"
	"tsuiseki/tracer/casebook"
)

type workerCmd struct {
	casebookFlags
	executionFlags
	labelFlags
	rateFlags
	graphFlags
	Nightly  string `help:"When to correlate all cases: five fields of cron, or @daily; empty for never." env:"TSUISEKI_NIGHTLY" default:"0 2 * * *"`
	Watching string `help:"When to look at watches and stale traces; empty for never." env:"TSUISEKI_WATCHING" default:"@hourly"`
	Zone     string `help:"Time zone of both." env:"TSUISEKI_ZONE" default:"Asia/Tokyo"`
}

// Run does jobs, one at a time, until it is stopped: the indexes and the graph of a data
// folder have one user at a time.
func (c *workerCmd) Run(s *session) error {
	if c.As != "" {
		return usagef("a worker is the program itself: run it without --as")
	}
	return withDesk(s, c.casebookFlags, casebook.System, func(d *desk) error {
		d.who = casebook.Principal{User: "tsuiseki", Role: casebook.System}
		w := &jobs{cmd: c, session: s, desk: d}
		worker, err := casebook.NewWorker(d.Book, casebook.WorkerOptions{
			Log: s.log, Schedules: c.schedules(),
			Handlers: casebook.Handlers{Trace: w.trace, Retrace: w.retrace, Correlate: w.correlate, Report: w.report, Watch: w.watch},
		})
		if err != nil {
			return err
		}
		fmt.Fprintln(s.errOut, "working; stop with Ctrl-C: what runs is finished or handed back")
		return worker.Run(s.ctx)
	})
}

func (c *workerCmd) schedules() (all []casebook.Schedule) {
	if c.Nightly != "" {
		all = append(all, casebook.Nightly(c.Nightly, c.Zone))
	}
	if c.Watching != "" {
		all = append(all, casebook.Watching(c.Watching, c.Zone))
	}
	return all
}

// jobs does what jobs ask for.
type jobs struct {
	cmd     *workerCmd
	session *session
	desk    *desk
}

// as is the session of a job: it prints nothing.
func (w *jobs) as(ctx context.Context) *session {
	s := *w.session
	s.ctx, s.out, s.errOut = ctx, io.Discard, io.Discard
	return &s
}

// flags are those of a trace by what its parameters said; without any, the defaults.
func (w *jobs) flags(rule string, params json.RawMessage) (*traceFlags, error) {
	f := &traceFlags{
		executionFlags: w.cmd.executionFlags, labelFlags: w.cmd.labelFlags, rateFlags: w.cmd.rateFlags, graphFlags: w.cmd.graphFlags,
		Rule: rule, MinAmount: "0", HubDegree: defaultHubDegree, Budget: defaultBudget, JSON: true,
	}
	if len(params) == 0 {
		return f, nil
	}
	var p tracer.ParamsDoc
	if err := json.Unmarshal(params, &p); err != nil {
		return nil, &casebook.JobError{Reason: "the parameters of the trace cannot be read", Hint: "ask for the trace anew", Final: true, Err: err}
	}
	f.MaxHops, f.HubDegree, f.Budget = orZero(p.MaxHops), orZero(p.HubDegree), orZero(p.Budget)
	if p.MinAmount != nil {
		f.MinAmount = p.MinAmount.String()
	}
	if p.Until != nil {
		f.Until = p.Until.Format("2006-01-02T15:04:05Z07:00")
	}
	f.Without = p.Without
	return f, nil
}

func orZero(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

func (w *jobs) trace(ctx context.Context, _ casebook.Job, task casebook.TraceTask, report casebook.Report) (string, error) {
	return w.traceCase(ctx, task.Case, task.Rule, task.Params, report)
}

// retrace makes the newest trace of each rule anew, as it was asked for.
func (w *jobs) retrace(ctx context.Context, _ casebook.Job, task casebook.RetraceTask, report casebook.Report) (result string, err error) {
	s := w.as(ctx)
	var newest []casebook.Trace
	err = eachNewestTrace(s, w.desk, []string{task.Case}, func(t *casebook.Trace) error {
		newest = append(newest, *t)
		return nil
	})
	for i := range newest {
		if err == nil {
			result, err = w.traceCase(ctx, task.Case, newest[i].Rule, newest[i].Params, report)
		}
	}
	return result, err
}

// traceCase traces a case's deposits, and keeps what was found.
func (w *jobs) traceCase(ctx context.Context, of, rule string, given json.RawMessage, report casebook.Report) (result string, err error) {
	s := w.as(ctx)
	if err := report(0, 0, "tracing by "+rule); err != nil {
		return "", err
	}
	flags, err := w.flags(rule, given)
	if err != nil {
		return "", err
	}
	params, err := flags.params()
	if err != nil {
		return "", err
	}
	refs, unindexed, err := caseRefs(s, w.desk, of)
	if err != nil {
		return "", err
	}
	if len(refs) == 0 {
		return "", &casebook.JobError{Reason: "the case has no deposit on an indexed chain" + unindexedText(unindexed), Hint: "import some, or index the chain, and ask again", Final: true}
	}
	worths, err := flags.rateFlags.open(s)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, worths.Close()) }()
	keep := func(traced *tracer.Result, views []any) error {
		if err := report(0, 0, "keeping the trace"); err != nil {
			return err
		}
		kept, err := keepTrace(s, w.desk, of, traced)
		if err != nil {
			return err
		}
		result = "trace/" + kept
		return filer{s, flags.graphFlags, graph.CaseID(of)}.file(traced, views)
	}
	_, err = flags.trace(s, refs, params, flags.finish(s, worths, &drawing{}, keep))
	return result, err
}

func (w *jobs) report(context.Context, casebook.Job, casebook.ReportTask, casebook.Report) (string, error) {
	return "", &casebook.JobError{Reason: "this version writes no reports", Final: true}
}

// watch looks for traces whose blocks were replaced, then at all watches.
func (w *jobs) watch(ctx context.Context, _ casebook.Job, _ casebook.WatchTask, report casebook.Report) (string, error) {
	s := w.as(ctx)
	if err := report(0, 0, "looking for replaced blocks"); err != nil {
		return "", err
	}
	seer, err := openObserver(s, w.cmd.labelFlags)
	if err != nil {
		return "", err
	}
	stale, err := w.markReplaced(s, seer)
	var raised int
	if err == nil {
		raised, err = w.desk.CheckWatches(ctx, w.desk.who, seer, report)
	}
	// Whatever could not be looked at, stale traces are made anew.
	asked, askErr := w.desk.RetraceStale(ctx, w.desk.who)
	err = errors.Join(err, askErr, seer.Close())
	return fmt.Sprintf("%d alerts raised, %d traces found stale, %d cases to be traced anew", raised, stale, asked), err
}

// markReplaced marks the traces that rest on a block which is no longer there.
func (w *jobs) markReplaced(s *session, seer *observer) (stale int, err error) {
	err = eachNewestTrace(s, w.desk, nil, func(t *casebook.Trace) error {
		var blocks []tracer.SnapshotDoc
		if !t.Stale.At.IsZero() {
			return nil
		}
		if err := json.Unmarshal(t.Snapshot, &blocks); err != nil {
			return fmt.Errorf("trace %s: %w", t.ID, err)
		}
		for _, b := range blocks {
			replaced, err := seer.replaced(b.Chain, chains.BlockRef{Height: b.Height, Hash: b.Hash})
			if err != nil {
				return err
			}
			if replaced {
				stale++
				return w.desk.MarkStale(s.ctx, w.desk.who, t.ID, fmt.Sprintf("block %d of %s was replaced", b.Height, b.Chain))
			}
		}
		return nil
	})
	return stale, err
}

// correlate compares all cases with all others.
func (w *jobs) correlate(ctx context.Context, _ casebook.Job, task casebook.CorrelateTask, report casebook.Report) (string, error) {
	if err := report(0, 0, "comparing all cases"); err != nil {
		return "", err
	}
	command := correlateCmd{graphFlags: w.cmd.graphFlags, Full: task.Full, Rule: "fifo"}
	err := command.correlate(w.as(ctx), w.desk)
	return "links are in the casebook", err
}
