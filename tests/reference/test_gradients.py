"""check_gradient and numeric_gradient: nothing wrong passes, nothing right is refused, every doubt has a reason.

The functions under test are written here, in plain NumPy, so that the checker is not judged by its own house; one
test at the end turns it on every op of the reference.
"""

import doctest
import json
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from reference import OPS, InputError, bounded_gradient, check_gradient, numeric_gradient, use_kernels
from reference.op import parse_shapes

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text(encoding="utf-8"))

# ----------------------------------------------------------------------------------- functions to check


def linear(x, w, b):
    return x @ w + b, (x, w)


def linear_backward(dy, cache):
    x, w = cache
    return dy @ w.T, x.T @ dy, dy.sum(axis=0)


def conv(x, w, b):
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))
    return np.einsum("nchwkl,fckl->nfhw", windows, w) + b[:, None, None], (x, w)


def conv_backward(dy, cache):
    x, w = cache
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))
    dx = np.zeros_like(x)
    for k, l in np.ndindex(w.shape[2:]):
        dx[:, :, k : k + dy.shape[2], l : l + dy.shape[3]] += np.einsum("nfhw,fc->nchw", dy, w[:, :, k, l])
    return dx, np.einsum("nchwkl,nfhw->fckl", windows, dy), dy.sum(axis=(0, 2, 3))


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p, p


def softmax_backward(dy, p):
    return p * (dy - (dy * p).sum(axis=1, keepdims=True))


def batch_norm(x, gamma, beta):
    deviation = np.sqrt(x.var(axis=0) + 1e-5)
    normal = (x - x.mean(axis=0)) / deviation
    return gamma * normal + beta, (normal, gamma, deviation)


def batch_norm_backward(dy, cache):
    normal, gamma, deviation = cache
    d = dy * gamma
    dx = (d - d.mean(axis=0) - normal * (d * normal).mean(axis=0)) / deviation
    return dx, (dy * normal).sum(axis=0), dy.sum(axis=0)


def cross_entropy(x, t):
    z = x - x.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(t)), t].mean(), (log_p, t)


def cross_entropy_backward(dy, cache):
    log_p, t = cache
    d = np.exp(log_p)
    d[np.arange(len(t)), t] -= 1
    return dy * d / len(t)


def mlp(x, weights):
    layers = [x]
    for w in weights[:-1]:
        layers.append(np.maximum(layers[-1] @ w, 0))
    return layers[-1] @ weights[-1], (layers, weights)


def mlp_backward(dy, cache):
    layers, weights = cache
    gradients = []
    for h, w in zip(reversed(layers), reversed(weights), strict=True):
        gradients.append(h.T @ dy)
        dy = dy @ w.T * (1 if h is layers[0] else h > 0)
    return dy, gradients[::-1]


def relu(x):
    return np.maximum(x, 0), x


def relu_backward(dy, x):
    return dy * (x > 0)


def max_rows(x):
    return x.max(axis=1), x


def first_wins(dy, x):
    dx = np.zeros_like(x)
    dx[np.arange(len(x)), x.argmax(axis=1)] = dy
    return dx


def all_win(dy, x):
    return (x == x.max(axis=1, keepdims=True)) * dy[:, None]


def shared_win(dy, x):
    ties = x == x.max(axis=1, keepdims=True)
    return ties / ties.sum(axis=1, keepdims=True) * dy[:, None]


PAIRS = {
    "linear": (
        linear,
        linear_backward,
        lambda r: (r.normal(size=(5, 7)), r.normal(size=(7, 3)), np.zeros(3)),
    ),
    "conv": (
        conv,
        conv_backward,
        lambda r: (r.normal(size=(2, 3, 5, 6)), r.normal(size=(4, 3, 3, 2)), r.normal(size=4)),
    ),
    "softmax": (softmax, softmax_backward, lambda r: (3 * r.normal(size=(4, 6)),)),
    "batch norm": (
        batch_norm,
        batch_norm_backward,
        lambda r: (r.normal(size=(6, 4)) * 2 + 5, r.normal(size=4), r.normal(size=4)),
    ),
    "batch norm far from 0": (
        batch_norm,
        batch_norm_backward,
        lambda r: (r.normal(size=(8, 3)) + 1000, r.normal(size=3), r.normal(size=3)),
    ),
    "cross-entropy": (
        cross_entropy,
        cross_entropy_backward,
        lambda r: (2 * r.normal(size=(8, 5)), r.integers(0, 5, 8)),
    ),
    "mlp": (
        mlp,
        mlp_backward,
        lambda r: (r.normal(size=(6, 5)), [r.normal(size=(5, 8)), r.normal(size=(8, 3))]),
    ),
}


