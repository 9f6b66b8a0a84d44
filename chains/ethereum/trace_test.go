package ethereum_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"tsuiseki/chains"
	"tsuiseki/chains/ethereum"
)

// randomTree draws a call tree; the same tree is told in both dialects.
func randomTree(t *rapid.T, depth int, place []int) (nested map[string]any, flat []map[string]any) {
	op := rapid.SampledFrom([]string{"CALL", "CALLCODE", "DELEGATECALL", "STATICCALL", "CREATE", "CREATE2", "SELFDESTRUCT"}).Draw(t, "op")
	if len(place) == 0 {
		op = rapid.SampledFrom([]string{"CALL", "CREATE"}).Draw(t, "top")
	}
	party := rapid.SampledFrom([]string{alice, bob, token})
	from, to, value := party.Draw(t, "from"), party.Draw(t, "to"), fmt.Sprintf("%#x", rapid.IntRange(0, 3).Draw(t, "value"))
	nested = map[string]any{"type": op, "from": from, "to": to, "value": value}
	item := map[string]any{"traceAddress": append([]int{}, place...), "transactionHash": "0x" + fmt.Sprintf("%064x", 1)}
	switch op {
	case "CREATE", "CREATE2":
		item["type"], item["result"] = "create", map[string]any{"address": to}
		item["action"] = map[string]any{"from": from, "value": value, "creationMethod": map[string]string{"CREATE": "create", "CREATE2": "create2"}[op]}
	case "SELFDESTRUCT":
		item["type"], item["action"] = "suicide", map[string]any{"address": from, "refundAddress": to, "balance": value}
	default:
		kind := map[string]string{"CALL": "call", "CALLCODE": "callcode", "DELEGATECALL": "delegatecall", "STATICCALL": "staticcall"}[op]
		item["type"], item["action"] = "call", map[string]any{"callType": kind, "from": from, "to": to, "value": value}
	}
	if rapid.IntRange(0, 4).Draw(t, "fails") == 0 && (len(place) > 0 || rapid.Bool().Draw(t, "top fails")) {
		nested["error"], item["error"] = "execution reverted", "Reverted"
	}
	flat = []map[string]any{item}
	if depth > 0 && op != "SELFDESTRUCT" {
		var calls []any
		for i := range rapid.IntRange(0, 3).Draw(t, "calls") {
			call, below := randomTree(t, depth-1, append(append([]int{}, place...), i))
			calls, flat = append(calls, call), append(flat, below...)
		}
		nested["calls"] = calls
	}
	return nested, flat
}

// TestDialectsAgree: both dialects tell the same of every tree, and what they tell
// is what the tree says when it is read in the plainest way.
func TestDialectsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nested, flat := randomTree(t, 3, nil)
		nestedJSON, err1 := json.Marshal(nested)
		flatJSON, err2 := json.Marshal(flat)
		root, err3 := ethereum.DecodeCallFrame(nestedJSON)
		roots, _, err4 := ethereum.DecodeTraceBlock(flatJSON)
		if err := errors.Join(err1, err2, err3, err4); err != nil || len(roots) != 1 {
			t.Fatalf("%d trees, %v", len(roots), err)
		}
		transfers, created, failed := ethereum.FrameTransfers(root)
		for _, other := range roots {
			others, otherCreated, otherFailed := ethereum.FrameTransfers(other)
			if fmt.Sprint(others, otherCreated, otherFailed) != fmt.Sprint(transfers, created, failed) {
				t.Fatalf("trace_block: %v\ncallTracer: %v", others, transfers)
			}
		}
		var want []chains.Transfer
		reverted := map[string]bool{}
		for i, item := range flat {
			place := fmt.Sprint(item["traceAddress"])
			above := item["traceAddress"].([]int)
			fails := item["error"] != nil
			for k := range above {
				fails = fails || reverted[fmt.Sprint(above[:k])]
			}
			reverted[place] = fails
			action := item["action"].(map[string]any)
			from, to, value := action["from"], action["to"], action["value"]
			switch item["type"] {
			case "create":
				to = item["result"].(map[string]any)["address"]
			case "suicide":
				from, to, value = action["address"], action["refundAddress"], action["balance"]
			default:
				fails = fails || action["callType"] != "call"
			}
			if fails || (i > 0 && value == "0x0") || failed {
				continue
			}
			kind := chains.InternalTransfer
			if i == 0 {
				kind = chains.NativeTransfer
			}
			want = append(want, chains.Transfer{
				Kind: kind, Index: uint32(i), From: chains.Address(from.(string)), To: chains.Address(to.(string)),
				Amount: chains.NewAmount(int64(value.(string)[2] - '0')),
			})
		}
		if fmt.Sprint(transfers) != fmt.Sprint(want) || failed != (nested["error"] != nil) {
			t.Fatalf("transfers %v\nwant %v", transfers, want)
		}
	})
}

