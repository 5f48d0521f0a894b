"""Fixtures of the report tests; sample reports live in samples.py, notebooks in release.py."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


def load(name: str) -> ModuleType:
    """Load a module of this folder by path: tests have no packages."""
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"report_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def samples() -> ModuleType:
    """The module of sample reports."""
    return load("samples")


@pytest.fixture
def course(samples, tmp_path):
    """The sample class, with its course folder in the test's own directory."""
    return samples.course(tmp_path / "course")


@pytest.fixture(scope="session")
def release() -> ModuleType:
    """The module that builds release notebooks and course folders."""
    return load("release")
