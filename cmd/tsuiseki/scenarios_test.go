package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tsuiseki/chains"
	"tsuiseki/fixtures/node"
	"tsuiseki/fixtures/scenario"
	"tsuiseki/tracer"
)

// told are the scenarios of a family of chains; together, those that run over both.
func told(t *testing.T, family string, together bool) (all []*scenario.Scenario) {
	t.Helper()
	scenarios, err := scenario.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scenarios {
		if _, ok := s.PlaysOn(family); ok && s.Together == together {
			all = append(all, s)
		}
	}
	return all
}

// stage is where stories are played and an investigator looks on.
type stage struct {
	data  string
	index func(data string)
}

// TestScenariosOnBtcd and the others play every story on a real node, index it,
// import the labels that the story gives, trace all its payments by all rules, and
// hold them to the story's truth.
func TestScenariosOnBtcd(t *testing.T) {
	n := node.Btcd(t)
	playOnBitcoin(t, n, scenario.NewMint(t, n, "simnet", 302), 1, 2)
}

func TestScenariosOnLitecoind(t *testing.T) {
	n := node.Litecoind(t, "-dustrelayfee=0.00001") // Bitcoin's is a thirtieth of Litecoin's own
	playOnBitcoin(t, n, scenario.NewMint(t, n, "litecoin-regtest", 130), 3)
}

func playOnBitcoin(t *testing.T, n *node.Node, mint *scenario.Mint, seeds ...uint64) {
	t.Helper()
	st := &stage{data: t.TempDir(), index: func(data string) { (&investigation{node: n, data: data}).index(t) }}
	var played []*scenario.Played
	for _, seed := range seeds {
		for _, s := range told(t, chains.Bitcoin, false) {
			played = append(played, s.OnBitcoin(mint, seed, func() { st.index(st.data) }))
		}
	}
	st.investigate(t, chains.Bitcoin, played)
}

func TestScenariosOnGeth(t *testing.T) { playOnEthereum(t, node.Geth(t), 1) }

func TestScenariosOnAnvil(t *testing.T) { playOnEthereum(t, node.Anvil(t), 2) }

func playOnEthereum(t *testing.T, n *node.Ethereum, seeds ...uint64) {
	t.Helper()
	st := &stage{data: t.TempDir(), index: func(data string) { (&ledgerCase{node: n, data: data}).index(t) }}
	town := scenario.NewTown(t, n)
	var played []*scenario.Played
	for _, seed := range seeds {
		for _, s := range told(t, chains.Ethereum, false) {
			played = append(played, s.OnEthereum(t, town, seed, func() { st.index(st.data) }))
		}
	}
	st.investigate(t, chains.Ethereum, played)
}

// TestScenariosAcrossChains plays the stories that run over two chains.
func TestScenariosAcrossChains(t *testing.T) {
	n, e := node.Btcd(t), node.Geth(t)
	e.Ahead = uint64(time.Now().Unix()) - node.GenesisTime // btcd's blocks are of today
	mint, town := scenario.NewMint(t, n, "simnet", 302), scenario.NewTown(t, e)
	st := &stage{data: t.TempDir(), index: func(data string) {
		(&investigation{node: n, data: data}).index(t)
		(&ledgerCase{node: e, data: data}).index(t)
	}}
	var played []*scenario.Played
	for seed := range uint64(3) {
		for _, s := range told(t, chains.Bitcoin, true) {
			played = append(played, s.OnBoth(mint, town, seed))
		}
	}
	st.investigate(t, chains.Bitcoin, played)
}

// investigate indexes, takes the labels in, and checks story by story. An index
// that followed all replaced blocks gives what a fresh one does.
func (st *stage) investigate(t *testing.T, family string, played []*scenario.Played) {
	t.Helper()
	st.index(st.data)
	packs := t.TempDir()
	for i, p := range played {
		if pack := p.TagPack(family); pack != "" {
			if err := os.WriteFile(filepath.Join(packs, fmt.Sprintf("%02d.yaml", i)), []byte(pack), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	fresh := t.TempDir()
	st.index(fresh)
	for _, data := range []string{st.data, fresh} {
		if files, err := os.ReadDir(packs); err != nil || len(files) > 0 {
			command(t, "label", "import", packs, "--data", data)
		}
	}
	for _, p := range played {
		t.Run(fmt.Sprintf("%s %d", p.Name, p.Seed), func(t *testing.T) {
			document := st.trace(t, st.data, family, p)
			var c tracer.Comparison
			unmarshal(t, document, &c)
			if ok, err := c.Verify(); err != nil || !ok {
				t.Errorf("the digest is not the document's (%v)", err)
			}
			for _, r := range c.Traces {
				if wrong := p.Check(r); len(wrong) > 0 {
					t.Fatal(strings.Join(wrong, "\n"))
				}
			}
			if p.Name == "14-reorg" && document != st.trace(t, fresh, family, p) {
				t.Error("after the reorg and from scratch, traces differ")
			}
		})
	}
}

func (st *stage) trace(t *testing.T, data, family string, p *scenario.Played) string {
	t.Helper()
	return command(t, append([]string{"trace", "--json", "--rule", "all", "--data", data, "--chain", family}, p.Traced(family)...)...)
}
