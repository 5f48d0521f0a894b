"""Fixtures of these tests; right submissions in many styles live in honest.py."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def honest() -> ModuleType:
    """The module of right submissions."""
    spec = importlib.util.spec_from_file_location("honest_submissions", Path(__file__).with_name("honest.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
