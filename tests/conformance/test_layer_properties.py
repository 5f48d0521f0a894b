"""Properties of single layers and algorithms that hold whatever the numbers are."""

from itertools import product

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import reference

PATIENT = settings(derandomize=True, max_examples=40, deadline=None, database=None)
SEEDS = st.integers(0, 2**32)
SIZES = st.integers(1, 7)


def floats(shape, size=50):
    return hnp.arrays(np.float64, shape, elements=st.floats(-size, size, width=32))


MATRICES = hnp.array_shapes(min_dims=2, max_dims=2, max_side=6).flatmap(floats)
IMAGES = st.tuples(st.integers(1, 2), st.integers(1, 3), SIZES, SIZES).flatmap(floats)

# --------------------------------------------------------------------------------- moving with the input


@given(SIZES, SIZES, st.integers(1, 3), st.integers(1, 3), st.integers(0, 3), st.integers(0, 3), SEEDS)
@PATIENT
def test_convolution_moves_with_its_input(rows, columns, stride, dilation, down, right, seed):
    """What a filter finds in one place, it finds as well where the image has been moved to."""
    rng = np.random.default_rng(seed)
    w, b = rng.normal(size=(2, 1, 2, 3)), rng.normal(size=2)
    x = rng.normal(size=(1, 1, rows + dilation, columns + 2 * dilation))
    moved = np.zeros((1, 1, x.shape[2] + down * stride, x.shape[3] + right * stride))
    moved[:, :, down * stride :, right * stride :] = x
    how = {"stride": stride, "dilation": dilation}
    for op in (reference.conv2d, reference.conv2d_true):
        np.testing.assert_allclose(
            op(moved, w, b, **how)[:, :, down:, right:], op(x, w, b, **how), atol=1e-12
        )


@given(IMAGES, st.integers(1, 3), st.integers(0, 3), st.integers(0, 3))
@PATIENT
def test_pooling_moves_with_its_input_by_whole_windows(x, k, down, right):
    assume(min(x.shape[2:]) >= k)
    moved = np.zeros((*x.shape[:2], x.shape[2] + down * k, x.shape[3] + right * k))
    moved[:, :, down * k :, right * k :] = x
    for op in (reference.max_pool2d, reference.avg_pool2d):
        np.testing.assert_allclose(op(moved, k)[:, :, down:, right:], op(x, k), atol=1e-12)


@given(IMAGES, SEEDS)
@PATIENT
def test_turning_image_and_kernel_turns_the_result(x, seed):
    """Correlation and convolution differ by half a turn of the kernel, and both turn as a whole."""
    w = np.random.default_rng(seed).normal(size=(2, x.shape[1], min(2, x.shape[2]), min(3, x.shape[3])))
    half = (slice(None), slice(None), slice(None, None, -1), slice(None, None, -1))
    turned = reference.conv2d(x[half], w[half])[half]
    np.testing.assert_allclose(turned, reference.conv2d(x, w), atol=1e-9)
    np.testing.assert_allclose(reference.conv2d_true(x, w), reference.conv2d(x, w[half]), atol=1e-9)


@given(st.integers(0, 6), st.integers(1, 4), st.integers(1, 3), SEEDS)
@PATIENT
def test_causal_filter_moves_in_time(delay, taps, dilation, seed):
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=8), rng.normal(size=taps)
    late = reference.causal_conv1d(np.concatenate([np.zeros(delay), x]), w, dilation=dilation)
    np.testing.assert_allclose(late[delay:], reference.causal_conv1d(x, w, dilation=dilation), atol=1e-12)
    np.testing.assert_array_equal(late[:delay], 0)


# ------------------------------------------------------------------------------------ softmax and losses


@given(MATRICES, st.floats(-1e3, 1e3), SEEDS)
@PATIENT
def test_softmax_is_a_probability_that_ignores_offsets_and_order(x, offset, seed):
    p = reference.softmax(x)
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(1), 1, rtol=1e-13)
    np.testing.assert_allclose(reference.softmax(x + offset), p, rtol=1e-9, atol=1e-12)
    order = np.random.default_rng(seed).permutation(x.shape[1])
    np.testing.assert_allclose(reference.softmax(x[:, order]), p[:, order], rtol=1e-13)
    np.testing.assert_allclose(np.exp(reference.log_softmax(x)), p, rtol=1e-12, atol=1e-300)
    assert (np.take_along_axis(p, reference.predict_class(x)[:, None], 1)[:, 0] == p.max(1)).all()


