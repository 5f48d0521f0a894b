"""The student kit: what it says about functions and answers."""

from __future__ import annotations

import json
import textwrap

import numpy as np
import pytest

from autograder.handouts.kit import build_kit, prompt_text, variants_text
from autograder.handouts.kit_running import played
from autograder.handouts.kit_typed import student_tag
from autograder.model import Part, Variant
from autograder.sandbox import Call, Handle, Source

RIGHT = """
def square(x):
    return x ** 2, x

def square_backward(dY, cache):
    return 2 * cache * dY
"""


def student(code):
    """Return the namespace after running a student's cells."""
    namespace = {"__name__": "__main__", "np": np}
    exec(textwrap.dedent(code), namespace)
    return namespace


def say(kit, capsys, call):
    """Return (result, what was printed); nothing may go to stderr."""
    capsys.readouterr()
    result = call(kit)
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "Traceback" not in captured.out
    assert "kit_running" not in captured.out
    return result, captured.out


# --- code exercises -------------------------------------------------------------------------------


def test_a_script_may_call_helpers_of_its_own_between_functions_of_the_student():
    make = Source("def make(n):\n    return {'n': n}", "make")
    calls = (Call(make, (3,), save="x"), Call("double", (Handle("x"),)))
    outcomes, texts = played(calls, {"double": lambda x: 2 * x["n"]})
    assert [outcome.status for outcome in outcomes] == ["ok", "ok"]
    assert outcomes[1].value == 6
    assert texts == []


def test_right_functions_earn_everything(kit, capsys):
    for name, points in (("square", 2.0), ("square_backward", 3.0)):
        result, said = say(kit, capsys, lambda k, n=name: k.score(n, student(RIGHT)))
        assert type(result) is float
        assert result == points
        assert "✗" not in said


def test_check_takes_the_function_itself(kit, capsys):
    result, _ = say(kit, capsys, lambda k: k.check(student(RIGHT)["square_backward"]))
    assert result == 1.0


STUB = 'def square(x):\n    """Square."""\n    # YOUR CODE HERE\n    raise NotImplementedError()\n'


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (STUB, "not implemented"),
        ("", "not defined"),
        ("square = 3", "not a function"),
        ("def square(x): return None", "return statement"),
        ("def square(x): return x ** 2", "square"),
        ("def square(x): return x[:2] ** 2, x", "shape"),
        ("def square(x): return x * np.nan, x", "nan"),
        ("def square(x): return x ** 3, x", "expected"),
        ("class Odd:\n    pass\n\ndef square(x): return Odd(), x", "Odd"),
        ("def square(a, b): return a", "TypeError"),
    ],
)
def test_wrong_functions_earn_nothing_and_hear_why(kit, capsys, code, sentence):
    result, said = say(kit, capsys, lambda k: k.score("square", student(code)))
    assert result == 0.0
    assert type(result) is float
    assert sentence in said


def test_an_unfinished_function_is_complained_about_once(kit, capsys):
    _, said = say(kit, capsys, lambda k: k.score("square", student(STUB)))
    assert said.count("✗") == 1
    assert "inputs left alone" not in said


def test_an_error_shows_the_students_own_line_and_message(kit, capsys):
    code = "def helper(x):\n    return x[17]\n\ndef square(x):\n    return helper(x), x\n"
    _, said = say(kit, capsys, lambda k: k.score("square", student(code)))
    assert "IndexError" in said
    assert "line 2" in said
    assert "index 17 is out of bounds" in said


@pytest.mark.parametrize("error", ["SystemExit", "RecursionError", "MemoryError", "GeneratorExit"])
def test_odd_exceptions_of_student_code_are_reported_like_others(kit, capsys, error):
    result, said = say(
        kit, capsys, lambda k: k.score("square", student(f"def square(x): raise {error}('mine')"))
    )
    assert result == 0.0
    assert error in said


def test_an_interrupt_stops_the_check_at_once(kit, capsys):
    code = "calls = []\ndef square(x):\n    calls.append(1)\n    raise KeyboardInterrupt\n"
    namespace = student(code + "def square_backward(dY, cache): return dY")
    result, said = say(kit, capsys, lambda k: k.score("square_backward", namespace))
    assert result == 0.0
    assert said == "Stopped.\n"
    assert namespace["calls"] == [1]


def test_a_changed_argument_is_named(kit, capsys):
    code = "def square(image):\n    y = image ** 2\n    image[0] = 7\n    return y, image"
    result, said = say(kit, capsys, lambda k: k.score("square", student(code)))
    assert result < 2.0
    assert "changes what it was given (image)" in said


def test_float32_is_right_with_a_note(kit, capsys):
    code = "def square(x): return (x ** 2 + 1e-6).astype(np.float32), x"
    result, said = say(kit, capsys, lambda k: k.score("square", student(code)))
    assert result == 2.0
    assert "float64" in said


