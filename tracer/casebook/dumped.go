package casebook

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// dumped is a table as backups hold it, with its columns in a fixed order.
type dumped struct {
	name    string
	columns []dumpedColumn
	order   string // of its rows: a key
}

// dumpedColumn is a column and what it holds: text, int, bool or bytes. Where it ends
// with a question mark, that or nothing.
type dumpedColumn struct{ name, kind string }

// backedUp are all tables in the order in which their rows can be inserted. River's are
// not among them, nor the lanes of jobs that run: workers issue tickets anew, and run
// again what was running.
var backedUp = []dumped{
	dumpedTable("users", "id", "id name role prefecture password_hash", "changing"),
	dumpedTable("cases", "id", "id number title prefecture station officer contact scheme status search", "changing"),
	dumpedTable("contents", "sha256", "sha256 size:int encoding", ""),
	dumpedTable("content_parts", "sha256, part", "sha256 part:int bytes:bytes", ""),
	dumpedTable("uploads", "id", "id case_id sha256 name size:int attempt:int", "withdrawn"),
	dumpedTable("rejects", "upload_id, attempt, line, field, code",
		"upload_id attempt:int line:int field code raw normalised reason reason_ja suggestion", ""),
	dumpedTable("deposits", "id", "id case_id chain tx kind idx:int address asset amount time:int note yen receipt victim "+
		"upload_id:text? line:int test:bool refund:bool", "changing"),
	dumpedTable("disclosures", "id", "id case_id exchange account holder nationality chain address date sha256 confidence:int", "withdrawn"),
	dumpedTable("traces", "id", "id case_id rule params snapshot engine digest sha256 stale:int stale_reason", "made"),
	dumpedTable("links", "id", "id case_a case_b grade score q evidence evidence_digest", "changing"),
	dumpedTable("decisions", "id", "id link_id verdict reason evidence_digest n:int", "made"),
	dumpedTable("notes", "id", "id case_id text", "withdrawn"),
	dumpedTable("rate_files", "id", "id name asset source sha256 size:int", "withdrawn"),
	dumpedTable("jobs", "id", "id kind case_id:text? task same lane priority:int state run:int ticket:int attempts:int not_before:int "+
		"worker beat:int started:int ended:int done:int total:int doing result failure hint "+
		"cancelled:int cancelled_by cancelled_reason dismissed:int dismissed_by dismissed_reason", "made"),
	dumpedTable("job_ticks", "schedule, due", "schedule due job_id:text? created:int", ""),
	dumpedTable("watches", "id", "id case_id kind chain address tx idx:int note height:int hash transactions:int checked:int", "withdrawn"),
	dumpedTable("alerts", "id", "id watch_id case_id chain tx height:int hash time:int detail job_id gone:int "+
		"acknowledged:int acknowledged_by acknowledged_reason version:int updated:int updated_by", "made"),
	dumpedTable("revisions", "resource, version", "resource version:int document", ""),
	dumpedTable("audit", "seq", "seq:int time who action resource details hash", ""),
}

// dumpedTable reads columns as name or name:kind; life says which of those that many
// tables have follow.
func dumpedTable(name, order, columns, life string) dumped {
	const made, changed, withdrawn = " created:int created_by", " version:int updated:int updated_by", " withdrawn:int withdrawn_by withdrawn_reason"
	columns += map[string]string{"": "", "made": made, "withdrawn": made + withdrawn, "changing": made + changed + withdrawn}[life]
	d := dumped{name: name, order: order}
	for c := range strings.FieldsSeq(columns) {
		column, kind, ok := strings.Cut(c, ":")
		if !ok {
			kind = "text"
		}
		d.columns = append(d.columns, dumpedColumn{column, kind})
	}
	return d
}

func (d *dumped) names() []string {
	names := make([]string, len(d.columns))
	for i, c := range d.columns {
		names[i] = c.name
	}
	return names
}

// orderIn is the order of rows by bytes, which SQLite keeps and PostgreSQL does when it
// is told.
func (d *dumped) orderIn(postgres bool) string {
	if !postgres {
		return d.order
	}
	keys := strings.Split(d.order, ", ")
	for i, key := range keys {
		for _, c := range d.columns {
			if c.name == key && c.kind == "text" {
				keys[i] += ` COLLATE "C"`
			}
		}
	}
	return strings.Join(keys, ", ")
}

// written is a value as backups have it: integers as decimal text, bytes in base64.
func (c *dumpedColumn) written(value any) (any, error) {
	switch value := value.(type) {
	case nil:
		if strings.HasSuffix(c.kind, "?") {
			return nil, nil
		}
	case int64:
		if c.kind == "int" {
			return strconv.FormatInt(value, 10), nil
		}
		if c.kind == "bool" && (value == 0 || value == 1) {
			return value == 1, nil
		}
	case bool:
		if c.kind == "bool" {
			return value, nil
		}
	case []byte:
		if c.kind == "bytes" {
			return base64.StdEncoding.EncodeToString(value), nil
		}
	case string:
		if strings.TrimSuffix(c.kind, "?") == "text" {
			return value, nil
		}
	}
	return nil, fmt.Errorf("column %s holds %T, want %s", c.name, value, c.kind)
}

// read is written in reverse.
func (c *dumpedColumn) read(value any) (any, error) {
	switch value := value.(type) {
	case nil:
		if strings.HasSuffix(c.kind, "?") {
			return nil, nil
		}
	case bool:
		if c.kind == "bool" {
			return value, nil
		}
	case string:
		switch c.kind {
		case "text", "text?":
			return value, nil
		case "int":
			return strconv.ParseInt(value, 10, 64)
		case "bytes":
			return base64.StdEncoding.DecodeString(value)
		}
	}
	return nil, fmt.Errorf("column %s is %T, want %s", c.name, value, c.kind)
}
