package casebook_test

import (
	"context"
	"io"

	"tsuiseki/tracer/casebook"
)

// Who may call a method.
var (
	ofCases   = []casebook.Role{casebook.Investigator, casebook.Analyst, casebook.System}
	ofEngine  = []casebook.Role{casebook.Analyst, casebook.System}
	ofAuditor = []casebook.Role{casebook.Auditor}
	ofAdmin   = []casebook.Role{casebook.Administrator}
	ofSystem  = []casebook.Role{casebook.System}
)

// call is how a method is called so that it succeeds for whom it may.
type call struct {
	method string
	roles  []casebook.Role
	owned  bool // it names what belongs to a case: for an investigator, one of its force
	does   func(context.Context, *casebook.Book, casebook.Principal, owned) (any, error)
}

// fails wraps a method that answers nothing.
func fails(err error) (any, error) { return nil, err }

// pair is the answer of a method that answers two values.
func both[A, B any](a A, b B, err error) (any, error) { return []any{a, b}, err }

func answer[A any](a A, err error) (any, error) { return a, err }

// calls has every method of a Book that takes a principal and only reads.
var calls = []call{
	{"Case", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.Case(ctx, p, o.Case.ID))
	}},
	{"CaseHistory", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.CaseHistory(ctx, p, o.Case.ID, casebook.Page{}))
	}},
	{"Cases", ofCases, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, _ owned) (any, error) {
		return answer(b.Cases(ctx, p, casebook.CaseFilter{Withdrawn: true}, casebook.Page{}))
	}},
	{"Deposit", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.Deposit(ctx, p, o.Deposit.ID))
	}},
	{"DepositHistory", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.DepositHistory(ctx, p, o.Deposit.ID, casebook.Page{}))
	}},
	{"Deposits", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.Deposits(ctx, p, casebook.DepositFilter{Case: o.Case.ID, Withdrawn: true}, casebook.Page{}))
	}},
	{"EachDeposit", ofCases, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, _ owned) (any, error) {
		var all []casebook.Deposit
		for d, err := range b.EachDeposit(ctx, p, casebook.DepositFilter{Withdrawn: true}) {
			if err != nil {
				return nil, err
			}
			all = append(all, d)
		}
		return all, nil
	}},
	{"Upload", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.Upload(ctx, p, o.Upload))
	}},
	{"Uploads", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.Uploads(ctx, p, o.Case.ID, casebook.Page{}))
	}},
	{"UploadContent", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		content, err := b.UploadContent(ctx, p, o.Upload)
		return string(content), err
	}},
	{"Rejects", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.Rejects(ctx, p, o.Upload, casebook.Page{}))
	}},
	{"Disclosures", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.Disclosures(ctx, p, o.Case.ID, casebook.Page{}))
	}},
	{"Disclosures", ofCases, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, _ owned) (any, error) {
		return answer(b.Disclosures(ctx, p, "", casebook.Page{}))
	}},
	{"DisclosureDocument", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		document, err := b.DisclosureDocument(ctx, p, o.Disclosure)
		return string(document), err
	}},
	{"Trace", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.Trace(ctx, p, o.Trace))
	}},
	{"Traces", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.Traces(ctx, p, casebook.TraceFilter{Case: o.Case.ID}, casebook.Page{}))
	}},
	{"Traces", ofCases, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, _ owned) (any, error) {
		return answer(b.Traces(ctx, p, casebook.TraceFilter{}, casebook.Page{}))
	}},
	{"TraceDocument", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		document, err := b.TraceDocument(ctx, p, o.Trace)
		return string(document), err
	}},
	{"Notes", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.Notes(ctx, p, o.Case.ID, casebook.Page{}))
	}},
	{"Link", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.Link(ctx, p, o.Link))
	}},
	{"LinkHistory", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.LinkHistory(ctx, p, o.Link, casebook.Page{}))
	}},
	{"Links", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.Links(ctx, p, casebook.LinkFilter{Case: o.Case.ID}, casebook.Page{}))
	}},
	{"Links", ofCases, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, _ owned) (any, error) {
		return answer(b.Links(ctx, p, casebook.LinkFilter{Withdrawn: true}, casebook.Page{}))
	}},
	{"Decisions", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.Decisions(ctx, p, o.Link, casebook.Page{}))
	}},
	{"RateFiles", ofCases, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, _ owned) (any, error) {
		return answer(b.RateFiles(ctx, p, casebook.Page{}))
	}},
	{"RateContent", ofCases, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.RateContent(ctx, p, o.Rate))
	}},
	{"Users", ofAdmin, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, _ owned) (any, error) {
		return answer(b.Users(ctx, p, casebook.Page{}))
	}},
	{"User", ofAdmin, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.User(ctx, p, o.User.ID))
	}},
	{"SignIn", ofSystem, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.SignIn(ctx, p, o.User.Name))
	}},
	{"Audit", ofAuditor, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, _ owned) (any, error) {
		return answer(b.Audit(ctx, p, casebook.AuditFilter{}, casebook.Page{}))
	}},
	{"AuditHead", ofAuditor, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, _ owned) (any, error) {
		return answer(b.AuditHead(ctx, p))
	}},
	{"VerifyAudit", ofAuditor, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, _ owned) (any, error) {
		return answer(b.VerifyAudit(ctx, p))
	}},
	{"Backup", ofAdmin, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, _ owned) (any, error) {
		return fails(b.Backup(ctx, p, io.Discard))
	}},
	{"Record", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return fails(b.Record(ctx, p, o.Case.ID, "report", nil))
	}},
	{"Record", ofCases, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, _ owned) (any, error) {
		return fails(b.Record(ctx, p, "", "search", map[string]any{"address": "bc1q"}))
	}},
}

