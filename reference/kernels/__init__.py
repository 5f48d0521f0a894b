"""Compiled loops behind the ops that gain from them, loaded with Numba on their first use.

One rule decides whether a call runs on a kernel, and it never looks at sizes or at what happens to be loaded,
so that a call gives the same result whenever it is made: *the switch is on and the topic has a kernel file*.
The switch is on at start unless the environment variable `REFERENCE_KERNELS` is `0`; `use_kernels(False)`
turns it off, for example in a process that should not load Numba. Where Numba is not installed the switch is
off. With and without kernels, results differ by rounding only.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
from types import ModuleType

__all__ = ["kernel", "use_kernels"]

_TOPICS = frozenset(
    {"activations", "convolution", "losses", "normalization", "pooling", "transposed", "unpooling"}
)
"""Topics that have a file of kernels here; `benchmarks/reference.py` says how much they gain."""

_on = os.environ.get("REFERENCE_KERNELS", "1") != "0" and importlib.util.find_spec("numba") is not None


def use_kernels(on: bool) -> bool:
    """Switch kernels on or off for this process and return how the switch stood before."""
    global _on
    if on and importlib.util.find_spec("numba") is None:
        raise RuntimeError("kernels need Numba, which is not installed; install numba or leave them off.")
    before, _on = _on, bool(on)
    return before


def kernel(topic: str) -> ModuleType | None:
    """Return the kernels of a topic, or None where plain NumPy is to be used."""
    return _load(topic) if _on and topic in _TOPICS else None


@functools.cache
def _load(topic: str) -> ModuleType:
    return importlib.import_module(f"reference.kernels.{topic}")
