package intake_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"tsuiseki/tracer/intake"
)

func upload(data []byte) intake.Upload {
	return intake.Upload{Bytes: bytes.NewReader(data), Size: int64(len(data))}
}

// read reads an upload; mend is the file of rows that come back.
func read(t testing.TB, data []byte, opt intake.Options) (got *caught, report *intake.Report, mend []byte) {
	t.Helper()
	got, report, mend, err := tryRead(t, data, opt)
	if err != nil {
		t.Fatal(err)
	}
	return got, report, mend
}

func tryRead(t testing.TB, data []byte, opt intake.Options) (got *caught, report *intake.Report, mend []byte, err error) {
	t.Helper()
	var file bytes.Buffer
	got = &caught{file: intake.NewRejectFile(&file)}
	report, err = intake.Read(t.Context(), upload(data), opt, got)
	if closed := got.file.Close(); closed != nil {
		t.Fatal(closed)
	}
	return got, report, file.Bytes(), err
}

// codes are the codes of a rejected row.
func codes(r intake.Rejected) string {
	var out []string
	for _, e := range r.Errors {
		out = append(out, string(e.Code))
	}
	return strings.Join(out, " ")
}

// refused checks that a file is refused with a code.
func refused(t *testing.T, data []byte, opt intake.Options, code intake.FileCode) *intake.FileError {
	t.Helper()
	_, _, _, err := tryRead(t, data, opt)
	var file *intake.FileError
	if !errors.As(err, &file) || file.Code != code {
		t.Fatalf("got %v, want a refusal with %s", err, code)
	}
	if file.Reason == "" || file.ReasonJA == "" {
		t.Fatalf("a refusal without words: %+v", file)
	}
	return file
}
