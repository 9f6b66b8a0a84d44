// Package retry tells a node that is busy from one that is broken, and asks each
// again accordingly.
package retry

import (
	"errors"
	"log/slog"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
)

// BusyError says that the node is well but has too much to do.
type BusyError struct {
	Reason string
	Wait   time.Duration // as the node asks; 0 where it does not say
}

func (e *BusyError) Error() string { return "the node is busy: " + e.Reason }

// FaultError is a failure that may pass by itself.
type FaultError struct{ Err error }

func (e FaultError) Error() string { return e.Err.Error() }

func (e FaultError) Unwrap() error { return e.Err }

// Passing reports whether an error is of a kind that is asked again.
func Passing(err error) bool { return isA[FaultError](err) || isA[*BusyError](err) }

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// Policy says how patiently a node is asked again.
type Policy struct {
	Retries int           // after a FaultError; ten times as many while it is BusyError
	Backoff time.Duration // before the first retry, doubled each time
	Log     *slog.Logger  // of retries
}

// New is an executor that asks again on BusyError and FaultError, and on nothing else.
func New[R any](p Policy) failsafe.Executor[R] {
	return failsafe.With(busyPolicy[R](p), faultPolicy[R](p))
}

// faultPolicy gives up soon: a node that is down should be reported.
func faultPolicy[R any](p Policy) retrypolicy.RetryPolicy[R] {
	return retrypolicy.NewBuilder[R]().
		HandleIf(func(_ R, err error) bool { return isA[FaultError](err) }).
		WithMaxRetries(p.Retries).WithBackoff(p.Backoff, 60*p.Backoff).WithJitterFactor(0.2).
		OnRetryScheduled(logRetry[R](p.Log)).ReturnLastFailure().Build()
}

// busyPolicy is patient: a node that is well will answer, if asked less often.
func busyPolicy[R any](p Policy) retrypolicy.RetryPolicy[R] {
	return retrypolicy.NewBuilder[R]().
		HandleIf(func(_ R, err error) bool { return isA[*BusyError](err) }).
		WithMaxRetries(10 * p.Retries).
		WithDelayFunc(func(attempt failsafe.ExecutionAttempt[R]) time.Duration {
			if busy, ok := errors.AsType[*BusyError](attempt.LastError()); ok && busy.Wait > 0 {
				return min(busy.Wait, time.Minute)
			}
			return min(p.Backoff<<min(attempt.Retries(), 6), 40*p.Backoff)
		}).
		OnRetryScheduled(logRetry[R](p.Log)).ReturnLastFailure().Build()
}

func logRetry[R any](log *slog.Logger) func(failsafe.ExecutionScheduledEvent[R]) {
	return func(e failsafe.ExecutionScheduledEvent[R]) {
		log.Info("asking the node again", "after", e.Delay, "reason", e.LastError())
	}
}