def pair(name, seed=0):
    forward, backward, draw = PAIRS[name]
    return forward, backward, draw(np.random.default_rng(seed))


def arrays_in(gradients):
    if isinstance(gradients, np.ndarray):
        return [gradients]
    return [array for item in gradients for array in arrays_in(item)]


@pytest.fixture
def x():
    return np.random.default_rng(11).normal(size=(3, 4))


# -------------------------------------------------------------------------- right is never called wrong


@pytest.mark.parametrize("every_entry", [False, True])
@pytest.mark.parametrize("name", PAIRS)
def test_right_gradients_are_right(name, every_entry):
    for seed in range(3 if every_entry else 8):
        forward, backward, inputs = pair(name, seed)
        check = check_gradient(
            forward, backward, inputs, every_entry=every_entry, rng=np.random.default_rng(seed)
        )
        assert check.outcome == "right", f"seed {seed}: {check}"
        assert check


def test_saturated_softmax_is_never_called_wrong():
    for seed in range(8):
        r = np.random.default_rng(seed)
        for scale in (30, 1000):
            check = check_gradient(softmax, softmax_backward, (scale * r.normal(size=(4, 6)),))
            assert check.outcome != "wrong", check


@pytest.mark.parametrize("scale", [1e-140, 1e-8, 1e8, 1e150])
def test_size_of_the_numbers_does_not_matter(x, scale):
    assert check_gradient(lambda x: x**2, lambda dy, x: 2 * x * dy, (scale * x,))
    wrong = check_gradient(lambda x: x**2, lambda dy, x: 2 * x * dy * (1 + 1e-6), (scale * x,))
    assert wrong.outcome == "wrong"


# ---------------------------------------------------------------------------- wrong is never called right


@pytest.mark.parametrize("name", ["linear", "conv", "softmax", "batch norm", "cross-entropy"])
def test_one_entry_off_by_a_millionth_is_caught_wherever_it_is(name):
    forward, backward, inputs = pair(name, 3)
    y, cache = forward(*inputs)
    true = arrays_in(backward(np.linspace(-1, 1, np.size(y)).reshape(np.shape(y)), cache))
    # An entry of 1e-8 beside others of 1 has only eight digits above the rounding of the others.
    visible = np.concatenate([np.abs(a).ravel() > 1e-6 * np.abs(a).max() for a in true])
    places = np.flatnonzero(visible)
    assert len(places) > 0.9 * len(visible)

    def spoilt(at):
        def wrong(dy, cache):
            gradients = backward(dy, cache)
            left = at
            for array in arrays_in(gradients):
                if left < array.size:
                    array.flat[left] *= 1 + 1e-6
                    return gradients
                left -= array.size
            raise AssertionError

        return wrong

    for at in places[:: max(1, len(places) // 40)]:
        check = check_gradient(forward, spoilt(at), inputs)
        assert check.outcome == "wrong", (at, check)


@pytest.mark.parametrize("name", ["softmax", "batch norm"])
def test_zeros_are_refused_where_the_gradient_of_the_sum_is_zero(name):
    forward, backward, inputs = pair(name)
    y, cache = forward(*inputs)
    dx = arrays_in(backward(np.ones_like(y), cache))[0]
    assert np.abs(dx).max() < 1e-12  # the trap: with dy = 1 zeros would be right

    def zeros(dy, cache):
        real = backward(dy, cache)
        return np.zeros_like(real) if isinstance(real, np.ndarray) else (np.zeros_like(real[0]), *real[1:])

    check = check_gradient(forward, zeros, inputs)
    assert check.outcome == "wrong"
    assert "wrong entries of yours are 0" in check.reason


def test_a_mistake_in_the_last_row_is_found_and_named(x):
    def last_row_forgotten(dy, cache):
        dx, dw, db = linear_backward(dy, cache)
        dw[-1] = 0
        return dx, dw, db

    check = check_gradient(linear, last_row_forgotten, (x, np.ones((4, 2)), np.zeros(2)))
    assert check.outcome == "wrong"
    assert "dw is wrong in 2 of 8 entries" in check.reason
    assert {row.entry for row in check.rows if row.outcome == "wrong" and "[" in row.entry} == {
        "dw[3, 0]",
        "dw[3, 1]",
    }


def test_exchanged_entries_are_found_with_every_seed(x):
    def exchanged(dy, x):
        dx = dy * (1 - np.tanh(x) ** 2)
        dx[0, 0], dx[2, 3] = dx[2, 3], dx[0, 0]
        return dx

    for seed in range(20):
        check = check_gradient(np.tanh, exchanged, (x,), rng=np.random.default_rng(seed), probes=1)
        assert check.outcome == "wrong"


@pytest.mark.parametrize(("factor", "told"), [(-1, "-1 times"), (8, "8 times"), (0.5, "0.5 times")])
def test_a_common_factor_is_named(factor, told):
    forward, backward, inputs = pair("cross-entropy")
    check = check_gradient(forward, lambda dy, c: factor * backward(dy, c), inputs)
    assert check.outcome == "wrong"
    assert told in check.reason
    assert "all 40 entries" in check.reason


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), size=st.floats(-1, 1).filter(lambda s: abs(s) > 1e-6))
def test_any_spoilt_linear_gradient_is_wrong(seed, size):
    r = np.random.default_rng(seed)
    inputs = (r.normal(size=(3, 4)), r.normal(size=(4, 2)), r.normal(size=2))
    change = size * r.normal(size=(4, 2)) * (r.random((4, 2)) < 0.4)
    change[r.integers(4), r.integers(2)] += size

    def wrong(dy, cache):
        dx, dw, db = linear_backward(dy, cache)
        return dx, dw + change, db

    assert check_gradient(linear, wrong, inputs).outcome == "wrong"


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10**6), rows=st.integers(1, 5), columns=st.integers(2, 6), spread=st.floats(0.01, 20)
)
def test_softmax_of_any_shape_and_spread_is_right(seed, rows, columns, spread):
    r = np.random.default_rng(seed)
    check = check_gradient(softmax, softmax_backward, (spread * r.normal(size=(rows, columns)),))
    assert check.outcome != "wrong", check
    assert check or spread > 5, check


