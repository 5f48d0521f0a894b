"""Compare a student's value with the expected one: kind, shape, finiteness, then numbers within bounds.

Values that are right in an odd container (a list, a matrix, float32) are right, with a note.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.sandbox._plain import Foreign

_FLOAT64 = np.dtype(np.float64)
MANY = 9  # more results, axes or items are not counted in sentences
NUMBER = (bool, int, float, np.bool_, np.integer, np.floating)


@dataclass(frozen=True)
class Comparison:
    """What comparing found. `problem` is empty when right; `ratio` is |got - expected| / allowed."""

    problem: str = ""
    message: str = ""
    where: str = ""
    worst: Mapping[str, Any] | None = None
    ratio: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """Tell whether the value may count as right."""
        return not self.problem


def compare(got: Any, expected: Any, allowed64: Any, allowed32: Any, where: str = "") -> Comparison:
    """Compare nested results; the first problem is reported, and the worst ratio when all is right."""
    with np.errstate(all="ignore"):
        ratio = _plainly_right(got, expected, allowed64)
        if ratio is not None:
            return Comparison(ratio=ratio)
        return _compare(got, expected, allowed64, allowed32, where)


def agrees(got: Any, expected: Any, allowed64: Any, allowed32: Any) -> bool:
    """Tell whether `compare` finds a value right, without saying why not; for comparing with many mistakes."""
    if _plainly_different(got, expected, allowed64, allowed32):
        return False
    return compare(got, expected, allowed64, allowed32).right


def _plainly_different(got: Any, expected: Any, allowed64: Any, allowed32: Any) -> bool:
    """Tell whether two values differ at first sight; False means that a closer look is needed."""
    if type(got) is not type(expected):
        return False
    if type(got) is tuple:
        rows = (got, expected, allowed64, allowed32)
        fits = all(type(r) in (list, tuple) and len(r) == len(got) for r in rows)
        return fits and any(map(_plainly_different, *rows))
    if type(got) is not np.ndarray:
        return False
    if got.shape != expected.shape:
        return True
    plain = got.dtype == expected.dtype == _FLOAT64 and type(allowed64) is type(allowed32) is float
    if not plain:
        return False
    allowed = max(allowed64, allowed32)
    if got.size and abs(got.item(0) - expected.item(0)) > allowed:  # most differ here, and this is soon seen
        return True
    with np.errstate(all="ignore"):
        return bool(np.abs(got - expected).max(initial=0.0) > allowed)


def _plainly_right(got: Any, expected: Any, allowed: Any) -> float | None:
    """Return the ratio of a value that is right and of the expected kinds throughout, by far the most frequent.

    None means that a closer look is needed.
    """
    kind = type(expected)
    if kind is Foreign:
        return 0.0
    if type(got) is not kind:
        return None
    if kind is tuple:
        return _all_plainly_right(got, expected, allowed)
    if kind is int or kind is bool:
        return 0.0 if got == expected else None
    if kind is float:
        error: Any = abs(got - expected)
    elif kind is np.ndarray and got.dtype == expected.dtype == _FLOAT64 and got.shape == expected.shape:
        error = np.abs(got - expected).max(initial=0.0)
    else:
        return None
    if type(allowed) is not float or not error <= allowed:
        return None
    return float(error) / allowed if allowed else 0.0


def _all_plainly_right(got: tuple, expected: tuple, allowed: Any) -> float | None:
    if type(allowed) not in (list, tuple) or not len(got) == len(expected) == len(allowed):
        return None
    worst = 0.0
    for row in zip(got, expected, allowed):
        ratio = _plainly_right(*row)
        if ratio is None:
            return None
        worst = max(worst, ratio)
    return worst


def _compare(got: Any, expected: Any, allowed64: Any, allowed32: Any, where: str) -> Comparison:
    if isinstance(expected, Foreign):
        return Comparison()  # stays in the student's process (a cache, an object): nothing to compare
    if isinstance(expected, (tuple, list)):
        return _compare_sequence(got, expected, allowed64, allowed32, where)
    if isinstance(expected, dict):
        return _compare_dict(got, expected, allowed64, allowed32, where)
    if expected is None or isinstance(expected, str):
        return _compare_exactly(got, expected, where)
    return _compare_numbers(got, expected, allowed64, allowed32, where)


def _compare_sequence(got: Any, expected: Sequence[Any], a64: Any, a32: Any, where: str) -> Comparison:
    if isinstance(got, np.ndarray) and got.ndim and len(got) == len(expected):
        got = list(got)
    if not isinstance(got, (tuple, list)):
        return Comparison("count", f"expected {len(expected)} results, got one: {kind_of(got)}", where)
    if len(got) != len(expected):
        more = len(got) if len(got) <= MANY else "many more"
        return Comparison("count", f"expected {len(expected)} results, got {more}", where)
    n = len(expected)
    rows = zip(got, expected, _each(a64, range(n)), _each(a32, range(n)))
    return _together([_compare(g, e, a, b, f"{where}[{i}]") for i, (g, e, a, b) in enumerate(rows)])


def _compare_dict(got: Any, expected: Mapping[str, Any], a64: Any, a32: Any, where: str) -> Comparison:
    if not isinstance(got, dict):
        return Comparison("kind", f"expected a dict, got {kind_of(got)}", where)
    missing = [k for k in expected if k not in got and not _is_zero(expected[k])]
    if missing:
        return Comparison("kind", f"the dict has no entry {missing[0]!r}", where)
    rows = zip(expected, _each(a64, expected), _each(a32, expected))
    return _together([_compare(got.get(k, 0.0), expected[k], a, b, f"{where}[{k!r}]") for k, a, b in rows])


def _is_zero(value: Any) -> bool:
    """Tell whether an entry may be left out: nothing depends on it, so its number is exactly 0."""
    return isinstance(value, NUMBER) and value == 0


def _compare_exactly(got: Any, expected: Any, where: str) -> Comparison:
    if type(got) is type(expected) and got == expected:
        return Comparison()
    if isinstance(got, str) and isinstance(expected, str):
        return Comparison(
            "value", "another text is expected", where, ratio=math.inf
        )  # which one may be hidden
    wanted = "a text" if isinstance(expected, str) else "None"
    return Comparison("kind", f"expected {wanted}, got {kind_of(got)}", where, ratio=math.inf)


def _compare_numbers(got: Any, expected: Any, a64: float, a32: float, where: str) -> Comparison:
    truth = np.asarray(expected)
    array, notes = as_array(got)
    if array is None:
        return Comparison("kind", f"expected {_named(truth)}, got {kind_of(got)}", where)
    if array.shape != truth.shape:
        seen = shape_told(array.shape, truth.shape)
        return Comparison("shape", f"expected shape {truth.shape}, got {seen}", where, notes=notes)
    if truth.dtype.kind in "biu":
        return _compare_whole(array, truth, where, notes)
    return _compare_floats(array, truth, _largest(a64), _largest(a32), where, notes)


def _compare_whole(array: np.ndarray, truth: np.ndarray, where: str, notes: tuple[str, ...]) -> Comparison:
    wrong = array != truth
    if not np.any(wrong):
        if truth.dtype.kind in "iu" and array.dtype.kind == "f":
            notes += ("whole numbers are expected here; floats with the same value were accepted",)
        return Comparison(notes=notes)
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    return Comparison("value", "the values differ", where, _entry(index, array, truth, 0.0), math.inf, notes)


def _compare_floats(
    array: np.ndarray, truth: np.ndarray, a64: float, a32: float, where: str, notes: tuple[str, ...]
) -> Comparison:
    if array.dtype == truth.dtype == np.float64 and array.size:
        worst = float(np.abs(array - truth).max())
        if worst <= a64:  # all finite and right
            return Comparison(ratio=worst / a64 if a64 else 0.0, notes=notes)
    same = (array == truth) | (np.isnan(array) & np.isnan(truth))
    error = np.where(same, 0.0, np.abs(array.astype(np.complex128) - truth))
    error = np.where(np.isnan(error), np.inf, error)
    if error.size == 0:
        return Comparison(notes=notes)
    index = np.unravel_index(int(np.argmax(error)), error.shape)
    worst = float(error[index])
    if worst <= a64:
        return Comparison(ratio=worst / a64 if a64 else 0.0, notes=notes)
    if worst <= a32:
        return Comparison(
            ratio=worst / a32, notes=notes + ("right to float32 precision only: compute in float64",)
        )
    entry = _entry(tuple(int(i) for i in index), array, truth, a64)
    problem = "nonfinite" if not np.isfinite(array[index]) and np.isfinite(truth[index]) else "value"
    message = "a value is nan or infinite" if problem == "nonfinite" else "the values differ"
    return Comparison(problem, message, where, entry, worst / a64 if a64 else math.inf, notes)


def _entry(index: tuple[int, ...], array: np.ndarray, truth: np.ndarray, allowed: float) -> dict[str, Any]:
    return {
        "index": list(index),
        "got": _number(array[index]),
        "expected": _number(truth[index]),
        "allowed": float(allowed),
    }


def _number(value: Any) -> Any:
    """JSON knows no nan, infinity or complex numbers."""
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, complex) or (isinstance(plain, float) and not math.isfinite(plain)):
        return str(plain)
    return plain


def as_array(value: Any) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Return the numbers of a value as an array, with a note where the container is unusual."""
    if isinstance(value, np.ndarray):
        return (value, ()) if value.dtype.kind in "biufc" else (None, ())
    if isinstance(value, NUMBER):
        array = np.asarray(value)
        return (array if array.dtype.kind in "biuf" else np.asarray(_huge(value))), ()
    if not isinstance(value, (list, tuple)) or not value:
        return None, ()
    try:
        array = np.array([_deep(v) for v in value])
    except (ValueError, TypeError, OverflowError):
        return None, ()
    if array.dtype.kind not in "biufc":
        return None, ()
    return array, (f"a {type(value).__name__} was accepted; return a NumPy array",)


