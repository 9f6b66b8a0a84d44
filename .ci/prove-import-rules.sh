#!/usr/bin/env bash
# Proves the import rules of .golangci.yml: builds a model of the repo in which
# each line below is an import, and wants exactly the reports that stand there.
set -euo pipefail
cd "$(dirname "$0")/.."
lint=${GOLANGCI_LINT:-golangci-lint}

# RULE FILE IMPORT; the rule is - for an import that no rule may report.
imports() {
  grep -v '^$' <<'TABLE'
chains-is-stdlib           chains/chain.go                 golang.org/x/sync/errgroup
-                          chains/chain.go                 math/big
-                          chains/chain_test.go            pgregory.net/rapid

below-graph                chains/bitcoin/node.go          tsuiseki/graph
below-graph                chains/chain_test.go            tsuiseki/graph
below-tracer               chains/ethereum/node.go         tsuiseki/tracer
below-tracer               chains/chain_test.go            tsuiseki/tracer
below-tracer               graph/graph.go                  tsuiseki/tracer/taint
below-tracer               graph/pebblegraph/store.go      tsuiseki/tracer
below-api                  chains/chain_test.go            tsuiseki/api
below-api                  chains/index/index.go           tsuiseki/api
below-api                  graph/graph.go                  tsuiseki/api
below-api                  tracer/tracer.go                tsuiseki/api
below-api                  tracer/taint/fifo.go            tsuiseki/api/auth
-                          api/api.go                      tsuiseki/tracer
-                          tracer/tracer.go                tsuiseki/graph
-                          graph/graph.go                  tsuiseki/chains

backends-are-wired-in-cmd  chains/bitcoin/node.go          tsuiseki/chains/ethereum
backends-are-wired-in-cmd  chains/bitcoin/node.go          tsuiseki/chains/index
backends-are-wired-in-cmd  chains/ethereum/node.go         tsuiseki/chains/bitcoin
backends-are-wired-in-cmd  chains/ethereum/node.go         tsuiseki/chains/index
backends-are-wired-in-cmd  chains/index/index.go           tsuiseki/chains/bitcoin
backends-are-wired-in-cmd  chains/index/index.go           tsuiseki/chains/ethereum
backends-are-wired-in-cmd  graph/graph.go                  tsuiseki/graph/pebblegraph
backends-are-wired-in-cmd  graph/pebblegraph/store.go      tsuiseki/graph/neo4j
backends-are-wired-in-cmd  graph/neo4j/store.go            tsuiseki/graph/pebblegraph
backends-are-wired-in-cmd  tracer/tracer.go                tsuiseki/chains/index
backends-are-wired-in-cmd  api/api.go                      tsuiseki/graph/neo4j
-                          cmd/tsuiseki/main.go            tsuiseki/chains/bitcoin
-                          cmd/tsuiseki/main.go            tsuiseki/graph/neo4j
-                          chains/index/index_test.go      tsuiseki/chains/bitcoin
-                          fixtures/fixtures.go            tsuiseki/chains/bitcoin
-                          chains/bitcoin/node.go          tsuiseki/chains
-                          graph/pebblegraph/store.go      tsuiseki/graph

tests-only                 tracer/tracer.go                testing
tests-only                 cmd/tsuiseki/main.go            tsuiseki/fixtures/node
tests-only                 cmd/tsuiseki/main.go            tsuiseki/fixtures/neo4j
tests-only                 cmd/tsuiseki/main.go            tsuiseki/fixtures/postgres
tests-only                 cmd/tsuiseki/demo.go            tsuiseki/fixtures/process
tests-only                 cmd/tsuiseki/demo.go            tsuiseki/fixtures/contracts
tests-only                 cmd/tsuiseki/demo.go            tsuiseki/fixtures/evm
tests-only                 cmd/tsuiseki/demo.go            tsuiseki/fixtures/scenario
tests-only                 chains/index/index.go           tsuiseki/chains/chaintest
tests-only                 graph/pebblegraph/store.go      tsuiseki/graph/graphtest
-                          chains/chaintest/suite.go       testing
-                          graph/graphtest/suite.go        testing
-                          fixtures/node/node.go           testing
-                          fixtures/evm/play.go            tsuiseki/fixtures/node
-                          fixtures/node/node.go           tsuiseki/fixtures/process
-                          graph/neo4j/store_test.go       tsuiseki/fixtures/neo4j
-                          tracer/tracer_test.go           testing
scenarios                  tracer/tracer.go                tsuiseki/fixtures
-                          cmd/tsuiseki/demo.go            tsuiseki/fixtures
-                          chains/chaintest/suite.go       tsuiseki/fixtures
-                          graph/graphtest/suite.go        tsuiseki/fixtures
-                          fixtures/node/node.go           tsuiseki/fixtures
-                          tracer/tracer_test.go           tsuiseki/fixtures

gin-in-api                 cmd/tsuiseki/main.go            github.com/gin-gonic/gin
gin-in-api                 tracer/tracer.go                github.com/gin-contrib/sse
-                          api/api.go                      github.com/gin-gonic/gin
-                          api/auth/auth.go                github.com/gin-gonic/gin
neo4j-in-graph             graph/graph.go                  github.com/neo4j/neo4j-go-driver/v5/neo4j
neo4j-in-graph             fixtures/node/node.go           github.com/neo4j/neo4j-go-driver/v5/neo4j
-                          graph/neo4j/store.go            github.com/neo4j/neo4j-go-driver/v5/neo4j
-                          fixtures/neo4j/neo4j.go         github.com/neo4j/neo4j-go-driver/v5/neo4j
pebble-in-stores           tracer/casebook/case.go         github.com/cockroachdb/pebble/v2
pebble-in-stores           graph/neo4j/store.go            github.com/cockroachdb/pebble/v2
-                          chains/index/index.go           github.com/cockroachdb/pebble/v2
-                          graph/pebblegraph/store.go      github.com/cockroachdb/pebble/v2
sql-in-casebook            tracer/tracer.go                database/sql
sql-in-casebook            api/api.go                      github.com/jackc/pgx/v5
sql-in-casebook            cmd/tsuiseki/main.go            modernc.org/sqlite
sql-in-casebook            cmd/tsuiseki/main.go            github.com/pressly/goose/v3
sql-in-casebook            fixtures/node/node.go           github.com/jackc/pgx/v5
sql-in-casebook            tracer/correlate/correlate.go   github.com/riverqueue/river
-                          tracer/casebook/case.go         database/sql
-                          fixtures/postgres/postgres.go   github.com/jackc/pgx/v5
-                          tracer/casebook/case.go         github.com/riverqueue/river
logger-is-injected         cmd/tsuiseki/main.go            log
-                          tracer/tracer.go                log/slog
TABLE
}

