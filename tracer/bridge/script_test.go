package bridge_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/txscript/v2"

	"tsuiseki/chains"
	"tsuiseki/tracer/bridge"
)

// paying is an output to a script, and a memo's where there is a memo.
func paying(value int64, script string) chains.Output {
	return chains.Output{Value: chains.NewAmount(value), Script: []byte(script)}
}

func memo(t testing.TB, pushes ...string) chains.Output {
	t.Helper()
	b := txscript.NewScriptBuilder().AddOp(txscript.OP_RETURN)
	for _, push := range pushes {
		b.AddFullData([]byte(push))
	}
	script, err := b.Script()
	if err != nil {
		t.Fatal(err)
	}
	return paying(0, string(script))
}

func describe(script []byte) (chains.Address, string) { return chains.Address(script), "" }

func spending(from string, outputs ...chains.Output) *chains.Tx {
	return &chains.Tx{Inputs: []chains.Input{{Spent: &chains.Output{Script: []byte(from)}}}, Outputs: outputs}
}

func TestTxMemo(t *testing.T) {
	many := make([]chains.Output, 11)
	for i := range many {
		many[i] = paying(1, "b")
	}
	long := strings.Repeat("m", 100)
	coinbase := &chains.Tx{Inputs: []chains.Input{{Prevout: chains.Outpoint{Index: 0xffffffff}}}, Outputs: []chains.Output{memo(t, "=:e:0x")}}
	for name, c := range map[string]struct {
		tx   *chains.Tx
		want string
		ok   bool
	}{
		"one":                     {spending("a", paying(1, "v"), memo(t, "=:e:0x")), "=:e:0x", true},
		"in two outputs":          {spending("a", memo(t, "=:e:"), paying(1, "v"), memo(t, "0x")), "=:e:0x", true},
		"further pushes":          {spending("a", memo(t, "=:e:0x", "more")), "=:e:0x", true},
		"OP_PUSHDATA1":            {spending("a", memo(t, long)), long, true},
		"OP_PUSHDATA2":            {spending("a", paying(0, "\x6a\x4d\x02\x00=:")), "=:", true},
		"OP_PUSHDATA4":            {spending("a", paying(0, "\x6a\x4e\x02\x00\x00\x00=:")), "=:", true},
		"none":                    {spending("a", paying(1, "v")), "", false},
		"cut":                     {spending("a", paying(0, "\x6a\x05=:")), "", false},
		"a length that overflows": {spending("a", paying(0, "\x6a\x4e\xff\xff\xff\xff=:")), "", false},
		"no push":                 {spending("a", paying(0, "\x6a"), paying(0, "\x6a\x51"), paying(0, "\x6a\x4c")), "", false},
		"too long":                {spending("a", memo(t, long), memo(t, long), memo(t, long)), "", false},
		"too many outputs":        {spending("a", slices.Concat(many, []chains.Output{memo(t, "=:e:0x")})...), "", false},
		"a coinbase":              {coinbase, "", false},
	} {
		if got, ok := bridge.TxMemo(c.tx); ok != c.ok || ok && got != c.want {
			t.Errorf("%s: %q, %v", name, got, ok)
		}
	}
}

func TestPayment(t *testing.T) {
	for name, c := range map[string]struct {
		tx   *chains.Tx
		want uint32
		ok   bool
	}{
		"the vault first":      {spending("a", paying(5, "v"), memo(t, "x"), paying(1, "a")), 0, true},
		"change first":         {spending("a", paying(5, "a"), memo(t, "x"), paying(1, "v")), 2, true},
		"nothing of value":     {spending("a", paying(0, "v"), memo(t, "x")), 0, false},
		"all to the sender":    {spending("a", paying(1, "a"), memo(t, "x")), 0, false},
		"a memo that is worth": {spending("a", paying(9, "\x6a\x01x"), paying(1, "v")), 1, true},
		"an unknown sender":    {&chains.Tx{Inputs: []chains.Input{{}}, Outputs: []chains.Output{paying(1, "v")}}, 0, false},
		"no input":             {&chains.Tx{Outputs: []chains.Output{paying(1, "v")}}, 0, false},
	} {
		if got, sender, ok := bridge.Payment(c.tx, describe); ok != c.ok || got != c.want || ok && sender != "a" {
			t.Errorf("%s: output %d, sender %q, %v", name, got, sender, ok)
		}
	}
}

// TestQuoteScripts: every script says what it is looked up for.
func TestQuoteScripts(t *testing.T) {
	id := chains.TxID{1: 0xab, 31: 7}
	var memos []string
	for _, script := range bridge.QuoteScripts(id) {
		text, ok := bridge.TxMemo(spending("v", paying(0, string(script))))
		m, known := bridge.Parse(text)
		if !ok || !known || m.Quoted != id {
			t.Errorf("%x says %q", script, text)
		}
		memos = append(memos, fmt.Sprintf("%02x %s", script[1], text))
	}
	for _, text := range []string{"OUT:" + strings.ToUpper(id.String()), "REFUND:" + id.String()} {
		standard := memo(t, text).Script
		if !slices.ContainsFunc(bridge.QuoteScripts(id), func(s []byte) bool { return string(s) == string(standard) }) {
			t.Errorf("%q is not looked up as it is commonly written", text)
		}
	}
	slices.Sort(memos)
	if len(slices.Compact(memos)) != 8 {
		t.Errorf("scripts repeat: %q", memos)
	}
	if n := len(bridge.QuoteScripts(chains.TxID{1})); n != 4 {
		t.Errorf("%d scripts for an id without letters", n)
	}
}

func FuzzTxMemo(f *testing.F) {
	f.Add([]byte("\x6a\x04=:e:"), []byte("\x6a\x4c\x01x"))
	f.Add([]byte("\x6a\x4d\xff\xff"), []byte("\x6a\x4e\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		tx := spending("a", paying(1, string(first)), paying(0, string(second)))
		text, ok := bridge.TxMemo(tx)
		if ok && (len(text) > chains.MaxMemo || len(text) > len(first)+len(second)) {
			t.Errorf("%x, %x: %q", first, second, text)
		}
		bridge.Payment(tx, describe)
	})
}
