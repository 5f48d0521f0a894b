"""Acceptance, certificates and naming, on small questions made for the purpose and on the real ones."""

import dataclasses
import json
import pickle

import numpy as np
import pytest

from autograder import answers
from autograder.instances import (
    Disagreement,
    NoInstance,
    certificate,
    concepts,
    difficulty,
    instance_key,
    issue,
    issue_certified,
    lookalikes,
    name_part,
    name_typed,
)
from autograder.mistakes import Registry, mistake
from autograder.model import Part, Variant
from autograder.questions import QUESTIONS, Question, question
from reference import conv2d, conv_output_size


def square(x):
    return x * x


def pose(params, impl):
    part = Part("y", "What is x squared?", params.get("kind", "int"), params.get("options", {}))
    return Variant(
        "SQUARE", "Square", "", (part,), {"y": impl(params["x"])}, (), params, params.get("level", 1)
    )


@pytest.fixture
def asked(monkeypatch):
    """A question about squares with three mistakes, kept out of the registries of the course."""
    monkeypatch.setattr("autograder.mistakes._REGISTRY", Registry())

    def wrong(name, answer):
        def function(*given):
            return answer(*given)

        function.__doc__ = f"You did {name}.\n\nDo something else."
        return function

    for name, answer in (
        ("doubled", lambda x: 2 * x),
        ("negated", lambda x: -x * x),
        ("sign-kept", lambda x: x * abs(x)),
    ):
        mistake("square", name, family="wrong-op")(wrong(name, answer))
    mistake("SQUARE", "copied", family="omission")(wrong("copied", lambda params: params["x"]))
    mistake("SQUARE", "never", family="omission")(wrong("never", lambda params: None))
    every = (1, 2)
    return Question(
        id="SQUARE",
        title="Square",
        topic="toy",
        op=square,
        levels=every,
        space=dict.fromkeys(every, 20),
        must_detect=dict.fromkeys(every, ("doubled",)),
        draw=lambda rng, level: {"x": int(rng.integers(-9, 10))},
        pose=pose,
        exact=lambda params: {"y": sum([abs(params["x"])] * int(abs(params["x"])))},
        min_exposed=2,
    )


def changed(asked, **changes):
    return dataclasses.replace(asked, **changes)


def fixed(asked, **params):
    return changed(asked, draw=lambda rng, level: dict(params))


