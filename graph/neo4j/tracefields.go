package neo4j

import (
	"fmt"
	"time"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// fields takes values off a row. The first that is not as it should be sets err.
type fields struct {
	r   *driver.Record
	err error
}

func (f *fields) keep(err error) {
	if f.err == nil {
		f.err = err
	}
}

// of is a row's value.
func of[T any](f *fields, name string) T {
	v, err := field[T](f.r, name)
	f.keep(err)
	return v
}

func (f *fields) text(name string) string    { return of[string](f, name) }
func (f *fields) number(name string) int     { return int(of[int64](f, name)) }
func (f *fields) time(name string) time.Time { return of[time.Time](f, name).UTC() }

func (f *fields) position(name string) chains.Position { return positionOf(of[int64](f, name)) }

func (f *fields) address() graph.Address {
	return graph.Address{Chain: chains.Chain(f.text("chain")), Address: chains.Address(f.text("address"))}
}

func (f *fields) amount(name string) chains.Amount {
	a, err := chains.ParseAmount(f.text(name))
	f.keep(err)
	return a
}

func (f *fields) txid() chains.TxID {
	id, err := chains.ParseTxID(f.text("txid"))
	f.keep(err)
	return id
}

func (f *fields) transfer() graph.Transfer {
	t, err := transferOf(f.r, chains.Chain(f.text("chain")))
	f.keep(err)
	return t
}

// listed is a row's list; nil where it is empty.
func listed[T any](f *fields, name string) (all []T) {
	for _, value := range of[[]any](f, name) {
		v, is := value.(T)
		if !is {
			f.keep(fmt.Errorf("the graph's %s has %v, not %T: %w", name, value, v, chains.ErrCorrupt))
		}
		all = append(all, v)
	}
	return all
}

// traceOf reads a trace without its lists, and how long they are.
func traceOf(r *driver.Record) (*graph.Trace, [5]int64, error) {
	f := &fields{r: r}
	t := &graph.Trace{
		Case: graph.CaseID(f.text("case")), Rule: f.text("rule"), Digest: f.text("digest"), Engine: f.text("engine"), Stale: of[bool](f, "stale"),
	}
	on, heights, hashes := listed[string](f, "chains"), listed[int64](f, "heights"), listed[string](f, "hashes")
	if len(heights) != len(on) || len(hashes) != len(on) {
		f.keep(fmt.Errorf("a trace's blocks have %d chains, %d heights, %d hashes: %w", len(on), len(heights), len(hashes), chains.ErrCorrupt))
		return nil, [5]int64{}, f.err
	}
	for i := range on {
		hash, err := chains.ParseBlockHash(hashes[i])
		f.keep(err)
		t.AsOf = append(t.AsOf, graph.Anchor{Chain: chains.Chain(on[i]), BlockRef: chains.BlockRef{Height: uint64(heights[i]), Hash: hash}})
	}
	var long [5]int64
	for i, name := range []string{"deposits", "hops", "ends", "members", "labels"} {
		long[i] = of[int64](f, name)
	}
	return t, long, f.err
}

func depositOf(r *driver.Record) (graph.Deposit, error) {
	f := &fields{r: r}
	return graph.Deposit{ID: f.text("id"), Transfer: f.transfer(), Tx: f.txid()}, f.err
}

func hopOf(r *driver.Record) (graph.Hop, error) {
	f := &fields{r: r}
	h := graph.Hop{
		Deposit: f.text("deposit"), Transfer: f.transfer(), Tx: f.txid(), Traced: f.amount("traced"), Depth: f.number("depth"), Means: f.text("means"),
	}
	return h, f.err
}

func endOf(r *driver.Record) (graph.End, error) {
	f := &fields{r: r}
	at := f.address()
	e := graph.End{
		Deposit: f.text("deposit"), Kind: f.text("kind"), Key: graph.Key{Chain: at.Chain, At: f.position("order"), N: uint32(f.number("n"))}, Tx: f.txid(), Time: f.time("time"),
		Address: at.Address, Asset: chains.Asset(f.text("asset")), Traced: f.amount("traced"), Depth: f.number("depth"), Label: f.text("label"), Detail: f.text("detail"),
	}
	return e, f.err
}

func memberOf(r *driver.Record) (graph.Member, error) {
	f := &fields{r: r}
	m := graph.Member{Address: f.address(), Entity: chains.Address(f.text("entity")), Size: f.number("size"), Heuristics: listed[string](f, "heuristics")}
	return m, f.err
}

func labelOf(r *driver.Record) (graph.Label, error) {
	f := &fields{r: r}
	since, err := optionalTime(r, "since")
	f.keep(err)
	l := graph.Label{
		Address: f.address(), Label: f.text("label"), Concepts: listed[string](f, "concepts"), Source: f.text("source"), Confidence: f.number("confidence"), Since: since,
	}
	return l, f.err
}

func visitOf(r *driver.Record) (graph.Visit, error) {
	f := &fields{r: r}
	v := graph.Visit{
		Case: graph.CaseID(f.text("case")), Rule: f.text("rule"), Deposit: f.text("deposit"), Address: f.address(), Asset: chains.Asset(f.text("asset")),
		Traced: f.amount("traced"), Depth: f.number("depth"), First: graph.Moment{At: f.position("first_order"), Time: f.time("first")},
		Last: graph.Moment{At: f.position("last_order"), Time: f.time("last")}, End: f.text("end"),
	}
	return v, f.err
}
