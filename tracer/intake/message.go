package intake

import (
	"errors"
	"strconv"
	"strings"
)

// message is what a code says to people. {1}, {2}, … are filled in.
type message struct{ reason, reasonJA, fix, fixJA string }

// messages are those of row errors.
var messages = map[Code]message{
	CellUndecodable:   {"the cell holds a character that its encoding does not know", "文字コードにない文字(外字など)が含まれています。", "type the cell anew", "セルを入力し直してください。"},
	IDMissing:         {"the row names no transaction", "取引IDがありません。", "enter the transaction ID; if the exchange moved it internally, write 内部送金 there", "取引IDを入力してください。取引所内の移動なら「内部送金」と記入してください。"},
	IDUnreadable:      {"this is no transaction ID", "取引IDとして読めません。", "enter the 64 hexadecimal digits, or the explorer's address that holds them", "64桁の16進数か、エクスプローラーのURLを入力してください。"},
	IDIsAddress:       {"this is an address, not a transaction ID", "取引IDではなく、アドレスです。", "enter the transaction ID; the address belongs in the recipient's column", "取引IDを入力してください。アドレスは送金先アドレスの列に記入してください。"},
	IDTruncated:       {"the transaction ID is cut: {1} of its 64 digits are there", "取引IDが途中で切れています(64桁のうち{1}桁)。", "enter all 64 digits", "64桁すべてを入力してください。"},
	IDTooLong:         {"the transaction ID has {1} digits, not 64", "取引IDが{1}桁あります(正しくは64桁)。", "enter each ID alone, 64 digits", "取引IDを一つずつ、64桁で入力してください。"},
	IDIsTradeNumber:   {"this looks like an exchange's own trade number, which no chain knows", "交換業者独自の取引番号と思われます。チェーン上の取引IDではありません。", "ask the exchange for the transaction ID (TxID) of this withdrawal", "この出金の取引ID(TxID)を交換業者に照会してください。"},
	IDMangled:         {"a spreadsheet made a number of the ID, and digits are lost", "表計算ソフトが取引IDを数値に変えたため、桁が失われています。", "format the column as text and enter the ID again", "列の書式を「文字列」にして、入力し直してください。"},
	IDsTooMany:        {"the cell holds {1} transaction IDs, more than {2}", "一つのセルに取引IDが{1}個あります(上限{2}個)。", "write one ID a row", "1行に一つずつ記入してください。"},
	ChainUnknown:      {"no chain of this name is known", "このチェーン名は不明です。", "write bitcoin, ethereum or tron, or leave it empty: the ID is looked for on every chain", "bitcoin、ethereum、tron のいずれかを記入するか、空欄にしてください。"},
	KindUnknown:       {"no such kind of deposit is known", "この種別は不明です。", "write output, native, internal or token, or leave it empty", "output、native、internal、token のいずれかを記入するか、空欄にしてください。"},
	IndexUnreadable:   {"this is no output or log number", "出力番号として読めません。", "write a whole number from 0, or leave it empty", "0以上の整数を記入するか、空欄にしてください。"},
	AssetUnknown:      {"no asset of this name is known", "この通貨名は不明です。", "write BTC, ETH, USDT, … or the address of the token's contract, or leave it empty", "BTC、ETH、USDT などか、トークンのコントラクトアドレスを記入するか、空欄にしてください。"},
	AddressUnreadable: {"the recipient's address cannot be used: {1}", "送金先アドレスが正しくありません: {2}。", "enter the address again, best by copying it", "アドレスをコピーして入力し直してください。"},
	AmountUnreadable:  {"the amount cannot be read: {1}", "数量を読めません: {2}。", "write it as 0.5 or 0.5 BTC", "「0.5」や「0.5 BTC」のように記入してください。"},
	AmountIsYen:       {"the amount is in yen, not in the asset", "数量が円で記入されています。", "write how many coins were sent; yen belong in the column of yen", "送った暗号資産の数量を記入してください。円は円換算額の列に記入してください。"},
	AmountMangled:     {"a spreadsheet kept this as a number of {1} digits; it keeps 15, so digits may be lost", "表計算ソフトの数値は15桁までのため、桁が失われた可能性があります。", "format the column as text and enter the amount again", "列の書式を「文字列」にして、入力し直してください。"},
	AssetConflict:     {"the amount is in {1}, the row's asset is {2}", "数量の単位は{1}ですが、通貨は{2}です。", "write the same in both", "どちらかに合わせてください。"},
	AmountPrecision:   {"the amount has more decimal places than the {1} of {2}", "数量の小数の桁数が{2}の桁数({1})を超えています。", "enter the exact amount", "正確な数量を入力してください。"},
	TimeUnreadable:    {"the time cannot be read: {1}", "日時を読めません: {2}。", "write 2024-05-01 12:34 (JST), or 2024-05-01T12:34:56Z", "「2024-05-01 12:34」(日本時間)のように記入してください。"},
	YenUnreadable:     {"the yen cannot be read: {1}", "円換算額を読めません: {2}。", "write 500000 or 50万円", "「500000」や「50万円」のように記入してください。"},
	TxNotFound:        {"no chain that was asked knows this transaction ({1})", "照会したどのチェーンにも、この取引はありません({1})。", "check each digit; it may be newer than the blocks that were asked, or on another chain", "取引IDを確認してください。まだ取り込まれていないか、別のチェーンの可能性があります。"},
	TxPending:         {"the transaction is not in a block of {1} yet", "取引はまだ{1}のブロックに入っていません(未承認)。", "upload the row again once it is confirmed", "承認された後に、もう一度送ってください。"},
	TxReplaced:        {"the transaction was replaced on {1} by {2} and never happened", "取引は{1}上で{2}に置き換えられ、成立していません。", "check whether {2} is the payment, and enter it", "{2} が実際の送金かどうか確認し、その取引IDを記入してください。"},
	TxFailed:          {"the transaction failed (block {1}): it moved nothing but its fee", "取引は失敗しています(ブロック{1})。手数料以外は動いていません。", "find the payment that succeeded", "成功した取引の取引IDを記入してください。"},
	TxUnconfirmed:     {"the transaction has {1} confirmations, fewer than {2}", "取引の承認数が{1}で、必要な{2}に足りません。", "upload the row again later", "しばらくしてから、もう一度送ってください。"},
	TxTwice:           {"the ID occurs in two blocks ({1})", "同じ取引IDが二つのブロックにあります({1})。", "trace it by hand, with @HEIGHT behind the ID", "高さを指定して、個別に追跡してください。"},
	TxNoValue:         {"the transaction moved no value to anybody", "取引は誰にも価値を移していません。", "check the ID: an approval or another call of a contract may stand beside the payment", "取引IDを確認してください(承認(approve)など、送金以外の取引の可能性があります)。"},
	TxSeveralChains:   {"the ID was found on several chains: {1}", "取引IDが複数のチェーンにあります: {1}。", "write which chain it is", "チェーン名を記入してください。"},
	ChainMismatch:     {"the transaction was found on {1}; the row said {2}", "取引は{1}にありましたが、行には{2}と書かれています。", "write {1}, or check the ID", "{1}と記入するか、取引IDを確認してください。"},
	AssetMismatch:     {"the transaction moves no {1}: it moves {2}", "取引で動いたのは{1}ではなく、{2}です。", "write which of these was paid, or check the ID", "実際に支払った通貨を記入するか、取引IDを確認してください。"},
	TokenUnknown:      {"which contract {1} means is not settled on {2}, and any token may call itself so: the transaction moves {3}", "{2}上の{1}がどのコントラクトか決まっていません。取引で動いたのは{3}です。", "write the address of the token's contract as the asset", "通貨の列に、トークンのコントラクトアドレスを記入してください。"},
	DecimalsUnknown:   {"how many decimal places {1} has is not known", "{1}の小数の桁数が不明です。", "leave the amount empty", "数量を空欄にしてください。"},
	RecipientMismatch: {"the transaction pays nothing to this address", "取引はこのアドレスに支払っていません。", "check address and ID; the transaction pays {1}", "アドレスと取引IDを確認してください。支払先は{1}です。"},
	RecipientIsSender: {"this address sent the payment; it did not get it", "このアドレスは送金元で、送金先ではありません。", "enter the recipient's address: {1}", "送金先のアドレスを記入してください: {1}"},
	AmountMismatch:    {"the row says {1}, the chain says {2}", "行の数量は{1}、チェーン上の数量は{2}です。", "check amount and ID; exchanges may add their fee to what they show", "数量と取引IDを確認してください。交換業者の表示は手数料を含む場合があります。"},
	AmountScale:       {"the row says {1}, the chain says {2}: a factor of 10^{3}, {4}", "行の数量は{1}、チェーン上の数量は{2}で、10の{3}乗倍の違いがあります({5})。", "write {6}", "「{6}」と記入してください。"},
	AmountSum:         {"the transactions of this cell move {1} together, the row says {2}", "このセルの取引の合計は{1}ですが、行の数量は{2}です。", "write one transaction a row, each with its amount", "1行に一つの取引と、その数量を記入してください。"},
	PlaceMissing:      {"the transaction has no {1}", "取引に{1}はありません。", "it has {2}", "あるのは次のとおりです: {2}"},
	PlaceAmbiguous:    {"the transaction makes {1} payments that fit, perhaps of several victims", "当てはまる支払いが{1}件あり、複数の被害者の送金を含む可能性があります。", "replace the ID by one of these: {2}", "取引IDを次のいずれかに書き換えてください: {2}"},
	TimeFar:           {"the row says {1}, the block was made at {2}", "行の日時は{1}ですが、ブロックの日時は{2}です。", "check time and ID", "日時と取引IDを確認してください。"},
	DuplicateRow:      {"row {1} of this file is the same payment", "このファイルの{1}行目と同じ送金です。", "remove one of the two", "どちらかを削除してください。"},
	PlaceClaimed:      {"row {1} claims the same payment for victim {2}", "{1}行目が、同じ送金を被害者 {2} のものとしています。", "the transaction pays {3}: say which is whose", "取引の支払いは {3} です。どれが誰の送金か記入してください。"},
}

