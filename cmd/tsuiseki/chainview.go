package main

import (
	"errors"
	"fmt"
	"io"

	"tsuiseki/chains"
	"tsuiseki/chains/index"
)

// openedView is an index opened as of a block: an *opened or an *openedAccounts.
type openedView interface {
	timed
	io.Closer
}

// openChain opens a chain's index as of a height, or of its tip.
func openChain(s *session, chain chains.Chain, asOf *uint64, labels labelFlags) (openedView, error) {
	if chain.Family() == chains.Ethereum {
		view, err := openAccountView(s, chain, asOf, executionFlags{}, labels)
		if err != nil {
			return nil, err
		}
		return view, nil
	}
	view, err := openView(s, chain, asOf, labels)
	if err != nil {
		return nil, err
	}
	return view, nil
}

// openChains opens all indexes that hold a block, in the order of their names.
func openChains(s *session, labels labelFlags) (views []openedView, err error) {
	all, err := index.List(s.data)
	if err != nil {
		return nil, err
	}
	for _, chain := range all {
		view, err := openChain(s, chain, nil, labels)
		if errors.Is(err, index.ErrEmpty) {
			continue
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", chain, err), closeChains(views))
		}
		views = append(views, view)
	}
	return views, nil
}

func closeChains(views []openedView) (err error) {
	for _, view := range views {
		err = errors.Join(err, view.Close())
	}
	return err
}
