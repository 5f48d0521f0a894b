"""A misbehaving submission gives itself away in a short sequence of ordinary calls."""

import numpy as np
import pytest

from autograder.mistakes import mistakes_of
from reference import conv2d

BEHAVIOURS = mistakes_of("conv_forward") + mistakes_of("conv_backward")


def right():
    """Write conv_forward and conv_backward the way a careful student does, on top of the truth."""

    def conv_forward(X, W, b, s, p, d=1):
        return conv2d.forward(X, W, b, s, p, d)

    def conv_backward(dY, cache):
        return conv2d.backward(cache, dY)

    return {"conv_forward": conv_forward, "conv_backward": conv_backward}


def random_state():
    return np.random.get_state(legacy=False)["state"]["key"].tolist()  # noqa: NPY002


def observe(functions):
    """Play: forward A, forward B, backward A twice, backward B, A in another layout, other content in A.

    Returns the values and whether any array of the caller, or the global random state, was changed.
    """
    rng = np.random.default_rng(3)
    a, other = rng.normal(size=(2, 2, 5, 6)), rng.normal(size=(2, 2, 5, 6))
    w, b = rng.normal(size=(3, 2, 3, 3)), rng.normal(size=3)
    dy_a, dy_b = rng.normal(size=(2, 3, 5, 6)), rng.normal(size=(2, 3, 5, 6))
    watched = (a, other, w, b, dy_a, dy_b)
    originals, values, touched = [array.copy() for array in watched], [], [False]

    def step(name, *arguments):
        state = random_state()
        result = functions[name](*arguments)
        for array, original in zip(watched, originals):
            if array.shape != original.shape or not np.array_equal(array, original):
                touched[0] = True
        touched[0] |= random_state() != state
        return result

    y_a, cache_a = step("conv_forward", a, w, b, 1, 1)
    first = y_a.copy()
    y_b, cache_b = step("conv_forward", other, w, b, 1, 1)
    values += [first, y_a, y_b]
    if not touched[0]:
        values += [*step("conv_backward", dy_a, cache_a)]
    if not touched[0]:
        values += [*step("conv_backward", dy_a, cache_a), *step("conv_backward", dy_b, cache_b)]
        values.append(step("conv_forward", np.asfortranarray(a), w, b, 1, 1)[0])
        a[...] = originals[0][...] = other
        values.append(step("conv_forward", a, w, b, 1, 1)[0])
    return values, touched[0]


@pytest.fixture(autouse=True)
def keep_global_random():
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(123)  # noqa: NPY002
    yield
    np.random.set_state(state)  # noqa: NPY002


def test_the_careful_submission_behaves():
    values, touched = observe(right())
    assert not touched
    assert len(values) == 3 + 9 + 2
    np.testing.assert_array_equal(values[0], values[1])


@pytest.mark.parametrize("found", BEHAVIOURS, ids=lambda found: found.name)
def test_the_misbehaviour_shows(found):
    truth, _ = observe(right())
    values, touched = observe(found(right()))
    assert touched or any(not np.allclose(got, want) for got, want in zip(values, truth))


@pytest.mark.parametrize("found", BEHAVIOURS, ids=lambda found: found.name)
def test_the_first_call_alone_looks_right(found):
    rng = np.random.default_rng(4)
    x, w, b = rng.normal(size=(2, 2, 5, 5)), rng.normal(size=(3, 2, 3, 3)), rng.normal(size=3)
    y, cache = conv2d.forward(x.copy(), w.copy(), b, 2, 1)
    dy = rng.normal(size=y.shape)
    functions = found(right())
    got, kept = functions["conv_forward"](x.copy(), w.copy(), b, 2, 1)
    np.testing.assert_allclose(got, y, atol=1e-12)
    for gradient, expected in zip(functions["conv_backward"](dy.copy(), kept), conv2d.backward(cache, dy)):
        if found.name not in ("X-changed-in-place", "W-flipped-in-place"):
            np.testing.assert_allclose(gradient, expected, atol=1e-12)


def test_every_function_of_the_submission_is_there():
    extra = {"conv_out": object()}
    for found in BEHAVIOURS:
        assert set(found({**right(), **extra})) == {"conv_forward", "conv_backward", "conv_out"}
