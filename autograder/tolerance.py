"""How far rounding may carry a right answer.

A bound is derived, never tuned: the truth is computed again on inputs disturbed by a known relative
amount, and what that does to a result is its sensitivity D (the change per unit of relative
disturbance). Every honest algorithm commits a few relative errors of one unit roundoff u on the way, so

    allowed = SAFETY * u * max(D, |y|)        (largest entry of the array)

The bound is the same for all entries of one array because honest algorithms err in proportion to the
largest entry, not to each one (a convolution through the FFT does). SAFETY stands for the number of
roundings on the way: 4096 covers sums of some thousand products in any order with room to spare, and
still leaves ten digits between the bound and an ordinary mistake. In float32 the sums of an exercise
are short, so 64 is enough there and keeps small slips (a forgotten epsilon) outside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

SAFETY_64 = 4096.0
SAFETY_32 = 64.0
UNIT_64 = float(np.finfo(np.float64).eps) / 2
UNIT_32 = float(np.finfo(np.float32).eps) / 2
DISTURBANCE = 2.0**-26
_ODD = np.uint64(0x9E3779B97F4A7C15)


def disturb(x: np.ndarray, seed: int, size: float = DISTURBANCE) -> np.ndarray:
    """Return `x * (1 + size * xi)` with xi in [-1, 1] a fixed function of the value and the seed.

    Equal values stay equal, so ties remain ties and a maximum keeps its position; zeros stay zero.
    """
    bits = np.ascontiguousarray(x, dtype=np.float64).view(np.uint64)
    with np.errstate(over="ignore"):
        mixed = (bits ^ (bits >> np.uint64(29)) ^ np.uint64(seed + 1)) * _ODD
        mixed = (mixed ^ (mixed >> np.uint64(32))) * _ODD
    xi = (mixed >> np.uint64(11)).astype(np.float64) / 2.0**52 - 1.0
    return (np.asarray(x, dtype=np.float64) * (1.0 + size * xi)).reshape(np.shape(x))


def disturb_all(value: Any, seed: int, size: float = DISTURBANCE) -> Any:
    """Disturb every float and float array inside nested tuples, lists and dicts."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return disturb(value, seed, size).astype(value.dtype)
    if isinstance(value, float) and not isinstance(value, bool):
        return float(disturb(np.array([value]), seed, size)[0])
    if isinstance(value, (tuple, list)):
        return type(value)(disturb_all(v, seed, size) for v in value)
    if isinstance(value, dict):
        return {k: disturb_all(v, seed, size) for k, v in value.items()}
    return value


def bounds(truth: Any, replay: Callable[[int], Any], draws: int = 6) -> tuple[Any, Any]:
    """Return the float64 and the float32 bound of every number in `truth`, in the same structure.

    Args:
        truth: nested result (arrays, numbers, tuples, lists, dicts).
        replay: seed -> the same result computed from disturbed inputs.
    """
    replays = [replay(seed) for seed in range(draws)]
    return _scaled(truth, replays, SAFETY_64 * UNIT_64), _scaled(truth, replays, SAFETY_32 * UNIT_32)


def _scaled(truth: Any, replays: list[Any], factor: float) -> Any:
    if isinstance(truth, (tuple, list)):
        return [_scaled(t, [r[i] for r in replays], factor) for i, t in enumerate(truth)]
    if isinstance(truth, dict):
        return {k: _scaled(t, [r[k] for r in replays], factor) for k, t in truth.items()}
    if not _is_float(truth):
        return 0.0
    return factor * sensitivity(truth, replays)


def sensitivity(truth: Any, replays: list[Any]) -> float:
    """Return max(|y|, |y' - y| / disturbance) over all finite entries and replays."""
    y = np.asarray(truth, dtype=np.float64)
    if y.size == 0:
        return 0.0
    with np.errstate(invalid="ignore"):  # inf - inf: such entries are left out below
        changes = [np.abs(np.asarray(r, dtype=np.float64) - y) / DISTURBANCE for r in replays]
    sizes = np.stack([np.abs(y), *changes])
    finite = sizes[np.isfinite(sizes)]
    return float(finite.max()) if finite.size else 0.0


def _is_float(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fc"
    return isinstance(value, (float, np.floating)) and not isinstance(value, bool)
