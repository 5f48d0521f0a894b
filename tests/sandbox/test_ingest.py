"""Ingest: what is taken from a submitted file, what is said about it, and that no file harms the reader."""

import hashlib
import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.sandbox import Limits, Release, UnreadableSubmission, ingest, read_submission


def code(source, grade_id=None, kind="code", **marks):
    metadata = {}
    if grade_id:
        base = {"grade": False, "solution": False, "locked": False, "schema_version": 3}
        metadata["nbgrader"] = {**base, "grade_id": grade_id, **marks}
    return {"cell_type": kind, "metadata": metadata, "source": source}


SETUP = code("import numpy as np\n", "imports", locked=True)
STUB = code("def conv(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()\n", "conv", solution=True)
TEST = code("assert conv(1)\n", "test_conv", grade=True, locked=True, points=2)
BY_HAND = code('answer = """\n\n"""\n', "CONV-3", solution=True)
ID = code('student = "your id"\n')
RELEASE = Release.from_notebook({"cells": [SETUP, ID, STUB, TEST, BY_HAND]})


@pytest.fixture
def read(tmp_path):
    def go(cells, release=RELEASE, **limits):
        path = tmp_path / "a.ipynb"
        content = (
            cells if isinstance(cells, (bytes, dict)) else {"cells": cells, "nbformat": 4, "metadata": {}}
        )
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return read_submission(path, release, Limits(**limits))

    return go


def sources(submitted):
    return [c.source for c in submitted.cells if not c.setup]


def test_release_is_read_from_its_notebook():
    assert RELEASE.setup == (SETUP["source"],)
    assert set(RELEASE.locked) == {"imports", "test_conv"}
    assert set(RELEASE.stubs) == {"conv", "CONV-3"}
    assert RELEASE.by_hand == ("CONV-3",)
    assert RELEASE.student_placeholder == "your id"


def test_cells_of_the_kit_are_no_setup():
    kit = code("import backmark_kit\n", "kit", locked=True)
    kit["metadata"]["backmark"] = {"role": "kit"}
    release = Release.from_notebook({"cells": [SETUP, kit]})
    assert release.setup == (SETUP["source"],)
    assert "kit" in release.locked


def test_blank_release_runs_only_its_setup(read):
    got = read([SETUP, ID, STUB, TEST, BY_HAND])
    assert [(c.source, c.setup) for c in got.cells] == [(SETUP["source"], True), (ID["source"], False)]
    assert (got.answers, got.notes, got.student_claimed) == ({}, (), None)


def test_what_runs_is_setup_then_student_cells_in_order(read):
    mine = code("def conv(x):\n    return helper(x)\n", "conv", solution=True)
    helper = code(["def helper(x):\n", "    return x\n"])
    got = read(
        [code("x = 1"), {"cell_type": "markdown", "source": "text"}, TEST, helper, mine, SETUP, BY_HAND]
    )
    assert sources(got) == ["x = 1", "def helper(x):\n    return x\n", mine["source"]]
    assert [c.index for c in got.cells] == [1, 1, 4, 5]
    assert got.cells[0].setup
    assert got.notes == ()


def test_sha256_is_that_of_the_file(read, tmp_path):
    got = read([STUB])
    assert got.sha256 == hashlib.sha256((tmp_path / "a.ipynb").read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "source",
    [
        "def conv(x):\n\n    # YOUR CODE HERE\n    raise NotImplementedError()",
        "raise NotImplementedError()",
        "",
        "   \n",
    ],
)
def test_untouched_stubs_are_skipped(read, source):
    assert sources(read([code(source, "conv", solution=True)])) == []
    assert sources(read([code(source)])) == []


def test_locked_cells_are_recognised_by_source_without_their_marks(read):
    got = read([code("assert conv(1)"), code("import   numpy as np")])
    assert sources(got) == []


def test_changed_test_cell_is_not_run_and_said(read):
    got = read([code("conv = None", "test_conv", grade=True, points=100)])
    assert sources(got) == []
    assert got.notes[0] == "Cell 1 belongs to the assignment; what was changed in it is not used."


def test_claimed_points_and_roles_do_not_matter(read):
    cheat = code("def conv(x):\n    return 1\n", "conv", grade=True, solution=True, points=1e9, locked=True)
    assert sources(read([cheat])) == [cheat["source"]]


