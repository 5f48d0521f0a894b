"""Chains and blocks: against the ops by hand, gradients end to end, sharing, purity, refusals."""

import doctest
import importlib
import pickle

import numpy as np
import pytest

from reference import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Chain,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    InputError,
    MaxPooling2D,
    Residual,
    ShapeError,
    batch_norm,
    check_gradient,
    conv2d,
    dropout,
    layer_sizes,
    linear,
    max_pool2d,
    mnist_cnn,
    relu,
    residual,
    residual_block,
    softmax,
    xavier_uniform,
)

NETWORKS = {
    "convolutions, dropout": (
        [Conv2D(3, 3, activation="relu"), Conv2D(4, 2, stride=2, padding=1), MaxPooling2D(2), Dropout(0.25)]
        + [Flatten(), Dense(5, activation="relu"), Dropout(0.5), Dense(3)],
        (2, 7, 6),
    ),
    "batch normalisation": (
        [
            Conv2D(4, 3, groups=2, bias=False),
            BatchNormalization(),
            Activation("relu"),
            GlobalAveragePooling2D(),
        ]
        + [Dense(4), BatchNormalization(eps=1e-3), Activation("tanh"), Dense(2)],
        (2, 5, 5),
    ),
    "identity block": ([residual_block(3), AveragePooling2D(2), Flatten(), Dense(2)], (3, 4, 4)),
    "projecting block": ([residual_block(4, stride=2), GlobalAveragePooling2D(), Dense(3)], (2, 5, 6)),
    "blocks in blocks": (
        [
            Residual([Residual([Dense(4, "sigmoid")]), Dense(3)], [Dense(3, bias=False)], "leaky_relu"),
            Dense(2),
        ],
        (4,),
    ),
    "dilation": ([Conv2D(2, 3, dilation=2, padding="same", activation="tanh"), Flatten()], (1, 5, 5)),
    "no weights": ([Activation("sigmoid"), Flatten()], (2, 3, 3)),
}


def rng(seed=0):
    return np.random.default_rng(seed)


def make(name, seed=0, dtype=np.float64):
    chain = Chain(*NETWORKS[name], rng(seed), dtype)
    for key, p in chain.parameters.items():  # no zeros and ones left, behind which mistakes could hide
        p += 0.3 * rng(len(key)).normal(size=p.shape)
    for value in chain.measured.values():
        value += rng(1).uniform(0.1, 1, size=value.shape)
    return chain, rng(seed + 1).normal(size=(4, *chain.input_shape))


TOPICS = ["blocks", "classic_networks", "data", "layers", "mazur", "mlp", "networks"]
TOPICS += ["progress", "small_networks", "summaries", "training"]


@pytest.mark.parametrize("topic", TOPICS)
def test_examples_in_the_text(topic):
    module = importlib.import_module(f"reference.{topic}")
    found, ran = doctest.DocTestFinder(exclude_empty=True), 0
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    for name in module.__all__:
        for test in found.find(getattr(module, name), name, globs=dict(vars(module))):
            ran += len(test.examples)
            assert runner.run(test).failed == 0
    assert ran > 0


# --------------------------------------------------------------------------------------- against the ops


def test_forward_is_op_after_op():
    chain, x = make("convolutions, dropout")
    p, masks = chain.parameters, rng(9)
    y, _ = chain.forward(x, training=True, rng=rng(9))
    h = relu(conv2d(x, p["0.w"], p["0.b"]))
    h = max_pool2d(conv2d(h, p["1.w"], p["1.b"], stride=2, padding=1), 2)
    h = dropout(h, 0.25, mask=masks.random(h.shape) >= 0.25).reshape(4, -1)
    h = relu(linear(h, p["5.w"], p["5.b"]))
    h = dropout(h, 0.5, mask=masks.random(h.shape) >= 0.5)
    np.testing.assert_allclose(y, linear(h, p["7.w"], p["7.b"]), rtol=1e-13)


