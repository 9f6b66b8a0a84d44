package ethereum

import (
	"encoding/hex"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"tsuiseki/chains"
)

// logRecord is a contract's log, whichever source told of it.
type logRecord struct {
	Address chains.Address
	Topics  []common.Hash
	Data    []byte
	Index   uint32 // in the block
	Tx      uint32 // the transaction's place in the block
}

// systemAddress logs each movement of the chain's coin (EIP-7708), which the call
// tree tells already.
const systemAddress chains.Address = "0xfffffffffffffffffffffffffffffffffffffffe"

// event is a kind of log that is read.
type event int

const (
	noEvent event = iota
	transferEvent
	transferSingleEvent
	transferBatchEvent
	depositEvent
	withdrawalEvent
	destroyedEvent
	freezeEvent
	releaseEvent
	mixEvent
)

// event tells logs apart by their first topic, the hash of their signature.
func (l *logRecord) event() event {
	if len(l.Topics) == 0 || l.Address == systemAddress {
		return noEvent
	}
	var topic [2 * common.HashLength]byte
	hex.Encode(topic[:], l.Topics[0][:])
	switch string(topic[:]) {
	case "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef": // Transfer(address,address,uint256) of ERC-20 and ERC-721
		return transferEvent
	case "c3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62": // TransferSingle(address,address,address,uint256,uint256) of ERC-1155
		return transferSingleEvent
	case "4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb": // TransferBatch(address,address,address,uint256[],uint256[]) of ERC-1155
		return transferBatchEvent
	case "e1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c": // Deposit(address,uint256) of WETH9
		return depositEvent
	case "7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65": // Withdrawal(address,uint256) of WETH9
		return withdrawalEvent
	case "61e6e66b0d6339b2980aecc6ccc0039736791f0ccde9ed512e789a7fbdd698c6": // DestroyedBlackFunds(address,uint256) of USDT
		return destroyedEvent
	case "42e160154868087d6bfdc0ca23d96a1c1cfa32f1b72ba9ba27b69b98a0d819dc", // AddedBlackList(address) of USDT
		"ffa4e6181777692565cf28528fc88fd1516ea86b56da075235fa575af6a4b855": // Blacklisted(address) of USDC
		return freezeEvent
	case "d7e9ec6e6ecd65492dce6bf513cd6867560d49544421d0783ddf06e76c24470c", // RemovedBlackList(address) of USDT
		"117e3210bb9aa7d9baff172026820255c6f6c30ba8999d1c2fd88e2848137c4e": // UnBlacklisted(address) of USDC
		return releaseEvent
	case "a945e51eec50ab98c161376f0db4cf2aeba3ec92755fe2fcd388bdbbb80ff196": // Tornado Cash: Deposit(bytes32,uint32,uint256)
		return mixEvent
	}
	return noEvent
}

// decodeLog reads one log by itself; ok is false for logs that move nothing. What
// WETH9 logs for a wrap or unwrap counts as a mint or burn, which only the
// transaction's other logs can bear out: see decodeLogsBeside.
func decodeLog(l logRecord) (transfers []chains.Transfer, freeze *chains.Freeze, ok bool) {
	switch l.event() {
	case transferEvent:
		transfers = decodeTransfer(l)
	case transferSingleEvent, transferBatchEvent:
		transfers = decodeMultiTransfer(l)
	case depositEvent:
		if account, amount, shaped := accountAndAmount(l, 2); shaped {
			transfers = l.move(chains.TokenTransfer, chains.ZeroAddress, account, amount)
		}
	case withdrawalEvent:
		if account, amount, shaped := accountAndAmount(l, 2); shaped {
			transfers = l.move(chains.TokenTransfer, account, chains.ZeroAddress, amount)
		}
	case destroyedEvent:
		if account, amount, shaped := accountAndAmount(l, len(l.Topics)); shaped {
			transfers = l.move(chains.DestroyedTransfer, account, "", amount)
		}
	case mixEvent:
		if len(l.Topics) == 2 && len(l.Data) == 2*common.HashLength {
			transfers = l.move(chains.MixTransfer, "", l.Address, chains.Amount{})
		}
	case freezeEvent:
		freeze = decodeFreeze(l, true)
	case releaseEvent:
		freeze = decodeFreeze(l, false)
	}
	return transfers, freeze, len(transfers) > 0 || freeze != nil
}

// decodeLogsBeside reads the logs of one transaction. Contracts other than WETH9
// use its wrap logs too, beside a mint or burn: those count once. coins are its
// native and internal transfers, nil where not all are known: a vault's deposit of
// another token looks like a wrap, and a true one goes with the same amount of the
// chain's coin.
func decodeLogsBeside(logs []logRecord, coins []chains.Transfer) (transfers []chains.Transfer, freezes []chains.Freeze) {
	var wraps []int // into transfers
	for _, l := range logs {
		moved, freeze, ok := decodeLog(l)
		if !ok {
			continue
		}
		if freeze != nil {
			freezes = append(freezes, *freeze)
		}
		if kind := l.event(); kind == depositEvent || kind == withdrawalEvent {
			wraps = append(wraps, len(transfers))
		}
		transfers = append(transfers, moved...)
	}
	if len(wraps) == 0 {
		return transfers, freezes
	}
	counted := slices.Clone(transfers)
	for _, i := range slices.Backward(wraps) {
		if doubled(transfers, wraps, i) || (coins != nil && !paid(coins, &transfers[i])) {
			counted = slices.Delete(counted, i, i+1)
		}
	}
	return counted, freezes
}

