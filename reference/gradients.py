"""Compare a gradient with the numbers: is this backward pass the derivative of this forward pass?

`check_gradient` works on any pair of Python functions and needs no tolerance from you. It answers *right*, *wrong*
or *cannot tell*, each with a reason, because it knows how far its own numbers can be trusted (see
`reference/checking/derivatives.py`).

Three things make a check trustworthy, and each is missing in some published checker:

* the upstream gradient `dy` is random. With `dy` = all ones, softmax and batch norm have gradient zero, so a
  backward that returns zeros would pass.
* every entry counts. A few sampled entries miss a mistake in the last row. Here whole random directions are
  measured, in which every entry takes part; entries too small to be seen there are measured one by one.
* the error bound is measured, not guessed. A fixed tolerance is too strict for one function and too loose for
  another, and no step size suits all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from reference.checking.arguments import a_function, generator, named
from reference.checking.claims import Claim, upstream
from reference.checking.entries import Workbench
from reference.checking.subject import Complaint, Subject, read_subject
from reference.checking.table import CheckedEntry, GradientCheck
from reference.checking.verdict import investigate
from reference.shapes import Array, InputError, as_float, whole

__all__ = [
    "BoundedGradient",
    "CheckedEntry",
    "GradientCheck",
    "bounded_gradient",
    "check_gradient",
    "numeric_gradient",
]

DEFAULT_SEED = 2024
"""Seed of the generator that is used when none is given: the same check gives the same answer every time."""


class BoundedGradient(NamedTuple):
    """A numeric gradient and, entry by entry, how far it may be off."""

    value: Array
    error: Array


@named
def numeric_gradient(f: Callable[[Array], Any], x: Any, dy: Any = None) -> Array:
    """Differentiate f at x numerically, entry by entry.

    g[i] = d/dx[i] of f(x)                 if f returns one number
    g[i] = d/dx[i] of sum(dy * f(x))       if f returns an array: say with `dy` how its entries count

    x may have any shape; the result has the shape of x. x itself is never changed, f gets copies.

    What surprises: no step size is asked for. Many are tried and extrapolated, which is good for ten to twelve
    digits where the textbook's (f(x+h) - f(x-h)) / 2h gives six to nine. At a kink the result is the mean of the
    slopes on either side.

    Raises InputError if x has no float entries, or if f returns an array and dy is not given.
    Source: lecture S1:80, S2:667.

    >>> numeric_gradient(lambda w: (w**2).sum(), np.array([1.0, -3.0])).round(9)
    array([ 2., -6.])
    """
    return bounded_gradient(f, x, dy).value


@named
def bounded_gradient(f: Callable[[Array], Any], x: Any, dy: Any = None) -> BoundedGradient:
    """Differentiate f at x numerically and say how far each entry may be off (see `numeric_gradient`).

    At a kink the error covers the slopes on both sides; where f jumps it is infinite or about as large as the
    value.

    >>> value, error = bounded_gradient(np.sin, np.array([0.0]), dy=[1.0])
    >>> bool(abs(value[0] - 1) <= error[0] < 1e-10)
    True
    """
    if isinstance(x, (int, float)) and not isinstance(x, bool):
        x = np.array(float(x))
    elif not isinstance(x, np.ndarray) or x.dtype.kind != "f":
        x = as_float("x", x).astype(np.float64)
    subject = read_subject(f, None, (x,))
    rng = np.random.default_rng(DEFAULT_SEED)
    y = subject.run(subject.origin)[0]
    bench = Workbench.at(subject, rng)
    slopes, _ = bench.entries(_weights(dy, y.shape), np.arange(len(subject.origin)))
    shape = np.shape(x)
    return BoundedGradient(slopes.value.reshape(shape), (slopes.error + slopes.gap).reshape(shape))


def _weights(dy: Any, shape: tuple[int, ...]) -> Array:
    if dy is None:
        if int(np.prod(shape)) != 1:
            raise InputError(
                f"f returned an array of shape {shape}, so its gradient needs weights.",
                "give dy, one number for each entry of the result; never all ones by habit.",
            )
        return np.ones(1)
    weights = as_float("dy", dy).astype(np.float64)
    if weights.shape != shape:
        raise InputError(
            f"dy has shape {weights.shape}, but f returned shape {shape}.", "give dy the shape of f(x)."
        )
    return weights.ravel()


@named
def check_gradient(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    inputs: Any,
    *,
    params: Mapping[str, Any] | None = None,
    wrt: Sequence[str | int] | str | int | None = None,
    cache_first: bool | None = None,
    every_entry: bool = False,
    probes: int = 2,
    rng: np.random.Generator | None = None,
) -> GradientCheck:
    """Check that `backward` computes the gradient of `forward` at the given inputs.

    forward is called as  forward(*inputs, **params)  and returns y, or the pair (y, cache). If y is a tuple itself,
                                                      like (y, indices), its first item is what counts;
    backward is called as backward(dy, cache)         if forward returned a cache. It is backward(cache, dy)
                                                      with cache_first=True, or if the name of its first
                                                      argument says so: cache, saved, ctx;
                          backward(dy, *inputs)       if forward returned y alone.
    backward returns one gradient for each input with float entries, in input order, or a dict {"x": dx} or
    {"dx": dx}. None stands for no gradient. An input may be a list or dict of arrays; so is its gradient then.

    inputs       tuple of inputs, or a dict, which is passed by name. Integers, booleans, None, text and generators
                 are held fixed (a generator starts anew for each call, so that dropout draws the same mask).
                 The functions get float64 copies; yours are never changed.
    wrt          names or positions of the inputs to check; all with float entries by default.
    every_entry  measure each entry by itself, even where random directions have seen nothing suspicious. Here, and
                 where something is suspicious, forward is also tried with copies of an input stacked along its
                 first or last axis, like a larger batch; if it takes them, fewer calls are needed.
    probes       how many random upstream gradients to try first, along random directions through all entries.
    rng          generator of directions and upstream gradients; np.random.default_rng(2024) by default.

    Returns a GradientCheck: true only if right; print it for the table, call .plot() for the curve.

    A mistake of one millionth of an entry is seen, unless the entry itself is smaller than about a ten-millionth of
    the largest one. The column "allowed" of the table says entry by entry how much could hide.

    What surprises: at a kink (ReLU at exactly 0, tied maxima) every slope between the left and the right one
    is accepted, but together the entries of a tie must share one gradient, not get it once each. A function that
    changes its inputs, or gives another result the second time, is never right.

    Raises InputError if there is nothing to check; whatever your own functions raise comes through as it is.
    Source: lecture S1:80, S2:667.

    >>> check = check_gradient(lambda x: x**2, lambda dy, x: 3 * x * dy, (np.array([1.0, 2.0]),))
    >>> check.outcome, bool(check)
    ('wrong', False)
    """
    a_function("backward", backward, "a function of dy and the cache")
    probes = whole("probes", probes, 1)
    subject = read_subject(forward, backward, inputs, params, wrt, cache_first)
    rng = np.random.default_rng(DEFAULT_SEED) if rng is None else generator(rng)
    try:
        y, first = _behaviour(subject, rng)
        result = investigate(Workbench.at(subject, rng, y), rng, probes, every_entry, first)
    except Complaint as complaint:
        return _finish(GradientCheck(complaint.outcome, complaint.reason), subject)  # type: ignore[arg-type]
    return _finish(result, subject)


def _behaviour(subject: Subject, rng: np.random.Generator) -> tuple[Array, Claim]:
    """Call everything at least twice; return the result, and the gradient given for a random upstream gradient."""
    ran = subject.run(subject.origin)
    y = ran[0].astype(np.float64).ravel()
    if y.size == 0:
        raise Complaint("cannot tell", "forward returned an empty array.")
    if not np.isfinite(y).all():
        raise Complaint(
            "cannot tell", "forward returns NaN or infinity at these inputs, where no slope exists."
        )
    dy = upstream(rng, y.size)
    again, claim = Claim.ask(subject, dy, rng, ran)
    if not np.array_equal(y, again):
        raise Complaint(
            "cannot tell",
            "forward gives another result when it is called again with the same inputs: "
            "fix its random numbers (pass a seeded generator or a mask) and keep no state between calls.",
        )
    if claim is None:
        raise Complaint(
            "wrong",
            "backward gives another gradient when it is called again with the same dy and a fresh cache: "
            "start each call from zeros and keep no state between calls.",
        )
    return y, claim


def _finish(result: GradientCheck, subject: Subject) -> GradientCheck:
    outcome, reason = result.outcome, result.reason
    if subject.broken:
        reason = " ".join(subject.broken) + f" The numbers themselves are {outcome}: {reason}"
        outcome = "wrong"
    elif outcome != "wrong" and subject.single:
        outcome = "cannot tell"
        reason = "forward returns float32 although it gets float64, too coarse to see a slope: keep float64."
    elif outcome != "wrong" and subject.coarse:
        names = ", ".join(f"d{name}" for name in sorted(subject.coarse))
        outcome = "cannot tell"
        reason = f"backward returns {names} as float32 although it gets float64: keep float64."
    return GradientCheck(
        outcome, reason, result.rows, (*result.notes, *subject.inputs.remarks), subject.calls, result.curve
    )
