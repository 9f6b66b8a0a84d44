package casebook

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// Job is a piece of work that workers do; see Worker.
type Job struct {
	ID       string          `json:"id"`
	Kind     JobKind         `json:"kind"`
	Case     string          `json:"case"` // empty where it is of none, and only the department sees it
	Task     json.RawMessage `json:"task"` // canonical JSON, of the kind's type
	Priority Priority        `json:"priority"`
	State    JobState        `json:"state"`

	Attempts  int64     `json:"attempts"`            // begun so far
	NotBefore time.Time `json:"not_before,omitzero"` // of a job that waits to be tried again
	Worker    string    `json:"worker"`              // that runs it, or ran it last
	Started   time.Time `json:"started,omitzero"`    // its last attempt
	Ended     time.Time `json:"ended,omitzero"`

	Progress Progress   `json:"progress"`
	Result   string     `json:"result"`  // what came of it, as trace/ID
	Failure  string     `json:"failure"` // of the last attempt, in plain words
	Hint     string     `json:"hint"`    // what to do about it
	Cancel   Withdrawal `json:"cancel,omitzero"`
	Dismiss  Withdrawal `json:"dismiss,omitzero"`
	Origin

	same, lane string
	run        int64
	ticket     int64
	beat       int64
}

// Progress is how far a job is.
type Progress struct {
	Done  int64  `json:"done"`
	Total int64  `json:"total"` // 0: not known
	Doing string `json:"doing"`
}

// JobState is where a job stands.
type JobState string

// States of a job.
const (
	JobQueued    JobState = "queued"    // it waits: for a worker, for its lane, or to be tried again
	JobRunning   JobState = "running"   // a worker runs it
	JobDone      JobState = "done"      //
	JobCancelled JobState = "cancelled" // by a person
	JobDead      JobState = "dead"      // it failed for good: Failure says why; retry it or dismiss it
	JobDismissed JobState = "dismissed" // was dead, and a person let it be
	JobMerged    JobState = "merged"    // had to be run again, and the same was asked for meanwhile
)

// Priority of a job: the lower goes first.
type Priority int64

// Priorities.
const (
	Urgent    Priority = 1 // a person waits
	Soon      Priority = 2 // something happened
	Routine   Priority = 3 // by schedule, often
	Overnight Priority = 4
)

var jobs = table[Job]{
	"jobs",
	slices.Concat(
		[]string{
			"id", "kind", "case_id", "task", "same", "lane", "priority", "state", "run", "ticket", "attempts", "not_before",
			"worker", "beat", "started", "ended", "done", "total", "doing", "result", "failure", "hint",
			"cancelled", "cancelled_by", "cancelled_reason", "dismissed", "dismissed_by", "dismissed_reason",
		},
		originColumns,
	),
	func(j *Job) []any {
		return slices.Concat(
			[]any{
				&j.ID, (*string)(&j.Kind), (*reference)(&j.Case), (*document)(&j.Task), &j.same, &j.lane, (*int64)(&j.Priority),
				(*string)(&j.State), &j.run, &j.ticket, &j.Attempts, (*micros)(&j.NotBefore),
				&j.Worker, &j.beat, (*micros)(&j.Started), (*micros)(&j.Ended),
				&j.Progress.Done, &j.Progress.Total, &j.Progress.Doing, &j.Result, &j.Failure, &j.Hint,
			},
			j.Cancel.fields(), j.Dismiss.fields(), j.fields(),
		)
	},
}

func jobResource(id string) string { return "job/" + id }

// withCase continues a query for rows that may belong to a case. Those that belong to
// none are not for an investigator.
const withCase = "LEFT JOIN cases c ON c.id = x.case_id"

func (t *tx) visibleJob(ctx context.Context, id string) (Job, error) {
	return jobs.one(ctx, t, notFound("job", id), withCase+" WHERE (? = '' OR c.prefecture = ?) AND x.id = ?", t.force(), t.force(), id)
}

// Job is one job.
func (b *Book) Job(ctx context.Context, p Principal, id string) (j Job, err error) {
	err = b.do(ctx, p, jobView, jobResource(id), func(ctx context.Context, t *tx) error {
		j, err = t.visibleJob(ctx, id)
		return err
	})
	return j, err
}

// JobFilter is which jobs to list; what is empty does not matter. The dead-letter list
// is those in the state JobDead.
type JobFilter struct {
	Case  string
	Kind  JobKind
	State JobState
}

// Jobs lists jobs, the newest first.
func (b *Book) Jobs(ctx context.Context, p Principal, filter JobFilter, page Page) (answer List[Job], err error) {
	err = b.do(ctx, p, jobList, listOf("job", filter.Case), func(ctx context.Context, t *tx) error {
		q := query{joins: withCase, newest: true}
		q.and("(? = '' OR c.prefecture = ?)", t.force(), t.force())
		if filter.Case != "" {
			if _, err := t.visible(ctx, filter.Case); err != nil {
				return err
			}
			q.and("x.case_id = ?", filter.Case)
		}
		if filter.Kind != "" {
			q.and("x.kind = ?", storable(string(filter.Kind)))
		}
		if filter.State != "" {
			q.and("x.state = ?", storable(string(filter.State)))
		}
		t.note("filter", map[string]any{"kind": filter.Kind, "state": filter.State})
		answer, err = byTime(ctx, t, jobs, q, page, func(j *Job) (Origin, string) { return j.Origin, j.ID })
		return err
	})
	return answer, err
}