# ------------------------------------------------------------------------------------------------ kinks


@pytest.mark.parametrize("slope", [0, 0.5, 1])
def test_relu_at_zero_takes_any_slope_between_the_two(x, slope):
    x[0, 0] = x[1] = 0
    check = check_gradient(relu, lambda dy, x: dy * np.where(x == 0, slope, x > 0), (x,))
    assert check.outcome == "right", check
    assert "kink" in check.notes[0]


@pytest.mark.parametrize("slope", [-0.01, 1.01, 2])
def test_relu_at_zero_takes_no_other_slope(x, slope):
    x[0, 0] = x[1] = 0
    check = check_gradient(relu, lambda dy, x: dy * np.where(x == 0, slope, x > 0), (x,))
    assert check.outcome == "wrong"


def test_a_wrong_entry_beside_zeros_is_found(x):
    x[1] = 0

    def wrong(dy, x):
        dx = dy * (x > 0)
        dx[tuple(np.argwhere(x > 0)[0])] *= 1 + 1e-6
        return dx

    check = check_gradient(relu, wrong, (x,))
    assert check.outcome == "wrong"
    assert "1 of 12" in check.reason


@pytest.mark.parametrize("backward", [first_wins, shared_win])
def test_ties_may_go_to_one_or_be_shared(backward):
    for seed in range(5):
        ties = np.random.default_rng(seed).integers(0, 3, size=(6, 4)).astype(float)
        check = check_gradient(max_rows, backward, (ties,))
        assert check.outcome == "right", check


def test_ties_may_not_get_the_gradient_once_each():
    for seed in range(5):
        ties = np.random.default_rng(seed).integers(0, 3, size=(6, 4)).astype(float)
        ties[0] = [2, 1, 2, 0]
        check = check_gradient(max_rows, all_win, (ties,))
        assert check.outcome == "wrong", check
        assert "share one gradient" in check.reason


def test_ties_between_two_inputs():
    inputs = (np.ones(3), np.ones(3))
    assert check_gradient(np.maximum, lambda dy, a, b: (dy * (a >= b), dy * (a < b)), inputs)
    both = check_gradient(np.maximum, lambda dy, a, b: (dy * (a >= b), dy * (a <= b)), inputs)
    assert both.outcome == "wrong"


def test_a_tie_without_valid_bounds_is_left_open():
    """Of max(x0,x1) - max(x1,x2) at a tie, what first-wins gives lies outside the slopes on either side."""

    def forward(x):
        return max(x[0], x[1]) - max(x[1], x[2]), x

    def backward(dy, x):
        dx = np.zeros(3)
        dx[x[:2].argmax()] += dy
        dx[1 + x[1:].argmax()] -= dy
        return dx

    check = check_gradient(forward, backward, (np.ones(3),))
    assert check.outcome == "cannot tell"
    assert "kink exactly at these inputs" in check.reason
    assert check_gradient(forward, lambda dy, x: 2 * backward(dy, x), (np.ones(3),)).outcome == "wrong"


