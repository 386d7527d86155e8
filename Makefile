# The environment is made by whatever needs it; nothing but Python 3.11+ has to be there.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# Tools that only `make lock`, `update`, `audit` and `sbom` need have an environment of their own.
TOOLS  := .venv-tools
# What pip gets in every environment: no package whose file is not in the lock.
PIP_INSTALL = install --quiet --disable-pip-version-check --require-hashes

# The tests start dozens of processes, which would each compile every module again without bytecode.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help venv demo test test-fast coverage check format deploy vitrina prism lock update audit sbom licences pages days-off

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

venv: $(READY) ## Make the virtual environment .venv

$(READY): requirements.txt requirements-dev.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Vitrina needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip $(PIP_INSTALL) -r requirements-dev.txt
	touch $(READY)

demo: $(READY) ## Start the local world, play the agency's week, keep the page open (ONCE=1: end after it; STORE=firestore)
	$(BIN)/python -m emulators.world $(if $(ONCE),--once) $(if $(FOLDER),--folder $(FOLDER)) $(if $(STORE),--store $(STORE))

test: $(READY) ## Run all tests
	$(BIN)/python -m pytest $(ARGS)

test-fast: $(READY) ## Run unit and contract tests that need neither servers nor much time
	$(BIN)/python -m pytest tests/unit tests/contract -m "not slow and not servers" -n logical $(ARGS)

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

# Production gets the versions that the tests run with; `--universal` is for every system and every Python from 3.11.
LOCK = $(TOOLS)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--annotation-style line --custom-compile-command "make lock"

lock: $(TOOLS)/.ready ## Write requirements*.txt after a change of requirements*.in; other versions stay (ARGS=--upgrade: none stay)
	$(LOCK) $(ARGS) --output-file requirements-dev.txt requirements-dev.in >/dev/null
	$(LOCK) $(ARGS) --constraint requirements-dev.txt --output-file requirements.txt requirements.in >/dev/null
	$(LOCK) $(ARGS) --output-file requirements-tools.txt requirements-tools.in >/dev/null

update: ## Take the newest packages: lock, install, licences (PACKAGE=name: of this one only)
	$(MAKE) lock ARGS="$(if $(PACKAGE),--upgrade-package $(PACKAGE),--upgrade)"
	$(MAKE) licences pages days-off

licences: $(READY) ## Write docs/licences.md; fails if a licence forbids the use
	$(BIN)/python -m deploy.packages.licences

pages: $(READY) ## Write functions/compiled_pages after a change of a page's template
	$(BIN)/python -m deploy.compiled_pages

days-off: $(READY) ## Write functions/vitrina/domain/kept_days_off.py after a change of the package holidays
	$(BIN)/python -m deploy.days_off

audit: $(TOOLS)/.ready ## Ask for known weaknesses of all packages (needs the internet; SECURITY.md)
	$(TOOLS)/bin/pip-audit --strict --disable-pip --require-hashes -r requirements-dev.txt $(ARGS)
	$(TOOLS)/bin/pip-audit --strict --disable-pip --require-hashes -r requirements-tools.txt $(ARGS)

sbom: $(TOOLS)/.ready ## Write artifacts/sbom.json: what a release consists of, in the format CycloneDX
	rm -rf artifacts/production && mkdir -p artifacts
	$(PYTHON) -m venv --without-pip artifacts/production
	$(TOOLS)/bin/python -m pip --python artifacts/production/bin/python $(PIP_INSTALL) -r requirements.txt
	$(TOOLS)/bin/cyclonedx-py environment --pyproject pyproject.toml --mc-type application --output-reproducible --of JSON \
		--output-file artifacts/sbom.json artifacts/production/bin/python
	rm -rf artifacts/production

$(TOOLS)/.ready: requirements-tools.txt
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip $(PIP_INSTALL) -r requirements-tools.txt
	touch $@

format: $(READY) ## Format the Python code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: node_modules
node_modules: apps_script/node_modules/.ready
apps_script/node_modules/.ready: apps_script/package-lock.json
	npm --prefix apps_script ci --silent --no-audit --no-fund
	touch $@
