# Everything works alone on a fresh clone, and a second run does no needless work.
PYTHON ?= python3
VENV   ?= .venv
HOST   ?= 127.0.0.1
PORT   ?= 8000
# Extra words for pip. On Linux without a GPU, this spares gigabytes of CUDA:
#   make demo PIP_ARGS="--extra-index-url https://download.pytorch.org/whl/cpu"
PIP_ARGS ?=
# Tests run side by side; each worker takes about 1 GB. 0 runs them one after the other. Files in their order: those of
# few tests that take long come early, where xdist would put them last.
WORKERS ?= 2

BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
BENCH  := $(VENV)/.installed-bench
NPM    := tests/npm/node_modules/.package-lock.json
CODE   := search indexer api eval
EVENTS := $(or $(DAOGOU_DATA_DIR),.daogou)/.demo-events
# Whom the demo's page offers to be: its invented shoppers, unless the environment or .env names others.
NAMED  := $(shell grep -Es '^[[:space:]]*(export[[:space:]]+)?DAOGOU_PAGE_SHOPPERS[[:space:]]*=' .env)
PEOPLE := $(or $(DAOGOU_PAGE_SHOPPERS),$(if $(NAMED),,examples/demo/shoppers.jsonl))

# Where it is set, every process compiles all that it imports, and tests start hundreds; git ignores what is written.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install demo test check format bench bench-relevance clean

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Daogou needs Python 3.11 or newer; choose one with: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) --constraint constraints.txt "torch"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) --constraint constraints.txt --editable ".[offline,dev]"
	@touch $(STAMP)

$(BENCH): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) --constraint constraints.txt --editable ".[offline,dev,bench]"
	@touch $(BENCH)

demo: install
	$(BIN)/python -m indexer reindex examples/demo/catalogue/*.jsonl
	@$(MAKE) --no-print-directory $(EVENTS)
	DAOGOU_PAGE_SHOPPERS="$(PEOPLE)" $(BIN)/python -m api serve --host $(HOST) --port $(PORT)

# Once for each data folder: whoever is erased from the demo does not come back with its next start.
$(EVENTS): examples/demo/events.jsonl examples/demo/events.py
	$(BIN)/python examples/demo/events.py | $(BIN)/python -m indexer events -
	@touch $@

# Web libraries that some tests run: axe-core, InstantSearch. Without npm, or its registry, those tests skip and say so.
$(NPM): tests/npm/package.json tests/npm/package-lock.json
	@if command -v npm >/dev/null; then (cd tests/npm && npm ci --loglevel=error) || echo "npm ci failed: tests that need its packages will skip"; fi

test: install $(NPM)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(BENCH)
	$(BIN)/python benchmarks/vector_search.py
	$(BIN)/python benchmarks/reindexing.py
	$(BIN)/python benchmarks/encoding.py
	$(BIN)/python benchmarks/suggest.py
	$(BIN)/python benchmarks/understanding.py
	$(BIN)/python benchmarks/lanes.py
	$(BIN)/python benchmarks/recommendation_serving.py
	$(BIN)/python benchmarks/metrics.py
	$(BIN)/python benchmarks/profiles.py

# Every relevance figure in the docs, anew and in its place. Needs the development data; see the script.
bench-relevance: install
	$(BIN)/python benchmarks/relevance.py

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