// doubled reports whether a Transfer log says the same as the wrap log i.
func doubled(transfers []chains.Transfer, wraps []int, i int) bool {
	wrap := &transfers[i]
	for j := range transfers {
		t := &transfers[j]
		if t.Kind == wrap.Kind && t.Asset == wrap.Asset && t.From == wrap.From && t.To == wrap.To &&
			t.Amount.Equal(wrap.Amount) && !slices.Contains(wraps, j) {
			return true
		}
	}
	return false
}

// paid reports whether the coin went the opposite way of a wrap's token.
func paid(coins []chains.Transfer, wrap *chains.Transfer) bool {
	contract := chains.Address(wrap.Asset)
	for i := range coins {
		c := &coins[i]
		if !c.Amount.Equal(wrap.Amount) {
			continue
		}
		if wrap.From == chains.ZeroAddress && c.From == wrap.To && c.To == contract ||
			wrap.To == chains.ZeroAddress && c.To == wrap.From && c.From == contract {
			return true
		}
	}
	return wrap.Amount.IsZero()
}

// move is the one transfer of a log.
func (l *logRecord) move(kind chains.TransferKind, from, to chains.Address, amount chains.Amount) []chains.Transfer {
	return []chains.Transfer{{Kind: kind, Index: l.Index, From: from, To: to, Asset: chains.Asset(l.Address), Amount: amount}}
}

// decodeTransfer tells ERC-20 from ERC-721, which share the first topic.
func decodeTransfer(l logRecord) []chains.Transfer {
	fungible := len(l.Topics) == 3 && len(l.Data) == common.HashLength
	collectible := len(l.Topics) == 4 && len(l.Data) == 0
	if !fungible && !collectible {
		return nil
	}
	from, fromOK := wordAddress(l.Topics[1][:])
	to, toOK := wordAddress(l.Topics[2][:])
	if !fromOK || !toOK {
		return nil
	}
	if fungible {
		return l.move(chains.TokenTransfer, from, to, word(l.Data))
	}
	transfers := l.move(chains.CollectibleTransfer, from, to, chains.NewAmount(1))
	transfers[0].TokenID = word(l.Topics[3][:])
	return transfers
}

// decodeMultiTransfer reads ERC-1155, whose operator may be neither side.
func decodeMultiTransfer(l logRecord) []chains.Transfer {
	if len(l.Topics) != 4 {
		return nil
	}
	from, fromOK := wordAddress(l.Topics[2][:])
	to, toOK := wordAddress(l.Topics[3][:])
	if !fromOK || !toOK {
		return nil
	}
	var ids, amounts [][]byte
	if l.event() == transferSingleEvent {
		if len(l.Data) != 2*common.HashLength {
			return nil
		}
		ids, amounts = [][]byte{l.Data[:common.HashLength]}, [][]byte{l.Data[common.HashLength:]}
	} else {
		ids, amounts = wordList(l.Data, 0), wordList(l.Data, 1)
	}
	if len(ids) != len(amounts) {
		return nil
	}
	var transfers []chains.Transfer
	for i := range ids {
		transfer := l.move(chains.CollectibleTransfer, from, to, word(amounts[i]))[0]
		transfer.TokenID = word(ids[i])
		transfers = append(transfers, transfer)
	}
	return transfers
}

// wordList reads the ABI's list of words to which the given argument points; nil
// where it does not lie within the data.
func wordList(data []byte, argument int) (list [][]byte) {
	start, ok := smallWord(data, uint64(argument)*common.HashLength)
	if !ok {
		return nil
	}
	count, ok := smallWord(data, start)
	if !ok || count > uint64(len(data))/common.HashLength {
		return nil
	}
	rest := data[start+common.HashLength:]
	if uint64(len(rest)) < count*common.HashLength {
		return nil
	}
	for item := range slices.Chunk(rest[:count*common.HashLength], common.HashLength) {
		list = append(list, item)
	}
	return list
}

// smallWord reads the word at a place as a size or place within the data.
func smallWord(data []byte, at uint64) (uint64, bool) {
	size := uint64(len(data))
	if at > size || size-at < common.HashLength {
		return 0, false
	}
	value := word(data[at : at+common.HashLength])
	n, fits := value.Int64()
	if !fits || uint64(n) > size {
		return 0, false
	}
	return uint64(n), true
}

// decodeFreeze takes the account from where it stands: USDT's log does not index
// it, USDC's does.
func decodeFreeze(l logRecord, frozen bool) *chains.Freeze {
	words := argumentWords(l)
	if len(words) != 1 {
		return nil
	}
	account, ok := wordAddress(words[0])
	if !ok {
		return nil
	}
	return &chains.Freeze{Asset: chains.Asset(l.Address), Account: account, Frozen: frozen, Tx: l.Tx, Log: l.Index}
}

// accountAndAmount reads a log of those two arguments with the given number of topics.
func accountAndAmount(l logRecord, topics int) (account chains.Address, amount chains.Amount, ok bool) {
	words := argumentWords(l)
	if len(l.Topics) != topics || len(words) != 2 {
		return "", amount, false
	}
	account, ok = wordAddress(words[0])
	return account, word(words[1]), ok
}

// argumentWords are a log's arguments where all are single words and the indexed
// ones come first.
func argumentWords(l logRecord) (words [][]byte) {
	if len(l.Data)%common.HashLength != 0 || len(l.Data) > 4*common.HashLength {
		return nil
	}
	for i := range l.Topics[1:] {
		words = append(words, l.Topics[i+1][:])
	}
	for item := range slices.Chunk(l.Data, common.HashLength) {
		words = append(words, item)
	}
	return words
}
