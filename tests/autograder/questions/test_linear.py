"""Fully connected layers by hand: golden instances, acceptance, wording, errors carried forward, names."""

import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest

from autograder.answers import KINDS
from autograder.instances import certificate, issue, name_typed
from autograder.questions import QUESTIONS
from reference import linear, linear_parameters

GOLDEN = json.loads((Path(__file__).parents[2] / "data" / "golden.json").read_text(encoding="utf-8"))
IDS = ("FC-1", "FC-2", "FC-4")
LEVELS = (1, 2, 3)


def variants(id, level, count=20):
    return [issue(id, np.random.default_rng(seed), level) for seed in range(count)]


def blocks(variant):
    """Read the matrices of a statement."""
    found = re.findall(r"```\n(.*?)\n```", variant.prompt, re.DOTALL)
    return [[[int(cell) for cell in line.split()] for line in block.split("\n")] for block in found]


class TestGolden:
    def test_the_dense_layer_of_the_lecture(self):
        """G-GRAPH-05 has one fraction, so it is posed, not issued."""
        given, want = GOLDEN["G-GRAPH-05"]["inputs"], GOLDEN["G-GRAPH-05"]["expected"]
        forward = QUESTIONS["FC-1"].pose({"x": given["x"], "w": given["W"], "b": given["b"]}, linear)
        assert forward.truth == {"z": want["h"], "h": [7.5, 0]}
        backward = QUESTIONS["FC-4"].pose({"x": [given["x"]], "w": given["W"], "dy": [given["dh"]]}, linear)
        assert backward.truth == {"dX": [want["dx"]], "dW": want["dW"], "db": want["db"]}

    def test_the_hidden_layers_of_the_lecture_net(self):
        """Two layers of G-MLP-09: one unit of each is off."""
        given, want = GOLDEN["G-MLP-09"]["inputs"], GOLDEN["G-MLP-09"]["expected"]
        first = QUESTIONS["FC-1"].pose({"x": given["x"], "w": given["W1"], "b": [0, 0, 0]}, linear)
        assert first.truth["h"] == want["h1"]
        second = QUESTIONS["FC-1"].pose({"x": want["h1"], "w": given["W2"], "b": [0, 0]}, linear)
        assert second.truth["h"] == want["h2"]

    def test_one_layer_on_an_image(self):
        # 3 x 32 x 32 pixels into 10 classes: 3072 weights and a bias for each
        variant = QUESTIONS["FC-2"].pose({"sizes": [3072, 10]}, linear_parameters)
        assert variant.truth == {"layers": [30730], "total": 30730}

    def test_a_batch_of_two_worked_out_by_hand(self):
        params = {"x": [[1, 2], [3, -1]], "w": [[2, 0], [1, -1]], "dy": [[1, 2], [-1, 3]]}
        variant = QUESTIONS["FC-4"].pose(params, linear)
        # dX: 1*(2,0) + 2*(1,-1) = (4,-2); -1*(2,0) + 3*(1,-1) = (1,-3)
        # dW: 1*(1,2) - 1*(3,-1) = (-2,3); 2*(1,2) + 3*(3,-1) = (11,1); db: 1-1, 2+3
        assert variant.truth == {"dX": [[4, -2], [1, -3]], "dW": [[-2, 3], [11, 1]], "db": [0, 5]}
        assert QUESTIONS["FC-4"].exact(params) == variant.truth


def test_a_wrong_backward_pass_of_the_op_is_posed_as_well():
    params = dict(issue("FC-4", np.random.default_rng(5), 1).params)
    right = QUESTIONS["FC-4"].pose(params, linear).truth
    posed = QUESTIONS["FC-4"].pose(params, lambda dy, x, w, b: (dy @ w, 2 * dy.T @ x, dy.sum(axis=0))).truth
    assert (posed["dX"], posed["db"]) == (right["dX"], right["db"])
    assert np.array_equal(posed["dW"], 2 * np.array(right["dW"]))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("id", IDS)
def test_two_hundred_students_get_different_instances_that_show_their_mistakes(id, level, a_class):
    for variant in a_class(id, level, students=200, least=5, proved=40):
        assert sum(part.share for part in variant.parts) == pytest.approx(1.0)


@pytest.mark.parametrize("level", LEVELS)
def test_a_layer_has_active_and_inactive_units_and_none_in_between(level):
    for variant in variants("FC-1", level):
        z, h = variant.truth["z"], variant.truth["h"]
        assert min(z) < 0 < max(z)
        assert 0 not in z
        assert h == [max(number, 0) for number in z]
        assert blocks(variant) == [variant.params["w"]]
        rows = re.findall(r"\$([xb]) = \(([^)]*)\)\$", variant.prompt)
        assert {name: [int(n) for n in row.split(",")] for name, row in rows} == {
            name: variant.params[name] for name in "xb"
        }
        square = len(variant.params["w"]) == len(variant.params["x"])
        assert square == (level > 1)


