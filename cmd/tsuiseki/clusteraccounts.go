package main

import (
	"errors"
	"fmt"
	"math"
	"time"

	"tsuiseki/chains"
	"tsuiseki/chains/ethereum"
	"tsuiseki/tracer/cluster"
)

// accountClusterDoc is what belongs together with an account. Nothing on an account
// chain shows that two accounts have one owner, so the entity is the account alone.
// Who pays a deposit address pays the account holder behind it, and is no part of
// any entity.
type accountClusterDoc struct {
	Chain     chains.Chain     `json:"chain"`
	Address   chains.Address   `json:"address"`
	Entity    chains.Address   `json:"entity"`
	Size      int              `json:"size"`
	Addresses []chains.Address `json:"addresses"`
	Extended  extendedDoc      `json:"extended"`
	Labels    []labelDoc       `json:"labels"`
	AsOf      chains.BlockRef  `json:"as_of"`

	DepositAddress   *depositDoc     `json:"deposit_address"`   // what the account itself is; null where heuristics are not asked
	DepositAddresses []depositUseDoc `json:"deposit_addresses"` // that the account pays
	Senders          []senderDoc     `json:"senders"`           // who pays the same, or pays the account where it is one
	Missing          []missingDoc    `json:"missing"`
}

type extendedDoc struct {
	Entity chains.Address `json:"entity"`
	Size   int            `json:"size"`
}

// depositDoc is what the heuristics say of an account.
type depositDoc struct {
	*cluster.DepositAddress
	Best   *cluster.DepositInference `json:"best"` // null where no heuristic says yes
	Sweeps []cluster.DepositPayment  `json:"sweeps"`
}

// depositUseDoc is a deposit address with what one account pays into it.
type depositUseDoc struct {
	Address  chains.Address            `json:"address"`
	Exchange string                    `json:"exchange"`
	Label    string                    `json:"label"`
	Best     *cluster.DepositInference `json:"best"`
	Payments []cluster.DepositPayment  `json:"payments"`
}

// senderDoc is an account that pays a deposit address.
type senderDoc struct {
	Address        chains.Address           `json:"address"`
	DepositAddress chains.Address           `json:"deposit_address"`
	Label          string                   `json:"label,omitempty"`
	Payments       []cluster.DepositPayment `json:"payments"`
}

func newDepositDoc(d *cluster.DepositAddress) *depositDoc {
	return &depositDoc{d, d.Best(), append([]cluster.DepositPayment{}, d.Sweeps...)}
}

func newDepositUse(u cluster.DepositUse) depositUseDoc {
	return depositUseDoc{u.Address, u.Exchange, u.Label, u.Best(), u.Payments}
}

// openCluster opens an account chain for questions about clusters.
func (f *clusterFlags) openCluster(s *session, chain chains.Chain) (*openedAccounts, error) {
	view, err := openAccountView(s, chain, f.AsOf, f.executionFlags, f.labelFlags)
	if err != nil {
		return nil, err
	}
	if err := view.withHeuristics(f.heuristicFlags); err != nil {
		return nil, errors.Join(err, view.Close())
	}
	return view, nil
}

// most is a limit where 0 is none.
func (f *clusterFlags) most() int {
	if f.Limit == 0 {
		return math.MaxInt
	}
	return f.Limit
}

// showAccounts shows an account's deposit addresses and who shares them.
func (c *clusterShowCmd) showAccounts(s *session, chain chains.Chain) (err error) {
	address, err := ethereum.ParseAddress(c.Address)
	if err != nil {
		return usageError{err}
	}
	view, err := c.openCluster(s, chain)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	doc := &accountClusterDoc{
		Chain: chain, Address: address, Entity: address, Size: 1, Addresses: []chains.Address{address}, Extended: extendedDoc{address, 1},
		AsOf: view.Snapshot().BlockRef, DepositAddresses: []depositUseDoc{}, Senders: []senderDoc{}, Missing: []missingDoc{},
	}
	if doc.Labels, err = labelDocs(view.labels.View, chain, string(address)); err != nil {
		return err
	}
	if err := doc.fill(view, c.most()); err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(s.out, doc)
	} else {
		err = printAccountCluster(s.out, view, doc)
	}
	if err == nil && len(doc.Missing) > 0 {
		err = incompleteError{fmt.Sprintf("%d facts are missing, the first: %s (%s)", len(doc.Missing), doc.Missing[0].What, doc.Missing[0].Reason)}
	}
	return err
}

// fill asks what the account is, then what it uses. A service's accounts, and a
// deposit address's own payments, lead to nobody in particular.
func (d *accountClusterDoc) fill(view *openedAccounts, most int) error {
	if len(view.heuristics.deposits) == 0 {
		d.miss(view, "deposit addresses", "no labels are known, or all heuristics are switched off: no account is known to be an exchange's")
		return nil
	}
	itself, err := view.depositAddress(d.Address)
	if err != nil {
		return err
	}
	d.DepositAddress = newDepositDoc(itself)
	party, err := depositChain{view}.Party(d.Address, time.Time{})
	switch {
	case err != nil || party.Known:
		return err
	case itself.Verdict == cluster.Yes:
		return d.addSenders(view, itself, d.Address, most)
	case itself.Verdict == cluster.Undecided:
		d.miss(view, fmt.Sprintf("whether %s is a deposit address of %s", d.Address, itself.Exchange), itself.Reason)
	}
	used, err := cluster.FindUsedDeposits(depositChain{view}, d.Address, view.heuristics.deposits, view.heuristics.params, most)
	if err != nil {
		return err
	}
	d.missUsed(view, used)
	for _, use := range used.Uses {
		d.DepositAddresses = append(d.DepositAddresses, newDepositUse(use))
		if err := d.addSenders(view, use.DepositAddress, d.Address, most); err != nil {
			return err
		}
	}
	return nil
}

// addSenders lists who pays a deposit address, but for one account.
func (d *accountClusterDoc) addSenders(view *openedAccounts, to *cluster.DepositAddress, but chains.Address, most int) error {
	senders := to.Senders()
	for i, sender := range senders {
		if len(d.Senders) >= most {
			d.miss(view, "senders", fmt.Sprintf("%d more who pay %s are not listed: --limit shows more", len(senders)-i, to.Address))
			return nil
		}
		if sender.Address == but {
			continue
		}
		party, err := depositChain{view}.Party(sender.Address, time.Time{})
		if err != nil {
			return err
		}
		d.Senders = append(d.Senders, senderDoc{sender.Address, to.Address, party.Label, sender.Payments})
	}
	return nil
}

// missUsed names what of an account's payees could not be told.
func (d *accountClusterDoc) missUsed(view *openedAccounts, used *cluster.UsedDeposits) {
	d.Missing = append(d.Missing, missingUsed(view, used)...)
}

func missingUsed(view *openedAccounts, used *cluster.UsedDeposits) (missing []missingDoc) {
	if used.Limit != "" {
		missing = append(missing, newMissing(view, "deposit addresses", used.Limit))
	}
	for _, u := range used.Undecided {
		missing = append(missing, newMissing(view, fmt.Sprintf("whether %s is a deposit address of %s", u.Address, u.Exchange), u.Reason))
	}
	return missing
}

func (d *accountClusterDoc) miss(view *openedAccounts, what, reason string) {
	d.Missing = append(d.Missing, newMissing(view, what, reason))
}

func newMissing(view *openedAccounts, what, reason string) missingDoc {
	snapshot := view.Snapshot()
	return missingDoc{What: what, Range: fmt.Sprintf("%d-%d", snapshot.From, snapshot.Height), Reason: reason}
}
