package intake

// Limits bound what a file may take. A file beyond one of them is refused, with
// the limit named. A zero field means its default.
type Limits struct {
	Rows        int   // rows that hold something; 1,000,000
	Columns     int   // cells of a row; 256
	CellBytes   int   // of one cell; 64 KiB
	Unzipped    int64 // bytes of an .xlsx once unpacked; 1 GiB
	StringBytes int   // of an .xlsx's shared strings, which are held in memory; 128 MiB
	PartsOfCell int   // transaction ids of one cell; 100
	Outputs     int   // outputs or transfers of a transaction that an answer lists; 20
	Candidates  int   // transactions looked at for a row that names none; 10,000
}

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		n *int
		v int
	}{
		{&l.Rows, 1_000_000},
		{&l.Columns, 256},
		{&l.CellBytes, 64 << 10},
		{&l.StringBytes, 128 << 20},
		{&l.PartsOfCell, 100},
		{&l.Outputs, 20},
		{&l.Candidates, 10_000},
	} {
		if *d.n <= 0 {
			*d.n = d.v
		}
	}
	if l.Unzipped <= 0 {
		l.Unzipped = 1 << 30
	}
	return l
}
