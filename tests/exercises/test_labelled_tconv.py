"""Transposed, dilated and causal convolution as students write them: labelled files, more right and wrong ones."""

import functools
import json
from pathlib import Path

import numpy as np
import pytest

from autograder.checks import judge
from autograder.sandbox import Cell, Limits, Sandbox
from autograder.verdicts import verdicts

FILES = sorted((Path(__file__).parents[1] / "data" / "submissions" / "tconv").glob("*.py"))
EXERCISES = ("conv_transpose", "conv_transpose_backward", "dilated_conv", "causal_conv1d")
# Where the label's words and ours differ: the mistakes that say the same.
SAME = {
    "flipped-both-ways": {"kernel-flipped"},
    "overwrite": {"overlap-overwrites", "overlap-overwrites-channel-by-channel"},
    "dilated-no-bias": {"bias-forgotten"},
}
ENDLESS = "exponential-recursion"
PARTS = range(3)


def label_of(path):
    return json.loads(path.read_text(encoding="utf-8").splitlines()[0].removeprefix("#"))


def functions_of(path):
    namespace = {"__name__": "student"}
    exec(compile(path.read_text(encoding="utf-8"), "<cell 1>", "exec"), namespace)
    if label_of(path)["bug"] == ENDLESS:
        del namespace["causal_conv1d"]
    return namespace


def expected_wrong(label):
    if label["verdict"] == "borderline":
        return set() if label["recommend"] == "right" else set(label["strict_wrong"])
    return set(label["functions_wrong"])


def lost(judged, functions, part, exercises=EXERCISES):
    """Return the exercises that lose marks, with the names given to what is wrong."""
    found = {e: judged(e, functions, part=part) for e in exercises if e in functions}
    return {e: set(f.names) for e, f in found.items() if f.points < 10 - 1e-6}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_marks_are_lost_on_exactly_the_functions_labelled(path, judged):
    functions, label = functions_of(path), label_of(path)
    for part in PARTS:
        assert set(lost(judged, functions, part)) == expected_wrong(label) - (
            {"causal_conv1d"} if label["bug"] == ENDLESS else set()
        ), part


def test_most_bugs_are_named_as_labelled(judged):
    told = []
    for path in FILES:
        label = label_of(path)
        if expected_wrong(label) and label["bug"] != ENDLESS:
            names = set().union(*lost(judged, functions_of(path), 0).values())
            told += [bool(names & (SAME.get(bug, set()) | {bug})) for bug in label["bug"].split("+")]
    assert np.mean(told) >= 0.8, told


def test_a_recursion_that_never_ends_is_stopped_and_told(make_key_of):
    path, key = next(p for p in FILES if label_of(p)["bug"] == ENDLESS), make_key_of("causal_conv1d")
    with Sandbox(limits=Limits(seconds=1.5), allow_weak=True) as box:
        evidence = box.run([Cell(1, path.read_text(encoding="utf-8"))], {"causal_conv1d": key.script(0)})
    judgement = judge(key, 0, evidence.questions["causal_conv1d"])
    found = verdicts(judgement, key.title, 10.0)
    assert sum(v.points for v in found) < 10
    assert "timeout" in {o.status for o in judgement.outcomes}
    told = next(v for v in found if v.status == "wrong")
    assert "`causal_conv1d` did not finish in time" in told.message


# --- right in other styles -----------------------------------------------------------------------


def as_a_matrix():
    def conv_transpose(X, W, b, s, p, output_padding=0):
        N, C, H, V = X.shape
        F, k = W.shape[1], W.shape[3]
        P, Q = ((n - 1) * s - 2 * p + k + output_padding for n in (H, V))
        M = np.zeros((C, H, V, F, P, Q))
        for i, j, r, q in np.ndindex(H, V, P, Q):
            u, v = r + p - i * s, q + p - j * s
            if 0 <= u < k and 0 <= v < k:
                M[:, i, j, :, r, q] = W[:, :, u, v]
        Y = (X.reshape(N, -1) @ M.reshape(C * H * V, -1)).reshape(N, F, P, Q)
        return Y + b[:, None, None], M

    def conv_transpose_backward(dY, M):
        raise NotImplementedError

    return {"conv_transpose": conv_transpose}


