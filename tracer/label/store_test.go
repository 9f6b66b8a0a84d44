package label_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/tracer"
	"tsuiseki/tracer/label"
)

// pack writes a TagPack of one label an address.
func pack(name string, labels map[string]string) label.File {
	var b strings.Builder
	fmt.Fprintf(&b, "title: %s\ncreator: C\nsource: s\ncurrency: BTC\n", name)
	if len(labels) == 0 {
		b.WriteString("tags: []\n")
	} else {
		b.WriteString("tags:\n")
	}
	for address, text := range labels {
		fmt.Fprintf(&b, "- {address: %s, label: %q}\n", address, text)
	}
	return label.File{Name: name + ".yaml", Data: []byte(b.String())}
}

// TestBitemporal holds the store to a list of all that was ever imported: at every
// time it says what the last imports until then said, known since they began to.
func TestBitemporal(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s, c := newStore(t)
		type state map[string]string // label by address
		type moment struct {
			at   time.Time
			sets map[string]state
			when map[string]time.Time // since when, by set, address and label
		}
		now := moment{sets: map[string]state{}, when: map[string]time.Time{}}
		var history []moment
		for n := range rapid.IntRange(1, 8).Draw(rt, "imports") {
			at := c.day(n + 2)
			set := rapid.SampledFrom([]string{"one", "two"}).Draw(rt, "set")
			said := rapid.MapOf(
				rapid.SampledFrom([]string{someAddress, otherAddress, "3CTPRyUbCKkByGmAVvDV6ReZXT1WfV3UPd"}),
				rapid.SampledFrom([]string{"a", "b"})).Draw(rt, "labels")
			next := moment{at, map[string]state{}, map[string]time.Time{}}
			maps.Copy(next.sets, now.sets)
			if rapid.IntRange(0, 3).Draw(rt, "withdraw") == 3 {
				withdraw(rt, s, set, now.sets[set] != nil)
				delete(next.sets, set)
			} else {
				f := pack(set, said)
				f.Set = set
				if rapid.Bool().Draw(rt, "renamed") {
					f.Name = "renamed.yaml"
				}
				importFile(t, s, f)
				next.sets[set] = said
			}
			for name, labels := range next.sets {
				for address, text := range labels {
					key := name + address + text
					next.when[key] = at
					if since, held := now.when[key]; held {
						next.when[key] = since
					}
				}
			}
			now = next
			history = append(history, next)
		}
		for _, h := range append(history, moment{at: c.day(1)}) {
			v := openView(t, s, h.at)
			var names []string
			for _, set := range v.Sets() {
				names = append(names, set.Set.Name)
			}
			if want := slices.Sorted(maps.Keys(h.sets)); !slices.Equal(names, want) {
				rt.Fatalf("sets as known at %s: %v, want %v", h.at, names, want)
			}
			for _, address := range []string{someAddress, otherAddress, "3CTPRyUbCKkByGmAVvDV6ReZXT1WfV3UPd"} {
				want := map[string]time.Time{}
				for name, labels := range h.sets {
					if text, said := labels[address]; said {
						since := h.when[name+address+text]
						if earlier, twice := want[text]; !twice || since.Before(earlier) {
							want[text] = since
						}
					}
				}
				got := map[string]time.Time{}
				for _, e := range find(t, v, address) {
					got[e.Label.Label] = e.Since
				}
				if diff := cmp.Diff(want, got); diff != "" {
					rt.Fatalf("%s as known at %s: %s", address, h.at, diff)
				}
			}
		}
	})
}

