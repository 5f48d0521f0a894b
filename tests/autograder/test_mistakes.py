"""Every mistake is a mistake: it runs, differs from the truth, leaves its arguments alone and has a hint."""

import functools
import inspect
import itertools
import re
from collections import Counter

import numpy as np
import pytest

from autograder.mistakes import FAMILIES, Registry, all_mistakes, mistake, mistakes_of
from reference import (
    conv2d,
    conv2d_true,
    conv_output_size,
    conv_parameters,
    correlate2d,
    locally_connected2d,
)
from reference.op import OPS, Case

ALL = all_mistakes()
OF_OPS = [found for found in ALL if found.target in OPS and found.kind == "value"]
SEEDS = (0, 1, 2)

# what a mistake needs to show and the op's own samples do not exercise
MORE = {
    "conv_output_size": [
        Case("the last step nearly fits", {}, {"n": 8, "k": 3, "stride": 3}),
        Case("a dilated kernel with a stride", {}, {"n": 9, "k": 3, "stride": 3, "dilation": 2}),
    ]
}


def cases(op, seed):
    return [*op.cases(np.random.default_rng(seed)), *MORE.get(op.name, [])]


def name(found):
    return f"{found.target}-{found.part}-{found.name}"


def differ(got, truth):
    """Tell whether two results, or tuples of results, differ in shape or visibly in value."""
    if isinstance(truth, (tuple, list)):
        return (
            not isinstance(got, (tuple, list))
            or len(got) != len(truth)
            or any(differ(a, b) for a, b in zip(got, truth))
        )
    if truth is None or got is None:
        return (truth is None) != (got is None)
    got, truth = np.asarray(got, dtype=float), np.asarray(truth, dtype=float)
    return got.shape != truth.shape or not np.allclose(got, truth, rtol=1e-6, atol=1e-9, equal_nan=True)


@functools.cache
def told(op, part, seed):
    """Return for each case the arguments a mistake takes, and what would be right: once for all mistakes of an op.

    No mistake can write to what the others are given.
    """
    found = [truth_of(op, case, part, seed) for case in cases(op, seed)]
    for arguments, _ in found:
        for array in arrays_of(arguments).values():
            array.flags.writeable = False
    return found


def arrays_of(arguments):
    return {key: value for key, value in arguments.items() if isinstance(value, np.ndarray)}


def truth_of(op, case, part, seed):
    """Return the arguments a mistake takes on a case, and what would be right."""
    given = {**case.inputs, **case.params}
    if part == "forward":
        return given, op(**given)
    result, cache = op.forward(**given)
    first = result[0] if isinstance(result, tuple) else result
    dy = np.random.default_rng(seed).normal(size=np.shape(first))
    return {"dy": dy, **given}, op.backward(cache, dy)


def bound(found, arguments):
    """The upstream gradient is the first positional argument, whatever an op calls it."""
    arguments = dict(arguments)
    return ((arguments.pop("dy"),) if found.part == "backward" else ()), arguments


@pytest.mark.parametrize("found", OF_OPS, ids=name)
def test_differs_from_the_truth_on_some_natural_case(found):
    op = OPS[found.target]
    for seed in SEEDS:
        outcomes: Counter[str] = Counter()
        for arguments, truth in told(op, found.part, seed):
            first, named = bound(found, arguments)
            got = found(*first, **named)
            outcomes["none" if got is None else "differs" if differ(got, truth) else "same"] += 1
        assert outcomes["differs"], f"seed {seed}: {dict(outcomes)}"


@pytest.mark.parametrize("found", OF_OPS, ids=name)
def test_leaves_its_arguments_alone(found):
    op = OPS[found.target]
    for arguments, _ in told(op, found.part, 0):
        copies = {key: array.copy() for key, array in arrays_of(arguments).items()}
        first, named = bound(found, arguments)
        found(*first, **named)
        for key, array in arrays_of(arguments).items():
            np.testing.assert_array_equal(array, copies[key])


