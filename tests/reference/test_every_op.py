"""The contract of every registered op; the machinery that keeps it is tested in `test_op`."""

import doctest
import inspect
import warnings

import numpy as np
import pytest

import reference
from reference.op import OPS, Case, InputError, ShapeError, parse_shapes
from reference.shapes import match

NAMES = sorted(OPS)
CASES = [(name, i) for name in NAMES for i in range(len(list(OPS[name].cases(np.random.default_rng(0)))))]
WITH_ARRAYS = [name for name in NAMES if any(a.axes is not None for a in parse_shapes(OPS[name].shapes)[0])]
DIFFERENTIABLE = [(name, i) for name, i in CASES if OPS[name].backward is not None]


def case_of(name, i):
    return list(OPS[name].cases(np.random.default_rng(7)))[i]


def call(function, case, **changes):
    return function(**{**case.inputs, **case.params, **changes})


def parts(result):
    return result if isinstance(result, tuple) else (result,)


def array_arguments(name):
    return [a for a in parse_shapes(OPS[name].shapes)[0] if a.axes is not None]


def as_type(case, dtype):
    inputs = {k: v.astype(dtype) if v.dtype.kind == "f" else v for k, v in case.inputs.items()}
    return Case(case.name, inputs, case.params)


# --------------------------------------------------------------------------- every op, every sample case


@pytest.mark.parametrize("name", NAMES)
def test_page_is_complete(name):
    """Each op has a summary line, a source, an example that runs, named cases and is importable."""
    made = OPS[name]
    assert getattr(reference, name) is made
    assert made.name == made.__name__ == name
    assert made.source.startswith("lecture S") or "beyond the lectures" in made.source
    assert made.shapes in made.__doc__
    assert made.source in made.__doc__
    cases = list(made.cases(np.random.default_rng(0)))
    assert len(cases) == len({case.name for case in cases}) > 0
    tests = doctest.DocTestFinder(recurse=False).find(made, name, globs={name: made})
    assert sum(len(test.examples) for test in tests) > 0
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    for test in tests:
        assert runner.run(test).failed == 0


@pytest.mark.parametrize(("name", "i"), CASES)
def test_definition_agrees(name, i):
    case = case_of(name, i)
    for got, expected in zip(
        parts(call(OPS[name], case)), parts(call(OPS[name].definition, case)), strict=True
    ):
        np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(("name", "i"), CASES)
def test_single_precision_stays_single(name, i):
    case = as_type(case_of(name, i), np.float32)
    for got, exact in zip(
        parts(call(OPS[name], case)), parts(call(OPS[name], case_of(name, i))), strict=True
    ):
        if isinstance(exact, np.ndarray) and exact.dtype == np.float64:
            assert got.dtype == np.float32
            np.testing.assert_allclose(got, exact, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("name", "i"), CASES)
def test_shape_line_tells_the_truth(name, i):
    case = case_of(name, i)
    inputs, results = parse_shapes(OPS[name].shapes)
    sizes, first = {}, {}
    for argument in inputs:
        if argument.axes is not None and case.inputs.get(argument.name) is not None:
            match(argument, np.shape(case.inputs[argument.name]), sizes, first)
    for argument, result in zip(results, parts(call(OPS[name], case)), strict=False):
        if argument.axes is not None:
            match(argument, np.shape(result), sizes, first)


def laid_out(array, layout):
    if layout == "fortran":
        return np.array(array, order="F")
    if layout == "strided":
        wide = np.zeros(tuple(2 * n for n in array.shape), array.dtype)
        view = wide[tuple(slice(None, None, -2) for _ in array.shape)] if array.ndim else array
        if array.ndim:
            view[...] = array
        return view
    frozen = array.copy()
    frozen.flags.writeable = False
    return frozen


@pytest.mark.parametrize("layout", ["fortran", "strided", "readonly"])
@pytest.mark.parametrize(("name", "i"), [(n, i) for n, i in CASES if n in WITH_ARRAYS])
def test_layout_changes_nothing(name, i, layout):
    made, case = OPS[name], case_of(name, i)
    other = Case(case.name, {k: laid_out(v, layout) for k, v in case.inputs.items()}, case.params)
    before = {k: v.copy() for k, v in case.inputs.items()}
    plain, again = parts(call(made, case)), parts(call(made, case))
    for a, b, c in zip(plain, again, parts(call(made, other)), strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)
    for inputs in (case.inputs, other.inputs):
        for k, v in inputs.items():
            np.testing.assert_array_equal(v, before[k])


@pytest.mark.parametrize(("name", "i"), [(n, i) for n, i in CASES if n in WITH_ARRAYS])
def test_results_share_no_memory_with_inputs(name, i):
    case = case_of(name, i)
    for result in parts(call(OPS[name], case)):
        for value in case.inputs.values():
            assert not np.shares_memory(result, value)


@pytest.mark.parametrize(("name", "i"), [(n, i) for n, i in CASES if n in WITH_ARRAYS])
def test_nan_and_inf_pass_without_warning(name, i):
    case = case_of(name, i)
    for poison in (np.nan, np.inf, -np.inf):
        for argument in array_arguments(name):
            value = case.inputs.get(argument.name)
            if value is None or argument.kind == "int":
                continue
            sick = value.copy()
            sick.flat[0] = poison
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                result, cache = OPS[name].forward(**{**case.inputs, **case.params, argument.name: sick})
                if OPS[name].backward is not None:
                    OPS[name].backward(cache, np.ones(np.shape(parts(result)[0])))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("name", "i"), DIFFERENTIABLE)
