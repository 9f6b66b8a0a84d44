package casebook_test

import (
	"cmp"
	"os"
	"slices"
	"strings"
	"testing"

	"tsuiseki/tracer/casebook"
)

// TestDocumentedRules wants docs/casebook.md to say who may do what as the rules do.
func TestDocumentedRules(t *testing.T) {
	t.Parallel()
	roles := append(casebook.Roles(), casebook.System)
	byRights := make(map[string][]string)
	for op, scopes := range casebook.Operations() {
		var rights strings.Builder
		for _, role := range roles {
			rights.WriteString(" | " + cmp.Or(scopes[role], "–"))
		}
		byRights[rights.String()] = append(byRights[rights.String()], op)
	}
	var rows []string
	for rights, ops := range byRights {
		slices.Sort(ops)
		rows = append(rows, "| "+strings.Join(ops, " ")+rights+" |\n")
	}
	slices.Sort(rows)
	table := "| action | investigator | analyst | auditor | administrator | system |\n|---|---|---|---|---|---|\n" + strings.Join(rows, "")

	text, err := os.ReadFile("../../docs/casebook.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "\n"+table+"\n") {
		t.Errorf("docs/casebook.md should hold\n%s", table)
	}
}
