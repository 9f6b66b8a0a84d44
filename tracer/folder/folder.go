// Package folder keeps files that one process at a time writes and others read: what
// a crash leaves of them is the old or the new, never a part.
package folder

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// Unfinished ends the name of a file that is not yet in its place.
const Unfinished = ".new"

// Lock keeps other processes out until it is closed, or the process ends. Where one
// is in already, it fails with inUse.
func Lock(path string, inUse error) (io.Closer, error) {
	l := flock.New(path, flock.SetPermissions(0o640))
	locked, err := l.TryLock()
	if err == nil && !locked {
		err = fmt.Errorf("%s: %w: wait for it, or stop it", path, inUse)
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Replace puts a file in its place once all of it is written and lasts. What it could
// not finish stays beside it under the name that Unfinished ends.
func Replace(path string, write func(*os.File) error) error {
	file, err := os.OpenFile(path+Unfinished, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o640)
	if err != nil {
		return err
	}
	if err := errors.Join(write(file), file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+Unfinished, path); err != nil {
		return err
	}
	return Sync(filepath.Dir(path))
}

// Sync makes the names in a folder last.
func Sync(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
