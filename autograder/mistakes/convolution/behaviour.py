"""Misbehaviour of conv_forward and conv_backward: right numbers once, but arguments, caches or memory suffer.

Every mistake here takes the right functions (a dict by name) and returns a submission built from them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, mistake

Functions = dict[str, Callable[..., Any]]
Deed = Callable[[Functions], Functions]


def _forward(name: str, family: str) -> Callable[[Deed], Mistake]:
    return mistake("conv_forward", name, part="forward", family=family, kind="behaviour")


def _backward(name: str, family: str) -> Callable[[Deed], Mistake]:
    return mistake("conv_backward", name, part="backward", family=family, kind="behaviour")


@_forward("X-changed-in-place", "scope")
def x_changed_in_place(right: Functions) -> Functions:
    """Your conv_forward changes the image it was given.

    Arrays are passed by reference: X *= ... or X[...] = ... changes the caller's array. Work on a padded
    copy.
    """

    def conv_forward(X: Any, W: Any, b: Any, s: int, p: int, d: int = 1) -> Any:
        result = right["conv_forward"](X.copy(), W, b, s, p, d)
        X[...] = 0.0
        return result

    return {**right, "conv_forward": conv_forward}


@_forward("W-flipped-in-place", "scope")
def w_flipped_in_place(right: Functions) -> Functions:
    """Your conv_forward changes the filters it was given.

    W[...] = W[:, :, ::-1, ::-1] overwrites the caller's array. Give the turned filter a name of its own.
    """

    def conv_forward(X: Any, W: Any, b: Any, s: int, p: int, d: int = 1) -> Any:
        result = right["conv_forward"](X, W.copy(), b, s, p, d)
        W[...] = W[:, :, ::-1, ::-1].copy()
        return result

    return {**right, "conv_forward": conv_forward}


@_forward("output-buffer-reused", "scope")
def output_buffer_reused(right: Functions) -> Functions:
    """Your conv_forward returns the same array every time, so an earlier result changes with the next call.

    A buffer kept between calls is shared by all results. Create Y inside the function.
    """
    buffers: dict[tuple[int, ...], Any] = {}

    def conv_forward(X: Any, W: Any, b: Any, s: int, p: int, d: int = 1) -> Any:
        Y, cache = right["conv_forward"](X, W, b, s, p, d)
        buffer = buffers.setdefault(Y.shape, np.empty_like(Y))
        buffer[...] = Y
        return buffer, cache

    return {**right, "conv_forward": conv_forward}


@_forward("result-added-to-earlier-result", "scope")
def result_added_to_earlier_result(right: Functions) -> Functions:
    """Your conv_forward adds to the result of the call before.

    Y has to start at zero in every call. Create Y with np.zeros inside the function, not outside or as a
    default argument.
    """
    sums: dict[tuple[int, ...], Any] = {}

    def conv_forward(X: Any, W: Any, b: Any, s: int, p: int, d: int = 1) -> Any:
        Y, cache = right["conv_forward"](X, W, b, s, p, d)
        sums[Y.shape] = sums.get(Y.shape, 0.0) + Y
        return sums[Y.shape].copy(), cache

    return {**right, "conv_forward": conv_forward}


@_forward("memory-layout-assumed", "order")
def memory_layout_assumed(right: Functions) -> Functions:
    """Your conv_forward depends on how the image lies in memory.

    Fortran-ordered and strided arrays are ordinary arrays. Do not use order="K" or "A" or raw strides;
    index X, or start from np.ascontiguousarray(X).
    """

    def conv_forward(X: Any, W: Any, b: Any, s: int, p: int, d: int = 1) -> Any:
        return right["conv_forward"](X.ravel(order="K").reshape(X.shape), W, b, s, p, d)

    return {**right, "conv_forward": conv_forward}


@_forward("result-remembered-by-identity", "scope")
def result_remembered_by_identity(right: Functions) -> Functions:
    """Your conv_forward returns an old result when it sees the same array object again, whatever it holds
    now.

    id(X) names a place in memory, not its content. Compute the result in every call.
    """
    seen: dict[tuple[int, ...], Any] = {}
    alive: list[Any] = []

    def conv_forward(X: Any, W: Any, b: Any, s: int, p: int, d: int = 1) -> Any:
        key = (id(X), s, p, d)
        if key not in seen:
            seen[key] = right["conv_forward"](X.copy(), W.copy(), b, s, p, d)
            alive.append(X)
        return seen[key]

    return {**right, "conv_forward": conv_forward}


@_forward("global-random-touched", "scope")
def global_random_touched(right: Functions) -> Functions:
    """Your conv_forward seeds or uses numpy's global random generator.

    A convolution needs no randomness, and seeding changes what everyone else draws. Remove np.random from
    it.
    """

    def conv_forward(X: Any, W: Any, b: Any, s: int, p: int, d: int = 1) -> Any:
        np.random.seed(0)  # noqa: NPY002 - the misbehaviour itself
        return right["conv_forward"](X, W, b, s, p, d)

    return {**right, "conv_forward": conv_forward}


@_backward("dY-reshaped-in-place", "scope")
def dy_reshaped_in_place(right: Functions) -> Functions:
    """Your conv_backward sets dY.shape, so the caller's array has another shape afterwards.

    dY.shape = ... changes the array itself. Use G = dY.reshape(...), which leaves dY as it is.
    """

    def conv_backward(dY: Any, cache: Any) -> Any:
        gradients = right["conv_backward"](dY.copy(), cache)
        # students write dY.shape = ...; resize does the same to the caller
        dY.resize((*dY.shape[:2], dY.shape[2] * dY.shape[3]), refcheck=False)
        return gradients

    return {**right, "conv_backward": conv_backward}


@_backward("dY-scaled-in-place", "scope")
def dy_scaled_in_place(right: Functions) -> Functions:
    """Your conv_backward changes the upstream gradient it was given.

    dY *= ... works on the caller's array. Write dY = dY * ... or use a new name.
    """

    def conv_backward(dY: Any, cache: Any) -> Any:
        gradients = right["conv_backward"](dY.copy(), cache)
        dY *= 0.5
        return gradients

    return {**right, "conv_backward": conv_backward}


@_backward("W-rotated-in-place", "scope")
def w_rotated_in_place(right: Functions) -> Functions:
    """Your conv_backward turns the filters in place, so they are turned for everyone afterwards.

    The W in your cache is the caller's array. Give the turned filter a name of its own:
    W_turned = W[:, :, ::-1, ::-1].
    """

    def conv_forward(X: Any, W: Any, b: Any, s: int, p: int, d: int = 1) -> Any:
        Y, cache = right["conv_forward"](X, W, b, s, p, d)
        return Y, (cache, X, W, b, (s, p, d))

    def conv_backward(dY: Any, cache: Any) -> Any:
        _, X, W, b, moves = cache
        gradients = right["conv_backward"](dY, right["conv_forward"](X, W.copy(), b, *moves)[1])
        W[...] = W[:, :, ::-1, ::-1].copy()
        return gradients

    return {**right, "conv_forward": conv_forward, "conv_backward": conv_backward}


@_backward("global-padded-image", "scope")
def global_padded_image(right: Functions) -> Functions:
    """Your conv_backward takes the padded image from a global variable, which belongs to the latest forward
    call.

    Between a forward call and its backward call others may run. Put everything conv_backward needs into the
    cache.
    """
    latest: list[Any] = []

    def conv_forward(X: Any, W: Any, b: Any, s: int, p: int, d: int = 1) -> Any:
        Y, cache = right["conv_forward"](X, W, b, s, p, d)
        latest[:] = [X.copy()]
        return Y, (cache, X.shape, W, b, (s, p, d))

    def conv_backward(dY: Any, cache: Any) -> Any:
        own, shape, W, b, moves = cache
        dX, _, db = right["conv_backward"](dY, own)
        image = latest[0]
        if image.shape != shape:
            image = np.resize(image, shape)
        dW = right["conv_backward"](dY, right["conv_forward"](image, W, b, *moves)[1])[1]
        return dX, dW, db

    return {**right, "conv_forward": conv_forward, "conv_backward": conv_backward}


@_backward("cache-shared-between-calls", "scope")
def cache_shared_between_calls(right: Functions) -> Functions:
    """All your forward calls return the same cache object, so the latest call overwrites the ones before.

    A dict created outside the function is shared. Create the cache inside conv_forward.
    """
    shared: dict[str, Any] = {}

    def conv_forward(X: Any, W: Any, b: Any, s: int, p: int, d: int = 1) -> Any:
        Y, shared["cache"] = right["conv_forward"](X, W, b, s, p, d)
        return Y, shared

    def conv_backward(dY: Any, cache: Any) -> Any:
        return right["conv_backward"](dY, cache["cache"])

    return {**right, "conv_forward": conv_forward, "conv_backward": conv_backward}


@_backward("gradients-accumulate-between-calls", "scope")
def gradients_accumulate(right: Functions) -> Functions:
    """Your dW grows from call to call: it starts from the dW of the call before.

    Every backward call starts from zero. Create dW with np.zeros_like(W) inside the function.
    """
    sums: dict[tuple[int, ...], Any] = {}

    def conv_backward(dY: Any, cache: Any) -> Any:
        dX, dW, db = right["conv_backward"](dY, cache)
        sums[dW.shape] = sums.get(dW.shape, 0.0) + dW
        return dX, sums[dW.shape].copy(), db

    return {**right, "conv_backward": conv_backward}
