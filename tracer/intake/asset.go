package intake

import (
	"regexp"
	"strings"

	"tsuiseki/chains"
)

// named is what a row says an amount is of.
type named struct {
	symbol   string // upper case; empty where a contract is named
	contract chains.Asset
	chain    string // family that the name itself tells: ERC20, TRC20, BTC; empty where it does not
}

// coinNames are symbols by the names people use, in lower case.
var coinNames = map[string]string{
	"btc": "BTC", "xbt": "BTC", "bitcoin": "BTC", "ビットコイン": "BTC",
	"eth": "ETH", "ether": "ETH", "ethereum": "ETH", "イーサ": "ETH", "イーサリアム": "ETH", "イーサー": "ETH", "イーサリウム": "ETH",
	"usdt": "USDT", "tether": "USDT", "テザー": "USDT", "usd₮": "USDT", "usdc": "USDC", "usdcoin": "USDC", "usdコイン": "USDC",
	"dai": "DAI", "weth": "WETH", "wbtc": "WBTC", "pol": "POL", "matic": "POL", "ポリゴン": "POL",
	"trx": "TRX", "tron": "TRX", "トロン": "TRX", "xrp": "XRP", "リップル": "XRP", "sol": "SOL", "solana": "SOL", "ソラナ": "SOL",
	"ltc": "LTC", "ライトコイン": "LTC", "bch": "BCH", "ビットコインキャッシュ": "BCH", "doge": "DOGE", "ドージコイン": "DOGE", "bnb": "BNB", "ada": "ADA", "xlm": "XLM", "jpyc": "JPYC",
}

// coinChains are the families of coins that are their chain's own.
var coinChains = map[string]string{
	"BTC": chains.Bitcoin, "ETH": chains.Ethereum, "TRX": tron, "XRP": "xrp", "SOL": "solana", "LTC": "litecoin", "BCH": "bitcoin-cash", "DOGE": "dogecoin", "ADA": "cardano", "XLM": "stellar",
}

// standards are token standards and networks that people write beside a symbol.
var standards = map[string]string{
	"erc20": chains.Ethereum, "erc-20": chains.Ethereum, "trc20": tron, "trc-20": tron, "bep20": "ethereum-56", "bep-20": "ethereum-56",
	"tron": tron, "トロン": tron, "ethereum": chains.Ethereum, "eth": chains.Ethereum, "イーサリアム": chains.Ethereum, "polygon": "ethereum-137",
}

var symbolParts = regexp.MustCompile(`^([^\s()\[\]/:-]+)[\s(\[/:-]+([^()\[\]]+)[)\]]?$`)

// assetNamed reads a tidied name of an asset: BTC, ビットコイン, USDT(TRC20), USDT-ERC20,
// 0x… of a token's contract.
func assetNamed(t string) (named, bool) {
	t = strings.ToLower(strings.TrimSpace(t))
	if accountAddress.MatchString(t) && strings.HasPrefix(t, "0x") {
		return named{contract: chains.Asset(t), chain: chains.Ethereum}, true
	}
	if s, ok := coinNames[without(t)]; ok {
		return named{symbol: s, chain: coinChains[s]}, true
	}
	for standard, chain := range standards {
		if s, ok := strings.CutSuffix(t, standard); ok && coinNames[strings.TrimRight(s, " -_(")] != "" && strings.ContainsAny(standard, "0123456789") {
			return named{symbol: coinNames[strings.TrimRight(s, " -_(")], chain: chain}, true
		}
	}
	if g := symbolParts.FindStringSubmatch(t); g != nil {
		symbol, chain := coinNames[g[1]], standards[strings.TrimSpace(g[2])]
		if symbol != "" && chain != "" {
			return named{symbol: symbol, chain: chain}, true
		}
		if symbol != "" && coinNames[strings.TrimSpace(g[2])] == symbol {
			return named{symbol: symbol, chain: coinChains[symbol]}, true
		}
	}
	return named{}, false
}

// chainNames are chains by the names people use, tidied, in lower case, without spaces.
var chainNames = map[string]string{
	"bitcoin": "bitcoin", "btc": "bitcoin", "ビットコイン": "bitcoin", "bitcoinmainnet": "bitcoin",
	"ethereum": "ethereum", "eth": "ethereum", "イーサリアム": "ethereum", "erc20": "ethereum", "erc-20": "ethereum", "ethereummainnet": "ethereum",
	"tron": tron, "trx": tron, "トロン": tron, "trc20": tron, "trc-20": tron,
	"polygon": "ethereum-137", "matic": "ethereum-137", "ポリゴン": "ethereum-137", "bsc": "ethereum-56", "bnbchain": "ethereum-56", "bep20": "ethereum-56", "bnbsmartchain": "ethereum-56",
	"arbitrum": "ethereum-42161", "optimism": "ethereum-10", "base": "ethereum-8453", "avalanche": "ethereum-43114",
	"xrp": "xrp", "リップル": "xrp", "solana": "solana", "ソラナ": "solana", "litecoin": "litecoin", "dogecoin": "dogecoin",
}

var chainForm = regexp.MustCompile(`^(bitcoin|ethereum)(-[a-z0-9]{1,20})?$`)

// chainNamed reads a tidied name of a chain.
func chainNamed(t string) (string, bool) {
	t = strings.ToLower(without(t))
	if c, ok := chainNames[t]; ok {
		return c, true
	}
	if inner := strings.Trim(inBrackets.FindString(t), "()[]"); inner != "" {
		if c, ok := chainNames[inner]; ok {
			return c, true
		}
	}
	return t, chainForm.MatchString(t)
}

// sameChain reports whether a name fits a chain: its own, or its family's alone.
func sameChain(said string, chain chains.Chain) bool {
	return said == string(chain) || said == chain.Family()
}
