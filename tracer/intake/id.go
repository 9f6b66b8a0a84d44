package intake

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tsuiseki/chains"
)

const idDigits = 64

// idKind is what stands where a transaction id should.
type idKind string

const (
	idHash      idKind = "transaction id"
	idAddress   idKind = "address"
	idTruncated idKind = "truncated id"
	idTrade     idKind = "trade number" // an exchange's own
	idInternal  idKind = "exchange-internal transfer"
	idTooLong   idKind = "too many digits"
	idMangled   idKind = "mangled number"
	idUnread    idKind = "unreadable"
	idNone      idKind = ""
)

// reading is one thing that a cell of the transaction column holds.
type reading struct {
	kind idKind
	text string // normalised
	tx   chains.TxID
	// place is output, log or call, and its number, where the cell says which: TXID:0, TXID:log:7.
	place  string
	number uint32
	host   string // of the explorer whose address held it
	chain  string // that the explorer shows; empty where unknown
	// head and tail are the digits known of a truncated id.
	head, tail string
}

var (
	hashToken  = regexp.MustCompile(`(?i)(?:^|[^0-9a-z])(?:0x)?([0-9a-f]{64})(?::(?:(log|call|output):)?([0-9]{1,9}))?(?:$|[^0-9a-z])`)
	hexToken   = regexp.MustCompile(`(?i)^(0x)?[0-9a-f]+$`)
	cutToken   = regexp.MustCompile(`(?i)^(?:0x)?([0-9a-f]*)(?:\.{2,}|\*+|…|~)(?:0x)?([0-9a-f]*)$`)
	decimal    = regexp.MustCompile(`^[0-9]+$`)
	scientific = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]{1,3}$`)
	tradeToken = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_#-]*[0-9][0-9A-Za-z_#-]*$`)
	labelled   = regexp.MustCompile(`(?i)^(?:tx|txid|txhash|hash|transaction|取引id|取引ハッシュ|ハッシュ|id)[:=]+`)
)

// internalWords say that an exchange moved value between its own customers.
var internalWords = []string{
	"内部送金", "内部振替", "内部移動", "内部取引", "取引所内", "業者内", "社内送金", "社内振替", "オフチェーン", "internaltransfer", "internal transfer", "off-chain", "offchain", "off chain",
}

// internalTransfer reports whether tidied text speaks of such a transfer.
func internalTransfer(t string) bool {
	t = strings.ToLower(t)
	for _, word := range internalWords {
		if strings.Contains(t, word) {
			return true
		}
	}
	return false
}

// holdsID reports whether text holds a transaction id, wrapped or not.
func holdsID(text string) bool {
	const shortest = idDigits
	if len(text) < shortest {
		return false
	}
	return slices.ContainsFunc(idTokens(tidy(text)), hashToken.MatchString)
}

// idTokens splits a tidied cell, and rejoins ids over which lines were broken: digits
// that only together are as many as an id has.
func idTokens(t string) []string {
	tokens := strings.FieldsFunc(t, func(r rune) bool { return strings.ContainsRune(" ,、;|()[]{}<>「」『』\"'。", r) })
	var joined []string
	for i := 0; i < len(tokens); i++ {
		token := tokens[i]
		sum, parts, end := trailingHex(token), 0, 0
		for n := i + 1; sum > 0 && sum < idDigits && n < len(tokens) && trailingHex(tokens[n]) == len(tokens[n]); n++ {
			parts++
			if sum += len(tokens[n]); sum == idDigits {
				end = parts
			}
		}
		for ; end > 0; end-- {
			i++
			token += tokens[i]
		}
		joined = append(joined, token)
	}
	return joined
}

