"""The trials of transposed, dilated and causal convolution and of receptive fields: golden values and mistakes."""

import json
from pathlib import Path

import numpy as np
import pytest

from autograder.exercises import EXERCISES, wrong_submissions
from autograder.keymaking import make_key

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text(encoding="utf-8"))
MINE = (
    "conv_transpose",
    "conv_transpose_via_conv",
    "conv_transpose_backward",
    "dilated_conv",
    "causal_conv1d",
    "receptive_field",
)


def public(make_key_of, exercise):
    """Return the expected result of the last judged call of every public example, in order."""
    return [t.expected[-1] for t in make_key_of(exercise).sets[0] if t.public]


def golden(name, entry="y"):
    return GOLDEN[name]["expected"][entry]


@pytest.mark.parametrize("exercise", ["conv_transpose", "conv_transpose_via_conv"])
def test_the_public_maps_are_those_of_the_lecture(exercise, make_key_of):
    found = public(make_key_of, exercise)
    for Y, name in zip(found, ("G-TCONV-01", "G-TCONV-02", "G-TCONV-04"), strict=True):
        np.testing.assert_allclose(Y[0, 0], golden(name), atol=1e-12)


def test_the_public_gradients_are_golden(make_key_of):
    dX, dW, db = public(make_key_of, "conv_transpose_backward")[0]
    np.testing.assert_allclose(dX[0, 0], golden("G-TCONV-07", "dx"))
    np.testing.assert_allclose(dW[0, 0], golden("G-TCONV-07", "dk"))
    assert db.tolist() == [np.sum(GOLDEN["G-TCONV-07"]["inputs"]["dy"])]


def test_both_conventions_of_the_dilated_example(make_key_of):
    turned, plain = public(make_key_of, "dilated_conv")
    np.testing.assert_allclose(turned[0, 0], golden("G-DIL-01"))
    np.testing.assert_allclose(plain[0, 0], golden("G-DIL-02"))


def test_the_signal_and_the_stacks_of_the_lecture(make_key_of):
    np.testing.assert_allclose(public(make_key_of, "causal_conv1d")[0], golden("G-DIL-04"))
    fields = next(t.expected for t in make_key_of("receptive_field").sets[0] if t.public)
    assert list(fields) == [golden("G-DIL-05", "rf")[i] for i in (0, 1, 2, 4)]


# --- with and without a cache --------------------------------------------------------------------


def forward(X, W, b, s, p, output_padding=0):
    k = W.shape[2]
    Y = np.zeros((len(X), W.shape[1], *((n - 1) * s - 2 * p + k + output_padding for n in X.shape[2:])))
    for i, j, u, v in np.ndindex(*X.shape[2:], k, k):
        r, q = i * s + u - p, j * s + v - p
        if 0 <= r < Y.shape[2] and 0 <= q < Y.shape[3]:
            Y[:, :, r, q] += X[:, :, i, j] @ W[:, :, u, v]
    return Y + b[:, None, None]


