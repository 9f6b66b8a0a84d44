package cluster

// PageWords is how many numbers of a column share a checksum.
const PageWords = 1 << 12

// Column is a flat array of numbers. It may lie in a mapped file: then a page is
// held against its checksum before it is used first, and a damaged one never is.
type Column struct {
	words     []uint32
	unchecked []uint64 // a bit per page that was not used yet
	check     func(page int, words []uint32) error
	instead   func(i uint32) uint32 // of a damaged page
	err       error
}

// NewColumn is a column in memory.
func NewColumn(words []uint32) *Column { return &Column{words: words} }

// MappedColumn is a column whose words, which the caller may change for itself
// alone, come from a file. check tells whether a page is as it was written; instead
// gives the harmless values that take a damaged page's place, see Err.
func MappedColumn(words []uint32, check func(page int, words []uint32) error, instead func(i uint32) uint32) *Column {
	pages := (len(words) + PageWords - 1) / PageWords
	c := &Column{words: words, unchecked: make([]uint64, (pages+63)/64), check: check, instead: instead}
	for page := range pages {
		c.unchecked[page>>6] |= 1 << (page & 63)
	}
	return c
}

// Words are all numbers; changing them changes the column.
func (c *Column) Words() []uint32 {
	for page := range len(c.unchecked) * 64 {
		c.use(uint32(min(page*PageWords, len(c.words))))
	}
	return c.words
}

// Len is how many numbers there are.
func (c *Column) Len() int { return len(c.words) }

// Err says what damage was met.
func (c *Column) Err() error { return c.err }

// At is the number at a place.
func (c *Column) At(i uint32) uint32 {
	if c.unchecked != nil {
		c.use(i)
	}
	return c.words[i]
}

// Set changes a number.
func (c *Column) Set(i, value uint32) {
	if c.unchecked != nil {
		c.use(i)
	}
	c.words[i] = value
}

// Append adds a number.
func (c *Column) Append(value uint32) {
	if c.unchecked != nil {
		c.use(uint32(len(c.words)))
	}
	c.words = append(c.words, value)
}

// Cut leaves the first numbers.
func (c *Column) Cut(count int) {
	if c.unchecked != nil {
		c.use(uint32(count)) // its checksum is of the whole page
	}
	c.words = c.words[:count]
}

// use checks the page of a place, once.
func (c *Column) use(i uint32) {
	page := int(i) / PageWords
	if page>>6 >= len(c.unchecked) || c.unchecked[page>>6]&(1<<(page&63)) == 0 {
		return
	}
	c.unchecked[page>>6] &^= 1 << (page & 63)
	from := page * PageWords
	words := c.words[from:min(from+PageWords, len(c.words))]
	if err := c.check(page, words); err != nil {
		c.err = err
		for k := range words {
			words[k] = c.instead(uint32(from + k))
		}
	}
}
