"""Mistakes of typed questions on normalising; those of code are lent where they can be made by hand as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, lend_hint, mistake
from autograder.mistakes.normalization import data
from reference import standardize_apply, standardize_fit

Params = dict[str, Any]


def _lend(question: str, lent: tuple[Mistake, ...], answer: Callable[[Params, Mistake], Any]) -> None:
    """Aim mistakes of an op at a question whose op is another one."""
    for found in lent:

        def wrong(params: Params, found: Mistake = found) -> Any:
            return answer(params, found)

        facts: dict[str, Any] = {"family": found.family, "credit": found.credit, "belief": found.belief}
        mistake(question, found.name, **facts)(lend_hint(wrong, found.function))


# ------------------------------------------------------------------------------------- one column


def _scores(params: Params, wrong: Any) -> Any:
    x = np.array(params["x"], dtype=float)
    z = wrong(x, *standardize_fit(x, ddof=params["ddof"]))
    return None if z is None else {"z": z.tolist()}


_lend(
    "NORM-1",
    (
        data.no_centre, data.no_scale, data.divides_by_variance, data.divides_by_root, data.mean_added,
        data.distance_negated, data.divided_before_centring, data.multiplied_by_sigma,
    ),
    _scores,
)  # fmt: skip


# -------------------------------------------------------------------------------------- test data


def _data(params: Params) -> tuple[np.ndarray, np.ndarray]:
    train, test = (np.array(params[name], dtype=float).T for name in ("train", "test"))
    return train, test


def _answer(z: np.ndarray) -> dict[str, Any]:
    return {"z": z.tolist() if z.shape[1] > 1 else z[:, 0].tolist()}


@mistake("NORM-2", "statistics-of-everything", family="scope", belief="pooled-statistics")
def pooled(params: Params) -> Any:
    """You measured mean and standard deviation on training and test data together.

    Test data may not take part in any fitting. Measure on the training data alone.
    """
    train, test = _data(params)
    mu, sigma = standardize_fit(np.concatenate([train, test]))
    return _answer(standardize_apply(test, mu, sigma))


@mistake("NORM-2", "test-data-left-raw", family="omission")
def left_raw(params: Params) -> Any:
    """You left the test data as they are.

    The network has only seen normalised numbers. Apply the same mean and standard deviation to the test data.
    """
    return _answer(_data(params)[1])


@mistake("NORM-2", "sample-variance-used", family="convention", belief="ddof-one")
def sample_variance(params: Params) -> Any:
    """You divided the sum of squares by N - 1.

    Both are in use; this question says N. Divide by the number of training values.
    """
    train, test = _data(params)
    return _answer(standardize_apply(test, *standardize_fit(train, ddof=1)))


@mistake("NORM-2", "one-statistic-for-all-features", family="scope")
def one_for_all(params: Params) -> Any:
    """You took one mean and one standard deviation over both features.

    Features have scales of their own. Measure each column by itself.
    """
    train, test = _data(params)
    if train.shape[1] == 1:
        return None
    return _answer((test - train.mean()) / train.std())


@mistake("NORM-2", "normalised-per-example", family="orientation")
def per_example(params: Params) -> Any:
    """You normalised each test example with the mean and standard deviation of its own features.

    A mean belongs to a feature, over the examples. Use mean and standard deviation of the training column.
    """
    _, test = _data(params)
    if test.shape[1] == 1:
        return None
    spread = test.std(axis=1, keepdims=True)
    return None if np.any(spread == 0) else _answer((test - test.mean(axis=1, keepdims=True)) / spread)


# ----------------------------------------------------------------------------------------- images


def _images(name: str, axes: tuple[int, ...], family: str, what: str, how: str, but: str = "") -> None:
    """Register a mean over other axes of the images [N,C,H,W]; `but` is the scheme for which it is right."""

    def wrong(params: Params) -> Any:
        if params["scheme"] == but:
            return None
        x, (n, c, i, j) = np.array(params["images"], dtype=float), params["at"]
        mean, std = x.mean(axis=axes, keepdims=True), x.std(axis=axes, keepdims=True)
        shape = [size for axis, size in enumerate(x.shape) if axis not in axes] or [1]
        z = x - mean
        if params["scheme"] == "per channel, scaled":
            if np.any(std == 0):
                return None
            z = z / std
        return {"shape": shape, "value": float(z[n, c, i, j])}

    wrong.__doc__ = f"{what}\n\n{how}"
    mistake("NORM-4", name, family=family)(wrong)


_images(
    "one-mean-for-everything", (0, 1, 2, 3), "scope", "You took a single mean over all numbers of all images.",
    "Read which axes share a mean; channels never do here.",
)  # fmt: skip
_images(
    "mean-of-the-same-image", (2, 3), "scope", "You averaged over the pixels of the same image only.",
    "The means are properties of the training set: average over all its images.",
)  # fmt: skip
_images(
    "mean-over-channels", (0, 1), "orientation", "You averaged over the channels as well, which leaves rows × columns.",
    "Each channel keeps its own mean. Leave the channel axis alone.",
)  # fmt: skip
_images(
    "mean-of-each-channel", (0, 2, 3), "swap", "You took one mean per channel; a mean image has one per pixel as well.",
    "Average over the images only.", but="per channel",
)  # fmt: skip
_images(
    "mean-image", (0,), "swap", "You took a mean image, one mean per pixel; here all pixels of a channel share one.",
    "Average over images, rows and columns.", but="per pixel",
)  # fmt: skip


@mistake("NORM-4", "not-divided-by-sigma", family="omission")
def not_divided(params: Params) -> Any:
    """You subtracted the mean of the channel but did not divide by its standard deviation.

    This scheme does both. Divide by the standard deviation of the channel.
    """
    if params["scheme"] != "per channel, scaled":
        return None
    x, (n, c, i, j) = np.array(params["images"], dtype=float), params["at"]
    return {"value": float(x[n, c, i, j] - x[:, c].mean())}
