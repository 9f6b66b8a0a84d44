package ethereum_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"tsuiseki/chains"
	"tsuiseki/chains/ethereum"
)

// TestNodePatience: a busy node is asked far more often than a broken one.
func TestNodePatience(t *testing.T) {
	attempts := func(status int) int64 {
		n, cfg := newFakeNode(t)
		cfg.Retries = 2
		n.fault = func(w http.ResponseWriter, _ int64) bool {
			w.WriteHeader(status)
			return true
		}
		_, err := ethereum.Dial(t.Context(), cfg)
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

func TestDialErrorsHideSecrets(t *testing.T) {
	n, cfg := newFakeNode(t)
	status := http.StatusUnauthorized
	n.fault = func(w http.ResponseWriter, _ int64) bool {
		w.WriteHeader(status)
		return true
	}
	cfg.Retries = 1
	good := strings.Replace(cfg.URL, "http://", "http://me:hunter2@", 1) + "/v3/hunter2"
	for _, status = range []int{http.StatusUnauthorized, http.StatusBadGateway, http.StatusTooManyRequests} {
		for _, url := range []string{good, "http://me:hunter2@[::1", "ftp://me:hunter2@x", "http://me:hunter2@127.0.0.1:1/hunter2"} {
			cfg.URL = url
			_, err := ethereum.Dial(t.Context(), cfg)
			if err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v", err)
			}
		}
	}
}

func TestDialSendsThePassword(t *testing.T) {
	n, cfg := newFakeNode(t)
	n.locked = true
	cfg.URL = strings.Replace(cfg.URL, "http://", "http://me:hunter2@", 1)
	dial(t, cfg)
}

// TestRefusalsWithAnyStatus: a refusal in JSON is an answer, whatever its status.
func TestRefusalsWithAnyStatus(t *testing.T) {
	for _, status := range []int{http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusInternalServerError, http.StatusServiceUnavailable} {
		n, cfg := newFakeNode(t)
		n.refusalStatus = status
		n.answer = without("debug_traceBlockByHash", "trace_block")
		want := ethereum.Capabilities{BlockReceipts: true, Archive: true}
		if got := dial(t, cfg).Capabilities(); got != want {
			t.Errorf("HTTP %d: capabilities %+v, want %+v", status, got, want)
		}
	}
}

func TestDialRefusesAnotherChain(t *testing.T) {
	_, cfg := newFakeNode(t)
	cfg.ChainID = 1
	_, err := ethereum.Dial(t.Context(), cfg)
	if err == nil || !strings.Contains(err.Error(), "chain id 1337, not 1") {
		t.Errorf("error %v", err)
	}
}

// TestFinalMayBeUnknown: a node that finalizes nothing is no error to a reader.
func TestFinalMayBeUnknown(t *testing.T) {
	for _, says := range []any{null{}, &refused{-39001, "finalized block not found"}, &refused{-32602, "invalid block tag"}} {
		n, cfg := newFakeNode(t)
		n.answer = func(method string, params []any) any {
			if method == "eth_getBlockByNumber" && params[0] == "finalized" {
				return says
			}
			return nil
		}
		if ref, err := dial(t, cfg).Final(t.Context()); !errors.Is(err, chains.ErrNotFound) || errors.Is(err, chains.ErrUnavailable) {
			t.Errorf("%v: block %s, error %v; want ErrNotFound", says, ref, err)
		}
	}
}
