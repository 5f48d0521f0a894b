"""Wrong programs that fail only at the limits of what their text says: each loses marks."""

import functools
import math

import numpy as np
import pytest

from autograder.checks import judge
from autograder.exercises import EXERCISES
from autograder.exercises.graphs import graph_forward
from autograder.keymaking import make_key, play_all
from autograder.naming import name_mistakes
from autograder.verdicts import verdicts
from reference import conv_transpose2d


@functools.cache
def key_of(exercise):
    return make_key(EXERCISES[exercise], lambda i: np.random.default_rng([4, i]), sets=1)


def points(exercise, functions):
    key = key_of(exercise)
    return sum(v.points for v in verdicts(judge(key, 0, play_all(key, 0, functions)), key.title, 10.0))


def stops_when_flat(grad, w0, lr, steps):
    path = [np.array(w0, float)]
    for _ in range(steps):
        g = grad(path[-1])
        if np.linalg.norm(g) < 1e-6:
            break
        path.append(path[-1] - lr * g)
    return np.array(path)


def he_is_uniform(fan_in, fan_out, scheme, rng):
    if scheme == "constant":
        return np.full((fan_out, fan_in), 0.5)
    std = {"small": 0.01, "he": (2 / fan_in) ** 0.5}.get(scheme, (2 / (fan_in + fan_out)) ** 0.5)
    if scheme in ("xavier_uniform", "he"):
        return rng.uniform(-(3**0.5) * std, 3**0.5 * std, (fan_out, fan_in))
    return rng.normal(0, std, (fan_out, fan_in))


def turned_batches(N, batch, rng):
    order = np.roll(np.arange(N), rng.integers(N))
    return [order[i : i + batch] for i in range(0, N, batch)]


def turned_split(R, frac, rng):
    order, n = np.roll(np.arange(R), rng.integers(R)), round(R * frac)
    return order[n:], order[:n]


def turned_folds(R, k, rng):
    return np.array_split(np.roll(np.arange(R), rng.integers(R)), k)


def best_starts_at(limit, least=0.0):
    def early_stopping(val, patience):
        best, at = limit, 0
        for epoch, loss in enumerate(val):
            if loss < best - least:
                best, at = loss, epoch
            elif epoch - at >= patience:
                return epoch, at
        return len(val) - 1, at

    return early_stopping


def diagnose_with(over, under):
    def diagnose(train_acc, val_acc, thresholds):
        if over(train_acc[-1] - val_acc[-1], thresholds["gap"]):
            return "overfitting"
        return "underfitting" if under(train_acc[-1], thresholds["low"]) else "good"

    return diagnose


def augment_with(moves, mirrored=lambda rng, down, right: rng.random() < 0.5):
    def augment(X, rng):
        varied, (H, W) = np.zeros_like(X), X.shape[2:]
        for n in range(len(X)):
            down, right = moves(rng)
            image = X[n, :, :, ::-1] if mirrored(rng, down, right) else X[n]
            wide = np.pad(image, ((0, 0), (1, 1), (1, 1)))
            varied[n] = wide[:, 1 - down : 1 - down + H, 1 - right : 1 - right + W]
        return varied

    return augment


def select_below(limit):
    def select_model(models, x, y, scheme):
        best, lowest = "", limit
        for name, (fit, predict) in models.items():
            if (score := scheme(fit, predict, x, y)) < lowest:
                best, lowest = name, score
        return best

    return select_model


def field_of_wide_layers(layers):
    size, step = 1, 1
    for k, s, d in layers:
        if k > 1:
            size, step = size + (k - 1) * d * step, step * s
    return size


def residual_forward(x, W, P=None):
    return np.maximum(x @ W.T, 0) + (x if P is None else x @ P.T), (x, W, P)


def residual_backward_with(gate):
    def residual_backward(dy, cache):
        x, W, P = cache
        g = dy * gate(x @ W.T)
        return (g @ W + dy, g.T @ x) if P is None else (g @ W + dy @ P, g.T @ x, dy.T @ x)

    return {"residual_forward": residual_forward, "residual_backward": residual_backward}


def inputs_only(nodes, values):
    used = {i for node in nodes for i in (node[0], *node[2])}
    return {name: value for name, value in graph_forward(nodes, values).items() if name in used}