def test_prints_and_stderr_of_student_code_stay_out_of_the_way(kit, capsys):
    code = "import sys\ndef square(x):\n    print('debug')\n    print('oops', file=sys.stderr)\n"
    code += "    return x ** 2, x"
    result, said = say(kit, capsys, lambda k: k.score("square", student(code)))
    assert result == 2.0
    assert "debug" not in said
    assert "11 characters" in said


def test_warnings_of_numpy_stay_out_of_the_way(kit, capsys):
    result, _ = say(
        kit, capsys, lambda k: k.score("square", student("def square(x): return x ** 2 / np.zeros(3), x"))
    )
    assert result == 0.0


# --- naming mistakes --------------------------------------------------------------------------------

TWO_MISSING = RIGHT.replace("2 * cache * dY", "cache * dY")


def test_a_known_mistake_is_named_with_what_and_how(kit, capsys):
    result, said = say(kit, capsys, lambda k: k.score("square_backward", student(TWO_MISSING)))
    assert result == 0.0
    assert "the 2 of the derivative is missing" in said
    assert "Differentiate x^2 again" in said
    assert "You ignored dY" not in said


def test_naming_can_be_switched_off_by_call_and_by_data(kit, load_kit, public, capsys):
    _, said = say(kit, capsys, lambda k: k.check("square_backward", student(TWO_MISSING), hints=False))
    assert "derivative is missing" not in said
    silent = load_kit(public | {"hints": False})
    _, said = say(silent, capsys, lambda k: k.check("square_backward", student(TWO_MISSING)))
    assert "derivative is missing" not in said


def test_a_kit_without_hints_does_not_carry_them(public):
    assert len(build_kit("squares", public | {"hints": False})) < len(build_kit("squares", public))


def test_the_own_forward_says_where_the_backward_is_wrong(kit, capsys):
    code = RIGHT.replace("return 2 * cache * dY", "dx = 2 * cache * dY\n    dx[1] = 9\n    return dx")
    _, said = say(kit, capsys, lambda k: k.score("square_backward", student(code)))
    assert "your dx[1] is 9" in said
    assert "rate -4" in said


def test_a_right_backward_of_a_wrong_forward_keeps_its_points(kit, capsys):
    code = RIGHT.replace("x ** 2, x", "x ** 2 + x, x")
    result, said = say(kit, capsys, lambda k: k.score("square_backward", student(code)))
    assert result == 3.0
    assert "although the forward is not" in said


def test_ready_wants_results_of_the_right_shape_not_of_the_right_value(kit, capsys):
    assert say(kit, capsys, lambda k: k.ready("square", student("def square(x): return x + 1, x")))[0] is True
    for code in (STUB, "def square(x): return x[0], x", ""):
        fine, said = say(kit, capsys, lambda k, c=code: k.ready("square", student(c)))
        assert fine is False
        assert "`square`" in said


# --- typed answers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "fine"), [("49", 1.0), (" 49 \n", 1.0), ("-3", 1.0), ("", 0.0), ("\n\n", 0.0), ("fifty", 0.0)]
)
def test_readable_says_whether_an_answer_can_be_read(kit, capsys, answer, fine):
    result, said = say(kit, capsys, lambda k: k.readable("SQ-1", answer))
    assert result == fine
    assert ("can be read" if fine else "cannot be read") in said


@pytest.mark.parametrize(
    "answer", [None, object(), b"49", {"x": 1}, ["a"], 3 + 4j, float("nan"), "9" * 100_000, "[" * 5000]
)
def test_no_answer_is_too_odd_to_be_called_unreadable(kit, capsys, answer):
    result, said = say(kit, capsys, lambda k: k.readable("SQ-1", answer))
    assert result in (0.0, 1.0)
    assert "check itself stopped" not in said


def test_right_and_wrong_answers_get_the_same_words(kit_with_variants, capsys):
    right = say(kit_with_variants, capsys, lambda k: k.readable("SQ-1", "49", "ada"))
    wrong = say(kit_with_variants, capsys, lambda k: k.readable("SQ-1", "50", "ada"))
    assert right[0] == wrong[0] == 1.0
    assert right[1].replace("49", "50") == wrong[1]


def test_the_answer_is_read_from_the_text_of_its_own_cell(kit, capsys):
    namespace = {
        "answer": "of another cell",
        "In": ["", '# answer: SQ-1\nanswer = """\n12\n"""', "# answer: SQ-9\nanswer = 1"],
    }
    assert say(kit, capsys, lambda k: k.score("SQ-1", namespace))[0] == 1.0


def test_a_computed_answer_is_refused_as_the_grader_will(kit, capsys):
    namespace = {"answer": "49", "In": ["# answer: SQ-1\nanswer = str(7 * 7)"]}
    result, said = say(kit, capsys, lambda k: k.score("SQ-1", namespace))
    assert result == 0.0
    assert "never computed" in said


def test_parts_are_read_one_by_one(kit, capsys):
    assert say(kit, capsys, lambda k: k.readable("SQ-2", {"M": "1 2\n3 4", "n": "5"}))[0] == 1.0
    result, said = say(kit, capsys, lambda k: k.readable("SQ-2", {"M": "1 2\n3", "n": "5"}))
    assert result == 0.5
    assert "M:" in said
    result, said = say(kit, capsys, lambda k: k.readable("SQ-2", "5"))
    assert result == 0.0
    assert "2 parts" in said


