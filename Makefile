# The portal's few commands. `make run` and `make test` set everything up by themselves.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
STAMP := .venv/.installed
CATALOGUE := portal/locale/en/LC_MESSAGES/django

# What is compiled once is kept, whatever the machine says: hundreds of processes are started by the tests.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: install run test check sqlite browser postgres style types collect bench chaos clean format lock services docs audit

install: $(STAMP) $(CATALOGUE).mo

$(STAMP): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed.")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --require-hashes -r constraints.txt
	touch $@

$(CATALOGUE).mo: $(CATALOGUE).po | $(STAMP)
	$(BIN)/pybabel -q compile -d portal/locale -D django

run: install
	@DEMO=$${DEMO-1}; BASE_URL=$${BASE_URL-http://127.0.0.1:$(PORT)}; export DEMO BASE_URL; exec $(MANAGE) run --port $(PORT)

# The parts of it run at once, as many tests wait for clocks, processes and pages. Those on PostgreSQL do not,
# so they take what the others leave, and may be long at it.
PARTS := sqlite browser postgres
AT_ONCE := $(MAKE) --no-print-directory --jobs --output-sync=line

test: install
	@$(AT_ONCE) $(PARTS)

check: install
	@$(AT_ONCE) style types docs $(PARTS)

sqlite: services collect
	DEMO=1 $(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder -m "not browser"

browser: services collect
	DEMO=1 $(BIN)/pytest -n 2 tests/browser

postgres: services collect
	DEMO=1 PYTEST_ADDOPTS=--timeout=600 nice -n 5 deploy/test_on_postgres.sh \
		tests/aggregator tests/portal "tests/feeds tests/portal/monitoring"

style: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	DEMO=1 $(MANAGE) makemigrations --check --dry-run

types: install
	DEMO=1 $(BIN)/mypy

# Compiles each test once, which the processes of `test` would all do at the same time.
collect: install
	@mkdir -p var
	@DEMO=1 $(BIN)/pytest --collect-only -qq >var/collected.log || { cat var/collected.log; exit 1; }

# Headless Chromium, PostgreSQL, Redis and nginx for the tests that need them, where this machine lets us install them.
services: install
	@sh deploy/test_services.sh

# Faults by real processes on loopback, some minutes; the result table in docs/reliability.md is written anew.
chaos: install services
	DEMO=1 CHAOS_TABLE=1 $(BIN)/python -m pytest -p no:cacheprovider -p tests.chaos.table --durations=10 \
		tests/chaos tests/portal/test_hacked_site.py
	DEMO=1 CHAOS_TABLE=1 $(BIN)/python -m pytest -p no:cacheprovider -p tests.chaos.table tests/browser/test_hostile_content.py

# The handbook as a site in var/site; anything Sphinx is not content with ends it.
docs: install
	$(BIN)/sphinx-build -q -W --keep-going -b html docs var/site

# Known holes in what we depend on, and the list of it (CycloneDX), where the registries can be reached.
audit: install
	@mkdir -p var
	@sh deploy/audit.sh $(BIN)

bench: install
	for bench in bench/*.py; do $(BIN)/python $$bench || exit 1; done

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-emit-index-url --no-header --quiet

# All that is used anywhere, and of that what the image needs to run.
lock:
	$(COMPILE) --all-extras --upgrade -o constraints.txt
	$(COMPILE) -c constraints.txt -o deploy/requirements.txt

clean:
	rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
