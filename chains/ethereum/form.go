package ethereum

import (
	"sync/atomic"

	"tsuiseki/chains"
)

// form is a way to name a block in a call's parameters. Nodes differ in which
// they take: they are tried in this order, and the one understood is kept.
type form int32

const (
	byObject form = iota // {"blockHash": …}, EIP-1898
	byHash
	byNumber // names whatever block is there now: answers must be checked
	forms
)

func (n *Node) inForm(kept *atomic.Int32, ref chains.BlockRef, ask func(block any) error) error {
	var err error
	for f := form(kept.Load()); f < forms; f++ {
		if err = ask(f.name(ref)); !misunderstood(err) {
			kept.Store(int32(f))
			return err
		}
	}
	return err
}

func (f form) name(ref chains.BlockRef) any {
	switch f {
	case byObject:
		return map[string]string{"blockHash": hexHash(ref.Hash)}
	case byHash:
		return hexHash(ref.Hash)
	}
	return hexNumber(ref.Height)
}
