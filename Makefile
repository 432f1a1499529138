# Everything runs in .venv, which is made anew when the requirements change.

VENV := .venv
STAMP := $(VENV)/installed
BIN := $(VENV)/bin

BACKEND ?= torch
DEMO_ARGS ?=
PYTEST_ARGS ?=

# A command that exists need not work, and a Python without ensurepip can make no environment.
FITS := import ensurepip, sys, venv; sys.exit(not (3, 10) <= sys.version_info[:2] < (3, 12))
PYTHON ?= $(shell for python in python3.11 python3.10 python3; do \
	$$python -c '$(FITS)' >/dev/null 2>&1 && { echo $$python; break; }; done)

.PHONY: help demo test lint clean

help:
	@echo "make demo       train LeNet on digits with the Saliency Trace (BACKEND=torch or tf, DEMO_ARGS=...)"
	@echo "make test       run the tests, which need Graphviz's dot (PYTEST_ARGS=...)"
	@echo "make lint       check style and types"
	@echo "make clean      remove .venv, caches and build products"
	@echo "The first of them makes .venv, with Python 3.10 or 3.11: PYTHON=/path/to/python chooses it."

demo: $(STAMP)
	$(BIN)/python apphub_examples/digits/demo.py --backend $(BACKEND) $(DEMO_ARGS)

test: $(STAMP)
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/mypy fe_saliency

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
	find fe_saliency tests apphub_examples -name __pycache__ -prune -exec rm -rf {} +

# torch comes first, by its exact version: pip then takes a CPU build of it where one is offered.
$(STAMP): setup.py constraints.txt
	@"$(PYTHON)" -c '$(FITS)' 2>/dev/null || { \
		echo "fe_saliency needs Python 3.10 or 3.11 with its venv module (TensorFlow 2.15 has no wheels" \
		"for others), but found $(or $(PYTHON),none). Name one: make PYTHON=/path/to/python3.11 ..." >&2; \
		exit 1; }
	"$(PYTHON)" -m venv --clear $(VENV)
	$(BIN)/python -m pip install -c constraints.txt "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install -c constraints.txt -e '.[examples,test,dev]'
	@touch $@
