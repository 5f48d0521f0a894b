"""Pooling as students write it: labelled files, further right styles, further wrong variants."""

import json
from pathlib import Path

import numpy as np
import pytest

FILES = sorted((Path(__file__).parents[1] / "data" / "submissions" / "pool").glob("*.py"))
EXERCISES = ("maxpool_forward", "maxpool_backward", "avgpool_forward", "avgpool_backward", "max_unpool")
PARTS = range(3)


def label_of(path):
    return json.loads(path.read_text(encoding="utf-8").splitlines()[0].removeprefix("#"))


def functions_of(path):
    namespace = {"__name__": "student"}
    exec(compile(path.read_text(encoding="utf-8"), "<cell 1>", "exec"), namespace)
    return namespace


def expected_wrong(label):
    if label["verdict"] == "borderline":
        return set() if label["recommend"] == "right" else set(label["strict_wrong"])
    return set(label["functions_wrong"])


def lost(judged, functions, part):
    """Return the exercises that lose marks, with the names given to what is wrong."""
    found = {e: judged(e, functions, part=part) for e in EXERCISES if e in functions}
    return {e: set(f.names) for e, f in found.items() if f.points < 10 - 1e-6}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_marks_are_lost_on_exactly_the_functions_labelled(path, judged):
    functions, label = functions_of(path), label_of(path)
    assert {e for e in EXERCISES if e in functions} == set(EXERCISES)
    for part in PARTS:
        assert set(lost(judged, functions, part)) == expected_wrong(label), part


def test_most_bugs_are_named_as_labelled(judged):
    told = []
    for path in FILES:
        label = label_of(path)
        if expected_wrong(label):
            names = set().union(*lost(judged, functions_of(path), 0).values())
            # Two faults in one function give results that are neither's own.
            told += [bug in names for bug in label["bug"].split("+")]
    assert np.mean(told) >= 0.8, told


def test_positions_as_floats_and_float32_are_right_with_a_note(judged):
    for name, exercise, word in (
        ("argmax-as-float", "maxpool_forward", "float"),
        ("float32-average", "avgpool_forward", "float32"),
    ):
        path = next(p for p in FILES if name in p.name)
        found = judged(exercise, functions_of(path))
        assert any(word in v.message for v in found.verdicts)


# --- right in other styles -----------------------------------------------------------------------


