package intake

import (
	"time"

	"tsuiseki/chains"
)

// Kinds of a deposit, as in the contract, and of what is only recorded.
const (
	KindOutput   = "output"
	KindNative   = "native"
	KindInternal = "internal"
	KindToken    = "token"

	KindExchangeInternal = "exchange-internal" // within an exchange: on no chain
	KindUnindexed        = "unindexed-chain"   // on a chain that no index holds
)

// FieldValue is a cell as it came, and as it was read.
type FieldValue struct {
	Field      Field  `json:"field"`
	Column     string `json:"column"`
	Raw        string `json:"raw"`
	Normalised string `json:"normalised"`
}

// Notice is what a person should know of a row that was taken.
type Notice struct {
	Code   NoticeCode `json:"code"`
	Text   string     `json:"text"`
	TextJA string     `json:"text_ja"`
}

// Details are what a row says beside the payment itself.
type Details struct {
	Row        int    `json:"row"`  // of the file, from 1
	Part       int    `json:"part"` // of the row's transactions, from 1
	Case       string `json:"case_number,omitempty"`
	Receipt    string `json:"receipt_number,omitempty"`
	Victim     string `json:"victim,omitempty"`
	Officer    string `json:"officer,omitempty"`
	Station    string `json:"station,omitempty"`
	Prefecture string `json:"prefecture,omitempty"` // JIS code
	Scheme     string `json:"scheme,omitempty"`
	Exchange   string `json:"exchange,omitempty"` // that sent the payment
	Note       string `json:"note,omitempty"`
	// Yen is what the row says that the payment was worth. Of several transactions in
	// one cell it is of all together.
	Yen *chains.Amount `json:"yen,omitempty"`
	// SaidTest and SaidRefund: the row's own words call it a test or a refund.
	SaidTest   bool `json:"said_test,omitempty"`
	SaidRefund bool `json:"said_refund,omitempty"`

	Fields  []FieldValue `json:"fields"`
	Notices []Notice     `json:"notices,omitempty"`
}

// Place is one payment on a chain: an output, or a transfer of an account chain.
type Place struct {
	Chain chains.Chain `json:"chain"`
	Tx    chains.TxID  `json:"tx"`
	Kind  string       `json:"kind"`
	Index uint32       `json:"index"` // of the output, log, or place in the flattened call tree
}

// Deposit is a payment that the chain confirms. All of it but Details is the chain's word.
type Deposit struct {
	Place
	Address chains.Address  `json:"address"`
	Sender  chains.Address  `json:"sender,omitempty"` // of an account chain
	Asset   chains.Asset    `json:"asset"`
	Amount  chains.Amount   `json:"amount"`
	Block   chains.BlockRef `json:"block"`
	TxIndex uint32          `json:"tx_index"` // place in the block
	Time    time.Time       `json:"time"`     // the block's, UTC
	// Already names the deposit that the case holds for this place; taking it again
	// changes nothing.
	Already string `json:"already,omitempty"`
	Details
}

// Record is what is kept for disclosure, and cannot be traced.
type Record struct {
	Kind    string     `json:"kind"`
	Chain   string     `json:"chain,omitempty"`
	ID      string     `json:"id"` // as the row has it, normalised
	Address string     `json:"address,omitempty"`
	Asset   string     `json:"asset,omitempty"`
	Amount  string     `json:"amount,omitempty"` // as the row has it, normalised
	Time    *time.Time `json:"time,omitempty"`   // as the row has it, UTC
	Details
}

// RowError is one thing wrong with a row.
type RowError struct {
	Row          int    `json:"row"`
	Column       string `json:"column,omitempty"`
	Field        Field  `json:"field"`
	Raw          string `json:"raw"`
	Normalised   string `json:"normalised"`
	Code         Code   `json:"code"`
	Reason       string `json:"reason"`
	ReasonJA     string `json:"reason_ja"`
	Suggestion   string `json:"suggestion"`
	SuggestionJA string `json:"suggestion_ja"`
	// Candidates are references that the row may mean; a person confirms.
	Candidates []Candidate `json:"candidates,omitempty"`
}

// Candidate is a payment that a row may mean.
type Candidate struct {
	Ref     string         `json:"ref"` // TXID:N, TXID:log:N or TXID:call:N
	Chain   chains.Chain   `json:"chain"`
	Address chains.Address `json:"address"`
	Asset   chains.Asset   `json:"asset"`
	Amount  string         `json:"amount"` // for people
	Time    time.Time      `json:"time"`
}

// Rejected is a row that comes back.
type Rejected struct {
	Row    int        `json:"row"`
	Cells  []string   `json:"cells"` // as they came; of several transactions those that are wrong
	Errors []RowError `json:"errors"`
}
