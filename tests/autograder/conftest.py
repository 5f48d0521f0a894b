"""Fixtures of these tests; right submissions in many styles live in honest.py."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

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


@pytest.fixture
def handed_in(tiny: Any, tinies: Any) -> Any:
    """A class of four: right, half, blank, torn; and somebody nobody knows."""
    tinies.hand_in(tiny, "ada")
    tinies.hand_in(tiny, "ben", tinies.notebook("ben", corr2d="def corr2d(F, H, pad):\n    return F"))
    tinies.hand_in(tiny, "cleo", (tiny.release("tiny") / "tiny.ipynb").read_bytes())
    tinies.hand_in(tiny, "dan", json.dumps(tinies.notebook("dan")).encode()[:500])
    tinies.hand_in(tiny, "zeno", tinies.notebook("zeno"))
    return tiny
