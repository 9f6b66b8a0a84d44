package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"tsuiseki/chains"
)

// pageFlags pick a part of a history, which may be longer than anyone reads.
type pageFlags struct {
	From  string `help:"Begin at this height, or at HEIGHT:TX, where the page before says the next one begins." placeholder:"POSITION"`
	Limit *int   `help:"Show so many, and what else their last transaction has; 0 is no limit. By default 100, with --json all." placeholder:"N"`
}

// defaultPage is how much of a history people are shown.
const defaultPage = 100

// page is a part of a history that ends with a whole transaction.
type page struct {
	from  chains.Position
	limit int // 0 is none

	shown int
	last  chains.Position
	next  *chains.Position // where the next page begins; nil where this is the last
}

func (f pageFlags) page(all bool) (p page, err error) {
	if !all {
		p.limit = defaultPage
	}
	if f.Limit != nil {
		if p.limit = *f.Limit; p.limit < 0 {
			return p, usagef("--limit cannot be negative; 0 is no limit")
		}
	}
	if f.From == "" {
		return p, nil
	}
	height, tx, _ := strings.Cut(f.From, ":")
	h, err := strconv.ParseUint(height, 10, 32)
	n := uint64(0)
	if tx != "" && err == nil {
		n, err = strconv.ParseUint(tx, 10, 32)
	}
	if err != nil {
		return p, usagef("--from %.40q: want a height, or HEIGHT:TX as a page before names it", f.From)
	}
	p.from = chains.Position{Height: h, Tx: uint32(n)}
	return p, nil
}

// holds reports whether what happened at a position is on the page; positions come
// in order.
func (p *page) holds(at chains.Position) bool {
	switch {
	case p.next != nil || at.Compare(p.from) < 0:
		return false
	case p.limit > 0 && p.shown >= p.limit && at != p.last:
		p.next = &at
		return false
	}
	p.shown, p.last = p.shown+1, at
	return true
}

// nextText is where the next page begins; nothing where this is the last.
func (p *page) nextText() string {
	if p.next == nil {
		return ""
	}
	return p.next.String()
}

// printNext tells people how to see more.
func (p *page) printNext(w io.Writer, what, more string) {
	if p.next != nil {
		fmt.Fprintf(w, "%d %s are shown, %s: --from %s shows the next, --limit 0 all\n", p.shown, what, more, p.next)
	}
}

// printStreamed prints a document whose list under a key is written item by item, so
// that it need not fit in memory. The list is empty in doc, and may not stand for
// a key elsewhere in it; what comes behind the list may change while it is written.
func printStreamed(w io.Writer, doc any, key string, items func(put func(item any) error) error) error {
	before, _, err := cutList(doc, key)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	if _, err := out.Write(before); err != nil {
		return err
	}
	separator := ""
	err = items(func(item any) error {
		text, err := compact(item)
		if err != nil {
			return err
		}
		_, err = out.WriteString(separator)
		separator = ","
		if err == nil {
			_, err = out.Write(text)
		}
		return err
	})
	if err != nil {
		return errors.Join(err, out.Flush())
	}
	_, after, err := cutList(doc, key)
	if err != nil {
		return err
	}
	if _, err := out.Write(append(after, '\n')); err != nil {
		return err
	}
	return out.Flush()
}

// cutList writes a document and cuts it within an empty list. No text in JSON holds
// the key as it is sought: there, quotes are escaped.
func cutList(doc any, key string) (before, after []byte, err error) {
	text, err := compact(doc)
	if err != nil {
		return nil, nil, err
	}
	list := fmt.Appendf(nil, "%q:[]", key)
	at := bytes.Index(text, list)
	if at < 0 {
		return nil, nil, fmt.Errorf("document has no empty list %q", key)
	}
	cut := at + len(list) - 1
	return text[:cut:cut], text[cut:], nil
}

// compact is an item as printJSON writes it, without the end of the line.
func compact(item any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(item)
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), err
}