def test_batch_normalisation_learns_in_training_and_remembers_for_the_test():
    chain, x = make("batch normalisation")
    seen = {k: v.copy() for k, v in chain.measured.items()}
    h = conv2d(x, chain.parameters["0.w"], groups=2)
    settings = (chain.parameters["1.gamma"], chain.parameters["1.beta"])
    old = seen["1.running_mean"], seen["1.running_var"]
    _, mean, var = batch_norm(h, *old, *settings, training=True, return_running=True)
    _, cache = chain.forward(x, training=True)
    assert all(np.array_equal(chain.measured[k], v) for k, v in seen.items())
    chain.remember(cache)
    np.testing.assert_allclose(chain.measured["1.running_mean"], mean, rtol=1e-14)
    np.testing.assert_allclose(chain.measured["1.running_var"], var, rtol=1e-14)
    assert not np.allclose(chain.measured["5.running_mean"], seen["5.running_mean"])
    assert not np.allclose(chain(x), chain.forward(x, training=True)[0])
    np.testing.assert_allclose(chain(x)[:1], chain(x[:1]), rtol=1e-12)


def test_block_of_one_layer_is_the_op():
    chain = Chain([Residual([Dense(3, "relu", bias=False)])], (3,), rng(), float)
    projected = Chain([Residual([Dense(2, "relu", bias=False)], [Dense(2, bias=False)])], (3,), rng(), float)
    x, w = rng(1).normal(size=(5, 3)), "0.branch.0.w"
    np.testing.assert_allclose(chain(x), residual(x, chain.parameters[w]), rtol=1e-14)
    other = residual(x, projected.parameters[w], projected.parameters["0.shortcut.0.w"])
    np.testing.assert_allclose(projected(x), other, rtol=1e-14)


def test_block_with_dead_branch_hands_everything_on():
    chain = Chain([residual_block(2)], (2, 4, 4), rng(), float)
    for name in ("0.branch.4.gamma", "0.branch.4.beta"):
        chain.parameters[name][...] = 0
    x, dy = rng(1).uniform(0.1, 1, size=(3, 2, 4, 4)), rng(2).normal(size=(3, 2, 4, 4))
    y, cache = chain.forward(x, training=True)
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(chain.backward(cache, dy)[0], dy)


def test_scores_probabilities_and_labels():
    chain, x = make("convolutions, dropout")
    y = chain.forward(x)[0]
    np.testing.assert_allclose(chain.probabilities(x), softmax(y), rtol=1e-12)
    np.testing.assert_array_equal(chain.predict(x), y.argmax(axis=1))
    for batch in (1, 3, 100):
        np.testing.assert_allclose(chain(x, batch), y, rtol=1e-12)


# -------------------------------------------------------------------------------------- gradients end to end


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_end_to_end(name, training):
    """Along random directions in x and in each array by itself, and entry by entry in the smallest array."""
    chain, x = make(name)
    y, cache = chain.forward(x, training, rng(3))
    dy = rng(4).normal(size=y.shape)
    dx, gradients = chain.backward(cache, dy)
    assert set(gradients) == set(chain.parameters)

    def value(at, parameters=None):
        return np.sum(dy * chain.forward(at, training, rng(3), parameters)[0])

    def along(f, direction):
        h = 1e-5
        return (f(h * direction) - f(-h * direction)) / (2 * h)

    for seed in range(3):
        v = rng(100 + seed).normal(size=x.shape)
        assert np.sum(dx * v) == pytest.approx(along(lambda step: value(x + step), v), rel=1e-6, abs=1e-7)
        for key, p in chain.parameters.items():
            v = rng(200 + seed).normal(size=p.shape)
            slope = along(lambda step, key=key, p=p: value(x, {key: p + step}), v)
            assert np.sum(gradients[key] * v) == pytest.approx(slope, rel=1e-6, abs=1e-7), key
    for key, p in sorted(chain.parameters.items(), key=lambda item: item[1].size)[:1]:
        for at in np.ndindex(p.shape):
            unit = np.zeros(p.shape)
            unit[at] = 1
            slope = along(lambda step, key=key, p=p: value(x, {key: p + step}), unit)
            assert gradients[key][at] == pytest.approx(slope, rel=1e-6, abs=1e-7)


