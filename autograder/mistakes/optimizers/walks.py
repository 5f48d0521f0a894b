"""What goes wrong in descents. Each takes the right functions and spoils one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import mistake
from reference.op import OPS

Functions = dict[str, Callable[..., Any]]


def instead(
    target: str, name: str, family: str, what: str, how: str, wrong: Callable[..., Any], kind: str = "value"
) -> None:
    """Register `wrong`, called with the right function and its arguments, as what a student writes instead."""

    def spoilt(right: Functions) -> Functions:
        return {**right, target: lambda *args: wrong(right[target], *args)}

    spoilt.__doc__ = f"{what}\n\n{how}"
    # An op of the same name has mistakes of its own, with the op's signature; those here are of the exercise.
    mistake(target, name, family=family, kind="behaviour" if target in OPS else kind)(spoilt)


# --- all walks: gd and momentum in both readings -------------------------------------------------

_WALKS = {"gd": "gd", "momentum_slide": "slide", "momentum_classical": "classical"}


def _on_walks(
    fact: str, family: str, what: str, how: str, wrong: Callable[..., Any], kind: str = "value"
) -> None:
    for target, prefix in _WALKS.items():
        instead(target, f"{prefix}-{fact}", family, what, how, wrong, kind)


_on_walks(
    "ascent", "sign", "You add the step, so the loss grows.",
    "The gradient points uphill: subtract lr times the step from w.",
    lambda walk, grad, w0, lr, *rest: walk(grad, w0, -lr, *rest),
)  # fmt: skip
_on_walks(
    "one-step-short", "off-by-one", "You take one step less than asked for.",
    "The path has steps + 1 rows: the start and the place after every step.",
    lambda walk, *args: walk(*args)[:-1],
)  # fmt: skip
_on_walks(
    "one-step-more", "off-by-one", "You take one step more than asked for.",
    "The path has steps + 1 rows: the start and the place after every step.",
    lambda walk, *args: walk(*args[:-1], args[-1] + 1),
)  # fmt: skip
_on_walks(
    "start-missing", "omission", "You leave the start out of the path.",
    "Put a copy of w0 into the path before the first step.",
    lambda walk, *args: walk(*args)[1:],
)  # fmt: skip
_on_walks(
    "last-only", "omission", "You return where the walk ends instead of the whole path.",
    "Collect every w on the way, the start included, and return all of them.",
    lambda walk, *args: walk(*args)[-1],
)  # fmt: skip
_on_walks(
    "rows-are-one-array", "scope",
    "You put the same array into the path again and again and change it in place, so all rows are the last one.",
    "Append w.copy(), or make a new array in every step: w = w - lr * g.",
    lambda walk, *args: np.repeat(walk(*args)[-1:], args[-1] + 1, axis=0),
)  # fmt: skip
_on_walks(
    "path-transposed", "orientation", "Your path has one row per weight; it should have one row per step.",
    "Stack the weights along axis 0: path[t] is w after t steps.",
    lambda walk, *args: walk(*args).T,
)  # fmt: skip
_on_walks(
    "learning-rate-forgotten", "omission", "You step by the gradient itself, without the learning rate.",
    "Multiply the step by lr.",
    lambda walk, grad, w0, lr, *rest: walk(grad, w0, 1.0, *rest),
)  # fmt: skip
_on_walks(
    "gradient-at-start", "scope", "You compute the gradient once, at the start, and use it for every step.",
    "Call grad(w) inside the loop, with the w you have reached.",
    lambda walk, grad, w0, *rest: walk(lambda _w: grad(w0), w0, *rest),
)  # fmt: skip


def _in_place(walk: Callable[..., Any], grad: Any, w0: Any, *rest: Any) -> np.ndarray:
    path = walk(grad, w0, *rest)
    w0[:] = path[-1]
    return path


def _all_one(walk: Callable[..., Any], grad: Any, w0: Any, *rest: Any) -> np.ndarray:
    path = _in_place(walk, grad, w0, *rest)
    return np.repeat(path[-1:], len(path), axis=0)


_on_walks(
    "changes-w0", "scope", "You walk in the caller's array: after the call w0 is where the walk ended.",
    "Start from a copy: w = np.array(w0, dtype=float).",
    _in_place, "behaviour",
)  # fmt: skip
_on_walks(
    "w0-walks-along", "scope",
    "You change w0 in place and put it into the path again and again: all rows, and the caller's w0, are the last w.",
    "Start from a copy of w0 and make a new array in every step: w = w - lr * g.",
    _all_one, "behaviour",
)  # fmt: skip


def _remembering(target: str) -> Callable[[Functions], Functions]:
    def spoilt(right: Functions) -> Functions:
        history: list[Any] = []

        def walk(*args: Any) -> np.ndarray:
            history.extend(right[target](*args))
            return np.array(history)

        return {**right, target: walk}

    spoilt.__doc__ = """You keep the path in a default argument or a global list: a second call starts with old rows.

    A default argument is made once. Make the list inside the function: path = [w0.copy()]."""
    return spoilt


for _target, _prefix in _WALKS.items():
    mistake(_target, f"{_prefix}-mutable-default-history", family="scope", kind="behaviour")(
        _remembering(_target)
    )


def _until_flat(walk: Callable[..., Any], grad: Any, w0: Any, *rest: Any) -> np.ndarray:
    path = walk(grad, w0, *rest)
    flat = [t for t, w in enumerate(path) if np.linalg.norm(grad(w)) < 1e-6]
    return path[: flat[0] + 1] if flat else path


instead(
    "gd", "gd-stops-where-it-is-flat", "scope",
    "You stop where the gradient is nearly 0, so the path may have fewer rows than asked for.",
    "Take all steps: the path has steps + 1 rows, also if the last ones are alike.",
    _until_flat,
)  # fmt: skip

# --- momentum ------------------------------------------------------------------------------------

Rule = Callable[[Any, np.ndarray, float, float, Any], tuple[np.ndarray, Any]]


def _momentum(target: str, name: str, family: str, what: str, how: str, rule: Rule) -> None:
    """Register a wrong rule: (g, grad(w), w, lr, alpha, memory) -> step and new memory; no memory is None."""

    def wrong(_walk: Any, grad: Any, w0: Any, lr: float, alpha: float, steps: int) -> np.ndarray:
        path, memory = [np.array(w0, dtype=float)], None
        for _ in range(steps):
            step, memory = rule(grad, path[-1], lr, alpha, memory)
            path.append(path[-1] - step)
        return np.array(path)

    instead(target, name, family, what, how, wrong)


def _slide(grad: Any, w: Any, lr: float, alpha: float, old: Any) -> Any:
    g = grad(w)
    return lr * (g if old is None else alpha * old + g), g


def _classical(grad: Any, w: Any, lr: float, alpha: float, v: Any) -> Any:
    v = grad(w) + (0 if v is None else alpha * v)
    return lr * v, v


def _both(fact: str, family: str, what: str, how: str, rule: Rule) -> None:
    _momentum("momentum_slide", f"slide-{fact}", family, what, how, rule)
    _momentum("momentum_classical", f"classical-{fact}", family, what, how, rule)


_both(
    "no-memory", "omission", "You take plain gradient steps: nothing of the past enters.",
    "Keep what the formula remembers in a variable outside the loop and add alpha times it.",
    lambda grad, w, lr, alpha, _old: (lr * grad(w), None),
)  # fmt: skip
_momentum(
    "momentum_slide", "slide-is-classical", "convention",
    "You remember the whole velocity; the slide remembers one old gradient only.",
    "Step by lr * (alpha * g_old + g), then keep g, not the sum, as g_old.",
    _classical,
)  # fmt: skip
_momentum(
    "momentum_classical", "classical-is-slide", "convention",
    "You remember the last gradient only; the velocity remembers all of them.",
    "Keep the velocity: v = alpha * v + g, then w = w - lr * v.",
    _slide,
)  # fmt: skip
_momentum(
    "momentum_slide", "slide-first-gradient-twice", "off-by-one",
    "You count the first gradient twice: before the first step there is no old gradient.",
    "Start with g_old = 0.",
    lambda grad, w, lr, alpha, old: (lr * (alpha * (grad(w) if old is None else old) + grad(w)), grad(w)),
)  # fmt: skip
_momentum(
    "momentum_slide", "slide-alpha-on-the-new", "swap",
    "You multiply the new gradient by alpha and not the old one.",
    "alpha fades the past: step by lr * (alpha * g_old + g).",
    lambda grad, w, lr, alpha, old: (lr * (alpha * grad(w) + (0 if old is None else old)), grad(w)),
)  # fmt: skip
_momentum(
    "momentum_slide", "slide-ema", "convention",
    "You average, alpha old + (1 - alpha) new; the slide adds the whole new gradient.",
    "Leave the factor 1 - alpha out: step by lr * (alpha * g_old + g).",
    lambda grad, w, lr, alpha, old: (
        lr * ((1 - alpha) * grad(w) + (0 if old is None else alpha * old)), grad(w)),
)  # fmt: skip
_momentum(
    "momentum_slide", "slide-old-gradient-kept", "scope",
    "You never update the old gradient after the first step.",
    "At the end of every step set g_old = g.",
    lambda grad, w, lr, alpha, old: (
        lr * (grad(w) if old is None else alpha * old + grad(w)), grad(w) if old is None else old),
)  # fmt: skip
_momentum(
    "momentum_slide", "slide-gradients-added-up", "scope",
    "Your memory is the sum of all old gradients; the slide adds only the one before.",
    "Set g_old = g at the end of every step, instead of adding.",
    lambda grad, w, lr, alpha, old: (
        lr * (grad(w) + (0 if old is None else alpha * old)), grad(w) + (0 if old is None else old)),
)  # fmt: skip
_momentum(
    "momentum_slide", "slide-learning-rate-on-new-only", "omission",
    "You multiply only the new gradient by the learning rate.",
    "The learning rate belongs to the whole step: lr * (alpha * g_old + g).",
    lambda grad, w, lr, alpha, old: (lr * grad(w) + (0 if old is None else alpha * old), grad(w)),
)  # fmt: skip
_momentum(
    "momentum_slide", "slide-memory-subtracted", "sign",
    "You subtract the old gradient from the new one, so the past brakes instead of pushing.",
    "Add alpha times the old gradient to the new one.",
    lambda grad, w, lr, alpha, old: (lr * (grad(w) - (0 if old is None else alpha * old)), grad(w)),
)  # fmt: skip
_momentum(
    "momentum_classical", "classical-momentum-ema", "convention",
    "You give the gradient a factor 1 - alpha, an average; the classical velocity adds the whole gradient.",
    "Leave the factor out: v = alpha * v + g.",
    lambda grad, w, lr, alpha, v: (
        lr * ((1 - alpha) * grad(w) + (0 if v is None else alpha * v)),
        (1 - alpha) * grad(w) + (0 if v is None else alpha * v)),
)  # fmt: skip
_momentum(
    "momentum_classical", "classical-nesterov", "convention",
    "You compute the gradient where the velocity would carry you (Nesterov), not at w.",
    "Call grad(w) with the present w.",
    lambda grad, w, lr, alpha, v: _classical(
        lambda here: grad(here if v is None else here - lr * alpha * v), w, lr, alpha, v),
)  # fmt: skip
_momentum(
    "momentum_classical", "classical-learning-rate-twice", "scale",
    "You multiply by the learning rate twice, in the velocity and again in the step.",
    "Once is enough: v = alpha * v + g, w = w - lr * v.",
    lambda grad, w, lr, alpha, v: (lr * _classical(grad, w, lr, alpha, v)[0], _classical(grad, w, lr, alpha, v)[1]),
)  # fmt: skip
_momentum(
    "momentum_classical", "classical-stale-velocity", "order",
    "You move by the old velocity and update it afterwards.",
    "First v = alpha * v + g, then w = w - lr * v.",
    lambda grad, w, lr, alpha, v: (0 * w if v is None else lr * v, _classical(grad, w, lr, alpha, v)[1]),
)  # fmt: skip
_momentum(
    "momentum_classical", "classical-alpha-on-gradient", "swap",
    "You multiply the gradient by alpha and let the velocity grow without fading.",
    "alpha fades the velocity: v = alpha * v + g.",
    lambda grad, w, lr, alpha, v: (
        lr * (alpha * grad(w) + (0 if v is None else v)), alpha * grad(w) + (0 if v is None else v)),
)  # fmt: skip
_momentum(
    "momentum_classical", "classical-memory-subtracted", "sign",
    "You subtract the old velocity, so it brakes instead of pushing.",
    "Add alpha times the velocity: v = alpha * v + g.",
    lambda grad, w, lr, alpha, v: (
        lr * (grad(w) - (0 if v is None else alpha * v)), grad(w) - (0 if v is None else alpha * v)),
)  # fmt: skip
_momentum(
    "momentum_classical", "classical-learning-rate-on-new-only", "omission",
    "You multiply only the new gradient by the learning rate; the velocity carries the old ones without it.",
    "Keep the velocity free of the learning rate and step by lr * v, v = alpha * v + g.",
    lambda grad, w, lr, alpha, v: (
        lr * grad(w) + (0 if v is None else alpha * v), grad(w) + (0 if v is None else alpha * v)),
)  # fmt: skip
_momentum(
    "momentum_slide", "slide-old-gradient-overwritten", "order",
    "You set g_old to the new gradient before the step, so the new one counts 1 + alpha times and no old one at all.",
    "Take the step first, then g_old = g.",
    lambda grad, w, lr, alpha, _old: (lr * (1 + alpha) * grad(w), None),
)  # fmt: skip
_momentum(
    "momentum_classical", "classical-first-gradient-twice", "off-by-one",
    "You start with the first gradient as velocity and count it again in the first step.",
    "Before the first step v = 0.",
    lambda grad, w, lr, alpha, v: _classical(grad, w, lr, alpha, grad(w) if v is None else v),
)  # fmt: skip


def _keeping(target: str, rule: Rule) -> Callable[[Functions], Functions]:
    def spoilt(right: Functions) -> Functions:
        kept: dict[int, Any] = {}

        def walk(grad: Any, w0: Any, lr: float, alpha: float, steps: int) -> np.ndarray:
            path = [np.array(w0, dtype=float)]
            for _ in range(steps):
                step, kept[len(w0)] = rule(grad, path[-1], lr, alpha, kept.get(len(w0)))
                path.append(path[-1] - step)
            return np.array(path)

        return {**right, target: walk}

    spoilt.__doc__ = """You keep the memory between calls, so a new walk starts with the momentum of the old one.

    Set it to 0 inside the function, before the loop."""
    return spoilt


mistake("momentum_slide", "slide-memory-kept-between-calls", family="scope", kind="behaviour")(
    _keeping("momentum_slide", _slide)
)
mistake("momentum_classical", "classical-memory-kept-between-calls", family="scope", kind="behaviour")(
    _keeping("momentum_classical", _classical)
)
