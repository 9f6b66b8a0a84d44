package ethereum

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/ethereum/go-ethereum/rpc"
	"github.com/failsafe-go/failsafe-go"

	"tsuiseki/chains"
	"tsuiseki/chains/retry"
)

// RPCConfig says how to reach an execution client and what it is expected to serve.
type RPCConfig struct {
	URL            string       // http:// or https://, may carry user:password; its path is kept out of messages, as it may be a key
	User, Password string       // used where the URL carries none
	CertFile       string       // PEM of the certificate to trust, for a node with a self-signed one
	ChainID        uint64       // expected; 0 takes what the node serves
	Asset          chains.Asset // the chain's coin; "" means ETH

	Concurrency int           // requests in flight at once; 0 means 8
	Timeout     time.Duration // of one attempt; 0 means 2 minutes
	Retries     int           // after a fault that may pass; 0 means 6
	Backoff     time.Duration // before the first retry, doubled each time; 0 means 250 ms
	Log         *slog.Logger  // of retries; nil drops them
}

func (cfg RPCConfig) withDefaults() RPCConfig {
	cfg.Concurrency = cmp.Or(cfg.Concurrency, 8)
	cfg.Timeout = cmp.Or(cfg.Timeout, 2*time.Minute)
	cfg.Retries = cmp.Or(cfg.Retries, 6)
	cfg.Backoff = cmp.Or(cfg.Backoff, 250*time.Millisecond)
	cfg.Log = cmp.Or(cfg.Log, slog.New(slog.DiscardHandler))
	return cfg
}

// rpcClient asks a node, again where that helps, and tells what went wrong.
type rpcClient struct {
	cfg      RPCConfig
	endpoint string // without credentials and path, fit for messages
	rpc      *rpc.Client
	http     *http.Transport
	slots    chan struct{}
	retry    failsafe.Executor[struct{}]
}

func newRPCClient(ctx context.Context, cfg RPCConfig) (*rpcClient, error) {
	endpoint, err := url.Parse(cfg.URL)
	if err != nil || (endpoint.Scheme != "http" && endpoint.Scheme != "https") || endpoint.Host == "" {
		return nil, errors.New("node address: want http://HOST:PORT or https://HOST:PORT") // not echoed: it may hold a password
	}
	if endpoint.User != nil {
		cfg.User = endpoint.User.Username()
		cfg.Password, _ = endpoint.User.Password()
		endpoint.User = nil
	}
	cfg = cfg.withDefaults()
	shown := endpoint.Scheme + "://" + endpoint.Host
	base, err := newTransport(cfg)
	if err != nil {
		return nil, err
	}
	judged := &judgingTransport{base: base, user: cfg.User, password: cfg.Password, endpoint: shown}
	client, err := rpc.DialOptions(ctx, endpoint.String(), rpc.WithHTTPClient(&http.Client{Transport: judged}))
	if err != nil {
		return nil, fmt.Errorf("%w: %s: the connection cannot be set up", chains.ErrUnavailable, shown)
	}
	return &rpcClient{
		cfg: cfg, endpoint: shown, rpc: client, http: base, slots: make(chan struct{}, cfg.Concurrency),
		retry: retry.New[struct{}](retry.Policy{Retries: cfg.Retries, Backoff: cfg.Backoff, Log: cfg.Log}),
	}, nil
}

func (c *rpcClient) close() {
	c.rpc.Close()
	c.http.CloseIdleConnections()
}

// call asks one question. A refusal by the node is a *refusal; failure to get an
// answer wraps chains.ErrUnavailable; an answer of another shape, chains.ErrCorrupt.
func (c *rpcClient) call(ctx context.Context, result any, method string, params ...any) error {
	return c.callOnce(ctx, result, nil, method, params...)
}