def test_gradient_checker_agrees_and_finds_a_missing_layer():
    chain, x = make("identity block")

    def forward(x, parameters):
        return chain.forward(x, training=True, parameters=parameters)

    def backward(dy, cache):
        return chain.backward(cache, dy)

    def forgetful(dy, cache):
        dx, gradients = chain.backward(cache, dy)
        return dx, gradients | {"0.branch.0.w": np.zeros_like(gradients["0.branch.0.w"])}

    assert check_gradient(forward, backward, (x, chain.parameters)).outcome == "right"
    assert check_gradient(forward, forgetful, (x, chain.parameters)).outcome == "wrong"


@pytest.mark.parametrize("name", NETWORKS)
def test_single_precision_is_close_to_double(name):
    exact, x = make(name)
    single = Chain(exact.layers, exact.input_shape, rng(), np.float32)
    for own, other in ((single.parameters, exact.parameters), (single.measured, exact.measured)):
        for key, value in other.items():
            own[key][...] = value
    (y, cache), (Y, Cache) = single.forward(x, True, rng(3)), exact.forward(x, True, rng(3))
    dy = rng(4).normal(size=y.shape)
    (dx, g), (dX, G) = single.backward(cache, dy), exact.backward(Cache, dy)
    assert {a.dtype for a in (y, dx, *g.values())} == {np.dtype(np.float32)}
    for a, b in [(y, Y), (dx, dX), *((g[k], G[k]) for k in g)]:
        np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-4 * (1 + np.abs(b).max()))


# ------------------------------------------------------------------------------- what stays, what is shared


@pytest.mark.parametrize("name", NETWORKS)
def test_passes_change_nothing_and_repeat_themselves(name):
    chain, x = make(name)
    kept = x.copy(), {k: v.copy() for k, v in (chain.parameters | chain.measured).items()}
    x.flags.writeable = False
    runs = []
    for data in (x, np.asfortranarray(x)):
        y, cache = chain.forward(data, True, rng(3))
        dy = rng(4).normal(size=y.shape)
        frozen = dy.copy()
        runs.append((y, *chain.backward(cache, dy)))
        np.testing.assert_array_equal(dy, frozen)
    np.testing.assert_array_equal(x, kept[0])
    assert all(np.array_equal(v, kept[1][k]) for k, v in (chain.parameters | chain.measured).items())
    np.testing.assert_array_equal(runs[0][0], runs[1][0])
    np.testing.assert_array_equal(runs[0][1], runs[1][1])
    assert all(np.array_equal(runs[0][2][k], runs[1][2][k]) for k in runs[0][2])


def test_same_generator_same_weights():
    a, b, c = (Chain(*NETWORKS["projecting block"], rng(seed)) for seed in (1, 1, 2))
    assert all(np.array_equal(a.parameters[k], b.parameters[k]) for k in a.parameters)
    assert not np.array_equal(a.parameters["2.w"], c.parameters["2.w"])
    assert {p.dtype for p in a.parameters.values()} == {np.dtype(np.float32)}


def test_first_weights_follow_their_scheme():
    chain = Chain([Dense(400), Dense(300, start=xavier_uniform)], (500,), rng(), float)
    assert chain.parameters["0.w"].std() == pytest.approx(np.sqrt(2 / 500), rel=0.02)
    assert np.abs(chain.parameters["1.w"]).max() == pytest.approx(np.sqrt(6 / 700), rel=0.01)
    assert not chain.parameters["0.b"].any()


def test_copies_are_independent_and_parts_are_shared():
    chain, x = make("batch normalisation")
    twin, (features, head) = chain.copy(), chain.split(4)
    y = chain(x)
    np.testing.assert_allclose(head(features(x)), y, rtol=1e-12)
    assert head.input_shape == features.output_shape == (4,)
    assert list(head.parameters) == ["0.w", "0.b", "1.gamma", "1.beta", "3.w", "3.b"]
    head.parameters["3.b"] += 10
    np.testing.assert_allclose(chain(x), y + 10, rtol=1e-12)
    np.testing.assert_array_equal(twin(x), y)
    assert features.count + head.count == chain.count


