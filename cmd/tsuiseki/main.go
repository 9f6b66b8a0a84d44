// Command tsuiseki follows crypto-assets on their chains. All wiring is here.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit codes.
const (
	exitDone       = 0
	exitFailed     = 1
	exitUsage      = 2
	exitIncomplete = 3 // done, but rows were refused or sources are incomplete
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// cli is the command line. Each command is in a file of its own.
type cli struct {
	Data     string `help:"Folder that holds the indexes and all else." env:"TSUISEKI_DATA" default:"${data}" type:"path"`
	LogLevel string `help:"Least severe messages to show on stderr." enum:"debug,info,warn,error" default:"warn"`

	Correlate correlateCmd `cmd:"" help:"Compare all traced cases with all others, and say which belong together."`
	Link      linkCmd      `cmd:"" help:"Look at links between cases, and decide on them."`

	Index indexCmd `cmd:"" help:"Index a chain, or show what is indexed."`
	Show  showCmd  `cmd:"" help:"Show everything known of a transaction, address or block."`
	Case  caseCmd  `cmd:"" help:"Keep cases: what victims paid, and what became of it."`
	Trace traceCmd `cmd:"" help:"Follow deposits to where they lie or left sight."`
	Path  pathCmd  `cmd:"" help:"Find how money may have gone from one address to another."`
	Graph graphCmd `cmd:"" help:"Look after the case graph."`
	Label labelCmd `cmd:"" help:"Keep whose addresses are, and who says so."`
	Rate  rateCmd  `cmd:"" help:"Keep what assets were worth, to value amounts in yen."`

	Cluster clusterCmd `cmd:"" help:"Show which addresses have one owner, or pay one account holder, and why."`

	Worker  workerCmd  `cmd:"" help:"Do the jobs that are asked for, and those of every night."`
	Job     jobCmd     `cmd:"" help:"Ask for jobs, and look after them."`
	Watch   watchCmd   `cmd:"" help:"Watch places on a chain for a case, and see what moved."`
	User    userCmd    `cmd:"" help:"Keep who may use the casebook."`
	Audit   auditCmd   `cmd:"" help:"Show and verify what was done."`
	Backup  backupCmd  `cmd:"" help:"Write the casebook into a file."`
	Restore restoreCmd `cmd:"" help:"Read a backup into an empty casebook."`

	Demo demoCmd `cmd:"" help:"Trace 50 BTC of January 2009 on the real chain, an invented fraud on Ethereum, and a dozen invented cases of which some belong together."`
}

// session is what every command works with.
type session struct {
	ctx    context.Context
	data   string
	out    io.Writer
	errOut io.Writer
	log    *slog.Logger
}

// incompleteError says that a command did its work on sources that lack something.
type incompleteError struct{ what string }

func (e incompleteError) Error() string { return e.what }

// usageError says that the command line asks for something it cannot mean.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// run executes one command line and returns its exit code.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	var c cli
	exited := -1
	parser, err := kong.New(
		&c, kong.Name("tsuiseki"), kong.Description("Follow crypto-assets on their chains."),
		kong.Vars{"data": defaultDataDir(), "hub_degree": strconv.Itoa(defaultHubDegree), "budget": strconv.Itoa(defaultBudget)}, kong.Resolvers(secretFiles(os.Getenv)),
		kong.Writers(stdout, stderr), kong.Exit(func(code int) { exited = code }), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		fmt.Fprintln(stderr, "tsuiseki:", err)
		return exitFailed
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 { // --help has answered
		return exited
	}
	if err != nil {
		fmt.Fprintf(stderr, "tsuiseki: %v; see tsuiseki %s--help\n", err, commandOf(args))
		return exitUsage
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		fmt.Fprintln(stderr, "tsuiseki:", err)
		return exitUsage
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))
	err = parsed.Run(&session{ctx: ctx, data: c.Data, out: stdout, errOut: stderr, log: log})
	return report(err, stderr)
}

// report tells the person what went wrong and maps it to an exit code.
func report(err error, stderr io.Writer) int {
	if err == nil {
		return exitDone
	}
	switch {
	case isA[incompleteError](err):
		fmt.Fprintln(stderr, "tsuiseki: done, but", err)
		return exitIncomplete
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "tsuiseki: interrupted; what was indexed is kept, and the same command continues")
		return exitFailed
	}
	fmt.Fprintln(stderr, "tsuiseki:", err)
	if isA[usageError](err) {
		return exitUsage
	}
	return exitFailed
}

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// commandOf is the leading words of a command line, for a hint.
func commandOf(args []string) string {
	var words strings.Builder
	for _, arg := range args {
		if strings.HasPrefix(arg, "-") || len(arg) > 10 {
			break
		}
		words.WriteString(arg + " ")
	}
	return words.String()
}
