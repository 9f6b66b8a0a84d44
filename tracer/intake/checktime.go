package intake

import "time"

// How far a row's time may lie from its block's. An exchange may send hours after
// the order; blocks come late.
const (
	timeClose = 3 * time.Hour  // not worth a word
	timeFar   = 36 * time.Hour // another payment is meant
	jstOffset = 9 * time.Hour
)

// checkTime compares the row's time with the block's. A time that is off never
// changes which payment is meant: the id says that.
func (it *item) checkTime(block time.Time) ([]Notice, *RowError) {
	m := it.row.when
	if m == nil {
		return nil, nil
	}
	off := block.Sub(m.at)
	if m.day {
		// Anywhere in the day is no difference.
		switch end := m.at.Add(24 * time.Hour); {
		case !block.Before(m.at) && block.Before(end):
			off = 0
		case !block.Before(end):
			off = block.Sub(end)
		}
	}
	at := block.UTC().Format(time.RFC3339) + " = " + block.In(JST()).Format("2006-01-02 15:04:05 JST")
	switch size := off.Abs(); {
	case size <= timeClose:
		return nil, nil
	case size > timeFar:
		e := it.error(FieldTime, TimeFar, m.at.Format(time.RFC3339), at)
		return nil, &e
	case !m.day && size > jstOffset-timeClose && size < jstOffset+timeClose:
		return []Notice{newNotice(TimeNineHours, at)}, nil
	default:
		return []Notice{newNotice(TimeDiffers, size.Round(time.Minute).String(), at)}, nil
	}
}
