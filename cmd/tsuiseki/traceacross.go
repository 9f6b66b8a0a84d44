package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"tsuiseki/chains"
	"tsuiseki/chains/bitcoin"
	"tsuiseki/chains/index"
	"tsuiseki/tracer"
	"tsuiseki/tracer/bridge"
)

// world opens the chains to which trails cross over bridges, when one first does.
type world struct {
	session *session
	cmd     *traceFlags
	homes   map[chains.Chain]*tracer.Side // of the deposits
	until   time.Time                     // no later block of another chain counts; zero: up to its tip
	known   map[string]reached
	opened  []io.Closer
}

// reached is what asking for a chain gave.
type reached struct {
	side *tracer.Side
	why  string
}

// newWorld knows the chains of the deposits. asOf is the time of the last block that
// counts, where the user said as of which.
func newWorld(s *session, c *traceFlags, homes []*tracedSide, asOf time.Time) *world {
	w := &world{session: s, cmd: c, homes: map[chains.Chain]*tracer.Side{}, until: asOf, known: map[string]reached{}}
	for _, home := range homes {
		chain := home.view.Snapshot().Chain
		w.homes[chain] = home.deposits.Side
		w.known[bridge.Code(chain, home.deposits.Side.Asset)] = reached{side: home.deposits.Side}
	}
	return w
}

// live reports whether the deposits are on chains whose coins have a price.
func (w *world) live() bool {
	for chain := range w.homes {
		if bridge.Live(chain) {
			return true
		}
	}
	return false
}

// Side implements tracer.World.
func (w *world) Side(code string) (*tracer.Side, string, error) {
	if r, known := w.known[code]; known && code != "" {
		return r.side, r.why, nil
	}
	r, err := w.reach(code)
	if err != nil {
		return nil, "", err
	}
	w.known[code] = r
	return r.side, r.why, nil
}

func (w *world) reach(code string) (r reached, err error) {
	switch {
	case code == "":
		return reached{why: "no chain is named"}, nil
	case w.cmd.AsOf != nil && w.until.IsZero():
		return reached{why: fmt.Sprintf("the time of the last block is not told: as of when %s counts is not known", code)}, nil
	}
	all, err := index.List(w.session.data)
	if err != nil {
		return r, err
	}
	all = slices.DeleteFunc(all, func(chain chains.Chain) bool {
		return w.homes[chain] != nil || bridge.Code(chain, bitcoinCoin(chain)) != code || bridge.Live(chain) != w.live()
	})
	switch len(all) {
	case 0:
		return reached{why: fmt.Sprintf("no chain %q is indexed", code)}, nil
	case 1:
		r, err = w.open(all[0])
	default:
		return reached{why: fmt.Sprintf("several indexed chains could be %s: %s", code, join(all))}, nil
	}
	switch { // other trails can still be followed
	case errors.Is(err, index.ErrEmpty):
		return reached{why: fmt.Sprintf("the index of %s holds no block", all[0])}, nil
	case errors.Is(err, errLater):
		return reached{why: fmt.Sprintf("the index of %s begins later than %s", all[0], when(w.until))}, nil
	}
	if err != nil {
		err = fmt.Errorf("%w; trails may cross to %s: --no-cross stays on the deposits' chain", err, all[0])
	}
	return r, err
}

// bitcoinCoin is the coin of a chain in Bitcoin's format: of others only the name matters.
func bitcoinCoin(chain chains.Chain) chains.Asset {
	network, err := bitcoin.NetworkByChain(chain)
	if err != nil {
		return ""
	}
	return network.Asset
}

