package ethereum

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"tsuiseki/chains"
	"tsuiseki/chains/retry"
)

// largestAnswer bounds what a node can make this program hold: the traces of a
// full block are tens of megabytes.
const largestAnswer = 512 << 20

func newTransport(cfg RPCConfig) (*http.Transport, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: cfg.Concurrency, IdleConnTimeout: time.Minute, Proxy: http.ProxyFromEnvironment}
	if cfg.CertFile == "" {
		return transport, nil
	}
	pem, err := os.ReadFile(cfg.CertFile)
	if err != nil {
		return nil, fmt.Errorf("node certificate: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("node certificate: %s holds no PEM certificate", cfg.CertFile)
	}
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return transport, nil
}

// judgingTransport lets answers pass, which may be refusals in JSON with any
// status, and makes errors of all else.
type judgingTransport struct {
	base           http.RoundTripper
	user, password string
	endpoint       string
}

// RoundTrip implements http.RoundTripper.
func (t *judgingTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if t.user != "" {
		request = request.Clone(request.Context())
		request.SetBasicAuth(t.user, t.password)
	}
	response, err := t.base.RoundTrip(request)
	if err != nil {
		return nil, retry.FaultError{Err: err}
	}
	if response.StatusCode == http.StatusOK {
		response.Body = &boundedBody{ReadCloser: response.Body, left: largestAnswer}
		return response, nil
	}
	defer response.Body.Close()
	const longest = 1 << 20 // of a refusal
	body, err := io.ReadAll(io.LimitReader(response.Body, longest))
	if err != nil {
		return nil, retry.FaultError{Err: err}
	}
	return t.judge(response, body)
}

func (t *judgingTransport) judge(response *http.Response, body []byte) (*http.Response, error) {
	var refusal struct {
		ID    json.RawMessage `json:"id"`
		Error json.RawMessage `json:"error"`
	}
	isRefusal := json.Unmarshal(body, &refusal) == nil && !null(refusal.Error) && !null(refusal.ID)
	switch status := response.StatusCode; {
	case status == http.StatusTooManyRequests || (status == http.StatusServiceUnavailable && !isRefusal):
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After")) // absent or a date: our own back-off
		return nil, &retry.BusyError{Reason: fmt.Sprintf("HTTP %d %.100q", status, bytes.TrimSpace(body)), Wait: time.Duration(seconds) * time.Second}
	case isRefusal:
		response.StatusCode, response.Status = http.StatusOK, http.StatusText(http.StatusOK)
		response.Body = io.NopCloser(bytes.NewReader(body))
		return response, nil
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return nil, fmt.Errorf("%w: %s refuses access (HTTP %d): check user and password, or the key in its address", chains.ErrUnavailable, t.endpoint, status)
	default:
		return nil, retry.FaultError{Err: fmt.Errorf("HTTP %d %.200q", status, body)}
	}
}

// boundedBody refuses to go on beyond what an answer may hold.
type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("%w: the answer is longer than %d bytes", chains.ErrCorrupt, int64(largestAnswer))
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
