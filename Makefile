# Everything one does with this tree; `make` alone lists it. Each target sets up what it needs, once.
# Needs: make, and a Python >= 3.11 (the first that fits is taken; name another with PYTHON=/path/to/python3).

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

VENV := .venv
BIN := $(VENV)/bin
LOCKS := requirements
UPSTREAM := tests/upstream
CONFORMANCE := tests/conformance
JUDGE := tests/agui/judge
WORKERS ?= 3
SCALE ?= 10
UV := uv==0.13.8

# pip: wheels only, so that nothing is built from source with unpinned build tools; quiet unless it fails.
INSTALL := install --disable-pip-version-check --no-input -qq
LOCKED := $(INSTALL) --require-hashes --only-binary :all:

# pyright runs on the Node of its own wheel and does not look for updates.
export PYRIGHT_PYTHON_GLOBAL_NODE := false
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

CANDIDATES := $(if $(PYTHON),"$(PYTHON)",python3.11 python3.12 python3.13 python3 python)
FITS := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))

# Sets $$python, or says in one sentence what is missing.
define find_python
python=; for p in $(CANDIDATES); do if "$$p" -c '$(FITS)' >/dev/null 2>&1; then python="$$p"; break; fi; done; \
if [ -z "$$python" ]; then echo "error: Remit needs Python 3.11 or newer with its venv module, and none of these is one: $(subst ",,$(CANDIDATES)). Install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; fi
endef

##@ Use

.PHONY: demo
demo: $(VENV)/.runtime  ## agents survive kill -9, ask a person, are taken back
	@$(BIN)/python -m compileall -q src
	@$(BIN)/remit demo $(ARGS)

.PHONY: demo-canary
demo-canary: $(VENV)/.runtime  ## three releases are tried on a share of traffic: rolled back, held, promoted
	@$(BIN)/python -m compileall -q src
	@PYTHONPATH=src $(BIN)/python -m scripts.demo_canary

##@ Develop

.PHONY: test
test: $(VENV)/.dev  ## every test, on real databases (ARGS="-k name" to choose)
	@$(BIN)/python -m compileall -q src
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup $(ARGS)

.PHONY: test-upstream
test-upstream: $(VENV)/.dev $(UPSTREAM)/node_modules/.made  ## the providers against a mock that nobody here wrote (needs Node)
	$(BIN)/pytest $(UPSTREAM)/suite.py $(ARGS)

.PHONY: test-agui
test-agui: $(VENV)/.dev $(JUDGE)/node_modules/.made  ## the events of AG-UI before its official client (needs Node)
	$(BIN)/pytest tests/agui/suite.py $(ARGS)

.PHONY: test-mcp
test-mcp: $(VENV)/.dev $(CONFORMANCE)/node_modules/.made  ## the official conformance suite of MCP, straight and through Remit (needs npm)
	@$(BIN)/python -m compileall -q src
	$(BIN)/pytest $(CONFORMANCE)/mcp_suite.py $(ARGS)

.PHONY: test-clients
test-clients: $(VENV)/.dev $(UPSTREAM)/node_modules/.made  ## real clients, unmodified, each in its own environment, against `remit up` (needs Node)
	@$(BIN)/python -m compileall -q src
	@PYTHONPATH=src $(BIN)/python -m tests.clients $(ARGS)

.PHONY: test-schema
test-schema: $(VENV)/.dev  ## schemathesis makes requests out of the published description: no error of the server (ARGS="--examples 20")
	@$(BIN)/python -m compileall -q src
	@PYTHONPATH=src $(BIN)/python -m tests.clients.schema $(ARGS)

.PHONY: test-otel
test-otel: $(VENV)/.dev  ## real senders of OpenTelemetry, each in an environment of its own, against a server (needs Node; ARGS=node chooses)
	@PYTHONPATH=src $(BIN)/python -m tests.otlp.emitters $(ARGS)

.PHONY: test-integrations
test-integrations: $(VENV)/.dev  ## Remit under other frameworks, each in an environment of its own
	$(BIN)/python -m tests.integrations $(ARGS)

.PHONY: check
check: check-format check-lint check-types check-layers  ## formatting, lint, types, architecture (-k: all, past a failure)

.PHONY: check-format check-lint check-types check-layers
check-format: $(VENV)/.dev
	$(BIN)/ruff format --check .

check-lint: $(VENV)/.dev
	$(BIN)/ruff check .

check-types: $(VENV)/.dev
	$(BIN)/pyright

check-layers: $(VENV)/.dev
	$(BIN)/lint-imports --no-logo --cache-dir .cache/imports

.PHONY: fmt
fmt: $(VENV)/.dev  ## format, and mend what lint can mend
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

##@ Prove

.PHONY: bench
bench: $(VENV)/.dev  ## measure against the peers, each in its own environment (ARGS=...)
	@$(BIN)/python -m compileall -q src
	$(BIN)/python -m bench $(ARGS)