def test_duplicated_cell_is_run_again_and_said(read):
    first, second = (code(f"def conv(x):\n    return {i}\n", "conv", solution=True) for i in (1, 2))
    got = read([first, second, BY_HAND])
    assert sources(got) == [first["source"], second["source"]]
    assert got.notes == (
        "Cell 2: there is more than one cell for conv; every copy was run, the last definition counts.",
    )


def test_copy_left_untouched_does_not_hide_the_filled_one(read):
    mine = code("def conv(x):\n    return 1\n", "conv", solution=True)
    assert sources(read([mine, STUB])) == [mine["source"]]
    assert read([code('answer = "3"', "CONV-3"), BY_HAND]).answers == {"CONV-3": "3"}


def test_missing_cells_are_said(read):
    assert read([]).notes == (
        "The cell for conv is missing from this notebook.",
        "The cell for CONV-3 is missing from this notebook.",
    )


@pytest.mark.parametrize("kind", ["markdown", "raw"])
@pytest.mark.parametrize("fence", ["{}", "```python\n{}\n```", "\n```\n{}\n```\n"])
def test_retyped_cells_are_repaired(read, kind, fence):
    body = "def conv(x):\n    return 5"
    got = read([code(fence.format(body), "conv", kind, solution=True), code("7 x 7", "CONV-3", kind)])
    assert sources(got) == [body]
    assert got.notes == ("Cell 1 (conv) had been turned into text; it was read as code.",)
    assert got.answers == {"CONV-3": "7 x 7"}


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ('answer = """\n 3 x 3 \n"""', "3 x 3"),
        ("answer = 'a' 'b'", "ab"),
        ('# my thoughts\nx = 5\nanswer = "42"  # done', "42"),
        ("answer = 'first'\nanswer = 'second'", "second"),
        ("answer = {'a': '1', 'b': \"\"\"2\n\"\"\", 'c': ''}", {"a": "1", "b": "2"}),
        ("answer = 0.10", "0.10"),
        ("answer = 1/3", "1/3"),
        ("answer = (3, -4)", "(3, -4)"),
        ("answer = [1, 2]", "[1, 2]"),
        ("answer = {'a': 12}", {"a": "12"}),
        ("answer = '\\d'", "\\d"),
    ],
)
def test_answers_are_read_as_literals(read, source, answer):
    got = read([code(source, "CONV-3", solution=True)])
    assert got.answers == {"CONV-3": answer}
    assert sources(got) == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("answer = str(3 * 4)", "never computed"),
        ("answer = f'{1}'", "never computed"),
        ("answer = x", "never computed"),
        ("answer = about 3", "cannot be read"),
        ("answer = '", "cannot be read"),
        ("x = 3", "is missing"),
        ("answer = {1: 'a'}", "named in quotes"),
        ("answer = {**a}", "named in quotes"),
        ("answer = '" + "x" * 6000 + "'", "longer than"),
        ("answer = '" + "x" * 60000 + "'", "longer than"),
        ("answer = " + "-" * 9000 + "1", "cannot be read"),
        ("answer = " + "(" * 9000, "cannot be read"),
        ("answer = " + "[" * 300 + "]" * 300, "cannot be read"),
        ("answer = " + "9" * 5000, "cannot be read"),
        ("answer = __import__('os').system('true')", "never computed"),
    ],
)
def test_unreadable_answers_are_said_in_one_sentence(read, source, words):
    got = read([code(source, "CONV-3", solution=True)])
    assert got.answers == {}
    (note,) = [n for n in got.notes if "CONV-3" in n]
    assert words in note
    assert note.startswith("Cell 1: the answer to CONV-3 ")
    assert sources(got) == []


def test_answer_declared_by_a_comment(read):
    got = read([code("# answer: CONV-3\nanswer = '9'\n"), code("# answer: OTHER-1\nanswer = '9'\n")])
    assert got.answers == {"CONV-3": "9"}
    assert sources(got) == ["# answer: OTHER-1\nanswer = '9'\n"]


