"""Compile kernels with Numba and keep the machine code on disk, where there is a place to keep it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np

from reference.shapes import Array

__all__ = ["compiled", "plain"]

config: Any = numba.config

_FOLDER = Path(__file__).parent


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function on its first call; the options are those of `numba.njit`.

    Machine code is kept in the folder `NUMBA_CACHE_DIR` if that is set, else beside the package, else in the
    user's cache folder, else not at all.
    """

    def compile_it(function: Callable[..., Any]) -> Any:
        before = config.CACHE_DIR
        try:
            config.CACHE_DIR = _STORE or ""
            return numba.njit(cache=_STORE is not None, error_model="numpy", **options)(function)
        finally:
            config.CACHE_DIR = before

    return compile_it


def plain(array: Array) -> Array:
    """Return the array as kernels want it; each other layout, and read-only memory, would be compiled anew."""
    return array if array.flags.carray else np.array(array, order="C")  # C order, writable and aligned


def _store() -> str | None:
    """Find a folder to write in whose name changes whenever any file of kernels does.

    Numba alone notices a change in the file of a kernel, but not in another file the kernel is made from.
    """
    content = hashlib.sha256()
    for path in sorted(_FOLDER.glob("*.py")):
        content.update(path.read_bytes())
    name = f"reference-{content.hexdigest()[:12]}"
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    beside = [_FOLDER / "__pycache__", Path(home) / "numba"]
    for parent in [Path(config.CACHE_DIR)] if config.CACHE_DIR else beside:
        try:
            (parent / name).mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=parent / name).close()
        except OSError:
            continue
        return str(parent / name)
    return None


_STORE = None if config.DISABLE_JIT else _store()
