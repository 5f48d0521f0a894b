"""The attackers of this folder, loaded by path: tests have no packages."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def load(name: str) -> ModuleType:
    """Load a module of this folder once."""
    full = f"security_{name}"
    if full not in sys.modules:
        spec = importlib.util.spec_from_file_location(full, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[full] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[full]


@pytest.fixture(scope="session")
def attacking() -> ModuleType:
    """The corpus and how it is held to what must become of each attack."""
    return load("attacking")


@pytest.fixture(scope="session")
def run_all() -> ModuleType:
    """The worlds in which attacks are tried."""
    return load("run_all")


@pytest.fixture(scope="session")
def fuzzing() -> ModuleType:
    """What is thrown at everything that reads what students send."""
    return load("fuzzing")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test every attack, or every world that the user can make."""
    if "attack_file" in metafunc.fixturenames:
        metafunc.parametrize("attack_file", load("attacking").CORPUS, ids=lambda p: p.stem)
    if "world" in metafunc.fixturenames:
        metafunc.parametrize("world", load("run_all").worlds(), ids=lambda w: w.name.replace(" ", "-"))
