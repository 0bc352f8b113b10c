# Everything below sets itself up: a private environment in .venv, from hash-locked requirements.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: test lint demo bench lock clean

test: $(VENV)/.ready
	$(BIN)/python -m pytest -q -n auto

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

demo: $(VENV)/.ready
	$(BIN)/python -m jira_ci sandbox --help >/dev/null
	$(BIN)/python demo/demo.py

bench: $(VENV)/.ready
	$(BIN)/python bench/bench.py

$(VENV)/.ready: requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# The locks hold for every supported Python and platform; run this after changing a dependency.
lock:
	uv pip compile --quiet --universal --python-version 3.10 --generate-hashes pyproject.toml -o requirements/runtime.txt
	uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --group dev pyproject.toml -o requirements/dev.txt

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
