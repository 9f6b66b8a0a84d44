package ethereum_test

import (
	"bytes"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/chains/ethereum"
)

const (
	alice = "0x000000000000000000000000000000000000a11c"
	bob   = "0x0000000000000000000000000000000000000b0b"
	weth  = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
)

// log makes a record: the signature, then indexed words, then data words.
func log(contract chains.Address, signature string, indexed []any, data ...any) ethereum.LogRecord {
	l := ethereum.LogRecord{Address: contract, Topics: []common.Hash{crypto.Keccak256Hash([]byte(signature))}, Index: 3, Tx: 2}
	for _, word := range indexed {
		l.Topics = append(l.Topics, abiWord(word))
	}
	for _, word := range data {
		w := abiWord(word)
		l.Data = append(l.Data, w[:]...)
	}
	return l
}

func abiWord(value any) common.Hash {
	switch v := value.(type) {
	case string:
		return common.HexToHash(v)
	case chains.Address:
		return common.HexToHash(string(v))
	case int:
		return common.BigToHash(big.NewInt(int64(v)))
	}
	panic(fmt.Sprintf("no word: %v", value))
}

func sameTransfers(t *testing.T, want, got []chains.Transfer) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.Comparer(chains.Amount.Equal), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("transfers differ (-want +got):\n%s", diff)
	}
}

func TestDecodeLog(t *testing.T) {
	words := func(w ...any) []any { return w }
	const (
		transfer = "Transfer(address,address,uint256)"
		single   = "TransferSingle(address,address,address,uint256,uint256)"
		batch    = "TransferBatch(address,address,address,uint256[],uint256[])"
		dirty    = "0x010000000000000000000000000000000000000000000000000000000000a11c"
	)
	move := func(kind chains.TransferKind, from, to chains.Address, amount int64) []chains.Transfer {
		return []chains.Transfer{{Kind: kind, Index: 3, From: from, To: to, Asset: token, Amount: chains.NewAmount(amount)}}
	}
	collectible := func(id, amount int64) chains.Transfer {
		x := move(chains.CollectibleTransfer, alice, bob, amount)[0]
		x.TokenID = chains.NewAmount(id)
		return x
	}
	for name, c := range map[string]struct {
		log    ethereum.LogRecord
		want   []chains.Transfer
		freeze string // account, and whether frozen
	}{
		"ERC-20":                     {log: log(token, transfer, words(alice, bob), 5), want: move(chains.TokenTransfer, alice, bob, 5)},
		"ERC-20 of nothing":          {log: log(token, transfer, words(alice, bob), 0), want: move(chains.TokenTransfer, alice, bob, 0)},
		"ERC-20 mint":                {log: log(token, transfer, words(0, bob), 5), want: move(chains.TokenTransfer, chains.ZeroAddress, bob, 5)},
		"ERC-721":                    {log: log(token, transfer, words(alice, bob, 77)), want: []chains.Transfer{collectible(77, 1)}},
		"ERC-721 with data":          {log: log(token, transfer, words(alice, bob, 77), 1)},
		"no index":                   {log: log(token, transfer, nil, alice, bob, 5)},
		"two words of data":          {log: log(token, transfer, words(alice, bob), 5, 6)},
		"not an address":             {log: log(token, transfer, words(dirty, bob), 5)},
		"ERC-1155":                   {log: log(token, single, words(producer, alice, bob), 7, 2), want: []chains.Transfer{collectible(7, 2)}},
		"ERC-1155 short":             {log: log(token, single, words(producer, alice, bob), 7)},
		"ERC-1155 batch":             {log: log(token, batch, words(producer, alice, bob), 64, 160, 2, 7, 8, 2, 3, 4), want: []chains.Transfer{collectible(7, 3), collectible(8, 4)}},
		"ERC-1155 empty batch":       {log: log(token, batch, words(producer, alice, bob), 64, 96, 0, 0)},
		"ERC-1155 uneven batch":      {log: log(token, batch, words(producer, alice, bob), 64, 160, 2, 7, 8, 1, 3)},
		"ERC-1155 beyond its data":   {log: log(token, batch, words(producer, alice, bob), 64, 160, 2, 7, 8, 3, 3, 4)},
		"ERC-1155 far beyond":        {log: log(token, batch, words(producer, alice, bob), 1<<40, 160, 2, 7, 8, 2, 3, 4)},
		"ERC-1155 endless":           {log: log(token, batch, words(producer, alice, bob), 64, 64, "0x"+strings.Repeat("f", 64), 1)},
		"wrap":                       {log: log(token, "Deposit(address,uint256)", words(alice), 9), want: move(chains.TokenTransfer, chains.ZeroAddress, alice, 9)},
		"unwrap":                     {log: log(token, "Withdrawal(address,uint256)", words(alice), 9), want: move(chains.TokenTransfer, alice, chains.ZeroAddress, 9)},
		"wrap of another shape":      {log: log(token, "Deposit(address,uint256)", nil, alice, 9)},
		"USDT freezes":               {log: log(token, "AddedBlackList(address)", nil, alice), freeze: alice + " true"},
		"USDT releases":              {log: log(token, "RemovedBlackList(address)", nil, alice), freeze: alice + " false"},
		"USDC freezes":               {log: log(token, "Blacklisted(address)", words(alice)), freeze: alice + " true"},
		"USDC releases":              {log: log(token, "UnBlacklisted(address)", words(alice)), freeze: alice + " false"},
		"freeze of two":              {log: log(token, "Blacklisted(address)", words(alice), bob)},
		"freeze of nobody":           {log: log(token, "Blacklisted(address)", nil)},
		"frozen balance destroyed":   {log: log(token, "DestroyedBlackFunds(address,uint256)", nil, alice, 9), want: move(chains.DestroyedTransfer, alice, "", 9)},
		"the coin itself (EIP-7708)": {log: log("0xfffffffffffffffffffffffffffffffffffffffe", transfer, words(alice, bob), 5)},
		"another event":              {log: log(token, "Approval(address,address,uint256)", words(alice, bob), 9)},
		"no topics":                  {log: ethereum.LogRecord{Address: token, Data: bytes.Repeat([]byte{1}, 32)}},
		"half a word":                {log: ethereum.LogRecord{Address: token, Topics: log(token, "Blacklisted(address)", nil).Topics, Data: []byte{1}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, freeze, ok := ethereum.DecodeLog(c.log)
			sameTransfers(t, c.want, got)
			if ok != (len(c.want) > 0 || c.freeze != "") {
				t.Errorf("ok is %v", ok)
			}
			if freeze == nil {
				if c.freeze != "" {
					t.Errorf("no freeze, want %s", c.freeze)
				}
				return
			}
			if said := fmt.Sprint(freeze.Account, " ", freeze.Frozen); said != c.freeze || freeze.Asset != token || freeze.Tx != 2 || freeze.Log != 3 {
				t.Errorf("freeze %+v, want %s", freeze, c.freeze)
			}
		})
	}
}

