package entity_test

import (
	"errors"
	"iter"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/chains/bitcoin"
	"tsuiseki/chains/index"
	"tsuiseki/fixtures"
	"tsuiseki/tracer/cluster"
	"tsuiseki/tracer/entity"
)

func drawFrom(t *rapid.T) fixtures.Draw {
	return func(label string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(t, label) }
}

type runningTest interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// bench is a chain's index with its clusters.
type bench struct {
	index   *index.Index
	network bitcoin.Network
	src     *fixtures.Source
	opt     entity.Options
	store   *entity.Store
}

func newBench(t *rapid.T, src *fixtures.Source, opt entity.Options) *bench {
	b := &bench{network: src.Network(), src: src, opt: opt}
	var err error
	if b.index, err = index.Open(index.Options{Dir: "index", Chain: src.Chain(), Scripts: &b.network, Memory: true}); err != nil {
		t.Fatal(err)
	}
	if b.opt.Dir, err = os.MkdirTemp("", "tsuiseki-clusters"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(b.opt.Dir) })
	b.opt.Chain, b.opt.Scripts = src.Chain(), &b.network
	b.open(t)
	return b
}

func (b *bench) open(t runningTest) {
	t.Helper()
	var err error
	if b.store, err = entity.Open(b.opt); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) close(t runningTest) {
	t.Helper()
	if err := b.store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.index.Close(); err != nil {
		t.Fatal(err)
	}
}

// reach indexes up to a height and builds the clusters.
func (b *bench) reach(t *rapid.T, from uint64, to int) {
	height := uint64(to)
	if _, err := b.index.Sync(t.Context(), b.src, index.SyncOptions{From: from, To: &height}); err != nil {
		t.Fatal(err)
	}
	v, err := b.index.View(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if after := rapid.IntRange(-20, 20).Draw(t, "fails after"); after > 0 {
		// What fails on the way leaves whole blocks, and the next Sync goes on.
		if _, err := b.store.Sync(t.Context(), faulty{v, after}, nil); err != nil && !errors.Is(err, errFaulty) {
			t.Fatal(err)
		}
	}
	if _, err := b.store.Sync(t.Context(), v, nil); err != nil {
		t.Fatal(err)
	}
	if err := b.store.Verify(); err != nil {
		t.Fatal(err)
	}
}

// faulty is a chain that fails after some transactions.
type faulty struct {
	entity.Chain
	after int
}

var errFaulty = errors.New("a broken disk")

func (f faulty) Records(from uint64) iter.Seq2[*chains.Tx, error] {
	return func(yield func(*chains.Tx, error) bool) {
		left := f.after
		for tx, err := range f.Chain.Records(from) {
			if left--; left < 0 {
				yield(nil, errFaulty)
				return
			}
			if !yield(tx, err) {
				return
			}
		}
	}
}

func source(t *rapid.T, c *fixtures.Chain) *fixtures.Source {
	src, err := c.Source(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	return src
}

// TestClustersAgainstGraphSearch is the laws Reorg and Idempotence: clusters that
// followed a branch piece by piece, were opened anew, and were then shown a better
// branch say the same as a search of the blocks, as of any height, with any tags.
func TestClustersAgainstGraphSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := drawFrom(t)
		old := fixtures.NewChain()
		old.Extend(draw, draw("blocks", 2, 14))
		from := uint64(draw("from", 0, old.Height()/2) * draw("partial", 0, 1))
		best := old.Fork(draw("fork", int(from), old.Height()))
		best.Extend(draw, old.Height()-best.Height()+draw("longer by", 1, 3))
		before, after := source(t, old), source(t, best)
		unknown := byte(draw("unknown", 0, 1) * 100)
		for _, src := range []*fixtures.Source{before, after} {
			src.Unknown = func(id chains.TxID) bool { return id[31] < unknown }
		}
		b := newBench(t, before, entity.Options{
			Giant: draw("giant", 2, 6), CacheBytes: draw("cache", 1, 4000), CommitBytes: draw("commit", 1, 2000),
			Tail: draw("tail", 1, 10), Depth: draw("depth", 1, 5),
		})
		for to := int(from); to < old.Height(); {
			to = draw("to", to+1, old.Height())
			b.reach(t, from, to)
			if draw("reopen", 0, 1) == 1 {
				if err := b.store.Close(); err != nil {
					t.Fatal(err)
				}
				b.open(t)
			}
		}
		b.src = after
		b.reach(t, from, best.Height())
		defer b.close(t)
		for _, asOf := range []int{best.Height(), draw("as of", int(from), best.Height())} {
			b.compare(t, uint64(asOf), drawTags(t, draw, after, b.network))
		}
	})
}

