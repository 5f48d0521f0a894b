"""Fixtures of the conformance tests: foreign oracles, and the modules of this folder that speak to them.

Oracles are loaded when the first test asks for them, never while tests are collected.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest


def load(name: str) -> ModuleType:
    """Load a module of this folder by path: tests have no packages."""
    full = f"conformance_{name}"
    if full not in sys.modules:
        path = Path(__file__).with_name(f"{name}.py")
        spec = importlib.util.spec_from_file_location(full, path)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[full] = importlib.util.module_from_spec(spec)  # dataclasses look themselves up
        spec.loader.exec_module(module)
    return sys.modules[full]


@pytest.fixture(scope="session")
def load_module() -> Callable[[str], ModuleType]:
    """load_module(name): a module of this folder."""
    return load


@pytest.fixture(scope="session")
def adapter() -> ModuleType:
    """The module that plays ONNX nodes on the ops of the reference."""
    return load("onnx_adapter")


@pytest.fixture(scope="session")
def onnx_cases(adapter: ModuleType) -> dict[str, Any]:
    """The backend test cases, by name, whose model is a single node of an operator the adapter knows."""
    kept = np.random.get_state()  # noqa: NPY002  # the wheel draws its cases from the global generator
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # overflow and division by zero in cases of other operators
        from onnx.backend.test.case.node import collect_testcases

        cases = collect_testcases(None)
    np.random.set_state(kept)  # noqa: NPY002
    return {case.name: case for case in cases if adapter.is_ours(case)}


@pytest.fixture(scope="session")
def torch() -> ModuleType:
    """PyTorch on one thread; where it is not installed, the test is skipped."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other people's house
        found = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch==2.13.0")
    found.set_num_threads(1)
    return found


@pytest.fixture
def strict() -> Iterator[None]:
    """Turn a hang into a failure, and any warning of NumPy into an error."""

    def give_up(_signal: int, _frame: Any) -> None:
        raise TimeoutError("no answer within a minute")

    if not hasattr(signal, "SIGALRM"):
        yield
        return
    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(60)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def little_memory(strict: None) -> Iterator[None]:
    """Leave one gigabyte to grow: an absurd array is then a MemoryError at once, also where memory is lent freely."""
    resource = pytest.importorskip("resource", reason="limits of memory are a matter of POSIX")
    if not os.path.exists("/proc/self/statm"):
        yield
        return
    with open("/proc/self/statm", encoding="ascii") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = used + 2**30
    resource.setrlimit(resource.RLIMIT_AS, (wanted if hard < 0 else min(wanted, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@pytest.fixture(scope="session")
def refusals() -> ModuleType:
    """The module that says what it means to refuse."""
    return load("refusals")
