package ethereum

import (
	"context"
	"encoding/json"

	"tsuiseki/chains"
)

// NonceAt is how many transactions an account with a key had signed when a block
// ended. (A contract's nonce counts what it created, an account's with delegated
// code its orders of EIP-7702 too.) It fails with ErrUnavailable where the state of
// that block is not held.
func (n *Node) NonceAt(ctx context.Context, account chains.Address, block chains.BlockRef) (uint64, error) {
	holder, err := ParseAddress(string(account))
	if err != nil {
		return 0, err
	}
	answers, err := n.stateAt(ctx, block, []question{{"eth_getTransactionCount", []any{holder}}})
	if err != nil {
		return 0, err
	}
	if answers[0].err != nil {
		return 0, unavailable(answers[0].err)
	}
	var nonce quantity
	if err := json.Unmarshal(answers[0].result, &nonce); err != nil || null(answers[0].result) {
		return 0, corrupt("eth_getTransactionCount: %.80q is no number", answers[0].result)
	}
	count, fits := chains.Amount(nonce).Int64()
	if !fits {
		return 0, corrupt("eth_getTransactionCount: %.80q is no count of transactions", answers[0].result)
	}
	return uint64(count), nil
}
