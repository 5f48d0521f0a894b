"""Write what tells how well a model will predict: splits, folds, their scores, and choosing by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.exercises import Functions, Implementation, Trial, exercise, many_draws, repeated
from autograder.sandbox._script import Call, Rng, Source

TOPIC = "evaluation"

# A line through the training points, a parabola, and their mean: what students' scores are tried with.
_MODELS = """
def fit_line(x, y):
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    slope = np.sum((x - x.mean()) * (y - y.mean())) / np.sum((x - x.mean()) ** 2)
    return np.array([y.mean() - slope * x.mean(), slope])


def predict_line(model, xq):
    return model[0] + model[1] * np.asarray(xq, dtype=float)


def fit_mean(x, y):
    return np.mean(y)


def predict_mean(model, xq):
    return model + 0.0 * np.asarray(xq, dtype=float)


def fit_parabola(x, y):
    return np.polyfit(x, y, 2)


def predict_parabola(model, xq):
    return np.polyval(model, np.asarray(xq, dtype=float))


def fit_dots(x, y):
    order = np.argsort(x)
    return np.asarray(x)[order], np.asarray(y)[order]


def predict_dots(model, xq):
    return np.interp(xq, *model)
"""


def _model(name: str) -> tuple[Source, Source]:
    return Source(_MODELS, f"fit_{name}"), Source(_MODELS, f"predict_{name}")


# --- what a right submission holds ---------------------------------------------------------------


def train_test_split(R: int, frac: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Shuffle and hold round(R frac) examples out for testing."""
    order, held = rng.permutation(R), round(R * frac)
    return order[held:], order[:held]


def mse(y: Any, yhat: Any) -> float:
    """Average the squared errors."""
    return float(np.mean((np.asarray(yhat) - np.asarray(y)) ** 2))


def _squared(fit: Any, predict: Any, x: Any, y: Any, held: Any) -> np.ndarray:
    kept = np.delete(np.arange(len(y)), held)
    return (predict(fit(x[kept], y[kept]), x[held]) - y[held]) ** 2


def test_set_score(fit: Any, predict: Any, x: Any, y: Any, test_idx: Any) -> float:
    """Fit without the test examples and average their squared errors."""
    return float(np.mean(_squared(fit, predict, x, y, test_idx)))


test_set_score.__test__ = False  # type: ignore[attr-defined]


