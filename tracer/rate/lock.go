package rate

import (
	"errors"
	"fmt"

	"github.com/gofrs/flock"
)

// lock keeps other processes from importing until it is closed, or the process ends.
func lock(path string) (*flock.Flock, error) {
	l := flock.New(path, flock.SetPermissions(0o640))
	locked, err := l.TryLock()
	if err == nil && !locked {
		err = fmt.Errorf("%s: %w: wait for it, or stop it", path, ErrInUse)
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}
