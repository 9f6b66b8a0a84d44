package label

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	// largestTree is how many bytes of YAML are read as one tree, which takes some
	// thirty times as much memory, of hostile text a hundred times.
	largestTree = 16 << 20
	// pieceSize is how many bytes of items are read at once, whole items as they are.
	pieceSize = 64 << 10
)

// notPlainError says why a stream cannot be read piece by piece.
type notPlainError struct {
	line   int
	reason string
}

func (e *notPlainError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.reason) }

// yaml reads a stream of TagPacks and ActorPacks: their lists item by item, in
// memory that does not grow with them. Where the text turns out to be of no form
// in which that says the same as the whole, all is read anew as one tree.
func (r *reader) yaml(data []byte) error {
	err := r.stream(data)
	why, isWhole := errors.AsType[*notPlainError](err)
	switch {
	case !isWhole:
		return err
	case len(data) > largestTree:
		r.problem(r.file.Name, why.line, "", "cannot be read item by item: %s; only up to %d MiB can be read otherwise: "+
			"write each item of tags or actors on lines of its own that begin with \"- \" in one column, without aliases to other items, or split the file",
			why.reason, largestTree>>20)
		return nil
	}
	r.problems, r.refused, r.expanded, r.included = nil, 0, 0, map[string]*yaml.Node{}
	r.includedBytes, r.packs = 0, 0
	r.to.Restart()
	return r.tree(data)
}

// stream reads documents one by one.
//
// It says what tree says, for this reason. What YAML's scanner makes of a line rests
// on the text before it alone. The text down to the key of a list is read, with the
// rest of the header, as YAML that holds the key with nothing after it: so the list
// begins there. From the beginning of an item the scanner goes on as it does from
// the beginning of a text, but for anchors; and a piece that ends inside quotes,
// brackets or an outer structure is no whole YAML. So each piece that can be read
// ends where the next begins, and the last where the header goes on.
func (r *reader) stream(data []byte) error {
	rest := documents{data: data}
	for {
		d, more, err := rest.next()
		if err != nil || !more {
			return err
		}
		if err := r.document(d); err != nil {
			return err
		}
	}
}

// document reads one document.
func (r *reader) document(d document) error {
	header := d.text
	if d.list != nil {
		header = append(bytes.Clone(d.text[:d.list.from]), d.text[d.list.to:]...)
	}
	if len(header) > largestTree {
		return &notPlainError{d.line + 1, "what is not in its list of tags or actors is too long"}
	}
	root, err := treeOf(header, d.line)
	if err != nil || root == nil {
		return err
	}
	p := place{root, r.file.Name, nil}
	if d.list == nil {
		return r.pack(p, r.items)
	}
	at := d.line + d.list.line
	list, ok := emptyList(root, at)
	if !ok || aliasesBelow(root, at) {
		return &notPlainError{at, "its list of tags or actors is in the way of what follows"}
	}
	shiftBelow(root, at, d.list.lines)
	read := false
	err = r.pack(p, func(p place, field string, take func(place) error) error {
		if p.Node != list {
			return r.items(p, field, take)
		}
		read = true
		return r.eachItem(d, func(item *yaml.Node) error { return take(place{item, p.file, p.through}) })
	})
	if err == nil && !read { // nothing is to be told of the items, but whether they are whole YAML
		err = r.eachItem(d, func(*yaml.Node) error { return nil })
	}
	return err
}

// treeOf reads text that holds one document, below so many lines; nil where it
// holds none.
func treeOf(text []byte, above int) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, more yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err == nil {
		switch err = decoder.Decode(&more); {
		case errors.Is(err, io.EOF):
			err = nil
		case err == nil:
			err = errors.New("line 1: a document begins within it")
		}
	}
	if err != nil {
		line, reason := yamlErrorAt(err)
		return nil, &notPlainError{above + line, strings.TrimPrefix(reason, "yaml: ")}
	}
	if len(document.Content) == 0 {
		return nil, nil
	}
	shiftBelow(document.Content[0], 0, above)
	return document.Content[0], nil
}

// emptyList finds the value of the key on a line of the outermost mapping, where
// it is nothing.
func emptyList(root *yaml.Node, line int) (*yaml.Node, bool) {
	if root.Kind != yaml.MappingNode || root.Style&yaml.FlowStyle != 0 {
		return nil, false
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if key.Line == line && key.Column == 1 {
			return value, value.Kind == yaml.ScalarNode && value.Value == "" && value.Style == 0 && value.Anchor == ""
		}
	}
	return nil, false
}

// aliasesBelow finds aliases below a line: they may mean what an item defines.
func aliasesBelow(n *yaml.Node, line int) bool {
	if n.Kind == yaml.AliasNode {
		return n.Line > line
	}
	for _, child := range n.Content {
		if aliasesBelow(child, line) {
			return true
		}
	}
	return false
}

// shiftBelow moves what stands below a line further down.
func shiftBelow(n *yaml.Node, line, by int) {
	if n.Line > line {
		n.Line += by
	}
	for _, child := range n.Content {
		shiftBelow(child, line, by)
	}
}

// eachItem reads the items of the list, some at a time.
func (r *reader) eachItem(d document, take func(*yaml.Node) error) error {
	text, above := d.text[d.list.from:d.list.to], d.line+d.list.line
	for len(text) > 0 {
		piece, rows := d.list.piece(text, r.pieceSize)
		if len(piece) > largestTree {
			return &notPlainError{above + 1, "one item of its list is too long"}
		}
		root, err := treeOf(piece, above)
		if err != nil {
			return err
		}
		if root == nil || root.Kind != yaml.SequenceNode || root.Column != d.list.indent+1 {
			return &notPlainError{above + 1, "no item begins where one should"}
		}
		for _, item := range root.Content {
			if err := take(item); err != nil {
				return err
			}
		}
		text, above = text[len(piece):], above+rows
	}
	return nil
}

// piece is as many whole items as have a size, and how many lines they take.
func (l *blockList) piece(text []byte, size int) (piece []byte, rows int) {
	at := 0
	for line, end := range lines(text) {
		if at >= size {
			if indent, rest := indentOf(line); indent == l.indent && isEntry(rest) {
				return text[:at], rows
			}
		}
		rows++
		at = end
	}
	return text, rows
}
