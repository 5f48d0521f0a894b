"""A walk over every op with a fixed set of bad settings: refused in a sentence before anything is allocated.

Refused means: an InputError (or ShapeError) that names the op, the argument, what was given, the shape line and
what to do. It must never be another exception, a hang or an attempt to allocate what cannot be.
"""

import inspect

import numpy as np
import pytest

from reference import OPS, ShapeError
from reference.op import parse_shapes

pytestmark = pytest.mark.usefixtures("strict")

NAMES = sorted(OPS)
ARRAYS = {name: [a for a in parse_shapes(OPS[name].shapes)[0] if a.axes is not None] for name in NAMES}


def settings_of(name):
    arrays = {a.name for a in ARRAYS[name]}
    return [p for p in inspect.signature(OPS[name]).parameters if p not in arrays]


def walk(refusals, name, values):
    """Try every value for every setting; return how many calls were refused."""
    refused = 0
    for case in refusals.samples(name):
        for setting in settings_of(name):
            for value in values:
                error = refusals.refusal(name, case, **{setting: value})
                if error is not None:
                    assert refusals.told_well(name, error, setting) or refusals.is_default(
                        name, setting, value
                    )
                    refused += 1
    return refused


@pytest.mark.parametrize("name", [name for name in NAMES if settings_of(name)])
def test_odd_settings(refusals, name):
    assert walk(refusals, name, refusals.ODD) > 0


@pytest.mark.parametrize("name", [name for name in NAMES if settings_of(name)])
def test_absurd_settings(refusals, little_memory, name):
    """A size that nobody means is refused before anything is allocated."""
    walk(refusals, name, refusals.ABSURD)


ZERO = {"stride", "dilation", "kernel_size", "groups", "scale_factor", "width", "classes", "k", "n", "batch"}
NEGATIVE = {
    *ZERO,
    "padding",
    "output_padding",
    "ddof",
    "running_ddof",
    "patience",
    "eps",
    "lr",
    "lam",
    "max_shift",
}


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [(n, s, 0) for n in NAMES for s in settings_of(n) if s in ZERO]
    + [(n, s, -1) for n in NAMES for s in settings_of(n) if s in NEGATIVE],
)
def test_zero_and_negative_sizes_are_refused(refusals, name, setting, value):
    """Where the number is not used (a shift that is given, statistics at test time) it may pass."""
    errors = [
        refusals.refusal(name, case, **{setting: value}) for case in OPS[name].cases(np.random.default_rng(3))
    ]
    refused = [error for error in errors if error is not None]
    assert refused or setting == "max_shift"
    assert all(refusals.told_well(name, error, setting) for error in refused)


@pytest.mark.parametrize("name", [n for n in NAMES if {"padding", "stride"} & set(settings_of(n))])
def test_zero_stride_and_negative_padding_name_the_argument(refusals, name):
    case = refusals.samples(name)[0]
    for setting, value in (("stride", 0), ("stride", (1, 0)), ("padding", -1), ("padding", (0, -2))):
        if setting in settings_of(name) and not (isinstance(value, tuple) and not ARRAYS[name]):
            with pytest.raises(ShapeError, match=rf"^{name}: {setting}.* must be at least"):
                OPS[name](**{**case.inputs, **case.params, setting: value})


@pytest.mark.parametrize(
    ("name", "small", "settings"),
    [
        ("conv2d", {"x": (1, 1, 2, 2), "w": (1, 1, 5, 5)}, {"padding": 1}),
        ("conv2d_true", {"x": (1, 1, 2, 2), "w": (1, 1, 2, 2)}, {"dilation": 3}),
        ("correlate2d", {"f": (2, 2), "h": (3, 3)}, {}),
        ("locally_connected2d", {"x": (1, 1, 2, 2), "w": (1, 1, 1, 1, 3, 3)}, {}),
        ("perceptron_convolution", {"x": (2,), "w": (3,), "b": ()}, {}),
        ("max_pool2d", {"x": (1, 1, 2, 2)}, {"kernel_size": 3}),
        ("avg_pool2d", {"x": (1, 1, 2, 2)}, {"kernel_size": (1, 3)}),
    ],
)
def test_kernel_larger_than_the_padded_input(refusals, name, small, settings):
    arrays = {key: np.ones(shape) for key, shape in small.items()}
    for function in (OPS[name], OPS[name].forward, OPS[name].definition):
        with pytest.raises(ShapeError) as caught:
            function(**arrays, **settings)
        assert refusals.told_well(name, caught.value, "x" if "x" in small else "f")
