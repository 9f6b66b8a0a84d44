package chains

// SpendState is what is known of an output's spending. It is never a bool: "no
// spender seen" has four different meanings.
type SpendState string

// The five states of a spend answer.
const (
	// SpentConfirmed: By and Input name the spender, in a block at or below AsOf.
	SpentConfirmed SpendState = "spent-confirmed"
	// SpentMempool: a transaction without a block spends it.
	SpentMempool SpendState = "spent-mempool"
	// Unspent: the output exists and no block up to AsOf spends it.
	Unspent SpendState = "unspent"
	// NotFound: no block up to AsOf holds such an output.
	NotFound SpendState = "not-found"
	// Unknown: the blocks that could tell are not held.
	Unknown SpendState = "unknown"
)

// Spend answers who spends an outpoint.
type Spend struct {
	State SpendState
	By    TxID     // the spender, where spent
	Input uint32   // the spender's input number
	At    Position // the spender's place, where confirmed
	AsOf  BlockRef // the block up to which the answer looked
}
