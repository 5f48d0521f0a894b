"""Mistakes of conv2d's kin: one-image correlation and true convolution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, mistake, mistakes_of
from autograder.mistakes.convolution import framing, stepping, sums, to_weights  # noqa: F401 - carried over
from reference import conv2d, conv2d_true, correlate2d
from reference.op import Array

# ----------------------------------------------------- carried over: the same deed, another signature


def _single(conv: Mistake) -> Callable[..., Any]:
    """Make a mistake of conv2d one of correlate2d, which has one image and one kernel."""

    def forward(f: Array, h: Array, padding: Any = 0) -> Array | None:
        y = conv(np.asarray(f)[None, None], np.asarray(h)[None, None], None, 1, padding)
        return None if y is None else y[0, 0]

    def backward(dg: Array, f: Array, h: Array, padding: Any = 0) -> tuple[Array, Array] | None:
        arrays = (np.asarray(array)[None, None] for array in (dg, f, h))
        gradients_ = conv(*arrays, None, 1, padding)
        return None if gradients_ is None else (gradients_[0][0, 0], gradients_[1][0, 0])

    return forward if conv.part == "forward" else backward


def _turned(conv: Mistake) -> Callable[..., Any]:
    """Make a mistake of conv2d one of conv2d_true: the same deed after the kernel was turned."""

    def forward(x: Array, w: Array, *rest: Any, **moves: Any) -> Array | None:
        return conv(x, np.asarray(w)[..., ::-1, ::-1], *rest, **moves)

    def backward(dy: Array, x: Array, w: Array, *rest: Any, **moves: Any) -> tuple[Any, ...] | None:
        found = conv(dy, x, np.asarray(w)[..., ::-1, ::-1], *rest, **moves)
        return None if found is None else (found[0], found[1][..., ::-1, ::-1], found[2])

    return forward if conv.part == "forward" else backward


def _carry(target: Any, change: Callable[[Mistake], Callable[..., Any]], part: str, names: set[str]) -> None:
    for conv in mistakes_of(conv2d, part):
        if conv.name in names:
            function = change(conv)
            function.__doc__ = f"{conv.what}\n\n{conv.how}"
            mistake(target, conv.name, part, family=conv.family, belief=conv.belief)(function)


_MOVES = {
    "padding-all-top-left", "padding-all-bottom-right", "padding-ignored", "edge-padding",
    "padded-windows-skipped", "padding-wraps-around", "window-starts-at-one", "plus-one-forgotten",
    "last-row-missing", "last-column-missing", "output-transposed", "width-from-height", "height-from-width",
}  # fmt: skip
_SUMS = {"mean-over-window", "window-sum-missing", "matrix-product-in-window", "maximum-of-products"}
_MIRRORS = {
    "kernel-flipped-forward",
    "kernel-flipped-left-right",
    "kernel-flipped-up-down",
    "kernel-transposed",
}
_GRADIENTS = {
    "overlap-overwrites", "dX-not-cropped", "dX-cropped-from-corner", "dW-last-window",
    "upstream-gradient-ignored",
}  # fmt: skip

_carry(correlate2d, _single, "forward", _MOVES | _SUMS | _MIRRORS | {"full-instead-of-valid"})
_carry(correlate2d, _single, "backward", _GRADIENTS | {"dX-transposed-filter", "dW-flipped"})
_carry(
    conv2d_true,
    _turned,
    "forward",
    _MOVES | _SUMS | {"stride-ignored", "bias-forgotten", "first-channel-only"},
)
_carry(conv2d_true, _turned, "backward", _GRADIENTS | {"dW-last-example", "db-mean"})


# ------------------------------------------------------------------------------- true convolution


def _true(name: str, part: str = "forward", **facts: Any) -> Callable[[Callable[..., Any]], Mistake]:
    return mistake(conv2d_true, name, part, family="orientation", **facts)


@_true("kernel-not-flipped", belief="E47")
def kernel_not_flipped(x: Array, w: Array, b: Any = None, *moves: Any, **named: Any) -> Array:
    """You laid the kernel on the image as it is; that is a cross-correlation.

    A true convolution turns the kernel by 180 degrees first. Use W[..., ::-1, ::-1].
    """
    return conv2d(x, w, b, *moves, **named)


@_true("kernel-flipped-left-right")
def kernel_only_left_right(x: Array, w: Array, b: Any = None, *moves: Any, **named: Any) -> Array:
    """You mirrored the kernel left to right only.

    Turning by 180 degrees mirrors both axes. Use W[..., ::-1, ::-1].
    """
    return conv2d(x, np.asarray(w)[..., ::-1], b, *moves, **named)


@_true("kernel-flipped-up-down")
def kernel_only_up_down(x: Array, w: Array, b: Any = None, *moves: Any, **named: Any) -> Array:
    """You mirrored the kernel top to bottom only.

    Turning by 180 degrees mirrors both axes. Use W[..., ::-1, ::-1].
    """
    return conv2d(x, np.asarray(w)[..., ::-1, :], b, *moves, **named)


@_true("kernel-transposed")
def kernel_transposed_instead(x: Array, w: Array, b: Any = None, *moves: Any, **named: Any) -> Array | None:
    """You transposed the kernel instead of turning it by 180 degrees.

    .T exchanges rows and columns; turning mirrors both. Use W[..., ::-1, ::-1].
    """
    kernel = np.asarray(w)
    return (
        conv2d(x, kernel.swapaxes(2, 3), b, *moves, **named) if kernel.shape[2] == kernel.shape[3] else None
    )


@_true("kernel-turned-by-90")
def kernel_turned_by_90(x: Array, w: Array, b: Any = None, *moves: Any, **named: Any) -> Array | None:
    """You turned the kernel by 90 degrees.

    A true convolution turns it by 180 degrees. Use W[..., ::-1, ::-1], or rot90 twice.
    """
    kernel = np.asarray(w)
    if kernel.shape[2] != kernel.shape[3]:
        return None
    return conv2d(x, np.rot90(kernel, axes=(2, 3)), b, *moves, **named)


@_true("kernel-turned-and-transposed")
def kernel_turned_and_transposed(
    x: Array, w: Array, b: Any = None, *moves: Any, **named: Any
) -> Array | None:
    """You turned the kernel by 180 degrees and exchanged its rows and columns as well.

    Turning mirrors both axes and exchanges nothing. Use W[..., ::-1, ::-1] without .T.
    """
    kernel = np.asarray(w)
    if kernel.shape[2] != kernel.shape[3]:
        return None
    return conv2d(x, kernel[..., ::-1, ::-1].swapaxes(2, 3), b, *moves, **named)


@_true("image-flipped-instead")
def image_flipped_instead(x: Array, w: Array, b: Any = None, *moves: Any, **named: Any) -> Array:
    """You turned the image instead of the kernel, so the result is turned as well.

    Turn the kernel by 180 degrees and leave the image as it is. Use W[..., ::-1, ::-1].
    """
    return conv2d(np.asarray(x)[..., ::-1, ::-1], w, b, *moves, **named)


@_true("flip-all-axes")
def flip_all_axes(x: Array, w: Array, b: Any = None, *moves: Any, **named: Any) -> Array:
    """You flipped all axes of the filters, which exchanges filters and channels as well.

    Only the two spatial axes are mirrored. Write np.flip(W, axis=(2, 3)).
    """
    return conv2d(x, np.asarray(w)[::-1, ::-1, ::-1, ::-1], b, *moves, **named)


@_true("dW-not-flipped-back", "backward")
def dw_not_flipped_back(
    dy: Array, x: Array, w: Array, b: Any = None, *moves: Any, **named: Any
) -> tuple[Any, ...]:
    """Your dW is the gradient of the turned filter; it was not turned back.

    dW[f, c, u, v] belongs to W[f, c, u, v], which you moved to the opposite place. Turn dW by 180 degrees.
    """
    dx, dw, db = conv2d_true.backward(conv2d_true.forward(x, w, b, *moves, **named)[1], dy)
    return dx, dw[..., ::-1, ::-1], db


@_true("dX-of-correlation", "backward")
def dx_of_correlation(
    dy: Array, x: Array, w: Array, b: Any = None, *moves: Any, **named: Any
) -> tuple[Any, ...]:
    """Your dX belongs to a cross-correlation: the filter was not turned.

    What the forward pass turned has to be turned in the backward pass too. Use W[..., ::-1, ::-1] for dX.
    """
    _, dw, db = conv2d_true.backward(conv2d_true.forward(x, w, b, *moves, **named)[1], dy)
    return conv2d.backward(conv2d.forward(x, w, b, *moves, **named)[1], dy)[0], dw, db
