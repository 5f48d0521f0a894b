"""Counting by hand: iterations and epochs, and what batch normalisation learns."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from reference import batch_norm_parameters, iterations_per_epoch

# ------------------------------------------------------------------------------------------- COUNT-1

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
    space={1: 10_000, 2: 10_000, 3: 10**6},
    min_exposed=4,
    must_detect={
        1: (*_ALWAYS, "one-batch-too-many"),
        2: (*_ALWAYS, "one-batch-too-many", "last-batch-full"),
        3: (*_ALWAYS[1:], "short-batch-kept", "last-batch-full"),
    },
)
class Iterations:
    """Level 1: small numbers; level 2: real data sets; level 3: the short last batch is left out."""

    parents: ClassVar = {"total": ("iterations",)}

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
            prompt=_iteration_prompt(params),
            parts=(
                Part("iterations", "How many iterations make one epoch?", "int", share=0.4),
                Part("last", "How many examples does the last iteration of an epoch use?", "int", share=0.3),
                Part("total", f"How many updates are made in {epochs} epochs?", "int", share=0.3),
            ),
            truth={"iterations": iterations, "last": last, "total": iterations * epochs},
            solution=_iteration_steps(params, iterations, last),
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


def _iteration_prompt(params: dict[str, Any]) -> str:
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


def _iteration_steps(params: dict[str, Any], iterations: int, last: int) -> tuple[str, ...]:
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


# --------------------------------------------------------------------------------------------- BN-4

_COUNTS = ("alpha-counted", "running-statistics-learned", "two-numbers-in-all", "one-number-per-channel")


@question(
    "BN-4",
    title="What batch normalisation learns",
    op=batch_norm_parameters,
    space={1: 290, 2: 290, 3: 2_900},
    min_exposed=4,
    must_detect={
        1: (*_COUNTS, "counted-per-example"),
        2: (*_COUNTS, "counted-per-pixel"),
        # counting alpha and keeping the bias give the same number: either may be named
        3: (*_COUNTS[1:], "counted-per-pixel", "bias-before-it-kept"),
    },
)
class Learned:
    """Numbers learned and numbers measured. Level 1: features; level 2: maps; level 3: with its convolution."""

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        def between(least: int, most: int) -> int:
            return int(rng.integers(least, most + 1))

        params: dict[str, Any] = {"channels": between(3, 64 if level == 3 else 300), "batch": between(5, 64)}
        if level > 1:
            params["maps"] = [between(4, 32), between(4, 32)]
        if level > 2:
            params |= {"c_in": between(1, 16), "k": int(rng.choice([3, 5, 7]))}
        return params

    @staticmethod
    def canonical(params: dict[str, Any]) -> Any:
        # neither the batch nor the size of the maps matters for the answer
        return [params["channels"], "maps" in params, params.get("c_in"), params.get("k")]

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        learned, measured = impl(params["channels"])
        layer = "the two layers together" if "k" in params else "this layer"
        return Variant(
            question="BN-4",
            title="What batch normalisation learns",
            prompt=_count_prompt(params),
            parts=(
                Part("learned", f"How many numbers do(es) {layer} **learn** by gradient descent?".replace(
                    "do(es)", "do" if "k" in params else "does"), "int", share=0.6),
                Part("measured", "How many numbers are kept for test time that are not learned but **measured** "
                     "while training?", "int", share=0.4),
            ),
            truth={"learned": convolution_weights(params) + learned, "measured": measured},
            solution=_count_steps(params, learned, measured),
            params=params,
            level=params.get("level", 1),
        )  # fmt: skip

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        learned = measured = 0
        for _channel in range(params["channels"]):
            learned += len(("gamma", "beta"))
            measured += len(("running mean", "running variance"))
            for _input in range(params.get("c_in", 0)):
                learned += sum(1 for _row in range(params["k"]) for _column in range(params["k"]))
        return {"learned": learned, "measured": measured}


def convolution_weights(params: dict[str, Any]) -> int:
    """Count the weights of the convolution in front, which has no biases; 0 where there is none."""
    return int(params["channels"] * params["c_in"] * params["k"] ** 2) if "k" in params else 0


def _count_prompt(params: dict[str, Any]) -> str:
    C, batch = params["channels"], params["batch"]
    if "maps" not in params:
        return (
            f"A batch normalisation layer stands behind a fully connected layer with {C} outputs. It is trained "
            f"with batches of {batch} examples. (Count the batch normalisation only.)"
        )
    maps = f"{C} maps of {params['maps'][0]} × {params['maps'][1]} pixels"
    if "k" not in params:
        return f"A batch normalisation layer receives batches of {batch} examples, each of {maps}."
    c_in, k = params["c_in"], params["k"]
    return (
        f"A convolution with {C} filters of {k} × {k} pixels reads {c_in} channel{'s' if c_in > 1 else ''}; its "
        f"result, batches of {batch} examples with {maps}, goes straight into a batch normalisation layer. The "
        "convolution has only those parameters that are still of use in front of batch normalisation."
    )


def _count_steps(params: dict[str, Any], learned: int, measured: int) -> tuple[str, ...]:
    C = params["channels"]
    what = "channel" if "maps" in params else "feature"
    steps = [
        f"Every {what} has one $\\gamma$ and one $\\beta$, which are learned: $2 \\cdot {C} = {learned}$. There is "
        "no third letter.",
        f"Every {what} has a running mean and a running variance. They are averages over batches and get no "
        f"gradient: $2 \\cdot {C} = {measured}$.",
        "The size of the batch" + (" and of the maps do" if "maps" in params else " does") + " not matter.",
    ]
    if "k" in params:
        weights = convolution_weights(params)
        steps.append(
            f"The convolution: ${C} \\cdot {params['c_in']} \\cdot {params['k']}^2 = {weights}$ weights and no "
            "biases: a constant added to a channel is subtracted again with its mean. Together "
            f"${weights} + {learned} = {weights + learned}$ learned numbers."
        )
    return tuple(steps)
