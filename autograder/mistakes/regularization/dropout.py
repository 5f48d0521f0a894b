"""What goes wrong in dropout: who is dropped, what is scaled when, and which mask the gradient meets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes.optimizers.walks import instead

Scale = Callable[[float, str, bool], float]


def _drawn(X: Any, p: float, source: Any) -> np.ndarray:
    return source.random(np.shape(X)) >= p if isinstance(source, np.random.Generator) else np.array(source)


def _right_scale(p: float, mode: str, train: bool) -> float:
    if train:
        return 1 / (1 - p) if mode == "inverted" else 1.0
    return 1 - p if mode == "classic" else 1.0


def _forward(
    name: str, family: str, what: str, how: str, wrong: Callable[..., Any], kind: str = "value"
) -> None:
    """Register a wrong forward: (X, p_drop, mode, rng_or_mask, train) -> (Y, mask)."""
    instead("dropout_forward", name, family, what, how, lambda _right, *args: wrong(*args), kind)


def _scaled(name: str, family: str, what: str, how: str, scale: Scale) -> None:
    """Register a forward that is wrong in its scale only."""

    def wrong(X: Any, p: float, mode: str, source: Any, train: bool) -> Any:
        mask = _drawn(X, p, source)
        return X * (mask if train else 1.0) * scale(p, mode, train), mask

    _forward(name, family, what, how, wrong)


def _masked(
    name: str, family: str, what: str, how: str, mask_of: Callable[..., Any], kind: str = "value"
) -> None:
    """Register a forward that gets its mask wrongly: (X, p, rng_or_mask) -> mask."""

    def wrong(X: Any, p: float, mode: str, source: Any, train: bool) -> Any:
        mask = mask_of(X, p, source) if train else _drawn(X, p, source)
        return X * (mask if train else 1.0) * _right_scale(p, mode, train), mask

    _forward(name, family, what, how, wrong, kind)


def _when_drawn(make: Callable[..., Any]) -> Callable[..., Any]:
    """Use `make(X, p, rng)` where a mask is to be drawn; a given mask is taken as it is."""

    def mask_of(X: Any, p: float, source: Any) -> Any:
        return make(X, p, source) if isinstance(source, np.random.Generator) else np.array(source)

    return mask_of


# --- scale ---------------------------------------------------------------------------------------

_scaled(
    "inverted-scale-by-drop-share", "swap", "You divide by p_drop in inverted mode; p_drop is the share that is lost.",
    "Divide by the share that is kept, 1 - p_drop.",
    lambda p, mode, train: 1 / p if train and mode == "inverted" else _right_scale(p, mode, train),
)  # fmt: skip
_scaled(
    "inverted-not-scaled", "omission", "You do not scale in training in inverted mode, so the sums get smaller.",
    "In inverted mode divide what is kept by 1 - p_drop.",
    lambda p, mode, train: 1.0 if train else _right_scale(p, mode, train),
)  # fmt: skip
_scaled(
    "inverted-times-keep", "scale", "You multiply by 1 - p_drop in inverted mode where you should divide.",
    "Divide what is kept by 1 - p_drop: the mean stays as it was.",
    lambda p, mode, train: 1 - p if train and mode == "inverted" else _right_scale(p, mode, train),
)  # fmt: skip
_scaled(
    "double-rescale", "scale",
    "You scale in inverted mode twice: divided in training and multiplied by 1 - p_drop at test time.",
    "Inverted dropout has done its scaling in training; at test time return X unchanged.",
    lambda p, mode, train: _right_scale(p, mode, train) if train else 1 - p,
)  # fmt: skip
_scaled(
    "classic-scaled-in-training", "scale",
    "You divide by 1 - p_drop in training in classic mode as well, although it scales at test time.",
    "In classic mode Y = X * mask in training, without any factor.",
    lambda p, mode, train: 1 / (1 - p) if train else _right_scale(p, mode, train),
)  # fmt: skip
_scaled(
    "classic-not-scaled-at-test", "omission", "You do not scale at test time in classic mode: the sums get too large.",
    "In classic mode multiply X by 1 - p_drop at test time.",
    lambda p, mode, train: _right_scale(p, mode, train) if train else 1.0,
)  # fmt: skip
_scaled(
    "classic-test-by-drop-share", "swap", "You multiply by p_drop at test time; p_drop is the share that is lost.",
    "Multiply by the share that is kept, 1 - p_drop.",
    lambda p, mode, train: p if not train and mode == "classic" else _right_scale(p, mode, train),
)  # fmt: skip
_scaled(
    "classic-test-halved", "convention", "You halve at test time whatever p_drop is.",
    "Half is right for p_drop = 1/2 only: multiply by 1 - p_drop.",
    lambda p, mode, train: 0.5 if not train and mode == "classic" else _right_scale(p, mode, train),
)  # fmt: skip
_scaled(
    "modes-swapped", "swap", "You have exchanged the modes classic and inverted.",
    "inverted divides by 1 - p_drop in training, classic multiplies by 1 - p_drop at test time.",
    lambda p, mode, train: _right_scale(p, "classic" if mode == "inverted" else "inverted", train),
)  # fmt: skip
_scaled(
    "never-scaled", "omission", "You never scale, neither in training nor at test time.",
    "Divide by 1 - p_drop in training (inverted), or multiply by it at test time (classic).",
    lambda p, mode, train: 1.0,
)  # fmt: skip


def _by_drawn_share(X: Any, p: float, mode: str, source: Any, train: bool) -> Any:
    mask = _drawn(X, p, source)
    if train and mode == "inverted":
        return X * mask / np.mean(mask), mask
    return X * (mask if train else 1.0) * _right_scale(p, mode, train), mask


_forward(
    "inverted-scale-by-drawn-share", "scope",
    "You divide by the share of ones in the mask that was drawn, np.mean(mask).",
    "Divide by 1 - p_drop: what counts is the probability, not the share that chance gave this time.",
    _by_drawn_share,
)  # fmt: skip

# --- who is dropped, and when --------------------------------------------------------------------


def _by_chance(source: Any, train: bool) -> bool:
    """Tell whether dropping at test time depends on how the mask is drawn, so that no two codes agree."""
    return not train and isinstance(source, np.random.Generator)


def _always(X: Any, p: float, mode: str, source: Any, train: bool) -> Any:
    if _by_chance(source, train):
        return None
    mask = _drawn(X, p, source)
    return X * mask * _right_scale(p, mode, True), mask


def _drop_at_test_too(X: Any, p: float, mode: str, source: Any, train: bool) -> Any:
    if _by_chance(source, train):
        return None
    mask = _drawn(X, p, source)
    return X * mask * _right_scale(p, mode, train), mask


def _drop_and_scale_at_test_too(X: Any, p: float, mode: str, source: Any, train: bool) -> Any:
    if _by_chance(source, train):
        return None
    mask = _drawn(X, p, source)
    return X * mask * _right_scale(p, mode, train or mode == "inverted"), mask


def _train_read_wrongly(X: Any, p: float, mode: str, source: Any, train: bool) -> Any:
    mask = _drawn(X, p, source)
    return X * (1.0 if train else mask) * _right_scale(p, mode, not train), mask


def _scaled_mask(X: Any, p: float, mode: str, source: Any, train: bool) -> Any:
    mask = _drawn(X, p, source) * _right_scale(p, mode, True)
    return X * (mask if train else _right_scale(p, mode, train)), mask


def _in_place(X: Any, p: float, mode: str, source: Any, train: bool) -> Any:
    mask = _drawn(X, p, source)
    if not train:
        return X * _right_scale(p, mode, train), mask
    Y = X.reshape(-1)
    Y *= np.reshape(mask, -1)
    Y *= _right_scale(p, mode, train)
    return Y.reshape(X.shape), mask


def _x_itself(X: Any, p: float, mode: str, source: Any, train: bool) -> Any:
    mask = _drawn(X, p, source)
    X *= (mask if train else 1.0) * _right_scale(p, mode, train)
    return X, mask


def _two_sources(X: Any, p: float, mode: str, rng: Any = None, mask: Any = None, train: bool = True) -> Any:
    used = np.asarray(_drawn(X, p, rng if mask is None else mask), dtype=float)
    return X * (used if train else 1.0) * _right_scale(p, mode, train), used


def _other_mask(X: Any, p: float, mode: str, source: Any, train: bool) -> Any:
    mask = _drawn(X, p, source)
    return X * (mask if train else 1.0) * _right_scale(p, mode, train), np.logical_not(mask)


_forward(
    "train-ignored", "omission", "You drop and scale at test time exactly as in training.",
    "At test time nothing is dropped: return X, in classic mode times 1 - p_drop.",
    _always,
)  # fmt: skip
_forward(
    "drops-at-test-too", "omission", "You drop units at test time as well.",
    "At test time nothing is dropped: use the mask only if train is true.",
    _drop_at_test_too,
)  # fmt: skip

_forward(
    "drops-and-scales-at-test-too", "omission",
    "You drop units at test time as well, and scale them as in training (inverted) or as at test time (classic).",
    "At test time nothing is dropped: use the mask only if train is true.",
    _drop_and_scale_at_test_too,
)  # fmt: skip
_forward(
    "inverted-drops-at-test-too", "omission", "In inverted mode you drop and scale at test time as in training.",
    "At test time nothing is dropped, in either mode; inverted dropout then returns X as it is.",
    lambda X, p, mode, source, train: _always(X, p, mode, source, train)
    if train or mode == "inverted" else (X * (1 - p), _drawn(X, p, source)),
)  # fmt: skip
_forward(
    "train-and-test-exchanged", "swap", "You drop at test time and not in training.",
    "Drop where train is true.",
    _train_read_wrongly,
)  # fmt: skip
_forward(
    "mask-already-scaled", "convention",
    "You return the mask divided by 1 - p_drop; here the mask is asked for as zeros and ones.",
    "Return the mask of zeros and ones and scale Y by itself.",
    _scaled_mask,
)  # fmt: skip
_forward(
    "mask-returned-reversed", "swap", "You return what was dropped instead of what was kept.",
    "The mask is 1 where a unit is kept.",
    _other_mask,
)  # fmt: skip
_forward(
    "mask-not-returned", "omission", "You return Y only; the backward needs the mask.",
    "Return the pair (Y, mask).",
    lambda X, p, mode, source, train: X * (_drawn(X, p, source) if train else 1.0) * _right_scale(p, mode, train),
)  # fmt: skip
_forward(
    "dropout-forward-in-place", "scope",
    "In training you write into the caller's X: X[mask == 0] = 0, or *= on a view of it such as X.reshape(-1).",
    "Make a new array, Y = X * mask, or change a copy.",
    _in_place, "behaviour",
)  # fmt: skip
_forward(
    "dropout-changes-X", "scope", "You multiply X in place, so the caller's array changes.",
    "Make a new array: Y = X * mask.",
    _x_itself, "behaviour",
)  # fmt: skip
_forward(
    "keyword-rng-and-mask", "convention",
    "You ask for a generator and a mask as two arguments, so that train, the fifth one given, is taken for the mask.",
    "There is one argument for both: def dropout_forward(X, p_drop, mode, rng_or_mask, train).",
    _two_sources,
)  # fmt: skip
_masked(
    "mask-reversed", "swap", "You drop where the mask is 1 and keep where it is 0.",
    "The mask is 1 where a unit is kept: Y = X * mask.",
    lambda X, p, source: np.logical_not(_drawn(X, p, source)),
)  # fmt: skip
_masked(
    "mask-keeps-dropped", "swap", "You keep units with probability p_drop; that is the probability to lose them.",
    "Keep where rng.random(X.shape) >= p_drop.",
    _when_drawn(lambda X, p, rng: rng.random(X.shape) < p),
)  # fmt: skip
_masked(
    "mask-from-normal-numbers", "wrong-op", "You compare normal random numbers with p_drop; the share is another one.",
    "Draw uniform numbers between 0 and 1: rng.random(X.shape).",
    _when_drawn(lambda X, p, rng: rng.normal(size=X.shape) >= p),
)  # fmt: skip
_masked(
    "mask-always-half", "convention", "You keep half of the units whatever p_drop is.",
    "Keep where rng.random(X.shape) >= p_drop.",
    _when_drawn(lambda X, p, rng: rng.random(X.shape) >= 0.5),
)  # fmt: skip
_masked(
    "mask-reseeded", "scope", "You make a generator of your own with a fixed seed, so every mask is the same.",
    "Draw from the rng you are given.",
    _when_drawn(lambda X, p, rng: np.random.default_rng(0).random(X.shape) >= p),
)  # fmt: skip
_masked(
    "mask-same-for-all-examples", "scope", "You draw one number per unit and use it for all examples of the batch.",
    "Draw one number for every unit of every example: rng.random(X.shape).",
    _when_drawn(lambda X, p, rng: np.broadcast_to(rng.random(X.shape[1:]) >= p, X.shape)),
)  # fmt: skip
_masked(
    "mask-drops-whole-examples", "scope", "You draw one number per example and drop whole examples.",
    "Draw one number for every unit of every example: rng.random(X.shape).",
    _when_drawn(lambda X, p, rng: np.broadcast_to(rng.random((len(X), 1)) >= p, X.shape)),
)  # fmt: skip
_masked(
    "given-mask-ignored", "omission", "You draw a mask also where you are given one.",
    "If the fourth argument is an array, it is the mask: use it as it is.",
    lambda X, p, source: _drawn(
        X, p, source if isinstance(source, np.random.Generator) else np.random.default_rng(0)),
)  # fmt: skip
_masked(
    "mask-global-random", "scope",
    "You draw the mask with numpy's global generator instead of the one you are given.",
    "Nobody can repeat such a run: use rng.random(X.shape).",
    _when_drawn(lambda X, p, _rng: np.random.rand(*X.shape) >= p), "behaviour",  # noqa: NPY002
)  # fmt: skip

# --- the way back --------------------------------------------------------------------------------


def _backward(
    name: str, family: str, what: str, how: str, wrong: Callable[..., Any], kind: str = "value"
) -> None:
    """Register a wrong backward: (dY, mask, p_drop, mode) -> dX."""
    instead("dropout_backward", name, family, what, how, lambda _right, *args: wrong(*args), kind)


def _through(name: str, family: str, what: str, how: str, scale: Callable[[float, str], float]) -> None:
    _backward(name, family, what, how, lambda dY, mask, p, mode: dY * mask * scale(p, mode))


def _write_dy(dY: Any, mask: Any, p: float, mode: str) -> Any:
    dY *= mask
    dY *= _right_scale(p, mode, True)
    return dY


_through(
    "backward-not-scaled", "omission", "Your gradient lacks the factor 1 / (1 - p_drop) of inverted mode.",
    "What scales the value scales its gradient: divide by 1 - p_drop in inverted mode.",
    lambda p, mode: 1.0,
)  # fmt: skip
_through(
    "backward-scale-by-drop-share", "swap", "You divide the gradient by p_drop; that is the share that is lost.",
    "Divide by the share that is kept, 1 - p_drop.",
    lambda p, mode: 1 / p if mode == "inverted" else 1.0,
)  # fmt: skip
_through(
    "backward-times-keep", "scale", "You multiply the gradient by 1 - p_drop in inverted mode where you should divide.",
    "Scale the gradient as the forward scales the value: divide by 1 - p_drop.",
    lambda p, mode: 1 - p if mode == "inverted" else 1.0,
)  # fmt: skip
_through(
    "backward-classic-scaled", "scale", "You divide the gradient by 1 - p_drop in classic mode, too.",
    "Classic dropout does not scale in training, so its gradient is dY * mask.",
    lambda p, mode: 1 / (1 - p),
)  # fmt: skip
_through(
    "backward-classic-times-keep", "scale", "You multiply the gradient by 1 - p_drop in classic mode.",
    "That factor belongs to the test time; in training the gradient is dY * mask.",
    lambda p, mode: _right_scale(p, mode, True) if mode == "inverted" else 1 - p,
)  # fmt: skip
_through(
    "backward-modes-swapped", "swap", "You have exchanged the modes classic and inverted.",
    "Divide by 1 - p_drop in inverted mode only.",
    lambda p, mode: 1 / (1 - p) if mode == "classic" else 1.0,
)  # fmt: skip
_through(
    "backward-scaled-twice", "scale", "You divide the gradient by 1 - p_drop twice.",
    "The mask is unscaled: divide once, in inverted mode.",
    lambda p, mode: _right_scale(p, mode, True) ** 2,
)  # fmt: skip
_backward(
    "backward-mask-forgotten", "omission", "You pass the gradient to units that were dropped.",
    "Multiply by the mask of the forward pass.",
    lambda dY, mask, p, mode: dY * _right_scale(p, mode, True),
)  # fmt: skip
_backward(
    "backward-mask-reversed", "swap", "You pass the gradient to the dropped units and not to those that were kept.",
    "The mask is 1 where a unit was kept: multiply by it.",
    lambda dY, mask, p, mode: dY * np.logical_not(mask) * _right_scale(p, mode, True),
)  # fmt: skip
_backward(
    "backward-new-mask", "scope",
    "You draw a new mask in the backward, with numpy's global generator; other units than before get the gradient.",
    "Use the mask you are given: the gradient takes the way the value took.",
    lambda dY, mask, p, mode: dY
    * (np.random.rand(*dY.shape) >= p)  # noqa: NPY002 - the misbehaviour itself
    * _right_scale(p, mode, True),
    "behaviour",
)  # fmt: skip
_backward(
    "backward-new-mask-seeded", "scope",
    "You draw a new mask in the backward; other units than before get the gradient.",
    "Use the mask you are given: the gradient takes the way the value took.",
    lambda dY, mask, p, mode: dY * (np.random.default_rng(0).random(dY.shape) >= p) * _right_scale(p, mode, True),
)  # fmt: skip
_backward(
    "backward-dY-changed", "scope", "You multiply dY in place, so the caller's array changes.",
    "Make a new array: dX = dY * mask.",
    _write_dy, "behaviour",
)  # fmt: skip
