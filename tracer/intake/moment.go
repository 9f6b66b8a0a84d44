package intake

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// moment is when a row says that something happened.
type moment struct {
	at   time.Time // UTC
	day  bool      // only the day is said; at is its start
	zone bool      // the row itself says which zone
}

var (
	errTime      = &unread{"it is of no known form", "書式が不明です"}
	errNoYear    = &unread{"it has no year", "年がありません"}
	errShortYear = &unread{"its year has two digits, which may be of this era or this century", "年が2桁で、和暦か西暦か分かりません"}
	errDayMonth  = &unread{"day and month may stand in either order", "月と日の順序が分かりません"}
	errSerial    = &unread{"it is a spreadsheet's number of a day, whose start is 1900 or 1904: format the column as a date", "表計算ソフトの日付シリアル値です。列の書式を「日付」にしてください"}
	errRange     = &unread{"there is no such day or hour", "存在しない日時です"}
)

var (
	eraDate   = regexp.MustCompile(`^(令和|平成|昭和|[rhs])\s*\.?\s*(元|[0-9]{1,2})\s*[年/.\-]\s*([0-9]{1,2})\s*[月/.\-]\s*([0-9]{1,2})\s*日?`)
	longDate  = regexp.MustCompile(`^([0-9]{4})\s*[年/.\-]\s*([0-9]{1,2})\s*[月/.\-]\s*([0-9]{1,2})\s*日?`)
	plainDate = regexp.MustCompile(`^([0-9]{4})([0-9]{2})([0-9]{2})(?:[ t]|$|([0-9]{2})([0-9]{2})([0-9]{2})?$)`)
	otherDate = regexp.MustCompile(`^([0-9]{1,2})\s*[/.\-]\s*([0-9]{1,2})\s*[/.\-]\s*([0-9]{2,4})(?:[ t]|$)`)
	noYear    = regexp.MustCompile(`^([0-9]{1,2})\s*[月/]\s*([0-9]{1,2})\s*日?(?:[ t]|$)`)
	weekday   = regexp.MustCompile(`^[(\[]?[日月火水木金土](?:曜日?)?[)\]]?`)
	clockTime = regexp.MustCompile(`^(午前|午後|am|pm)?\s*([0-9]{1,2})(?:\s*[:時]\s*([0-9]{1,2})(?:\s*[:分]\s*([0-9]{1,2})?(?:[.,]([0-9]{1,9}))?)?\s*秒?|時)\s*分?\s*(am|pm)?`)
	zoneText  = regexp.MustCompile(`^[(\[]?(?:(z|utc|gmt|協定世界時|世界標準時)|(jst|日本時間|日本標準時)|(?:utc|gmt)?([+-])([0-9]{1,2}):?([0-9]{2})?)[)\]]?$`)
	serialDay = regexp.MustCompile(`^[0-9]{5}(\.[0-9]+)?$`)
)

// eras are the first years of Japanese eras, less one.
var eras = map[string]int{"令和": 2018, "r": 2018, "平成": 1988, "h": 1988, "昭和": 1925, "s": 1925}

// timeLike reports whether a tidied cell looks like a time.
func timeLike(t string) bool {
	t = strings.ToLower(t)
	return eraDate.MatchString(t) || longDate.MatchString(t) || otherDate.MatchString(t)
}

// parseMoment reads a tidied time. Where the text does not say which zone, it is zone's.
func parseMoment(t string, zone *time.Location) (m moment, err error) {
	t = strings.ToLower(strings.TrimSpace(t))
	if serialDay.MatchString(t) {
		return m, errSerial
	}
	if at, ok := unixTime(t); ok {
		return moment{at: at, zone: true}, nil
	}
	year, month, day, rest, err := parseDate(t)
	if err != nil {
		return m, err
	}
	rest = strings.TrimLeft(rest, " t")
	if found := weekday.FindString(rest); found != "" {
		rest = strings.TrimSpace(rest[len(found):])
	}
	clock, rest, said, err := parseClock(rest)
	if err != nil {
		return m, err
	}
	if rest = without(rest); rest != "" {
		if zone, err = parseZone(rest); err != nil {
			return m, err
		}
		m.zone = true
	}
	start := time.Date(year, time.Month(month), day, 0, 0, 0, 0, zone)
	if start.Day() != day || int(start.Month()) != month || year < 1970 || year > 2200 {
		return m, errRange
	}
	m.at, m.day = start.Add(clock).UTC(), !said
	return m, nil
}