def test_new_head_keeps_everything_else():
    chain, x = make("batch normalisation")
    other = chain.replace_head(7, rng(1))
    assert other.output_shape == (7,)
    assert other(x).shape == (4, 7)
    assert all(np.array_equal(other.parameters[k], v) for k, v in chain.parameters.items() if k[0] != "7")
    np.testing.assert_array_equal(other.split(7)[0](x), chain.split(7)[0](x))
    other.parameters["0.w"] += 1
    assert not np.array_equal(other.parameters["0.w"], chain.parameters["0.w"])
    with pytest.raises(InputError, match="the last layer is not Dense"):
        make("dilation")[0].replace_head(3, rng())


def test_saved_weights_come_back():
    chain, x = make("identity block")
    again = Chain(*NETWORKS["identity block"], parameters=chain.parameters, measured=chain.measured)
    assert again.dtype == np.float64
    np.testing.assert_array_equal(again(x), chain(x))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(chain))(x), chain(x))


def test_other_parameters_for_one_pass():
    chain, x = make("convolutions, dropout")
    y = chain.forward(x, parameters={"7.b": chain.parameters["7.b"] + 2})[0]
    np.testing.assert_allclose(y, chain(x) + 2, rtol=1e-12)


def test_nan_goes_through():
    chain, x = make("convolutions, dropout")
    x[1] = np.nan
    y, cache = chain.forward(x)
    assert np.isnan(y[1]).all()
    assert np.isfinite(y[[0, 2, 3]]).all()
    chain.backward(cache, np.ones_like(y))


# --------------------------------------------------------------------------------------------- refusals


def test_layer_that_does_not_fit_is_named():
    layers = [Conv2D(4, 3), MaxPooling2D(2), Conv2D(4, 3), Conv2D(4, 3)]
    with pytest.raises(ShapeError, match=r"Chain: layer 3, Conv2D\(4,3x3\), cannot take \(4, 1, 1\)"):
        Chain(layers, (1, 8, 8), rng())
    with pytest.raises(ShapeError, match=r"layer_sizes: layer 1, Dense\(3\), cannot take \(2, 6, 6\)"):
        layer_sizes([Conv2D(2, 3), Dense(3)], (1, 8, 8))
    with pytest.raises(ShapeError, match=r"layer 1, Conv2D.* it takes images"):
        layer_sizes([Flatten(), Conv2D(2, 3)], (1, 8, 8))
    with pytest.raises(ShapeError, match=r"branch ends in \(2, 2, 2\), the shortcut in \(1, 4, 4\)"):
        layer_sizes([Residual([Conv2D(2, 3)])], (1, 4, 4))
    with pytest.raises(ShapeError, match="input has 3 channels, which do not divide into 2 groups"):
        layer_sizes([Conv2D(2, 3, groups=2)], (3, 4, 4))


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (([], (3,)), "layers is"),
        ((None, (3,)), "layers is None"),
        (([Dense], (3,)), r"layers\[0\] is .*no layer"),
        (([relu], (3,)), r"layers\[0\] is .*no layer"),
        (([Dense(2)], 3), "input_shape is 3"),
        (([Dense(2)], ()), r"input_shape is \(\)"),
        (([Dense(2)], (0,)), r"input_shape\[0\] must be at least 1"),
        (([Dense(2)], (None, 3)), r"input_shape\[0\] must be a whole number"),
        (([Dense(2)], (3,), 7), "rng is 7, not a Generator"),
        (([Dense(2)], (3,)), "rng is None, not a Generator"),
        (([Dense(2)], (3,), rng(), int), "dtype is"),
        (([Dense(2)], (3,), rng(), "double trouble"), "dtype is"),
        (
            ([Dense(2)], (3,), None, float, {"0.w": np.ones((2, 3))}),
            "parameters are .* use the names 0.w, 0.b",
        ),
        (([Dense(2, bias=False)], (3,), None, float, {"0.w": np.ones((3, 2))}), r"0.w has shape \(3, 2\)"),
        (([Dense(2, bias=False)], (3,), None, float, {"0.w": "abc"}), "0.w holds"),
        (([Dense(2, bias=False)], (3,), None, float, [np.ones((2, 3))]), "parameters are"),
    ],
)
def test_chains_that_cannot_be_made(given, text):
    with pytest.raises(InputError, match=f"(?s)^Chain: {text}"):
        Chain(*given)