model=$(mktemp -d)
trap 'rm -rf "$model"' EXIT
cp .golangci.yml "$model"

# The model's own name differs from tsuiseki: its imports lead nowhere, so they
# form no cycle, which the linter would report in place of the rules.
printf 'module model\n\ngo 1.26\n' >"$model/go.mod"
while read -r _ file import; do
  mkdir -p "$model/$(dirname "$file")"
  [ -e "$model/$file" ] || echo "package $(basename "$(dirname "$file")")" >"$model/$file"
  echo "import _ \"$import\"" >>"$model/$file"
done < <(imports)

reports=$(cd "$model" && "$lint" run --enable-only=depguard --uniq-by-line=false --issues-exit-code=0 \
  --allow-parallel-runners --output.text.print-issued-lines=false ./...)
want=$(imports | awk '$1 != "-" { print $1, $2, $3 }' | sort)
have=$(sed -nE "s/^([^:]+):.* import '([^']+)' is not allowed from list '([^']+)'.*/\3 \1 \2/p" <<<"$reports" | sort)
if ! diff <(echo "$want") <(echo "$have") >&2; then
  echo "import rules: a line with < is a violation that its rule misses, one with > is a report that should not be" >&2
  exit 1
fi

rules=$(sed -n '/^    depguard:/,/^    [a-ce-z]/s/^        \([a-z0-9-]*\):$/\1/p' .golangci.yml | sort)
if ! diff <(echo "$rules") <(cut -d' ' -f1 <<<"$want" | sort -u) >&2; then
  echo "import rules: the rules of .golangci.yml (<) and those with a violation above (>) differ" >&2
  exit 1
fi
echo "import rules: $(wc -l <<<"$rules") rules report all $(wc -l <<<"$want") violations and nothing else"
