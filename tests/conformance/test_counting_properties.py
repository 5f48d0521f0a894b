"""Properties of sizes, counts and partitions: formulas against what layers do, and against counting out."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import reference

PATIENT = settings(derandomize=True, max_examples=60, deadline=None, database=None)
SMALL = st.integers(1, 5)


@given(st.integers(1, 20), SMALL, SMALL, st.integers(0, 3), st.integers(1, 3))
@PATIENT
def test_sizes_are_those_of_the_layers(n, k, stride, padding, dilation):
    assume(dilation * (k - 1) + 1 <= n + 2 * padding)
    size, fits = reference.conv_output_size(n, k, stride, padding, dilation)
    how = {"stride": (1, stride), "padding": (0, padding), "dilation": (1, dilation)}
    y = reference.conv2d(np.ones((1, 1, 1, n)), np.ones((1, 1, 1, k)), **how)
    assert y.shape == (1, 1, 1, size)
    # It fits exactly when one more padded entry at the end would change nothing, but a stride of them would.
    longer = [
        reference.conv_output_size(n + extra, k, stride, padding, dilation).size
        for extra in range(stride + 1)
    ]
    assert longer[stride] == size + 1
    assert fits == (longer[:stride] == [size] * stride)
    back = (
        reference.conv_transpose_output_size(size, k, stride, padding, dilation=dilation)
        if ((size - 1) * stride - 2 * padding + dilation * (k - 1) >= 0)
        else None
    )
    assert back is None or back == n - (n + 2 * padding - dilation * (k - 1) - 1) % stride


@given(st.integers(1, 20), SMALL, SMALL, st.integers(0, 2), st.booleans())
@PATIENT
def test_pooled_sizes_are_those_of_the_layer(n, k, stride, padding, ceil_mode):
    assume(2 * padding <= k <= n + 2 * padding)
    size = reference.pool_output_size(n, k, stride, padding, ceil_mode=ceil_mode).size
    how = {"stride": (1, stride), "padding": (0, padding), "ceil_mode": ceil_mode}
    assert reference.avg_pool2d(np.ones((1, 1, 1, n)), (1, k), **how).shape == (1, 1, 1, size)


@given(st.integers(1, 20), SMALL, SMALL, st.integers(1, 3))
@PATIENT
def test_same_padding_gives_the_size_it_promises(n, k, stride, dilation):
    size, before, after = reference.same_padding(n, k, stride, dilation)
    x = np.pad(np.ones(n), (before, after))[None, None, None]
    how = {"stride": (1, stride), "dilation": (1, dilation)}
    assert reference.conv2d(x, np.ones((1, 1, 1, k)), **how).shape[3] == size == -(-n // stride)
    assert 0 <= after - before <= 1


@given(st.integers(1, 20), SMALL, SMALL, st.integers(0, 3), st.integers(1, 3))
@PATIENT
def test_unused_inputs_get_no_gradient(n, k, stride, padding, dilation):
    assume(dilation * (k - 1) + 1 <= n + 2 * padding)
    how = {"stride": (1, stride), "padding": (0, padding), "dilation": (1, dilation)}
    y, cache = reference.conv2d.forward(np.ones((1, 1, 1, n)), np.ones((1, 1, 1, k)), **how)
    dx = reference.conv2d.backward(cache, np.ones(y.shape))[0].ravel()
    assert tuple(np.flatnonzero(dx == 0)) == reference.unused_inputs(n, k, stride, padding, dilation)


LAYERS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(1, 2), st.integers(0, 1)),
    min_size=1,
    max_size=4,
)


@given(LAYERS, st.integers(8, 24), st.data())
@PATIENT
def test_a_unit_sees_what_its_gradient_reaches(layers, n, data):
    """Send a gradient back from one unit through a stack of layers: it arrives at the ends of its interval."""
    caches, y = [], np.ones((1, 1, 1, n))
    for k, stride, dilation, padding in layers:
        assume(y.shape[3] + 2 * padding >= dilation * (k - 1) + 1)
        how = {"stride": (1, stride), "dilation": (1, dilation), "padding": (0, padding)}
        y, cache = reference.conv2d.forward(y, np.ones((1, 1, 1, k)), **how)
        caches.append(cache)
    unit = data.draw(st.integers(0, y.shape[3] - 1))
    dy = np.zeros(y.shape)
    dy[..., unit] = 1
    for cache in reversed(caches):
        dy = reference.conv2d.backward(cache, dy)[0]
    reached = np.flatnonzero(dy)
    assume(len(reached))
    assert reference.input_interval(layers, unit, n) == (reached[0], reached[-1])
    first, last = reference.input_interval(layers, unit)
    assert last - first + 1 == reference.receptive_field(layers)
    assert first <= reached[0] <= reached[-1] <= last


@given(SMALL, SMALL, SMALL, st.integers(1, 3), st.booleans())
@PATIENT
def test_parameters_are_the_entries_of_the_gradients(depth, k, filters, groups, bias):
    x = np.zeros((1, depth * groups, k, k))
    w, b = np.zeros((filters * groups, depth, k, k)), np.zeros(filters * groups) if bias else None
    y, cache = reference.conv2d.forward(x, w, b, groups=groups)
    counted = sum(g.size for g in reference.conv2d.backward(cache, y)[1:] if g is not None)
    assert reference.conv_parameters(depth * groups, k, filters * groups, bias, groups) == counted
    y, cache = reference.linear.forward(np.zeros((1, depth)), np.zeros((filters, depth)), np.zeros(filters))
    counted = sum(g.size for g in reference.linear.backward(cache, y)[1:])
    assert reference.linear_parameters(depth, filters) == counted
    fans = reference.fans((filters, depth, k, k))
    assert fans == (depth * k * k, filters * k * k)


# ------------------------------------------------------------------------------------------ partitions


def is_partition(parts, n):
    """Each of 0 ... n-1 exactly once."""
    together = np.concatenate(parts)
    return sorted(together.tolist()) == list(range(n)) and together.dtype.kind == "i"


@given(st.integers(2, 60), st.integers(2, 12), st.integers(0, 2**32))
@PATIENT
def test_folds_are_partitions(n, k, seed):
    assume(k <= n)
    folds = reference.k_fold(n, k, np.random.default_rng(seed))
    assert is_partition(folds, n)
    assert len(folds) == k
    sizes = [len(fold) for fold in folds]
    assert max(sizes) - min(sizes) <= 1
    cost = reference.cross_validation_cost(n, k)
    assert cost == (k, n - max(sizes), n - min(sizes))
    for a, b in zip(folds, reference.k_fold(n, k, np.random.default_rng(seed)), strict=True):
        np.testing.assert_array_equal(a, b)
    assert is_partition(reference.leave_one_out(n), n)


@given(
    st.integers(4, 80),
    st.sampled_from([0.1, 0.25, 0.3, 0.5]),
    st.sampled_from([0.0, 0.2, 0.29]),
    st.integers(0, 2**32),
)
@PATIENT
def test_holding_out_is_a_partition(n, test, validation, seed):
    assume(n * test >= 1 and (validation == 0 or n * validation >= 1))
    split = reference.holdout(n, test, np.random.default_rng(seed), validation)
    assert is_partition(split, n)
    for part, share in zip(split, (1 - test - validation, validation, test), strict=True):
        assert abs(len(part) - n * share) < 1


@given(st.integers(1, 60), st.integers(1, 20), st.integers(0, 2**32))
@PATIENT
def test_minibatches_of_an_epoch_are_a_partition(n, batch, seed):
    batches = reference.minibatches(n, batch, np.random.default_rng(seed))
    assert is_partition(batches, n)
    assert len(batches) == reference.iterations_per_epoch(n, batch)
    assert all(len(indices) == batch for indices in batches[:-1])


@given(st.integers(1, 200), st.lists(st.integers(1, 9), min_size=1, max_size=5))
@PATIENT
def test_split_sizes_lose_nothing(n, parts):
    assume(n * min(parts) >= sum(parts))
    sizes = reference.split_sizes(n, parts)
    assert sum(sizes) == n
    assert all(abs(size - n * part / sum(parts)) < 1 for size, part in zip(sizes, parts, strict=True))
