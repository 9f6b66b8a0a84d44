package casebook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
)

// queueVersion is the version of River's schema, on both databases.
const queueVersion = 8

// queue is a River client; its type parameter is of no matter here.
type queue interface {
	Insert(ctx context.Context, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error)
	JobCancel(ctx context.Context, id int64) (*rivertype.JobRow, error)
	ID() string
	Start(ctx context.Context) error
	Stopped() <-chan struct{}
}

// ticket is what River holds of a job: which one, and of which run. A worker that gets a
// ticket looks the job up, and leaves one alone that is of another run by now.
type ticket struct {
	Job string `json:"job"`
	Run int64  `json:"run"`
}

// Kind is River's name for tickets.
func (ticket) Kind() string { return "ticket" }

// newQueue is a client of River in the book's database.
func (b *Book) newQueue(config *river.Config) (queue, error) {
	if b.pool != nil {
		return river.NewClient(riverpgxv5.New(b.pool), config)
	}
	return river.NewClient(riversqlite.New(b.db), config)
}

// issue has River tell workers of a job that waits. Nothing is lost where it fails: a
// worker's sweep issues what has no ticket.
func (b *Book) issue(ctx context.Context, j *Job) error {
	if j.State != JobQueued || j.ticket != 0 {
		return nil
	}
	options := &river.InsertOpts{Priority: int(j.Priority), UniqueOpts: river.UniqueOpts{ByArgs: true}}
	if j.NotBefore.After(b.now()) {
		options.ScheduledAt = j.NotBefore
	}
	issued, err := b.queue.Insert(ctx, ticket{j.ID, j.run}, options)
	if err != nil {
		return fmt.Errorf("issue a ticket for job %s: %w", j.ID, err)
	}
	_, err = b.db.ExecContext(ctx, numbered("UPDATE jobs SET ticket = ? WHERE id = ? AND run = ? AND ticket = 0"), issued.Job.ID, j.ID, j.run)
	return err
}

// recall ends a ticket; where a worker has it, that worker's context ends.
func (b *Book) recall(ctx context.Context, ticket int64) error {
	if ticket == 0 {
		return nil
	}
	_, err := b.queue.JobCancel(ctx, ticket)
	if errors.Is(err, rivertype.ErrNotFound) {
		return nil
	}
	return err
}

// migrateQueue brings River's tables up to queueVersion. On SQLite the caller has locked
// out other processes.
func (b *Book) migrateQueue(ctx context.Context) (err error) {
	if b.pool == nil {
		return migrateRiver(ctx, riversqlite.New(b.db))
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // seconds, tries
	if err != nil {
		return err
	}
	conn, err := b.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := locker.SessionLock(ctx, conn); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, locker.SessionUnlock(context.WithoutCancel(ctx), conn)) }()
	return migrateRiver(ctx, riverpgxv5.New(b.pool))
}

func migrateRiver[T any](ctx context.Context, driver riverdriver.Driver[T]) error {
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if _, err := migrator.ExistingVersions(ctx); err != nil {
		return fmt.Errorf("%w: its job queue: %w: use the newer program", ErrNewer, err)
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{TargetVersion: queueVersion})
	return err
}

// patience bounds what a worker does after its context has ended.
const patience = 10 * time.Second
