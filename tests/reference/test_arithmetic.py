"""Sizes and counts: golden tables, brute force, and refusal of what cannot be."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

import reference
from reference import (
    OPS,
    InputError,
    ShapeError,
    conv_output_size,
    conv_parameters,
    conv_transpose_output_size,
    input_interval,
    iterations_per_epoch,
    keras_output_size,
    linear_parameters,
    locally_connected_parameters,
    multiply_adds,
    pool_output_size,
    receptive_field,
    same_padding,
    split_sizes,
    unused_inputs,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text(encoding="utf-8"))
COUNTED = [
    name for name, op in OPS.items() if op.__module__ in ("reference.arithmetic", "reference.counting")
]


def both(op):
    return [op, op.definition]


# ------------------------------------------------------------------------------------- golden examples


@pytest.mark.parametrize("name", ["G-CONV-01", "G-DIL-06", "G-CNN-04"])
@pytest.mark.parametrize("size", both(conv_output_size))
def test_output_sizes_of_the_lectures(size, name):
    g = GOLDEN[name]
    for case, out, exact in zip(
        g["inputs"]["cases"], g["expected"]["out"], g["expected"]["exact"], strict=True
    ):
        assert size(*case) == (out, exact == int(exact))


def test_dilated_sizes():
    g = GOLDEN["G-DIL-03"]
    for (n, k, d), span, out in zip(
        g["inputs"]["cases"], g["expected"]["k_eff"], g["expected"]["out"], strict=True
    ):
        assert conv_output_size(n, k, dilation=d).size == out
        assert receptive_field([(k, 1, d)]) == span


def test_parameter_counts_of_the_lectures():
    g = GOLDEN["G-CONV-02"]
    for (k, c_in, c_out), count in zip(g["inputs"]["cases"], g["expected"]["params"], strict=True):
        assert conv_parameters(c_in, k, c_out) == count
    assert conv_parameters(3, 5, 1, bias=False) == g["expected"]["dot_dim"]
    assert linear_parameters(g["expected"]["fc_in"], 1) == g["expected"]["fc_params_one_unit"]
    assert linear_parameters(g["expected"]["fc_in"], 28 * 28) == g["expected"]["fc_params_to_28x28x1"]
    assert linear_parameters(3 * 32 * 32, 10) == GOLDEN["G-CNN-07"]["expected"]["fc_params"]
    unshared = GOLDEN["G-CONV-07"]
    n, _, c, k, filters = unshared["params"]["lc2d"]
    size = conv_output_size(n, k).size
    assert locally_connected_parameters(size, c, k, filters) == unshared["expected"]["params_lc"]
    assert conv_parameters(c, k, filters) == unshared["expected"]["params_conv"]


def test_keras_model_of_the_lecture():
    table = {row[0]: row[1:] for row in GOLDEN["G-CNN-01"]["expected"]["table"]}
    one = keras_output_size(28, 3)
    two = keras_output_size(one, 3)
    assert [one, one, 32] == table["Conv2D(32,3x3)"][0]
    assert [two, two, 64] == table["Conv2D(64,3x3)"][0]
    assert pool_output_size(two, 2) == (table["MaxPooling2D(2x2)"][0][0], True)
    assert conv_parameters(1, 3, 32) == table["Conv2D(32,3x3)"][1]
    assert conv_parameters(32, 3, 64) == table["Conv2D(64,3x3)"][1]
    assert linear_parameters(64 * 12 * 12, 128) == table["Dense(128)"][1]
    assert linear_parameters(128, 10) == table["Dense(10)"][1]


def test_large_networks():
    g = GOLDEN["G-CNN-03"]
    channels, total, layers = 3, 0, []
    for entry in g["inputs"]["cfg"]:
        if entry == "M":
            layers.append((2, 2))
            continue
        total += conv_parameters(channels, 3, entry)
        channels = entry
        layers.append((3, 1, 1, 1))
    assert total == g["expected"]["conv_params"]
    assert receptive_field(layers[:-1]) == g["expected"]["conv5_3_rf"]
    assert conv_parameters(3, 11, 96) == GOLDEN["G-CNN-04"]["expected"]["params"]


@pytest.mark.parametrize("field", both(receptive_field))
def test_receptive_fields_of_stacks(field):
    g = GOLDEN["G-DIL-05"]
    for stack, size in zip(g["inputs"]["stacks"], g["expected"]["rf"], strict=True):
        assert field([(stack["k"], 1, d) for d in stack["d"]]) == size


def test_coverage():
    g = GOLDEN["G-CONV-09"]
    for (n, k, s), out, unused in zip(
        g["inputs"]["cases"], g["expected"]["out"], g["expected"]["unused"], strict=True
    ):
        assert conv_output_size(n, k, s).size == out
        assert len(unused_inputs(n, k, s)) == unused


def test_transposed_sizes():
    g = GOLDEN["G-TCONV-05"]
    sizes = [conv_output_size(n, 3, 2).size for n in g["inputs"]["n"]]
    assert sizes == g["expected"]["conv_out"]
    assert [conv_transpose_output_size(n, 3, 2) for n in sizes] == g["expected"]["tconv_out"]
    assert conv_transpose_output_size(4, 3) == 6


@pytest.mark.parametrize("count", both(iterations_per_epoch))
def test_iterations(count):
    g = GOLDEN["G-OPT-05"]
    assert count(g["inputs"]["n"], g["inputs"]["batch"]) == g["expected"]["iters"]
    for (n, batch), iterations in zip(g["params"]["extra"], g["expected"]["extra_ceil"], strict=True):
        assert count(n, batch) == iterations


def test_multiply_adds_of_a_dense_layer():
    g = GOLDEN["G-OPT-08"]
    forward = multiply_adds(g["inputs"]["d_in"], 1, g["inputs"]["d_out"], examples=g["inputs"]["n"])
    assert forward == g["expected"]["fwd"]


# ----------------------------------------------------------------------------------------- brute force

SETTINGS = list(itertools.product((1, 2, 5, 8, 11), (1, 2, 3, 5), (1, 2, 3, 4), (0, 1, 2), (1, 2, 3)))


def quietly(function, *settings, **more):
    """The result, or None where the settings are refused."""
    try:
        return function(*settings, **more)
    except ShapeError:
        return None


def test_formulas_agree_with_counting():
    for settings in SETTINGS:
        assert quietly(conv_output_size, *settings) == quietly(conv_output_size.definition, *settings)
        transposed = quietly(conv_transpose_output_size, *settings[:4], 0, settings[4])
        assert transposed == quietly(conv_transpose_output_size.definition, *settings[:4], 0, settings[4])
        for ceil_mode in (False, True):
            got = quietly(pool_output_size, *settings, ceil_mode=ceil_mode)
            assert got == quietly(pool_output_size.definition, *settings, ceil_mode=ceil_mode)


def test_sizes_are_those_of_the_operation():
    for n, k, s, p, d in SETTINGS:
        size = quietly(conv_output_size, n, k, s, p, d)
        x, w = np.ones((1, 1, n, 1)), np.ones((1, 1, k, 1))
        y = quietly(reference.conv2d, x, w, None, (s, 1), (p, 0), (d, 1))
        assert (size and size.size) == (None if y is None else y.shape[2])


def test_unused_inputs_have_no_gradient():
    for n, k, s, p, d in SETTINGS:
        x, w = np.ones((1, 1, n, 1)), np.ones((1, 1, k, 1))
        if quietly(conv_output_size, n, k, s, p, d) is None:
            with pytest.raises(ShapeError):
                unused_inputs(n, k, s, p, d)
            continue
        y, cache = reference.conv2d.forward(x, w, None, (s, 1), (p, 0), (d, 1))
        dx = reference.conv2d.backward(cache, np.ones_like(y))[0].ravel()
        assert unused_inputs(n, k, s, p, d) == tuple(np.flatnonzero(dx == 0))


def test_same_and_valid_sizes_by_hand():
    # n, k, stride: zeros needed so that ceil(n / stride) windows fit, the odd one after the input
    for (n, k, s), expected in {
        (5, 3, 1): (5, 1, 1),
        (5, 2, 1): (5, 0, 1),
        (5, 3, 2): (3, 1, 1),
        (6, 3, 2): (3, 0, 1),
        (7, 5, 3): (3, 2, 2),
        (9, 2, 4): (3, 0, 1),
        (8, 2, 4): (2, 0, 0),
        (1, 4, 1): (1, 1, 2),
    }.items():
        assert same_padding(n, k, s) == expected
        assert keras_output_size(n, k, s, "same") == expected[0]


def test_same_padding_gives_the_promised_size():
    for n, k, s, _, d in SETTINGS:
        size, before, after = same_padding(n, k, s, d)
        assert size == -(-n // s)
        assert conv_output_size(n + before + after, k, s, 0, d).size == size
        assert 0 <= after - before <= 1
        valid = quietly(keras_output_size, n, k, s, "valid", d)
        plain = quietly(conv_output_size, n, k, s, 0, d)
        assert valid == (plain and plain.size)


def test_pooling_sizes_by_hand():
    # n, k, stride, padding: windows start at 0, stride, 2 stride ... as long as they end inside n + 2 padding
    for settings, expected in {
        (7, 2, 2, 0): (3, False),  # starts 0, 2, 4; pixel 6 is left over
        (7, 3, 2, 0): (3, True),  # starts 0, 2, 4; the last ends at 6
        (8, 3, 2, 0): (3, False),  # starts 0, 2, 4; a fourth would need pixel 8
        (6, 2, 2, 1): (4, True),  # 8 pixels with the padding: starts 0, 2, 4, 6
        (5, 3, 2, 1): (3, True),  # 7 pixels with the padding: starts 0, 2, 4
    }.items():
        assert pool_output_size(*settings) == expected


def test_ceil_mode_by_hand():
    assert pool_output_size(4, 3, 2, ceil_mode=True) == (2, False)
    assert pool_output_size(5, 3, 2, ceil_mode=True) == (2, True)
    assert pool_output_size(2, 3, 2, ceil_mode=True) == (1, False)
    # A third window would start at 6, beyond the input (5) and the padding before it (1).
    assert pool_output_size(5, 2, 3, 1, ceil_mode=True) == (2, False)
    assert pool_output_size(6, 3) == (2, True)


def test_transposed_size_undoes_the_size():
    for n, k, s, p, d in SETTINGS:
        for extra in range(max(s, d)):
            size = quietly(conv_transpose_output_size, n, k, s, p, extra, d)
            if size is not None and extra < s:
                assert conv_output_size(size, k, s, p, d) == (n, extra == 0)


STACKS = [
    [3],
    [(2, 2), 3],
    [(3, 2, 1, 1), (2, 2), (3, 1, 2, 2)],
    [(5, 3, 2, 4), (1, 2), (3, 2, 1, 1)],
    [(2, 1, 4), (2, 1, 2), 2],
]


@pytest.mark.parametrize("layers", STACKS, ids=str)
def test_interval_is_the_support_of_the_gradient(layers):
    """Send a gradient back from one unit through all-ones layers and see where it arrives."""
    n, caches, full = 40, [], []
    for layer in layers:
        parts = layer if isinstance(layer, tuple) else (layer,)
        full.append(parts + (1, 1, 0)[len(parts) - 1 :])
    x = np.ones((1, 1, 1, n))
    for k, s, d, p in full:
        x, cache = reference.conv2d.forward(x, np.ones((1, 1, 1, k)), None, (1, s), (0, p), (1, d))
        caches.append(cache)
    units = x.shape[-1]
    for unit in range(units):
        dy = np.zeros((1, 1, 1, units))
        dy[..., unit] = 1
        for cache in reversed(caches):
            dy = reference.conv2d.backward(cache, dy)[0]
        seen = np.flatnonzero(dy)
        assert input_interval(layers, unit, n) == (seen[0], seen[-1])
        free = input_interval(layers, unit)
        assert free.last - free.first + 1 == receptive_field(layers)
        if all(d == 1 for _, _, d, _ in full):
            assert (max(free.first, 0), min(free.last, n - 1)) == (seen[0], seen[-1])
    with pytest.raises(ShapeError, match=f"there is no unit {units}: the last layer has {units}"):
        input_interval(layers, units, n)


def test_counts_are_sizes_of_arrays():
    for c_in, k, c_out, groups in [(4, (2, 3), 6, 2), (3, 1, 5, 1), (8, 3, 8, 8)]:
        rows, columns = k if isinstance(k, tuple) else (k, k)
        w = np.empty((c_out, c_in // groups, rows, columns))
        assert conv_parameters(c_in, k, c_out, groups=groups) == w.size + c_out
        assert conv_parameters(c_in, k, c_out, bias=False, groups=groups) == w.size
        assert multiply_adds(c_in, k, c_out, (4, 7), groups, 3) == 3 * 28 * w.size
    assert locally_connected_parameters((2, 3), 4, (1, 5), 6) == 6 * 6 * (4 * 5) + 36
    assert locally_connected_parameters((2, 3), 4, (1, 5), 6, bias=False) == 6 * 6 * 4 * 5
    assert linear_parameters(7, 3, bias=False) == 21


# ---------------------------------------------------------------------------------------------- splits


@pytest.mark.parametrize(
    ("n", "parts", "sizes"),
    [
        (100, (0.7, 0.3), (70, 30)),
        (100, (0.29, 0.71), (29, 71)),  # 100 * 0.29 is 28.999999999999996 in floating point
        (100, (1, 1, 1), (34, 33, 33)),
        (10, (0.6, 0.2, 0.2), (6, 2, 2)),
        (11, (0.6, 0.2, 0.2), (7, 2, 2)),
        (5, (0.5, 0.5), (3, 2)),
        (7, (4, 1, 1), (5, 1, 1)),
        (6, (1,), (6,)),
        (3, (1 / 3, 1 / 3, 1 / 3), (1, 1, 1)),
        (10, np.array([0.25, 0.75]), (3, 7)),
    ],
)
def test_splits_by_hand(n, parts, sizes):
    assert split_sizes(n, parts) == sizes


def test_splits_lose_nothing():
    rng = np.random.default_rng(0)
    for _ in range(300):
        parts = tuple(int(p) for p in rng.integers(1, 20, rng.integers(1, 6)))
        n = int(rng.integers(sum(parts), 500))
        sizes = split_sizes(n, parts)
        assert sum(sizes) == n
        assert all(abs(size - n * p / sum(parts)) < 1 for size, p in zip(sizes, parts, strict=True))


def test_folds_of_the_lecture():
    g = GOLDEN["G-EVAL-03"]
    folds = split_sizes(g["inputs"]["R"], (1, 1, 1))
    assert {g["inputs"]["R"] - fold for fold in folds} == set(g["expected"]["train_size"]["3fold"])
    assert split_sizes(100, (0.7, 0.3))[0] == g["expected"]["train_size"]["test_set"]


# ------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: conv_output_size(3, 5),
            "kernel spans 5, but the padded input is 3 long.*\n.*\n.*\n.*2 more",
        ),
        (lambda: conv_output_size(5, 3, dilation=3), "the kernel spans 7"),
        (lambda: pool_output_size(4, 2, padding=2), "padding = 2 is more than half of the window's span 2"),
        (lambda: pool_output_size(2, 5, 2, ceil_mode=True), "fits nowhere"),
        (lambda: pool_output_size(4, 2, ceil_mode=1), "ceil_mode must be True or False, not 1"),
        (lambda: conv_transpose_output_size(1, 1, padding=1), "cuts everything away"),
        (lambda: conv_transpose_output_size(2, 3, 2, output_padding=2), "output_padding = 2 is not below"),
        (lambda: keras_output_size(5, 3, rule="full"), "unknown rule 'full'"),
        (lambda: keras_output_size(2, 3), "the kernel spans 3"),
        (lambda: unused_inputs(2, 3), "the kernel spans 3"),
        (lambda: conv_parameters(3, 5, 6, groups=2), "c_in = 3 does not divide into 2 groups"),
        (lambda: conv_parameters(4, 5, 6, groups=4), "c_out = 6 does not divide into 4 groups"),
        (lambda: conv_parameters(4, (1, 2, 3), 6), "k must be one number or two"),
        (lambda: conv_parameters(4, 3, 6, bias="no"), "bias must be True or False"),
        (lambda: receptive_field(3), "layers must be a list, not 3"),
        (lambda: receptive_field("33"), "layers must be a list"),
        (lambda: receptive_field([(3, 1, 1, 0, 0)]), r"layers\[0\] has 5 entries"),
        (lambda: receptive_field([3, (3, 0)]), r"stride of layers\[1\] must be at least 1"),
        (lambda: input_interval([(5, 1)], 0, 4), "an input of length 4 is too short"),
        (lambda: input_interval([3], -1), "unit must be at least 0"),
        (lambda: split_sizes(10, (0.5, 0.4)), "add up to 0.9, not to 1"),
        (lambda: split_sizes(2, (1, 1, 1)), "leave part 2 empty"),
        (lambda: split_sizes(10, (1, -1)), "parts must be positive numbers"),
        (lambda: split_sizes(10, ()), "parts must be positive numbers"),
        (lambda: split_sizes(10, (0.5, float("nan"))), "parts must be positive numbers"),
        (lambda: split_sizes(10, "0.5"), "parts must be positive numbers"),
        (lambda: split_sizes(10, 0.5), "parts must be positive numbers"),
        (lambda: iterations_per_epoch(0, 5), "n must be at least 1"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert caught.value.op in OPS
    assert caught.value.do


@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize("value", [-1, 1.5, "2", True, float("nan"), [], {}, len, 1j, np.ones(3)], ids=repr)
def test_whole_numbers_only(name, value):
    op = OPS[name]
    case = next(iter(op.cases(np.random.default_rng(0))))
    for key, good in case.params.items():
        if type(good) is int:
            for way in (op, op.definition):
                with pytest.raises(InputError, match=rf"^{name}: {key}"):
                    way(**{**case.params, key: value})


def test_numpy_integers_count_as_whole():
    assert conv_output_size(np.int64(7), np.uint8(3)) == (5, True)
    assert type(conv_output_size(np.int64(7), np.uint8(3)).size) is int


def test_sizes_beyond_64_bits():
    assert conv_output_size(10**30, 1, 10**29) == (10, False)
    assert iterations_per_epoch(10**30, 7) == 142857142857142857142857142858
    assert pool_output_size(10**30, 10) == (10**29, True)


def test_counts_have_no_gradient():
    assert all(OPS[name].backward is None for name in COUNTED)
    assert len(COUNTED) == 14
