//go:build !unix

package entity

import (
	"io"
	"os"
)

// mapFile reads the first bytes of a file.
func mapFile(file *os.File, size int64, _ bool) (*mapping, error) {
	data := make([]byte, size)
	_, err := io.ReadFull(io.NewSectionReader(file, 0, size), data)
	return &mapping{data: data}, err
}
