package label_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"tsuiseki/tracer/label"
)

// many is how many labels the benchmarks hold.
const many = 500_000

func manyRows(n int) label.File {
	var b strings.Builder
	b.WriteString("chain,address,label,category,source,confidence,actor\n")
	for i := range n {
		fmt.Fprintf(&b, "ethereum,0x%040x,service %d hot wallet,exchange,https://example.org/wallets,service_data,actor%d\n", i*7919, i%1000, i%1000)
	}
	return label.File{Name: "many.csv", Data: []byte(b.String())}
}

func manyTags(n int) label.File {
	var b strings.Builder
	b.WriteString("title: T\ncreator: C\nsource: https://example.org/wallets\ncurrency: ETH\nconfidence: service_data\ncategory: exchange\ntags:\n")
	for i := range n {
		fmt.Fprintf(&b, "- address: '0x%040x'\n  label: service %d hot wallet\n  actor: actor%d\n", i*7919, i%1000, i%1000)
	}
	return label.File{Name: "many.yaml", Data: []byte(b.String())}
}

func BenchmarkImportCSV(b *testing.B)     { benchmarkImport(b, manyRows(many)) }
func BenchmarkImportTagPack(b *testing.B) { benchmarkImport(b, manyTags(many)) }

func benchmarkImport(b *testing.B, f label.File) {
	b.ReportAllocs()
	for b.Loop() {
		s, _ := newStore(b)
		importFile(b, s, f)
	}
	b.ReportMetric(many*float64(b.N)/b.Elapsed().Seconds(), "labels/s")
}

// BenchmarkOpen opens a view of half a million labels.
func BenchmarkOpen(b *testing.B) {
	s, _ := newStore(b)
	importFile(b, s, manyRows(many))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	held := openView(b, s, time.Time{})
	runtime.GC()
	runtime.ReadMemStats(&after)
	for b.Loop() {
		v, err := s.View(time.Time{})
		if err != nil {
			b.Fatal(err)
		}
		v.Close()
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/many, "B/label")
	runtime.KeepAlive(held)
}

func BenchmarkLookUp(b *testing.B) {
	s, _ := newStore(b)
	importFile(b, s, manyRows(many))
	v := openView(b, s, time.Time{})
	for name, want := range map[string]int{"found": 1, "absent": 0} {
		b.Run(name, func(b *testing.B) {
			addresses := make([]string, 1<<16)
			for i := range addresses {
				addresses[i] = fmt.Sprintf("0x%040x", i*7919+1-want)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				entries, err := v.Of("ethereum", addresses[i&0xffff], time.Time{})
				if err != nil || len(entries) != want {
					b.Fatalf("%d labels, %v", len(entries), err)
				}
				i += 7
			}
		})
	}
}