def test_a_kink_close_by_is_no_kink_here():
    near = np.array([1e-4, -1e-4, 0.5])
    assert check_gradient(relu, relu_backward, (near,)).outcome == "right"
    assert check_gradient(relu, lambda dy, x: dy * (x > -1e-3), (near,)).outcome == "wrong"


# ------------------------------------------------------------------------------------------ cannot tell


def test_a_jump_cannot_be_judged():
    check = check_gradient(lambda x: (x > 0) * 1.0, lambda dy, x: 0 * dy, (np.zeros(3),))
    assert check.outcome == "cannot tell"
    assert "jumps" in check.reason
    assert not check


def test_an_infinite_slope_cannot_be_judged():
    check = check_gradient(lambda x: np.sqrt(np.abs(x)), lambda dy, x: 0 * dy, (np.zeros(3),))
    assert check.outcome == "cannot tell"


def test_flat_parts_of_a_step_are_right(x):
    assert check_gradient(lambda x: (x > 0) * 1.0, lambda dy, x: 0 * dy, (x,))
    assert check_gradient(lambda x: (x > 0) * 1.0, lambda dy, x: dy, (x,)).outcome == "wrong"


def test_nan_from_forward_cannot_be_judged(x):
    check = check_gradient(lambda x: x * np.nan, lambda dy, x: dy, (x,))
    assert check.outcome == "cannot tell"
    assert "NaN" in check.reason


def test_float32_forward_cannot_be_judged_but_gross_mistakes_can(x):
    check = check_gradient(lambda x: x.astype(np.float32) ** 2, lambda dy, x: 2 * x * dy, (x,))
    assert check.outcome == "cannot tell"
    assert "float32" in check.reason
    assert (
        check_gradient(lambda x: x.astype(np.float32) ** 2, lambda dy, x: 3 * x * dy, (x,)).outcome == "wrong"
    )


def test_float32_hidden_inside_is_never_called_wrong():
    for seed in range(10):
        x = np.random.default_rng(seed).normal(size=(3, 4))

        def forward(x):
            return np.exp(np.tanh(x).astype(np.float32).astype(float))

        def backward(dy, x):
            return dy * np.exp(np.tanh(x)) * (1 - np.tanh(x) ** 2)

        assert check_gradient(forward, backward, (x,)).outcome != "wrong"


def test_float32_gradient_is_named(x):
    check = check_gradient(lambda x: x**2, lambda dy, x: (2 * x * dy).astype(np.float32), (x,))
    assert check.outcome == "cannot tell"
    assert "dx as float32" in check.reason


def test_float32_inputs_are_checked_in_float64(x):
    seen = []

    def square(x):
        seen.append(x.dtype)
        return x**2

    check = check_gradient(square, lambda dy, x: 2 * x * dy, (x.astype(np.float32),))
    assert check
    assert set(seen) == {np.dtype(np.float64)}
    assert "float64 copy" in check.notes[0]


# -------------------------------------------------------------------------------------------- behaviour


def test_inputs_are_never_changed(x):
    before = x.copy()

    def clip(x):
        x[x < 0] = 0
        return x, x

    check_gradient(clip, lambda dy, x: dy * (x > 0), (x,))
    numeric_gradient(lambda v: clip(v)[0], x, np.ones_like(x))
    np.testing.assert_array_equal(x, before)


def test_a_forward_that_changes_its_input_is_told_so(x):
    def clip(x):
        x[x < 0] = 0
        return x.copy(), x.copy()

    check = check_gradient(clip, lambda dy, x: dy * (x > 0), (x,))
    assert check.outcome == "wrong"
    assert check.reason.startswith("forward changes its input x: work on a copy")
    assert "themselves are right" in check.reason


def test_a_backward_that_changes_dy_or_an_input_is_told_so(x):
    def in_place(dy, kept):
        dy *= kept > 0
        return dy

    check = check_gradient(relu, in_place, (x,))
    assert check.outcome == "wrong"
    assert "backward changes dy" in check.reason

    def spoil(dy, x):
        dx = dy * (x > 0)
        x[:] = 0
        return dx

    assert "backward changes its input x" in check_gradient(relu, spoil, (x,)).reason


