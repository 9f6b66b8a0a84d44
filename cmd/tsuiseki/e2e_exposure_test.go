package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/chains/chaintest"
	"tsuiseki/fixtures/evm"
	"tsuiseki/fixtures/node"
)

// TestExposureOnEthereum plays the story on a real node, where a third of its
// parties are exchanges: what each party paid one, and had from one, directly is what
// the story says, and all of it is accounted for.
func TestExposureOnEthereum(t *testing.T) {
	l := &ledgerCase{node: node.Anvil(t), data: t.TempDir()}
	l.story = evm.Play(t, l.node)
	l.index(t)
	parties := slices.Sorted(maps.Keys(l.story.Address))
	labels := "address,chain,label,category,source\n"
	exchanges := map[chains.Address]bool{}
	for i, p := range parties {
		if i%3 == 0 {
			exchanges[l.story.Party(p)] = true
			labels += fmt.Sprintf("%s,ethereum-1337,Exchange %d,exchange,a test\n", l.story.Party(p), i)
		}
	}
	file := filepath.Join(t.TempDir(), "labels.csv")
	if err := os.WriteFile(file, []byte(labels), 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, "label", "import", file, "--data", l.data)
	direct, indirect := 0, 0
	for _, p := range parties {
		for _, in := range []bool{false, true} {
			of := l.story.Party(p)
			ask := []string{"graph", "exposure", string(of), "--hub-degree", "0", "--json", "--data", l.data}
			if in {
				ask = append(ask, "--in")
			}
			var doc exposureDoc
			unmarshal(t, command(t, ask...), &doc)
			want := directly(l.story, of, in, exchanges)
			for _, place := range doc.Places {
				if !exchanges[place.Address] {
					continue // nobody's
				}
				key := string(place.Address) + " " + string(place.Asset)
				if !place.Direct.Equal(want[key]) {
					t.Errorf("%s, in %v: %s %s directly, want %s", p, in, place.Direct, key, want[key])
				}
				delete(want, key)
				direct, indirect = direct+place.Direct.Sign(), indirect+place.Indirect.Sign()
			}
			if len(want) > 0 {
				t.Errorf("%s, in %v: %v are missing", p, in, want)
			}
			for _, total := range doc.Totals {
				balances(t, &total)
			}
		}
	}
	if direct < 10 || indirect < 10 {
		t.Errorf("%d direct and %d indirect amounts: the test tests little", direct, indirect)
	}
}

// directly is what a story's party paid exchanges, or had from them.
func directly(story *evm.Story, of chains.Address, in bool, exchanges map[chains.Address]bool) map[string]chains.Amount {
	sums := map[string]chains.Amount{}
	for _, step := range story.Steps {
		for _, u := range step.Transfers {
			from, to := u.From, u.To
			if in {
				from, to = to, from
			}
			if !step.Failed && u.Payment() && from == of && to != of && exchanges[to] {
				key := string(to) + " " + string(u.Asset)
				sums[key] = sums[key].Add(u.Amount)
			}
		}
	}
	return sums
}

func balances(t *testing.T, d *exposureTotalDoc) {
	t.Helper()
	in := d.Moved.Add(d.SwappedIn)
	out := chains.Sum(d.Named, d.Returned, d.Resting, d.Hubs, d.Beyond.Hops, d.Beyond.Amount, d.Beyond.Time, d.Beyond.Work, d.Fees, d.Created, d.SwappedOut)
	if !in.Equal(out) {
		t.Errorf("%s in, %s out: %+v", in, out, d)
	}
}

// TestExposuresAgree asks both stores of the graph what addresses and cases of the
// real early chain are exposed to, and where cases meet.
func TestExposuresAgree(t *testing.T) {
	server, data := graphServer(t), t.TempDir()
	command(t, "index", "bitcoin", "--blocks", chaintest.EarlyChain(t), "--data", data)
	file := filepath.Join(t.TempDir(), "labels.csv")
	row := "address,chain,label,category,source\n" + demoTo + ",bitcoin,Old Exchange,exchange,a test\n"
	if err := os.WriteFile(file, []byte(row), 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, "label", "import", file, "--data", data)
	const late = "828ef3b079f9c23829c56fe86e85b4a69d9e06e5b54ea597eef5fb3ffef509fe:0"
	for _, ask := range [][]string{
		{"graph", "exposure", "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S"},
		{"graph", "exposure", demoTo, "--in", "--max-hops", "4"},
		{"graph", "exposure", "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S", "--work", "20"},
		{"trace", demoDeposit, "--case", "A"},
		{"trace", late, "--case", "B"},
		{"graph", "exposure", "--case", "A"},
		{"graph", "meet", "A", "B"},
	} {
		ask = append(ask, "--json", "--data", data)
		if here, there := command(t, ask...), command(t, append(ask, "--graph", server.URI)...); here != there {
			t.Errorf("%v: embedded %s\nNeo4j %s", ask, here, there)
		}
	}
}