// drawLabels draws labels of every field.
func drawLabels(t *rapid.T) []label.Label {
	text := rapid.StringN(0, 20, -1).Filter(func(s string) bool {
		return s == strings.TrimSpace(s) && !strings.ContainsAny(s, "\u200b\ufeff\u3000\r;")
	})
	word := text.Filter(func(s string) bool { return s != "" })
	date := rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.Bool().Draw(t, "none") {
			return time.Time{}
		}
		return time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "seconds"), 0).UTC()
	})
	one := rapid.Custom(func(t *rapid.T) label.Label {
		l := label.Label{
			Currency: rapid.SampledFrom([]string{"ETH", "BTC", "XRP"}).Draw(t, "currency"), Label: word.Draw(t, "label"), Source: word.Draw(t, "source"),
			Confidence: rapid.SampledFrom(label.Confidences()).Draw(t, "confidence"), Category: text.Draw(t, "category"), Abuse: text.Draw(t, "abuse"),
			Concepts: rapid.SliceOfN(word, 0, 3).Draw(t, "concepts"), Actor: text.Draw(t, "actor"),
			TagType: rapid.SampledFrom([]string{"", "actor", "event", "mention"}).Draw(t, "type"), Context: text.Draw(t, "context"),
			LastMod: date.Draw(t, "lastmod"), ClusterDefiner: rapid.Bool().Draw(t, "definer"), ValidFrom: date.Draw(t, "from"),
			Holder: label.Holder{Name: text.Draw(t, "holder"), Nationality: text.Draw(t, "nationality"), Identifiers: rapid.SliceOfN(word, 0, 2).Draw(t, "ids")},
		}
		l.Network = l.Currency
		if rapid.Bool().Draw(t, "tx") {
			l.Tx = rapid.StringMatching(`[0-9a-f]{64}`).Draw(t, "hash")
		} else {
			l.Address = chains.Address("0x" + rapid.StringMatching(`[0-9a-f]{40}`).Draw(t, "account"))
		}
		l.Chain = map[string]chains.Chain{"ETH": "ethereum", "BTC": "bitcoin", "XRP": ""}[l.Currency]
		if rapid.Bool().Draw(t, "until") {
			l.ValidTo = l.ValidFrom.Add(time.Hour)
			if l.ValidFrom.IsZero() {
				l.ValidTo = time.Unix(1e9, 0).UTC()
			}
		}
		return l
	})
	return rapid.SliceOfN(one, 1, 5).Draw(t, "labels")
}

// TestRoundTrip: what is exported in either format says the same when read again.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		want := drawLabels(rt)
		s, _ := newStore(t)
		importFile(t, s, label.File{Name: "drawn.yaml", Data: yamlOf(want)})
		v := openView(t, s, time.Time{})
		var packs, rows bytes.Buffer
		if err := errors.Join(v.ExportTagPacks(&packs), v.ExportCSV(&rows)); err != nil {
			rt.Fatal(err)
		}
		for _, f := range []label.File{{Name: "e.yaml", Data: packs.Bytes()}, {Name: "e.csv", Data: rows.Bytes()}} {
			got, err := read(f)
			if err != nil {
				rt.Fatalf("%v in\n%s", err, f.Data)
			}
			if diff := cmp.Diff(distinct(want), distinct(got.labels)); diff != "" {
				rt.Fatalf("%s: %s", f.Name, diff)
			}
		}
	})
}

