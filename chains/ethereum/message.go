package ethereum

import (
	"encoding/hex"

	"github.com/ethereum/go-ethereum/common"

	"tsuiseki/chains"
)

// decodeMessages reads what THORChain's routers, of versions 1 to 6, log beside
// what they move. Other contracts may log the same. coin names the chain's.
func decodeMessages(logs []logRecord, coin chains.Asset) (messages []chains.Message) {
	for i := range logs {
		if m, ok := decodeMessage(&logs[i]); ok {
			if m.Asset == chains.Asset(chains.ZeroAddress) {
				m.Asset = coin
			}
			messages = append(messages, m)
		}
	}
	return messages
}

// decodeMessage reads one log. An asset of zeros is the chain's coin.
func decodeMessage(l *logRecord) (m chains.Message, ok bool) {
	if len(l.Topics) == 0 || l.Address == systemAddress {
		return m, false
	}
	d := messageData{data: l.Data}
	var topic [2 * common.HashLength]byte
	hex.Encode(topic[:], l.Topics[0][:])
	m.Log, m.Contract = l.Index, l.Address
	switch string(topic[:]) {
	case "ef519b7eb82aaf6ac376a6df2d793843ebfd593de5f1a0601d3cc6ab49ebb395": // Deposit(address indexed to,address indexed asset,uint256,string)
		m.Kind = chains.MessageIn
		m.Vault = d.topic(l, 1, 3)
		m.Asset = chains.Asset(d.topic(l, 2, 3))
		m.Amount, m.Memo = d.amount(0), d.text(1)
	case "a9cd03aa3c1b4515114539cd53d22085129d495cb9e9f9af77864526240f1bf7": // TransferOut(address indexed vault,address indexed to,address,uint256,string)
		m.Kind = chains.MessageOut
		m.Vault, m.To = d.topic(l, 1, 3), d.topic(l, 2, 3)
		m.Asset, m.Amount, m.Memo = chains.Asset(d.address(0)), d.amount(1), d.text(2)
	case "8e5841bcd195b858d53b38bcf91b38d47f3bc800469b6812d35451ab619c6f6c": // TransferOutAndCall(address indexed vault,address,uint256,address,address,uint256,string)
		m.Kind = chains.MessageOut
		m.Vault = d.topic(l, 1, 2)
		m.Target, m.Amount, m.To, m.Memo = d.address(0), d.amount(1), d.address(3), d.text(5)
		m.Asset = chains.Asset(chains.ZeroAddress)
	case "de470d7c2e9c3282cad476e5ed6f05f74d68839c406573048f2dee22a8c452c7": // TransferOutAndCallV2(address indexed vault,address,address,uint256,address,address,uint256,string,bytes,string)
		m.Kind = chains.MessageOut
		m.Vault = d.topic(l, 1, 2)
		m.Target, m.Asset, m.Amount, m.To, m.Memo = d.address(0), chains.Asset(d.address(1)), d.amount(2), d.address(4), d.text(6)
	case "05b90458f953d3fcb2d7fb25616a2fddeca749d0c47cc5c9832d0266b5346eea": // TransferAllowance(address indexed oldVault,address indexed newVault,address,uint256,string)
		m.Kind = chains.MessageMove
		m.Vault, m.To = d.topic(l, 1, 3), d.topic(l, 2, 3)
		m.Asset, m.Amount, m.Memo = chains.Asset(d.address(0)), d.amount(1), d.text(2)
	default:
		return m, false
	}
	return m, !d.bad
}

// messageData reads a log's arguments; bad once one is not in its place.
type messageData struct {
	data []byte
	bad  bool
}

// topic reads an indexed address of a log that has as many topics.
func (d *messageData) topic(l *logRecord, n, topics int) chains.Address {
	if len(l.Topics) != topics {
		d.bad = true
		return ""
	}
	account, ok := wordAddress(l.Topics[n][:])
	d.bad = d.bad || !ok
	return account
}

func (d *messageData) word(n int) []byte {
	start := n * common.HashLength
	if len(d.data) < start+common.HashLength {
		d.bad = true
		return make([]byte, common.HashLength)
	}
	return d.data[start : start+common.HashLength]
}

func (d *messageData) address(n int) chains.Address {
	account, ok := wordAddress(d.word(n))
	d.bad = d.bad || !ok
	return account
}

func (d *messageData) amount(n int) chains.Amount { return word(d.word(n)) }

// text reads the string to which an argument points. One longer than a memo may
// be makes the log none.
func (d *messageData) text(n int) string {
	start, ok := smallWord(d.data, uint64(n)*common.HashLength)
	if !ok {
		d.bad = true
		return ""
	}
	size, ok := smallWord(d.data, start)
	if !ok || size > chains.MaxMemo || size > uint64(len(d.data))-start-common.HashLength {
		d.bad = true
		return ""
	}
	return string(d.data[start+common.HashLength:][:size])
}

// dataMessage is the memo of a payment of the chain's coin whose data are a text:
// so vaults may be paid, and may pay, without a router. Calls of contracts are no
// printable ASCII.
func dataMessage(tx *chains.Tx, amount chains.Amount, data []byte, coin chains.Asset) (m chains.Message, ok bool) {
	if tx.Failed || tx.To == "" || amount.Sign() <= 0 || !memoData(data) {
		return m, false
	}
	m = chains.Message{Kind: chains.MessageIn, Vault: tx.To, Asset: coin, Amount: amount, Memo: string(data)}
	if _, answers := chains.QuotedTx(m.Memo); answers {
		m.Kind, m.Vault, m.To = chains.MessageOut, tx.From, tx.To
	}
	return m, true
}

// memoData reports whether data may be a memo: printable ASCII with a colon.
func memoData(data []byte) bool {
	colon := false
	for _, b := range data {
		if b < ' ' || b > '~' {
			return false
		}
		colon = colon || b == ':'
	}
	return colon && len(data) <= chains.MaxMemo
}
