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
	e, err := c.slipped(ctx, it, f, all)
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
	places, known, err := c.counted(ctx, it, f, asset)
	if err != nil {
		return chains.Amount{}, nil, err
	}
	if !known {
		e := it.error(FieldAmount, DecimalsUnknown, string(asset))
		if _, part := parts[it.amount.unit]; part {
			e = it.error(FieldAmount, AssetConflict, it.amount.unit, string(asset))
		}
		return chains.Amount{}, &e, nil
	}
	n, err := it.amount.base(places)
	if err != nil {
		e := it.error(FieldAmount, AmountPrecision, strconv.Itoa(places), string(asset))
		return chains.Amount{}, &e, nil //nolint:nilerr // what the row says is its own fault
	}
	return n, nil, nil
}

// counted is how many decimal places of an asset's base unit the row's amount counts in.
func (c *checker) counted(ctx context.Context, it *item, f found, asset chains.Asset) (places int, known bool, err error) {
	if it.base() {
		return 0, true, nil
	}
	if p, ok := parts[it.amount.unit]; ok {
		return p.places, asset == f.chain.Native() && p.family == f.name().Family(), nil
	}
	places, _, known, err = c.unit(ctx, f, asset)
	return places, known, err
}

// slipped explains an amount that is a payment's times a power of ten. Among several
// payments only the powers count that confusing units gives, and only of one payment.
func (c *checker) slipped(ctx context.Context, it *item, f found, all []payment) (*RowError, error) {
	var found []payment
	var e RowError
	for _, p := range all {
		unit, known, err := c.counted(ctx, it, f, p.asset)
		if err != nil {
			return nil, err
		}
		places, _, _, err := c.unit(ctx, f, p.asset)
		if err != nil {
			return nil, err
		}
		power, ok := powerBetween(it.amount, p.amount, unit)
		from := confusion(power, places, unit)
		if !ok || !known || len(all) > 1 && from == misplaced {
			continue
		}
		amount, err := c.people(ctx, f, p)
		if err != nil {
			return nil, err
		}
		found = append(found, p)
		e = it.error(FieldAmount, AmountScale, it.said(), amount, strconv.Itoa(power), from.why, from.whyJA, it.write(f, p, places))
	}
	if len(found) != 1 {
		return nil, nil
	}
	var err error
	e.Candidates, err = c.candidatesOf(ctx, f, found, nil)
	return &e, err
}

// slip is what a wrong power of ten comes from.
type slip struct{ why, whyJA string }

var (
	misplaced     = slip{"the point is misplaced", "小数点の位置の誤り"}
	unitsForCoins = slip{"the row counts base units (satoshi, wei), not coins", "最小単位(satoshi・wei)の数を記入している"}
	coinsForUnits = slip{"the row counts coins, not base units", "最小単位ではなく、コインの数を記入している"}
	sixEighteen   = slip{"6 and 18 decimal places were confused", "小数6桁と18桁の取り違え"}
	eightEighteen = slip{"8 and 18 decimal places were confused", "小数8桁と18桁の取り違え"}
	anotherAsset  = slip{"another asset's decimal places were used", "別の通貨の桁数を使っている"}
)

// confusion says which units give a factor of 10^power, of an asset with so many
// places, counted in units of so many.
func confusion(power, places, unit int) slip {
	switch {
	case power == places && unit == places:
		return unitsForCoins
	case power == -places && unit == 0:
		return coinsForUnits
	case abs(power) == ethereumPlaces-6:
		return sixEighteen
	case abs(power) == ethereumPlaces-bitcoinPlaces:
		return eightEighteen
	case abs(power) == bitcoinPlaces || abs(power) == ethereumPlaces || abs(power) == 6:
		return anotherAsset
	}
	return misplaced
}

// write is how the row should state a payment's amount.
func (it *item) write(f found, p payment, places int) string {
	number := strings.TrimSuffix(strings.TrimRight(p.amount.Decimal(places), "0"), ".")
	switch {
	case it.base() || places == 0:
		return p.amount.String()
	case p.asset == f.chain.Native():
		return number + " " + string(p.asset)
	}
	return number
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
