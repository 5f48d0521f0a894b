"""Against over-fitting, by hand: units dropped in training, and when to stop."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from autograder.typeset import block, bracket, cells
from reference import dropout, early_stopping

# -------------------------------------------------------------------------------------------- DROP-1

_KEEPS = ("0.5", "0.8", "0.25")


@question(
    "DROP-1",
    title="Inverted dropout in training",
    op=dropout,
    space={1: 10**5, 2: 10**6, 3: 10**9},
    min_exposed=4,
    must_detect={
        1: (
            "survivors-not-scaled",
            "survivors-times-keep",
            "dropped-units-scaled-too",
            "mask-read-backwards",
        ),
        2: (
            "survivors-not-scaled",
            "survivors-times-keep",
            "survivors-divided-by-drop",
            "dropped-units-scaled-too",
            "mask-read-backwards",
        ),
        3: (
            "survivors-not-scaled",
            "survivors-times-keep",
            "survivors-divided-by-drop",
            "dropped-units-scaled-too",
            "mask-read-backwards",
            "one-mask-for-all-examples",
        ),
    },
)
class InvertedDropout:
    """One layer, its mask given. Level 1: the keep probability is told; 2: the drop probability; 3: a batch."""

    _UNITS: ClassVar = {1: (1, 4), 2: (1, 5), 3: (2, 4)}

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        rows, units = InvertedDropout._UNITS[level]
        keep = str(rng.choice(_KEEPS if level == 1 else _KEEPS[1:]))
        sizes = rng.permutation(np.arange(1, 10))[: rows * units].reshape(rows, units)
        x = sizes * rng.choice([-1, 1, 1], size=sizes.shape)
        mask = rng.integers(2, size=sizes.shape)
        if any(not 0 < kept.sum() < units for kept in mask) or (rows > 1 and (mask[0] == mask[1]).all()):
            return None
        return {
            "x": x.tolist(),
            "mask": mask.tolist(),
            "keep": keep,
            "told": "keep" if level == 1 else "drop",
        }

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        x, mask = np.array(params["x"], dtype=float), np.array(params["mask"])
        y = impl(x, p=float(1 - Fraction(params["keep"])), mode="inverted", mask=mask)
        batch = len(x) > 1
        return Variant(
            question="DROP-1",
            title="Inverted dropout in training",
            prompt=_dropout_prompt(params),
            parts=(_dropout_part(batch),),
            truth={"y": cells(y) if batch else cells(y[0])},
            solution=_dropout_steps(params, y),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        keep = Fraction(params["keep"])
        rows = [
            [float(value / keep) if kept else 0 for value, kept in zip(row, mask)]
            for row, mask in zip(params["x"], params["mask"])
        ]
        return {"y": rows if len(rows) > 1 else rows[0]}


def _dropout_part(batch: bool) -> Part:
    if batch:
        return Part("y", "Write $Y$, one row (example) per line.", "mat", {"places": 2})
    return Part("y", "Write all numbers of $y$ in order.", "vec", {"places": 2})


def _listed(params: dict[str, Any], name: str) -> str:
    return block(params[name])


def _dropout_prompt(params: dict[str, Any]) -> str:
    batch = len(params["x"]) > 1
    x, mask = ("X", "M") if batch else ("x", "m")
    keep = Fraction(params["keep"])
    told = (
        f"each unit is **kept** with probability $q = {float(keep):g}$"
        if params["told"] == "keep"
        else f"each unit is **dropped** with probability $p = {float(1 - keep):g}$"
    )
    every = ", in every example anew" if batch else ""
    rows = " Each row is one example." if batch else ""
    return (
        f"A layer uses **inverted** dropout, and {told}{every}. In *this* training step it receives "
        f"${x}$, and the mask ${mask}$ was drawn: 1 means the unit is kept, 0 that it is dropped.{rows}\n\n"
        f"${x}$:\n\n{_listed(params, 'x')}\n\n${mask}$:\n\n{_listed(params, 'mask')}\n\n"
        "What does the layer hand on? Inverted dropout makes up for the missing units **in training**, so that "
        "nothing needs to be changed at test time. Give decimals to two places."
    )


def _dropout_steps(params: dict[str, Any], y: np.ndarray) -> tuple[str, ...]:
    keep = float(Fraction(params["keep"]))
    told = (
        f"The keep probability is $q = {keep:g}$."
        if params["told"] == "keep"
        else f"Dropped with probability $p = {1 - keep:g}$, so kept with probability $q = 1 - p = {keep:g}$."
    )
    lines = [
        f"- {f'example {n + 1}, ' if len(y) > 1 else ''}unit {i + 1}: "
        + _unit_step(value, params["mask"][n][i], keep, y[n, i])
        for n, row in enumerate(params["x"])
        for i, value in enumerate(row)
    ]
    return (
        f"{told} Units that are kept are divided by $q$, that is, multiplied by $1/q = {1 / keep:g}$; the "
        "others become 0.",
        "\n".join(lines),
        "Averaged over all masks every unit then hands on what it received: "
        "$q \\cdot x/q + (1-q) \\cdot 0 = x$. That is why test time needs no factor.",
    )


def _unit_step(value: int, kept: int, keep: float, result: float) -> str:
    return f"kept, ${bracket(value)} / {keep:g} = {result:g}$" if kept else "dropped, $0$"


# -------------------------------------------------------------------------------------------- DIAG-2


@question(
    "DIAG-2",
    title="Early stopping with patience",
    op=early_stopping,
    space=10**5,
    min_exposed=4,
    must_detect={
        1: ("trained-to-the-end", "waited-one-epoch-more", "training-loss-watched", "last-weights-kept"),
        2: (
            "stopped-at-first-rise",
            "trained-to-the-end",
            "waited-one-epoch-more",
            "training-loss-watched",
            "last-weights-kept",
            "epochs-counted-from-one",
        ),
        3: (
            "stopped-at-first-rise",
            "trained-to-the-end",
            "waited-one-epoch-more",
            "waits-never-reset",
            "compared-with-epoch-before",
            "best-after-the-stop",
            "training-loss-watched",
            "last-weights-kept",
        ),
    },
)
class EarlyStopping:
    """A table of losses and a patience. Level 1: one valley; 2: a bump before it; 3: a better epoch after the stop."""

    parents: ClassVar = {"best": ("stop",)}

    @staticmethod
    def carry(params: dict[str, Any], _part: str, given: Mapping[str, Any]) -> int | None:
        """Look for the best among the epochs that the student trains."""
        if not 1 <= given["stop"] < len(params["val"]):
            return None
        seen = params["val"][: given["stop"] + 1]
        return int(seen.index(min(seen)))

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        patience = int(rng.integers(2, 4)) if level > 1 else 2
        moves = ["down"] * int(rng.integers(2, 4))
        if level > 1:
            moves += ["up"] * (patience - 1) + ["down below"] + ["down"] * int(rng.integers(0, 2))
        if level < 3:
            moves += ["up"] * (patience + int(rng.integers(2, 4)))
        else:
            moves += [*["up"] * (patience - 1), "dip", *["up"] * patience, "far below", "up"]
        losses = _walk(rng, moves)
        if losses is None or len(losses) > 14:
            return None
        return {"patience": patience, "val": losses, "train": _falling(rng, len(losses))}

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        stop, best = impl(np.array(params["val"]) / 100, params["patience"])
        return Variant(
            question="DIAG-2",
            title="Early stopping with patience",
            prompt=_stopping_prompt(params),
            parts=(
                Part("stop", "After which epoch does training stop (the last one trained)?", "int"),
                Part("best", "From which epoch are the weights taken?", "int"),
            ),
            truth={"stop": int(stop), "best": int(best)},
            solution=_stopping_steps(params, int(stop), int(best)),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        """Look at every epoch from scratch: is the first lowest loss so far `patience` epochs old?"""
        val = params["val"]
        seen = [val[: epoch + 1] for epoch in range(len(val))]
        stops = [
            len(part) - 1 for part in seen if len(part) - 1 - part.index(min(part)) >= params["patience"]
        ]
        stop = stops[0] if stops else len(val) - 1
        return {"stop": stop, "best": seen[stop].index(min(seen[stop]))}


def _walk(rng: np.random.Generator, moves: list[str]) -> list[int] | None:
    """Make losses in hundredths, all different, that go up and down as told; None where that fails.

    "down below" and "far below" end below everything before; "dip" is lower than the epoch before, but not than
    the best one.
    """
    losses = [int(rng.integers(90, 121))]
    for move in moves:
        lowest, last = min(losses), losses[-1]
        if move == "up":
            value = last + int(rng.integers(2, 8))
        elif move == "down":
            value = last - int(rng.integers(4, 15))
        elif move == "dip":
            value = last - int(rng.integers(1, max(2, last - lowest)))
        else:
            value = lowest - int(rng.integers(2, 9))
        if value in losses or value < 10 or (move == "dip" and value <= lowest):
            return None
        losses.append(value)
    return losses


def _falling(rng: np.random.Generator, epochs: int) -> list[int]:
    drops = rng.integers(2, 7, size=epochs)
    return [int(value) for value in 10 + drops[::-1].cumsum()[::-1]]


def _stopping_prompt(params: dict[str, Any]) -> str:
    rows = [
        f"| {epoch} | {train / 100:.2f} | {val / 100:.2f} |"
        for epoch, (train, val) in enumerate(zip(params["train"], params["val"]))
    ]
    return (
        "If a network is trained for long enough, its losses are as follows. **Epochs are counted from 0.**\n\n"
        "| epoch | training loss | validation loss |\n|---|---|---|\n" + "\n".join(rows) + "\n\n"
        f"Now it is trained with **early stopping**, patience {params['patience']}: training stops at the end of "
        f"the epoch that completes {params['patience']} epochs in a row without a new lowest validation loss. "
        "Any lower value counts as a new lowest loss, however small the difference. If that never happens, "
        "training goes on to the last epoch of the table. Then the weights of the best epoch that was "
        "trained are restored."
    )


def _stopping_steps(params: dict[str, Any], stop: int, best: int) -> tuple[str, ...]:
    lines, lowest, waited = [], params["val"][0] + 1, 0
    for epoch, loss in enumerate(params["val"][: stop + 1]):
        new = loss < lowest
        lowest, waited = (loss, 0) if new else (lowest, waited + 1)
        says = "new lowest, waited 0" if new else f"lowest stays {lowest / 100:.2f}, waited {waited}"
        lines.append(f"- epoch {epoch}: {loss / 100:.2f}, {says}")
    ended = waited >= params["patience"]
    return (
        "Watch the **validation** loss only, and count how many epochs have passed since its lowest value:",
        "\n".join(lines),
        f"In epoch {stop} "
        + (
            f"the count reaches {params['patience']}: stop."
            if ended
            else "the table ends; the count never got there."
        )
        + f" Later epochs are never trained. The lowest loss seen is that of epoch {best}: its weights are restored.",
    )
