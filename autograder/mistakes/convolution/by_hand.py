"""Mistakes of the gradients worked out by hand, which the shapes of an array would not allow in code."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.mistakes import mistake
from autograder.typeset import cells
from reference import correlate2d


@mistake("CONV-5", "dX-valid-only", family="omission")
def dx_valid_only(params: dict[str, Any]) -> dict[str, Any] | None:
    """You let the kernel lie completely on dY, so your dX is smaller than X.

    dX has the size of X: every pixel that a window touched gets a share. Put k-1 zeros around dY first, or
    stamp the kernel once for each entry of dY.
    """
    dy, w = (np.array(params[name], dtype=float) for name in ("upstream", "kernel"))
    if dy.shape[0] < w.shape[0] or dy.shape[1] < w.shape[1]:
        return None
    return {"dX": cells(correlate2d(dy, w[::-1, ::-1]))}


@mistake("CONV-5", "dX-in-the-corners", family="wrong-op")
def dx_in_the_corners(params: dict[str, Any]) -> dict[str, Any]:
    """You wrote the entries of dY into dX where their windows start; the weights are missing.

    A pixel's share is dY times the weight that met it. Stamp the whole kernel, times the entry of dY.
    """
    dx, s = np.zeros(np.shape(params["image"])), params["stride"]
    for (i, j), dy in np.ndenumerate(np.array(params["upstream"])):
        dx[i * s, j * s] = dy
    return {"dX": cells(dx)}
