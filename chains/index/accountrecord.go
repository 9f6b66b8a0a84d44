package index

import (
	"encoding/binary"
	"fmt"

	"tsuiseki/chains"
)

// names numbers the addresses of a batch. Number 0 is none, or the native asset.
type names struct {
	ids  map[account]uint32
	list []name
	last uint32 // number of the last record begun

	recent [recentNames]recentName // a transaction names few addresses, again and again
}

const recentNames = 16

type recentName struct {
	address chains.Address
	id      uint32
}

type name struct {
	account
	record uint32            // the last record that has it
	place  uint32            // in that record's table, from 1
	marked [markKinds]uint32 // number of the last block in which it was marked
	token  bool              // seen as a token's contract
}

func newNames() names {
	return names{ids: map[account]uint32{}, list: make([]name, 1)}
}

func (n *names) reuse() {
	clear(n.ids)
	n.list, n.last, n.recent = n.list[:1], 0, [recentNames]recentName{}
}

func (n *names) id(a account) uint32 {
	id, known := n.ids[a]
	if !known {
		id = uint32(len(n.list))
		n.ids[a] = id
		n.list = append(n.list, name{account: a})
	}
	return id
}

// address numbers an address; none is 0.
func (n *names) address(address chains.Address) (uint32, error) {
	if address == "" {
		return 0, nil
	}
	recent := &n.recent[address[len(address)-1]%recentNames]
	if recent.address == address {
		return recent.id, nil
	}
	a, err := parseAccount(address)
	if err != nil {
		return 0, err
	}
	*recent = recentName{address, n.id(a)}
	return recent.id, nil
}

func (n *names) asset(asset, native chains.Asset) (uint32, error) {
	if asset == native {
		return 0, nil
	}
	id, err := n.address(chains.Address(asset))
	if err != nil || id == 0 || n.list[id].account == (account{}) {
		return 0, badAsset(asset, native)
	}
	return id, nil
}

// recorder writes transaction records.
type recorder struct {
	names  names
	native chains.Asset
	// The record being written: its addresses, and what follows them.
	places      uint64
	table, body []byte
	from, to    uint32
	created     []uint32
	parties     []parties // of its transfers
}

// parties are the numbers of a transfer's addresses and asset.
type parties struct{ from, to, asset uint32 }

// Flags of a transaction record.
const flagFailed = 1

// record encodes a transaction; block, time and place stand in its key and its
// block's row. The result lasts until the next call.
func (w *recorder) record(tx *chains.Tx) error {
	w.names.last++
	w.places, w.table, w.body, w.created, w.parties = 0, w.table[:0], w.body[:0], w.created[:0], w.parties[:0]
	w.body = append(w.body, flag(tx.Failed)*flagFailed)
	var err error
	if w.from, err = w.names.address(tx.From); err != nil {
		return err
	}
	if w.to, err = w.names.address(tx.To); err != nil {
		return err
	}
	w.refer(w.from)
	w.refer(w.to)
	w.body = binary.AppendUvarint(w.body, uint64(len(tx.Created)))
	for _, address := range tx.Created {
		id, err := w.names.address(address)
		if err != nil {
			return err
		}
		w.created = append(w.created, id)
		w.refer(id)
	}
	w.body = binary.AppendUvarint(w.body, uint64(len(tx.Transfers)))
	for i := range tx.Transfers {
		if err := w.transfer(&tx.Transfers[i]); err != nil {
			return fmt.Errorf("transfer %d: %w", i, err)
		}
	}
	return w.messages(tx.Messages)
}

// appendRecord appends the record last encoded.
func (w *recorder) appendRecord(value []byte, id chains.TxID) []byte {
	value = append(value, id[:]...)
	value = binary.AppendUvarint(value, w.places)
	value = append(value, w.table...)
	return append(value, w.body...)
}

// refer appends an address's place in the record's table; 0 is none.
func (w *recorder) refer(id uint32) {
	if id == 0 {
		w.body = append(w.body, 0)
		return
	}
	n := &w.names.list[id]
	if n.record != w.names.last {
		w.places++
		n.record, n.place = w.names.last, uint32(w.places)
		w.table = append(w.table, n.account[:]...)
	}
	w.body = binary.AppendUvarint(w.body, uint64(n.place))
}

