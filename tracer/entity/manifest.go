package entity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
	"tsuiseki/tracer/folder"
)

// manifest says what counts of the other files. It is replaced as a whole.
type manifest struct {
	Format     int                 `json:"format"`
	Chain      chains.Chain        `json:"chain"`
	Heuristics []cluster.Heuristic `json:"heuristics"`
	Giant      int                 `json:"giant"`
	From       uint64              `json:"from_height"`
	Blocks     int                 `json:"blocks"`
	Addresses  uint32              `json:"addresses"`
	Links      uint32              `json:"links"`
	State      *stateInfo          `json:"state,omitempty"`
	Checksum   uint32              `json:"crc32c"` // of the manifest with 0 in its place
}

// stateInfo names a snapshot of the forest as of a number of blocks.
type stateInfo struct {
	File      string `json:"file"`
	Blocks    int    `json:"blocks"`
	Addresses uint32 `json:"addresses"`
	Links     uint32 `json:"links"`
}

const manifestName = "manifest.json"

// Heuristics are what base clusters rest on.
func Heuristics() []cluster.Heuristic {
	return []cluster.Heuristic{cluster.CoSpending, cluster.Guard}
}

func newManifest(chain chains.Chain, giant int) manifest {
	return manifest{Format: formatVersion, Chain: chain, Heuristics: Heuristics(), Giant: giant}
}

// readManifest reads a folder's manifest; fs.ErrNotExist where there is none.
func readManifest(dir string) (m manifest, err error) {
	path := filepath.Join(dir, manifestName)
	data, err := os.ReadFile(path)
	if err != nil {
		return m, err
	}
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&m); err != nil {
		return m, damaged(path, "%v", err)
	}
	if m.Format != formatVersion {
		return m, fmt.Errorf("%s has format %d, this program reads format %d: remove the folder it is in, and the clusters are built again from the index", path, m.Format, formatVersion)
	}
	sum := m.Checksum
	m.Checksum = 0
	if text, err := m.text(); err != nil || checksum(text) != sum {
		return m, damaged(path, "its checksum does not match")
	}
	if m.State != nil && (filepath.Base(m.State.File) != m.State.File || m.State.Blocks > m.Blocks) {
		return m, damaged(path, "it names the state %q", m.State.File)
	}
	return m, nil
}

// check refuses clusters of another chain, or made by other rules.
func (m *manifest) check(dir string, chain chains.Chain, giant int) error {
	switch {
	case m.Chain != chain:
		return fmt.Errorf("the clusters in %s are of chain %s, not %s", dir, m.Chain, chain)
	case !slices.Equal(m.Heuristics, Heuristics()) || m.Giant != giant:
		return fmt.Errorf("the clusters in %s were made by %v with giants of %d, this program uses %v with %d: remove the folder, and they are built again from the index",
			dir, m.Heuristics, m.Giant, Heuristics(), giant)
	}
	return nil
}

func (m *manifest) text() ([]byte, error) { return json.MarshalIndent(m, "", " ") }

// write replaces the manifest: a reader finds the old one or the new one, whole.
func (m manifest) write(dir string) error {
	m.Checksum = 0
	text, err := m.text()
	if err != nil {
		return err
	}
	m.Checksum = checksum(text)
	if text, err = m.text(); err != nil {
		return err
	}
	return folder.Replace(filepath.Join(dir, manifestName), func(file *os.File) error {
		_, err := file.Write(append(text, '\n'))
		return err
	})
}

// removeLeftovers removes what the manifest does not name.
func (m *manifest) removeLeftovers(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		leftover := filepath.Ext(e.Name()) == folder.Unfinished || filepath.Ext(e.Name()) == stateSuffix && (m.State == nil || m.State.File != e.Name())
		if leftover {
			err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
		}
	}
	return err
}
