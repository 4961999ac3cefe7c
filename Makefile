# make run   the site on this machine: make run [PORT=8123] [REPO=<path or git URL> [PYTHON=<its interpreter>]]
# make test  every test, in as many processes as there are processors: make test [ARGS="-k claim"] [JOBS=1]
# make corpus  the score on real broken trees, fetched the first time: make corpus [ARGS=tornado]
# make slow  the tests that take minutes: a hundred thousand errors, every page in every look
# make storm  hundreds of people at one ticket, over HTTP and in the database: one line for each promise
# make bench  what it costs, each figure beside a floor of the same run, into build/bench.json: make bench [ARGS=pages]
# make screenshots  every screen and state as pictures in build/screenshots: make screenshots [ARGS="overview ticket"]
# make gallery  the example in tests/gallery, from real passes: make gallery REPO=<clone> PYTHON=<its interpreter>
# make lint  style, types, layers        make clean  everything that can be made again (never .data)
#
# Only relative paths stand in targets and recipes, so the clone may lie anywhere, also below a folder with a space.

VENV_PYTHON ?= python3
JOBS        ?= auto
UV_VERSION  := 0.13.9
BIN         := .venv/bin

# A private cache where the home directory cannot hold one (a scrubbed environment, a service account).
UV_CACHE := $(shell [ -n "$$UV_CACHE_DIR" ] && exit; mkdir -p "$$HOME/.cache/uv" 2>/dev/null && [ -w "$$HOME/.cache/uv" ] || echo .venv/uv-cache)
# The machine's own certificates where it has some, as git and curl use them: a company's proxy signs with its own.
UV_CERTS := $(shell [ "$$(uname)" = Darwin ] || [ -e /etc/ssl/certs/ca-certificates.crt ] || [ -e /etc/pki/tls/cert.pem ] && echo UV_SYSTEM_CERTS=1)
UV := env -u VIRTUAL_ENV UV_PYTHON_DOWNLOADS=never $(UV_CERTS) $(if $(UV_CACHE),UV_CACHE_DIR=$(UV_CACHE)) .venv/tools/bin/uv
# --inexact: what `run` needs never removes what `test` needs.
SYNC := $(UV) sync -q --frozen --inexact --compile-bytecode --python $(BIN)/python --extra embedded

.PHONY: run test slow storm bench corpus gallery lint format clean
.DELETE_ON_ERROR:

run: .venv/run.stamp
	@set --; \
	if [ -n "$$REPO" ]; then set -- "$$@" --repo "$$REPO"; fi; \
	if [ -n "$$PYTHON" ]; then set -- "$$@" --python "$$PYTHON"; fi; \
	exec $(BIN)/python manage.py up "$$@"

test: .venv/browser.stamp
	@$(BIN)/python -m pytest -n $(JOBS) --maxprocesses 4 --dist worksteal $(ARGS)

corpus: .venv/test.stamp
	@$(BIN)/python -m tests.corpus.score $(ARGS)

screenshots: .venv/browser.stamp
	@$(BIN)/python -m tests.screenshots $(ARGS)

gallery: .venv/browser.stamp
	@$(BIN)/python -m tests.gallery "$(REPO)" "$(PYTHON)"

slow: .venv/browser.stamp
	@$(BIN)/python -m pytest -m slow $(ARGS)

storm: .venv/test.stamp
	@$(BIN)/python -m pytest -m storm -q tests/storm $(ARGS)

bench: .venv/browser.stamp
	@$(BIN)/python -m tests.benchmarks $(ARGS)

lint: .venv/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet --lint templates

format: .venv/test.stamp
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

clean:
	rm -rf .venv build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path "./.data/*" -prune -exec rm -rf {} +

.venv/uv.stamp:
	@command -v $(VENV_PYTHON) >/dev/null || { echo "python3 is missing. Install Python 3.11 or newer." >&2; exit 1; }
	@$(VENV_PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$$($(VENV_PYTHON) --version) is too old: 3.11 or newer is needed. Name one: make VENV_PYTHON=python3.12 ..." >&2; exit 1; }
	@$(VENV_PYTHON) -c 'import ensurepip' 2>/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "Installing python3-venv."; apt-get install -y -qq python3-venv >/dev/null || { apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null; }; \
		fi; }
	@$(VENV_PYTHON) -c 'import ensurepip' 2>/dev/null || { \
		echo "This Python cannot make virtual environments. On Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }
	@echo "Making the virtual environment."
	@[ -x $(BIN)/python ] || $(VENV_PYTHON) -m venv .venv
	@[ -x .venv/tools/bin/uv ] || $(BIN)/python -m pip install -q --disable-pip-version-check --no-cache-dir --target .venv/tools uv==$(UV_VERSION)
	@touch $@

.venv/run.stamp: pyproject.toml uv.lock .venv/uv.stamp
	@[ -e $@ ] || echo "Installing packages (once, about a minute)."
	@$(SYNC) --no-dev
	@touch $@

.venv/test.stamp: pyproject.toml uv.lock .venv/uv.stamp
	@[ -e $@ ] || echo "Installing packages for the tests (once, about a minute)."
	@$(SYNC)
	@touch $@ .venv/run.stamp

.venv/browser.stamp: .venv/test.stamp tests/prepare_machine.py
	@$(BIN)/python tests/prepare_machine.py
	@touch $@
