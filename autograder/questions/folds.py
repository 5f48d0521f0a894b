"""Cross-validation by hand: from the errors of the folds to a choice."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from autograder.questions.evaluation import lead, named, tenths
from autograder.typeset import summed
from reference import rank_models

Params = dict[str, Any]

_TITLE = "Choosing by cross-validation"
_READ = ("chosen-by-best-fold", "chosen-by-smallest-spread")


@question(
    "CV-3",
    title=_TITLE,
    op=rank_models,
    space=10**9,
    min_exposed=5,
    must_detect={
        1: ("chosen-by-best-fold", "highest-error-chosen", "sample-deviation", "median-of-folds"),
        2: (*_READ, "sample-deviation", "median-of-folds", "variance-for-deviation"),
        3: ("chosen-by-best-fold", "chosen-by-last-fold", "mean-of-fold-means", "divided-by-folds"),
    },
)
class Folds:
    """Errors of five folds. Level 2: 4 settings; level 3: sums of squared errors, folds of different sizes."""

    parents: ClassVar = {"choice": ("scores",), "spread": ("choice",)}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> Params | None:
        name, settings = named(rng, 3 if level == 1 else 4)
        params: Params = {"hyper": name, "settings": settings}
        if level == 3:
            params["sizes"] = [[4, 4, 3, 3, 2], [5, 4, 4, 2, 2], [3, 3, 2, 2, 2]][int(rng.integers(3))]
            params["folds"] = [rng.integers(2, 30, size=5).tolist() for _ in settings]
        else:
            params["folds"] = [tenths(rng, 5, 90, 5) for _ in settings]
        means = [float(score) for score in _scores(params)]
        low = [min(row) for row in params["folds"]]
        if lead(means, True) < 0.4 or lead(low, True) == 0:
            return None
        return params if low.index(min(low)) != means.index(min(means)) else None

    @staticmethod
    def pose(params: Params, impl: Any) -> Variant:
        scores = [float(score) for score in _scores(params)]
        chosen = int(impl({str(i): score for i, score in enumerate(scores)})[0])
        truth: Params = {"scores": scores, "choice": chosen}
        if "sizes" not in params:
            truth["spread"] = float(np.std(params["folds"][chosen]))
        return Variant(
            question="CV-3",
            title=_TITLE,
            prompt=_folds_prompt(params),
            parts=_folds_parts(params),
            truth=truth,
            solution=_folds_steps(params, truth),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: Params) -> dict[str, Any]:
        scores = _scores(params)
        chosen = scores.index(min(scores))
        found: Params = {"scores": [float(score) for score in scores], "choice": chosen}
        if "sizes" not in params:
            found["spread"] = _spread(params, chosen)
        return found

    @staticmethod
    def carry(params: Params, part: str, given: Mapping[str, Any]) -> Any:
        """Choose by the student's own scores; go on from the student's own choice."""
        if part == "spread":
            return _spread(params, given["choice"])
        scores = np.asarray(given["scores"], dtype=float)
        clear = scores.shape == (len(params["folds"]),) and np.sum(scores == scores.min()) == 1
        return int(np.argmin(scores)) if clear else None


def _scores(params: Params) -> list[Fraction]:
    sizes = params.get("sizes")
    return [
        sum((Fraction(round(10 * value), 10) for value in row), Fraction(0))
        / (sum(sizes) if sizes else len(row))
        for row in params["folds"]
    ]


def _spread(params: Params, chosen: int) -> float:
    tenths = [Fraction(round(10 * value), 10) for value in params["folds"][chosen]]
    mean = sum(tenths, Fraction(0)) / len(tenths)
    return float(sum(((value - mean) ** 2 for value in tenths), Fraction(0)) / len(tenths)) ** 0.5


def _folds_prompt(params: Params) -> str:
    sizes = params.get("sizes")
    head = " | ".join(f"fold {i}" for i in range(1, 6))
    rows = "\n".join(
        f"| {name} | " + " | ".join(f"{value:g}" for value in row) + " |"
        for name, row in zip(params["settings"], params["folds"])
    )
    if sizes:
        rows = "| *examples* | " + " | ".join(f"*{size}*" for size in sizes) + " |\n" + rows
        meaning = (
            "The folds do not all hold equally many examples (first row). Each entry below is the **sum** of the "
            "squared errors of the examples in that fold. The score of a setting is the total squared error "
            "divided by the number of **all** examples."
        )
    else:
        meaning = (
            "Each entry is the mean squared error on the fold that was left out. All folds hold equally many "
            "examples, so the score of a setting is the mean over its folds."
        )
    return (
        f"Five-fold cross-validation of the {params['hyper']}:\n\n| {params['hyper']} | {head} |\n"
        f"|---|---|---|---|---|---|\n{rows}\n\n{meaning} Lower is better. Round to two decimals."
    )


def _folds_parts(params: Params) -> tuple[Part, ...]:
    parts = (
        Part("scores", "The scores of all settings, in the order of the table.", "vec", {"places": 2}),
        Part("choice", "Which setting do you choose?", "mc1", {"choices": params["settings"]}),
    )
    if "sizes" in params:
        return parts
    asked = (
        "How much do the folds of your choice differ? Give their standard deviation (the root of the mean squared "
        "distance from their mean; divide by 5)."
    )
    return (*parts, Part("spread", asked, "num", {"places": 2, "slack": 0.005}))


def _folds_steps(params: Params, truth: Params) -> tuple[str, ...]:
    sizes, chosen = params.get("sizes"), truth["choice"]
    divisor = sum(sizes) if sizes else 5
    lines = "\n".join(
        f"- {name}: $({summed(row)}) : {divisor} = {score:.2f}$"
        for name, row, score in zip(params["settings"], params["folds"], truth["scores"])
    )
    lowest = f"The lowest is {truth['scores'][chosen]:.2f}: choose {params['settings'][chosen]}."
    steps = (f"Scores:\n\n{lines}", f"{lowest} A single fold may say otherwise, by luck.")
    if sizes:
        return (f"There are ${' + '.join(map(str, sizes))} = {divisor}$ examples.", *steps)
    mean = truth["scores"][chosen]
    squares = " + ".join(f"{(value - mean) ** 2:.4g}" for value in params["folds"][chosen])
    root = f"A fifth of it, then the root: ${truth['spread']:.2f}$."
    return (*steps, f"Squared distances from {mean:.4g}: ${squares}$. {root}")
