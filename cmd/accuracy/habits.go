package main

import (
	"fmt"
	"strings"

	"tsuiseki/fixtures/cases"
	"tsuiseki/fixtures/economy"
)

// habitsTable tells from which ranges the habits of economies and of worlds of cases are drawn.
func habitsTable() string {
	var b strings.Builder
	b.WriteString("| chain | habit | from | to | unit | basis |\n|---|---|---|---|---|---|\n")
	for _, r := range economy.Ranges() {
		fmt.Fprintf(&b, "| bitcoin | %s | %d | %d | %s | %s |\n", r.What, r.Lo, r.Hi, r.Unit, r.Basis)
	}
	for _, r := range economy.AccountRanges() {
		fmt.Fprintf(&b, "| ethereum | %s | %d | %d | permille | assumed |\n", r.What, r.Lo, r.Hi)
	}
	for _, r := range cases.Ranges() {
		fmt.Fprintf(&b, "| cases | %s | %d | %d | permille | assumed |\n", r.What, r.Lo, r.Hi)
	}
	return b.String()
}
