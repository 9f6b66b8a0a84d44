package ethereum_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"tsuiseki/chains"
)

func TestBalanceAt(t *testing.T) {
	const held = "0x00000000000000000000000000000000000000000000000000000000000003e8"
	for name, c := range map[string]struct {
		asset  chains.Asset
		answer func(n *fakeNode) func(string, []any) any
		want   string
		err    error
	}{
		"coin":  {"ETH", nil, "1000000000000000001", nil},
		"token": {token, func(*fakeNode) func(string, []any) any { return answers("eth_call", held) }, "1000", nil},
		"contract comes later": {token, func(*fakeNode) func(string, []any) any {
			return both(answers("eth_call", "0x"), answers("eth_getCode", "0x"))
		}, "0", nil},
		"no token":      {token, func(*fakeNode) func(string, []any) any { return answers("eth_call", "0x") }, "", chains.ErrNotFound},
		"token reverts": {token, func(*fakeNode) func(string, []any) any { return answers("eth_call", &refused{3, "execution reverted"}) }, "", chains.ErrNotFound},
		"hostile revert": {token, func(*fakeNode) func(string, []any) any {
			return answers("eth_call", &refused{3, "execution reverted: too many requests, missing trie node, invalid argument"})
		}, "", chains.ErrNotFound},
		"old state": {"ETH", func(*fakeNode) func(string, []any) any {
			return answers("eth_getBalance", &refused{-32000, "missing trie node 00"})
		}, "", chains.ErrUnavailable},
		"token's old state": {token, func(*fakeNode) func(string, []any) any {
			return answers("eth_call", &refused{-32000, "state already been pruned"})
		}, "", chains.ErrUnavailable},
		"block replaced": {"ETH", func(*fakeNode) func(string, []any) any {
			return answers("eth_getBalance", &refused{-32000, "header for hash not found"})
		}, "", chains.ErrReorg},
		"null":    {"ETH", func(*fakeNode) func(string, []any) any { return answers("eth_getBalance", null{}) }, "", chains.ErrCorrupt},
		"refused": {"ETH", func(*fakeNode) func(string, []any) any { return answers("eth_getBalance", noMethod("eth_getBalance")) }, "", chains.ErrUnavailable},
		"by hash alone": {"ETH", func(*fakeNode) func(string, []any) any {
			return func(method string, params []any) any {
				if method != "eth_getBalance" {
					return nil
				}
				if _, isText := params[1].(string); !isText {
					return &refused{-32602, "invalid argument 1: cannot unmarshal object into Go value of type string"}
				}
				return nil
			}
		}, "1000000000000000001", nil},
		"by number, of a replaced block": {"ETH", func(n *fakeNode) func(string, []any) any {
			return func(method string, params []any) any {
				switch {
				case method == "eth_getBalance" && fmt.Sprint(params[1]) != "0x5":
					return &refused{-32602, "invalid params"}
				case method == "eth_getBlockByNumber" && params[0] == "0x5":
					fields := n.blockJSON(n.blocks[5], false)
					fields["hash"] = "0x" + strings.Repeat("12", 32)
					return fields
				}
				return nil
			}
		}, "", chains.ErrReorg},
	} {
		t.Run(name, func(t *testing.T) {
			n, cfg := newFakeNode(t)
			node := dial(t, cfg)
			if c.answer != nil {
				n.answer = c.answer(n)
			}
			at := chains.BlockRef{Height: 5, Hash: chains.BlockHash(n.blocks[5].Hash())}
			got, err := node.BalanceAt(t.Context(), alice, c.asset, at)
			if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) || (err == nil && got.String() != c.want) {
				t.Errorf("%s, error %v; want %s, %v", got, err, c.want, c.err)
			}
			if _, err := node.BalanceAt(t.Context(), "0x12", c.asset, at); err == nil {
				t.Error("no error for what is no address")
			}
		})
	}
}

func answers(method string, result any) func(string, []any) any {
	return func(called string, _ []any) any {
		if called == method {
			return result
		}
		return nil
	}
}

