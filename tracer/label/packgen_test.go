package label_test

import (
	"errors"
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"tsuiseki/tracer/label"
)

// packGen generates TagPacks and ActorPacks in the styles that YAML allows, whole or not.
type packGen struct {
	*rapid.T
	b    strings.Builder
	tags bool
	calm int // one in so many texts is written in a way that few would choose
}

// one is one of several texts, each as likely: rapid's own numbers are mostly small.
func (g *packGen) one(of ...string) string {
	n := 0
	for size := 1; size < len(of); size *= 2 {
		n *= 2
		if rapid.Bool().Draw(g.T, "one") {
			n++
		}
	}
	return of[n%len(of)]
}

// chance is true once in so many times, rounded up to a power of two.
func (g *packGen) chance(in int) bool {
	for n := 1; n < in; n *= 2 {
		if !rapid.Bool().Draw(g.T, "chance") {
			return false
		}
	}
	return true
}

// noise is what may stand between two lines.
func (g *packGen) noise() {
	if g.chance(6) {
		g.b.WriteString(g.one("\n", "# a comment: - x\n", "   # indented\n", "  \n", "\t\n", "#tags:\n", "\n\n"))
	}
}

// scalar is a text in any style, below an indentation.
func (g *packGen) scalar(indent, text string) string {
	if g.chance(2) {
		return text
	}
	deeper := indent + g.one(" ", "  ", "    ")
	if !g.chance(g.calm) {
		return g.one(
			"'"+text+"'", `"`+text+`"`, "!!str "+text, "&a "+text, "|-\n"+deeper+text, ">-\n"+deeper+text+"\n\n"+indent, "|+\n"+deeper+text+"\n\n\n",
			"'"+text+"\n\n"+deeper+"'", "\n"+deeper+text, text+" # comment", "|\n"+deeper+text+"\n"+"# less\n", `"\x20`+text+`"`,
		)
	}
	return g.one(
		"*a", "*b", "&b '"+text+"'", ">-\n"+deeper+text+"\n\n"+deeper+"- more\n",
		text+"\n"+deeper+"- goes on", `"`+text+"\n- within\"", `"`+text+"\n"+deeper+"tags:\n"+deeper+"- x\"", "'"+text+"\n\n"+deeper+"on'",
		"[x, y]", "[x,\n- y]", "{a: b,\n"+deeper+"c: d}", "{a: {b: [*a, 1, 2.5, null]}}", "{a: b, a: c}", `"open`, "'open", "[open", "!include part.yaml",
		"!include none.yaml", "", "~", "a\u2028b", "a\rb", "a\u0085b", "|\n"+indent+"# less\n"+deeper+text, "yes: no", "\ttab", "? x",
		"<<", "!local x", "|2\n   two\n", "@", "`", "%TAG",
	)
}

func (g *packGen) field(first, indent, name, text string) {
	key := name
	if g.chance(4) {
		key = g.one("'"+name+"'", `"`+name+`"`)
	}
	if g.chance(g.calm) {
		key = g.one("'"+name+"'", `"`+name+`"`, "? "+name+"\n"+indent, "!!str "+name, "&k "+name)
	}
	g.b.WriteString(first + key + ":" + g.one(" ", " ", "  ") + g.scalar(indent, text) + "\n")
	g.noise()
}

func (g *packGen) header() {
	all := [][2]string{
		{"title", "T"},
		{"creator", "C"},
		{"label", "inherited"},
		{"source", "s"},
		{"currency", g.one("BTC", "ETH")},
		{"description", "d"},
		{"confidence", "web_crawl"},
		{"lastmod", "2020-01-01"},
		{"is_public", "true"},
		{"uri", "u"},
		{"categories", "[a]"},
	}
	for _, f := range all {
		if f[0] == "uri" || f[0] == "categories" {
			if !g.tags {
				g.field("", "", f[0], f[1])
			}
			continue
		}
		if f[0] == "source" && !g.tags || f[0] == "currency" && !g.tags || f[0] == "confidence" && !g.tags {
			continue
		}
		if !g.chance(g.calm) {
			g.field("", "", f[0], f[1])
		}
	}
}

