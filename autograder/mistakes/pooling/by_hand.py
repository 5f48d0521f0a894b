"""Mistakes of average pooling's backward pass where a question asks for it beside that of max pooling."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.mistakes import Mistake, mistake, mistakes_of
from autograder.mistakes.pooling import gradients  # noqa: F401 - carried over
from autograder.typeset import cells
from reference import avg_pool2d

_BY_HAND = {
    "avg-backward-not-divided", "avg-backward-divides-by-k", "avg-overwrite", "overlap-averaged",
    "gradient-to-first-entry", "gradient-to-maximum",
}  # fmt: skip


def _carried(wrong: Mistake) -> None:
    def mistaken(params: dict[str, Any]) -> dict[str, Any] | None:
        dy, x = (np.array(params[name], dtype=float)[None, None] for name in ("upstream", "map"))
        found = wrong(dy, x, params["k"], params["stride"])
        return None if found is None else {"mean": cells(found[0][0, 0])}

    mistaken.__doc__ = f"{wrong.what}\n\n{wrong.how}"
    mistake("POOL-4", f"mean-{wrong.name}", family=wrong.family)(mistaken)


for _wrong in mistakes_of(avg_pool2d, "backward", "value"):
    if _wrong.name in _BY_HAND:
        _carried(_wrong)
