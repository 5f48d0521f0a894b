"""What goes wrong in judging models: splits that are none, scores of seen examples, wrong divisors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes.optimizers.walks import instead

# --- splits and folds ----------------------------------------------------------------------------


def _split(
    name: str, family: str, what: str, how: str, wrong: Callable[..., Any], kind: str = "value"
) -> None:
    instead("train_test_split", name, family, what, how, wrong, kind)


def _folds(
    name: str, family: str, what: str, how: str, wrong: Callable[..., Any], kind: str = "value"
) -> None:
    instead("kfold_indices", name, family, what, how, wrong, kind)


def _cut(order: Any, R: int, frac: float) -> tuple[Any, Any]:
    return order[round(R * frac) :], order[: round(R * frac)]


_split(
    "split-not-shuffled", "omission", "You cut the data as it lies: the test set is always the end of it.",
    "Shuffle first: rng.permutation(R).",
    lambda right, R, frac, rng: (np.arange(R - round(R * frac)), np.arange(R - round(R * frac), R)),
)  # fmt: skip
_split(
    "split-beginning-for-testing", "omission", "You cut the data as it lies: the test set is always its beginning.",
    "Shuffle first: rng.permutation(R).",
    lambda right, R, frac, rng: _cut(np.arange(R), R, frac),
)  # fmt: skip
_split(
    "split-reseeds", "scope", "You make a generator of your own with a fixed seed: the split is always the same.",
    "Draw from the rng you are given.",
    lambda right, R, frac, rng: right(R, frac, np.random.default_rng(123)),
)  # fmt: skip
_split(
    "split-global-random", "scope", "You shuffle with numpy's global generator instead of the one you are given.",
    "Nobody can repeat such a split: use rng.permutation(R).",
    lambda right, R, frac, rng: _cut(np.random.permutation(R), R, frac),  # noqa: NPY002
    "behaviour",
)  # fmt: skip
_split(
    "split-swapped", "swap",
    "You return the test set first, or take frac as the share of the training set.",
    "frac is the share of the test set, and the training indices come first: return train_idx, test_idx.",
    lambda right, R, frac, rng: right(R, frac, rng)[::-1],
)  # fmt: skip
_split(
    "split-with-replacement", "wrong-op", "You draw indices with replacement, so examples occur twice.",
    "Shuffle once and cut: rng.permutation(R).",
    lambda right, R, frac, rng: _cut(rng.integers(0, R, size=R), R, frac),
)  # fmt: skip
_split(
    "split-test-with-replacement", "wrong-op", "You draw the test indices with replacement, so some occur twice.",
    "Shuffle once and cut, or draw with rng.choice(R, n, replace=False).",
    lambda right, R, frac, rng: (lambda test: (np.setdiff1d(np.arange(R), test), test))(
        rng.choice(R, round(R * frac))),
)  # fmt: skip
_split(
    "split-trains-on-all", "scope", "Your training set holds examples of the test set as well.",
    "An example is either in the training or in the test set.",
    lambda right, R, frac, rng: (np.arange(R), right(R, frac, rng)[1]),
)  # fmt: skip
_split(
    "split-one-left-out", "off-by-one", "You leave one example out of both sets.",
    "Cut once: order[n:] for training and order[:n] for testing.",
    lambda right, R, frac, rng: (lambda train, test: (train[1:], test))(*right(R, frac, rng)),
)  # fmt: skip
_split(
    "split-one-based", "off-by-one", "You number the examples from 1 to R.",
    "Indices of arrays run from 0 to R - 1.",
    lambda right, R, frac, rng: tuple(part + 1 for part in right(R, frac, rng)),
)  # fmt: skip
_split(
    "split-masks", "wrong-op", "You return masks of True and False instead of indices.",
    "Return index arrays; np.flatnonzero(mask) makes them.",
    lambda right, R, frac, rng: tuple(np.isin(np.arange(R), part) for part in right(R, frac, rng)),
)  # fmt: skip
_split(
    "split-always-half", "omission", "You ignore frac and cut in the middle.",
    "The test set holds R * frac examples.",
    lambda right, R, frac, rng: right(R, 0.5, rng),
)  # fmt: skip

_folds(
    "kfold-not-shuffled", "omission", "Your folds are blocks of neighbours: you do not shuffle.",
    "Shuffle first: np.array_split(rng.permutation(R), k).",
    lambda right, R, k, rng: np.array_split(np.arange(R), k),
)  # fmt: skip
_folds(
    "kfold-round-robin-unshuffled", "omission", "Example i is always in fold i % k: you do not shuffle.",
    "Shuffle the labels or the examples with rng first.",
    lambda right, R, k, rng: [np.arange(f, R, k) for f in range(k)],
)  # fmt: skip
_folds(
    "kfold-reseeds", "scope", "You make a generator of your own with a fixed seed: the folds are always the same.",
    "Draw from the rng you are given.",
    lambda right, R, k, rng: right(R, k, np.random.default_rng(0)),
)  # fmt: skip
_folds(
    "kfold-global-random", "scope", "You shuffle with numpy's global generator instead of the one you are given.",
    "Nobody can repeat such folds: use rng.permutation(R).",
    lambda right, R, k, rng: np.array_split(np.random.permutation(R), k),  # noqa: NPY002
    "behaviour",
)  # fmt: skip
_folds(
    "kfold-rest-dropped", "rounding", "You leave out the examples that do not fill the folds.",
    "Share the rest among the folds: np.array_split does that.",
    lambda right, R, k, rng: list(rng.permutation(R)[: R - R % k].reshape(k, -1)),
)  # fmt: skip
_folds(
    "kfold-rest-in-last-fold", "rounding", "You put the whole rest into the last fold.",
    "Sizes may differ by one at most: np.array_split shares the rest.",
    lambda right, R, k, rng: (lambda o, s: [*(o[f * s : (f + 1) * s] for f in range(k - 1)), o[(k - 1) * s :]])(
        rng.permutation(R), R // k),
)  # fmt: skip
_folds(
    "kfold-size-for-count", "swap", "You read k as the size of a fold; it is the number of folds.",
    "There are k folds with about R / k examples each.",
    lambda right, R, k, rng: (lambda o: [o[i : i + k] for i in range(0, R, k)])(rng.permutation(R)),
)  # fmt: skip
_folds(
    "kfold-pairs", "convention", "You return pairs of training and test indices; the test folds alone are asked for.",
    "Return a list of k index arrays.",
    lambda right, R, k, rng: [(np.setdiff1d(np.arange(R), f), f) for f in right(R, k, rng)],
)  # fmt: skip
_folds(
    "kfold-with-replacement", "wrong-op", "You draw every fold anew, so examples occur in several folds.",
    "Shuffle once and cut the shuffled indices.",
    lambda right, R, k, rng: [rng.integers(0, R, size=len(fold)) for fold in right(R, k, rng)],
)  # fmt: skip
_folds(
    "kfold-training-folds", "swap", "You return the training indices of every round instead of the test fold.",
    "Return the k test folds.",
    lambda right, R, k, rng: [np.setdiff1d(np.arange(R), f) for f in right(R, k, rng)],
)  # fmt: skip


# --- scores --------------------------------------------------------------------------------------


def _mse(name: str, family: str, what: str, how: str, wrong: Callable[[Any], Any]) -> None:
    instead("mse", name, family, what, how, lambda _right, y, yhat: wrong(yhat - y))


_mse(
    "mse-sum", "scale", "You add the squared errors and do not divide by their number.", "Take the mean.",
    lambda e: float(np.sum(e**2)),
)  # fmt: skip
_mse(
    "mse-root", "wrong-op", "You take the root of the mean squared error.", "The mean of the squares is asked for.",
    lambda e: float(np.sqrt(np.mean(e**2))),
)  # fmt: skip
_mse(
    "mse-absolute", "wrong-op", "You average the absolute errors.", "Square the errors before you average.",
    lambda e: float(np.mean(np.abs(e))),
)  # fmt: skip
_mse(
    "mse-half", "convention", "You halve the mean squared error.", "Here the mean of the squares is asked for.",
    lambda e: float(np.mean(e**2) / 2),
)  # fmt: skip
_mse(
    "mse-square-of-mean", "order", "You square the mean error, so errors of both signs cancel.",
    "Square first, then average.",
    lambda e: float(np.mean(e) ** 2),
)  # fmt: skip
_mse(
    "mse-not-squared", "omission", "You average the errors themselves, so errors of both signs cancel.",
    "Square the errors before you average.",
    lambda e: float(np.mean(e)),
)  # fmt: skip
_mse(
    "mse-not-averaged", "omission", "You return one squared error for each example.", "Return their mean.",
    lambda e: e**2,
)  # fmt: skip

_mse(
    "mse-divides-by-r-minus-1", "off-by-one", "You divide by the number of examples less one.",
    "A mean divides by the number itself.",
    lambda e: float(np.sum(e**2) / (len(e) - 1)) if len(e) > 1 else np.inf * np.sum(e**2),
)  # fmt: skip

Held = Callable[..., np.ndarray]


def _errors(fit: Any, predict: Any, x: Any, y: Any, train: Any, held: Any) -> np.ndarray:
    return predict(fit(x[train], y[train]), x[held]) - y[held]


def _rest(y: Any, held: Any) -> np.ndarray:
    return np.delete(np.arange(len(y)), held)


def _held(fit: Any, predict: Any, x: Any, y: Any, held: Any) -> np.ndarray:
    return _errors(fit, predict, x, y, _rest(y, held), held)


def _leaked(fit: Any, predict: Any, x: Any, y: Any, held: Any) -> np.ndarray:
    return predict(fit(x, y), x[held]) - y[held]


def _score(target: str, name: str, family: str, what: str, how: str, wrong: Callable[..., Any]) -> None:
    """Register a wrong score of a list of folds: (errors of each fold, y, fold by fold) -> number."""

    def mistaken(_right: Any, fit: Any, predict: Any, x: Any, y: Any, folds: Any = None) -> Any:
        parts = [np.array([i]) for i in range(len(y))] if folds is None else folds
        parts = [folds] if target == "test_set_score" else parts
        return wrong(fit, predict, x, y, parts)

    instead(target, name, family, what, how, mistaken)


def _everywhere(fact: str, family: str, what: str, how: str, wrong: Callable[..., Any]) -> None:
    for target, prefix in (
        ("test_set_score", "test-set"),
        ("kfold_score", "kfold"),
        ("loocv_score", "loocv"),
    ):
        _score(target, f"{prefix}-{fact}", family, what, how, wrong)


def _all(errors: Held, args: tuple[Any, ...], parts: Any) -> np.ndarray:
    return np.concatenate([errors(*args, part) for part in parts])


_everywhere(
    "leaks-test", "scope", "You fit the model on all examples, also on those it is tested with.",
    "Leave the held-out examples out before you fit.",
    lambda fit, predict, x, y, parts: float(np.mean(_all(_leaked, (fit, predict, x, y), parts) ** 2)),
)  # fmt: skip
_everywhere(
    "not-squared", "omission", "You average absolute errors instead of squared ones.",
    "Square the errors of the held-out examples.",
    lambda fit, predict, x, y, parts: float(np.mean(np.abs(_all(_held, (fit, predict, x, y), parts)))),
)  # fmt: skip
_everywhere(
    "root", "wrong-op", "You take the root of the mean squared error.", "The mean of the squares is asked for.",
    lambda fit, predict, x, y, parts: float(np.sqrt(np.mean(_all(_held, (fit, predict, x, y), parts) ** 2))),
)  # fmt: skip
_everywhere(
    "sum-not-divided", "scale", "You add the squared errors and do not divide.",
    "Divide by the number of examples that were held out, all folds together.",
    lambda fit, predict, x, y, parts: float(np.sum(_all(_held, (fit, predict, x, y), parts) ** 2)),
)  # fmt: skip
_everywhere(
    "divides-by-r-minus-1", "off-by-one", "You divide by the number of held-out examples less one.",
    "Divide by their number itself.",
    lambda fit, predict, x, y, parts: (lambda e: float(np.sum(e**2) / max(len(e) - 1, 0.5)))(
        _all(_held, (fit, predict, x, y), parts)),
)  # fmt: skip
_everywhere(
    "errors-cancel", "order", "You square the mean error, so errors of both signs cancel.",
    "Square first, then average.",
    lambda fit, predict, x, y, parts: float(np.mean(_all(_held, (fit, predict, x, y), parts)) ** 2),
)  # fmt: skip
for _target, _prefix, _part in (("kfold_score", "kfold", "fold"), ("loocv_score", "loocv", "point")):
    _score(
        _target, f"{_prefix}-last-{_part}-missing", "off-by-one",
        f"You leave out the last {_part} and average over the others.",
        f"Every {_part} is held out once: go on to the last one.",
        lambda fit, predict, x, y, parts: float(np.mean(_all(_held, (fit, predict, x, y), parts[:-1]) ** 2)),
    )  # fmt: skip
    _score(
        _target, f"{_prefix}-last-{_part}-only", "scope",
        f"You return the error of the last {_part} only.",
        f"Add up the errors of every {_part} before you divide.",
        lambda fit, predict, x, y, parts: float(np.mean(_held(fit, predict, x, y, parts[-1]) ** 2)),
    )  # fmt: skip
    _score(
        _target, f"{_prefix}-training-error", "swap",
        "You test every model on the examples it was fitted to.",
        f"Fit on the rest and test on the {_part} that was left out.",
        lambda fit, predict, x, y, parts: float(
            np.mean(np.concatenate([_errors(fit, predict, x, y, _rest(y, p), _rest(y, p)) for p in parts]) ** 2)),
    )  # fmt: skip
    _score(
        _target, f"{_prefix}-model-fitted-once", "scope",
        f"You fit one model, without the first {_part}, and use it for all.",
        f"Fit anew for every {_part}, inside the loop.",
        lambda fit, predict, x, y, parts: float(
            np.mean(np.concatenate([_errors(fit, predict, x, y, _rest(y, parts[0]), p) for p in parts]) ** 2)),
    )  # fmt: skip
    _score(
        _target, f"{_prefix}-tests-on-all", "scope",
        "You test every model on all examples, also on those it was fitted to.",
        f"Test on the {_part} that was left out.",
        lambda fit, predict, x, y, parts: float(
            np.mean([np.mean(_errors(fit, predict, x, y, _rest(y, p), slice(None)) ** 2) for p in parts])),
    )  # fmt: skip
_score(
    "loocv_score", "loocv-first-point-missing", "off-by-one", "You never leave out the first example.",
    "Every example is left out once: range(len(x)).",
    lambda fit, predict, x, y, parts: float(np.mean(_all(_held, (fit, predict, x, y), parts[1:]) ** 2)),
)  # fmt: skip
_score(
    "loocv_score", "loocv-last-point-missing-from-sum", "off-by-one",
    "You never leave out the last example, but divide by R.",
    "Every example is left out once: range(len(x)).",
    lambda fit, predict, x, y, parts: float(np.sum(_all(_held, (fit, predict, x, y), parts[:-1]) ** 2) / len(y)),
)  # fmt: skip
_score(
    "kfold_score", "kfold-mean-of-fold-means", "scale",
    "You average the means of the folds, so examples of small folds count more.",
    "Add the squared errors of all folds and divide by R once.",
    lambda fit, predict, x, y, parts: float(np.mean([np.mean(_held(fit, predict, x, y, p) ** 2) for p in parts])),
)  # fmt: skip
_score(
    "kfold_score", "kfold-last-fold-only-divided-by-r", "scope",
    "You keep the errors of the last fold only, divided by R.",
    "Add the squared errors of all folds: total += ...",
    lambda fit, predict, x, y, parts: float(np.sum(_held(fit, predict, x, y, parts[-1]) ** 2) / len(y)),
)  # fmt: skip
_score(
    "kfold_score", "kfold-divides-by-k", "scale", "You divide the total by the number of folds.",
    "Divide by the number R of examples.",
    lambda fit, predict, x, y, parts: float(np.sum(_all(_held, (fit, predict, x, y), parts) ** 2) / len(parts)),
)  # fmt: skip
_score(
    "kfold_score", "kfold-sum-of-fold-means", "omission", "You add the means of the folds and do not divide.",
    "Add the squared errors of all folds and divide by R once.",
    lambda fit, predict, x, y, parts: float(np.sum([np.mean(_held(fit, predict, x, y, p) ** 2) for p in parts])),
)  # fmt: skip
_score(
    "kfold_score", "kfold-one-number-per-fold", "omission", "You return one error for each fold.",
    "Put them together: the total of all squared errors, divided by R.",
    lambda fit, predict, x, y, parts: np.array([np.mean(_held(fit, predict, x, y, p) ** 2) for p in parts]),
)  # fmt: skip
_score(
    "kfold_score", "kfold-folds-ignored", "scope", "You cut folds of your own and ignore those you are given.",
    "Hold out the folds you are given, one after the other.",
    lambda fit, predict, x, y, parts: float(
        np.mean(_all(_held, (fit, predict, x, y), np.array_split(np.arange(len(y)), len(parts))) ** 2)),
)  # fmt: skip
_score(
    "test_set_score", "test-set-training-error", "swap", "You return the error on the training examples.",
    "Test on the examples of test_idx.",
    lambda fit, predict, x, y, parts: float(
        np.mean(_errors(fit, predict, x, y, _rest(y, parts[0]), _rest(y, parts[0])) ** 2)),
)  # fmt: skip
_score(
    "test_set_score", "test-set-tests-on-all", "scope", "You test on all examples, also on those of the training.",
    "Test on the examples of test_idx only.",
    lambda fit, predict, x, y, parts: float(np.mean(_errors(fit, predict, x, y, _rest(y, parts[0]), slice(None)) ** 2)),
)  # fmt: skip
_score(
    "test_set_score", "test-set-divides-by-r", "scale", "You divide by the number of all examples.",
    "Divide by the number of test examples.",
    lambda fit, predict, x, y, parts: float(np.sum(_held(fit, predict, x, y, parts[0]) ** 2) / len(y)),
)  # fmt: skip


def _other_way_round(fit: Any, predict: Any, x: Any, y: Any, parts: Any) -> np.ndarray:
    return np.concatenate([_errors(fit, predict, x, y, p, _rest(y, p)) for p in parts]) ** 2


_score(
    "kfold_score", "kfold-trains-on-the-fold", "swap", "You fit on the fold and test on the rest.",
    "It is the other way round: the fold is held out, the rest trains.",
    lambda fit, predict, x, y, parts: float(np.mean(_other_way_round(fit, predict, x, y, parts))),
)  # fmt: skip
_score(
    "kfold_score", "kfold-trains-on-the-fold-divided-by-r", "swap", "You fit on the fold and test on the rest.",
    "It is the other way round: the fold is held out, the rest trains.",
    lambda fit, predict, x, y, parts: float(np.sum(_other_way_round(fit, predict, x, y, parts)) / len(y)),
)  # fmt: skip
_score(
    "test_set_score", "test-set-trains-on-the-test-set", "swap", "You fit on the test set and test on the rest.",
    "test_idx is held out: fit on all other examples.",
    lambda fit, predict, x, y, parts: float(np.mean(_other_way_round(fit, predict, x, y, parts))),
)  # fmt: skip
