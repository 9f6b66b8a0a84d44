package chains

// ZeroAddress stands in a token's transfer where the token is minted or burned.
const ZeroAddress Address = "0x0000000000000000000000000000000000000000"

// TransferKind says by which mechanism an account chain moved value.
type TransferKind string

// Kinds of transfer.
const (
	NativeTransfer      TransferKind = "native"      // the transaction's own value
	InternalTransfer    TransferKind = "internal"    // a call, creation or self-destruct within it
	TokenTransfer       TransferKind = "token"       // a fungible token's log; minted from ZeroAddress, burned to it
	CollectibleTransfer TransferKind = "collectible" // of a non-fungible token: never part of a ledger
	FeeTransfer         TransferKind = "fee"         // From pays the fee's burned part; To is empty
	TipTransfer         TransferKind = "tip"         // From pays the rest of the fee to the block's producer
	WithdrawalTransfer  TransferKind = "withdrawal"  // from the consensus layer (EIP-4895); From is empty
	RewardTransfer      TransferKind = "reward"      // newly created for a block or uncle; From is empty
	DestroyedTransfer   TransferKind = "destroyed"   // an issuer destroys a frozen balance; To is empty
	MixTransfer         TransferKind = "mix"         // a mixer's pool, To, logs that it took a deposit in; never part of a ledger
)

// Transfer is one movement of value between two accounts. Zero amounts are kept:
// they are how look-alike addresses are planted in a victim's history.
type Transfer struct {
	Kind TransferKind
	// Index is the log index in the block for a log; for a native (0) or internal
	// transfer the place in the transaction's flattened call tree, counting every frame.
	Index    uint32
	From, To Address // lower case; empty where value is created or destroyed
	Asset    Asset
	Amount   Amount
	TokenID  Amount // of a collectible
}

// Ledger reports whether the transfer changes balances of a fungible asset.
func (t *Transfer) Ledger() bool {
	return t.Kind != CollectibleTransfer && t.Kind != MixTransfer && t.Amount.Sign() > 0
}

// Payment reports whether the transfer may be one person's payment to another.
func (t *Transfer) Payment() bool {
	return t.Amount.Sign() > 0 && (t.Kind == NativeTransfer || t.Kind == InternalTransfer || t.Kind == TokenTransfer)
}

// IsLog reports whether the transfer was seen as a log.
func (t *Transfer) IsLog() bool {
	return t.Kind == TokenTransfer || t.Kind == CollectibleTransfer || t.Kind == DestroyedTransfer || t.Kind == MixTransfer
}

// Movement is what one transaction did to an account's balance of an asset: sums
// over its transfers, fees included. Both are zero where the account only met
// transfers of nothing.
type Movement struct {
	At      Position
	In, Out Amount
}

// Freeze is an issuer's order on an account's balance of a token, as a log says it.
type Freeze struct {
	Asset   Asset
	Account Address
	Frozen  bool // false: released
	Tx      uint32
	Log     uint32 // index in the block
}

// Part names one kind of fact about a block, which a source may lack.
type Part string

// Parts of an account chain's block.
const (
	PartTransactions Part = "transactions" // who sent what, in which order
	PartReceipts     Part = "receipts"     // whether transactions failed, and their fees
	PartLogs         Part = "logs"         // token transfers and freezes
	PartInternal     Part = "internal"     // value moved by calls within transactions
	PartWithdrawals  Part = "withdrawals"
	PartRewards      Part = "rewards"
)

// Parts are all parts, in the order in which they are shown.
func Parts() []Part {
	return []Part{PartTransactions, PartReceipts, PartLogs, PartInternal, PartWithdrawals, PartRewards}
}

// Gap says that a part of a block is not held, and why. What is held of the part
// may be some of it, never all.
type Gap struct {
	Part   Part
	Reason string
}

// Token is what a token's contract says of itself; hostile text.
type Token struct {
	Asset    Asset
	Symbol   string
	Decimals uint8
}

// Heights is a range of heights, both included.
type Heights struct{ From, To uint64 }
