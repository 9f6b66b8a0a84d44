package casebook

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// Page is which part of a list is wanted.
type Page struct {
	After string // Next of the part before; empty for the first
	Limit int    // 0: 100; at most 1,000
}

const (
	defaultLimit = 100
	maxLimit     = 1000
)

// List is a part of a list.
type List[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"` // for Page.After; empty at the end
}

// query is what a list consists of, in which order.
type query struct {
	joins  string
	where  []string
	args   []any
	key    []string // columns of the table, unique together
	texts  int      // how many of the last of them are texts, the others being numbers
	newest bool     // first
}

func (q *query) and(clause string, args ...any) {
	q.where = append(q.where, clause)
	q.args = append(q.args, args...)
}

// list reads the part of a list. The key of a value is what the columns of the query's
// key hold in it.
func list[T any](ctx context.Context, t *tx, n table[T], q query, page Page, key func(*T) []any) (List[T], error) {
	switch {
	case page.Limit == 0:
		page.Limit = defaultLimit
	case page.Limit < 0 || page.Limit > maxLimit:
		return List[T]{}, invalid("limit", "1 to 1000", "%d", page.Limit)
	}
	after, order := " > ", ""
	if q.newest {
		after, order = " < ", " DESC"
	}
	columns := "x." + strings.Join(q.key, ", x.")
	if page.After != "" {
		values, err := readCursor(page.After, len(q.key)-q.texts, q.texts)
		if err != nil {
			return List[T]{}, err
		}
		q.and("("+columns+")"+after+"("+placeholders(len(q.key))+")", values...)
	}
	rest := q.joins
	if len(q.where) > 0 {
		rest += " WHERE " + strings.Join(q.where, " AND ")
	}
	rest += " ORDER BY " + strings.ReplaceAll(columns, ",", order+",") + order + " LIMIT ?"
	items, err := n.many(ctx, t, rest, append(q.args, page.Limit+1)...)
	if err != nil {
		return List[T]{}, err
	}
	answer := List[T]{Items: items}
	if len(items) > page.Limit {
		answer.Items = items[:page.Limit]
		answer.Next = cursor(key(&items[page.Limit-1]))
	}
	if answer.Items == nil {
		answer.Items = []T{}
	}
	t.note("count", len(answer.Items))
	return answer, nil
}

// byTime lists in order of time.
func byTime[T any](ctx context.Context, t *tx, n table[T], q query, page Page, key func(*T) (Origin, string)) (List[T], error) {
	q.key, q.texts = []string{"created", "id"}, 1
	return list(ctx, t, n, q, page, func(value *T) []any {
		origin, id := key(value)
		return []any{stored(origin.Created), id}
	})
}

// cursor writes a place in a list: a JSON array of numbers and texts.
func cursor(key []any) string {
	text, _ := json.Marshal(key) // numbers and texts only
	return base64.RawURLEncoding.EncodeToString(text)
}

func readCursor(text string, numbers, texts int) ([]any, error) {
	var raw []json.RawMessage
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(decoded, &raw)
	}
	if err != nil || len(raw) != numbers+texts {
		return nil, badCursor()
	}
	key := make([]any, len(raw))
	for i := range raw {
		var word string
		var n int64
		switch {
		case i < numbers && json.Unmarshal(raw[i], &n) == nil:
			key[i] = n
		case i >= numbers && json.Unmarshal(raw[i], &word) == nil && checkText("after", word, maxName) == nil:
			key[i] = word
		default:
			return nil, badCursor()
		}
	}
	return key, nil
}

func badCursor() error {
	return invalid("after", "give what the part before calls next", "no place in this list")
}
