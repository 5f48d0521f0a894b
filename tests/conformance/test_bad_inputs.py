"""A walk over every op with a fixed set of bad arrays: refused in a sentence, or carried through as IEEE says.

An answer whose shape is not that of the shape line would be silent broadcasting; see also test_bad_settings.py.
"""

import numpy as np
import pytest

from reference import OPS, InputError, ShapeError
from reference.op import Case, parse_shapes

pytestmark = pytest.mark.usefixtures("strict")

NAMES = sorted(OPS)
ARRAYS = {name: [a for a in parse_shapes(OPS[name].shapes)[0] if a.axes is not None] for name in NAMES}
WITH_ARRAYS = [name for name in NAMES if ARRAYS[name]]
DIFFERENTIABLE = [name for name in NAMES if OPS[name].backward is not None]


@pytest.mark.parametrize("name", WITH_ARRAYS)
def test_what_holds_no_numbers_is_refused(refusals, name):
    for case in refusals.samples(name):
        for argument in ARRAYS[name]:
            for bad in refusals.no_numbers(case.inputs.get(argument.name, np.ones(2))):
                error = refusals.refusal(name, case, **{argument.name: bad})
                assert error is not None, bad
                assert refusals.told_well(name, error, argument.name)
                assert argument.name in error.fact


@pytest.mark.parametrize("name", WITH_ARRAYS)
def test_wrong_rank_and_empty_arrays_are_refused(refusals, name):
    for case in refusals.samples(name):
        for argument in ARRAYS[name]:
            value = case.inputs.get(argument.name)
            if value is None:
                continue
            bad = [np.take(value, [], axis=axis) for axis in range(value.ndim)] + [np.zeros(0, value.dtype)]
            if "..." not in argument.axes:
                bad += [value[None], value[..., None], np.ones((1,) * 9, value.dtype)] + (
                    [value[0]] if value.ndim else []
                )
            for wrong in bad:
                error = refusals.refusal(name, case, **{argument.name: wrong})
                assert error is not None, wrong.shape
                assert isinstance(error, ShapeError)
                assert refusals.told_well(name, error, argument.name)


@pytest.mark.parametrize("name", WITH_ARRAYS)
def test_another_length_is_refused_or_shows_in_the_result(refusals, name):
    """Make each axis of each array longer, and one entry long: nothing is ever broadcast."""
    for case in OPS[name].cases(np.random.default_rng(4)):
        for argument in ARRAYS[name]:
            value = case.inputs.get(argument.name)
            for axis in range(0 if value is None else value.ndim):
                for other in (np.concatenate([value, value.take([0], axis)], axis), value.take([0], axis)):
                    changed = Case(case.name, {**case.inputs, argument.name: other}, case.params)
                    refusals.with_its_shape(name, changed)


CHANNELS = [
    ("conv2d", {"x": (1, 3, 5, 5), "w": (2, 2, 3, 3)}, "w has D = 2 channels per filter, but x has C = 3"),
    ("conv2d", {"x": (1, 3, 5, 5), "w": (2, 1, 3, 3)}, "w has D = 1"),
    ("conv2d", {"x": (1, 3, 5, 5), "w": (2, 3, 3, 3), "b": (1,)}, "b has F = 1, but w has F = 2"),
    ("conv_transpose2d", {"x": (1, 3, 5, 5), "w": (2, 2, 3, 3)}, "w has C = 2, but x has C = 3"),
    (
        "conv_transpose2d",
        {"x": (1, 3, 5, 5), "w": (3, 2, 3, 3), "b": (1,)},
        "b has F = 1, but w makes 2 maps",
    ),
    ("locally_connected2d", {"x": (1, 1, 3, 3), "w": (1, 1, 2, 2, 3, 3)}, "w has C = 2, but x has C = 1"),
    ("linear", {"x": (4, 3), "w": (2, 1)}, "w has D = 1, but x has D = 3"),
    ("linear", {"x": (4, 3), "w": (2, 3), "b": (4,)}, "b has M = 4, but w has M = 2"),
    ("squared_error", {"x": (4, 1), "t": (4,)}, "t has "),
    ("standardize_apply", {"x": (4, 3), "mu": (1,), "sigma": (3,)}, "mu has "),
]


@pytest.mark.parametrize(("name", "shapes", "fact"), CHANNELS)
def test_wrong_channel_counts_say_both_numbers(name, shapes, fact):
    with pytest.raises(ShapeError) as caught:
        OPS[name](**{key: np.ones(shape) for key, shape in shapes.items()})
    assert caught.value.fact.startswith(fact)
    for key, shape in shapes.items():
        assert f"{key} {shape} float64" in caught.value.got


