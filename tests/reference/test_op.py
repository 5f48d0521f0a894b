"""The machinery that makes a function an op."""

import pickle

import numpy as np
import pytest

import reference
from reference.op import OPS, InputError, ShapeError, op, pair, parse_shapes, whole


@pytest.fixture
def scale():
    @op("x[N,D], c[D]? -> y[N,D]", source="lecture S1:1")
    def scale_for_test(x, c=None, power=1):
        """Multiply each column."""
        return x * (1 if c is None else c) ** power

    @scale_for_test.gradient
    def backward(saved, dy):
        x, c, _ = saved
        return dy * c, (dy * x).sum(axis=0)

    yield scale_for_test
    del OPS["scale_for_test"]


class Subclass(np.ndarray):
    pass


def test_arguments_are_converted(scale):
    single, double = np.ones((2, 2), np.float32), np.ones((2, 2))
    assert scale([[1, 2], [3, 4]]).dtype == np.float64
    assert scale(np.ones((2, 2), bool)).dtype == np.float64
    assert scale(np.ones((2, 2), np.float16)).dtype == np.float64
    assert scale(np.ones((2, 2), np.longdouble)).dtype == np.float64
    assert scale(double.astype(">f8")).dtype == np.dtype("=f8")
    assert scale(single).dtype == np.float32
    assert scale(single, np.ones(2)).dtype == np.float64
    assert scale(single, np.ones(2, np.float32)).dtype == np.float32
    assert type(scale(double.view(Subclass))) is np.ndarray


def test_numbers_take_the_type_of_the_arrays():
    single = np.ones(4, np.float32)
    assert reference.perceptron_convolution(single, single[:2], 0.5).dtype == np.float32
    assert reference.perceptron_convolution(single.astype(float), single[:2], 1).dtype == np.float64


def test_message_says_who_what_where_and_what_to_do(scale):
    with pytest.raises(ShapeError) as caught:
        scale(np.ones((2, 3)), np.ones(4, np.float32), power=2)
    assert str(caught.value) == (
        "scale_for_test: c has D = 4, but x has D = 3.\n"
        "  got:      x (2, 3) float64, c (4,) float32, power=2\n"
        "  expected: x[N,D], c[D]? -> y[N,D]\n"
        "  to do:    make D of c and x equal; nothing is broadcast."
    )
    assert caught.value.__suppress_context__


def test_errors_travel_between_processes(scale):
    with pytest.raises(ShapeError) as caught:
        scale(np.ones(3))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_ops_travel_between_processes():
    for function in (reference.conv2d, reference.conv2d.forward, reference.conv2d.backward):
        assert pickle.loads(pickle.dumps(function)) is function


def test_gradient_has_the_type_of_the_result(scale):
    _, cache = scale.forward(np.ones((2, 2), np.float32), np.ones(2, np.float32))
    dx, dc = scale.backward(cache, np.ones((2, 2)))
    assert dx.dtype == dc.dtype == np.float32
    dx, _ = scale.backward(cache, [[1, 2], [3, 4]])
    np.testing.assert_array_equal(dx, [[1, 2], [3, 4]])


def test_cache_of_another_op_is_refused(scale):
    _, cache = reference.correlate2d.forward(np.ones((2, 2)), np.ones((1, 1)))
    with pytest.raises(InputError, match=r"scale_for_test.backward: cache .*correlate2d"):
        scale.backward(cache, np.ones((2, 2)))


def test_scalar_result_needs_no_upstream():
    @op("x[N] -> y[]", source="lecture S1:1")
    def total_for_test(x):
        """Add up."""
        return x.sum()

    total_for_test.gradient(lambda saved, dy: np.full(len(saved[0]), dy))
    del OPS["total_for_test"]
    y, cache = total_for_test.forward([1.0, 2.0])
    assert y == 3
    np.testing.assert_array_equal(total_for_test.backward(cache)[0], [1, 1])
    np.testing.assert_array_equal(total_for_test.backward(cache, 2.5)[0], [2.5, 2.5])
    with pytest.raises(ShapeError, match="dy has shape"):
        total_for_test.backward(cache, np.ones(2))


def test_kinds_of_arrays():
    @op("p[N,C], t[N]:int, m[...]:const, q[2,N] -> y[N]", source="lecture S1:1")
    def pick_for_test(p, t, m, q):
        """Pick."""
        return p[np.arange(len(t)), t] + q[0]

    del OPS["pick_for_test"]
    p, m, q = np.ones((3, 2)), np.ones(()), np.ones((2, 3))
    np.testing.assert_array_equal(pick_for_test(p, np.array([0, 1, 0], np.uint8), m, q), [2, 2, 2])
    with pytest.raises(InputError, match="t holds float64 values, not whole numbers"):
        pick_for_test(p, np.zeros(3), m, q)
    with pytest.raises(InputError, match="t holds bool values"):
        pick_for_test(p, np.zeros(3, bool), m, q)
    with pytest.raises(ShapeError, match="q has length 3 where 2 is expected"):
        pick_for_test(p, [0, 0, 0], m, q.T)


def test_ellipsis_compares_all_its_axes():
    @op("a[N,...], b[...] -> y[N,...]", source="lecture S1:1")
    def add_for_test(a, b):
        """Add."""
        return a + b

    del OPS["add_for_test"]
    assert add_for_test(np.ones((2, 3, 4)), np.ones((3, 4))).shape == (2, 3, 4)
    assert add_for_test(np.ones(2), 1.0).shape == (2,)
    with pytest.raises(ShapeError, match=r"b has \.\.\. = \(1, 4\), but a has \.\.\. = \(3, 4\)"):
        add_for_test(np.ones((2, 3, 4)), np.ones((1, 4)))
    with pytest.raises(ShapeError, match="a has 0 axes, expected 1 or more"):
        add_for_test(1.0, 1.0)


def test_two_ops_cannot_share_a_name():
    def conv2d(x):
        """Another."""

    with pytest.raises(ValueError, match="two ops are called conv2d"):
        op("x[N] -> y[N]", source="lecture S1:1")(conv2d)


@pytest.mark.parametrize("line", ["x[N]", "x[N -> y[N]", "x[N]! -> y", "x[N] y[N] -> z"])
def test_unreadable_shape_lines(line):
    with pytest.raises(ValueError, match="shape line"):
        parse_shapes(line)


def test_shape_line_must_name_parameters():
    def f(x):
        """F."""

    with pytest.raises(TypeError, match="z"):
        op("z[N] -> y[N]", source="lecture S1:1")(f)


def test_whole_and_pair():
    assert (whole("n", np.int32(3)), type(whole("n", np.int32(3)))) == (3, int)
    assert pair("k", np.int64(2)) == (2, 2)
    assert pair("k", [1, np.int8(2)]) == (1, 2)
    assert pair("k", np.array([3, 4])) == (3, 4)
    with pytest.raises(ShapeError, match="k must be at least 1, not 0"):
        pair("k", 0, 1)
    with pytest.raises(ShapeError, match=r"k\[1\] must be at least 1, not 0"):
        pair("k", (1, 0), 1)
    with pytest.raises(InputError, match=r"n must be a whole number, not 2\.0"):
        whole("n", 2.0)


def test_cases_depend_on_the_generator_alone():
    one, same, other = (next(reference.conv2d.cases(np.random.default_rng(s))).inputs["x"] for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
