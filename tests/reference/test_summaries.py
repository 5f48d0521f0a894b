"""Tables of networks: golden numbers, shapes against what really comes out, receptive fields by tracing."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import (
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
    ShapeError,
    alexnet_first_layer,
    constant,
    digits_cnn,
    layer_sizes,
    mnist_cnn,
    one_hot,
    receptive_fields,
    residual_block,
    summary,
    tiny_vgg,
    vgg16,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text(encoding="utf-8"))
few = settings(max_examples=60, derandomize=True, deadline=None, database=None)


# ------------------------------------------------------------------------------------ golden examples


def test_table_of_the_keras_model():
    g = GOLDEN["G-CNN-01"]["expected"]
    layers, _ = mnist_cnn(GOLDEN["G-CNN-01"]["inputs"]["num_classes"])
    made = summary(layers, GOLDEN["G-CNN-01"]["inputs"]["input"], channels_last=True)
    assert [[row.name, list(row.shape), row.parameters] for row in made.rows] == g["table"]
    assert made.parameters == g["total"] == 1199882
    ours = summary(layers, (1, 28, 28))
    assert [row.parameters for row in ours.rows] == [row.parameters for row in made.rows]
    assert ours.rows[1].shape == (64, 24, 24)


def test_same_padding_gives_the_numbers_of_the_prose():
    layers = [Conv2D(32, 3, padding="same"), Conv2D(64, 3, padding="same"), MaxPooling2D(2), Flatten()]
    made = summary([*layers, Dense(128), Dense(10)], (1, 28, 28))
    assert [made.rows[2].shape, made.rows[3].shape, made.parameters] == [(64, 14, 14), (12544,), 1625866]


def test_tiny_vgg():
    g = GOLDEN["G-CNN-02"]["expected"]
    made = summary(*tiny_vgg())
    pools = [row for row in made.rows if row.name.startswith("Max")]
    assert [list(row.shape) for row in pools] == g["after_pools"]
    assert [row.parameters for row in made.rows if row.parameters] == g["params"]
    assert made.rows[-2].shape == (g["flat"],)
    assert made.parameters == g["total"]
    assert Chain(*tiny_vgg(), np.random.default_rng(0)).count == g["total"]


def test_vgg_16():
    g = GOLDEN["G-CNN-03"]["expected"]
    layers, shape = vgg16()
    made = summary(layers, shape)
    dense = sum(row.parameters for row in made.rows if row.name.startswith("Dense"))
    assert (made.parameters - dense, dense, made.parameters) == (g["conv_params"], g["fc_params"], g["total"])
    flat = next(i for i, row in enumerate(made.rows) if row.name == "Flatten")
    assert made.rows[flat - 1].shape[1:] == (g["last_spatial"],) * 2
    assert receptive_fields(layers, shape)[flat - 2] == (g["conv5_3_rf"],) * 2
    assert made.multiply_adds == 15470264320  # as published: 15.5 billion


def test_alexnets_first_layer():
    g = GOLDEN["G-CNN-04"]["expected"]
    for size, out in zip((227, 224), g["out"], strict=True):
        (row,) = summary(*alexnet_first_layer(size)).rows
        assert (row.shape, row.parameters) == ((96, out, out), g["params"])


def test_classifier_on_cifar():
    g = GOLDEN["G-CNN-07"]
    rows = summary([Flatten(), Dense(g["inputs"]["classes"])], g["inputs"]["chw"]).rows
    assert (rows[0].shape, rows[1].parameters) == ((g["expected"]["numel"],), g["expected"]["fc_params"])


def test_labels_of_a_model():
    g = GOLDEN["G-KERAS-01"]
    np.testing.assert_array_equal(one_hot(g["inputs"]["labels"], g["inputs"]["C"]), g["expected"]["T"])
    model = Chain([Dense(3, bias=False)], (3,), None, float, {"0.w": np.eye(3)})
    np.testing.assert_array_equal(model.predict(g["inputs"]["p"]), g["expected"]["argmax"])


# ------------------------------------------------------------------------------------- what really comes out


@few
@given(st.data())
def test_sizes_are_those_of_the_arrays(data):
    draw, side = data.draw, st.integers(1, 3)
    shape = (2, draw(st.integers(6, 9)), draw(st.integers(6, 9)))
    k, s = (draw(side), draw(side)), (draw(side), draw(side))
    p = (draw(st.integers(0, 2)), draw(st.integers(0, 2)))
    half = tuple(min(p[i], k[i] // 2) for i in (0, 1))
    layers = [
        Conv2D(
            draw(st.sampled_from([2, 4])), k, s, p, draw(st.integers(1, 2)), draw(st.sampled_from([1, 2]))
        ),
        BatchNormalization(),
        draw(st.sampled_from([MaxPooling2D(k, s, half), AveragePooling2D(k, None, half), Dropout(0.5)])),
        draw(st.sampled_from([Flatten(), GlobalAveragePooling2D()])),
        Dense(3, bias=False),
    ]
    try:
        sizes = layer_sizes(layers, shape)
    except ShapeError:
        return
    rng = np.random.default_rng(0)
    chain = Chain(layers, shape, rng)
    for i, found in enumerate(sizes[:-1]):
        assert chain.split(i + 1)[0](np.ones((2, *shape))).shape == (2, *found.output)
    rows = summary(layers, shape).rows
    for i, row in enumerate(rows):
        of_layer = [v for k, v in chain.parameters.items() if k.startswith(f"{i}.")]
        assert row.parameters == sum(v.size for v in of_layer)
    assert sum(row.measured for row in rows) == 2 * layers[0].sizes(shape).output[0]


def test_multiplications_are_counted_by_multiplying():
    made = summary(*digits_cnn())
    assert [row.multiply_adds for row in made.rows] == [
        6 * 6 * 16 * 9, 4 * 4 * 32 * 16 * 9, 0, 0, 0, 128 * 64, 0, 64 * 10
    ]  # fmt: skip


def traced(layers, shape):
    """Find which inputs the middle unit of a chain sees, by the gradient of positive weights."""
    plain = [layer for layer in layers if not layer.title.startswith(("Batch", "Activation"))]
    chain = Chain(plain, shape, np.random.default_rng(0), float)
    for name, p in chain.parameters.items():
        p[...] = constant(p.shape, 1.0 if name.endswith("w") else 0.0)
    y, cache = chain.forward(np.ones((1, *shape)))
    dy = np.zeros_like(y)
    dy[0, 0, y.shape[2] // 2, y.shape[3] // 2] = 1
    seen = np.argwhere(chain.backward(cache, dy)[0][0].any(axis=0))
    return tuple(int(n) for n in seen.max(axis=0) - seen.min(axis=0) + 1)


@pytest.mark.parametrize(
    "layers",
    [
        [Conv2D(1, 3), Conv2D(1, 3), AveragePooling2D(2), Conv2D(1, (3, 2))],
        [Conv2D(1, 3, padding=1), AveragePooling2D(3, 2, 1), Conv2D(1, 3, dilation=2)],
        [Conv2D(1, 5, 2), Conv2D(1, (1, 3), (1, 2)), Conv2D(1, 2)],
    ],
)
def test_receptive_field_is_what_the_gradient_reaches(layers):
    assert receptive_fields(layers, (1, 40, 40))[-1] == traced(layers, (1, 40, 40))


def test_receptive_field_of_blocks_and_of_mixed_positions():
    fields = receptive_fields([residual_block(2), residual_block(2, 2), Flatten(), Dense(2)], (2, 16, 16))
    assert fields == ((5, 5), (11, 11), None, None)
    assert receptive_fields([Conv2D(1, 3), GlobalAveragePooling2D(), Dense(1)], (1, 9, 9)) == (
        (3, 3),
        None,
        None,
    )


# ------------------------------------------------------------------------------------------ the printed table


def test_table_is_aligned_and_complete():
    lines = str(summary([Conv2D(1000, 3), BatchNormalization(), Flatten(), Dense(2)], (3, 9, 9))).splitlines()
    assert len({len(line) for line in lines[:7]}) == 1
    assert lines[0].split() == ["Layer", "Output", "shape", "Parameters"]
    assert lines[2].split()[-1] == "28,000"
    assert lines[3].split()[-1] == "2,000"
    assert lines[-2].split() == ["Total", "128,002"]
    assert lines[-1].split()[-1] == "2,000"


def test_tables_that_cannot_be_made():
    with pytest.raises(ShapeError, match=r"summary: layer 1, Conv2D\(4,9x9\), cannot take \(2, 6, 6\)"):
        summary([Conv2D(2, 3), Conv2D(4, 9)], (1, 8, 8))
    with pytest.raises(InputError, match="channels_last must be True or False"):
        summary([Flatten()], (1, 8, 8), channels_last="yes")
    for bad in (None, "model", [], [3]):
        with pytest.raises(InputError, match="layers"):
            summary(bad, (1, 8, 8))
