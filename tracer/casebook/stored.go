package casebook

import (
	"database/sql/driver"
	"encoding"
	"encoding/json"
	"fmt"
	"math"

	"tsuiseki/chains"
)

// amount stores an amount as decimal text.
type amount chains.Amount

// Scan reads what Value wrote.
func (a *amount) Scan(value any) error {
	text, err := textOf(value)
	if err != nil {
		return err
	}
	parsed, err := chains.ParseAmount(text)
	*a = amount(parsed)
	return err
}

// Value is the text.
func (a *amount) Value() (driver.Value, error) { return chains.Amount(*a).String(), nil }

// optionalAmount stores an amount as decimal text, and none as an empty one.
type optionalAmount struct{ at **chains.Amount }

// Scan reads what Value wrote.
func (o *optionalAmount) Scan(value any) error {
	text, err := textOf(value)
	if err != nil || text == "" {
		*o.at = nil
		return err
	}
	parsed, err := chains.ParseAmount(text)
	*o.at = &parsed
	return err
}

// Value is the text.
func (o *optionalAmount) Value() (driver.Value, error) {
	if *o.at == nil {
		return "", nil
	}
	return (*o.at).String(), nil
}

// stringed stores what has a form in text.
type stringed struct {
	at interface {
		encoding.TextMarshaler
		encoding.TextUnmarshaler
	}
}

// Scan reads what Value wrote.
func (s *stringed) Scan(value any) error {
	text, err := textOf(value)
	if err != nil {
		return err
	}
	return s.at.UnmarshalText([]byte(text))
}

// Value is the text.
func (s *stringed) Value() (driver.Value, error) {
	text, err := s.at.MarshalText()
	return string(text), err
}

// position stores an index in a transaction.
type position uint32

// Scan reads what Value wrote.
func (p *position) Scan(value any) error {
	n, ok := value.(int64)
	if !ok || n < 0 || n > math.MaxUint32 {
		return fmt.Errorf("an index is stored as %v", value)
	}
	*p = position(n)
	return nil
}

// Value is the number.
func (p *position) Value() (driver.Value, error) { return int64(*p), nil }

// reference stores another row's id, and none as NULL.
type reference string

// Scan reads what Value wrote.
func (r *reference) Scan(value any) error {
	if value == nil {
		*r = ""
		return nil
	}
	text, err := textOf(value)
	*r = reference(text)
	return err
}

// Value is the id.
func (r *reference) Value() (driver.Value, error) {
	if *r == "" {
		return nil, nil
	}
	return string(*r), nil
}

func textOf(value any) (string, error) {
	switch value := value.(type) {
	case string:
		return value, nil
	case []byte:
		return string(value), nil
	}
	return "", fmt.Errorf("a text is stored as %T", value)
}

// document stores canonical JSON.
type document json.RawMessage

// Scan reads what Value wrote.
func (d *document) Scan(value any) error {
	text, err := textOf(value)
	*d = document(text)
	return err
}

// Value is the text.
func (d *document) Value() (driver.Value, error) { return string(*d), nil }

// optionalTx stores a transaction's id as text, and none as an empty one.
type optionalTx struct{ at **chains.TxID }

// Scan reads what Value wrote.
func (o *optionalTx) Scan(value any) error {
	text, err := textOf(value)
	if err != nil || text == "" {
		*o.at = nil
		return err
	}
	id := new(chains.TxID)
	*o.at = id
	return id.UnmarshalText([]byte(text))
}

// Value is the text.
func (o *optionalTx) Value() (driver.Value, error) {
	if *o.at == nil {
		return "", nil
	}
	return (*o.at).String(), nil
}
