package bridge

import (
	"strings"

	"tsuiseki/chains"
)

// Asset is an asset as a memo names it: `ETH.USDT-0XDAC1…`, or short for it.
type Asset struct {
	Text     string // upper case, short codes written out
	Chain    string // THORChain's code of the chain on which it is paid out
	Symbol   string // ETH, USDT
	Contract string // a token's contract, or the last digits of it; empty where none is named
}

// home is THORChain's own code: synthetic, trade and secured assets never leave it.
const home = "THOR"

// parseAsset reads the notation of THORChain's developers' documentation, "Asset
// Notation": the first separator tells a layer-1 asset (.) from a synthetic (/), a
// trade (~) and a secured one (-), which all stay on THORChain.
func parseAsset(text string) (a Asset) {
	if long := shortCode(text); long != "" {
		text = long
	}
	a.Text = strings.ToUpper(text)
	at := strings.IndexAny(a.Text, "./~-")
	if at < 0 {
		a.Chain, a.Symbol = home, a.Text
		return a
	}
	a.Chain, a.Symbol = a.Text[:at], a.Text[at+1:]
	a.Symbol, a.Contract, _ = strings.Cut(a.Symbol, "-")
	if a.Text[at] != '.' {
		a.Chain = home
	}
	return a
}

// shortCode is the asset for which one or two letters stand; empty where they stand
// for none. They are in lower case alone.
func shortCode(text string) string {
	switch text {
	case "r":
		return "THOR.RUNE"
	case "b":
		return "BTC.BTC"
	case "e":
		return "ETH.ETH"
	case "g":
		return "GAIA.ATOM"
	case "d":
		return "DOGE.DOGE"
	case "l":
		return "LTC.LTC"
	case "c":
		return "BCH.BCH"
	case "a":
		return "AVAX.AVAX"
	case "s":
		return "BSC.BNB"
	case "n":
		return "BNB.BNB"
	case "f":
		return "BASE.ETH"
	case "x":
		return "XRP.XRP"
	case "o":
		return "SOL.SOL"
	case "p":
		return "POL.POL"
	case "tr":
		return "TRON.TRX"
	}
	return ""
}

// coinOf is the symbol of a chain's own coin.
func coinOf(code string) string {
	switch code {
	case "BSC":
		return "BNB"
	case "BASE":
		return "ETH"
	case "GAIA":
		return "ATOM"
	case "TRON":
		return "TRX"
	case home:
		return "RUNE"
	}
	return code
}

// names reports whether the memo's asset is what was paid on its chain. A token
// must be named by its contract, or by the last digits of it (at least three): a
// symbol alone is what any contract may call itself.
func (a Asset) names(asset chains.Asset, native bool) bool {
	const fewest = 3
	if native {
		return a.Contract == "" && a.Symbol == coinOf(a.Chain)
	}
	return len(a.Contract) >= fewest && strings.HasSuffix(strings.ToUpper(string(asset)), strings.TrimPrefix(a.Contract, "0X")) &&
		(!strings.HasPrefix(a.Contract, "0X") || strings.EqualFold(a.Contract, string(asset)))
}

// Code is THORChain's code of a chain; empty where it has none. A chain for tests
// stands for the main chain of its family; coin tells Litecoin's from Bitcoin's.
func Code(chain chains.Chain, coin chains.Asset) string {
	switch chain {
	case "ethereum-56":
		return "BSC"
	case "ethereum-43114":
		return "AVAX"
	case "ethereum-8453":
		return "BASE"
	case "ethereum-137", "ethereum-10", "ethereum-42161":
		return "" // live chains that THORChain does not serve
	}
	switch {
	case chain.Family() == chains.Ethereum:
		return "ETH"
	case coin == "LTC":
		return "LTC"
	case chain.Family() == chains.Bitcoin:
		return "BTC"
	}
	return ""
}

// Live tells chains that carry value from chains for tests: no bridge joins the two.
func Live(chain chains.Chain) bool {
	switch chain {
	case "bitcoin", "ethereum", "ethereum-56", "ethereum-43114", "ethereum-8453", "ethereum-137", "ethereum-10", "ethereum-42161":
		return true
	}
	return false
}