func (g *packGen) item(indent string) {
	first := indent + g.one("- ", "- ", "- ", "-   ", "-\n"+indent+"  ", "- # comment\n"+indent+"  ", "- &a\n"+indent+"  ", "- !!map\n"+indent+"  ")
	inner := indent + "  "
	if strings.HasSuffix(first, "-   ") {
		inner = indent + "    "
	}
	if g.chance(g.calm) {
		g.b.WriteString(indent + "- " + g.one("{address: "+someAddress+"}", "!include part.yaml", "*a", "7", "- x", "[x]", "", "|\n"+inner+" - text", "# nothing") + "\n")
		return
	}
	n := rapid.IntRange(0, 40).Draw(g.T, "n")
	if g.tags {
		g.field(first, inner, "address", fmt.Sprintf("1Archive1n2C579dMsAu3iC6tWzuQJz%d", n))
		if g.chance(2) {
			g.field(inner, inner, "label", g.one("own", "a - b", "x: y"))
		}
	} else {
		g.field(first, inner, "id", fmt.Sprint("actor", n))
	}
	if g.chance(4) {
		g.field(inner, inner, "context", g.one("c", "{a: 1}", "\n"+inner+"  a: 1\n"+inner+"  b: [x]", "\n"+inner+"- x\n"+inner+"- y"))
	}
	if g.chance(g.calm) {
		g.field(inner, inner, g.one("address", "unknown", "id"), "again")
	}
}

func (g *packGen) document() {
	g.tags = !g.chance(4)
	g.noise()
	below := g.chance(3)
	if !below {
		g.header()
	}
	name := "tags"
	if !g.tags {
		name = "actors"
	}
	key := g.one(name+":", name+":", "'"+name+"':", name+": # why")
	if g.chance(g.calm) {
		key = g.one("  "+name+":", name+" :", name+": &l", "tags: []\nactors:")
	}
	g.b.WriteString(key + g.one("\n", "\n", "\n", "  \n"))
	indent := g.one("", "  ", "    ", " ")
	for range rapid.IntRange(0, 6).Draw(g.T, "items") {
		g.noise()
		g.item(indent)
		if g.chance(2 * g.calm) {
			indent = g.one("", "  ", " ")
		}
	}
	if below {
		g.header()
	}
	if g.chance(g.calm) {
		g.b.WriteString(g.one("tags:\n- x\n", "actors: []\n", "- x\n", "owner: *a\n", " owner: x\n", "tags: []\n", ": x\n", "''\n", "!!null\n", "...\n", "\towner: x\n", "-x: 1\n", "null\n", "? owner\n: x\n"))
	}
}

func drawPacks(t *rapid.T) label.File {
	g := &packGen{T: t, calm: rapid.SampledFrom([]int{5, 30, 1000}).Draw(t, "calm")}
	g.b.WriteString(g.one("", "", "", "%YAML 1.1\n---\n", "# c\n---\n", "\ufeff"))
	if g.chance(g.calm) {
		g.b.WriteString(g.one("%TAG ! x\n---\n", "%YAML 2.0\n---\n"))
	}
	g.document()
	for g.chance(4) {
		if g.b.WriteString("---\n"); g.chance(g.calm) {
			g.b.WriteString(g.one("--- # next\n", "...\n---\n", "---\n---\n", "--- {}\n---\n"))
		}
		g.document()
	}
	text := g.b.String()
	if g.chance(8) {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	if g.chance(8) {
		text = strings.TrimRight(text, "\r\n")
	}
	if g.chance(g.calm) && text != "" { // something falls on it
		at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		for at > 0 && text[at]&0xc0 == 0x80 {
			at--
		}
		text = text[:at] + g.one("\n", " ", "'", `"`, "[", "}", "- ", "#", ":", "\t", "\r", "|", "*a", "---\n", "\x00", ">", "&a ", "\n\n", "!") + text[at:]
	}
	part := g.one("address: "+otherAddress+"\n", "label: *a\n", "tags:\n- x\n", "'\n", "label: l\nsource: s\n")
	return label.File{Name: "p.yaml", Data: []byte(text), Include: func(name string) ([]byte, error) {
		if name != "part.yaml" {
			return nil, errors.New("is not there")
		}
		return []byte(part), nil
	}}
}
