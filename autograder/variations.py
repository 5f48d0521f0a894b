"""How images were varied: mirrored or not, moved by at most one pixel, and whether all of it is equally frequent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

Varied = Sequence[tuple[bool, int, int] | None]


def never_drawn(first: Varied, other: Varied) -> list[str]:
    """Say which variation does not occur in two batches, or occurs in whole batches only."""
    batches = [[v for v in batch if v] for batch in (first, other)]
    seen = [{v[part] for batch in batches for v in batch} for part in range(3)]
    if all(len({v[0] for v in batch}) == 1 for batch in batches):
        if len(seen[0]) == 2:
            return ["A batch is mirrored as a whole or not at all: draw for every image by itself."]
        return ["Images are always or never mirrored; every possibility should occur."]
    for part, both, ways in ((1, "up or down", "up down"), (2, "left or right", "left right")):
        missing = [way for move, way in zip((-1, 1), ways.split()) if move not in seen[part]]
        if len(missing) == 2 or 0 not in seen[part]:
            return [f"Images are always or never moved {both}; every possibility should occur."]
        if missing:
            return [f"No image is moved {missing[0]}; -1, 0 and 1 should all occur."]
    return []


def unequal_moves(drawn: Sequence[tuple[bool, int, int]]) -> list[str]:
    """Count the nine moves, and each axis with the mirroring; six standard deviations are allowed."""
    n = len(drawn)
    if n < 400:
        return []
    for picked, cells in (((1, 2), 9), ((0, 1), 6), ((0, 2), 6)):
        counts = Counter(tuple(v[i] for i in picked) for v in drawn)
        close = 6 * (n / cells * (1 - 1 / cells)) ** 0.5
        if cells == 9 and any(abs(counts[i, j] - n / 9) > close for i in (-1, 0, 1) for j in (-1, 0, 1)):
            return [
                "The nine moves (up, none, down) x (left, none, right) are not equally frequent: draw two numbers."
            ]
        if cells == 6 and any(abs(counts[m, i] - n / 6) > close for m in (False, True) for i in (-1, 0, 1)):
            return ["Whether an image is mirrored depends on how it is moved: draw each by itself."]
    return []


def odd_image(image: np.ndarray, made: np.ndarray) -> str:
    """Say what was done to an image that no variation explains, where it can be seen."""
    if all(_variation_of(image[c : c + 1], made[c : c + 1]) for c in range(len(image))):
        return ": its channels are varied differently"
    if _variation_of(image[:, ::-1], made):
        return ": it is upside down"
    rolls = (
        np.roll(f, (i, j), (1, 2)) for f in (image, image[:, :, ::-1]) for i in (-1, 0, 1) for j in (-1, 0, 1)
    )
    if any(np.allclose(made, rolled) for rolled in rolls):
        return ": what left it on one side came in on the other; zeros should move in"
    return ", zeros moving in"


def _variation_of(image: np.ndarray, made: np.ndarray) -> tuple[bool, int, int] | None:
    return variations_of(image[None], made[None])[0]


def variations_of(batch: np.ndarray, made: np.ndarray) -> list[tuple[bool, int, int] | None]:
    """Tell for every image how it was varied, None where it was not: all images of a batch at once."""
    rows, columns = batch.shape[2:]
    found: list[tuple[bool, int, int] | None] = [None] * len(batch)
    for mirrored in (True, False):
        wide = np.pad(batch[..., ::-1] if mirrored else batch, ((0, 0), (0, 0), (1, 1), (1, 1)))
        for down in (1, 0, -1):
            for right in (1, 0, -1):
                moved = wide[:, :, 1 - down : 1 - down + rows, 1 - right : 1 - right + columns]
                close = np.abs(made - moved) <= 1e-6 * (1.0 + np.abs(moved))
                for n in np.flatnonzero(close.reshape(len(batch), -1).all(axis=1)):
                    found[n] = mirrored, down, right
    return found
