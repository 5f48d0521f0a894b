"""Graphs: golden circuits, a second way to differentiate (dual fractions), forks, infinities, refusals."""

import json
import pickle
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import (
    GATES,
    OPS,
    SIGMOID_CIRCUIT,
    SUM_TIMES,
    WEIGHT_CHAIN,
    Graph,
    InputError,
    ShapeError,
    graph_gradients,
    graph_values,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text(encoding="utf-8"))
few = settings(max_examples=60, derandomize=True, deadline=None, database=None)


def both_ways(graph, leaves, out, **rounding):
    values = graph.forward(leaves, **rounding)
    return values, graph.backward(values, out, **rounding)


# ------------------------------------------------------------------------------------ golden examples


def test_sum_times():
    g = GOLDEN["G-GRAPH-01"]["expected"]
    values, gradients = both_ways(SUM_TIMES, GOLDEN["G-GRAPH-01"]["inputs"], "f")
    assert (values["q"], values["f"]) == (g["q"], g["f"])
    assert gradients == {"x": g["df_dx"], "y": g["df_dy"], "z": g["df_dz"], "q": g["df_dq"], "f": g["df_df"]}


def test_sigmoid_circuit_at_every_step():
    g = GOLDEN["G-GRAPH-02"]["expected"]
    values, gradients = both_ways(SIGMOID_CIRCUIT, GOLDEN["G-GRAPH-02"]["inputs"], "f")
    for name in ("w0x0", "w1x1", "sum01", "a", "neg", "exp", "den", "f"):
        assert values[name] == pytest.approx(g[name], abs=1e-15)
    for name in ("den", "exp", "neg", "a"):
        assert gradients[name] == pytest.approx(g[f"g_{name}"], abs=1e-14)
    for name in ("w0", "x0", "w1", "x1", "w2"):
        assert gradients[name] == pytest.approx(g[f"d{name}"], abs=1e-15)


def test_sigmoid_circuit_by_hand_with_two_decimals():
    g = GOLDEN["G-GRAPH-03"]["expected"]
    values, gradients = both_ways(SIGMOID_CIRCUIT, GOLDEN["G-GRAPH-03"]["inputs"], "f", decimals=2)
    for name in ("exp", "den", "f"):
        assert values[name] == pytest.approx(g[name], abs=1e-12)
    for name in ("den", "exp", "neg", "a"):
        assert gradients[name] == pytest.approx(g[f"g_{name}"], abs=1e-12)
    for name in ("w0", "x0", "w1", "x1", "w2"):
        assert gradients[name] == pytest.approx(g[f"d{name}"], abs=1e-12)


def test_one_weight_and_the_loss():
    g = GOLDEN["G-MLP-11"]
    values, gradients = both_ways(WEIGHT_CHAIN, g["inputs"], "J")
    assert values["z1"] == g["expected"]["z1"]
    assert values["yhat"] == pytest.approx(g["expected"]["yhat"], abs=1e-15)
    for name, key in (("yhat", "dJ_dyhat"), ("w2", "dJ_dw2"), ("w1", "dJ_dw1")):
        assert gradients[name] == pytest.approx(g["expected"][key], abs=1e-15)


def test_sigmoid_gate_is_the_circuit_in_one_step():
    inputs = GOLDEN["G-GRAPH-02"]["inputs"]
    short_cut = Graph((*SIGMOID_CIRCUIT.nodes[:4], ("f", "sigmoid", ("a",))))
    _, long = both_ways(SIGMOID_CIRCUIT, inputs, "f")
    _, brief = both_ways(short_cut, inputs, "f")
    for name in short_cut.names:
        assert brief[name] == pytest.approx(long[name], abs=1e-15)


# --------------------------------------------------------- another way: dual numbers in exact fractions


class Dual:
    """A number and its derivative with respect to one chosen leaf, carried along from left to right."""

    def __init__(self, value, slope=0):
        self.value, self.slope = Fraction(value), Fraction(slope)


