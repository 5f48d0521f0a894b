"""Answer cells as students leave them: with magics, with code beside the answer, merged, or filled in above."""

import json
from pathlib import Path

import pytest

from autograder.sandbox import Release, read_submission

RELEASED = (Path(__file__).parents[2] / "assignments/convolution/convolution.ipynb").read_text(
    encoding="utf-8"
)
RELEASE = Release.from_notebook(json.loads(RELEASED))


@pytest.fixture
def read(tmp_path):
    """Hand in the released notebook with some cells, found by grade id, written over; None takes one out."""

    def go(**written):
        notebook = json.loads(RELEASED)
        written = {name.replace("_", "-") if name.isupper() else name: s for name, s in written.items()}
        for cell in list(notebook["cells"]):
            name = cell["metadata"].get("nbgrader", {}).get("grade_id")
            if name in written:
                cell["source"] = written[name]
                if written[name] is None:
                    notebook["cells"].remove(cell)
        path = tmp_path / "a.ipynb"
        path.write_text(json.dumps(notebook))
        return read_submission(path, RELEASE)

    return go


def sources(submitted):
    return [c.source for c in submitted.cells if not c.setup and not c.source.startswith("student =")]


@pytest.mark.parametrize(
    "source",
    [
        '%%time\n# answer: CONV-1\nanswer = "7"',
        '# answer: CONV-1\n%%time\nanswer = "7"',
        '# answer: CONV-1\n!pip install numpy\n%matplotlib inline\nanswer = "7"\nanswer?',
        '# answer: CONV-1\nanswer: str = """\n7\n"""',
        '# answer: CONV-1\nmy = answer = "7"',
        '# answer: CONV-1\nanswer = "7"\n\nanswer = """\n\n"""\n',
        'answer = "7"\nanswer: str',
    ],
)
def test_answers_beside_magics_and_in_other_words_are_read(read, source):
    got = read(CONV_1=source)
    assert got.answers == {"CONV-1": "7"}
    assert got.notes == ()
    assert sources(got) == []


def test_the_last_answer_counts_also_when_it_cannot_be_read(read):
    got = read(CONV_1='answer = "7"\nanswer = str(7)')
    assert got.answers == {}
    assert "never computed" in got.notes[0]


@pytest.mark.parametrize("size", ["size", "Size", " SIZE ", "si ze"])
def test_names_of_parts_may_differ_in_case_and_blanks(read, size):
    got = read(CARITH_1=f"answer = {{{size!r}: '5', 'fits ': 'yes', 'more': '1'}}")
    assert got.answers == {"CARITH-1": {"size": "5", "fits": "yes", "more": "1"}}


def test_a_part_named_as_asked_goes_before_a_similar_one(read):
    got = read(CARITH_1="answer = {'Size': '4', 'size': '5'}")
    assert got.answers["CARITH-1"]["size"] == "5"


def test_functions_below_an_answer_are_run(read):
    mine = '# answer: CONV-1\nanswer = """\n7\n"""\nK = 2\n%time\n\ndef conv_out(n, k):\n    return 1 / 0\n'
    got = read(CONV_1=mine)
    assert got.answers == {"CONV-1": "7"}
    (code,) = sources(got)
    assert "answer =" not in code
    assert code.split("\n")[4:] == ["K = 2", "pass", "", "def conv_out(n, k):", "    return 1 / 0", ""]
    assert sources(read(CONV_1="answer = str(f(7))\ndef f(x):\n    return x\n"))[0].startswith("\ndef f")


@pytest.mark.parametrize("source", ["x = 3\nanswer = '7'\n", "answer = '7\ndef f(x): ...\n"])
def test_nothing_else_beside_an_answer_is_run(read, source):
    assert sources(read(CONV_1=source)) == []


def test_two_answer_cells_merged_into_one_are_both_read(read):
    merged = '# answer: CONV-1\nanswer = "7"\n\n# answer: CONV-2\nanswer = "8"\n'
    got = read(CONV_1=merged, CONV_2=None)
    assert got.answers == {"CONV-1": "7", "CONV-2": "8"}
    assert got.notes == ()
    assert sources(got) == []
    assert read(CONV_1=merged[17:], CONV_2=None).answers == {"CONV-1": "7", "CONV-2": "8"}
    assert read(CONV_2=merged, CONV_1=None).answers == {"CONV-1": "7", "CONV-2": "8"}


def test_an_answer_merged_into_a_solution_is_read_and_the_solution_run(read):
    mine = "def corr2d(x, k):\n    return x\n"
    more = "def helper():\n    return 1\n"
    got = read(corr2d=f'{mine}\n# answer: CONV-2\nanswer = """8"""\n{more}', CONV_2=None)
    assert got.answers == {"CONV-2": "8"}
    assert sources(got) == [f"{mine}\n# answer: CONV-2\n\n{more}"]
    assert got.notes == ()


def test_a_remark_above_the_declaration_or_inside_a_text_merges_nothing(read):
    got = read(CONV_1='# mine\n# answer: CONV-1\nanswer = """\n# answer: CONV-2\n7"""\n')
    assert got.answers == {"CONV-1": "# answer: CONV-2\n7"}
    assert got.notes == ()


@pytest.mark.parametrize(
    "source", ["def conv_out(n):\n    return n\n", "if True:\n    class conv_out: ...\n"]
)
def test_no_cell_is_missing_that_another_one_defines(read, source):
    assert read(conv_out=None, corr2d=source).notes == ()
    missing = ("The cell for conv_out is missing from this notebook.",)
    assert read(conv_out=None, corr2d="x = 'def conv_out'").notes == missing


def test_very_many_declarations_do_not_matter(read):
    got = read(CONV_1="# answer: CONV-2\n" * 20_000 + "answer = '1'\n")
    assert len(got.notes) <= 40
