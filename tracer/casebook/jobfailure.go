package casebook

import (
	"context"
	"errors"
	"fmt"
	"net"
)

// JobError says of a job's failure what a person needs to know. Handlers return it.
type JobError struct {
	Reason string // in plain words
	Hint   string // what to do
	Final  bool   // trying again would fail again, as with bad input
	Err    error  // what happened; may be nil
}

// Error says why, and what happened.
func (e *JobError) Error() string {
	if e.Err == nil {
		return e.Reason
	}
	return fmt.Sprintf("%s: %v", e.Reason, e.Err)
}

// Unwrap is what happened.
func (e *JobError) Unwrap() error { return e.Err }

// explain puts an error of a handler into plain words. What the casebook refuses is
// final; what else fails, as a node that does not answer, is tried again.
func explain(err error) *JobError {
	if said, ok := errors.AsType[*JobError](err); ok {
		return said
	}
	e := &JobError{Reason: err.Error()}
	if refused, ok := errors.AsType[*InvalidError](err); ok {
		e.Hint, e.Final = refused.Hint, true
		return e
	}
	for _, final := range []error{ErrNotFound, ErrForbidden, ErrInvalid, ErrNewer, ErrTampered} {
		if errors.Is(err, final) {
			e.Final = true
		}
	}
	failed, network := errors.AsType[net.Error](err)
	switch {
	case e.Final:
		e.Hint = "mend what it names, and retry the job"
	case network && failed.Timeout() || errors.Is(err, context.DeadlineExceeded):
		e.Hint = "a server took too long: look whether it runs and is in step with its chain"
	case network:
		e.Hint = "a server does not answer: look whether it runs and at the address set for it"
	default:
		e.Hint = "look at the worker's log of that time"
	}
	return e
}

// fail writes a failure into a job.
func (j *Job) fail(e *JobError) {
	j.Failure, j.Hint = shortened(storable(e.Error())), shortened(storable(e.Hint))
}

// shortened keeps what of a text is stored.
func shortened(text string) string {
	if len(text) <= maxText {
		return text
	}
	return storable(text[:maxText-len("…")]) + "…"
}
