"""Readings: what counts of a result, where students may choose its form and two of their functions must agree on it.

A reading takes the facts of a trial (from the key) and a result and returns what is compared with the key. It runs
in the judge, because it has to know what is right: beside student code that could be looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.compare import as_array
from autograder.sandbox._script import Outcome

Reading = Callable[[Mapping[str, Any], Sequence[Any]], Any]
READINGS: dict[str, Reading] = {}


def reading(function: Reading) -> Reading:
    """Register a reading under its function's name."""
    READINGS[function.__name__] = function
    return function


def read(trial: Any, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    """Return the outcomes of a trial with its judged results read; what has been read stays as it is."""
    if "reading" not in trial.facts:
        return outcomes
    made = list(outcomes)
    for i in trial.judged:
        if made[i].status == "ok" and isinstance(made[i].value, (tuple, list)):
            value = READINGS[trial.facts["reading"]](trial.facts, made[i].value)
            made[i] = replace(made[i], value=value)
    return made


# --- polynomials ---------------------------------------------------------------------------------

# Coefficients may be kept in either order, or in any other form a student's two functions agree on. So the fit
# is judged by what the student's own predict makes of it, unless the coefficients show by themselves that only
# predict is wrong; predict is judged by what it makes of the student's own fit, or of given coefficients.


@reading
def fitted(facts: Mapping[str, Any], result: Sequence[Any]) -> Any:
    """Read (coefficients, what the own predict makes of them): the prediction that the fit is judged by."""
    xq, degree = np.asarray(facts["xq"]), int(facts["degree"])
    c, own = _coefficients(result[0] if result else None, degree + 1), _item(result, 1)
    best = np.polyfit(facts["x"], facts["y"], degree)[::-1]
    if c is None or _near(own, _value_at(best, xq)):
        return own
    if _near(c, best) or own is None:
        return _value_at(c, xq)
    backwards = c[::-1]
    if _near(backwards, best) and not _near(own, _value_at(c, xq)):
        return _value_at(backwards, xq)
    return own


@reading
def predicted(facts: Mapping[str, Any], result: Sequence[Any]) -> Any:
    """Read (own coefficients, the prediction with them, the one with given ones): what predict is judged by."""
    c, xq = np.asarray(facts["c"]), np.asarray(facts["xq"])
    kept, own, direct = (_item(result, i) for i in range(3))
    wanted = _value_at(c, xq)
    if _near(own, wanted):
        return own
    kept = _coefficients(kept, len(c))
    if _near(direct, _value_at(c[::-1], xq)) and not (kept is not None and _near(kept, c)):
        return wanted  # it takes them in the other order, which the fit does not give by itself
    return direct


def _item(result: Sequence[Any], i: int) -> Any:
    return result[i] if i < len(result) else None


def _coefficients(value: Any, size: int) -> np.ndarray | None:
    c = as_array(value)[0]
    return None if c is None or c.dtype.kind == "c" or c.shape != (size,) else c.astype(np.float64)


def _value_at(c: np.ndarray, xq: np.ndarray) -> np.ndarray:
    total = np.zeros(len(xq))
    for a in c[::-1]:
        total = total * xq + a
    return total


def _near(got: Any, wanted: np.ndarray) -> bool:
    array = as_array(got)[0]
    if array is None or array.shape != wanted.shape:
        return False
    with np.errstate(all="ignore"):
        return bool(np.all(np.abs(array - wanted) <= 1e-4 * (1.0 + np.max(np.abs(wanted)))))
