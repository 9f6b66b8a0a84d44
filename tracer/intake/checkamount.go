package intake

import (
	"context"
	"math/big"
	"strconv"
	"strings"

	"tsuiseki/chains"
)

// ofAmount keeps the payments of exactly the amount that the row says. Where there is
// none, the error explains a slip by a power of ten.
func (c *checker) ofAmount(ctx context.Context, it *item, f found, all []payment) ([]payment, *RowError, error) {
	var left []payment
	var inexact *RowError
	for _, p := range all {
		want, e, err := c.wanted(ctx, it, f, p.asset)
		if err != nil {
			return nil, nil, err
		}
		if e != nil {
			inexact = e
			continue
		}
		if want.Equal(p.amount) {
			left = append(left, p)
		}
	}
	if len(left) > 0 {
		return left, nil, nil
	}
	e, err := c.slip(ctx, it, f, all)
	if e != nil || err != nil {
		return nil, e, err
	}
	if inexact != nil {
		return nil, inexact, nil
	}
	list, err := c.list(ctx, f, all)
	mismatch := it.error(FieldAmount, AmountMismatch, it.said(), list)
	mismatch.Candidates, err = c.candidatesOf(ctx, f, all, err)
	return nil, &mismatch, err
}

// said is the row's amount with its asset, as people read it.
func (it *item) said() string {
	text := it.amount.String()
	switch {
	case it.base():
		text += " base units"
	case it.amount.unit == "" && it.row.assetText != "":
		text += " " + it.row.assetText
	}
	return text
}

// base reports whether the amount counts base units.
func (it *item) base() bool {
	return it.row.layout.base && it.amount.unit == "" && it.amount.places == 0 && !strings.Contains(it.row.cell(FieldAmount).text, ".")
}

// wanted is the row's amount in base units of an asset.
func (c *checker) wanted(ctx context.Context, it *item, f found, asset chains.Asset) (chains.Amount, *RowError, error) {
	places, _, known, err := c.unit(ctx, f, asset)
	if err != nil {
		return chains.Amount{}, nil, err
	}
	switch part := baseUnits[it.amount.unit]; {
	case it.base():
		places = 0
	case part > 0:
		places = part - 1
	case !known:
		e := it.error(FieldAmount, DecimalsUnknown, string(asset))
		return chains.Amount{}, &e, nil
	}
	n, err := it.amount.base(places)
	if err != nil {
		e := it.error(FieldAmount, AmountPrecision, strconv.Itoa(places), string(asset))
		return chains.Amount{}, &e, nil //nolint:nilerr // what the row says is its own fault
	}
	return n, nil, nil
}

// slip explains an amount that is a payment's times a power of ten. Among several
// payments only the powers count that confusing units gives, and only of one payment.
func (c *checker) slip(ctx context.Context, it *item, f found, all []payment) (*RowError, error) {
	var found []payment
	var e RowError
	for _, p := range all {
		places, _, known, err := c.unit(ctx, f, p.asset)
		if err != nil {
			return nil, err
		}
		unit := places
		if part := baseUnits[it.amount.unit]; it.base() {
			unit = 0
		} else if part > 0 {
			unit = part - 1
		} else if !known {
			continue
		}
		power, ok := powerBetween(it.amount, p.amount, unit)
		why := confusion(power, places, unit)
		if !ok || len(all) > 1 && why == misplaced {
			continue
		}
		amount, err := c.people(ctx, f, p)
		if err != nil {
			return nil, err
		}
		found = append(found, p)
		e = it.error(FieldAmount, AmountScale, it.said(), amount, strconv.Itoa(power), why)
	}
	if len(found) != 1 {
		return nil, nil
	}
	var err error
	e.Candidates, err = c.candidatesOf(ctx, f, found, nil)
	return &e, err
}

const misplaced = "the point is misplaced"

// confusion says which units give a factor of 10^power, of an asset with so many
// places, counted in units of so many.
func confusion(power, places, unit int) string {
	switch {
	case power == places && unit == places:
		return "the row counts base units (satoshi, wei), not coins"
	case power == -places && unit == 0:
		return "the row counts coins, not base units"
	case abs(power) == ethereumPlaces-6:
		return "6 and 18 decimal places were confused"
	case abs(power) == ethereumPlaces-bitcoinPlaces:
		return "8 and 18 decimal places were confused"
	case abs(power) == bitcoinPlaces || abs(power) == ethereumPlaces || abs(power) == 6:
		return "another asset's decimal places were used"
	}
	return misplaced
}

// powerBetween is n where the quantity, in units of so many places, is amount·10^n.
func powerBetween(q *quantity, amount chains.Amount, places int) (n int, ok bool) {
	if q.digits.Sign() == 0 || amount.Sign() <= 0 {
		return 0, false
	}
	// q.digits·10^(places-q.places) against amount
	a, b := stripped(q.digits), stripped(amount.Big())
	if a.digits.Cmp(b.digits) != 0 {
		return 0, false
	}
	return a.zeros + places - q.places - b.zeros, true
}

type mantissa struct {
	digits *big.Int
	zeros  int
}

// stripped takes the zeros off the end of a number.
func stripped(n *big.Int) mantissa {
	text := n.String()
	bare := strings.TrimRight(text, "0")
	digits, _ := new(big.Int).SetString(bare, 10)
	return mantissa{digits, len(text) - len(bare)}
}

func abs(n int) int { return max(n, -n) }
