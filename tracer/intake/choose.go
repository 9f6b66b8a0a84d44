package intake

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tsuiseki/chains"
)

// choose finds the victim's payment in a transaction: by place where the row names
// one, by asset, recipient and amount. Where they leave several, a person must say.
func (c *checker) choose(ctx context.Context, it *item, f found) (p payment, notices []Notice, e *RowError, err error) {
	all := payments(f.name(), f.chain.Native(), f.tx)
	fail := func(e RowError) (payment, []Notice, *RowError, error) { return payment{}, nil, &e, nil }
	if len(all) == 0 {
		return fail(it.error(FieldTx, TxNoValue))
	}
	left, field, said := it.atPlace(f.name(), all)
	if len(left) == 0 {
		list, err := c.list(ctx, f, all)
		e := it.error(field, PlaceMissing, said, list)
		return p, nil, &e, err
	}
	if left, e, err = c.ofAsset(ctx, it, f, left); e != nil || err != nil {
		return p, nil, e, err
	}
	if it.address != nil {
		to := ofAddress(left, it.address.address)
		if len(to) == 0 {
			e, err := c.wrongRecipient(ctx, it, f, left)
			return p, nil, &e, err
		}
		left = to
	}
	if it.row.lost {
		e, err := c.lostDigits(ctx, it, f, left)
		return p, nil, &e, err
	}
	fitting := len(left)
	if it.amount != nil {
		var equal []payment
		if equal, e, err = c.ofAmount(ctx, it, f, left); e != nil || err != nil {
			return p, nil, e, err
		}
		left = equal
	}
	if len(left) > 1 {
		list, err := c.list(ctx, f, left)
		e := it.error(FieldTx, PlaceAmbiguous, strconv.Itoa(len(left)), list)
		e.Candidates, err = c.candidatesOf(ctx, f, left, err)
		return p, nil, &e, err
	}
	if fitting > 1 {
		notices = append(notices, newNotice(ChosenByAmount, strconv.Itoa(fitting)))
	}
	return left[0], notices, nil, nil
}

// atPlace keeps what is at the place that the row names, if any; said is how it names it.
func (it *item) atPlace(chain chains.Chain, all []payment) (left []payment, field Field, said string) {
	left, field = all, FieldTx
	if it.id.place != "" {
		kinds := map[string][]string{placeOutput: {KindOutput}, placeLog: {KindToken}, placeCall: {KindNative, KindInternal}}[it.id.place]
		left = slices.DeleteFunc(slices.Clone(left), func(p payment) bool { return p.Index != it.id.number || !slices.Contains(kinds, p.Kind) })
		said = it.id.place + " " + strconv.FormatUint(uint64(it.id.number), 10)
		if len(left) == 0 {
			return nil, field, said
		}
	}
	if it.row.kind != "" {
		field, said = FieldKind, "payment of kind "+it.row.kind
		left = slices.DeleteFunc(slices.Clone(left), func(p payment) bool { return p.Kind != it.row.kind })
	}
	if it.row.index != nil && len(left) > 0 && len(it.row.ids) == 1 {
		field, said = FieldIndex, "payment number "+strconv.FormatUint(uint64(*it.row.index), 10)
		if chain.Family() == chains.Bitcoin {
			said = placeOutput + " " + strconv.FormatUint(uint64(*it.row.index), 10) + " that holds value"
		}
		left = slices.DeleteFunc(slices.Clone(left), func(p payment) bool { return p.Index != *it.row.index })
	}
	return left, field, said
}

func ofAddress(all []payment, to chains.Address) (left []payment) {
	for _, p := range all {
		if p.to == to {
			left = append(left, p)
		}
	}
	return left
}

// ofAsset keeps what is of the asset that the row names.
func (c *checker) ofAsset(ctx context.Context, it *item, f found, all []payment) ([]payment, *RowError, error) {
	want := it.row.asset.contract
	switch {
	case it.row.asset == named{}:
		return all, nil, nil
	case want != "":
	case it.row.asset.symbol == string(f.chain.Native()):
		want = f.chain.Native()
	default:
		want = c.opt.Tokens[f.name()][it.row.asset.symbol]
	}
	if want == "" {
		list, err := c.list(ctx, f, all)
		e := it.error(FieldAsset, TokenUnknown, it.row.assetText, string(f.name()), list)
		if coinChains[it.row.asset.symbol] != "" {
			e = it.error(FieldAsset, AssetMismatch, it.row.assetText, list)
		}
		return nil, &e, err
	}
	left := slices.DeleteFunc(slices.Clone(all), func(p payment) bool { return p.asset != want })
	if len(left) == 0 {
		list, err := c.list(ctx, f, all)
		e := it.error(FieldAsset, AssetMismatch, it.row.assetText, list)
		return nil, &e, err
	}
	return left, nil, nil
}

