package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"tsuiseki/fixtures/accuracy"
)

// document writes or checks the generated sections of a document. That of a
// reference which is absent is left alone.
func document(opt options, sections map[string]string) error {
	path := opt.write + opt.check
	switch {
	case path == "":
		return nil
	case opt.write != "" && opt.check != "":
		return errors.New("--write and --check exclude each other")
	}
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	updated := string(old)
	for name, text := range sections {
		if updated, err = accuracy.Replace(updated, name, text); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if opt.check == "" {
		return os.WriteFile(path, []byte(updated), 0o644)
	}
	if updated != string(old) {
		return fmt.Errorf("%s does not say what was measured: look at what changed, and write it anew with make accuracy:\n%s", path, firstDifference(string(old), updated))
	}
	return nil
}

func firstDifference(old, updated string) string {
	now := strings.Split(updated, "\n")
	for i, line := range strings.Split(old, "\n") {
		if i >= len(now) || now[i] != line {
			return "it says:  " + line + "\nmeasured: " + strings.Join(now[min(i, len(now)):min(i+1, len(now))], "")
		}
	}
	return ""
}

// record writes the limits that runs set, and keeps what they do not measure. A
// reference is met in full or not at all.
func record(path string, limits accuracy.Limits, runs []accuracy.Run, reference []accuracy.Figure) error {
	maps.Copy(limits, accuracy.Record(runs))
	for _, f := range reference {
		limits[f.ID()] = limits.Whole()
	}
	raw, err := limits.JSON()
	if err != nil {
		return err
	}
	return os.WriteFile(path, raw, 0o644)
}

// judge fails where a figure is beyond its limit, and names all of them.
func judge(opt options, limits accuracy.Limits, runs []accuracy.Run, reference []accuracy.Figure) error {
	var faults []string
	for _, run := range append(slices.Clone(runs), accuracy.Pool(runs)) {
		for _, b := range limits.Check(run) {
			faults = append(faults, b.String())
		}
	}
	for _, b := range limits.Check(accuracy.Run{Figures: reference}) {
		faults = append(faults, "reference: "+b.String())
	}
	measured := accuracy.Run{Figures: reference}
	if len(runs) > 0 {
		measured.Figures = append(measured.Figures, runs[0].Figures...)
	}
	if opt.only == "" && reference != nil {
		for _, id := range limits.Unmeasured(measured) {
			faults = append(faults, id+": a limit is recorded, but nothing measures it")
		}
	}
	if len(faults) > 0 {
		return fmt.Errorf("%d figures are beyond their limits:\n  %s", len(faults), strings.Join(faults, "\n  "))
	}
	return nil
}
