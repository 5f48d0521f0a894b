"""Mirrored and shifted images: by hand, against NumPy's roll, gradients, draws and bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import InputError, augment

both = pytest.mark.parametrize("vary", [augment, augment.definition], ids=["call", "definition"])
LABELS = [case.name for case in augment.cases(np.random.default_rng(0))]
X = np.arange(1.0, 13).reshape(2, 1, 2, 3)


def case_of(label):
    return next(c for c in augment.cases(np.random.default_rng(5)) if c.name == label)


@both
def test_by_hand(vary):
    np.testing.assert_array_equal(vary(X, flip=[False, True])[1, 0], [[9, 8, 7], [12, 11, 10]])
    np.testing.assert_array_equal(vary(X, shift=[[0, 0], [1, -1]])[1, 0], [[0, 0, 0], [8, 9, 0]])
    np.testing.assert_array_equal(vary(X, [1, 0], [[-1, 1], [0, 0]])[0, 0], [[0, 6, 5], [0, 0, 0]])
    np.testing.assert_array_equal(vary(X), X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("label", LABELS)
def test_fast_way_equals_the_definition(label, order, dtype):
    case = case_of(label)
    x = np.array(case.inputs["x"], dtype, order=order)
    got = augment(x, **case.params)
    assert got.dtype == dtype
    assert not np.shares_memory(got, x)
    np.testing.assert_array_equal(got, augment.definition(x, **case.params))


@pytest.mark.parametrize("label", LABELS)
def test_gradient_of_every_entry(label):
    """Linear: the gradient of entry i is what the image with a single 1 there becomes, times dy."""
    case = case_of(label)
    x = case.inputs["x"]
    y, cache = augment.forward(x, **case.params)
    dy = np.random.default_rng(1).normal(size=y.shape)
    (dx,) = augment.backward(cache, dy)
    for i in range(x.size):
        single = np.eye(1, x.size, i).reshape(x.shape)
        assert dx.flat[i] == pytest.approx(np.sum(augment(single, **case.params) * dy), abs=1e-14)


@settings(derandomize=True, max_examples=40, deadline=None, database=None)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(-6, 6), st.integers(-6, 6), st.booleans())
def test_any_shift(H, W, down, right, flip):
    x = np.random.default_rng(0).normal(size=(1, 2, H, W))
    framed = np.pad(x[..., ::-1] if flip else x, ((0, 0), (0, 0), (6, 6), (6, 6)))
    expected = np.roll(framed, (down, right), axis=(2, 3))[:, :, 6 : 6 + H, 6 : 6 + W]
    for vary in (augment, augment.definition):
        np.testing.assert_array_equal(vary(x, [flip], [[down, right]]), expected)


def test_draws_follow_the_page():
    x = np.random.default_rng(0).normal(size=(9, 1, 4, 4))
    y = augment(x, rng=np.random.default_rng(3), max_shift=2)
    rng = np.random.default_rng(3)
    flip = rng.random(9) < 0.5
    shift = rng.integers(-2, 2, size=(9, 2), endpoint=True)
    assert flip.any()
    assert not flip.all()
    assert set(shift.ravel()) == {-2, -1, 0, 1, 2}
    np.testing.assert_array_equal(y, augment(x, flip, shift))
    np.testing.assert_array_equal(
        augment(x, flip, rng=np.random.default_rng(3), max_shift=0), augment(x, flip)
    )


def test_unsigned_shifts_go_down_and_right():
    shift = np.array([[1, 1], [0, 0]], np.uint8)
    for vary in (augment, augment.definition):
        np.testing.assert_array_equal(vary(X, shift=shift)[0, 0], [[0, 0, 0], [0, 1, 2]])


@both
def test_nan_moves_along(vary):
    x = X.copy()
    x[0, 0, 0, 0] = np.nan
    y = vary(x, [True, False], [[1, 0], [0, 0]])
    assert np.isnan(y[0, 0, 1, 2])
    assert np.isnan(y).sum() == 1


@both
@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"flip": [True]}, r"flip has shape \(1,\), expected \(2,\)"),
        ({"flip": True}, "flip has shape"),
        ({"flip": [0, 2]}, "flip must hold only True and False"),
        ({"flip": [0.0, 1.0]}, "flip must be an array of whole numbers"),
        ({"flip": ["no", "yes"]}, "flip"),
        ({"flip": [[True], [True, False]]}, "flip"),
        ({"shift": [1, 1]}, r"shift has shape \(2,\), expected \(2, 2\)"),
        ({"shift": [[0.5, 0], [0, 0]]}, "shift must be an array of whole numbers"),
        ({"shift": np.ones((2, 2), bool)}, "shift"),
        ({"shift": np.ma.zeros((2, 2), int)}, "shift"),
        ({"rng": 3}, "rng must be a NumPy Generator"),
        ({"rng": np.random.default_rng(0), "max_shift": -1}, "max_shift"),
        ({"max_shift": 1.0}, "max_shift"),
        ({"x": X[0]}, "x has 3 axes"),
    ],
)
def test_bad_input_is_refused(vary, change, word):
    with pytest.raises(InputError, match=f"(?s)^augment: {word}") as caught:
        vary(**{"x": X, **change})
    assert augment.shapes in str(caught.value)
