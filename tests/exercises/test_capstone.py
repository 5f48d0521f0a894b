"""Building, training and reusing a network: the lectures' numbers, honest other versions, and every mistake."""

from typing import ClassVar

import numpy as np
import pytest

from autograder.exercises import EXERCISES, wrong_submissions
from autograder.properties import RULES

IDS = ("summary", "residual_forward", "residual_backward", "train", "freeze", "replace_head", "transfer_plan")


@pytest.mark.parametrize("exercise", IDS)
def test_every_mistake_costs_marks_and_is_named(exercise, judged):
    for mistake, functions in wrong_submissions(EXERCISES[exercise]):
        found = judged(exercise, functions)
        assert found.points < 10, mistake.name
        assert mistake.name in found.names, (mistake.name, found.names)


@pytest.mark.parametrize("exercise", IDS)
def test_nothing_written_earns_nothing(exercise, judged):
    assert judged(exercise, {}).points == 0


def example(key, name, part=0):
    return next(t for t in key.sets[part] if t.name == name).expected


def test_the_lectures_model_for_mnist(make_key_of):
    """G-CNN-01, with the activations as rows of their own."""
    (rows,) = example(make_key_of("summary"), "the lecture's model for MNIST")
    assert [row[1:] for row in rows if row[0] != "relu"] == [
        ((32, 26, 26), 320),
        ((64, 24, 24), 18496),
        ((64, 12, 12), 0),
        ((64, 12, 12), 0),
        ((9216,), 0),
        ((128,), 1179776),
        ((128,), 0),
        ((10,), 1290),
    ]
    assert sum(row[2] for row in rows) == 1199882


def test_the_lectures_blocks(make_key_of):
    """G-CNN-05 and G-CNN-06."""
    off, on = "the branch is off: the block is the identity", "one unit of the branch is on"
    forward, backward = make_key_of("residual_forward"), make_key_of("residual_backward")
    np.testing.assert_array_equal(example(forward, off)[0][0], [[1, -2]])
    np.testing.assert_array_equal(example(forward, on)[0][0], [[3.5, 2]])
    np.testing.assert_array_equal(example(backward, off)[1][0], [[1, 2]])
    np.testing.assert_array_equal(example(backward, on)[1][0], [[1.5, 3]])


def test_the_lectures_advice(make_key_of):
    """G-TL-01: rows little and lots, columns similar and different."""
    assert list(example(make_key_of("transfer_plan"), "the four cells")) == [
        "linear classifier on top",
        "linear classifier on earlier stages",
        "fine-tune a few layers",
        "fine-tune many layers",
    ]


def test_validating_in_training_mode_shows_whatever_is_drawn(judged):
    """With key 19 the labels that are drawn are hit as often in either mode, after each of the four epochs."""
    (functions,) = (
        f for m, f in wrong_submissions(EXERCISES["train"]) if m.name == "validated-in-training-mode"
    )
    for seed in (19, 20):
        wrong = {
            r.trial.name
            for r in judged("train", functions, seed=seed).judgement.results
            if r.state == "wrong"
        }
        assert "accuracy on other data, all layers frozen" in wrong


# --- honest other versions -----------------------------------------------------------------------


def residual_forward(x, W, P=None):
    y = np.zeros((len(x), len(W)))
    for n in range(len(x)):
        for m in range(len(W)):
            a = sum(W[m, i] * x[n, i] for i in range(len(x[n])))
            y[n, m] = (a if a > 0 else 0.0) + (x[n, m] if P is None else P[m] @ x[n])
    return y, {"x": x, "W": W, "P": P}


def residual_backward(dy, cache):
    x, W, P = cache["x"], cache["W"], cache["P"]
    gate = np.einsum("nd,md->nm", x, W) > 0
    da = np.where(gate, dy, 0.0)
    dx = np.einsum("nm,md->nd", da, W) + (dy if P is None else np.einsum("nm,md->nd", dy, P))
    dW = np.einsum("nm,nd->md", da, x)
    return (dx, dW) if P is None else [dx, dW, np.einsum("nm,nd->md", dy, x)]


def train(model, data, epochs, batch, lr, rng, val=None):
    """Shuffle an array of indices in place, with one-hot targets and the loss written with einsum."""
    X, t = data
    T = np.eye(int(t.max()) + 1)[t]
    losses, shares, tested = [], [], []
    for _ in range(epochs):
        order = np.arange(len(X))
        rng.shuffle(order)
        total, right = [], []
        while len(order):
            now, order = order[:batch], order[batch:]
            S = model.forward(X[now], train=True)
            P = np.exp(S) / np.exp(S).sum(axis=1)[:, None]
            total += list(-np.log((P * T[now]).sum(axis=1)))
            right += list(S.argmax(axis=1) == t[now])
            model.backward((P - T[now]) / len(now))
            for layer in model.layers:
                for p, g in [] if layer.frozen else zip(layer.params(), layer.grads()):
                    p[...] = p - lr * g
        losses.append(np.mean(total))
        shares.append(np.mean(right))
        if val is not None:
            tested.append((model.forward(val[0], train=False).argmax(axis=1) == val[1]).mean())
    return {"loss": losses, "accuracy": shares, "val_accuracy": tested, "epochs": epochs}


