"""What goes wrong in varying training images: what is drawn, for whom, and what moves in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes.optimizers.walks import instead


def _images(
    name: str, family: str, what: str, how: str, wrong: Callable[..., Any], kind: str = "value"
) -> None:
    instead("augment", name, family, what, how, wrong, kind)


def _varied(
    X: Any, rng: Any, axis: int = 3, most: int = 1, flips: bool = True, wraps: bool = False
) -> np.ndarray:
    made = np.zeros_like(X)
    for n, image in enumerate(X):
        turned = np.flip(image, axis - 1) if flips and rng.random() < 0.5 else image
        made[n] = _moved(turned, rng.integers(-most, most + 1, size=2), wraps)
    return made


def _moved(image: Any, by: Any, wraps: bool) -> np.ndarray:
    down, right = by
    rolled = np.roll(image, (down, right), (1, 2))
    if not wraps:
        rows, columns = image.shape[1:]
        rolled[:, np.arange(rows) - down < 0] = rolled[:, np.arange(rows) - down >= rows] = 0
        rolled[:, :, np.arange(columns) - right < 0] = rolled[:, :, np.arange(columns) - right >= columns] = 0
    return rolled


def _same_draw(right: Any, X: Any, rng: Any) -> np.ndarray:
    seed = int(rng.integers(1 << 30))
    return np.concatenate([right(X[n : n + 1], np.random.default_rng(seed)) for n in range(len(X))])


def _channel_by_channel(right: Any, X: Any, rng: Any) -> np.ndarray:
    return np.concatenate([right(X[:, c : c + 1], rng) for c in range(X.shape[1])], axis=1)


def _overwrite(right: Any, X: Any, rng: Any) -> np.ndarray:
    X[:] = right(X, rng)
    return X


_images(
    "augment-wraps-around", "wrong-op", "You let what leaves on one side come in on the other (np.roll).",
    "Let zeros move in: pad the image with zeros and cut a window out.",
    lambda right, X, rng: _varied(X, rng, wraps=True),
)  # fmt: skip
_images(
    "augment-never-flips", "omission", "You mirror no image at all, or every one.",
    "Mirror with probability 1/2: if rng.random() < 0.5, take image[:, :, ::-1].",
    lambda right, X, rng: _varied(X, rng, flips=False),
)  # fmt: skip
_images(
    "augment-never-moves", "omission", "You mirror images but never move them.",
    "Draw a move of -1, 0 or 1 per axis for every image.",
    lambda right, X, rng: _varied(X, rng, most=0),
)  # fmt: skip
_images(
    "augment-never-by-plus-one", "off-by-one",
    "You never move an image by +1: the upper end of rng.integers is left out.",
    "rng.integers(-1, 2) draws -1, 0 and 1.",
    lambda right, X, rng: np.stack([
        _moved(image[:, :, ::-1] if rng.random() < 0.5 else image, rng.integers(-1, 1, size=2), False) for image in X]),
)  # fmt: skip
_images(
    "augment-mirrors-the-batch", "scope", "You draw once whether the whole batch is mirrored.",
    "Draw for every image by itself.",
    lambda right, X, rng: _varied(X[:, :, :, ::-1] if rng.random() < 0.5 else X, rng, flips=False),
)  # fmt: skip
_images(
    "augment-all-alike", "scope", "You draw once and vary all images of the batch alike.",
    "Draw anew for every image.",
    _same_draw,
)  # fmt: skip
_images(
    "augment-reseeded", "scope", "You make a generator of your own with a fixed seed; every epoch looks the same.",
    "Draw from the rng you are given.",
    lambda right, X, rng: right(X, np.random.default_rng(0)),
)  # fmt: skip
_images(
    "augment-returns-images", "omission", "You return the images as they were.",
    "Mirror and move every image by what you draw from rng.",
    lambda right, X, rng: X.copy(),
)  # fmt: skip
_images(
    "augment-upside-down", "orientation", "You mirror upside down instead of left to right, or exchange the axes.",
    "X is [N, C, H, W]: left to right is the last axis, X[..., ::-1].",
    lambda right, X, rng: _varied(X, rng, axis=2),
)  # fmt: skip
_images(
    "augment-channels-apart", "scope", "You vary the channels of one image differently.",
    "Draw once per image and do the same to all its channels.",
    _channel_by_channel,
)  # fmt: skip
_images(
    "augment-changes-X", "scope", "You write into the caller's X, so the original images are lost.",
    "Make a new array and leave X as it was.",
    _overwrite, "behaviour",
)  # fmt: skip
_images(
    "augment-global-random", "scope", "You draw with numpy's global generator instead of the one you are given.",
    "Nobody can repeat such a run: use rng.",
    lambda right, X, rng: right(X, np.random.default_rng(np.random.randint(1 << 30))),  # noqa: NPY002
    "behaviour",
)  # fmt: skip