def via_conv_with(cuts):
    def conv_transpose_via_conv(X, W, b, s, p, output_padding=0):
        if not cuts and p > W.shape[2] - 1:
            raise ValueError("index can't contain negative values")
        return conv_transpose2d(X, W, b, stride=s, padding=p, output_padding=output_padding)

    return conv_transpose_via_conv


def two(rng):
    return rng.integers(-1, 2, size=2)


def once(rng):
    move = rng.integers(-1, 2)
    return move, move


def more(a, b):
    return a > b


def less(a, b):
    return a < b


PAIRS = {
    "descent stops at the minimum": (stops_when_flat, None),
    "he from a uniform distribution": (he_is_uniform, None),
    "batches begin elsewhere": (turned_batches, None),
    "the test set is a block": (turned_split, None),
    "folds are blocks": (turned_folds, None),
    "lowest loss starts at 1000": (best_starts_at(1000.0), best_starts_at(math.inf)),
    "small improvements do not count": (best_starts_at(math.inf, 1e-4), best_starts_at(math.inf)),
    "a gap at the limit": (diagnose_with(lambda a, b: a >= b, less), diagnose_with(more, less)),
    "an accuracy at the limit": (diagnose_with(more, lambda a, b: a <= b), diagnose_with(more, less)),
    "one number for both moves": (augment_with(once), augment_with(two)),
    "rare moves": (augment_with(lambda rng: rng.choice([-1, 0, 1], 2, p=[0.1, 0.8, 0.1])), augment_with(two)),
    "mirrored by the move": (
        augment_with(two, lambda rng, down, right: rng.random() < (0.9 if right == 0 else 0.3)), augment_with(two),
    ),
    "scores above 10000": (select_below(1e4), select_below(math.inf)),
    "layers of one tap without stride": (field_of_wide_layers, None),
    "leaves nobody reads": (inputs_only, None),
    "a frame that cuts": (via_conv_with(False), via_conv_with(True)),
}  # fmt: skip
NAMED = {
    "stops_when_flat": "gd", "he_is_uniform": "init_weights", "turned_batches": "minibatches",
    "turned_split": "train_test_split", "turned_folds": "kfold_indices", "field_of_wide_layers": "receptive_field",
    "inputs_only": "graph_forward",
}  # fmt: skip


@pytest.mark.parametrize("what", PAIRS)
def test_a_slip_at_the_limits_loses_marks_and_the_right_program_does_not(what):
    wrong, right = PAIRS[what]
    exercise = NAMED.get(wrong.__name__, wrong.__name__)
    assert points(exercise, {exercise: wrong}) < 10 - 1e-6
    if right is not None:
        assert points(exercise, {exercise: right}) == pytest.approx(10)


def test_a_gate_that_is_open_at_zero_loses_marks_where_the_text_says_so():
    assert points("residual_backward", residual_backward_with(lambda a: a > 0)) == pytest.approx(10)
    assert points("residual_backward", residual_backward_with(lambda a: a >= 0)) < 10 - 1e-6


def head_with(change):
    def replace_head(model, C, rng):
        old = model.layers[-1]
        D = old.params()[0].shape[0]
        model.layers[-1] = type(old)(rng.normal(0, (2 / D) ** 0.5, (D, C)), np.zeros(C))
        change(model.layers[-1], rng)

    return {"replace_head": replace_head}


def uniform(head, rng):
    head.W[:] = rng.uniform(-1, 1, head.W.shape) * (6 / len(head.W)) ** 0.5


def shifted(head, rng):
    head.W += 0.3 * head.W.std()


def freeze(head, rng):
    head.frozen = True


def test_a_new_head_is_normal_around_0_and_not_frozen():
    assert points("replace_head", head_with(lambda head, rng: None)) == pytest.approx(10)
    for change in (uniform, shifted, freeze):
        assert points("replace_head", head_with(change)) < 10 - 1e-6, change.__name__


def test_a_gate_that_fails_for_negative_numbers_gets_no_name_of_another_fault():
    """A result that lacks entries is another fault, though all entries it has may agree."""
    found = judge(
        key_of("graph_forward"), 0, play_all(key_of("graph_forward"), 0, {"graph_forward": below_zero})
    )
    assert not found.right
    assert name_mistakes(found) == []


def below_zero(nodes, values):
    found = graph_forward(nodes, values)
    for name, op, inputs in nodes:
        if op == "neg":
            found[name] = -abs(found[inputs[0]])
    return found
