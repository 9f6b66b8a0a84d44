package label

// What the tests of this package reach that its users do not.

// ReadTree is Read, but reads YAML as whole trees alone.
func ReadTree(f File, canonical Canonical, to Receiver) error {
	r := newReader(f, canonical, to)
	return r.all(r.tree)
}

// ReadPieces is Read, but reads so many bytes of items at once.
func ReadPieces(f File, canonical Canonical, to Receiver, size int) error {
	r := newReader(f, canonical, to)
	r.pieceSize = size
	return r.all(r.yaml)
}