FORMS = {
    "Y": lambda Y: Y,
    "Y as a list": lambda Y: Y.tolist(),
    "Y in float32": lambda Y: Y.astype("f4"),
    "(Y, cache)": lambda Y: (Y, {"k": 3}),
    "(Y, None)": lambda Y: (Y, None),
    "[Y, cache]": lambda Y: [Y, "cache"],
    "(Y as a list, cache)": lambda Y: (Y.tolist(), ()),
    "(Y, cache as large as Y)": lambda Y: (Y, Y + 1),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_result_with_or_without_a_cache_is_right(form, judged):
    for part in range(3):
        found = judged(
            "conv_transpose", {"conv_transpose": lambda *a, **k: FORMS[form](forward(*a, **k))}, part=part
        )
        assert found.points == pytest.approx(10), [v.message for v in found.verdicts]


NOT_FORMS = {
    "(cache, Y)": lambda Y: ({}, Y),
    "(Y, cache, more)": lambda Y: (Y, 1, 2),
    "a dict": lambda Y: {"Y": Y},
    "the first image": lambda Y: Y[0],
}


@pytest.mark.parametrize("form", NOT_FORMS)
def test_other_forms_are_refused_with_a_sentence(form, judged):
    found = judged("conv_transpose", {"conv_transpose": lambda *a, **k: NOT_FORMS[form](forward(*a, **k))})
    assert found.points == 0
    assert any("expected" in v.message for v in found.verdicts if v.status == "wrong")


def kept_in_a_buffer():
    buffers = {}

    def conv_transpose(*given, **named):
        Y = forward(*given, **named)
        buffer = buffers.setdefault(Y.shape, np.empty_like(Y))
        buffer[...] = Y
        return buffer, None

    return conv_transpose


def remembered_by_identity():
    seen, alive = {}, []

    def conv_transpose(X, W, b, s, p, output_padding=0):
        key = id(X), s, p, output_padding
        if key not in seen:
            seen[key] = forward(X, W, b, s, p, output_padding)
            alive.append(X)
        return seen[key].copy(), None

    return conv_transpose


def memory_order(X, W, b, s, p, output_padding=0):
    return forward(X.ravel(order="K").reshape(X.shape), W, b, s, p, output_padding)


def changing_x(X, W, b, s, p, output_padding=0):
    Y = forward(X, W, b, s, p, output_padding)
    if X.flags.writeable:
        X += 1
    return Y, None


MISBEHAVING = {
    "buffer": kept_in_a_buffer(),
    "identity": remembered_by_identity(),
    "memory order": memory_order,
    "argument": changing_x,
}


@pytest.mark.parametrize("misbehaving", MISBEHAVING)
def test_misbehaviour_is_seen_through_the_form_of_the_result(misbehaving, judged):
    assert judged("conv_transpose", {"conv_transpose": MISBEHAVING[misbehaving]}).points < 10


def test_layers_as_lists_or_tuples_need_no_other_code(judged):
    def receptive_field(layers):
        size, jump = 1, 1
        for k, s, d in layers:
            size, jump = size + (k - 1) * d * jump, jump * s
        return float(size)

    assert judged("receptive_field", {"receptive_field": receptive_field}).points == pytest.approx(10)


@pytest.mark.parametrize("result", [None, "Y", [], (), {}, np.zeros((0, 0)), float("nan"), object()])
def test_results_of_any_kind_get_a_sentence(result, judged):
    for exercise in MINE:
        found = judged(exercise, {**EXERCISES[exercise].truth(), exercise: lambda *a, r=result, **k: r})
        assert found.points == 0, exercise
        assert all(v.message for v in found.verdicts)


# --- fields --------------------------------------------------------------------------------------


def field(layers):
    """Walk back from one output to the interval of inputs it sees."""
    low = high = 0
    for k, s, d in reversed(layers):
        low, high = low * s, high * s + d * (k - 1)
    return np.int64(high - low + 1)


def test_a_field_found_from_the_output_is_right(judged):
    for part in range(3):
        assert judged("receptive_field", {"receptive_field": field}, part=part).points == pytest.approx(10)


FIELDS = {
    "field-strides-ignored": lambda layers: 1 + sum((k - 1) * d for k, s, d in layers),
    "field-sum-of-kernels": lambda layers: (
        1 + sum(k * d * int(np.prod([m[1] for m in layers[:i]])) for i, (k, s, d) in enumerate(layers))
    ),
    "field-own-stride-counted": lambda layers: (
        1
        + sum(
            (k - 1) * d * int(np.prod([m[1] for m in layers[: i + 1]])) for i, (k, s, d) in enumerate(layers)
        )
    ),
    "layers emptied": lambda layers: (field(list(layers)), layers.clear())[0],
    "as a float and a half": lambda layers: field(layers) + 0.5,
}


@pytest.mark.parametrize("fault", FIELDS)
def test_wrong_fields_lose_marks_and_known_faults_are_named(fault, judged):
    for part in range(3):
        found = judged("receptive_field", {"receptive_field": FIELDS[fault]}, part=part)
        assert found.points < 10
        assert found.names == ([fault] if "-" in fault else [])


def test_keys_depend_on_the_generator_alone():
    for exercise in MINE:
        made = [
            make_key(EXERCISES[exercise], lambda s, k=k: np.random.default_rng([k, s]), sets=1).hash
            for k in (5, 5, 6)
        ]
        assert made[0] == made[1] != made[2]


@pytest.mark.slow
@pytest.mark.parametrize("part", [0, 2])
@pytest.mark.parametrize("exercise", MINE)
def test_every_mistake_is_refused_and_named(exercise, part, judged):
    for mistake, functions in wrong_submissions(EXERCISES[exercise]):
        found = judged(exercise, functions, part=part)
        assert found.points < 10, mistake.name
        assert mistake.name in found.names, (mistake.name, found.names)
