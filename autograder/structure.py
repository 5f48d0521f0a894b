"""Say how a wrong array differs from the right one, where no known mistake matches.

Each pattern is tried in turn, from the one that says most; the sentence never holds a hidden value.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np

Pattern = Callable[[np.ndarray, np.ndarray, float], str | None]


def describe(got: np.ndarray, expected: np.ndarray, allowed: float) -> str:
    """Return a sentence about how `got` differs from `expected`, or "" when nothing can be said.

    `allowed` is the error bound of the entries of `expected`.
    """
    if got.dtype.kind not in "biuf" or expected.dtype.kind not in "biuf" or expected.size < 2:
        return ""
    got, expected = got.astype(np.float64), expected.astype(np.float64)
    patterns = VALUES if got.shape == expected.shape else SHAPES
    with np.errstate(all="ignore"):
        return next((text for p in patterns if (text := p(got, expected, max(allowed, 1e-300)))), "")


def _equal(a: np.ndarray, b: np.ndarray, allowed: float) -> bool:
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= allowed))


# --- the shape is wrong --------------------------------------------------------------------------


def _axes_exchanged(got: np.ndarray, expected: np.ndarray, allowed: float) -> str | None:
    for order in itertools.permutations(range(got.ndim)) if got.ndim <= 5 else ():
        if _equal(got.transpose(order), expected, allowed):
            return f"The numbers are right but the axes are in another order: transpose{order} would put them right."
    return None


def _squeezed(got: np.ndarray, expected: np.ndarray, allowed: float) -> str | None:
    if got.size == expected.size and _equal(got.reshape(expected.shape), expected, allowed):
        return "The numbers are right and in the right order; only the shape is not (an axis is missing or merged)."
    return None


def _cut_out(got: np.ndarray, expected: np.ndarray, allowed: float) -> str | None:
    if got.ndim != expected.ndim:
        return None
    common = tuple(slice(0, min(a, b)) for a, b in zip(got.shape, expected.shape))
    if min(got.shape) and _equal(got[common], expected[common], allowed):
        more = "more" if got.size > expected.size else "less"
        return f"What you return starts right, but there is {more} of it than there should be."
    return None


# --- the values are wrong ------------------------------------------------------------------------


def _all_zero(got: np.ndarray, _expected: np.ndarray, _allowed: float) -> str | None:
    return "Every value is zero: the result array is created but never filled." if not np.any(got) else None


def _factor(got: np.ndarray, expected: np.ndarray, allowed: float) -> str | None:
    i = np.unravel_index(np.argmax(np.abs(expected)), expected.shape)
    if abs(expected[i]) <= allowed or not np.isfinite(got[i]):
        return None
    factor = float(got[i] / expected[i])
    if factor == 0 or not _equal(got, factor * expected, allowed * max(1.0, abs(factor)) * 4):
        return None
    if math.isclose(factor, -1):
        return "Every value has the opposite sign."
    return f"Every value is {_named_factor(factor, expected.shape)} times what it should be."


def _named_factor(factor: float, shape: tuple[int, ...]) -> str:
    """Write a factor, with the quantity of the result it equals."""
    sizes = {"the number of examples": shape[0]}
    if len(shape) >= 2:
        sizes["the number of entries in one map"] = shape[-1] * shape[-2]
    sizes["the number of all entries"] = math.prod(shape)
    for name, size in sizes.items():
        for value, text in ((size, name), (1 / size, f"1 / {name}")):
            if size > 1 and math.isclose(factor, value, rel_tol=1e-9):
                return f"{factor:.6g} (that is {text})"
    return f"{factor:.6g}"


def _offset(got: np.ndarray, expected: np.ndarray, allowed: float) -> str | None:
    gap = got - expected
    if _equal(gap, np.full_like(gap, gap.flat[0]), 4 * allowed):
        return "Every value is off by the same amount: something is added, or left out, once for each entry."
    for axis in range(1, gap.ndim):
        rest = tuple(a for a in range(gap.ndim) if a != axis)
        if gap.shape[axis] > 1 and float(np.max(np.ptp(gap, axis=rest))) <= 4 * allowed:
            return (
                f"Along axis {axis} every slice is off by an amount of its own, as with a bias that is wrong."
            )
    return None


def _turned(got: np.ndarray, expected: np.ndarray, allowed: float) -> str | None:
    for axes in _subsets(range(got.ndim)):
        if _equal(np.flip(got, axes), expected, allowed):
            return f"The values are right but in reverse order along {_axes(axes)}."
    for a, b in itertools.combinations(range(got.ndim), 2):
        if got.shape[a] == got.shape[b] > 1 and _equal(np.swapaxes(got, a, b), expected, allowed):
            return f"The values are right but the axes {a} and {b} are exchanged."
    return None


def _shifted(got: np.ndarray, expected: np.ndarray, allowed: float) -> str | None:
    for axis in range(got.ndim):
        if got.shape[axis] < 3:
            continue
        ahead, behind = _part(slice(1, None), axis, got.ndim), _part(slice(None, -1), axis, got.ndim)
        if _equal(got[ahead], expected[behind], allowed) or _equal(got[behind], expected[ahead], allowed):
            return f"The values are right but one place off along axis {axis}."
    return None


def _where(got: np.ndarray, expected: np.ndarray, allowed: float) -> str | None:
    """Find the slices of an axis in which alone the values are wrong, or right."""
    wrong = ~(np.abs(got - expected) <= allowed)
    for axis in range(wrong.ndim):
        n = wrong.shape[axis]
        bad = np.flatnonzero(np.any(wrong, axis=tuple(a for a in range(wrong.ndim) if a != axis)))
        if n > 1 and len(bad) == 1:
            return f"Only {_position(int(bad[0]), n)} along axis {axis} is wrong{_zero(got, wrong)}."
        good = sorted(set(range(n)) - set(bad.tolist()))
        if n > 2 and len(good) == 1:
            return f"Only {_position(good[0], n)} along axis {axis} is right."
    return _border(got, wrong)


def _border(got: np.ndarray, wrong: np.ndarray) -> str | None:
    if wrong.ndim < 2 or min(wrong.shape[-2:]) < 3 or not np.any(wrong):
        return None
    inside = (..., slice(1, -1), slice(1, -1))
    if not np.any(wrong[inside]):
        return f"Only values on the border are wrong{_zero(got, wrong)}: look at padding and the outermost windows."
    return None


def _zero(got: np.ndarray, wrong: np.ndarray) -> str:
    return " (it is still zero)" if not np.any(got[wrong]) else ""


def _position(i: int, n: int) -> str:
    return "the first" if i == 0 else "the last" if i == n - 1 else f"number {i} (counted from 0)"


def _part(piece: slice, axis: int, ndim: int) -> tuple[slice, ...]:
    return tuple(piece if a == axis else slice(None) for a in range(ndim))


def _subsets(axes: range) -> Iterator[tuple[int, ...]]:
    for size in range(1, len(axes) + 1):
        yield from itertools.combinations(axes, size)


def _axes(axes: tuple[int, ...]) -> str:
    return f"axis {axes[0]}" if len(axes) == 1 else "axes " + " and ".join(map(str, axes))


def _imprecise(got: np.ndarray, expected: np.ndarray, allowed: float) -> str | None:
    """Recognise digits that were lost on the way: everything is close, far from the bound though it is."""
    size = float(np.max(np.abs(expected)))
    worst = float(np.max(np.abs(got - expected)))
    if not np.isfinite(worst) or not allowed < worst <= 1e-4 * size:
        return None
    digits = int(-math.log10(worst / size))
    return (
        f"Every value is right to about {digits} digits, but not more: precision is lost on the way, as in float32, "
        "in a difference of nearly equal numbers, or by a small constant that does not belong there."
    )


SHAPES: tuple[Pattern, ...] = (_axes_exchanged, _squeezed, _cut_out)
VALUES: tuple[Pattern, ...] = (_all_zero, _factor, _offset, _turned, _shifted, _where, _imprecise)
