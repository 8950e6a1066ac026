# Everything a newcomer or a maintainer types. Needs only Python 3.11 or 3.12, git and make:
# each target sets up what it uses, and a second call finds it done.

SHELL := /bin/sh
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin

# The first that runs, has the right version and can make environments. Asking each for its version
# matters: a version manager's shim may be on the PATH and yet start nothing.
CANDIDATES := $(if $(PYTHON),$(PYTHON),python3.11 python3.12 python3 python)
SUITABLE := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))

# Two test processes, one per core; the tests of a file stay together, with the data they share.
PYTEST_FLAGS ?= -n 2 --dist loadfile
# One compute thread each: two processes with two threads on two cores would wait for one another.
TEST_ENV := OMP_NUM_THREADS=1

.PHONY: help run install dev browser test lint format types bench hooks clean distclean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

run: install ## Start AVCE Studio and print its address (Ctrl-C stops it)
	@exec $(BIN)/python -m workers.launch

install: $(VENV)/.installed ## Install what `make run` needs into .venv
	@:

dev: $(VENV)/.installed-dev ## Install what the tests need as well
	@:

test: dev browser lint types ## Set up everything, then check style, types, imports and all tests
	$(TEST_ENV) $(BIN)/python -m pytest $(PYTEST_FLAGS)

lint: dev ## Check style, format and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

format: dev ## Format, and repair what can be repaired by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: dev ## Check types (strict)
	$(BIN)/mypy

bench: dev ## Run every benchmark; figures land in build/benchmarks/*.json
	@mkdir -p build/benchmarks
	@for file in benchmarks/[a-z]*.py; do \
	  [ -e "$$file" ] || continue; name=$$(basename "$$file" .py); \
	  echo "benchmark $$name"; $(BIN)/python -m benchmarks.$$name --json build/benchmarks/$$name.json || exit 1; \
	done

hooks: dev ## Check style on every commit (pre-commit)
	$(BIN)/pre-commit install

clean: ## Remove caches and build products; data in var/ stay
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean ## Remove the environment as well; data in var/ stay
	rm -rf $(VENV)

# Set-up. A stamp is touched last, so an interrupted install is done again.

$(VENV)/.created:
	@if $(BIN)/python -c '$(SUITABLE)' >/dev/null 2>&1 && $(BIN)/python -c 'import pip' 2>/dev/null; then touch $@; exit 0; fi; \
	python=; for candidate in $(CANDIDATES); do \
	  if "$$candidate" -c '$(SUITABLE)' >/dev/null 2>&1; then python=$$candidate; break; fi; done; \
	if [ -z "$$python" ]; then \
	  echo "AVCE Studio needs Python 3.11 or 3.12 with its venv module; none of these is one: $(CANDIDATES)." \
	    "Install it, or name one: make PYTHON=/path/to/python3.12" >&2; exit 1; fi; \
	echo "Creating $(VENV) with $$("$$python" --version) ..."; \
	"$$python" -m venv --clear $(VENV) && touch $@

$(VENV)/.installed: $(VENV)/.created pyproject.toml constraints.txt
	@echo "Installing AVCE Studio into $(VENV) (a minute or two, once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.created pyproject.toml constraints.txt
	@echo "Installing AVCE Studio and its tests into $(VENV) (a minute or two, once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(VENV)/.installed $@

# The browser of the browser tests: one that is there, else Debian's, else Playwright's own.
browser: dev ## Install a browser for the browser tests, where none is there
	@if [ -e $(VENV)/.browser ]; then exit 0; fi; \
	for name in chromium chromium-browser google-chrome-stable google-chrome; do command -v $$name >/dev/null 2>&1 && exit 0; done; \
	echo "Installing a browser for the browser tests ..."; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	  export DEBIAN_FRONTEND=noninteractive; \
	  if apt-get update -qq && apt-get install -qq --yes --no-install-recommends chromium fonts-dejavu-core >/dev/null \
	    && command -v chromium >/dev/null 2>&1; then exit 0; fi; fi; \
	$(BIN)/playwright install chromium && touch $(VENV)/.browser \
	  || { echo "No browser could be installed: install chromium by hand and run make test again." >&2; exit 1; }
