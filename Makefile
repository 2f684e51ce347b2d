# stayshelf: `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TESTS ?= tests
# Tests that share one broker use the same topics: only with brokers of their own they run side by side.
PROCESSES ?= $(if $(STAYSHELF_TEST_BROKER),0,2)
PYTEST = $(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile
BROKER ?= 127.0.0.1:9092
SEEDS ?= 10000
SECONDS ?= 180
FIRST ?= 0
SETUP := requirements.lock pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help setup run test scenarios check format bench chaos fuzz hostile windows simulate mutants lock clean

help:  ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-9s %s\n' "$$name" "$$text"; done

setup: $(VENV)/set-up  ## virtual environment with the locked dependencies

run: $(VENV)/set-up  ## embedded broker, worker and the sample data; Ctrl-C ends everything
	@exec $(BIN)/python -m app.commands.demo

test: $(VENV)/set-up-dev  ## all tests but the scenarios; TESTS=tests/app/domain for a part of them
	$(PYTEST) $(if $(filter-out tests,$(TESTS)),,-m "not scenario") $(TESTS)

scenarios: $(VENV)/set-up-dev  ## the tests of whole systems in trouble: crashes, rebalances, full disks, outages, compose
	$(PYTEST) -m scenario $(TESTS)

check: $(VENV)/set-up-dev  ## ruff, mypy --strict, the direction of imports, the project's own rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q tests/test_tidy.py

format: $(VENV)/set-up-dev  ## format the code, and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/set-up-dev  ## the benchmarks; benchmarks/README.md says what they measure
	$(BIN)/python -m benchmarks --broker $(BROKER)

chaos: $(VENV)/set-up-dev  ## kill and cut everything for half an hour (Docker); CHAOS="--only zombies --seed 7" for a part
	$(BIN)/python -m tests.chaos $(CHAOS)

fuzz: $(VENV)/set-up-dev  ## 5,000 requests drawn from the API's description, idle and while workers are killed
	STAYSHELF_TEST_REQUESTS=5000 $(BIN)/python -m pytest tests/broker/test_described_api.py

hostile: $(VENV)/set-up-dev  ## hostile records from a fuzzer through the decoders for SECONDS=180, and how many they were
	$(BIN)/python -m tests.hostile.fuzz --seconds $(SECONDS)

windows: $(VENV)/set-up-dev  ## 5,000 random questions about windows on the real data, while workers come and go
	STAYSHELF_TEST_QUESTIONS=5000 $(BIN)/python -m pytest tests/broker/test_windows.py

simulate: $(VENV)/set-up-dev  ## the engine in simulated trouble, many seeds; SEEDS=10000 FIRST=0
	$(BIN)/python -m tests.simulation.many --seeds $(SEEDS) --first $(FIRST)

mutants: $(VENV)/set-up-dev  ## engines with one step broken: how many seeds each takes to be found
	$(BIN)/python -m tests.simulation.many --mutants --seeds 3000

lock: $(VENV)/set-up-dev  ## pin the dependencies of pyproject.toml anew (takes minutes)
	$(BIN)/pip install pip-tools==7.6.2
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile $(COMPILE) -o requirements.lock pyproject.toml
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile $(COMPILE) --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml

COMPILE := --quiet --generate-hashes --strip-extras --allow-unsafe --build-deps-for editable \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options

clean:  ## remove the virtual environment, caches and the state of `make run`
	rm -rf $(VENV) .stayshelf .artifacts .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/set-up: $(SETUP)
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/set-up-dev: $(VENV)/set-up requirements-dev.lock
	$(BIN)/pip install --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
