# Everything a newcomer needs: `make demo` and `make test` install what is missing by themselves.

SHELL := /bin/bash
VENV := .venv
PY := $(VENV)/bin/python
EDGEC := $(VENV)/bin/edgec
C_FILES = $(shell git ls-files 'runtime_c/*.[ch]' 'boards/*.[ch]' 'targets/*.[ch]' 'examples/firmware/*.[ch]' 'edgec/*.[ch]')
WORKERS ?= 2

DEMO_MODEL := examples/digits/digits_int8.onnx
DEMO_INPUTS := examples/digits/inputs.npz
DEMO := build/demo/digits

.PHONY: demo test test-all lint format bench docs clean setup tools

setup: tools $(VENV)/.ready

tools:
	@bash .ci/setup tools

$(VENV)/.ready: pyproject.toml .ci/setup
	@bash .ci/setup python $(VENV)
	@touch $@

demo: setup
	@rm -rf $(DEMO)
	$(EDGEC) gen $(DEMO_MODEL) --target cortex-m4 --board mps2-an386 -o $(DEMO)
	$(EDGEC) verify $(DEMO_MODEL) --board mps2-an386 --inputs $(DEMO_INPUTS)
	$(EDGEC) bench $(DEMO_MODEL) --board mps2-an386
	@echo "The generated C is in $(DEMO); examples/firmware shows a firmware that uses it."

# Tests marked slow are left out: every variant of every operator, and runs under sanitizers.
test: lint
	$(PY) -m pytest -n $(WORKERS) -q

test-all: lint
	$(PY) -m pytest -n $(WORKERS) -q -m ""

lint: setup
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m mypy --explicit-package-bases tests
	@files="$(C_FILES)"; if [ -n "$$files" ]; then clang-format --dry-run -Werror $$files; fi

format: setup
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	@files="$(C_FILES)"; if [ -n "$$files" ]; then clang-format -i $$files; fi

bench: setup
	$(PY) -m benchmarks.models

docs: setup
	$(EDGEC) ops --markdown > docs/operators.md

clean:
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -exec rm -rf {} +