def replace_head(model, C, rng):
    old = model.layers.pop()
    D = len(old.params()[0])
    model.layers.append(type(old)(rng.standard_normal((C, D)).T * (2 / D) ** 0.5, np.zeros(C)))
    return model


def freeze(model, n_layers):
    for layer in model.layers:
        layer.frozen = False
    for layer in model.layers[:n_layers]:
        layer.frozen = True
    return model


def transfer_plan(n_data, similarity):
    little = n_data < 10_000
    if similarity == "similar":
        return "linear classifier on top" if little else "fine-tune a few layers"
    return "linear classifier on earlier stages" if little else "fine-tune many layers"


def summary(layers, input_shape):
    """Count with arrays of the right size, and as lists."""
    made, shape = [], list(input_shape)
    for kind, *how in layers:
        count = 0
        if kind == "conv":
            f, k, s, p = how
            count = np.zeros((f, shape[0], k, k)).size + f
            shape = [f] + [len(range(0, n + 2 * p - k + 1, s)) for n in shape[1:]]
        elif kind == "pool":
            shape = shape[:1] + [len(range(0, n - how[0] + 1, how[0])) for n in shape[1:]]
        elif kind == "bn":
            count = 2 * shape[0]
        elif kind == "flatten":
            shape = [np.zeros(shape).size]
        elif kind == "dense":
            count = np.zeros((shape[0] + 1, how[0])).size
            shape = [how[0]]
        made.append([kind, list(shape), count])
    return made


HONEST = {
    f.__name__: f
    for f in (summary, residual_forward, residual_backward, train, freeze, replace_head, transfer_plan)
}


@pytest.mark.parametrize("exercise", IDS)
def test_an_honest_other_version_gets_full_marks(exercise, judged):
    for part in range(3):
        found = judged(exercise, HONEST, part=part)
        assert [v.message for v in found.verdicts if v.status != "right"] == []
        assert found.points == pytest.approx(10)


def test_a_backward_of_a_wrong_forward_fits_that_forward(judged):
    """Whoever leaves out the ReLU and differentiates that rightly keeps a part of the marks."""

    def forward(x, W, P=None):
        return x @ W.T + (x if P is None else x @ P.T), (x, W, P)

    def backward(dy, cache):
        x, W, P = cache
        more = () if P is None else (dy.T @ x,)
        return (dy @ W + (dy if P is None else dy @ P), dy.T @ x, *more)

    functions = {"residual_forward": forward, "residual_backward": backward}
    assert 0 < judged("residual_backward", functions).points < 10
    assert judged("residual_forward", functions).points < 5


class TestNewHead:
    """The rule says what is wrong, whatever it is given."""

    FACTS: ClassVar = {
        "kept": [np.ones((4, 20)), np.zeros(20)],
        "features": 20,
        "classes": 6,
        "old": [np.ones((20, 3)), np.zeros(3)],
    }

    def seen(self, W=None, b=None, layers=None, first=None):
        drawn = [np.random.default_rng(s).normal(0, 0.1**0.5, (20, 6)) if W is None else W for s in (1, 1, 2)]
        made = []
        for one in drawn:
            rows = [
                [np.ones((4, 20)) if first is None else first, np.zeros(20)],
                [],
                [],
                [one, np.zeros(6) if b is None else b],
            ]
            made.append((rows[:layers], [3, one.shape[1] if np.ndim(one) == 2 else 0]))
        return made

    def test_a_right_head_has_no_complaint(self):
        assert RULES["new_head"](self.FACTS, self.seen()) == []

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"W": np.zeros((20, 6))}, "not random"),
            ({"W": np.random.default_rng(3).normal(size=(20, 6))}, "standard deviation"),
            ({"W": np.random.default_rng(3).normal(0, 0.1**0.5, (20, 6))}, "Another generator"),
            ({"W": np.zeros((20, 5))}, "Scores of 3 examples"),
            ({"b": np.ones(6)}, "biases"),
            ({"b": np.zeros((6, 1))}, "should hold"),
            ({"b": [""] * 6}, "should hold"),
            ({"b": np.full(6, np.nan)}, "finite real"),
            ({"W": np.where(np.arange(120.0).reshape(20, 6) == 7, np.inf, 0.3)}, "finite real"),
            ({"W": np.full((20, 6), 0.3 + 1000j)}, "finite real"),
            ({"W": np.full((20, 6), "a")}, "should hold"),
            ({"layers": 3}, "4 layers"),
            ({"first": np.zeros((4, 20))}, "first layer"),
        ],
    )
    def test_each_fault_has_its_own_complaint(self, change, says):
        (found,) = RULES["new_head"](self.FACTS, self.seen(**change))
        assert says in found

    @pytest.mark.parametrize(
        "odd",
        [
            None, 3, (1, 2), ("weights", [3, 6]), ([], []), ([[], [], [], []], [3, 6]), ([1, 2, 3, 4], [3, 6]),
            ([[np.ones((4, 20)), np.zeros(20)], [], [], [np.ones((20, 6)), np.zeros(6)]], [np.ones(2), 6]),
            ([[np.ones((4, 20)), np.zeros(20)], [], [], [np.ones((20, 6)), np.zeros(6)]], 3.0),
        ],
    )  # fmt: skip
    def test_odd_results_are_complained_about(self, odd):
        assert len(RULES["new_head"](self.FACTS, [odd] * 3)) == 1
