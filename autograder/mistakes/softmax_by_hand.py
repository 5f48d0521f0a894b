"""What goes wrong in softmax and cross-entropy by hand: the shares, the logarithm, the gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, lend_hint, mistake
from reference import softmax

Array = np.ndarray


def scores_of(params: dict[str, Any]) -> Array:
    """Return the scores, given as such or as logarithms of whole numbers, one row per example."""
    rows = np.log(np.array(params["m"], dtype=float)) if "m" in params else np.array(params["scores"])
    return np.atleast_2d(rows)


# --------------------------------------------------------------------------------------- SMX-1, shares


def _shares(name: str, **facts: Any) -> Callable[[Callable[..., Any]], Mistake]:
    """Register wrong probabilities f(scores of one example)."""

    def register(wrong: Callable[..., Any]) -> Mistake:
        def mistaken(params: dict[str, Any]) -> Any:
            found = wrong(scores_of(params)[0])
            return None if found is None else {"p": found.tolist()}

        return mistake("SMX-1", name, **facts)(lend_hint(mistaken, wrong))

    return register


@_shares("softmax-without-exponentials", family="omission")
def without_exponentials(s: Array) -> Array | None:
    """You divided the scores themselves by their sum.

    Take e to the power of each score first; then divide by the sum of these.
    """
    return s / s.sum() if abs(s.sum()) > 1e-9 else None


@_shares("softmax-absolute-scores", family="wrong-op")
def absolute_scores(s: Array) -> Array:
    """You divided the absolute values of the scores by their sum.

    Take e to the power of each score first; that is positive whatever the sign of the score.
    """
    return np.abs(s) / np.abs(s).sum()


@_shares("softmax-sum-without-itself", family="scope")
def sum_without_itself(s: Array) -> Array:
    """You left the class itself out of the sum below.

    The sum runs over all classes, so that the probabilities add up to 1.
    """
    e = np.exp(s)
    return np.asarray(e / (e.sum() - e))


@_shares("sigmoid-of-each-score", family="wrong-op")
def sigmoid_of_each(s: Array) -> Array:
    """You took the sigmoid of each score, which gives numbers that do not add up to 1.

    Divide e to the power of each score by the sum of all of them.
    """
    return 1 / (1 + np.exp(-s))


@_shares("softmax-exponentials-alone", family="omission")
def exponentials_alone(s: Array) -> Array:
    """You stopped at the exponentials.

    Divide each by the sum of all of them, so that they add up to 1.
    """
    return np.exp(s)


@_shares("softmax-base-two", family="wrong-op")
def base_two(s: Array) -> Array:
    """You took powers of 2 instead of powers of e.

    The base is e = 2.71828...
    """
    return np.asarray(2**s / (2**s).sum())


@_shares("softmax-base-ten", family="wrong-op")
def base_ten(s: Array) -> Array:
    """You took powers of 10 instead of powers of e.

    The base is e = 2.71828...
    """
    return np.asarray(10**s / (10**s).sum())


@_shares("softmax-winner-takes-all", family="wrong-op", belief="E40")
def winner_takes_all(s: Array) -> Array:
    """You gave the whole probability to the class with the highest score.

    Softmax divides the probability among all classes; even the lowest score gets some.
    """
    return (s == s.max()).astype(float)


@_shares("softmax-shift-in-numerator", family="scope")
def shift_in_numerator(s: Array) -> Array:
    """You subtracted the highest score above, but not below.

    What is subtracted from the scores must be subtracted in the sum, too.
    """
    return np.asarray(np.exp(s - s.max()) / np.exp(s).sum())


# ----------------------------------------------------------------------------------- SMX-2, logarithm


def _cost(name: str, **facts: Any) -> Callable[[Callable[..., Any]], Mistake]:
    """Register a wrong loss f(probabilities, scores, label) of one example; the probability is right."""

    def register(wrong: Callable[..., Any]) -> Mistake:
        def mistaken(params: dict[str, Any]) -> Any:
            s = scores_of(params)
            found = wrong(softmax(s)[0], s[0], params["label"])
            return None if found is None else {"loss": float(found)}

        return mistake("SMX-2", name, **facts)(lend_hint(mistaken, wrong))

    return register


@_cost("logarithm-to-base-ten", family="wrong-op")
def to_base_ten(p: Array, s: Array, y: int) -> Any:
    """You took the logarithm to base 10.

    The loss uses the natural logarithm, ln.
    """
    return -np.log10(p[y])


@_cost("logarithm-to-base-two", family="wrong-op")
def to_base_two(p: Array, s: Array, y: int) -> Any:
    """You took the logarithm to base 2.

    The loss uses the natural logarithm, ln.
    """
    return -np.log2(p[y])


@_cost("loss-sign-swapped", family="sign")
def sign_swapped(p: Array, s: Array, y: int) -> Any:
    """You left out the minus sign: that is the log-likelihood, which is never positive.

    A loss is minus the logarithm of the probability.
    """
    return np.log(p[y])


@_cost("loss-one-minus-probability", family="wrong-op")
def one_minus(p: Array, s: Array, y: int) -> Any:
    """You subtracted the probability from 1.

    The loss is minus the natural logarithm of the probability.
    """
    return 1 - p[y]


@_cost("loss-of-not-being-right", family="swap")
def not_right(p: Array, s: Array, y: int) -> Any:
    """You took the logarithm of 1 - p, the probability of all the wrong classes.

    Take the logarithm of the probability of the right class.
    """
    return -np.log(1 - p[y])


@_cost("loss-summed-over-all-classes", family="scope")
def all_classes(p: Array, s: Array, y: int) -> Any:
    """You added the logarithms of all probabilities.

    Only the right class counts: its target is 1, the others' is 0.
    """
    return -np.log(p).sum()


@_cost("loss-entropy", family="wrong-op")
def entropy(p: Array, s: Array, y: int) -> Any:
    """You weighted the logarithms with the probabilities themselves; that is the entropy.

    Weight them with the targets: 1 for the right class, 0 for the others.
    """
    return -(p * np.log(p)).sum()


@_cost("loss-minus-raw-score", family="omission")
def raw_score(p: Array, s: Array, y: int) -> Any:
    """You took minus the score of the right class.

    Turn the scores into probabilities first; the loss is minus the logarithm of the right one.
    """
    return -s[y]


@_cost("loss-logarithm-of-score", family="omission")
def log_of_score(p: Array, s: Array, y: int) -> Any:
    """You took the logarithm of the score of the right class.

    Turn the scores into probabilities first; the loss is minus the logarithm of the right one.
    """
    return -np.log(s[y]) if s[y] > 0 else None


@_cost("loss-of-likeliest-class", family="swap")
def likeliest(p: Array, s: Array, y: int) -> Any:
    """You took the probability of the class with the highest score.

    Take the probability of the right class, which the label names.
    """
    return -np.log(p.max())


@_cost("loss-distance-to-highest-score", family="wrong-op")
def to_highest(p: Array, s: Array, y: int) -> Any:
    """You took the difference between the highest score and the score of the right class.

    That is only close: use the logarithm of the sum of all exponentials in place of the highest score.
    """
    return s.max() - s[y]


@_cost("loss-counts-wrong-classes", family="wrong-op")
def counts_wrong(p: Array, s: Array, y: int) -> Any:
    """You also added ln(1 - p) of every wrong class, as for answers that are independent of each other.

    With softmax only the right class counts: minus ln of its probability.
    """
    return -np.log(p[y]) - np.log(1 - np.delete(p, y)).sum()


# ------------------------------------------------------------------------------------ SMX-4, gradient


def _slope(name: str, **facts: Any) -> Callable[[Callable[..., Any]], Mistake]:
    """Register a wrong gradient f(p, t, number of examples) of the scores; dW follows from it."""

    def register(wrong: Callable[..., Any]) -> Mistake:
        def mistaken(params: dict[str, Any]) -> Any:
            p = softmax(scores_of(params))
            ds = wrong(p, np.eye(p.shape[1])[params["labels"]], len(p))
            return {"ds": ds.tolist(), "dw": (ds.T @ np.array(params["x"], dtype=float)).tolist()}

        return mistake("SMX-4", name, **facts)(lend_hint(mistaken, wrong))

    return register


@_slope("softmax-loss-grad-sign", family="sign")
def grad_sign(p: Array, t: Array, n: int) -> Array:
    """You subtracted the probabilities from the targets: your gradient has the wrong sign.

    The gradient is p - t: negative at the right class, whose score should grow.
    """
    return (t - p) / n


@_slope("softmax-loss-grad-right-class-only", family="omission")
def right_class_only(p: Array, t: Array, n: int) -> Array:
    """You gave only the right class a gradient.

    The scores of the wrong classes stand in the sum of exponentials: their gradients are p.
    """
    return t * (p - t) / n


@_slope("softmax-loss-grad-no-target", family="omission")
def no_target(p: Array, t: Array, n: int) -> Array:
    """You forgot to subtract 1 at the right class.

    The gradient is p - t, where t is 1 at the right class.
    """
    return p / n


@_slope("softmax-loss-grad-diagonal", family="wrong-op")
def diagonal(p: Array, t: Array, n: int) -> Array:
    """You gave the derivative p (1 - p) of a probability with respect to its own score.

    The loss is the logarithm of the right probability; with it everything simplifies to p - t.
    """
    return p * (1 - p) / n


@_slope("softmax-loss-grad-times-slope", family="wrong-op")
def times_slope(p: Array, t: Array, n: int) -> Array:
    """You multiplied p - t by p (1 - p), which it already contains.

    The gradient with respect to the scores is p - t, without another factor.
    """
    return (p - t) * p * (1 - p) / n


@_slope("softmax-loss-grad-stops-at-the-logarithm", family="omission")
def stops_at_logarithm(p: Array, t: Array, n: int) -> Array:
    """You gave -1/p at the right class, the gradient with respect to the probability.

    Go on through softmax: with respect to the scores it is p - t.
    """
    return -t / p / n


@_slope("gradient-not-averaged", family="scale")
def not_averaged(p: Array, t: Array, n: int) -> Array:
    """You did not divide by the number of examples.

    The loss is a mean over N examples, so its gradient is divided by N, too.
    """
    return p - t


@mistake("SMX-4", "dW-transposed", family="orientation")
def transposed(params: dict[str, Any]) -> Any:
    """You wrote the gradient of W with classes and features exchanged.

    It has the shape of W: one row per class, one column per feature.
    """
    p = softmax(scores_of(params))
    ds = (p - np.eye(p.shape[1])[params["labels"]]) / len(p)
    return {"dw": (np.array(params["x"], dtype=float).T @ ds).tolist()}


@mistake("SMX-4", "dW-from-probabilities", family="swap")
def from_probabilities(params: dict[str, Any]) -> Any:
    """You multiplied the features by the probabilities, not by the gradient of the scores.

    Each entry of dL/dW is the gradient of a score times a feature.
    """
    p = softmax(scores_of(params))
    return {"dw": (p.T @ np.array(params["x"], dtype=float) / len(p)).tolist()}