// callOnce is call, which does not ask again after a failure that final names.
func (c *rpcClient) callOnce(ctx context.Context, result any, final func(error) bool, method string, params ...any) error {
	var raw json.RawMessage
	err := c.exchange(ctx, final, func(ctx context.Context) error {
		raw = nil
		return c.rpc.CallContext(ctx, &raw, method, params...)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	if err := json.Unmarshal(raw, result); err != nil {
		return fmt.Errorf("%s: %w: %w", method, chains.ErrCorrupt, err)
	}
	return nil
}

// exchange asks until there is an answer, a refusal, or no sense in asking again.
func (c *rpcClient) exchange(ctx context.Context, final func(error) bool, ask func(context.Context) error) error {
	_, err := c.retry.WithContext(ctx).Get(func() (struct{}, error) {
		select {
		case c.slots <- struct{}{}:
			defer func() { <-c.slots }()
		case <-ctx.Done():
			return struct{}{}, ctx.Err()
		}
		attempt, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
		defer cancel()
		err := c.judge(attempt, ask(attempt))
		if fault, passing := errors.AsType[retry.FaultError](err); passing && final != nil && final(err) {
			err = fault.Err
		}
		return struct{}{}, err
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if retry.Passing(err) || errors.Is(err, errSlow) {
		err = fmt.Errorf("%w: %s: %w", chains.ErrUnavailable, c.endpoint, err)
	}
	return err
}

// errSlow says that one attempt took longer than the configuration allows.
var errSlow = errors.New("no answer in time: allow a longer timeout, or ask a faster node")

func isSlow(err error) bool { return errors.Is(err, errSlow) }

// judge tells a refusal from a busy node and from a fault, and keeps the address,
// which may hold a key, out of what is said.
func (c *rpcClient) judge(attempt context.Context, err error) error {
	if err == nil {
		return nil
	}
	if attempt.Err() != nil {
		return retry.FaultError{Err: fmt.Errorf("%w (%s)", errSlow, c.cfg.Timeout)} // a cancelled caller is told so by exchange
	}
	if refused, ok := errors.AsType[rpc.Error](err); ok {
		return judgeRefusal(newRefusal(refused))
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	if retry.Passing(err) || errors.Is(err, chains.ErrUnavailable) || errors.Is(err, chains.ErrCorrupt) || batchRefused(err) {
		return err
	}
	return retry.FaultError{Err: err}
}

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// question is one call of a batch.
type question struct {
	method string
	params []any
}

// answer is the raw result, or the node's refusal of that question alone.
type answer struct {
	result json.RawMessage
	err    error
}

// maxBatch is far below geth's limit of 1,000; the answers count against one of 25 MB.
const maxBatch = 100

// batch asks all questions; the answers come in the same order. Where the node
// finds a batch too large, or takes none, it is halved.
func (c *rpcClient) batch(ctx context.Context, questions []question) ([]answer, error) {
	var answers []answer
	for len(questions) > 0 {
		size := min(len(questions), maxBatch)
		part, err := c.halving(ctx, questions[:size])
		if err != nil {
			return nil, err
		}
		answers, questions = append(answers, part...), questions[size:]
	}
	return answers, nil
}

func (c *rpcClient) halving(ctx context.Context, questions []question) ([]answer, error) {
	if len(questions) == 1 {
		var raw json.RawMessage
		err := c.call(ctx, &raw, questions[0].method, questions[0].params...)
		if err != nil && !isA[*refusal](err) {
			return nil, err
		}
		return []answer{{raw, err}}, nil
	}
	answers, err := c.batchOnce(ctx, questions)
	if err == nil || !tooLarge(err) {
		return answers, err
	}
	first, err := c.halving(ctx, questions[:len(questions)/2])
	if err != nil {
		return nil, err
	}
	second, err := c.halving(ctx, questions[len(questions)/2:])
	return append(first, second...), err
}

func (c *rpcClient) batchOnce(ctx context.Context, questions []question) ([]answer, error) {
	answers := make([]answer, len(questions))
	err := c.exchange(ctx, nil, func(ctx context.Context) error {
		elements := make([]rpc.BatchElem, len(questions))
		for i, q := range questions {
			answers[i] = answer{}
			elements[i] = rpc.BatchElem{Method: q.method, Args: q.params, Result: &answers[i].result}
		}
		if err := c.rpc.BatchCallContext(ctx, elements); err != nil {
			return err
		}
		for i := range elements {
			err := elements[i].Error
			if refused, ok := errors.AsType[rpc.Error](err); ok {
				answers[i].err = fmt.Errorf("%s: %w", elements[i].Method, newRefusal(refused))
				if judged := judgeRefusal(newRefusal(refused)); retry.Passing(judged) || tooLarge(judged) {
					return judged // one too many: all are asked again
				}
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("batch of %d, %s and so on: %w", len(questions), questions[0].method, err)
	}
	return answers, nil
}