def kfold_indices(R: int, k: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Shuffle and cut k folds whose sizes differ by at most one."""
    return np.array_split(rng.permutation(R), k)


def kfold_score(fit: Any, predict: Any, x: Any, y: Any, folds: Any) -> float:
    """Add the squared errors of all folds, each predicted by a model that has not seen it, and divide by R."""
    return float(sum(np.sum(_squared(fit, predict, x, y, fold)) for fold in folds) / len(y))


def loocv_score(fit: Any, predict: Any, x: Any, y: Any) -> float:
    """Leave every example out once and average the squared errors."""
    return kfold_score(fit, predict, x, y, [np.array([i]) for i in range(len(y))])


def select_model(models: Mapping[str, Any], x: Any, y: Any, scheme: Callable[..., float]) -> str:
    """Name the model with the lowest score scheme(fit, predict, x, y); the first one on a tie."""
    scores = {name: scheme(fit, predict, x, y) for name, (fit, predict) in models.items()}
    return min(scores, key=lambda name: scores[name])


def _functions(_impl: Implementation) -> Functions:
    functions = (
        train_test_split, mse, test_set_score, kfold_indices, kfold_score, loocv_score, select_model,
    )  # fmt: skip
    return {f.__name__: f for f in functions}


# --- splits --------------------------------------------------------------------------------------


def _three(name: str, args: tuple[Any, ...], rng: np.random.Generator) -> tuple[Call, ...]:
    first, second = (int(s) for s in rng.integers(1, 2**31, size=2))
    return tuple(Call(name, (*args, Rng(s))) for s in (first, first, second))


def _split_trials(rng: np.random.Generator) -> Sequence[Trial]:
    rows = [
        ("a share that fits exactly", 20, 0.25),
        ("a share that fits exactly", 40, 0.2),
        ("a share to be rounded", 27, 0.3),
        ("more for testing than for training", 16, 0.75),
        ("few examples", 5, 0.4),
    ]
    made = [
        Trial(f"R = {R}, frac = {frac}", _three("train_test_split", (R, frac), rng), group, (0, 1, 2),
              facts={"R": R, "frac": frac})
        for group, R, frac in rows
    ]  # fmt: skip
    facts = {"R": 20, "frac": 0.5}
    return [*made, many_draws("train_test_split", (20, 0.5), rng, "a share that fits exactly", facts)]


def _fold_trials(rng: np.random.Generator) -> Sequence[Trial]:
    rows = [
        ("folds of one size", 20, 4),
        ("folds of one size", 24, 3),
        ("folds that differ in size", 23, 5),
        ("folds that differ in size", 17, 10),
        ("as many folds as examples", 12, 12),
        ("few examples", 5, 2),
    ]
    made = [
        Trial(
            f"R = {R}, k = {k}",
            _three("kfold_indices", (R, k), rng),
            group,
            (0, 1, 2),
            facts={"R": R, "k": k},
        )
        for group, R, k in rows
    ]
    return [*made, many_draws("kfold_indices", (20, 4), rng, "folds of one size", {"R": 20, "k": 4})]


exercise(
    "train_test_split", title="A training and a test set", topic=TOPIC, op=None, functions=_functions,
    trials=_split_trials, results=("train_idx", "test_idx"), rule="train_test_split",
)  # fmt: skip
exercise(
    "kfold_indices", title="Folds for cross-validation", topic=TOPIC, op=None, functions=_functions,
    trials=_fold_trials, results=("folds",), rule="kfold_indices",
)  # fmt: skip


# --- scores --------------------------------------------------------------------------------------

_X10 = np.arange(10.0)
_Y10 = np.array([1.0, 3, 3, 6, 6, 7, 8, 6, 7, 4])
_FOLDS3 = [np.array([0, 3, 6, 9]), np.array([1, 4, 7]), np.array([2, 5, 8])]


def _data(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw points in no order, around a bent line, far enough apart for every fit."""
    x = rng.permutation(np.linspace(-2.0, 2.0, n) + rng.uniform(-0.1, 0.1, size=n))
    return x, 1.5 - x + 0.5 * x**2 + rng.normal(size=n)


def _error_trials(rng: np.random.Generator) -> Sequence[Trial]:
    def call(y: Any, yhat: Any, layout: str = "C") -> Call:
        return Call("mse", (y, yhat), layouts={"*": layout})

    y = rng.normal(size=7)
    return [
        Trial("three predictions", (call(np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 0.0])),),
              "worked example", public=True),
        Trial("seven predictions", (call(y, y + rng.normal(size=7) + 0.5, "strided"),), "several predictions"),
        Trial("errors of both signs", (call(y[:4], y[:4] + np.array([0.9, -0.9, 0.9, -0.9]), "readonly"),), "signs"),
        Trial("one prediction", (call(y[:1], y[:1] + 1.7),), "one prediction"),
        Trial("right predictions", (call(y, y.copy()),), "no error"),
        repeated("the same call twice", call(y, y[::-1].copy())),
    ]  # fmt: skip


def _lecture_trials(name: str, *more: Any) -> list[Trial]:
    return [
        Trial(f"ten points and the {title}", (Call(name, (*_model(model), _X10, _Y10, *more)),), "worked example",
              public=True)
        for model, title in (("line", "line"), ("parabola", "parabola"), ("dots", "joined dots"))
    ]  # fmt: skip


def _scoring(name: str, rows: Sequence[tuple[Any, ...]], rng: np.random.Generator) -> list[Trial]:
    """Score models on data that is in no order: rows of group, name, model, R, and what else the call takes."""
    made = []
    for i, (group, title, model, n, *more) in enumerate(rows):
        x, y = _data(rng, n)
        layout = ("C", "strided", "readonly")[i % 3]
        call = Call(name, (*_model(model), x, y, *more), layouts={"args[2]": layout, "args[3]": layout})
        made.append(Trial(title, (call,), group))
    return [*made, repeated("the same call twice", call)]


def _folded(rng: np.random.Generator, *sizes: int) -> list[np.ndarray]:
    return np.split(rng.permutation(sum(sizes)), np.cumsum(sizes)[:-1])


def _kfold_trials(rng: np.random.Generator) -> Sequence[Trial]:
    rows = [
        ("folds of one size", "a line, three folds", "line", 9, _folded(rng, 3, 3, 3)),
        ("folds of one size", "the mean, five folds", "mean", 10, _folded(rng, 2, 2, 2, 2, 2)),
        ("folds that differ in size", "a line, folds of 4, 2 and 1", "line", 7, _folded(rng, 4, 2, 1)),
        ("folds that differ in size", "a parabola", "parabola", 11, _folded(rng, 5, 3, 3)),
        ("folds of one example", "joined dots", "dots", 6, _folded(rng, 1, 1, 1, 1, 1, 1)),
    ]
    return [*_lecture_trials("kfold_score", _FOLDS3), *_scoring("kfold_score", rows, rng)]


