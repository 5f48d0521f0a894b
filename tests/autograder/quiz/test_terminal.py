"""A quiz as somebody types it: right, wrong and named, unreadable, several lines, new numbers, giving up, ending."""

import io
import json

import pytest
from rich.console import Console

from autograder.answers import KINDS
from autograder.instances import lookalikes
from autograder.quiz import NoSuchTopic, quiz
from autograder.quiz.history import recall, remember
from autograder.quiz.terminal import Surface


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("autograder.quiz.history.history_file", lambda: tmp_path / "data" / "quiz.jsonl")
    return tmp_path / "data" / "quiz.jsonl"


def play(made, lines):
    """Type lines (or what a function of the current question gives) and return what was shown."""
    console = Console(file=io.StringIO(), width=100)
    typed = iter(lines)

    def read(_prompt):
        try:
            line = next(typed)
        except StopIteration:
            raise EOFError from None
        return line(made.current) if callable(line) else line

    Surface(console, read).run(made)
    return console.file.getvalue()


def show(variant, name=None):
    part = variant.parts[0]
    value = variant.truth[part.id]
    if name is not None:
        value = next(a for m, a in lookalikes(variant.question, variant) if m.name == name)[part.id]
    return KINDS[part.kind].show(value)


def test_a_right_answer_is_right_and_the_next_question_comes():
    made = quiz("CARITH-2", count=2, seed=1)
    shown = play(made, [show, "", show, ""])
    assert shown.count("✓ right") == 2
    assert "Question 2 of 2" in shown
    assert "2 of 2 right" in shown


def test_a_lookalike_is_named_and_the_solution_shown():
    made = quiz("CARITH-2", count=1, seed=1)
    shown = play(made, [lambda v: show(v, "params-bias-forgotten"), ""])
    assert "✗ wrong" in shown
    assert "bias" in shown
    assert "Worked solution" in shown
    assert "params-bias-forgotten" in shown.split("Summary")[1]


def test_what_cannot_be_read_is_asked_again_and_costs_nothing():
    made = quiz("CARITH-2", count=1, seed=1)
    shown = play(made, ["twelve", "", show, ""])
    assert shown.count("Not counted:") == 2
    assert "1 of 1 right" in shown


def test_a_matrix_is_typed_line_by_line():
    made = quiz("CONV-1", count=1, seed=3)

    def row(number):
        return lambda v: " ".join(map(str, v.truth["result"][number]))

    shown = play(made, [row(0), row(1), row(2), "", ""])
    assert "✓ right" in shown


def test_a_pasted_matrix_needs_no_empty_line():
    made = quiz("CONV-1", count=1, seed=3)
    assert "✓ right" in play(made, [show, ""])


def test_the_same_question_with_new_numbers_does_not_use_up_a_question():
    made = quiz("CARITH-2", count=1, seed=1)
    numbers = []

    def note(v):
        numbers.append(v.params)
        return "1" if len(numbers) == 1 else show(v)

    shown = play(made, [note, "n", note, ""])
    assert numbers[0] != numbers[1]
    assert shown.count("Question 1 of 1") == 2
    assert [one.score for one in made.seen] == [0.0, 1.0]


def test_the_solution_can_be_asked_for():
    shown = play(quiz("CARITH-2", count=1, seed=1), ["?", ""])
    assert "Answer:" in shown
    assert "0 of 1 right" in shown


def test_ending_early_keeps_what_was_answered(own_data_folder):
    play(quiz("CARITH-2", count=3, seed=1), [show, "q"])
    rows = [json.loads(line) for line in own_data_folder.read_text().splitlines()]
    assert [(row["question"], row["score"]) for row in rows] == [("CARITH-2", 1.0)]


def test_a_damaged_history_is_passed_over(own_data_folder):
    remember(quiz("CARITH-2", seed=1).seen)
    own_data_folder.parent.mkdir(exist_ok=True)
    own_data_folder.write_text(
        '{"torn\n[1]\n{"question": "A", "title": "", "level": 1, "score": 1, "mistakes": []}\n'
    )
    assert [one.question for one in recall()] == ["A"]


def test_the_same_seed_asks_the_same():
    first, second = (quiz(count=4, seed=9) for _ in range(2))
    assert [first.ask().params for _ in range(4)] == [second.ask().params for _ in range(4)]


def test_every_type_comes_once_before_any_comes_twice():
    made = quiz("arithmetic", count=4, seed=2)
    ids = [made.ask().question for _ in range(4)]
    assert len(set(ids[: len(made.questions)])) == min(4, len(made.questions))


def test_forms_are_questions_too():
    assert quiz("conv-1-choose", count=1, seed=0).ask().parts[0].kind == "mc1"
    assert quiz("CARITH-1", form="reverse", count=1, seed=0).ask().question == "CARITH-1-reverse"


def test_an_unknown_topic_suggests_the_nearest():
    with pytest.raises(NoSuchTopic, match="Did you mean convolution"):
        quiz("convolutoin")


def test_a_type_that_does_not_fit_a_form_is_left_out():
    made = quiz("CONV-1", "CARITH-1", form="reverse", count=2, seed=0)
    assert {made.ask().question, made.ask().question} == {"CARITH-1-reverse"}


def test_the_page_holds_no_address_and_every_question(tmp_path, backmark):
    said = backmark(
        "quiz", "convolution", "arithmetic", "--html", tmp_path / "q.html", "--count", 5, "--seed", 3
    )
    assert said.code == 0
    text = (tmp_path / "q.html").read_text(encoding="utf-8")
    assert text.count('class="card question"') == 5
    assert not any(
        word in text.replace("http://www.w3.org/1998/Math/MathML", "") for word in ("http:", "https:", "src=")
    )
    assert "answers are inside" in text


def test_a_typo_on_the_command_line_is_one_sentence(backmark):
    said = backmark("quiz", "poolin")
    assert said.code == 2
    assert "Did you mean" in said.err or "There is no topic" in said.err