func distinct(labels []label.Label) (texts []string) {
	for _, l := range labels {
		texts = append(texts, fmt.Sprintf("%+v", l))
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

// yamlOf writes labels by Go's quoting, which YAML reads, not by the code under test.
func yamlOf(labels []label.Label) []byte {
	var b strings.Builder
	b.WriteString("title: T\ncreator: C\ntags:\n")
	quote := func(s string) string {
		var q strings.Builder
		for _, c := range s {
			fmt.Fprintf(&q, `\U%08x`, c)
		}
		return `"` + q.String() + `"`
	}
	for _, l := range labels {
		b.WriteString("- currency: " + l.Currency + "\n")
		field := func(name, value string) {
			if value != "" {
				b.WriteString("  " + name + ": " + quote(value) + "\n")
			}
		}
		field("address", string(l.Address))
		field("tx_hash", l.Tx)
		field("label", l.Label)
		field("source", l.Source)
		field("confidence", string(l.Confidence))
		field("category", l.Category)
		field("abuse", l.Abuse)
		field("actor", l.Actor)
		field("tag_type", l.TagType)
		field("is_cluster_definer", fmt.Sprint(l.ClusterDefiner))
		if !l.LastMod.IsZero() {
			field("lastmod", l.LastMod.Format(time.RFC3339))
		}
		var concepts []string
		for _, c := range l.Concepts {
			concepts = append(concepts, quote(c))
		}
		b.WriteString("  concepts: [" + strings.Join(concepts, ", ") + "]\n")
		field("context", oursText(l))
	}
	return []byte(b.String())
}

// oursText is a context that carries what TagPacks have no field for.
func oursText(l label.Label) string {
	o := map[string]any{"context": l.Context, "account_holder": l.Holder.Name, "nationality": l.Holder.Nationality, "identifiers": l.Holder.Identifiers}
	for name, t := range map[string]time.Time{"valid_from": l.ValidFrom, "valid_to": l.ValidTo} {
		if !t.IsZero() {
			o[name] = t.Format(time.RFC3339)
		}
	}
	text, err := json.Marshal(map[string]any{"tsuiseki": o})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// TestShrunkList refuses a list that lost more than one in ten of its addresses.
func TestShrunkList(t *testing.T) {
	s, c := newStore(t)
	list := func(n int) label.File {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "0x%040x\n", i)
		}
		return label.File{Name: "sanctioned_addresses_ETH.txt", Data: []byte(b.String())}
	}
	importFile(t, s, list(100))
	c.day(2)
	_, err := tryImport(s, list(89), false)
	shrunk, ok := errors.AsType[*label.ShrunkError](err)
	if !ok || shrunk.Had != 100 || shrunk.Has != 89 {
		t.Fatalf("%v, want a refusal of 89 after 100", err)
	}
	if n := len(find(t, openView(t, s, time.Time{}), "0x0000000000000000000000000000000000000063")); n != 1 {
		t.Errorf("after a refusal the last address has %d labels", n)
	}
	if _, err := tryImport(s, list(90), false); err != nil {
		t.Errorf("one in ten taken off: %v", err)
	}
	if _, err := tryImport(s, list(10), true); err != nil {
		t.Errorf("with force: %v", err)
	}
	if n := len(find(t, openView(t, s, time.Time{}), "0x0000000000000000000000000000000000000063")); n != 0 {
		t.Errorf("an address taken off has %d labels", n)
	}
	if n := len(find(t, openView(t, s, c.day(1)), "0x0000000000000000000000000000000000000063")); n != 1 {
		t.Errorf("an address taken off had %d labels before", n)
	}
}

// TestAllOrNothing takes nothing of a file that has one mistake, nor of a run that
// would have one file take another's place.
func TestAllOrNothing(t *testing.T) {
	s, _ := newStore(t)
	f := pack("one", map[string]string{someAddress: "a"})
	f.Data = append(f.Data, "- {address: x, lastmod: soon}\n"...)
	if _, err := tryImport(s, f, false); err == nil {
		t.Fatal("a file with a mistake was taken in")
	}
	if !openView(t, s, time.Time{}).Empty() {
		t.Error("a part of a file with a mistake was taken in")
	}
	m, err := s.Import()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.File(pack("one", map[string]string{someAddress: "a"})); err != nil {
		t.Fatal(err)
	}
	if _, err := m.File(pack("one", map[string]string{someAddress: "b"})); err == nil {
		t.Error("a file took the place of another of the same run")
	}
	if _, err := s.Import(); !errors.Is(err, label.ErrInUse) {
		t.Errorf("a second import at once: %v", err)
	}
}

// TestDamage: a damaged byte is never taken for a label.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	s := label.Open(label.Options{Dir: dir, Canonical: canonical, Now: (&clock{day("2025-01-01")}).Now})
	importFile(t, s, pack("one", map[string]string{someAddress: "a", otherAddress: "b"}))
	path := filepath.Join(dir, "00000001.labels")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		damaged := slices.Clone(whole)
		damaged[i] ^= 0x40
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := askAll(s); !errors.Is(err, chains.ErrCorrupt) {
			t.Fatalf("byte %d damaged: %v", i, err)
		}
	}
	if err := os.WriteFile(path, whole[:len(whole)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := askAll(s); !errors.Is(err, chains.ErrCorrupt) {
		t.Errorf("cut: %v", err)
	}
}

// askAll asks for what the store has, and reads it whole.
func askAll(s *label.Store) error {
	v, err := s.View(time.Time{})
	if err != nil {
		return err
	}
	defer v.Close()
	_, one := v.Of("", someAddress, time.Time{})
	_, two := v.Of("", otherAddress, time.Time{})
	return errors.Join(one, two, v.Verify())
}

// TestStops decides by precedence, tells conflicts, and heeds validity.
func TestStops(t *testing.T) {
	s, _ := newStore(t)
	const at, other, pool = "0x00000000000000000000000000000000000000aa", "0x00000000000000000000000000000000000000bb", "0xa160cdab225685da1d56aa342ad8841c3b53f291"
	importFile(t, s, label.File{Name: "a.yaml", Data: []byte(`{title: A, creator: C, actors: [{id: x, uri: u, label: X, lastmod: 2020-01-01, categories: [], aliases: [ex]}]}`)})
	importFile(t, s, label.File{Name: "l.csv", Data: []byte("chain,address,label,category,source,confidence,actor,valid_from,valid_to,is_cluster_definer\n" +
		"ethereum," + at + ",weak,exchange,w,web_crawl,y,,,true\n" +
		"ethereum," + at + ",strong,mixing_service,s,authority_data,x,,,\n" +
		"ethereum," + at + ",same,mixing_service,s,forensic,ex,,,\n" +
		"ethereum," + other + ",was,exchange,s,forensic,,2020-01-01,2021-01-01,\n" +
		"ethereum," + pool + ",somebody,user,s,ownership,,,,\n" +
		"ethereum-137," + pool + ",elsewhere,exchange,s,ownership,,,,\n" +
		"ethereum," + string(chains.ZeroAddress) + ",minted,defi,s,ownership,,,,\n")})
	v := openView(t, s, time.Time{})
	stops := label.Stops{Chain: "ethereum", Known: label.KnownOn("ethereum"), View: v}
	for _, test := range []struct {
		address chains.Address
		at      time.Time
		want    tracer.Stop
	}{
		{at, day("2020-06-01"), tracer.Stop{
			Kind: tracer.EndMixer, Label: "strong",
			Detail: "source: s; confidence 60 (authority_data); actor x; labels conflict on its actor: x, y; labels conflict on its kind: mixer, service",
		}},
		{other, day("2019-12-31"), tracer.Stop{}},
		{other, day("2020-01-01"), tracer.Stop{Kind: tracer.EndService, Label: "was", Detail: "source: s; confidence 50 (forensic)"}},
		{other, day("2021-01-01"), tracer.Stop{}},
		{pool, day("2020-01-01"), tracer.Stop{Kind: tracer.EndMixer, Label: "Tornado Cash ETH 100", Detail: "source: OFAC SDN list, 2022-08-08"}},
		{chains.ZeroAddress, day("2020-01-01"), tracer.Stop{Kind: tracer.EndBurn, Label: "zero address", Detail: "source: nobody has the key"}},
	} {
		stop, found, err := stops.Stop(test.address, test.at)
		if err != nil || found != (test.want.Kind != "") || stop != test.want {
			t.Errorf("%s at %s: %+v, %v, want %+v", test.address, test.at, stop, err, test.want)
		}
	}
	if defining, err := v.Defining("ethereum", at, time.Time{}); err != nil || len(defining) != 1 || defining[0].Label.Label != "weak" {
		t.Errorf("defining: %+v, %v", defining, err)
	}
}
