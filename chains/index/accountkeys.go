package index

import (
	"encoding/hex"
	"fmt"

	"tsuiseki/chains"
)

// Tables of Accounts beside those that both indexes have (B, I, M, N, T).
const (
	tableMovement    = 'A' // account, asset, position → sums
	tableCollectible = 'C' // account, position, transfer number →
	tableToken       = 'D' // asset → what its contract says of itself
	tableGenesis     = 'G' // account → what the genesis block allots to it
	tableFreeze      = 'F' // asset, account, position, log index → frozen or released
	tableMark        = 'K' // account, kind, position →
	tableQuote       = 'Q' // prefix of the quoted id, position, message number →
)

// account is an address, or a token's contract. All zeros in the place of an
// asset stand for the native one.
type account [20]byte

func parseAccount(address chains.Address) (a account, err error) {
	var digits [2 * len(a)]byte
	if len(address) != 2+len(digits) || address[:2] != "0x" {
		return a, badAddress(address)
	}
	copy(digits[:], address[2:])
	if _, err := hex.Decode(a[:], digits[:]); err != nil {
		return account{}, badAddress(address)
	}
	return a, nil
}

func badAddress(address chains.Address) error {
	return fmt.Errorf("%w: address %.80q: want 0x and %d hexadecimal digits", chains.ErrCorrupt, address, 2*len(account{}))
}

func (a account) address() chains.Address {
	text := [2 + 2*len(a)]byte{'0', 'x'}
	hex.Encode(text[2:], a[:])
	return chains.Address(text[:])
}

// parseAsset reads an asset's name: the native one, or a token's contract.
func parseAsset(asset, native chains.Asset) (account, error) {
	if asset == native {
		return account{}, nil
	}
	a, err := parseAccount(chains.Address(asset))
	if err != nil || a == (account{}) {
		return a, badAsset(asset, native)
	}
	return a, nil
}

func badAsset(asset, native chains.Asset) error {
	return fmt.Errorf("%w: asset %.80q: want %s or the address of a token's contract", chains.ErrCorrupt, asset, native)
}

func assetName(a account, native chains.Asset) chains.Asset {
	if a == (account{}) {
		return native
	}
	return chains.Asset(a.address())
}

func accountKey(table byte, a account) []byte { return append([]byte{table}, a[:]...) }

// pairKey starts the keys of an account and an asset, in the table's order.
func pairKey(table byte, first, second account) []byte {
	return append(accountKey(table, first), second[:]...)
}

func markKey(a account, kind byte, pos uint64) []byte {
	return appendPos(append(accountKey(tableMark, a), kind), pos)
}

func freezeKey(asset, holder account, pos uint64, log uint32) []byte {
	return appendOrdered(appendPos(pairKey(tableFreeze, asset, holder), pos), log)
}

func collectibleKey(a account, pos uint64, n uint32) []byte {
	return appendOrdered(appendPos(accountKey(tableCollectible, a), pos), n)
}

func tokenKey(asset account) []byte { return accountKey(tableToken, asset) }

func genesisKey(a account) []byte { return accountKey(tableGenesis, a) }

// readAccount takes an account off a key.
func readAccount(key []byte) (a account, rest []byte, err error) {
	if len(key) < len(a) {
		return a, nil, errEncoding
	}
	return account(key[:len(a)]), key[len(a):], nil
}

// Kinds of evidence that an account is a contract, as keys have them.
const (
	markCreated  = iota // a transaction created it
	markInternal        // it sent an internal transfer
	markToken           // it logged a token's transfer or freeze
	markMixer           // it logged a deposit into a mixer
	markRan             // a transaction to it moved more than its own value
	markKinds
)
