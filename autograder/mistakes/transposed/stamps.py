"""A transposed convolution taken apart, so that a mistake can exchange exactly one piece of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, lend_hint, mistake
from reference import conv_transpose2d, conv_transpose2d_by_conv
from reference.op import Array, pair

Pair = tuple[int, int]


@dataclass(frozen=True)
class Stamps:
    """One call of conv_transpose2d: x[N,C,P,Q], w[C,F,K,L], b[F]; without groups and dilation."""

    x: Array
    w: Array
    b: Array
    s: Pair
    p: Pair
    extra: Pair

    @classmethod
    def of(cls, x: Any, w: Any, b: Any, stride: Any, padding: Any, output_padding: Any) -> Stamps:
        """Arrange the arguments of conv_transpose2d."""
        w = np.asarray(w, float)
        bias = np.zeros(w.shape[1]) if b is None else np.asarray(b, float)
        moves = pair("stride", stride, 1), pair("padding", padding), pair("output_padding", output_padding)
        return cls(np.asarray(x, float), w, bias, *moves)

    def canvas(self, s: Pair | None = None, extra: Pair | None = None) -> Array:
        """Return zeros with room for all stamps: [N,F,..,..]."""
        s, extra = s or self.s, self.extra if extra is None else extra
        (P, Q), (K, L) = self.x.shape[2:], self.w.shape[2:]
        rows, columns = (P - 1) * s[0] + K + extra[0], (Q - 1) * s[1] + L + extra[1]
        return np.zeros((len(self.x), self.w.shape[1], rows, columns))

    def stamps(self, w: Array | None = None) -> Array:
        """Multiply every entry with its kernel, summed over the channels of x: [N,F,P,Q,K,L]."""
        w = self.w if w is None else w
        return np.tensordot(self.x, w, axes=((1,), (0,))).transpose(0, 3, 1, 2, 4, 5)

    def places(self, s: Pair | None = None, shift: Pair = (0, 0)) -> Iterator[tuple[int, int, Any]]:
        """Yield every entry's row and column with the part of the canvas its stamp covers."""
        (sr, sc), (K, L) = s or self.s, self.w.shape[2:]
        for i, j in np.ndindex(*self.x.shape[2:]):
            r, c = i * sr + shift[0], j * sc + shift[1]
            yield i, j, (slice(None), slice(None), slice(r, r + K), slice(c, c + L))

    def added(self, w: Array | None = None, s: Pair | None = None, shift: Pair = (0, 0)) -> Array:
        """Add all stamps on the canvas."""
        full, stamps = self.canvas(), self.stamps(w)
        for i, j, place in self.places(s, shift):
            full[place] += stamps[:, :, i, j]
        return full

    def cut(self, full: Array, p: Pair | None = None) -> Array:
        """Cut the padding off on all sides."""
        p = self.p if p is None else p
        return full[:, :, p[0] : full.shape[2] - p[0], p[1] : full.shape[3] - p[1]]

    def done(self, full: Array) -> Array:
        """Cut the padding off and add the biases."""
        return self.cut(full) + self.b[:, None, None]


def forward(name: str, **facts: Any) -> Callable[[Callable[[Stamps], Any]], Mistake]:
    """Register a wrong forward pass of both ways to compute it; None where it does not apply."""

    def register(wrong: Callable[[Stamps], Any]) -> Mistake:
        def mistaken(
            x: Any,
            w: Any,
            b: Any = None,
            stride: Any = 1,
            padding: Any = 0,
            output_padding: Any = 0,
            groups: int = 1,
            dilation: Any = 1,
        ) -> Any:
            if groups != 1 or dilation not in (1, (1, 1)):
                return None
            return wrong(Stamps.of(x, w, b, stride, padding, output_padding))

        lent = lend_hint(mistaken, wrong)
        mistake(conv_transpose2d_by_conv, name, **facts)(lent)
        return mistake(conv_transpose2d, name, **facts)(lent)

    return register


def backward(name: str, **facts: Any) -> Callable[[Callable[[Stamps, Array], Any]], Mistake]:
    """Register a wrong backward pass: a function of the Stamps and dy telling which of dx, dw, db is wrong."""

    def register(wrong: Callable[[Stamps, Array], Any]) -> Mistake:
        def mistaken(
            dy: Any,
            x: Any,
            w: Any,
            b: Any = None,
            stride: Any = 1,
            padding: Any = 0,
            output_padding: Any = 0,
            groups: int = 1,
            dilation: Any = 1,
        ) -> Any:
            if groups != 1 or dilation not in (1, (1, 1)):
                return None
            t, dy = Stamps.of(x, w, b, stride, padding, output_padding), np.asarray(dy, float)
            dx, dw = gradients_of(t, dy)
            found = {"dx": dx, "dw": dw, "db": dy.sum(axis=(0, 2, 3))} | wrong(t, dy)
            return found["dx"], found["dw"], None if b is None else found["db"]

        return mistake(conv_transpose2d, name, part="backward", **facts)(lend_hint(mistaken, wrong))

    return register


def gradients_of(t: Stamps, dy: Array, w: Array | None = None, s: Pair | None = None) -> tuple[Array, Array]:
    """Read dY where the stamps were put: dx and dw."""
    (pr, pc), w = t.p, t.w if w is None else w
    full = t.canvas()
    full[:, :, pr : pr + dy.shape[2], pc : pc + dy.shape[3]] = dy
    dx, dw = np.empty_like(t.x), np.zeros_like(t.w)
    for i, j, place in t.places(s):
        read = full[place]
        dx[:, :, i, j] = np.tensordot(read, w, axes=((1, 2, 3), (1, 2, 3)))
        dw += np.tensordot(t.x[:, :, i, j], read, axes=((0,), (0,)))
    return dx, dw
