package chains

// Scripts knows what a UTXO chain's output scripts mean to people.
type Scripts interface {
	// Describe gives a script's address, or its stable name where it has none,
	// and its type. It never fails: what it does not know is "nonstandard".
	Describe(script []byte) (Address, string)
	// Key is the script's place in an index of appearances. Scripts with the
	// same address share it; so may, rarely, others.
	Key(script []byte) uint64
	// AddressKey is the address as Describe writes it, and the Key of its
	// scripts; an error says why the text is no address of this chain.
	AddressKey(text string) (Address, uint64, error)
}
