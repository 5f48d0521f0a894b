"""The functions to check, loaded by path since tests have no packages, and one small input."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

_SPEC = importlib.util.spec_from_file_location("gradient_pairs", Path(__file__).with_name("pairs.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
sys.modules["gradient_pairs"] = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(sys.modules["gradient_pairs"])


@pytest.fixture
def x():
    return np.random.default_rng(11).normal(size=(3, 4))
