"""What goes wrong in a block with a skip connection, y = relu(x W^T) + x, or + x P^T with a projection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import lend_hint, mistake
from reference import residual

Array = Any
Skip = Callable[[Any, Any], Any]


def _relu(a: Array) -> Array:
    return np.maximum(a, 0.0)


def _skip(x: Array, projection: Array) -> Array:
    return x if projection is None else x @ projection.T


def _fits(x: Array, w: Array, projection: Array) -> bool:
    return projection is not None or len(w) == x.shape[-1]


# --- forward ---------------------------------------------------------------------------------------


def _forward(name: str, family: str) -> Callable[[Skip], Any]:
    """Register `wrong(a, s)`, from the branch before its ReLU, a = x W^T, and the skip s."""

    def register(wrong: Skip) -> Any:
        def mistaken(x: Array, w: Array, projection: Array = None) -> Array:
            return wrong(x @ w.T, _skip(x, projection)) if _fits(x, w, projection) else None

        return mistake(residual, name, family=family)(lend_hint(mistaken, wrong))

    return register


@_forward("skip-forgotten", family="omission")
def skip_forgotten(a: Array, s: Array) -> Array:
    """You return the branch F(x) alone.

    The block adds its input to what the branch makes: y = F(x) + x.
    """
    return _relu(a)


@_forward("relu-after-the-sum", family="order")
def relu_after_the_sum(a: Array, s: Array) -> Array:
    """You add the input first and apply the ReLU to the sum.

    Here the ReLU belongs to the branch: y = relu(x W^T) + x, so that y may be negative.
    """
    return _relu(a + s)


@_forward("branch-without-relu", family="omission")
def branch_without_relu(a: Array, s: Array) -> Array:
    """You leave out the ReLU of the branch.

    F(x) = relu(x W^T): set negative entries to 0 before you add x.
    """
    return a + s


@_forward("relu-on-the-skip", family="scope")
def relu_on_the_skip(a: Array, s: Array) -> Array:
    """You apply the ReLU to the skip connection, too.

    The skip connection hands x on as it is, negative entries included.
    """
    return _relu(a) + _relu(s)


@_forward("skip-subtracted", family="sign")
def skip_subtracted(a: Array, s: Array) -> Array:
    """You subtract the input from what the branch makes.

    The skip connection adds it: y = F(x) + x.
    """
    return _relu(a) - s


@_forward("skip-multiplied", family="wrong-op")
def skip_multiplied(a: Array, s: Array) -> Array:
    """You multiply the branch by the input.

    The two ways are added: y = F(x) + x.
    """
    return _relu(a) * s


@mistake(residual, "branch-weights-transposed", family="orientation")
def branch_weights_transposed(x: Array, w: Array, projection: Array = None) -> Array:
    """You multiply by W where W^T is needed.

    Rows of W belong to outputs and rows of x are examples: x @ W.T.
    """
    if w.shape[0] != w.shape[1]:
        return None
    return _relu(x @ w) + _skip(x, projection)


@mistake(residual, "projection-ignored", family="omission")
def projection_ignored(x: Array, w: Array, projection: Array = None) -> Array:
    """You add x itself although a projection is given.

    With a projection the skip connection is x P^T.
    """
    if projection is None or w.shape[0] != w.shape[1]:
        return None
    return _relu(x @ w.T) + x


@mistake(residual, "projection-transposed", family="orientation")
def projection_transposed(x: Array, w: Array, projection: Array = None) -> Array:
    """You multiply by P where P^T is needed.

    Rows of P belong to outputs and rows of x are examples: x @ P.T.
    """
    if projection is None or w.shape[0] != w.shape[1]:
        return None
    return _relu(x @ w.T) + x @ projection


# --- backward --------------------------------------------------------------------------------------


def _rows(a: Array) -> Array:
    return a.reshape(-1, a.shape[-1])


def _gradients(dy: Array, x: Array, w: Array, projection: Array, da: Array, ds: Array) -> tuple[Any, ...]:
    """Put the gradients together from what flows into the branch, da, and into the skip, ds."""
    dw = _rows(da).T @ _rows(x)
    dp = None if projection is None else _rows(ds).T @ _rows(x)
    return da @ w + _skip(ds, None if projection is None else projection.T), dw, dp


def _backward(name: str, family: str) -> Callable[[Callable[..., Any]], Any]:
    """Register `wrong(dy, x, w, projection, da)` as the gradients; da is the right gradient before the ReLU."""

    def register(wrong: Callable[..., Any]) -> Any:
        def mistaken(dy: Array, x: Array, w: Array, projection: Array = None) -> Any:
            return wrong(dy, x, w, projection, np.where(x @ w.T > 0, dy, 0.0))

        return mistake(residual, name, "backward", family=family)(lend_hint(mistaken, wrong))

    return register


@_backward("gradient-of-skip-forgotten", family="omission")
def gradient_of_skip_forgotten(dy: Array, x: Array, w: Array, p: Array, da: Array) -> Any:
    """You send the gradient back through the branch only.

    x is used twice, so its gradients add up: the skip connection hands dy on as well.
    """
    _, dw, dp = _gradients(dy, x, w, p, da, dy)
    return da @ w, dw, dp


@_backward("gradient-of-branch-forgotten", family="omission")
def gradient_of_branch_forgotten(dy: Array, x: Array, w: Array, p: Array, da: Array) -> Any:
    """You send the gradient of x back through the skip connection only.

    x is used twice, so its gradients add up: add the one through the branch, da W.
    """
    dx, dw, dp = _gradients(dy, x, w, p, da, dy)
    return dx - da @ w, dw, dp


@_backward("relu-gate-forgotten", family="omission")
def relu_gate_forgotten(dy: Array, x: Array, w: Array, p: Array, da: Array) -> Any:
    """You leave the ReLU out of the backward pass.

    Where x W^T was not positive the branch hands nothing back: multiply dy by that mask.
    """
    return _gradients(dy, x, w, p, dy, dy)


@_backward("relu-gate-from-the-sum", family="swap")
def relu_gate_from_the_sum(dy: Array, x: Array, w: Array, p: Array, da: Array) -> Any:
    """You gate the gradient by the sign of the block's output.

    What counts is the branch before its ReLU: keep x W^T in the cache.
    """
    y = _relu(x @ w.T) + _skip(x, p)
    return _gradients(dy, x, w, p, np.where(y > 0, dy, 0.0), dy)


@_backward("relu-gates-the-skip", family="scope")
def relu_gates_the_skip(dy: Array, x: Array, w: Array, p: Array, da: Array) -> Any:
    """You stop the gradient at the ReLU for the skip connection, too.

    The skip connection goes round the ReLU: it hands dy on unchanged.
    """
    return _gradients(dy, x, w, p, da, da)


@_backward("branch-weights-not-transposed-back", family="orientation")
def branch_weights_not_transposed_back(dy: Array, x: Array, w: Array, p: Array, da: Array) -> Any:
    """You multiply by W^T on the way back, as in the forward pass.

    y = x W^T gives dx = dy W: the matrix is transposed once in each direction.
    """
    if w.shape[0] != w.shape[1]:
        return None
    dx, dw, dp = _gradients(dy, x, w, p, da, dy)
    return dx - da @ w + da @ w.T, dw, dp


@_backward("dW-transposed", family="orientation")
def dw_transposed(dy: Array, x: Array, w: Array, p: Array, da: Array) -> Any:
    """You return dW transposed.

    dW has the shape of W: one row for each output, da^T x.
    """
    dx, dw, dp = _gradients(dy, x, w, p, da, dy)
    return dx, dw.T, dp


@_backward("dW-averaged", family="scale")
def dw_averaged(dy: Array, x: Array, w: Array, p: Array, da: Array) -> Any:
    """You divide the gradients of the weights by the number of examples.

    The sum over the examples is asked for; a mean belongs to the loss, which has put its 1/N into dy.
    """
    dx, dw, dp = _gradients(dy, x, w, p, da, dy)
    n = len(_rows(x))
    return dx, dw / n, None if dp is None else dp / n


@_backward("dP-gated", family="scope")
def dp_gated(dy: Array, x: Array, w: Array, p: Array, da: Array) -> Any:
    """You gate the gradient of the projection by the ReLU of the branch.

    The projection lies on the skip connection, which has no ReLU: dP = dy^T x.
    """
    if p is None:
        return None
    dx, dw, _ = _gradients(dy, x, w, p, da, dy)
    return dx, dw, _rows(da).T @ _rows(x)


# --- behaviour -------------------------------------------------------------------------------------


@mistake("residual_forward", "x-added-in-place", family="scope", kind="behaviour")
def x_added_in_place(right: dict[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """You add the branch into x itself: x += F(x) changes the array you were given.

    Make a new array: y = F(x) + x.
    """

    def residual_forward(x: Array, W: Array, P: Array = None) -> Any:
        y, cache = right["residual_forward"](x, W, P)
        if y.shape == x.shape:
            x[...] = y
        return y, cache

    return {**right, "residual_forward": residual_forward}


@mistake("residual_backward", "dy-gated-in-place", family="scope", kind="behaviour")
def dy_gated_in_place(right: dict[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """You set entries of dy to 0 in place, so the caller's gradient is spoilt.

    Make a new array: da = dy * (a > 0).
    """

    def residual_backward(dy: Array, cache: Any) -> Any:
        result = right["residual_backward"](dy, cache)
        dy[dy < 0] = 0.0
        return result

    return {**right, "residual_backward": residual_backward}


# --- with or without a projection ------------------------------------------------------------------


@mistake("residual_forward", "skip-only-without-projection", family="omission", kind="behaviour")
def skip_only_without_projection(right: dict[str, Any]) -> dict[str, Any]:
    """You add the skip connection only where there is no projection.

    With P the skip is x P^T: add that to the branch.
    """

    def residual_forward(x: Array, W: Array, P: Array = None) -> Any:
        y, cache = right["residual_forward"](x, W, P)
        return (y if P is None else _relu(x @ W.T)), cache

    return {**right, "residual_forward": residual_forward}


@_backward("skip-gradient-gated", family="scope")
def skip_gradient_gated(dy: Array, x: Array, w: Array, p: Array, da: Array) -> Any:
    """You send the gradient of x through the gate of the ReLU on the skip as well.

    The skip connection passes dy on as it is: dx = da W + dy, or + dy P.
    """
    return _gradients(dy, x, w, p, da, da)[0], *_gradients(dy, x, w, p, da, dy)[1:]


@mistake("residual_forward", "skip-only-with-projection", family="omission", kind="behaviour")
def skip_only_with_projection(right: dict[str, Any]) -> dict[str, Any]:
    """You add the skip connection only where there is a projection.

    Without P the skip is x itself: add that to the branch.
    """

    def residual_forward(x: Array, W: Array, P: Array = None) -> Any:
        y, cache = right["residual_forward"](x, W, P)
        return (y if P is not None else _relu(x @ W.T)), cache

    return {**right, "residual_forward": residual_forward}


@_backward("dW-and-dP-transposed", family="orientation")
def dw_and_dp_transposed(dy: Array, x: Array, w: Array, p: Array, da: Array) -> Any:
    """You return the gradients of W and of P transposed.

    They have the shapes of W and P, one row for each output: da^T x and dy^T x.
    """
    dx, dw, dp = _gradients(dy, x, w, p, da, dy)
    return dx, dw.T, None if dp is None else dp.T


@_backward("projection-ignored-on-the-way-back", family="omission")
def projection_ignored_on_the_way_back(dy: Array, x: Array, w: Array, p: Array, da: Array) -> Any:
    """You hand dy on to x as it is, although the skip connection has a projection.

    With y = F(x) + x P^T the skip hands back dy P.
    """
    if p is None or w.shape[0] != w.shape[1]:
        return None
    dx, dw, dp = _gradients(dy, x, w, p, da, dy)
    return dx - dy @ p + dy, dw, dp


@_backward("dW-not-gated", family="omission")
def dw_not_gated(dy: Array, x: Array, w: Array, p: Array, da: Array) -> Any:
    """You leave the ReLU out of dW.

    The branch is relu(x W^T): dW = da^T x with da = dy where x W^T was positive.
    """
    dx, _, dp = _gradients(dy, x, w, p, da, dy)
    return dx, _rows(dy).T @ _rows(x), dp


@_backward("gradient-times-the-branch", family="wrong-op")
def gradient_times_the_branch(dy: Array, x: Array, w: Array, p: Array, da: Array) -> Any:
    """You multiply dy by the value of the ReLU, where its slope belongs.

    The slope is 1 where x W^T was positive, else 0: dy * (a > 0).
    """
    return _gradients(dy, x, w, p, dy * _relu(x @ w.T), dy)


@mistake("residual_backward", "relu-gate-open-at-zero", family="convention", kind="behaviour")
def relu_gate_open_at_zero(right: dict[str, Any]) -> dict[str, Any]:
    """You let the gradient pass where x W^T is exactly 0.

    Here nothing flows back at 0: compare with >, not with >=.
    """

    def residual_backward(dy: Array, cache: Any) -> Any:
        x, w, p = cache
        found = _gradients(dy, x, w, p, np.where(x @ w.T >= 0, dy, 0.0), dy)
        return found if p is not None else found[:2]

    return {**right, "residual_backward": residual_backward}


@mistake("residual_backward", "dP-not-returned", family="omission", kind="behaviour")
def dp_not_returned(right: dict[str, Any]) -> dict[str, Any]:
    """You return two gradients also where there is a projection.

    With P return three: (dx, dW, dP), dP = dy^T x.
    """
    return {**right, "residual_backward": lambda dy, cache: right["residual_backward"](dy, cache)[:2]}