def through_fourier():
    def conv_transpose(X, W, b, s, p, output_padding=0):
        k = W.shape[2]
        size = [(n - 1) * s + k + output_padding for n in X.shape[2:]]
        up = np.zeros((*X.shape[:2], *size))
        up[:, :, : (X.shape[2] - 1) * s + 1 : s, : (X.shape[3] - 1) * s + 1 : s] = X
        product = np.einsum("ncij,cfij->nfij", np.fft.rfft2(up), np.fft.rfft2(W, s=size))
        Y = np.fft.irfft2(product, s=size)
        return Y[:, :, p : size[0] - p, p : size[1] - p] + b.reshape(-1, 1, 1)

    return {"conv_transpose": conv_transpose, "conv_transpose_via_conv": conv_transpose}


def zeros_between_then_a_convolution():
    def conv_transpose_via_conv(X, W, b, s, p, output_padding=0):
        k, (N, C, H, V) = W.shape[-1], X.shape
        wide = np.zeros((N, C, (H - 1) * s + 1, (V - 1) * s + 1))
        wide[:, :, ::s, ::s] = X
        front, back = k - 1, k - 1 + output_padding
        framed = np.pad(wide, ((0, 0), (0, 0), (front, back), (front, back)))
        windows = np.lib.stride_tricks.sliding_window_view(framed, (k, k), (2, 3))
        Y = np.einsum("ncijuv,cfuv->nfij", windows, np.rot90(W, 2, (2, 3)))
        return Y[:, :, p : Y.shape[2] - p, p : Y.shape[3] - p] + b[None, :, None, None], "no cache"

    return {"conv_transpose_via_conv": conv_transpose_via_conv, "conv_transpose": conv_transpose_via_conv}


def list_with_a_cache():
    def conv_transpose(X, W, b, s, p, output_padding=0):
        F, k = W.shape[1], W.shape[2]
        H, V = ((n - 1) * s + k + output_padding for n in X.shape[2:])
        rows, cols = (np.add.outer(s * np.arange(n), np.arange(k)) for n in X.shape[2:])
        index = rows[:, None, :, None] * V + cols[None, :, None, :]
        stamps = np.einsum("ncij,cfuv->nfijuv", X, W)
        full = np.zeros((len(X), F, H * V))
        for n, f in np.ndindex(len(X), F):
            np.add.at(full[n, f], index.ravel(), stamps[n, f].ravel())
        full = full.reshape(len(X), F, H, V)[:, :, p : H - p, p : V - p]
        return [full + b[:, None, None], (X.copy(), W.copy(), index, p, (H, V))]

    def conv_transpose_backward(dY, cache):
        X, W, index, p, (H, V) = cache
        framed = np.zeros((*dY.shape[:2], H, V))
        framed[:, :, p : H - p, p : V - p] = dY
        read = framed.reshape(*dY.shape[:2], -1)[:, :, index]
        return [
            np.einsum("nfijuv,cfuv->ncij", read, W),
            np.einsum("nfijuv,ncij->cfuv", read, X),
            dY.sum((0, 2, 3)),
        ]

    return {"conv_transpose": conv_transpose, "conv_transpose_backward": conv_transpose_backward}


def spread_with_kron():
    def dilated_conv(X, W, b, s, p, d, flip=False):
        if flip:
            W = np.rot90(W, k=2, axes=(2, 3))
        dot = np.zeros((d, d))
        dot[0, 0] = 1
        wide = np.kron(W, dot)[:, :, : 1 + d * (W.shape[2] - 1), : 1 + d * (W.shape[3] - 1)]
        X = np.pad(X, [(0, 0)] * 2 + [(p, p)] * 2)
        k = wide.shape[-1]
        P, Q = 1 + (X.shape[2] - k) // s, 1 + (X.shape[3] - k) // s
        return np.array(
            [
                [
                    [
                        [np.vdot(x[:, i * s : i * s + k, j * s : j * s + k], w) + a for j in range(Q)]
                        for i in range(P)
                    ]
                    for w, a in zip(wide, b)
                ]
                for x in X
            ]
        ).astype(np.float32)

    return {"dilated_conv": dilated_conv}