EXACT = {
    "add": lambda a, b: Dual(a.value + b.value, a.slope + b.slope),
    "sub": lambda a, b: Dual(a.value - b.value, a.slope - b.slope),
    "mul": lambda a, b: Dual(a.value * b.value, a.slope * b.value + a.value * b.slope),
    "max": lambda a, b: a if a.value >= b.value else b,
    "neg": lambda a: Dual(-a.value, -a.slope),
    "square": lambda a: Dual(a.value**2, 2 * a.value * a.slope),
    "relu": lambda a: a if a.value > 0 else Dual(0),
    "abs": lambda a: Dual(abs(a.value), a.slope * ((a.value > 0) - (a.value < 0))),
    "addc": lambda a, c: Dual(a.value + Fraction(c), a.slope),
    "mulc": lambda a, c: Dual(a.value * Fraction(c), a.slope * Fraction(c)),
}


@st.composite
def circuits(draw):
    """Random graphs over three whole-number leaves; their values stay exact in floating point."""
    known, nodes = ["x", "y", "z"], []
    for n in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(sorted(EXACT)))
        inputs = tuple(draw(st.sampled_from(known)) for _ in range(GATES[kind].inputs))
        constant = (float(draw(st.integers(-3, 3))),) * GATES[kind].constant
        nodes.append((f"n{n}", kind, inputs + constant))
        known.append(f"n{n}")
    leaves = {name: draw(st.integers(-3, 3)) for name in known[:3]}
    return tuple(nodes), leaves, draw(st.sampled_from(known))


def run_exactly(nodes, leaves, toward):
    values = {name: Dual(v, name == toward) for name, v in leaves.items()}
    for name, kind, inputs in nodes:
        arity = GATES[kind].inputs
        values[name] = EXACT[kind](*(values[i] for i in inputs[:arity]), *inputs[arity:])
    return values


@few
@given(circuits())
def test_against_dual_fractions(circuit):
    """Forward and backward agree to the last digit with derivatives carried forward in fractions."""
    nodes, leaves, out = circuit
    graph = Graph(nodes)
    values = graph.forward(leaves)
    if out not in values or out not in graph.names:
        out = nodes[-1][0]
    gradients = graph.backward(values, out)
    assert set(gradients) == set(values) == {*leaves, *(name for name, _, _ in nodes)}
    for leaf in leaves:
        exact = run_exactly(nodes, leaves, leaf)
        assert values == {name: float(dual.value) for name, dual in exact.items()}
        assert gradients[leaf] == exact[out].slope
    assert gradients[out] == 1


@few
@given(circuits())
def test_the_op_and_the_graph_say_the_same(circuit):
    nodes, leaves, _ = circuit
    graph, out = Graph(nodes), nodes[-1][0]
    values = graph.forward(leaves)
    v = graph_values([leaves[name] for name in graph.leaves], nodes)
    np.testing.assert_array_equal(v, [values[name] for name in graph.names])
    gradients = graph.backward(values, out)
    np.testing.assert_array_equal(graph_gradients(v, nodes, out), [gradients[n] for n in graph.names])


