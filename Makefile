# What a person does here, each under one name. `make` alone lists them.
PYTHON ?= python3
RUN := .venv/bin/python
FLASK := .venv/bin/flask --app webapp

.DEFAULT_GOAL := help
.PHONY: help run test test-fast lint format types api storm webkit bench demo phone screenshots clean lock wheel \
	.venv environment client setup check-python

help: ## list what can be made
	@grep -hE '^[a-z.-]+:.*##' $(MAKEFILE_LIST) | \
		sed -E 's/^([a-z.-]+):[^#]*## /  make \1\t/' | expand -t 22

check-python:
	@command -v $(PYTHON) >/dev/null || { \
		echo "Roundbook needs Python 3.11 or newer, and there is no $(PYTHON) here. On Debian: sudo apt-get install python3 python3-venv"; \
		echo "需要 Python 3.11 或更高版本，本机没有 $(PYTHON)。Debian 上请运行：sudo apt-get install python3 python3-venv"; \
		exit 1; }

environment: check-python
	@$(PYTHON) -m tools.venv run

.venv: check-python ## the Python environment for development, from the lock files
	@$(PYTHON) -m tools.venv dev

client: environment ## build the phone's and the desk's face, when its sources have changed
	@$(RUN) -m tools.client build

setup: environment
	@$(FLASK) setup

run: client setup ## everything, then serve on http://127.0.0.1:8000 (HOST and PORT change it)
	@$(FLASK) demo --if-empty
	@exec .venv/bin/gunicorn

demo: setup ## load the demo contract
	@$(FLASK) demo

phone: client setup ## serve over HTTPS on the local network, for real phones
	@$(FLASK) demo --if-empty
	@exec $(RUN) -m tools.phone

test: .venv client ## every test, in real browsers too
	@$(RUN) -m tools.run_tests $(ARGS)

test-fast: .venv client ## the tests without browsers and slow ones
	@$(RUN) -m tools.run_tests --fast $(ARGS)

lint: .venv ## style, layers, the client's types
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports
	$(RUN) -m tools.client npm run check

format: .venv ## put the Python sources in the one format
	.venv/bin/ruff check --fix --exit-zero .
	.venv/bin/ruff format .

types: .venv ## mypy, strictly
	.venv/bin/mypy

api: .venv ## write the API's document, the client's types and the phone's steps of cases anew
	$(FLASK) openapi write webapp/static/openapi.json
	$(FLASK) openapi write-steps webapp/pwa/client/src/rules/case_steps.json
	$(RUN) -m tools.client npm run api

storm: .venv environment ## minutes of engineers and faults; ARGS="--storms 3 --seconds 300 --seed 7"
	@$(RUN) -m tests.faults.storm $(ARGS)

webkit: .venv client ## the phone's whole way on WebKit alone, which make test does too
	@$(RUN) -m pytest tests/e2e/test_webkit.py

bench: .venv client ## measure, print a table, write bench/results.json
	@$(RUN) -m bench

screenshots: .venv client ## take the guides' pictures anew
	@$(RUN) -m tools.screenshots

lock: .venv ## write the Python lock files anew (UPGRADE=1 takes newer versions)
	tools/lock.sh

wheel: .venv client ## a wheel in dist/ with the built client, for a server without this tree
	$(RUN) -m pip wheel --no-deps --wheel-dir dist .

clean: ## remove what was made, but not the data in var/
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache \
		webapp/static/app webapp/pwa/client/node_modules dist
