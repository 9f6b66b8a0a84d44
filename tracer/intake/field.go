package intake

import (
	"regexp"
	"strings"
)

// Field is what a column may hold.
type Field string

// The fields of a row; their names stand in row errors.
const (
	FieldTx         Field = "txid"
	FieldChain      Field = "chain"
	FieldKind       Field = "kind"
	FieldIndex      Field = "index"
	FieldAsset      Field = "asset"
	FieldAmount     Field = "amount"
	FieldTime       Field = "time"
	FieldAddress    Field = "address"
	FieldSender     Field = "sender"
	FieldCase       Field = "case_number"
	FieldReceipt    Field = "receipt_number"
	FieldVictim     Field = "victim"
	FieldOfficer    Field = "officer"
	FieldStation    Field = "station"
	FieldPrefecture Field = "prefecture"
	FieldScheme     Field = "scheme"
	FieldExchange   Field = "exchange"
	FieldYen        Field = "yen"
	FieldNote       Field = "note"

	fieldReasonEN Field = "reason"    // of the file that brings rows back
	fieldReasonJA Field = "reason_ja" //
)

// ReasonHeading and ReasonHeadingJA head the two columns that a file of rows to mend
// has more than the upload. They are no part of a row when it is uploaded again.
const (
	ReasonHeading   = "tsuiseki: reason"
	ReasonHeadingJA = "tsuiseki: 理由"
)

// fieldWords are the headings that name a field, tidied, in lower case, without
// spaces, underscores, hyphens and brackets with what they hold.
var fieldWords = map[Field][]string{
	FieldTx: {
		"txid", "txids", "transactionid", "transactionhash", "txhash", "hash", "tx", "transaction", "txn", "txnhash",
		"取引id", "取引ハッシュ", "トランザクションid", "トランザクションハッシュ", "トランザクション", "ハッシュ", "ハッシュ値", "送金id", "txid取引id", "取引idtxid",
	},
	FieldChain:      {"chain", "network", "blockchain", "チェーン", "ネットワーク", "ブロックチェーン"},
	FieldKind:       {"kind"},
	FieldIndex:      {"index", "output", "outputindex", "vout", "logindex", "出力番号", "番号vout"},
	FieldAsset:      {"asset", "coin", "token", "currency", "symbol", "cryptoasset", "通貨", "通貨種別", "通貨名", "暗号資産", "暗号資産名", "仮想通貨", "銘柄", "コイン", "トークン"},
	FieldAmount:     {"amount", "quantity", "value", "volume", "数量", "送金数量", "送付数量", "送金額", "送金量", "数量枚数", "枚数"},
	FieldTime:       {"time", "date", "datetime", "timestamp", "dateandtime", "日時", "送金日時", "送付日時", "取引日時", "日付", "取引日", "送金日", "年月日", "送金年月日"},
	FieldAddress:    {"address", "to", "toaddress", "recipient", "recipientaddress", "destination", "destinationaddress", "送金先アドレス", "送金先", "送付先アドレス", "送付先", "宛先", "宛先アドレス", "受取アドレス", "受取人アドレス", "入金先アドレス", "入金先", "アドレス"},
	FieldSender:     {"from", "fromaddress", "sender", "senderaddress", "送金元アドレス", "送付元アドレス", "送信元アドレス", "送信元"},
	FieldCase:       {"casenumber", "caseno", "case", "事件番号", "事件no", "事件"},
	FieldReceipt:    {"receiptnumber", "receiptno", "receipt", "受理番号", "受付番号", "相談番号", "届出番号"},
	FieldVictim:     {"victim", "victimid", "victimpseudonym", "被害者id", "被害者", "被害者番号", "被害者記号", "被害者仮名"},
	FieldOfficer:    {"officer", "investigator", "担当者", "担当", "捜査員", "担当捜査員", "取扱者"},
	FieldStation:    {"station", "policestation", "署", "警察署", "取扱署", "所轄", "所轄署"},
	FieldPrefecture: {"prefecture", "都道府県", "都道府県警", "都道府県警察", "府県", "県警", "都道府県警/署", "都道府県警・署"},
	FieldScheme:     {"scheme", "modusoperandi", "手口", "罪種", "詐欺種別", "手口種別"},
	FieldExchange:   {"exchange", "sendingexchange", "送金元交換業者", "送付元交換業者", "交換業者", "取引所", "送金元取引所", "暗号資産交換業者", "送金元"},
	FieldYen:        {"yen", "jpy", "amountjpy", "valuejpy", "yenvalue", "円換算額", "円換算", "日本円", "円", "日本円換算額", "円貨", "被害額", "被害金額", "円換算金額"},
	FieldNote:       {"note", "notes", "remark", "remarks", "memo", "comment", "備考", "メモ", "摘要", "備考欄"},
	fieldReasonEN:   {ReasonHeading},
	fieldReasonJA:   {ReasonHeadingJA},
}

// fieldOrder is the order in which fields are looked at and shown.
var fieldOrder = []Field{
	FieldTx, FieldChain, FieldKind, FieldIndex, FieldAsset, FieldAmount, FieldTime, FieldAddress, FieldSender, FieldCase, FieldReceipt, FieldVictim,
	FieldOfficer, FieldStation, FieldPrefecture, FieldScheme, FieldExchange, FieldYen, FieldNote, fieldReasonEN, fieldReasonJA,
}

// fieldNamesJA are the fields as people name them.
var fieldNamesJA = map[Field]string{
	FieldTx: "取引ID", FieldChain: "チェーン", FieldKind: "種別", FieldIndex: "出力番号", FieldAsset: "通貨", FieldAmount: "数量", FieldTime: "日時",
	FieldAddress: "送金先アドレス", FieldSender: "送金元アドレス", FieldCase: "事件番号", FieldReceipt: "受理番号", FieldVictim: "被害者ID", FieldOfficer: "担当者",
	FieldStation: "署", FieldPrefecture: "都道府県警", FieldScheme: "手口", FieldExchange: "送金元交換業者", FieldYen: "円換算額", FieldNote: "備考",
}

// headingWords makes the index of fieldWords.
func headingWords() map[string]Field {
	words := map[string]Field{}
	for field, list := range fieldWords {
		for _, w := range list {
			words[headingKey(w)] = field
		}
	}
	return words
}

// inBrackets is what headings explain in brackets: 数量(BTC).
var inBrackets = regexp.MustCompile(`[(\[【〔「][^)\]】〕」]*[)\]】〕」]`)

// headingKey is what of a heading counts.
func headingKey(heading string) string {
	key := strings.ToLower(tidy(heading))
	if bare := strings.TrimSpace(inBrackets.ReplaceAllString(key, "")); bare != "" {
		key = bare
	}
	return strings.NewReplacer(" ", "", "_", "", "-", "", ":", "", "※", "", "*", "", ".", "").Replace(key)
}

// plainHeadings are those of an upload's plainest form, in which an amount without a
// decimal point counts base units, as in all that this program writes.
var plainHeadings = map[string]bool{
	"chain": true, "txid": true, "kind": true, "index": true, "asset": true, "amount": true, "address": true, "time": true, "note": true,
}
