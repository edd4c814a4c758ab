# Needs make and Python 3.11 or newer. Everything else comes into .venv, at the versions that requirements.lock names.

# The first of these that is new enough; `make run PYTHON=/path/to/python` names another.
PYTHON ?= $(shell for python in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

# Needed without being imported: by FastAPI for forms, by zoneinfo where the system has no zones.
UNIMPORTED := python-multipart|tzdata
# Parts of pydantic and httpx2, which pin them.
PARTS := pydantic_core|httpcore2

.PHONY: run demo test check format quality lock revision bench words screenshots clean

run: .venv/runtime  ## Start Deskhand; DESKHAND_PORT and the other settings are taken from the environment.
	exec $(BIN)/deskhand serve

demo: .venv/runtime  ## Fill an empty desk with a believable company.
	@$(BIN)/deskhand demo

test: check .venv/browser  ## Everything that must hold, on both databases. One test: make test ARGS="tests/test_house.py -k licence"
	$(BIN)/python -m pytest -n auto --maxprocesses 8 $(ARGS)

check: .venv/dev  ## What can be told without running the program.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyrefly check
	$(BIN)/deptry src --optional-dependencies-dev-groups dev \
		--per-rule-ignores "DEP002=$(UNIMPORTED),DEP003=$(PARTS)"

format: .venv/dev  ## Lay the code out as `check` wants it.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

quality: .venv/dev  ## How good search and categorisation are; beside it on your data: make quality DATA=folder
	@$(BIN)/python -m scripts.quality "$(DATA)"

lock:  ## Pin what pyproject.toml newly asks for; make lock UPGRADE=1 takes the newest of everything.
	$(or $(PYTHON),$(NO_PYTHON)) scripts/lock.py $(if $(UPGRADE),--upgrade)

revision: .venv/dev  ## Write the next migration from the tables: make revision m="tickets can be merged"
	@$(BIN)/python scripts/revision.py "$(m)"

bench: .venv/dev  ## How fast it is: make bench FULL=1 ENGINE=postgresql; see docs/performance.md
	@$(BIN)/python -m scripts.bench --engine $(or $(ENGINE),sqlite) $(if $(FULL),--full) $(if $(KEEP),--keep $(KEEP))

words: .venv/dev  ## Gather the texts of the pages into the catalogues; then translate what is new in them.
	$(BIN)/python -m scripts.words

screenshots: .venv/browser  ## Pictures of every page, into docs/screenshots.
	$(BIN)/python -m scripts.screenshots

clean:
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis

NO_PYTHON = $(error Deskhand needs Python 3.11 or newer, and found none as python3 or python3.11 to python3.14. \
	Name one: make PYTHON=/path/to/python)

.venv/made:
	@$(or $(PYTHON),$(NO_PYTHON)) -c 'import sys; sys.exit("Deskhand needs Python 3.11 or newer, this is %s" \
	% sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	@touch $@

# Stamps: pip is asked again only when a requirement has changed.
.venv/runtime: .venv/made pyproject.toml requirements.lock
	$(PIP) install -qq --constraint requirements.lock --editable .
	@touch $@

.venv/dev: .venv/made pyproject.toml requirements.lock
	$(PIP) install -qq --constraint requirements.lock --editable '.[dev]'
	@touch .venv/runtime $@

# A Chromium for the tests of the pages: the system's, or installed where that can be done.
.venv/browser: .venv/dev
	$(BIN)/python scripts/browser.py
	@touch $@
