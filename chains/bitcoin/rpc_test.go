package bitcoin_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tsuiseki/chains"
	"tsuiseki/chains/bitcoin"
	"tsuiseki/chains/chaintest"
)

// faultyNode serves the early chain's first blocks and misbehaves on demand, in
// ways that a real node cannot be brought to.
type faultyNode struct {
	blocks   [][]byte
	hashes   []string
	requests atomic.Int64
	inFlight atomic.Int64
	most     atomic.Int64
	// fault answers in place of the node where it returns true.
	fault func(w http.ResponseWriter, r *http.Request, request int64) bool
	// answer replaces the result of a method where it returns non-nil.
	answer func(method string, params []any) any
}

type rpcCall struct {
	ID     int    `json:"id"`
	Method string `json:"method"`
	Params []any  `json:"params"`
}

func newFaultyNode(t *testing.T) (*faultyNode, bitcoin.RPCConfig) {
	n := &faultyNode{blocks: chaintest.EarlyBlocks(t)[:200]}
	for _, raw := range n.blocks {
		block, err := bitcoin.DecodeBlock(raw)
		if err != nil {
			t.Fatal(err)
		}
		n.hashes = append(n.hashes, block.Hash.String())
	}
	server := httptest.NewServer(n)
	t.Cleanup(server.Close)
	return n, bitcoin.RPCConfig{URL: server.URL, Backoff: time.Millisecond, Timeout: time.Second}
}

func (n *faultyNode) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := n.inFlight.Add(1)
	defer n.inFlight.Add(-1)
	for most := n.most.Load(); now > most && !n.most.CompareAndSwap(most, now); most = n.most.Load() {
	}
	if n.fault != nil && n.fault(w, r, n.requests.Add(1)) {
		return
	}
	var call rpcCall
	if err := json.NewDecoder(r.Body).Decode(&call); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	result, refusal := n.handle(call)
	if err := json.NewEncoder(w).Encode(map[string]any{"id": call.ID, "result": result, "error": refusal}); err != nil {
		panic(err) // the test's own answer cannot be written
	}
}

func (n *faultyNode) handle(call rpcCall) (result, refusal any) {
	if n.answer != nil {
		if result := n.answer(call.Method, call.Params); result != nil {
			return result, nil
		}
	}
	switch call.Method {
	case "getblockcount":
		return len(n.blocks) - 1, nil
	case "getblockhash":
		height := int(call.Params[0].(float64))
		if height >= len(n.hashes) {
			return nil, map[string]any{"code": -8, "message": "Block height out of range"}
		}
		return n.hashes[height], nil
	case "getblock":
		if call.Params[1].(float64) != 0 {
			return map[string]any{"tx": []any{}}, nil
		}
		for i, hash := range n.hashes {
			if hash == call.Params[0] {
				return hex.EncodeToString(n.blocks[i]), nil
			}
		}
	}
	return nil, map[string]any{"code": -5, "message": "Block not found"}
}

// read counts the blocks that the source yields before its first error.
func read(t *testing.T, src chains.Source, to uint64) (blocks int, err error) {
	t.Helper()
	for _, err := range src.Blocks(t.Context(), 0, to) {
		if err != nil {
			return blocks, err
		}
		blocks++
	}
	return blocks, nil
}

func dial(t *testing.T, cfg bitcoin.RPCConfig) *bitcoin.Node {
	t.Helper()
	node, err := bitcoin.DialNode(t.Context(), cfg, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { node.Close() })
	return node
}