// drawTags labels some addresses that appear.
func drawTags(t *rapid.T, draw fixtures.Draw, src *fixtures.Source, network bitcoin.Network) (tags []entity.Tag) {
	var all []chains.Address
	for _, block := range src.Decoded {
		for i := range block.Txs {
			for j := range block.Txs[i].Outputs {
				address, _ := network.Describe(block.Txs[i].Outputs[j].Script)
				all = append(all, address)
			}
		}
	}
	for range draw("tags", 0, 4) {
		address := all[draw("tagged", 0, len(all)-1)]
		if !slices.ContainsFunc(tags, func(t entity.Tag) bool { return t.Address == address }) {
			tags = append(tags, entity.Tag{Address: address, Service: rapid.SampledFrom([]string{"X", "Y", "Z"}).Draw(t, "service")})
		}
	}
	return tags
}

// truth is what the blocks say.
func (b *bench) truth(t *rapid.T, v *index.View, tags []entity.Tag) *naive {
	n := &naive{giant: b.opt.Giant, services: map[chains.Address]string{}}
	for _, tag := range tags {
		n.services[tag.Address] = tag.Service
	}
	snapshot := v.Snapshot()
	for h := snapshot.From; h <= snapshot.Height; h++ {
		_, txs, err := v.BlockAt(h)
		if err != nil {
			t.Fatal(err)
		}
		for i := range txs {
			tx, err := v.TxAt(chains.Position{Height: h, Tx: uint32(i)})
			if err != nil {
				t.Fatal(err)
			}
			n.addTx(tx, &b.network)
		}
	}
	return n
}

func (b *bench) compare(t *rapid.T, asOf uint64, tags []entity.Tag) {
	v, err := b.index.View(t.Context(), &asOf)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	n := b.truth(t, v, tags)
	view, err := b.store.View(v, tags)
	if err != nil {
		t.Fatal(err)
	}
	if view.Missing() != n.missing {
		t.Fatalf("%d transactions lack prevouts, want %d", view.Missing(), n.missing)
	}
	asked := slices.Clone(n.order)
	for _, tag := range tags {
		asked = append(asked, tag.Address)
	}
	for _, a := range asked {
		b.compareCluster(t, view, n, a)
		for _, other := range n.order {
			compareWhy(t, view, n, a, other)
		}
	}
}

func (b *bench) compareCluster(t *rapid.T, view *entity.View, n *naive, a chains.Address) {
	want := n.members(a)
	c, err := view.Cluster(a)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Addresses(0)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) || c.Entity != want[0] || c.Size != len(want) || c.Lone() != (len(want) == 1 && !slices.Contains(n.order, a)) {
		t.Fatalf("cluster of %s: %v, entity %s, size %d; want %v", a, got, c.Entity, c.Size, want)
	}
	var services []string
	if s := n.serviceOf(want); s != "" {
		services = []string{s}
	}
	if !slices.Equal(c.Services, services) {
		t.Fatalf("services of %s: %v, want %v", a, c.Services, services)
	}
	merges, err := c.Withheld()
	if err != nil {
		t.Fatal(err)
	}
	others := n.others(want)
	if len(merges) != len(others) {
		t.Fatalf("withheld of %s: %v, want %v", a, merges, others)
	}
	for i, m := range merges {
		if w := others[i]; m.From != w.From || m.To != w.To || m.Tx != w.Tx || m.Outcome != w.outcome {
			t.Fatalf("withheld of %s: %+v, want %+v", a, m, w)
		}
	}
}

// compareWhy: the chain leads from a to b over links that were followed, none twice.
func compareWhy(t *rapid.T, view *entity.View, n *naive, a, b chains.Address) {
	steps, joined, err := view.Why(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if want := slices.Contains(n.members(a), b); joined != want {
		t.Fatalf("why %s %s: joined %v, want %v", a, b, joined, want)
	}
	at, used := a, map[int]bool{}
	for _, s := range steps {
		i := slices.IndexFunc(n.joined, func(e cluster.Evidence) bool {
			return e.Tx == s.Tx && (e.From == s.From && e.To == s.To || e.From == s.To && e.To == s.From)
		})
		if i < 0 || used[i] || s.From != at {
			t.Fatalf("why %s %s: %+v: not a followed link, or walked twice, or not from %s", a, b, s, at)
		}
		used[i], at = true, s.To
	}
	if joined && at != b {
		t.Fatalf("why %s %s ends at %s: %v", a, b, at, steps)
	}
}