// parseDate reads the day at the start of the text.
func parseDate(t string) (year, month, day int, rest string, err error) {
	if g := eraDate.FindStringSubmatch(t); g != nil {
		n := 1
		if g[2] != "元" {
			n = number(g[2])
		}
		year = eras[g[1]] + n
		if n == 0 || eras[g[1]] == 1988 && n > 31 || eras[g[1]] == 1925 && n > 64 {
			return 0, 0, 0, "", errRange
		}
		return year, number(g[3]), number(g[4]), t[len(g[0]):], nil
	}
	if g := longDate.FindStringSubmatch(t); g != nil {
		return number(g[1]), number(g[2]), number(g[3]), t[len(g[0]):], nil
	}
	if g := plainDate.FindStringSubmatch(t); g != nil {
		rest := t[8:]
		if g[4] != "" {
			rest = g[4] + ":" + g[5] + ":" + g[6]
			rest = strings.TrimSuffix(rest, ":")
		}
		return number(g[1]), number(g[2]), number(g[3]), rest, nil
	}
	if g := otherDate.FindStringSubmatch(t); g != nil {
		a, b := number(g[1]), number(g[2])
		switch {
		case len(g[3]) != 4:
			return 0, 0, 0, "", errShortYear
		case a > 12 && b <= 12:
			return number(g[3]), b, a, t[len(g[0]):], nil
		case b > 12 && a <= 12 || a == b:
			return number(g[3]), a, b, t[len(g[0]):], nil
		}
		return 0, 0, 0, "", errDayMonth
	}
	if noYear.MatchString(t) {
		return 0, 0, 0, "", errNoYear
	}
	return 0, 0, 0, "", errTime
}

// parseClock reads the time of day; said is false where there is none.
func parseClock(t string) (since time.Duration, rest string, said bool, err error) {
	g := clockTime.FindStringSubmatch(t)
	if g == nil || t == "" {
		return 0, t, false, nil
	}
	hour, minute, second := number(g[2]), number(g[3]), number(g[4])
	half := g[1] + g[6]
	if half != "" {
		if hour > 12 {
			return 0, "", false, errRange
		}
		hour %= 12
		if half == "午後" || half == "pm" {
			hour += 12
		}
	}
	if hour > 24 || minute > 59 || second > 60 || hour == 24 && minute+second > 0 {
		return 0, "", false, errRange
	}
	since = time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second
	return since, t[len(g[0]):], true, nil
}

func parseZone(t string) (*time.Location, error) {
	g := zoneText.FindStringSubmatch(t)
	switch {
	case g == nil:
		return nil, errTime
	case g[1] != "":
		return time.UTC, nil
	case g[2] != "":
		return JST(), nil
	}
	hours, minutes := number(g[4]), number(g[5])
	if hours > 14 || minutes > 59 {
		return nil, errRange
	}
	seconds := hours*3600 + minutes*60
	if g[3] == "-" {
		seconds = -seconds
	}
	return time.FixedZone("", seconds), nil
}

// JST is Japan's time, which has had no summer time since 1951.
func JST() *time.Location { return time.FixedZone("JST", 9*60*60) }

// unixTime reads 10 digits of seconds or 13 of milliseconds since 1970, from 2001 on.
func unixTime(t string) (time.Time, bool) {
	if !decimal.MatchString(t) {
		return time.Time{}, false
	}
	n, err := strconv.ParseInt(t, 10, 64)
	switch {
	case err != nil || t[0] == '0':
		return time.Time{}, false
	case len(t) == 10:
		return time.Unix(n, 0).UTC(), true
	case len(t) == 13:
		return time.UnixMilli(n).UTC(), true
	}
	return time.Time{}, false
}

// number is what digits say that a pattern has bounded; 0 for none.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
