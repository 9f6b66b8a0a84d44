package graph

import (
	"context"
	"maps"
	"slices"

	"tsuiseki/chains"
)

// Record writes what was found on chains, once what rests on their replaced blocks
// is gone: two versions of one chain never lie beside each other.
func Record(ctx context.Context, store Store, indexes map[chains.Chain]Chain, b *Batch) error {
	if err := reconcileAll(ctx, store, indexes); err != nil {
		return err
	}
	return store.Write(ctx, b)
}

func reconcileAll(ctx context.Context, store Store, indexes map[chains.Chain]Chain) error {
	for _, name := range slices.Sorted(maps.Keys(indexes)) {
		if err := Reconcile(ctx, store, indexes[name]); err != nil {
			return err
		}
	}
	return nil
}