def dilated_by_columns():
    def dilated_conv(X, W, b, s, p, d, flip=False):
        F, _, k, _ = W.shape
        X = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
        P, Q = ((n - d * (k - 1) - 1) // s + 1 for n in X.shape[2:])
        taps = [(u, v) for u in range(k) for v in range(k)]
        columns = np.stack(
            [X[:, :, u * d : u * d + s * P : s, v * d : v * d + s * Q : s][:, :, :P, :Q] for u, v in taps]
        )
        kernel = np.stack([W[:, :, k - 1 - u, k - 1 - v] if flip else W[:, :, u, v] for u, v in taps])
        return np.einsum("tncij,tfc->nfij", columns, kernel) + b.reshape(1, F, 1, 1)

    return {"dilated_conv": dilated_conv}


def causal_in_one_line():
    return {
        "causal_conv1d": lambda x, w, d: sum(
            w[-1 - m] * np.concatenate([np.zeros(min(m * d, len(x))), x[: max(len(x) - m * d, 0)]])
            for m in range(len(w))
        )
    }


def causal_with_memory():
    def causal_conv1d(x, w, d):
        @functools.cache
        def past(t):
            return float(x[t]) if t >= 0 else 0.0

        def output(t):
            before = output(t - 1) if t else []
            return [*before, sum(w[len(w) - 1 - m] * past(t - m * d) for m in range(len(w)))]

        return output(len(x) - 1)

    return {"causal_conv1d": causal_conv1d}


def causal_through_fourier():
    def causal_conv1d(x, w, d):
        n = len(x) + len(w) * d
        taps = np.zeros(n)
        taps[: len(w) * d : d] = w[::-1]
        return np.fft.irfft(np.fft.rfft(x, n) * np.fft.rfft(taps), n)[: len(x)]

    return {"causal_conv1d": causal_conv1d}


RIGHT = (
    as_a_matrix,
    through_fourier,
    zeros_between_then_a_convolution,
    list_with_a_cache,
    spread_with_kron,
    dilated_by_columns,
    causal_in_one_line,
    causal_with_memory,
    causal_through_fourier,
)


@pytest.mark.parametrize("style", RIGHT, ids=lambda s: s.__name__)
def test_other_right_styles_get_full_marks(style, judged):
    for part in PARTS:
        assert lost(judged, style(), part, (*EXERCISES, "conv_transpose_via_conv")) == {}


def test_without_a_cache_the_optional_backward_is_not_judged_but_costs_nothing_elsewhere(judged):
    found = judged(
        "conv_transpose_backward", through_fourier() | {"conv_transpose_backward": lambda dY, cache: cache}
    )
    assert found.points == 0
    assert not [v for v in found.verdicts if v.status == "wrong"]


# --- wrong in other ways -------------------------------------------------------------------------


def stamped(
    add=lambda old, new: old + new, crop=None, kernel=lambda W: W, bias=True, extra=lambda e: e, after=None
):
    def conv_transpose(X, W, b, s, p, output_padding=0):
        (N, _, H, V), (_, F, k, _) = X.shape, W.shape
        more = extra(output_padding)
        full = np.zeros((N, F, (H - 1) * s + k + more, (V - 1) * s + k + more))
        for i, j in np.ndindex(H, V):
            place = (slice(None), slice(None), slice(i * s, i * s + k), slice(j * s, j * s + k))
            full[place] = add(full[place], np.einsum("nc,cfuv->nfuv", X[:, :, i, j], kernel(W)))
        Y = crop(full, p) if crop else full[:, :, p : full.shape[2] - p, p : full.shape[3] - p]
        Y = Y + b[:, None, None] if bias else Y
        return after(X, W, Y) if after else Y

    return conv_transpose


def turn(X, W, Y):
    W[...] = W[..., ::-1, ::-1].copy()
    return Y


STAMPED = {
    "overlap-overwrites": stamped(add=lambda old, new: new),
    "maximum-over-overlaps": stamped(add=lambda old, new: np.where(old == 0, new, np.maximum(old, new))),
    "kernel-flipped": stamped(kernel=lambda W: W[..., ::-1, ::-1]),
    "kernel-transposed": stamped(kernel=lambda W: W.swapaxes(-1, -2)),
    "bias-forgotten": stamped(bias=False),
    "output-padding-ignored": stamped(extra=lambda e: 0),
    "crop-forgotten": stamped(crop=lambda full, p: full),
    "crop-minus-p-zero": stamped(crop=lambda full, p: full[:, :, p:-p, p:-p]),
    "crop-top-left-only": stamped(crop=lambda full, p: full[:, :, p:, p:]),
    "crop-bottom-right": stamped(
        crop=lambda full, p: full[:, :, : full.shape[2] - 2 * p, : full.shape[3] - 2 * p]
    ),
    "kernel turned in place": stamped(after=turn),
    "one dimension too few": stamped(after=lambda X, W, Y: Y[0]),
    "result of ones": stamped(after=lambda X, W, Y: np.ones_like(Y)),
}


@pytest.mark.parametrize("fault", STAMPED)
def test_wrong_stamps_lose_marks_and_known_faults_are_named(fault, judged):
    for part in PARTS:
        found = lost(judged, {"conv_transpose": STAMPED[fault]}, part)
        assert set(found) == {"conv_transpose"}
        assert found["conv_transpose"] == ({fault} if "-" in fault else set())


def test_an_error_in_some_cases_is_told_with_its_line(judged):
    def picky(X, W, b, s, p, output_padding=0):
        if s > 1:
            raise ValueError("only stride 1")
        return stamped()(X, W, b, s, p, output_padding)

    found = judged("conv_transpose", {"conv_transpose": picky})
    assert 0 < found.points < 10
    assert any(v.status == "wrong" and "ValueError" in v.message for v in found.verdicts)


def test_a_result_that_is_no_array_is_told(judged):
    for result in (None, 3.0, "Y", [], (), {}, (None, None)):
        found = judged("conv_transpose", {"conv_transpose": lambda *a, r=result, **k: r})
        assert found.points == 0, result
        assert found.verdicts[0].message


def dilated(kernel=lambda W, flip: W[..., ::-1, ::-1] if flip else W, gap=lambda d: d, bias=True):
    right = dilated_by_columns()["dilated_conv"]

    def dilated_conv(X, W, b, s, p, d, flip=False):
        return right(X, kernel(W, flip), b if bias else 0 * b, s, p, gap(d))

    return dilated_conv


DILATED = {
    "flip-ignored": dilated(kernel=lambda W, flip: W),
    "flip-left-right-only": dilated(kernel=lambda W, flip: np.flip(W, 3) if flip else W),
    "flip-up-down-only": dilated(kernel=lambda W, flip: np.flip(W, 2) if flip else W),
    "flip-turns-by-90": dilated(kernel=lambda W, flip: np.rot90(W, axes=(2, 3)) if flip else W),
    "flip-all-axes": dilated(kernel=lambda W, flip: np.flip(W) if flip else W),
    "kernel-flipped-forward": dilated(kernel=lambda W, flip: W if flip else np.flip(W, (2, 3))),
    "dilation-ignored-everywhere": dilated(gap=lambda d: 1),
    "bias-forgotten": dilated(bias=False),
}


@pytest.mark.parametrize("fault", DILATED)
def test_wrong_dilations_lose_marks_and_known_faults_are_named(fault, judged):
    for part in PARTS:
        assert lost(judged, {"dilated_conv": DILATED[fault]}, part) == {"dilated_conv": {fault}}


def taps(x, w, d, before=0.0, order=1):
    padded = np.concatenate([np.full((len(w) - 1) * d, before), x])
    return sum(weight * padded[j * d : j * d + len(x)] for j, weight in enumerate(w[::order]))


def doubling(x, w, d):
    y = taps(x, w, d)
    x *= 2
    return y


CAUSAL = {
    "reversed-taps": lambda x, w, d: taps(x, w, d, order=-1),
    "dilation-ignored": lambda x, w, d: taps(x, w, 1),
    "first-sample-repeated": lambda x, w, d: taps(x, w, d, before=x[0]),
    "reads-the-future": lambda x, w, d: taps(x[::-1], w, d, order=-1)[::-1],
    "negative-index-wraps": lambda x, w, d: np.array(
        [sum(w[j] * x[(t - (len(w) - 1 - j) * d) % len(x)] for j in range(len(w))) for t in range(len(x))]
    ),
    "valid-only": lambda x, w, d: taps(x, w, d)[(len(w) - 1) * d :],
    "mean-over-taps": lambda x, w, d: taps(x, w, d) / len(w),
    "signal changed": doubling,
    "a column": lambda x, w, d: taps(x, w, d)[:, None],
    "rounded": lambda x, w, d: np.round(taps(x, w, d), 4),
}


@pytest.mark.parametrize("fault", CAUSAL)
def test_wrong_signals_lose_marks_and_known_faults_are_named(fault, judged):
    for part in PARTS:
        found = lost(judged, {"causal_conv1d": CAUSAL[fault]}, part)
        assert found == {"causal_conv1d": {fault} if "-" in fault else set()}
