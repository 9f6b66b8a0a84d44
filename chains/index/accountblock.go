package index

import (
	"encoding/binary"
	"fmt"
	"slices"

	"tsuiseki/chains"
)

// PartBlocks stands among the missing parts for whole blocks: heights between
// held ones at which no block is held. Every other part is missing there too.
const PartBlocks chains.Part = "blocks"

// missable are the parts that can be missing, in the order of the rows on disk.
func missable() []chains.Part { return append(chains.Parts(), PartBlocks) }

const (
	missableParts = 7
	partBlocks    = missableParts - 1
)

// gapTotals are what is missing of one part from the first block held to the
// block they stand with. Earlier runs are found with the block before the last.
type gapTotals struct {
	blocks, runs uint64
	last         chains.Heights // where there are runs
}

func (g *gapTotals) extend(r chains.Heights) {
	if g.runs > 0 && g.last.To+1 == r.From {
		g.last.To = r.To
		return
	}
	g.runs++
	g.last = r
}

// accountTotals are running sums from the first block held to a block.
type accountTotals struct {
	height                 uint64 // the block's
	blocks, txs, transfers uint64
	gaps                   [missableParts]gapTotals
}

// add counts a block, and the heights left out before it.
func (t *accountTotals) add(block *chains.Block) error {
	if t.blocks > 0 && block.Height > t.height+1 {
		hole := chains.Heights{From: t.height + 1, To: block.Height - 1}
		t.gaps[partBlocks].blocks += hole.To - hole.From + 1
		for i := range t.gaps {
			t.gaps[i].extend(hole)
		}
	}
	var missing [missableParts]bool
	for _, gap := range block.Gaps {
		i := slices.Index(chains.Parts(), gap.Part)
		if i < 0 || i >= partBlocks {
			return fmt.Errorf("%w: a gap in %q, which is no part of a block", chains.ErrCorrupt, gap.Part)
		}
		missing[i] = true
	}
	for i, gap := range missing {
		if gap {
			t.gaps[i].extend(chains.Heights{From: block.Height, To: block.Height})
			t.gaps[i].blocks++
		}
	}
	t.height = block.Height
	t.blocks++
	t.txs += uint64(len(block.Txs))
	t.transfers += uint64(len(block.System))
	for i := range block.Txs {
		t.transfers += uint64(len(block.Txs[i].Transfers))
	}
	return nil
}

// accountBlock is a block's row.
type accountBlock struct {
	chains.Header
	producer chains.Address
	txs      uint64 // transactions held
	places   uint32 // one above the last transaction's; system transfers stand there
	totals   accountTotals
	gaps     []chains.Gap
	freezes  []chains.Freeze
}

func appendAccountBlock(value []byte, b *accountBlock) ([]byte, error) {
	value = appendHeader(value, b.Header)
	value, err := appendOptional(value, b.producer)
	if err != nil {
		return nil, err
	}
	t := &b.totals
	for _, n := range []uint64{b.txs, uint64(b.places), t.blocks, t.txs, t.transfers} {
		value = binary.AppendUvarint(value, n)
	}
	for _, g := range t.gaps {
		value = binary.AppendUvarint(binary.AppendUvarint(value, g.runs), g.blocks)
		if g.runs > 0 {
			value = binary.AppendUvarint(binary.AppendUvarint(value, g.last.From), g.last.To)
		}
	}
	value = binary.AppendUvarint(value, uint64(len(b.gaps)))
	for _, g := range b.gaps {
		value = append(value, byte(slices.Index(chains.Parts(), g.Part)))
		value = appendText(value, g.Reason)
	}
	value = binary.AppendUvarint(value, uint64(len(b.freezes)))
	for _, f := range b.freezes {
		if value, err = appendFreeze(value, f); err != nil {
			return nil, err
		}
	}
	return value, nil
}

func readAccountBlock(height uint64, value []byte) (*accountBlock, error) {
	r := reader{buf: value}
	b := &accountBlock{Header: r.header(height)}
	b.producer = r.optional()
	t := &b.totals
	t.height = height
	b.txs, b.places = r.uvarint(), uint32(r.uvarint())
	t.blocks, t.txs, t.transfers = r.uvarint(), r.uvarint(), r.uvarint()
	for i := range t.gaps {
		g := &t.gaps[i]
		if g.runs, g.blocks = r.uvarint(), r.uvarint(); g.runs > 0 {
			g.last = chains.Heights{From: r.uvarint(), To: r.uvarint()}
		}
	}
	parts := chains.Parts()
	for range r.count(2) {
		n := r.byte()
		if int(n) >= len(parts) {
			return nil, errEncoding
		}
		b.gaps = append(b.gaps, chains.Gap{Part: parts[n], Reason: r.text()})
	}
	for range r.count(43) {
		b.freezes = append(b.freezes, r.freeze())
	}
	return b, r.err
}

func appendFreeze(value []byte, f chains.Freeze) ([]byte, error) {
	for _, address := range []chains.Address{chains.Address(f.Asset), f.Account} {
		a, err := parseAccount(address)
		if err != nil {
			return nil, err
		}
		value = append(value, a[:]...)
	}
	value = append(value, flag(f.Frozen))
	return binary.AppendUvarint(binary.AppendUvarint(value, uint64(f.Tx)), uint64(f.Log)), nil
}

func (r *reader) freeze() (f chains.Freeze) {
	f.Asset, f.Account = chains.Asset(r.account().address()), r.account().address()
	f.Frozen = r.byte() != 0
	f.Tx, f.Log = uint32(r.uvarint()), uint32(r.uvarint())
	return f
}

// maxText bounds what is kept of a text from outside.
const maxText = 256

func appendText(value []byte, text string) []byte {
	text = text[:min(len(text), maxText)]
	return append(binary.AppendUvarint(value, uint64(len(text))), text...)
}

func (r *reader) text() string { return string(r.bytes(r.uvarint())) }

// appendOptional writes an address, or that there is none.
func appendOptional(value []byte, address chains.Address) ([]byte, error) {
	if address == "" {
		return append(value, 0), nil
	}
	a, err := parseAccount(address)
	return append(append(value, 1), a[:]...), err
}

func (r *reader) optional() chains.Address {
	if r.byte() == 0 {
		return ""
	}
	return r.account().address()
}

func (r *reader) byte() byte {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) account() (a account) {
	copy(a[:], r.bytes(uint64(len(a))))
	return a
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}
