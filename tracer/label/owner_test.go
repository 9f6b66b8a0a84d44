package label_test

import (
	"testing"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/label"
)

// TestOwner: of what ends trails, only an exchange's own wallets are the exchange's.
func TestOwner(t *testing.T) {
	s, _ := newStore(t)
	importFile(t, s, label.File{Name: "actors.yaml", Data: []byte("title: A\ncreator: T\nactors:\n" +
		"- {id: x_id, uri: x.example, label: X Ltd, lastmod: 2024-01-01, categories: [exchange], aliases: [x_alias]}\n")})
	importFile(t, s, label.File{Name: "labels.csv", Data: []byte(`chain,address,label,category,source,actor,account_holder,valid_from,confidence
ethereum,0x00000000000000000000000000000000000000a1,X 1,exchange,s,x_id,,,
ethereum,0x00000000000000000000000000000000000000a2,X 2,hot,s,x_alias,,,
ethereum,0x00000000000000000000000000000000000000a3,X 3,exchange,s,x_alias,,2025-06-01,
ethereum,0x00000000000000000000000000000000000000a4,Y,exchange,s,,,,
ethereum,0x00000000000000000000000000000000000000a5,given to a customer,exchange_deposit,s,x_id,,,
ethereum,0x00000000000000000000000000000000000000a6,of a customer,exchange,s,x_id,Yamada Taro,,
ethereum,0x00000000000000000000000000000000000000a7,a pool,mining_service,s,,,,
ethereum,0x00000000000000000000000000000000000000a8,a thief,,s,,,,
ethereum,0x00000000000000000000000000000000000000a9,a market,market,s,,,,ownership
ethereum,0x00000000000000000000000000000000000000a9,maybe Y,exchange,s,,,,heuristic
ethereum,0x00000000000000000000000000000000000000aa,Z,exchange,s,unknown_actor,,,
`)})
	stops := label.Stops{Chain: "ethereum", Known: label.KnownOn("ethereum"), View: openView(t, s, time.Time{})}
	early := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		last string
		at   time.Time
		want label.Owner
	}{
		{"a1", early, label.Owner{Kind: tracer.EndService, Label: "X 1", Exchange: "x_id"}},
		{"a2", early, label.Owner{}}, // its category is none that ends trails
		{"a3", early, label.Owner{}},
		{"a3", time.Time{}, label.Owner{Kind: tracer.EndService, Label: "X 3", Exchange: "x_id"}},
		{"a4", early, label.Owner{Kind: tracer.EndService, Label: "Y", Exchange: "Y"}},
		{"a5", early, label.Owner{Kind: tracer.EndExchange, Label: "given to a customer"}},
		{"a6", early, label.Owner{Kind: tracer.EndExchange, Label: "of a customer"}},
		{"a7", early, label.Owner{Kind: tracer.EndService, Label: "a pool", Miner: true}},
		{"a8", early, label.Owner{}},
		{"a9", early, label.Owner{Kind: tracer.EndService, Label: "a market"}},
		{"aa", early, label.Owner{Kind: tracer.EndService, Label: "Z", Exchange: "unknown_actor"}},
		{"ff", early, label.Owner{}},
	} {
		got, known, err := stops.Owner(chains.Address("0x00000000000000000000000000000000000000"+c.last), c.at)
		if err != nil || got != c.want || known != (c.want != label.Owner{}) {
			t.Errorf("…%s: %+v, %v, %v; want %+v", c.last, got, known, err, c.want)
		}
	}
	// What comes with the program is known too, and nobody's place is no exchange's.
	for _, address := range []chains.Address{chains.ZeroAddress, "0x3ee18b2214aff97000d974cf647e7c347e8fa585"} {
		if got, known, err := stops.Owner(address, early); err != nil || !known || got.Exchange != "" || got.Label == "" {
			t.Errorf("%s: %+v, %v, %v", address, got, known, err)
		}
	}
}