@pytest.mark.parametrize(
    "op", [conv2d, conv2d_true, correlate2d, locally_connected2d], ids=lambda op: op.name
)
@pytest.mark.parametrize("part", ["forward", "backward"])
def test_no_two_mistakes_of_a_layer_are_the_same_everywhere(op, part):
    seen: dict[str, list] = {}
    for case in op.cases(np.random.default_rng(4)):
        arguments, _ = truth_of(op, case, part, 4)
        for found in mistakes_of(op, part, "value"):
            first, named = bound(found, arguments)
            seen.setdefault(found.name, []).append(found(*first, **named))
    for one, other in itertools.combinations(seen, 2):
        assert any(
            (a is None) != (b is None) or (a is not None and differ(a, b))
            for a, b in zip(seen[one], seen[other])
        ), f"{one} and {other} can never be told apart"


# ------------------------------------------------------------------------------------------- hints


@pytest.mark.parametrize("found", ALL, ids=name)
def test_hint_speaks_to_the_student_and_ends_with_something_to_do(found):
    assert re.search(r"\b([Yy]ou|[Yy]our)\b", found.what), "paragraph 1 says what the student did"
    assert found.what.endswith(".")
    assert found.how.endswith(".")
    assert len(found.what) <= 200
    assert 10 <= len(found.how) <= 400
    assert found.family in FAMILIES
    assert "\n" not in found.what + found.how


def test_names_are_unique_within_a_target_and_part():
    counted = Counter((found.target, found.part, found.name) for found in ALL)
    assert max(counted.values()) == 1


def test_backward_of_one_name_is_the_same_fault_as_the_forward():
    for found in mistakes_of(conv2d, "backward"):
        twins = [other for other in mistakes_of(conv2d, "forward") if other.name == found.name]
        assert all(twin.family == found.family for twin in twins)


def test_there_are_enough_of_them():
    assert len(mistakes_of(conv2d, "forward")) >= 40
    assert len(mistakes_of(conv2d, "backward")) >= 30
    assert len(mistakes_of(conv_output_size)) >= 13 + 4
    assert len(mistakes_of(conv_parameters) + mistakes_of("CARITH-2")) >= 11
    for op in (conv2d_true, correlate2d, locally_connected2d):
        assert len(mistakes_of(op)) >= 8


def nothing(*_):
    """You did nothing.

    Do something.
    """


class TestRegistration:
    """A decorator refuses what would later puzzle a student or an analyst."""

    def register(self, function=nothing, **changes):
        given = {"name": "did-nothing", "family": "omission", **changes}
        return mistake("no-such-target", given.pop("name"), **given)(function)

    def test_a_name_is_taken_once_per_part(self, monkeypatch):
        monkeypatch.setattr("autograder.mistakes._REGISTRY", Registry())
        made = self.register()
        assert (made.target, made.what, made.how) == ("no-such-target", "You did nothing.", "Do something.")
        self.register(part="backward")
        with pytest.raises(ValueError, match="already has a forward mistake named"):
            self.register()

    @pytest.mark.parametrize("text", [None, "", "You did one thing.", "One.\n\nTwo.\n\nThree."])
    def test_the_docstring_is_the_hint(self, text):
        def silent(*_): ...

        silent.__doc__ = text
        with pytest.raises(ValueError, match="two paragraphs"):
            self.register(silent)

    @pytest.mark.parametrize(
        "changes",
        [{"name": "has space"}, {"name": ""}, {"name": "snake_case"}, {"family": "typo"}, {"kind": "wrong"}]
        + [{"part": "sideways"}, {"credit": 1.5}, {"credit": -0.1}],
    )
    def test_fields_out_of_range(self, changes):
        with pytest.raises(ValueError, match=r"[Mm]istake"):
            self.register(**changes)

    def test_selecting(self):
        both = mistakes_of("conv_backward")
        assert both
        assert {found.kind for found in both} == {"behaviour"}
        assert mistakes_of("conv_backward", kind="value") == []
        assert mistakes_of("conv2d") == mistakes_of(conv2d)


def test_signatures_are_the_op_s_own():
    for found in (
        mistakes_of(conv2d, "forward") + mistakes_of(conv_output_size) + mistakes_of(conv_parameters)
    ):
        op = OPS[found.target]
        assert list(inspect.signature(found.function).parameters) == list(inspect.signature(op).parameters)
    for found in mistakes_of(conv2d, "backward"):
        names = list(inspect.signature(found.function).parameters)
        assert names == ["dy", *inspect.signature(conv2d).parameters]