// changes has the methods that write, those at the end after which others would not succeed.
var changes = []call{
	{"CreateCase", ofCases, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, _ owned) (any, error) {
		prefecture := p.Prefecture
		if prefecture == "" {
			prefecture = "01"
		}
		return answer(b.CreateCase(ctx, p, casebook.Case{Title: "t", Prefecture: prefecture}))
	}},
	{"Decide", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.Decide(ctx, p, o.Link, casebook.Confirmed, "the same collector", o.Evidence))
	}},
	{"UpdateCase", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		o.Case.Status = casebook.CaseSuspended
		return answer(b.UpdateCase(ctx, p, o.Case))
	}},
	{"AddDeposits", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.AddDeposits(ctx, p, o.Case.ID, []casebook.Deposit{fresh(1)}))
	}},
	{"UpdateDeposit", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		o.Deposit.Test = true
		return answer(b.UpdateDeposit(ctx, p, o.Deposit))
	}},
	{"AddUpload", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return both(b.AddUpload(ctx, p, o.Case.ID, "f", []byte("f")))
	}},
	{"BeginReading", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.BeginReading(ctx, p, o.Upload))
	}},
	{"AddRejects", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return fails(b.AddRejects(ctx, p, o.Upload, 1, []casebook.Reject{{Row: 9, Code: "new"}}))
	}},
	{"AddDisclosure", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return both(b.AddDisclosure(ctx, p, o.Case.ID, casebook.Disclosure{Exchange: "e", Date: "2025-01-01"}, nil))
	}},
	{"AddTrace", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return both(b.AddTrace(ctx, p, o.Case.ID, casebook.Trace{Rule: "lifo", Digest: "sha256:1"}, []byte("{}")))
	}},
	{"MarkStale", ofEngine, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return fails(b.MarkStale(ctx, p, o.Trace, "a reorg"))
	}},
	{"AddNote", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.AddNote(ctx, p, o.Case.ID, "text"))
	}},
	{"PutLinks", ofEngine, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		other := newCaseFor(ctx, b)
		return answer(b.PutLinks(ctx, p, []casebook.NewLink{{Cases: [2]string{o.Case.ID, other}, Grade: casebook.Weak}}))
	}},
	{"AddRateFile", ofEngine, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, _ owned) (any, error) {
		return both(b.AddRateFile(ctx, p, casebook.RateFile{Asset: "ETH", Source: "s"}, []byte("2")))
	}},
	{"AddUser", ofAdmin, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return answer(b.AddUser(ctx, p, casebook.User{Name: "new-" + o.User.ID, Role: casebook.Auditor}))
	}},
	{"UpdateUser", ofAdmin, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		o.User.Role = casebook.Auditor
		return answer(b.UpdateUser(ctx, p, o.User))
	}},
	{"WithdrawUser", ofAdmin, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return fails(b.WithdrawUser(ctx, p, o.User.ID, "left"))
	}},
	{"WithdrawRateFile", ofEngine, false, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return fails(b.WithdrawRateFile(ctx, p, o.Rate, "wrong"))
	}},
	{"WithdrawNote", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return fails(b.WithdrawNote(ctx, p, o.Note, "wrong"))
	}},
	{"WithdrawDisclosure", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return fails(b.WithdrawDisclosure(ctx, p, o.Disclosure, "wrong"))
	}},
	{"WithdrawLink", ofEngine, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return fails(b.WithdrawLink(ctx, p, o.Link, "found no more"))
	}},
	{"WithdrawDeposit", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return fails(b.WithdrawDeposit(ctx, p, o.Deposit.ID, "wrong"))
	}},
	{"WithdrawUpload", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return fails(b.WithdrawUpload(ctx, p, o.Upload, "of another case"))
	}},
	{"WithdrawCase", ofCases, true, func(ctx context.Context, b *casebook.Book, p casebook.Principal, o owned) (any, error) {
		return fails(b.WithdrawCase(ctx, p, o.Case.ID, "wrong"))
	}},
}
