package ethereum

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"sync"
)

// etlMerge is a heap of cursors, that with the least key first.
type etlMerge []*etlCursor

// newMerge merges runs and what sorters have in memory, from a key on.
func newMerge(runs []*etlRun, sorters []*etlSorter, key uint64) (m etlMerge, err error) {
	add := func(c *etlCursor, cursorErr error) {
		if err = errors.Join(err, cursorErr); !c.done {
			m = append(m, c)
		}
	}
	for _, run := range runs {
		add(run.cursorAt(key))
	}
	for _, s := range sorters {
		add(s.cursorAt(key))
	}
	for i := len(m) / 2; i >= 0; i-- {
		m.down(i)
	}
	return m, err
}

// advance moves the first cursor on.
func (m *etlMerge) advance() error {
	first := (*m)[0]
	if err := first.advance(); err != nil {
		return err
	}
	if first.done {
		last := len(*m) - 1
		(*m)[0] = (*m)[last]
		*m = (*m)[:last]
	}
	m.down(0)
	return nil
}

func (m etlMerge) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(m); child++ {
			if m[child].key < m[least].key {
				least = child
			}
		}
		if least == i {
			return
		}
		m[i], m[least] = m[least], m[i]
		i = least
	}
}

// etlTemp is the folder of the runs, made when the first is.
type etlTemp struct {
	parent string // where it is made; "" for the system's
	mu     sync.Mutex
	dir    string
	runs   map[*etlRun]bool
}

func (t *etlTemp) newRun() (*etlRun, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dir == "" {
		dir, err := os.MkdirTemp(t.parent, "tsuiseki-etl-")
		if err != nil {
			return nil, fmt.Errorf("a folder to sort the export in: %w; name one with more room", err)
		}
		t.dir, t.runs = dir, map[*etlRun]bool{}
	}
	file, err := os.CreateTemp(t.dir, "run-")
	if err != nil {
		return nil, err
	}
	run := &etlRun{file: file, out: bufio.NewWriterSize(file, 4*etlBuffer)}
	t.runs[run] = true
	return run, nil
}

func (t *etlTemp) remove(run *etlRun) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.runs, run)
	return errors.Join(run.file.Close(), os.Remove(run.file.Name()))
}

// Close removes all runs.
func (t *etlTemp) Close() (err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for run := range t.runs {
		err = errors.Join(err, run.file.Close())
	}
	t.runs = nil
	if t.dir != "" {
		err = errors.Join(err, os.RemoveAll(t.dir))
		t.dir = ""
	}
	return err
}
