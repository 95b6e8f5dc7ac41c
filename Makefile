# What a person does here, each under one name. `make` alone lists them.
PYTHON ?= python3

.DEFAULT_GOAL := help
.PHONY: help .venv lock
help: ## list what can be made
	@grep -hE '^[a-z.-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z.-]+):[^#]*## /  make \1\t/' | expand -t 22

.venv: ## the Python environment for development, from the lock files
	@$(PYTHON) tools/venv.py dev

lock: .venv ## write the Python lock files anew (UPGRADE=1 takes newer versions)
	tools/lock.sh
