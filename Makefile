# Two commands are enough: `make reproduce` and `make test`. Everything lives in .venv and in this folder.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help env reproduce test lint unit shelf readme site lab teach bench gpu gpu-pack peers lock clean

# What a person may set: make reproduce ONLY="000 100" PROFILE=demo JOBS=2 ARGS="--resume"
ONLY ?= 000_start_here 100_pace
PROFILE ?= demo
JOBS ?= 2
ARGS ?=
# Where the project is kept, for the site's links: make site REPOSITORY=https://github.com/you/vssl
REPOSITORY ?= $(VSSL_REPOSITORY)
# make teach TO=~/course ARGS="300 400"
TO ?= teach
# make gpu OUT=results MINUTES=8 PARTS="wheels puppets fill"
OUT ?= runs/gpu-out
MINUTES ?= 8
PARTS ?=
PYTHON ?= python3 python3.13 python3.12 python3.11

VENV := .venv
PY := $(VENV)/bin/python
SYNCED := $(VENV)/synced
# --python keeps an activated conda or other environment out of it.
UV := $(VENV)/bin/uv pip
# Where Python may write no bytecode itself, each process would compile PyTorch anew, which takes seconds.
BYTECODE := $(if $(PYTHONDONTWRITEBYTECODE),--compile-bytecode)
# A file or notebook stays in one process, for its cells need each other; a test that hangs is ended, with a trace.
PYTEST := $(PY) -m pytest -n logical --maxprocesses 4 --dist loadfile -o faulthandler_timeout=600 -o faulthandler_exit_on_timeout=true
ACCEPTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))

help:  ## list what can be made
	@echo "make TARGET, where TARGET is"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

env: $(SYNCED)  ## build .venv from the lock (about 3 GB the first time, seconds after that)

# A fresh venv with uv in it; left half made, it is taken away so that the next try starts clean.
$(VENV)/bin/uv:
	@chosen=; for python in $(PYTHON); do \
	    if command -v $$python > /dev/null && $$python -c '$(ACCEPTED)' 2> /dev/null; then chosen=$$python; break; fi; done; \
	if [ -z "$$chosen" ]; then \
	    echo "make: no Python 3.11, 3.12 or 3.13 found (tried: $(PYTHON)); install one, or say make env PYTHON=/path/to/python3.12" >&2; exit 2; fi; \
	echo "making $(VENV) with $$($$chosen --version)"; \
	if ! $$chosen -m venv --clear $(VENV) > /dev/null; then \
	    rm -rf $(VENV); echo "make: $$chosen has no venv module that works; on Debian or Ubuntu: apt install python3-venv" >&2; exit 2; fi; \
	if ! $(PY) -m pip install --quiet --retries 2 --disable-pip-version-check uv 2> $(VENV)/pip.log; then \
	    echo "make: uv could not be installed ($$(grep -m 1 ERROR $(VENV)/pip.log || tail -n 1 $(VENV)/pip.log)); is there a network and space on the disk?" >&2; \
	    rm -rf $(VENV); exit 2; fi

$(SYNCED): pyproject.toml requirements.lock | $(VENV)/bin/uv
	@echo "installing what requirements.lock names into $(VENV)"
	@$(UV) sync --python $(PY) $(BYTECODE) --require-hashes requirements.lock && \
	$(UV) install --python $(PY) --quiet --no-deps --no-build-isolation --editable . || { \
	    echo "make: the environment is not complete (see above); is there a network and space on the disk? make env goes on from here" >&2; exit 2; }
	@touch $@

reproduce: env  ## run notebooks and report: ONLY="000 100" PROFILE=demo JOBS=2 ARGS="--resume"
	@$(PY) -m vssl reproduce $(ONLY) --profile $(PROFILE) --jobs $(JOBS) $(ARGS)

test: lint unit shelf  ## lint, unit and property tests, and every notebook once at smoke

lint: env  ## ruff and mypy: rules, layout and types
	@$(PY) -m ruff check --quiet .
	@$(PY) -m ruff format --check --quiet . || { echo "make: the files above want: $(PY) -m ruff format ." >&2; exit 1; }
	@$(PY) -m mypy --no-error-summary

unit: env  ## unit and property tests alone
	@$(PYTEST) $(ARGS) tests

# nbval does not notice a dead kernel, hence the limit for a cell. The run store starts empty: nothing is taken from earlier runs.
shelf: env  ## every notebook once at smoke, its stored outputs compared
	@scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; \
	OMP_NUM_THREADS=1 VSSL_QUIET=1 VSSL_RUNS=$$scratch/runs VSSL_FIGURES=$$scratch/figures \
	$(PYTEST) --nbval --nbval-current-env --nbval-cell-timeout 300 --nbval-sanitize-with tests/notebooks/sanitize.cfg $(ARGS) notebooks

readme: env  ## write the README's table of notebooks anew, from the manifest and the ledger
	@$(PY) -c 'import re; from pathlib import Path; from vssl import manifest; from vssl.results import ledger; \
	page = Path("README.md"); table = manifest.markdown_table(ledger.status); \
	page.write_text(re.sub(r"(<!-- shelf -->\n).*?(<!-- /shelf -->)", lambda m: m[1] + table + m[2], page.read_text(), flags=re.S))'

# Runs nothing: a page shows what the committed notebooks hold, and needs no network to be read.
site: env  ## the shelf as pages to read, in site/: REPOSITORY=https://github.com/you/vssl
	@$(PY) -m docs.site $(if $(REPOSITORY),--repository $(REPOSITORY)) $(ARGS)

lab: env  ## open JupyterLab on the shelf
	@$(PY) -m jupyterlab --notebook-dir=notebooks $(ARGS)

teach: env  ## write students' and teacher's copies of the stories: TO=folder ARGS="300 400"
	@$(PY) -m vssl teach $(ARGS) --to $(TO)

bench: env  ## time each part beside what one would use otherwise: ARGS="decode --rounds 9"
	@$(PY) -m benchmarks $(ARGS)

gpu-pack: env  ## make this checkout ready to travel to a GPU without a network
	@$(PY) -m pip --version > /dev/null && $(PY) -m benchmarks.gpu.pack

# Needs no environment of ours: a Python with PyTorch, and the wheels that gpu-pack gathered.
gpu:  ## on a bare GPU machine, tests, benchmark and fill: OUT=folder MINUTES=8 PARTS=
	@python3 benchmarks/gpu/go.py $(OUT) $(MINUTES) $(PARTS)

# Beside the lock, and never moving what it pins; a change of the lock takes them away again.
peers: env  ## install the libraries that make bench compares with (torchcodec wants the system's FFmpeg too)
	@$(UV) install --python $(PY) --no-build-isolation --constraint requirements.lock --editable ".[peers]"

lock: $(VENV)/bin/uv  ## write requirements.lock anew from pyproject.toml
	@$(UV) compile --quiet --universal --fork-strategy fewest --generate-hashes --no-header --no-annotate \
	    --python-version 3.11 --extra dev pyproject.toml --output-file requirements.lock

clean:  ## remove .venv and caches; data/, runs/ and figures/ stay
	@rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
	@find . -path './.*' -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +
