# Everything a contributor runs. `make help` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin

# The newest Python from 3.11 on that is there; say PYTHON=... to choose another.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python3.14; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; \
	done)

PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SERVE_STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev

.PHONY: help install serve test check bench lock docs clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1|/' | column -t -s '|'

install: $(SERVE_STAMP) ## install into .venv
	@echo "Installed: $(BIN)/holdfast"

serve: $(SERVE_STAMP) ## install into .venv and run the server (ARGS="--data DIR" adds flags)
	@exec $(BIN)/holdfast serve $(ARGS)

test: $(DEV_STAMP) ## run the tests (ARGS="tests/unit -k name" chooses)
	$(BIN)/pytest -n auto --dist worksteal $(ARGS)

check: $(DEV_STAMP) ## lint, format, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(DEV_STAMP) ## compare with other servers, write benchmarks/REPORT.md (ARGS="--check" compares with it)
	$(BIN)/python -m benchmarks $(ARGS)

docs: $(DEV_STAMP) ## write the generated reference pages again
	$(BIN)/python -m holdfast.cli.server.settings_reference > docs/reference/settings.md
	$(BIN)/python -m holdfast.cli.cli_reference > docs/reference/cli.md
	$(BIN)/python -m holdfast.cli.server.operations_reference > docs/reference/operations.md
	$(BIN)/python -m holdfast.cli.state.doctor_reference > docs/reference/doctor.md

lock: $(DEV_STAMP) ## choose the newest dependencies, write them and their hashes down
	$(BIN)/uv pip compile $(LOCK) --group dev pyproject.toml -o requirements-dev.txt
	$(BIN)/uv pip compile $(LOCK) --group build pyproject.toml -c requirements-dev.txt -o requirements.txt

LOCK := --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
	--no-annotate --no-emit-index-url --no-emit-find-links

clean: ## remove what the other targets made; data directories stay
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "holdfast needs Python 3.11 or newer, with its venv module; none was found." >&2; \
		echo "  Install one (Debian, Ubuntu: apt-get install python3 python3-venv), or say which: make PYTHON=/path/to/python3.11" >&2; \
		exit 1; \
	fi
	@command -v $(PYTHON) >/dev/null || { echo "There is no Python at $(PYTHON)." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if v >= (3, 11) else "holdfast needs Python 3.11 or newer; $(PYTHON) is %d.%d" % v[:2])'
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

$(SERVE_STAMP): requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing holdfast into $(VENV)"
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q src/holdfast
	@touch $@

$(DEV_STAMP): requirements-dev.txt $(SERVE_STAMP)
	@echo "Installing the tools for development"
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@
