package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"tsuiseki/chains"
	"tsuiseki/tracer/cluster"
)

// peelWalk is how many steps of a peel chain are followed each way.
const peelWalk = 100

// signsDoc is what the heuristics see in a transaction. A coinbase has no signs.
type signsDoc struct {
	CoinJoin    []cluster.Sign       `json:"coinjoin"`
	Change      []cluster.ChangeSign `json:"change"`
	Agreed      *agreedDoc           `json:"change_agreed"` // null where no output is agreed on
	Peel        *cluster.Peel        `json:"peel"`          // null where there is no peel chain
	Fingerprint *cluster.Fingerprint `json:"fingerprint"`   // null for a coinbase
}

// agreedDoc is the output that the rules of change agree on.
type agreedDoc struct {
	cluster.Heuristic
	Outputs []uint32 `json:"outputs"`
	By      []string `json:"by"` // heuristics that leave only this output
}

func newSignsDoc(view *opened, tx *chains.Tx) (*signsDoc, error) {
	doc := &signsDoc{CoinJoin: []cluster.Sign{}, Change: []cluster.ChangeSign{}}
	if tx.Coinbase() {
		return doc, nil
	}
	around := surroundings{view}
	tx = cluster.Describe(tx, &view.network)
	doc.CoinJoin = cluster.JointSigns(tx)
	change, err := cluster.FindChange(tx, around)
	if err != nil {
		return nil, err
	}
	doc.Change = append(doc.Change, change.Rules...)
	if change.Agreed != nil {
		doc.Agreed = &agreedDoc{cluster.Agreement, []uint32{*change.Agreed}, change.By}
	}
	fingerprint := cluster.FingerprintOf(tx)
	doc.Fingerprint = &fingerprint
	doc.Peel, err = cluster.FindPeel(tx, around, peelWalk)
	return doc, err
}

// surroundings answers the heuristics from an index.
type surroundings struct{ view *opened }

var _ cluster.Chain = surroundings{}

// Fresh looks for the first output to the address.
func (s surroundings) Fresh(out *chains.Output, before chains.Position) (cluster.Verdict, error) {
	address, _ := s.view.Describe(out.Script)
	for first, err := range s.view.History(address, s.view.network.Key(out.Script)) {
		if err != nil {
			return "", err
		}
		// An input shows that the address was paid before, even where the index begins later.
		if c := first.Tx.Position().Compare(before); c < 0 || (c == 0 && first.Input) {
			return cluster.No, nil
		}
		break
	}
	if s.view.Snapshot().From > 0 {
		return cluster.Undecided, nil
	}
	return cluster.Yes, nil
}

// Spender is the confirmed spender.
func (s surroundings) Spender(tx *chains.Tx, n uint32) (*chains.Tx, error) {
	spend, err := s.view.Spend(tx, n)
	if err != nil || spend.State != chains.SpentConfirmed {
		return nil, err
	}
	spender, err := s.view.TxAt(spend.At)
	if err != nil {
		return nil, err
	}
	return cluster.Describe(spender, &s.view.network), nil
}

// Creator is the last transaction with the prevout's id before tx.
func (s surroundings) Creator(tx *chains.Tx, input uint32) (*chains.Tx, error) {
	if int(input) >= len(tx.Inputs) || tx.Inputs[input].Coinbase() {
		return nil, nil
	}
	creators, err := s.view.Txs(tx.Inputs[input].Prevout.Tx)
	if errors.Is(err, chains.ErrNotFound) {
		return nil, nil
	}
	for i := len(creators) - 1; i >= 0 && err == nil; i-- {
		if creators[i].Position().Compare(tx.Position()) < 0 {
			return cluster.Describe(creators[i], &s.view.network), nil
		}
	}
	return nil, err
}

// printSigns tells people what has been found; what rules out nothing is left out.
func printSigns(w io.Writer, d *txDoc) {
	signs := d.Signs
	if signs.Fingerprint == nil {
		return
	}
	fmt.Fprintln(w, "\nsigns (inferences, not facts)")
	table(w, func(w io.Writer) {
		for _, s := range signs.CoinJoin {
			if s.Verdict != cluster.No || s.Heuristic == cluster.Joint {
				fmt.Fprintf(w, "  %s\t%s\n", s.ID, s.Verdict)
			}
		}
		payable := payableCount(d)
		for _, s := range signs.Change {
			may := "may be"
			if s.Heuristic == cluster.SelfChange {
				may = "certainly is"
			}
			if len(s.Outputs) < payable {
				fmt.Fprintf(w, "  %s\tchange %s %s\n", s.ID, may, outputList(s.Outputs))
			}
		}
		if a := signs.Agreed; a != nil {
			fmt.Fprintf(w, "  %s\tchange is likely %s, by %s\n", a.ID, outputList(a.Outputs), strings.Join(a.By, ", "))
		}
		if p := signs.Peel; p != nil {
			more := ""
			if p.More {
				more = " or more"
			}
			fmt.Fprintf(w, "  %s\tstep %d of %d%s: pays output %d, passes output %d on\n", p.ID, p.Before+1, p.Before+1+p.After, more, p.Payment, p.Rest)
		}
		f := signs.Fingerprint
		fmt.Fprintf(w, "  %s\tversion %d, locktime %d (%s), %s, %s, from %s to %s\n", f.ID, f.TxVersion, f.LockTime, f.LockKind,
			yesNo(f.RBF, "replaceable", "not replaceable"), yesNo(f.BIP69, "in BIP69 order", "not in BIP69 order"),
			strings.Join(f.InputTypes, "+"), strings.Join(f.OutputTypes, "+"))
	})
}

func payableCount(d *txDoc) (count int) {
	for _, out := range d.Outputs {
		if out.Script != "op_return" && out.Amount.Sign() > 0 {
			count++
		}
	}
	return count
}

func outputList(outputs []uint32) string {
	if len(outputs) == 0 {
		return "no output"
	}
	return "output " + strings.Trim(strings.Join(strings.Fields(fmt.Sprint(outputs)), ", "), "[]")
}

func yesNo(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}
