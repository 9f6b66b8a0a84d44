package ethereum

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/rpc"

	"tsuiseki/chains/retry"
)

// refusal is the node's own refusal of a call. Codes mean little: nodes agree on
// few, so the words count too.
type refusal struct {
	code    int
	message string
}

func newRefusal(err rpc.Error) *refusal { return &refusal{err.ErrorCode(), err.Error()} }

func (e *refusal) Error() string {
	return fmt.Sprintf("the node answers %.300q (%d)", e.message, e.code)
}

// says looks for words in what the node says, not in what a contract says through
// it when it reverts: that is hostile text.
func (e *refusal) says(words ...string) bool {
	message := strings.ToLower(e.message)
	return !strings.Contains(message, "revert") && slices.ContainsFunc(words, func(w string) bool { return strings.Contains(message, w) })
}

func asRefusal(err error) (*refusal, bool) { return errors.AsType[*refusal](err) }

// Codes that several nodes share.
const (
	codeMethodNotFound   = -32601
	codeMethodNotServed  = -32004 // hardhat
	codeInvalidParams    = -32602
	codeLimitExceeded    = -32005
	codeTimeout          = -32002
	codeResponseTooLarge = -32003
	codePruned           = 4444 // EIP-4444
	codeRateLimit        = 429
)

// judgeRefusal makes a refusal for want of time a *retry.BusyError.
func judgeRefusal(r *refusal) error {
	tooMany := r.says("more than", "too many results", "response size", "block range", "too large")
	if r.code == codeRateLimit || (r.code == codeLimitExceeded && !tooMany) ||
		r.says("too many requests", "rate limit", "request rate", "throttl", "compute units per second") {
		return &retry.BusyError{Reason: r.Error()}
	}
	return r
}

// batchRefused reports whether a batch was answered by one object for all, or not
// answered for each.
func batchRefused(err error) bool {
	return isA[*json.UnmarshalTypeError](err) || errors.Is(err, rpc.ErrMissingBatchResponse)
}

// tooLarge reports whether asking for less at once would help.
func tooLarge(err error) bool {
	if batchRefused(err) {
		return true
	}
	r, ok := asRefusal(err)
	return ok && (r.code == codeResponseTooLarge || r.says("too large", "batch limit", "batch size", "too many"))
}

// absent reports whether the node does not serve the method at all.
func absent(err error) bool {
	r, ok := asRefusal(err)
	return ok && (r.code == codeMethodNotFound || r.code == codeMethodNotServed ||
		r.says("method not found", "does not exist/is not available", "unsupported method", "method is not supported",
			"not whitelisted", "method not supported", "method is disabled"))
}

// misunderstood reports whether another form of the same parameters may help.
func misunderstood(err error) bool {
	r, ok := asRefusal(err)
	return ok && (r.code == codeInvalidParams || r.says("cannot unmarshal", "invalid argument", "invalid params", "hex string"))
}

// gone reports whether the node does not know the block asked about.
func gone(err error) bool {
	r, ok := asRefusal(err)
	return ok && !absent(err) && !stateless(err) && !pruned(err) &&
		r.says("header not found", "header for hash not found", "block not found", "unknown block", "unknown header",
			"block does not exist", "could not find block", "not found") // geth's tracer: "block 0x… not found"
}

// stateless reports whether the node no longer holds the state of that block.
func stateless(err error) bool {
	r, ok := asRefusal(err)
	return ok && r.says("historical state", "missing trie node", "state is not available", "state not available",
		"no state available", "state unavailable", "state already been pruned", "state has been pruned", "pruned state",
		"required historical state unavailable", "state at block", "archive")
}

// pruned reports whether the node has dropped that part of history.
func pruned(err error) bool {
	r, ok := asRefusal(err)
	return ok && (r.code == codePruned || (r.says("pruned", "history expired", "history unavailable") && !stateless(err)))
}

// overtime reports whether the node or this program gave up waiting.
func overtime(err error) bool {
	if isSlow(err) {
		return true
	}
	r, ok := asRefusal(err)
	return ok && (r.code == codeTimeout || r.says("timeout", "timed out", "deadline exceeded"))
}

// gapReason is why a part of a block is not to be had from this node, in words
// for the person who could get a better one. ok is false where asking again later
// may help: that is an error, not a gap.
func gapReason(err error) (reason string, ok bool) {
	r, refused := asRefusal(err)
	switch {
	case pruned(err):
		return "the node has pruned this history: ask an archive node", true
	case stateless(err):
		return "the node no longer holds the state of this block: ask an archive node", true
	case overtime(err):
		return "the node could not answer in time: ask it alone, or allow a longer timeout", true
	case absent(err):
		return "the node does not serve this: switch the method on, or ask another node", true
	case refused:
		return r.Error(), true
	}
	return "", false
}
