package casebook

import (
	"crypto/rand"
	"encoding/hex"
)

// newID is 128 random bits in hex: it tells nothing of other ids, and all databases
// sort it alike.
func newID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}