.PHONY: bench-gates
bench-gates: $(VENV)/.dev  ## how often verdicts and canaries are right, by simulation (ARGS=--quick)
	$(BIN)/python -m bench gates --only sqlite $(ARGS)

.PHONY: bench-harness
bench-harness: $(VENV)/.dev  ## evaluations of 1,000 scenarios beside Inspect AI, pydantic-evals and DeepEval (ARGS=--quick)
	@$(BIN)/python -m compileall -q src
	$(BIN)/python -m bench harness --only sqlite $(ARGS)

.PHONY: bench-published
bench-published: $(VENV)/.dev  ## figures that others published, made again (ARGS="--tau CHECKOUT --pyrit PACKAGE")
	@$(BIN)/python -m bench.published $(ARGS)

.PHONY: bench-gateway
bench-gateway: $(VENV)/.dev  ## the gateway beside LiteLLM's and Portkey's, one mock behind all (needs Node; ARGS=--quick)
	@$(BIN)/python -m compileall -q src
	$(BIN)/python -m bench gateway --only sqlite $(ARGS)

.PHONY: bench-gateway-memory
bench-gateway-memory: $(VENV)/.dev  ## what the gateway keeps of 200,000 requests, and of readers that stop (ARGS=--quick: 20,000)
	@$(BIN)/python -m compileall -q src
	$(BIN)/python -m bench gateway-memory --only sqlite $(ARGS)

.PHONY: bench-ingest
bench-ingest: $(VENV)/.dev  ## telemetry taken in, beside Phoenix and MLflow, same spans (ARGS=--quick)
	@$(BIN)/python -m compileall -q src
	$(BIN)/python -m bench ingest --only sqlite $(ARGS)

.PHONY: bench-security
bench-security: $(VENV)/.dev  ## a hijacked model against the gate: every task and attack of AgentDojo, no model (ARGS=...)
	@$(BIN)/python -m compileall -q src
	$(BIN)/python -m bench security --only sqlite $(ARGS)

.PHONY: bench-guards
bench-guards: $(VENV)/.dev  ## how often guards stop what is innocent, and what they miss (ARGS="--url URL" for a service)
	@$(BIN)/python -m bench.guards $(ARGS)

.PHONY: bench-insight
bench-insight: $(VENV)/.dev  ## a million runs listed, a trace of 50,000 spans, events told a second (ARGS="--runs N --events N")
	@$(BIN)/python -m bench.insight $(ARGS)

.PHONY: bench-policy
bench-policy: $(VENV)/.dev  ## what a decision costs, all authorities, 50 policies (ARGS="--decisions N")
	@$(BIN)/python -m bench.policy $(ARGS)

.PHONY: bench-halt
bench-halt: $(VENV)/.dev  ## how long after a halt the last action is admitted: 200 runs, 3 processes, both stores (ARGS="--rounds N")
	@$(BIN)/python -m bench.halt $(ARGS)

.PHONY: bench-recall
bench-recall: $(VENV)/.dev  ## find what descends from a bad source in a log of 100,000 events, both stores (ARGS="--events N")
	@$(BIN)/python -m bench.recall $(ARGS)

.PHONY: bench-search
bench-search: $(VENV)/.dev  ## how well search finds, and how fast over a million texts (ARGS="--texts 0": only how well)
	@$(BIN)/python -m bench.search $(ARGS)

.PHONY: bench-audit
bench-audit: $(VENV)/.dev  ## verify a log of a million events offline (ARGS="--events N")
	@$(BIN)/python -m bench.audit $(ARGS)

.PHONY: crash
crash: $(VENV)/.dev  ## the long form of the crash tests (SCALE=10)
	@$(BIN)/python -m compileall -q src
	$(BIN)/pytest tests/crash --crash-scale=$(SCALE) --timeout=7200 -n $(WORKERS) --dist loadgroup $(ARGS)

.PHONY: mutate
mutate: $(VENV)/.dev .venv-mutate/.made  ## changes the code in small ways and looks which test notices; ARGS="policy --only 'remit.policy.memo*'"
	@$(BIN)/python -m compileall -q src
	@PYTHONPATH=src .venv-mutate/bin/python -m scripts.mutate $(ARGS)

.PHONY: mutate-sample
mutate-sample: $(VENV)/.dev .venv-mutate/.made  ## the same for a random sample, with the bounds between which all lie; ARGS="--seed 2"
	@$(BIN)/python -m compileall -q src
	@PYTHONPATH=src .venv-mutate/bin/python -m scripts.mutate --sample 1000 $(ARGS)

.PHONY: audit
audit: $(VENV)/.dev .venv-audit/.made  ## lint rules for security, and known advisories against the runtime lock
	$(BIN)/ruff check --select S src scripts
	@.venv-audit/bin/python scripts/audit.py $(LOCKS)/runtime.lock

