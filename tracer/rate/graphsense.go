package rate

import (
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
)

// takeGraphSense reads a line of GraphSense's exchange rates: a day, and what one
// coin was worth in several currencies. Numbers are taken digit by digit.
func (r *reader) takeGraphSense(line int, content string) error {
	var day struct {
		Date       string                 `json:"date"`
		FiatValues map[string]json.Number `json:"fiatValues"`
	}
	decoder := json.NewDecoder(strings.NewReader(content))
	decoder.DisallowUnknownFields()
	decoder.UseNumber()
	if err := decoder.Decode(&day); err != nil {
		r.problem(line, "", `is not {"date":…,"fiatValues":{…}}: %v`, err)
		return nil
	}
	if _, err := decoder.Token(); err != io.EOF {
		r.problem(line, "", "has more than one document")
		return nil
	}
	for _, quote := range slices.Sorted(maps.Keys(day.FiatValues)) {
		err := r.take(line, record{time: normal(day.Date), quote: normal(quote), rate: day.FiatValues[quote].String()})
		if err != nil {
			return err
		}
	}
	return nil
}