@given(MATRICES, SEEDS)
@PATIENT
def test_cross_entropy_is_bounded_by_its_scores(x, seed):
    """Never negative, at most the spread of the scores + log C; gradients of each example add up to 0."""
    t = np.random.default_rng(seed).integers(x.shape[1], size=len(x))
    loss, cache = reference.cross_entropy.forward(x, t)
    assert 0 <= loss <= np.ptp(x, axis=1).mean() + np.log(x.shape[1]) + 1e-9
    (dx,) = reference.cross_entropy.backward(cache)
    np.testing.assert_allclose(dx.sum(1), 0, atol=1e-14)
    np.testing.assert_allclose(
        dx, (reference.softmax(x) - reference.one_hot(t, x.shape[1])) / len(x), atol=1e-14
    )
    picked = reference.log_softmax(x)[range(len(x)), t]
    np.testing.assert_allclose(loss, -picked.mean(), rtol=1e-12, atol=1e-14)


@given(MATRICES, st.floats(0, 5), SEEDS)
@PATIENT
def test_hinge_counts_what_comes_too_close(x, delta, seed):
    t = np.random.default_rng(seed).integers(x.shape[1], size=len(x))
    loss, cache = reference.hinge.forward(x, t, delta)
    ahead = x[range(len(x)), t][:, None] - x >= delta
    ahead[range(len(x)), t] = True
    assert loss >= 0
    assert (loss == 0) == ahead.all() or loss < 1e-12
    np.testing.assert_allclose(reference.hinge.backward(cache)[0].sum(1), 0, atol=1e-14)


@given(floats(5, 30), floats(5, 30))
@PATIENT
def test_two_classes_are_one_sigmoid(a, b):
    """Softmax over two scores is the sigmoid of their difference, and the losses agree."""
    scores = np.stack([a, b], 1)
    p = reference.sigmoid(a - b)
    np.testing.assert_allclose(reference.softmax(scores)[:, 0], p, rtol=1e-12)
    loss = reference.cross_entropy(scores, np.zeros(5, int))
    np.testing.assert_allclose(
        loss, reference.binary_cross_entropy(a - b, np.ones(5)), rtol=1e-12, atol=1e-14
    )
    np.testing.assert_allclose(reference.tanh(a), 2 * reference.sigmoid(2 * a) - 1, atol=1e-14)
    np.testing.assert_allclose(reference.sigmoid(-a), 1 - reference.sigmoid(a), atol=1e-15)


# ------------------------------------------------------------------------------------ pooling, unpooling


@given(IMAGES, st.integers(1, 3), st.integers(1, 3), st.integers(0, 1), st.booleans())
@PATIENT
def test_pooled_values_stay_within_their_windows(x, k, stride, padding, ceil_mode):
    """minimum <= mean <= maximum of the window, and the maximum is an entry of x."""
    assume(min(x.shape[2:]) + 2 * padding >= k and 2 * padding <= k)
    how = {"stride": stride, "padding": padding, "ceil_mode": ceil_mode}
    top, indices = reference.max_pool2d(x, k, return_indices=True, **how)
    bottom = -reference.max_pool2d(-x, k, **how)
    mean = reference.avg_pool2d(x, k, count_include_pad=False, **how)
    assert (bottom - 1e-9 <= mean).all()
    assert (mean <= top + 1e-9).all()
    flat = x.reshape(*x.shape[:2], -1)
    picked = np.take_along_axis(flat, indices.reshape(*x.shape[:2], -1), 2)
    np.testing.assert_array_equal(picked.reshape(top.shape), top)
    np.testing.assert_array_equal(reference.max_pool2d(x + 3, k, **how), top + 3)


