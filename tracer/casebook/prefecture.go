package casebook

// Prefecture is a code of JIS X 0401: 01 to 47.
type Prefecture string

// prefectures are the names, in the order of their codes.
var prefectures = [47]string{
	"北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "茨城県", "栃木県", "群馬県",
	"埼玉県", "千葉県", "東京都", "神奈川県", "新潟県", "富山県", "石川県", "福井県", "山梨県", "長野県",
	"岐阜県", "静岡県", "愛知県", "三重県", "滋賀県", "京都府", "大阪府", "兵庫県", "奈良県", "和歌山県",
	"鳥取県", "島根県", "岡山県", "広島県", "山口県", "徳島県", "香川県", "愛媛県", "高知県", "福岡県",
	"佐賀県", "長崎県", "熊本県", "大分県", "宮崎県", "鹿児島県", "沖縄県",
}

// Name is the prefecture's name in Japanese, empty where the code is none.
func (p Prefecture) Name() string {
	if len(p) != 2 || p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9' {
		return ""
	}
	n := int(p[0]-'0')*10 + int(p[1]-'0')
	if n < 1 || n > len(prefectures) {
		return ""
	}
	return prefectures[n-1]
}

func (p Prefecture) check() error {
	if p.Name() == "" {
		return invalid("prefecture", "two digits, 01 to 47, as 13 for Tokyo", "%q is no code of JIS X 0401", string(p))
	}
	return nil
}
