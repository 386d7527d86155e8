# The environment is made by whatever needs it; nothing but Python 3.11+ has to be there.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

# The tests start dozens of processes, which would each compile every module again without bytecode.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help venv demo test test-fast coverage check format deploy vitrina prism

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

venv: $(READY) ## Make the virtual environment .venv

$(READY): requirements.txt requirements-dev.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Vitrina needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $(READY)

demo: $(READY) ## Start the local world, play the agency's week, keep the page open (ONCE=1: end after it; STORE=firestore)
	$(BIN)/python -m emulators.world $(if $(ONCE),--once) $(if $(FOLDER),--folder $(FOLDER)) $(if $(STORE),--store $(STORE))

test: $(READY) ## Run all tests
	$(BIN)/python -m pytest $(ARGS)

test-fast: $(READY) ## Run unit and contract tests, without the slow ones and those over Firestore, amoCRM and Telegram
	$(BIN)/python -m pytest tests/unit tests/contract -m "not slow" -k "not firestore and not test_crm and not test_chat" $(ARGS)

coverage: $(READY) ## Run unit, contract and e2e tests; print which lines of functions/vitrina they leave out
	$(BIN)/python -m pytest --cov --cov-report=term $(or $(ARGS),tests/unit tests/contract tests/e2e)

check: $(READY) node_modules ## Lint and check types of Python and of the add-on
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	npm --prefix apps_script run --silent types
	npm --prefix apps_script run --silent lint

# PROJECT, REGION and the optional SETTINGS, OPERATOR: docs/deploy.md.
INSTALLATION = --project "$(PROJECT)" --region "$(REGION)" $(if $(SETTINGS),--settings "$(SETTINGS)")

deploy: ## Make or update the installation on Google Cloud (PROJECT=… REGION=…; DRY_RUN=1 only prints how)
	@$(PYTHON) -m deploy install $(INSTALLATION) $(if $(DRY_RUN),--dry-run) $(if $(OPERATOR),--operator "$(OPERATOR)")

vitrina: $(READY) ## Run an operator's command as the installation (PROJECT=… REGION=… ARGS=doctor)
	@$(BIN)/python -m deploy run $(INSTALLATION) -- $(ARGS)

prism: tests/harness/prism/node_modules/.ready ## Install Prism, which judges the requests to Asana in tests (needs npm)

tests/harness/prism/node_modules/.ready: tests/harness/prism/package-lock.json
	npm --prefix tests/harness/prism ci --silent --no-audit --no-fund
	touch $@

format: $(READY) ## Format the Python code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: node_modules
node_modules: apps_script/node_modules/.ready
apps_script/node_modules/.ready: apps_script/package-lock.json
	npm --prefix apps_script ci --silent --no-audit --no-fund
	touch $@
