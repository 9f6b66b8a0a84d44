package casebook

// operation is what a method does, as the audit names it.
type operation string

const (
	caseCreate   operation = "case.create"
	caseView     operation = "case.view"
	caseList     operation = "case.list"
	caseChange   operation = "case.change"
	caseWithdraw operation = "case.withdraw"

	depositAdd      operation = "deposit.add"
	depositView     operation = "deposit.view"
	depositList     operation = "deposit.list"
	depositChange   operation = "deposit.change"
	depositWithdraw operation = "deposit.withdraw"

	uploadAdd      operation = "upload.add"
	uploadView     operation = "upload.view"
	uploadList     operation = "upload.list"
	uploadExport   operation = "upload.export"
	uploadRead     operation = "upload.read"
	uploadWithdraw operation = "upload.withdraw"
	rejectAdd      operation = "reject.add"
	rejectList     operation = "reject.list"

	disclosureAdd      operation = "disclosure.add"
	disclosureList     operation = "disclosure.list"
	disclosureExport   operation = "disclosure.export"
	disclosureWithdraw operation = "disclosure.withdraw"

	traceAdd    operation = "trace.add"
	traceView   operation = "trace.view"
	traceList   operation = "trace.list"
	traceExport operation = "trace.export"
	traceStale  operation = "trace.stale"

	linkPut      operation = "link.put"
	linkView     operation = "link.view"
	linkList     operation = "link.list"
	linkWithdraw operation = "link.withdraw"
	linkDecide   operation = "link.decide"
	decisionList operation = "decision.list"

	noteAdd      operation = "note.add"
	noteList     operation = "note.list"
	noteWithdraw operation = "note.withdraw"

	rateAdd      operation = "rate.add"
	rateList     operation = "rate.list"
	rateExport   operation = "rate.export"
	rateWithdraw operation = "rate.withdraw"

	userAdd      operation = "user.add"
	userView     operation = "user.view"
	userList     operation = "user.list"
	userChange   operation = "user.change"
	userWithdraw operation = "user.withdraw"
	userSignIn   operation = "user.sign-in"

	auditList   operation = "audit.list"
	auditVerify operation = "audit.verify"
	auditHead   operation = "audit.head"

	jobAsk     operation = "job.ask"
	jobView    operation = "job.view"
	jobList    operation = "job.list"
	jobCancel  operation = "job.cancel"
	jobRetry   operation = "job.retry"
	jobDismiss operation = "job.dismiss"

	watchAdd      operation = "watch.add"
	watchView     operation = "watch.view"
	watchList     operation = "watch.list"
	watchWithdraw operation = "watch.withdraw"
	watchCheck    operation = "watch.check"

	alertView        operation = "alert.view"
	alertList        operation = "alert.list"
	alertAcknowledge operation = "alert.acknowledge"

	backup operation = "backup"
	record operation = "record"
)

// scope is of which cases a role may do something. What belongs to no case is there
// for all or for nobody.
type scope string

const (
	nothing scope = ""
	own     scope = "own" // of the principal's prefecture
	all     scope = "all"
)

// Who may do what; an operation that is not here is for nobody.
var (
	casework = map[Role]scope{Investigator: own, Analyst: all, System: all}
	engine   = map[Role]scope{Analyst: all, System: all}
	lookup   = map[Role]scope{Investigator: all, Analyst: all, System: all}
	people   = map[Role]scope{Administrator: all}
	auditing = map[Role]scope{Auditor: all}

	rules = map[operation]map[Role]scope{
		caseCreate: casework, caseView: casework, caseList: casework, caseChange: casework, caseWithdraw: casework,

		depositAdd: casework, depositView: casework, depositList: casework, depositChange: casework, depositWithdraw: casework,

		uploadAdd: casework, uploadView: casework, uploadList: casework, uploadExport: casework, uploadRead: casework, uploadWithdraw: casework,
		rejectAdd: casework, rejectList: casework,

		disclosureAdd: casework, disclosureList: casework, disclosureExport: casework, disclosureWithdraw: casework,

		traceAdd: casework, traceView: casework, traceList: casework, traceExport: casework,
		traceStale: engine,

		// An investigator sees a link that one of its cases has, and the whole of it
		// only where it has both.
		linkPut: engine, linkWithdraw: engine,
		linkView: casework, linkList: casework, linkDecide: casework, decisionList: casework,

		noteAdd: casework, noteList: casework, noteWithdraw: casework,

		rateAdd: engine, rateWithdraw: engine,
		rateList: lookup, rateExport: lookup,

		userAdd: people, userView: people, userList: people, userChange: people, userWithdraw: people,
		userSignIn: {System: all},

		auditList: auditing, auditVerify: auditing, auditHead: auditing,

		// Jobs for all cases are the department's: Ask refuses them to an investigator.
		jobAsk: casework, jobView: casework, jobList: casework, jobCancel: casework, jobRetry: casework, jobDismiss: casework,

		watchAdd: casework, watchView: casework, watchList: casework, watchWithdraw: casework,
		watchCheck: {System: all},
		alertView:  casework, alertList: casework, alertAcknowledge: casework,

		backup: people,
		record: {Investigator: own, Analyst: all, System: all},
	}
)
