"""Programs that take a shortcut lose marks; right ones of the same kind, oddly written, do not."""

import functools

import numpy as np
import pytest

from autograder.checks import judge
from autograder.exercises import EXERCISES
from autograder.keymaking import make_key, play_all
from autograder.sandbox._script import Source
from autograder.verdicts import verdicts


@functools.cache
def key_of(exercise):
    return make_key(EXERCISES[exercise], lambda i: np.random.default_rng([6, i]), sets=2)


def points(exercise, functions):
    key = key_of(exercise)
    truth = {**EXERCISES[exercise].truth(), **functions}
    return min(
        sum(v.points for v in verdicts(judge(key, s, play_all(key, s, truth)), key.title, 10.0))
        for s in range(len(key.sets))
    )


# --- results of an earlier call ------------------------------------------------------------------


def one_buffer(function):
    """Write the arrays of every result into one output for each shape."""
    kept = {}

    def keep(value, place=()):
        if isinstance(value, np.ndarray) and value.ndim:
            out = kept.setdefault((place, value.shape), np.empty(value.shape))
            out[...] = value
            return out
        if isinstance(value, (tuple, list)):
            return type(value)(keep(v, (*place, i)) for i, v in enumerate(value))
        return value

    return lambda *args, **kwargs: keep(function(*args, **kwargs))


def once_for_a_shape(function):
    kept = {}

    def call(*args, **kwargs):
        shapes = tuple(a.shape if isinstance(a, np.ndarray) else None for a in args)
        if shapes not in kept:
            kept[shapes] = function(*args, **kwargs)
        return kept[shapes]

    return call


@pytest.mark.parametrize(
    "exercise",
    ["corr2d", "conv2d_true", "conv_backward", "local_backward", "svm_loss", "softmax_loss", "bce_loss", "l2_penalty"],
)  # fmt: skip
def test_an_output_shared_by_all_calls_is_seen(exercise):
    right = EXERCISES[exercise].truth()[exercise]
    assert points(exercise, {}) == pytest.approx(10)
    assert points(exercise, {exercise: one_buffer(right)}) < 10 - 1e-6


@pytest.mark.parametrize("exercise", ["linear_scores", "corr2d", "dense_backward"])
def test_a_result_remembered_for_a_shape_is_seen(exercise):
    right = EXERCISES[exercise].truth()[exercise]
    assert points(exercise, {exercise: once_for_a_shape(right)}) < 10 - 1e-6


@pytest.mark.parametrize("set_index", range(2))
def test_no_bound_of_the_hinge_loss_is_near_its_values(set_index):
    for trial in key_of("svm_loss").sets[set_index]:
        for values, bounds in zip(trial.expected, trial.allowed32, strict=True):
            pairs = zip(values, bounds, strict=True) if isinstance(values, tuple) else [(values, bounds)]
            for value, bound in pairs:
                assert bound <= 1e-3 * (1 + np.abs(value).max())


# --- what is left to chance ----------------------------------------------------------------------


def batches(order, batch):
    return [order[i : i + batch] for i in range(0, len(order), batch)]


def partly(how):
    def ordered(N, rng):
        order = np.arange(N)
        how(order, rng)
        return order

    return ordered


def swap_one(order, rng):
    i, j = rng.choice(len(order), size=2, replace=False)
    order[[i, j]] = order[[j, i]]


