package casebook

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Ask asks for a job. The same task that waits already is the same job: it goes first
// where this is more urgent, and fresh is false. One that runs has perhaps read what
// has changed since: it is run once more afterwards, as a job of its own. A person's jobs
// are Urgent, those of the program Routine.
func (b *Book) Ask(ctx context.Context, p Principal, task Task) (j Job, fresh bool, err error) {
	resource := "job"
	if task != nil {
		resource = listOf("job", task.about().of)
	}
	err = b.do(ctx, p, jobAsk, resource, func(ctx context.Context, t *tx) error {
		if task == nil {
			return invalid("task", "say what to do", "there is none")
		}
		of := task.about().of
		if of == "" && t.force() != "" {
			return fmt.Errorf("%s %s: %w: a job for all cases: ask the department", p.Role, p.User, ErrForbidden)
		}
		if of != "" {
			if _, err := t.writable(ctx, of); err != nil {
				return err
			}
		}
		priority := Urgent
		if p.Role == System {
			priority = Routine
		}
		j, fresh, err = t.ask(ctx, task, priority)
		return err
	})
	if err != nil {
		return Job{}, false, err
	}
	_ = b.issue(ctx, &j) // where it fails, a worker's sweep does it
	return j, fresh, nil
}

// ask queues a job, or finds the one that waits. The caller issues its ticket when the
// transaction has ended well.
func (t *tx) ask(ctx context.Context, task Task, priority Priority) (j Job, fresh bool, err error) {
	if err := task.check(); err != nil {
		return j, false, err
	}
	k := task.about()
	j = Job{
		ID: newID(), Kind: k.kind, Case: k.of, Priority: priority, State: JobQueued,
		lane: k.lane, run: 1, Origin: t.origin(),
	}
	text, err := canonical(task)
	if err != nil {
		return j, false, invalid("task", "give JSON", "%v", err)
	}
	j.Task = []byte(text)
	same, err := canonical([]any{k.kind, k.same})
	if err != nil {
		return j, false, err
	}
	j.same = same
	missing := errors.New("the same job waits no more")
	for range 10 {
		fresh, err = jobs.insert(ctx, t, &j)
		if err != nil || fresh {
			break
		}
		var stands Job
		stands, err = jobs.one(ctx, t, missing, "WHERE x.same = ? AND x.state = ?", same, string(JobQueued))
		if errors.Is(err, missing) {
			continue // it began between the two
		}
		if err == nil {
			err = t.hasten(ctx, &stands, priority)
		}
		j = stands
		break
	}
	t.note("job", j.ID)
	t.note("kind", k.kind)
	t.note("task", j.Task)
	t.note("new", fresh)
	return j, fresh, err
}

// hasten has a job that waits go as soon as the priority says.
func (t *tx) hasten(ctx context.Context, j *Job, priority Priority) error {
	if priority >= j.Priority && (priority > Urgent || j.NotBefore.IsZero()) {
		return nil
	}
	j.Priority, j.run, j.ticket = min(j.Priority, priority), j.run+1, 0
	if priority == Urgent {
		j.NotBefore = time.Time{}
	}
	return t.exec(ctx, "UPDATE jobs SET priority = ?, not_before = ?, run = ?, ticket = 0 WHERE id = ? AND run = ? AND state = ?",
		int64(j.Priority), stored(j.NotBefore), j.run, j.ID, j.run-1, string(JobQueued))
}

// RetraceStale asks for a job for each open case with a trace that is stale, in which
// the principal may, and answers for how many.
func (b *Book) RetraceStale(ctx context.Context, p Principal) (asked int, err error) {
	for after := ""; ; {
		var some []Job
		err = b.do(ctx, p, jobAsk, "job", func(ctx context.Context, t *tx) error {
			some, err = t.askRetraces(ctx, after)
			return err
		})
		if err != nil {
			return asked, err
		}
		for i := range some {
			_ = b.issue(ctx, &some[i]) // where it fails, a worker's sweep does it
			after = some[i].Case
		}
		if asked += len(some); len(some) < maxLimit {
			return asked, nil
		}
	}
}

// askRetraces asks for those of the next cases in the order of their ids.
func (t *tx) askRetraces(ctx context.Context, after string) (asked []Job, err error) {
	type stale struct{ of, why string }
	found, err := collect(ctx, t, func(s *stale) []any { return []any{&s.of, &s.why} },
		`SELECT x.case_id, MIN(x.stale_reason) FROM traces x JOIN cases c ON c.id = x.case_id
		WHERE x.stale <> 0 AND c.withdrawn = 0 AND c.status = ? AND (? = '' OR c.prefecture = ?) AND x.case_id > ?
		GROUP BY x.case_id ORDER BY x.case_id LIMIT ?`, string(CaseOpen), t.force(), t.force(), after, maxLimit)
	if err != nil {
		return nil, err
	}
	for _, s := range found {
		j, _, err := t.ask(ctx, RetraceTask{Case: s.of, Why: s.why}, Routine)
		if err != nil {
			return nil, err
		}
		asked = append(asked, j)
	}
	t.note("asked", len(asked))
	return asked, nil
}