class TestIssue:
    def test_instances_that_hide_the_mistake_are_not_issued(self, asked):
        drawn = {issue(asked, np.random.default_rng(seed)).params["x"] for seed in range(200)}
        assert drawn == set(range(-9, 10)) - {0, 2}

    def test_level_is_kept_in_params_but_is_no_part_of_the_instance(self, asked):
        variant = issue(asked, np.random.default_rng(1), level=2)
        assert (variant.level, variant.params["level"]) == (2, 2)
        assert instance_key(asked, variant.params) == instance_key(asked, {"x": variant.params["x"]})

    def test_a_level_that_does_not_exist(self, asked):
        with pytest.raises(ValueError, match="no level 7; it has 1, 2"):
            issue(asked, np.random.default_rng(1), level=7)

    def test_nothing_is_issued_twice_and_the_end_is_announced(self, asked):
        issued: set[str] = set()
        rng = np.random.default_rng(2)
        drawn = [issue(asked, rng, issued=issued).params["x"] for _ in range(17)]
        assert len(set(drawn)) == len(issued) == 17
        with pytest.raises(NoInstance) as caught:
            issue(asked, rng, issued=issued, limit=300)
        statistics = caught.value.statistics
        assert sum(statistics.values()) == 300
        assert set(statistics) == {"issued before", "does not expose doubled"}
        assert "none of 300 draws" in str(caught.value)

    def test_a_question_may_say_which_instances_are_the_same(self, asked):
        even = changed(asked, canonical=lambda params: abs(params["x"]))
        issued: set[str] = set()
        rng = np.random.default_rng(2)
        drawn = [abs(issue(even, rng, issued=issued).params["x"]) for _ in range(9)]
        assert sorted(drawn) == list(range(1, 10))

    def test_the_same_seed_gives_the_same_instance(self, asked):
        assert issue(asked, np.random.default_rng(5)) == issue(asked, np.random.default_rng(5))

    def test_draws_may_be_given_up(self, asked):
        lazy = changed(asked, draw=lambda rng, level: None)
        with pytest.raises(NoInstance, match="5 not worth posing"):
            issue(lazy, np.random.default_rng(1), limit=5)

    def test_too_few_exposed_mistakes(self, asked):
        with pytest.raises(NoInstance, match="exposes fewer than 9"):
            issue(changed(asked, min_exposed=9), np.random.default_rng(1), limit=30)

    def test_mistakes_to_tell_apart(self, asked):
        pair = changed(asked, must_detect={1: ("negated", "sign-kept"), 2: ()}, min_exposed=1)
        # for negative x both give -x*x; for positive x sign-kept shows nothing
        with pytest.raises(NoInstance) as caught:
            issue(pair, np.random.default_rng(1), limit=50)
        assert {"cannot tell negated from sign-kept", "does not expose sign-kept"} <= set(
            caught.value.statistics
        )
        assert issue(changed(pair, tell_apart=False), np.random.default_rng(1)).params["x"] < 0

    def test_ties_are_refused(self, asked):
        with pytest.raises(NoInstance, match="tie"):
            issue(changed(asked, gap=lambda params: 0.0), np.random.default_rng(1), limit=5)

    def test_workload_is_kept(self, asked):
        heavy = changed(asked, work=lambda params: abs(params["x"]), workload={1: (8, 9), 2: (1, 2)})
        drawn = {abs(issue(heavy, np.random.default_rng(seed)).params["x"]) for seed in range(30)}
        assert drawn == {8, 9}

    @pytest.mark.parametrize(
        ("x", "kind", "options", "reason"),
        [
            (float("1e200"), "num", {"places": 1}, "not finite"),
            (4000.0, "num", {"places": 1}, "not finite or too large"),
            (0.5, "num", {"places": 1}, "half-way"),
        ],
    )
    def test_numbers_nobody_should_be_asked_for(self, asked, x, kind, options, reason):
        with pytest.raises(NoInstance, match=reason):
            issue(fixed(asked, x=x, kind=kind, options=options), np.random.default_rng(1), limit=3)

    def test_constant_arrays_and_repeated_options_are_refused(self, asked):
        def flat(params, impl):
            return dataclasses.replace(pose(params, impl), truth={"y": [[4, 4], [4, 4]]}, parts=(mat,))

        def twice(params, impl):
            return dataclasses.replace(pose(params, impl), truth={"y": 0}, parts=(options,))

        mat, options = Part("y", "", "mat"), Part("y", "", "mc1", {"choices": ["Yes", "yes "]})
        with pytest.raises(NoInstance, match="all cells are equal"):
            issue(changed(asked, pose=flat), np.random.default_rng(1), limit=3)
        with pytest.raises(NoInstance, match="two options are the same"):
            issue(changed(asked, pose=twice), np.random.default_rng(1), limit=3)

    @pytest.mark.parametrize("x", [np.int64(3), (3,), float("nan"), {1, 2}])
    def test_params_must_survive_a_key_file(self, asked, x):
        with pytest.raises((TypeError, ValueError), match=r"plain JSON|JSON compliant|serializable"):
            issue(fixed(asked, x=x), np.random.default_rng(1), limit=3)

    def test_a_truth_that_exact_evaluation_contradicts_is_never_issued(self, asked):
        with pytest.raises(Disagreement, match="Mend one of them"):
            issue(changed(asked, exact=lambda params: {"y": 99}), np.random.default_rng(1))

    def test_unknown_questions_are_named(self):
        with pytest.raises(ValueError, match=r"no question 'CONV-99'; there are .*CARITH-1"):
            issue("CONV-99", np.random.default_rng(1))


