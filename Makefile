# Everything a person or a pipeline does here, by name. `make` alone lists it.
SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PORT ?= 4566
DETACH ?=
FRESH ?=
ARCHITECTURE ?= arm64
ROUNDS ?= 3
DAYS ?= 400
PYTHON ?= $(firstword $(foreach python,python3 python3.13 /usr/bin/python3,$(if $(shell $(python) --version 2>/dev/null),$(python))))

RUN := .venv/bin/python
# The layers have a make of their own, which must not take up variables of this one.
SAM := env -u MAKEFLAGS -u MAKEOVERRIDES -u MFLAGS -u PYTHON SAM_CLI_TELEMETRY=0 __SAM_CLI_APP_DIR="$(CURDIR)/.local/sam" CAREBOOK_ARCHITECTURE=$(ARCHITECTURE) PATH="$(CURDIR)/.venv/bin:$(CURDIR)/.local/bootstrap/bin:$$PATH" .venv/bin/sam
COMPILE := .local/bootstrap/bin/uv pip compile --quiet --python-version 3.13 --generate-hashes --custom-compile-command "make requirements"
ENVIRONMENT := .venv/.synced .venv/bin/python

.PHONY: help run stop test explore check bench build deploy redrive openapi requirements

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

.venv/.synced: requirements/dev.txt requirements/bootstrap.txt .python-version
	@if [ -z "$(PYTHON)" ]; then echo "error: no working python3 found; install Python 3.9 or newer (Debian and Ubuntu: apt-get install python3 python3-venv), or name one: make PYTHON=/path/to/python3" >&2; exit 1; fi
	@$(PYTHON) infra/local/bootstrap.py

# The Python that .venv points to can be removed from the machine under it.
.venv/bin/python: | .venv/.synced
	@$(PYTHON) infra/local/bootstrap.py

run: $(ENVIRONMENT) ## start the laptop stack; PORT=4566, DETACH=1 returns when it is ready, FRESH=1 forgets earlier data
	@$(RUN) -m infra.local run --port "$(PORT)" $(if $(filter-out 0 no,$(DETACH)),--detach) $(if $(filter-out 0 no,$(FRESH)),--fresh)

stop: $(ENVIRONMENT) ## stop the laptop stack and keep its data
	@$(RUN) -m infra.local stop

test: $(ENVIRONMENT) ## run every test, end-to-end ones on a laptop stack of their own
	@.venv/bin/pytest -n auto

explore: $(ENVIRONMENT) ## try rules for all values with new values, ROUNDS=3 times, and all tests but end-to-end ones DAYS=400 ahead
	@for round in $$(seq $(ROUNDS)); do .venv/bin/pytest -n auto -m hypothesis --hypothesis-profile=explore || exit 1; done
	@.venv/bin/pytest -n auto --days-ahead $(DAYS) tests/unit tests/integration tests/template

check: $(ENVIRONMENT) ## lint, format, types, import contracts, templates, OpenAPI drift, pins
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	PYTHONPATH=layers/carebook .venv/bin/lint-imports --no-logo
	.venv/bin/cfn-lint
	@$(SAM) validate --lint --region us-east-1
	$(RUN) infra/openapi.py --check
	$(RUN) -m infra.local.repository_checks

bench: $(ENVIRONMENT) ## measure requests, capacity, cold starts and CPU; writes docs/benchmarks.md
	@$(RUN) -m benchmarks

build: $(ENVIRONMENT) ## build the functions and layers for AWS; ARCHITECTURE=arm64 or x86_64; needs Docker for the scanner
	@docker info >/dev/null 2>&1 || { echo "error: the virus scanner is built in SAM's container, and no Docker answers; start it" >&2; exit 1; }
	$(SAM) build --parallel --parameter-overrides Architecture=$(ARCHITECTURE)
	$(SAM) build ClamavLayer --use-container --container-env-var CAREBOOK_CLAMAV=packages --build-dir .aws-sam/scanner --parameter-overrides Architecture=$(ARCHITECTURE)
	rm -rf .aws-sam/build/ClamavLayer
	cp -R .aws-sam/scanner/ClamavLayer .aws-sam/build/ClamavLayer

deploy: build ## deploy to AWS, asking for each parameter
	$(SAM) deploy --guided --stack-name carebook --capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND --parameter-overrides Architecture=$(ARCHITECTURE)

redrive: $(ENVIRONMENT) ## send what messages gave up back to its queues; STACK=carebook
	@$(RUN) infra/redrive.py --stack $(or $(STACK),carebook)

openapi: $(ENVIRONMENT) ## write docs/openapi.json from the handlers
	$(RUN) infra/openapi.py

requirements: $(ENVIRONMENT) ## compile the hashed requirement files after editing an .in file
	$(COMPILE) requirements/bootstrap.in -o requirements/bootstrap.txt
	$(COMPILE) requirements/dev.in -o requirements/dev.txt
	$(COMPILE) requirements/runtime.in -c requirements/dev.txt $(foreach package,botocore jmespath python-dateutil six urllib3,--no-emit-package $(package)) -o layers/dependencies/requirements.txt
	$(COMPILE) requirements/typesetting.in -c requirements/dev.txt $(foreach package,certifi charset-normalizer idna requests urllib3,--no-emit-package $(package)) -o layers/typesetting/requirements.txt
