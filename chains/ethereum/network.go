// Package ethereum reads Ethereum and chains that run its machine, from a node's
// JSON-RPC or from the files that ethereum-etl writes.
package ethereum

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/ethereum/go-ethereum/common"

	"tsuiseki/chains"
)

// Network tells one chain from another. Any chain id can be had without code.
type Network struct {
	ChainID uint64
	Asset   chains.Asset // the coin that pays fees
}

// mainnet is the chain id without a suffix to its chain's name.
const mainnet = 1

// defaultAsset names the coin where the configuration does not.
const defaultAsset chains.Asset = "ETH"

// NewNetwork is the network of a chain id, 0 meaning the main one; asset names
// its coin, "" meaning ETH.
func NewNetwork(id uint64, asset chains.Asset) Network {
	return Network{ChainID: cmp.Or(id, mainnet), Asset: cmp.Or(asset, defaultAsset)}
}

// Chain is the name under which the network is indexed: "ethereum", or
// "ethereum-137" for chain id 137.
func (n Network) Chain() chains.Chain {
	if n.ChainID == mainnet {
		return chains.NewChain(chains.Ethereum, "")
	}
	return chains.NewChain(chains.Ethereum, strconv.FormatUint(n.ChainID, 10))
}

// NetworkByChain is the network whose chain has the given name.
func NetworkByChain(chain chains.Chain, asset chains.Asset) (Network, error) {
	family, id, named := strings.Cut(string(chain), "-")
	if family != chains.Ethereum {
		return Network{}, fmt.Errorf("chain %q is not of the family %q", chain, chains.Ethereum)
	}
	if !named {
		return NewNetwork(mainnet, asset), nil
	}
	number, err := strconv.ParseUint(id, 10, 64)
	if err != nil || number <= mainnet || strconv.FormatUint(number, 10) != id {
		return Network{}, fmt.Errorf("chain %q: want %q, or %q with a chain id above 1", chain, chains.Ethereum, chains.Ethereum+"-ID")
	}
	return NewNetwork(number, asset), nil
}

// ParseAddress reads an address as people write it. Mixed case is a checksum
// (EIP-55), which must hold: it is there to catch a mistyped digit.
func ParseAddress(s string) (chains.Address, error) {
	digits, prefixed := strings.CutPrefix(s, "0x")
	if !prefixed {
		digits, prefixed = strings.CutPrefix(s, "0X")
	}
	if raw, err := hex.DecodeString(digits); err != nil || len(raw) != common.AddressLength || !prefixed {
		return "", fmt.Errorf("address %.80q: want 0x and 40 hexadecimal digits", s)
	}
	lower := chains.Address("0x" + strings.ToLower(digits))
	if digits != strings.ToLower(digits) && digits != strings.ToUpper(digits) && Checksum(lower) != "0x"+digits {
		return "", fmt.Errorf("address %q: its upper and lower case do not match (EIP-55): look for a mistyped digit, or write it in lower case", s)
	}
	return lower, nil
}

// Checksum writes an address with the upper and lower case of EIP-55.
func Checksum(address chains.Address) string {
	return common.HexToAddress(string(address)).Hex()
}

// address is the form in which this package names an account.
func address(raw []byte) chains.Address {
	var text [2 + 2*common.AddressLength]byte
	text[0], text[1] = '0', 'x'
	hex.Encode(text[2:], raw[len(raw)-common.AddressLength:])
	return chains.Address(text[:])
}

// word reads an unsigned integer of up to 32 big-endian bytes.
func word(raw []byte) chains.Amount {
	return chains.BigAmount(new(big.Int).SetBytes(raw))
}

// wordAddress reads an address from a 32-byte word; false where the word holds
// more than an address.
func wordAddress(raw []byte) (chains.Address, bool) {
	const padding = common.HashLength - common.AddressLength
	if len(raw) != common.HashLength || common.BytesToHash(raw[:padding]) != (common.Hash{}) {
		return "", false
	}
	return address(raw[padding:]), true
}
