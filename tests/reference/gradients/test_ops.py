"""The checker turned on every op of the reference, and the examples in its docstrings."""

import doctest

import numpy as np
import pytest

import reference
from reference import OPS, check_gradient, use_kernels
from reference.op import parse_shapes


@pytest.fixture
def plain_numpy():
    before = use_kernels(False)
    yield
    use_kernels(before)


@pytest.mark.parametrize("name", [name for name, op in OPS.items() if op.backward is not None])
def test_every_op_of_the_reference_is_found_right(name, plain_numpy):
    op = OPS[name]
    floats = [a.name for a in parse_shapes(op.shapes)[0] if a.axes is not None and a.kind == "float"]
    for case in op.cases(np.random.default_rng(1)):
        chosen = [n for n in floats if case.inputs.get(n) is not None]
        inputs = {n: np.asarray(v, float) if n in chosen else v for n, v in case.inputs.items()}
        if not all(np.isfinite(inputs[n]).all() for n in chosen):
            continue

        def backward(cache, dy):
            return dict(zip(floats, op.backward(cache, dy), strict=True))

        check = check_gradient(op.forward, backward, inputs, params=case.params, wrt=chosen)
        assert check.outcome == "right", f"{case.name}: {check}"


@pytest.mark.parametrize("topic", ["gradients", "optimizers", "evaluation", "regressors", "diagnosis"])
def test_examples_in_the_docstrings(topic):
    module = getattr(reference, topic)
    names = {**vars(reference), "np": np}
    results = doctest.testmod(module, globs=names, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert results.attempted > 0
    assert results.failed == 0
