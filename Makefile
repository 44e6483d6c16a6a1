# Each target makes the set-up it needs: .venv, the locked packages, the project.

PYTHON ?= python3
ARGS ?=
N ?= 20000
SEED ?= 1
BIN := .venv/bin
READY := .venv/ready

.DEFAULT_GOAL := help
.PHONY: help demo test check bench audit tables mutate planted simulate chaos fuzz kafka clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): pyproject.toml deploy/requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Python 3.11 or newer is needed: make PYTHON=python3.12 …'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' \
		|| { echo 'This Python cannot make environments (on Debian: apt install python3-venv).'; exit 1; }
	@echo 'Installing the locked packages into .venv (once) …'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## watch example patients travel through an embedded broker (ARGS=--once: end when all is told)
	@$(BIN)/monitor demo $(ARGS)

test: $(READY) ## run every test, on real Kafka and PostgreSQL too where this machine can (ARGS= for pytest)
	@$(BIN)/python -m pytest $(ARGS)

check: $(READY) ## format, lint, types, layers and the quick tests, in under a minute
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest -m 'not kafka and not postgres and not slow'

bench: $(READY) ## measure events per second, processor time per event and latency (ARGS=)
	@$(BIN)/python -m tests.bench $(ARGS)

audit: $(READY) ## compare N generated histories with a second implementation (N=200000, ARGS=)
	@$(BIN)/python -m tests.auditor --count $(N) $(ARGS)

tables: $(READY) ## change every cell of the medicine's tables, one at a time: does a case notice? (ARGS=)
	@$(BIN)/python -m tests.rulebook $(ARGS)

mutate: N = 500
mutate: $(READY) ## change N places of the medicine's code, one at a time: does a case notice? (SEED=1, ARGS=)
	@$(BIN)/python -m tests.mutation --count $(N) --seed $(SEED) $(ARGS)

planted: $(READY) ## plant bugs one at a time: which of simulation, auditor and bench notices? (ARGS=)
	@$(BIN)/python -m tests.planted $(ARGS)

chaos: MINUTES = 10
chaos: NODES = 3
chaos: $(READY) ## break everything on purpose for MINUTES, then check all of it (SEED=1, NODES=3, ARGS=)
	@$(BIN)/python -m tests.chaos --minutes $(MINUTES) --seed $(SEED) --nodes $(NODES) $(ARGS)

simulate: $(READY) ## run N simulated worlds full of faults on all cores (N=20000, ARGS=--seed X replays one)
	@$(BIN)/python -m tests.simulation --count $(N) $(ARGS)

fuzz: N = 100000
fuzz: $(READY) ## send N damaged messages through codec and adapters (SEED=1, ARGS="--workers 0": all cores)
	@$(BIN)/python -m tests.fuzz --count $(N) --start $(SEED) $(ARGS)

kafka: $(READY) ## run a real Kafka at localhost:9092 until Ctrl-C (needs Java and Maven, or a container engine)
	@$(BIN)/python -m tests.services.kafka

clean: ## remove everything that these targets made
	@rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist
	@find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
