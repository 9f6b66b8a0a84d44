package bitcoin_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"

	"tsuiseki/chains"
	"tsuiseki/chains/bitcoin"
	"tsuiseki/chains/chaintest"
)

func network(tb testing.TB, name string) *bitcoin.Network {
	tb.Helper()
	n, err := bitcoin.NetworkByName(name)
	if err != nil {
		tb.Fatal(err)
	}
	return &n
}

func unhex(tb testing.TB, digits string) []byte {
	tb.Helper()
	raw, err := hex.DecodeString(digits)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

const (
	generator    = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
	generatorRaw = "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
	hash20       = "751e76e8199196d454941c45d1b3a323f1433bd6" // of the generator
)

// Addresses of BIP173 and BIP350, and of the generator point's key.
func TestDescribe(t *testing.T) {
	for _, c := range []struct{ network, script, kind, address string }{
		{"main", "76a914" + hash20 + "88ac", "p2pkh", "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH"},
		{"main", "21" + generator + "ac", "p2pk", "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH"},
		{"main", "41" + generatorRaw + "ac", "p2pk", "1EHNa6Q4Jz2uvNExL497mE43ikXhwF6kZm"},
		{"main", "a914" + hash20 + "87", "p2sh", "3CNHUhP3uyB9EUtRLsmvFUmvGdjGdkTxJw"},
		{"main", "0014" + hash20, "p2wpkh", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"},
		{"test", "0014" + hash20, "p2wpkh", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"},
		{"test", "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262", "p2wsh", "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7"},
		{"main", "5120" + generator[2:], "p2tr", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"},
		{"main", "5128" + hash20 + hash20, "witness_v1", "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y"},
		{"main", "6002751e", "witness_v16", "bc1sw50qgdz25j"},
		{"main", "5210751e76e8199196d454941c45d1b3a323", "witness_v2", "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs"},
		{"main", "51024e73", "witness_v1", "bc1pfeessrawgf"},
		{"main", "51" + "21" + generator + "21" + generator + "52ae", "multisig", ""},
		{"main", "6a0548656c6c6f", "op_return", ""},
		{"main", "6aff", "op_return", ""}, // not even a push, yet never spendable
		{"main", "6a", "op_return", ""},
		{"main", "", "nonstandard", ""},
		{"main", "51", "nonstandard", ""},
		{"main", "0015" + hash20 + "00", "nonstandard", ""},           // version 0 of another length
		{"main", "76a914" + hash20 + "88", "nonstandard", ""},         // no OP_CHECKSIG
		{"main", "52" + "21" + generator + "51ae", "nonstandard", ""}, // two of one
		{"main", "51" + "21" + generator + "52ae", "nonstandard", ""}, // one of two, one key
		{"main", "51" + "22" + generator + "51ae", "nonstandard", ""}, // a push beyond the end
		{"main", "2105" + generator[2:] + "ac", "nonstandard", ""},    // no key's first byte
	} {
		n := network(t, c.network)
		address, kind := n.Describe(unhex(t, c.script))
		if kind != c.kind {
			t.Errorf("%s: type %s, want %s", c.script, kind, c.kind)
		}
		if c.address == "" {
			if !strings.HasPrefix(string(address), c.kind+":") {
				t.Errorf("%s: name %s does not start with its type", c.script, address)
			}
		} else if string(address) != c.address {
			t.Errorf("%s: address %s, want %s", c.script, address, c.address)
		}
		checkRoundTrip(t, n, unhex(t, c.script))
	}
}

// checkRoundTrip: reading what Describe writes gives the same address and key.
func checkRoundTrip(t *testing.T, n *bitcoin.Network, script []byte) {
	t.Helper()
	address, _ := n.Describe(script)
	canonical, key, err := n.AddressKey(string(address))
	if err != nil {
		t.Fatalf("script %x: its own address %s: %v", script, address, err)
	}
	if canonical != address || key != n.Key(script) {
		t.Fatalf("script %x: address %s reads as %s, key %x as %x", script, address, canonical, n.Key(script), key)
	}
}

func TestAddressKeyRefuses(t *testing.T) {
	for address, want := range map[string]string{
		"":                                   "neither",
		"hello":                              "neither",
		"1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMh": "checksum",
		"mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r": "another network",
		"tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx":                     "neither",
		"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5":                     "checksum",
		"bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4": "",
		"BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7Kv8f3t4":                     "",
		"bc1rw5uspcuh":                         "",
		"bc1qr508d6qejxtdg4y5r3zarvaryv98gj9p": "",
		"multisig:00":                          "hexadecimal",
		"p2pkh:" + hash20:                      "want multisig",
		"op_return:" + "zz":                    "hexadecimal",
	} {
		_, _, err := network(t, "main").AddressKey(address)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", address, err, want)
		}
	}
}

func TestAddressKeyAcceptsUpperCaseBech32(t *testing.T) {
	address, _, err := network(t, "main").AddressKey("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4")
	if err != nil || address != "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4" {
		t.Errorf("%s, %v", address, err)
	}
}

// TestDescribeAgreesWithTxscript compares all outputs of the real blocks at hand.
func TestDescribeAgreesWithTxscript(t *testing.T) {
	n := network(t, "main")
	types := map[txscript.ScriptClass]string{
		txscript.PubKeyTy: "p2pk", txscript.PubKeyHashTy: "p2pkh", txscript.ScriptHashTy: "p2sh", txscript.WitnessV0PubKeyHashTy: "p2wpkh",
		txscript.WitnessV0ScriptHashTy: "p2wsh", txscript.WitnessV1TaprootTy: "p2tr", txscript.MultiSigTy: "multisig", txscript.NullDataTy: "op_return",
	}
	seen := map[string]int{}
	for _, raw := range append(chaintest.FullBlocks(t), chaintest.EarlyBlocks(t)...) {
		block, err := bitcoin.DecodeBlock(raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, tx := range block.Txs {
			for _, out := range tx.Outputs {
				address, kind := n.Describe(out.Script)
				seen[kind]++
				class, addresses, _, _ := txscript.ExtractPkScriptAddrs(out.Script, &chaincfg.MainNetParams)
				if want, ok := types[class]; ok && kind != want {
					t.Fatalf("script %x: type %s, want %s", out.Script, kind, want)
				}
				if len(addresses) == 1 && kind != "multisig" && addresses[0].EncodeAddress() != string(address) {
					t.Fatalf("script %x: address %s, want %s", out.Script, address, addresses[0])
				}
				checkRoundTrip(t, n, out.Script)
			}
		}
	}
	if seen["p2pk"] < 14_000 || seen["p2pkh"] < 1_000 || seen["p2sh"] < 1_000 || seen["p2wpkh"] < 100 {
		t.Errorf("too few scripts compared: %v", seen)
	}
}

func FuzzDescribe(f *testing.F) {
	for _, script := range []string{"76a914" + hash20 + "88ac", "21" + generator + "ac", "0014" + hash20, "6002751e", "6a4c", "51ae", "5151ae"} {
		f.Add(unhex(f, script))
	}
	n := network(f, "main")
	f.Fuzz(func(t *testing.T, script []byte) {
		before := bytes.Clone(script)
		checkRoundTrip(t, n, script)
		if !bytes.Equal(script, before) {
			t.Fatal("the script was changed")
		}
	})
}

func FuzzAddressKey(f *testing.F) {
	for _, address := range []string{"1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", "bc1sw50qgdz25j", "multisig:" + hash20, "bc1", "1", ":"} {
		f.Add(address)
	}
	n := network(f, "main")
	f.Fuzz(func(t *testing.T, text string) {
		address, key, err := n.AddressKey(text)
		if err != nil {
			return
		}
		again, sameKey, err := n.AddressKey(string(address))
		if err != nil || again != address || key != sameKey {
			t.Fatalf("%q reads as %s, which reads as %s, %v", text, address, again, err)
		}
	})
}

var _ chains.Scripts = (*bitcoin.Network)(nil)
