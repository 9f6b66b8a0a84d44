package label

import (
	"encoding/json"
	"strings"
)

// set gives a label a field's value, and says what is wrong with it.
func (l *Label) set(field, value string) (reason string) {
	if into := l.plain(field); into != nil {
		*into = value
		return ""
	}
	var err error
	switch field {
	case "tx_hash":
		if !isHash(value) {
			return "want 64 hexadecimal digits"
		}
		l.Tx = value
	case "tag_type":
		if value != "actor" && value != "event" && value != "mention" {
			return "want one of actor, event, mention"
		}
		l.TagType = value
	case "context":
		return l.setContext(value)
	case "confidence":
		l.Confidence = Confidence(value)
		if _, known := l.Confidence.Level(); !known {
			return "is no confidence: use one of " + confidenceNames()
		}
	case "is_cluster_definer":
		if value != "true" && value != "false" {
			return "want true or false"
		}
		l.ClusterDefiner = value == "true"
	case "lastmod":
		l.LastMod, err = parseTime(value)
	case "valid_from":
		l.ValidFrom, err = parseTime(value)
	case "valid_to":
		l.ValidTo, err = parseTime(value)
	default:
		return "is no field of a label"
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// plain is the field of a name, where any text will do for it.
func (l *Label) plain(field string) *string {
	switch field {
	case "label":
		return &l.Label
	case "source":
		return &l.Source
	case "currency":
		return &l.Currency
	case "network":
		return &l.Network
	case "address":
		return (*string)(&l.Address)
	case "category":
		return &l.Category
	case "abuse":
		return &l.Abuse
	case "actor":
		return &l.Actor
	case "account_holder":
		return &l.Holder.Name
	case "nationality":
		return &l.Holder.Nationality
	}
	return nil
}

// ours is what a TagPack has no field for. It travels under the key "tsuiseki" of
// a tag's context, so that the pack stays one that others can read.
type ours struct {
	Set         *Set     `json:"set,omitempty"`     // in a pack's header
	Context     string   `json:"context,omitempty"` // the tag's own, word for word
	ValidFrom   string   `json:"valid_from,omitempty"`
	ValidTo     string   `json:"valid_to,omitempty"`
	Holder      string   `json:"account_holder,omitempty"`
	Nationality string   `json:"nationality,omitempty"`
	Identifiers []string `json:"identifiers,omitempty"`
}

// oursIn unpacks a context that this program wrote.
func oursIn(context string) (*ours, bool) {
	if !strings.HasPrefix(context, `{"tsuiseki":`) {
		return nil, false
	}
	var wrapped struct {
		Ours *ours `json:"tsuiseki"`
	}
	if json.Unmarshal([]byte(context), &wrapped) != nil || wrapped.Ours == nil {
		return nil, false
	}
	return wrapped.Ours, true
}

func (o *ours) String() string {
	text, err := json.Marshal(map[string]*ours{"tsuiseki": o})
	if err != nil {
		return "" // cannot be: it is all text
	}
	return string(text)
}

func (l *Label) setContext(value string) (reason string) {
	o, wrapped := oursIn(value)
	if !wrapped {
		l.Context = value
		return ""
	}
	l.Context = o.Context
	l.Holder = Holder{o.Holder, o.Nationality, o.Identifiers}
	for field, text := range map[string]string{"valid_from": o.ValidFrom, "valid_to": o.ValidTo} {
		if text == "" {
			continue
		}
		if reason := l.set(field, text); reason != "" {
			return field + ": " + reason
		}
	}
	return ""
}

// contextText is what setContext reads.
func (l *Label) contextText() string {
	_, mistakable := oursIn(l.Context)
	if l.ValidFrom.IsZero() && l.ValidTo.IsZero() && l.Holder.IsZero() && !mistakable {
		return l.Context
	}
	o := &ours{
		Context: l.Context, ValidFrom: formatTime(l.ValidFrom), ValidTo: formatTime(l.ValidTo),
		Holder: l.Holder.Name, Nationality: l.Holder.Nationality, Identifiers: l.Holder.Identifiers,
	}
	return o.String()
}
