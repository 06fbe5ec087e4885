# Every target sets up .venv by itself, from the lock file with hashes, when it is missing or stale.
# Another Python: `make test PYTHON=python3.13` (the .venv is made anew).

PYTHON ?= python3
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d.%d" % sys.version_info[:3] if sys.version_info >= (3, 11) else "")')
ifeq ($(VERSION),)
$(error ingestd needs Python 3.11 or newer as `$(PYTHON)`; name another with PYTHON=...)
endif

BIN := .venv/bin
READY := .venv/.ready-$(VERSION)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
SLOW := tests/integration tests/faults
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command 'make lock'

.DEFAULT_GOAL := help
.PHONY: help venv demo test check integration faults million kills soak memory sim fuzz bench bench-scale arrival format lock audit clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | column -t -s '|'

venv: $(READY) ## set up .venv; the other targets do it themselves

# Wheels only and each by its hash; the project itself is built by the locked hatchling, without a network.
$(READY): pyproject.toml requirements-dev.lock
	@echo "setting up .venv for Python $(VERSION) from requirements-dev.lock"
	@test -f $@ || $(PYTHON) -m venv --clear .venv
	@$(PIP) install --no-compile --only-binary :all: --require-hashes -r requirements-dev.lock
	@$(PIP) install --no-index --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## the whole job on this machine: embedded AWS, sample logs, live progress
	@$(BIN)/ingestd demo

WORKERS ?= 2
test: $(READY) ## the quick tests, by WORKERS processes; ARGS="-n 0" for a debugger
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(addprefix --ignore=,$(SLOW)) $(ARGS)

integration: $(READY) ## the tests with a real OpenSearch and Elasticsearch (Java 21 and Maven needed)
	@$(BIN)/python -m pytest tests/integration $(ARGS)

faults: $(READY) ## the real process on an ill network and an ill machine
	@$(BIN)/python -m pytest tests/faults $(ARGS)

check: $(READY) ## form, types, imports between rooms, fresh lock files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --noconftest tests/test_locks.py

million: $(READY) ## the service with a million lines, into a real OpenSearch; the kernel on a million a format
	INGESTD_KERNEL_LINES=1000000 $(BIN)/python -m pytest tests/fastpath/test_compiled.py -k whole_log $(ARGS)
	INGESTD_TEST_LINES=1000000 $(BIN)/python -m pytest tests/integration/test_service.py $(ARGS)

KILLS ?= 200
kills: $(READY) ## the service killed KILLS times, at named moments and at any other: into a real OpenSearch, and into Firehose
	INGESTD_TEST_KILLS=$(KILLS) $(BIN)/python -m pytest tests/integration/test_reliability.py -k r01 $(ARGS)
	INGESTD_TEST_KILLS=$(KILLS) $(BIN)/python -m pytest tests/faults/test_kills.py -s $(ARGS)

SOAK_SECONDS ?= 1800
REPORT ?= report
soak: $(READY) ## real processes under load with all that can go wrong, for SOAK_SECONDS; a picture of it in REPORT
	@$(BIN)/python -m tests.soak --seconds $(SOAK_SECONDS) --report $(REPORT) $(ARGS)

MEMORY_SECONDS ?= 900
memory: $(READY) ## memory of one service at full speed, for MEMORY_SECONDS: at most 300 MiB beside its budget, and no growth
	@$(BIN)/python -m tests.soak.memory --seconds $(MEMORY_SECONDS)

SEEDS ?= 0:1000000
sim: $(READY) ## the simulation, many seeds: make sim SEEDS=0:10000
	$(BIN)/python -m tests.sim --seeds $(SEEDS)

FUZZ_SECONDS ?= 600
fuzz: $(READY) ## the kernel on mutated lines, with bounds checked, for FUZZ_SECONDS a format
	NUMBA_BOUNDSCHECK=1 $(BIN)/python tests/fuzz/fuzz_kernel.py all $(FUZZ_SECONDS)

bench: $(READY) ## what this machine carries, stage by stage
	@$(BIN)/ingestd bench

arrival: $(READY) ## seconds from an object's creation to its being found, and CPU beside a real OpenSearch's
	@$(BIN)/python -m tests.bench.arrival $(ARGS)

bench-scale: $(READY) ## two processes on one queue beside one, each given one core: ARGS="--processes 4"
	@$(BIN)/python -m tests.bench.scale $(ARGS)

format: $(READY) ## put the code into form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(READY) ## resolve the dependencies anew; UPGRADE=--upgrade takes the newest
	$(COMPILE) $(UPGRADE) pyproject.toml --extra demo --extra enrich --extra parquet --group dev --output-file requirements-dev.lock
	$(COMPILE) pyproject.toml --extra demo --extra enrich --extra parquet --constraint requirements-dev.lock --output-file requirements.lock
	$(COMPILE) --group build --constraint requirements-dev.lock --output-file requirements-build.lock

audit: $(READY) ## the image's user and hashes, permissions equal to calls, known vulnerabilities (asks the package index)
	$(BIN)/python -m pytest tests/security tests/test_dockerfile.py tests/test_locks.py tests/deploy
	@$(BIN)/python -m tests.security.advisories

clean: ## remove what the other targets made
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
