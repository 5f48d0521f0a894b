"""Mistakes of dilated convolution that concern the flag `flip`; the others are those of conv2d."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, mistake

Functions = dict[str, Callable[..., Any]]


def _dilated(name: str, family: str) -> Callable[[Callable[..., Any]], Mistake]:
    """Register another treatment of flip: a function of the right dilated_conv and its arguments."""

    def register(wrong: Callable[..., Any]) -> Mistake:
        def spoilt(right: Functions) -> Functions:
            def dilated_conv(X: Any, W: Any, b: Any, s: int, p: int, d: int, flip: bool = False) -> Any:
                return wrong(right["dilated_conv"], X, W, b, s, p, d, flip)

            return {**right, "dilated_conv": dilated_conv}

        spoilt.__doc__, spoilt.__name__ = wrong.__doc__, wrong.__name__
        return mistake("dilated_conv", name, family=family, kind="behaviour")(spoilt)

    return register


@_dilated("flip-ignored", "omission")
def flip_ignored(right: Any, X: Any, W: Any, b: Any, s: int, p: int, d: int, flip: bool) -> Any:
    """You did not turn the kernel for flip=True.

    A true convolution turns it by 180 degrees. Use W[:, :, ::-1, ::-1] if flip is true.
    """
    return right(X, W, b, s, p, d, False)


@_dilated("flip-all-axes", "scope")
def flip_all_axes(right: Any, X: Any, W: Any, b: Any, s: int, p: int, d: int, flip: bool) -> Any:
    """For flip=True you turned all axes of W, so filters and channels stand in reverse order as well.

    Only rows and columns are turned. Name the axes: np.flip(W, axis=(2, 3)).
    """
    return right(X, W[::-1, ::-1], b, s, p, d, True) if flip else right(X, W, b, s, p, d, False)


@_dilated("flip-channels-too", "scope")
def flip_channels_too(right: Any, X: Any, W: Any, b: Any, s: int, p: int, d: int, flip: bool) -> Any:
    """For flip=True you reversed the channels of each kernel as well.

    Only rows and columns are turned. Name the axes: np.flip(W, axis=(2, 3)).
    """
    return right(X, W[:, ::-1] if flip else W, b, s, p, d, flip)


@_dilated("flip-first-axes", "scope")
def flip_first_axes(right: Any, X: Any, W: Any, b: Any, s: int, p: int, d: int, flip: bool) -> Any:
    """For flip=True you reversed filters and channels instead of rows and columns.

    W[::-1, ::-1] reaches the first two axes. Write W[:, :, ::-1, ::-1].
    """
    return right(X, W[::-1, ::-1] if flip else W, b, s, p, d, False)


@_dilated("flip-left-right-only", "orientation")
def flip_left_right(right: Any, X: Any, W: Any, b: Any, s: int, p: int, d: int, flip: bool) -> Any:
    """For flip=True you mirrored the columns of the kernel only.

    A true convolution reverses rows and columns. Flip both.
    """
    return right(X, W[..., ::-1] if flip else W, b, s, p, d, False)


@_dilated("flip-up-down-only", "orientation")
def flip_up_down(right: Any, X: Any, W: Any, b: Any, s: int, p: int, d: int, flip: bool) -> Any:
    """For flip=True you mirrored the rows of the kernel only.

    A true convolution reverses rows and columns. Flip both.
    """
    return right(X, W[..., ::-1, :] if flip else W, b, s, p, d, False)


@_dilated("flip-is-transpose", "orientation")
def flip_transposes(right: Any, X: Any, W: Any, b: Any, s: int, p: int, d: int, flip: bool) -> Any:
    """For flip=True you exchanged rows and columns of the kernel.

    Turning by 180 degrees reverses both. Use W[:, :, ::-1, ::-1].
    """
    return right(X, W.swapaxes(2, 3) if flip else W, b, s, p, d, False)


@_dilated("flip-turns-by-90", "orientation")
def flip_turns_by_90(right: Any, X: Any, W: Any, b: Any, s: int, p: int, d: int, flip: bool) -> Any:
    """For flip=True you turned the kernel by 90 degrees.

    A true convolution turns it by 180 degrees: np.rot90(W, 2, axes=(2, 3)). Turn twice.
    """
    return right(X, np.rot90(W, 1, axes=(2, 3)) if flip else W, b, s, p, d, False)


@_dilated("W-flipped-in-place", "scope")
def w_flipped_in_place(right: Any, X: Any, W: Any, b: Any, s: int, p: int, d: int, flip: bool) -> Any:
    """Your dilated_conv turns the caller's W in place, so it is turned for everyone afterwards.

    W[...] = W[:, :, ::-1, ::-1] overwrites the argument. Give the turned kernel a name of its own.
    """
    result = right(X, W.copy(), b, s, p, d, flip)
    if flip:
        W[...] = W[:, :, ::-1, ::-1].copy()
    return result
