package pebblegraph

import (
	"bytes"
	"encoding/binary"
	"time"

	"tsuiseki/chains"
	"tsuiseki/graph"
)

// rows encodes what transactions are in the tables. The bytes that put is given hold
// until it returns: one room serves all rows.
type rows struct {
	put        func(key, value []byte) error
	key, value []byte
}

// tx puts all rows that a transaction has, its own first.
func (r *rows) tx(chain chainID, tx *graph.Tx) error {
	r.key = appendPos(appendChain(r.key[:0], tableTx, chain), tx.At)
	r.value = appendTx(r.value[:0], tx)
	if err := r.put(r.key, r.value); err != nil {
		return err
	}
	if tx.Chain.Family() == chains.Bitcoin { // outputs are spent by name
		r.key = appendPos(append(appendChain(r.key[:0], tableID, chain), tx.ID[:]...), tx.At)
		if err := r.put(r.key, nil); err != nil {
			return err
		}
	}
	for i := range tx.Spends {
		if err := r.spend(chain, tx.At, uint32(i), &tx.Spends[i]); err != nil {
			return err
		}
	}
	for i := range tx.Transfers {
		t := &tx.Transfers[i]
		if err := r.payment(received, chain, t.To, t, t.From); err != nil {
			return err
		}
		if t.From == "" {
			continue
		}
		if err := r.payment(sent, chain, t.From, t, t.To); err != nil {
			return err
		}
	}
	return nil
}

func (r *rows) spend(chain chainID, at chains.Position, input uint32, spend *graph.Spend) error {
	r.key = append(appendChain(r.key[:0], tableSpender, chain), spend.Output.Tx[:]...)
	r.key = appendNumber(r.key, spend.Output.Index)
	r.value = appendPos(r.value[:0], at)
	if err := r.put(r.key, r.value); err != nil || spend.Address == "" {
		return err
	}
	r.key = appendText(appendChain(r.key[:0], tableHistory, chain), string(spend.Address))
	r.key = appendTail(r.key, at, spent, input)
	return r.put(r.key, nil)
}

// payment puts a row of an address's history, with who is on a transfer's other side.
func (r *rows) payment(its side, chain chainID, of chains.Address, t *graph.Transfer, other chains.Address) error {
	r.key = appendText(appendChain(r.key[:0], tableHistory, chain), string(of))
	r.key = appendTail(r.key, t.At, its, t.N)
	v := binary.AppendVarint(r.value[:0], t.Time.Unix())
	v = binary.AppendUvarint(appendKind(v, t.Kind), uint64(t.Index))
	v = appendText(appendText(v, string(other)), string(t.Asset))
	r.value = appendAmount(v, t.Amount)
	return r.put(r.key, r.value)
}

// payments reads rows of addresses' histories. An asset that comes again is made but once.
type payments struct {
	asset chains.Asset
	row   []byte // of asset
}

// read reads a transfer from what a key has behind the address, and the value.
func (p *payments) read(of graph.Address, tail, value []byte) (t graph.Transfer, err error) {
	t.Key = graph.Key{Chain: of.Chain, At: readPos(tail), N: binary.BigEndian.Uint32(tail[posLength+1:])}
	r := &reader{b: value}
	t.Time = time.Unix(r.varint(), 0).UTC()
	t.Kind, t.Index = r.kind(), uint32(r.uvarint())
	t.From, t.To = of.Address, chains.Address(r.text())
	if side(tail[posLength]) == received {
		t.From, t.To = t.To, t.From
	}
	if row := r.textRow(); !bytes.Equal(row, p.row) {
		p.row = append(p.row[:0], row...)
		p.asset = chains.Asset((&reader{b: row}).text())
	}
	t.Asset, t.Amount = p.asset, r.amount()
	return t, r.err
}

func appendTx(b []byte, tx *graph.Tx) []byte {
	b = append(b, tx.ID[:]...)
	b = append(b, tx.Block[:]...)
	b = binary.AppendVarint(b, tx.Time.Unix())
	b = binary.AppendUvarint(b, uint64(len(tx.Spends)))
	for i := range tx.Spends {
		spend := &tx.Spends[i]
		b = append(b, spend.Output.Tx[:]...)
		b = binary.AppendUvarint(b, uint64(spend.Output.Index))
		b = appendText(b, string(spend.Address))
		b = appendAmount(b, spend.Amount)
	}
	b = binary.AppendUvarint(b, uint64(len(tx.Transfers)))
	for i := range tx.Transfers {
		b = binary.AppendUvarint(b, uint64(tx.Transfers[i].N))
		b = appendTransfer(b, &tx.Transfers[i])
	}
	return b
}

// txRow reads a transaction's row as far as it is asked to.
type txRow struct {
	reader
	chain chains.Chain
	at    chains.Position
}

func newTxRow(chain chains.Chain, at chains.Position, row []byte) *txRow {
	return &txRow{reader: reader{b: row}, chain: chain, at: at}
}

// head reads what comes before the inputs.
func (r *txRow) head() *graph.Tx {
	return &graph.Tx{Chain: r.chain, At: r.at, ID: r.hash(), Block: r.hash(), Time: time.Unix(r.varint(), 0).UTC()}
}

func (r *txRow) spends() []graph.Spend {
	n := r.count()
	if n == 0 {
		return nil
	}
	all := make([]graph.Spend, 0, min(n, len(r.b)/minSpend+1))
	for range n {
		spend := graph.Spend{Output: chains.Outpoint{Tx: r.hash(), Index: uint32(r.uvarint())}}
		spend.Address, spend.Amount = chains.Address(r.text()), r.amount()
		if r.err != nil {
			return nil
		}
		all = append(all, spend)
	}
	return all
}

// Least bytes that a row takes for an input and for a transfer.
const (
	minSpend    = 32 + 3
	minTransfer = 7
)

func (r *txRow) skipSpends() {
	for range r.count() {
		r.bytes(32)
		r.uvarint()
		r.textRow()
		r.bytes(r.count())
	}
}

func (r *txRow) transfers(at time.Time) []graph.Transfer {
	n := r.count()
	if n == 0 {
		return nil
	}
	all := make([]graph.Transfer, 0, min(n, len(r.b)/minTransfer+1))
	for range n {
		t := graph.Transfer{Key: graph.Key{Chain: r.chain, At: r.at, N: uint32(r.uvarint())}, Time: at}
		r.transfer(&t)
		if r.err != nil {
			return nil
		}
		all = append(all, t)
	}
	return all
}

// transferOf looks for one transfer behind the inputs.
func (r *txRow) transferOf(number uint32, at time.Time) (t graph.Transfer, found bool) {
	for range r.count() {
		if n := uint32(r.uvarint()); n != number || found || r.err != nil {
			r.skipTransfer()
			continue
		}
		t = graph.Transfer{Key: graph.Key{Chain: r.chain, At: r.at, N: number}, Time: at}
		r.transfer(&t)
		found = true
	}
	return t, found
}

func readTx(chain chains.Chain, at chains.Position, row []byte) (*graph.Tx, error) {
	r := newTxRow(chain, at, row)
	tx := r.head()
	tx.Spends = r.spends()
	tx.Transfers = r.transfers(tx.Time)
	return tx, r.err
}