LABELS = [
    ("hinge", {"x": np.ones((3, 4))}, "t", {}),
    ("cross_entropy", {"x": np.ones((3, 4))}, "t", {}),
    ("one_hot", {}, "t", {"classes": 4}),
    ("vote", {}, "predictions", {"classes": 4}),
    ("max_unpool2d", {"x": np.ones((1, 1, 1, 3))}, "indices", {"kernel_size": (2, 1), "output_size": (1, 4)}),
]


@pytest.mark.parametrize("bad", [-1, 4, 2**40, -(2**63), np.uint64(2**63)], ids=str)
@pytest.mark.parametrize(("name", "inputs", "label", "settings"), LABELS)
def test_labels_and_indices_out_of_range_are_refused(refusals, name, inputs, label, settings, bad):
    labels = np.array([0, 3, 0], type(bad) if isinstance(bad, np.uint64) else np.int64)
    labels[1] = bad
    shape = inputs["x"].shape if name == "max_unpool2d" else (3,)
    for function in (OPS[name], OPS[name].definition):
        with pytest.raises(InputError) as caught:
            function(**inputs, **{label: labels.reshape(shape)}, **settings)
        assert refusals.told_well(name, caught.value, label)
        assert str(bad) in caught.value.fact


# ---------------------------------------------------------------------- other types, layouts and values


@pytest.mark.parametrize("dtype", ["i1", "u1", "i4", "u8", "?", "f2", ">f8", "<f4", "g"])
@pytest.mark.parametrize("name", WITH_ARRAYS)
def test_other_real_types_are_converted_and_nothing_else(refusals, name, dtype):
    """Whole numbers, half precision and foreign byte order give what the same numbers give in double precision."""
    case = refusals.samples(name)[0]
    given, plain = dict(case.inputs), dict(case.inputs)
    for argument in ARRAYS[name]:
        if argument.name in given and argument.kind != "int":
            given[argument.name] = np.abs(np.round(given[argument.name])).astype(dtype)
            plain[argument.name] = given[argument.name].astype("f4" if dtype == "<f4" else "f8")
    expected = refusals.parts(OPS[name](**plain, **case.params))
    for got, value in zip(refusals.parts(OPS[name](**given, **case.params)), expected, strict=True):
        np.testing.assert_array_equal(got, value)
        assert np.asarray(got).dtype == np.asarray(value).dtype


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf], ids=str)
@pytest.mark.parametrize("name", WITH_ARRAYS)
def test_nan_and_infinity_are_carried_through(refusals, name, poison):
    """Any entry of any array: an answer of the same shapes and types, or a sentence, without a warning."""
    op = OPS[name]
    for case in refusals.samples(name):
        whole = [
            (np.shape(r), np.asarray(r).dtype) for r in refusals.parts(refusals.there_and_back(name, case))
        ]
        for argument in ARRAYS[name]:
            value = case.inputs.get(argument.name)
            if value is None or argument.kind == "int":
                continue
            once = value.copy()
            once.flat[0] = poison
            for sick in (once, np.full(value.shape, poison)):
                error = refusals.refusal(name, case, **{argument.name: sick})
                if error is None:
                    found = refusals.parts(op(**{**case.inputs, **case.params, argument.name: sick}))
                    assert [(np.shape(r), np.asarray(r).dtype) for r in found] == whole
                else:
                    refusals.told_well(name, error, argument.name)
                    assert argument.kind == "const"


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_bad_upstream_gradients_are_refused(refusals, name):
    op = OPS[name]
    for case in refusals.samples(name):
        result, cache = op.forward(**case.inputs, **case.params)
        dy = np.ones(np.shape(refusals.parts(result)[0]))
        bad = [*refusals.no_numbers(dy), dy[None], np.ones((*dy.shape, 1)), np.zeros((0,))]
        bad += [dy[:0], dy[0]] if dy.ndim else []
        for wrong in bad:
            with pytest.raises(InputError) as caught:
                op.backward(cache, wrong)
            assert refusals.told_well(name, caught.value, "dy")
        for foreign in (None, (), "cache", result):
            with pytest.raises(InputError, match=f"^{name}.backward: cache"):
                op.backward(foreign, dy)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_nan_and_infinite_upstream_gradients_are_carried_through(refusals, name):
    op = OPS[name]
    for case in refusals.samples(name):
        result, cache = op.forward(**case.inputs, **case.params)
        shape, dtype = np.shape(refusals.parts(result)[0]), np.asarray(refusals.parts(result)[0]).dtype
        shapes = [None if g is None else (g.shape, g.dtype) for g in op.backward(cache, np.ones(shape))]
        for poison in (np.nan, np.inf, 1e300):
            got = op.backward(cache, np.full(shape, poison))
            assert [None if g is None else (g.shape, g.dtype) for g in got] == shapes
            if np.isnan(
                poison
            ):  # what arrives as NaN does not vanish without a trace, except where nothing passes
                assert any(g is not None and np.isnan(g).any() for g in got)
        assert dtype.kind == "f"
