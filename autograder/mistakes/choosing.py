"""What goes wrong in choosing a model by its score."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes.optimizers.walks import instead


def _choose(name: str, family: str, what: str, how: str, wrong: Callable[..., Any]) -> None:
    """Register a wrong choice: (scores by name, models, x, y) -> what is returned."""

    def mistaken(_right: Any, models: Any, x: Any, y: Any, scheme: Any) -> Any:
        return wrong({n: scheme(*pair, x, y) for n, pair in models.items()}, models, x, y)

    instead("select_model", name, family, what, how, mistaken)


_choose(
    "select-highest-score", "sign", "You choose the highest score; scores are errors.", "Choose the lowest.",
    lambda scores, models, x, y: max(scores, key=scores.get),
)  # fmt: skip
_choose(
    "select-by-training-error", "scope",
    "You compare the errors on the training data, which reward over-fitting, instead of the given scheme.",
    "Compare scheme(fit, predict, x, y).",
    lambda scores, models, x, y: min(
        models, key=lambda n: np.mean((models[n][1](models[n][0](x, y), x) - y) ** 2)),
)  # fmt: skip
_choose(
    "select-first-model", "omission", "You return the first model.", "Compare the scores of all models.",
    lambda scores, models, x, y: next(iter(models)),
)  # fmt: skip
_choose(
    "select-last-model", "omission", "You return the last model.", "Keep a model only if its score is lower.",
    lambda scores, models, x, y: list(models)[-1],
)  # fmt: skip
_choose(
    "select-returns-score", "swap", "You return the lowest score instead of the model's name.",
    "Return the name the score belongs to.",
    lambda scores, models, x, y: min(scores.values()),
)  # fmt: skip
_choose(
    "select-returns-index", "swap", "You return the position of the model instead of its name.",
    "Return its name: list(models)[i].",
    lambda scores, models, x, y: list(scores).index(min(scores, key=scores.get)),
)  # fmt: skip
_choose(
    "select-first-name-of-all", "wrong-op", "You return the first name of the alphabet: min(models).",
    "Compare scores: min(models, key=score).",
    lambda scores, models, x, y: min(models),
)  # fmt: skip
_choose(
    "select-last-of-ties", "convention", "On a tie you take the last of the best models.",
    "The first one counts: compare with <, not with <=.",
    lambda scores, models, x, y: min(reversed(list(scores)), key=scores.get),
)  # fmt: skip
