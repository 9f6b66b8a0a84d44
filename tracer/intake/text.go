package intake

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// tidy is text as people meant it: NFKC (full-width digits and letters as others),
// without characters that cannot be seen, blanks of any kind as single spaces.
func tidy(text string) string {
	if plain(text) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	space := false
	for _, r := range norm.NFKC.String(strings.Map(listMark, text)) {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			space = b.Len() > 0
			continue
		case unseen(r):
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(straight(r))
	}
	return b.String()
}

// plain reports whether tidy would change nothing.
func plain(text string) bool {
	for i := range len(text) {
		c := text[i]
		if c < ' ' || c > '~' || c == ' ' && (i == 0 || i == len(text)-1 || text[i-1] == ' ') {
			return false
		}
	}
	return true
}

// listMark turns circled numbers, which NFKC would make digits of the text behind
// them, into blanks.
func listMark(r rune) rune {
	if r >= '①' && r <= '⓿' && (r < 'Ⓐ' || r > 'ⓩ') || r >= '❶' && r <= '➓' || r >= '㉑' && r <= '㊿' {
		return ' '
	}
	return r
}

// unseen are characters of no width: joiners, marks of direction, variation selectors, soft hyphens.
func unseen(r rune) bool {
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) || r == '\u034f' || r == '\u115f' || r == '\u3164'
}

// straight makes one dash of the minus sign and the dashes that look like it.
func straight(r rune) rune {
	switch r {
	case '−', '‐', '‑', '‒', '–', '—':
		return '-'
	}
	return r
}

// note is free text as written, without what cannot be seen.
func note(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r' || r == '\u3000':
			return ' '
		case unicode.IsControl(r) || unseen(r) && !unicode.Is(unicode.Variation_Selector, r):
			return -1
		}
		return r
	}, text))
}

// without removes all spaces.
func without(text string) string { return strings.ReplaceAll(text, " ", "") }

// clipped shortens text for a message.
func clipped(text string) string {
	const most = 120
	n := 0
	for i := range text {
		if n++; n > most {
			return text[:i] + "…"
		}
	}
	return text
}