def test_random_forward_is_told_so(x):
    rng = np.random.default_rng(0)
    check = check_gradient(lambda x: x * rng.random(x.shape), lambda dy, x: dy, (x,))
    assert check.outcome == "cannot tell"
    assert "another result" in check.reason


def test_a_generator_among_the_inputs_starts_anew_for_each_call(x):
    def dropout(x, rng):
        mask = rng.random(x.shape) < 0.5
        return x * mask, mask

    assert check_gradient(dropout, lambda dy, mask: dy * mask, (x, np.random.default_rng(5)))
    assert check_gradient(dropout, lambda dy, _mask: dy, (x, np.random.default_rng(5))).outcome == "wrong"


def test_gradients_piling_up_between_calls_are_told_so(x):
    total = np.zeros((4, 2))

    def piling(dy, cache):
        dx, dw, db = linear_backward(dy, cache)
        total[:] += dw
        return dx, total.copy(), db

    check = check_gradient(linear, piling, (x, np.ones((4, 2)), np.zeros(2)))
    assert check.outcome == "wrong"
    assert "keep no state" in check.reason


# ------------------------------------------------------------------------------------- ways of calling


def test_cache_may_come_first(x):
    inputs = (x, np.ones((4, 2)), np.zeros(2))
    assert check_gradient(linear, lambda cache, dy: linear_backward(dy, cache), inputs)
    assert check_gradient(linear, lambda a, b: linear_backward(b, a), inputs, cache_first=True)
    assert check_gradient(
        linear, lambda cache_like, c: linear_backward(cache_like, c), inputs, cache_first=False
    )


def test_inputs_and_gradients_by_name(x):
    def backward(dy, cache):
        return dict(zip(("dx", "dw", "db"), linear_backward(dy, cache), strict=True))

    named = {"b": np.zeros(2), "x": x, "w": np.ones((4, 2))}
    assert check_gradient(linear, backward, named)
    assert "db" in check_gradient(linear, lambda dy, c: backward(dy, c) | {"db": 0 * dy[0]}, named).reason


def test_params_are_passed_on(x):
    def scale(x, factor=1.0):
        return x * factor, factor

    assert check_gradient(scale, lambda dy, factor: dy * factor, (x,), params={"factor": 3.0})


def test_wrt_leaves_the_others_fixed(x):
    inputs = (x, np.ones((4, 2)), np.zeros(2))
    assert check_gradient(linear, lambda dy, c: linear_backward(dy, c)[1], inputs, wrt="w")
    assert check_gradient(linear, lambda dy, c: linear_backward(dy, c), inputs, wrt=[1])
    only_w = check_gradient(linear, lambda dy, c: (0, linear_backward(dy, c)[1], 0), inputs, wrt=["w"])
    assert only_w
    assert "entries of dw agree" in only_w.reason


def test_a_tree_of_weights_needs_a_tree_of_gradients():
    forward, backward, inputs = pair("mlp")

    def negative(dy, cache):
        dx, (first, second) = backward(dy, cache)
        return dx, [first, -second]

    assert "dweights[1] is wrong in all 24 entries" in check_gradient(forward, negative, inputs).reason
    short = check_gradient(forward, lambda dy, c: (backward(dy, c)[0], backward(dy, c)[1][:1]), inputs)
    assert short.outcome == "wrong"
    assert short.reason == "backward gives no gradient dweights[1]."


def test_scalars_and_lists():
    assert check_gradient(lambda x: x**3, lambda dy, x: 3 * x**2 * dy, 2.0)
    assert check_gradient(lambda x: np.array(x) ** 2, lambda dy, x: (2 * dy * x).tolist(), ([1.0, 2.0],))


def test_of_several_results_the_first_counts(x):
    def forward(x):
        return (x.max(axis=1), x.argmax(axis=1)), x

    assert check_gradient(forward, first_wins, (x,))


