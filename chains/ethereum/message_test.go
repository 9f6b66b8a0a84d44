package ethereum_test

import (
	"bytes"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/google/go-cmp/cmp"

	"tsuiseki/chains"
	"tsuiseki/chains/ethereum"
)

// routerABI states the events as THORChain's routers of versions 4 and 6 declare them.
const routerABI = `[
{"type":"event","name":"Deposit","inputs":[{"name":"to","type":"address","indexed":true},{"name":"asset","type":"address","indexed":true},{"name":"amount","type":"uint256"},{"name":"memo","type":"string"}]},
{"type":"event","name":"TransferOut","inputs":[{"name":"vault","type":"address","indexed":true},{"name":"to","type":"address","indexed":true},{"name":"asset","type":"address"},{"name":"amount","type":"uint256"},{"name":"memo","type":"string"}]},
{"type":"event","name":"TransferOutAndCall","inputs":[{"name":"vault","type":"address","indexed":true},{"name":"target","type":"address"},{"name":"amount","type":"uint256"},{"name":"finalAsset","type":"address"},{"name":"to","type":"address"},{"name":"amountOutMin","type":"uint256"},{"name":"memo","type":"string"}]},
{"type":"event","name":"TransferOutAndCallV2","inputs":[{"name":"vault","type":"address","indexed":true},{"name":"target","type":"address"},{"name":"fromAsset","type":"address"},{"name":"fromAmount","type":"uint256"},{"name":"toAsset","type":"address"},{"name":"recipient","type":"address"},{"name":"amountOutMin","type":"uint256"},{"name":"memo","type":"string"},{"name":"payload","type":"bytes"},{"name":"originAddress","type":"string"}]},
{"type":"event","name":"TransferAllowance","inputs":[{"name":"oldVault","type":"address","indexed":true},{"name":"newVault","type":"address","indexed":true},{"name":"asset","type":"address"},{"name":"amount","type":"uint256"},{"name":"memo","type":"string"}]}
]`

// routerLog is a log of a router, encoded by go-ethereum's own encoder.
func routerLog(t testing.TB, event string, indexed []common.Address, args ...any) ethereum.LogRecord {
	t.Helper()
	router, err := abi.JSON(strings.NewReader(routerABI))
	if err != nil {
		t.Fatal(err)
	}
	data, err := router.Events[event].Inputs.NonIndexed().Pack(args...)
	if err != nil {
		t.Fatal(err)
	}
	log := ethereum.LogRecord{Address: numbered(9), Topics: []common.Hash{router.Events[event].ID}, Data: data, Index: 7}
	for _, a := range indexed {
		log.Topics = append(log.Topics, common.BytesToHash(a[:]))
	}
	return log
}

func numbered(n byte) chains.Address { return chains.Address(fmt.Sprintf("0x%040x", n)) }