.PHONY: sbom
sbom: .venv-audit/.made  ## the bill of materials of what runs: dist/sbom.cdx.json
	@$(find_python); "$$python" -m venv --clear --without-pip .venv-sbom
	@.venv-audit/bin/python -m pip --python .venv-sbom $(LOCKED) -r $(LOCKS)/runtime.lock
	@mkdir -p dist
	@.venv-audit/bin/cyclonedx-py environment .venv-sbom/bin/python --pyproject pyproject.toml \
		--mc-type application --output-reproducible --of JSON -o dist/sbom.cdx.json
	@rm -rf .venv-sbom
	@echo "wrote dist/sbom.cdx.json"

##@ Keep

.PHONY: lock
lock:  ## compile requirements/*.lock from pyproject.toml (ARGS=--upgrade for newer versions)
	@$(find_python); "$$python" -m venv --clear .venv-lock
	@.venv-lock/bin/python -m pip $(INSTALL) $(UV)
	$(call compile,dev) pyproject.toml --all-extras --group dev
	$(call compile,runtime) pyproject.toml --extra postgres --extra speed -c $(LOCKS)/dev.lock
	$(call compile,build) --group build -c $(LOCKS)/dev.lock
	$(call compile,audit) --group audit
	$(call compile,mutate) --group mutate
	@rm -rf .venv-lock

compile = @echo "$(LOCKS)/$(1).lock"; UV_NO_CONFIG=1 .venv-lock/bin/uv pip compile -q --universal --generate-hashes \
	--no-header --no-annotate -p 3.11 $(ARGS) -o $(LOCKS)/$(1).lock

.PHONY: changelog
changelog: $(VENV)/.made  ## show the next release's notes; VERSION=x.y.z writes them into CHANGELOG.md
	@$(BIN)/python scripts/changelog.py $(VERSION)

.PHONY: clean
clean:  ## remove environments, caches and build outputs
	rm -rf .venv .venv-* $(CONFORMANCE)/node_modules $(UPSTREAM)/node_modules $(JUDGE)/node_modules .cache .hypothesis .pytest_cache .ruff_cache .import_linter_cache .coverage .coverage.* build dist htmlcov
	find src tests scripts bench -name __pycache__ -type d -not -path '*/.envs/*' -prune -exec rm -rf {} + 2>/dev/null || true

.PHONY: help
help:  ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST); echo

# ── environments: a stamp file per state, renewed when a lock or pyproject.toml changes ──────────────────────────

$(VENV)/.made:
	@echo "Setting up $(VENV) (once, under a minute) ..."
	@$(find_python); "$$python" -m venv --clear $(VENV)
	@touch $@

$(VENV)/.runtime: $(VENV)/.made $(LOCKS)/runtime.lock $(LOCKS)/build.lock pyproject.toml
	@$(BIN)/python -m pip $(LOCKED) -r $(LOCKS)/runtime.lock -r $(LOCKS)/build.lock
	@$(BIN)/python -m pip $(INSTALL) --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime $(LOCKS)/dev.lock
	@$(BIN)/python -m pip $(LOCKED) -r $(LOCKS)/dev.lock
	@touch $@

.venv-audit/.made: $(LOCKS)/audit.lock
	@$(find_python); "$$python" -m venv --clear .venv-audit
	@.venv-audit/bin/python -m pip $(LOCKED) -r $(LOCKS)/audit.lock
	@touch $@

# mutmut lives beside what the tests need, and not among it.
.venv-mutate/.made: $(LOCKS)/mutate.lock $(VENV)/.dev
	@$(find_python); "$$python" -m venv --clear .venv-mutate
	@.venv-mutate/bin/python -m pip $(LOCKED) -r $(LOCKS)/mutate.lock
	@$(BIN)/python -c 'import site; print(site.getsitepackages()[0])' > "$$(.venv-mutate/bin/python -c 'import site; print(site.getsitepackages()[0])')/dev.pth"
	@touch $@

# npm: exactly the lock, no scripts of packages; the lock names no index.
$(JUDGE)/node_modules/.made: $(JUDGE)/package-lock.json $(JUDGE)/.npmrc
	@command -v npm >/dev/null || { echo "error: this needs npm, which comes with Node 20.15 or newer. Install it, or leave this suite to CI." >&2; exit 1; }
	@cd $(JUDGE) && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@
$(UPSTREAM)/node_modules/.made: $(UPSTREAM)/package-lock.json $(UPSTREAM)/.npmrc
	@command -v npm >/dev/null || { echo "error: this needs npm, which comes with Node 20.15 or newer. Install it, or leave this suite to CI." >&2; exit 1; }
	@cd $(UPSTREAM) && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

$(CONFORMANCE)/node_modules/.made: $(CONFORMANCE)/package-lock.json $(CONFORMANCE)/.npmrc
	@command -v npm >/dev/null || { echo "error: this needs npm, which comes with Node. Install it, or leave this suite to CI." >&2; exit 1; }
	@cd $(CONFORMANCE) && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@
