package intake

import (
	"fmt"
	"strings"
)

// prefectures in the order of their JIS X 0401 codes, from 01, without 都, 府 or 県.
var prefectures = [...]string{
	"北海道", "青森", "岩手", "宮城", "秋田", "山形", "福島", "茨城", "栃木", "群馬", "埼玉", "千葉", "東京", "神奈川", "新潟", "富山", "石川", "福井", "山梨", "長野",
	"岐阜", "静岡", "愛知", "三重", "滋賀", "京都", "大阪", "兵庫", "奈良", "和歌山", "鳥取", "島根", "岡山", "広島", "山口", "徳島", "香川", "愛媛", "高知",
	"福岡", "佐賀", "長崎", "熊本", "大分", "宮崎", "鹿児島", "沖縄",
}

// prefectureCode is the two-digit JIS code of a prefecture or its police, named in a
// tidied cell: 13, 東京都, 警視庁, 大阪府警察, 千葉県警/船橋署. Empty where it names none.
func prefectureCode(t string) string {
	t = without(t)
	if decimal.MatchString(t) && len(t) <= 2 {
		if n := number(t); n >= 1 && n <= len(prefectures) {
			return fmt.Sprintf("%02d", n)
		}
		return ""
	}
	if strings.HasPrefix(t, "警視庁") {
		return "13"
	}
	for i, name := range prefectures {
		rest, ok := strings.CutPrefix(t, name)
		if !ok {
			continue
		}
		for _, kind := range []string{"都", "府", "県"} {
			rest = strings.TrimPrefix(rest, kind)
		}
		for _, police := range []string{"警察本部", "警察", "警本部", "警"} {
			rest = strings.TrimPrefix(rest, police)
		}
		if rest == "" || strings.HasSuffix(rest, "署") {
			return fmt.Sprintf("%02d", i+1)
		}
	}
	return ""
}

// stationOf is the station named behind the police: 千葉県警/船橋署.
func stationOf(t string) string {
	for _, cut := range []string{"/", "・", " "} {
		if _, station, ok := strings.Cut(t, cut); ok && strings.HasSuffix(station, "署") {
			return strings.TrimSpace(station)
		}
	}
	return ""
}
