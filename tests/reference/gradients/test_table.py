"""The table says which entry is off; the curve is a V."""

import matplotlib
import numpy as np
import pytest
from gradient_pairs import pair

from reference import check_gradient


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
