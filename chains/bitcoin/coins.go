package bitcoin

import (
	"strings"

	"tsuiseki/chains"
)

// coinPlaces is how many decimal places a coin has: 1 BTC is 10^8 satoshi.
const coinPlaces = 8

// parseCoins turns a node's decimal rendering of coins, "0.00012345" or
// "1.2345e-4", into satoshi without rounding.
func parseCoins(text string) (chains.Amount, error) {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	shift := coinPlaces
	if exponent != "" {
		n, err := chains.ParseAmount(strings.TrimPrefix(exponent, "+"))
		small, ok := n.Int64()
		if err != nil || !ok || small < -coinPlaces || small > coinPlaces {
			return chains.Amount{}, corrupt("value %.40q is no number of coins", text)
		}
		shift += int(small)
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > shift {
		return chains.Amount{}, corrupt("value %.40q is finer than a satoshi", text)
	}
	value, err := chains.ParseAmount(whole + fraction + strings.Repeat("0", shift-len(fraction)))
	if err != nil || value.Sign() < 0 {
		return chains.Amount{}, corrupt("value %.40q is no number of coins", text)
	}
	return value, nil
}
