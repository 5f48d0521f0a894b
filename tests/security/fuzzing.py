"""Throw made-up notebooks, messages, values and answers at everything that reads what students send.

    python tests/security/fuzzing.py [--cases 10000] [--only ingest_bytes ...]

Each target may end in the one exception that it names, or in what it promises; anything else is a fault.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
from hypothesis import HealthCheck, settings


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


reading, values = _load("fuzz_reading"), _load("fuzz_values")
TARGETS: dict[str, Callable[[], None]] = {f.__name__: f for f in (*reading.TARGETS, *values.TARGETS)}


def run(name: str, cases: int, fixed: bool = False) -> None:
    """Run a target on so many cases; ``fixed`` takes the same ones every time."""
    how = settings(
        max_examples=cases,
        deadline=None,
        database=None,
        derandomize=fixed,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=np.exceptions.ComplexWarning)
        how(TARGETS[name])()


def main() -> int:
    """Run all targets; a fault is shown with the smallest case that has it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--only", nargs="*", default=list(TARGETS), choices=TARGETS)
    options = parser.parse_args()
    for name in options.only:
        started = time.monotonic()
        run(name, options.cases)
        print(f"{name:18} {options.cases} cases, no fault, {time.monotonic() - started:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
