"""What goes wrong in linear classifiers: the perceptron, scores, one-hot labels, predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import mistake
from reference import one_hot, perceptron

Functions = dict[str, Callable[..., Any]]


def _instead(
    target: str, name: str, family: str, what: str, how: str, wrong: Callable[..., Any], kind: str = "value"
) -> None:
    def spoilt(right: Functions) -> Functions:
        return {**right, target: wrong}

    spoilt.__doc__ = f"{what}\n\n{how}"
    mistake(target, name, family=family, kind=kind)(spoilt)


def _sum(x: Any, w: Any) -> Any:
    return np.asarray(x) @ np.asarray(w)


@mistake(perceptron, "threshold-includes-zero", family="convention")
def threshold_includes_zero(x: Any, w: Any, b: Any) -> Any:
    """You return 1 where the sum is exactly 0.

    The output is 1 only where w.x + b > 0.
    """
    return (_sum(x, w) + b >= 0) * 1.0


@mistake(perceptron, "bias-forgotten", family="omission")
def bias_forgotten(x: Any, w: Any, b: Any) -> Any:
    """You leave out the bias.

    Compare w.x + b with 0.
    """
    return (_sum(x, w) > 0) * 1.0


@mistake(perceptron, "bias-subtracted", family="sign")
def bias_subtracted(x: Any, w: Any, b: Any) -> Any:
    """You subtract the bias, as if it were a threshold.

    Compare w.x + b with 0.
    """
    return (_sum(x, w) - b > 0) * 1.0


@mistake(perceptron, "bias-for-every-input", family="scope")
def bias_for_every_input(x: Any, w: Any, b: Any) -> Any:
    """You add the bias inside the sum, once for every input.

    Sum the products first and add b once.
    """
    return (_sum(x, w) + len(np.asarray(w)) * b > 0) * 1.0


@mistake(perceptron, "plus-or-minus-one", family="convention")
def plus_or_minus_one(x: Any, w: Any, b: Any) -> Any:
    """You return -1 instead of 0.

    The outputs are 0 and 1.
    """
    return np.where(_sum(x, w) + b > 0, 1.0, -1.0)


@mistake(perceptron, "outputs-exchanged", family="swap")
def outputs_exchanged(x: Any, w: Any, b: Any) -> Any:
    """You return 0 where the sum is positive, and 1 elsewhere.

    1 belongs to w.x + b > 0.
    """
    return (_sum(x, w) + b <= 0) * 1.0


@mistake(perceptron, "sum-returned", family="omission")
def sum_returned(x: Any, w: Any, b: Any) -> Any:
    """You return the sum: the threshold is missing.

    Return 1 if w.x + b > 0, else 0.
    """
    return _sum(x, w) + b + 0.0


@mistake(perceptron, "threshold-at-one-half", family="convention")
def threshold_at_half(x: Any, w: Any, b: Any) -> Any:
    """You compare the sum with 0.5.

    The threshold is 0; the bias moves it.
    """
    return (_sum(x, w) + b > 0.5) * 1.0


def _windows(x: Any, w: Any, *, extra: int = 0, step: int = 1) -> list[Any]:
    return [x[t : t + len(w)] for t in range(0, len(x) - len(w) + 1 + extra, step)]


def _fired(sums: Any, b: float) -> Any:
    return (np.array(sums) + b > 0).astype(int)


_SLIDE: tuple[tuple[str, str, str, str, Callable[..., Any]], ...] = (
    ("last-window-missing", "off-by-one", "You leave out the last window.",
     "There are T - K + 1 windows.", lambda x, w, b: _fired([v @ w for v in _windows(x, w, extra=-1)], b)),
    ("first-window-missing", "off-by-one", "You leave out the first window.",
     "The first window begins at t = 0.", lambda x, w, b: _fired([v @ w for v in _windows(x, w)][1:], b)),
    ("weights-flipped", "orientation", "You turn the weights round, as a true convolution does.",
     "Multiply w[0] by the first number of the window.",
     lambda x, w, b: _fired([v @ w[::-1] for v in _windows(x, w)], b)),
    ("windows-do-not-overlap", "scope", "You jump by a whole window instead of by one.",
     "Move the window by one each time.", lambda x, w, b: _fired([v @ w for v in _windows(x, w, step=len(w))], b)),
    ("threshold-includes-zero", "convention", "You return 1 where the sum is exactly 0.",
     "1 only where the sum is above 0.",
     lambda x, w, b: (np.array([v @ w for v in _windows(x, w)]) + b >= 0).astype(int)),
    ("bias-forgotten", "omission", "You leave out the bias.", "Add b to every window's sum.",
     lambda x, w, b: _fired([v @ w for v in _windows(x, w)], 0.0)),
    ("bias-subtracted", "sign", "You subtract the bias.", "Add b to every window's sum.",
     lambda x, w, b: _fired([v @ w for v in _windows(x, w)], -b)),
    ("bias-for-every-input", "scope", "You add the bias inside the sum, once for every input.",
     "Sum the products first and add b once.",
     lambda x, w, b: _fired([v @ w for v in _windows(x, w)], len(w) * b)),
    ("sums-returned", "omission", "You return the sums: the threshold is missing.",
     "1 where the sum is above 0, else 0.",
     lambda x, w, b: np.array([v @ w for v in _windows(x, w)]) + b),
    ("padded-to-same-length", "scope", "You pad the signal with zeros, so there are as many outputs as inputs.",
     "Only whole windows count: T - K + 1 outputs.",
     lambda x, w, b: _fired([v @ w for v in _windows(np.pad(x, (0, len(w) - 1)), w)], b)),
)  # fmt: skip
for _row in _SLIDE:
    _instead("perceptron_slide", *_row)

_SCORES: tuple[tuple[str, str, str, str, Callable[..., Any]], ...] = (
    ("scores-not-transposed", "orientation", "You compute X W: an error, or wrong where W is square.",
     "W has one row per class: X @ W.T.", lambda X, W, b: X @ W + b),
    ("scores-transposed", "orientation", "Your scores have one column per example.",
     "Rows are examples: X @ W.T + b.", lambda X, W, b: (X @ W.T + b).T),
    ("bias-forgotten", "omission", "You leave out the bias.", "Add b to every row.", lambda X, W, b: X @ W.T),
    ("bias-subtracted", "sign", "You subtract the bias.", "Add b to every row.", lambda X, W, b: X @ W.T - b),
    ("bias-for-every-input", "scope", "You add the bias inside the sum, once for every feature.",
     "Sum the products first and add b[j] once.", lambda X, W, b: X @ W.T + X.shape[1] * b),
    ("last-feature-missing", "off-by-one", "Your sum leaves out the last feature.",
     "Let d run over all D features, range(D).", lambda X, W, b: X[:, :-1] @ W[:, :-1].T + b),
    ("last-feature-only", "scope", "Your scores hold the last product only: they are overwritten in the loop.",
     "Add up the products: S[n, j] += W[j, d] * X[n, d].", lambda X, W, b: np.outer(X[:, -1], W[:, -1]) + b),
    ("scores-cut-off-at-zero", "wrong-op", "You set negative scores to 0, as a ReLU does.",
     "Scores may be negative: return X @ W.T + b.", lambda X, W, b: np.maximum(X @ W.T + b, 0.0)),
    ("bias-along-columns", "orientation",
     "You add the biases down the columns: an error, or wrong with as many examples as classes.",
     "Every class has its own bias: b is a row.", lambda X, W, b: X @ W.T + b[:, None]),
    ("first-example-only", "scope", "You return the scores of the first example only.",
     "Return one row per example.", lambda X, W, b: W @ X[0] + b),
    ("first-example-for-all", "scope", "Every row of your scores is that of the first example.",
     "Use X[n] in row n.", lambda X, W, b: np.tile(W @ X[0] + b, (len(X), 1))),
)  # fmt: skip
for _row in _SCORES:
    _instead("linear_scores", *_row)


@mistake(one_hot, "one-hot-transposed", family="orientation")
def one_hot_transposed(t: Any, classes: int) -> Any:
    """Your rows are classes and your columns examples.

    Rows are examples: T[n, y[n]] = 1.
    """
    return np.eye(classes)[:, np.asarray(t)]


@mistake(one_hot, "one-hot-counts-from-one", family="off-by-one")
def one_hot_from_one(t: Any, classes: int) -> Any:
    """You count the classes from 1, so every 1 stands one place too far to the left.

    Classes count from 0: T[n, y[n]] = 1.
    """
    return np.eye(classes)[np.asarray(t) - 1]


@mistake(one_hot, "one-hot-classes-from-labels", family="scope")
def one_hot_from_labels(t: Any, classes: int) -> Any:
    """You take the number of classes from the largest label, so the last columns may be missing.

    Make C columns, whether or not a class occurs.
    """
    return np.eye(int(np.max(t)) + 1)[np.asarray(t)]


@mistake(one_hot, "one-hot-of-labels-that-occur", family="scope")
def one_hot_of_present(t: Any, classes: int) -> Any:
    """You make a column for each label that occurs, so classes that do not occur have none.

    Make C columns, whether or not a class occurs.
    """
    return (np.asarray(t)[:, None] == np.unique(t)[None, :]).astype(float)


@mistake(one_hot, "one-hot-marks-whole-columns", family="scope")
def one_hot_columns(t: Any, classes: int) -> Any:
    """You write T[:, y] = 1, which marks whole columns.

    Name the row, too: T[np.arange(N), y] = 1.
    """
    marked = np.zeros((len(t), classes))
    marked[:, np.asarray(t)] = 1.0
    return marked


@mistake(one_hot, "one-hot-holds-labels", family="wrong-op")
def one_hot_labels(t: Any, classes: int) -> Any:
    """You write the label itself instead of a 1.

    The entry at the place of the class is 1.
    """
    return np.eye(classes)[np.asarray(t)] * np.asarray(t)[:, None]


@mistake(one_hot, "one-hot-inverted", family="swap")
def one_hot_inverted(t: Any, classes: int) -> Any:
    """You write 0 at the place of the class and 1 elsewhere.

    Start from zeros and set the entry of the class to 1.
    """
    return 1.0 - np.eye(classes)[np.asarray(t)]


def _last_of_ties(F: Any) -> Any:
    return F.shape[1] - 1 - np.argmax(F[:, ::-1], axis=1)


_PREDICT: tuple[tuple[str, str, str, str, Callable[..., Any]], ...] = (
    ("predict-over-examples", "orientation", "You search down the columns.", "Search every row: axis=1.",
     lambda F: np.argmax(F, axis=0)),
    ("predict-of-everything", "scope", "You return one number, the place in the whole table.",
     "Return one class per row: axis=1.", lambda F: np.argmax(F)),
    ("predict-smallest", "swap", "You return the class with the smallest score.", "Use np.argmax.",
     lambda F: np.argmin(F, axis=1)),
    ("predict-last-of-ties", "convention", "On a tie you name the last class.", "The first of the largest wins.",
     _last_of_ties),
    ("predict-best-starts-at-zero", "scope", "Your search starts with a best score of 0: rows below 0 give class 0.",
     "Start with the first score of the row, or with -inf.",
     lambda F: np.where(F.max(axis=1) > 0, np.argmax(F, axis=1), 0)),
    ("predict-counts-from-one", "off-by-one", "You count the classes from 1.", "Classes count from 0.",
     lambda F: np.argmax(F, axis=1) + 1),
    ("predict-largest-score", "wrong-op", "You return the largest scores and not where they are.",
     "Use np.argmax instead of np.max.", lambda F: F.max(axis=1)),
    ("predict-one-hot", "wrong-op", "You return one-hot rows.", "Return the number of the class.",
     lambda F: np.eye(F.shape[1])[np.argmax(F, axis=1)]),
    ("predict-by-absolute-value", "wrong-op", "You compare absolute values.", "Compare the scores themselves.",
     lambda F: np.argmax(np.abs(F), axis=1)),
)  # fmt: skip
for _row in _PREDICT:
    _instead("predict", *_row)
