# Two commands are enough: `make up` runs Headwater, `make test` runs its tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export HEADWATER_DATA ?= $(CURDIR)/var

.PHONY: up demo test test-again check lock clean migrations
.DEFAULT_GOAL := up

up: $(VENV)/runtime
	@exec $(BIN)/python manage.py up

demo: $(VENV)/runtime
	@exec $(BIN)/python manage.py up --demo

test: $(VENV)/development
	@deploy/test-tools.sh
	$(BIN)/python -m pytest --numprocesses 4 --dist worksteal

test-again: $(VENV)/development
	$(BIN)/python -m pytest --last-failed --last-failed-no-failures none

check: $(VENV)/development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/python -m pytest -q tests/test_architecture.py tests/test_settings.py
	$(BIN)/python manage.py makemigrations --check --dry-run

# Compile the locked dependencies again. Wants `uv`.
lock:
	uv pip compile --python-version 3.11 --universal --generate-hashes --no-header \
		--no-emit-index-url -q requirements.in -o requirements.lock
	uv pip compile --python-version 3.11 --universal --generate-hashes --no-header \
		--no-emit-index-url -q requirements-dev.in -o requirements-dev.lock

# Before the first release: one migration an app, made again when its models change.
migrations: $(VENV)/runtime
	$(BIN)/python manage.py makemigrations --skip-checks $(app)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Headwater needs Python 3.11 or newer.") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/runtime: requirements.lock | $(VENV)/bin/python
	@echo "Installing the locked dependencies, which takes a minute or two once."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/development: requirements-dev.lock $(VENV)/runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
