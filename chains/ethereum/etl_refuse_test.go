package ethereum_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/chains/ethereum"
)

// TestETLRefuses: each malformed row is an error that says where it stands.
func TestETLRefuses(t *testing.T) {
	transfer := transferHead + "{7},{1},{2},5,<2>,0,12\n"
	amount := func(text string) map[string]string {
		return map[string]string{"f": transfer + "{7},{1},{2}," + text + ",<2>,1,12\n"}
	}
	logs := logHead + fmt.Sprintf("0,<2>,0,12,{7},%s,\"%s,%s,%s\"\n", id(5), topicTransfer, topic(account(1)), topic(account(2)))
	for _, c := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"scientific notation", amount("1E+18"), []string{"f line 3", "column value", "digits were lost"}},
		{"a decimal point", amount("5.0"), []string{"f line 3", "column value", "digits were lost"}},
		{"a negative amount", amount("-5"), []string{"f line 3", "column value"}},
		{"an amount of 2^256", amount("115792089237316195423570985008687907853269984665640564039457584007913129639936"), []string{"f line 3", "below 2^256"}},
		{"an amount of 79 digits", amount(strings.Repeat("1", 79)), []string{"f line 3", "78 decimal digits"}},
		{"no amount", amount(""), []string{"f line 3", "column value"}},
		{"a JSON number with exponent", map[string]string{"f": `{"token_address":"{7}","from_address":"{1}","to_address":"{2}","value":1.5e+18,"transaction_hash":"<1>","log_index":1,"block_number":12}`}, []string{"f line 1", "column value", "digits were lost"}},
		{"a short address", map[string]string{"f": transfer + "0x12,{1},{2},5,<2>,1,12\n"}, []string{"f line 3", "column token_address", "40 hexadecimal digits"}},
		{"a bad digit", map[string]string{"f": transfer + strings.Replace("{7},{1},{2},5,<2>,1,12\n", "{7}", "0x000g000000000000000000000000000000000000", 1)}, []string{"f line 3", "column token_address"}},
		{"a bad digit beyond ASCII", map[string]string{"f": transfer + strings.Replace("{7},{1},{2},5,<2>,1,12\n", "{7}", "0x00\xc300000000000000000000000000000000000000", 1)}, []string{"f line 3"}},
		{"a short hash", map[string]string{"f": transfer + "{7},{1},{2},5,0x12,1,12\n"}, []string{"f line 3", "column transaction_hash"}},
		{"odd data", map[string]string{"f": logHead + "0,<2>,0,12,{7},0x123,\n"}, []string{"f line 2", "column data"}},
		{"five topics", map[string]string{"f": logHead + "0,<2>,0,12,{7},0x,\"<1>,<2>,<3>,<4>,<5>\"\n"}, []string{"f line 2", "column topics"}},
		{"no height", map[string]string{"f": transfer + "{7},{1},{2},5,<2>,1,\n"}, []string{"f line 3", "column block_number is empty"}},
		{"a height beyond all", map[string]string{"f": transfer + "{7},{1},{2},5,<2>,1,9999999999999999999\n"}, []string{"f line 3", "column block_number"}},
		{"too few columns", map[string]string{"f": transfer + "{7},{1},{2},5\n"}, []string{"f line 3", "4 columns where the header has 7"}},
		{"too many columns", map[string]string{"f": transfer + "{7},{1},{2},5,<2>,1,12,\n"}, []string{"f line 3", "8 columns"}},
		{"a quote without end", map[string]string{"f": transfer + "\"{7},{1},{2},5,<2>,1,12\n"}, []string{"f line 3", "no end"}},
		{"a quote in a field", map[string]string{"f": transfer + "{7}\",{1},{2},5,<2>,1,12\"\n"}, []string{"f line 3", "quote"}},
		{"more after a quote", map[string]string{"f": transfer + "\"{7}\"0,{1},{2},5,<2>,1,12\n"}, []string{"f line 3", "quoted field"}},
		{"a long line", map[string]string{"f": transfer + strings.Repeat("5", 3000) + "\n"}, []string{"f line", "longer than"}},
		{"half an object", map[string]string{"f": `{"number":1,"hash":"<1>"}` + "\n" + `{"number":2,"ha`}, []string{"f line 2", "cut off"}},
		{"two objects", map[string]string{"f": `{"number":1,"hash":"<1>"} {}`}, []string{"f line 1", "not one JSON object"}},
		{"an unknown trace", map[string]string{"f": traceHead + "9,<1>,0,{1},{2},7,jump,,,1,,,1\n"}, []string{"f line 2", "column trace_type"}},
		{"a trace of no transaction", map[string]string{"f": traceHead + "9,,,{1},{2},7,call,call,,1,,,1\n"}, []string{"f line 2", "column transaction_index"}},
		{"a bad trace address", map[string]string{"f": traceHead + "9,<1>,0,{1},{2},7,call,call,,1,0.1,,1\n"}, []string{"f line 2", "column trace_address"}},
		{"bad withdrawals", map[string]string{"f": blockHead + "9,<9>,<8>,{9},0,100,0,10,{\n"}, []string{"f line 2", "column withdrawals"}},
		{"a status of 2", map[string]string{"f": receiptHead + "<1>,0,9,50,,2,12\n"}, []string{"f line 2", "column status"}},
		{"logs and token transfers with other amounts", map[string]string{"l": logs, "t": strings.Replace(transfer, ",5,", ",6,", 1)}, []string{"l line 2", "t line 2", "contradict"}},
		{"logs and token transfers with other parties", map[string]string{"l": logs, "t": strings.Replace(transfer, "{2}", "{3}", 1)}, []string{"l line 2", "t line 2", "contradict"}},
		{"one log twice", map[string]string{"l": transfer, "t": strings.Replace(transfer, "{2}", "{3}", 1)}, []string{"l line 2", "t line 2", "contradict"}},
		{"one place twice", map[string]string{"l": logs, "t": receiptHead + "<3>,0,12,50,,1,12\n"}, []string{"l line 2", "t line 2", "contradict"}},
		{"one transaction at two places", map[string]string{"l": logs, "t": receiptHead + "<2>,1,12,50,,1,12\n"}, []string{"l line 2", "t line 2", "contradict"}},
		{"one frame twice", map[string]string{"l": traceHead + "9,<1>,0,{1},{2},7,call,call,,0,,,1\n", "t": traceHead + "9,<1>,0,{1},{2},8,call,call,,0,,,1\n"}, []string{"l line 2", "t line 2", "contradict"}},
		{"two blocks of one height", map[string]string{"l": blockHead + "9,<9>,<8>,{9},1,100,1,10,\n", "t": blockHead + "9,<7>,<8>,{9},1,100,1,10,\n"}, []string{"l line 2", "t line 2", "contradict"}},
		{"logs in another order than transactions", map[string]string{"l": logHead + "0,<2>,1,12,{7},0x,\n1,<1>,0,12,{7},0x,\n"}, []string{"l line 2", "l line 3", "contradict"}},
		{"two hashes of one block", map[string]string{
			"l": `{"number":9,"hash":"<9>"}`,
			"t": `{"hash":"<1>","block_number":9,"block_hash":"<8>","transaction_index":0,"from_address":"{1}","to_address":"{2}","value":0}`,
		}, []string{"l line 1", "t line 1", "contradict"}},
		{"two branches", map[string]string{"l": blockHead + "9,<9>,<8>,{9},1,100,1,10,\n10,<10>,<7>,{9},1,100,1,10,\n"}, []string{"two branches"}},
		{"logs of a failed transaction", map[string]string{"l": logs, "t": receiptHead + "<2>,0,12,50,,0,12\n"}, []string{"block 12", "failed and has logs"}},
		{"no row", map[string]string{"f": transferHead}, []string{"no file holds a row"}},
		{"no file", map[string]string{".hidden": transfer}, []string{"holds no file"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := readExport(t, ethereum.ETLConfig{Path: writeETL(t, c.files), MaxLine: 2000})
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not mention %q", err, want)
				}
			}
			if !errors.Is(err, chains.ErrCorrupt) && !strings.HasPrefix(c.name, "no ") {
				t.Errorf("error %v, want ErrCorrupt", err)
			}
		})
	}
	if err := readExport(t, ethereum.ETLConfig{Path: filepath.Join(t.TempDir(), "none")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	if err := readExport(t, ethereum.ETLConfig{Path: writeETL(t, map[string]string{"f": transfer + transfer[len(transferHead):]}), Memory: 1, Temp: filepath.Join(t.TempDir(), "none")}); err == nil {
		t.Error("no folder to sort in: no error")
	}
}

// TestETLCutOff: a packed file that ends early is an error, wherever it does.
func TestETLCutOff(t *testing.T) {
	text := transferHead
	for i := range 2000 {
		text += fmt.Sprintf("{%d},{%d},{%d},%d,<%d>,%d,12\n", i%9, i%11, i%7, i*i*i, i%5, i)
	}
	path := filepath.Join(writeETL(t, map[string]string{"f.gz": text}), "f.gz")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(whole)
	for i := range 100 {
		damaged[len(whole)/2+i] = 0xff
	}
	for _, size := range []int{3, 15, 100, len(whole) / 2, len(whole) - 9, len(whole) - 1, 0} {
		cut := whole[:size]
		if size == 0 {
			cut = damaged
		}
		writeFile(t, path, cut, false)
		if err := readExport(t, ethereum.ETLConfig{Path: path}); !errors.Is(err, chains.ErrCorrupt) || !strings.Contains(err.Error(), "f.gz line ") {
			t.Errorf("%d of %d bytes: %v", size, len(whole), err)
		}
	}
}

// TestETLLines: an error names the line where a row starts, also far into a file
// whose quoted fields have line breaks, commas and quotes.
func TestETLLines(t *testing.T) {
	const rows = 6_000
	text := "address,symbol,name,decimals,total_supply,block_number\r\n"
	for i := range rows {
		text += fmt.Sprintf("%s,\"S%d\",\"a\n\"\"%d\"\",\r\nb\",18,1,5\r\n", account(i), i, i)
	}
	files := map[string]string{"f.gz": text, "t": transferHead + "{7},{1},{2},5,<2>,1,12\n"}
	src := openETL(t, ethereum.ETLConfig{Path: writeETL(t, files)})
	for _, i := range []int{0, 777, rows - 1} {
		tokens, err := src.Tokens(t.Context(), chains.BlockRef{Height: 9}, []chains.Asset{chains.Asset(account(i))})
		if err != nil || tokens[0] == nil || tokens[0].Symbol != fmt.Sprint("S", i) {
			t.Errorf("token %d: %v (%v)", i, tokens[0], err)
		}
	}
	files["f.gz"] += "bad,\"S\",x,18,1,5\r\n"
	if err := readExport(t, ethereum.ETLConfig{Path: writeETL(t, files)}); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("f.gz line %d:", 3*rows+2)) {
		t.Errorf("error %v, want line %d", err, 3*rows+2)
	}
}