def _loocv_trials(rng: np.random.Generator) -> Sequence[Trial]:
    rows = [
        ("models", "a line", "line", 6),
        ("models", "the mean", "mean", 5),
        ("models", "a parabola", "parabola", 7),
        ("models", "joined dots", "dots", 6),
        ("few examples", "a line through three points", "line", 3),
    ]
    return [*_lecture_trials("loocv_score"), *_scoring("loocv_score", rows, rng)]


def _test_set_trials(rng: np.random.Generator) -> Sequence[Trial]:
    rows = [
        ("models", "a line", "line", 8, rng.permutation(8)[:3]),
        ("models", "the mean", "mean", 7, rng.permutation(7)[:2]),
        ("models", "a parabola", "parabola", 9, rng.permutation(9)[:4]),
        ("a small test set", "one test example", "line", 6, rng.permutation(6)[:1]),
        ("a large test set", "more for testing than for training", "line", 8, rng.permutation(8)[:5]),
    ]
    return [*_lecture_trials("test_set_score", np.array([2, 5, 8])), *_scoring("test_set_score", rows, rng)]


exercise(
    "mse", title="Mean squared error", topic=TOPIC, op=None, functions=_functions, trials=_error_trials,
    results=("error",),
)  # fmt: skip
exercise(
    "test_set_score", title="The error on a test set", topic=TOPIC, op=None, functions=_functions,
    trials=_test_set_trials, results=("score",),
)  # fmt: skip
exercise(
    "kfold_score", title="The error by k-fold cross-validation", topic=TOPIC, op=None, functions=_functions,
    trials=_kfold_trials, results=("score",),
)  # fmt: skip
exercise(
    "loocv_score", title="The error by leaving one out", topic=TOPIC, op=None, functions=_functions,
    trials=_loocv_trials, results=("score",),
)  # fmt: skip


# --- choosing ------------------------------------------------------------------------------------

# No scheme is an answer to another exercise: a submission can read what it is given.
_AHEAD = """
def scheme(fit, predict, x, y):
    model = fit(x[3:], y[3:])
    return float(np.max(np.abs(predict(model, x[:3]) - y[:3])))
"""
_TRAINING = """
def scheme(fit, predict, x, y):
    return float(np.max(np.abs(predict(fit(x, y), x) - y)))
"""


def _choice_trials(rng: np.random.Generator) -> Sequence[Trial]:
    ahead, training = Source(_AHEAD, "scheme"), Source(_TRAINING, "scheme")

    def call(names: Sequence[str], y: Any, scheme: Source, layout: str = "C") -> Call:
        return Call(
            "select_model", ({n: _model(n) for n in names}, _X10, y, scheme), layouts={"args[2]": layout}
        )

    line = 1.0 + 0.7 * _X10 + rng.permutation([0.9, -0.9, 0.8, -0.8, 0.7, -0.7, 0.6, -0.6, 0.1, -0.1])
    scale = float(rng.uniform(0.5, 2.0))
    twins = {"mean": _model("mean"), "once": _model("parabola"), "again": _model("parabola")}
    again = Call("select_model", (twins, _X10, scale * _Y10, ahead))
    return [
        Trial("ten points, the largest error on the first three", (call(("line", "parabola", "dots"), _Y10, ahead),),
              "worked example", public=True),
        Trial("the best in the middle", (call(("dots", "parabola", "line"), scale * _Y10, ahead, "strided"),), "order"),
        Trial("the best last", (call(("line", "dots", "parabola"), scale * _Y10, ahead),), "order"),
        Trial("the best first", (call(("parabola", "mean", "line"), scale * _Y10, ahead),), "order"),
        Trial("two models that are one", (again,), "a tie"),
        Trial("nearly a line", (call(("mean", "line"), scale * line, ahead, "readonly"),), "other data"),
        Trial("scores of ten thousands", (call(("line", "parabola", "mean"), 2e4 * _Y10, ahead),), "other data"),
        Trial("the training error", (call(("line", "dots", "parabola"), scale * _Y10, training),), "another scheme"),
        repeated("the same call twice", call(("line", "parabola", "dots"), _Y10, ahead)),
    ]  # fmt: skip


exercise(
    "select_model", title="Choose a model by its score", topic=TOPIC, op=None, functions=_functions,
    trials=_choice_trials, results=("name",),
)  # fmt: skip