// TestWraps: a wrap counts once, and only where the coin went the other way.
func TestWraps(t *testing.T) {
	deposit := log(weth, "Deposit(address,uint256)", []any{alice}, 9)
	withdrawal := log(weth, "Withdrawal(address,uint256)", []any{alice}, 9)
	mint := log(weth, "Transfer(address,address,uint256)", []any{0, alice}, 9)
	burn := log(weth, "Transfer(address,address,uint256)", []any{alice, 0}, 9)
	mintElsewhere := log(token, "Transfer(address,address,uint256)", []any{0, alice}, 9)
	coin := func(from, to chains.Address, amount int64) chains.Transfer {
		return chains.Transfer{Kind: chains.InternalTransfer, From: from, To: to, Asset: "ETH", Amount: chains.NewAmount(amount)}
	}
	for name, c := range map[string]struct {
		logs  []ethereum.LogRecord
		coins []chains.Transfer // nil: not known
		want  int
	}{
		"wrap":                              {[]ethereum.LogRecord{deposit}, nil, 1},
		"wrap and unwrap":                   {[]ethereum.LogRecord{deposit, withdrawal}, nil, 2},
		"two wraps of the same amount":      {[]ethereum.LogRecord{deposit, deposit}, nil, 2},
		"mint after the wrap log":           {[]ethereum.LogRecord{deposit, mint}, nil, 1},
		"mint before the wrap log":          {[]ethereum.LogRecord{mint, deposit}, nil, 1},
		"burn beside the unwrap log":        {[]ethereum.LogRecord{withdrawal, burn}, nil, 1},
		"mint of another token":             {[]ethereum.LogRecord{deposit, mintElsewhere}, nil, 2},
		"paid wrap":                         {[]ethereum.LogRecord{deposit}, []chains.Transfer{coin(alice, weth, 9)}, 1},
		"paid unwrap":                       {[]ethereum.LogRecord{withdrawal}, []chains.Transfer{coin(weth, alice, 9)}, 1},
		"a vault's deposit":                 {[]ethereum.LogRecord{deposit}, []chains.Transfer{coin(alice, weth, 0)}, 0},
		"paid by another":                   {[]ethereum.LogRecord{deposit}, []chains.Transfer{coin(bob, weth, 9)}, 0},
		"paid the wrong way":                {[]ethereum.LogRecord{withdrawal}, []chains.Transfer{coin(alice, weth, 9)}, 0},
		"a vault's deposit beside its mint": {[]ethereum.LogRecord{deposit, mint}, []chains.Transfer{coin(alice, weth, 0)}, 1},
	} {
		got, _ := ethereum.DecodeLogsBeside(c.logs, c.coins)
		if len(got) != c.want {
			t.Errorf("%s: %d transfers, want %d: %+v", name, len(got), c.want, got)
		}
		if c.coins == nil {
			alone, _ := ethereum.DecodeLogs(c.logs)
			sameTransfers(t, got, alone)
		}
	}
}

