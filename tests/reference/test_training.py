"""Training: one step by hand, determinism, histories, stopping, the progress bar, and the digits."""

import importlib.util
import sys

import numpy as np
import pytest

from reference import (
    BatchNormalization,
    Chain,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    InputError,
    MaxPooling2D,
    ShapeError,
    cosine_schedule,
    cross_entropy,
    digits_cnn,
    digits_split,
    evaluate_model,
    hinge,
    loss_gradients,
    predict_class,
    show_progress,
    squared_error,
    train,
)


def rng(seed=0):
    return np.random.default_rng(seed)


def blobs(n=120, seed=0):
    """Three overlapping clouds of points in the plane."""
    t = rng(seed).integers(3, size=n)
    centres = np.array([[0.0, 2.0], [2.0, -1.0], [-2.0, -1.0]])
    return centres[t] + rng(seed + 1).normal(size=(n, 2)), t


def small(seed=0, dtype=np.float64, middle=()):
    return Chain([Dense(8, "relu"), *middle, Dense(3)], (2,), rng(seed), dtype)


def weights(model):
    return np.concatenate([p.ravel() for p in (model.parameters | model.measured).values()])


# ------------------------------------------------------------------------------------------ one step by hand


def test_updates_follow_the_formula():
    x, t = blobs(40)
    model, settings = small(), {"momentum": 0.7, "lam": 0.03}
    twin = model.copy()
    history = train(model, (x, t), 2, 16, lambda u: 0.1 / (1 + u), rng=rng(5), progress=False, **settings)
    order, v, update = rng(5), dict.fromkeys(twin.parameters, 0.0), 0
    for _ in range(2):
        shuffled = order.permutation(40)
        for chosen in (shuffled[:16], shuffled[16:32], shuffled[32:]):
            y, cache = twin.forward(x[chosen])
            loss, saved = cross_entropy.forward(y, t[chosen])
            assert history.steps[update] == pytest.approx(loss, rel=1e-12)
            _, gradients = twin.backward(cache, *cross_entropy.backward(saved))
            for key, p in twin.parameters.items():
                decay = 2 * 0.03 * p if key.endswith("w") else 0
                v[key] = 0.7 * v[key] + gradients[key] + decay
                p -= 0.1 / (1 + update) * v[key]
            update += 1
    np.testing.assert_allclose(weights(model), weights(twin), rtol=1e-12)
    assert len(history.steps) == update == 6


def test_loss_of_an_epoch_is_the_mean_over_its_examples():
    x, t = blobs(50)
    history = train(small(), (x, t), 3, 16, rng=rng(), progress=False)
    sizes = np.array([16, 16, 16, 2])
    for epoch in range(3):
        steps = np.array(history.steps[4 * epoch : 4 * epoch + 4])
        assert history.loss[epoch] == pytest.approx((steps * sizes).sum() / 50)


def test_gradients_of_the_loss():
    x, t = blobs(10)
    model = small(middle=[BatchNormalization(), Dropout(0.3)])
    kept = weights(model)
    result = loss_gradients(model, x, t, rng=rng(2))
    np.testing.assert_array_equal(weights(model), kept)
    for key, p in model.parameters.items():
        for at in np.ndindex(p.shape):
            ends = []
            for h in (1e-6, -1e-6):
                moved = p.copy()
                moved[at] += h
                y, _ = model.forward(x, True, rng(2), {key: moved})
                ends.append(float(cross_entropy.definition(y, t)))
            assert result.gradients[key][at] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=2e-8)
    assert result.loss == pytest.approx(float(cross_entropy.definition(result.y, t)))


# ----------------------------------------------------------------------------------------- how it goes


