"""Errors carried forward: one slip costs its points once, and no more is given away than that."""

from __future__ import annotations

import dataclasses

import pytest

from autograder.assignment import issued
from autograder.mistakes import _REGISTRY, mistake
from autograder.model import Part, Variant
from autograder.questions import QUESTIONS, question
from autograder.typed import judge_typed, part_points

PARAMS = {"sides": [4, 6], "price": 3, "level": 1}


def fence(params, impl):
    """A meadow: its area, what mowing costs at a price per square metre, the cost per metre of its border."""
    a, b = params["sides"]
    area = impl(a, b)
    cost = area * params["price"] + 5
    return Variant(
        question="MEADOW",
        title="A meadow",
        prompt="A meadow of 4 m by 6 m is mown at 3 per square metre and 5 for the way.",
        parts=(
            Part("area", "How large is it?", "int", share=1),
            Part("cost", "What does mowing cost?", "int", share=2),
            Part("ratio", "How much is that per square metre?", "num", {"places": 2}, share=1),
        ),
        truth={"area": area, "cost": cost, "ratio": cost / area if area else 0.0},
        solution=("Multiply.",),
        params=params,
    )


@pytest.fixture
def meadow():
    class Meadow:
        parents = {"cost": ("area",), "ratio": ("area", "cost")}  # noqa: RUF012 - read once, when registered

        @staticmethod
        def draw(_rng, _level):
            return {"sides": [4, 6], "price": 3}

        pose = staticmethod(fence)

        @staticmethod
        def carry(params, part, given):
            if given["area"] < 2:
                return None
            if part == "cost":
                return given["area"] * params["price"] + 5
            return given["cost"] / given["area"]

    question("MEADOW", title="A meadow", op=lambda a, b: a * b, space=100)(Meadow)

    @mistake("MEADOW", "sides-added", family="wrong-op")
    def sides_added(params):
        """You add the sides.

        Multiply them.
        """
        return {"area": sum(params["sides"])}

    yield issued("ada", "MEADOW", fence(dict(PARAMS), lambda a, b: a * b))
    del QUESTIONS["MEADOW"], _REGISTRY["MEADOW", "forward", "sides-added"]


def judged(one, *typed, share=1.0):
    raw = {part.id: text for part, text in zip(one.variant.parts, typed) if text is not None}
    return {v.check: v for v in judge_typed(one, raw, 8.0, share)}


def statuses(found):
    return [v.status for v in found.values()]


def test_a_slip_in_the_first_part_costs_the_first_part_only(meadow):
    found = judged(meadow, "10", "35", "3.5")
    assert statuses(found) == ["wrong", "right", "right"]
    assert [v.points for v in found.values()] == [0, 4, 2]
    assert "How large is it?" in found["cost"].credit_reason
    assert found["cost"].message.endswith(found["cost"].credit_reason)
    assert found["cost"].staff == {"carried": {"from": {"area": 10}, "replayed": 35}}
    assert found["area"].mistake == "sides-added"  # what follows from it does not hide the name


def test_a_part_that_does_not_follow_is_wrong(meadow):
    found = judged(meadow, "10", "36", "3.6")
    assert statuses(found) == ["wrong", "wrong", "right"]
    assert found["cost"].points == 0
    assert not found["cost"].staff


def test_the_share_for_what_follows_can_be_set(meadow):
    found = judged(meadow, "10", "35", "3.5", share=0.5)
    assert statuses(found) == ["wrong", "partial", "partial"]
    assert [v.points for v in found.values()] == [0, 2, 1]
    assert statuses(judged(meadow, "10", "35", "3.5", share=0.0)) == ["wrong", "wrong", "wrong"]


def test_right_answers_need_nothing_carried(meadow):
    found = judged(meadow, "24", "77", "3.21")
    assert [(v.status, v.message, v.credit_reason) for v in found.values()] == [("right", "Right.", "")] * 3


def test_a_right_part_beside_a_wrong_parent_stays_right(meadow):
    """Whoever mends the first result in the second one gets the marks for the truth."""
    assert statuses(judged(meadow, "10", "77", "3.21")) == ["wrong", "right", "right"]


@pytest.mark.parametrize("parent", ["24", None, "about ten", "1", "0", "-3"])
def test_no_marks_from_a_parent_that_is_right_unreadable_or_refused(meadow, parent):
    follows = {"24": "35", "1": "8", "0": "5", "-3": "-4"}.get(parent, "35")
    assert judged(meadow, parent, follows, "9")["cost"].points == 0


def test_the_rounding_of_what_was_typed_may_show_in_what_follows(meadow):
    """77 / 24 is 3.208; a student who typed the cost wrongly goes on with it as it stands."""
    assert judged(meadow, "24", "78", "3.25")["ratio"].status == "right"
    assert judged(meadow, "24", "78", "3.28")["ratio"].status == "wrong"


