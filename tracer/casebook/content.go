package casebook

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
)

// MaxContent is how many bytes one content may have.
const MaxContent = 256 << 20

// partSize is how many bytes of a content are a row.
const partSize = 1 << 20

// Encodings of contents.
const (
	asReceived = "identity"
	compressed = "gzip"
)

// content is what contents holds of one.
type content struct {
	hash     string // SHA-256 of the bytes before they were encoded, hex
	size     int64  // of the bytes before they were encoded
	encoding string
}

var contents = table[content]{
	"contents",
	[]string{"sha256", "size", "encoding"},
	func(c *content) []any { return []any{&c.hash, &c.size, &c.encoding} },
}

// store keeps bytes under their SHA-256, once.
func (t *tx) store(ctx context.Context, b []byte, encoding string) (hash string, err error) {
	if len(b) > MaxContent {
		return "", invalid("content", "split the file", "%d bytes, and at most %d are stored", len(b), MaxContent)
	}
	sum := sha256.Sum256(b)
	c := content{hash: hex.EncodeToString(sum[:]), size: int64(len(b)), encoding: encoding}
	added, err := contents.insert(ctx, t, &c)
	if err != nil || !added {
		return c.hash, err
	}
	if encoding == compressed {
		if b, err = pack(b); err != nil {
			return "", err
		}
	}
	n := 0
	for part := range slices.Chunk(b, partSize) {
		if err := t.exec(ctx, "INSERT INTO content_parts (sha256, part, bytes) VALUES (?, ?, ?)", c.hash, n, part); err != nil {
			return "", err
		}
		n++
	}
	return c.hash, nil
}

// load reads bytes back, and fails where they are not what the hash says.
func (t *tx) load(ctx context.Context, hash string) ([]byte, error) {
	c, err := contents.one(ctx, t, fmt.Errorf("content %s is missing: restore a backup", hash), "WHERE x.sha256 = ?", hash)
	if err != nil {
		return nil, err
	}
	parts, err := collect(ctx, t, func(part *[]byte) []any { return []any{part} },
		"SELECT bytes FROM content_parts WHERE sha256 = ? ORDER BY part", hash)
	if err != nil {
		return nil, err
	}
	b := slices.Concat(parts...)
	if c.encoding == compressed {
		b, err = unpack(b, c.size)
	}
	if sum := sha256.Sum256(b); err == nil && (hex.EncodeToString(sum[:]) != hash || int64(len(b)) != c.size) {
		err = fmt.Errorf("it has %d bytes and the SHA-256 %x", len(b), sum)
	}
	if err != nil {
		return nil, fmt.Errorf("content %s was changed in the database: %w: restore a backup", hash, err)
	}
	return b, nil
}

func pack(b []byte) ([]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// unpack reads no more than the size that was stored.
func unpack(b []byte, size int64) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, size))
}