def test_training_learns_and_tells():
    x, t = blobs(300)
    model, held_out = small(dtype=np.float32), blobs(200, seed=8)
    before = evaluate_model(model, *held_out)
    history = train(model, (x, t), 15, 20, rng=rng(), validation=held_out, progress=False)
    after = evaluate_model(model, *held_out)
    assert history.epochs == len(history.loss) == len(history.val_loss) == len(history.val_accuracy) == 15
    assert after.loss < before.loss / 2
    assert after.accuracy > 0.85
    assert (history.val_loss[-1], history.val_accuracy[-1]) == after
    assert after.accuracy == np.mean(predict_class(model(held_out[0])) == held_out[1])
    assert history.best_epoch == int(np.argmin(history.val_loss))
    assert history.note == ""
    assert {p.dtype for p in model.parameters.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_same_generator_same_weights(dtype):
    data, ends = blobs(), []
    for seed in (3, 3, 4):
        model = small(dtype=dtype, middle=[BatchNormalization(), Dropout(0.5)])
        history = train(model, data, 3, 32, rng=rng(seed), progress=False)
        ends.append((weights(model), history))
    np.testing.assert_array_equal(ends[0][0], ends[1][0])
    assert ends[0][1].steps == ends[1][1].steps
    assert not np.array_equal(ends[0][0], ends[2][0])


def test_data_stay_as_they_are():
    x, t = blobs()
    kept = x.copy(), t.copy()
    x.flags.writeable = t.flags.writeable = False
    train(small(), (x, t), 2, rng=rng(), progress=False)
    np.testing.assert_array_equal(x, kept[0])
    np.testing.assert_array_equal(t, kept[1])


def test_batch_statistics_are_remembered():
    model = small(middle=[BatchNormalization(momentum=1.0)])
    x, t = blobs(64)
    train(model, (x, t), 1, 64, 1e-12, rng=rng(), progress=False)
    h = model.split(1)[0](x)
    np.testing.assert_allclose(model.measured["1.running_mean"], h.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(model.measured["1.running_var"], h.var(axis=0), rtol=1e-6)


def test_only_the_head_learns_when_features_are_frozen():
    x, t = blobs()
    model = small()
    kept = {k: v.copy() for k, v in model.parameters.items()}
    features, head = model.split(1)
    train(head, (features(x), t), 5, rng=rng(), progress=False)
    assert [k for k, v in model.parameters.items() if not np.array_equal(v, kept[k])] == ["1.w", "1.b"]
    assert evaluate_model(model, x, t) == pytest.approx(evaluate_model(head, features(x), t))


def test_other_losses_and_targets_that_are_no_labels():
    x = rng(1).uniform(-1, 1, size=(200, 1))
    model = Chain([Dense(16, "tanh"), Dense(1)], (1,), rng(), float)
    history = train(model, (x, x**2), 60, 20, 0.05, rng=rng(), loss=squared_error, progress=False)
    assert history.loss[-1] < history.loss[0] / 50
    assert np.isnan(history.accuracy).all()
    assert np.isnan(evaluate_model(model, x, x**2, squared_error).accuracy)
    history = train(small(), blobs(), 10, rng=rng(), loss=hinge, progress=False)
    assert history.accuracy[-1] > 0.8


def test_stopping_early_keeps_the_best_weights():
    x, t = blobs(24)
    noisy = (x, rng(9).permutation(t))
    model, held_out = Chain([Dense(64, "relu"), Dense(3)], (2,), rng(), float), blobs(60, seed=20)
    snapshots = []

    def watched(u):
        if u % 3 == 0:
            snapshots.append(weights(model))
        return 0.05

    history = train(model, noisy, 200, 8, watched, rng=rng(), validation=held_out, patience=4, progress=False)
    best = int(np.argmin(history.val_loss))
    assert history.epochs == best + 5 < 200
    assert history.best_epoch == best
    assert f"since epoch {best}" in history.note
    assert evaluate_model(model, *held_out).loss == history.val_loss[best]
    np.testing.assert_array_equal(weights(model), snapshots[best + 1])


def test_no_epoch_and_batches_larger_than_the_data():
    model = small()
    kept = weights(model)
    history = train(model, blobs(), 0, rng=rng(), progress=False)
    assert (history.epochs, history.steps, history.best_epoch) == (0, (), None)
    np.testing.assert_array_equal(weights(model), kept)
    assert len(train(model, blobs(10), 3, 1000, rng=rng(), progress=False).steps) == 3


def test_divergence_ends_training_and_is_told():
    x, t = blobs()
    history = train(small(), (1e150 * x, t), 10, lr=1e200, rng=rng(), progress=False)
    assert history.epochs < 10
    assert "try a smaller lr" in history.note
    assert not np.isfinite(history.steps[-1])


# ------------------------------------------------------------------------------------------ progress


def test_silence(capfd):
    train(small(), blobs(), 2, rng=rng(), progress=False)
    assert capfd.readouterr() == ("", "")


def test_one_line_per_epoch_without_rich(capfd, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "rich" else found(name, *a)
    )
    history = train(small(), blobs(), 3, rng=rng(), validation=blobs(30, seed=4))
    out, err = capfd.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert [line.split()[0] for line in lines] == ["1/3", "2/3", "3/3"]
    assert f"loss {history.loss[2]:.4f}" in lines[2]
    assert f"validation accuracy {100 * history.val_accuracy[2]:5.1f} %" in lines[2]


def test_bar_goes_to_stderr(capfd):
    pytest.importorskip("rich")
    history = train(small(), blobs(), 3, rng=rng())
    out, err = capfd.readouterr()
    assert out == ""
    assert "3/3" in err
    assert f"{history.loss[2]:.4f}" in err


def test_bar_ends_when_training_is_interrupted(capfd):
    def interrupted():
        with show_progress(5) as advance:
            advance("one")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert "1/5" in capfd.readouterr().err


def test_rich_is_loaded_only_when_shown():
    code = "import sys, reference; print('rich' in sys.modules)"
    import subprocess

    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout.strip() == "False"


# --------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        ({"model": None}, InputError, "model is None"),
        ({"data": np.ones((3, 2))}, InputError, "data is an array"),
        (
            {"data": (np.ones((3, 2)), [0, 1])},
            ShapeError,
            r"data has x of shape \(3, 2\) and t of shape \(2,\)",
        ),
        ({"data": (np.ones((3, 5)), [0, 1, 2])}, ShapeError, r"examples in data have shape \(5,\)"),
        ({"data": (np.ones((0, 2)), np.ones(0, int))}, ShapeError, "data has x of shape"),
        ({"data": (np.ones((3, 2)), ["a", "b", "c"])}, InputError, "t holds"),
        ({"data": ("abc", [0])}, InputError, "x holds"),
        ({"validation": (np.ones((2, 2)), [0, 1, 2])}, ShapeError, "validation has x of shape"),
        ({"epochs": -1}, ShapeError, "epochs must be at least 0"),
        ({"epochs": 1.5}, InputError, "epochs must be a whole number"),
        ({"batch": 0}, ShapeError, "batch must be at least 1"),
        ({"lr": 0}, InputError, "lr must be positive"),
        ({"lr": "fast"}, InputError, "lr must be a finite number"),
        ({"lr": lambda u: -1}, InputError, r"lr\(0\) must not be negative"),
        ({"rng": 0}, InputError, "rng is 0, not a Generator"),
        ({"momentum": 1}, InputError, "momentum must be below 1"),
        ({"momentum": -0.1}, InputError, "momentum must not be negative"),
        ({"lam": np.inf}, InputError, "lam must be a finite number"),
        ({"loss": "cross_entropy"}, InputError, "loss is 'cross_entropy'"),
        ({"loss": predict_class}, InputError, "loss is"),
        ({"patience": 2}, InputError, "patience needs validation data"),
        ({"patience": 0, "validation": blobs(9)}, ShapeError, "patience must be at least 1"),
        ({"progress": "yes"}, InputError, "progress must be True or False"),
    ],
)
def test_what_does_not_fit_is_refused(change, kind, text):
    given = {"model": small(), "data": blobs(), "epochs": 1, "rng": rng(), "progress": False, **change}
    with pytest.raises(kind, match=f"^train: {text}"):
        train(**given)


