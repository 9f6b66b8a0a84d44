# Tools are kept outside the repo, each version in a folder of its own.
BTCD_VERSION          := v0.26.2
GETH_VERSION          := v1.17.8
ANVIL_VERSION         := 1.7.1
SOLC_VERSION          := 0.8.37
NEO4J_VERSION         := 5.26.26
GOLANGCI_LINT_VERSION := v2.15.0
GOFUMPT_VERSION       := v0.12.0

CACHE := $(abspath $(or $(TSUISEKI_CACHE),$(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME)/tsuiseki),$(HOME)/.cache/tsuiseki))
TOOLS := $(CACHE)/bin

BTCD          := $(TOOLS)/btcd-$(BTCD_VERSION)/btcd
GETH          := $(TOOLS)/geth-$(GETH_VERSION)/geth
ANVIL         := $(TOOLS)/anvil-$(ANVIL_VERSION)/node_modules/.bin/anvil
SOLC          := $(TOOLS)/solc-$(SOLC_VERSION)/node_modules/.bin/solcjs
NEO4J         := $(TOOLS)/neo4j-$(NEO4J_VERSION)
GOLANGCI_LINT := $(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION)/golangci-lint
GOFUMPT       := $(TOOLS)/gofumpt-$(GOFUMPT_VERSION)/gofumpt

# The program is pure Go; only the race detector needs C.
export CGO_ENABLED := 0

.PHONY: build demo test accuracy lint bench tools

build:
	go build -o bin/ ./cmd/tsuiseki

demo:
	go mod download
	go run ./cmd/tsuiseki demo --once

# Packages that compute for long and start no goroutine but to measure economies side
# by side: the race detector would slow them ten to forty times, to find nothing. Of the
# commands those are tested with it that do not wait for nodes and servers most of the time.
UNRACED := tsuiseki/(tracer|cmd/accuracy|cmd/tsuiseki|fixtures/(accuracy|economy))
RACED_COMMANDS := TestScripts|TestCase|TestLink|TestDecisions|TestFollow

# A test may not skip here: whatever it needs is installed.
test: export TSUISEKI_NO_SKIP := 1
test: export TSUISEKI_BTCD := $(BTCD)
test: export TSUISEKI_GETH := $(GETH)
test: export TSUISEKI_ANVIL := $(ANVIL)
test: export TSUISEKI_SOLC := $(SOLC)
test: export TSUISEKI_NEO4J := $(NEO4J)
test: tools lint
	go vet ./...
	go build ./...
	CGO_ENABLED=1 TSUISEKI_LITECOIND=$$(command -v litecoind) go test -race -timeout 30m $$(go list ./... | grep -vxE '$(UNRACED)')
	CGO_ENABLED=1 go test -race -timeout 30m -run '$(RACED_COMMANDS)' ./cmd/tsuiseki
	TSUISEKI_LITECOIND=$$(command -v litecoind) go test -timeout 30m $$(go list ./... | grep -xE '$(UNRACED)')
	go run ./cmd/accuracy --check docs/accuracy.md

# Measures the heuristics and writes the tables of docs/accuracy.md; with SEED=7,
# SEED=100-110 or SEED=random it prints those of other economies instead.
accuracy:
	go run ./cmd/accuracy $(if $(SEED),--seeds $(SEED),--write docs/accuracy.md)

lint: $(GOLANGCI_LINT) $(GOFUMPT)
	@unformatted=$$($(GOFUMPT) -l $$(find . -name '*.go' -not -path '*/node_modules/*')) && \
	if [ -n "$$unformatted" ]; then echo "not formatted by gofumpt:" $$unformatted >&2; exit 1; fi
	$(GOLANGCI_LINT) run ./...
	GOLANGCI_LINT=$(GOLANGCI_LINT) .ci/prove-import-rules.sh

bench:
	go test -run '^$$' -bench . -benchmem \
	$$(grep -rl --include='*_test.go' '^func Benchmark' . | xargs -n 1 dirname | sort -u)

tools: $(BTCD) $(GETH) $(ANVIL) $(SOLC) $(NEO4J) $(GOLANGCI_LINT) $(GOFUMPT)
	.ci/debian.sh gcc gcc libc6-dev
	.ci/debian.sh litecoind litecoind
	.ci/debian.sh node nodejs
	.ci/debian.sh java openjdk-17-jre-headless
	.ci/debian.sh '/usr/lib/postgresql/*/bin/initdb' postgresql
	.ci/debian.sh setpriv util-linux

$(BTCD):
	GOBIN=$(@D) go install github.com/btcsuite/btcd@$(BTCD_VERSION)

$(GETH):
	GOBIN=$(@D) go install github.com/ethereum/go-ethereum/cmd/geth@$(GETH_VERSION)

# npm links a command last, so a broken install is not taken for a whole one.
NPM_INSTALL = .ci/debian.sh npm nodejs npm && npm install --ignore-scripts --no-audit --no-fund --prefix

$(ANVIL):
	$(NPM_INSTALL) $(TOOLS)/anvil-$(ANVIL_VERSION) @foundry-rs/anvil-linux-amd64@$(ANVIL_VERSION)

$(SOLC):
	$(NPM_INSTALL) $(TOOLS)/solc-$(SOLC_VERSION) solc@$(SOLC_VERSION)

$(NEO4J):
	.ci/debian.sh mvn openjdk-17-jre-headless maven
	.ci/jars.sh $@ org.neo4j:neo4j:$(NEO4J_VERSION)

$(GOLANGCI_LINT):
	GOBIN=$(@D) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)

$(GOFUMPT):
	GOBIN=$(@D) go install mvdan.cc/gofumpt@$(GOFUMPT_VERSION)