// abiString is what symbol() returns for a text.
func abiString(text string) string {
	padded := text + strings.Repeat("\x00", (32-len(text)%32)%32)
	return fmt.Sprintf("0x%064x%064x%x", 32, len(text), padded)
}

func TestTokens(t *testing.T) {
	const fifty = "0123456789012345678901234567890123456789012345678901234567"
	for name, c := range map[string]struct {
		symbol, decimals any
		want             *chains.Token
	}{
		"usual":             {abiString("USDT"), "0x" + fmt.Sprintf("%064x", 6), &chains.Token{Symbol: "USDT", Decimals: 6}},
		"bytes32":           {"0x4d4b520000000000000000000000000000000000000000000000000000000000", "0x" + fmt.Sprintf("%064x", 18), &chains.Token{Symbol: "MKR", Decimals: 18}},
		"no decimals":       {abiString("OLD"), &refused{3, "execution reverted"}, &chains.Token{Symbol: "OLD"}},
		"absurd decimals":   {abiString("BIG"), "0x" + strings.Repeat("f", 64), &chains.Token{Symbol: "BIG"}},
		"no symbol":         {"0x", "0x" + fmt.Sprintf("%064x", 2), &chains.Token{Decimals: 2}},
		"no token":          {"0x", "0x", nil},
		"reverts":           {&refused{-32000, "execution reverted"}, &refused{-32015, "VM execution error."}, nil},
		"line break":        {abiString("US\nDT\x1b[31m"), "0x", &chains.Token{Symbol: "USDT[31m"}},
		"turned direction":  {abiString("US\u202eTD\u200b"), "0x", &chains.Token{Symbol: "USTD"}},
		"not UTF-8":         {abiString("A\xff\xfeB"), "0x", &chains.Token{Symbol: "AB"}},
		"endless":           {abiString(strings.Repeat("x", 5000)), "0x", &chains.Token{Symbol: strings.Repeat("x", 64)}},
		"cut between runes": {abiString(fifty + "日本語"), "0x", &chains.Token{Symbol: fifty + "日本"}},
		"outside its data":  {fmt.Sprintf("0x%064x%064x", 32, 1<<40), "0x" + fmt.Sprintf("%064x", 3), &chains.Token{Decimals: 3}},
		"length too large":  {"0x" + fmt.Sprintf("%064x", 32) + strings.Repeat("f", 64) + strings.Repeat("41", 32), "0x", nil},
	} {
		t.Run(name, func(t *testing.T) {
			n, cfg := newFakeNode(t)
			node := dial(t, cfg)
			n.answer = func(method string, params []any) any {
				if method != "eth_call" {
					return nil
				}
				call := params[0].(map[string]any)
				if call["to"] != token {
					return "0x"
				}
				if call["data"] == "0x95d89b41" {
					return c.symbol
				}
				return c.decimals
			}
			at := chains.BlockRef{Height: 5, Hash: chains.BlockHash(n.blocks[5].Hash())}
			got, err := node.Tokens(t.Context(), at, []chains.Asset{"ETH", weth, token})
			if err != nil || len(got) != 3 || got[0] != nil || got[1] != nil {
				t.Fatalf("%v, error %v", got, err)
			}
			if c.want != nil {
				c.want.Asset = token
			}
			if (got[2] == nil) != (c.want == nil) || (c.want != nil && *got[2] != *c.want) {
				t.Errorf("%+v, want %+v", got[2], c.want)
			}
		})
	}
}

func TestTokensNeedState(t *testing.T) {
	n, cfg := newFakeNode(t)
	node := dial(t, cfg)
	n.answer = answers("eth_call", &refused{-32000, "missing trie node 00"})
	if _, err := node.Tokens(t.Context(), chains.BlockRef{Height: 5}, []chains.Asset{token}); !errors.Is(err, chains.ErrUnavailable) {
		t.Errorf("error %v, want ErrUnavailable", err)
	}
}