func TestTracesRefused(t *testing.T) {
	for name, raw := range map[string]string{
		"no JSON":            `{`,
		"no type":            `{"from":"` + alice + `"}`,
		"unknown type":       `{"type":"AUTHCALL","from":"` + alice + `"}`,
		"no sender":          `{"type":"CALL","to":"` + alice + `"}`,
		"bad value":          `{"type":"CALL","from":"` + alice + `","value":"12"}`,
		"value too large":    `{"type":"CALL","from":"` + alice + `","value":"0x1` + fmt.Sprintf("%064x", 0) + `"}`,
		"short address":      `{"type":"CALL","from":"0x12"}`,
		"bad call below":     `{"type":"CALL","from":"` + alice + `","calls":[{"type":"CALL"}]}`,
		"not even an object": `[]`,
	} {
		if f, err := ethereum.DecodeCallFrame(json.RawMessage(raw)); !errors.Is(err, chains.ErrCorrupt) {
			t.Errorf("%s: %+v, error %v; want ErrCorrupt", name, f, err)
		}
	}
	item := func(place, more string) string {
		return `{"type":"call","action":{"callType":"call","from":"` + alice + `"},"transactionHash":"0x` + fmt.Sprintf("%064x", 1) + `","traceAddress":` + place + more + `}`
	}
	for name, raw := range map[string]string{
		"no top call":      `[` + item("[0]", "") + `]`,
		"two top calls":    `[` + item("[]", "") + `,` + item("[]", "") + `]`,
		"a place left out": `[` + item("[]", "") + `,` + item("[1]", "") + `]`,
		"a negative place": `[` + item("[]", "") + `,` + item("[-1]", "") + `]`,
		"below nothing":    `[` + item("[]", "") + `,` + item("[0,0]", "") + `]`,
		"earlier branch":   `[` + item("[]", "") + `,` + item("[0]", "") + `,` + item("[1]", "") + `,` + item("[0,0]", "") + `]`,
		"no transaction":   `[{"type":"call","action":{"callType":"call","from":"` + alice + `"}}]`,
		"reward of nobody": `[{"type":"reward","action":{"value":"0x1"}}]`,
		"unknown type":     `[` + item("[]", `,"type":"authcall"`) + `]`,
		"not a list":       `{}`,
	} {
		if roots, _, err := ethereum.DecodeTraceBlock(json.RawMessage(raw)); !errors.Is(err, chains.ErrCorrupt) {
			t.Errorf("%s: %+v, error %v; want ErrCorrupt", name, roots, err)
		}
	}
}

func checkTrace(t *testing.T, root *ethereum.Frame) {
	transfers, created, failed := ethereum.FrameTransfers(root)
	if failed && len(transfers)+len(created) > 0 {
		t.Fatalf("a failed transaction moves %v", transfers)
	}
	for i, x := range transfers {
		if x.Amount.Sign() < 0 || int(x.Index) >= count(root) || (i > 0 && (x.Index <= transfers[i-1].Index || x.Amount.IsZero())) {
			t.Fatalf("transfer %d: %+v", i, x)
		}
	}
}

func FuzzDecodeCallFrame(f *testing.F) {
	f.Add([]byte(`{"type":"CALL","from":"` + alice + `","to":"` + bob + `","value":"0x1","calls":[{"type":"SELFDESTRUCT"},{"type":"CREATE","from":"` + bob + `","value":"0x2","error":"x"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		root, err := ethereum.DecodeCallFrame(raw)
		if err != nil {
			if !errors.Is(err, chains.ErrCorrupt) {
				t.Fatalf("error %v does not wrap ErrCorrupt", err)
			}
			return
		}
		checkTrace(t, root)
	})
}

func FuzzDecodeTraceBlock(f *testing.F) {
	f.Add([]byte(`[{"type":"call","action":{"callType":"call","from":"` + alice + `","value":"0x1"},"traceAddress":[],"transactionHash":"0x` + fmt.Sprintf("%064x", 1) + `"},{"type":"reward","action":{"author":"` + bob + `","value":"0x2"}}]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		roots, rewards, err := ethereum.DecodeTraceBlock(raw)
		if err != nil {
			if !errors.Is(err, chains.ErrCorrupt) {
				t.Fatalf("error %v does not wrap ErrCorrupt", err)
			}
			return
		}
		for _, root := range roots {
			checkTrace(t, root)
		}
		for _, r := range rewards {
			if r.From != "" || r.Kind != chains.RewardTransfer {
				t.Fatalf("%+v", r)
			}
		}
	})
}
