"""What all wrong results have in common, where no mistake has a name for it."""

import numpy as np
import pytest

from autograder.exercises import EXERCISES
from autograder.scaling import remarked
from autograder.verdicts import verdicts


def changed(exercise, change):
    """Return a submission that is right but for one function: change(result, *arguments)."""
    right = EXERCISES[exercise].truth()
    return right | {exercise: lambda *args, **named: change(right[exercise](*args, **named), *args)}


def first(result, change):
    return (change(result[0]), *result[1:])


CASES = [
    ("mse", lambda L, y, yhat: 2 * L, "error is 2 times what it should be, whatever the input"),
    ("mse", lambda L, y, yhat: L * len(y) ** 0.5, "error is the square root of the number of entries of y times"),
    ("mse", lambda L, y, yhat: L + 0.25, "error is too large by the same amount, whatever the input"),
    ("bce_loss", lambda r, a, y: first(r, lambda L: L / np.log(2)), "(that is 1 / ln 2) times"),
    ("softmax_loss", lambda r, F, y: (r[0], r[1] * F.shape[1]), "dF is the number of columns of F times"),
    ("rel_error", lambda e, a, b: -e, "error has the opposite sign, whatever the input"),
    ("avgpool_forward", lambda r, X, k, s: first(r, lambda Y: Y / k**2), "Every value of Y is 1 / k² times"),
    ("avgpool_forward", lambda r, X, k, s: first(r, lambda Y: Y / k**0.5), "Y is 1 / (the square root of k) times"),
    ("avgpool_forward", lambda r, X, k, s: first(r, lambda Y: Y - k), "Every value of Y is too small by k."),
    ("dropout_backward", lambda d, dY, mask, p, mode: d * (1 - p) ** 0.5, "the square root of (1 - p_drop) times"),
    ("l2_penalty", lambda r, W, lam: (r[0] + lam, r[1]), "R is too large by lam."),
    ("conv_params", lambda n, c_in, k, c_out, bias=True: n * c_in, "count is c_in times"),
]  # fmt: skip


def said(judged, exercise, functions):
    found = judged(exercise, functions)
    assert found.names == []
    told = verdicts(remarked(found.judgement), "", 10.0)
    return " ".join(line for v in told for line in v.hint)


@pytest.mark.parametrize(("exercise", "change", "text"), CASES)
def test_the_common_factor_or_amount_is_said(exercise, change, text, judged):
    hints = said(judged, exercise, changed(exercise, change))
    assert text in hints
    assert "none of the mistakes known" in hints


def test_a_gradient_is_described_by_the_sizes_of_what_the_forward_was_given(judged):
    right = EXERCISES["conv_backward"].truth()

    def conv_backward(dY, cache):
        dX, dW, db = right["conv_backward"](dY, cache)
        return dX * dX.shape[1], dW, db

    hints = said(judged, "conv_backward", right | {"conv_backward": conv_backward})
    assert "Every value of dX is the number of channels of X times" in hints
    assert "Right are: dW, db." in hints


def test_unrelated_numbers_have_nothing_in_common(judged):
    hints = said(judged, "mse", {"mse": lambda y, yhat: float(np.sum(np.abs(y)) + 3.3)})
    assert "whatever the input" not in hints
    assert "times what it should be" not in hints


def test_a_result_that_depends_on_chance_says_so(judged):
    dice = np.random.default_rng(3)
    hints = said(judged, "mse", changed("mse", lambda L, y, yhat: L * dice.uniform(1.5, 2.5)))
    assert "two different results" in hints
