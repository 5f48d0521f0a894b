"""Counting updates by hand: iterations, epochs, the last batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from reference import iterations_per_epoch

_ALWAYS = (
    "batches-rounded-down",
    "batch-size-for-number-of-batches",
    "iterations-over-all-epochs",
    "epochs-forgotten",
)


@question(
    "COUNT-1",
    title="Iterations and epochs",
    op=iterations_per_epoch,
    space={1: 10_000, 2: 10**6, 3: 10**6},
    min_exposed=4,
    must_detect={
        1: (*_ALWAYS, "one-batch-too-many"),
        2: (*_ALWAYS, "one-batch-too-many", "last-batch-full"),
        3: (*_ALWAYS[1:], "short-batch-kept", "last-batch-full"),
    },
)
class Iterations:
    """Level 1: small numbers; level 2: real data sets; level 3: the short last batch is left out."""

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        if level == 1:
            n, batch = int(rng.integers(3, 60)) * 10, int(rng.choice([8, 16, 20, 25, 32, 40, 50]))
        else:
            n, batch = int(rng.integers(20, 600)) * 100, int(rng.choice([32, 48, 64, 100, 128, 200, 256]))
        epochs, rest = int(rng.integers(3, 21)), n % batch
        # the batches that an average over all epochs would save, or find, must be at least one
        lost = epochs * (rest if level == 3 else batch - rest)
        if rest == 0 or n < 2 * batch or lost < batch:
            return None
        return {"n": n, "batch": batch, "epochs": epochs, "drop_last": level == 3}

    parents = {"total": ("iterations",)}  # noqa: RUF012 - read once, when the question is registered

    @staticmethod
    def carry(params: dict[str, Any], part: str, given: dict[str, Any]) -> Any:  # noqa: ARG004 - one part has parents
        return given["iterations"] * params["epochs"] if given["iterations"] > 1 else None

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        n, batch, epochs, drop = (params[name] for name in ("n", "batch", "epochs", "drop_last"))
        used = n - n % batch if drop else n
        iterations = impl(used, batch)
        last = batch if drop else n % batch
        return Variant(
            question="COUNT-1",
            title="Iterations and epochs",
            prompt=_prompt(params),
            parts=(
                Part("iterations", "How many iterations make one epoch?", "int", share=0.4),
                Part("last", "How many examples does the last iteration of an epoch use?", "int", share=0.3),
                Part("total", f"How many updates are made in {epochs} epochs?", "int", share=0.3),
            ),
            truth={"iterations": iterations, "last": last, "total": iterations * epochs},
            solution=_steps(params, iterations, last),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        left, sizes = params["n"], []
        while left > 0:
            sizes.append(min(left, params["batch"]))
            left -= sizes[-1]
        if params["drop_last"]:
            sizes = [size for size in sizes if size == params["batch"]]
        return {
            "iterations": len(sizes),
            "last": sizes[-1],
            "total": sum(len(sizes) for _ in range(params["epochs"])),
        }


def _prompt(params: dict[str, Any]) -> str:
    rule = (
        "Only full batches are used; what is left over at the end of an epoch is skipped (*drop last*)."
        if params["drop_last"]
        else "The last batch of an epoch may be smaller than the others; it counts as an iteration, too."
    )
    return (
        f"A network is trained on {params['n']} examples with batch size {params['batch']} (the number of examples "
        f"in one batch). Each epoch goes through the shuffled examples once, and every iteration handles one batch "
        f"and makes one update. {rule}"
    )


def _steps(params: dict[str, Any], iterations: int, last: int) -> tuple[str, ...]:
    n, batch, epochs, drop = (params[name] for name in ("n", "batch", "epochs", "drop_last"))
    full, rest = divmod(n, batch)
    divided = (
        f"${n} = {full} \\cdot {batch} + {rest}$: {full} full batches, and {rest} examples are left over."
    )
    if drop:
        return (divided, f"They are skipped, so an epoch has ${iterations}$ iterations, all with ${last}$ examples.",
                f"In {epochs} epochs: ${epochs} \\cdot {iterations} = {epochs * iterations}$ updates.")  # fmt: skip
    return (
        divided,
        f"They make one more, smaller batch: ${full} + 1 = {iterations}$ iterations, the last with ${last}$ examples.",
        f"In {epochs} epochs: ${epochs} \\cdot {iterations} = {epochs * iterations}$ updates. (A batch does not "
        "reach over the end of an epoch, so the epochs have to be counted one by one.)",
    )
