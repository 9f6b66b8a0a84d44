package intake

// cell is one cell as the file has it.
type cell struct {
	text string
	// number says that a spreadsheet kept it as a number: text then holds its digits
	// without an exponent, of which it keeps fifteen.
	number bool
	// date says that a spreadsheet shows the number as a time: text then is that time.
	date bool
}

// record is one row of a file.
type record struct {
	number int // as a spreadsheet counts rows, from 1
	cells  []cell
	merged map[int]cell // by column, what a cell above holds that reaches into this row
}

// blank reports whether no cell holds anything that can be seen.
func (r *record) blank() bool {
	for _, c := range r.cells {
		if tidy(c.text) != "" {
			return false
		}
	}
	return true
}

// texts are the cells as text.
func (r *record) texts() []string {
	out := make([]string, len(r.cells))
	for i, c := range r.cells {
		out[i] = c.text
	}
	return out
}

// at is the cell of a column; empty where the row is shorter or there is no such column.
func (r *record) at(column int) cell {
	if column < 0 || column >= len(r.cells) {
		return cell{}
	}
	return r.cells[column]
}

// recordReader yields the rows of a file in order, then io.EOF.
type recordReader interface {
	next() (record, error)
	close() error
}
