"""Back-propagation by hand: the keys hold the lecture's numbers, and probe what hides mistakes."""

import numpy as np
import pytest

TASKS = ("graph_forward", "graph_backward", "circuit_forward", "circuit_backward", "mean_sub_forward")
PARTS = range(3)


def example(key, name, part=0):
    """Return what the key expects of a trial, apart from the forward it builds on."""
    trial = next(t for t in key.sets[part] if t.name == name)
    return trial.expected[-1]


def test_the_lectures_small_graph(make_key_of):
    assert example(make_key_of("graph_forward"), "f = (x + y) z") == {
        "x": -2,
        "y": 5,
        "z": -4,
        "q": 3,
        "f": -12,
    }
    assert example(make_key_of("graph_backward"), "f = (x + y) z") == {
        "x": -4,
        "y": -4,
        "z": 3,
        "q": -4,
        "f": 1,
    }


def test_the_lectures_sigmoid_neuron(make_key_of):
    values = example(make_key_of("graph_forward"), "the sigmoid neuron")
    assert values["den"] == pytest.approx(1.3678794411714423)
    assert values["f"] == pytest.approx(0.7310585786300049)
    grads = example(make_key_of("graph_backward"), "the sigmoid neuron")
    assert grads["x0"] == pytest.approx(0.3932238664829637)
    assert grads["den"] == pytest.approx(-0.5344466453885163)


def test_the_lectures_circuit(make_key_of):
    assert example(make_key_of("circuit_forward"), "the numbers of the lecture") == pytest.approx(
        0.7310585786300049
    )
    expected = (-0.19661193324148, 0.39322386648296, -0.39322386648296, -0.58983579972445, 0.19661193324148)
    assert example(make_key_of("circuit_backward"), "the numbers of the lecture") == pytest.approx(expected)


def test_the_lectures_tables(make_key_of):
    H = example(make_key_of("mean_sub_forward"), "the lecture's table")
    assert H.tolist() == [[-2, -1, 3], [-1, -1, 2]]
    dX = example(make_key_of("mean_sub_backward"), "the lecture's table")
    np.testing.assert_allclose(dX, [[2, -1, -1], [0, -3, 3]], atol=1e-12)
    h = example(make_key_of("dense_forward"), "the lecture's layer")
    assert h.tolist() == [7.5, -2.5]
    dx, dW, db = example(make_key_of("dense_backward"), "the lecture's layer")
    assert (dx.tolist(), db.tolist()) == ([5, -3, 2.5], [2, -3])
    assert dW.tolist() == [[2, -4, 6], [-3, 6, -9]]


def test_a_gradient_that_is_zero_may_be_left_out_but_no_other(make_key_of, judged):
    from autograder.exercises import EXERCISES

    right = EXERCISES["graph_backward"].truth()

    def without(forgotten):
        def graph_backward(nodes, values, out):
            return {
                k: g for k, g in right["graph_backward"](nodes, values, out).items() if not forgotten(k, g)
            }

        return right | {"graph_backward": graph_backward}

    zeros = [
        g for t in make_key_of("graph_backward").sets[0] for g in dict(t.expected[-1]).values() if g == 0
    ]
    assert len(zeros) >= 3
    assert judged("graph_backward", without(lambda k, g: g == 0)).points == pytest.approx(10)
    assert judged("graph_backward", without(lambda k, g: k == "p")).points < 10


def test_a_wrong_forward_costs_the_backward_only_where_it_builds_on_it(judged):
    from autograder.exercises import EXERCISES

    right = EXERCISES["graph_backward"].truth()

    def graph_forward(nodes, values):
        return {k: v + 0.5 for k, v in right["graph_forward"](nodes, values).items()}

    found = judged("graph_backward", right | {"graph_forward": graph_forward})
    assert {v.check for v in found.verdicts if v.status == "wrong"} == {"on the values of your own forward"}


@pytest.mark.parametrize("name", ["mean_sub_forward", "mean_sub_backward", "dense_forward", "dense_backward"])
def test_both_square_and_other_shapes_are_tried(name, make_key_of):
    for part in make_key_of(name).sets:
        shapes = {np.shape(a) for t in part for c in t.calls for a in c.args if np.ndim(a) == 2}
        assert any(n == d for n, d in shapes)
        assert any(n > d for n, d in shapes)
        assert any(n < d for n, d in shapes)


@pytest.mark.parametrize(("returned", "points"), [({"f": 0.5, "a": 0.0}, 0), ((0.5,), 0), (None, 0)])
def test_the_circuit_s_output_is_looked_for_in_the_cache(returned, points, judged):
    found = judged("circuit_forward", {"circuit_forward": lambda *_: returned})
    assert found.points == points


def test_a_gradient_check_may_use_any_right_numeric_gradient(judged):
    def grad_check(forward, backward, x, dy):
        got, want = backward(dy, forward(x)[1]), np.zeros(np.shape(x))
        for i in np.ndindex(want.shape):
            e = np.zeros(want.shape)
            e[i] = 1e-4
            want[i] = np.sum((forward(x + e)[0] - forward(x - e)[0]) * dy) / 2e-4
        return np.max(np.abs(got - want) / np.maximum(1e-8, np.abs(got) + np.abs(want)))

    for part in PARTS:
        assert judged("grad_check", {"grad_check": grad_check}, part=part).points == pytest.approx(10)


def test_gates_are_tried_with_negative_inputs_too(judged):
    """-|a| and 1/|a| are -a and 1/a as long as every input is positive."""
    from autograder.exercises.graphs import FORWARD, graph_backward

    def forward_with(**gates):
        def graph_forward(nodes, values):
            found = dict(values)
            for name, op, inputs in nodes:
                read = [found[i] if isinstance(i, str) else i for i in inputs]
                found[name] = (FORWARD | gates)[op](*read)
            return found

        return {"graph_forward": graph_forward, "graph_backward": graph_backward}

    assert judged("graph_forward", forward_with()).points == pytest.approx(10)
    for gates in ({"neg": lambda a: -abs(a)}, {"inv": lambda a: 1 / abs(a)}):
        for part in PARTS:
            assert judged("graph_forward", forward_with(**gates), part=part).points < 9
