//go:build unix && !solaris && !illumos && !aix

package rate

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lock keeps other processes from importing until it is closed, or the process ends.
func lock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w: wait for it, or stop it", path, ErrInUse), file.Close())
	}
	return file, nil
}
