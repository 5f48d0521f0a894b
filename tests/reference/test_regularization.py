"""Dropout, weight decay, ensembles, early stopping: golden examples, averages over masks, bad input."""

import itertools
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import (
    OPS,
    InputError,
    ShapeError,
    average_probabilities,
    dropout,
    early_stopping,
    majority_accuracy,
    vote,
    weight_decay,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text(encoding="utf-8"))
NAMES = ["dropout", "weight_decay", "vote", "average_probabilities", "early_stopping", "majority_accuracy"]
CASES = [(name, case.name) for name in NAMES for case in OPS[name].cases(np.random.default_rng(0))]
SMOOTH = [(name, label) for name, label in CASES if OPS[name].backward is not None]


def both(op):
    return pytest.mark.parametrize("way", [op, op.definition], ids=["call", "definition"])


def case_of(name, label):
    return next(c for c in OPS[name].cases(np.random.default_rng(5)) if c.name == label)


def parts(result):
    return result if isinstance(result, tuple) else (result,)


# -------------------------------------------------------------------------------------- every case


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(("name", "label"), CASES)
def test_fast_way_equals_the_definition(name, label, order, dtype):
    case = case_of(name, label)
    inputs = {
        k: np.array(v, dtype if v.dtype.kind == "f" else v.dtype, order=order) for k, v in case.inputs.items()
    }
    before = {k: v.copy() for k, v in inputs.items()}
    got, expected = OPS[name](**inputs, **case.params), OPS[name].definition(**inputs, **case.params)
    for a, b in zip(parts(got), parts(expected), strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a, b, rtol=1e-6 if dtype == np.float32 else 1e-14)
    for k, v in inputs.items():
        np.testing.assert_array_equal(v, before[k])


@pytest.mark.parametrize(("name", "label"), SMOOTH)
def test_gradient_of_every_entry(name, label):
    """All three are linear, so a central difference with step 1 is exact to rounding."""
    case, op = case_of(name, label), OPS[name]
    y, cache = op.forward(**case.inputs, **case.params)
    dy = np.random.default_rng(1).normal(size=parts(y)[0].shape)
    for (argument, value), gradient in zip(case.inputs.items(), op.backward(cache, dy), strict=True):
        for i in np.ndindex(value.shape):
            up, down = value.copy(), value.copy()
            up[i] += 1
            down[i] -= 1
            high, low = (parts(op(**{**case.inputs, argument: v}, **case.params))[0] for v in (up, down))
            assert gradient[i] == pytest.approx(np.sum((high - low) * dy) / 2, rel=1e-12, abs=1e-13)


# ---------------------------------------------------------------------------------------------- dropout


def all_masks(n):
    return [np.array(mask) for mask in itertools.product((0, 1), repeat=n)]


@both(dropout)
def test_given_mask(way):
    g = GOLDEN["G-REG-06"]
    for mode in ("classic", "inverted"):
        y = way(g["inputs"]["x"], g["params"]["p_drop"], mode=mode, mask=g["inputs"]["mask"])
        np.testing.assert_array_equal(y, g["expected"][f"{mode}_y"])


def test_given_mask_backward():
    g = GOLDEN["G-REG-06"]
    for mode in ("classic", "inverted"):
        _, cache = dropout.forward(
            g["inputs"]["x"], g["params"]["p_drop"], mode=mode, mask=g["inputs"]["mask"]
        )
        (dx,) = dropout.backward(cache, g["inputs"]["dy"])
        np.testing.assert_array_equal(dx, g["expected"][f"{mode}_dx"])


@both(dropout)
def test_test_output_is_the_mean_over_all_masks(way):
    g = GOLDEN["G-REG-01"]
    x, w = np.array(g["inputs"]["x"]), np.array(g["inputs"]["w"])
    for i, p in enumerate(g["params"]["p_drop"]):
        chance = [p ** (3 - mask.sum()) * (1 - p) ** mask.sum() for mask in all_masks(3)]
        for mode, key in (("classic", "train_mean"), ("inverted", "inverted_train_mean")):
            outputs = [w @ way(x, p, mode=mode, mask=mask) for mask in all_masks(3)]
            assert np.dot(chance, outputs) == pytest.approx(g["expected"][key][i], rel=1e-13)
        classic, inverted = (w @ way(x, p, training=False, mode=mode) for mode in ("classic", "inverted"))
        assert classic == pytest.approx(g["expected"]["test_scaled"][i], rel=1e-14)
        assert inverted == g["expected"]["test_unscaled"]