@pytest.mark.parametrize("label", [c.name for c in graph_values.cases(np.random.default_rng(0))])
def test_gradient_at_every_leaf(label):
    case = next(c for c in graph_values.cases(np.random.default_rng(1)) if c.name == label)
    x, graph = case.inputs["x"], case.params["graph"]
    v, cache = graph_values.forward(x, graph)
    dv = np.random.default_rng(2).normal(size=v.shape)
    (dx,) = graph_values.backward(cache, dv)
    for i in range(len(x)):
        unit = np.eye(len(x))[i]

        def slope(h, unit=unit):
            return dv @ (graph_values(x + h * unit, graph) - graph_values(x - h * unit, graph)) / (2 * h)

        np.testing.assert_allclose(dx[i], (4 * slope(5e-4) - slope(1e-3)) / 3, rtol=1e-8, atol=1e-9)
    pieces = sum(
        u * graph_gradients(v, graph, name)[: len(x)] for u, name in zip(dv, graph.names, strict=True)
    )
    np.testing.assert_allclose(dx, pieces, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("kind", sorted(GATES))
def test_every_gate_against_its_slope(kind):
    gate = GATES[kind]
    inputs = ("a", "b")[: gate.inputs] + (2.5,) * gate.constant
    graph = Graph((("f", kind, inputs),))
    for point in ({"a": 0.75, "b": -1.25}, {"a": -0.5, "b": 0.125}):
        leaves = {name: point[name] for name in graph.leaves}
        _, gradients = both_ways(graph, leaves, "f")
        for name in leaves:
            ends = [graph.forward({**leaves, name: leaves[name] + h})["f"] for h in (1e-4, -1e-4)]
            assert gradients[name] == pytest.approx((ends[0] - ends[1]) / 2e-4, rel=1e-6, abs=1e-8)


# ----------------------------------------------------------------------------- forks, outs, rest, extremes


def test_contributions_of_a_reused_value_add_up():
    cube = Graph((("s", "mul", ("a", "a")), ("c", "mul", ("s", "a"))))
    assert both_ways(cube, {"a": 2}, "c") == ({"a": 2, "s": 4, "c": 8}, {"a": 12, "s": 2, "c": 1})
    double = Graph((("d", "add", ("a", "a")),))
    assert both_ways(double, {"a": 5}, "d")[1]["a"] == 2
    tied = Graph((("m", "max", ("a", "a")),))
    assert both_ways(tied, {"a": 5}, "m")[1]["a"] == 1


def test_out_need_not_be_last_and_the_rest_is_zero():
    values = SUM_TIMES.forward({"x": 1, "y": 2, "z": 3, "unused": 9})
    assert values["unused"] == 9
    assert SUM_TIMES.backward(values, "q") == {"x": 1, "y": 1, "z": 0, "q": 1, "f": 0, "unused": 0}
    assert SUM_TIMES.backward(values, "z") == {"x": 0, "y": 0, "z": 1, "q": 0, "f": 0, "unused": 0}


def test_an_infinite_slope_beside_the_way_stays_out():
    graph = Graph((("r", "inv", ("a",)), ("f", "add", ("a", "b")), ("g", "mul", ("r", "f"))))
    values, gradients = both_ways(graph, {"a": 0, "b": 1}, "f")
    assert values["r"] == np.inf
    assert gradients == {"a": 1, "b": 1, "r": 0, "f": 1, "g": 0}


def test_ties_and_kinks():
    _, tie = both_ways(Graph((("m", "max", ("a", "b")),)), {"a": 2, "b": 2}, "m")
    assert (tie["a"], tie["b"]) == (1, 0)
    for kind in ("relu", "abs"):
        assert both_ways(Graph((("f", kind, ("a",)),)), {"a": 0}, "f")[1]["a"] == 0


@pytest.mark.parametrize(
    ("kind", "a", "value", "slope"),
    [
        ("inv", 0.0, np.inf, -np.inf),
        ("inv", -0.0, -np.inf, -np.inf),
        ("exp", 1000.0, np.inf, np.inf),
        ("exp", -1000.0, 0, 0),
        ("square", 1e200, np.inf, 2e200),
        ("sigmoid", -800.0, 0, 0),
        ("sigmoid", 40.0, 1, np.exp(-40)),
        ("inv", np.nan, np.nan, np.nan),
        ("neg", np.inf, -np.inf, -1),
    ],
)
def test_extremes_follow_ieee(kind, a, value, slope):
    values, gradients = both_ways(Graph((("f", kind, ("a",)),)), {"a": a}, "f")
    np.testing.assert_allclose([values["f"], gradients["a"]], [value, slope], rtol=1e-15)


def test_nan_wins_every_maximum():
    graph = Graph((("m", "max", ("a", "b")),))
    for leaves, grads in (({"a": np.nan, "b": 1}, (1, 0)), ({"a": 1, "b": np.nan}, (0, 1))):
        values, gradients = both_ways(graph, leaves, "m")
        assert np.isnan(values["m"])
        assert (gradients["a"], gradients["b"]) == grads


def test_graphs_travel_between_processes_and_as_json():
    nodes = json.loads(json.dumps([list(n) for n in SIGMOID_CIRCUIT.nodes]))
    assert Graph(nodes) == SIGMOID_CIRCUIT
    assert hash(Graph(nodes)) == hash(SIGMOID_CIRCUIT)
    values = SIGMOID_CIRCUIT.forward(GOLDEN["G-GRAPH-02"]["inputs"])
    assert pickle.loads(pickle.dumps(SIGMOID_CIRCUIT)).forward(GOLDEN["G-GRAPH-02"]["inputs"]) == values
    assert json.loads(json.dumps(values)) == values
    assert all(type(v) is float for v in SIGMOID_CIRCUIT.backward(values, "f").values())


def test_arguments_stay_as_they_are():
    leaves = {"x": 1, "y": 2.5, "z": np.float32(3)}
    values = SUM_TIMES.forward(leaves)
    assert leaves == {"x": 1, "y": 2.5, "z": np.float32(3)}
    kept = dict(values)
    SUM_TIMES.backward(values, "f")
    assert values == kept


# -------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("nodes", "fact"),
    [
        ("abc", "nodes are 'abc'"),
        (None, "nodes are None"),
        ({"q": 1}, "nodes are"),
        ([], "there are no nodes"),
        ([("q", "add")], "is no node"),
        (["qab"], "'qab' is no node"),
        ([("q", "add", "xy")], "is no node"),
        ([(1, "add", ("x", "y"))], "is no node"),
        ([("q", "plus", ("x", "y"))], "q is computed by 'plus', which is no gate"),
        ([("q", ["add"], ("x", "y"))], "is no node"),
        ([("q", "add", ("x",))], "q has inputs"),
        ([("q", "add", ("x", "y", "z"))], "q has inputs"),
        ([("q", "add", ("x", 2.0))], "q has inputs"),
        ([("q", "addc", ("x",))], "q has inputs"),
        ([("q", "neg", ("x", 1.0))], "q has inputs"),
        ([("q", "addc", ("x", "y"))], "the constant of q holds"),
        ([("q", "addc", ("x", None))], "the constant of q is None"),
        ([("q", "addc", ("x", [1.0]))], "the constant of q is"),
        ([("q", "neg", ("x",)), ("q", "exp", ("x",))], "q is computed twice"),
        ([("q", "neg", ("r",)), ("r", "exp", ("x",))], "q uses r, which is computed later"),
        ([("q", "add", ("q", "x"))], "q uses q, which is computed later"),
    ],
)
def test_malformed_graphs_are_refused(nodes, fact):
    for name, refuse in (
        ("Graph", lambda: Graph(nodes)),
        ("graph_values", lambda: graph_values([1.0, 2.0], nodes)),
        ("graph_gradients", lambda: graph_gradients([1.0, 2.0, 3.0], nodes, "q")),
    ):
        with pytest.raises(InputError) as caught:
            refuse()
        assert str(caught.value).startswith(f"{name}: ")
        assert fact in str(caught.value)
        assert "to do:" in str(caught.value)