class TestNaming:
    def variant(self, asked, x):
        return asked.pose({"x": x, "level": 1}, asked.op)

    def test_lookalikes_are_the_mistakes_that_show(self, asked):
        found = {made.name: answer["y"] for made, answer in lookalikes(asked, self.variant(asked, 5))}
        assert found == {"doubled": 10, "negated": -25, "copied": 5}

    def test_a_wrong_answer_is_named(self, asked):
        assert [m.name for m in name_typed(asked, self.variant(asked, 5), {"y": 10})] == ["doubled"]
        assert [m.name for m in name_typed(asked, self.variant(asked, -5), {"y": -25})] == [
            "negated",
            "sign-kept",
        ]
        assert [m.name for m in name_part(asked, self.variant(asked, 5), "y", 5)] == ["copied"]

    def test_right_strange_and_missing_answers_are_not(self, asked):
        variant = self.variant(asked, 5)
        assert name_typed(asked, variant, {"y": 25}) == []
        assert name_typed(asked, variant, {"y": 26}) == []
        assert name_typed(asked, variant, {}) == []

    def test_a_mistake_that_explains_all_wrong_parts_comes_alone(self):
        sizes = QUESTIONS["CARITH-1"]
        params = {"sizes": [8], "k": 3, "stride": 2, "padding": 1, "dilation": 1}
        variant = sizes.pose(params, sizes.op)
        assert variant.truth == {"size": 4, "fits": 1}
        only_fit = {m.name for m in name_typed(sizes, variant, {"size": 4, "fits": 0})}
        assert "fits-inverted" in only_fit
        assert not any(name.startswith("out-") for name in only_fit)
        # no single mistake spoils both parts, so those explaining either are offered
        both = {m.name for m in name_typed(sizes, variant, {"size": 3, "fits": 0})}
        assert {"out-plus1-forgotten", "fits-inverted"} <= both
        assert "out-ceil-instead-of-floor" not in both

    def test_shapes_that_cannot_be_read_off_do_not_stop_the_naming(self):
        single = QUESTIONS["CONV-1"]
        tiny = {"image": [[1, 2], [3, 4]], "kernel": [[1, 2], [0, -1]], "stride": 1, "padding": 0}
        variant = single.pose(tiny, single.op)
        assert "kernel-flipped-forward" in {made.name for made, _ in lookalikes(single, variant)}


class TestCertificate:
    def test_it_lists_what_every_mistake_answers_and_how_far_it_is(self, asked):
        variant = asked.pose({"x": -5, "level": 1}, asked.op)
        proof = certificate(asked, variant)
        assert proof.agrees
        assert proof.exact == {"y": 25}
        assert set(proof.exposed) == {"doubled", "negated", "sign-kept", "copied"}
        assert proof.merged == (("negated", "sign-kept"),)
        assert {(t.mistake, t.answer, t.gap) for t in proof.lookalikes} >= {
            ("doubled", -10, 35.0),
            ("copied", -5, 30.0),
        }

    def test_it_says_when_the_evaluators_disagree(self, asked):
        variant = asked.pose({"x": 5, "level": 1}, asked.op)
        assert not certificate(changed(asked, exact=lambda params: {"y": 26}), variant).agrees
        assert not certificate(changed(asked, exact=None), variant).agrees

    def test_an_answer_of_another_size_has_no_gap(self):
        variant = issue("CONV-3", np.random.default_rng(1), 2)
        gaps = {trial.mistake: trial.gap for trial in certificate("CONV-3", variant).lookalikes}
        assert gaps["padding-ignored"] is None
        assert gaps["kernel-flipped-forward"]

    def test_nearly_equal_decimals_do_not_count_as_exposed(self, asked):
        near = fixed(asked, x=1.0, kind="num", options={"places": 0})
        variant = near.pose({"x": 1.0, "kind": "num", "options": {"places": 0}, "level": 1}, near.op)
        # 1 and 2 differ by 1, which two rounded numbers may do by luck
        assert "doubled" not in certificate(near, variant).exposed
        assert "doubled" in {made.name for made, _ in lookalikes(near, variant)}


