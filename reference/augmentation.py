"""Make more of the training images there are: mirror and move them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from reference.initialization import generator
from reference.op import Array, Case, InputError, ShapeError, op, whole
from reference.shapes import is_masked, short

__all__ = ["augment"]


@op("x[N,C,H,W] -> y[N,C,H,W]", source="lecture S1:587-591")
def augment(
    x: Array,
    flip: Sequence[bool] | Array | None = None,
    shift: Sequence[Sequence[int]] | Array | None = None,
    rng: np.random.Generator | None = None,
    max_shift: int = 1,
) -> Array:
    """Vary images: mirror some of them left to right, then move each by whole pixels.

    y[n,c,i,j] = f[n, c, i - down[n], j - right[n]],  0 where that lies outside,
    f[n,c,i,j] = x[n, c, i, W-1-j] if flip[n] else x[n,c,i,j]

    `flip` holds one True or False (or 1 or 0) per image, `shift` one pair (down, right) per image. What is
    not given is drawn if there is an `rng`: flip[n] = rng.random(N) < 1/2, then shift =
    rng.integers(-max_shift, max_shift, endpoint=True) for each pair; otherwise it does not take place. All
    channels move together.

    Raises InputError or ShapeError when flip or shift is not as described.

    What surprises: labels must stay right, so digits and letters must not be mirrored. Vary training images
    only, and anew in every epoch.

    >>> import numpy as np
    >>> augment(np.array([[1.0, 2, 3], [4, 5, 6]])[None, None], flip=[True], shift=[[0, 1]])[0, 0]
    array([[0., 3., 2.],
           [0., 6., 5.]])
    """
    mirrored, moves = _variation(x, flip, shift, rng, max_shift)
    H, W = x.shape[2:]
    y = np.zeros_like(x)
    for n, c, i, j in np.ndindex(x.shape):
        row, column = i - moves[n, 0], j - moves[n, 1]
        if 0 <= row < H and 0 <= column < W:
            y[n, c, i, j] = x[n, c, row, W - 1 - column if mirrored[n] else column]
    return y


def _variation(x: Array, flip: Any, shift: Any, rng: Any, max_shift: Any) -> tuple[Array, Array]:
    """Return flips [N] and shifts [N, 2], checked or drawn."""
    N, most = len(x), whole("max_shift", max_shift)
    if rng is not None:
        draws = generator(rng)
        flip = draws.random(N) < 0.5 if flip is None else flip
        shift = draws.integers(-most, most, size=(N, 2), endpoint=True) if shift is None else shift
    mirrored = np.zeros(N, bool) if flip is None else _whole_array("flip", flip, (N,), "biu")
    moves = np.zeros((N, 2), int) if shift is None else _whole_array("shift", shift, (N, 2), "iu")
    if mirrored.dtype != bool and not np.isin(mirrored, (0, 1)).all():
        raise InputError("flip must hold only True and False.", "write one of them for each image.")
    return mirrored.astype(bool), moves.astype(int)


def _whole_array(name: str, value: Any, shape: tuple[int, ...], kinds: str) -> Array:
    try:
        array = np.asarray(value)
    except Exception:  # whatever a foreign object raises here, it is no array
        array = np.empty(0, object)
    if array.dtype.kind not in kinds or is_masked(value):
        raise InputError(
            f"{name} must be an array of whole numbers, not {short(value)}.", f"give {name} as ints."
        )
    if array.shape != shape:
        raise ShapeError(
            f"{name} has shape {array.shape}, expected {shape}.", "give one entry for each image."
        )
    return array


@augment.fast
def augment_forward(x: Array, flip: Any, shift: Any, rng: Any, max_shift: Any) -> tuple[Array, Any]:
    mirrored, moves = _variation(x, flip, shift, rng, max_shift)
    y = np.zeros_like(x)
    for n, (down, right) in enumerate(moves):
        image = x[n, :, :, ::-1] if mirrored[n] else x[n]
        _move(image, y[n], int(down), int(right))
    return y, (mirrored, moves)


def _move(source: Array, target: Array, down: int, right: int) -> None:
    """Copy what stays in sight of source, moved, into target."""
    H, W = source.shape[1:]
    target[:, max(down, 0) : max(H + down, 0), max(right, 0) : max(W + right, 0)] = source[
        :, max(-down, 0) : max(H - down, 0), max(-right, 0) : max(W - right, 0)
    ]


@augment.gradient
def augment_backward(saved: Any, dy: Array) -> Array:
    mirrored, moves = saved
    dx = np.zeros_like(dy)
    for n, (down, right) in enumerate(moves):
        _move(dy[n], dx[n], -int(down), -int(right))
        if mirrored[n]:
            dx[n] = dx[n, :, :, ::-1].copy()
    return dx


@augment.samples
def augment_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(name: str, *shape: int, **params: Any) -> Case:
        return Case(name, {"x": rng.normal(size=shape)}, params)

    yield case("nothing", 2, 1, 3, 3)
    yield case("flip some", 3, 2, 3, 4, flip=[True, False, True])
    yield case("shift", 3, 1, 4, 4, shift=[[1, 0], [0, -2], [-1, 3]])
    yield case("flip, then shift", 2, 2, 3, 5, flip=[1, 0], shift=[[1, 2], [-1, -1]])
    yield case("out of sight", 2, 1, 2, 3, shift=[[2, 0], [1, -9]])
