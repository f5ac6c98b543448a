# Everything a newcomer needs: `make demo` and `make test`. Both install what they need from the committed locks.
VENV := .venv
PYTHON ?= python3
BIN := $(VENV)/bin
UV := $(BIN)/uv

.PHONY: demo test check bench bench-peers fresh install install-dev ministack lock workspace-page clean

demo: install
	$(BIN)/ferry demo

test: install-dev ministack
	$(BIN)/pytest -m "not alone"
	$(BIN)/pytest -m alone -n 0

check: install-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n 0 tests/test_house.py

bench: install-dev
	$(BIN)/python -m tests.bench

# The same work by Ferry, Ragas, DeepEval, Inspect AI and promptfoo, each in an environment of its own under build/; needs npm.
SIZE ?= 1000
bench-peers: install-dev
	$(BIN)/python -m tests.bench.peers $(SIZE)

# A new environment from the lock, outside the one you work in: what a newcomer gets today.
FRESH := build/fresh
fresh:
	rm -rf $(FRESH)
	$(PYTHON) -m venv $(FRESH)
	$(FRESH)/bin/pip install --quiet --require-hashes -r requirements-uv.lock
	$(FRESH)/bin/uv pip install --quiet --compile-bytecode --python $(FRESH)/bin/python --require-hashes -r requirements.lock
	$(FRESH)/bin/uv pip install --quiet --python $(FRESH)/bin/python --no-deps --no-build-isolation .
	$(FRESH)/bin/uv pip check --quiet --python $(FRESH)/bin/python
	cd $(FRESH) && bin/python ../../tests/tools/fresh.py

install: $(VENV)/.installed

install-dev: $(VENV)/.installed-dev

$(VENV)/.uv: requirements-uv.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements-uv.lock
	@touch $@

$(VENV)/.installed: $(VENV)/.uv requirements.lock pyproject.toml
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@

# A peer of AWS for the tests. It needs another botocore than Ferry, so it has an environment of its own.
MINISTACK := build/ministack
ministack: $(MINISTACK)/.installed

$(MINISTACK)/.installed: $(VENV)/.uv requirements-ministack.lock
	$(PYTHON) -m venv $(MINISTACK)
	$(UV) pip install --quiet --compile-bytecode --python $(MINISTACK)/bin/python --require-hashes -r requirements-ministack.lock
	@touch $@

COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
lock: $(VENV)/.uv
	echo 'uv==0.13.9' | $(COMPILE) - -o requirements-uv.lock
	echo 'ministack==1.5.33' | $(COMPILE) - -o requirements-ministack.lock
	$(COMPILE) pyproject.toml --group build -o requirements.lock
	$(COMPILE) pyproject.toml --group build --group dev -o requirements-dev.lock

clean:
	rm -rf $(VENV) build .ferry .mypy_cache .ruff_cache .pytest_cache .hypothesis