@given(IMAGES, st.integers(1, 3))
@PATIENT
def test_unpooling_restores_what_pooling_kept(x, k):
    """Pool, unpool, pool again: the same maxima, wherever they are positive; and nothing else appears."""
    assume(min(x.shape[2:]) >= k)
    x = np.abs(x) + 1
    y, indices = reference.max_pool2d(x, k, return_indices=True)
    up = reference.max_unpool2d(y, indices, k, output_size=x.shape)
    np.testing.assert_array_equal(reference.max_pool2d(up, k), y)
    assert ((up == 0) | (up == x)).all()
    assert (up != 0).sum() == y.size
    np.testing.assert_allclose(up.sum(), y.sum())


@given(IMAGES, st.integers(1, 3), st.integers(1, 3))
@PATIENT
def test_means_of_blocks_undo_repetition(x, sr, sc):
    up = reference.upsample_nearest2d(x, (sr, sc))
    np.testing.assert_allclose(reference.avg_pool2d(up, (sr, sc)), x, atol=1e-12)
    np.testing.assert_array_equal(reference.max_pool2d(up, (sr, sc)), x)
    np.testing.assert_allclose(reference.bed_of_nails2d(x, (sr, sc)).sum(), x.sum(), atol=1e-9)
    np.testing.assert_allclose(reference.global_avg_pool2d(up), reference.global_avg_pool2d(x), atol=1e-12)


@given(hnp.arrays(np.int64, hnp.array_shapes(max_dims=3, max_side=5), elements=st.integers(0, 10**6)), SIZES)
@PATIENT
def test_ways_to_say_where_are_inverse(indices, width):
    np.testing.assert_array_equal(reference.flat_index(reference.row_column(indices, width), width), indices)


# ---------------------------------------------------------------------------------------- normalisation


@given(st.integers(2, 8), st.integers(1, 4), st.floats(0.1, 10), st.floats(-100, 100), SEEDS)
@PATIENT
def test_batch_norm_makes_mean_and_variance(examples, channels, stretch, offset, seed):
    """The result has mean beta and variance gamma^2, whatever the scale and offset of what came in."""
    rng = np.random.default_rng(seed)
    x, (gamma, beta) = rng.normal(size=(examples, channels)), rng.normal(size=(2, channels))
    y, cache = reference.batch_norm.forward(x, None, None, gamma, beta, training=True, eps=0.0)
    assume(x.var(0).min() > 1e-3)
    np.testing.assert_allclose(y.mean(0), beta, atol=1e-10)
    np.testing.assert_allclose(y.var(0), gamma**2, rtol=1e-9, atol=1e-12)
    other = reference.batch_norm(stretch * x + offset, None, None, gamma, beta, training=True, eps=0.0)
    np.testing.assert_allclose(other, y, atol=1e-7)
    dx, _, dbeta = reference.batch_norm.backward(cache, dy := rng.normal(size=y.shape))
    # The result cannot feel an offset or a stretch, so the gradient has no part along either.
    size = 1 + examples * np.abs(dy).max() * np.abs(gamma).max() / x.std(0).min()
    np.testing.assert_allclose(dx.sum(0), 0, atol=1e-9 * size)
    np.testing.assert_allclose((dx * x).sum(0), 0, atol=1e-8 * size)
    np.testing.assert_allclose(dbeta, dy.sum(0), atol=1e-12)


@given(st.integers(2, 6), st.integers(1, 3), st.floats(0, 1), SEEDS)
@PATIENT
def test_running_statistics_end_at_those_of_the_batch(examples, channels, momentum, seed):
    """The same batch over and over: running statistics approach it by the same share each time."""
    rng = np.random.default_rng(seed)
    x, mean, var = rng.normal(size=(examples, channels)), np.zeros(channels), np.ones(channels)
    how = {"training": True, "momentum": momentum, "return_running": True}
    for step in range(1, 4):
        _, mean, var = reference.batch_norm(x, mean, var, **how)
        left = (1 - momentum) ** step
        np.testing.assert_allclose(mean, (1 - left) * x.mean(0), atol=1e-12)
        np.testing.assert_allclose(var, left + (1 - left) * x.var(0), atol=1e-12)
    same = reference.running_average(np.zeros(1), np.ones(1), momentum)
    mirrored = reference.running_average(np.zeros(1), np.ones(1), 1 - momentum, momentum_on="running")
    np.testing.assert_allclose(same, mirrored, atol=1e-15)