def test_gradients_fit_their_inputs(name, i, dtype):
    made, case = OPS[name], as_type(case_of(name, i), dtype)
    y, cache = call(made.forward, case)
    y = parts(y)[0]
    dy = np.asarray(np.random.default_rng(3).normal(size=np.shape(y)), dtype)
    kept = dy.copy()
    gradients, again = made.backward(cache, dy), made.backward(cache, dy)
    np.testing.assert_array_equal(dy, kept)
    wanted = [case.inputs.get(a.name) for a in array_arguments(name) if a.kind == "float"]
    assert isinstance(gradients, tuple)
    assert len(gradients) == len(wanted)
    for gradient, value, second in zip(gradients, wanted, again, strict=True):
        if value is None:
            assert gradient is None
            continue
        assert gradient.shape == value.shape
        assert gradient.dtype == dtype
        assert not np.shares_memory(gradient, dy)
        assert not any(np.shares_memory(gradient, v) for v in case.inputs.values())
        np.testing.assert_array_equal(gradient, second)


@pytest.mark.parametrize(("name", "i"), DIFFERENTIABLE)
def test_upstream_of_another_shape_is_refused(name, i):
    made = OPS[name]
    result, cache = call(made.forward, case_of(name, i))
    shape = np.shape(parts(result)[0])
    for wrong in ((*shape, 1), (1, *shape), tuple(n + 1 for n in shape) if shape else (1,)):
        with pytest.raises(ShapeError, match=f"{name}.backward: dy has shape"):
            made.backward(cache, np.ones(wrong))
    with pytest.raises(InputError, match=f"{name}.backward: cache"):
        made.backward(None, np.ones(shape))


# ------------------------------------------------------------------------------------------- bad inputs


def hostile(argument, value):
    """Everything that is no array of the right kind and shape."""
    yield "None", None
    yield "text", "abc"
    yield "array of text", np.full(value.shape, "1.0")
    yield "complex", value.astype(complex)
    yield "objects", value.astype(object)
    yield "dates", np.full(value.shape, np.datetime64("2024-01-01"))
    yield "records", np.zeros(value.shape, [("a", float)])
    yield "masked", np.ma.masked_array(value, np.zeros(value.shape, bool))
    yield "ragged", [[1.0], [1.0, 2.0]]
    yield "dictionary", {"a": 1}
    yield "function", len
    if "..." not in argument.axes:
        yield "one axis more", value[None]
        if value.ndim:
            yield "one axis less", value[0]
    if value.ndim:
        yield "empty", value[:0]
    if argument.kind == "int":
        yield "fractions", value + 0.5


@pytest.mark.parametrize("name", WITH_ARRAYS)
def test_bad_arrays_are_refused_by_name(name):
    made = OPS[name]
    case = next(iter(made.cases(np.random.default_rng(1))))
    for argument in array_arguments(name):
        if argument.name not in case.inputs:
            continue
        for label, bad in hostile(argument, case.inputs[argument.name]):
            if bad is None and argument.optional:
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                with pytest.raises(InputError) as caught:
                    call(made, case, **{argument.name: bad})
            text = str(caught.value)
            assert text.startswith(f"{name}: "), (label, text)
            assert argument.name in caught.value.fact, (label, text)
            assert made.shapes in text, (label, text)
            assert "to do:" in text, (label, text)


@pytest.mark.parametrize("name", WITH_ARRAYS)
def test_unequal_lengths_are_refused(name):
    """Lengthen each axis that two arrays share (or that is a fixed number): nothing may be broadcast."""
    made = OPS[name]
    for case in made.cases(np.random.default_rng(1)):
        present = [a for a in array_arguments(name) if case.inputs.get(a.name) is not None]
        for argument in present:
            others = {axis for a in present if a is not argument for axis in a.axes} - {"..."}
            if "..." in argument.axes:
                continue
            for at, axis in enumerate(argument.axes):
                if axis in others or isinstance(axis, int):
                    value = case.inputs[argument.name]
                    for wrong in (np.repeat(value, 2, axis=at), value.take([0], axis=at)):
                        if wrong.shape != value.shape:
                            with pytest.raises(ShapeError, match=f"^{name}: "):
                                call(made, case, **{argument.name: wrong})


@pytest.mark.parametrize("name", NAMES)
def test_wrong_calls_name_the_op(name):
    made = OPS[name]
    first = next(iter(inspect.signature(made).parameters))
    with pytest.raises(TypeError, match=name):
        made(no_such_argument=1)
    with pytest.raises(TypeError, match=name):
        made(*[1] * 40)
    with pytest.raises(TypeError, match=name):
        made(1, **{first: 1})


NUMBERS = [-1, 1.5, "2", None, True, np.nan, [], (1, 2, 3), {}, len]


@pytest.mark.parametrize("value", NUMBERS, ids=repr)
def test_settings_of_a_sweep_must_be_whole(value):
    x, w = np.ones((1, 1, 5, 5)), np.ones((1, 1, 2, 2))
    for name in ("stride", "padding", "dilation", "groups"):
        with pytest.raises(InputError, match=name):
            reference.conv2d(x, w, **{name: value})
