"""Mistakes on the way back through a graph: what each answers on small graphs, worked out by hand."""

import numpy as np
import pytest

from autograder.mistakes import mistakes_of
from reference import SUM_TIMES, Graph, graph_gradients

MISTAKES = {found.name: found for found in mistakes_of(graph_gradients, "forward", "value")}


def answer(name, graph, leaves):
    values = graph.forward(leaves)
    found = MISTAKES[name](np.array([values[v] for v in graph.names]), graph, "f")
    return dict(zip(graph.names, found.tolist()))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # f = q z with q = x + y, x = -2, y = 5, z = -4, q = 3, f = -12; right: x = y = q = -4, z = 3
        ("mul-own-value", {"q": 3, "z": -4, "x": 3, "y": 3}),
        ("add-scales", {"q": -4, "z": 3, "x": 8, "y": -20}),
        ("upstream-forgotten", {"q": -4, "z": 3, "x": 1, "y": 1}),
        ("chain-summed", {"q": 1 - 4, "z": 1 + 3, "x": -3 + 1, "y": -3 + 1}),
        ("output-as-slope", {"q": -12, "z": -12, "x": -36, "y": -36}),
        ("seed-with-value", {"q": 48, "z": -36, "x": 48, "y": 48}),
    ],
)
def test_on_the_lecture_example(name, expected):
    found = answer(name, SUM_TIMES, {"x": -2, "y": 5, "z": -4})
    assert {key: found[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("name", "a"), [("reuse-overwrites", 2), ("reuse-multiplies", 2), ("reuse-averages", 1.5)]
)
def test_on_a_value_that_is_used_twice(name, a):
    # f = a b + a at a = 3, b = 2: one way brings 1, the other 2, right is 3
    graph = Graph((("p", "mul", ("a", "b")), ("f", "add", ("p", "a"))))
    assert answer(name, graph, {"a": 3, "b": 2}) == {"a": a, "b": 3, "p": 1, "f": 1}


@pytest.mark.parametrize(
    ("name", "kind", "slopes"),
    [
        ("sub-sign", "sub", [1, 1]),  # 4 - 2
        ("max-to-both", "max", [1, 1]),
        ("max-to-smaller", "max", [0, 1]),
        ("max-halved", "max", [0.5, 0.5]),
        ("square-constant", "square", [2]),
        ("inv-derivative-no-square", "inv", [-0.25]),
        ("inv-derivative-no-minus", "inv", [0.0625]),
        ("exp-derivative-input", "exp", [4]),
        ("exp-derivative-one", "exp", [1]),
        ("slope-missing", "sigmoid", [1]),
        ("slope-of-the-sum", "sigmoid", [-12]),
    ],
)
def test_on_one_gate(name, kind, slopes):
    leaves = dict(zip("ab", (4.0, 2.0)[: len(slopes)]))
    found = answer(name, Graph((("f", kind, tuple(leaves)),)), leaves)
    assert [found[leaf] for leaf in leaves] == slopes


def test_a_constant_factor_that_is_forgotten():
    assert answer("mulc-derivative-one", Graph((("f", "mulc", ("a", -1.0)),)), {"a": 4})["a"] == 1


def test_the_value_of_the_sigmoid_as_its_slope():
    assert answer("slope-is-f", Graph((("f", "sigmoid", ("a",)),)), {"a": 0})["a"] == 0.5
