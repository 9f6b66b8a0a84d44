package index

import "tsuiseki/chains"

// Paying is every transaction with an output of just this script, in chain order,
// with prevouts where known: at most limit of them, all where limit is 0.
func (v *View) Paying(script []byte, limit int) (txs []*chains.Tx, err error) {
	hits, err := v.scan(prefixKey(tableScript, v.scripts.Key(script)))
	for _, at := range hits {
		if n := len(txs); at.suffix&1 == 1 || n > 0 && txs[n-1].Position() == at.pos {
			continue
		}
		tx, err := v.record(at.pos)
		if err != nil {
			return nil, err
		}
		if pays(tx, script) {
			if err := v.fillPrevouts(tx); err != nil {
				return nil, err
			}
			txs = append(txs, tx)
		}
		if limit > 0 && len(txs) == limit {
			break
		}
	}
	return txs, err
}

func pays(tx *chains.Tx, script []byte) bool {
	for i := range tx.Outputs {
		if string(tx.Outputs[i].Script) == string(script) {
			return true
		}
	}
	return false
}
