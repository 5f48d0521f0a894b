"""Mistakes of dilated and causal convolution, and of receptive fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import Mistake, lend_hint, mistake
from reference import causal_conv1d, receptive_field
from reference.op import Array

Functions = dict[str, Callable[..., Any]]


# ------------------------------------------------------------------------------ causal convolution


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


# ----------------------------------------------------------------------------- dilated convolution


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


@_dilated("flip-inverted", "sign")
def flip_inverted(right: Any, X: Any, W: Any, b: Any, s: int, p: int, d: int, flip: bool) -> Any:
    """You turned the kernel for flip=False and not for flip=True.

    Only flip=True asks for the true convolution. Exchange the two cases.
    """
    return right(X, W, b, s, p, d, not flip)


@_dilated("flip-all-axes", "scope")
def flip_all_axes(right: Any, X: Any, W: Any, b: Any, s: int, p: int, d: int, flip: bool) -> Any:
    """For flip=True you turned all axes of W, so filters and channels stand in reverse order as well.

    Only rows and columns are turned. Name the axes: np.flip(W, axis=(2, 3)).
    """
    return right(X, W[::-1, ::-1], b, s, p, d, True) if flip else right(X, W, b, s, p, d, False)


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


# -------------------------------------------------------------------------------- receptive fields


def _field(name: str, **facts: Any) -> Callable[[Callable[..., Any]], Mistake]:
    """Register a wrong size of layers, each (k, stride, dilation)."""

    def register(wrong: Callable[..., Any]) -> Mistake:
        def mistaken(layers: Any) -> int | None:
            whole = [tuple(one) if isinstance(one, (tuple, list)) else (one,) for one in layers]
            found = wrong([(*one, *(1, 1)[len(one) - 1 :])[:3] for one in whole])
            return None if found is None else int(found)

        return mistake(receptive_field, name, **facts)(lend_hint(mistaken, wrong))

    return register


def _grown(layers: Any, jump_first: bool = False) -> int:
    size, jump = 1, 1
    for k, s, d in layers:
        jump = jump * s if jump_first else jump
        size += (k - 1) * d * jump
        jump = jump if jump_first else jump * s
    return size


@_field("field-strides-ignored", family="omission")
def strides_ignored(layers: Any) -> int:
    """You left the strides out.

    After a stride s, neighbouring entries lie s inputs apart. Multiply by the strides of all earlier layers.
    """
    return _grown([(k, 1, d) for k, _, d in layers])


@_field("field-dilation-ignored", family="omission")
def field_dilation_ignored(layers: Any) -> int:
    """You left the dilation out.

    The taps of a dilated kernel lie d apart. Use (k - 1) * d.
    """
    return _grown([(k, s, 1) for k, s, _ in layers])


@_field("field-own-stride-counted", family="off-by-one")
def own_stride_counted(layers: Any) -> int:
    """You multiplied each layer by its own stride as well.

    A layer's stride matters to the layers after it. Update the product after adding.
    """
    return _grown(layers, jump_first=True)


@_field("field-layers-reversed", family="order")
def layers_reversed(layers: Any) -> int:
    """You went through the layers from the output to the input with the formula for the other direction.

    Each layer counts with the strides of the layers before it. Start at the input.
    """
    return _grown(layers[::-1])


@_field("field-one-forgotten", family="off-by-one")
def one_forgotten(layers: Any) -> int:
    """You forgot the 1 to start with.

    Without any layer a unit sees one input. Start at 1.
    """
    return _grown(layers) - 1


@_field("field-sum-of-kernels", family="off-by-one")
def sum_of_kernels(layers: Any) -> int:
    """You added k instead of k - 1 for each layer.

    A layer adds the steps between its taps, (k - 1) of them. Use (k - 1) * d.
    """
    return _grown([(k + 1, s, d) for k, s, d in layers])


@_field("field-effective-kernel-dk", family="off-by-one")
def effective_kernel_dk(layers: Any) -> int:
    """You took d*k as the length of a dilated kernel.

    Its taps span d*(k - 1) + 1. Use (k - 1) * d for what it adds.
    """
    return _grown([(d * k, s, 1) for k, s, d in layers])


@_field("field-strides-added", family="wrong-op")
def strides_added(layers: Any) -> int:
    """You added the strides of the earlier layers; they multiply.

    Two strides of 2 leave entries 4 inputs apart. Keep a product.
    """
    size, jump = 1, 1
    for k, s, d in layers:
        size, jump = size + (k - 1) * d * jump, jump + s - 1
    return size


@_field("field-last-layer-only", family="scope")
def last_layer_only(layers: Any) -> int:
    """You gave the field of the last layer alone.

    It reads units that have fields themselves. Go through all layers.
    """
    return _grown(layers[-1:])


@_field("field-product-of-kernels", family="wrong-op")
def product_of_kernels(layers: Any) -> int:
    """You multiplied the sizes of the kernels.

    Fields grow by (k - 1) * d times the strides so far. Add, starting at 1.
    """
    return int(np.prod([d * (k - 1) + 1 for k, _, d in layers]))


@_field("field-dilations-multiplied", family="wrong-op")
def dilations_multiplied(layers: Any) -> int:
    """You carried the dilations on to the later layers like strides.

    Dilation spreads the taps of its own layer only. Multiply by earlier strides, not by earlier dilations.
    """
    return _grown([(k, s * d, d) for k, s, d in layers])