@given(MATRICES, st.integers(0, 1))
@PATIENT
def test_standardised_features_have_mean_0_and_deviation_1(x, ddof):
    assume(len(x) > 1 and x.std(0).min() > 1e-3)
    z = reference.standardize.apply(x, *reference.standardize.fit(x, ddof))
    mu, sigma = reference.standardize.fit(z, ddof)
    np.testing.assert_allclose(mu, 0, atol=1e-9)
    np.testing.assert_allclose(sigma, 1, rtol=1e-9)


@given(MATRICES)
@PATIENT
def test_subtracting_the_mean_twice_does_no_more(x):
    h = reference.mean_subtraction(x)
    np.testing.assert_allclose(h.sum(1), 0, atol=1e-9)
    np.testing.assert_allclose(reference.mean_subtraction(h), h, atol=1e-10)


# -------------------------------------------------------------------------------------- regularisation


@given(floats(4), st.floats(0, 0.95))
@PATIENT
def test_dropout_keeps_the_expectation_over_all_masks(x, p):
    """Summed over all 16 masks with their probabilities, training gives what test time gives."""
    masks = [np.array(mask) for mask in product((0, 1), repeat=4)]
    weights = [p ** (4 - mask.sum()) * (1 - p) ** mask.sum() for mask in masks]
    np.testing.assert_allclose(sum(weights), 1)
    for mode in ("inverted", "classic"):
        train = sum(
            c * reference.dropout(x, p, mode=mode, mask=m) for c, m in zip(weights, masks, strict=True)
        )
        test = reference.dropout(x, p, training=False, mode=mode)
        np.testing.assert_allclose(train, test, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(reference.dropout(x, p, training=False), x)


@given(st.floats(0, 0.9), SEEDS)
@PATIENT
def test_drawn_and_given_masks_agree(p, seed):
    x = np.random.default_rng(seed).normal(size=(4, 5))
    y, mask = reference.dropout(x, p, rng=np.random.default_rng(seed), return_mask=True)
    np.testing.assert_array_equal(reference.dropout(x, p, mask=mask), y)
    np.testing.assert_array_equal(mask, np.random.default_rng(seed).random((4, 5)) >= p)


@given(IMAGES, SEEDS)
@PATIENT
def test_augmentation_keeps_what_stays_in_sight(x, seed):
    rng = np.random.default_rng(seed)
    flip, shift = rng.integers(2, size=len(x)), rng.integers(-2, 3, size=(len(x), 2))
    np.testing.assert_array_equal(reference.augment(reference.augment(x, flip=flip), flip=flip), x)
    there = reference.augment(x, shift=shift)
    back = reference.augment(there, shift=-shift)
    assert ((back == x) | (back == 0)).all()
    assert np.abs(there).sum() <= np.abs(x).sum() + 1e-9


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=12), st.integers(1, 4))
@PATIENT
def test_early_stopping_keeps_the_best_it_has_seen(val, patience):
    stop, best = reference.early_stopping(val, patience)
    assert 0 <= best <= stop < len(val)
    assert val[best] == min(val[: stop + 1])
    assert stop == len(val) - 1 or stop - best == patience


@given(hnp.arrays(np.int64, st.tuples(SIZES, SIZES), elements=st.integers(0, 4)), SEEDS)
@PATIENT
def test_a_vote_does_not_depend_on_the_order_of_voters(predictions, seed):
    labels = reference.vote(predictions, 5)
    order = np.random.default_rng(seed).permutation(len(predictions))
    np.testing.assert_array_equal(reference.vote(predictions[order]), labels)
    named = (predictions[:, :, None] == np.arange(5)).sum(0)
    assert (named[range(len(labels)), labels] == named.max(1)).all()
    np.testing.assert_array_equal(reference.predict_class(reference.one_hot(labels, 5)), labels)
