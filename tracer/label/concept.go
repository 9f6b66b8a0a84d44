package label

import "tsuiseki/tracer"

// broader are the concepts of the INTERPOL taxonomies of entities and abuses, as
// GraphSense extends them, each with the concept above it.
var broader = map[string]string{
	"entity": "", "behaviour": "", "item": "",

	"organization": "entity", "user": "entity", "service": "entity",
	"victim": "user", "perpetrator": "user", "donation": "user", "miner": "user",

	"exchange": "service", "wallet_service": "service", "filesharing": "service", "index": "service", "market": "service",
	"messaging_service": "service", "mixing_service": "service", "mining_service": "service", "gambling": "service",
	"search_engine": "service", "shop": "service", "faucet": "service", "payment_processor": "service", "atm": "service",
	"hosting": "service", "vpn": "service", "defi": "service",
	"escrow_wallet": "wallet_service", "ico_wallet": "wallet_service", exchangeDeposit: "exchange",
	"defi_lending": "defi", "defi_dex": "defi", "defi_derivative": "defi", "defi_bridge": "defi",
	"collectible": "item",

	"abuse": "behaviour", "gray_usage": "behaviour", "white_usage": "behaviour", "source": "behaviour",
	"mixing": "gray_usage", "coinjoin": "mixing",
	"cold_wallet": "white_usage", "hot_wallet": "white_usage", "warm_wallet": "white_usage",
	"mention": "source", "website_mention": "mention", "forum_mention": "website_mention", "dark_web": "source",

	"sexual_abuse": "abuse", "child_sexual_abuse": "sexual_abuse", "violence": "abuse", "torture": "violence",
	"scam": "abuse", "financial_crime": "abuse", "investment_fraud": "financial_crime", "ponzi_scheme": "investment_fraud",
	"pyramid_scheme": "ponzi_scheme", "money_laundering": "financial_crime", "payment_card_fraud": "financial_crime",
	"extortion": "abuse", "sextortion": "extortion", "phishing": "abuse", "service_hack": "abuse", "ransomware": "abuse",
	"sanction": "abuse", "extremism": "abuse", "terrorism": "extremism",
}

// exchangeDeposit is the one concept of ours: what an exchange gives a customer
// to pay into.
const exchangeDeposit = "exchange_deposit"

// KnownConcept reports whether a concept is one of the taxonomies.
func KnownConcept(concept string) bool {
	_, known := broader[concept]
	return known
}

// Is reports whether the label's category is a concept or a narrower one.
func (l *Label) Is(concept string) bool {
	for c := l.Category; c != ""; c = broader[c] {
		if c == concept {
			return true
		}
	}
	return false
}

// depth counts the concepts above one: how specific it is.
func depth(concept string) (n int) {
	for concept = broader[concept]; concept != ""; concept = broader[concept] {
		n++
	}
	return n
}

// StopKind is the kind of end that a trail has at what the label describes; empty
// where it goes on. Beyond a service nothing on chain tells whose the value is.
func (l *Label) StopKind() tracer.EndKind {
	for concept := l.Category; concept != ""; concept = broader[concept] {
		switch concept {
		case "mixing_service":
			return tracer.EndMixer
		case "defi_bridge":
			return tracer.EndBridge
		case exchangeDeposit:
			return tracer.EndExchange
		case "exchange":
			if !l.Holder.IsZero() {
				return tracer.EndExchange
			}
			return tracer.EndService
		case "service":
			return tracer.EndService
		case "coinjoin":
			return tracer.EndService // a coordinator's address takes fees in; it mixes nothing
		}
	}
	return ""
}
