//go:build unix

package entity

import (
	"os"
	"syscall"
)

// mapFile maps the first bytes of a file. Where they may be changed, that is for
// this process alone and never reaches the file.
func mapFile(file *os.File, size int64, changing bool) (*mapping, error) {
	if size == 0 {
		return &mapping{}, nil
	}
	protection, flags := syscall.PROT_READ, syscall.MAP_SHARED
	if changing {
		protection, flags = syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|noReserve
	}
	data, err := syscall.Mmap(int(file.Fd()), 0, int(size), protection, flags)
	if err != nil {
		return nil, os.NewSyscallError("mmap "+file.Name(), err)
	}
	return &mapping{data, func() error { return os.NewSyscallError("munmap", syscall.Munmap(data)) }}, nil
}
