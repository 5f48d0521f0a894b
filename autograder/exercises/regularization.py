"""Write what keeps a network from over-fitting: weight decay, dropout, ensembles, early stopping, varied images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograder.exercises import GIVE_BACK, Functions, Implementation, Trial, exercise, repeated, same_object
from autograder.sandbox._script import Call, Handle, Rng

TOPIC = "regularization"


# --- what a right submission holds ---------------------------------------------------------------


def l2_update(w: Any, g: Any, lr: float, lam: float) -> np.ndarray:
    """Step on C = C0 + lam sum w^2, whose gradient is g + 2 lam w."""
    return w - lr * (g + 2 * lam * w)


def dropout_forward(X: Any, p_drop: float, mode: str, rng_or_mask: Any, train: bool) -> tuple[Any, Any]:
    """Drop in training; "inverted" divides by the keep share there, "classic" multiplies by it at test time."""
    keep = 1 - p_drop
    drawn = isinstance(rng_or_mask, np.random.Generator)
    mask = rng_or_mask.random(np.shape(X)) >= p_drop if drawn else np.array(rng_or_mask)
    if train:
        return X * mask / (keep if mode == "inverted" else 1.0), mask
    return X * (keep if mode == "classic" else 1.0), mask


def dropout_backward(dY: Any, mask: Any, p_drop: float, mode: str) -> Any:
    """Pass the gradient where the forward passed the value, scaled alike."""
    return dY * mask / (1 - p_drop if mode == "inverted" else 1.0)


def vote(preds: Any, C: int) -> np.ndarray:
    """Take the label most voters give; the smallest one on a tie."""
    return np.argmax([np.sum(preds == c, axis=0) for c in range(C)], axis=0)


def average_probs(P: Any) -> np.ndarray:
    """Take the class whose mean probability over the networks is largest."""
    return np.argmax(np.mean(P, axis=0), axis=1)


def early_stopping(val: Any, patience: int) -> tuple[int, int]:
    """Stop after `patience` epochs in a row without a new lowest loss."""
    best = 0
    for epoch in range(len(val)):
        if val[epoch] < val[best]:
            best = epoch
        if epoch - best == patience:
            return epoch, best
    return len(val) - 1, best


def diagnose(train_acc: Any, val_acc: Any, thresholds: Mapping[str, float]) -> str:
    """Read the last epoch: a large gap is over-fitting, else a low training accuracy is under-fitting."""
    if train_acc[-1] - val_acc[-1] > thresholds["gap"]:
        return "overfitting"
    return "underfitting" if train_acc[-1] < thresholds["low"] else "good"


def augment(X: Any, rng: np.random.Generator) -> np.ndarray:
    """Mirror each image with probability 1/2, then move it by -1, 0 or 1 pixel per axis, zeros moving in."""
    rows, columns = X.shape[2:]
    made = np.zeros_like(X)
    for n in range(len(X)):
        image = X[n, :, :, ::-1] if rng.random() < 0.5 else X[n]
        down, right = rng.integers(-1, 2, size=2)
        wide = np.pad(image, ((0, 0), (1, 1), (1, 1)))
        made[n] = wide[:, 1 - down : 1 - down + rows, 1 - right : 1 - right + columns]
    return made


def _functions(_impl: Implementation) -> Functions:
    functions = (
        l2_update, dropout_forward, dropout_backward, vote, average_probs, early_stopping, diagnose, augment,
    )  # fmt: skip
    return {f.__name__: f for f in functions}


# --- weight decay --------------------------------------------------------------------------------


def _decay_trials(rng: np.random.Generator) -> Sequence[Trial]:
    def call(w: Any, g: Any, lr: float, lam: float, layout: str = "C", **more: Any) -> Call:
        return Call("l2_update", (w, g, lr, lam), layouts={"*": layout}, **more)

    w, g = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    lecture = call(np.array([1.0, -2.0]), np.array([0.5, 0.0]), 0.1, 0.05)
    rows: list[tuple[Any, ...]] = [
        ("a vector", "five weights", rng.normal(size=5), rng.normal(size=5), 0.2, 0.3, "C"),
        ("a vector", "another learning rate", rng.normal(size=3), rng.normal(size=3), 0.7, 0.1, "readonly"),
        ("a matrix", "3 x 4 weights", w, g, 0.3, 0.4, "F"),
        ("a matrix", "a strong penalty", w, g, 0.1, 2.0, "strided"),
        ("no penalty", "lambda = 0", w, g, 0.3, 0.0, "C"),
        ("no data", "no gradient but the penalty's", w, 0 * g, 0.3, 0.4, "C"),
    ]
    return [
        Trial("two weights", (lecture,), "worked example", public=True),
        *(Trial(name, (call(*row),), group) for group, name, *row in rows),
        repeated("the same call twice", call(w, g, 0.3, 0.4)),
        same_object(
            "one array, changed in between",
            lambda x, save, show: call(x, g, 0.3, 0.4, save=save, show="all" if show is None else show),
            w,
        ),
    ]


exercise(
    "l2_update", title="A step with weight decay", topic=TOPIC, op=None, functions=_functions, trials=_decay_trials,
    results=("w_new",),
)  # fmt: skip


# --- dropout -------------------------------------------------------------------------------------

_X, _MASK = np.array([[1.0, -2.0, 3.0, 4.0]]), np.array([[True, False, False, True]])
_DY = np.array([[1.0, 1.0, 1.0, -2.0]])


def _mask(rng: np.random.Generator, shape: tuple[int, ...], p_drop: float) -> np.ndarray:
    mask = rng.random(shape) >= p_drop
    mask.flat[:4] = True, False, True, False
    return mask


def _forward(x: Any, p: float, mode: str, source: Any, train: bool, layout: str = "C", **more: Any) -> Call:
    more.setdefault(
        "show", "all" if train else (0,)
    )  # which mask is returned at test time is nobody's business
    return Call("dropout_forward", (x, p, mode, source, train), layouts={"args[0]": layout}, **more)


def _forward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = [
        Trial(f"four units, {mode}", (_forward(_X, 0.5, mode, _MASK, True),), "worked example", public=True)
        for mode in ("classic", "inverted")
    ]
    for mode in ("classic", "inverted"):
        for name, shape, p, layout in (
            ("two axes", (3, 4), 0.25, "C"), ("images", (2, 2, 3, 2), 0.4, "strided"), ("one axis", (6,), 0.7, "F"),
        ):  # fmt: skip
            x = rng.normal(size=shape) + 3.0
            mask = _mask(rng, shape, p)
            made.append(Trial(name, (_forward(x, p, mode, mask, True, layout),), f"{mode}, training"))
            made.append(Trial(name, (_forward(x, p, mode, mask, False, layout),), f"{mode}, test"))
        all_kept = _forward(rng.normal(size=(2, 3)) + 3.0, 0.0, mode, np.ones((2, 3)), True)
        made.append(Trial("nothing to drop", (all_kept,), f"{mode}, training"))
        made += [_drawn_trial(rng, mode, p) for p in (0.2, 0.5, 0.6)]
        idle = _forward(rng.normal(size=(4, 3)) + 3.0, 0.3, mode, Rng(7), False)
        made.append(Trial("a generator, not needed here", (idle,), f"{mode}, test"))
    x, mask = rng.normal(size=(3, 4)), _mask(rng, (3, 4), 0.4)
    call = _forward(x, 0.4, "inverted", mask, True)
    first = _forward(x, 0.4, "inverted", mask, True, save="first", show="none")
    second = _forward(x + 1.0, 0.4, "inverted", ~mask, True, show="none")
    held = Trial(
        "another batch in between", (first, second, Call(GIVE_BACK, (Handle("first"),))), "same result twice", (2,),
        "behaviour",
    )  # fmt: skip
    return [*made, repeated("the same call twice", call), held]


def _drawn_trial(rng: np.random.Generator, mode: str, p: float) -> Trial:
    """Draw masks with two generators of one seed and one of another; a rule tells whether they are right."""
    # once so many that a share a few hundredths off shows, and so wide that no two examples are alike by chance
    x = rng.normal(size=(50, 100) if (mode, p) == ("inverted", 0.5) else (20, 25)) + 3.0
    first, second = (int(s) for s in rng.integers(1, 2**31, size=2))
    calls = tuple(_forward(x, p, mode, Rng(s), True) for s in (first, first, second))
    facts = {
        "rule": "dropout_drawn",
        "x": x,
        "p_drop": p,
        "scale": 1 / (1 - p) if mode == "inverted" else 1.0,
    }
    return Trial(f"a mask drawn with p_drop = {p}", calls, f"{mode}, drawn mask", (0, 1, 2), facts=facts)


def _backward(dy: Any, mask: Any, p: float, mode: str, layout: str = "C", **more: Any) -> Call:
    return Call("dropout_backward", (dy, mask, p, mode), layouts={"args[0]": layout}, **more)


def _backward_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = [
        Trial(f"four units, {mode}", (_backward(_DY, _MASK, 0.5, mode),), "worked example", public=True)
        for mode in ("classic", "inverted")
    ]
    for mode in ("classic", "inverted"):
        for name, shape, p, layout in (
            ("two axes", (3, 4), 0.25, "C"), ("images", (2, 2, 3, 2), 0.4, "strided"), ("one axis", (6,), 0.7, "F"),
        ):  # fmt: skip
            call = _backward(rng.normal(size=shape), _mask(rng, shape, p), p, mode, layout)
            made.append(Trial(name, (call,), mode))
    dy, mask = rng.normal(size=(3, 4)), _mask(rng, (3, 4), 0.4)
    between = (
        _forward(rng.normal(size=(3, 4)), 0.4, "inverted", ~mask, True, show="none"),
        _backward(dy, mask, 0.4, "inverted"),
    )
    other = Trial(
        "another batch went forward in between", between, "independent of other calls", (1,), "behaviour"
    )
    return [*made, repeated("the same call twice", _backward(dy, mask, 0.4, "inverted")), other]


exercise(
    "dropout_forward", title="Dropout, forward", topic=TOPIC, op=None, functions=_functions, trials=_forward_trials,
    results=("Y", "mask"),
)  # fmt: skip
exercise(
    "dropout_backward", title="Dropout, backward", topic=TOPIC, op=None, part="backward", functions=_functions,
    trials=_backward_trials, results=("dX",), needs=("dropout_forward",),
)  # fmt: skip


# --- ensembles -----------------------------------------------------------------------------------


def _vote_trials(rng: np.random.Generator) -> Sequence[Trial]:
    def call(columns: Any, C: int, layout: str = "C") -> Call:
        return Call("vote", (np.array(columns).T, C), layouts={"*": layout})

    clear = [[0, 2, 2, 2, 1], [3, 3, 0, 3, 0], [1, 1, 0, 2, 1], [3, 0, 0, 0, 3]]
    ties = [[2, 1, 1, 2], [3, 0, 3, 0], [3, 2, 1, 0], [1, 3, 3, 1], [2, 2, 1, 1], [3, 1, 1, 3]]
    middle = [[0, 0, 3], [3, 0, 0], [3, 1, 3]]
    mixed = [list(rng.permutation(column)) for column in clear[:3]]
    return [
        Trial("five networks, one example", (call([[0, 1, 1, 2, 1]], 3),), "worked example", public=True),
        Trial("four examples", (call(clear, 4),), "a clear majority"),
        Trial("three examples", (call(mixed, 5, "F"),), "a clear majority"),
        Trial("labels far apart", (call(middle, 4, "strided"),), "a clear majority"),
        Trial("as many examples as voters", (call([*ties[1:4], clear[3][:4]], 4),), "ties"),
        Trial("six examples", (call([ties[i] for i in rng.permutation(6)], 4, "readonly"),), "ties"),
        Trial("one voter", (call([[2], [0], [3], [1]], 4),), "one voter"),
        repeated("the same call twice", call(clear, 4)),
    ]


_NARROW = np.array([[0.50, 0.45, 0.05], [0.50, 0.45, 0.05], [0.05, 0.90, 0.05]])
_BOLD = np.array([[0.90, 0.098, 0.002], [0.30, 0.65, 0.05], [0.20, 0.75, 0.05]])
_VETO = np.array([[0.001, 0.80, 0.199], [0.90, 0.05, 0.05], [0.70, 0.20, 0.10]])


def _probability_trials(rng: np.random.Generator) -> Sequence[Trial]:
    def call(tables: Any, layout: str = "C") -> Call:
        order = rng.permutation(3)
        turned = [table[:, rng.permutation(3)][order] for table in tables]
        near = np.stack(turned, axis=1) * rng.uniform(0.999, 1.001, size=(3, 1, 1))
        return Call("average_probs", (near / near.sum(axis=2, keepdims=True),), layouts={"*": layout})

    lecture = Call("average_probs", (np.stack([_NARROW, _BOLD], axis=1),))
    return [
        Trial("three networks, two examples", (lecture,), "worked example", public=True),
        Trial("two examples", (call([_NARROW, _BOLD], "F"),), "several examples"),
        Trial("four examples", (call([_BOLD, _VETO, _NARROW, _VETO], "strided"),), "several examples"),
        Trial("as many examples as networks", (call([_VETO, _BOLD, _NARROW], "readonly"),), "equal sizes"),
        Trial("one example", (call([_NARROW]),), "one example"),
        repeated("the same call twice", call([_NARROW, _VETO])),
    ]


exercise(
    "vote", title="The majority of an ensemble", topic=TOPIC, op=None, functions=_functions, trials=_vote_trials,
    results=("y",),
)  # fmt: skip
exercise(
    "average_probs", title="The mean of an ensemble", topic=TOPIC, op=None, functions=_functions,
    trials=_probability_trials, results=("y",),
)  # fmt: skip


# --- reading curves ------------------------------------------------------------------------------

_LECTURE = np.array([1.0, 0.7, 0.5, 0.55, 0.45, 0.46, 0.48, 0.5])
_CURVES = (
    ("stopped", "a better epoch after the stop", (9, 7, 5, 6, 8, 1, 2), 2),
    ("stopped", "many bumps", (9, 8, 8.5, 7, 7.5, 6, 6.5, 6.2, 6.1, 3), 3),
    ("stopped", "falling again, but not below the best", (5, 4, 6, 5.5, 5, 4.5, 4.2, 1), 4),
    ("stopped", "at the last epoch", (5, 4, 3, 4, 5), 2),
    ("stopped", "the first epoch is the best", (1, 2, 3, 4, 5), 3),
    ("stopped", "small drops far above the best", (5, 2, 6, 4, 7, 8, 9), 3),
    ("stopped", "tiny improvements", (5, 4, 3.99999, 3.99998, 3.99997, 4, 4.1, 3), 2),
    ("stopped", "losses of thousands", (9e4, 7e4, 5e4, 6e4, 8e4, 1e4, 2e4), 2),
    ("equal losses", "a plateau is no improvement", (5, 4, 4, 4, 4, 3), 3),
    ("equal losses", "the best comes again", (5, 4, 6, 4, 6, 3), 3),
    ("never stopped", "always better", (6, 5, 4, 3, 2), 2),
    ("never stopped", "one epoch short of stopping", (6, 5, 2, 3, 4), 3),
    ("never stopped", "one epoch", (2,), 1),
    ("patience", "patience 1", (4, 3, 3.5, 1), 1),
    ("patience", "more patience than epochs", (4, 3, 5, 6, 7), 9),
)


def _stopping_trials(rng: np.random.Generator) -> Sequence[Trial]:
    def call(val: Any, patience: int, layout: str = "C") -> Call:
        return Call("early_stopping", (val, patience), layouts={"*": layout})

    made = [Trial(f"patience {p}", (call(_LECTURE, p),), "worked example", public=True) for p in (1, 2)]
    for group, name, val, patience in _CURVES:
        scaled = np.array(val) * rng.uniform(0.1, 0.3) + rng.uniform(0.1, 0.5)
        made.append(Trial(name, (call(scaled, patience),), group))
    odd = (call(np.array(_LECTURE) * 0.5, 2, "strided"), call(np.array(_LECTURE) * 0.5, 1, "readonly"))
    made.append(Trial("an array that is a view, or may not be written to", odd, "patience", judged=(0, 1)))
    return [*made, repeated("the same call twice", call(_LECTURE, 2))]


exercise(
    "early_stopping", title="Early stopping with patience", topic=TOPIC, op=None, functions=_functions,
    trials=_stopping_trials, results=("stop_epoch", "best_epoch"),
)  # fmt: skip

_RUNS = (
    ("over-fitting", "a growing gap", (0.50, 0.80, 0.95), (0.50, 0.66, 0.70)),
    ("over-fitting", "a gap at a low accuracy", (0.40, 0.55, 0.65), (0.38, 0.42, 0.41)),
    ("over-fitting", "a gap in the last epoch only", (0.60, 0.80, 0.99), (0.60, 0.79, 0.75)),
    ("under-fitting", "both low", (0.30, 0.45, 0.52), (0.29, 0.44, 0.50)),
    ("under-fitting", "once high, low in the end", (0.85, 0.60, 0.55), (0.84, 0.60, 0.54)),
    ("good", "no gap at a high accuracy", (0.60, 0.85, 0.93), (0.61, 0.83, 0.91)),
    ("good", "a gap that closes", (0.75, 0.90, 0.95), (0.50, 0.80, 0.91)),
    ("good", "better on the validation data", (0.50, 0.70, 0.80), (0.55, 0.80, 0.95)),
    ("good", "validation just below the limit", (0.50, 0.70, 0.72), (0.50, 0.66, 0.67)),
)


def _diagnosis_trials(rng: np.random.Generator) -> Sequence[Trial]:
    limits = {"gap": 0.1, "low": 0.7}

    def call(train: Any, val: Any, thresholds: Any = limits) -> Call:
        return Call("diagnose", (np.array(train), np.array(val), thresholds))

    made = []
    for group, name, train, val in _RUNS:
        jitter = rng.uniform(-0.005, 0.005)
        made.append(Trial(name, (call(np.array(train) + jitter, np.array(val) + jitter),), group))
    strict, loose, exact = {"gap": 0.01, "low": 0.7}, {"gap": 0.1, "low": 0.95}, {"gap": 0.25, "low": 0.75}
    return [
        Trial("a large gap", (call((0.6, 0.8, 0.99), (0.6, 0.72, 0.68)),), "worked example", public=True),
        *made,
        Trial("a strict gap", (call((0.6, 0.85, 0.93), (0.6, 0.83, 0.90), strict),), "other thresholds"),
        Trial("a high demand", (call((0.6, 0.85, 0.93), (0.6, 0.83, 0.90), loose),), "other thresholds"),
        Trial(
            "exactly the gap allowed",
            (call((0.5, 0.75, 0.875), (0.5, 0.6875, 0.625), exact),),
            "at the limits",
        ),
        Trial(
            "exactly the accuracy asked for",
            (call((0.5, 0.6875, 0.75), (0.5, 0.625, 0.6875), exact),),
            "at the limits",
        ),
    ]


exercise(
    "diagnose", title="Read the curves of a training run", topic=TOPIC, op=None, functions=_functions,
    trials=_diagnosis_trials, results=("label",),
)  # fmt: skip


# --- varied images -------------------------------------------------------------------------------


def _augment_trials(rng: np.random.Generator) -> Sequence[Trial]:
    made = []
    for group, shape, layout in (
        ("colour images", (24, 3, 5, 4), "strided"),
        ("square images", (24, 2, 4, 4), "C"),
        ("how often", (240, 1, 3, 4), "C"),
    ):
        x = rng.uniform(0.1, 1.0, size=shape)
        seeds = [int(s) for s in rng.integers(1, 2**31, size=2)]
        calls = tuple(
            Call("augment", (x, Rng(s)), layouts={"args[0]": layout}) for s in (seeds[0], seeds[0], seeds[1])
        )
        made.append(Trial(f"a batch of {shape[0]}", calls, group, (0, 1, 2), facts={"x": x}))
    return made


exercise(
    "augment", title="Vary the training images", topic=TOPIC, op=None, functions=_functions, trials=_augment_trials,
    results=("X",), rule="augmented",
)  # fmt: skip