@pytest.mark.parametrize(
    ("backward", "reason"),
    [
        (
            lambda dy, c: (linear_backward(dy, c)[0], linear_backward(dy, c)[1].T, dy.sum(0)),
            "dw has shape (2, 4)",
        ),
        (
            lambda dy, c: linear_backward(dy, c)[:2],
            "returned 2 gradient(s), expected one for each of x, w, b",
        ),
        (lambda dy, c: (*linear_backward(dy, c)[:2], None), "returned 3"),
        (lambda dy, c: (*linear_backward(dy, c)[:2], "b"), "db is 'b', not an array"),
        (lambda dy, c: (*linear_backward(dy, c)[:2], [[1], [2, 3]]), "not an array of real numbers"),
        (lambda dy, c: (*linear_backward(dy, c)[:2], dy.sum() * 1j), "not an array of real numbers"),
        (lambda dy, c: (*linear_backward(dy, c)[:2], 0.0), "db has shape ()"),
        (lambda dy, c: None, "backward"),
    ],
)
def test_what_is_no_gradient_is_wrong_in_a_sentence(x, backward, reason):
    check = check_gradient(linear, backward, (x, np.ones((4, 2)), np.zeros(2)))
    assert check.outcome == "wrong"
    assert reason in check.reason or "gives no gradient db" in check.reason


def test_nan_in_the_gradient_is_wrong(x):
    def one_nan(dy, x):
        dx = 2 * x * dy
        dx[1, 2] = np.nan
        return dx

    check = check_gradient(lambda x: x**2, one_nan, (x,))
    assert check.outcome == "wrong"
    assert "one entry" in check.reason
    assert check.rows[0].entry == "dx[1, 2]"
    assert np.isfinite(check.rows[0].numeric)


def test_exceptions_of_the_functions_come_through_with_a_note(x):
    with pytest.raises(ZeroDivisionError) as caught:
        check_gradient(lambda x: 1 / 0, lambda dy, x: dy, (x,))
    assert "forward, called with x" in caught.value.__notes__[0]
    with pytest.raises(IndexError) as caught:
        check_gradient(relu, lambda dy, cache: dy[9], (x,))
    assert "backward(dy, cache)" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((3, relu_backward, (np.ones(2),)), "forward is 3, not a function"),
        ((relu, None, (np.ones(2),)), "backward is None"),
        ((relu, relu_backward, (np.arange(3),)), "nothing to differentiate: x is an array of int64"),
        ((relu, relu_backward, ()), "there are no inputs"),
        ((relu, relu_backward, "abc"), "inputs is 'abc'"),
        ((relu, relu_backward, (np.array([np.nan]),)), "x holds NaN"),
        ((relu, relu_backward, (np.ma.masked_array([1.0]),)), "masked"),
        ((lambda x: None, relu_backward, (np.ones(2),)), "forward returned None"),
        ((lambda x: x * 1j, relu_backward, (np.ones(2),)), "not an array of real numbers"),
        ((lambda x: (x, x, x), relu_backward, (np.ones(2),)), "a tuple of 3"),
        ((lambda x: (x[x > 0.9], x), lambda dy, x: 0 * x, (np.ones(2),)), "shape"),
    ],
)
def test_what_cannot_be_checked_is_refused(arguments, text):
    with pytest.raises(InputError, match="check_gradient") as caught:
        check_gradient(*arguments)
    assert text in str(caught.value)
    assert "to do:" in str(caught.value)


@pytest.mark.parametrize("options", [{"wrt": "q"}, {"wrt": 4}, {"wrt": "t"}, {"probes": 0}, {"rng": 3}])
def test_bad_options_are_refused(options):
    with pytest.raises(InputError):
        check_gradient(lambda x, t: x, lambda dy, x, t: dy, (np.ones(2), np.arange(2)), **options)


# ------------------------------------------------------------------------------------------ few calls


def test_a_right_gradient_takes_few_forward_passes():
    """So many passes whatever the number of entries: the loop over entries would take 2 * 10_000."""
    x = np.random.default_rng(5).normal(size=(100, 100))
    check = check_gradient(lambda x: np.tanh(x) + x[:, ::-1] ** 2, _tanh_and_mirrored_square, (x,))
    assert check.outcome == "right", check
    assert check.calls <= 40


def _tanh_and_mirrored_square(dy, x):
    return dy * (1 - np.tanh(x) ** 2) + 2 * x * dy[:, ::-1]


def test_straight_lines_take_one_pass_for_each_group():
    """The 30 entries of a row of w touch a column of y each: 40 groups, each moved once after they are found."""
    r = np.random.default_rng(6)
    inputs = (r.normal(size=(8, 40)), r.normal(size=(40, 30)), np.zeros(30))
    check = check_gradient(linear, lambda dy, c: linear_backward(dy, c)[1], inputs, wrt="w", every_entry=True)
    assert check.outcome == "right", check
    assert check.calls < 700  # 600 of them to find the groups; the loop over entries takes 2400
    assert sum(row.entry.startswith("dw[") for row in check.rows) == 1200