def views():
    def windows(X, k, s):
        N, C, H, W = X.shape
        a, b, c, d = X.strides
        shape = (N, C, (H - k) // s + 1, (W - k) // s + 1, k, k)
        return np.lib.stride_tricks.as_strided(X, shape, (a, b, c * s, d * s, c, d), writeable=False)

    def maxpool_forward(X, k, s):
        V = windows(X, k, s)
        hits = V.max(axis=(4, 5), keepdims=True) == V
        first = hits.reshape(*V.shape[:4], -1).argmax(-1)
        i, j = np.indices(first.shape)[2:]
        return V.max((4, 5)), np.stack((i * s + first // k, j * s + first % k), 4).astype(np.uint8)

    def maxpool_backward(dY, argmax, shape):
        onehot = (np.arange(shape[2])[:, None] == argmax[..., None, None, 0]) & (
            np.arange(shape[3]) == argmax[..., None, None, 1]
        )
        return np.einsum("ncij,ncijrq->ncrq", dY, onehot)

    return {
        "maxpool_forward": maxpool_forward,
        "maxpool_backward": maxpool_backward,
        "avgpool_forward": lambda X, k, s: (np.mean(windows(X, k, s), (4, 5)), [X.shape, k, s]),
    }


def from_the_last_to_the_first():
    def maxpool_forward(X, k, s):
        N, C, H, W = X.shape
        Y, where = {}, {}
        for n in reversed(range(N)):
            for c in reversed(range(C)):
                for i in reversed(range((H - k) // s + 1)):
                    for j in reversed(range((W - k) // s + 1)):
                        for u in reversed(range(k)):
                            for v in reversed(range(k)):
                                value = X[n, c, i * s + u, j * s + v]
                                if (n, c, i, j) not in Y or value >= Y[n, c, i, j]:
                                    Y[n, c, i, j], where[n, c, i, j] = value, (i * s + u, j * s + v)
        shape = tuple(1 + max(k[a] for k in Y) for a in range(4))
        return np.array([Y[k] for k in sorted(Y)]).reshape(shape), np.array(
            [where[k] for k in sorted(Y)]
        ).reshape(*shape, 2)

    def maxpool_backward(dY, argmax, shape):
        dX = np.zeros(shape).tolist()
        for n, c, i, j in np.ndindex(dY.shape):
            r, q = argmax[n, c, i, j].tolist()
            dX[n][c][r][q] += float(dY[n, c, i, j])
        return dX

    return {"maxpool_forward": maxpool_forward, "maxpool_backward": maxpool_backward}


def by_sorting():
    def maxpool_forward(X, k, s):
        N, C, H, W = X.shape
        P, Q = 1 + (H - k) // s, 1 + (W - k) // s
        rows = np.add.outer(s * np.arange(P), np.arange(k))
        cols = np.add.outer(s * np.arange(Q), np.arange(k))
        cut = X[:, :, rows[:, None, :, None], cols[None, :, None, :]].reshape(N, C, P, Q, k * k)
        order = np.argsort(-cut, axis=-1, kind="stable")[..., 0]
        r = np.take_along_axis(
            np.broadcast_to(rows[:, None, :, None], (P, Q, k, k))
            .reshape(1, 1, P, Q, -1)
            .repeat(N, 0)
            .repeat(C, 1),
            order[..., None],
            -1,
        )
        q = np.take_along_axis(
            np.broadcast_to(cols[None, :, None, :], (P, Q, k, k))
            .reshape(1, 1, P, Q, -1)
            .repeat(N, 0)
            .repeat(C, 1),
            order[..., None],
            -1,
        )
        return [np.sort(cut, -1)[..., -1], np.concatenate([r, q], -1)]

    return {"maxpool_forward": maxpool_forward}


def average_by_convolution():
    def avgpool_forward(X, k, s):
        size = X.shape[2:]
        kernel = np.zeros(size)
        kernel[:k, :k] = 1 / k**2
        F = np.fft.rfft2(X) * np.fft.rfft2(kernel).conj()
        full = np.fft.irfft2(F, s=size)
        return full[:, :, : size[0] - k + 1 : s, : size[1] - k + 1 : s], (size, k, s)

    def avgpool_backward(dY, cache):
        (H, W), k, s = cache
        up = np.zeros((*dY.shape[:2], H, W))
        up[:, :, : s * dY.shape[2] : s, : s * dY.shape[3] : s] = dY
        return sum(np.roll(up, (u, v), (2, 3)) for u in range(k) for v in range(k)) / k / k

    return {"avgpool_forward": avgpool_forward, "avgpool_backward": avgpool_backward}


def average_by_matrices():
    class Cache:
        pass

    def avgpool_forward(X, k, s):
        cache = Cache()
        cache.A, cache.B = (
            np.array([[float(i * s <= r < i * s + k) for r in range(n)] for i in range((n - k) // s + 1)])
            for n in X.shape[2:]
        )
        cache.k2 = k**2
        return np.einsum("ir,jq,ncrq->ncij", cache.A, cache.B, X) / cache.k2, cache

    return {
        "avgpool_forward": avgpool_forward,
        "avgpool_backward": lambda dY, c: np.einsum("ir,jq,ncij->ncrq", c.A, c.B, dY) / c.k2,
    }


def unpool_as_backward():
    def max_unpool(Z, argmax, shape):
        X = np.zeros(int(np.prod(shape)))
        n, c = np.ogrid[: shape[0], : shape[1]]
        np.add.at(
            X,
            np.ravel_multi_index(
                (
                    n[..., None, None] + 0 * argmax[..., 0],
                    c[..., None, None] + 0 * argmax[..., 0],
                    *np.moveaxis(argmax, -1, 0),
                ),
                shape,
            ),
            Z,
        )
        return X.reshape(shape).astype(np.float32)

    return {"max_unpool": max_unpool}


def unpool_as_lists():
    def max_unpool(Z, argmax, shape):
        N, C, H, W = shape
        hit = {(n, c, *argmax[n, c, i, j].tolist()): Z[n, c, i, j] for n, c, i, j in np.ndindex(Z.shape)}
        return [
            [[[hit.get((n, c, r, q), 0) for q in range(W)] for r in range(H)] for c in range(C)]
            for n in range(N)
        ]

    return {"max_unpool": max_unpool}


RIGHT = (
    views,
    from_the_last_to_the_first,
    by_sorting,
    average_by_convolution,
    average_by_matrices,
    unpool_as_backward,
    unpool_as_lists,
)


@pytest.mark.parametrize("style", RIGHT, ids=lambda s: s.__name__)
def test_other_right_styles_get_full_marks(style, judged):
    for part in PARTS:
        assert lost(judged, style(), part) == {}


# --- wrong in other ways -------------------------------------------------------------------------


def maximum(pick=max, start=None, place=lambda i, j, u, v, s: (i * s + u, j * s + v), sizes=None, after=None):
    """A plain right max pooling with pieces to exchange."""

    def maxpool_forward(X, k, s):
        N, C, H, W = X.shape
        P, Q = sizes(H, W, k, s) if sizes else ((H - k) // s + 1, (W - k) // s + 1)
        Y, argmax = np.zeros((N, C, P, Q)), np.zeros((N, C, P, Q, 2), int)
        for n, c, i, j in np.ndindex(N, C, P, Q):
            spots = [(u, v) for u in range(k) for v in range(k) if i * s + u < H and j * s + v < W]
            u, v = pick(spots, key=lambda spot: X[n, c, i * s + spot[0], j * s + spot[1]])
            Y[n, c, i, j], argmax[n, c, i, j] = X[n, c, i * s + u, j * s + v], place(i, j, u, v, s)
        return after(X, Y, argmax) if after else (Y, argmax)

    return maxpool_forward


def last_of_equal(spots, key):
    return max(reversed(spots), key=key)


def clear_input(X, Y, argmax):
    X[...] = -np.inf
    return Y, argmax


KEPT = {}


def one_buffer(X, Y, argmax):
    buffer = KEPT.setdefault(Y.shape, np.empty_like(Y))
    buffer[...] = Y
    return buffer, argmax


MAXIMUM = {
    "ties-last-wins": maximum(last_of_equal),
    "minimum-for-maximum": maximum(min),
    "argmax-without-stride": maximum(place=lambda i, j, u, v, s: (i + u, j + v)),
    "argmax-column-first": maximum(place=lambda i, j, u, v, s: (j * s + v, i * s + u)),
    "argmax-one-based": maximum(place=lambda i, j, u, v, s: (i * s + u + 1, j * s + v + 1)),
    "argmax-flat": maximum(after=lambda X, Y, a: (Y, a[..., 0] * X.shape[-1] + a[..., 1])),
    "argmax-missing": maximum(after=lambda X, Y, a: Y),
    "partial-windows-kept": maximum(sizes=lambda H, W, k, s: (-(-(H - k) // s) + 1, -(-(W - k) // s) + 1)),
    "size-from-every-start": maximum(sizes=lambda H, W, k, s: (-(-H // s), -(-W // s))),
    "zero-start-right-positions": maximum(after=lambda X, Y, a: (Y.clip(0), a)),
    "input cleared": maximum(after=clear_input),
    "one buffer for all": maximum(after=one_buffer),
    "positions as one string": maximum(after=lambda X, Y, a: (Y, str(a.tolist()))),
}


@pytest.mark.parametrize("fault", MAXIMUM)
def test_wrong_maxima_lose_marks_and_known_faults_are_named(fault, judged):
    for part in PARTS:
        found = lost(judged, {"maxpool_forward": MAXIMUM[fault]}, part)
        assert set(found) == {"maxpool_forward"}
        assert found["maxpool_forward"] == ({fault} if "-" in fault else set())


def fancy_plus_equals(dY, argmax, shape):
    dX = np.zeros(shape)
    n, c = np.indices(dY.shape)[:2]
    dX[n, c, argmax[..., 0], argmax[..., 1]] += dY
    return dX


def ones(dY, argmax, shape):
    return views()["maxpool_backward"](np.ones(dY.shape), argmax, shape)


def swapped(dY, argmax, shape):
    return views()["maxpool_backward"](dY, argmax[..., ::-1], shape)


def shape_of_result(dY, argmax, shape):
    return views()["maxpool_backward"](dY, argmax, shape)[:, :, : dY.shape[2], : dY.shape[3]]


def positions_changed(dY, argmax, shape):
    argmax[..., 0] *= shape[3]
    flat = argmax.sum(-1)
    X = np.zeros((*shape[:2], shape[2] * shape[3]))
    for n, c, i, j in np.ndindex(dY.shape):
        X[n, c, flat[n, c, i, j]] += dY[n, c, i, j]
    return X.reshape(shape)


def whole_numbers(dY, argmax, shape):
    X = np.zeros(shape, int)
    for n, c, i, j in np.ndindex(dY.shape):
        X[(n, c, *argmax[n, c, i, j])] += int(dY[n, c, i, j])
    return X


BACK = {
    ("maxpool_backward", "overlap-overwrites"): fancy_plus_equals,
    ("maxpool_backward", "upstream-gradient-ignored"): ones,
    ("maxpool_backward", "only the size of dY"): shape_of_result,
    ("maxpool_backward", "positions changed"): positions_changed,
    ("maxpool_backward", "whole numbers"): whole_numbers,
    ("maxpool_backward", "columns first"): swapped,
    ("maxpool_backward", "nothing for one window"): lambda dY, argmax, shape: (
        np.zeros(shape) if dY.size == 1 else views()["maxpool_backward"](dY, argmax, shape)
    ),
    ("max_unpool", "unpool-top-left"): lambda Z, a, shape: (
        np.kron(Z, np.eye(1, 4).reshape(2, 2))
        if shape[2] == 2 * Z.shape[2] and shape[3] == 2 * Z.shape[3]
        else bed(Z, shape)
    ),
    ("max_unpool", "ones-at-positions"): lambda Z, a, shape: unpool_as_backward()["max_unpool"](
        np.ones_like(Z), a, shape
    ).astype(float),
    ("max_unpool", "positions-of-first-channel"): lambda Z, a, shape: unpool_as_backward()["max_unpool"](
        Z, a[:, :1] + 0 * a, shape
    ),
    ("max_unpool", "rest not zero"): lambda Z, a, shape: np.where(
        (X := unpool_as_backward()["max_unpool"](Z, a, shape)) == 0, np.nan, X
    ),
}


def bed(Z, shape):
    X = np.zeros(shape)
    step = shape[2] // Z.shape[2], shape[3] // Z.shape[3]
    for i, j in np.ndindex(Z.shape[2:]):
        X[:, :, i * step[0], j * step[1]] = Z[:, :, i, j]
    return X


@pytest.mark.parametrize(("exercise", "fault"), BACK)
def test_wrong_ways_back_lose_marks_and_known_faults_are_named(exercise, fault, judged):
    for part in PARTS:
        found = lost(judged, {exercise: BACK[exercise, fault]}, part)
        assert set(found) == {exercise}
        assert fault in found[exercise] or "-" not in fault