// trailingHex counts the hexadecimal digits at the end of a token, where they begin it
// or stand behind 0x or a character that is no letter or digit.
func trailingHex(token string) int {
	at := len(token)
	for at > 0 && isHex(token[at-1]) {
		at--
	}
	n := len(token) - at
	before := strings.ToLower(token[:at])
	if strings.HasSuffix(before, "x") && n > 0 {
		if !strings.HasSuffix(before, "0x") {
			return 0
		}
		before = before[:len(before)-2]
	}
	if before == "" {
		return n
	}
	if c := before[len(before)-1]; c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
		return 0
	}
	return n
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// readIDs reads a cell of the transaction column. Of several things the ids count;
// words beside them are left out. Where it holds no id, the one thing that it holds
// is returned.
func readIDs(c cell) []reading {
	t := tidy(c.text)
	switch {
	case t == "" || t == "-":
		return []reading{{kind: idNone}}
	case c.number && lossy(t), scientific.MatchString(t):
		return []reading{{kind: idMangled, text: t}}
	}
	var ids, others []reading
	for _, token := range idTokens(t) {
		switch r := readID(token); r.kind {
		case idHash, idTruncated, idAddress, idTooLong:
			ids = append(ids, r)
		default:
			others = append(others, r)
		}
	}
	switch {
	case len(ids) > 0:
		return distinct(ids)
	case internalTransfer(t):
		return []reading{{kind: idInternal, text: t}}
	}
	for _, r := range others {
		if r.kind == idTrade {
			r.text = t
			return []reading{r}
		}
	}
	return []reading{{kind: idUnread, text: t}}
}

// distinct leaves out what a cell says twice: a link beside its own id.
func distinct(ids []reading) (out []reading) {
	at := map[string]int{}
	for _, r := range ids {
		key := string(r.kind) + r.text
		if first, again := at[key]; again {
			if out[first].chain == "" {
				out[first].host, out[first].chain = r.host, r.chain
			}
			continue
		}
		at[key] = len(out)
		out = append(out, r)
	}
	return out
}

func readID(token string) reading {
	r := reading{kind: idUnread, text: token}
	r.host, r.chain = explorerChain(token)
	if m := hashToken.FindStringSubmatch(token); m != nil {
		tx, err := chains.ParseTxID(m[1])
		if err != nil {
			return r
		}
		r.kind, r.tx, r.text = idHash, tx, tx.String()
		if m[3] != "" && r.host == "" {
			n, err := strconv.ParseUint(m[3], 10, 32)
			if err != nil {
				return r
			}
			r.place, r.number = strings.ToLower(m[2]), uint32(n)
			if r.place == "" {
				r.place = placeOutput
			}
			r.text += ":" + strings.TrimPrefix(r.place+":", placeOutput+":") + m[3]
		}
		return r
	}
	token = labelled.ReplaceAllString(token, "")
	if r.host != "" {
		if _, address, err := readAddress(token); err == nil {
			r.kind, r.text = idAddress, string(address)
			return r
		}
		at := strings.LastIndexAny(token, "/=#")
		token = token[at+1:]
	}
	return classify(r, token)
}

// Places within a transaction, as references name them.
const (
	placeOutput = "output"
	placeLog    = "log"
	placeCall   = "call"
)

// classify tells what a token without an id is.
func classify(r reading, token string) reading {
	if addressLike(token) || len(token) > 2 && scriptName.MatchString(token) {
		r.kind, r.text = idAddress, token
		if _, address, err := readAddress(token); err == nil {
			r.text = string(address)
		}
		return r
	}
	lower := strings.ToLower(token)
	const least = 6 // digits that still tell an id from a word or a number
	if m := cutToken.FindStringSubmatch(lower); len(m) == 3 && len(m[1])+len(m[2]) >= least {
		r.kind, r.head, r.tail, r.text = idTruncated, m[1], m[2], lower
		return r
	}
	switch {
	case strings.HasPrefix(lower, "0x") && hexToken.MatchString(lower):
		r.text, r.head = lower, lower[2:]
	case decimal.MatchString(lower):
		const longest = 40
		if len(lower) > longest {
			r.text, r.head = lower, lower
			break
		}
		r.kind = idTrade
		return r
	case hexToken.MatchString(lower) && len(lower) >= 2*least:
		r.text, r.head = lower, lower
	case tradeToken.MatchString(token):
		const shortest = 4
		if len(token) >= shortest {
			r.kind = idTrade
		}
		return r
	default:
		return r
	}
	if r.kind = idTruncated; len(r.head) > idDigits {
		r.kind = idTooLong
	} else if len(r.head) < least {
		r.kind, r.head = idUnread, ""
	}
	return r
}