// noticeTexts are English and Japanese.
var noticeTexts = map[NoticeCode][2]string{
	TimeNineHours:     {"the row's time and the block's ({1}) are nine hours apart: one of them is UTC, read as JST or the other way round", "行の日時とブロックの日時({1})が9時間違います。日本時間と協定世界時(UTC)の取り違えと思われます。"},
	TimeDiffers:       {"the row's time is {1} from the block's ({2})", "行の日時とブロックの日時({2})が{1}違います。"},
	AmountNegative:    {"the amount has a minus sign, as withdrawals in statements have", "数量に負号が付いています(明細の出金表示)。"},
	ChosenByAmount:    {"the payment was chosen among {1} because its amount alone fits", "{1}件の支払いから、数量が唯一一致するものを選びました。"},
	ExplorerUnknown:   {"which chain {1} shows is not known: the ID was looked for on every chain", "{1} がどのチェーンのサイトか不明なため、すべてのチェーンで照会しました。"},
	PrefectureUnknown: {"no prefecture of this name is known: {1}", "都道府県名として読めません: {1}"},
	ChecksumAbsent:    {"the address is written in one case, so its checksum could not be tested", "アドレスが大文字か小文字だけのため、チェックサムを確かめられません。"},
	NotTraced:         {"{1}", "{2}"},
}

