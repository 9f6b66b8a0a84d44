package intake

// Code names what is wrong with a row; codes never change.
type Code string

// What may be wrong with a row. docs/intake.md says of each what to do.
const (
	CellUndecodable   Code = "cell-undecodable"
	IDMissing         Code = "id-missing"
	IDUnreadable      Code = "id-unreadable"
	IDIsAddress       Code = "id-is-address"
	IDTruncated       Code = "id-truncated"
	IDTooLong         Code = "id-too-long"
	IDIsTradeNumber   Code = "id-is-trade-number"
	IDMangled         Code = "id-mangled"
	IDsTooMany        Code = "ids-too-many"
	ChainUnknown      Code = "chain-unknown"
	KindUnknown       Code = "kind-unknown"
	IndexUnreadable   Code = "index-unreadable"
	AssetUnknown      Code = "asset-unknown"
	AddressUnreadable Code = "address-unreadable"
	AmountUnreadable  Code = "amount-unreadable"
	AmountIsYen       Code = "amount-is-yen"
	AmountMangled     Code = "amount-mangled"
	AssetConflict     Code = "asset-conflict"
	AmountPrecision   Code = "amount-precision"
	TimeUnreadable    Code = "time-unreadable"
	YenUnreadable     Code = "yen-unreadable"

	TxNotFound        Code = "tx-not-found"
	TxPending         Code = "tx-pending"
	TxReplaced        Code = "tx-replaced"
	TxFailed          Code = "tx-failed"
	TxUnconfirmed     Code = "tx-unconfirmed"
	TxTwice           Code = "tx-twice"
	TxNoValue         Code = "tx-no-value"
	TxSeveralChains   Code = "tx-on-several-chains"
	ChainMismatch     Code = "chain-mismatch"
	AssetMismatch     Code = "asset-mismatch"
	TokenUnknown      Code = "token-unknown"
	DecimalsUnknown   Code = "decimals-unknown"
	RecipientMismatch Code = "recipient-mismatch"
	RecipientIsSender Code = "recipient-is-sender"
	AmountMismatch    Code = "amount-mismatch"
	AmountScale       Code = "amount-scale"
	AmountSum         Code = "amount-sum"
	PlaceMissing      Code = "place-missing"
	PlaceAmbiguous    Code = "place-ambiguous"
	TimeFar           Code = "time-far"
	DuplicateRow      Code = "duplicate-row"
	PlaceClaimed      Code = "place-claimed"
)

// NoticeCode names what a person should know of a row that was taken.
type NoticeCode string

// Notices of rows that were taken.
const (
	TimeNineHours     NoticeCode = "time-nine-hours"
	TimeDiffers       NoticeCode = "time-differs"
	AmountNegative    NoticeCode = "amount-negative"
	ChosenByAmount    NoticeCode = "chosen-by-amount"
	ExplorerUnknown   NoticeCode = "explorer-unknown"
	PrefectureUnknown NoticeCode = "prefecture-unknown"
	ChecksumAbsent    NoticeCode = "checksum-absent"
	NotTraced         NoticeCode = "not-traced"
)

// Codes are all codes of row errors, in the order of the documentation.
func Codes() []Code {
	return []Code{
		CellUndecodable, IDMissing, IDUnreadable, IDIsAddress, IDTruncated, IDTooLong, IDIsTradeNumber, IDMangled, IDsTooMany,
		ChainUnknown, KindUnknown, IndexUnreadable, AssetUnknown, AddressUnreadable,
		AmountUnreadable, AmountIsYen, AmountMangled, AssetConflict, AmountPrecision, TimeUnreadable, YenUnreadable,
		TxNotFound, TxPending, TxReplaced, TxFailed, TxUnconfirmed, TxTwice, TxNoValue, TxSeveralChains, ChainMismatch,
		AssetMismatch, TokenUnknown, DecimalsUnknown, RecipientMismatch, RecipientIsSender,
		AmountMismatch, AmountScale, AmountSum, PlaceMissing, PlaceAmbiguous, TimeFar, DuplicateRow, PlaceClaimed,
	}
}

// FileCodes are all codes of files that are refused.
func FileCodes() []FileCode {
	return []FileCode{
		FileEmpty, FileNotTable, FileOldExcel, FileNUL, FileEncoding, FileQuote, FileTooLarge, FileDamaged,
		FileNoIDs, FileAmbiguous, FileSheets, FileSheetMissing, FileColumnMissing,
	}
}

// NoticeCodes are all codes of notices.
func NoticeCodes() []NoticeCode {
	return []NoticeCode{TimeNineHours, TimeDiffers, AmountNegative, ChosenByAmount, ExplorerUnknown, PrefectureUnknown, ChecksumAbsent, NotTraced}
}