@pytest.mark.parametrize("level", LEVELS)
def test_networks_have_the_layers_of_their_level(level):
    for variant in variants("FC-2", level):
        sizes = variant.params["sizes"]
        assert len(sizes) == level + 2
        assert all(a != b for a, b in itertools.pairwise(sizes))
        assert [int(n) for n in re.findall(r"\d+", variant.prompt)] == sizes
        assert len(variant.truth["layers"]) == level + 1
        assert "and one bias" in variant.prompt


@pytest.mark.parametrize("level", LEVELS)
def test_batches_state_who_is_a_row(level):
    for variant in variants("FC-4", level, 5):
        params = variant.params
        assert blocks(variant) == [params["x"], params["w"], params["dy"]]
        for words in ("one per **row** of $X$", "row $m$ of $W$", "Do not divide by the number of examples"):
            assert words in variant.prompt
        assert (len(params["w"]) == len(params["w"][0])) == (level > 1)
        assert (len(params["x"]) == len(params["w"])) == (level != 2)


@pytest.mark.parametrize("level", LEVELS)
def test_solutions_lead_to_the_truth(level):
    for seed in range(10):
        layer, network, batch = (issue(id, np.random.default_rng(seed), level) for id in IDS)
        sums = re.findall(r"z_\d = (.*) = (-?\d+)\$", layer.solution[0])
        assert [int(total) for _, total in sums] == layer.truth["z"]
        for terms, total in sums:
            assert eval(terms.replace("\\cdot", "*")) == int(total)
        counts = re.findall(r"\$\((\d+) \+ 1\) \\cdot (\d+) = (\d+)\$", network.solution[0])
        assert [int(count) for *_, count in counts] == network.truth["layers"]
        assert all((int(a) + 1) * int(b) == int(count) for a, b, count in counts)
        assert network.solution[1].endswith(f"= {network.truth['total']}$.")
        biases = re.findall(r"utput \d: \$(.*?) = (-?\d+)\$", batch.solution[2])
        assert [int(total) for _, total in biases] == batch.truth["db"]
        assert all(eval(terms) == int(total) for terms, total in biases)
        for step, part in zip(batch.solution, ("dX", "dW")):
            terms, total = re.search(r"first entry is \$(.*) = (-?\d+)\$", step).groups()
            assert eval(terms.replace("\\cdot", "*")) == int(total) == batch.truth[part][0][0]


class TestCarriedForward:
    """A number that follows rightly from a student's own wrong number is worth its marks."""

    def test_the_relu_of_the_students_own_sums(self):
        question, params = QUESTIONS["FC-1"], issue("FC-1", np.random.default_rng(0), 1).params
        assert question.parents == {"h": ("z",)}
        assert question.carry(params, "h", {"z": np.array([-3, 4, -1])}) == [0, 4, 0]
        for trivial in ([3, 4, 1], [-3, -4, -1], [-3, 4], []):
            assert question.carry(params, "h", {"z": np.array(trivial)}) is None
        assert question.carry(params, "h", {}) is None

    def test_the_sum_of_the_students_own_counts(self):
        question, params = QUESTIONS["FC-2"], {"sizes": [16, 8, 2]}
        assert question.parents == {"total": ("layers",)}
        assert question.carry(params, "total", {"layers": np.array([128.0, 16.0])}) == 144
        for absurd in ([128], [128, 0], [128, -16]):
            assert question.carry(params, "total", {"layers": absurd}) is None
        assert question.carry(params, "total", {}) is None


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("id", IDS)
def test_typing_what_a_mistake_answers_names_it(id, level):
    variant = issue(id, np.random.default_rng(11), level)
    answers: dict[str, dict] = {}
    for trial in certificate(id, variant).lookalikes:
        answers.setdefault(trial.mistake, {})[trial.part] = trial.answer
    for mistake, wrong in answers.items():
        typed = {
            part.id: KINDS[part.kind].parse(str(wrong.get(part.id, variant.truth[part.id])), part)
            for part in variant.parts
        }
        assert mistake in [m.name for m in name_typed(id, variant, typed)]


def test_a_sum_typed_without_relu_is_named_as_that():
    variant = issue("FC-1", np.random.default_rng(2), 2)
    named = name_typed("FC-1", variant, {"z": variant.truth["z"], "h": variant.truth["z"]})
    assert [m.name for m in named] == ["relu-forgotten"]
