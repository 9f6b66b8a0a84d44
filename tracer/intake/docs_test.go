package intake_test

import (
	"os"
	"strings"
	"testing"

	"tsuiseki/tracer/intake"
)

// TestDocumented: docs/intake.md says of every code what the code says.
func TestDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/intake.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range intake.Codes() {
		e := intake.Explain(code)
		if e.Reason == "" || e.ReasonJA == "" || e.Fix == "" || e.FixJA == "" {
			t.Errorf("%s has no words", code)
		}
		line := "| `" + string(code) + "` | " + e.Reason + " | " + e.Fix + " | " + e.ReasonJA + e.FixJA + " |"
		if !strings.Contains(string(text), line) {
			t.Errorf("not documented:\n%s", line)
		}
	}
	for _, code := range intake.FileCodes() {
		if !strings.Contains(string(text), "| `"+string(code)+"` |") {
			t.Errorf("%s is not documented", code)
		}
	}
	for _, code := range intake.NoticeCodes() {
		if !strings.Contains(string(text), "| `"+string(code)+"` |") {
			t.Errorf("%s is not documented", code)
		}
	}
}