def test_answers_are_parsed_up_to_a_length_of_all_together(read, monkeypatch):
    """Two thousand copies of one answer cell, each slow to parse, would hold the grader for minutes."""
    parsed = []
    really = ingest.read_answer
    monkeypatch.setattr(ingest, "read_answer", lambda *a, **k: parsed.append(1) or really(*a, **k))
    slow = code("answer = " + "1+" * 9000 + "1", "CONV-3", solution=True)
    submitted = read([code('answer = "7"', "CONV-3", solution=True), *[slow] * 500])
    assert len(parsed) < 30
    assert submitted.answers == {"CONV-3": "7"}
    assert (
        "The answers in this notebook are too long together; the last of them were not read."
        in submitted.notes
    )


def test_last_answer_wins(read):
    got = read([code("answer = '1'", "CONV-3"), code("answer = '2'", "CONV-3"), STUB])
    assert got.answers == {"CONV-3": "2"}
    assert got.notes == (
        "Cell 2: there is more than one cell for CONV-3; the last one that is filled in counts.",
    )


def test_magics_and_shell_commands_are_taken_out(read):
    source = (
        "%matplotlib inline\n!pip install torch\nimport math\nfiles = !ls\nfor i in range(2):\n    %time i\n"
        "s = '''\n%not a magic\n!nor this\n'''\nn = (7\n% 4)\nm = 7 \\\n% 4\nmath.pi?\n"
    )
    got = read([code(source), code("%%bash\nrm -rf /\n"), code("%%time\ny = 2\n"), STUB, BY_HAND])
    assert sources(got)[0] == (
        "pass\npass\nimport math\npass\nfor i in range(2):\n    pass\n"
        "s = '''\n%not a magic\n!nor this\n'''\nn = (7\n% 4)\nm = 7 \\\n% 4\npass\n"
    )
    assert sources(got)[1:] == ["\ny = 2\n"]
    assert [n for n in got.notes if "matplotlib" in n] == []
    for word in ("a shell command (!)", "%time", "a help request (?)", "%%bash"):
        assert any(word in n and "was ignored" in n for n in got.notes), word


def test_claimed_student(read):
    assert read([code("student = 'ada'  # me")]).student_claimed == "ada"
    assert read([code('student = "your id"')]).student_claimed is None
    assert read([code("# student = 'x'\nx = 1")]).student_claimed is None


def test_byte_order_mark_and_line_ends(read):
    text = json.dumps({"cells": [code("x = 1\r\ny = 2\rz = 3")]})
    assert sources(read(b"\xef\xbb\xbf" + text.encode())) == ["x = 1\ny = 2\nz = 3"]


