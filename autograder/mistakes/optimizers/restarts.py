"""What goes wrong in random restarts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes.optimizers.walks import instead


def _restarts(
    name: str, family: str, what: str, how: str, wrong: Callable[..., Any], kind: str = "value"
) -> None:
    def changed(right: Any, f: Any, grad: Any, starts: Any, *rest: Any) -> Any:
        best, ends = right(f, grad, starts, *rest)
        return wrong(f, grad, starts, best, ends)

    instead("random_restarts", name, family, what, how, changed, kind)


def _overwrite(f: Any, grad: Any, starts: Any, best: Any, ends: Any) -> Any:
    starts[:] = ends
    return best, ends


def _of(values: Any, ends: Any, choose: Callable[..., Any] = np.argmin) -> Any:
    return ends[int(choose(np.array([float(v) for v in values])))], ends


_restarts(
    "restarts-highest-loss", "sign", "You keep the run whose end has the highest f.",
    "The best end is the one where f is lowest: np.argmin.",
    lambda f, grad, starts, best, ends: _of(map(f, ends), ends, np.argmax),
)  # fmt: skip
_restarts(
    "restarts-best-start", "scope", "You choose the run by f at its start; only the end counts.",
    "Compare f at the ends.",
    lambda f, grad, starts, best, ends: _of(map(f, starts), ends),
)  # fmt: skip
_restarts(
    "restarts-returns-start", "swap", "You return the start of the best run instead of its end.",
    "Return the end: best = all_ends[i].",
    lambda f, grad, starts, best, ends: (starts[int(np.argmin([f(e) for e in ends]))].copy(), ends),
)  # fmt: skip
_restarts(
    "restarts-returns-loss", "swap", "You return the lowest f instead of the weights where it is taken.",
    "Return the weights: best = all_ends[i] with i = argmin of f.",
    lambda f, grad, starts, best, ends: (f(best), ends),
)  # fmt: skip
_restarts(
    "restarts-returns-index", "swap", "You return the number of the best run instead of its end.",
    "Use the number as an index: best = all_ends[i].",
    lambda f, grad, starts, best, ends: (int(np.argmin([f(e) for e in ends])), ends),
)  # fmt: skip
_restarts(
    "restarts-first-end", "omission", "You return the end of the first run.",
    "Compare f at all ends and keep the lowest.",
    lambda f, grad, starts, best, ends: (ends[0], ends),
)  # fmt: skip
_restarts(
    "restarts-last-end", "omission", "You return the end of the last run.",
    "Compare f at all ends and keep the lowest.",
    lambda f, grad, starts, best, ends: (ends[-1], ends),
)  # fmt: skip
_restarts(
    "restarts-flattest-end", "wrong-op", "You keep the end with the smallest gradient; many points are flat.",
    "Compare f at the ends, not its slope.",
    lambda f, grad, starts, best, ends: _of((np.sum(grad(e) ** 2) for e in ends), ends),
)  # fmt: skip
_restarts(
    "restarts-mean-end", "wrong-op", "You average the ends; the average of two valleys is a hill.",
    "Keep the one end where f is lowest.",
    lambda f, grad, starts, best, ends: (ends.mean(axis=0), ends),
)  # fmt: skip
_restarts(
    "restarts-swapped", "swap", "You return all ends first and the best one second.",
    "Return (best, all_ends).",
    lambda f, grad, starts, best, ends: (ends, best),
)  # fmt: skip


def _from_where_the_last_ended(right: Any, f: Any, grad: Any, starts: Any, *rest: Any) -> Any:
    ends: list[Any] = []
    for start in starts:
        _, end = right(f, grad, np.array([ends[-1] if ends else start]), *rest)
        ends.append(end[0])
    return _of(map(f, ends), np.array(ends))


instead(
    "random_restarts", "restarts-each-from-the-last", "scope",
    "Only your first run begins at its start; every other goes on where the one before ended.",
    "Set w to starts[s] inside the loop over the starts.",
    _from_where_the_last_ended,
)  # fmt: skip
_restarts(
    "restarts-changes-starts", "scope", "You walk in the caller's array: after the call the starts are the ends.",
    "Start every run from a copy of its row.",
    _overwrite, "behaviour",
)  # fmt: skip
_restarts(
    "restarts-smallest-absolute", "wrong-op", "You keep the end where f is closest to 0.",
    "The lowest f is best, also where it is negative: np.argmin of f itself.",
    lambda f, grad, starts, best, ends: _of((abs(f(e)) for e in ends), ends),
)  # fmt: skip
instead(
    "random_restarts", "restarts-one-step-short", "off-by-one", "You take one step too few in every run.",
    "range(steps): the end is where the walk is after all steps.",
    lambda right, f, grad, starts, lr, steps: right(f, grad, starts, lr, steps - 1),
)  # fmt: skip
instead(
    "random_restarts", "restarts-one-step-more", "off-by-one", "You take one step too many in every run.",
    "range(steps): the end is where the walk is after all steps.",
    lambda right, f, grad, starts, lr, steps: right(f, grad, starts, lr, steps + 1),
)  # fmt: skip


def _lowest_on_the_way(right: Any, f: Any, grad: Any, starts: Any, lr: float, steps: int) -> Any:
    seen = np.concatenate([right(f, grad, starts, lr, n)[1] for n in range(steps + 1)])
    return _of(map(f, seen), seen)[0], right(f, grad, starts, lr, steps)[1]


instead(
    "random_restarts", "restarts-lowest-on-the-way", "scope",
    "You return the lowest place of all walks; a walk may pass a lower one than its end.",
    "Compare f at the ends: best is one of all_ends.",
    _lowest_on_the_way,
)  # fmt: skip


instead(
    "random_restarts", "restarts-uphill", "sign", "Your walks add the gradient, so f grows.",
    "Subtract it: w = w - lr * grad(w).",
    lambda right, f, grad, starts, lr, steps: right(f, grad, starts, -lr, steps),
)  # fmt: skip
