package casebook

import (
	"context"
	"time"
)

// LastDue is the newest time of a schedule that is not after now, and its key.
func LastDue(s Schedule, now time.Time) (due time.Time, key string, err error) {
	if err := s.check(); err != nil {
		return due, "", err
	}
	last, _ := s.last(now)
	return last.due, last.key, nil
}

// Look looks at the worker's schedules once.
func (w *Worker) Look(ctx context.Context) { w.look(ctx) }
