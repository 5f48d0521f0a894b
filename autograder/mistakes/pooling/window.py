"""A pooling layer taken apart, so that a mistake can exchange exactly one piece of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, lend_hint, mistake
from reference import ShapeError, avg_pool2d, max_pool2d
from reference.op import Array, pair

Pair = tuple[int, int]


@dataclass(frozen=True)
class Pool:
    """One call of a pooling op on x[N,C,H,W]; the course pools without padding."""

    x: Array
    k: Pair
    s: Pair

    @classmethod
    def of(cls, x: Any, kernel_size: Any, stride: Any) -> Pool:
        """Arrange the arguments of max_pool2d or avg_pool2d."""
        k = pair("kernel_size", kernel_size, 1)
        return cls(np.asarray(x, float), k, k if stride is None else pair("stride", stride, 1))

    @property
    def size(self) -> Pair:
        """Rows and columns of the result."""
        (H, W), (K, L), (sr, sc) = self.x.shape[2:], self.k, self.s
        return (H - K) // sr + 1, (W - L) // sc + 1

    @property
    def width(self) -> int:
        """Columns of the map, by which flat indices count."""
        return int(self.x.shape[3])

    def windows(self, s: Pair | None = None, x: Array | None = None) -> Array:
        """Cut out all windows: [N,C,P,Q,K,L]."""
        s, x = s or self.s, self.x if x is None else x
        if x.shape[2] < self.k[0] or x.shape[3] < self.k[1]:
            raise ShapeError("no window fits")
        return np.lib.stride_tricks.sliding_window_view(x, self.k, axis=(2, 3))[:, :, :: s[0], :: s[1]]

    def hanging(self, size: Pair) -> Array:
        """Cut out `size` windows, those that hang over the border filled with NaN."""
        (H, W), (K, L), (sr, sc) = self.x.shape[2:], self.k, self.s
        rows, columns = max(0, (size[0] - 1) * sr + K - H), max(0, (size[1] - 1) * sc + L - W)
        framed = np.pad(self.x, ((0, 0), (0, 0), (0, rows), (0, columns)), constant_values=np.nan)
        return self.windows(x=framed)[:, :, : size[0], : size[1]]

    def winners(self, windows: Array, best: Any = np.argmax, s: Pair | None = None) -> tuple[Array, Array]:
        """Return the winner of each window and its flat index in the whole map."""
        s = s or self.s
        flat = windows.reshape(*windows.shape[:4], -1)
        winner = best(flat, axis=-1)
        y = np.take_along_axis(flat, winner[..., None], axis=-1)[..., 0]
        u, v = np.divmod(winner, self.k[1])
        return y, self.index(u, v, s)

    def index(self, u: Array, v: Array, s: Pair | None = None) -> Array:
        """Turn places inside the windows into flat indices of the map."""
        s = s or self.s
        rows = np.arange(u.shape[2])[:, None] * s[0] + u
        return np.asarray(rows * self.width + np.arange(u.shape[3]) * s[1] + v)

    def truth(self) -> tuple[Array, Array]:
        """Return maxima and flat indices as they should be."""
        return self.winners(self.windows())

    def spread(self, shares: Array, s: Pair | None = None) -> Array:
        """Add shares[N,C,P,Q,K,L] to the entries their windows read."""
        dx, (sr, sc) = np.zeros_like(self.x), s or self.s
        P, Q = shares.shape[2:4]
        for k, l in np.ndindex(*self.k):
            dx[:, :, k : k + sr * (P - 1) + 1 : sr, l : l + sc * (Q - 1) + 1 : sc] += shares[..., k, l]
        return dx

    def each(self, dy: Array) -> Array:
        """Copy dy to every entry of its window: [N,C,P,Q,K,L]."""
        return np.broadcast_to(dy[..., None, None], (*dy.shape, *self.k))


def maximum(name: str, **facts: Any) -> Callable[[Callable[[Pool], Any]], Mistake]:
    """Register a wrong (y, flat indices) of a Pool; None where it does not apply."""

    def register(wrong: Callable[[Pool], Any]) -> Mistake:
        def mistaken(
            x: Any,
            kernel_size: Any,
            stride: Any = None,
            padding: Any = 0,
            dilation: Any = 1,
            ceil_mode: bool = False,
            return_indices: bool = False,
        ) -> Any:
            if padding not in (0, (0, 0)) or dilation not in (1, (1, 1)) or ceil_mode:
                return None
            found = wrong(Pool.of(x, kernel_size, stride))
            return found if found is None or return_indices else found[0]

        return mistake(max_pool2d, name, **facts)(lend_hint(mistaken, wrong))

    return register


def mean(name: str, **facts: Any) -> Callable[[Callable[[Pool], Any]], Mistake]:
    """Register a wrong y of average pooling."""

    def register(wrong: Callable[[Pool], Any]) -> Mistake:
        def mistaken(
            x: Any,
            kernel_size: Any,
            stride: Any = None,
            padding: Any = 0,
            ceil_mode: bool = False,
            count_include_pad: bool = True,
        ) -> Any:
            if padding not in (0, (0, 0)) or ceil_mode:
                return None
            return wrong(Pool.of(x, kernel_size, stride))

        return mistake(avg_pool2d, name, **facts)(lend_hint(mistaken, wrong))

    return register


def max_gradient(name: str, **facts: Any) -> Callable[[Callable[[Pool, Array], Any]], Mistake]:
    """Register a wrong dx of max pooling: a function of a Pool and dy."""

    def register(wrong: Callable[[Pool, Array], Any]) -> Mistake:
        def mistaken(
            dy: Any,
            x: Any,
            kernel_size: Any,
            stride: Any = None,
            padding: Any = 0,
            dilation: Any = 1,
            ceil_mode: bool = False,
            return_indices: bool = False,
        ) -> Any:
            if padding not in (0, (0, 0)) or dilation not in (1, (1, 1)) or ceil_mode:
                return None
            return (wrong(Pool.of(x, kernel_size, stride), np.asarray(dy, float)),)

        return mistake(max_pool2d, name, part="backward", **facts)(lend_hint(mistaken, wrong))

    return register


def mean_gradient(name: str, **facts: Any) -> Callable[[Callable[[Pool, Array], Any]], Mistake]:
    """Register a wrong dx of average pooling: a function of a Pool and dy; None where it does not apply."""

    def register(wrong: Callable[[Pool, Array], Any]) -> Mistake:
        def mistaken(
            dy: Any,
            x: Any,
            kernel_size: Any,
            stride: Any = None,
            padding: Any = 0,
            ceil_mode: bool = False,
            count_include_pad: bool = True,
        ) -> Any:
            if padding not in (0, (0, 0)) or ceil_mode:
                return None
            found = wrong(Pool.of(x, kernel_size, stride), np.asarray(dy, float))
            return None if found is None else (found,)

        return mistake(avg_pool2d, name, part="backward", **facts)(lend_hint(mistaken, wrong))

    return register
