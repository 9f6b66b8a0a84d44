package intake

import "fmt"

// FileCode names why a file as a whole cannot be read; codes never change.
type FileCode string

// The reasons for which a file is refused.
const (
	FileEmpty         FileCode = "file-empty"
	FileNotTable      FileCode = "file-not-a-table"
	FileOldExcel      FileCode = "file-old-excel"
	FileNUL           FileCode = "file-nul-bytes"
	FileEncoding      FileCode = "file-encoding"
	FileQuote         FileCode = "file-open-quote"
	FileTooLarge      FileCode = "file-too-large"
	FileDamaged       FileCode = "file-damaged"
	FileNoIDs         FileCode = "file-no-ids"
	FileAmbiguous     FileCode = "file-column-ambiguous"
	FileSheets        FileCode = "file-sheet-ambiguous"
	FileSheetMissing  FileCode = "file-sheet-missing"
	FileColumnMissing FileCode = "file-column-missing"
)

// FileError says why nothing of a file was read, or why reading stopped at a row.
type FileError struct {
	Code     FileCode
	Row      int // where it was seen; 0 where it is about the whole file
	Reason   string
	ReasonJA string
}

func (e *FileError) Error() string {
	if e.Row > 0 {
		return fmt.Sprintf("row %d: %s (%s)", e.Row, e.Reason, e.Code)
	}
	return fmt.Sprintf("%s (%s)", e.Reason, e.Code)
}

func refuse(code FileCode, row int, reason, reasonJA string) error {
	return &FileError{code, row, reason, reasonJA}
}
