# Every target sets up what it needs. PYTHON may name another interpreter (3.11, 3.12 or 3.13).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EGREGORA_HOME ?= $(CURDIR)/.egregora
export EGREGORA_HOME
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
EXPORT ?=
OPTIONS ?=
SLICE ?=

.PHONY: install demo ui test test-slow test-faults check bench bench-live format clean

install: $(VENV)/installed

$(VENV)/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
		|| { echo "Python 3.11, 3.12 or 3.13 is needed: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up $(VENV) (once, about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/egregora model install --optional
	@touch $@

demo: install ## Sample chats, or EXPORT=path/to/WhatsApp.zip, through the whole graph
	@$(BIN)/egregora demo $(if $(EXPORT),--export "$(EXPORT)") $(OPTIONS)

ui: install ## The Dagster UI on http://127.0.0.1:3000
	@$(BIN)/egregora init --quiet
	@DAGSTER_HOME="$(EGREGORA_HOME)/dagster" $(BIN)/dg dev

check: install ## Style, types, import rules, Dagster definitions
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@home=$$(mktemp -d) && cp dagster.yaml "$$home" && DAGSTER_HOME="$$home" $(BIN)/dg check defs; \
		status=$$?; rm -rf "$$home"; exit $$status

test: check ## The whole suite, without the slow fault and browser tests
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not slow"

test-slow: install ## Faults, real processes under load, properties with all examples, the UI in a browser
	@$(BIN)/python -m pytest -q -rs -m "slow or dear" --hypothesis-profile thorough --timeout 7200

test-faults: install ## The live service: 200 kills, disks that fail, fill up or are slow, damaged logs, stops, clocks
	@$(BIN)/python -m pytest -q -rs tests/live/test_killed.py tests/live/test_faults.py tests/live/test_failing_disks.py \
		tests/live/test_damaged_logs.py tests/live/test_pauses_and_clocks.py --timeout 7200

bench: install ## Figures with their floors and bounds; SLICE=chat for one slice
	@$(BIN)/python -m benchmarks.run $(SLICE)

bench-live: install ## The live service under load; OPTIONS="--bounds --seconds 60"
	@$(BIN)/python -m benchmarks.live_load $(OPTIONS)

format: install
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

clean:
	rm -rf $(VENV) dist
