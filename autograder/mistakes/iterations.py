"""Mistakes of counting iterations and epochs by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.mistakes import mistake
from reference import iterations_per_epoch

Params = dict[str, Any]


def _count(
    name: str, family: str, what: str, how: str, wrong: Callable[[int, int], int | None], **more: Any
) -> None:
    def mistaken(n: int, batch: int) -> int | None:
        iterations_per_epoch(n, batch)  # refuses what the op refuses
        return wrong(n, batch)

    mistaken.__doc__ = f"{what}\n\n{how}"
    mistake(iterations_per_epoch, name, family=family, **more)(mistaken)


_count(
    "batches-rounded-down", "rounding", "You rounded down, so the last, smaller batch is missing.",
    "The rest is a batch, too. Round n / batch up.",
    lambda n, batch: n // batch if n % batch else None,
)  # fmt: skip
_count(
    "one-batch-too-many", "off-by-one", "You counted one batch too many.",
    "Round n / batch up; that already counts the smaller batch.",
    lambda n, batch: -(-n // batch) + 1,
)  # fmt: skip
_count(
    "batch-size-for-number-of-batches", "swap", "You gave the batch size as the number of batches.",
    "The batch size is the number of examples in one batch. Divide the number of examples by it.",
    lambda _n, batch: batch, belief="batch-size-is-number-of-batches",
)  # fmt: skip
_count(
    "one-batch-per-example", "scope", "You counted one iteration per example.",
    "An iteration handles a whole batch. Divide by the batch size and round up.",
    lambda n, _batch: n,
)  # fmt: skip


def _question(name: str, family: str, what: str, how: str, wrong: Callable[[Params, int, int], Any]) -> None:
    """Register wrong answers: a function of params, right iterations per epoch and the rest."""

    def mistaken(params: Params) -> Any:
        n, batch = params["n"], params["batch"]
        return wrong(params, n // batch + (0 if params["drop_last"] else 1), n % batch)

    mistaken.__doc__ = f"{what}\n\n{how}"
    mistake("COUNT-1", name, family=family)(mistaken)


def _over_all(params: Params, _iterations: int, _rest: int) -> Any:
    seen = params["n"] * params["epochs"]
    return {"total": seen // params["batch"] if params["drop_last"] else -(-seen // params["batch"])}


def _short_kept(params: Params, iterations: int, rest: int) -> Any:
    if not params["drop_last"]:
        return None
    return {"iterations": iterations + 1, "last": rest, "total": (iterations + 1) * params["epochs"]}


_question(
    "iterations-over-all-epochs", "order", "You divided the examples of all epochs together by the batch size.",
    "Every epoch ends with its own last batch. Count one epoch, then multiply.",
    _over_all,
)  # fmt: skip
_question(
    "epochs-forgotten", "omission", "You gave the updates of one epoch.",
    "Each epoch makes as many. Multiply by the number of epochs.",
    lambda _params, iterations, _rest: {"total": iterations},
)  # fmt: skip
_question(
    "updates-are-examples-times-epochs", "scope", "You counted one update per example and epoch.",
    "An update handles a whole batch. Multiply the iterations of an epoch by the epochs.",
    lambda params, _iterations, _rest: {"total": params["n"] * params["epochs"]},
)  # fmt: skip
_question(
    "updates-are-epochs-times-batch", "swap", "You multiplied the epochs by the batch size.",
    "Multiply the epochs by the number of iterations in one.",
    lambda params, _iterations, _rest: {"total": params["epochs"] * params["batch"]},
)  # fmt: skip
_question(
    "last-batch-full", "scope", "Your last batch has the wrong size: you exchanged a full batch and the rest.",
    "Read what happens to the examples left over. They are the last batch unless they are skipped.",
    lambda params, _iterations, rest: {"last": rest if params["drop_last"] else params["batch"]},
)  # fmt: skip
_question(
    "last-batch-is-what-is-missing", "sign", "You gave how many examples the last batch lacks.",
    "The last batch holds what is left after the full ones: the remainder of the division.",
    lambda params, _iterations, rest: None if params["drop_last"] else {"last": params["batch"] - rest},
)  # fmt: skip
_question(
    "short-batch-kept", "scope", "You counted the short batch although it is skipped.",
    "Only full batches are used here. Round down.",
    _short_kept,
)  # fmt: skip
