package correlate

// What tests look into.
var (
	Ln             = ln
	Exp            = exp
	FalseDiscovery = falseDiscovery
)

// Tail is the upper tail of the hypergeometric distribution.
func Tail(all, a, b, k int) float64 { return newLnFactorial().tail(all, a, b, k) }

// HoldEntries sets how many entries a run sorts in memory.
func (p *Params) HoldEntries(n int) { p.heldEntries = n }

// RoundTrip decodes a record and encodes it again; false where it is none.
func RoundTrip(data []byte) ([]byte, bool) {
	r, ok := decodeRecord(data)
	if !ok {
		return nil, false
	}
	return r.encode(nil), true
}
