"""Graphs by hand: golden instances of the lectures, acceptance, wording, errors carried forward, names."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from autograder.answers import same
from autograder.instances import instance_key, issue
from autograder.questions import QUESTIONS
from reference import graph_gradients, linear

GOLDEN = json.loads((Path(__file__).parents[2] / "data" / "golden.json").read_text(encoding="utf-8"))
IDS = ("GRAPH-1", "GRAPH-2", "GRAPH-4")
LEVELS = (1, 2, 3)
SUM_TIMES = {
    "nodes": [["q", "add", ["x", "y"]], ["f", "mul", ["q", "z"]]],
    "leaves": {"x": -2, "y": 5, "z": -4},
    "level": 1,
}


def variants(id, level, count=20):
    return [issue(id, np.random.default_rng(seed), level) for seed in range(count)]


def neuron(level):
    """Pose the lecture's neuron; the graph is the one that the question draws at this level."""
    params = dict(issue("GRAPH-2", np.random.default_rng(0), level).params)
    params["leaves"] = {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3}
    return QUESTIONS["GRAPH-2"].pose(params, graph_gradients)


class TestGolden:
    def test_the_lecture_example(self):
        want = GOLDEN["G-GRAPH-01"]["expected"]
        variant = QUESTIONS["GRAPH-1"].pose(SUM_TIMES, graph_gradients)
        assert variant.truth["values"] == [want["q"], want["f"]] == [3, -12]
        assert variant.truth["gradients"] == [want["df_df"], want["df_dq"]] == [1, -4]
        assert variant.truth["leaves"] == [want["df_dx"], want["df_dy"], want["df_dz"]] == [-4, -4, 3]
        assert QUESTIONS["GRAPH-1"].exact(SUM_TIMES) == variant.truth

    @pytest.mark.parametrize("level", [1, 2])
    def test_the_lecture_neuron(self, level):
        want = GOLDEN["G-GRAPH-02"]["expected"]
        variant = neuron(level)
        steps = {
            1: (["a", "f"], ["g_a"]),
            2: (["a", "neg", "exp", "den", "f"], ["g_den", "g_exp", "g_neg", "g_a"]),
        }
        values, gradients = steps[level]
        assert variant.truth["values"] == pytest.approx([want[name] for name in values], abs=1e-9)
        assert variant.truth["gradients"] == pytest.approx([1, *(want[name] for name in gradients)], abs=1e-9)
        leaves = [want[name] for name in ("dw0", "dx0", "dw1", "dx1", "dw2")]
        assert variant.truth["leaves"] == pytest.approx(leaves, abs=1e-9)

    def test_rounding_every_step_to_two_decimals_is_accepted(self):
        """The figures of the original slide (G-GRAPH-03) differ from the exact values by up to 0.0102."""
        want = GOLDEN["G-GRAPH-03"]["expected"]
        variant = neuron(2)
        printed = {
            "values": [1, -1, want["exp"], want["den"], want["f"]],
            "gradients": [1, want["g_den"], want["g_exp"], want["g_neg"], want["g_a"]],
            "leaves": [want[name] for name in ("dw0", "dx0", "dw1", "dx1", "dw2")],
        }
        for part in variant.parts:
            assert same(printed[part.id], variant.truth[part.id], part), part.id
            off = [number + 0.03 for number in printed[part.id]]
            assert not same(off, variant.truth[part.id], part)

    def test_a_dense_layer_of_the_lecture_as_a_product(self):
        """G-GRAPH-05 writes h = W x with a column x; as Y = X W, X is the row x and W is turned."""
        given, want = GOLDEN["G-GRAPH-05"]["inputs"], GOLDEN["G-GRAPH-05"]["expected"]
        params = {"x": [given["x"]], "w": np.transpose(given["W"]).tolist(), "dy": [given["dh"]]}
        variant = QUESTIONS["GRAPH-4"].pose(params, linear)
        assert variant.truth == {"dX": [want["dx"]], "dW": np.transpose(want["dW"]).tolist()}


