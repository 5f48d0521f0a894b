"""Every way to call a pair of functions, and what is no gradient or no function at all."""

import numpy as np
import pytest
from gradient_pairs import first_wins, linear, linear_backward, pair, relu, relu_backward

from reference import InputError, check_gradient


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
