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

// coinPlaces is how many decimal places the coin of a chain in Bitcoin's format has.
const coinPlaces = 8

// people writes an amount as people read it. A token that says nothing of itself
// is named by its contract, in base units.
func (u units) people(amount chains.Amount, asset chains.Asset) string {
	number, unit := u.number(amount, asset)
	if _, known := u[asset]; !known && !strings.HasPrefix(string(asset), "0x") {
		number = amount.Decimal(coinPlaces)
	}
	return number + " " + unit
}

// number is an amount in as few digits as it takes, and what it counts.
func (u units) number(amount chains.Amount, asset chains.Asset) (number, unit string) {
	known, ok := u[asset]
	switch {
	case ok:
		return trimmed(amount, known.places), known.symbol
	case strings.HasPrefix(string(asset), "0x"):
		return amount.String(), "units of " + string(asset)
	}
	return trimmed(amount, coinPlaces), string(asset)
}

func trimmed(amount chains.Amount, places int) string {
	text := amount.Decimal(places)
	if places > 0 {
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// of takes up how people read the coin of an account chain.
func (u units) of(chain chains.Chain, asset chains.Asset) units {
	if chain.Family() == chains.Ethereum && !strings.HasPrefix(string(asset), "0x") {
		u[asset] = unit{string(asset), tracer.WeiDecimals}
	}
	return u
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

// unitsOf are those that traces name.
func unitsOf(traces ...*tracer.Result) units {
	u := units{}
	for _, r := range traces {
		for _, a := range r.Assets {
			switch {
			case a.Symbol == nil || a.Decimals == nil:
			case strings.HasPrefix(string(a.Asset), "0x"):
				u.add(chains.Token{Asset: a.Asset, Symbol: *a.Symbol, Decimals: *a.Decimals})
			default:
				u[a.Asset] = unit{*a.Symbol, int(*a.Decimals)}
			}
		}
	}
	return u
}
