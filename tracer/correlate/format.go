package correlate

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tsuiseki/tracer/folder"
)

// formatVersion changes with every change of the files; docs/correlation.md describes them.
const formatVersion = 1

// ErrInUse says that another run is going on.
var ErrInUse = errors.New("another correlation is running")

// ErrDamaged says that a file is not as it was written. A run then starts anew.
var ErrDamaged = errors.New("damaged")

func damaged(path, format string, args ...any) error {
	return fmt.Errorf("%s: %w: %s; remove the folder it is in, and the next run builds it again", path, ErrDamaged, fmt.Sprintf(format, args...))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const (
	lockName     = "lock"
	manifestName = "state.json"
	headSize     = 16
)

// head is how a file begins: what it is, and its version.
func head(of string) []byte {
	return binary.LittleEndian.AppendUint32([]byte("tsuiseki"+of), formatVersion)
}

func checkHead(path, of string, file []byte) error {
	if want := head(of); len(file) < headSize || string(file[:headSize]) != string(want) {
		return damaged(path, "it is no file of %s in format %d", of, formatVersion)
	}
	return nil
}

// Kinds of file, four letters each.
const (
	ofRecords = "recs"
	ofKeys    = "keys"
	ofCases   = "case"
	ofNodes   = "node"
)

// written names a file and what it has to be.
type written struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
	CRC  uint32 `json:"crc"` // of all behind the head; of records, each has its own
}

// segmentInfo is a part of the cases: their records, and their entries in sorted files.
type segmentInfo struct {
	ID      int       `json:"id"`
	Records int       `json:"records"` // dead ones included
	Data    written   `json:"data"`
	Keys    []written `json:"keys"`
}

// manifest names the files that the state consists of. It is replaced whole, last.
type manifest struct {
	Format   int           `json:"format"`
	Rule     string        `json:"rule"`
	Limit    int           `json:"degree_limit"`
	Next     int           `json:"next"` // number of the next run
	Mark     string        `json:"mark"` // of Nodes.Changed
	Segments []segmentInfo `json:"segments"`
	Cases    written       `json:"cases"`
	Nodes    written       `json:"nodes"`
}

// Dir is the folder of the state under a data folder.
func Dir(dataDir string) string { return filepath.Join(dataDir, "correlate") }

// readManifest is nil where there is no state yet.
func readManifest(dir string) (*manifest, error) {
	path := filepath.Join(dir, manifestName)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m := &manifest{}
	if err := json.Unmarshal(raw, m); err != nil {
		return nil, damaged(path, "%v", err)
	}
	if m.Format != formatVersion {
		return nil, damaged(path, "it has format %d, this program reads format %d", m.Format, formatVersion)
	}
	if !m.sound() {
		return nil, damaged(path, "its sizes make no sense")
	}
	return m, nil
}

// sound reports whether sizes are such as runs write.
func (m *manifest) sound() bool {
	for _, s := range m.Segments {
		if s.Records < 0 || int64(s.Records) > s.Data.Size {
			return false
		}
		for _, k := range s.Keys {
			if k.Size <= headSize || (k.Size-headSize)%entrySize != 0 {
				return false
			}
		}
	}
	return m.Next > 0
}

func (m *manifest) write(dir string) error {
	return folder.Replace(filepath.Join(dir, manifestName), func(f *os.File) error {
		return json.NewEncoder(f).Encode(m)
	})
}

// names are the files that the manifest needs.
func (m *manifest) names() map[string]bool {
	names := map[string]bool{lockName: true, manifestName: true}
	for _, s := range m.Segments {
		names[s.Data.Name] = true
		for _, k := range s.Keys {
			names[k.Name] = true
		}
	}
	names[m.Cases.Name], names[m.Nodes.Name] = true, true
	return names
}

// clean removes what no manifest needs: files of runs that were stopped, and those of
// the state before. Only files that runs write are touched.
func (m *manifest) clean(dir string) error {
	needed := m.names()
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		ours := strings.HasSuffix(name, folder.Unfinished)
		for _, of := range []string{ofRecords, ofKeys, ofCases, ofNodes} {
			ours = ours || strings.HasPrefix(name, of+"-")
		}
		if ours && !needed[name] {
			err = errors.Join(err, os.Remove(filepath.Join(dir, name)))
		}
	}
	return err
}

// writeFile writes a whole file with its head.
func writeFile(dir, name, of string, body []byte) (written, error) {
	w := written{Name: name, Size: int64(headSize + len(body)), CRC: crc32.Checksum(body, castagnoli)}
	return w, folder.Replace(filepath.Join(dir, name), func(f *os.File) error {
		if _, err := f.Write(head(of)); err != nil {
			return err
		}
		_, err := f.Write(body)
		return err
	})
}

// readFile is the body of a file that writeFile wrote.
func readFile(dir string, w written, of string) ([]byte, error) {
	path := filepath.Join(dir, w.Name)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, damaged(path, "it is missing")
	}
	if err != nil {
		return nil, err
	}
	if err := checkHead(path, of, raw); err != nil {
		return nil, err
	}
	if crc32.Checksum(raw[headSize:], castagnoli) != w.CRC || int64(len(raw)) != w.Size {
		return nil, damaged(path, "its checksum is another")
	}
	return raw[headSize:], nil
}
