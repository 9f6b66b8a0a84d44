package intake

import (
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/btcsuite/btcd/address/v2/base58"
	"github.com/btcsuite/btcd/address/v2/bech32"
	"golang.org/x/crypto/sha3"

	"tsuiseki/chains"
)

// tron is the family of chains of which only the names are known.
const tron = "tron"

var (
	accountAddress = regexp.MustCompile(`^(0[xX])?[0-9a-fA-F]{40}$`)
	base58Address  = regexp.MustCompile(`^[123mnT][1-9A-HJ-NP-Za-km-z]{25,34}$`)
	bech32Address  = regexp.MustCompile(`^(?i:(bc|tb|bcrt|sb))1[0-9ac-hj-np-zAC-HJ-NP-Z]{6,87}$`)
)

// scriptName is how a chain in Bitcoin's format names a script that has no address.
var scriptName = regexp.MustCompile(`^(multisig|op_return|nonstandard):[0-9a-f]{2,64}$`)

var (
	errChecksum  = &unread{"its checksum does not match: a character is wrong or missing", "チェックサムが合いません(文字の誤りか欠落)"}
	errNoAddress = &unread{"it is no address of Bitcoin, Ethereum or Tron", "Bitcoin・Ethereum・Tron のアドレスではありません"}
)

// addressLike reports whether a tidied cell looks like an address, right or mistyped.
func addressLike(t string) bool {
	t = without(t)
	return accountAddress.MatchString(t) || base58Address.MatchString(t) || bech32Address.MatchString(t)
}

// readAddress reads an address by its own checksum: its family, and how chains write
// it. Account addresses in one case have no checksum.
func readAddress(t string) (family string, address chains.Address, err error) {
	switch t = bareAddress(t); {
	case scriptName.MatchString(t):
		return chains.Bitcoin, chains.Address(t), nil
	case accountAddress.MatchString(t):
		digits := t[len(t)-40:]
		if mixedCase(digits) && checksummed(strings.ToLower(digits)) != digits {
			return chains.Ethereum, "", errChecksum
		}
		return chains.Ethereum, chains.Address("0x" + strings.ToLower(digits)), nil
	case bech32Address.MatchString(t):
		lower := strings.ToLower(t)
		if _, _, _, err := bech32.DecodeGeneric(lower); err != nil || mixedCase(t) {
			return chains.Bitcoin, "", errChecksum
		}
		return chains.Bitcoin, chains.Address(lower), nil
	case base58Address.MatchString(t):
		family := chains.Bitcoin
		if t[0] == 'T' {
			family = tron
		}
		hash, version, err := base58.CheckDecode(t)
		const tronVersion, hashBytes = 0x41, 20
		if err != nil || len(hash) != hashBytes || (version == tronVersion) != (family == tron) {
			return family, "", errChecksum
		}
		return family, chains.Address(t), nil
	}
	return "", "", errNoAddress
}

// bareAddress takes an address out of an explorer's page or a payment request (BIP21).
func bareAddress(t string) string {
	t = without(t)
	if strings.Contains(t, "/") {
		for part := range strings.FieldsFuncSeq(t, func(r rune) bool { return strings.ContainsRune("/#?&=", r) }) {
			if addressLike(part) {
				return part
			}
		}
	}
	for _, scheme := range []string{"bitcoin:", "ethereum:", "tron:"} {
		if len(t) > len(scheme) && strings.EqualFold(t[:len(scheme)], scheme) {
			t, _, _ = strings.Cut(t[len(scheme):], "?")
		}
	}
	return t
}

func mixedCase(s string) bool { return s != strings.ToLower(s) && s != strings.ToUpper(s) }

// checksummed writes 40 lower-case digits with the capitals of EIP-55.
func checksummed(digits string) string {
	h := sha3.NewLegacyKeccak256()
	h.Write([]byte(digits))
	sum := hex.EncodeToString(h.Sum(nil))
	out := []byte(digits)
	for i, c := range out {
		if c >= 'a' && sum[i] >= '8' {
			out[i] = c - 'a' + 'A'
		}
	}
	return string(out)
}
