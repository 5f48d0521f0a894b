"""Preparing images by hand: which mean is subtracted, and from what."""

from __future__ import annotations

import functools
import itertools
from typing import Any, ClassVar

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from autograder.questions.normalization import Pattern, exact_root, exact_statistics, listed
from autograder.typeset import block, bracket, summed
from reference import standardize_fit

_TEXTS = {
    "per pixel": (
        "Subtract the **mean image** of the training set (as AlexNet does): every channel and every pixel "
        "position has a mean of its own, taken over the images."
    ),
    "per channel": (
        "Subtract the **mean of each channel** (as VGG does): one mean per channel, taken over all images "
        "and all pixel positions."
    ),
    "per channel, scaled": (
        "Subtract the **mean of each channel** and divide by the **standard deviation of each channel** (as "
        "ResNet does), both taken over all images and all pixel positions. The variance divides by the number "
        "of values."
    ),
}


@functools.cache
def _quadruples() -> dict[int, tuple[Pattern, ...]]:
    """Group four whole numbers of sum 0 by their sum of squares."""
    found: dict[int, list[Pattern]] = {}
    for values in itertools.combinations_with_replacement(range(-7, 8), 4):
        if sum(values) == 0:
            found.setdefault(sum(v * v for v in values), []).append(values)
    return {size: tuple(group) for size, group in found.items()}


def _eight(rng: np.random.Generator) -> list[int] | None:
    """Draw eight numbers whose mean and standard deviation are whole."""
    sizes = _quadruples()
    first = list(sizes)[rng.integers(len(sizes))]
    rest = 8 * int(rng.integers(2, 6)) ** 2 - first
    if rest not in sizes:
        return None
    chosen = [group[rng.integers(len(group))] for group in (sizes[first], sizes[rest])]
    return (rng.permutation(np.concatenate(chosen)) + rng.integers(7, 15)).tolist()


@question(
    "NORM-4",
    title="Subtract the mean of images",
    op=standardize_fit,
    space=10**9,
    min_exposed=4,
    must_detect={
        1: ("one-mean-for-everything", "mean-over-channels", "mean-of-each-channel", "mean-of-the-same-image"),
        2: ("one-mean-for-everything", "mean-over-channels", "mean-image", "mean-of-the-same-image"),
        3: ("one-mean-for-everything", "not-divided-by-sigma", "variance-for-sigma", "mean-of-the-same-image"),
    },
)  # fmt: skip
class ImageMeans:
    """Level 1: a mean image; level 2: one mean per channel; level 3: standard deviations as well."""

    _SETTINGS: ClassVar = {
        1: ("per pixel", (2, 3, 2, 2)),
        2: ("per channel", (2, 3, 2, 2)),
        3: ("per channel, scaled", (2, 2, 2, 2)),
    }

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        scheme, shape = ImageMeans._SETTINGS[level]
        images = rng.integers(0, 21, size=shape)
        at = [int(rng.integers(size)) for size in shape]
        if level == 3:
            for c in range(shape[1]):
                eight = _eight(rng)
                if eight is None:
                    return None
                images[:, c] = np.reshape(eight, (2, 2, 2))
        if level == 2 and images[:, at[1]].sum() % 4:
            return None  # quarters would have to be rounded
        return {"scheme": scheme, "images": images.tolist(), "at": at}

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        x = np.array(params["images"], dtype=float)
        n, c, i, j = params["at"]
        whole = params["scheme"] == "per pixel"
        mu, sigma = impl(x if whole else np.moveaxis(x, 1, -1).reshape(-1, x.shape[1]), ddof=0)
        mean, std = (s[c, i, j] if whole else s[c] for s in (mu, sigma))
        scaled = params["scheme"] == "per channel, scaled"
        with np.errstate(all="ignore"):  # a mistaken deviation may be 0
            value = float((x[n, c, i, j] - mean) / (std if scaled else 1))
        what = "means" if not scaled else "means (the standard deviations have the same)"
        where = f"image {n}, channel {c}, row {i}, column {j}"
        return Variant(
            question="NORM-4",
            title="Subtract the mean of images",
            prompt=_prompt(params),
            parts=(
                Part("shape", f"What is the shape of the array of {what}?", "shape", {"axes": _axes(whole)}, 0.4),
                Part("value", f"Which value does the pixel at {where} have afterwards? Two decimals.", "num",
                     {"places": 2}, 0.6),
            ),
            truth={"shape": list(mu.shape), "value": value},
            solution=_steps(params, mean, std, value),
            params=params,
            level=params.get("level", 1),
        )  # fmt: skip

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        images, (n, c, i, j) = params["images"], params["at"]
        values = _averaged(params)
        mean, variance = exact_statistics(values)
        root = exact_root(variance) if params["scheme"] == "per channel, scaled" else 1
        shape = [len(images[0]), 2, 2] if params["scheme"] == "per pixel" else [len(images[0])]
        return {"shape": shape, "value": float((images[n][c][i][j] - mean) / (root or 1))}


def _averaged(params: dict[str, Any]) -> list[int]:
    """List the numbers whose mean is subtracted from the asked pixel."""
    _, c, i, j = params["at"]
    if params["scheme"] == "per pixel":
        return [image[c][i][j] for image in params["images"]]
    return [value for image in params["images"] for row in image[c] for value in row]


def _axes(whole: bool) -> str:
    return "(channels, rows, columns)" if whole else "(channels,)"


def _prompt(params: dict[str, Any]) -> str:
    images = params["images"]
    shown = [
        f"Image {n}, channel {c}:\n\n{block(channel)}"
        for n, image in enumerate(images)
        for c, channel in enumerate(image)
    ]
    return (
        f"The training set is {len(images)} tiny images of {len(images[0])} channels with 2 × 2 pixels, stored "
        "channels first: (images, channels, rows, columns). Everything is counted from 0.\n\n"
        f"{_TEXTS[params['scheme']]}\n\n" + "\n\n".join(shown)
    )


def _steps(params: dict[str, Any], mean: float, std: float, value: float) -> tuple[str, ...]:
    images, (n, c, i, j) = params["images"], params["at"]
    pixel, values = images[n][c][i][j], _averaged(params)
    C = len(images[0])
    if params["scheme"] == "per pixel":
        over = (
            f"Averaged over the images only; one mean for each of the {C} × 2 × 2 places: shape ({C}, 2, 2)."
        )
        which = f"the place in channel {c}, row {i}, column {j}"
    else:
        over = f"Averaged over images, rows and columns; one mean for each of the {C} channels: shape ({C},)."
        which = f"channel {c}"
    steps = [over, f"The mean for {which}: $({summed(values)}) / {len(values)} = {mean:.4g}$."]
    if params["scheme"] == "per channel, scaled":
        away = [v - mean for v in values]
        steps += [
            f"Distances from it: {listed(away)}; sum of their squares ${sum(d * d for d in away):g}$, divided "
            f"by {len(values)}: $\\sigma^2 = {std**2:g}$, $\\sigma = {std:g}$.",
            f"The pixel: $({pixel} - {bracket(mean)}) / {std:g} = {value:.2f}$.",
        ]
    else:
        steps.append(f"The pixel: ${pixel} - {mean:.4g} = {value:.2f}$.")
    return tuple(steps)
