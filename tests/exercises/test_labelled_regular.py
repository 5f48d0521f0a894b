"""Regularization as students write it: labelled files, further right styles, further wrong variants."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

FILES = sorted((Path(__file__).parents[1] / "data" / "submissions" / "regular").glob("*.py"))
EXERCISES = ("l2_update", "dropout_forward", "dropout_backward", "vote", "early_stopping")
BUGS = {
    "scale-one-over-p-both": {"inverted-scale-by-drop-share", "backward-scale-by-drop-share"},
    "scale-and-axis": {"inverted-scale-by-drop-share", "vote-wrong-axis"},
}
# What the notes of the borderline files leave to the text of the exercise: the mask is asked for as zeros and
# ones, so one that is scaled already is wrong, and so is a backward that relies on it.
BORDERLINE = {
    "mask-already-scaled": {"dropout_forward", "dropout_backward"},
    "keyword-rng-and-mask": {"dropout_forward"},
}
PARTS = range(3)


def label_of(path):
    return json.loads(path.read_text(encoding="utf-8").splitlines()[0].removeprefix("#"))


def functions_of(path):
    namespace = {"__name__": "student"}
    exec(compile(path.read_text(encoding="utf-8"), "<cell 1>", "exec"), namespace)
    return namespace


def lost(judged, functions, part, exercises=EXERCISES):
    """Return the exercises that lose marks, with the names given to what is wrong."""
    found = {e: judged(e, functions, part=part) for e in exercises if e in functions}
    return {e: set(f.names) for e, f in found.items() if f.points < 10 - 1e-6}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_marks_are_lost_on_exactly_the_functions_labelled(path, judged):
    functions, label = functions_of(path), label_of(path)
    assert set(EXERCISES) <= set(functions)
    wanted = BORDERLINE[label["bug"]] if label["verdict"] == "borderline" else set(label["functions_wrong"])
    for part in PARTS:
        assert set(lost(judged, functions, part)) == wanted, part


@pytest.mark.parametrize(
    "path", [p for p in FILES if label_of(p)["verdict"] == "wrong"], ids=lambda p: p.stem
)
def test_the_bug_is_named_as_labelled(path, judged):
    label = label_of(path)
    names = set().union(*lost(judged, functions_of(path), 0).values())
    assert BUGS.get(label["bug"], {label["bug"]}) <= names


# --- right in other styles -----------------------------------------------------------------------


def choices():
    def dropout_forward(X, p_drop, mode, source, train):
        if isinstance(source, np.random.Generator):
            mask = source.choice([0, 1], size=X.shape, p=[p_drop, 1 - p_drop])
        else:
            mask = source
        if not train:
            return (X if mode == "inverted" else X * (1 - p_drop)), None
        return X * mask * (1 / (1 - p_drop) if mode == "inverted" else 1), mask

    return {"dropout_forward": dropout_forward}


def masked_arrays():
    def dropout_forward(X, p_drop, mode, source, train):
        kept = np.asarray(source, dtype=bool) if hasattr(source, "shape") else source.random(X.shape) > p_drop
        Y = np.array(X)
        if train:
            Y[~kept] = 0
        if train and mode == "inverted":
            Y /= 1 - p_drop
        elif not train and mode == "classic":
            Y -= p_drop * Y
        return [Y, kept.astype(int)]

    def dropout_backward(dY, mask, p_drop, mode):
        dX = np.zeros_like(dY)
        dX[mask] = dY[mask]
        return dX if mode == "classic" else dX / (1 - p_drop)

    return {"dropout_forward": dropout_forward, "dropout_backward": dropout_backward}


def plain_loops():
    def l2_update(w, g, lr, lam):
        flat = [a - lr * b - 2 * lr * lam * a for a, b in zip(w.ravel(), g.ravel())]
        return np.array(flat).reshape(w.shape)

    def vote(preds, C):
        winners = []
        for column in zip(*preds):
            counts = Counter(int(c) for c in column)
            winners.append(max(range(C), key=lambda c, counts=counts: (counts[c], -c)))
        return winners

    def early_stopping(val, patience):
        waited, best, at, epoch = 0, float("inf"), None, -1
        while waited < patience and epoch + 1 < len(val):
            epoch += 1
            if val[epoch] < best:
                best, at, waited = val[epoch], epoch, 0
            else:
                waited += 1
        return [np.int64(epoch), at]

    return {"l2_update": l2_update, "vote": vote, "early_stopping": early_stopping}


def linear_algebra():
    def l2_update(w, g, lr, lam):
        return np.multiply(w, 1 - 2 * lam * lr) + -lr * g

    def vote(preds, C):
        votes = np.zeros((preds.shape[1], C), dtype=int)
        np.add.at(votes, (np.arange(preds.shape[1])[None, :], preds), 1)
        return votes.argmax(axis=-1)

    def average_probs(P):
        return np.einsum("knc->nc", P).argmax(-1)

    return {"l2_update": l2_update, "vote": vote, "average_probs": average_probs}


def early_returns():
    def early_stopping(val, patience):
        for stop in range(patience, len(val)):
            before = min(val[: stop - patience + 1])
            if all(v >= before for v in val[stop - patience + 1 : stop + 1]):
                return stop, list(val).index(before)
        return len(val) - 1, list(val).index(min(val))

    def diagnose(train_acc, val_acc, thresholds):
        low = train_acc[len(train_acc) - 1] < thresholds["low"]
        gap = train_acc[-1] > val_acc[-1] + thresholds["gap"]
        return "overfitting" if gap else ("underfitting" if low else "good")

    return {"early_stopping": early_stopping, "diagnose": diagnose}


def shifting_by_slices():
    def augment(X, rng):
        out = np.zeros(X.shape)
        N, _, H, W = X.shape
        flips = rng.integers(0, 2, N)
        shifts = rng.integers(-1, 1, (N, 2), endpoint=True)
        for n in range(N):
            image = np.fliplr(X[n].transpose(1, 2, 0)).transpose(2, 0, 1) if flips[n] else X[n]
            i, j = shifts[n]
            for a in range(H):
                for b in range(W):
                    if 0 <= a - i < H and 0 <= b - j < W:
                        out[n, :, a, b] = image[:, a - i, b - j]
        return out

    return {"augment": augment}


STYLES = (choices, masked_arrays, plain_loops, linear_algebra, early_returns, shifting_by_slices)


@pytest.mark.parametrize("style", STYLES, ids=lambda s: s.__name__)
def test_other_right_styles_get_full_marks(style, judged):
    for part in PARTS:
        assert lost(judged, style(), part, style()) == {}, part


# --- wrong in other ways -------------------------------------------------------------------------


def in_place_mask(X, p_drop, mode, source, train):
    mask = source.random(X.shape) >= p_drop if hasattr(source, "random") else source
    if train:
        X *= mask
        return (X / (1 - p_drop) if mode == "inverted" else X), mask
    return X * (1 - p_drop if mode == "classic" else 1.0), mask


def swapped_modes(X, p_drop, mode, source, train):
    return masked_arrays()["dropout_forward"](
        X, p_drop, {"classic": "inverted"}.get(mode, "classic"), source, train
    )


def draws_per_unit(X, p_drop, mode, source, train):
    if hasattr(source, "random"):
        source = np.ones(X.shape, dtype=bool) & (source.random(X.shape[-1]) >= p_drop)
    return masked_arrays()["dropout_forward"](X, p_drop, mode, source, train)


def dropped_at_test(X, p_drop, mode, source, train):
    return masked_arrays()["dropout_forward"](X, p_drop, mode, source, True)


def never_drops(X, p_drop, mode, source, train):
    _, mask = masked_arrays()["dropout_forward"](X, p_drop, mode, source, train)
    return X * (1 - p_drop if mode == "classic" and not train else 1.0), mask


def overwrites_dy(dY, mask, p_drop, mode):
    dY[~np.asarray(mask, dtype=bool)] = 0
    return dY / (1 - p_drop) if mode == "inverted" else dY


def stops_at_bump(val, patience):
    for e in range(1, len(val)):
        if val[e] > val[e - 1]:
            return e, e - 1
    return len(val) - 1, int(np.argmin(val))


def wraps(X, rng):
    out = np.zeros_like(X)
    for n in range(len(X)):
        image = X[n, :, :, ::-1] if rng.random() < 0.5 else X[n]
        out[n] = np.roll(image, tuple(rng.integers(-1, 2, 2)), axis=(1, 2))
    return out


WRONG = {
    "X in place": ({"dropout_forward": in_place_mask}, None),
    "modes exchanged": ({"dropout_forward": swapped_modes}, "modes-swapped"),
    "one mask for all": ({"dropout_forward": draws_per_unit}, "mask-same-for-all-examples"),
    "always training": ({"dropout_forward": dropped_at_test}, "train-ignored"),
    "nothing dropped": ({"dropout_forward": never_drops}, None),
    "dY in place": ({"dropout_backward": overwrites_dy}, None),
    "no mask": ({"dropout_backward": lambda dY, mask, p, mode: dY / (1 - p) if mode == "inverted" else dY},
                "backward-mask-forgotten"),
    "half the decay": ({"l2_update": lambda w, g, lr, lam: w - lr * (g + lam * w)}, "l2-factor-2-missing"),
    "decay without rate": ({"l2_update": lambda w, g, lr, lam: (1 - 2 * lam) * w - lr * g},
                           "l2-learning-rate-on-data-only"),
    "rounded mean": ({"vote": lambda preds, C: np.round(np.mean(preds, axis=0)).astype(int)}, "vote-mean-rounded"),
    "last of the most common": (
        {"vote": lambda preds, C: np.array([Counter(c.tolist()).most_common(1)[0][0] for c in preds.T])},
        "vote-tie-first-voter"),
    "votes of the networks": (
        {"average_probs": lambda P: np.array([np.bincount(c).argmax() for c in P.argmax(2).T])}, "average-is-vote"),
    "first bump": ({"early_stopping": stops_at_bump}, None),
    "accuracy": ({"early_stopping": lambda val, p: plain_loops()["early_stopping"](-val, p)},
                 "early-stopping-maximises"),
    "no gap is bad": ({"diagnose": lambda t, v, limits: "overfitting" if t[-1] - v[-1] > limits["gap"] else
                       "underfitting"}, "diagnose-no-gap-is-underfitting"),
    "rolled images": ({"augment": wraps}, "augment-wraps-around"),
    "the batch alike": ({"augment": lambda X, rng: X[:, :, :, ::-1] if rng.random() < 0.5 else X.copy()}, None),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_other_wrong_variants_lose_marks(what, judged):
    functions, name = WRONG[what]
    (exercise,) = functions
    for part in PARTS:
        found = judged(exercise, functions, part=part)
        assert found.points < 10 - 1e-6, part
        assert name is None or name in found.names, (part, found.names)


def test_a_drawn_mask_is_judged_by_its_properties_not_by_its_numbers(judged):
    """Every honest way to draw passes with many seeds; the share kept may vary as chance has it."""
    for seed in range(1, 6):
        assert judged("dropout_forward", choices(), seed).points == pytest.approx(10)