def test_passes_refuse_what_does_not_fit():
    chain, x = make("convolutions, dropout")
    for bad in (x[0], x[:0], x[:, :1], x[..., :3], np.ones(())):
        with pytest.raises(ShapeError, match=r"Chain: x has shape .*expected x\[N, 2, 7, 6\]"):
            chain.forward(bad)
    for bad in ("abc", None, x.astype(complex), x.astype(object)):
        with pytest.raises(InputError, match="x "):
            chain(bad)
    with pytest.raises(InputError, match="dropout: training got neither mask nor rng"):
        chain.forward(x, training=True)
    with pytest.raises(InputError, match="training must be True or False"):
        chain.forward(x, training="yes")
    with pytest.raises(InputError, match="use the names"):
        chain.forward(x, parameters={"9.w": np.ones(3)})
    with pytest.raises(ShapeError, match=r"7.b has shape \(4,\), expected \(3,\)"):
        chain.forward(x, parameters={"7.b": np.ones(4)})
    y, cache = chain.forward(x)
    with pytest.raises(ShapeError, match="dy has shape"):
        chain.backward(cache, y[:1])
    for bad in (None, make("identity block")[0].forward(np.ones((1, 3, 4, 4)))[1]):
        with pytest.raises(InputError, match="Chain: cache is"):
            chain.backward(bad, y)
    for n in (0, 8, 1.5):
        with pytest.raises(InputError, match="n "):
            chain.split(n)


@pytest.mark.parametrize(
    ("make_it", "text"),
    [
        (lambda: Conv2D(0, 3), "Conv2D: filters must be at least 1"),
        (lambda: Conv2D(2, (3, 3, 3)), "Conv2D: kernel_size must be one number or two"),
        (lambda: Conv2D(2, 3, stride=0), "Conv2D: stride must be at least 1"),
        (lambda: Conv2D(2, 3, padding=-1), "Conv2D: padding must be at least 0"),
        (lambda: Conv2D(2, 3, padding="full"), 'Conv2D: padding must be "valid" or "same"'),
        (lambda: Conv2D(2, 2, padding="same"), 'Conv2D: padding="same" is not symmetric'),
        (lambda: Conv2D(2, 3, 2, padding="same"), 'Conv2D: padding="same" is not symmetric'),
        (lambda: Conv2D(2, 3, bias="no"), "Conv2D: bias must be True or False"),
        (lambda: Conv2D(2, 3, start="he"), "Conv2D: start is 'he'"),
        (lambda: Dense(10, activation="softmax"), 'Dense: activation="softmax" is part of the loss'),
        (lambda: Dense(10, activation="Relu"), "Dense: activation must be"),
        (lambda: Dense(2.5), "Dense: units must be a whole number"),
        (lambda: Dropout(1), "Dropout: p = 1 drops every unit"),
        (lambda: Dropout(25), "Dropout: p must be between 0 and 1"),
        (lambda: MaxPooling2D("2"), "MaxPooling2D: pool_size must be a whole number"),
        (lambda: AveragePooling2D(2, stride=0), "AveragePooling2D: stride must be at least 1"),
        (lambda: BatchNormalization(momentum=2), "BatchNormalization: momentum must be between 0 and 1"),
        (lambda: Activation("swish"), "Activation: activation must be"),
        (lambda: Activation(None), "Activation: name must be"),
        (lambda: Residual([]), "Residual: branch is"),
        (lambda: Residual([Dense(2)], activation="softmax"), "Residual: activation must be"),
        (lambda: Residual([Dense(2)], [relu]), r"Residual: shortcut\[0\] is"),
        (lambda: residual_block(4, 0), "residual_block: stride must be at least 1"),
        (lambda: mnist_cnn(0), "mnist_cnn: classes must be at least 1"),
    ],
)
def test_settings_of_layers_are_checked(make_it, text):
    with pytest.raises(InputError, match=f"^{text}"):
        make_it()
