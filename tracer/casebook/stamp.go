package casebook

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Origin is who made something, and when.
type Origin struct {
	Created   time.Time `json:"created"`
	CreatedBy string    `json:"created_by"`
}

// Change is who changed something last. To change it again, the version that was read
// has to stand still.
type Change struct {
	Version   int64     `json:"version"` // from 1
	Updated   time.Time `json:"updated"`
	UpdatedBy string    `json:"updated_by"`
}

// Withdrawal says since when something counts no more, and why; it is zero for what
// counts.
type Withdrawal struct {
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
}

// micros stores a time in microseconds of UTC, and never as 0.
type micros time.Time

// Scan reads what Value wrote.
func (m *micros) Scan(value any) error {
	n, ok := value.(int64)
	if !ok {
		return fmt.Errorf("a time is stored as %T, want microseconds", value)
	}
	*m = micros{}
	if n != 0 {
		*m = micros(time.UnixMicro(n).UTC())
	}
	return nil
}

// Value is the number.
func (m *micros) Value() (driver.Value, error) { return stored(time.Time(*m)), nil }

func stored(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func (o *Origin) fields() []any { return []any{(*micros)(&o.Created), &o.CreatedBy} }

func (c *Change) fields() []any { return []any{&c.Version, (*micros)(&c.Updated), &c.UpdatedBy} }

func (w *Withdrawal) fields() []any { return []any{(*micros)(&w.At), &w.By, &w.Reason} }

var (
	originColumns     = []string{"created", "created_by"}
	changeColumns     = []string{"version", "updated", "updated_by"}
	withdrawalColumns = []string{"withdrawn", "withdrawn_by", "withdrawn_reason"}
)
