"""Unpooling and upsampling: shared winners, places, sizes and bad input (gradients: see test_pooling.py)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import (
    InputError,
    ShapeError,
    bed_of_nails2d,
    flat_index,
    max_unpool2d,
    row_column,
    upsample_nearest2d,
)


def image(rows):
    """Stand a matrix up as one image of one channel."""
    return np.array(rows, float)[None, None]


def test_shared_winner_keeps_the_last_value_and_its_gradient():
    x, indices = image([[1, 2], [3, 4]]), np.array([[4, 4], [4, 8]])[None, None]
    y, cache = max_unpool2d.forward(x, indices, 3, 1, output_size=3)
    np.testing.assert_array_equal(y[0, 0], [[0, 0, 0], [0, 3, 0], [0, 0, 4]])
    (dx,) = max_unpool2d.backward(cache, image(np.arange(1.0, 10).reshape(3, 3)))
    np.testing.assert_array_equal(dx[0, 0], [[0, 0], [5, 9]])


def test_every_image_and_channel_has_its_own_places():
    x = np.array([[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]])  # two images of two channels, one value each
    indices = np.array([[[[0]], [[3]]], [[[1]], [[2]]]])
    y, cache = max_unpool2d.forward(x, indices, 2)
    np.testing.assert_array_equal(
        y, [[[[1, 0], [0, 0]], [[0, 0], [0, 2]]], [[[0, 3], [0, 0]], [[0, 0], [4, 0]]]]
    )
    (dx,) = max_unpool2d.backward(cache, np.arange(16.0).reshape(y.shape))
    np.testing.assert_array_equal(dx, [[[[0]], [[7]]], [[[9]], [[14]]]])


@settings(derandomize=True, max_examples=30, deadline=None, database=None)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=5), st.integers(1, 50))
def test_pairs_and_flat_indices_are_two_ways_to_say_the_same(indices, width):
    pairs = row_column(indices, width)
    assert pairs.shape == (len(indices), 2)
    assert (pairs[:, 1] < width).all()
    np.testing.assert_array_equal(flat_index(pairs, width), indices)


@pytest.mark.parametrize("index", [16, -1, 99])
@pytest.mark.parametrize("which", ["call", "definition"])
def test_index_outside_the_map(index, which):
    indices = np.array([[0, 2], [index, 10]])[None, None]
    with pytest.raises(InputError, match=rf"indices\[0, 0, 1, 0\] is {index}.*0 to 15"):
        getattr(max_unpool2d, which, max_unpool2d)(np.ones((1, 1, 2, 2)), indices, 2)


@pytest.mark.parametrize("size", [4, (5, 6), [5, 6], (1, 1, 5, 6)])
def test_sizes_of_the_unpooled_map(size):
    indices = np.array([[0, 2], [8, 10]])[None, None]
    y = max_unpool2d(np.ones((1, 1, 2, 2)), indices, 2, output_size=size)
    assert y.shape[2:] == ((4, 4) if size == 4 else (5, 6))


@pytest.mark.parametrize("size", [0, -3, 2.5, "4", (4,), (4, 4, 4), (2, 1, 4, 4), (4, None)])
def test_bad_sizes_of_the_unpooled_map(size):
    indices = np.zeros((1, 1, 2, 2), int)
    with pytest.raises(InputError, match="output_size"):
        max_unpool2d(np.ones((1, 1, 2, 2)), indices, 2, output_size=size)


def test_unpooled_map_of_nothing():
    with pytest.raises(ShapeError, match="would be 0 x 0"):
        max_unpool2d(np.ones((1, 1, 1, 1)), np.zeros((1, 1, 1, 1), int), 2, padding=1)


@pytest.mark.parametrize("op", [upsample_nearest2d, bed_of_nails2d], ids=lambda op: op.name)
@pytest.mark.parametrize("factor", [0, -1, 1.5, "2", (1, 2, 3), True])
def test_bad_factors(op, factor):
    with pytest.raises(InputError, match="scale_factor"):
        op(np.ones((1, 1, 2, 2)), factor)


def test_places_outside_the_map():
    with pytest.raises(InputError, match="indices holds -1"):
        row_column([-1, 2], 3)
    for pair in ([0, 3], [-1, 0], [0, -1]):
        with pytest.raises(InputError, match="outside a map of 3 columns"):
            flat_index([pair], 3)
    for width in (0, 2.0, None):
        with pytest.raises(InputError, match="width"):
            row_column([1], width)