func (c *checker) wrongRecipient(ctx context.Context, it *item, f found, left []payment) (RowError, error) {
	list, err := c.list(ctx, f, left)
	sent := f.tx.From == it.address.address
	for _, p := range left {
		sent = sent || p.from == it.address.address
	}
	for _, in := range f.tx.Inputs {
		sent = sent || in.Spent != nil && in.Spent.Address == it.address.address
	}
	code := RecipientMismatch
	if sent {
		code = RecipientIsSender
	}
	e := it.error(FieldAddress, code, list)
	e.Candidates, err = c.candidatesOf(ctx, f, left, err)
	return e, err
}

// lostDigits answers an amount of which a spreadsheet may have lost digits.
func (c *checker) lostDigits(ctx context.Context, it *item, f found, left []payment) (RowError, error) {
	e := it.error(FieldAmount, AmountMangled, strconv.Itoa(significant(tidy(it.row.cell(FieldAmount).text))))
	var err error
	e.Candidates, err = c.candidatesOf(ctx, f, left, nil)
	if len(e.Candidates) > 0 && err == nil {
		list, err := c.list(ctx, f, left)
		if err != nil {
			return e, err
		}
		e.Suggestion += "; the chain says " + list
		e.SuggestionJA += "チェーン上は " + list + " です。"
	}
	return e, err
}

// list shows payments to people, each with the reference that names it alone.
func (c *checker) list(ctx context.Context, f found, all []payment) (string, error) {
	var out []string
	for i, p := range all {
		if i == c.opt.Limits.Outputs {
			out = append(out, fmt.Sprintf("and %d more", len(all)-i))
			break
		}
		amount, err := c.people(ctx, f, p)
		if err != nil {
			return "", err
		}
		out = append(out, fmt.Sprintf("(%d) %s: %s to %s", i+1, ref(p.Place), amount, p.to))
	}
	return strings.Join(out, "; "), nil
}

// people writes a payment's amount as people read it.
func (c *checker) people(ctx context.Context, f found, p payment) (string, error) {
	places, symbol, known, err := c.unit(ctx, f, p.asset)
	if err != nil {
		return "", err
	}
	if !known {
		return p.amount.String() + " base units of " + string(p.asset), nil
	}
	text := p.amount.Decimal(places)
	if places > 0 {
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	}
	return text + " " + symbol, nil
}

// unit is how people count an asset. A token's symbol is its contract's own word, so
// the contract stands behind it.
func (c *checker) unit(ctx context.Context, f found, asset chains.Asset) (places int, symbol string, known bool, err error) {
	if asset == f.chain.Native() {
		return nativePlaces(f.name()), string(asset), true, nil
	}
	key := tokenKey{f.name(), asset}
	word, asked := c.tokens[key]
	if !asked {
		if word.token, word.known, err = f.chain.Token(ctx, asset); err != nil {
			return 0, "", false, fmt.Errorf("token %s on %s: %w", asset, f.name(), err)
		}
		const most = 10_000 // tokens remembered; beyond, contracts are asked each time
		if len(c.tokens) < most {
			c.tokens[key] = word
		}
	}
	return int(word.token.Decimals), clipped(tidy(word.token.Symbol)) + " (" + string(asset) + ")", word.known, nil
}

func (c *checker) candidatesOf(ctx context.Context, f found, all []payment, err error) ([]Candidate, error) {
	var out []Candidate
	for _, p := range all[:min(len(all), c.opt.Limits.Outputs)] {
		if err != nil {
			return nil, err
		}
		var amount string
		amount, err = c.people(ctx, f, p)
		out = append(out, Candidate{ref(p.Place), p.Chain, p.to, p.asset, amount, f.tx.Time.UTC()})
	}
	return out, err
}
