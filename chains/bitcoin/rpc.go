package bitcoin

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/failsafe-go/failsafe-go"

	"tsuiseki/chains"
	"tsuiseki/chains/retry"
)

// RPCConfig says how to reach a node.
type RPCConfig struct {
	URL            string // http:// or https://, may carry user:password
	User, Password string // used where the URL carries none
	CookieFile     string // as the node writes it; used where no user is given, read anew for each request
	CertFile       string // PEM of the certificate to trust, for a node with a self-signed one

	Concurrency int           // requests in flight at once; 0 means 8
	Timeout     time.Duration // of one attempt; 0 means 2 minutes
	Retries     int           // after a fault that may pass; 0 means 6
	Backoff     time.Duration // before the first retry, doubled each time; 0 means 250 ms
	Log         *slog.Logger  // of retries; nil drops them
}

// rpcError is the node's own refusal of a call.
type rpcError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *rpcError) Error() string { return fmt.Sprintf("the node answers %q (%d)", e.Message, e.Code) }

// Codes on which the two dialects agree.
const (
	codeMethodNotFound = -32601
	codeWarmingUp      = -28
)

func hasCode(err error, codes ...int) bool {
	refusal, ok := errors.AsType[*rpcError](err)
	return ok && slices.Contains(codes, refusal.Code)
}

// rpcClient speaks JSON-RPC over HTTP.
type rpcClient struct {
	cfg      RPCConfig
	endpoint string // without credentials, fit for messages
	http     *http.Client
	slots    chan struct{}
	retry    failsafe.Executor[[]byte]
}

