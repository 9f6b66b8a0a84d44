package label_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/label"
)

const reachPack = `
title: T
creator: C
source: s
currency: BTC
tags:
- {address: 1exchangexexchangexexchangex, label: X hot, actor: x, category: exchange, is_cluster_definer: true, confidence: service_data}
- {address: 1exchangexexchangexexchangex, label: X cold, actor: ex, category: exchange, is_cluster_definer: true, confidence: web_crawl}
- {address: 1exchangexexchangexexchangex, label: Mixer M, category: mixing_service, is_cluster_definer: true}
- {address: 1mixer1mixer1mixer1mixer1mix, label: M, category: mixing_service, is_cluster_definer: true, confidence: ownership, context: '{"tsuiseki":{"valid_from":"2025-06-01"}}'}
- {address: 1seen1seen1seen1seen1seen1se, label: seen, category: exchange, confidence: ownership}
- {address: 1thief1thief1thief1thief1thi, label: thief, abuse: scam, is_cluster_definer: true, confidence: ownership}
`

const reachActors = `
title: A
creator: C
actors:
- {id: x, uri: x.example.org, label: X Ltd, lastmod: 2024-01-01, categories: [exchange], aliases: [ex]}
`

// together says that all addresses are in one cluster.
type together struct {
	tagged []chains.Address
	err    error
}

func (c together) Tagged(chains.Address) ([]chains.Address, error) { return c.tagged, c.err }

func TestDefiners(t *testing.T) {
	s, _ := newStore(t)
	importFile(t, s, label.File{Name: "pack.yaml", Data: []byte(reachPack)})
	importFile(t, s, label.File{Name: "actors.yaml", Data: []byte(reachActors)})
	v := openView(t, s, time.Time{})
	got, err := v.Definers("bitcoin")
	want := []label.Definer{
		{Address: "1exchangexexchangexexchangex", Services: []string{"x", "Mixer M"}},
		{Address: "1mixer1mixer1mixer1mixer1mix", Services: []string{"M"}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("definers %+v, want %+v (%v)", got, want, err)
	}
	if got, err := v.Definers("bitcoin-test"); err != nil || len(got) > 0 {
		t.Errorf("of another chain: %+v, %v", got, err)
	}
}

// TestReachThroughClusters: only labels that define clusters reach other addresses,
// the best of them that ends trails and is valid then.
func TestReachThroughClusters(t *testing.T) {
	s, _ := newStore(t)
	importFile(t, s, label.File{Name: "pack.yaml", Data: []byte(reachPack)})
	v := openView(t, s, time.Time{})
	const exchange, mixer, seen, thief = "1exchangexexchangexexchangex", "1mixer1mixer1mixer1mixer1mix", "1seen1seen1seen1seen1seen1se", "1thief1thief1thief1thief1thi"
	early, late := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		address chains.Address
		at      time.Time
		tagged  []chains.Address
		want    tracer.EndKind
		detail  string
	}{
		"the best label":         {"1other", early, []chains.Address{mixer, exchange}, tracer.EndService, "said of " + exchange},
		"once it is valid":       {"1other", late, []chains.Address{exchange, mixer}, tracer.EndMixer, "said of " + mixer},
		"not if no definer":      {"1other", late, []chains.Address{seen}, "", ""},
		"nor if it ends nothing": {"1other", late, []chains.Address{thief}, "", ""},
		"its own label decides":  {seen, late, []chains.Address{mixer}, tracer.EndService, "source: s; confidence 100 (ownership)"},
		"alone":                  {"1other", late, nil, "", ""},
	} {
		stops := label.Stops{Chain: "bitcoin", Known: label.KnownOn("bitcoin"), View: v, Clusters: together{tagged: c.tagged}}
		stop, stopped, err := stops.Stop(c.address, c.at)
		if err != nil || stopped != (c.want != "") || stop.Kind != c.want || !strings.Contains(stop.Detail, c.detail) {
			t.Errorf("%s: %+v %v %v, want %s", name, stop, stopped, err, c.want)
		}
		if c.detail != "" && c.address == "1other" && !strings.Contains(stop.Detail, "one cluster by co-spend version 1") {
			t.Errorf("%s: %s", name, stop.Detail)
		}
	}
	broken := fmt.Errorf("broken")
	if _, _, err := (label.Stops{Chain: "bitcoin", View: v, Clusters: together{err: broken}}).Stop("1other", late); !errors.Is(err, broken) {
		t.Errorf("clusters that fail: %v", err)
	}
}
