package main

import (
	"errors"
	"fmt"
	"io"

	"tsuiseki/chains/index"
	"tsuiseki/tracer/casebook"
)

type watchCmd struct {
	Add      watchAddCmd      `cmd:"" help:"Watch an address, its entity, or where a trace ended."`
	List     watchListCmd     `cmd:"" help:"List what cases watch."`
	Withdraw watchWithdrawCmd `cmd:"" help:"End a watch; its alerts stay."`
	Alerts   watchAlertsCmd   `cmd:"" help:"List what moved, the newest first."`
	Seen     watchSeenCmd     `cmd:"" help:"Record that somebody has seen to an alert."`
}

type watchAddCmd struct {
	casebookFlags
	chainFlag
	labelFlags
	ID    string `arg:"" help:"Case."`
	Place string `arg:"" help:"ADDRESS; entity:ADDRESS; or where a trace ended: end:TXID:N on a chain in Bitcoin's format, end:ADDRESS on another."`
	Note  string `help:"Why it is watched."`
	JSON  bool   `name:"json" help:"Print one JSON document."`
}

type watchDoc struct {
	Watch casebook.Watch `json:"watch"`
	New   bool           `json:"new"`
}

// Run watches a place from the index's tip on.
func (c *watchAddCmd) Run(s *session) (err error) {
	chain, err := c.resolve(s.data)
	if err != nil {
		return err
	}
	seer, err := openObserver(s, c.labelFlags)
	if err != nil {
		return err
	}
	view := seer.views[chain]
	if view == nil {
		return errors.Join(fmt.Errorf("%s: %w", chain, index.ErrEmpty), seer.Close())
	}
	place, err := seer.place(chain, c.Place)
	tip := view.Snapshot()
	if err = errors.Join(err, seer.Close()); err != nil {
		return err
	}
	place.Note, place.Seen = c.Note, casebook.Sight{Height: int64(tip.Height), Hash: tip.Hash.String()}
	return withDesk(s, c.casebookFlags, casebook.Analyst, func(d *desk) error {
		watch, fresh, err := d.AddWatch(s.ctx, d.who, c.ID, place)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, watchDoc{watch, fresh})
		}
		fmt.Fprintf(s.out, "watch %s, from block %d on\n", watch.ID, watch.Seen.Height)
		return nil
	})
}

type watchListCmd struct {
	casebookFlags
	listFlags
	Case string `help:"Only this case's." placeholder:"ID"`
	JSON bool   `name:"json" help:"Print one JSON document."`
}

type watchesDoc struct {
	Watches []casebook.Watch `json:"watches"`
	Next    string           `json:"next,omitempty"`
}

// Run lists watches.
func (c *watchListCmd) Run(s *session) error {
	return withDesk(s, c.casebookFlags, casebook.Analyst, func(d *desk) error {
		found, err := d.Watches(s.ctx, d.who, casebook.WatchFilter{Case: c.Case}, c.page())
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, watchesDoc{found.Items, found.Next})
		}
		table(s.out, func(w io.Writer) {
			fmt.Fprintln(w, "WATCH\tCASE\tKIND\tPLACE\tSEEN UP TO\tNOTE\t")
			for i := range found.Items {
				one := &found.Items[i]
				place := string(one.Address)
				if one.Tx != nil {
					place = fmt.Sprintf("%s:%d", one.Tx, one.Index)
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s on %s\t%d\t%s\t\n", one.ID, one.Case, one.Kind, place, one.Chain, one.Seen.Height, one.Note)
			}
		})
		_, err = io.WriteString(s.out, moreOf(found.Next))
		return err
	})
}

type watchWithdrawCmd struct {
	casebookFlags
	ID     string `arg:"" help:"Watch."`
	Reason string `help:"Why." required:""`
}

// Run ends a watch.
func (c *watchWithdrawCmd) Run(s *session) error {
	return withDesk(s, c.casebookFlags, casebook.Analyst, func(d *desk) error { return d.WithdrawWatch(s.ctx, d.who, c.ID, c.Reason) })
}

type watchAlertsCmd struct {
	casebookFlags
	listFlags
	Case string `help:"Only this case's." placeholder:"ID"`
	Open bool   `help:"Only those that nobody has seen to."`
	JSON bool   `name:"json" help:"Print one JSON document."`
}

type alertsDoc struct {
	Alerts []casebook.Alert `json:"alerts"`
	Next   string           `json:"next,omitempty"`
}

// Run lists alerts.
func (c *watchAlertsCmd) Run(s *session) error {
	return withDesk(s, c.casebookFlags, casebook.Analyst, func(d *desk) error {
		found, err := d.Alerts(s.ctx, d.who, casebook.AlertFilter{Case: c.Case, Open: c.Open}, c.page())
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, alertsDoc{found.Items, found.Next})
		}
		table(s.out, func(w io.Writer) {
			fmt.Fprintln(w, "ALERT\tCASE\tMOVED IN\tBLOCK\tTIME\tTRACED ANEW BY\tSEEN TO BY\t")
			for i := range found.Items {
				a := &found.Items[i]
				block := fmt.Sprint(a.Height)
				if !a.Gone.IsZero() {
					block += ", replaced since"
				}
				fmt.Fprintf(w, "%s\t%s\t%s on %s\t%s\t%s\t%s\t%s\t\n", a.ID, a.Case, a.Tx, a.Chain, block, when(a.Time), a.Job, a.Acknowledged.By)
			}
		})
		_, err = io.WriteString(s.out, moreOf(found.Next))
		return err
	})
}

type watchSeenCmd struct {
	casebookFlags
	ID   string `arg:"" help:"Alert."`
	Note string `help:"What was done." required:""`
}

// Run acknowledges an alert.
func (c *watchSeenCmd) Run(s *session) error {
	return withDesk(s, c.casebookFlags, casebook.Analyst, func(d *desk) error {
		_, err := d.AcknowledgeAlert(s.ctx, d.who, c.ID, c.Note)
		return err
	})
}