def test_mean_over_masks_is_approximate_behind_a_relu():
    g = GOLDEN["G-REG-02"]
    x, w, p = np.array(g["inputs"]["x"]), np.array(g["inputs"]["w"]), g["params"]["p_drop"]
    relu = lambda a: max(a, 0.0)  # noqa: E731
    trained = [relu(w @ dropout(x, p, mode="classic", mask=mask) + g["inputs"]["b"]) for mask in all_masks(2)]
    assert np.mean(trained) == g["expected"]["train_mean"]
    tested = relu(w @ dropout(x, p, training=False, mode="classic") + g["inputs"]["b"])
    assert tested == g["expected"]["test_scaled"]


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.9])
def test_drawn_mask(p):
    x = np.full((100, 100), 3.0)
    (y, mask), cache = dropout.forward(x, p, rng=np.random.default_rng(0), return_mask=True)
    np.testing.assert_array_equal(mask, np.random.default_rng(0).random(x.shape) >= p)
    assert mask.mean() == pytest.approx(1 - p, abs=0.02)
    np.testing.assert_array_equal(y, np.where(mask == 1, 3 / (1 - p), 0))
    np.testing.assert_array_equal(dropout(x, p, mask=mask), y)
    np.testing.assert_array_equal(dropout.backward(cache, x)[0], y)


def test_new_masks_for_new_calls():
    rng = np.random.default_rng(0)
    a, b = (dropout(np.ones(50), 0.5, rng=rng) for _ in range(2))
    assert not np.array_equal(a, b)


@both(dropout)
def test_dropped_units_are_silent_whatever_they_hold(way):
    x = [np.nan, np.inf, -np.inf, np.nan]
    np.testing.assert_array_equal(way(x, mask=[0, 0, 0, 1]), [0, 0, 0, np.nan])


@both(dropout)
def test_test_mode_ignores_randomness_and_keeps_inputs_apart(way):
    x = np.array([1.0, 2.0])
    y, mask = way(x, 0.3, training=False, rng=np.random.default_rng(0), mask=[0, 0], return_mask=True)
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(mask, [1, 1])
    assert not np.shares_memory(y, x)


@pytest.mark.parametrize("mask", [[True, False], [1, 0], [1.0, 0.0], np.array([1, 0], np.uint8)])
def test_masks_of_any_kind(mask):
    y = dropout(np.float32([2, 2]), 0.5, mask=mask)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y, [4, 0])


@both(dropout)
@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"p": 1}, "p = 1 drops every unit"),
        ({"p": 1.5}, "p must be between 0 and 1"),
        ({"p": -0.1}, "p must be"),
        ({"p": np.nan}, "p must be"),
        ({"p": "0.5"}, "p must be"),
        ({"p": None}, "p must be"),
        ({"mode": "Classic"}, 'mode must be "inverted" or "classic"'),
        ({"mode": None}, "mode"),
        ({"training": 1}, "training must be True or False"),
        ({"return_mask": 1}, "return_mask"),
        ({"mask": None}, "training got neither mask nor rng"),
        ({"rng": np.random.default_rng(0)}, "training got both mask and rng"),
        ({"mask": None, "rng": 3}, "rng must be a NumPy Generator"),
        ({"mask": None, "rng": np.random}, "rng must be"),
        ({"mask": [1, 0]}, r"mask has shape \(2,\), but x has \(3,\)"),
        ({"mask": 1}, "mask has shape"),
        ({"mask": [1, 0, 2]}, "mask must hold only 0 and 1"),
        ({"mask": [0.5, 0, 2]}, "mask must hold"),
        ({"mask": [2.0, 0, 2]}, "mask must hold"),
        ({"mask": [1, 0, np.nan]}, "mask must hold"),
        ({"mask": ["1", "0", "1"]}, "mask must hold"),
        ({"mask": [[1], [1, 0]]}, "mask must hold"),
        ({"mask": np.ma.array([1, 0, 1], mask=[0, 0, 1])}, "mask must hold"),
        ({"mask": np.array([1, 0, None])}, "mask must hold"),
    ],
)
def test_bad_dropout(way, change, word):
    with pytest.raises(InputError, match=f"(?s)^dropout: {word}") as caught:
        way(**{"x": np.ones(3), "mask": [1, 0, 1], **change})
    assert dropout.shapes in str(caught.value)


# -------------------------------------------------------------------------------- weights and ensembles


def test_weight_decay_example():
    g = GOLDEN["G-REG-05"]
    new = weight_decay(g["inputs"]["w"], g["inputs"]["g"], **g["params"])
    np.testing.assert_allclose(new, g["expected"]["w_new"], rtol=1e-14)


@pytest.mark.parametrize(("lr", "lam"), [(-1, 0), (0.1, -1), (np.nan, 0), (0.1, np.inf), (None, 0), ("1", 0)])
def test_bad_weight_decay(lr, lam):
    with pytest.raises(InputError, match=r"^weight_decay: (lr|lam) must be"):
        weight_decay([1.0], [1.0], lr, lam)
    with pytest.raises(ShapeError, match="g has"):
        weight_decay(np.ones((2, 2)), np.ones(2), 0.1, 0.1)


@both(vote)
def test_votes_example(way):
    g = GOLDEN["G-REG-03"]
    assert way(g["inputs"]["votes"]) == g["expected"]["winner"]
    assert majority_accuracy(g["params"]["p"], g["params"]["n"]) == pytest.approx(g["expected"]["p_majority"])


@both(vote)
def test_tie_goes_to_the_smallest_label(way):
    np.testing.assert_array_equal(way([[2, 0, 7], [1, 0, 5], [1, 3, 7], [2, 3, 5]]), [1, 0, 5])
    np.testing.assert_array_equal(way([[3], [-1]]), [-1])


