"""Mistakes of causal convolution along one axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, lend_hint, mistake
from reference import causal_conv1d
from reference.op import Array


def _causal(name: str, **facts: Any) -> Callable[[Callable[..., Any]], Mistake]:
    """Register a wrong y of x, w and d."""

    def register(wrong: Callable[..., Any]) -> Mistake:
        def mistaken(x: Any, w: Any, dilation: int = 1) -> Array | None:
            found = wrong(np.asarray(x, float), np.asarray(w, float), dilation)
            return None if found is None else np.asarray(found)

        return mistake(causal_conv1d, name, **facts)(lend_hint(mistaken, wrong))

    return register


def _reads(x: Array, w: Array, step: int, shift: int = 0) -> Array:
    """Sum w[j] * x[t - (K-1-j)*step + shift], zeros outside."""
    y = np.zeros(len(x))
    for j, weight in enumerate(w):
        for t in range(len(x)):
            at = t - (len(w) - 1 - j) * step + shift
            if 0 <= at < len(x):
                y[t] += weight * x[at]
    return y


@_causal("reversed-taps", family="orientation", belief="flip-in-time")
def reversed_taps(x: Array, w: Array, d: int) -> Array:
    """Your w[0] meets the present; here w[0] belongs to the oldest sample and the last weight to the present.

    y[t] = sum over j of w[j] * x[t - (K-1-j)*d]. Reverse the order of the taps.
    """
    return _reads(x, w[::-1], d)


@_causal("dilation-ignored", family="omission")
def dilation_ignored(x: Array, w: Array, d: int) -> Array:
    """You took neighbouring samples although the filter is dilated.

    Neighbouring taps lie d samples apart. Multiply the delay by d.
    """
    return _reads(x, w, 1)


@_causal("gap-off-by-one", family="off-by-one")
def gap_off_by_one(x: Array, w: Array, d: int) -> Array:
    """You left d samples free between two taps instead of d-1.

    Neighbouring taps lie d samples apart. Use the delay (K-1-j)*d.
    """
    return _reads(x, w, d + 1)


@_causal("reads-the-future", family="sign")
def reads_the_future(x: Array, w: Array, d: int) -> Array:
    """Your filter reads samples that come later.

    Causal means: present and past only. Pad (K-1)*d zeros on the left, not on the right.
    """
    return _reads(x, w, d, (len(w) - 1) * d)


@_causal("centred-window", family="order")
def centred_window(x: Array, w: Array, d: int) -> Array:
    """You centred the filter on the present ("same" padding), so it reads later samples.

    Causal means: present and past only. Put all (K-1)*d zeros on the left.
    """
    return _reads(x, w, d, (len(w) - 1) * d // 2)


@_causal("past-only", family="off-by-one")
def past_only(x: Array, w: Array, d: int) -> Array:
    """Your last weight meets the sample before; the present is left out.

    The last weight w[K-1] meets x[t]. Shift the taps by one.
    """
    return _reads(x, w, d, -1)


@_causal("delay-one-step-more", family="off-by-one")
def delay_one_step_more(x: Array, w: Array, d: int) -> Array:
    """You used the delay (K-j)*d, one step of the filter too many.

    The last weight w[K-1] meets the present. Use (K-1-j)*d.
    """
    return _reads(x, w, d, -d)


@_causal("valid-only", family="omission")
def valid_only(x: Array, w: Array, d: int) -> Array:
    """You left out the first outputs, where the filter reaches before the start.

    The result is as long as x; before the start the signal is 0. Pad (K-1)*d zeros on the left.
    """
    return _reads(x, w, d)[(len(w) - 1) * d :]


@_causal("start-left-at-zero", family="omission")
def start_left_at_zero(x: Array, w: Array, d: int) -> Array:
    """You left the first outputs at 0, where the filter reaches before the start.

    Only the missing samples are 0; the others count. Skip single taps, not the whole output.
    """
    y = _reads(x, w, d)
    y[: (len(w) - 1) * d] = 0.0
    return y


@_causal("full-length", family="wrong-op")
def full_length(x: Array, w: Array, d: int) -> Array:
    """Your result is longer than x: the end of the full convolution was not cut off.

    The result is as long as x. Keep the first len(x) entries.
    """
    return _reads(np.concatenate([x, np.zeros((len(w) - 1) * d)]), w, d)


@_causal("negative-index-wraps", family="wrong-op")
def negative_index_wraps(x: Array, w: Array, d: int) -> Array:
    """Before the start you read the end of the signal: a negative index counts from the end.

    Before the start the signal is 0. Skip taps with a negative index, or pad with zeros.
    """
    y = np.zeros(len(x))
    for j, weight in enumerate(w):
        y += weight * np.roll(x, (len(w) - 1 - j) * d)
    return y


@_causal("first-sample-repeated", family="wrong-op")
def first_sample_repeated(x: Array, w: Array, d: int) -> Array:
    """Before the start you repeated the first sample.

    Before the start the signal is 0. Pad with zeros.
    """
    front = (len(w) - 1) * d
    return _reads(np.concatenate([np.repeat(x[:1], front), x]), w, d)[front:]


@_causal("mean-over-taps", family="scale")
def mean_over_taps(x: Array, w: Array, d: int) -> Array:
    """You divided by the number of taps.

    A convolution is a sum. Leave the division out.
    """
    return _reads(x, w, d) / len(w)


@_causal("last-tap-only", family="omission")
def last_tap_only(x: Array, w: Array, d: int) -> Array:
    """Your sum keeps the last tap only; the ones before were overwritten.

    Add the products up. Write += instead of =.
    """
    return w[-1] * x


@_causal("centred-window-later", family="order")
def centred_window_later(x: Array, w: Array, d: int) -> Array | None:
    """You centred the filter on the present ("same" padding), so it reads later samples.

    Causal means: present and past only. Put all (K-1)*d zeros on the left.
    """
    reach = (len(w) - 1) * d
    return _reads(x, w, d, reach - reach // 2) if reach % 2 else None


@_causal("future-instead-of-past", family="sign")
def future_instead_of_past(x: Array, w: Array, d: int) -> Array:
    """You look into the future: you add (K-1-j)*d to t instead of subtracting it.

    At time t only the present and the past are known: x[t - (K-1-j)*d].
    """
    return _reads(x, w, -d)
