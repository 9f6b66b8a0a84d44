package chains_test

import (
	"strings"
	"testing"

	"tsuiseki/chains"
)

func TestQuotedTx(t *testing.T) {
	id := strings.Repeat("0aF", 21) + "1"
	for memo, quotes := range map[string]bool{
		"OUT:" + id: true, "out:" + strings.ToLower(id): true, "REFUND:" + id: true, "OUT:0x" + id: true, "OUT:" + id + ":more": true,
		"OUT:" + id[1:]: false, "OUT:" + id + "0": false, "MIGRATE:" + id: false, "OUT" + id: false, "": false, ":" + id: false, "OUT:": false,
	} {
		got, ok := chains.QuotedTx(memo)
		if ok != quotes || ok && got.String() != strings.ToLower(id) {
			t.Errorf("%q: %s, %v", memo, got, ok)
		}
	}
}
