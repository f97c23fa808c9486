# Each target does all its set-up. `make demo` needs Python 3.11 or newer and a package index.
PYTHON ?= python3
BIN := .venv/bin
export MPLBACKEND := agg
# Snakemake and matplotlib keep caches in the home folder, which may be read-only
ifeq ($(shell test -w "$$HOME" && echo writable),)
export XDG_CACHE_HOME ?= $(CURDIR)/.venv/cache
endif

.PHONY: demo test lint performance clean

demo: .venv/runtime  ## the whole workflow on the demo input, then its summary
	$(BIN)/snakemake --cores all --configfile config/demo.yaml --no-hooks
	@echo && $(BIN)/tabulate -1 -s , -F .3f results/summary.csv
	@echo "The page for people: results/summary.html   Tables: results/tables   Figures: results/figures"

# three processes for two cores: in a workflow that runs one of them is often idle
test: .venv/development lint  ## every test
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

lint: .venv/development  ## formatting, types, imports, and Snakemake's own linter
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/snakefmt --check .
	$(BIN)/mypy
	PYTHONPATH=workflow/scripts $(BIN)/lint-imports
	$(BIN)/snakemake --lint
	$(BIN)/snakemake --lint --snakefile workflow/Snakefile

performance: .venv/measuring  ## times beside those of the alternatives: docs/performance.md
	$(BIN)/python benchmarks/run.py

clean:
	rm -rf .venv .snakemake results

.venv/runtime: requirements.txt
.venv/development: requirements-dev.txt requirements-publish.txt requirements.txt
.venv/measuring: requirements-benchmark.txt requirements.txt
.venv/runtime .venv/development .venv/measuring:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "oddjet needs Python 3.11 or newer: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r $<
	@touch $@
