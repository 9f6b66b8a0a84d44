package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"tsuiseki/chains/chaintest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tsuiseki": main})
}

// TestScripts runs the command lines in testdata, each in an empty folder, with
// the real early chain at $BLOCKS.
func TestScripts(t *testing.T) {
	blocks := chaintest.EarlyChain(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
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