func (w *recorder) transfer(t *chains.Transfer) error {
	kind := kindCode(t.Kind)
	if kind == 0 {
		return fmt.Errorf("%w: kind %q", chains.ErrCorrupt, t.Kind)
	}
	var p parties
	var err error
	if p.from, err = w.names.address(t.From); err != nil {
		return err
	}
	if p.to, err = w.names.address(t.To); err != nil {
		return err
	}
	if p.asset, err = w.names.asset(t.Asset, w.native); err != nil {
		return err
	}
	w.body = append(w.body, kind)
	w.body = binary.AppendUvarint(w.body, uint64(t.Index))
	w.refer(p.from)
	w.refer(p.to)
	w.refer(p.asset)
	if w.body, err = appendAmount(w.body, t.Amount); err != nil {
		return err
	}
	if t.Kind == chains.CollectibleTransfer {
		if w.body, err = appendAmount(w.body, t.TokenID); err != nil {
			return err
		}
	}
	w.parties = append(w.parties, p)
	return nil
}

// appendAmount writes a length and as many big-endian bytes.
func appendAmount(value []byte, a chains.Amount) ([]byte, error) {
	const widest = 256 // bits, of the EVM's numbers
	bits := a.BitLen()
	if a.Sign() < 0 || bits > widest {
		return value, fmt.Errorf("%w: amount %s is out of range", chains.ErrCorrupt, a)
	}
	return a.AppendBytes(append(value, byte((bits+7)/8))), nil
}

func (r *reader) amount() chains.Amount { return chains.AmountOfBytes(r.bytes(uint64(r.byte()))) }

// transferKinds are the kinds of transfer by their code, from 1.
func transferKinds() [10]chains.TransferKind {
	return [...]chains.TransferKind{
		chains.NativeTransfer, chains.InternalTransfer, chains.TokenTransfer,
		chains.CollectibleTransfer, chains.FeeTransfer, chains.TipTransfer,
		chains.WithdrawalTransfer, chains.RewardTransfer, chains.DestroyedTransfer, chains.MixTransfer,
	}
}

// kindCode is a kind's code; 0 for an unknown one.
func kindCode(kind chains.TransferKind) byte {
	for i, k := range transferKinds() {
		if k == kind {
			return byte(i + 1)
		}
	}
	return 0
}

// readAccountTx reads a transaction record.
func readAccountTx(value []byte, native chains.Asset) (*chains.Tx, error) {
	r := reader{buf: value}
	tx := new(chains.Tx)
	copy(tx.ID[:], r.bytes(32))
	table := make([]chains.Address, r.count(len(account{}))+1)
	for i := range table[1:] {
		table[i+1] = r.account().address()
	}
	tx.Failed = r.byte()&flagFailed != 0
	tx.From, tx.To = r.place(table), r.place(table)
	for range r.count(1) {
		tx.Created = append(tx.Created, r.place(table))
	}
	kinds := transferKinds()
	if n := r.count(6); n > 0 {
		tx.Transfers = make([]chains.Transfer, n)
	}
	for i := range tx.Transfers {
		t := &tx.Transfers[i]
		kind := r.byte()
		if kind == 0 || int(kind) > len(kinds) {
			return nil, errEncoding
		}
		t.Kind, t.Index = kinds[kind-1], uint32(r.uvarint())
		t.From, t.To = r.place(table), r.place(table)
		if t.Asset = chains.Asset(r.place(table)); t.Asset == "" {
			t.Asset = native
		}
		if t.Amount = r.amount(); t.Kind == chains.CollectibleTransfer {
			t.TokenID = r.amount()
		}
	}
	tx.Messages = r.messages(table, native)
	return tx, r.err
}

// place reads a place in a record's table of addresses.
func (r *reader) place(table []chains.Address) chains.Address {
	n := r.uvarint()
	if n >= uint64(len(table)) {
		r.fail()
		return ""
	}
	return table[n]
}
