"""Comparing values: kind, shape, finiteness and bounds, with mercy for odd containers only."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.compare import agrees, as_array, compare, kind_of
from autograder.sandbox._plain import Foreign

A64, A32 = 1e-12, 1e-5
TRUTH = np.array([[1.0, -2.0, 3.0], [0.0, 5.0, -6.0]])


def against(got, expected=TRUTH, a64=A64, a32=A32):
    return compare(got, expected, a64, a32)


@pytest.mark.parametrize(
    "got",
    [
        TRUTH,
        np.asfortranarray(TRUTH),
        np.repeat(TRUTH, 2, axis=1)[:, ::2],
        TRUTH.astype(np.longdouble).astype(float),
        TRUTH + 0.9 * A64,
        TRUTH.astype(complex),
        TRUTH.astype(int),
        -np.where(TRUTH == 0, 0.0, -TRUTH),
    ],
)
def test_right_numbers_are_right_in_any_layout(got):
    found = against(got)
    assert found.right
    assert not found.notes
    assert found.ratio <= 1


@pytest.mark.parametrize(
    "got", [TRUTH.tolist(), tuple(map(tuple, TRUTH.tolist())), [TRUTH[0], TRUTH[1]], [[*TRUTH[0]], TRUTH[1]]]
)
def test_lists_are_right_with_a_note(got):
    found = against(got)
    assert found.right
    assert "NumPy array" in found.notes[0]


def test_float32_is_right_with_a_note():
    thirds = TRUTH / 3
    found = against(thirds.astype(np.float32), thirds)
    assert found.right
    assert "float64" in found.notes[0]
    assert 0 < found.ratio <= 1


def test_beyond_the_float32_bound_is_wrong():
    found = against(TRUTH + np.array([[0, 0, 0], [0, 2 * A32, 0]]))
    assert found.problem == "value"
    assert found.worst == {"index": [1, 1], "got": 5.0 + 2 * A32, "expected": 5.0, "allowed": A64}
    assert found.ratio == pytest.approx(2 * A32 / A64, rel=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("index", [(0, 0), (1, 2)])
def test_one_nan_or_infinity_is_seen_wherever_it_is(bad, index):
    got = TRUTH.copy()
    got[index] = bad
    found = against(got)
    assert found.problem == "nonfinite"
    assert found.worst["index"] == list(index)
    json.dumps(found.worst, allow_nan=False)


def test_nan_where_nan_is_right():
    truth = np.array([1.0, np.nan, np.inf])
    assert against(truth.copy(), truth).right
    assert against(np.array([1.0, 2.0, np.inf]), truth).problem == "value"
    assert against(np.array([1.0, np.nan, -np.inf]), truth).problem == "value"


@pytest.mark.parametrize(
    ("got", "says"),
    [
        (TRUTH.T, "(3, 2)"),
        (TRUTH[None], "(1, 2, 3)"),
        (TRUTH.ravel(), "(6,)"),
        (TRUTH[0], "(3,)"),
        (np.float64(1.0), "()"),
        (7, "()"),
    ],
)
def test_another_shape_is_wrong_and_never_broadcast(got, says):
    found = against(got)
    assert found.problem == "shape"
    assert "(2, 3)" in found.message
    assert says in found.message


@pytest.mark.parametrize(
    "got",
    [
        None, "1 2 3", [], [[1.0, 2.0], [3.0]], ["a"], [None], {}, {"Y": TRUTH}, Foreign("function"),
        np.array(["a", "b"]), np.array([None, 1], dtype=object), [object()], [10**400], [Foreign("kept")],
    ],
)  # fmt: skip
def test_what_is_no_array_of_numbers_is_of_the_wrong_kind(got):
    found = against(got)
    assert found.problem in ("kind", "shape")
    assert not found.right


def test_none_is_explained():
    assert "return statement" in against(None).message


@pytest.mark.parametrize(
    ("got", "right"),
    [
        (5, True),
        (5.0, True),
        (np.int64(5), True),
        (np.array(5), True),
        (5.5, False),
        (6, False),
        ("5", False),
        (None, False),
    ],
)
def test_whole_numbers_are_exact(got, right):
    assert against(got, 5).right is right


@pytest.mark.parametrize("got", [10**30, -(10**30), 10**400, -(10**400), 2**64])
def test_huge_whole_numbers_are_wrong_not_trouble(got):
    assert against(got, 5).problem == "value"
    assert not against(got, 1.5).right
    assert against(got, TRUTH).problem == "shape"
    assert against([got], np.array([1.0])).problem in ("kind", "value")


def test_whole_numbers_as_floats_get_a_note():
    assert "whole numbers" in against(5.0, 5).notes[0]
    assert not against(5, 5).notes


def test_a_truth_value_is_compared_exactly():
    assert against(True, True).right
    assert against(np.bool_(False), False).right
    assert not against(True, False).right
    assert not against("True", True).right


@pytest.mark.parametrize("container", [tuple, list, np.array])
def test_several_results_come_in_any_sequence(container):
    assert compare(container([3, 7]), (3, 7), [0.0, 0.0], [0.0, 0.0]).right


@pytest.mark.parametrize("got", [(1.0,), (1.0, 2.0, 3.0), 1.0, None, TRUTH.T, {}, "ab"])
def test_the_count_of_results_is_checked(got):
    found = compare(got, (1.0, 2.0), [A64, A64], [A32, A32])
    assert found.problem == "count"
    assert "2 results" in found.message


def test_the_first_problem_is_reported_with_its_place():
    found = compare((TRUTH, TRUTH + 1, TRUTH.T), (TRUTH, TRUTH, TRUTH), [A64] * 3, [A32] * 3)
    assert (found.problem, found.where) == ("value", "[1]")


def test_every_result_has_its_own_bound():
    got = (TRUTH + 1e-3, TRUTH)
    assert compare(got, (TRUTH, TRUTH), [1e-2, A64], [1e-2, A32]).right
    assert compare(got, (TRUTH, TRUTH), [A64, 1e-2], [A32, 1e-2]).where == "[0]"


def test_dicts_are_compared_by_key_and_may_hold_more():
    truth = {"mean": 1.0, "var": TRUTH}
    bound = {"mean": A64, "var": A64}
    assert compare({"var": TRUTH, "mean": 1.0, "extra": "x"}, truth, bound, bound).right
    assert "'var'" in compare({"mean": 1.0}, truth, bound, bound).message
    assert compare({"mean": 1.0, "var": TRUTH + 1}, truth, bound, bound).where == "['var']"
    assert compare([1.0, TRUTH], truth, bound, bound).problem == "kind"


def test_what_stays_with_the_student_is_not_compared():
    expected = (TRUTH, Foreign("kept"))
    for cache in (None, {"a": 1}, Foreign("Cache"), (1, 2), TRUTH):
        assert compare((TRUTH, cache), expected, [A64, 0.0], [A32, 0.0]).right
    assert compare((TRUTH,), expected, [A64, 0.0], [A32, 0.0]).problem == "count"


@pytest.mark.parametrize(("got", "right"), [("relu", True), ("Relu", False), (None, False), (3, False)])
def test_texts_are_exact(got, right):
    assert against(got, "relu").right is right


def test_nothing_expected_means_none():
    assert against(None, None).right
    assert not against(0, None).right


def test_empty_arrays():
    empty = np.zeros((0, 3))
    assert against(np.zeros((0, 3)), empty).right
    assert against(np.zeros((3, 0)), empty).problem == "shape"


def test_a_bound_of_zero_demands_equality():
    assert against(TRUTH, a64=0.0, a32=0.0).right
    found = against(TRUTH + 1e-12, a64=0.0, a32=0.0)
    assert found.problem == "value"
    assert found.ratio == math.inf


@pytest.mark.parametrize("value", [None, TRUTH, [1], (1, 2), 3, True, "x", {}, Foreign("Cache")])
def test_every_kind_has_a_name(value):
    assert kind_of(value)


def test_as_array_refuses_what_only_looks_like_numbers():
    assert as_array("12")[0] is None
    assert as_array(["1", "2"])[0] is None
    assert np.array_equal(as_array([True, False])[0], [True, False])  # type: ignore[arg-type]


_NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.complex_numbers(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=2), inner, max_size=2)
    ),
    max_leaves=8,
)


@given(_NESTED, st.sampled_from([TRUTH, 5, True, 1.5, "x", None, (1.0, TRUTH), {"a": 1.0}, np.array([1, 2])]))
def test_nothing_a_student_returns_makes_comparing_fail(got, expected):
    found = compare(got, expected, A64, A32)
    assert found.right or found.message
    json.dumps(found.worst, allow_nan=False)


_NUMBERS = st.sampled_from([0.0, 1.0, 1.0 + 1e-12, 1.0 + 1e-6, 2.0, np.nan, np.inf, -np.inf])
_ARRAYS = (
    st.lists(_NUMBERS, min_size=2, max_size=2).map(np.array) | st.just(np.ones(3)) | st.just(np.ones((2, 1)))
)
_RESULTS = _ARRAYS | _NUMBERS | st.tuples(_ARRAYS, _ARRAYS) | st.just(np.ones(2, np.float32)) | st.none()


@given(
    _RESULTS,
    _RESULTS,
    st.sampled_from([1e-10, 1e-4, [1e-10, 1e-4], (1e-4, 1e-10)]),
    st.sampled_from([1e-9, 1e-3]),
)
def test_agreeing_is_what_comparing_finds_right(got, expected, a64, a32):
    assert agrees(got, expected, a64, a32) == compare(got, expected, a64, a32).right
