"""Forward mistakes that only images have: which axes share a mean. For x[N,D] they do no harm."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.mistakes.normalization.batch import Batch, forward, rows_of
from reference.op import Array


def _images(b: Batch) -> Array | None:
    """Return x[N,C,H,W]; None for anything else."""
    return b.back(b.rows) if len(b.shape) == 4 else None


def _normalised(b: Batch, x: Array, axes: tuple[int, ...]) -> Array:
    """Normalise images with statistics over other axes, in training only."""
    mean, var = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
    return b.affine(rows_of((x - mean) / np.sqrt(var + b.eps)))


@forward("reshape-without-transpose", family="order")
def reshape_without_transpose(b: Batch) -> dict[str, Any]:
    """You reshaped X to (-1, C) without moving the channel axis to the end, which mixes channels and pixels.

    Reshape cuts the numbers as they lie in memory. Write X.transpose(0, 2, 3, 1).reshape(-1, C) and undo both
    at the end.
    """
    x = _images(b)
    if x is None:
        return {}
    rows = x.reshape(-1, x.shape[1])
    mean, var = (rows.mean(axis=0), rows.var(axis=0)) if b.training else b.used
    y = b.affine((rows - mean) / np.sqrt(var + b.eps)).reshape(x.shape)
    return {"y": rows_of(y), "running": b.updated(mean, var)}


@forward("result-not-transposed-back", family="order")
def result_not_transposed_back(b: Batch) -> dict[str, Any]:
    """You reshaped the normalised rows straight to X.shape, which mixes channels and pixels in the result.

    The rows hold the channel last. Reshape to (N, H, W, C), then transpose(0, 3, 1, 2).
    """
    x = _images(b)
    return {} if x is None else {"y": rows_of(b.affine(b.xhat()).reshape(x.shape))}


@forward("statistics-per-pixel", family="scope")
def statistics_per_pixel(b: Batch) -> dict[str, Any] | None:
    """You averaged over the images only, so every pixel has a mean of its own.

    All pixels of a channel share one mean and one variance. Average over the axes (0, 2, 3).
    """
    x = _images(b)
    return {} if x is None or not b.training else {"y": _normalised(b, x, (0,))}


@forward("statistics-per-image", family="scope")
def statistics_per_image(b: Batch) -> dict[str, Any]:
    """You averaged over each image alone; that is instance normalisation.

    The whole batch shares one mean per channel. Average over the axes (0, 2, 3).
    """
    x = _images(b)
    return {} if x is None or not b.training else {"y": _normalised(b, x, (2, 3))}


@forward("statistics-per-image-stored", family="scope")
def statistics_per_image_stored(b: Batch) -> dict[str, Any]:
    """You averaged over each image alone, and stored the means of these statistics; that is instance normalisation.

    The whole batch shares one mean per channel. Average over the axes (0, 2, 3).
    """
    x = _images(b)
    if x is None or not b.training:
        return {}
    stored = b.updated(x.mean(axis=(2, 3)).mean(axis=0), x.var(axis=(2, 3)).mean(axis=0))
    return {"y": _normalised(b, x, (2, 3)), "running": stored}


@forward("statistics-over-channels", family="scope")
def statistics_over_channels(b: Batch) -> dict[str, Any]:
    """You averaged over the channels of each image as well; that is layer normalisation.

    Every channel has its own mean and variance. Average over the axes (0, 2, 3).
    """
    x = _images(b)
    return {} if x is None or not b.training else {"y": _normalised(b, x, (1, 2, 3))}


@forward("statistics-of-first-image", family="scope")
def statistics_of_first_image(b: Batch) -> dict[str, Any]:
    """Your mean and variance come from the first image of the batch only.

    All images of the batch count. Average over the axes (0, 2, 3) of X.
    """
    x = _images(b)
    if x is None or not b.training:
        return {}
    mean, var = x[0].mean(axis=(1, 2)), x[0].var(axis=(1, 2))
    return {"y": b.affine(b.xhat(mean, var)), "running": b.updated(mean, var)}
