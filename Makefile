# `make help` lists the targets. Each does its own set-up; a second run of a finished step is free.

PYTHON ?= python3
VENV ?= .venv
PEERS := .peers
ARGS ?=
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(os.cpu_count() + 1)')
FUZZ_SECONDS ?= 600
# Counts of instructions are comparable only between equal versions of the assembler.
CUDA := 13.0

# How the C extension is built: auto (say it and go on where it cannot), require, or skip.
STAMPMILL_NATIVE ?= auto
export STAMPMILL_NATIVE

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Where Python keeps no compiled modules, each worker and command of the tests compiles all again.
unexport PYTHONDONTWRITEBYTECODE
MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
NATIVE := $(STAMPS)/native-$(STAMPMILL_NATIVE)
C_FILES := $(wildcard csrc/*.c csrc/*.h)
NATIVE_SOURCES := setup.py $(wildcard csrc/* kernels/*.py kernels/c/*.py)
PEER_FILES := $(addprefix tests/peers/,package.json package-lock.json install.sh)

# A file of tests stays with one worker, which builds what its tests share once. One worker more than
# CPUs, as tests wait for processes and lines half of the time; more than a few would be in each
# other's way: tests mine with every thread that there is.
PARALLEL := --numprocesses $(WORKERS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# Numba has no wheel for some platforms, and nobody wants to build LLVM: there it is left out.
WHEELS_ONLY := --only-binary numba,llvmlite,numpy
# The extension has its own step below, hence skip: so it is compiled once and rebuilt in place.
PIP_INSTALL := STAMPMILL_NATIVE=skip $(BIN)/python -m pip install -q
PIP_EDITABLE := $(PIP_INSTALL) --no-build-isolation $(WHEELS_ONLY)

.PHONY: help install mine bench gpu-tools native test fuzz lint format check peers wheel clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-9s %s\n", $$1, $$2}' Makefile
	@echo "Variables: PYTHON=$(PYTHON) VENV=$(VENV) ARGS='...' (for mine, bench and test) WORKERS=$(WORKERS) (of test)"

install: $(STAMPS)/install $(NATIVE) ## set up .venv with all that mining needs

mine: install ## mine: at the embedded pool, or ARGS='-o stratum+tcp://HOST:PORT -u USER'
	@$(BIN)/stampmill mine $(ARGS)

bench: install $(STAMPS)/dev ## compare the kernels of this machine, then time the other layers
	@$(BIN)/stampmill bench $(ARGS)
	@$(BIN)/pytest -q -o python_files='bench_*.py' --benchmark-columns=median,iqr,ops bench/layers

gpu-tools: install ## install NVIDIA's assembler, for `stampmill bench gpu-cost`; clang is apt's
	$(PIP_INSTALL) 'nvidia-cuda-nvcc==$(CUDA).*' 'nvidia-cuda-nvrtc==$(CUDA).*' 'nvidia-cuda-nvdisasm>=13'

native: $(STAMPS)/install ## build the C extension in place; fail where it cannot be built
	STAMPMILL_NATIVE=require $(BIN)/python setup.py -q build_ext --inplace
	@touch $(STAMPS)/native-require

test: $(STAMPS)/dev $(NATIVE) ## run the tests, with the counterparties that are there
	$(BIN)/pytest $(PARALLEL) $(ARGS)

fuzz: $(STAMPS)/dev ## fuzz each parser for FUZZ_SECONDS (600); inputs are kept in build/fuzz
	for target in client server template; do \
	  $(BIN)/python -m tests.fuzz.run $$target --seconds $(FUZZ_SECONDS) --corpus build/fuzz/$$target || exit 1; done

lint: $(STAMPS)/dev build/types/stampmill ## style, types, import rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(if $(C_FILES),$(BIN)/clang-format --dry-run -Werror $(C_FILES))

format: $(STAMPS)/dev ## rewrite Python and C files in the project's format
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format
	$(if $(C_FILES),$(BIN)/clang-format -i $(C_FILES))

check: lint test ## lint and test

peers: $(STAMPS)/judge $(STAMPS)/readers $(PEERS)/stamp ## install the counterparties of the integration tests

wheel: $(STAMPS)/dev ## build sdist and wheel into dist/
	STAMPMILL_NATIVE=require $(BIN)/pyproject-build

clean: ## remove what was built, but not .venv and .peers
	rm -rf build dist *.egg-info core/*.so $(STAMPS)/native-*
	rm -rf .benchmarks .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find core pool kernels bench csrc tests -name __pycache__ -prune -exec rm -rf {} +

# bin/pip comes last when a venv is made: half a venv is made again.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "stampmill needs Python 3.11 or later, and $(PYTHON) is $$($(PYTHON) -V 2>/dev/null || echo missing): choose another, as in make install PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make a virtual environment: install its venv module (Debian: apt install python3-venv)" >&2; exit 1; }
	@echo "making $(VENV) with $$($(PYTHON) -V)"
	@$(PYTHON) -m venv $(VENV)

$(STAMPS)/build: pyproject.toml | $(BIN)/pip
	@mkdir -p $(STAMPS)
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' >$@.txt
	@$(PIP_INSTALL) -r $@.txt
	@touch $@

$(STAMPS)/install: pyproject.toml setup.py $(STAMPS)/build
	@echo "installing what mining needs into $(VENV)"
	@$(PIP_EDITABLE) -e '.[numba,tui]' || { \
	  echo "no Numba for this platform: going on without it" >&2; $(PIP_EDITABLE) -e '.[tui]'; }
	@touch $@

$(STAMPS)/dev: $(STAMPS)/install
	@echo "installing the tools for tests and lint into $(VENV)"
	@$(PIP_EDITABLE) --only-binary atheris -e '.[dev,fuzz]' 2>/dev/null || { \
	  echo "no atheris for this platform: fuzzing is left out" >&2; $(PIP_EDITABLE) -e '.[dev]'; }
	@touch $@

$(STAMPS)/native-auto $(STAMPS)/native-require $(STAMPS)/native-skip: $(NATIVE_SOURCES) | $(STAMPS)/install
	@echo "building the C extension in place (STAMPMILL_NATIVE=$(STAMPMILL_NATIVE))"
	@$(BIN)/python setup.py -q build_ext --inplace
	@touch $@

$(STAMPS)/judge: | $(STAMPS)/dev
	@echo "installing Bitcoin Core's validation code into $(VENV)"
	@$(PIP_INSTALL) 'py-bitcoinkernel>=0.1.0a5'
	@touch $@

$(STAMPS)/readers: | $(STAMPS)/dev
	@echo "installing two monitors' readers into $(VENV)"
	@$(PIP_INSTALL) 'pyasic>=0.79' 'pyasic-rs>=0.8.6'
	@touch $@

$(PEERS)/stamp: $(PEER_FILES)
	@echo "installing a node, two pools and a client into $(PEERS): a minute or two of compiling"
	@tests/peers/install.sh $(PEERS)
	@touch $@

# Type checkers do not follow an editable install; the link lets them see the folders by import name.
build/types/stampmill:
	@mkdir -p build/types && ln -sfn ../.. $@
