package main

import (
	"strings"
	"unicode"

	"tsuiseki/chains"
	"tsuiseki/tracer"
)

// units tell how people read amounts of an asset.
type units map[chains.Asset]unit

type unit struct {
	symbol string
	places int
}

const (
	coinPlaces = 8 // of a chain in Bitcoin's format
	weiPlaces  = 18
)

// people writes an amount as people read it. A token that says nothing of itself
// is named by its contract, in base units.
func (u units) people(amount chains.Amount, asset chains.Asset) string {
	known, ok := u[asset]
	if !ok && strings.HasPrefix(string(asset), "0x") {
		return amount.String() + " units of " + string(asset)
	}
	if !ok {
		return amount.Decimal(coinPlaces) + " " + string(asset)
	}
	text := amount.Decimal(known.places)
	if known.places > 0 {
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	}
	return text + " " + known.symbol
}

// people writes an amount of a coin in Bitcoin's format.
func people(amount chains.Amount, asset chains.Asset) string { return units{}.people(amount, asset) }

// add takes up what a token says of itself. Any contract may call itself by any
// name: the start of its address stands behind it.
func (u units) add(t chains.Token) {
	const start = 10 // 0x and eight digits
	symbol := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != ' ' {
			return r
		}
		return -1
	}, t.Symbol)
	if symbol == "" {
		symbol = "token"
	}
	u[t.Asset] = unit{symbol + "(" + string(t.Asset)[:min(start, len(t.Asset))] + "…)", int(t.Decimals)}
}

// unitsOf are those that a trace names.
func unitsOf(r *tracer.Result) units {
	u := units{}
	for _, a := range r.Assets {
		switch {
		case a.Symbol == nil || a.Decimals == nil:
		case strings.HasPrefix(string(a.Asset), "0x"):
			u.add(chains.Token{Asset: a.Asset, Symbol: *a.Symbol, Decimals: *a.Decimals})
		default:
			u[a.Asset] = unit{*a.Symbol, int(*a.Decimals)}
		}
	}
	return u
}
