"""Decide how to reuse a trained network: stories that belong into one cell of the lecture's table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from autograder.mistakes.diagnosis import CELLS, SCRATCH
from autograder.model import Part, Variant
from autograder.questions import question
from reference import transfer_plan

LOTS_FROM = 10_000

_SIMILAR = (
    "breeds of dogs", "garden birds", "kinds of fruit on a market stall", "models of cars", "dishes of a canteen",
    "pieces of furniture", "wild flowers", "kinds of bicycles", "breeds of cats", "farm animals",
    "musical instruments", "kinds of shoes",
)  # fmt: skip
_DIFFERENT = (
    "X-ray images of lungs", "spectrograms of whale calls", "radar images taken by a satellite",
    "microscope images of blood cells", "pages of handwritten music", "ultrasound images of the heart",
    "infrared images of circuit boards", "electron microscope images of metal surfaces", "images of sea-floor sonar",
    "brain scans in slices", "line drawings of electric circuits", "plotted recordings of earthquakes",
)  # fmt: skip
_ACTIONS = {
    "Use Linear Classifier on top layer": "Freeze all layers; train a new linear classifier on the features of "
    "the top layer.",
    "You're in trouble... Try linear classifier from different stages": "Freeze all layers; try linear "
    "classifiers on features from different, also earlier, stages.",
    "Finetune a few layers": "Replace the classifier; fine-tune it and the last few layers with a small learning rate.",
    "Finetune a larger number of layers": "Replace the classifier; fine-tune a larger number of layers with a "
    "small learning rate.",
    SCRATCH.advice: "Keep the architecture, but train all layers from random weights.",
}
_ADVICE = tuple(_ACTIONS)
_CELL_TEXTS = tuple(
    f"{'very little data' if amount == 'little' else 'quite a lot of data'}, "
    f"{'very similar' if similarity == 'similar' else 'very different'} to the old data"
    for amount, similarity in CELLS
)


@question(
    "TL-1",
    title="What to train when a network is reused",
    op=transfer_plan,
    levels=(1, 2),
    space={1: 48, 2: 48},
    min_exposed=4,
    must_detect=("amount-of-data-misread", "similarity-misread", "trained-from-scratch"),
)
class Transfer:
    """A story, its cell in the table, and the advice. Level 2: the amount of data has to be worked out."""

    parents: ClassVar = {"advice": ("cell",)}

    @staticmethod
    def carry(params: dict[str, Any], _part: str, given: Mapping[str, Any]) -> int:
        """Give the advice for the cell that the student chose."""
        return int(params["order"].index(given["cell"]))

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        similar, lots = bool(rng.integers(2)), bool(rng.integers(2))
        kinds, order = int(rng.integers(4, 13)), rng.permutation(len(_ADVICE)).tolist()
        if any(order[i] == i for i in range(len(CELLS))):
            return None  # the letter of the cell must not be the letter of its advice
        each = 5 * int(rng.integers(1_200, 2_400) if lots else rng.integers(4, 17))
        return {
            "domain": str(rng.choice(_SIMILAR if similar else _DIFFERENT)),
            "similarity": "similar" if similar else "different",
            "kinds": kinds,
            "examples": kinds * each if level == 2 else _round(kinds * each),
            "order": order,
        }

    @staticmethod
    def canonical(params: dict[str, Any]) -> Any:
        # more or fewer examples, classes or another order of the options do not make another story
        return [params["domain"], params["examples"] >= LOTS_FROM]

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        plan = impl(params["examples"], params["similarity"], LOTS_FROM)
        amount = "lots" if params["examples"] >= LOTS_FROM else "little"
        cell = CELLS.index((amount, params["similarity"]))
        actions = [_ACTIONS[_ADVICE[i]] for i in params["order"]]
        return Variant(
            question="TL-1",
            title="What to train when a network is reused",
            prompt=_story(params),
            parts=(
                Part("cell", "Which case is this?", "mc1", {"choices": list(_CELL_TEXTS)}),
                Part("advice", "What does the lecture's table advise?", "mc1", {"choices": actions}),
            ),
            truth={"cell": cell, "advice": params["order"].index(_ADVICE.index(plan.advice))},
            solution=_reasons(params, amount, plan),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        """Count in the lecture's table: rows are similar, different; columns are little, lots."""
        cell = 2 * (params["examples"] >= LOTS_FROM) + (params["domain"] in _DIFFERENT)
        return {"cell": cell, "advice": params["order"].index(cell)}


def _round(examples: int) -> int:
    step = 1_000 if examples >= LOTS_FROM else 10
    return step * round(examples / step)


def _story(params: dict[str, Any]) -> str:
    kinds, examples = params["kinds"], params["examples"]
    amount = (
        f"{examples // kinds:,} labelled images of each of {kinds} classes"
        if params.get("level") == 2
        else f"{examples:,} labelled images in {kinds} classes"
    )
    return (
        "A convolutional network was trained on ImageNet: more than a million photographs of everyday things and "
        f"animals in 1,000 classes. Now it is to classify **{params['domain']}**. For this new task there are "
        f"{amount}.\n\n"
        "Up to 1,000 images in all count as *very little* data, 20,000 or more as *quite a lot*. Data are "
        "*very similar* if they are photographs of things of the kind that ImageNet shows, and *very different* if "
        "they are images of another sort."
    )


def _reasons(params: dict[str, Any], amount: str, plan: Any) -> tuple[str, ...]:
    kinds, examples = params["kinds"], params["examples"]
    counted = (
        f"${kinds} \\cdot {examples // kinds} = {examples}$ images"
        if params.get("level") == 2
        else f"{examples:,} images"
    )
    return (
        f"{counted} are {'quite a lot of' if amount == 'lots' else 'very little'} data.",
        f"The new images, {params['domain']}, are {'' if params['similarity'] == 'similar' else 'not '}photographs of "
        f"everyday things: very {params['similarity']}.",
        f"The table's advice for this case is: *{plan.advice}*. In this question's words: "
        f"{_ACTIONS[plan.advice]} The reason: {plan.why}.",
    )
