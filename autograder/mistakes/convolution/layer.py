"""A convolution taken apart, so that a mistake can exchange exactly one piece of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, lend_hint, mistake
from reference import ShapeError, conv2d
from reference.op import Array, pair

Pair = tuple[int, int]


@dataclass(frozen=True)
class Layer:
    """One call of conv2d: x[N,C,H,W], w[F,D,K,L], b[F] or None, and how the windows move."""

    x: Array
    w: Array
    b: Array | None
    stride: Pair
    padding: Pair
    dilation: Pair
    groups: int

    @classmethod
    def of(cls, x: Any, w: Any, b: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Layer:
        """Arrange the arguments of conv2d."""
        bias = None if b is None else np.asarray(b, float)
        moves = (pair("stride", stride, 1), pair("padding", padding), pair("dilation", dilation, 1))
        return cls(np.asarray(x, float), np.asarray(w, float), bias, *moves, groups)

    @property
    def size(self) -> Pair:
        """Rows and columns of the result."""
        return self.room(0), self.room(1)

    def room(self, axis: int) -> int:
        """Count the positions along rows (0) or columns (1)."""
        n, k = self.x.shape[2 + axis], self.w.shape[2 + axis]
        free = n + 2 * self.padding[axis] - self.dilation[axis] * (k - 1) - 1
        return free // self.stride[axis] + 1

    @property
    def channels(self) -> Array:
        """The channels [F,D] each filter sees."""
        F, D = self.w.shape[:2]
        return np.arange(F)[:, None] // (F // self.groups) * D + np.arange(D)

    def framed(self, before: Pair | None = None, after: Pair | None = None, **how: Any) -> Array:
        """Pad the images; the true amounts are `padding` before and after."""
        (top, left), (bottom, right) = before or self.padding, after or self.padding
        if how or min(top, left, bottom, right) < 0:
            return np.pad(self.x, ((0, 0), (0, 0), (top, bottom), (left, right)), **how)
        N, C, H, W = self.x.shape
        framed = np.zeros((N, C, top + H + bottom, left + W + right))  # np.pad would take ten times as long
        framed[:, :, top : top + H, left : left + W] = self.x
        return framed

    def windows(
        self, image: Array | None = None, stride: Pair | None = None, dilation: Pair | None = None
    ) -> Array:
        """Cut out what lies under the kernel at every position: [N,C,P,Q,K,L].

        Raises ShapeError when the kernel does not fit anywhere.
        """
        image = self.framed() if image is None else image
        (sr, sc), (dr, dc) = stride or self.stride, dilation or self.dilation
        K, L = self.w.shape[2:]
        spans = (dr * (K - 1) + 1, dc * (L - 1) + 1)
        if spans[0] > image.shape[2] or spans[1] > image.shape[3]:
            raise ShapeError("the kernel does not fit into the image")
        views = np.lib.stride_tricks.sliding_window_view(image, spans, axis=(2, 3))
        return views[:, :, ::sr, ::sc, ::dr, ::dc]

    def crop(self, maps: Array) -> Array:
        """Keep as many positions as the result has; None where there are fewer."""
        P, Q = self.size
        if maps.shape[2] < P or maps.shape[3] < Q:
            raise ShapeError("there are fewer positions than the result has")
        return maps[:, :, :P, :Q]

    def products(self) -> Array:
        """Multiply entry by entry, before any sum: [N,F,D,P,Q,K,L]."""
        return self.windows()[:, self.channels] * self.w[:, :, None, None]

    def sums(self, windows: Array | None = None, w: Array | None = None) -> Array:
        """Sum the products of every window: [N,F,P,Q], without bias."""
        windows = self.windows() if windows is None else windows
        full = self.dense(self.w if w is None else w)
        return np.tensordot(windows, full, axes=((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)

    def biased(self, sums: Array) -> Array:
        """Add the bias of each filter to its map."""
        return sums + 0.0 if self.b is None else sums + self.b[:, None, None]

    def dense(self, w: Array) -> Array:
        """Write out grouped filters with zeros for the channels they do not see: [F,C,K,L]."""
        if self.groups == 1:
            return np.array(w, float)
        full = np.zeros((len(w), self.x.shape[1], *w.shape[2:]))
        full[np.arange(len(w))[:, None], self.channels] = w
        return full

    def shares(self, dy: Array, w: Array | None = None) -> Array:
        """What every window hands back to the image: [N,C,P,Q,K,L]."""
        full = self.dense(self.w if w is None else w)
        return np.tensordot(dy, full, axes=((1,), (0,))).transpose(0, 3, 1, 2, 4, 5)

    def canvas(self) -> Array:
        """Return zeros as large as the padded images."""
        return np.zeros_like(self.framed())

    def scatter(self, shares: Array, stride: Pair | None = None, dilation: Pair | None = None) -> Array:
        """Add the shares of overlapping windows onto the padded images."""
        (sr, sc), (dr, dc), canvas = stride or self.stride, dilation or self.dilation, self.canvas()
        P, Q, K, L = shares.shape[2:]
        for k, l in np.ndindex(K, L):
            rows = slice(k * dr, k * dr + sr * (P - 1) + 1, sr)
            columns = slice(l * dc, l * dc + sc * (Q - 1) + 1, sc)
            canvas[:, :, rows, columns] += shares[:, :, :, :, k, l]
        return canvas

    def unframed(self, canvas: Array, top: int | None = None, left: int | None = None) -> Array:
        """Cut the images out of the padded images."""
        top, left = self.padding[0] if top is None else top, self.padding[1] if left is None else left
        return canvas[:, :, top : top + self.x.shape[2], left : left + self.x.shape[3]].copy()

    def dx(self, dy: Array, w: Array | None = None) -> Array:
        """Gradient with respect to the images."""
        return self.unframed(self.scatter(self.shares(dy, w)))

    def dw(self, dy: Array, windows: Array | None = None) -> Array:
        """Gradient with respect to the filters: [F,D,K,L]."""
        windows = self.windows() if windows is None else windows
        full = np.tensordot(dy, windows, axes=((0, 2, 3), (0, 2, 3)))
        return full[np.arange(len(full))[:, None], self.channels]

    def db(self, dy: Array) -> Array:
        """Gradient with respect to the biases."""
        return dy.sum(axis=(0, 2, 3))


def forward(name: str, **facts: Any) -> Callable[[Callable[[Layer], Array | None]], Mistake]:
    """Register a wrong forward pass of conv2d, written as a function of the Layer."""

    def register(wrong: Callable[[Layer], Array | None]) -> Mistake:
        def mistaken(
            x: Array,
            w: Array,
            b: Any = None,
            stride: Any = 1,
            padding: Any = 0,
            dilation: Any = 1,
            groups: int = 1,
        ) -> Array | None:
            return wrong(Layer.of(x, w, b, stride, padding, dilation, groups))

        return mistake(conv2d, name, part="forward", **facts)(lend_hint(mistaken, wrong))

    return register


def backward(name: str, **facts: Any) -> Callable[[Callable[[Layer, Array], Any]], Mistake]:
    """Register a wrong backward pass of conv2d: a function of the Layer and dy giving only what is wrong.

    It returns a dict with some of dx, dw and db; the others are right.
    """

    def register(wrong: Callable[[Layer, Array], Any]) -> Mistake:
        def mistaken(
            dy: Array,
            x: Array,
            w: Array,
            b: Any = None,
            stride: Any = 1,
            padding: Any = 0,
            dilation: Any = 1,
            groups: int = 1,
        ) -> tuple[Any, ...] | None:
            layer, dy = Layer.of(x, w, b, stride, padding, dilation, groups), np.asarray(dy, float)
            return _gradients(layer, dy, wrong(layer, dy))

        return mistake(conv2d, name, part="backward", **facts)(lend_hint(mistaken, wrong))

    return register


def _gradients(layer: Layer, dy: Array, wrong: dict[str, Array] | None) -> tuple[Any, ...] | None:
    if wrong is None:
        return None
    dx = wrong["dx"] if "dx" in wrong else layer.dx(dy)
    dw = wrong["dw"] if "dw" in wrong else layer.dw(dy)
    db = wrong["db"] if "db" in wrong else layer.db(dy)
    return dx, dw, None if layer.b is None else db