// readExport reads every block of an export.
func readExport(tb testing.TB, cfg ethereum.ETLConfig) (err error) {
	src, err := ethereum.OpenETL(tb.Context(), cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	tip, err := src.Tip(tb.Context())
	if err != nil {
		return err
	}
	for _, err := range src.Blocks(tb.Context(), src.First(), tip.Height) {
		if err != nil {
			return err
		}
	}
	return nil
}

// FuzzETLRows: no bytes in an export make the reader fail other than by error.
func FuzzETLRows(f *testing.F) {
	f.Add([]byte(transferHead+account(7)+","+account(1)+","+account(2)+",5,"+id(2)+",0,12\r\n"), []byte(`{"type":"block","number":12,"hash":"`+id(9)+`","withdrawals":[]}`), uint16(100))
	f.Add([]byte(logHead+"0,"+id(2)+",0,12,"+account(7)+",0x,\""+topicTransfer+"\"\n"), []byte(traceHead+"9,,,,"+account(2)+",7,reward,,block,,,,1\n"), uint16(0))
	f.Add([]byte(traceHead+"9,"+id(1)+",0,"+account(1)+","+account(2)+",7,call,call,,1,\"0,1\",,1\n"), []byte(receiptHead+id(1)+",0,9,50,,1,12\n"), uint16(9000))
	f.Add([]byte(`{"type":"trace","block_number":1,"trace_type":"call","trace_address":[0,1],"error":"a\"b\\"}`), []byte(txHead+id(1)+",0,9,0,"+account(1)+",,7,50,12\n"), uint16(9000))
	f.Add([]byte("\x1f\x8b"), []byte("\xef\xbb\xbf{}"), uint16(1))
	f.Fuzz(func(t *testing.T, first, second []byte, memory uint16) {
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, "a"), first, false)
		writeFile(t, filepath.Join(dir, "b"), second, len(first)%2 == 0)
		_ = readExport(t, ethereum.ETLConfig{Path: dir, Workers: 1, Memory: int(memory), MaxLine: 1 << 16, Temp: dir}) // an error is an answer
	})
}
