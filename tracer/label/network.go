package label

import (
	"encoding/hex"
	"strings"

	"tsuiseki/chains"
)

// networks are the names that sources give to chains that can be indexed. The
// chains' own names do as well.
var networks = map[string]chains.Chain{
	"BTC": "bitcoin", "XBT": "bitcoin", "BITCOIN": "bitcoin",
	"ETH": "ethereum", "ETHEREUM": "ethereum", "ERC20": "ethereum", "ERC-20": "ethereum",
	"OPTIMISM": "ethereum-10",
	"BSC":      "ethereum-56", "BEP20": "ethereum-56",
	"ETC":   "ethereum-61",
	"MATIC": "ethereum-137", "POL": "ethereum-137", "POLYGON": "ethereum-137",
	"BASE":     "ethereum-8453",
	"ARBITRUM": "ethereum-42161",
	"AVAX":     "ethereum-43114",
}

// testNetworks are chains in Bitcoin's format beside the main one.
var testNetworks = map[string]bool{
	"bitcoin-test": true, "bitcoin-testnet4": true, "bitcoin-signet": true, "bitcoin-regtest": true, "bitcoin-simnet": true,
	"bitcoin-litecoin-regtest": true,
}

// tokens are currencies that name no network. Where the address is an account's,
// they are Ethereum's; an USDT address of another form is Tron's or Omni's.
var tokens = map[string]bool{
	"USDT": true, "USDC": true, "DAI": true, "WETH": true, "WBTC": true, "BUSD": true, "TUSD": true, "USDP": true, "PAX": true,
	"GUSD": true, "BETH": true, "STETH": true, "LINK": true, "UNI": true, "SHIB": true, "MKR": true, "AAVE": true, "PYUSD": true,
}

// chainOf is the chain that a network's name and the form of an address, or of a
// transaction's id, mean; empty where it is none that can be indexed.
func chainOf(network, subject string) chains.Chain {
	name := strings.ToUpper(network)
	chain := networks[name]
	switch {
	case tokens[name]:
		chain = chains.Ethereum
	case testNetworks[strings.ToLower(name)], strings.HasPrefix(name, "ETHEREUM-") && allDigits(name[len("ETHEREUM-"):]):
		chain = chains.Chain(strings.ToLower(name))
	}
	if chain.Family() == chains.Ethereum && !isAccount(subject) && !isHash(subject) {
		return "" // the name is used of another chain too: Avalanche's X, USDT on Tron
	}
	return chain
}

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func isAccount(text string) bool { return isHex(text, 20) }

func isHash(text string) bool { return isHex(text, 32) || isHex("0x"+text, 32) }

func isHex(text string, size int) bool {
	if len(text) != 2+2*size || text[0] != '0' || text[1]|0x20 != 'x' {
		return false
	}
	_, err := hex.DecodeString(text[2:])
	return err == nil
}

// subjectKey is the form in which an address or transaction is looked up: where
// case carries nothing, it does not count.
func subjectKey(text string) string {
	text = strings.TrimSpace(text)
	if isHash(text) {
		return strings.TrimPrefix(strings.ToLower(text), "0x")
	}
	if isAccount(text) {
		return strings.ToLower(text)
	}
	for _, prefix := range []string{"BC1", "TB1", "BCRT1", "SB1"} { // BIP173: QR codes have them in upper case
		if strings.HasPrefix(text, prefix) {
			return strings.ToLower(text)
		}
	}
	return text
}
