package ethereum_test

import (
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/chains/ethereum"
)

func TestNetworkNames(t *testing.T) {
	for _, c := range []struct {
		id    uint64
		asset chains.Asset
		chain chains.Chain
		coin  chains.Asset
	}{
		{0, "", "ethereum", "ETH"}, {1, "", "ethereum", "ETH"}, {137, "POL", "ethereum-137", "POL"}, {1 << 63, "", "ethereum-9223372036854775808", "ETH"},
	} {
		n := ethereum.NewNetwork(c.id, c.asset)
		back, err := ethereum.NetworkByChain(n.Chain(), c.asset)
		if n.Chain() != c.chain || n.Asset != c.coin || err != nil || back != n {
			t.Errorf("chain id %d: %s with %s; read back %+v, %v", c.id, n.Chain(), n.Asset, back, err)
		}
	}
	for _, chain := range []chains.Chain{"", "bitcoin", "ethereum-", "ethereum-1", "ethereum-0137", "ethereum-main", "ethereum--5", "ethereum-18446744073709551616"} {
		if n, err := ethereum.NetworkByChain(chain, ""); err == nil {
			t.Errorf("%q is %+v", chain, n)
		}
	}
}

func TestParseAddress(t *testing.T) {
	const lower, mixed = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2", "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
	for _, s := range []string{lower, mixed, "0x" + strings.ToUpper(lower[2:]), "0X" + strings.ToUpper(lower[2:])} {
		if a, err := ethereum.ParseAddress(s); a != lower || err != nil {
			t.Errorf("%s: %s, %v", s, a, err)
		}
	}
	if ethereum.Checksum(lower) != mixed {
		t.Errorf("checksum %s, want %s", ethereum.Checksum(lower), mixed)
	}
	for _, s := range []string{"", "0x", lower[2:], lower + "0", lower[:41], "0xC02aaa39b223FE8D0A0e5C4F27eAD9083C756Cc2", "0x" + lower, "0xg02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"} {
		if a, err := ethereum.ParseAddress(s); err == nil || a != "" {
			t.Errorf("%q is %s", s, a)
		}
	}
}

// TestAddressRoundTrip: every address survives both of its forms, and no mistyped
// digit of the checksummed form that changes case goes unseen.
func TestAddressRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := common.BytesToAddress(rapid.SliceOfN(rapid.Byte(), 20, 20).Draw(t, "address"))
		lower := chains.Address(strings.ToLower(raw.Hex()))
		for _, s := range []string{string(lower), ethereum.Checksum(lower)} {
			if a, err := ethereum.ParseAddress(s); a != lower || err != nil {
				t.Fatalf("%s: %s, %v", s, a, err)
			}
		}
	})
}
