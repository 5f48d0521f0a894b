"""Write regressors: polynomials fitted by least squares, and join-the-dots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.exercises import Functions, Implementation, Trial, exercise, repeated
from autograder.sandbox._script import Call, Handle, Source

TOPIC = "regressors"

# What counts of these results is read in the judge (`readings.py`): nothing right is computed beside student code.
_PAIR = """
def plain(c, size):
    try:
        c = np.asarray(c, dtype=float)
    except (TypeError, ValueError):
        return None
    return c if c.shape == (size,) else None


def fitted(coef, predict, degree, xq):
    c = plain(coef, degree + 1)
    try:
        return c, predict(coef, xq)
    except Exception:
        if c is None:
            raise
        return c, None


def predicted(fit, predict, c, xq):
    model = own = None
    try:
        x = np.linspace(-1.5, 1.5, len(c) + 4)
        model = fit(x, sum(a * x**d for d, a in enumerate(c)), len(c) - 1)
        own = predict(model, xq)
    except Exception:
        model = own = None
    try:
        return plain(model, len(c)), own, predict(np.array(c), np.array(xq))
    except Exception:
        if own is None:
            raise
        return plain(model, len(c)), own, own
"""
_FITTED, _PREDICTED = Source(_PAIR, "fitted"), Source(_PAIR, "predicted")


# --- what a right submission holds ---------------------------------------------------------------


def fit_poly(x: Any, y: Any, degree: int) -> np.ndarray:
    """Find the coefficients of 1, x, ..., x^degree with the least sum of squared errors."""
    powers = np.array([np.asarray(x) ** d for d in range(degree + 1)]).T
    return np.linalg.lstsq(powers, np.asarray(y), rcond=None)[0]


def predict_poly(coef: Any, x: Any) -> np.ndarray:
    """Evaluate the polynomial with these coefficients, the constant first."""
    return np.array(sum(c * np.asarray(x) ** d for d, c in enumerate(coef)))


def join_dots(xt: Any, yt: Any, xq: Any) -> np.ndarray:
    """Interpolate between neighbouring points, constant beyond the ends; the points come in any order."""
    order = np.argsort(xt)
    return np.interp(xq, xt[order], yt[order])


def _functions(_impl: Implementation) -> Functions:
    return {f.__name__: f for f in (fit_poly, predict_poly, join_dots)}


# --- polynomials ---------------------------------------------------------------------------------


def _reach(name: str) -> Call:
    return Call(name, save=name, show="none", attribute=True)


def _fit_then_look(x: Any, y: Any, degree: int, xq: Any, layout: str = "C") -> tuple[Call, ...]:
    fit = Call(
        "fit_poly", (x, y, degree), save="coef", show="none", layouts={"args[0]": layout, "args[1]": layout}
    )
    look = Call(_FITTED, (Handle("coef"), Handle("predict_poly"), degree, xq))
    return _reach("predict_poly"), fit, look


def _read_as_fit(x: Any, y: Any, degree: int, xq: Any) -> dict[str, Any]:
    return {"reading": "fitted", "x": x, "y": y, "degree": degree, "xq": xq}


def _fit_trials(rng: np.random.Generator) -> Sequence[Trial]:
    x10, y10 = np.arange(4.0), np.array([1.0, 3.0, 2.0, 6.0])
    made = [
        Trial(
            "a line through four points",
            _fit_then_look(x10, y10, 1, x10),
            "worked example",
            (2,),
            public=True,
            facts=_read_as_fit(x10, y10, 1, x10),
        )
    ]
    for group, degree, n, layout in (
        ("a line", 1, 6, "C"),
        ("a line", 1, 2, "readonly"),
        ("a parabola", 2, 7, "strided"),
        ("a constant", 0, 5, "C"),
        ("a higher degree", 3, 9, "C"),
        ("as many coefficients as points", 2, 3, "C"),
    ):
        x = rng.permutation(np.linspace(-1.5, 1.5, n) + rng.uniform(-0.1, 0.1, size=n))
        y = 2.0 + rng.normal(size=n) - x
        xq = np.sort(rng.uniform(-1.5, 1.5, size=4))
        made.append(
            Trial(
                f"degree {degree}, {n} points",
                _fit_then_look(x, y, degree, xq, layout),
                group,
                (2,),
                facts=_read_as_fit(x, y, degree, xq),
            )
        )
    x, y, xq = np.linspace(-1.0, 1.5, 6), rng.normal(size=6), np.array([-0.7, 0.3, 1.1])
    again = (*_fit_then_look(x, y, 2, xq), *_fit_then_look(x, y, 2, xq)[1:])
    made.append(Trial("the same call twice", again, "same result twice", (2, 4), "behaviour",
                      facts=_read_as_fit(x, y, 2, xq)))  # fmt: skip
    return made


def _predict_trials(rng: np.random.Generator) -> Sequence[Trial]:
    def calls(c: Any, xq: Any, layout: str = "C") -> tuple[Call, ...]:
        own = Call("predict_poly", (Handle("coef"), xq), show="none", layouts={"args[1]": layout})
        x = np.linspace(-1.5, 1.5, len(c) + 4)
        y = sum(a * x**d for d, a in enumerate(c))
        return (
            _reach("fit_poly"),
            _reach("predict_poly"),
            Call("fit_poly", (x, y, len(c) - 1), save="coef", show="none"),
            own,
            Call(_PREDICTED, (Handle("fit_poly"), Handle("predict_poly"), c, xq)),
        )

    def trial(name: str, group: str, c: Any, xq: Any, layout: str = "C", public: bool = False) -> Trial:
        facts = {"reading": "predicted", "c": c, "xq": xq}
        return Trial(name, calls(c, xq, layout), group, (4,), public=public, facts=facts)

    worked = np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, -1.0])
    made = [trial("1 + 2x + 3x^2", "worked example", *worked, public=True)]
    for group, degree, layout in (
        ("a line", 1, "C"), ("a parabola", 2, "strided"), ("a higher degree", 3, "readonly"), ("a constant", 0, "C"),
    ):  # fmt: skip
        c = rng.uniform(0.5, 2.0, size=degree + 1) * np.linspace(1.0, 2.5, degree + 1)
        xq = rng.uniform(-1.4, 1.4, size=5) + 0.05
        made.append(trial(f"degree {degree}", group, c, xq, layout))
    c = rng.uniform(0.5, 2.0, size=3) * np.array([1.0, 2.0, 3.0])
    xq = np.array([0.4])
    return [*made, trial("one point", "one point", c, xq)]


exercise(
    "fit_poly", title="Fit a polynomial", topic=TOPIC, op=None, functions=_functions, trials=_fit_trials,
    results=("prediction",), needs=("predict_poly",),
)  # fmt: skip
exercise(
    "predict_poly", title="Predict with a polynomial", topic=TOPIC, op=None, functions=_functions,
    trials=_predict_trials, results=("prediction",), needs=("fit_poly",),
)  # fmt: skip


# --- join the dots -------------------------------------------------------------------------------


def _dots_trials(rng: np.random.Generator) -> Sequence[Trial]:
    def call(xt: Any, yt: Any, xq: Any, layout: str = "C") -> Call:
        return Call("join_dots", (xt, yt, xq), layouts={"*": layout})

    x = np.array([-2.0, -1.3, 0.1, 0.9, 2.2, 3.0]) + rng.uniform(-0.1, 0.1, size=6)
    y = np.array([1.0, -1.0, 2.0, 0.5, -2.0, 1.5]) + rng.uniform(-0.2, 0.2, size=6)
    mixed = np.array([3, 0, 5, 1, 4, 2])
    between = np.array([0.3, -1.6, 2.5, 1.7, -0.4])
    beyond = np.array([-7.0, 0.5, 9.0, -2.9])
    two = np.array([0, 3])
    return [
        Trial("three dots", (call(np.array([0.0, 1.0, 3.0]), np.array([1.0, 3.0, 2.0]), np.array([0.5, 2.0, 1.0])),),
              "worked example", public=True),
        Trial("between sorted dots", (call(x, y, between),), "between the dots"),
        Trial("at the dots", (call(x, y, x[mixed], "readonly"),), "at the dots"),
        Trial("left and right of all dots", (call(x, y, beyond),), "beyond the ends"),
        Trial("dots in no order", (call(x[mixed], y[mixed], between, "strided"),), "dots in no order"),
        Trial("dots in falling order", (call(x[::-1].copy(), y[::-1].copy(), between),), "dots in no order"),
        Trial("dots in no order, beyond the ends", (call(x[mixed], y[mixed], beyond, "readonly"),), "dots in no order"),
        Trial("two dots", (call(x[two], y[two], np.array([-0.5, 0.2, 4.0]), "strided"),), "two dots"),
        Trial("one question", (call(x[mixed], y[mixed], np.array([0.5])),), "one question"),
        repeated("the same call twice", call(x[mixed], y[mixed], between)),
    ]  # fmt: skip


exercise(
    "join_dots", title="Join the dots", topic=TOPIC, op=None, functions=_functions, trials=_dots_trials,
    results=("y",),
)  # fmt: skip
