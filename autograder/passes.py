"""Run an op's backward pass the way its mistakes are called: dy first, then the op's arguments."""

from __future__ import annotations

from typing import Any

__all__ = ["gradients"]


def gradients(op: Any, impl: Any, dy: Any, *arguments: Any) -> tuple[Any, ...]:
    """Return one gradient per input, from the op itself or from a mistake of its backward pass.

    A question with part="backward" is posed with the op, or with a mistake in its place.
    """
    if impl is not op:
        return tuple(impl(dy, *arguments))
    _, cache = op.forward(*arguments)
    found = op.backward(cache, dy)
    return found if isinstance(found, tuple) else (found,)
