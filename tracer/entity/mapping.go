package entity

import (
	"encoding/binary"
	"unsafe"
)

// mapping is the beginning of a file in memory.
type mapping struct {
	data  []byte
	close func() error
}

// Close gives the memory back; nothing may use it afterwards.
func (m *mapping) Close() error {
	if m == nil || m.close == nil {
		return nil
	}
	return m.close()
}

// words are bytes as numbers in the machine's own order.
func words(data []byte) []uint32 {
	if len(data) < 4 {
		return nil
	}
	return unsafe.Slice((*uint32)(unsafe.Pointer(&data[0])), len(data)/4)
}

// bytesOf are numbers as the machine has them.
func bytesOf(numbers []uint32) []byte {
	if len(numbers) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&numbers[0])), 4*len(numbers))
}

// byteOrder reads differently on machines of another order.
func byteOrder() uint32 { return binary.NativeEndian.Uint32([]byte{1, 2, 3, 4}) }