class TestRegistry:
    def test_every_question_is_complete(self):
        assert {"CARITH-1", "CARITH-2", "CONV-1", "CONV-3"} <= set(QUESTIONS)
        for made in QUESTIONS.values():
            assert made.title
            assert set(made.space) == set(made.must_detect) == set(made.levels)
            assert all(space >= 1 for space in made.space.values())

    def test_topics_are_the_files(self):
        assert QUESTIONS["CONV-1"].topic == "convolution"
        assert QUESTIONS["CARITH-1"].topic == "arithmetic"
        assert QUESTIONS["CONV-1"].op is conv2d
        assert QUESTIONS["CARITH-1"].op is conv_output_size

    def test_must_detect_names_mistakes_that_exist(self):
        for made in QUESTIONS.values():
            for level in made.levels:
                variant = issue(made, np.random.default_rng(0), level)
                known = {found.name for found, _ in lookalikes(made, variant)}
                assert set(made.must_detect[level]) <= known

    def test_registering(self, monkeypatch):
        monkeypatch.setattr("autograder.questions.QUESTIONS", {})
        toy = {"title": "Toy", "op": square}
        register = question("TOY-1", **toy, space=9, levels=(1, 2), must_detect=("doubled",))
        register(lambda rng, level: {}, pose)
        from autograder.questions import QUESTIONS as registered

        made = registered["TOY-1"]
        assert (made.space, made.must_detect) == ({1: 9, 2: 9}, {1: ("doubled",), 2: ("doubled",)})
        with pytest.raises(ValueError, match="already a question 'TOY-1'"):
            register(lambda rng, level: {}, pose)
        with pytest.raises(ValueError, match="space says nothing about level 2"):
            question("TOY-2", title="Toy", op=square, space={1: 9}, levels=(1, 2))(
                lambda rng, level: {}, pose
            )
        with pytest.raises(ValueError, match="no pose"):
            question("TOY-3", title="Toy", op=square, space=9)(
                type("Half", (), {"draw": staticmethod(print)})
            )

    def test_variants_survive_a_key_file(self):
        for made in QUESTIONS.values():
            variant = issue(made, np.random.default_rng(3))
            assert json.loads(json.dumps(dict(variant.params))) == variant.params
            assert json.loads(json.dumps(dict(variant.truth))) == variant.truth
            again = made.pose(json.loads(json.dumps(dict(variant.params))), made.op)
            assert again == variant


class TestAlikeForEverybody:
    def test_concepts_are_found_anywhere_in_the_params(self):
        assert concepts({"n": 7, "stride": 2, "padding": 0, "dilation": 1}) == {"stride"}
        assert concepts({"layers": [{"stride": 1, "pool": True}, {"stride": 2, "pool": False}]}) == {
            "stride",
            "pool",
        }
        assert concepts({"base": {"padding": [0, 1], "eps": None}}) == {"padding"}

    def test_a_class_gets_the_same_concepts_and_difficulty(self):
        question, drawn, taken = QUESTIONS["CARITH-1"], [], set()
        for seed in range(12):
            drawn.append(issue_certified(question, np.random.default_rng(seed), 1, taken)[0])
        assert len({concepts(variant.params) for variant in drawn}) == 1
        hard = [difficulty(question, variant) for variant in drawn]
        assert max(hard) <= 1.05 / 0.95 * min(hard)
        # without regard to a class, there are others among them
        assert len({concepts(issue(question, np.random.default_rng(s), 1).params) for s in range(20)}) > 1

    @pytest.mark.parametrize(("id", "level"), [("RF-1", 1), ("CARITH-1", 1), ("TCONV-1", 1)])
    def test_there_is_room_for_the_classes_that_are_promised_different_numbers(self, id, level):
        question, taken, rng = QUESTIONS[id], set(), np.random.default_rng(0)
        for _ in range(question.space[level] // 4):
            issue_certified(question, rng, level, taken)

    def test_a_failure_comes_through_from_another_process(self):
        came = pickle.loads(pickle.dumps(NoInstance("RF-1", 1, {"tie": 3})))
        assert str(came) == str(NoInstance("RF-1", 1, {"tie": 3}))
        assert came.statistics == {"tie": 3}


def test_a_size_that_was_not_rounded_down_is_named_as_it_is_typed():
    """Where a whole number is asked for, 9.67 is what tells the mistake."""
    asked = QUESTIONS["CARITH-1"]
    drawn = (issue(asked, np.random.default_rng(seed), 2) for seed in range(50))
    sizes = ((v, {m.name: a for m, a in lookalikes(asked, v)}.get("out-not-floored")) for v in drawn)
    variant, answer = next((v, a["size"]) for v, a in sizes if a is not None)
    typed = answers.KINDS["int"].parse(f"{answer:.2f}", variant.parts[0])
    assert [m.name for m in name_part(asked, variant, "size", typed)] == ["out-not-floored"]
