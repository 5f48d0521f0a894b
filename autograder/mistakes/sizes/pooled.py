"""Mistakes of the shape that pooling leaves, and of its parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.mistakes import Mistake, lend_hint, mistake
from reference import OutputSize, pool_output_size


def _pooled(name: str, **facts: Any) -> Callable[[Callable[..., int]], Mistake]:
    """Register a wrong size f(n, k, s, p) of pooling without dilation; the fit stays right."""

    def register(wrong: Callable[..., int]) -> Mistake:
        def mistaken(
            n: int, k: int, stride: Any = None, padding: int = 0, dilation: int = 1, ceil_mode: bool = False
        ) -> OutputSize | None:
            if dilation != 1 or ceil_mode:
                return None
            truth = pool_output_size(n, k, stride, padding)
            return OutputSize(wrong(n, k, k if stride is None else stride, padding), truth.fits)

        return mistake(pool_output_size, name, **facts)(lend_hint(mistaken, wrong))

    return register


@_pooled("pool-rounded-up", family="rounding")
def pool_rounded_up(n: int, k: int, s: int, p: int) -> int:
    """You counted a window that hangs over the border.

    A window that does not lie completely inside the map is left out. Round down.
    """
    return -(-(n + 2 * p - k) // s) + 1


@_pooled("pool-stride-one", family="omission")
def pool_stride_one(n: int, k: int, s: int, p: int) -> int:
    """You moved the window by one pixel.

    The window moves by its stride. Divide by the stride before adding 1.
    """
    return n + 2 * p - k + 1


@_pooled("pool-stride-is-window", family="swap")
def pool_stride_is_window(n: int, k: int, s: int, p: int) -> int:
    """You moved the window by its own size although another stride is given.

    Size and stride are two numbers. Divide by the stride.
    """
    return (n + 2 * p - k) // k + 1


@_pooled("pool-divided-by-stride", family="off-by-one")
def pool_divided_by_stride(n: int, k: int, s: int, p: int) -> int:
    """You divided the size of the map by the stride; that is right only where the windows just fit.

    The window has a size. Use floor((n + 2p - k)/s) + 1.
    """
    return n // s


@_pooled("pool-plus1-forgotten", family="off-by-one")
def pool_plus1_forgotten(n: int, k: int, s: int, p: int) -> int:
    """You counted the steps of the window, not its positions: the +1 is missing.

    The window has one position before its first step. Add 1 after dividing.
    """
    return (n + 2 * p - k) // s


@_pooled("pool-padding-ignored", family="omission")
def pool_padding_ignored(n: int, k: int, s: int, p: int) -> int:
    """You left the padding out.

    The padded map is n + 2p long. Add 2p before anything else.
    """
    return (n - k) // s + 1


def _channels(params: dict[str, Any], channels: int) -> dict[str, Any]:
    k, s, p = params["k"], params["stride"], params["padding"]
    return {"shape": [channels, *(pool_output_size(n, k, s, p).size for n in params["image"])]}


@mistake("POOL-3", "pool-divides-channels", family="scope")
def pool_divides_channels(params: dict[str, Any]) -> dict[str, Any]:
    """You made the number of channels smaller as well.

    Every channel is pooled by itself, so the depth stays. Keep the channels.
    """
    return _channels(params, params["channels"] // params["stride"])


@mistake("POOL-3", "pool-merges-channels", family="scope")
def pool_merges_channels(params: dict[str, Any]) -> dict[str, Any]:
    """You pooled over the channels too, so that one map is left.

    Every channel is pooled by itself, so the depth stays. Keep the channels.
    """
    return _channels(params, 1)


@mistake("POOL-3", "pool-has-weights", family="wrong-op")
def pool_has_weights(params: dict[str, Any]) -> dict[str, Any]:
    """You counted weights as for a convolution.

    The maximum has nothing to learn: a pooling layer has no parameters. Answer 0.
    """
    return {"parameters": params["k"] ** 2 * params["channels"]}


@mistake("POOL-3", "pool-window-counted", family="wrong-op")
def pool_window_counted(params: dict[str, Any]) -> dict[str, Any]:
    """You counted the entries of the window as parameters.

    The window only chooses which numbers are compared; nothing is learned. Answer 0.
    """
    return {"parameters": params["k"] ** 2}
