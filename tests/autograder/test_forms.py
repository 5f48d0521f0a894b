"""Other forms of a question: right answer, lookalikes named, honest refusal where a type has no such form."""

import numpy as np
import pytest

from autograder.answers import KINDS
from autograder.forms import FORMS, _given_away, written
from autograder.instances import NoInstance, issue, lookalikes, name_typed
from autograder.model import Part
from autograder.questions import QUESTIONS, Question

SEEDS = range(6)


def drawn(id, seed, level=1):
    return issue(id, np.random.default_rng(seed), level)


def base_of(variant):
    question = QUESTIONS[variant.question].base
    return question, question.pose(dict(variant.params["base"]), question.op)


@pytest.mark.parametrize("seed", SEEDS)
def test_choose_offers_the_truth_and_what_mistakes_give(seed):
    variant = drawn("CARITH-2-choose", seed)
    question, plain = base_of(variant)
    options = variant.parts[0].options["choices"]
    assert options[variant.truth["choice"]] == str(question.exact(dict(plain.params))["parameters"])
    wrong = {str(answer["parameters"]) for _, answer in lookalikes(question, plain)}
    assert set(options) - {options[variant.truth["choice"]]} <= wrong
    assert len(set(options)) == len(options) >= 3


def test_the_places_of_the_options_do_not_give_the_answer_away():
    places = [drawn("CARITH-2-choose", seed).truth["choice"] for seed in range(24)]
    assert len(set(places)) == 4


@pytest.mark.parametrize("seed", SEEDS)
def test_a_chosen_distractor_names_its_mistake(seed):
    variant = drawn("CONV-1-choose", seed)
    for number, name in enumerate(variant.params["names"]):
        if name:
            assert [m.name for m in name_typed(variant.question, variant, {"choice": number})] == [name]


@pytest.mark.parametrize("seed", SEEDS)
def test_explain_asks_for_the_mistake_behind_an_answer(seed):
    variant = drawn("CARITH-2-explain", seed)
    question, plain = base_of(variant)
    made = next(pair for pair in lookalikes(question, plain) if pair[0].name == variant.params["made"])
    assert f"answers **{made[1]['parameters']}**" in variant.prompt
    assert variant.params["names"][variant.truth["choice"]] == made[0].name


@pytest.mark.parametrize("seed", SEEDS)
def test_find_has_right_lines_before_the_first_wrong_one(seed):
    variant = drawn("CARITH-1-find", seed, 2)
    _, plain = base_of(variant)
    lines = [part.split("\n\n")[0] for part in variant.prompt.split("**Line ")[1:]]
    shown = [line.partition("** ")[2] for line in lines]
    first = variant.truth["line"]
    assert shown[: first - 1] == list(plain.solution[: first - 1])
    assert shown[first - 1] != plain.solution[first - 1].split("\n\n")[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_reverse_hides_a_number_that_only_one_value_fits(seed):
    variant = drawn("CARITH-2-reverse", seed)
    question, plain = base_of(variant)
    hidden = variant.params["hidden"]
    fits = []
    for value in range(1, 41):
        try:
            if question.exact({**plain.params, hidden: value}) == question.exact(dict(plain.params)):
                fits.append(value)
        except (ValueError, ZeroDivisionError):
            continue
    assert fits == [variant.truth["value"]]
    assert "?" in variant.prompt.partition("---")[0]


def test_order_wants_the_steps_as_they_build_on_each_other():
    variant = drawn("CARITH-1-order", 0, 2)
    _, plain = base_of(variant)
    choices = variant.parts[0].options["choices"]
    assert [choices[i] for i in variant.truth["order"]] == list(plain.solution)
    assert list(plain.solution) != choices


def test_a_type_without_steps_to_order_is_refused_soon():
    with pytest.raises(NoInstance, match="none of 40 draws"):
        drawn("CONV-1-reverse", 0)


def test_forms_are_found_but_not_listed():
    assert "CONV-1-choose" in QUESTIONS
    assert "CONV-1-choose" not in list(QUESTIONS)
    assert "CONV-1-nonsense" not in QUESTIONS
    assert "CONV-1-choose-choose" not in QUESTIONS
    with pytest.raises(KeyError):
        QUESTIONS["CONV-1-nonsense"]


def test_the_same_draw_gives_the_same_form():
    assert drawn("CONV-1-choose", 4) == drawn("CONV-1-choose", 4)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_proves_itself_with_samples(form):
    variant = drawn(f"CARITH-1-{form}", 2, 2)
    part = variant.parts[0]
    samples = KINDS[part.kind].samples(part, variant.truth[part.id])
    for text in samples.right:
        assert (
            KINDS[part.kind].judge(KINDS[part.kind].parse(text, part), variant.truth[part.id], part).score
            == 1
        )


def test_a_form_of_a_question_is_a_question():
    assert isinstance(QUESTIONS["CONV-3-find"], Question)
    assert QUESTIONS["CONV-3-find"].topic == "convolution"


@pytest.mark.parametrize(
    ("kind", "options", "value", "text"),
    [
        ("num", {"places": 2}, 0.125001, "0.13"),
        ("mat", {"places": 1}, [[1.26, -2.0]], "[[1.3, -2.0]]"),
        ("mcN", {"choices": ["a", "b"]}, [], "none"),
        ("frac", {}, "3/7", "3/7"),
        ("shape", {}, [3, 4], "3x4"),
    ],
)
def test_answers_are_written_as_a_person_would(kind, options, value, text):
    assert written(Part("a", "", kind, options), value) == text


def test_find_is_refused_where_reading_alone_finds_the_line():
    right = ("$490 = 61 \\cdot 8 + 2$", "$61 + 1 = 62$", "$6 \\cdot 62 = 372$")
    assert _given_away(right, (right[0], "$61 + 1 = 8$", "$6 \\cdot 8 = 48$"), 2), "a false equation"
    assert not _given_away(right, (right[0], "$61 - 1 = 60$", "$6 \\cdot 60 = 360$"), 2)
    assert _given_away(("the last is 32", "it sees 32"), ("the last is 32", "it sees 67"), 2), "told before"
    assert _given_away(("rows", "7 then 9"), ("rows", "9 then 7"), 2), "only another order"


def test_a_hidden_number_is_not_told_by_its_plural():
    for seed in range(8):
        variant = drawn("TCONV-1-reverse", seed)
        assert "? row and" not in variant.prompt


def test_the_answers_to_several_parts_are_numbered_as_asked():
    variant = drawn("COUNT-1-choose", 1)
    assert "(2) How many examples does the last iteration" in variant.prompt
    assert all(option.startswith("(1) ") for option in variant.parts[0].options["choices"])