def _huge(value: Any) -> float:
    """Return a whole number that fits into no array."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _deep(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_deep(v) for v in value]
    if isinstance(value, (np.ndarray, *NUMBER)):
        return value
    raise TypeError


def shape_told(shape: tuple[int, ...], expected: tuple[int, ...] = (MANY,) * 4) -> str:
    """Write out a shape; one far from what is expected is not told, for hidden inputs could be written into it."""
    if len(shape) > len(expected) + 1:
        return f"one with {len(shape)} axes" if len(shape) <= MANY else "one with many axes"
    largest = 2 * max(expected, default=1) + 2
    return str(shape) if max(shape, default=0) <= largest else "one with other, larger sizes"


def kind_of(value: Any) -> str:
    """Name the kind of a value as a student would."""
    if value is None:
        return "None (is the return statement missing?)"
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}, its shape {shape_told(value.shape)}"
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value) if len(value) <= MANY else 'many'}"
    if isinstance(value, NUMBER):
        return "a number"
    name = getattr(value, "typename", type(value).__name__)
    return {"too large": "one too large to be sent", "complex": "a complex number"}.get(name, f"a {name}")


def _named(truth: np.ndarray) -> str:
    return "a number" if truth.ndim == 0 else f"an array of shape {truth.shape}"


def _each(bound: Any, places: Iterable[Any]) -> list[Any]:
    """Return the bound of each place; where the bound has another structure, its largest number for all."""
    places = list(places)
    fits = (isinstance(bound, dict) and all(p in bound for p in places)) or (
        isinstance(bound, (list, tuple)) and len(bound) == len(places)
    )
    return [bound[p] for p in places] if fits else [_largest(bound)] * len(places)


def _largest(bound: Any) -> float:
    if isinstance(bound, dict):
        bound = list(bound.values())
    if isinstance(bound, (list, tuple)):
        return max((_largest(b) for b in bound), default=0.0)
    return float(bound)


def _together(parts: Iterable[Comparison]) -> Comparison:
    parts = list(parts)
    notes = tuple(dict.fromkeys(n for p in parts for n in p.notes))
    for part in parts:
        if not part.right:
            return part
    return Comparison(ratio=max((p.ratio for p in parts), default=0.0), notes=notes)
