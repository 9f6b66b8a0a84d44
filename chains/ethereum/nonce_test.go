package ethereum_test

import (
	"errors"
	"strings"
	"testing"

	"tsuiseki/chains"
)

func TestNonceAt(t *testing.T) {
	for name, c := range map[string]struct {
		answer any
		want   uint64
		err    error
	}{
		"fresh":     {"0x0", 0, nil},
		"used":      {"0x1f4", 500, nil},
		"null":      {null{}, 0, chains.ErrCorrupt},
		"no number": {"many", 0, chains.ErrCorrupt},
		"too many":  {"0x" + strings.Repeat("f", 20), 0, chains.ErrCorrupt},
		"old state": {&refused{-32000, "missing trie node 00"}, 0, chains.ErrUnavailable},
		"replaced":  {&refused{-32000, "header for hash not found"}, 0, chains.ErrReorg},
		"refused":   {noMethod("eth_getTransactionCount"), 0, chains.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			n, cfg := newFakeNode(t)
			node := dial(t, cfg)
			n.answer = func(method string, params []any) any {
				if method != "eth_getTransactionCount" || params[0] != alice {
					return nil
				}
				return c.answer
			}
			at := chains.BlockRef{Height: 5, Hash: chains.BlockHash(n.blocks[5].Hash())}
			got, err := node.NonceAt(t.Context(), alice, at)
			if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) || err == nil && got != c.want {
				t.Errorf("%d, error %v; want %d, %v", got, err, c.want, c.err)
			}
			if _, err := node.NonceAt(t.Context(), "0x12", at); err == nil {
				t.Error("no error for what is no address")
			}
		})
	}
}
