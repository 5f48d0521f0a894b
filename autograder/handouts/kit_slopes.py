"""Hold a student's backward against the student's own forward, entry by entry.

Part of the student kit: numpy and the standard library only. The probe (a random direction per input)
says *that* they disagree; here every entry is moved by itself to say *where*.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograder.compare import as_array
from autograder.handouts.kit_running import played
from autograder.key import KeyTrial
from autograder.sandbox._script import Call, Outcome

LOCALISE_SECONDS = 5.0
TELLING = 1e-6
Entry = tuple[str, tuple[int, ...], float, float]


def steepest_disagreement(trial: KeyTrial, results: Sequence[str], namespace: dict[str, Any]) -> Entry | None:
    """Return (gradient, index, its value, slope of the own forward) where the two differ most.

    For every entry x_i: slope = <Y(x + h e_i) - Y(x - h e_i), g> / 2h, extrapolated over the steps h.
    None where nothing differs by more than rounding could explain, or nothing can be computed.
    """
    worst: tuple[float, Entry] | None = None
    for name, index, yours, slope in _entries(trial, results, namespace):
        gap = abs(yours - slope)
        if not gap <= TELLING * (1 + abs(slope)) and (worst is None or gap > worst[0]):
            worst = (gap, (name, index, yours, slope))
    return worst[1] if worst else None


def _entries(trial: KeyTrial, results: Sequence[str], namespace: dict[str, Any]) -> Iterator[Entry]:
    deadline = time.monotonic() + LOCALISE_SECONDS
    outcomes, _ = played(trial.calls[:2], namespace)
    if any(o.status != "ok" for o in outcomes):
        return
    gradients = outcomes[1].value if isinstance(outcomes[1].value, (tuple, list)) else (outcomes[1].value,)
    for i, (gradient, position) in enumerate(zip(gradients, _moved_arguments(trial), strict=False)):
        array, shape = as_array(gradient)[0], np.shape(trial.calls[0].args[position])
        if array is None or array.shape != shape:
            continue
        for index in np.ndindex(shape):
            slope = _slope(trial, position, index, namespace)
            if slope is None or time.monotonic() > deadline:
                return
            yield results[i] if i < len(results) else f"gradient {i + 1}", index, float(array[index]), slope


def _moved_arguments(trial: KeyTrial) -> list[int]:
    """Return, for each differentiated input, its position among the forward's arguments."""
    base, found = trial.calls[0].args, []
    for call in trial.calls[2 :: 2 * len(trial.facts["steps"])]:
        pairs = enumerate(zip(base, call.args, strict=True))
        found += [p for p, (a, b) in pairs if isinstance(a, np.ndarray) and not np.array_equal(a, b)]
    return found


def _slope(trial: KeyTrial, position: int, index: tuple[int, ...], namespace: dict[str, Any]) -> float | None:
    steps, upstream, slopes = trial.facts["steps"], np.asarray(trial.facts["upstream"]), []
    for h in steps:
        outcomes, _ = played([_moved(trial, position, index, step) for step in (h, -h)], namespace)
        up, down = (_result(outcome) for outcome in outcomes)
        if up is None or down is None or up.shape != upstream.shape or down.shape != upstream.shape:
            return None
        slopes.append(float(np.sum((up - down) * upstream) / (2 * h)))
    if len(slopes) == 1:
        return slopes[0]
    ratio = (steps[-2] / steps[-1]) ** 2
    return (ratio * slopes[-1] - slopes[-2]) / (ratio - 1)


def _moved(trial: KeyTrial, position: int, index: tuple[int, ...], step: float) -> Call:
    moved = np.array(trial.calls[0].args[position], dtype=np.float64)
    moved[index] += step
    args = list(trial.calls[0].args)
    args[position] = moved
    return dataclasses.replace(trial.calls[2], args=tuple(args))


def _result(outcome: Outcome) -> np.ndarray | None:
    if outcome.status != "ok":
        return None
    found = [
        as_array(v)[0] for v in (outcome.value if isinstance(outcome.value, tuple) else (outcome.value,))
    ]
    return next((array for array in found if array is not None), None)