def test_labels_out_of_range_are_refused():
    x, t = blobs()
    with pytest.raises(InputError, match=r"t\[\d+\] is 3, but the 3 classes"):
        train(small(), (x, t + 1), 1, rng=rng(), progress=False)


# ---------------------------------------------------------------------------------------------- digits


def test_network_can_learn_a_few_digits_by_heart():
    d = digits_split()
    layers = [Conv2D(8, 3, activation="relu"), MaxPooling2D(2), Flatten(), Dense(10)]
    model = Chain(layers, (1, 8, 8), rng())
    history = train(model, (d.x_train[:60], d.t_train[:60]), 60, 20, 0.05, rng=rng(), progress=False)
    assert history.accuracy[-1] == 1
    assert evaluate_model(model, d.x_train[:60], d.t_train[:60]).accuracy == 1


@pytest.mark.slow  # without kernels
def test_the_lectures_network_reads_digits():
    """Demand 97 % of the test digits; other seeds have given 98 to 99 %."""
    d = digits_split()
    model, epochs, batch = Chain(*digits_cnn(), rng(0)), 20, 32
    total = epochs * -(-len(d.x_train) // batch)

    def rate(update):
        return cosine_schedule(0.03, update, total)

    history = train(model, (d.x_train, d.t_train), epochs, batch, rate, rng=rng(1), progress=False)
    assert history.epochs == epochs
    assert evaluate_model(model, d.x_test, d.t_test).accuracy >= 0.97
