package intake

import (
	"errors"
	"io"
)

// unwrapper joins lines of pasted text over which one transaction id was broken.
// It serves files whose rows are single cells.
type unwrapper struct {
	recordReader
	ahead []record
	err   error
}

// next joins only lines whose digits add up to one id exactly.
func (u *unwrapper) next() (record, error) {
	first, err := u.take(0)
	if err != nil {
		return record{}, err
	}
	digits := trailingHex(tidy(first.at(0).text))
	joined := 0
	for n := 1; len(first.cells) == 1 && digits > 0 && digits < idDigits; n++ {
		next, err := u.take(n)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return record{}, err
		}
		text := tidy(next.at(0).text)
		if len(next.cells) != 1 || text == "" || trailingHex(text) != len(text) {
			break
		}
		if digits += len(text); digits == idDigits {
			joined = n
		}
	}
	for n := 1; n <= joined; n++ {
		first.cells[0].text += "\n" + u.ahead[n].cells[0].text
	}
	u.ahead = append(u.ahead[:0], u.ahead[joined+1:]...)
	return first, nil
}

// take is the n-th row ahead.
func (u *unwrapper) take(n int) (record, error) {
	for len(u.ahead) <= n && u.err == nil {
		var r record
		if r, u.err = u.recordReader.next(); u.err == nil {
			u.ahead = append(u.ahead, r)
		}
	}
	if n < len(u.ahead) {
		return u.ahead[n], nil
	}
	return record{}, u.err
}
