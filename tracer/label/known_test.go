package label_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/label"
)

func TestKnownPlaces(t *testing.T) {
	main := label.KnownOn("ethereum")
	for address, want := range map[chains.Address]tracer.EndKind{
		"0xa160cdab225685da1d56aa342ad8841c3b53f291": tracer.EndMixer,
		"0x3ee18b2214aff97000d974cf647e7c347e8fa585": tracer.EndBridge,
		chains.ZeroAddress:                           tracer.EndBurn,
	} {
		if a, ok := main.Of(address); !ok || a.Kind != want || a.Source == "" || a.Label == "" {
			t.Errorf("%s: %+v, want a %s with label and source", address, a, want)
		}
	}
	for _, chain := range []chains.Chain{"ethereum", "ethereum-56", "ethereum-8453", "ethereum-43114"} {
		if a, ok := label.KnownOn(chain).Of("0x00dc6100103bc402d490aee3f9a5560cbd91f1d4"); !ok || a.Kind != tracer.EndBridge {
			t.Errorf("THORChain's router on %s: %+v", chain, a)
		}
	}
	if a, ok := label.KnownOn("ethereum-1337").Of("0x00dc6100103bc402d490aee3f9a5560cbd91f1d4"); ok {
		t.Errorf("a router on a chain for tests: %+v", a)
	}
	// An address says nothing of the same digits on another chain; nobody's key fits anywhere.
	other := label.KnownOn("ethereum-137")
	if a, ok := other.Of("0xa160cdab225685da1d56aa342ad8841c3b53f291"); ok {
		t.Errorf("on another chain: %+v", a)
	}
	if _, ok := other.Of(chains.ZeroAddress); !ok {
		t.Error("the zero address is not known on another chain")
	}
	if _, ok := label.KnownOn("bitcoin").Of(chains.ZeroAddress); ok {
		t.Error("an account is known on Bitcoin")
	}
}

// TestPoolsAreSanctioned holds the mixer pools to the list that named them.
func TestPoolsAreSanctioned(t *testing.T) {
	list, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "tags", "ofac", "sanctioned_addresses_ETH.txt"))
	if err != nil {
		t.Skipf("shared data is not beside the repository: %v", err)
	}
	main, pools := label.KnownOn("ethereum"), 0
	for address := range strings.FieldsSeq(strings.ToLower(string(list))) {
		if a, ok := main.Of(chains.Address(address)); ok && a.Kind == tracer.EndMixer {
			pools++
		}
	}
	if pools != 15 {
		t.Errorf("%d pools are on the list, want all 15", pools)
	}
}
