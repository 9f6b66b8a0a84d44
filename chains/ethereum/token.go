package ethereum

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"tsuiseki/chains"
)

// Tokens implements chains.AccountSource. A contract that tells neither symbol nor
// decimals is no token.
func (n *Node) Tokens(ctx context.Context, at chains.BlockRef, assets []chains.Asset) ([]*chains.Token, error) {
	const symbol, decimals = "0x95d89b41", "0x313ce567"
	tokens := make([]*chains.Token, len(assets))
	var questions []question
	var asked []int
	for i, asset := range assets {
		contract, err := ParseAddress(string(asset))
		if err != nil {
			continue
		}
		questions = append(questions, contractCall(contract, symbol), contractCall(contract, decimals))
		asked = append(asked, i)
	}
	if len(questions) == 0 {
		return tokens, nil
	}
	answers, err := n.stateAt(ctx, at, questions)
	if err != nil {
		return nil, err
	}
	for k, i := range asked {
		name, nameErr := answers[2*k].bytes()
		places, placesErr := answers[2*k+1].bytes()
		if err := errors.Join(nameErr, placesErr); errors.Is(err, chains.ErrCorrupt) {
			return nil, err
		}
		tokens[i] = decodeToken(assets[i], name, places)
	}
	return tokens, nil
}

// decodeToken reads what symbol() and decimals() returned; nil where neither told
// anything. Decimals are optional in ERC-20: without, amounts stay in units.
func decodeToken(asset chains.Asset, symbol, decimals []byte) *chains.Token {
	token := &chains.Token{Asset: asset, Symbol: decodeSymbol(symbol)}
	if len(decimals) == 32 {
		if n, small := word(decimals).Int64(); small && n <= 255 {
			token.Decimals = uint8(n)
			return token
		}
	}
	if token.Symbol == "" {
		return nil
	}
	return token
}

// decodeSymbol reads a string, or the bytes32 of tokens from before there was a
// standard, and keeps of it what can be shown on one line.
func decodeSymbol(raw []byte) string {
	if len(raw) == 32 {
		return printable(bytes.TrimRight(raw, "\x00"))
	}
	start, ok := smallWord(raw, 0)
	if !ok {
		return ""
	}
	size, ok := smallWord(raw, start)
	if !ok || size > uint64(len(raw))-start-32 {
		return ""
	}
	return printable(raw[start+32:][:size])
}

// printable drops what is no visible character: a symbol is hostile text, which
// must not break a line, turn the direction of writing or hide a digit.
func printable(raw []byte) string {
	const longest = 64 // bytes
	var text strings.Builder
	for len(raw) > 0 {
		r, size := utf8.DecodeRune(raw)
		if text.Len()+size > longest {
			break
		}
		if (r != utf8.RuneError || size > 1) && unicode.IsPrint(r) {
			text.WriteRune(r)
		}
		raw = raw[size:]
	}
	return strings.TrimSpace(text.String())
}
