# The two commands to know: `make demo` and `make test`. Both create .venv when it is missing.

SHELL := /bin/bash
VENV := .venv
PY := $(VENV)/bin/python
# The first Python of at least 3.11 that is found; override with `make PYTHON=/path/to/python`.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv; sys.exit(not sys.version_info >= (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)

# One thread per process: the class is graded by many processes, and sums do not depend on the machine.
export OPENBLAS_NUM_THREADS := 1
# Where it is set, each of the many processes that grade and test would compile all sources anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lint install assignments bench questions security fuzz prove clean

demo: install
	$(VENV)/bin/backmark demo

test: install
	$(PY) -m pytest -n auto $(ARGS)

lint: install
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Backmark needs Python 3.11 or newer; none was found. Try: make PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	PIP_CONSTRAINT=constraints.txt $(PY) -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# Build the student notebooks in assignments/ from solutions/.
assignments: install
	$(PY) -m autograder.handouts.notebook solutions assignments

# Ratios measured in one run. PyTorch is compared with where it is installed (torch==2.13.0).
bench: install
	$(PY) benchmarks/reference.py
	$(PY) benchmarks/gradcheck.py
	$(PY) benchmarks/grading.py

# Every type of question at every level, 200 seeds each.
questions: install
	$(PY) benchmarks/questions.py

# All attacks on every tier this machine can have, as root and as nobody.
security: install
	$(PY) tests/security/run_all.py

# 10,000 cases each of hostile notebooks, replies, values and typed answers.
fuzz: install
	$(PY) tests/security/fuzzing.py --cases 10000

# The checks bite: mistakes, changed solutions, right programs written otherwise, a sabotaged reference. Takes long.
prove: install
	$(VENV)/bin/backmark prove --leave-one-out
	$(VENV)/bin/backmark prove --rewrites
	$(VENV)/bin/backmark prove --mutate
	$(VENV)/bin/backmark prove --sabotage

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build
