package ethereum

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"tsuiseki/chains"
)

// stateAt asks questions about the state when a block ended. A question's params
// lack the block, which comes last. The state not being held is ErrUnavailable,
// the block not being on the best chain ErrReorg; other refusals are answers.
func (n *Node) stateAt(ctx context.Context, at chains.BlockRef, questions []question) ([]answer, error) {
	var answers []answer
	var named any
	err := n.inForm(&n.stateForm, at, func(block any) (err error) {
		named = block
		asked := make([]question, len(questions))
		for i, q := range questions {
			asked[i] = question{q.method, append(append([]any{}, q.params...), block)}
		}
		if answers, err = n.rpc.batch(ctx, asked); err != nil {
			return err
		}
		for _, a := range answers {
			if misunderstood(a.err) {
				return a.err
			}
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	for _, a := range answers {
		switch {
		case stateless(a.err) || pruned(a.err):
			return nil, fmt.Errorf("state of block %s: %w: ask an archive node: %w", at, chains.ErrUnavailable, a.err)
		case gone(a.err):
			return nil, fmt.Errorf("state of block %s: %w: %w", at, chains.ErrReorg, a.err)
		case absent(a.err) || overtime(a.err):
			return nil, unavailable(a.err)
		}
	}
	if named == byNumber.name(at) { // it answered for whatever block was there
		return answers, n.replaced(ctx, at)
	}
	return answers, nil
}

// coinBalances are what accounts held of the chain's coin when a block ended.
func (n *Node) coinBalances(ctx context.Context, accounts []chains.Address, block chains.BlockRef) ([]chains.Amount, error) {
	questions := make([]question, len(accounts))
	for i, account := range accounts {
		questions[i] = question{"eth_getBalance", []any{account}}
	}
	answers, err := n.stateAt(ctx, block, questions)
	if err != nil {
		return nil, unavailable(err)
	}
	amounts := make([]chains.Amount, len(answers))
	for i, a := range answers {
		if a.err != nil {
			return nil, unavailable(a.err)
		}
		var balance quantity
		if err := json.Unmarshal(a.result, &balance); err != nil || null(a.result) {
			return nil, corrupt("eth_getBalance: %.80q is no amount", a.result)
		}
		amounts[i] = chains.Amount(balance)
	}
	return amounts, nil
}

// Allotments implements chains.Genesis. The main chain is not asked: it has too
// many accounts, of which the genesis block knew few.
func (n *Node) Allotments(ctx context.Context, accounts []chains.Address) ([]chains.Amount, error) {
	if n.network.ChainID == mainnet {
		return nil, fmt.Errorf("allotments of the main chain: %w", chains.ErrUnavailable)
	}
	genesis, err := n.BlockHash(ctx, 0)
	if err != nil {
		return nil, err
	}
	return n.coinBalances(ctx, accounts, chains.BlockRef{Hash: genesis})
}

// BalanceAt implements chains.Balances. An asset other than the chain's coin is a
// token's contract.
func (n *Node) BalanceAt(ctx context.Context, account chains.Address, asset chains.Asset, block chains.BlockRef) (chains.Amount, error) {
	holder, err := ParseAddress(string(account))
	if err != nil {
		return chains.Amount{}, err
	}
	if asset == n.network.Asset {
		balances, err := n.coinBalances(ctx, []chains.Address{holder}, block)
		if err != nil {
			return chains.Amount{}, err
		}
		return balances[0], nil
	}
	contract, err := ParseAddress(string(asset))
	if err != nil {
		return chains.Amount{}, fmt.Errorf("asset %.80q is neither %s nor a token's contract: %w", asset, n.network.Asset, err)
	}
	return n.tokenBalance(ctx, holder, contract, block)
}

func (n *Node) tokenBalance(ctx context.Context, holder, contract chains.Address, block chains.BlockRef) (chains.Amount, error) {
	const balanceOf = "0x70a08231000000000000000000000000"
	answers, err := n.stateAt(ctx, block, []question{
		contractCall(contract, balanceOf+string(holder[2:])),
		{"eth_getCode", []any{contract}},
	})
	if err != nil {
		return chains.Amount{}, err
	}
	var code blob
	if answers[1].err == nil && json.Unmarshal(answers[1].result, &code) == nil && !null(answers[1].result) && len(code) == 0 {
		return chains.Amount{}, nil // the contract comes later, or destroyed itself with all balances
	}
	raw, err := answers[0].bytes()
	if err != nil || len(raw) < 32 {
		return chains.Amount{}, fmt.Errorf("balance of %s in %s: %w: the contract tells no balance (%w)", holder, contract, chains.ErrNotFound, errOrNone(err))
	}
	return word(raw[:32]), nil
}

// contractCall asks a contract, as anyone may.
func contractCall(contract chains.Address, input string) question {
	return question{"eth_call", []any{map[string]any{"to": contract, "data": input}}}
}

// bytes is the answer as a byte string.
func (a *answer) bytes() ([]byte, error) {
	if a.err != nil {
		return nil, a.err
	}
	var raw *blob
	if err := json.Unmarshal(a.result, &raw); err != nil {
		return nil, corrupt("%w", err)
	}
	if raw == nil {
		return nil, errors.New("null")
	}
	return *raw, nil
}
