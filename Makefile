# Tools are kept outside the repo, each version in a folder of its own.
BTCD_VERSION          := v0.26.2
GOLANGCI_LINT_VERSION := v2.15.0
GOFUMPT_VERSION       := v0.12.0

CACHE := $(abspath $(or $(TSUISEKI_CACHE),$(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME)/tsuiseki),$(HOME)/.cache/tsuiseki))
TOOLS := $(CACHE)/bin

BTCD          := $(TOOLS)/btcd-$(BTCD_VERSION)/btcd
GOLANGCI_LINT := $(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION)/golangci-lint
GOFUMPT       := $(TOOLS)/gofumpt-$(GOFUMPT_VERSION)/gofumpt

# The program is pure Go; only the race detector needs C.
export CGO_ENABLED := 0

.PHONY: build demo test lint bench tools

build:
	go build -o bin/ ./cmd/tsuiseki

demo:
	go mod download
	go run ./cmd/tsuiseki demo --once

# A test may not skip here: whatever it needs is installed.
test: tools lint
	go vet ./...
	go build ./...
	CGO_ENABLED=1 TSUISEKI_NO_SKIP=1 \
	TSUISEKI_BTCD=$(BTCD) TSUISEKI_LITECOIND=$$(command -v litecoind) \
	go test -race ./...

lint: $(GOLANGCI_LINT) $(GOFUMPT)
	@unformatted=$$($(GOFUMPT) -l $$(find . -name '*.go' -not -path '*/node_modules/*')) && \
	if [ -n "$$unformatted" ]; then echo "not formatted by gofumpt:" $$unformatted >&2; exit 1; fi
	$(GOLANGCI_LINT) run ./...
	GOLANGCI_LINT=$(GOLANGCI_LINT) .ci/prove-import-rules.sh

bench:
	go test -run '^$$' -bench . -benchmem \
	$$(grep -rl --include='*_test.go' '^func Benchmark' . | xargs -n 1 dirname | sort -u)

tools: $(BTCD) $(GOLANGCI_LINT) $(GOFUMPT)
	.ci/debian.sh gcc gcc libc6-dev
	.ci/debian.sh litecoind litecoind

$(BTCD):
	GOBIN=$(@D) go install github.com/btcsuite/btcd@$(BTCD_VERSION)

$(GOLANGCI_LINT):
	GOBIN=$(@D) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)

$(GOFUMPT):
	GOBIN=$(@D) go install mvdan.cc/gofumpt@$(GOFUMPT_VERSION)
