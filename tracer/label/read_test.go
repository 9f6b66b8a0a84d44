package label_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tsuiseki/chains"
	"tsuiseki/tracer/label"
)

// received keeps what a file holds.
type received struct {
	packs  []label.Pack
	labels []label.Label
	actors []label.Actor
	notes  []label.Problem

	restarts int
}

func (r *received) Pack(p label.Pack) error   { r.packs = append(r.packs, p); return nil }
func (r *received) Label(l label.Label) error { r.labels = append(r.labels, l); return nil }
func (r *received) Actor(a label.Actor) error { r.actors = append(r.actors, a); return nil }
func (r *received) Note(p label.Problem)      { r.notes = append(r.notes, p) }

func (r *received) Restart() { *r = received{restarts: r.restarts + 1} }

func read(f label.File) (*received, error) {
	var r received
	return &r, label.Read(f, canonical, &r)
}

const (
	someAddress  = "1Archive1n2C579dMsAu3iC6tWzuQJz8dN"
	someAccount  = "0xfa8e3920daf271daB92Be9B87d9998DDd94FEF08"
	otherAddress = "1NDyJtNTjmwk5xPNhjgAMu4HDHigtobu1s"
)

func day(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestTagPack(t *testing.T) {
	parts := map[string]string{
		"header.yaml": "title: T\ncreator: C\nconfidence: ownership\n",
		"one.yaml":    "address: " + otherAddress + "\ncurrency: BTC\nlabel: included\n",
	}
	got, err := read(label.File{
		Name: "pack.yaml",
		Data: []byte(`%YAML 1.1
---
header: !include header.yaml
description: D
owner: O
is_public: true
label: inherited
source: https://example.org
lastmod: 2021-11-12
currency: ETH
concepts: [a, b]
tags:
- address: '` + someAccount + `'
  confidence: web_crawl
  label: own
  category: exchange
  abuse: scam
  actor: binance
  is_cluster_definer: true
  tag_type: actor
  context: {n: 1, day: 2020-01-01, list: [x, null, true]}
  lastmod: '2022-03-04T05:06:07+09:00'
  concepts: [c]
- tx_hash: 0xAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
  currency: USDT
  network: ETH
- !include one.yaml
`),
		Include: func(name string) ([]byte, error) {
			if data, ok := parts[name]; ok {
				return []byte(data), nil
			}
			return nil, errors.New("is not there")
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	public := true
	pack := label.Pack{Set: label.Set{Kind: "tagpack", Name: "pack.yaml: T (C)"}, Title: "T", Creator: "C", Description: "D", Owner: "O", Public: &public}
	inherited := label.Label{
		Chain: "ethereum", Network: "ETH", Currency: "ETH", Label: "inherited", Source: "https://example.org",
		Confidence: "ownership", Concepts: []string{"a", "b"}, LastMod: day("2021-11-12"),
	}
	own, tx, included := inherited, inherited, inherited
	own.Address, own.Label, own.Confidence, own.Category, own.Abuse = chains.Address(strings.ToLower(someAccount)), "own", "web_crawl", "exchange", "scam"
	own.Actor, own.ClusterDefiner, own.TagType, own.Concepts = "binance", true, "actor", []string{"c"}
	own.Context, own.LastMod = `{"n":1,"day":"2020-01-01","list":["x",null,true]}`, time.Date(2022, 3, 3, 20, 6, 7, 0, time.UTC)
	tx.Tx, tx.Currency = strings.Repeat("a", 64), "USDT"
	included.Chain, included.Network, included.Currency, included.Address, included.Label = "bitcoin", "BTC", "BTC", otherAddress, "included"
	if diff := cmp.Diff([]label.Pack{pack}, got.packs); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]label.Label{own, tx, included}, got.labels); diff != "" {
		t.Error(diff)
	}
}

// TestRefusals wants every mistake of a file, by file, line and field, at once.
func TestRefusals(t *testing.T) {
	const head = "title: T\ncreator: C\nsource: s\nlabel: l\ncurrency: BTC\n"
	loop := func(string) ([]byte, error) { return []byte("!include b.yaml"), nil }
	bomb := head + "a: &a [x, y]\n"
	for i := range 20 {
		bomb += fmt.Sprintf("a%d: &a%d [*a%s, *a%s, *a%s, *a%s]\n", i, i, before(i), before(i), before(i), before(i))
	}
	bomb = strings.ReplaceAll(bomb, "a: &a", "concepts: &a") + "context: *a19\ntags: []\n"
	for name, test := range map[string]struct {
		file string
		data string
		want []string
	}{
		"several": {"p.yaml", head + "tags:\n- address: a\n  confidence: sure\n  lastmod: soon\n- label: x\n- colour: red\n  address: b\n", []string{
			`p.yaml:8: confidence: "sure" is no confidence: use one of authority_data,`, `p.yaml:9: lastmod: "soon" "soon": want 2006-01-02`,
			"p.yaml:10: address: want either an address or a tx_hash", "p.yaml:11: colour: is no field of it",
		}},
		"header":       {"p.yaml", "title: T\ncolour: red\ntags: []\n", []string{"p.yaml:2: colour: is no field of a pack's header", "p.yaml:1: creator: is missing"}},
		"twice":        {"p.yaml", head + "tags:\n- address: a\n  address: b\n", []string{"p.yaml:8: address: stands twice"}},
		"empty":        {"p.yaml", head + "tags:\n- address:\n", []string{"p.yaml:7: address: is empty"}},
		"no source":    {"p.yaml", "title: T\ncreator: C\ntags:\n- address: a\n  label: b\n  currency: BTC\n", []string{"p.yaml:4: source: is missing"}},
		"no currency":  {"p.yaml", "title: T\ncreator: C\ntags:\n- {address: a, label: b, source: c}\n", []string{"p.yaml:4: currency: is missing, and so is network"}},
		"bool":         {"p.yaml", head + "is_cluster_definer: perhaps\ntags: []\n", []string{`p.yaml:6: is_cluster_definer: "perhaps" want true or false`}},
		"text":         {"p.yaml", head + "tags:\n- address: [a]\n", []string{"p.yaml:7: address: want text"}},
		"no list":      {"p.yaml", head + "tags: 7\n", []string{"p.yaml:6: tags: want a list"}},
		"not fields":   {"p.yaml", head + "tags:\n- 7\n", []string{"p.yaml:7: a tag or actor is not written as fields"}},
		"no tags":      {"p.yaml", head, []string{"p.yaml:1: tags: want either tags or actors"}},
		"broken":       {"p.yaml", head + "tags:\n- address: 'a\n", []string{"p.yaml:7: is not whole YAML"}},
		"escape":       {"p.yaml", head + "tags: !include ../secret.yaml\n", []string{`p.yaml:6: !include: "../secret.yaml": want a file in the pack's folder`}},
		"absolute":     {"p.yaml", head + "tags: !include /etc/passwd\n", []string{`p.yaml:6: !include: "/etc/passwd": want a file in the pack's folder`}},
		"itself":       {"p.yaml", head + "tags: !include p.yaml\n", []string{`p.yaml:6: !include: "p.yaml": includes itself`}},
		"circle":       {"p.yaml", head + "tags: !include b.yaml\n", []string{`b.yaml:1: !include: "b.yaml": includes itself`}},
		"bomb":         {"p.yaml", bomb, []string{"is no field of a pack's header"}},
		"actor":        {"a.yaml", "title: T\ncreator: C\nactors:\n- id: x\n  label: y\n", []string{"a.yaml:4: uri: is missing"}},
		"not utf-8":    {"p.yaml", head + "\xff\n", []string{"p.yaml:6: is not UTF-8"}},
		"nothing":      {"p.yaml", " \n", []string{"p.yaml:1: is empty"}},
		"something":    {"p.bin", "hello", []string{"p.bin:1: is none of: TagPack"}},
		"csv heading":  {"c.csv", "address,label,colour\n", []string{"c.csv:1: colour: is no heading of labels", "c.csv:1: source: this heading is missing", "c.csv:1: chain: this heading is missing"}},
		"csv cells":    {"c.csv", "chain,address,label,source\nbitcoin," + someAddress + ",x\n", []string{"c.csv:2: has 3 cells under 4 headings"}},
		"csv address":  {"c.csv", "chain,address,label,source\nbitcoin," + someAddress + ",x,y\nbitcoin,short,x,y\n", []string{"c.csv:3: address: address \"short\" is no address of bitcoin"}},
		"csv validity": {"c.csv", "chain,address,label,source,valid_from,valid_to\nbitcoin," + someAddress + ",x,y,2024-02-01,2024-01-01\n", []string{"c.csv:2: valid_to: is not after valid_from"}},
		"csv quote":    {"c.csv", "chain,address,label,source\nbitcoin," + someAddress + ",\"x,y\n", []string{"c.csv:2: "}},
		"csv chain":    {"c.csv", "chain,network,address,label,source\nethereum,BTC," + someAddress + ",x,y\n", []string{`c.csv:2: chain: is "ethereum", but the network is that of bitcoin`}},
		"list page":    {"sanctioned_addresses_ETH.txt", "<html>\n<body>no such page</body>\n", []string{`sanctioned_addresses_ETH.txt:1: address: "<html>" is no address`, "sanctioned_addresses_ETH.txt:2: address"}},
		"list json":    {"sanctioned_addresses_ETH.json", "[\"" + someAccount + "\",\n7]", []string{"sanctioned_addresses_ETH.json:2: want a list of addresses, have 7"}},
		"list cut":     {"sanctioned_addresses_ETH.json", "[\"" + someAccount + "\",\n", []string{"sanctioned_addresses_ETH.json:1: is not whole JSON"}},
		"list empty":   {"sanctioned_addresses_ETH.json", "[]", []string{"names no address: it is not a whole list"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(label.File{Name: test.file, Data: []byte(test.data), Include: loop})
			refused, ok := errors.AsType[*label.RefusedError](err)
			if !ok {
				t.Fatalf("%v, want a refusal", err)
			}
			for _, want := range test.want {
				if !strings.Contains(refused.Error(), want) {
					t.Errorf("%q is not among\n%v", want, refused)
				}
			}
			if name != "bomb" && len(refused.Problems) != len(test.want) {
				t.Errorf("%d problems, want %d:\n%v", len(refused.Problems), len(test.want), refused)
			}
		})
	}
}

func before(i int) string {
	if i == 0 {
		return ""
	}
	return fmt.Sprint(i - 1)
}

func TestCSV(t *testing.T) {
	got, err := read(label.File{Name: "answer.csv", Data: []byte("\ufeffchain,address,label,category,source,valid_from,account_holder,nationality,identifiers\r\n" +
		"bitcoin," + someAddress + ",Exchange X,exchange,answer of 2025-02-01,2024-01-01,山田太郎,JP,passport TK1; +81 90\r\n" +
		"tron,TEAqwfMhXLaomXhZ8KeMhx3njGmQEDnsUR,Exchange X,exchange,answer of 2025-02-01,,,,\r\n")})
	if err != nil {
		t.Fatal(err)
	}
	want := []label.Label{
		{
			Chain: "bitcoin", Network: "bitcoin", Currency: "bitcoin", Address: someAddress, Label: "Exchange X", Category: "exchange",
			Source: "answer of 2025-02-01", Confidence: label.Disclosed, ValidFrom: day("2024-01-01"),
			Holder: label.Holder{Name: "山田太郎", Nationality: "JP", Identifiers: []string{"passport TK1", "+81 90"}},
		},
		{
			Network: "tron", Currency: "tron", Address: "TEAqwfMhXLaomXhZ8KeMhx3njGmQEDnsUR", Label: "Exchange X", Category: "exchange",
			Source: "answer of 2025-02-01", Confidence: label.Unknown,
		},
	}
	if diff := cmp.Diff(want, got.labels); diff != "" {
		t.Error(diff)
	}
	if got.packs[0].Set.Kind != label.SetDisclosure || got.labels[0].StopKind() != "exchange-deposit" {
		t.Errorf("%+v, %s", got.packs, got.labels[0].StopKind())
	}
}

// TestNetworks maps what sources call networks onto chains.
func TestNetworks(t *testing.T) {
	for _, test := range []struct {
		currency, network, address string
		want                       chains.Chain
	}{
		{"BTC", "", someAddress, "bitcoin"},
		{"ETH", "", someAccount, "ethereum"},
		{"USDT", "", someAccount, "ethereum"},
		{"USDT", "", "TEAqwfMhXLaomXhZ8KeMhx3njGmQEDnsUR", ""},
		{"USDT", "MATIC", someAccount, "ethereum-137"},
		{"BNB", "BEP20", someAccount, "ethereum-56"},
		{"", "ethereum-137", someAccount, "ethereum-137"},
		{"", "bitcoin-regtest", "bcrt1qxxxxxxxxxxxxxxxxxxxx", "bitcoin-regtest"},
		{"", "bitcoin-cash", someAddress, ""},
		{"BCH", "", someAddress, ""},
		{"XRP", "", "rGeyCsqc6vKXuyTGF39WJxmTRemoV3c97h", ""},
	} {
		data := "title: T\ncreator: C\nlabel: l\nsource: s\ntags:\n- address: '" + test.address + "'\n"
		if test.currency != "" {
			data += "  currency: " + test.currency + "\n"
		}
		if test.network != "" {
			data += "  network: " + test.network + "\n"
		}
		got, err := read(label.File{Name: "p.yaml", Data: []byte(data)})
		if err != nil || len(got.labels) != 1 || got.labels[0].Chain != test.want {
			t.Errorf("%+v: %+v, %v", test, got.labels, err)
		}
	}
}

func TestConfidences(t *testing.T) {
	all := label.Confidences()
	if len(all) != 14 {
		t.Errorf("%d confidences, want 14", len(all))
	}
	before := 100
	for _, id := range all {
		level, ok := id.Level()
		if !ok || level > before || level < 5 {
			t.Errorf("%s: %d, %v", id, level, ok)
		}
		before = level
	}
	if _, ok := label.Confidence("sure").Level(); ok {
		t.Error("any word is a confidence")
	}
}

// FuzzRead: nothing that anybody sends makes reading fail otherwise than by a refusal.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"p.yaml", "c.csv", "sanctioned_addresses_ETH.txt", "sanctioned_addresses_XBT.json"} {
		f.Add(name, []byte("title: T\ncreator: C\nlabel: l\nsource: s\ncurrency: BTC\ntags:\n- &a {address: "+someAddress+"}\n- *a\n- !include x.yaml\n"))
		f.Add(name, []byte("chain,address,label,source\nbitcoin,"+someAddress+",\"x\",y\n"))
		f.Add(name, []byte("[\""+someAccount+"\"]"))
		f.Add(name, []byte(someAccount+"\n"))
	}
	f.Add("a.yaml", []byte("title: T\ncreator: C\nlastmod: 2020-01-01\nactors:\n- {id: a, uri: b, label: c, categories: [], context: {x: [1, {y: z}]}}\n"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		got, err := read(label.File{Name: name, Data: data, Include: func(string) ([]byte, error) { return data, nil }})
		if _, refused := errors.AsType[*label.RefusedError](err); err != nil && !refused {
			t.Fatalf("%v, want a refusal", err)
		}
		if err == nil && len(got.packs) == 0 && len(got.labels) > 0 {
			t.Fatal("labels of no set")
		}
	})
}
