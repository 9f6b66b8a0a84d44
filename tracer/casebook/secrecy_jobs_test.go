package casebook_test

import (
	"context"

	"tsuiseki/tracer/casebook"
)

// jobCalls has the methods that read of jobs, watches and alerts.
var jobCalls = []call{
	{"Job", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.Job(ctx, p, o.Job))
	}},
	{"Jobs", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.Jobs(ctx, p, casebook.JobFilter{Case: o.Case.ID}, casebook.Page{}))
	}},
	{"Jobs", ofCases, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, _ owned) (any, error) {
		return answer(b.Jobs(ctx, p, casebook.JobFilter{}, casebook.Page{}))
	}},
	{"Watch", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.Watch(ctx, p, o.Watch))
	}},
	{"Watches", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.Watches(ctx, p, casebook.WatchFilter{Case: o.Case.ID, Withdrawn: true}, casebook.Page{}))
	}},
	{"Watches", ofCases, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, _ owned) (any, error) {
		return answer(b.Watches(ctx, p, casebook.WatchFilter{}, casebook.Page{}))
	}},
	{"Alert", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.Alert(ctx, p, o.Alert))
	}},
	{"Alerts", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.Alerts(ctx, p, casebook.AlertFilter{Case: o.Case.ID}, casebook.Page{}))
	}},
	{"Alerts", ofCases, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, _ owned) (any, error) {
		return answer(b.Alerts(ctx, p, casebook.AlertFilter{}, casebook.Page{}))
	}},
	{"AlertHistory", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.AlertHistory(ctx, p, o.Alert, casebook.Page{}))
	}},
}

// jobChanges has those that write.
var jobChanges = []call{
	{"Ask", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return both(b.Ask(ctx, p, casebook.TraceTask{Case: o.Case.ID, Rule: "fifo"}))
	}},
	{"Ask", ofEngine, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, _ owned) (any, error) {
		return both(b.Ask(ctx, p, casebook.CorrelateTask{Full: true}))
	}},
	{"RetraceStale", ofCases, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, _ owned) (any, error) {
		return answer(b.RetraceStale(ctx, p))
	}},
	{"CheckWatches", ofSystem, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, _ owned) (any, error) {
		return answer(b.CheckWatches(ctx, p, &ledger{blocks: []string{"a1", "a2"}, moves: map[string][]byte{"a2": {2}}}, quiet))
	}},
	{"CancelJob", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.CancelJob(ctx, p, o.Job, "not needed"))
	}},
	{"RetryJob", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.RetryJob(ctx, p, o.Dead))
	}},
	{"DismissJob", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.DismissJob(ctx, p, o.Failed, "a slip"))
	}},
	{"AddWatch", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return both(b.AddWatch(ctx, p, o.Case.ID, watchOf(casebook.WatchEnd, casebook.Sight{Height: 1, Hash: "a1"})))
	}},
	{"AcknowledgeAlert", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.AcknowledgeAlert(ctx, p, o.Alert, "seen to"))
	}},
	{"WithdrawWatch", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return fails(b.WithdrawWatch(ctx, p, o.Watch, "enough"))
	}},
}