// open opens a chain as of the same time as the deposits'.
func (w *world) open(chain chains.Chain) (r reached, err error) {
	c := w.cmd
	if chain.Family() == chains.Ethereum {
		view, err := openAccountView(w.session, chain, nil, c.executionFlags, c.labelFlags)
		if err != nil {
			return r, err
		}
		if height, bounded, err := w.bound(view); err != nil || bounded {
			if err = errors.Join(err, view.Close()); err != nil {
				return r, err
			}
			if view, err = openAccountView(w.session, chain, &height, c.executionFlags, c.labelFlags); err != nil {
				return r, err
			}
		}
		if err := view.withHeuristics(c.heuristicFlags); err != nil {
			return r, errors.Join(err, view.Close())
		}
		w.opened = append(w.opened, view)
		if err := view.withHeuristics(c.heuristicFlags); err != nil {
			return r, err
		}
		return reached{side: accountSide(view)}, nil
	}
	view, err := openView(w.session, chain, nil, c.labelFlags)
	if err != nil {
		return r, err
	}
	if height, bounded, err := w.bound(view); err != nil || bounded {
		if err = errors.Join(err, view.Close()); err != nil {
			return r, err
		}
		if view, err = openView(w.session, chain, &height, c.labelFlags); err != nil {
			return r, err
		}
	}
	err = view.withHeuristics(c.heuristicFlags)
	if err == nil {
		err = view.reachThroughClusters(w.session, new(tracer.Params)) // those of the chain's snapshot
	}
	if err != nil {
		return r, errors.Join(err, view.Close())
	}
	w.opened = append(w.opened, view)
	if err := view.withHeuristics(c.heuristicFlags); err != nil {
		return r, err
	}
	return reached{side: outputSide(view)}, nil
}

// Close closes what was opened.
func (w *world) Close() error {
	var errs []error
	for _, c := range w.opened {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// views are those of all chains that the trail reached.
func (w *world) views() []any {
	var views []any
	for _, chain := range slices.Sorted(maps.Keys(w.homes)) {
		views = append(views, w.homes[chain].Accounts, w.homes[chain].Outputs)
	}
	for _, view := range w.opened {
		views = append(views, view)
	}
	return views
}

// addLeads looks beyond the mixers of all chains that the trail reached.
func addLeads(s *session, views []any, result *tracer.Result) (err error) {
	for _, view := range views {
		switch view := view.(type) {
		case *openedAccounts:
			err = addMixerLeads(view, result)
		case *opened:
			err = addJoinLeads(s, view, result)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func outputSide(view *opened) *tracer.Side {
	return &tracer.Side{Outputs: view, Asset: view.network.Asset, Messages: view, Heuristics: view.heuristicDocs()}
}

func accountSide(view *openedAccounts) *tracer.Side {
	return &tracer.Side{Accounts: view, Asset: view.Native(), Messages: view, Heuristics: view.heuristics.docs()}
}

// timed is a view of any chain.
type timed interface {
	Snapshot() chains.Snapshot
	BlockAt(height uint64) (chains.Header, int, error)
}

// errLater says that a chain's index begins after the time asked for.
var errLater = errors.New("the index begins later")

// bound is the last block of a chain that is not later than the deposits' chain is
// looked at; bounded is false where that is all of it.
func (w *world) bound(view timed) (height uint64, bounded bool, err error) {
	if w.until.IsZero() {
		return 0, false, nil
	}
	s := view.Snapshot()
	height, err = lastNotAfter(view, w.until)
	return height, err == nil && height < s.Height, err
}

// lastNotAfter finds the last block whose time is not after a moment. Times of
// Bitcoin's blocks go back by a few blocks now and then (each is above the median of
// the eleven before), so around where a search ends all are looked at.
func lastNotAfter(view timed, moment time.Time) (uint64, error) {
	const around = 24
	s := view.Snapshot()
	low, high := s.From, s.Height+1 // the first block later than the moment lies here
	for low < high {
		middle := low + (high-low)/2
		header, err := atOrBelow(view, middle)
		if err != nil {
			return 0, err
		}
		if header.Time.After(moment) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	for height := min(low+around, s.Height) + 1; height > s.From; height-- {
		header, err := atOrBelow(view, height-1)
		if err != nil {
			return 0, err
		}
		if !header.Time.After(moment) {
			return header.Height, nil
		}
	}
	return 0, errLater
}

// atOrBelow is the header at a height, or where an export lacks that block, of the
// one below.
func atOrBelow(view timed, height uint64) (header chains.Header, err error) {
	for from := view.Snapshot().From; ; height-- {
		header, _, err = view.BlockAt(height)
		if err == nil || !errors.Is(err, chains.ErrNotFound) || height <= from {
			return header, err
		}
	}
}

// tipTime is the time of a view's last block.
func tipTime(view timed) (time.Time, error) {
	header, _, err := view.BlockAt(view.Snapshot().Height)
	return header.Time, err
}
