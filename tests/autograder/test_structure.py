"""What is said of a wrong array where no mistake has a name."""

import numpy as np
import pytest

from autograder.structure import describe

rng = np.random.default_rng(5)
Y = rng.normal(size=(3, 2, 4, 5))
SQUARE = rng.normal(size=(2, 2, 4, 4))
BOUND = 1e-12


def last_row_zero(y):
    y = y.copy()
    y[..., -1, :] = 0
    return y


def border(y):
    y = y.copy()
    y[..., 0, :] += 1
    y[..., :, -1] -= 2
    return y


def only_first_example(y):
    wrong = y + rng.normal(size=y.shape)
    wrong[0] = y[0]
    return wrong


CASES = [
    ("opposite sign", -Y, Y),
    ("1 / the number of examples", Y / 3, Y),
    ("the number of entries in one map", Y * 20, Y),
    ("2.5 times", 2.5 * Y, Y),
    ("off by the same amount", Y + 0.75, Y),
    ("a bias that is wrong", Y + np.array([1.0, -2.0]).reshape(1, 2, 1, 1), Y),
    ("reverse order along axis 3", Y[..., ::-1], Y),
    ("axes 2 and 3 are exchanged", SQUARE.swapaxes(2, 3), SQUARE),
    ("one place off along axis 2", np.roll(Y, 1, axis=2), Y),
    ("Only the last along axis 2 is wrong (it is still zero)", last_row_zero(Y), Y),
    ("Only values on the border", border(Y), Y),
    ("Only the first along axis 0 is right", only_first_example(Y), Y),
    ("never filled", np.zeros_like(Y), Y),
    ("Only the first along axis 1 is wrong", np.concatenate([Y[:, :1] ** 2, Y[:, 1:]], 1), Y),
    ("right to about 7 digits", Y.astype(np.float32), Y),
    ("precision is lost", np.sqrt(Y**2 + 1e-6) * np.sign(Y), Y),
    ("axes are in another order", Y.transpose(0, 2, 3, 1), Y),
    ("only the shape is not", Y.reshape(3, 2, 20), Y),
    ("there is less of it", Y[..., :-1], Y),
]


@pytest.mark.parametrize(("text", "got", "expected"), CASES, ids=[c[0] for c in CASES])
def test_names_the_pattern(text, got, expected):
    assert text in describe(got, expected, BOUND)


def test_says_nothing_of_unrelated_numbers():
    assert describe(rng.normal(size=Y.shape), Y, BOUND) == ""
    assert describe(rng.normal(size=(7, 3)), Y, BOUND) == ""


def test_survives_nan_and_infinity():
    broken = Y.copy()
    broken[0, 0, 0, 0] = np.nan
    assert describe(np.full_like(Y, np.inf), Y, BOUND) == ""
    assert "Only the first along axis 0 is wrong" in describe(broken, Y, BOUND)


@pytest.mark.parametrize("factor", [1 + 1e-6, 1 - 1e-6])
def test_a_small_factor_is_still_a_factor(factor):
    assert "times what it should be" in describe(Y * factor, Y, BOUND)
