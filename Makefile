PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test check native-test

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# reinstalled whenever the requirements or the native engine change
NATIVE := $(wildcard native/*.cpp native/*.hpp native/CMakeLists.txt)

$(VENV)/.demo: pyproject.toml $(NATIVE) | $(BIN)/python
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/.test: pyproject.toml $(NATIVE) | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[test]'
	touch $@

$(VENV)/.dev: pyproject.toml $(NATIVE) | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@

demo: $(VENV)/.demo
	$(BIN)/downslope demo

test: $(VENV)/.test
	$(BIN)/python -m pytest -n auto

# the kernels on every instruction set of this processor, then once more with sanitizers
native-test: $(VENV)/.dev
	for sanitize in OFF ON; do \
		$(BIN)/cmake -S native -B $(VENV)/native-$$sanitize -DDOWNSLOPE_SANITIZE=$$sanitize && \
		$(BIN)/cmake --build $(VENV)/native-$$sanitize --parallel && \
		$(BIN)/ctest --test-dir $(VENV)/native-$$sanitize --output-on-failure || exit 1; \
	done

check: $(VENV)/.dev native-test
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n auto
	for isa in $$($(BIN)/python -c 'from downslope.engines import _native; print(*_native.instruction_sets())'); do \
		DOWNSLOPE_ISA=$$isa $(BIN)/python -m pytest -n auto tests/test_native.py tests/test_bfloat16.py || exit 1; \
	done
	DOWNSLOPE_ENGINE=reference $(BIN)/python -m pytest -n auto tests/test_descend.py
