package neo4j

import (
	"context"
	"errors"
	"iter"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// archivePage is how many rows are read at once.
const archivePage = 2_000

const (
	readChains = `CALL { MATCH (x:Transaction) RETURN x.chain AS chain UNION MATCH (a:Address) WHERE a.whole IS NOT NULL RETURN a.chain AS chain
		UNION MATCH (a:Anchor) RETURN a.chain AS chain } RETURN DISTINCT chain ORDER BY chain`
	readPlaces = `MATCH (x:Transaction {chain: $chain}) WHERE x.height >= $height AND x.order > $after RETURN x.order AS order ORDER BY x.order LIMIT $page`
	readWholes = `MATCH (a:Address {chain: $chain}) WHERE a.whole IS NOT NULL AND a.address > $after
		RETURN a.address AS address, a.whole AS whole ORDER BY a.address LIMIT $page`
)

// Chains implements graph.Archive.
func (s *Store) Chains(ctx context.Context) ([]chains.Chain, error) {
	return read(ctx, s, readChains, nil, driver.AccessModeRead, func(r *driver.Record) (chains.Chain, error) {
		name, err := field[string](r, "chain")
		return chains.Chain(name), err
	})
}

// All implements graph.Archive.
func (s *Store) All(ctx context.Context, chain chains.Chain) iter.Seq2[*graph.Tx, error] {
	return func(yield func(*graph.Tx, error) bool) {
		last := int64(-1)
		for {
			params := map[string]any{"chain": string(chain), "after": last, "height": max(last, 0) >> 24, "page": int64(archivePage)}
			places, err := read(ctx, s, readPlaces, params, driver.AccessModeRead, func(r *driver.Record) (chains.Position, error) {
				at, err := field[int64](r, "order")
				return positionOf(at), err
			})
			if err != nil {
				yield(nil, err)
				return
			}
			page, err := s.Txs(ctx, chain, places)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, tx := range page {
				if !yield(tx, nil) {
					return
				}
			}
			if len(places) < archivePage {
				return
			}
			last = order(places[len(places)-1])
		}
	}
}

// Wholes implements graph.Archive.
func (s *Store) Wholes(ctx context.Context, chain chains.Chain) iter.Seq2[graph.Coverage, error] {
	return func(yield func(graph.Coverage, error) bool) {
		last := ""
		for {
			params := map[string]any{"chain": string(chain), "after": last, "page": int64(archivePage)}
			page, err := read(ctx, s, readWholes, params, driver.AccessModeRead, func(r *driver.Record) (c graph.Coverage, err error) {
				address, err1 := field[string](r, "address")
				whole, err2 := field[int64](r, "whole")
				return graph.Coverage{Address: graph.Address{Chain: chain, Address: chains.Address(address)}, Through: uint64(whole)}, errors.Join(err1, err2)
			})
			if !yieldAll(page, err, yield) || len(page) < archivePage {
				return
			}
			last = string(page[len(page)-1].Address.Address)
		}
	}
}
