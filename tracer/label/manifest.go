package label

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"tsuiseki/tracer/folder"
)

// manifestFormat is the version of the manifest and of all that it names.
const manifestFormat = 1

// manifest lists every import, oldest first. It is replaced as a whole.
type manifest struct {
	Format  int          `json:"format"`
	Imports []importMade `json:"imports"`
}

// importMade is one import of a set: from its time on it is what the set says.
type importMade struct {
	Pack
	KnownAt time.Time `json:"known_at"`
	Segment string    `json:"segment"` // file name
	Bytes   int64     `json:"bytes"`
	SHA256  string    `json:"sha256"`
	Said    string    `json:"said_sha256"` // of the records, without when they became known
	Rows    int       `json:"rows"`
	Input   string    `json:"input"` // name of the file it was read from, and
	Digest  string    `json:"input_sha256"`
	// Withdrawn is why the set is out of force from this entry on.
	Withdrawn string `json:"withdrawn,omitempty"`
}

func (m *importMade) isActors() bool { return m.Set.Kind == SetActorPack }

const manifestName = "manifest.json"

func readManifest(dir string) (manifest, error) {
	m := manifest{Format: manifestFormat}
	path := filepath.Join(dir, manifestName)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return m, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&m); err != nil {
		return m, corrupt(path, "%v", err)
	}
	if m.Format != manifestFormat {
		return m, fmt.Errorf("the labels in %s have format %d, this program reads format %d: use the program that wrote them, export, and import anew", dir, m.Format, manifestFormat)
	}
	for _, i := range m.Imports {
		if filepath.Base(i.Segment) != i.Segment || filepath.Ext(i.Segment) != segmentSuffix {
			return m, corrupt(path, "it names the file %q", i.Segment)
		}
	}
	return m, nil
}

// write replaces the manifest: a reader finds the old one or the new one, whole.
func (m *manifest) write(dir string) error {
	data, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	return folder.Replace(filepath.Join(dir, manifestName), func(file *os.File) error {
		_, err := file.Write(append(data, '\n'))
		return err
	})
}

// current is the place of a set's last import; -1 where it has none.
func (m *manifest) current(set Set) int {
	for i, made := range slices.Backward(m.Imports) {
		if made.Set == set {
			return i
		}
	}
	return -1
}

// knownAt are the imports that are in force at a time, one of each set that is not
// withdrawn, in the order in which they were made; a zero time is now.
func (m *manifest) knownAt(t time.Time) []importMade {
	last := map[Set]int{}
	for i := range m.Imports {
		if t.IsZero() || !m.Imports[i].KnownAt.After(t) {
			last[m.Imports[i].Set] = i
		}
	}
	var found []importMade
	for i := range m.Imports {
		if at, ok := last[m.Imports[i].Set]; ok && at == i && m.Imports[i].Withdrawn == "" {
			found = append(found, m.Imports[i])
		}
	}
	return found
}
