"""Which input touches which output, found by halving; colours that never share an output."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.checking.sparsity import colour, touched_outputs


def touching(masks, calls=None):
    def touch(entries):
        if calls is not None:
            calls.append(len(entries))
        return masks[entries].any(axis=0)

    return touch


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10**6), rows=st.integers(1, 30), columns=st.integers(1, 30), density=st.floats(0, 1)
)
def test_any_pattern_is_found(seed, rows, columns, density):
    masks = np.random.default_rng(seed).random((rows, columns)) < density
    np.testing.assert_array_equal(touched_outputs(touching(masks), rows), masks)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), rows=st.integers(1, 30), density=st.floats(0, 1))
def test_a_colour_touches_each_output_at_most_once(seed, rows, density):
    masks = np.random.default_rng(seed).random((rows, 12)) < density
    groups = colour(list(masks))
    assert sorted(row for group in groups for row in group) == list(range(rows))
    assert all(masks[group].sum(axis=0).max() <= 1 for group in groups)


@pytest.mark.parametrize("n", [64, 1000])
def test_entry_by_entry_functions_need_few_calls(n):
    calls = []
    touched_outputs(touching(np.eye(n, dtype=bool), calls), n)
    assert len(calls) <= 2 * np.ceil(np.log2(n)) + 1
    assert len(colour(list(np.eye(n, dtype=bool)))) == 1


def test_colours_are_first_fit():
    masks = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 0], [0, 0, 0]], dtype=bool)
    assert colour(list(masks)) == [[0, 2, 3, 4], [1]]
