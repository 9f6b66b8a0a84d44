//go:build !unix || solaris || illumos || aix

package rate

import "os"

// lock is nothing where files cannot be locked: let one process import at a time.
func lock(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o640)
}
