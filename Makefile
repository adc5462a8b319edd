# Greenroom. A machine needs Python 3.11 or newer (with venv), git and make; everything else is fetched by name.
#   make run    the room, in your browser        make test   every check and test, the browser ones too

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
PY := .venv/bin/python
NODE = $(shell $(PY) -c 'from api.webapp import node_program; print(node_program())')
PYTEST := $(PY) -m pytest
APART := tests/e2e tests/crash tests/load
MAKEFLAGS += --no-print-directory
export PYTHONUNBUFFERED = 1

.DEFAULT_GOAL := help
.PHONY: help run test e2e crash bench web protocol check vitest unit lock clean install install-dev

help:
	@echo "make run       set up what is missing and open the room"
	@echo "make test      style, types, import contracts, page tests, tests, browser tests"
	@echo "make e2e       the browser tests alone"
	@echo "make crash     kill -9 and load: the slow suites"
	@echo "make bench     measure, print a table, write bench.json"
	@echo "make web       build the page"
	@echo "make protocol  write the TypeScript of the wire from core/events.py"
	@echo "make check     style, types and import contracts alone"
	@echo "make lock      resolve the dependencies of pyproject.toml again"
	@echo "make clean     remove the environment, the built page and caches; var/ stays"

run: install
	@$(PY) -m api.webapp
	@GREENROOM_OPEN_BROWSER=$${GREENROOM_OPEN_BROWSER:-1} exec .venv/bin/greenroom serve

install:
	@$(or $(PYTHON),python3) -m api.install

install-dev:
	@$(or $(PYTHON),python3) -m api.install --dev

web: install
	@$(PY) -m api.webapp

test: install-dev
	@$(PY) -m api.webapp
	@$(MAKE) check vitest unit e2e

check: install-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	@.venv/bin/lint-imports --no-logo

vitest: install-dev
	@$(PY) -m api.webapp
	@cd web && "$(NODE)" node_modules/typescript/bin/tsc --noEmit
	@cd web && "$(NODE)" node_modules/vitest/vitest.mjs run

unit: install-dev
	$(PYTEST) $(foreach suite,$(APART),--ignore=$(suite))

# Playwright's synchronous API cannot live beside a running event loop: an invocation of its own.
e2e: install-dev
	@$(PY) -m api.webapp
	@$(PY) -m tests.e2e.find_browser
	$(PYTEST) -p no:asyncio tests/e2e

crash: install-dev
	@$(PY) -m api.webapp
	$(PYTEST) tests/crash $(wildcard tests/load)

bench: install-dev
	@$(PY) -m api.webapp
	$(PY) -m bench

protocol: install-dev
	@$(PY) -m api.protocol

# Two locks, one set of versions: the development lock is resolved within the one people install from.
lock:
	rm -rf build/uv && python3 -m venv build/uv && build/uv/bin/python -m pip install -q uv
	UV_INDEX_STRATEGY=unsafe-best-match build/uv/bin/uv pip compile pyproject.toml -q --no-header \
		--universal --python-version 3.11 --generate-hashes --no-emit-index-url -o requirements.lock
	UV_INDEX_STRATEGY=unsafe-best-match build/uv/bin/uv pip compile pyproject.toml -q --no-header --extra dev \
		-c requirements.lock --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		-o requirements-dev.lock

clean:
	rm -rf .venv build dist web/dist web/node_modules .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
