package casebook

import (
	"encoding/json"
	"fmt"
	"time"
)

// JobKind is what a job is for.
type JobKind string

// Kinds of job.
const (
	TraceJob     JobKind = "trace"
	RetraceJob   JobKind = "retrace"
	CorrelateJob JobKind = "correlate"
	ReportJob    JobKind = "report"
	WatchJob     JobKind = "watch"
)

// Task is what a job has to do: a TraceTask, RetraceTask, CorrelateTask, ReportTask or
// WatchTask.
type Task interface {
	about() about
	check() error
}

// about is what the casebook has to know of a task.
type about struct {
	kind JobKind
	of   string // the case, or empty
	same any    // tasks of a kind in which this is equal are the same
	lane string // of tasks in the same lane one runs at a time
}

// TraceTask is to trace a case's deposits by a rule.
type TraceTask struct {
	Case   string          `json:"case"`
	Rule   string          `json:"rule"`
	Params json.RawMessage `json:"params,omitempty"`
}

// RetraceTask is to trace again what stands of a case's traces: after a reorg, or as
// the chain grew.
type RetraceTask struct {
	Case string `json:"case"`
	Why  string `json:"why"`
}

// CorrelateTask is to look for links between all cases.
type CorrelateTask struct {
	Date string `json:"date,omitempty"` // of the night that it is for, as 2006-01-02; empty: on demand
	Full bool   `json:"full,omitempty"` // else what changed since the last time
}

// ReportTask is to write a case's report.
type ReportTask struct {
	Case     string `json:"case"`
	Format   string `json:"format"`
	Language string `json:"language"`
}

// WatchTask is to look at all watches, and for traces that are stale: see CheckWatches
// and RetraceStale.
type WatchTask struct{}

// Traces of one case never run at once, by whatever rule.
func traceLane(of string) string { return "trace/" + of }

func (k TraceTask) about() about {
	return about{TraceJob, k.Case, k, traceLane(k.Case)}
}

func (k RetraceTask) about() about {
	return about{RetraceJob, k.Case, k.Case, traceLane(k.Case)}
}

func (k CorrelateTask) about() about { return about{CorrelateJob, "", k, "correlate"} }

func (k ReportTask) about() about {
	return about{ReportJob, k.Case, k, "report/" + k.Case}
}

func (k WatchTask) about() about { return about{WatchJob, "", k, "watch"} }

func (k TraceTask) check() error {
	if k.Rule == "" {
		return invalid("rule", "name one, as fifo", "it is empty")
	}
	if _, err := checkJSON("params", k.Params); err != nil {
		return err
	}
	return checkNames(field{"rule", k.Rule})
}

func (k RetraceTask) check() error { return checkReason(k.Why) }

func (k CorrelateTask) check() error {
	if _, err := time.Parse(time.DateOnly, k.Date); k.Date != "" && err != nil {
		return invalid("date", "write it as 2006-01-02", "%q", k.Date)
	}
	return nil
}

func (k ReportTask) check() error {
	if k.Format == "" {
		return invalid("format", "name one, as pdf", "it is empty")
	}
	return checkNames(field{"format", k.Format}, field{"language", k.Language})
}

func (WatchTask) check() error { return nil }

// taskOf reads a task of a kind.
func taskOf(kind JobKind, text string) (Task, error) {
	var task Task
	var err error
	switch kind {
	case TraceJob:
		task, err = decoded[TraceTask](text)
	case RetraceJob:
		task, err = decoded[RetraceTask](text)
	case CorrelateJob:
		task, err = decoded[CorrelateTask](text)
	case ReportJob:
		task, err = decoded[ReportTask](text)
	case WatchJob:
		task, err = decoded[WatchTask](text)
	default:
		err = fmt.Errorf("this program knows no job of kind %q", kind)
	}
	return task, err
}

func decoded[T Task](text string) (Task, error) {
	var task T
	err := json.Unmarshal([]byte(text), &task)
	return task, err
}