func newRPCClient(cfg RPCConfig) (*rpcClient, error) {
	endpoint, err := url.Parse(cfg.URL)
	if err != nil || (endpoint.Scheme != "http" && endpoint.Scheme != "https") || endpoint.Host == "" {
		return nil, errors.New("node address: want http://HOST:PORT or https://HOST:PORT") // not echoed: it may hold a password
	}
	if endpoint.User != nil {
		cfg.User = endpoint.User.Username()
		cfg.Password, _ = endpoint.User.Password()
		endpoint.User = nil
	}
	cfg.Concurrency = orDefault(cfg.Concurrency, 8)
	cfg.Timeout = orDefault(cfg.Timeout, 2*time.Minute)
	cfg.Retries = orDefault(cfg.Retries, 6)
	cfg.Backoff = orDefault(cfg.Backoff, 250*time.Millisecond)
	cfg.Log = orDefault(cfg.Log, slog.New(slog.DiscardHandler))
	transport := &http.Transport{MaxIdleConnsPerHost: cfg.Concurrency, IdleConnTimeout: time.Minute}
	if cfg.CertFile != "" {
		pem, err := os.ReadFile(cfg.CertFile)
		if err != nil {
			return nil, fmt.Errorf("node certificate: %w", err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("node certificate: %s holds no PEM certificate", cfg.CertFile)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return &rpcClient{
		cfg: cfg, endpoint: endpoint.String(), http: &http.Client{Transport: transport},
		slots: make(chan struct{}, cfg.Concurrency), retry: retry.New[[]byte](retry.Policy{Retries: cfg.Retries, Backoff: cfg.Backoff, Log: cfg.Log}),
	}, nil
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

type rpcRequest struct {
	Version string `json:"jsonrpc"`
	ID      int    `json:"id"`
	Method  string `json:"method"`
	Params  []any  `json:"params"`
}

type rpcResponse struct {
	ID     *int            `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *rpcError       `json:"error"`
}

// call asks one question. A refusal by the node is an *rpcError; failure to get
// an answer wraps chains.ErrUnavailable.
func (c *rpcClient) call(ctx context.Context, result any, method string, params ...any) error {
	body, err := c.exchange(ctx, rpcRequest{"1.0", 0, method, append([]any{}, params...)})
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	var response rpcResponse
	if err := json.Unmarshal(body, &response); err != nil {
		return fmt.Errorf("%s: %w: not a JSON-RPC answer: %w", method, chains.ErrUnavailable, err)
	}
	if response.Error != nil {
		return fmt.Errorf("%s: %w", method, response.Error)
	}
	if err := json.Unmarshal(response.Result, result); err != nil {
		return fmt.Errorf("%s: %w: %w", method, chains.ErrCorrupt, err)
	}
	return nil
}

// batch asks one question per parameter list, all at once; the answers come in
// the same order.
func (c *rpcClient) batch(ctx context.Context, method string, params [][]any) ([]rpcResponse, error) {
	requests := make([]rpcRequest, len(params))
	for i, p := range params {
		requests[i] = rpcRequest{"2.0", i, method, p}
	}
	body, err := c.exchange(ctx, requests)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	var unordered []rpcResponse
	if err := json.Unmarshal(body, &unordered); err != nil {
		return nil, fmt.Errorf("%s: %w: not a JSON-RPC batch answer: %w", method, chains.ErrUnavailable, err)
	}
	answers := make([]rpcResponse, len(params))
	seen := 0
	for _, r := range unordered {
		if r.ID == nil || *r.ID < 0 || *r.ID >= len(answers) || answers[*r.ID].ID != nil {
			return nil, fmt.Errorf("%s: %w: a batch answer has the wrong id", method, chains.ErrCorrupt)
		}
		answers[*r.ID] = r
		seen++
	}
	if seen != len(answers) {
		return nil, fmt.Errorf("%s: %w: %d of %d answers came", method, chains.ErrUnavailable, seen, len(answers))
	}
	return answers, nil
}

// exchange posts a request until it is answered, refused, or not worth retrying.
func (c *rpcClient) exchange(ctx context.Context, request any) ([]byte, error) {
	payload, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	body, err := c.retry.WithContext(ctx).Get(func() ([]byte, error) {
		select {
		case c.slots <- struct{}{}:
			defer func() { <-c.slots }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		return c.post(ctx, payload)
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if retry.Passing(err) {
		err = fmt.Errorf("%w: %s: %w", chains.ErrUnavailable, c.endpoint, err)
	}
	return body, err
}

func (c *rpcClient) post(ctx context.Context, payload []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, bytes.NewReader(payload))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	user, password, err := c.credentials()
	if err != nil {
		return nil, err
	}
	if user != "" {
		request.SetBasicAuth(user, password)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, retry.FaultError{Err: err}
	}
	defer response.Body.Close()
	const largest = 256 << 20
	body, err := io.ReadAll(io.LimitReader(response.Body, largest+1))
	switch {
	case err != nil:
		return nil, retry.FaultError{Err: err}
	case len(body) > largest:
		return nil, fmt.Errorf("%w: the answer is longer than %d bytes", chains.ErrCorrupt, largest)
	}
	return c.judge(response, body)
}

// judge tells an answer (which may be a refusal in JSON, with any status) from
// a node that is busy, locked or broken.
func (c *rpcClient) judge(response *http.Response, body []byte) ([]byte, error) {
	var refusal rpcResponse
	isJSON := json.Unmarshal(body, &refusal) == nil
	switch status := response.StatusCode; {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return nil, fmt.Errorf("%w: %s refuses access (HTTP %d): check user and password, or the cookie file", chains.ErrUnavailable, c.endpoint, status)
	case status == http.StatusTooManyRequests || (status == http.StatusServiceUnavailable && !isJSON):
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After")) // absent or a date: our own back-off
		return nil, &retry.BusyError{Reason: fmt.Sprintf("HTTP %d %.100s", status, bytes.TrimSpace(body)), Wait: time.Duration(seconds) * time.Second}
	case isJSON && refusal.Error != nil && refusal.Error.Code == codeWarmingUp:
		return nil, &retry.BusyError{Reason: refusal.Error.Message}
	case status == http.StatusOK || (isJSON && refusal.Error != nil):
		return body, nil
	default:
		return nil, retry.FaultError{Err: fmt.Errorf("HTTP %d %.200q", status, body)}
	}
}

func (c *rpcClient) credentials() (user, password string, err error) {
	if c.cfg.User != "" || c.cfg.CookieFile == "" {
		return c.cfg.User, c.cfg.Password, nil
	}
	cookie, err := os.ReadFile(c.cfg.CookieFile)
	if err != nil {
		return "", "", fmt.Errorf("%w: node cookie: %w; is the node running?", chains.ErrUnavailable, err)
	}
	user, password, ok := strings.Cut(strings.TrimSpace(string(cookie)), ":")
	if !ok {
		return "", "", fmt.Errorf("node cookie: %s is not of the form user:password", c.cfg.CookieFile)
	}
	return user, password, nil
}

func (c *rpcClient) close() { c.http.CloseIdleConnections() }
