"""Entries moved many at a time: right slopes where they are vouched for, and no trust in what only looks alike."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import check_gradient
from reference.checking.stacking import find_stack, room_for, ways_to_stack
from reference.checking.subject import read_subject
from reference.checking.sweep import Habits, Sweep, colour_by_axes


def conv(x, w, b):
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))
    return np.einsum("nchwkl,fckl->nfhw", windows, w) + b[:, None, None]


def conv_inputs():
    r = np.random.default_rng(0)
    return r.normal(size=(2, 3, 6, 5)), r.normal(size=(4, 3, 3, 2)), r.normal(size=4)


def sweep(f, inputs, name, weights=None, hope=False):
    """Return what a sweep says about one input, the sweep, and the number of calls."""
    subject = read_subject(f, None, inputs)
    base = subject.outputs(subject.origin)
    part = subject.inputs.parts[name]
    habits = Habits(straight=hope)
    found = Sweep(subject, part, base, np.zeros_like(base), np.ones(part.stop - part.start), habits)
    weights = np.random.default_rng(1).normal(size=len(base)) if weights is None else weights
    value, error = found.slopes(weights)
    return value / part.spread, error / part.spread, weights, found, subject.calls


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10**6), rows=st.integers(1, 6), columns=st.integers(1, 5), outputs=st.integers(1, 12)
)
def test_two_entries_of_a_group_touch_no_output_in_common(seed, rows, columns, outputs):
    r = np.random.default_rng(seed)
    masks = [r.random((rows, outputs)) < 0.3, r.random((columns, outputs)) < 0.6]
    found = colour_by_axes(masks)
    touched = (masks[0][:, None] & masks[1][None]).reshape(-1, outputs)
    for group in range(found.count):
        own = np.flatnonzero(found.group == group)
        assert touched[own].sum(axis=0).max(initial=0) <= 1
        owner = found.entry_of(np.array([group]))[0]
        for at in own:
            np.testing.assert_array_equal(owner == at, touched[at])


@pytest.mark.parametrize(("name", "most"), [("x", 8), ("w", 8), ("b", 8)])
def test_a_convolution_takes_few_calls(name, most):
    """Its windows hold 18 numbers: as many groups, which go into one call as copies of the input."""
    inputs = conv_inputs()
    value, error, g, _, calls = sweep(conv, inputs, name)
    g = g.reshape(2, 4, 4, 4)
    at = dict(zip("xwb", inputs, strict=True))
    one = np.zeros_like(at[name])
    exact = []
    for i in range(one.size):  # linear in each input: the slope is the difference of two values
        one.flat[i] = 1
        moved = at | {name: at[name] + one}
        exact.append(np.sum(g * (conv(**moved) - conv(**at))))
        one.flat[i] = 0
    np.testing.assert_allclose(value, exact, rtol=1e-11, atol=1e-11)
    assert error.max() < 1e-11
    assert calls <= most


def test_curved_outputs_have_a_bound_that_holds():
    x = np.random.default_rng(2).normal(size=(5, 7))
    value, error, g, _, _ = sweep(np.sin, (x,), next(iter(read_subject(np.sin, None, (x,)).inputs.parts)))
    exact = g * np.cos(x).ravel()
    assert np.all(np.abs(value - exact) <= error)
    assert np.all(error <= 1e-8)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: (x - x.mean(axis=0)) / x.std(axis=0),  # examples that depend on each other
        lambda x: x.reshape(4, 3) * np.arange(3),  # one shape only
        lambda x: np.full((4, 3), x.sum()),
        lambda x: x * len(x),
        lambda x: np.cumsum(x, axis=0),
    ],
)
def test_what_only_looks_like_a_batch_is_not_stacked(f):
    x = np.random.default_rng(3).normal(size=(4, 3))
    subject = read_subject(f, None, (x,))
    base = subject.outputs(subject.origin)
    part = next(iter(subject.inputs.parts.values()))
    ways = ways_to_stack(subject, part)
    assert ways
    rows = room_for(1, 12)
    rows[1] = 1
    assert find_stack(ways, subject, part, base, np.full(len(base), 1e-12), rows) is None


def test_a_function_that_cheats_on_larger_batches_is_not_believed():
    """Of a batch of more than four it returns the squares whose gradient is claimed, else the cubes."""

    def forward(x):
        return x**2 if len(x) > 4 else x**3

    def backward(dy, x):
        return 2 * x * dy

    x = np.random.default_rng(4).normal(size=(4, 3))
    assert check_gradient(forward, backward, (x,), every_entry=True).outcome == "wrong"
    right = check_gradient(forward, lambda dy, x: 3 * x**2 * dy, (x,), every_entry=True)
    assert right.outcome == "right"


def test_entries_that_depend_in_any_way_are_measured_all_the_same():
    """A permuted, mixed and normalised function: no axis tells anything, and the answers are right."""
    r = np.random.default_rng(5)
    a, order = r.normal(size=(12, 12)) * (r.random((12, 12)) < 0.2), r.permutation(12)

    def forward(x):
        return np.tanh(a @ x.ravel()[order]) * x.ravel() + x.T.ravel().mean()

    def backward(dy, x):
        z = np.tanh(a @ x.ravel()[order])
        dx = dy * z + dy.sum() / 12
        dx[order] += a.T @ (dy * x.ravel() * (1 - z**2))
        return dx.reshape(x.shape)

    x = r.normal(size=(4, 3))
    assert check_gradient(forward, backward, (x,), every_entry=True)

    def wrong(dy, x):
        dx = backward(dy, x)
        dx[2, 1] *= 1 + 1e-6
        return dx

    check = check_gradient(forward, wrong, (x,), every_entry=True)
    assert check.outcome == "wrong"
    assert check.rows[0].entry == "dx[2, 1]"
    assert sum(row.outcome == "wrong" and "at once" not in row.entry for row in check.rows) == 1


def test_rows_of_confirmed_entries_are_written_when_asked_for():
    x = np.random.default_rng(6).normal(size=(3, 4))
    check = check_gradient(np.sin, lambda dy, x: dy * np.cos(x), (x,), every_entry=True)
    singles = [row for row in check.rows if "at once" not in row.entry]
    assert len(singles) == 12
    assert all(0 <= abs(row.yours - row.numeric) <= row.allowed < 1e-7 for row in singles)
    assert len(check.rows) == len(list(check.rows))


# Functions that look like a convolution or a linear layer by their shapes, and are something else.


def mixing(pair):
    """Let each example get a tenth of another one, and say which."""

    def forward(x, w, b):
        return conv(x, w, b) + 0.1 * conv(x[pair], w, b)

    def backward(dy, x, w, b):
        other = np.zeros_like(dy)
        np.add.at(other, pair, 0.1 * dy)
        windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))
        total = dy + other
        dx = np.zeros_like(x)
        for k, l in np.ndindex(w.shape[2:]):
            part = np.einsum("nfhw,fc->nchw", total, w[:, :, k, l])
            dx[:, :, k : k + dy.shape[2], l : l + dy.shape[3]] += part
        return dx, np.einsum("nchwkl,nfhw->fckl", windows, total), total.sum(axis=(0, 2, 3))

    return forward, backward


def wider(x, w, b):
    """Slide windows over x that are wider than w: the second sees what lies two columns on."""
    far = np.concatenate([x[..., 2:], np.zeros_like(x[..., :2])], axis=-1)
    return conv(x, w, b) + 3 * conv(far, w, b)


def wrong_at(backward, name, at, error):
    """Spoil one entry of one gradient by a relative error."""

    def spoilt(dy, x, w, b):
        gradients = [g.copy() for g in backward(dy, x, w, b)]
        gradients["xwb".index(name)].flat[at] *= 1 + error
        return tuple(gradients)

    return spoilt


def numeric(f, inputs, weights):
    """Differentiate what is a straight line in each input by differences of two values, entry by entry."""
    found, base = [], f(*inputs)
    for k, array in enumerate(inputs):
        moved = [a.copy() for a in inputs]
        gradient = np.zeros(array.size)
        for i in range(array.size):
            moved[k].flat[i] = array.flat[i] + 1
            gradient[i] = weights @ (f(*moved) - base).ravel()
            moved[k].flat[i] = array.flat[i]
        found.append(gradient)
    return found


LIARS = {
    "pairs of examples": mixing(np.array([1, 0, 3, 2]))[0],
    "the first example": mixing(np.zeros(4, dtype=int))[0],
    "a millionth of another example": lambda x, w, b: conv(x, w, b) + 1e-6 * conv(x[[1, 0, 3, 2]], w, b),
    "wider windows": wider,
    "filters that share": lambda x, w, b: conv(x, w, b) + conv(x, w[::-1], b),
    "a mean over everything": lambda x, w, b: conv(x, w, b) - conv(x, w, b).mean(),
}


@pytest.mark.parametrize("name", LIARS)
def test_what_the_shapes_suggest_is_held_to_the_numbers(name):
    r = np.random.default_rng(7)
    inputs = (r.normal(size=(4, 2, 6, 7)), r.normal(size=(4, 2, 3, 3)), r.normal(size=4))
    weights = r.normal(size=LIARS[name](*inputs).size)
    for which, exact in zip("xwb", numeric(LIARS[name], inputs, weights), strict=True):
        value, error, *_ = sweep(LIARS[name], inputs, which, weights)
        np.testing.assert_allclose(value, exact, rtol=1e-9, atol=1e-9)
        assert error.max() < 1e-9


@pytest.mark.parametrize("name", "xw")
def test_zeros_and_filters_whose_sum_is_zero_hide_nothing(name):
    """Moved as a whole, a row of an image does nothing to a filter that finds edges."""
    r = np.random.default_rng(11)
    edges = np.multiply.outer([[1.0, -1.0], [0.0, 2.0]], np.outer([1, 2, 1], [-1, 0, 1]))
    inputs = (r.integers(0, 2, (2, 2, 6, 7)).astype(float), edges, np.zeros(2))
    value, error, weights, found, _ = sweep(conv, inputs, name, hope=True)
    exact = dict(zip("xwb", numeric(conv, inputs, weights), strict=True))[name]
    np.testing.assert_allclose(value, exact, rtol=1e-11, atol=1e-11)
    assert error.max() < 1e-11
    assert found._guessed(weights, found._guess()) is not None


@pytest.mark.parametrize("hope", [False, True])
def test_a_guess_is_refused_where_examples_share_outputs(hope):
    r = np.random.default_rng(8)
    inputs = (r.normal(size=(4, 2, 6, 7)), r.normal(size=(4, 2, 3, 3)), r.normal(size=4))
    few = LIARS["a millionth of another example"]
    for f, fits in ((conv, True), (LIARS["pairs of examples"], False), (few, False), (wider, False)):
        *_, found, _ = sweep(f, inputs, "x", hope=hope)
        weights = r.normal(size=len(found.base))
        assert (found._guessed(weights, found._guess()) is not None) == fits


def test_curved_outputs_are_no_straight_lines_whatever_is_hoped():
    """The chord of a parabola is not its slope: the sum of what single moves do is not what all do together."""
    inputs = (np.random.default_rng(9).normal(size=(5, 6)),)
    value, error, g, *_ = sweep(lambda x: x**2 + x, inputs, "x", hope=True)
    exact = g * (2 * inputs[0] + 1).ravel()
    assert np.all(np.abs(value - exact) <= error)
    np.testing.assert_allclose(value, exact, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", "xwb")
def test_one_wrong_entry_is_named_wherever_it_is_among_those_moved_together(name):
    _, backward = mixing(np.arange(2))
    inputs = conv_inputs()
    size = dict(zip("xwb", inputs, strict=True))[name].size

    def forward(x, w, b):
        return 1.1 * conv(x, w, b)

    for at in range(0, size, 1 + size // 25):
        check = check_gradient(forward, wrong_at(backward, name, at, 1e-6), inputs, every_entry=True)
        wrong = [row.entry for row in check.rows if row.outcome == "wrong" and "at once" not in row.entry]
        shape = dict(zip("xwb", inputs, strict=True))[name].shape
        place = ", ".join(str(i) for i in np.unravel_index(at, shape))
        assert check.outcome == "wrong"
        assert wrong == [f"d{name}[{place}]"]


@pytest.mark.parametrize("pair", [[1, 0, 3, 2], [0, 0, 0, 0]])
def test_examples_that_share_outputs_are_checked_all_the_same(pair):
    forward, backward = mixing(np.array(pair))
    r = np.random.default_rng(10)
    inputs = (r.normal(size=(4, 2, 6, 7)), r.normal(size=(4, 2, 3, 3)), r.normal(size=4))
    assert check_gradient(forward, backward, inputs, every_entry=True)
    _, apart = mixing(np.arange(4))  # knows nothing of the other example
    assert check_gradient(forward, apart, inputs, every_entry=True).outcome == "wrong"
    for at in (0, 100, 335):
        check = check_gradient(forward, wrong_at(backward, "x", at, 1e-6), inputs, every_entry=True)
        assert check.outcome == "wrong"
        assert sum(row.outcome == "wrong" and "at once" not in row.entry for row in check.rows) == 1