// TestDecodeLogsIsTheSum: what a transaction's logs move is what each moves by
// itself, in order, but for doubled wraps; freezes are all kept.
func TestDecodeLogsIsTheSum(t *testing.T) {
	signatures := []string{
		"Transfer(address,address,uint256)", "Deposit(address,uint256)", "Withdrawal(address,uint256)",
		"Blacklisted(address)", "DestroyedBlackFunds(address,uint256)", "Approval(address,address,uint256)",
	}
	rapid.Check(t, func(t *rapid.T) {
		var logs []ethereum.LogRecord
		for i := range rapid.IntRange(0, 8).Draw(t, "logs") {
			var words [2][]any
			for k := range words {
				for range rapid.IntRange(0, 3).Draw(t, "words") {
					words[k] = append(words[k], rapid.SampledFrom([]any{alice, bob, 0, 9}).Draw(t, "word"))
				}
			}
			l := log(rapid.SampledFrom([]chains.Address{token, weth}).Draw(t, "contract"), rapid.SampledFrom(signatures).Draw(t, "signature"), words[0], words[1]...)
			l.Index = uint32(i)
			logs = append(logs, l)
		}
		var single []chains.Transfer
		freezes := 0
		for _, l := range logs {
			transfers, freeze, _ := ethereum.DecodeLog(l)
			single = append(single, transfers...)
			if freeze != nil {
				freezes++
			}
		}
		all, kept := ethereum.DecodeLogs(logs)
		if len(kept) != freezes {
			t.Fatalf("%d freezes, want %d", len(kept), freezes)
		}
		next := 0
		for _, x := range single {
			if next < len(all) && all[next].Index == x.Index {
				next++
				continue
			}
			// Left out: the same must stand in a Transfer log of the same contract.
			found := false
			for _, y := range all {
				found = found || y.Kind == x.Kind && y.Asset == x.Asset && y.From == x.From && y.To == x.To && y.Amount.Equal(x.Amount) &&
					logs[y.Index].Topics[0] == crypto.Keccak256Hash([]byte(signatures[0]))
			}
			if !found {
				t.Fatalf("%+v is lost", x)
			}
		}
		if next != len(all) {
			t.Fatalf("%d transfers, of which %d in order", len(all), next)
		}
	})
}

func FuzzDecodeLog(f *testing.F) {
	for _, l := range []ethereum.LogRecord{
		log(token, "Transfer(address,address,uint256)", []any{alice, bob}, 5),
		log(token, "TransferBatch(address,address,address,uint256[],uint256[])", []any{producer, alice, bob}, 64, 160, 2, 7, 8, 2, 3, 4),
		log(token, "DestroyedBlackFunds(address,uint256)", nil, alice, 9),
	} {
		var topics []byte
		for _, topic := range l.Topics {
			topics = append(topics, topic[:]...)
		}
		f.Add(topics, l.Data)
	}
	f.Fuzz(func(t *testing.T, topics, data []byte) {
		l := ethereum.LogRecord{Address: token, Data: data}
		for len(topics) >= 32 {
			l.Topics, topics = append(l.Topics, common.Hash(topics[:32])), topics[32:]
		}
		transfers, freeze, ok := ethereum.DecodeLog(l)
		if ok != (len(transfers) > 0 || freeze != nil) {
			t.Fatalf("ok is %v for %d transfers", ok, len(transfers))
		}
		if len(transfers) > 1+len(data)/64 {
			t.Fatalf("%d transfers in %d bytes", len(transfers), len(data))
		}
		for _, x := range transfers {
			if x.Amount.Sign() < 0 || x.TokenID.Sign() < 0 || len(x.From) != 42 || x.Asset != token {
				t.Fatalf("%+v", x)
			}
		}
	})
}