func TestDecodeMessages(t *testing.T) {
	vault, to, other, token := common.Address{19: 1}, common.Address{19: 2}, common.Address{19: 3}, common.Address{19: 4}
	five := chains.NewAmount(5)
	long, limit := strings.Repeat("x", chains.MaxMemo+1), strings.Repeat("\xff", chains.MaxMemo)
	message := func(m chains.Message) []chains.Message {
		m.Log, m.Contract, m.Amount = 7, numbered(9), five
		return []chains.Message{m}
	}
	cut := routerLog(t, "Deposit", []common.Address{vault, token}, five.Big(), "=:b:bc1")
	cut.Data = cut.Data[:len(cut.Data)-32]
	dirty := routerLog(t, "TransferOut", []common.Address{vault, to}, token, five.Big(), "OUT:")
	dirty.Topics[1][3] = 1
	for name, c := range map[string]struct {
		log  ethereum.LogRecord
		want []chains.Message
	}{
		"a deposit of ether": {
			routerLog(t, "Deposit", []common.Address{vault, {}}, five.Big(), "=:b:bc1"),
			message(chains.Message{Kind: chains.MessageIn, Vault: numbered(1), Asset: "POL", Memo: "=:b:bc1"}),
		},
		"a deposit of a token, hostile bytes": {
			routerLog(t, "Deposit", []common.Address{vault, token}, five.Big(), limit),
			message(chains.Message{Kind: chains.MessageIn, Vault: numbered(1), Asset: chains.Asset(numbered(4)), Memo: limit}),
		},
		"a payment": {
			routerLog(t, "TransferOut", []common.Address{vault, to}, token, five.Big(), "OUT:AB"),
			message(chains.Message{Kind: chains.MessageOut, Vault: numbered(1), To: numbered(2), Asset: chains.Asset(numbered(4)), Memo: "OUT:AB"}),
		},
		"a payment by way of a swap": {
			routerLog(t, "TransferOutAndCall", []common.Address{vault}, other, five.Big(), token, to, five.Big(), "OUT:AB"),
			message(chains.Message{Kind: chains.MessageOut, Vault: numbered(1), To: numbered(2), Target: numbered(3), Asset: "POL", Memo: "OUT:AB"}),
		},
		"a payment of a token by way of a swap": {
			routerLog(t, "TransferOutAndCallV2", []common.Address{vault}, other, token, five.Big(), common.Address{}, to, five.Big(), "OUT:AB", []byte{1}, "bc1q"),
			message(chains.Message{Kind: chains.MessageOut, Vault: numbered(1), To: numbered(2), Target: numbered(3), Asset: chains.Asset(numbered(4)), Memo: "OUT:AB"}),
		},
		"a move": {
			routerLog(t, "TransferAllowance", []common.Address{vault, other}, token, five.Big(), "MIGRATE:1"),
			message(chains.Message{Kind: chains.MessageMove, Vault: numbered(1), To: numbered(3), Asset: chains.Asset(numbered(4)), Memo: "MIGRATE:1"}),
		},
		"a memo too long":         {routerLog(t, "Deposit", []common.Address{vault, token}, five.Big(), long), nil},
		"a text that is cut":      {cut, nil},
		"an address that is none": {dirty, nil},
		"topics missing":          {routerLog(t, "Deposit", []common.Address{vault}, five.Big(), "x"), nil},
		"topics too many":         {routerLog(t, "TransferOutAndCall", []common.Address{vault, to}, other, five.Big(), token, to, five.Big(), "x"), nil},
		"no topic":                {ethereum.LogRecord{Address: numbered(9)}, nil},
	} {
		if diff := cmp.Diff(c.want, ethereum.DecodeMessages([]ethereum.LogRecord{c.log}, "POL"), cmp.Comparer(chains.Amount.Equal)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// FuzzDecodeMessage: no log panics, and what is read of one is within its data.
func FuzzDecodeMessage(f *testing.F) {
	log := routerLog(f, "Deposit", []common.Address{{1}, {2}}, chains.NewAmount(5).Big(), "=:b:bc1")
	f.Add(log.Topics[0][:], log.Data, 3)
	log = routerLog(f, "TransferOutAndCall", []common.Address{{1}}, common.Address{2}, chains.NewAmount(5).Big(), common.Address{3}, common.Address{4}, chains.NewAmount(1).Big(), "OUT:")
	f.Add(log.Topics[0][:], log.Data, 2)
	f.Fuzz(func(t *testing.T, topic, data []byte, topics int) {
		log := ethereum.LogRecord{Address: numbered(9), Data: data}
		for range min(max(topics, 0), 4) {
			log.Topics = append(log.Topics, common.Hash{31: 1})
		}
		if len(log.Topics) > 0 {
			log.Topics[0] = common.BytesToHash(topic)
		}
		for _, m := range ethereum.DecodeMessages([]ethereum.LogRecord{log}, "ETH") {
			if len(m.Memo) > chains.MaxMemo || !bytes.Contains(data, []byte(m.Memo)) || m.Vault == "" || m.Asset == "" {
				t.Errorf("%+v of %x", m, data)
			}
		}
	})
}

// TestETLMessages: an export's logs give the same messages as a node's.
func TestETLMessages(t *testing.T) {
	log := routerLog(t, "TransferOut", []common.Address{{19: 1}, {19: 2}}, common.Address{}, big.NewInt(5), "OUT:AB")
	var topics []string
	for _, topic := range log.Topics {
		topics = append(topics, topic.Hex())
	}
	dir := writeETL(t, map[string]string{
		"blocks": blockHead + "9,<9>,<8>,{9},1,100,1,10,\n",
		"txs": strings.TrimSpace(txHead) + ",input\n" + fmt.Sprintf("<1>,0,9,0,{1},{2},7,50,12,0x%x\n", "=:b:bc1q") +
			fmt.Sprintf("<2>,1,9,1,{1},{2},0,50,12,0x%x\n<3>,2,9,2,{1},{2},7,50,12,0x%x\n<4>,3,9,3,{1},{2},7,50,12,0x\n", "=:b:bc1q", "no memo"),
		"logs": logHead + fmt.Sprintf("7,<1>,0,9,%s,0x%x,%q\n", numbered(9), log.Data, strings.Join(topics, ",")),
	})
	e := openETL(t, ethereum.ETLConfig{Path: dir})
	var got []chains.Message
	for block, err := range e.Blocks(t.Context(), 9, 9) {
		if err != nil {
			t.Fatal(err)
		}
		got = block.Txs[0].Messages
		for _, tx := range block.Txs[1:] {
			if len(tx.Messages) > 0 {
				t.Errorf("%+v", tx.Messages)
			}
		}
	}
	data := chains.Message{Kind: chains.MessageIn, Vault: chains.Address(account(2)), Asset: "ETH", Amount: chains.NewAmount(7), Memo: "=:b:bc1q"}
	want := append([]chains.Message{data}, ethereum.DecodeMessages([]ethereum.LogRecord{log}, "ETH")...)
	if diff := cmp.Diff(want, got, cmp.Comparer(chains.Amount.Equal)); diff != "" || len(got) != 2 {
		t.Errorf("%d messages:\n%s", len(got), diff)
	}
}
