# make docs   records what the examples do, builds the example sites with both engines, and says where they are
# make test   runs everything: lint, types, layers, tests, the examples in README and docs
# make unit   runs the quick tests only, in less than a minute: no browser, no builds, no servers
# make stores       runs the tests with ClickHouse in a process, half a gigabyte, which it installs
# make benchmarks   measures what penstock costs at run time and in builds of Sphinx and MkDocs, beside others
# make stress       makes a million runs at once and counts wrong IDs
# make hostile      kills, corrupts, fills, floods and misleads penstock, some 20,000 times, and counts what goes wrong
# make accuracy     measures what the check finds of broken flows, and that it believes right ones, on four real applications, too
# make discovery    measures what discover proposes of code that people have declared, on six real applications, too
# make versions     runs the tests of the Sphinx extension with older and newer Sphinx, each in .venv-versions
# All set up what they need in .venv; a second run installs nothing.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
NODE_READY := tests/node_modules/.ready
# One more than the two processors of a small machine: many tests wait for other processes.
JOBS ?= 3
# Unit tests wait for none.
UNIT_JOBS ?= 2
STORES := tests/stores/test_clickhouse.py

.PHONY: help setup docs test unit lint types layers tests stores benchmarks accuracy discovery stress hostile versions clean

help:
	@sed -n '1,13s/^# //p' Makefile

setup: $(READY) $(NODE_READY)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("penstock needs Python 3.11 or newer, this is %d.%d; use make PYTHON=python3.12" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[all]' --group dev
	@touch $@

# Some tests let the real Mermaid and mystmd read what is written; without npm they skip and say so.
$(NODE_READY): tests/package.json tests/package-lock.json
	@if command -v npm >/dev/null; then npm ci --prefix tests --silent --no-audit --no-fund && touch $@; \
	else echo "npm is not installed: the tests with Mermaid and mystmd will be skipped"; fi

docs: $(READY)
	@rm -rf docs/_build
	$(BIN)/python docs/examples/record.py docs/_build/evidence.json
	$(BIN)/sphinx-build --quiet -n -W --keep-going -b html -d docs/_build/doctrees docs docs/_build/sphinx
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --config-file docs/examples/site/mkdocs.yml --site-dir $(CURDIR)/docs/_build/mkdocs
	@echo
	@echo "Sphinx: $(CURDIR)/docs/_build/sphinx/index.html"
	@echo "MkDocs: $(CURDIR)/docs/_build/mkdocs/index.html"

test: setup lint types layers tests

lint: $(READY)
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .

types: $(READY)
	$(BIN)/mypy --no-error-summary

layers: $(READY)
	$(BIN)/lint-imports --no-cache > $(VENV)/layers.log || (cat $(VENV)/layers.log; exit 1)

# Most tests start Python, which is not to compile penstock each time, whatever PYTHONDONTWRITEBYTECODE says; nor is
# pytest, which compiles it and its plugins in a way of its own.
tests: setup
	@$(BIN)/python -m compileall -q penstock penstock_sphinx penstock_mkdocs mkdocstrings_handlers
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -q --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder --durations 20 --durations-min 3 --ignore $(STORES)

stores: $(READY)
	$(BIN)/python -m pip install --quiet --group stores
	$(BIN)/pytest -q $(STORES)

unit: $(READY)
	@$(BIN)/python -m compileall -q penstock penstock_sphinx penstock_mkdocs mkdocstrings_handlers
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -q -m unit --numprocesses $(UNIT_JOBS) --dist loadfile --no-loadscope-reorder

benchmarks: $(READY)
	$(BIN)/python -m pip install --quiet --group benchmarks
	$(BIN)/python tests/benchmarks/run.py
	$(BIN)/python tests/benchmarks/evidence.py 1000
	$(BIN)/python tests/benchmarks/sphinx.py
	$(BIN)/python tests/benchmarks/callgraph.py
	$(BIN)/python tests/benchmarks/scale.py
	$(BIN)/python tests/benchmarks/mkdocs.py
	$(BIN)/python tests/benchmarks/discover.py
	$(BIN)/python tests/benchmarks/trace.py 1000

accuracy: $(READY)
	$(BIN)/python tests/accuracy/measure.py

discovery: $(READY)
	$(BIN)/python tests/accuracy/discovery.py

stress: $(READY)
	$(BIN)/python tests/stress/runs.py 1000000

# Each says how to repeat what it found, and all run, whatever the others find. Those that wait for processes stand last.
hostile: $(READY)
	@wrong=0; for name in texts docstrings corrupted clocks modules disks builders kills; do \
	$(BIN)/python tests/hostile/$$name.py || wrong=1; done; \
	if [ -f tests/hostile/interrupts.py ]; then $(BIN)/python tests/hostile/interrupts.py 1000000 || wrong=1; fi; \
	$(BIN)/python tests/stress/runs.py 1000000 || wrong=1; exit $$wrong

versions:
	$(PYTHON) tests/versions.py --numprocesses $(JOBS)

clean:
	rm -rf $(VENV) .venv-versions docs/_build tests/node_modules .penstock .mypy_cache .ruff_cache .pytest_cache