def test_a_wrong_backward_pass_of_the_op_is_posed_as_well():
    params = dict(issue("GRAPH-4", np.random.default_rng(5), 3).params)
    right = QUESTIONS["GRAPH-4"].pose(params, linear).truth
    same_way = QUESTIONS["GRAPH-4"].pose(params, lambda dy, x, w: (dy @ w, dy.T @ x, None)).truth
    assert same_way == right
    halved = QUESTIONS["GRAPH-4"].pose(params, lambda dy, x, w: (dy @ w / 2, dy.T @ x, None)).truth
    assert np.array_equal(2 * np.array(halved["dX"]), right["dX"])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("id", IDS)
def test_students_get_different_instances_that_show_their_mistakes(id, level, a_class):
    for variant in a_class(id, level, students=40, least=5):
        assert sum(part.share for part in variant.parts) == pytest.approx(1.0)


@pytest.mark.parametrize("level", LEVELS)
def test_graphs_have_the_gates_of_their_level(level):
    for variant in variants("GRAPH-1", level):
        kinds = [kind for _, kind, _ in variant.params["nodes"]]
        users = [name for _, _, inputs in variant.params["nodes"] for name in inputs]
        leaves = variant.params["leaves"]
        assert kinds.count("max") == kinds.count("square") == (level == 2)
        assert max(users.count(name) for name in leaves) == (2 if level == 3 else 1)
        assert variant.params["nodes"][-1][0] == "f"
        assert len(set(leaves.values())) == 4
        assert not {0, 1} & set(leaves.values())
        assert len(variant.truth["gradients"]) == len(kinds) == (3 if level == 1 else 4)
        for part in ("values", "gradients", "leaves"):
            assert all(isinstance(number, int) and abs(number) <= 99 for number in variant.truth[part])


@pytest.mark.parametrize("level", LEVELS)
def test_gradients_are_what_a_small_change_of_the_leaf_does(level):
    """Run the printed steps, with each leaf moved a little: an oracle that only reads the statement."""

    def run(variant, leaves):
        for _, name, formula in re.findall(r"^(\d+)\. \$(\w) = (.*)\$$", variant.prompt, re.MULTILINE):
            formula = formula.replace(r"\cdot", "*").replace(r"\max", "max").replace("^2", "**2")
            leaves = leaves | {name: eval(formula, {"max": max}, dict(leaves))}
        return leaves

    for variant in variants("GRAPH-1", level, 10):
        leaves = {n: float(v) for n, v in re.findall(r"\$(\w) = (-?\d+)\$", variant.prompt.split("\n")[0])}
        assert leaves == variant.params["leaves"]
        values = run(variant, leaves)
        assert [values[name] for name, _, _ in variant.params["nodes"]] == variant.truth["values"]
        for name, gradient in zip(leaves, variant.truth["leaves"], strict=True):
            up, down = (run(variant, leaves | {name: leaves[name] + h})["f"] for h in (1e-4, -1e-4))
            assert (up - down) / 2e-4 == pytest.approx(gradient, abs=1e-6)


@pytest.mark.parametrize("level", LEVELS)
def test_the_sum_of_a_neuron_is_one_or_two_away_from_zero(level):
    for variant in variants("GRAPH-2", level):
        leaves = list(variant.params["leaves"].values())
        total = sum(a * b for a, b in zip(leaves[:-1:2], leaves[1::2], strict=True)) + leaves[-1]
        assert abs(total) in (1, 2)
        assert variant.truth["values"][0] == total
        assert variant.truth["values"][-1] == pytest.approx(1 / (1 + math.exp(-total)), abs=1e-12)
        assert len(leaves) == (7 if level == 3 else 5)
        assert "two decimals" in variant.prompt
        assert "off by 0.01" in variant.prompt


