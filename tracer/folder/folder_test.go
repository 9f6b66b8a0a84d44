package folder_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"tsuiseki/tracer/folder"
)

var errInUse = errors.New("in use")

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := folder.Lock(path, errInUse)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := folder.Lock(path, errInUse); !errors.Is(err, errInUse) {
		t.Errorf("a second time: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := folder.Lock(path, errInUse)
	if err != nil {
		t.Fatalf("after it was closed: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
	if _, err := folder.Lock(filepath.Join(path, "below"), errInUse); err == nil || errors.Is(err, errInUse) {
		t.Errorf("where there is no folder: %v", err)
	}
}

func TestReplace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	put := func(text string, failure error) error {
		return folder.Replace(path, func(f *os.File) error {
			_, err := f.WriteString(text)
			return errors.Join(err, failure)
		})
	}
	if err := put("old", nil); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	if err := put("new, cut sh", broken); !errors.Is(err, broken) {
		t.Errorf("a writer that fails: %v", err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "old" {
		t.Errorf("then it holds %q, %v", got, err)
	}
	if err := put("new", nil); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "new" {
		t.Errorf("at last it holds %q, %v", got, err)
	}
	if _, err := os.Stat(path + folder.Unfinished); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something is left over: %v", err)
	}
}