def test_odd_characters_are_made_harmless(read):
    got = read([code("x = 'a\x00b'"), code("y = '\ud800'"), code("z = '\u2028'")])
    assert sources(got) == ["x = 'a\ufffdb'", "y = '?'", "z = '\u2028'"]
    for source in sources(got):
        source.encode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"{", "JSON is damaged, it is cut short in line 1"),
        (b'{"cells": [\n{"a": 1}, \n', "cut short in line 3"),
        (b'{"cells": [\n{"a": 1},,\n]}', r"JSON is damaged or cut short \(line 2\)"),
        (b"import numpy as np\n", "JSON is damaged, already where it begins"),
        (b'{"cells": [\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> b\n]}', "Line 2 .* merge conflict"),
        (b"\xff\xfe{\x00", "UTF-16 text, not UTF-8"),
        (b"{\xe4}", "not UTF-8"),
        (b"PK\x03\x04\x14\x00", "zip archive; unpack it"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"\n<!DOCTYPE html>\n<html>", "a web page"),
        (b"\xef\xbb\xbf<html lang='en'>", "a web page"),
        (b"[]", "no list of cells"),
        (b"null", "no list of cells"),
        (b"{}", "no list of cells"),
        (b'{"cells": {}}', "no list of cells"),
        (b'{"worksheets": [{"cells": []}], "nbformat": 3}', "old format 3"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested deeper"),
        (b'{"cells": [], "a":' + b"[" * 400_000 + b"]" * 400_000 + b"}", "nested deeper"),
        (b"[" * 2_000_000, "too many pieces"),
        (b'{"cells": [' + b"{}," * 3000 + b"{}]}", "3001 cells"),
        (b'{"cells": [' + b"[]," * 1_100_000 + b"[]]}", "too many pieces"),
        (b'"' * 9_000_000, "too many pieces"),
        (b"x" * (2 << 20), "larger than 1 MB"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_hopeless_files_get_one_sentence(read, data, words):
    with pytest.raises(UnreadableSubmission, match=words) as caught:
        read(data, file_mb=1 if data.startswith(b"xx") else 32)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_huge_numbers_and_constants_do_not_matter(read):
    data = (
        b'{"cells": [], "metadata": {"a": ' + b"9" * 100_000 + b', "b": NaN, "c": -Infinity, "d": 1e99999}}'
    )
    assert sources(read(data)) == []


def test_brackets_and_escapes_inside_texts_are_no_nesting(read):
    text = "[{" * 3000 + '\\"' + "\\"
    assert sources(read([code("s = " + repr(text))])) == ["s = " + repr(text)]


def test_deep_nesting_of_metadata_does_not_matter_below_the_bound(read):
    cell = code("x = 1")
    cell["metadata"]["deep"] = json.loads("[" * 80 + "]" * 80)
    assert sources(read([cell])) == ["x = 1"]


@pytest.mark.parametrize(
    "cell",
    [None, 5, "x", [], {}, {"cell_type": "code"}, {"cell_type": "code", "source": 5}, {"cell_type": [], "source": "x"},
     {"cell_type": "code", "source": ["a", 5]}, {"cell_type": "quantum", "source": "x"}],
)  # fmt: skip
def test_damaged_cells_are_left_out(read, cell):
    got = read([cell, code("x = 1")])
    assert sources(got) == ["x = 1"]
    assert got.notes[0] == "Cell 1 is damaged and was left out." or cell == {"cell_type": "code"}


@pytest.mark.parametrize(
    "metadata", [None, 5, [], {"nbgrader": 5}, {"nbgrader": {"grade_id": []}}, {"nbgrader": {"grade_id": {}}}]
)
def test_damaged_metadata_do_not_matter(read, metadata):
    assert sources(read([{"cell_type": "code", "metadata": metadata, "source": "x = 1"}])) == ["x = 1"]


def test_notes_are_bounded(read):
    got = read([None] * 1500)
    assert len(got.notes) == 40


def test_code_is_bounded(read):
    with pytest.raises(UnreadableSubmission, match="longer than 1 KB"):
        read([code("x = 1\n" * 500)], source_kb=1)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_only_ordinary_files_are_read(tmp_path, make):
    path = tmp_path / "a.ipynb"
    make(path)
    with pytest.raises(UnreadableSubmission, match="not an ordinary file"):
        read_submission(path, RELEASE)


def test_links_are_not_followed(tmp_path):
    (tmp_path / "secret").write_text("{}")
    (tmp_path / "a.ipynb").symlink_to(tmp_path / "secret")
    with pytest.raises(UnreadableSubmission, match="not an ordinary file"):
        read_submission(tmp_path / "a.ipynb", RELEASE)


def test_devices_and_missing_files(tmp_path):
    for path in ("/dev/zero", tmp_path / "none.ipynb", "a\0b", tmp_path / ("x" * 300)):
        with pytest.raises(UnreadableSubmission):
            read_submission(path, RELEASE)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
SOURCE = st.text(st.sampled_from("%!?\"'\\\n #()[]{}=ax1:")) | st.lists(st.text(max_size=5)) | ANY_JSON
CELL = ANY_JSON | st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown", "raw"]) | ANY_JSON, "source": SOURCE},
    optional={
        "metadata": st.fixed_dictionaries(
            {
                "nbgrader": st.fixed_dictionaries(
                    {"grade_id": st.sampled_from(["conv", "test_conv", "CONV-3"]) | ANY_JSON}
                )
            }
        )
        | ANY_JSON
    },
)


@settings(max_examples=200, deadline=None)
@given(st.lists(CELL, max_size=6))
def test_no_notebook_raises_anything_else(tmp_path_factory, cells):
    path = tmp_path_factory.mktemp("any") / "a.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    got = read_submission(path, RELEASE)
    assert set(got.answers) <= {"CONV-3"}
    for cell in got.cells:
        cell.source.encode()
    assert all(n.endswith(".") and "\n" not in n for n in got.notes)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_else(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "a.ipynb"
    path.write_bytes(data)
    with pytest.raises(UnreadableSubmission):
        read_submission(path, RELEASE)
