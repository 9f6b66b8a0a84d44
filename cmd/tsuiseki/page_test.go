package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tsuiseki/chains/chaintest"
)

// TestPages: page by page, whatever their size, a history is the same as at once,
// and no transaction is torn.
func TestPages(t *testing.T) {
	data := t.TempDir()
	show := func(args ...string) string {
		var out, errOut strings.Builder
		if code := run(append([]string{"--data", data}, args...), &out, &errOut); code != exitDone {
			t.Fatalf("%v: exit %d: %s", args, code, errOut.String())
		}
		return out.String()
	}
	show("index", "bitcoin", "--blocks", chaintest.EarlyChain(t))
	const address = "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S"
	page := func(args ...string) (d addressDoc) {
		if err := json.Unmarshal([]byte(show(append([]string{"show", "address", address, "--json"}, args...)...)), &d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	all := page()
	if len(all.Appearances) != 11 || all.Next != "" {
		t.Fatalf("got %+v", all)
	}
	for size := 1; size <= 12; size++ {
		var paged []appearanceDoc
		for from := "0"; from != ""; {
			d := page("--limit", fmt.Sprint(size), "--from", from)
			if d.Balance.Cmp(all.Balance) != 0 || d.Next != "" && len(d.Appearances) < size {
				t.Fatalf("size %d from %s: got %+v", size, from, d)
			}
			if n := len(paged); n > 0 && paged[n-1].Tx == d.Appearances[0].Tx {
				t.Fatalf("size %d: %s is torn", size, d.Appearances[0].Tx)
			}
			paged, from = append(paged, d.Appearances...), d.Next
		}
		if !slices.Equal(paged, all.Appearances) {
			t.Fatalf("size %d: got %+v", size, paged)
		}
	}
}

// TestPrintStreamed: what is written item by item is the document, whatever its
// texts look like; an error on the way is told.
func TestPrintStreamed(t *testing.T) {
	type doc struct {
		Name  string `json:"name"`
		Items []int  `json:"items"`
		Next  string `json:"next"`
	}
	for _, items := range [][]int{{}, {1}, {1, 2, 3}} {
		written, whole := doc{Name: `"items":[] <&>`, Items: []int{}}, doc{Name: `"items":[] <&>`, Items: items, Next: "later"}
		var got, want strings.Builder
		err := printStreamed(&got, &written, "items", func(put func(any) error) error {
			for _, item := range items {
				if err := put(item); err != nil {
					return err
				}
			}
			written.Next = "later"
			return nil
		})
		if err := errors.Join(err, printJSON(&want, whole)); err != nil || got.String() != want.String() {
			t.Fatalf("got %s, %v, want %s", &got, err, &want)
		}
	}
	broken := errors.New("broken")
	err := printStreamed(&strings.Builder{}, doc{Items: []int{}}, "items", func(func(any) error) error { return broken })
	if !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
}
