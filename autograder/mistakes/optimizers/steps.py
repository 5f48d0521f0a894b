"""What goes wrong in the wiggle step, an epoch of steps and counting iterations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes.optimizers.walks import instead

# --- the wiggle step -----------------------------------------------------------------------------


def _differences(loss: Any, w: Any, eps: float) -> np.ndarray:
    return np.array([loss(w) - loss(w + eps * e) for e in np.eye(len(w))])


def _wiggle(
    name: str, family: str, what: str, how: str, wrong: Callable[..., Any], kind: str = "value"
) -> None:
    instead("wiggle_step", name, family, what, how, lambda _right, loss, w, eps: wrong(loss, w, eps), kind)


def _in_turn(loss: Any, w: Any, eps: float, again: bool) -> np.ndarray:
    new, here = np.array(w), loss(w)
    for e in np.eye(len(w)):
        here = loss(new) if again else here
        new = new + eps * np.sign(here - loss(new + eps * e)) * e
    return new


def _change_w(loss: Any, w: Any, eps: float) -> np.ndarray:
    w[:] = _in_turn(loss, w, eps, False)
    return w


def _leave_raised(loss: Any, w: Any, eps: float) -> np.ndarray:
    new, here = np.array(w), loss(w)
    for i in range(len(w)):
        w[i] += eps
        new[i] += eps * np.sign(here - loss(w))
    return new


_wiggle(
    "wiggle-sign-flipped", "sign", "You move every weight the way that makes the loss larger.",
    "The sign is that of L(w) - L(w + eps): positive, and it gets added, where the loss fell.",
    lambda loss, w, eps: w - eps * np.sign(_differences(loss, w, eps)),
)  # fmt: skip
_wiggle(
    "wiggle-mutates-w", "scope",
    "You write the new weights into w: the caller's array changes, and later weights are looked at from new ones.",
    "Write into a copy, w_new = w.copy(), and look at every weight from the old w.",
    _change_w, "behaviour",
)  # fmt: skip
_wiggle(
    "wiggle-leaves-w-raised", "scope",
    "You add eps to the entries of w and do not take it away again: the caller's array changes.",
    "Change a copy in every turn: moved = w.copy(); moved[i] += eps.",
    _leave_raised, "behaviour",
)  # fmt: skip
_wiggle(
    "wiggle-one-after-the-other", "order",
    "You look at a weight after having moved the ones before it.",
    "All coordinates are looked at from the old w; move them together at the end.",
    lambda loss, w, eps: _in_turn(loss, w, eps, True),
)  # fmt: skip
_wiggle(
    "wiggle-old-loss-new-weights", "order",
    "You compare the loss of the old w with that of weights of which some have been moved already.",
    "All coordinates are looked at from the old w; move them together at the end.",
    lambda loss, w, eps: _in_turn(loss, w, eps, False),
)  # fmt: skip
_wiggle(
    "wiggle-sign-forgotten", "omission", "You step by the difference of the losses and forget its sign function.",
    "Only the sign counts: w_new = w + eps * np.sign(L(w) - L(w + eps)).",
    lambda loss, w, eps: w + eps * _differences(loss, w, eps),
)  # fmt: skip
_wiggle(
    "wiggle-adds-the-difference", "wrong-op", "You add the difference of the losses itself to the weight.",
    "Step by eps times the sign of the difference.",
    lambda loss, w, eps: w + _differences(loss, w, eps),
)  # fmt: skip
_wiggle(
    "wiggle-slope-for-sign", "wrong-op", "You step by the numeric slope, so steep weights move far.",
    "Every weight that matters moves by exactly eps: use the sign of the difference only.",
    lambda loss, w, eps: w + _differences(loss, w, eps) / eps,
)  # fmt: skip
_wiggle(
    "wiggle-step-of-one", "scale", "You move by 1 instead of eps.",
    "The step is eps itself: w + eps * sign.",
    lambda loss, w, eps: w + np.sign(_differences(loss, w, eps)),
)  # fmt: skip
_wiggle(
    "wiggle-central-difference", "convention",
    "You compare the losses at w + eps and w - eps; the lecture compares L(w) with L(w + eps).",
    "One loss is taken at w itself: sgn(L(w) - L(w + eps)).",
    lambda loss, w, eps: w + eps * np.sign([loss(w - eps * e) - loss(w + eps * e) for e in np.eye(len(w))]),
)  # fmt: skip
_wiggle(
    "wiggle-backward-difference", "convention",
    "You compare with the loss at w - eps; the lecture compares L(w) with L(w + eps).",
    "Add eps to the weight, then take sgn(L(w) - L(w + eps)).",
    lambda loss, w, eps: w + eps * np.sign([loss(w - eps * e) - loss(w) for e in np.eye(len(w))]),
)  # fmt: skip
_wiggle(
    "wiggle-ties-go-down", "convention", "You move a weight down also where the loss does not change at all.",
    "sgn(0) = 0: a weight without effect stays. np.sign does that.",
    lambda loss, w, eps: w + eps * np.where(_differences(loss, w, eps) > 0, 1.0, -1.0),
)  # fmt: skip
_wiggle(
    "wiggle-ties-go-up", "convention", "You move a weight up also where the loss does not change at all.",
    "sgn(0) = 0: a weight without effect stays. np.sign does that.",
    lambda loss, w, eps: w + eps * np.where(_differences(loss, w, eps) >= 0, 1.0, -1.0),
)  # fmt: skip
_wiggle(
    "wiggle-only-upward", "omission", "You move a weight where adding eps helps and leave it where it does not.",
    "Where the loss grows, go the other way: subtract eps.",
    lambda loss, w, eps: w + eps * (_differences(loss, w, eps) > 0),
)  # fmt: skip
_wiggle(
    "wiggle-all-at-once", "scope", "You add eps to all weights at once, so all of them get one sign.",
    "Wiggle one weight at a time: w + eps * e_i.",
    lambda loss, w, eps: w + eps * np.sign(loss(w) - loss(w + eps)),
)  # fmt: skip
_wiggle(
    "wiggle-returns-the-step", "omission", "You return the step instead of the new weights.",
    "Add the step to w.",
    lambda loss, w, eps: eps * np.sign(_differences(loss, w, eps)),
)  # fmt: skip
_wiggle(
    "wiggle-first-weight-only", "omission", "You move the first weight only.",
    "Loop over all weights before you return.",
    lambda loss, w, eps: w + eps * np.sign(_differences(loss, w, eps)) * np.eye(len(w))[0],
)  # fmt: skip


def _raising_on(loss: Any, w: Any, eps: float) -> np.ndarray:
    new, here, tried = np.array(w), loss(w), np.array(w)
    for i in range(len(w)):
        tried[i] += eps
        new[i] += eps * np.sign(here - loss(tried))
    return new


def _result_in_w(loss: Any, w: Any, eps: float) -> np.ndarray:
    w += eps * np.sign(_differences(loss, w, eps))
    return w


_wiggle(
    "wiggle-not-undone", "omission",
    "You add eps to one weight after the other and never take it away again, so later weights are tried together.",
    "Begin every turn with a fresh copy of w: only one weight differs from the old w.",
    _raising_on,
)  # fmt: skip
_wiggle(
    "wiggle-result-in-w", "scope", "You move the weights in w itself, which still belongs to the caller.",
    "Make a new array: w_new = w + eps * signs.",
    _result_in_w, "behaviour",
)  # fmt: skip


# --- an epoch ------------------------------------------------------------------------------------


def _epoch(
    name: str, family: str, what: str, how: str, wrong: Callable[..., Any], kind: str = "value"
) -> None:
    instead("sgd_epoch", name, family, what, how, wrong, kind)


def _steps(
    X: Any, y: Any, w: Any, lr: float, parts: Any, slope: Callable[[np.ndarray, Any], np.ndarray]
) -> np.ndarray:
    path = [np.array(w, dtype=float)]
    for part in parts:
        path.append(path[-1] - lr * slope(path[-1], part))
    return np.array(path)


def _parts(order: Any, batch: int) -> list[Any]:
    return [order[i : i + batch] for i in range(0, len(order), batch)]


def _walk_in_w(epoch: Any, X: Any, y: Any, w: Any, *rest: Any) -> np.ndarray:
    path = epoch(X, y, w, *rest)
    w[:] = path[-1]
    return path


_epoch(
    "epoch-last-batch-dropped", "rounding", "You leave the short last batch out.",
    "Go on until all examples of the order have been used; the last batch may be short.",
    lambda right, X, y, w, grad, lr, batch, order: right(
        X, y, w, grad, lr, batch, order[: len(order) - len(order) % batch]),
)  # fmt: skip
_epoch(
    "epoch-order-ignored", "omission", "You take the examples as they lie and ignore the order you are given.",
    "Cut batches out of `order` and use them as indices: X[order[i:i + batch]].",
    lambda right, X, y, w, grad, lr, batch, order: right(X, y, w, grad, lr, batch, np.arange(len(order))),
)  # fmt: skip
_epoch(
    "epoch-labels-not-shuffled", "scope", "You shuffle X but not y, so examples meet the labels of others.",
    "Use the same indices for both: X[part], y[part].",
    lambda right, X, y, w, grad, lr, batch, order: _steps(
        X, y, w, lr, range(0, len(order), batch),
        lambda v, i: grad(v, X[order[i : i + batch]], y[i : i + batch])),
)  # fmt: skip
_epoch(
    "epoch-full-gradient", "scope", "You compute every gradient on all data instead of the mini-batch.",
    "Call grad with the rows of the batch only.",
    lambda right, X, y, w, grad, lr, batch, order: _steps(
        X, y, w, lr, _parts(order, batch), lambda v, _part: grad(v, X, y)),
)  # fmt: skip
_epoch(
    "epoch-gradient-at-start", "scope", "You compute all gradients at the weights the epoch started with.",
    "Call grad with the w you have reached.",
    lambda right, X, y, w, grad, lr, batch, order: _steps(
        X, y, w, lr, _parts(order, batch), lambda _v, part: grad(w, X[part], y[part])),
)  # fmt: skip
_epoch(
    "epoch-step-times-batch", "scale", "You multiply the step by the size of the batch.",
    "grad is the mean over the batch already: w = w - lr * grad(w, Xb, yb).",
    lambda right, X, y, w, grad, lr, batch, order: _steps(
        X, y, w, lr, _parts(order, batch), lambda v, part: len(part) * grad(v, X[part], y[part])),
)  # fmt: skip
_epoch(
    "epoch-step-divided-by-batch", "scale", "You divide the step by the size of the batch once more.",
    "grad is the mean over the batch already: w = w - lr * grad(w, Xb, yb).",
    lambda right, X, y, w, grad, lr, batch, order: _steps(
        X, y, w, lr, _parts(order, batch), lambda v, part: grad(v, X[part], y[part]) / len(part)),
)  # fmt: skip
_epoch(
    "epoch-first-of-batch", "omission", "You use the first example of each batch only.",
    "Take all rows of the batch: X[order[i:i + batch]].",
    lambda right, X, y, w, grad, lr, batch, order: _steps(
        X, y, w, lr, _parts(order, batch), lambda v, part: grad(v, X[part[:1]], y[part[:1]])),
)  # fmt: skip
_epoch(
    "epoch-ascent", "sign", "You add the step, so the loss grows.", "Subtract lr times the gradient.",
    lambda right, X, y, w, grad, lr, batch, order: right(X, y, w, grad, -lr, batch, order),
)  # fmt: skip
_epoch(
    "epoch-start-missing", "omission", "You leave the start out of the path.",
    "Put a copy of w into the path before the first batch.",
    lambda right, *args: right(*args)[1:],
)  # fmt: skip
_epoch(
    "epoch-last-only", "omission", "You return the last weights instead of the path.",
    "Collect w after every batch, the start included.",
    lambda right, *args: right(*args)[-1],
)  # fmt: skip
_epoch(
    "epoch-batch-count-for-size", "swap", "You read `batch` as the number of batches; it is the size of one.",
    "Each batch holds `batch` examples; how many there are follows.",
    lambda right, X, y, w, grad, lr, batch, order: _steps(
        X, y, w, lr, [p for p in np.array_split(order, batch) if len(p)], lambda v, p: grad(v, X[p], y[p])),
)  # fmt: skip
_epoch(
    "epoch-changes-w", "scope", "You walk in the caller's array: after the call w is where the epoch ended.",
    "Start from a copy of w.",
    _walk_in_w, "behaviour",
)  # fmt: skip
_epoch(
    "epoch-rows-are-one-array", "scope",
    "You put the same array into the path again and again and change it in place, so all rows are the last one.",
    "Append w.copy(), or make a new array in every step: w = w - lr * g.",
    lambda right, *args: (lambda path: np.repeat(path[-1:], len(path), axis=0))(right(*args)),
)  # fmt: skip
_epoch(
    "epoch-one-example-at-a-time", "scope", "You take a step for every example and do not use `batch`.",
    "One step for each batch: part = order[i:i + batch].",
    lambda right, X, y, w, grad, lr, batch, order: right(X, y, w, grad, lr, 1, order),
)  # fmt: skip


# --- counting ------------------------------------------------------------------------------------


def _count(name: str, family: str, what: str, how: str, wrong: Callable[[int, int], Any]) -> None:
    instead("iterations_per_epoch", name, family, what, how, lambda _right, n, batch: wrong(n, batch))


_count(
    "iterations-floor", "rounding", "You round down, so the short last batch is not counted.",
    "The rest is a batch, too: round up, -(-n // batch).",
    lambda n, batch: n // batch,
)  # fmt: skip
_count(
    "iterations-rounded", "rounding", "You round to the nearest number; a short rest is lost.",
    "Any rest is a batch: round up, math.ceil(n / batch).",
    lambda n, batch: round(n / batch),
)  # fmt: skip
_count(
    "iterations-always-one-more", "off-by-one", "You add one also where the batches fill exactly.",
    "Add one only when there is a rest: math.ceil(n / batch).",
    lambda n, batch: n // batch + 1,
)  # fmt: skip
_count(
    "iterations-not-whole", "rounding", "You return n / batch, which is not a whole number of batches.",
    "Round up: math.ceil(n / batch).",
    lambda n, batch: n / batch,
)  # fmt: skip
_count(
    "iterations-is-batch-size", "swap", "You return the size of a batch; it is not the number of batches.",
    "Count how many batches cover n examples: math.ceil(n / batch).",
    lambda n, batch: batch,
)  # fmt: skip
_count(
    "iterations-is-last-batch", "wrong-op", "You return the rest n % batch, the size of the last batch.",
    "Count batches: n // batch, and one more if there is a rest.",
    lambda n, batch: n % batch,
)  # fmt: skip
_count(
    "iterations-one-per-example", "scope", "You count one iteration per example.",
    "One iteration uses a whole batch: math.ceil(n / batch).",
    lambda n, batch: n,
)  # fmt: skip
_count(
    "iterations-upside-down", "swap", "You divide the batch size by the number of examples.",
    "Divide n by batch, and round up.",
    lambda n, batch: -(-batch // n),
)  # fmt: skip
_count(
    "iterations-floor-but-one", "rounding",
    "You round down, and only see to it that there is one: a short last batch is not counted.",
    "Any rest is a batch: round up, math.ceil(n / batch).",
    lambda n, batch: max(1, n // batch),
)  # fmt: skip
_count(
    "iterations-rest-added", "wrong-op", "You add the rest n % batch, the number of examples left over.",
    "However many are left over, they make one batch: add 1 if there is a rest.",
    lambda n, batch: n // batch + n % batch,
)  # fmt: skip
