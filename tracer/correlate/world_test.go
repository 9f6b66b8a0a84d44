package correlate_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"testing"
	"time"

	"tsuiseki/fixtures/cases"
	"tsuiseki/tracer/correlate"
)

// night is a world in which some cases changed since the night before, and some have
// not come yet.
type night struct {
	*cases.World
	number int // of the night
	coming int // cases that are yet to come, a few each night
}

const perNight = 15 // cases that come, and as many that change

func (n *night) Refs(context.Context) iter.Seq2[correlate.Ref, error] {
	return func(yield func(correlate.Ref, error) bool) {
		last := n.Cases() - n.coming + perNight*n.number
		for i := range last {
			ref := n.Ref(i)
			if i%(n.Cases()/perNight) == n.number {
				ref.Revision = fmt.Sprint("changed in night ", n.number)
			}
			if !yield(ref, nil) {
				return
			}
		}
	}
}

func run(tb testing.TB, in correlate.Inputs, dir string, full bool) *correlate.Result {
	tb.Helper()
	r, err := correlate.Run(tb.Context(), in, correlate.Options{Dir: dir, Full: full, AsOf: time.Unix(1_700_000_000, 0), Params: correlate.DefaultParams("fifo")})
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// document is a result in JSON.
func document(tb testing.TB, r *correlate.Result) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := r.WriteJSON(tb.Context(), &b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}
