"""How well will it predict? Splits, cross-validation and model selection.

A regressor is a pair of functions: `model = fit(x, y)` and `y = predict(model, x)`; see `reference/regressors.py`.
All scores are mean squared errors over examples which the model has not seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from reference.checking.arguments import a_function, generator, indices, named, numbers
from reference.counting import split_sizes
from reference.regressors import Fit, Predict, examples
from reference.shapes import Array, InputError, ShapeError, short, whole

__all__ = [
    "Cost",
    "Selection",
    "Split",
    "cross_validation_cost",
    "holdout",
    "k_fold",
    "k_fold_score",
    "leave_one_out",
    "leave_one_out_linear",
    "leave_one_out_score",
    "mse",
    "rank_models",
    "select_model",
    "squared_errors",
    "test_set_score",
]


class Split(NamedTuple):
    """Indices of the examples to train on, to validate with, and to test with once, at the end."""

    train: Array
    validation: Array
    test: Array


class Selection(NamedTuple):
    """The name of the model with the lowest score, and all scores."""

    best: str
    scores: dict[str, float]


class Cost(NamedTuple):
    """How many models are fitted, and the smallest and largest number of examples that one is fitted on."""

    fits: int
    smallest: int
    largest: int


# ----------------------------------------------------------------------------------------------- splits


@named
def holdout(
    n: int, test: float = 0.3, rng: np.random.Generator | None = None, validation: float = 0.0
) -> Split:
    """Shuffle n examples and hold a share of them out for testing, and another for validation if asked for.

    test and validation are shares of all n examples. Returns Split(train, validation, test): index arrays that
    together hold each of 0 ... n-1 once. rng is required.

    Raises ShapeError when a part would be empty, InputError for shares outside 0 ... 1.

    What surprises: the score on one such test set depends much on luck, the more the smaller it is, and the
    test examples are lost for training. Validation chooses between models; who lets the test set choose has no
    test set left. Source: lecture S4:256-261, S4:315-398.

    >>> split = holdout(10, test=0.3, rng=np.random.default_rng(0))
    >>> len(split.train), len(split.validation), len(split.test)
    (7, 0, 3)
    """
    n = whole("n", n, 2)
    shares = [_share("test", test, False), _share("validation", validation, True)]
    if sum(shares) >= 1:
        raise InputError(
            f"test and validation take {float(sum(shares)):g} of all.", "leave some for training."
        )
    parts = [part for part in (1 - sum(shares), shares[1], shares[0]) if part]
    common = int(np.lcm.reduce([part.denominator for part in parts]))
    sizes = list(split_sizes(n, [int(part * common) for part in parts]))
    if len(sizes) == 2:
        sizes.insert(1, 0)
    order = generator(rng).permutation(n)
    train, middle, last = np.split(order, np.cumsum(sizes)[:2])
    return Split(train.copy(), middle.copy(), last.copy())


@named
def k_fold(n: int, k: int, rng: np.random.Generator) -> list[Array]:
    """Shuffle n examples and deal them into k folds; each fold is the test set once.

    Returns k index arrays that together hold each of 0 ... n-1 once; the first n mod k are one longer.

    Raises ShapeError unless 2 <= k <= n. Source: lecture S4:513-570.

    >>> [len(fold) for fold in k_fold(10, 3, np.random.default_rng(0))]
    [4, 3, 3]
    """
    n, k = whole("n", n, 2), _folds(n, k)
    return [fold.copy() for fold in np.array_split(generator(rng).permutation(n), k)]


@named
def leave_one_out(n: int) -> list[Array]:
    """Make every example a fold of its own: k-fold with k = n, where nothing is left to shuffle.

    >>> leave_one_out(3)
    [array([0]), array([1]), array([2])]
    """
    return [np.array([i]) for i in range(whole("n", n, 2))]


@named
def cross_validation_cost(n: int, k: int) -> Cost:
    """Count the models that k-fold cross-validation of n examples fits, and on how many examples each.

    fits = k,   each on n minus the size of its fold: n - ceil(n/k) or n - floor(n/k)

    k = n is leave-one-out. For choosing among G models multiply by G. Source: lecture S4:505-509, S4:609-616.

    >>> cross_validation_cost(100, 3), cross_validation_cost(100, 100).fits
    (Cost(fits=3, smallest=66, largest=67), 100)
    """
    n, k = whole("n", n, 2), _folds(n, k)
    return Cost(k, n + (-n // k), n - n // k)


# ----------------------------------------------------------------------------------------------- scores


@named
def mse(y: Any, prediction: Any) -> float:
    """Average the squared errors: 1/R * sum over i of (prediction[i] - y[i])^2.

    Raises ShapeError when the shapes differ; nothing is broadcast, for (R,) against (R, 1) would silently compare
    all with all. Source: lecture S4:340.

    >>> mse([1.0, 2.0], [1.0, 4.0])
    2.0
    """
    y, prediction = _numbers("y", y), _numbers("prediction", prediction)
    if y.shape != prediction.shape:
        raise ShapeError(
            f"y has shape {y.shape}, but prediction has shape {prediction.shape}.",
            "give one prediction for each y.",
        )
    with np.errstate(all="ignore"):
        return float(np.mean((prediction - y) ** 2))


@named
def squared_errors(fit: Fit, predict: Predict, x: Any, y: Any, folds: Iterable[Any]) -> Array:
    """Return each example's squared error under the model that was fitted without its fold.

    folds are index arrays that together hold each example once. The mean of the result is `k_fold_score`.

    >>> line = polynomial(1)
    >>> squared_errors(*line, [0.0, 1.0, 2.0], [0.0, 1.0, 5.0], leave_one_out(3)).round(9)
    array([9.  , 2.25, 9.  ])
    """
    x, y = examples(x, y)
    checked = _partition(folds, len(y))
    errors = np.empty(len(y))
    for fold in checked:
        errors[fold] = _held_out(fit, predict, x, y, fold)
    return errors


@named
def test_set_score(fit: Fit, predict: Predict, x: Any, y: Any, test: Any) -> float:
    """Fit on all examples but `test` (indices) and return the mean squared error on those.

    >>> test_set_score(*polynomial(1), [0.0, 1.0, 2.0], [0.0, 1.0, 5.0], [2])
    9.0
    """
    x, y = examples(x, y)
    return float(np.mean(_held_out(fit, predict, x, y, _fold("test", test, len(y)))))


# pytest takes every function whose name begins with "test" for a test, wherever it was imported.
test_set_score.__test__ = False  # type: ignore[attr-defined]


@named
def k_fold_score(fit: Fit, predict: Predict, x: Any, y: Any, folds: Iterable[Any]) -> float:
    """Cross-validate: total squared error over all folds / R.

    Each fold is predicted by a model fitted on all the others.

    What surprises: the mean of the folds' means is another number unless all folds are equally long; it counts the
    examples of short folds more (E66). Source: lecture S4:513-570.

    >>> k_fold_score(*polynomial(1), [0.0, 1.0, 2.0], [0.0, 1.0, 5.0], [[0], [1], [2]])
    6.75
    """
    return float(np.mean(squared_errors(fit, predict, x, y, folds)))


@named
def leave_one_out_score(fit: Fit, predict: Predict, x: Any, y: Any) -> float:
    """Leave each example out in turn, fit on the others, and average the squared errors.

    R fits for R examples; see `leave_one_out_linear` for a way with one. Source: lecture S4:401-469.

    >>> leave_one_out_score(*join_the_dots(), [0.0, 1.0, 2.0], [0.0, 1.0, 5.0])
    6.416666666666667
    """
    x, y = examples(x, y)
    return k_fold_score(fit, predict, x, y, leave_one_out(len(y)))


@named
def leave_one_out_linear(hat: Any, y: Any) -> float:
    """Compute the leave-one-out score of a least-squares fit without fitting again.

    1/R * sum over i of ((y[i] - fitted[i]) / (1 - H[i,i]))^2,   fitted = H y

    hat[R,R] is the matrix H of the fit to all examples, see `hat_matrix`. The formula holds exactly for least
    squares (also with a quadratic penalty), not for join-the-dots.

    Raises InputError when an H[i,i] is 1: then example i alone determines a weight, and nothing predicts it.

    >>> round(leave_one_out_linear(hat_matrix([0.0, 1.0, 2.0], 1), [0.0, 1.0, 5.0]), 9)
    6.75
    """
    hat, y = _numbers("hat", hat, 2), _numbers("y", y, 1)
    if hat.shape != (len(y), len(y)):
        raise ShapeError(
            f"hat has shape {hat.shape}, but y has {len(y)} entries.",
            f"hat must have shape ({len(y)}, {len(y)}).",
        )
    free = 1 - np.diagonal(hat)
    if np.any(np.abs(free) < 1e-12):
        i = int(np.argmin(np.abs(free)))
        raise InputError(
            f"hat[{i}, {i}] is 1: without example {i} the fit is not determined.", "use a lower degree."
        )
    with np.errstate(all="ignore"):
        return float(np.mean(((y - hat @ y) / free) ** 2))


# -------------------------------------------------------------------------------------------- selection


@named
def select_model(
    models: Mapping[str, tuple[Fit, Predict]], x: Any, y: Any, folds: Sequence[Any]
) -> Selection:
    """Score every model by cross-validation on the same folds and choose the one with the lowest score.

    models maps a name to (fit, predict), such as {"linear": polynomial(1), "dots": join_the_dots()}. For the
    test-set method score with `test_set_score` and use `rank_models`. On equal scores the first name wins.

    What surprises: the winner's score is too good to be its error on new data, because it was chosen for it; for
    that keep a test set aside. Cross-validate what you choose (degree, lambda), not weights: those are
    fitted (E51). Source: lecture S4:553-597, S3:351.

    >>> x, y = np.arange(10.0), [1.0, 3, 3, 6, 6, 7, 8, 6, 7, 4]
    >>> select_model({"linear": polynomial(1), "quadratic": polynomial(2)}, x, y, leave_one_out(10)).best
    'quadratic'
    """
    if not isinstance(models, Mapping) or not models:
        raise InputError(f"models is {short(models)}.", 'give a dict like {"linear": polynomial(1)}.')
    folds = _partition(folds, len(examples(x, y)[1]))
    scores = {}
    for name, pair in models.items():
        if not isinstance(pair, tuple) or len(pair) != 2 or not all(map(callable, pair)):
            raise InputError(f"models[{name!r}] is {short(pair)}.", "give a pair (fit, predict).")
        scores[name] = k_fold_score(*pair, x, y, folds)
    return Selection(rank_models(scores)[0], scores)


@named
def rank_models(scores: Mapping[str, float]) -> list[str]:
    """Sort the names of models by their error, the lowest first; NaN comes last, ties keep their order.

    >>> rank_models({"linear": 2.4, "quadratic": 0.9, "dots": 2.2})
    ['quadratic', 'dots', 'linear']
    """
    if not isinstance(scores, Mapping) or not scores:
        raise InputError(f"scores is {short(scores)}.", 'give a dict like {"linear": 2.4}.')
    values = {name: float(_numbers(f"scores[{name!r}]", value, 0)) for name, value in scores.items()}
    return sorted(values, key=lambda name: (np.isnan(values[name]), values[name]))


# ------------------------------------------------------------------------------------ checks and refusal


def _held_out(fit: Fit, predict: Predict, x: Array, y: Array, fold: Array) -> Array:
    a_function("fit", fit, "a function of x and y")
    a_function("predict", predict, "a function of a model and x")
    kept = np.ones(len(y), dtype=bool)
    kept[fold] = False
    if not kept.any():
        raise ShapeError("no example is left to train on.", "hold out fewer.")
    model = fit(x[kept].copy(), y[kept].copy())
    prediction = _numbers("predict(model, x)", predict(model, x[fold].copy()))
    if prediction.shape != fold.shape:
        raise ShapeError(
            f"predict(model, x) has shape {prediction.shape} for {len(fold)} examples.",
            f"let it return one number for each example: shape ({len(fold)},).",
        )
    with np.errstate(all="ignore"):
        return (prediction - y[fold]) ** 2


def _numbers(name: str, value: Any, ndim: int | None = None) -> Array:
    return numbers(name, value, ndim).astype(np.float64)


def _folds(n: int, k: Any) -> int:
    k = whole("k", k, 2)
    if k > n:
        raise ShapeError(f"k = {k} folds of n = {n} examples leave some empty.", "choose k <= n.")
    return k


def _share(name: str, value: Any, zero: bool) -> Fraction:
    fine = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not fine or not (0 <= value < 1) or (value == 0 and not zero):
        raise InputError(f"{name} is {short(value)}.", f"give a share between 0 and 1, like {name}=0.3.")
    return Fraction(str(float(value)))  # the decimal text is what was meant


def _fold(name: str, value: Any, n: int) -> Array:
    fold = indices(name, value)
    if fold.min() < 0 or fold.max() >= n or len(np.unique(fold)) < len(fold):
        raise InputError(
            f"{name} must hold different indices from 0 to {n - 1}.", "leave out repeated and negative ones."
        )
    return fold


def _partition(folds: Any, n: int) -> list[Array]:
    if isinstance(folds, (str, bytes)) or not isinstance(folds, Iterable):
        raise InputError(f"folds is {short(folds)}.", "give a list of index arrays: k_fold(n, k, rng).")
    checked = [_fold(f"folds[{i}]", fold, n) for i, fold in enumerate(folds)]
    times = np.bincount(np.concatenate(checked), minlength=n) if checked else np.zeros(n, dtype=int)
    if np.any(times != 1):
        i = int(np.flatnonzero(times != 1)[0])
        raise InputError(
            f"example {i} is in {times[i]} folds.", f"put each of the {n} examples into exactly one fold."
        )
    return checked
