package main

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"tsuiseki/chains/chaintest"
	"tsuiseki/fixtures/neo4j"
)

func TestMain(m *testing.M) {
	testscript.Main(neo4j.Main(m), map[string]func(){"tsuiseki": main})
}

// TestScripts runs the command lines in testdata, each in an empty folder, with
// the real early chain at $BLOCKS.
func TestScripts(t *testing.T) {
	blocks := chaintest.EarlyChain(t)
	testscript.Run(t, testscript.Params{
		Dir:  "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"id": setID, "await": await},
		Setup: func(env *testscript.Env) error {
			env.Setenv("BLOCKS", blocks)
			env.Setenv("TSUISEKI_DATA", env.WorkDir+"/data")
			for _, name := range []string{"GOMODCACHE", "GOPROXY", "GOFLAGS"} {
				env.Setenv(name, os.Getenv(name))
			}
			return nil
		},
	})
}

// setID sets a variable to the id of the first of what the last command listed as JSON:
// id case reads {"cases":[{"id":…}]}.
func setID(ts *testscript.TestScript, _ bool, args []string) {
	var doc map[string]json.RawMessage
	var items []struct{ ID string }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &doc))
	ts.Check(json.Unmarshal(doc[args[0]+"s"], &items))
	if len(items) == 0 {
		ts.Fatalf("no %s is listed", args[0])
	}
	ts.Setenv(args[0], items[0].ID)
}

// await runs a command again and again until its output matches the first argument.
func await(ts *testscript.TestScript, _ bool, args []string) {
	want, err := regexp.Compile(args[0])
	ts.Check(err)
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(300 * time.Millisecond) {
		ts.Check(ts.Exec(args[1], args[2:]...))
		if want.MatchString(ts.ReadFile("stdout")) {
			return
		}
	}
	ts.Fatalf("%v never printed %q", args[1:], args[0])
}