def change(monkeypatch, **fields):
    monkeypatch.setitem(QUESTIONS, "MEADOW", dataclasses.replace(QUESTIONS["MEADOW"], **fields))


def test_a_question_that_computes_something_else_today_is_not_carried(meadow, monkeypatch):
    change(monkeypatch, pose=lambda p, i: dataclasses.replace(fence(p, i), prompt="Another meadow."))
    assert statuses(judged(meadow, "10", "35", "3.5")) == ["wrong", "wrong", "wrong"]


@pytest.mark.parametrize(
    "carry",
    [
        lambda _params, _part, given: given["area"],  # does not even give the truth
        lambda params, _part, given: given["area"] * params["price"] + 5 if given["area"] == 24 else 0,
        lambda params, _part, given: (
            given["area"] * params["price"] + 5 if given["area"] == 24 else given["area"]
        ),
        lambda params, _part, given: given["area"] * params["price"] + 5 if given["area"] == 24 else 1 / 0,
        lambda _params, _part, _given: None,
    ],
)
def test_a_replay_that_leaves_nothing_to_do_gives_no_marks(meadow, monkeypatch, carry):
    change(monkeypatch, carry=carry)
    for typed in ("0", "10", "35"):
        assert judged(meadow, "10", typed, "9")["cost"].points == 0


def test_a_fault_of_carry_costs_nobody_anything(meadow, monkeypatch):
    def fails(_params, _part, _given):
        raise RuntimeError

    change(monkeypatch, carry=fails)
    assert statuses(judged(meadow, "10", "77", "3.21")) == ["wrong", "right", "right"]
    assert statuses(judged(meadow, "10", "35", "9")) == ["wrong", "wrong", "wrong"]


# --- tables ---------------------------------------------------------------------------------------

COLUMNS = [{"name": "step", "kind": "int"}, {"name": "value", "kind": "int"}]


@pytest.fixture
def doubling():
    """Start at 3; every row doubles the value of the row before and subtracts 1."""

    def pose(params, _impl):
        rows = [[0, 3], [1, 5], [2, 9], [3, 17]]
        part = Part("rows", "Fill the table.", "trace", {"columns": COLUMNS})
        return Variant(
            "DOUBLING", "Doubling", "Double and take 1.", (part,), {"rows": rows}, ("...",), params
        )

    class Doubling:
        @staticmethod
        def draw(_rng, _level):
            return {}

        @staticmethod
        def carry(_params, part, given):
            step, value = given[part][-1]
            return [step + 1, 2 * value - 1] if value > 1 else None

    Doubling.pose = staticmethod(pose)
    question("DOUBLING", title="Doubling", op=lambda: None, space=100)(Doubling)
    yield issued("ada", "DOUBLING", pose({"level": 1}, None))
    del QUESTIONS["DOUBLING"]


@pytest.mark.parametrize(
    ("table", "points", "without"),
    [
        ("0 3\n1 5\n2 9\n3 17", 8, 8),
        ("0 3\n1 6\n2 11\n3 21", 7, 5),  # one wrong cell, and two that follow from it
        ("0 3\n1 6\n2 11\n3 22", 6, 5),
        ("0 1\n1 1\n2 1\n3 1", 4, 4),  # a start that leaves nothing to do
        ("0 3\n1 6", 3, 3),
    ],
)
def test_rows_are_judged_by_the_rows_before_them(doubling, table, points, without):
    (found,) = judge_typed(doubling, table, 8.0)
    (strict,) = judge_typed(doubling, table, 8.0, 0.0)
    assert (found.points, strict.points) == (points, without)
    assert bool(found.credit_reason) == (points > without)
    if points > without:
        assert found.status == "partial"
        assert "rows before" in found.credit_reason


def test_points_are_shared_exactly(meadow):
    assert sum(part_points(meadow.variant, 1.0).values()) == 1.0
    assert list(part_points(meadow.variant, 8.0).values()) == [2.0, 4.0, 2.0]


def test_two_mistakes_are_named_each_where_it_was_made(meadow):
    """Neither explains both numbers; each part is told its own, and a part that nothing explains is told so."""

    @mistake("MEADOW", "way-forgotten", family="omission")
    def way_forgotten(params):
        """You leave out the 5 for the way.

        Add it.
        """
        return {"cost": 72}

    try:
        found = judged(meadow, "10", "72", "99")
    finally:
        del _REGISTRY["MEADOW", "forward", "way-forgotten"]
    assert [v.mistake for v in found.values()] == ["sides-added", "way-forgotten", None]
    assert [v.mistakes_consistent for v in found.values()] == [("sides-added",), ("way-forgotten",), ()]
    assert "none of the mistakes known" in found["ratio"].hint[1]
