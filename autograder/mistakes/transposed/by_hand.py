"""Mistakes of transposed convolution that only work by hand makes."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.mistakes import mistake
from autograder.typeset import cells
from reference import conv2d


@mistake("TCONV-2", "zeros-not-inserted", family="omission")
def zeros_not_inserted(params: dict[str, Any]) -> dict[str, Any] | None:
    """You framed X with zeros and convolved it as usual.

    That leaves the stride out, and the kernel has to be turned for it. Stamp the kernel once for each entry,
    s pixels apart.
    """
    if params["stride"] == 1:
        return None
    x, w = (np.array(params[name], dtype=float)[None, None] for name in ("image", "kernel"))
    return {"result": cells(conv2d(x, w, None, 1, w.shape[2] - 1 - params["padding"])[0, 0])}
