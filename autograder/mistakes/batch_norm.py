"""Mistakes of typed questions on batch normalisation, and of counting what it learns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import mistake
from reference import batch_norm, batch_norm_parameters

Params = dict[str, Any]


# -------------------------------------------------------------------------------------- test time


def _with_statistics(params: Params, mean: Any, var: Any) -> dict[str, Any]:
    x = np.array(params["x"], dtype=float)
    mean, var, gamma, beta = (
        np.broadcast_to(np.asarray(value, dtype=float), x.shape[1:])
        for value in (mean, var, params["gamma"], params["beta"])
    )
    y = np.asarray(batch_norm(x, mean, var, gamma, beta, eps=params["eps"]))
    return {"y": y.tolist() if x.shape[1] > 1 else y[:, 0].tolist()}


@mistake("BN-2", "running-var-corrected", family="scale")
def running_var_corrected(params: Params) -> Any:
    """You multiplied the running variance by m / (m - 1) before using it.

    What the layer holds is used as it is. Divide by the root of the stored variance plus epsilon.
    """
    mean, var = params["running"]
    m = len(params["x"])
    return _with_statistics(params, mean, np.array(var) * m / (m - 1))


@mistake("BN-2", "own-mean-running-variance", family="scope", belief="batch-at-test-time")
def own_mean(params: Params) -> Any:
    """You subtracted the mean of the test batch and divided by the stored deviation.

    Both statistics come from training. Subtract the running mean.
    """
    return _with_statistics(params, np.mean(params["x"], axis=0), params["running"][1])


@mistake("BN-2", "running-mean-own-variance", family="scope", belief="batch-at-test-time")
def own_variance(params: Params) -> Any:
    """You subtracted the stored mean and divided by the deviation of the test batch.

    Both statistics come from training. Divide by the root of the running variance plus epsilon.
    """
    return _with_statistics(params, params["running"][0], np.var(params["x"], axis=0))


@mistake("BN-2", "one-running-statistic-for-all", family="scope")
def one_for_all(params: Params) -> Any:
    """You used the stored mean and variance of the first feature for all features.

    Every feature has statistics of its own. Take those of its own column.
    """
    if len(params["gamma"]) == 1:
        return None
    return _with_statistics(params, params["running"][0][0], params["running"][1][0])


# --------------------------------------------------------------------------------------- counting


def _count(
    name: str, family: str, what: str, how: str, learned: Any, measured: Any, belief: str = ""
) -> None:
    """Register counts that are functions of the number of channels."""

    def wrong(channels: int) -> tuple[int, int]:
        batch_norm_parameters(channels)  # refuses what the op refuses
        return learned(channels), measured(channels)

    wrong.__doc__ = f"{what}\n\n{how}"
    mistake(batch_norm_parameters, name, family=family, belief=belief)(wrong)


_count(
    "alpha-counted", "scope", "You counted three learned numbers per channel; there is no alpha.",
    "Only gamma and beta are learned: two per channel.",
    lambda c: 3 * c, lambda c: 2 * c, "alpha-beta-gamma",
)  # fmt: skip
_count(
    "running-statistics-learned", "scope", "You counted the running mean and variance among what is learned.",
    "They are averages of what passed by and get no gradient. Count them as measured.",
    lambda c: 4 * c, lambda _c: 0,
)  # fmt: skip
_count(
    "two-numbers-in-all", "omission", "You counted one gamma and one beta for the whole layer.",
    "Every channel has its own. Multiply by the number of channels.",
    lambda _c: 2, lambda _c: 2,
)  # fmt: skip
_count(
    "one-number-per-channel", "omission", "You counted one number per channel where there are two.",
    "Per channel gamma and beta are learned, mean and variance are measured. Multiply by 2.",
    lambda c: c, lambda c: c,
)  # fmt: skip
_count(
    "measured-forgotten", "omission", "You found that nothing is measured; running mean and variance are.",
    "Test mode needs both. Count two per channel.",
    lambda c: 2 * c, lambda _c: 0,
)  # fmt: skip


def _question(name: str, family: str, what: str, how: str, wrong: Callable[[Params], Any]) -> None:
    wrong.__doc__ = f"{what}\n\n{how}"
    mistake("BN-4", name, family=family)(wrong)


def _weights(params: Params) -> int:
    return int(params["channels"] * params["c_in"] * params["k"] ** 2) if "k" in params else 0


def _twice(params: Params, places: int) -> dict[str, int]:
    count = 2 * params["channels"] * places
    return {"learned": _weights(params) + count, "measured": count}


def _per_pixel(params: Params) -> Any:
    return _twice(params, params["maps"][0] * params["maps"][1]) if "maps" in params else None


def _bias_kept(params: Params) -> Any:
    return {"learned": _weights(params) + 3 * params["channels"]} if "k" in params else None


def _convolution_forgotten(params: Params) -> Any:
    return {"learned": 2 * params["channels"]} if "k" in params else None


_question(
    "counted-per-pixel", "scope", "You gave every pixel of a map numbers of its own.",
    "All pixels of a channel share gamma, beta, mean and variance. Count per channel.",
    _per_pixel,
)  # fmt: skip
_question(
    "counted-per-example", "scope", "You counted once per example of the batch.",
    "The layer belongs to the network, not to the batch. Leave the batch out.",
    lambda params: _twice(params, params["batch"]),
)  # fmt: skip
_question(
    "bias-before-it-kept", "scope", "You counted the biases of the convolution.",
    "A bias shifts the mean of its channel, which is subtracted right away. Leave it out: beta takes its place.",
    _bias_kept,
)  # fmt: skip
_question(
    "convolution-forgotten", "omission", "You counted the batch normalisation but not the weights of the convolution.",
    "Both layers are asked for. Add filters times input channels times the area of the kernel.",
    _convolution_forgotten,
)  # fmt: skip