// Internal transfers and chains that are not indexed are recorded, not traced.
const (
	internalEN  = "an exchange moved this between its own customers: it is on no chain, and is kept for disclosure"
	internalJA  = "交換業者内部の移動で、チェーン上にはありません。照会用に記録しました。"
	unindexedEN = "on {1}, which is not indexed: it is kept for disclosure, and not traced"
	unindexedJA = "{1} 上の取引ですが、{1} は取り込まれていません。照会用に記録し、追跡はしません。"
)

// fill puts arguments into a text.
func fill(text string, args []string) string {
	if len(args) == 0 || !strings.Contains(text, "{") {
		return text
	}
	pairs := make([]string, 0, 2*len(args))
	for i, a := range args {
		pairs = append(pairs, "{"+strconv.Itoa(i+1)+"}", a)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// unread says why a cell cannot be read.
type unread struct{ text, textJA string }

func (u *unread) Error() string { return u.text }

// unreadable is the error of a cell that cannot be read.
func unreadable(field Field, code Code, err error) RowError {
	if u, ok := errors.AsType[*unread](err); ok {
		return newError(field, code, u.text, u.textJA)
	}
	return newError(field, code, err.Error(), err.Error())
}

// newError says what is wrong with a field of a row; the caller adds where it stands.
func newError(field Field, code Code, args ...string) RowError {
	m := messages[code]
	return RowError{
		Field: field, Code: code,
		Reason: fill(m.reason, args), ReasonJA: fill(m.reasonJA, args), Suggestion: fill(m.fix, args), SuggestionJA: fill(m.fixJA, args),
	}
}

func newNotice(code NoticeCode, args ...string) Notice {
	t := noticeTexts[code]
	return Notice{code, fill(t[0], args), fill(t[1], args)}
}

// Explanation is what a code of a row error says and asks for, with … where a row's
// own values stand.
type Explanation struct{ Reason, ReasonJA, Fix, FixJA string }

// Explain says what a code means; empty for one that is not known.
func Explain(code Code) Explanation {
	m := messages[code]
	open := []string{"…", "…", "…", "…", "…", "…"}
	return Explanation{fill(m.reason, open), fill(m.reasonJA, open), fill(m.fix, open), fill(m.fixJA, open)}
}