HALF = partly(lambda order, rng: rng.shuffle(order[: len(order) // 2]))
ALL_BUT_THE_FIRST = partly(lambda order, rng: rng.shuffle(order[1:]))
ONE_PAIR = partly(swap_one)


@pytest.mark.parametrize(
    "ordered", [HALF, ALL_BUT_THE_FIRST, ONE_PAIR], ids=["half", "not the first", "one pair"]
)
def test_shuffling_a_part_is_not_shuffling(ordered):
    def minibatches(N, batch, rng):
        return batches(ordered(N, rng), batch)

    def kfold_indices(R, k, rng):
        return np.array_split(ordered(R, rng), k)

    def train_test_split(R, frac, rng):
        order, held = ordered(R, rng), round(R * frac)
        return order[held:], order[:held]

    for wrong in (minibatches, kfold_indices, train_test_split):
        assert points(wrong.__name__, {wrong.__name__: wrong}) < 10 - 1e-6, wrong.__name__


def test_an_example_that_is_never_tested_is_seen():
    def train_test_split(R, frac, rng):
        test = rng.permutation(R - 1)[: round(R * frac)]
        return np.setdiff1d(np.arange(R), test), test

    assert points("train_test_split", {"train_test_split": train_test_split}) < 10 - 1e-6


def test_parts_may_be_sorted():
    def minibatches(N, batch, rng):
        return [np.sort(b) for b in batches(rng.permutation(N), batch)]

    def kfold_indices(R, k, rng):
        parts = rng.permutation(np.arange(R) % k)
        return [np.flatnonzero(parts == f) for f in range(k)]

    def train_test_split(R, frac, rng):
        test = np.sort(rng.choice(R, size=round(R * frac), replace=False))
        return np.setdiff1d(np.arange(R), test), test

    for right in (minibatches, kfold_indices, train_test_split):
        assert points(right.__name__, {right.__name__: right}) == pytest.approx(10), right.__name__


def test_a_set_is_no_array_of_indices():
    def train_test_split(R, frac, rng):
        order, held = rng.permutation(R).tolist(), round(R * frac)
        return set(order[held:]), set(order[:held])

    assert points("train_test_split", {"train_test_split": train_test_split}) < 1


def dropout_with(draw):
    def dropout_forward(X, p_drop, mode, rng_or_mask, train):
        given = isinstance(rng_or_mask, np.ndarray)
        mask = rng_or_mask if given else draw(rng_or_mask, X.shape, p_drop)
        if not train:
            return (X if mode == "inverted" else X * (1 - p_drop)), mask
        return (X * mask / (1 - p_drop) if mode == "inverted" else X * mask), mask

    return {"dropout_forward": dropout_forward}


def pairs(rng, shape, p):
    half = rng.random((-(-shape[0] // 2), *shape[1:])) >= p
    return np.repeat(half, 2, axis=0)[: shape[0]]


@pytest.mark.parametrize(
    "draw",
    [
        pairs,
        lambda rng, shape, p: np.round(rng.random(shape), 1) >= p,
        lambda rng, shape, p: rng.integers(10, size=shape) > 10 * p,
    ],
    ids=["pairs of examples share one", "rounded draws", "one tenth too many dropped"],
)
def test_masks_that_are_nearly_right_are_seen(draw):
    assert points("dropout_forward", dropout_with(draw)) < 10 - 1e-6
    assert points(
        "dropout_forward", dropout_with(lambda rng, shape, p: rng.random(shape) >= p)
    ) == pytest.approx(10)


def test_neighbours_that_are_varied_alike_are_seen():
    def augment(X, rng, alike=2):
        out, (H, W) = np.zeros_like(X), X.shape[2:]
        for n in range(0, len(X), alike):
            flip, down, right = rng.random() < 0.5, rng.integers(-1, 2), rng.integers(-1, 2)
            for m in range(n, min(n + alike, len(X))):
                wide = np.pad(X[m][:, :, ::-1] if flip else X[m], ((0, 0), (1, 1), (1, 1)))
                out[m] = wide[:, 1 - down : 1 - down + H, 1 - right : 1 - right + W]
        return out

    assert points("augment", {"augment": augment}) < 10 - 1e-6
    assert points("augment", {"augment": functools.partial(augment, alike=1)}) == pytest.approx(10)


def test_weights_with_heavy_tails_are_not_normal():
    def init_weights(fan_in, fan_out, scheme, rng):
        if scheme in ("constant", "xavier_uniform"):
            return right(fan_in, fan_out, scheme, rng)
        std = {"small": 0.01, "he": (2 / fan_in) ** 0.5}.get(scheme, (2 / (fan_in + fan_out)) ** 0.5)
        return rng.laplace(0, std / 2**0.5, (fan_out, fan_in))

    right = EXERCISES["init_weights"].truth()["init_weights"]
    assert points("init_weights", {"init_weights": init_weights}) < 10 - 1e-6


# --- nothing right is computed beside student code -----------------------------------------------


def sources(exercise):
    found = {}
    for trials in key_of(exercise).sets:
        for call in (c for t in trials for c in t.calls):
            values = [call.do, *call.args, *call.kwargs.values()]
            values += [
                v
                for a in values
                if isinstance(a, (tuple, dict))
                for v in (a.values() if isinstance(a, dict) else a)
            ]
            values += [v for a in values if isinstance(a, tuple) for v in a]
            found |= {(v.code, v.name): v for v in values if isinstance(v, Source)}
    return list(found.values())


@pytest.mark.parametrize("exercise", ["fit_poly", "predict_poly"])
def test_what_looks_at_a_polynomial_does_not_know_its_values(exercise):
    """Whoever returns nothing, or what the helper computes, has no marks."""
    (helper,) = [s for s in sources(exercise) if s.name in ("fitted", "predicted")]
    assert "polyfit" not in helper.code
    assert "wanted" not in helper.code
    nothing = {"fit_poly": lambda x, y, degree: None, "predict_poly": lambda coef, x: np.full(len(x), 77.0)}
    assert points(exercise, nothing) == 0


@pytest.mark.parametrize("score", ["loocv_score", "mse"])
def test_no_scheme_is_the_answer_to_another_exercise(score):
    """A submission can read the schemes it is given: none of them earns marks as a score of its own."""
    schemes = [s for s in sources("select_model") if s.name == "scheme"]
    assert len(schemes) == 2
    for scheme in schemes:
        space = {"np": np}
        exec(scheme.code, space)
        given = space["scheme"]

        def taken(*args, given=given):
            if score == "mse":
                y, yhat = args
                return given(
                    lambda _x, _y: None, lambda _m, _x: np.asarray(yhat), np.asarray(y), np.asarray(y)
                )
            return given(*args)

        assert points(score, {score: taken}) < 5
