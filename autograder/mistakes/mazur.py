"""What goes wrong in the step-by-step example of Mazur. Each takes the right functions and spoils one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import mistake

Functions = dict[str, Callable[..., Any]]
Wrong = Callable[..., Any]


def _register(name: str, family: str, what: str, how: str, spoilt: Wrong, kind: str = "value") -> None:
    def wrong(right: Functions) -> Functions:
        return spoilt(right)

    wrong.__doc__ = f"{what}\n\n{how}"
    mistake("mazur_step", name, family=family, kind=kind)(wrong)


def _sigmoid(a: Any) -> Any:
    return 0.5 * (1.0 + np.tanh(0.5 * a))


def _mazur_forward(w: Any, b: Any, i: Any, shares: tuple[Any, Any] = ((1, 0), (0, 1))) -> tuple[Any, Any]:
    """Return hidden and output values; shares tell how much of either bias goes into a layer."""
    h = _sigmoid(w[:4].reshape(2, 2) @ i + b @ shares[0])
    return h, _sigmoid(w[4:].reshape(2, 2) @ h + b @ shares[1])


def _flipped(d: Any, z: Any) -> Any:
    return np.outer(z, d)


def _nothing(d: Any, z: Any) -> Any:
    return np.zeros((2, 2))


def _mazur(
    *, stale: bool = False, rate: float | None = None, slope_o: bool = True, slope_h: bool = True, sign: float = 1.0,
    error: Wrong = lambda before, after: after, half: float = 0.5, crossed: bool = False, biases: bool = False,
    order: tuple[int, ...] = tuple(range(8)), shares: tuple[Any, Any] = ((1, 0), (0, 1)),
    outer_h: Wrong = np.outer, outer_o: Wrong = np.outer, back: Wrong = np.matmul,
) -> Wrong:  # fmt: skip
    """Make a mazur_step with one fault."""

    def mazur_step(w: Any, b: Any, i: Any, t: Any, lr: float) -> Any:
        w, b = np.array(w)[list(order)], np.array(b)
        step = sign * (lr if rate is None else rate)
        h, o = _mazur_forward(w, b, i, shares)
        d_o = (o - t) * (o * (1 - o) if slope_o else 1.0)
        upper = w[4:].reshape(2, 2) - step * outer_o(d_o, h)
        through = upper if stale else w[4:].reshape(2, 2)
        d_h = back(through if crossed else through.T, d_o) * (h * (1 - h) if slope_h else 1.0)
        new = np.concatenate([(w[:4].reshape(2, 2) - step * outer_h(d_h, i)).ravel(), upper.ravel()])
        b_new = b - step * np.array([d_h.sum(), d_o.sum()]) if biases else b
        before, after = (
            half * np.sum((t - out) ** 2) for out in (o, _mazur_forward(new, b_new, i, shares)[1])
        )
        return new[list(order)], error(before, after)

    return mazur_step


_MAZUR: tuple[tuple[str, str, str, str, Wrong], ...] = (
    ("mazur-updated-weights-used", "order",
     "You send the gradient back through w5..w8 after changing them.",
     "All gradients belong to the old weights: compute all eight first, then update.", _mazur(stale=True)),
    ("mazur-error-before", "order", "Your E is the error before the update.",
     "Run the forward again with the new weights and return that error.", _mazur(error=lambda before, after: before)),
    ("mazur-error-without-half", "scale", "Your E is the sum of squares without the factor 1/2.",
     "E = 1/2 (t1 - o1)^2 + 1/2 (t2 - o2)^2.", _mazur(half=1.0)),
    ("mazur-rate-forgotten", "omission", "You subtract the gradient itself: lr is not used.",
     "w_new = w - lr dE/dw.", _mazur(rate=1.0)),
    ("mazur-rate-fixed", "scope", "You use 0.5 instead of the lr you are given.",
     "w_new = w - lr dE/dw with the argument lr.", _mazur(rate=0.5)),
    ("mazur-ascends", "sign", "You add the gradient: the error grows.", "Subtract it: w_new = w - lr dE/dw.",
     _mazur(sign=-1.0)),
    ("mazur-output-slope-forgotten", "omission", "You leave out the slope o (1 - o) of the output units.",
     "delta_o = (o - t) o (1 - o).", _mazur(slope_o=False)),
    ("mazur-hidden-slope-forgotten", "omission", "You leave out the slope h (1 - h) of the hidden units.",
     "Multiply what comes back to h by h (1 - h).", _mazur(slope_h=False)),
    ("mazur-weights-crossed", "swap", "On the way back you exchange w6 and w7.",
     "h1 is connected by w5 and w7, h2 by w6 and w8: sum those.", _mazur(crossed=True)),
    ("mazur-hidden-weights-exchanged", "swap", "You exchange w2 and w3: the hidden weights are read column by column.",
     "h1 is made with w1 and w2, h2 with w3 and w4: reshape(2, 2) row by row.", _mazur(order=(0, 2, 1, 3, 4, 5, 6, 7))),
    ("mazur-output-weights-exchanged", "swap", "You exchange w6 and w7: the output weights are read column by column.",
     "o1 is made with w5 and w6, o2 with w7 and w8: reshape(2, 2) row by row.", _mazur(order=(0, 1, 2, 3, 4, 6, 5, 7))),
    ("mazur-biases-updated", "scope", "You update the biases, too, before you compute E.",
     "The post leaves the biases as they are: only the eight weights change.", _mazur(biases=True)),
    ("mazur-columns-for-rows", "swap", "You read the weights of both layers column by column.",
     "h1 is made with w1 and w2, o1 with w5 and w6: reshape(2, 2) row by row.", _mazur(order=(0, 2, 1, 3, 4, 6, 5, 7))),
    ("mazur-no-bias", "omission", "You leave out the biases.", "net_h has b[0] in it, net_o has b[1].",
     _mazur(shares=((0, 0), (0, 0)))),
    ("mazur-hidden-bias-forgotten", "omission", "You leave out b[0], the bias of the hidden units.",
     "net_h = W i + b[0].", _mazur(shares=((0, 0), (0, 1)))),
    ("mazur-output-bias-forgotten", "omission", "You leave out b[1], the bias of the output units.",
     "net_o = W h + b[1].", _mazur(shares=((1, 0), (0, 0)))),
    ("mazur-one-bias-for-both", "scope", "You add b[0] in both layers.", "The output units have b[1].",
     _mazur(shares=((1, 0), (1, 0)))),
    ("mazur-bias-per-unit", "scope", "You give the first unit of each layer b[0] and the second b[1].",
     "Both units of a layer share one bias: b[0] below, b[1] above.", _mazur(shares=(np.eye(2), np.eye(2)))),
    ("mazur-hidden-gradient-transposed", "orientation", "You exchange the gradients of w2 and w3.",
     "dE/dw1..w4 = np.outer(delta_h, i), in this order.", _mazur(outer_h=_flipped)),
    ("mazur-output-gradient-transposed", "orientation", "You exchange the gradients of w6 and w7.",
     "dE/dw5..w8 = np.outer(delta_o, h), in this order.", _mazur(outer_o=_flipped)),
    ("mazur-gradients-transposed", "orientation", "You exchange the gradients of w2 and w3, w6 and w7.",
     "Rows belong to units: np.outer(delta_h, i), np.outer(delta_o, h).",
     _mazur(outer_h=_flipped, outer_o=_flipped)),
    ("mazur-first-output-only", "omission", "You send the gradient of the first output only back to the hidden units.",
     "Both outputs depend on h: (delta_o1 w5 + delta_o2 w7) and (delta_o1 w6 + delta_o2 w8).",
     _mazur(back=lambda V, d: V[:, 0] * d[0])),
    ("mazur-weights-left-out-on-the-way-back", "omission", "You send the gradient back without the weights w5 to w8.",
     "Each output reaches h through its weight: delta_o1 w5 + delta_o2 w7.", _mazur(back=lambda V, d: d.sum())),
    ("mazur-output-layer-only", "omission", "You update w5 to w8 only.",
     "w1 to w4 learn, too: send the gradient on to the hidden layer.", _mazur(outer_h=_nothing)),
    ("mazur-hidden-layer-only", "omission", "You update w1 to w4 only.",
     "w5 to w8 learn, too: all eight weights change.", _mazur(outer_o=_nothing)),
)  # fmt: skip
for _name, _family, _what, _how, _step in _MAZUR:
    _register(_name, _family, _what, _how, lambda _right, step=_step: {"mazur_step": step})


def _weights_in_place(right: Functions) -> Functions:
    def mazur_step(w: Any, b: Any, i: Any, t: Any, lr: float) -> Any:
        w[...], E = right["mazur_step"](w, b, i, t, lr)
        return w, E

    return {"mazur_step": mazur_step}


_register(
    "weights-changed-in-place", "scope",
    "You change w itself, which still belongs to the caller.",
    "Work on a copy: w_new = w.copy().",
    _weights_in_place, kind="behaviour",
)  # fmt: skip