def test_every_entry_finds_what_one_group_hides():
    """In groups, entry by entry: the wrong one is named, its neighbours in the group are not."""
    r = np.random.default_rng(7)
    inputs = (r.normal(size=(4, 6)), r.normal(size=(6, 5)), r.normal(size=5))

    def wrong(dy, cache):
        dx, dw, db = linear_backward(dy, cache)
        dw[3, 2] *= 1 + 1e-6
        return dx, dw, db

    check = check_gradient(linear, wrong, inputs, every_entry=True)
    assert check.outcome == "wrong"
    assert [row.entry for row in check.rows if row.outcome == "wrong" and "at once" not in row.entry] == [
        "dw[3, 2]"
    ]


@pytest.mark.parametrize("every_entry", [False, True])
def test_a_tie_that_nobody_wins_is_wrong(every_entry):
    ties = np.array([[1.0, 1.0, 0.0], [0.5, 2.0, 1.0]])

    def nobody(dy, x):
        dx = first_wins(dy, x)
        dx[0] = 0
        return dx

    check = check_gradient(max_rows, nobody, (ties,), every_entry=every_entry)
    assert check.outcome == "wrong", check


@pytest.mark.parametrize("period", [2, 3])
def test_a_backward_that_alternates_is_never_right(x, period):
    count = []

    def fickle(dy, x):
        count.append(1)
        return 2 * x * dy * (2 if len(count) % period == 0 else 1)

    assert check_gradient(lambda x: x**2, fickle, (x,)).outcome != "right"


# --------------------------------------------------------------------------------------- large inputs


def test_one_wrong_entry_among_many_is_hunted_down():
    r = np.random.default_rng(0)
    x = r.normal(size=(60, 400))

    def wrong(dy, x):
        dx = dy * (1 - np.tanh(x) ** 2)
        dx[41, 7] *= 1.001
        return dx

    check = check_gradient(np.tanh, wrong, (x,))
    assert check.outcome == "wrong"
    assert check.rows[0].entry == "dx[41, 7]"
    assert check.calls < 400


def test_many_zeros_hide_nothing_from_the_second_look():
    r = np.random.default_rng(1)
    x = np.maximum(r.normal(size=(60, 400)), 0)
    at = tuple(np.argwhere(x > 0.5)[1234])

    def wrong(dy, x):
        dx = dy * (x > 0)
        dx[at] *= 1.1
        return dx

    right = check_gradient(relu, relu_backward, (x,))
    assert right.outcome == "right"
    assert any("were measured singly" in note for note in right.notes)
    assert check_gradient(relu, wrong, (x,)).outcome == "wrong"


# -------------------------------------------------------------------------------------- table and curve


def test_the_table_says_which_entry_is_off_and_by_how_much():
    def wrong(dy, x):
        dx = 2 * x * dy
        dx[1] += 0.5
        return dx

    text = str(check_gradient(lambda x: x**2, wrong, (np.array([1.0, 2.0, 3.0]),)))
    head, columns, row, *_ = text.splitlines()
    assert head.startswith("wrong: dx is wrong in 1 of 3 entries. Furthest off is dx[1]: yours is ")
    assert columns.split() == ["entry", "yours", "numeric", "allowed"]
    name, yours, numeric, _sign, allowed, *mark = row.split()
    assert (name, " ".join(mark)) == ("dx[1]", "<-- wrong")
    assert float(yours) - float(numeric) == pytest.approx(0.5)
    assert 0 < float(allowed) < 1e-10


def test_the_same_call_gives_the_same_answer():
    forward, backward, inputs = pair("mlp")
    assert check_gradient(forward, backward, inputs) == check_gradient(forward, backward, inputs)


def test_tiny_differences_are_written_with_enough_digits():
    check = check_gradient(lambda x: x**2, lambda dy, x: 2 * x * dy * (1 + 1e-9), (np.array([1.0, 2.0]),))
    yours, numeric = check.reason.split("yours is ")[1].rstrip(".").split(", the numbers say ")
    assert float(yours) != float(numeric.split(". ")[0])


@pytest.mark.parametrize("factor", [1.0, 1.01, 0.0])
def test_the_curve_is_a_v_that_a_wrong_gradient_leaves(factor):
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    check = check_gradient(np.exp, lambda dy, x: factor * dy * np.exp(x), (np.array([0.3, -1.2]),))
    axes = check.plot()
    try:
        best, yours = (line.get_ydata() for line in axes.lines)
        assert np.nanmin(best) < 1e-8 < 1e-4 < best[0]
        assert (np.nanmin(yours) < 1e-8) == bool(check)
        assert axes.get_xscale() == axes.get_yscale() == "log"
        assert check.plot(axes) is axes
    finally:
        plt.close(axes.figure)


