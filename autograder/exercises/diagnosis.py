"""Write the lecture's table of advice for reusing a trained network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograder.exercises import Functions, Implementation, Trial, exercise
from autograder.sandbox._script import Call
from reference import transfer_plan as plan_of

LOTS_FROM = 10_000
ADVICE = {
    plan_of("little", "similar").advice: "linear classifier on top",
    plan_of("little", "different").advice: "linear classifier on earlier stages",
    plan_of("lots", "similar").advice: "fine-tune a few layers",
    plan_of("lots", "different").advice: "fine-tune many layers",
}


def _functions(impl: Implementation) -> Functions:
    def transfer_plan(n_data: int, similarity: str) -> str:
        plan = impl.forward(n_data, similarity, LOTS_FROM)
        return ADVICE.get(plan.advice, "train from scratch")

    return {"transfer_plan": transfer_plan}


def _trials(rng: np.random.Generator) -> Sequence[Trial]:
    def calls(amounts: Sequence[int], words: Sequence[str]) -> tuple[Call, ...]:
        return tuple(Call("transfer_plan", (int(n), word)) for n in amounts for word in words)

    little, lots = (rng.integers(*span, size=2).tolist() for span in ((20, 1_000), (20_000, 500_000)))
    both = ("similar", "different")
    groups = [
        ("the four cells", calls((200, 60_000), both), True),
        ("little data", calls(little, both), False),
        ("a lot of data", calls(lots, both), False),
        ("around the limit", calls((9_999, 10_000, 10_001), both), False),
    ]
    return [
        Trial(name, made, "worked example" if public else name, tuple(range(len(made))), public=public)
        for name, made, public in groups
    ]


exercise(
    "transfer_plan", title="Decide how to transfer", topic="diagnosis", op=plan_of, functions=_functions,
    trials=_trials, results=("advice",),
)  # fmt: skip
