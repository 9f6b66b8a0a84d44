package label

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// place is a node with the file that it stands in.
type place struct {
	*yaml.Node
	file    string
	through []string // includes on the way to it
}

// entry is a field of a mapping.
type entry struct {
	name  string
	line  int
	value place
}

// Bounds on what a hostile pack can ask for.
const (
	deepestInclude = 8
	mostIncludes   = 1000
	mostExpanded   = 64 << 20
	deepestContext = 32
)

// tree reads a stream of TagPacks and ActorPacks, each document as one tree.
func (r *reader) tree(data []byte) error {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			r.yamlError(r.file.Name, err)
			return nil
		}
		if len(document.Content) == 0 {
			continue
		}
		if err := r.pack(place{document.Content[0], r.file.Name, nil}, r.items); err != nil {
			return err
		}
	}
}

var yamlLine = regexp.MustCompile(`line (\d+): `)

func (r *reader) yamlError(file string, err error) {
	line, text := yamlErrorAt(err)
	r.problem(file, line, "", "is not whole YAML: %s", text)
}

func yamlErrorAt(err error) (line int, text string) {
	line, text = 1, err.Error()
	if match := yamlLine.FindStringSubmatchIndex(text); match != nil {
		line, _ = strconv.Atoi(text[match[2]:match[3]])
		text = text[match[1]:]
	}
	return line, text
}

// resolve follows an alias or an include to what it stands for.
func (r *reader) resolve(p place) (place, bool) {
	for range deepestInclude * 2 {
		switch {
		case p.Kind == yaml.AliasNode:
			p.Node = p.Alias
		case p.Tag == "!include":
			var ok bool
			if p, ok = r.include(p); !ok {
				return p, false
			}
		default:
			return p, true
		}
	}
	r.problem(p.file, p.Line, "", "includes too deeply")
	return p, false
}

// include reads the file that a node names.
func (r *reader) include(p place) (place, bool) {
	name := p.Value
	refuse := func(reason string, args ...any) (place, bool) {
		r.problem(p.file, p.Line, "!include", "%.80q: %s", name, fmt.Sprintf(reason, args...))
		return p, false
	}
	switch {
	case p.Kind != yaml.ScalarNode || !filepath.IsLocal(name):
		return refuse("want a file in the pack's folder")
	case slices.Contains(p.through, filepath.Clean(name)) || filepath.Clean(name) == filepath.Base(r.file.Name):
		return refuse("includes itself")
	case len(p.through) >= deepestInclude || len(r.included) >= mostIncludes:
		return refuse("includes too many files")
	case r.file.Include == nil:
		return refuse("no file can be included here")
	}
	through := append(slices.Clone(p.through), filepath.Clean(name))
	if root := r.included[name]; root != nil {
		return place{root, name, through}, true
	}
	data, err := r.file.Include(name)
	if err != nil {
		return refuse("%v", err)
	}
	if r.includedBytes += len(data); r.includedBytes > largestTree {
		return refuse("includes more than %d MiB", largestTree>>20)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		r.yamlError(name, err)
		return p, false
	}
	if len(document.Content) == 0 {
		return refuse("is empty")
	}
	r.included[name] = document.Content[0]
	return place{document.Content[0], name, through}, true
}

// fields are the fields of a mapping, each once.
func (r *reader) fields(p place, what string) (found []entry, ok bool) {
	if p, ok = r.resolve(p); !ok {
		return nil, false
	}
	if p.Kind != yaml.MappingNode {
		r.problem(p.file, p.Line, "", "%s is not written as fields (name: value)", what)
		return nil, false
	}
	seen := make(map[string]bool, len(p.Content)/2)
	for i := 0; i+1 < len(p.Content); i += 2 {
		name := p.Content[i].Value
		if seen[name] {
			r.problem(p.file, p.Content[i].Line, name, "stands twice")
			continue
		}
		seen[name] = true
		found = append(found, entry{name, p.Content[i].Line, place{p.Content[i+1], p.file, p.through}})
	}
	return found, true
}

// items takes the items of a list one by one.
func (r *reader) items(p place, field string, take func(place) error) error {
	p, ok := r.list(p, field)
	if !ok {
		return nil
	}
	for _, item := range p.Content {
		if err := take(place{item, p.file, p.through}); err != nil {
			return err
		}
	}
	return nil
}

// list is a place that holds a list.
func (r *reader) list(p place, field string) (_ place, ok bool) {
	if p, ok = r.resolve(p); !ok {
		return p, false
	}
	if p.Kind != yaml.SequenceNode {
		r.problem(p.file, p.Line, field, "want a list")
		return p, false
	}
	return p, true
}

// text is the value of a field of text.
func (r *reader) text(e entry) (string, bool) {
	p, ok := r.resolve(e.value)
	if !ok {
		return "", false
	}
	value := clean(p.Value)
	switch {
	case p.Kind != yaml.ScalarNode:
		r.problem(p.file, p.Line, e.name, "want text, have a list or fields")
	case p.Tag == "!!null" || value == "":
		r.problem(p.file, p.Line, e.name, "is empty")
	default:
		return value, true
	}
	return "", false
}

// texts is the value of a field that is a list of texts.
func (r *reader) texts(e entry) (values []string, ok bool) {
	p, ok := r.list(e.value, e.name)
	if !ok {
		return nil, false
	}
	for _, item := range p.Content {
		value, good := r.text(entry{e.name, e.line, place{item, p.file, p.through}})
		if ok = ok && good; good {
			values = append(values, value)
		}
	}
	return values, ok
}