def test_there_is_no_curve_without_numbers(x):
    check = check_gradient(lambda x: x * np.nan, lambda dy, x: dy, (x,))
    with pytest.raises(ValueError, match="nothing to draw"):
        check.plot()


# ------------------------------------------------------------------------------------ numeric_gradient


def test_numeric_gradient_of_the_sigmoid_circuit():
    record = GOLDEN["G-GRAPH-04"]
    order = ("w0", "x0", "w1", "x1", "w2")
    values = np.array([record["inputs"][name] for name in order], dtype=float)
    gradient = numeric_gradient(lambda v: 1 / (1 + np.exp(-(v[0] * v[1] + v[2] * v[3] + v[4]))), values)
    for name, expected in record["expected"].items():
        assert gradient[order.index(name[1:])] == pytest.approx(expected, abs=1e-9)


def test_bounds_hold_and_are_tight():
    for seed in range(10):
        v = np.random.default_rng(seed).normal(size=(4, 5))
        dy = np.random.default_rng(seed + 100).normal(size=(4, 5))
        value, error = bounded_gradient(lambda v: np.sin(v) * np.exp(v[:, :1]), v, dy)
        exact = dy * np.cos(v) * np.exp(v[:, :1])
        exact[:, 0] += (dy * np.sin(v) * np.exp(v[:, :1])).sum(axis=1)
        assert np.all(np.abs(value - exact) <= error)
        assert np.max(error) < 1e-9
        assert np.median(error) < 2e-11


def test_at_a_kink_the_value_is_the_mean_and_the_error_covers_both_slopes():
    value, error = bounded_gradient(np.abs, np.array([0.0, 2.0]), np.array([3.0, 3.0]))
    np.testing.assert_allclose(value, [0, 3], atol=1e-12)
    assert error[0] == pytest.approx(3, abs=1e-6)
    assert error[1] < 1e-12


@pytest.mark.parametrize(("x", "expected"), [(3.0, 6.0), (3, 6.0), ([1, 2], [2, 4]), (np.float32(1.5), 3.0)])
def test_numeric_gradient_takes_plain_numbers(x, expected):
    gradient = numeric_gradient(lambda v: np.sum(v**2), x)
    assert gradient.shape == np.shape(expected)
    np.testing.assert_allclose(gradient, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("f", "x", "dy", "text"),
    [
        (lambda v: v, np.ones(3), None, "needs weights"),
        (lambda v: v, np.ones(3), np.ones(2), "dy has shape (2,)"),
        (lambda v: v.sum(), "a", None, "not real numbers"),
        (lambda v: v.sum(), None, None, "x is None"),
        (lambda v: v.sum(), np.zeros(0), None, "nothing to differentiate"),
        (5, np.ones(3), None, "forward is 5"),
    ],
)
def test_numeric_gradient_refuses(f, x, dy, text):
    with pytest.raises(InputError, match="_gradient: ") as caught:
        numeric_gradient(f, x, dy)
    assert text in str(caught.value)


# -------------------------------------------------------------------------------------- the whole house


@pytest.fixture
def plain_numpy():
    before = use_kernels(False)
    yield
    use_kernels(before)


@pytest.mark.parametrize("name", [name for name, op in OPS.items() if op.backward is not None])
def test_every_op_of_the_reference_is_found_right(name, plain_numpy):
    op = OPS[name]
    floats = [a.name for a in parse_shapes(op.shapes)[0] if a.axes is not None and a.kind == "float"]
    for case in op.cases(np.random.default_rng(1)):
        chosen = [n for n in floats if case.inputs.get(n) is not None]
        inputs = {n: np.asarray(v, float) if n in chosen else v for n, v in case.inputs.items()}
        if not all(np.isfinite(inputs[n]).all() for n in chosen):
            continue

        def backward(cache, dy):
            return dict(zip(floats, op.backward(cache, dy), strict=True))

        check = check_gradient(op.forward, backward, inputs, params=case.params, wrt=chosen)
        assert check.outcome == "right", f"{case.name}: {check}"


@pytest.mark.parametrize("topic", ["gradients", "optimizers", "evaluation", "regressors", "diagnosis"])
def test_examples_in_the_docstrings(topic):
    module = getattr(reference, topic)
    names = {**vars(reference), "np": np}
    results = doctest.testmod(module, globs=names, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert results.attempted > 0
    assert results.failed == 0
