package label

import (
	"slices"
	"strings"
)

// Confidence says how a source came to know: an id of GraphSense's list.
type Confidence string

// Confidences that this package gives to what comes without one.
const (
	Disclosed Confidence = "service_api"    // an exchange answered
	Official  Confidence = "authority_data" // a public list
	Unknown   Confidence = "unknown"
)

// levels are GraphSense's confidences, best first.
var levels = []struct {
	id    Confidence
	level int
}{
	{"ownership", 100},
	{"ledger_immanent", 100},
	{"override", 100},
	{"manual_transaction", 90},
	{Disclosed, 70},
	{"forensic_investigation", 70},
	{Official, 60},
	{"trusted_provider", 50},
	{"service_data", 50},
	{"forensic", 50},
	{"untrusted_transaction", 40},
	{"web_crawl", 20},
	{"heuristic", 10},
	{Unknown, 5},
}

// Level is a percentage; false where the id is none of the list.
func (c Confidence) Level() (int, bool) {
	for _, l := range levels {
		if l.id == c {
			return l.level, true
		}
	}
	return 0, false
}

// Confidences are all ids, best first.
func Confidences() (ids []Confidence) {
	for _, l := range levels {
		ids = append(ids, l.id)
	}
	return ids
}

func confidenceNames() string {
	var names []string
	for _, id := range Confidences() {
		names = append(names, string(id))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
