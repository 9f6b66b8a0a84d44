package main

import (
	"fmt"
	"io"

	"tsuiseki/tracer/casebook"
	"tsuiseki/tracer/taint"
)

type jobCmd struct {
	Trace     jobTraceCmd     `cmd:"" help:"Have a worker trace a case."`
	Correlate jobCorrelateCmd `cmd:"" help:"Have a worker correlate all cases."`
	Look      jobLookCmd      `cmd:"" help:"Have a worker look at watches and stale traces."`
	List      jobListCmd      `cmd:"" help:"List jobs, the newest first; --state dead lists those that failed for good."`
	Cancel    jobCancelCmd    `cmd:"" help:"Stop a job."`
	Retry     jobRetryCmd     `cmd:"" help:"Try a dead job again."`
	Dismiss   jobDismissCmd   `cmd:"" help:"Take a dead job off the list."`
}

// askFlags are common to commands that ask for a job.
type askFlags struct {
	casebookFlags
	JSON bool `name:"json" help:"Print one JSON document."`
}

type jobDoc struct {
	Job casebook.Job `json:"job"`
	New bool         `json:"new"` // else the same was asked for before, and waits
}

func (f askFlags) ask(s *session, task casebook.Task) error {
	return withDesk(s, f.casebookFlags, casebook.Analyst, func(d *desk) error {
		job, fresh, err := d.Ask(s.ctx, d.who, task)
		if err != nil {
			return err
		}
		if f.JSON {
			return printJSON(s.out, jobDoc{job, fresh})
		}
		fmt.Fprintf(s.out, "job %s, %s\n", job.ID, job.State)
		return nil
	})
}

type jobTraceCmd struct {
	askFlags
	ID   string `arg:"" help:"Case."`
	Rule string `help:"Allocation rule." default:"fifo"`
}

// Run asks for a trace.
func (c *jobTraceCmd) Run(s *session) error {
	if _, known := taint.RuleByName(c.Rule); !known {
		return usagef("allocation rule %q is unknown: see trace --help", c.Rule)
	}
	return c.ask(s, casebook.TraceTask{Case: c.ID, Rule: c.Rule})
}

type jobCorrelateCmd struct {
	askFlags
	Full bool `help:"Read every case again."`
}

// Run asks for a correlation.
func (c *jobCorrelateCmd) Run(s *session) error {
	return c.ask(s, casebook.CorrelateTask{Full: c.Full})
}

type jobLookCmd struct{ askFlags }

// Run asks for a look at watches.
func (c *jobLookCmd) Run(s *session) error { return c.ask(s, casebook.WatchTask{}) }

type jobListCmd struct {
	casebookFlags
	listFlags
	Case  string `help:"Only this case's." placeholder:"ID"`
	Kind  string `help:"Only trace, retrace, correlate, report or watch." placeholder:"KIND"`
	State string `help:"Only queued, running, done, cancelled, dead or dismissed." placeholder:"STATE"`
	JSON  bool   `name:"json" help:"Print one JSON document."`
}

type jobsDoc struct {
	Jobs []casebook.Job `json:"jobs"`
	Next string         `json:"next,omitempty"`
}

// Run lists jobs.
func (c *jobListCmd) Run(s *session) error {
	return withDesk(s, c.casebookFlags, casebook.Analyst, func(d *desk) error {
		filter := casebook.JobFilter{Case: c.Case, Kind: casebook.JobKind(c.Kind), State: casebook.JobState(c.State)}
		found, err := d.Jobs(s.ctx, d.who, filter, c.page())
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, jobsDoc{found.Items, found.Next})
		}
		table(s.out, func(w io.Writer) {
			fmt.Fprintln(w, "JOB\tKIND\tCASE\tSTATE\tASKED\tBY\tWHAT CAME OF IT\t")
			for i := range found.Items {
				j := &found.Items[i]
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", j.ID, j.Kind, j.Case, j.State, when(j.Created), j.CreatedBy, cameOf(j))
			}
		})
		_, err = io.WriteString(s.out, moreOf(found.Next))
		return err
	})
}

func cameOf(j *casebook.Job) string {
	switch {
	case j.State == casebook.JobCancelled:
		return "cancelled by " + j.Cancel.By + ": " + j.Cancel.Reason
	case j.Failure != "" && j.State != casebook.JobDone:
		return fmt.Sprintf("failed %d times: %s; %s", j.Attempts, j.Failure, j.Hint)
	case j.State == casebook.JobRunning:
		return j.Progress.Doing
	}
	return j.Result
}

// oneJob is common to commands on one job.
type oneJob struct {
	casebookFlags
	ID string `arg:"" help:"Job."`
}

func (c oneJob) change(s *session, change func(*desk) (casebook.Job, error)) error {
	return withDesk(s, c.casebookFlags, casebook.Analyst, func(d *desk) error {
		job, err := change(d)
		if err == nil {
			fmt.Fprintf(s.out, "job %s, %s\n", job.ID, job.State)
		}
		return err
	})
}

type jobCancelCmd struct {
	oneJob
	Reason string `help:"Why." required:""`
}

// Run cancels a job.
func (c *jobCancelCmd) Run(s *session) error {
	return c.change(s, func(d *desk) (casebook.Job, error) { return d.CancelJob(s.ctx, d.who, c.ID, c.Reason) })
}

type jobRetryCmd struct{ oneJob }

// Run queues a dead job again.
func (c *jobRetryCmd) Run(s *session) error {
	return c.change(s, func(d *desk) (casebook.Job, error) { return d.RetryJob(s.ctx, d.who, c.ID) })
}

type jobDismissCmd struct {
	oneJob
	Reason string `help:"Why." required:""`
}

// Run lets a dead job be.
func (c *jobDismissCmd) Run(s *session) error {
	return c.change(s, func(d *desk) (casebook.Job, error) { return d.DismissJob(s.ctx, d.who, c.ID, c.Reason) })
}