@pytest.mark.parametrize("level", LEVELS)
def test_products_state_their_shapes_and_show_their_numbers(level):
    variant = issue("GRAPH-4", np.random.default_rng(3), level)
    blocks = re.findall(r"```\n(.*?)\n```", variant.prompt, re.DOTALL)
    for block, name in zip(blocks, ("x", "w", "dy"), strict=True):
        assert [[int(cell) for cell in line.split()] for line in block.split("\n")] == variant.params[name]
    assert "rows times columns" in variant.prompt
    assert (len(variant.params["w"]) == len(variant.params["w"][0])) == (level > 1)
    assert ("only the sums below decide" in variant.solution[0]) == (level == 3)


@pytest.mark.parametrize(("id", "level"), [("GRAPH-1", 1), ("GRAPH-1", 3), ("GRAPH-2", 2)])
def test_worked_solutions_end_in_the_truth(id, level):
    for variant in variants(id, level, 8):
        text = "\n".join(variant.solution)
        forward = {
            n: float(v) for n, v in re.findall(r"^- \$(\w) = .*?(?:=|\\approx) (\S+)\$$", text, re.MULTILINE)
        }
        backward = re.findall(r"partial (\w)(?:_(\d))? = .*?(?:=|\\approx) (\S+)\$ \(", text)
        slopes = {name + index: float(value) for name, index, value in backward}
        for name, value in zip(
            [n for n, _, _ in variant.params["nodes"] if len(n) == 1], variant.truth["values"]
        ):
            assert forward[name] == pytest.approx(value, abs=6e-5)
        for name, slope in zip(variant.params["leaves"], variant.truth["leaves"], strict=True):
            assert slopes[name] == pytest.approx(slope, abs=6e-5)
        if level == 3:
            assert "used twice, so both ways are added" in text


class TestCarriedForward:
    """A number that follows rightly from a student's own wrong number is worth its marks."""

    carry = staticmethod(QUESTIONS["GRAPH-1"].carry)

    def test_right_parents_lead_to_the_truth(self):
        for id in ("GRAPH-1", "GRAPH-2"):
            for level in LEVELS:
                for variant in variants(id, level, 3):
                    question = QUESTIONS[id]
                    for part in ("gradients", "leaves"):
                        given = {name: np.array(variant.truth[name]) for name in question.parents[part]}
                        found = question.carry(variant.params, part, given)
                        assert found == pytest.approx(variant.truth[part], abs=1e-12)

    def test_a_wrong_value_is_followed(self):
        # q = 7 instead of 3: only df/dz = q changes
        given = {"values": [7, -28], "gradients": [1, -4]}
        assert self.carry(SUM_TIMES, "gradients", given) == [1, -4]
        assert self.carry(SUM_TIMES, "leaves", given) == [-4, -4, 7]

    def test_a_wrong_gradient_is_followed(self):
        # df/dq = 4: x and y get 4 (they only see q), z is fed by f and stays 3
        assert self.carry(SUM_TIMES, "leaves", {"values": [3, -12], "gradients": [1, 4]}) == [4, 4, 3]

    @pytest.mark.parametrize(
        "given",
        [
            {},
            {"values": [3]},
            {"values": [0, 0], "gradients": [0, 0]},
            {"values": [3, 1e9], "gradients": [1, -4]},
            {"values": [3, float("nan")], "gradients": [1, -4]},
            {"values": [3, -12]},
        ],
    )
    def test_missing_trivial_and_absurd_numbers_are_not_followed(self, given):
        assert self.carry(SUM_TIMES, "leaves", given) is None


def test_the_space_is_no_smaller_than_declared():
    """Among n draws of s equally likely instances about n^2 / 2s pairs are alike."""
    for id, level in (("GRAPH-1", 1), ("GRAPH-2", 1)):
        rng = np.random.default_rng(level)
        keys = [instance_key(id, issue(id, rng, level).params) for _ in range(80)]
        assert 80 - len(set(keys)) <= 80**2 / (2 * QUESTIONS[id].space[level]) + 3