# --- statements ---------------------------------------------------------------------------------------


def shown(kit, monkeypatch, question, name):
    texts = []
    monkeypatch.setattr(kit, "_display", texts.append)
    kit.show(question, name)
    return texts


def test_show_displays_the_students_own_statement(kit_with_variants, monkeypatch, capsys):
    texts = shown(kit_with_variants, monkeypatch, "SQ-1", " ada ")
    assert len(texts) == 1
    assert "Square $7$." in texts[0]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("name", "question", "sentence"),
    [
        ("", "SQ-1", "student id"),
        (None, "SQ-1", "student id"),
        ("eve", "SQ-1", "class list"),
        ("ada", "SQ-2", "holds no SQ-2"),
    ],
)
def test_show_says_kindly_what_is_missing(kit_with_variants, capsys, name, question, sentence):
    _, said = say(kit_with_variants, capsys, lambda k: k.show(question, name))
    assert sentence in said


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "{}",
        "[]",
        '{"schema": "backmark/variants/1", "students": []}',
        '{"schema": 1, "students": {}}',
    ],
)
def test_a_missing_or_damaged_variants_file_is_named(kit, tmp_path, monkeypatch, capsys, content):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "variants.json").write_text(content, encoding="utf-8")
    _, said = say(kit, capsys, lambda k: k.show("SQ-1", "ada"))
    assert "variants.json" in said


def test_variants_hold_statements_and_nothing_that_helps(ada):
    text = variants_text("squares", {"ada": [ada]})
    content = json.loads(text)
    (statement,) = content["students"][student_tag("ada")].values()
    assert set(statement) == {"title", "prompt", "parts"}
    assert '"49"' not in text
    assert "49" not in text
    assert "7 x 7" not in text
    assert "ada" not in content["students"]


def test_a_statement_holds_the_question_of_every_part_and_its_options():
    parts = (
        Part("size", "How many rows?", "int"),
        Part("fits", "Does it fit?", "mc1", {"choices": ["yes", "no"]}),
    )
    text = prompt_text(Variant("Q", "A title", "A kernel slides.", parts, {"size": 3, "fits": 1}, (), {}))
    assert [line for line in text.split("\n") if line] == [
        "**A title** (Q)", "A kernel slides.", "**size**: How many rows?", "**fits**: Does it fit?",
        "- (a) yes", "- (b) no",
    ]  # fmt: skip


def test_a_single_question_is_not_lost_because_it_has_no_name(ada):
    assert prompt_text(ada).endswith("Square $7$.\n\nGive x.")


def test_an_own_variable_called_in_does_no_harm(kit, capsys):
    assert say(kit, capsys, lambda k: k.score("SQ-1", {"In": 5, "answer": "3"}))[0] == 1.0


def test_a_tag_tells_ids_apart_and_forgives_spaces_around():
    tags = {student_tag(name) for name in ("ada", "Ada", "Zoë", "学生", "\ud800", "")}
    assert len(tags) == 6
    assert student_tag(" ada\n") == student_tag("ada")


# --- the overview ---------------------------------------------------------------------------------------


def test_overview_has_a_line_per_question(kit, capsys):
    _, said = say(kit, capsys, lambda k: k.overview(student(RIGHT + "answer = '3'")))
    lines = said.splitlines()
    assert [line.split()[:2] for line in lines[:4]] == [
        ["✓", "SQ-1"],
        ["✗", "SQ-2"],
        ["✓", "square"],
        ["✓", "square_backward"],
    ]
    assert "6.00 of 8" in said


@pytest.mark.parametrize("namespace", [None, 3, [], "globals()"])
def test_a_forgotten_namespace_is_explained(kit, capsys, namespace):
    for call in (lambda k: k.overview(namespace), lambda k: k.score("square", namespace)):
        assert "globals()" in say(kit, capsys, call)[1]


@pytest.mark.parametrize("name", ["nope", "", 5, None, object()])
def test_an_unknown_exercise_is_answered_with_the_known_ones(kit, capsys, name):
    result, said = say(kit, capsys, lambda k: k.check(name, {}))
    assert result == 0.0
    assert "square_backward" in said


# --- other kits ------------------------------------------------------------------------------------


def test_two_kits_live_side_by_side(kit, load_kit, public, capsys):
    public["exercises"].pop("square_backward")
    other = load_kit(public)
    assert say(other, capsys, lambda k: k.score("square", student(RIGHT)))[0] == 2.0
    assert say(kit, capsys, lambda k: k.score("square_backward", student(RIGHT)))[0] == 3.0


def test_a_title_cannot_break_out_of_the_files_head(public, load_kit, capsys):
    kit = load_kit(public | {"title": '"""\nraise SystemExit\n"""'})
    assert say(kit, capsys, lambda k: k.score("square", student(RIGHT)))[0] == 2.0
