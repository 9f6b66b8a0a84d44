package intake

import (
	"net/url"
	"strings"
)

// explorers are the hosts of block explorers, with the chain that each shows. Where a
// host shows several, its path tells which, and names stand by their part of the path.
// Chains have the names of chains.Chain; a chain of another family has its own.
var explorers = map[string]map[string]string{
	"etherscan.io":            {"": "ethereum"},
	"cn.etherscan.com":        {"": "ethereum"},
	"sepolia.etherscan.io":    {"": "ethereum-11155111"},
	"holesky.etherscan.io":    {"": "ethereum-17000"},
	"optimistic.etherscan.io": {"": "ethereum-10"},
	"polygonscan.com":         {"": "ethereum-137"},
	"bscscan.com":             {"": "ethereum-56"},
	"arbiscan.io":             {"": "ethereum-42161"},
	"basescan.org":            {"": "ethereum-8453"},
	"snowtrace.io":            {"": "ethereum-43114"},
	"snowscan.xyz":            {"": "ethereum-43114"},
	"ftmscan.com":             {"": "ethereum-250"},
	"gnosisscan.io":           {"": "ethereum-100"},
	"lineascan.build":         {"": "ethereum-59144"},
	"ethplorer.io":            {"": "ethereum"},
	"etherchain.org":          {"": "ethereum"},
	"beaconcha.in":            {"": "ethereum"},
	"eth.blockscout.com":      {"": "ethereum"},
	"mempool.space":           {"": "bitcoin", "testnet": "bitcoin-test", "testnet4": "bitcoin-testnet4", "signet": "bitcoin-signet"},
	"blockstream.info":        {"": "bitcoin", "testnet": "bitcoin-test"},
	"blockchain.info":         {"": "bitcoin"},
	"blockchain.com":          {"btc": "bitcoin", "bitcoin": "bitcoin", "eth": "ethereum", "ethereum": "ethereum", "btc-testnet": "bitcoin-test"},
	"blockchair.com":          {"bitcoin": "bitcoin", "ethereum": "ethereum", "tron": "tron", "litecoin": "litecoin", "ripple": "xrp", "dogecoin": "dogecoin", "bitcoin-cash": "bitcoin-cash", "solana": "solana"},
	"blockcypher.com":         {"btc": "bitcoin", "eth": "ethereum", "btc-testnet": "bitcoin-test", "ltc": "litecoin", "doge": "dogecoin"},
	"live.blockcypher.com":    {"btc": "bitcoin", "eth": "ethereum", "btc-testnet": "bitcoin-test", "ltc": "litecoin", "doge": "dogecoin"},
	"chainflyer.bitflyer.com": {"": "bitcoin"},
	"chainflyer.bitflyer.jp":  {"": "bitcoin"},
	"btc.com":                 {"": "bitcoin", "btc": "bitcoin", "eth": "ethereum"},
	"explorer.btc.com":        {"": "bitcoin", "btc": "bitcoin", "eth": "ethereum"},
	"btcscan.org":             {"": "bitcoin"},
	"walletexplorer.com":      {"": "bitcoin"},
	"oxt.me":                  {"": "bitcoin"},
	"bitinfocharts.com":       {"bitcoin": "bitcoin", "ethereum": "ethereum"},
	"tokenview.io":            {"btc": "bitcoin", "eth": "ethereum", "trx": "tron"},
	"btc.tokenview.io":        {"": "bitcoin"},
	"eth.tokenview.io":        {"": "ethereum"},
	"trx.tokenview.io":        {"": "tron"},
	"oklink.com":              {"btc": "bitcoin", "bitcoin": "bitcoin", "eth": "ethereum", "ethereum": "ethereum", "trx": "tron", "tron": "tron", "bsc": "ethereum-56", "polygon": "ethereum-137"},
	"tronscan.org":            {"": "tron"},
	"tronscan.io":             {"": "tron"},
	"shasta.tronscan.org":     {"": "tron-shasta"},
	"nile.tronscan.org":       {"": "tron-nile"},
	"solscan.io":              {"": "solana"},
	"explorer.solana.com":     {"": "solana"},
	"xrpscan.com":             {"": "xrp"},
	"bithomp.com":             {"": "xrp"},
	"livenet.xrpl.org":        {"": "xrp"},
	"litecoinspace.org":       {"": "litecoin"},
	"dogechain.info":          {"": "dogecoin"},
}

// explorerChain is the chain that an explorer's address is about: host is the host
// named, empty where the text is no address of a page; chain is empty where the host
// is not known.
func explorerChain(text string) (host, chain string) {
	if !strings.Contains(text, "://") {
		first, _, _ := strings.Cut(text, "/")
		if _, known := explorers[bareHost(first)]; !known {
			return "", ""
		}
		text = "https://" + text
	}
	at := strings.Index(text, "://")
	for at > 0 && text[at-1] >= 'a' && text[at-1] <= 'z' {
		at--
	}
	u, err := url.Parse(text[at:])
	if err != nil || u.Host == "" {
		return "", ""
	}
	host = bareHost(u.Hostname())
	paths := explorers[host]
	for part := range strings.SplitSeq(strings.ToLower(u.Path+"/"+u.Fragment), "/") {
		if c := paths[part]; c != "" && part != "" {
			return host, c
		}
	}
	return host, paths[""]
}

func bareHost(host string) string {
	host = strings.ToLower(host)
	for _, prefix := range []string{"www.", "m.", "ja."} {
		host = strings.TrimPrefix(host, prefix)
	}
	return host
}