// TestNodeRidesOutFaults: each fault hits every third request; nothing is lost.
func TestNodeRidesOutFaults(t *testing.T) {
	hangUp := func(w http.ResponseWriter) {
		connection, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			connection.Close()
		}
	}
	for name, misbehave := range map[string]func(http.ResponseWriter){
		"rate limit": func(w http.ResponseWriter) { w.WriteHeader(http.StatusTooManyRequests) },
		"work queue": func(w http.ResponseWriter) { http.Error(w, "Work queue depth exceeded", http.StatusServiceUnavailable) },
		"gateway":    func(w http.ResponseWriter) { http.Error(w, "<html>", http.StatusBadGateway) },
		"hang up":    hangUp,
		"warming up": func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprint(w, `{"id":0,"result":null,"error":{"code":-28,"message":"Loading block index..."}}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			n, cfg := newFaultyNode(t)
			n.fault = func(w http.ResponseWriter, _ *http.Request, request int64) bool {
				if request%3 != 0 {
					return false
				}
				misbehave(w)
				return true
			}
			blocks, err := read(t, dial(t, cfg), 199)
			if blocks != 200 || err != nil {
				t.Errorf("%d blocks, error %v", blocks, err)
			}
		})
	}
}

// TestNodePatience: a busy node is asked far more often than a broken one.
func TestNodePatience(t *testing.T) {
	attempts := func(status int) int64 {
		n, cfg := newFaultyNode(t)
		cfg.Retries = 2
		n.fault = func(w http.ResponseWriter, _ *http.Request, _ int64) bool {
			w.WriteHeader(status)
			return true
		}
		_, err := bitcoin.DialNode(t.Context(), cfg, "")
		if !errors.Is(err, chains.ErrUnavailable) {
			t.Errorf("HTTP %d: error %v, want ErrUnavailable", status, err)
		}
		return n.requests.Load()
	}
	if broken := attempts(http.StatusBadGateway); broken != 3 {
		t.Errorf("a broken node was asked %d times, want 3", broken)
	}
	if busy := attempts(http.StatusTooManyRequests); busy != 21 {
		t.Errorf("a busy node was asked %d times, want 21", busy)
	}
	if locked := attempts(http.StatusUnauthorized); locked != 1 {
		t.Errorf("a node that refuses the password was asked %d times, want 1", locked)
	}
}

func TestNodeBoundsConcurrency(t *testing.T) {
	n, cfg := newFaultyNode(t)
	cfg.Concurrency = 3
	n.fault = func(http.ResponseWriter, *http.Request, int64) bool {
		time.Sleep(time.Millisecond)
		return false
	}
	if _, err := read(t, dial(t, cfg), 100); err != nil {
		t.Fatal(err)
	}
	if most := n.most.Load(); most != 3 {
		t.Errorf("%d requests at once, want 3", most)
	}
}

// TestNodeRefusesLies: a hostile node cannot slip in other facts.
func TestNodeRefusesLies(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(n *faultyNode) func(string, []any) any
		want   error
	}{
		"another block than asked for": {func(n *faultyNode) func(string, []any) any {
			return func(method string, params []any) any {
				if method == "getblock" && params[0] == n.hashes[7] {
					return hex.EncodeToString(n.blocks[8])
				}
				return nil
			}
		}, chains.ErrCorrupt},
		"a changed value": {func(n *faultyNode) func(string, []any) any {
			return func(method string, params []any) any {
				if method == "getblock" && params[0] == n.hashes[7] {
					raw := append([]byte(nil), n.blocks[7]...)
					raw[len(raw)-80] ^= 1
					return hex.EncodeToString(raw)
				}
				return nil
			}
		}, chains.ErrCorrupt},
		"no hexadecimal": {func(n *faultyNode) func(string, []any) any {
			return func(method string, params []any) any {
				if method == "getblock" && params[0] == n.hashes[7] {
					return "xyz"
				}
				return nil
			}
		}, chains.ErrCorrupt},
		"a block that is not the next": {func(n *faultyNode) func(string, []any) any {
			return func(method string, params []any) any {
				if method == "getblockhash" && params[0] == float64(7) {
					return n.hashes[9]
				}
				return nil
			}
		}, chains.ErrReorg},
	} {
		t.Run(name, func(t *testing.T) {
			n, cfg := newFaultyNode(t)
			node := dial(t, cfg)
			n.answer = c.answer(n)
			blocks, err := read(t, node, 20)
			if !errors.Is(err, c.want) || blocks != 7 {
				t.Errorf("%d blocks, error %v; want 7, %v", blocks, err, c.want)
			}
		})
	}
}

func TestDialNodeErrorsHideThePassword(t *testing.T) {
	n, cfg := newFaultyNode(t)
	n.fault = func(w http.ResponseWriter, _ *http.Request, _ int64) bool {
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	cfg.URL = strings.Replace(cfg.URL, "http://", "http://me:hunter2@", 1)
	for _, url := range []string{cfg.URL, "http://me:hunter2@[::1", "ftp://me:hunter2@x"} {
		cfg.URL = url
		_, err := bitcoin.DialNode(t.Context(), cfg, "")
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
}

func TestDialNodeReadsTheCookieAnew(t *testing.T) {
	n, cfg := newFaultyNode(t)
	cfg.CookieFile = filepath.Join(t.TempDir(), ".cookie")
	want := "first"
	n.fault = func(w http.ResponseWriter, r *http.Request, _ int64) bool {
		user, password, _ := r.BasicAuth()
		if user != "__cookie__" || password != want {
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		return false
	}
	write := func(password string) {
		if err := os.WriteFile(cfg.CookieFile, []byte("__cookie__:"+password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("first")
	node := dial(t, cfg)
	want = "second" // the node was started again
	write("second")
	if _, err := node.Tip(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestDialNodeRefusesAnotherNetwork(t *testing.T) {
	_, cfg := newFaultyNode(t)
	_, err := bitcoin.DialNode(t.Context(), cfg, "regtest")
	if err == nil || !strings.Contains(err.Error(), `network "main", not "regtest"`) {
		t.Errorf("error %v", err)
	}
}
