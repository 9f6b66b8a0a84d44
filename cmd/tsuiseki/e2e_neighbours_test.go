package main

import (
	"slices"
	"testing"

	"tsuiseki/chains/chaintest"
)

// TestNeighbourPages asks for neighbours on the real early chain, of an address and of
// an entity, and joins the pages.
func TestNeighbourPages(t *testing.T) {
	data := t.TempDir()
	command(t, "index", "bitcoin", "--blocks", chaintest.EarlyChain(t), "--data", data)
	for _, of := range []string{"12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S", "entity:12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S"} {
		ask := func(args ...string) (doc neighboursDoc) {
			unmarshal(t, command(t, append([]string{"graph", "neighbours", of, "--json", "--data", data}, args...)...), &doc)
			return doc
		}
		whole := ask("--limit", "0")
		if len(whole.Neighbours) < 3 || whole.Next != "" {
			t.Fatalf("%s: %+v: want some neighbours, all on one page", of, whole)
		}
		var joined []neighbourDoc
		for page := ask("--limit", "2"); ; page = ask("--limit", "2", "--cursor", page.Next) {
			joined = append(joined, page.Neighbours...)
			if page.Next == "" {
				break
			}
		}
		if !slices.Equal(joined, whole.Neighbours) {
			t.Errorf("%s: pages joined are %+v, want %+v", of, joined, whole.Neighbours)
		}
		if streamed := ask("--limit", "0", "--hub-degree", "0"); !slices.Equal(streamed.Neighbours, whole.Neighbours) {
			t.Errorf("%s: without a limit for hubs %+v, want %+v", of, streamed.Neighbours, whole.Neighbours)
		}
	}
}
