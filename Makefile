# The commands of a checkout. Nothing here needs more than make, Python 3.11 or newer and pip.

PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,$(shell command -v $(name) 2>/dev/null)))
BIN := .venv/bin
# Settings with a default for every variable, none of them secret: for checks that touch no data.
CHECK_ENV := DJANGO_SETTINGS_MODULE=tests.settings
# Python keeps what it compiled, whatever the shell says: the tests alone start it some fifty times.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help install demo screenshots run worker test lint format types imports migrations deploy static check messages bench

help:
	@echo "make demo    simulated stores and stock systems, the dashboard and the worker, until Ctrl-C"
	@echo "make screenshots  the README's pictures, taken from the demo"
	@echo "make test    all tests, on SQLite or on the database in DATABASE_URL"
	@echo "make run     the web server         make worker   the worker (settings from the environment or .env)"
	@echo "make check   everything a change must pass: lint, types, imports, migrations, deploy check, tests"
	@echo "make bench   the benchmarks; see bench/README.md"

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or say make PYTHON=/path/to/python3"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is older than Python 3.11: say make PYTHON=/path/to/python3.11"; exit 1; }
	"$(PYTHON)" -m venv .venv

.venv/.runtime: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/.development: requirements-dev.txt .venv/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

bench/oscar/.venv/.ready: requirements-bench.txt | .venv/bin/python
	$(BIN)/python -m venv bench/oscar/.venv
	bench/oscar/.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	@touch $@

install: .venv/.runtime

demo: .venv/.runtime
	@$(BIN)/python -m sandbox.demo

screenshots: .venv/.development
	@$(BIN)/python docs/screenshots.py

run: .venv/.runtime
	@$(BIN)/honcho start web

worker: .venv/.runtime
	@$(BIN)/honcho start worker

test: .venv/.development
	$(BIN)/python -m pytest -n auto

lint: .venv/.development
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: .venv/.development
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: .venv/.development
	$(BIN)/mypy

imports: .venv/.development
	$(BIN)/lint-imports

migrations: .venv/.development
	$(CHECK_ENV) $(BIN)/python manage.py makemigrations --check --dry-run

# The settings of an installation behind HTTPS, with keys made for this one check.
deploy: .venv/.development
	env -u DATABASE_URL -u REDIS_URL -u ALLOWED_HOSTS -u EVENKEEL_ALLOW_PRIVATE_HOSTS DEBUG=0 \
		PUBLIC_URL=https://stock.example.com \
		SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(60))')" \
		EVENKEEL_ENCRYPTION_KEY="$$($(BIN)/python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')" \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

static: .venv/.development
	@folder="$$(mktemp -d)" && trap 'rm -rf "$$folder"' EXIT && \
		STATIC_ROOT="$$folder" DJANGO_SETTINGS_MODULE=tests.production_static $(BIN)/python manage.py collectstatic --noinput

check: lint types imports migrations deploy static test

# The texts of code and templates for translators; needs GNU gettext.
messages: .venv/.development
	@test -n "$(LANGUAGE)" || { echo "Say which language: make messages LANGUAGE=de"; exit 1; }
	@mkdir -p locale
	$(CHECK_ENV) $(BIN)/python manage.py makemessages --locale "$(LANGUAGE)" --ignore ".venv/*" --ignore "sandbox/*" \
		--ignore "tests/*" --ignore "bench/*" --ignore "staticfiles/*"

bench: .venv/.runtime bench/oscar/.venv/.ready
	@$(BIN)/python -m bench
