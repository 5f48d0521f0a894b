"""What goes wrong in the L-layer trainer. Each takes the right functions and spoils some."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.mistakes import mistake

Functions = dict[str, Callable[..., Any]]
Wrong = Callable[..., Any]


def _softmax(Z: Any, axis: Any = 0, shift: Any = None) -> Any:
    with np.errstate(all="ignore"):
        E = np.exp(Z - (Z.max(axis=axis, keepdims=True) if shift is None else shift))
        return E / E.sum(axis=axis, keepdims=True)


def _hidden_relu(Z: Any, left: int) -> Any:
    """Cut off negative numbers in hidden layers; `left` counts the layers that follow."""
    return np.maximum(Z, 0.0) if left else Z


def _forward(
    activate: Wrong = _hidden_relu,
    normalise: Wrong = _softmax,
    bias: Wrong = lambda b: b,
    bias_at: Wrong = lambda b, i, left: b,
) -> Wrong:
    """Make an mlp_forward; its cache is (H, Ws, bs, P), H the input of every layer."""

    def mlp_forward(X: Any, Ws: Any, bs: Any) -> Any:
        H = [np.array(X)]
        for i, (W, b) in enumerate(zip(Ws, bs)):
            left = len(Ws) - 1 - i
            H.append(activate(W @ H[-1] + bias_at(bias(b), i, left), left))
        P = normalise(H.pop())
        return P, (H, list(Ws), list(bs), P)

    return mlp_forward


def _backward(
    delta: Wrong = lambda P, T: P - T,
    mask: Wrong = lambda d, H, i: d * (H[i] > 0),
    dW: Wrong = lambda d, H, i: d @ H[i].T,
    db: Wrong = lambda d: d.sum(axis=1, keepdims=True),
    through: Wrong = lambda W, d: W.T @ d,
) -> Wrong:
    """Make an mlp_backward with one step done otherwise."""

    def mlp_backward(cache: Any, T: Any) -> Any:
        H, Ws, _, P = cache
        d = delta(P, T)
        dWs: list[Any] = []
        dbs: list[Any] = []
        for i in range(len(Ws) - 1, -1, -1):
            dWs.insert(0, dW(d, H, i))
            dbs.insert(0, db(d))
            if i:
                d = mask(through(Ws[i], d), H, i)
        return dWs, dbs

    return mlp_backward


def _register(
    target: str, name: str, family: str, what: str, how: str, kind: str = "value", **spoilt: Any
) -> None:
    def wrong(right: Functions) -> Functions:
        return {**right, **spoilt}

    wrong.__doc__ = f"{what}\n\n{how}"
    mistake(target, name, family=family, kind=kind)(wrong)


def _not_on_last(Z: Any, left: int) -> Any:
    return np.maximum(Z, 0.0) if left > 1 else Z


# --- forward -------------------------------------------------------------------------------------

_FORWARD: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    ("mlp-last-hidden-linear", "off-by-one", "Your last hidden layer has no ReLU: the loop ends one layer too early.",
     "Every layer but the last one has a ReLU: ask for i < L - 1.", {"activate": _not_on_last}),
    ("mlp-no-relu", "omission", "Your hidden layers have no ReLU, so all layers together are one linear layer.",
     "Pass every layer but the last through max(0, z).", {"activate": lambda Z, left: Z}),
    ("mlp-relu-on-output", "scope", "Your last layer has a ReLU, too: negative scores become 0 before softmax.",
     "Leave the last layer linear.", {"activate": lambda Z, left: np.maximum(Z, 0.0)}),
    ("relu-is-abs", "wrong-op", "Your hidden units compute |z| instead of max(0, z).",
     "Negative numbers become 0: np.maximum(z, 0).", {"activate": lambda Z, left: np.abs(Z) if left else Z}),
    ("mlp-sigmoid-hidden", "wrong-op", "Your hidden units are sigmoids.",
     "Use ReLU: np.maximum(z, 0).",
     {"activate": lambda Z, left: 0.5 * (1 + np.tanh(0.5 * Z)) if left else Z}),
    ("mlp-leaky-hidden", "wrong-op", "Your hidden units are leaky: negative numbers are multiplied by 0.01.",
     "Use ReLU: np.maximum(z, 0).", {"activate": lambda Z, left: np.where(Z > 0, Z, 0.01 * Z) if left else Z}),
    ("mlp-softmax-over-examples", "orientation", "Your softmax runs along the rows, over the examples.",
     "Columns are examples here: take maximum and sum along axis=0.", {"normalise": lambda Z: _softmax(Z, 1)}),
    ("mlp-softmax-over-everything", "scope", "Your softmax divides by the sum of the whole table.",
     "Every column is an example: sum along axis=0.", {"normalise": lambda Z: _softmax(Z, None)}),
    ("softmax-overflow", "omission", "Your softmax computes e^z directly, which overflows above 709.",
     "Subtract the largest score of each column first.", {"normalise": lambda Z: _softmax(Z, 0, 0.0)}),
    ("softmax-global-max", "scope",
     "Your softmax subtracts the largest score of the whole table, so columns of small scores vanish to 0/0.",
     "Subtract the largest score of each column: axis=0, keepdims=True.",
     {"normalise": lambda Z: _softmax(Z, 0, Z.max())}),
    ("mlp-scores-returned", "omission", "You return the scores: softmax is missing.",
     "Pass the last layer's scores through softmax.", {"normalise": lambda Z: Z}),
    ("mlp-sigmoid-at-the-end", "wrong-op", "You end with a sigmoid of each score; the columns do not add up to 1.",
     "Softmax: exponentials divided by the sum of their column.",
     {"normalise": lambda Z: 0.5 * (1 + np.tanh(0.5 * Z))}),
    ("mlp-no-bias", "omission", "You leave out the biases.", "z = W h + b in every layer.",
     {"bias": lambda b: 0.0}),
    ("mlp-bias-subtracted", "sign", "You subtract the biases.", "z = W h + b in every layer.",
     {"bias": lambda b: -b}),
    ("mlp-bias-of-first-layer-only", "omission", "You add the bias in the first layer only.",
     "z = W h + b in every layer.", {"bias_at": lambda b, i, left: 0.0 if i else b}),
    ("mlp-bias-of-last-layer-missing", "omission", "You leave out the bias of the last layer.",
     "z = W h + b in every layer, also before the softmax.", {"bias_at": lambda b, i, left: b if left else 0.0}),
    ("mlp-bias-along-rows", "orientation",
     "You add the biases along the rows, which raises an error, or is wrong with as many units as examples.",
     "b is a column: one number per unit, the same for every example.", {"bias": lambda b: b.reshape(1, -1)}),
)  # fmt: skip
for _name, _family, _what, _how, _change in _FORWARD:
    _register("mlp_forward", _name, _family, _what, _how, mlp_forward=_forward(**_change))


def _biased_late(X: Any, Ws: Any, bs: Any) -> Any:
    H = [np.array(X)]
    for W, b in zip(Ws[:-1], bs[:-1]):
        H.append(np.maximum(W @ H[-1], 0.0) + b)
    return _softmax(Ws[-1] @ H[-1] + bs[-1]), None


_register(
    "mlp_forward", "mlp-bias-behind-relu", "order",
    "You add the biases of hidden layers behind the ReLU.",
    "The bias belongs to the sum: max(0, W h + b).",
    mlp_forward=_biased_late,
)  # fmt: skip

# --- backward ------------------------------------------------------------------------------------


def _averaged(P: Any, T: Any) -> Any:
    return (P - T) / T.shape[1]


def _through_softmax(P: Any, T: Any) -> Any:
    d = P - T
    return P * (d - np.sum(d * P, axis=0))


def _own_slope(P: Any, T: Any) -> Any:
    return (P - T) * P * (1 - P)


def _by_delta(d: Any, H: Any, i: int) -> Any:
    return d * (d > 0)


_BACKWARD: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    ("mlp-T-minus-P", "sign", "You start with T - P, so all gradients have the wrong sign.",
     "delta = P - T.", {"delta": lambda P, T: T - P}),
    ("mlp-grads-averaged", "convention", "You divide the gradients by the number of examples.",
     "Here the gradients are sums over the examples; the division is part of the update.", {"delta": _averaged}),
    ("targets-not-subtracted", "omission", "You start with P: the targets are not subtracted.",
     "delta = P - T.", {"delta": lambda P, T: P}),
    ("softmax-counted-twice", "wrong-op", "You send P - T back through softmax, which it already contains.",
     "delta = P - T is the gradient at the scores.", {"delta": _through_softmax}),
    ("sigmoid-slope-at-output", "wrong-op", "You multiply P - T by P (1 - P).",
     "delta = P - T is the gradient at the scores: nothing else is to be multiplied.", {"delta": _own_slope}),
    ("mlp-mask-missing", "omission", "You leave out the ReLU on the way back.",
     "Let the gradient pass only where the hidden unit was on: delta * (h > 0).", {"mask": lambda d, H, i: d}),
    ("mlp-mask-of-wrong-layer", "off-by-one", "You mask with the activation one layer below.",
     "The gradient that arrives at h[i] is masked by h[i] itself.", {"mask": lambda d, H, i: d * (H[i - 1] > 0)}),
    ("mlp-mask-from-delta", "swap", "You let positive gradients pass, instead of those of units that were on.",
     "Mask by the forward values: delta * (h > 0).", {"mask": _by_delta}),
    ("mlp-mask-is-activation", "wrong-op", "You multiply the gradient by h instead of by 0 or 1.",
     "The slope of ReLU is 1 where h > 0.", {"mask": lambda d, H, i: d * H[i]}),
    ("mlp-mask-inverted", "sign", "You let the gradient pass where the unit was off.",
     "It passes where h > 0.", {"mask": lambda d, H, i: d * (H[i] <= 0)}),
    ("mlp-sigmoid-slope", "wrong-op", "You use h (1 - h), the slope of a sigmoid, for ReLU units.",
     "The slope of ReLU is 1 where h > 0, and 0 elsewhere.", {"mask": lambda d, H, i: d * H[i] * (1 - H[i])}),
    ("mlp-db-averaged", "scale", "You average over the examples for the biases only.",
     "Sum over the examples, for the biases as for the weights.", {"db": lambda d: d.mean(axis=1, keepdims=True)}),
    ("mlp-db-over-units", "orientation", "For the biases you sum over the units instead of over the examples.",
     "Columns are examples: sum along axis=1.", {"db": lambda d: d.sum(axis=0)}),
    ("mlp-db-over-everything", "scope", "For the biases you sum over units and examples, to one number.",
     "Sum over the examples only: sum(axis=1, keepdims=True).", {"db": lambda d: d.sum()}),
    ("mlp-db-last-example", "scope", "Your dbs hold the last example only.",
     "Sum over all examples, along axis=1.", {"db": lambda d: d[:, -1:]}),
    ("mlp-db-not-summed", "omission", "You return the gradient of every example for the biases.",
     "The biases are shared by all examples: sum along axis=1.", {"db": lambda d: d}),
    ("mlp-dW-averaged", "scale", "You average over the examples for the weights only.",
     "Sum over the examples, for the weights as for the biases.", {"dW": lambda d, H, i: d @ H[i].T / d.shape[1]}),
    ("mlp-dW-transposed", "orientation", "Your dWs are transposed.",
     "dW has the shape of W: delta h^T.", {"dW": lambda d, H, i: H[i] @ d.T}),
    ("mlp-dW-last-example", "scope", "Your dWs hold the last example only: they are overwritten in the loop.",
     "Sum over all examples: delta h^T does it.", {"dW": lambda d, H, i: d[:, -1:] @ H[i][:, -1:].T}),
    ("mlp-dW-first-input", "off-by-one", "You compute every dW with the input of the layer below its own.",
     "dW[i] = delta[i] h[i]^T with h[i] what layer i reads.", {"dW": lambda d, H, i: d @ H[max(i - 1, 0)].T}),
    ("mlp-not-transposed", "orientation",
     "You send the gradient back through W instead of W^T: an error, or wrong where W is square.",
     "delta goes back by W^T.", {"through": lambda W, d: W @ d}),
)  # fmt: skip
for _name, _family, _what, _how, _change in _BACKWARD:
    _register(
        "mlp_backward", _name, _family, _what, _how, mlp_forward=_forward(), mlp_backward=_backward(**_change)
    )

_register(
    "mlp_backward", "mlp-last-hidden-linear", "off-by-one",
    "Your last hidden layer has no ReLU in the forward, yet its gradient is masked.",
    "Mend the forward: every layer but the last one has a ReLU.",
    mlp_forward=_forward(activate=_not_on_last), mlp_backward=_backward(),
)  # fmt: skip
_register(
    "mlp_backward", "relu-is-abs", "wrong-op",
    "Your hidden units compute |z|, and the backward multiplies by the sign of z.",
    "Mend the forward: negative numbers become 0. The slope is then 1 where z > 0, and 0 elsewhere.",
    mlp_forward=lambda X, Ws, bs: _signed_forward(X, Ws, bs), mlp_backward=lambda cache, T: _signed_backward(cache, T),
)  # fmt: skip


def _signed_forward(X: Any, Ws: Any, bs: Any) -> Any:
    H, signs = [np.array(X)], []
    for W, b in zip(Ws[:-1], bs[:-1]):
        Z = W @ H[-1] + b
        H.append(np.abs(Z))
        signs.append(np.sign(Z))
    P = _softmax(Ws[-1] @ H[-1] + bs[-1])
    return P, (H, list(Ws), [None, *signs], P)


def _signed_backward(cache: Any, T: Any) -> Any:
    H, Ws, signs, P = cache
    return _backward(mask=lambda d, H, i: d * signs[i])((H, Ws, None, P), T)


def _masked_late(cache: Any, T: Any) -> Any:
    H, Ws, _, P = cache
    d, L = P - T, len(Ws)
    dWs, dbs = [np.zeros(0)] * L, [np.zeros(0)] * L
    for i in range(L - 1, -1, -1):
        dWs[i], dbs[i] = d @ H[i].T, d.sum(axis=1, keepdims=True)
        d = Ws[i].T @ (d * (H[i + 1] > 0) if i + 1 < L else d)
    return dWs, dbs


_register(
    "mlp_backward", "mlp-mask-after-the-gradients", "order",
    "You put the ReLU's mask on after you have computed dW and db of that layer.",
    "First delta * (h > 0), then dW and db, then on by W^T.",
    mlp_forward=_forward(), mlp_backward=_masked_late,
)  # fmt: skip


def _reordered(name: str, family: str, what: str, how: str, change: Wrong) -> None:
    def wrong(right: Functions) -> Functions:
        return {**right, "mlp_backward": lambda cache, T: change(*right["mlp_backward"](cache, T))}

    wrong.__doc__ = f"{what}\n\n{how}"
    mistake("mlp_backward", name, family=family)(wrong)


_reordered(
    "returns-swapped", "order", "You return dbs before dWs.", "Return (dWs, dbs), in this order.",
    lambda dWs, dbs: (dbs, dWs),
)  # fmt: skip
_reordered(
    "mlp-lists-reversed", "order", "Your lists start with the last layer, in the order in which you went back.",
    "Entry 0 belongs to the first layer: insert in front, or reverse the lists at the end.",
    lambda dWs, dbs: (dWs[::-1], dbs[::-1]),
)  # fmt: skip


@mistake("mlp_backward", "mlp-weights-changed-in-place", family="scope", kind="behaviour")
def weights_changed(right: Functions) -> Functions:
    """Your backward updates the weights in place: the gradients are right once, and the caller's weights are changed.

    Compute gradients only; the update is a function of its own and makes new arrays.
    """
    forward, backward = _forward(), _backward()

    def mlp_forward(X: Any, Ws: Any, bs: Any) -> Any:
        return forward(X, Ws, bs)

    def mlp_backward(cache: Any, T: Any) -> Any:
        dWs, dbs = backward(cache, T)
        for W, dW in zip(cache[1], dWs):
            W -= 0.1 * dW
        return dWs, dbs

    return {**right, "mlp_forward": mlp_forward, "mlp_backward": mlp_backward}


# --- update --------------------------------------------------------------------------------------


def _update(step: Wrong, bias_step: Wrong | None = None) -> Wrong:
    """Make an mlp_update from `step(value, gradient, lr, N)`."""

    def all_of(values: Sequence[Any], grads: Sequence[Any], lr: float, N: int, one: Wrong) -> list[Any]:
        return [one(v, g, lr, N) for v, g in zip(values, grads)]

    def mlp_update(Ws: Any, bs: Any, dWs: Any, dbs: Any, lr: float, N: int) -> Any:
        return all_of(Ws, dWs, lr, N, step), all_of(bs, dbs, lr, N, bias_step or step)

    return mlp_update


_UPDATE: tuple[tuple[str, str, str, str, Wrong], ...] = (
    ("update-not-divided", "scale", "You do not divide by the number of examples.",
     "The gradients are sums: W - lr / N dW.", _update(lambda v, g, lr, N: v - lr * g)),
    ("update-ascends", "sign", "You add the gradients: the loss grows.",
     "Subtract them: W - lr / N dW.", _update(lambda v, g, lr, N: v + lr / N * g)),
    ("update-rate-forgotten", "omission", "You leave out the learning rate.",
     "W - lr / N dW.", _update(lambda v, g, lr, N: v - g / N)),
    ("update-multiplied-by-n", "scale", "You multiply by the number of examples.",
     "Divide by it: W - lr / N dW.", _update(lambda v, g, lr, N: v - lr * N * g)),
    ("update-biases-left", "omission", "You leave the biases as they are.",
     "Update bs like Ws.", _update(lambda v, g, lr, N: v - lr / N * g, lambda v, g, lr, N: v)),
    ("update-biases-not-divided", "scale", "For the biases you do not divide by the number of examples.",
     "Their gradients are sums, too: b - lr / N db.",
     _update(lambda v, g, lr, N: v - lr / N * g, lambda v, g, lr, N: v - lr * g)),
    ("update-weights-not-divided", "scale", "For the weights you do not divide by the number of examples.",
     "Their gradients are sums, too: W - lr / N dW.",
     _update(lambda v, g, lr, N: v - lr * g, lambda v, g, lr, N: v - lr / N * g)),
    ("update-step-returned", "omission", "You return the steps instead of the new weights.",
     "Return W - lr / N dW.", _update(lambda v, g, lr, N: -lr / N * g)),
)  # fmt: skip
for _name, _family, _what, _how, _wrong in _UPDATE:
    _register("mlp_update", _name, _family, _what, _how, mlp_update=_wrong)


def _step_in_place(v: Any, g: Any, lr: float, N: int) -> Any:
    v -= lr / N * g
    return v


_register(
    "mlp_update", "weights-changed-in-place", "scope",
    "You change the arrays you were given (-=), which still belong to the caller.",
    "Make new arrays: W - lr / N * dW.",
    kind="behaviour", mlp_update=_update(_step_in_place),
)  # fmt: skip


@mistake("mlp_update", "update-last-layer-left", family="off-by-one")
def last_layer_left(right: Functions) -> Functions:
    """You leave the last layer as it is.

    Update every layer: range(len(Ws)).
    """

    def mlp_update(Ws: Any, bs: Any, *more: Any) -> Any:
        new_Ws, new_bs = right["mlp_update"](Ws, bs, *more)
        return [*new_Ws[:-1], np.array(Ws[-1])], [*new_bs[:-1], np.array(bs[-1])]

    return {**right, "mlp_update": mlp_update}


@mistake("mlp_update", "update-first-layer-only", family="scope")
def first_layer_only(right: Functions) -> Functions:
    """You update the first layer only.

    Update every layer: range(len(Ws)).
    """

    def mlp_update(Ws: Any, bs: Any, *more: Any) -> Any:
        new_Ws, new_bs = right["mlp_update"](Ws, bs, *more)
        return [new_Ws[0], *map(np.array, Ws[1:])], [new_bs[0], *map(np.array, bs[1:])]

    return {**right, "mlp_update": mlp_update}
