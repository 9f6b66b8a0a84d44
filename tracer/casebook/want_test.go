package casebook_test

import (
	"encoding/json"
	"errors"
	"testing"

	"tsuiseki/tracer/casebook"
)

func wantJSON(t *testing.T, got, want any) {
	t.Helper()
	g, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	w, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if string(g) != string(w) {
		t.Errorf("got  %s\nwant %s", g, w)
	}
}

func wantInvalid(t *testing.T, err error, field string) {
	t.Helper()
	refusal, ok := errors.AsType[*casebook.InvalidError](err)
	if !ok || refusal.Field != field || !errors.Is(err, casebook.ErrInvalid) {
		t.Errorf("got %v, want a refusal of %s", err, field)
	}
}