LEAVES = {"x": 1.0, "y": 2.0, "z": 3.0}


@pytest.mark.parametrize(
    ("leaves", "fact"),
    [
        ([1, 2, 3], r"leaves are \[1, 2, 3\]"),
        ({"x": 1.0, "y": 2.0}, "leaves has no z"),
        ({**LEAVES, "q": 3.0}, "q is given, but a node computes it"),
        ({**LEAVES, "z": "3"}, "z holds"),
        ({**LEAVES, "z": None}, "z is None"),
        ({**LEAVES, "z": [1.0, 2.0]}, "z is .*, not one number"),
        ({**LEAVES, "z": 1j}, "z holds complex128"),
    ],
)
def test_wrong_leaves_are_refused(leaves, fact):
    with pytest.raises(InputError, match=fact):
        SUM_TIMES.forward(leaves)


def test_other_refusals():
    values = SUM_TIMES.forward(LEAVES)
    for out in ("w", None, ["f"], 3, np.array(["f", "q"])):
        with pytest.raises(InputError, match="Graph: there is no value"):
            SUM_TIMES.backward(values, out)
        with pytest.raises(InputError, match="graph_gradients: there is no value"):
            graph_gradients(list(values.values()), SUM_TIMES, out)
    with pytest.raises(InputError, match="values has no q, f"):
        SUM_TIMES.backward(LEAVES, "f")
    with pytest.raises(InputError, match="decimals must be a whole number"):
        SUM_TIMES.forward(LEAVES, decimals=1.5)
    with pytest.raises(ShapeError, match="graph_values: x has 2 values, but the graph has 3: x, y, z"):
        graph_values([1.0, 2.0], SUM_TIMES)
    with pytest.raises(ShapeError, match="graph_gradients: v has 3 values, but the graph has 5: x, y"):
        graph_gradients([1.0, 2.0, 3.0], SUM_TIMES, "f")


def test_ops_are_registered():
    assert OPS["graph_values"].backward is not None
    assert OPS["graph_gradients"].backward is None