@settings(derandomize=True, max_examples=40, deadline=None, database=None)
@given(st.integers(1, 6), st.integers(1, 4), st.integers(0, 1000))
def test_votes_of_any_number(networks, examples, seed):
    predictions = np.random.default_rng(seed).integers(-2, 3, size=(networks, examples))
    expected = []
    for column in predictions.T:
        count = Counter(column.tolist())
        expected.append(min(label for label in count if count[label] == max(count.values())))
    np.testing.assert_array_equal(vote(predictions), expected)
    np.testing.assert_array_equal(vote.definition(predictions), expected)


@both(vote)
@pytest.mark.parametrize(
    ("labels", "classes", "word"),
    [
        ([[0, 3]], 3, "predictions holds the label 3"),
        ([[0, -1]], 3, "predictions holds the label -1"),
        ([[0, 1]], 0, "classes"),
        ([[0, 1]], 2.0, "classes"),
        ([[0.0, 1.0]], 2, "predictions holds float64 values"),
        ([[True, False]], 2, "predictions holds bool values"),
        (2, 3, "predictions has 0 axes"),
    ],
)
def test_bad_votes(way, labels, classes, word):
    with pytest.raises(InputError, match=f"^vote: {word}"):
        way(labels, classes)


def test_averaging_may_overrule_the_vote():
    p = np.array([[[0.55, 0.45]], [[0.55, 0.45]], [[0.05, 0.95]]])
    assert vote(p.argmax(axis=2)) == [0]
    mean = average_probabilities(p)
    np.testing.assert_allclose(mean, [[1.15 / 3, 1.85 / 3]], rtol=1e-14)
    assert mean.argmax(axis=1) == [1]


@pytest.mark.parametrize(("p", "n"), [(0.7, 5), (0.3, 4), (1.0, 3), (0.0, 3), (0.5, 7), (0.9, 1)])
def test_majority_by_counting_every_outcome(p, n):
    outcomes = itertools.product((0, 1), repeat=n)
    total = sum(p ** sum(o) * (1 - p) ** (n - sum(o)) for o in outcomes if 2 * sum(o) > n)
    assert majority_accuracy(p, n) == pytest.approx(total, abs=1e-15)


def test_majority_of_many():
    assert majority_accuracy(0.6, 999) == pytest.approx(1, abs=1e-9)
    assert majority_accuracy(0.5, 999) == pytest.approx(0.5, rel=1e-11)


@pytest.mark.parametrize(("p", "n"), [(1.1, 3), (-0.1, 3), (np.nan, 3), (0.5, 0), (0.5, 2.5), (0.5, 1001)])
def test_bad_majorities(p, n):
    with pytest.raises(InputError, match=r"^majority_accuracy: (p|voters)"):
        majority_accuracy(p, n)


# --------------------------------------------------------------------------------------- early stopping


def test_stopping_example():
    g = GOLDEN["G-REG-04"]
    for i, patience in enumerate(g["params"]["patiences"]):
        stop = early_stopping(g["inputs"]["val"], patience)
        assert stop == (g["expected"]["stop_epoch"][i], g["expected"]["best_epoch"][i])
        assert all(type(epoch) is int for epoch in stop)


@pytest.mark.parametrize(
    ("val", "patience", "expected"),
    [
        ([3, 2, 1], 1, (2, 2)),  # never triggered: the last epoch
        ([1, 1], 1, (1, 0)),  # equal is no improvement
        ([1, 2, 0], 1, (1, 0)),  # what comes after the stop is never seen
        ([1, 2, 0], 2, (2, 2)),
        ([5], 3, (0, 0)),
        ([1, 2, 3], 10**9, (2, 0)),
        ([1, np.nan, 0.5], 1, (1, 0)),  # NaN is no improvement
        ([np.nan, 2, 1], 2, (2, 2)),
        ([np.nan, np.nan], 2, (1, 0)),
        ([np.inf, np.inf, 1], 5, (2, 2)),
        ([1, -np.inf, 0], 5, (2, 1)),
    ],
)
def test_stopping_by_hand(val, patience, expected):
    assert early_stopping(np.array(val, float), patience) == expected


@settings(derandomize=True, max_examples=60, deadline=None, database=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.integers(1, 5))
def test_stopping_of_any_curve(val, patience):
    """Judge by the definition in words: the first epoch that ends `patience` epochs without a new low."""
    lows = [e for e in range(len(val)) if all(val[e] < v for v in val[:e])]
    ends = [e for e in range(len(val)) if not any(low > e - patience for low in lows if low <= e)]
    stop = ends[0] if ends else len(val) - 1
    assert early_stopping(val, patience) == (stop, max(low for low in lows if low <= stop))


@pytest.mark.parametrize("patience", [0, -1, 1.5, None, "2", True])
def test_bad_patience(patience):
    with pytest.raises(InputError, match=r"^early_stopping: patience"):
        early_stopping([1.0, 2.0], patience)
