"""Notebooks built from text: what is stripped, locked and signed, held equal to what nbgrader makes."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.handouts.notebook import (
    NotebookError,
    build,
    build_release,
    build_solution_notebook,
    build_source,
    checksum,
    fill_answer,
    main,
    personalise,
    stale,
    to_text,
)

ROOT = Path(__file__).resolve().parents[3]

TEXT = '''\
# %% [markdown]
# # A demo ({points:total}), `twice` {points:twice}

# %% tags=["student"]
student = ""

# %% nbgrader={"grade_id": "setup", "locked": true}
import math

# %% nbgrader={"grade_id": "show-Q-1", "locked": true}
kit.show("Q-1", student)

# %% deletable=false nbgrader={"grade_id": "Q-1"}
# answer: Q-1
answer = """

"""

# %% nbgrader={"grade_id": "test_Q-1", "grade": true, "locked": true}
kit.score("Q-1", globals())

# %% nbgrader={"grade_id": "twice", "solution": true}
def twice(x):
    """Return 2x."""
    if x:
        ### BEGIN SOLUTION
        y = 2 * x
        return y
        ### END SOLUTION
    return 0

# %% nbgrader={"grade_id": "test_twice", "grade": true, "locked": true}
assert twice(2) == 4
### BEGIN HIDDEN TESTS
assert twice(3) == 6
### END HIDDEN TESTS

# %% nbgrader={"grade_id": "whole", "solution": true}
secret = 1

# %% [markdown] nbgrader={"grade_id": "essay", "grade": true, "solution": true, "points": 1.5}
# The answer is long.

# %% [markdown] nbgrader={"grade_id": "task", "locked": true, "task": true, "points": 1}
# Do it.
#
# ### BEGIN MARK SCHEME
# One point for trying.
# ### END MARK SCHEME

# %% [markdown] nbgrader={"grade_id": "fixed", "locked": true}
# Read me: naïve Größe ≤ 3

# %%
# a cell of the student's own
scratch = 0
'''

TOML = """
[assignment]
name = "demo"
title = "Demo"

[[question]]
id = "Q-1"
points = 1

[[question]]
id = "twice"
points = 2.5
"""


def write(folder: Path, text=TEXT, toml=TOML, name="demo"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.toml").write_text(toml, encoding="utf-8")
    path = folder / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def source(tmp_path):
    return build_source(write(tmp_path / "solutions"))


def cell(notebook, name):
    return next(c for c in notebook["cells"] if c["id"] == name)


# --- checksums and stubs ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text", "grade", "solution", "locked", "points", "name", "md5"),
    [
        ("code", "assert conv(1) == 2", True, False, True, 2, "t1", "c8a18df58bca26b36d34eaaee689a7ce"),
        (
            "code",
            "# YOUR CODE HERE\nraise NotImplementedError()",
            False,
            True,
            False,
            None,
            "conv",
            "bc9f5b31e9a0e819559196117d717f76",
        ),
        ("markdown", "YOUR ANSWER HERE", True, True, False, 1.5, "essay", "14a4a06654bb3dcf38d72c6471cb0ab7"),
        ("markdown", "Read me", False, False, True, None, "ro", "2f81a1dbf645d9b21a8238da92fad6a1"),
    ],
)
def test_checksums_are_nbgraders(kind, text, grade, solution, locked, points, name, md5):
    nbgrader = {"grade": grade, "solution": solution, "locked": locked, "grade_id": name}
    nbgrader |= {} if points is None else {"points": points}
    assert checksum({"cell_type": kind, "source": text, "metadata": {"nbgrader": nbgrader}}) == md5


def test_a_solution_region_becomes_a_stub_at_its_indent(source):
    assert cell(build_release(source), "twice")["source"] == (
        'def twice(x):\n    """Return 2x."""\n    if x:\n'
        "        # YOUR CODE HERE\n        raise NotImplementedError()\n    return 0"
    )


def test_solution_cells_without_region_are_replaced_whole(source):
    release = build_release(source)
    assert cell(release, "whole")["source"] == "# YOUR CODE HERE\nraise NotImplementedError()"
    assert cell(release, "essay")["source"] == "YOUR ANSWER HERE"


def test_hidden_tests_and_mark_schemes_leave_the_release(source):
    assert cell(build_release(source), "test_twice")["source"] == "assert twice(2) == 4"
    assert cell(build_release(source), "task")["source"] == "Do it.\n"


def test_answer_cells_reach_students_as_they_are(source):
    answer = cell(build_release(source), "Q-1")
    assert answer["source"] == '# answer: Q-1\nanswer = """\n\n"""'
    assert answer["metadata"]["deletable"] is False
    assert "editable" not in answer["metadata"]


def test_tests_and_read_only_cells_are_locked_and_answers_cannot_be_deleted(source):
    release = build_release(source)
    for name in ("setup", "show-Q-1", "test_Q-1", "test_twice", "fixed"):
        assert (
            cell(release, name)["metadata"]["deletable"],
            cell(release, name)["metadata"]["editable"],
        ) == (False, False)
    assert cell(release, "twice")["metadata"]["deletable"] is False
    assert "editable" not in cell(release, "twice")["metadata"]


def test_the_source_stays_as_it_was(source):
    before = to_text(source)
    build_release(source)
    build_solution_notebook(source, "ada", {"Q-1": "1"})
    assert to_text(source) == before


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("        y = 2 * x\n", "        ### BEGIN SOLUTION\n", "twice.*inside another"),
        ("        ### END SOLUTION\n", "", "twice.*has no END SOLUTION"),
        ("import math", "### BEGIN SOLUTION\n### END SOLUTION", "no solution cell"),
        ("import math", "### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS", "wrong kind of cell"),
        ("import math", "### BEGIN MARK SCHEME\n### END MARK SCHEME", "wrong kind of cell"),
    ],
)
def test_misplaced_markers_are_named(tmp_path, old, new, sentence):
    assert old in TEXT
    with pytest.raises(NotebookError, match=sentence):
        build_release(build_source(write(tmp_path, TEXT.replace(old, new))))


# --- source -------------------------------------------------------------------------------------------


def test_points_come_from_the_toml(source):
    assert cell(source, "test_twice")["metadata"]["nbgrader"]["points"] == 2.5
    assert source["cells"][0]["source"] == "# A demo (3.5 points), `twice` 2.5 points"


def test_count_asks_a_question_several_times(tmp_path):
    toml = TOML.replace("points = 1\n", "points = 1\ncount = 2\n")
    with pytest.raises(NotebookError, match="Q-1_2"):
        build_source(write(tmp_path, toml=toml))
    again = '# %% nbgrader={"grade_id": "Q-1_2"}\nanswer = ""\n\n'
    again += '# %% nbgrader={"grade_id": "test_Q-1_2", "grade": true}\n1.0\n'
    source = build_source(write(tmp_path, TEXT + "\n" + again, toml))
    assert cell(source, "test_Q-1_2")["metadata"]["nbgrader"]["points"] == 1


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"grade_id": "twice"', '"grade_id": "thrice"', "'twice' has no answer cell"),
        ('"grade_id": "test_twice"', '"grade_id": "test_other"', "test_other"),
        ('"grade_id": "whole"', '"grade_id": "setup"', "'setup' is used by 2"),
        ('"grade_id": "whole"', '"grade_id": "not good"', "letters, digits"),
        ('"grade_id": "whole", ', "", "letters, digits"),
        ("{points:twice}", "{points:other}", "no question 'other'"),
    ],
)
def test_mistakes_in_the_text_are_named(tmp_path, old, new, sentence):
    assert old in TEXT
    with pytest.raises(NotebookError, match=sentence):
        build_source(write(tmp_path, TEXT.replace(old, new)))


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("[[question]\n", "cannot be read"),
        ('[[question]]\nid = "Q-1"\n', "needs an id"),
        ('[[question]]\nid = "Q-1"\npoints = true\n', "needs an id"),
        ('[[question]]\nid = "Q-1"\npoints = nan\n', "points nan"),
        ('[[question]]\nid = "Q-1"\npoints = -1\n', "points -1"),
        ('[[question]]\nid = "Q-1"\npoints = 1\n' * 2, "twice"),
        ('[[question]]\nid = "Q-1"\npoints = 1\ncount = 0\n', "count"),
    ],
)
def test_mistakes_in_the_toml_are_named(tmp_path, toml, sentence):
    with pytest.raises(NotebookError, match=sentence):
        build_source(write(tmp_path, toml=toml))


def test_a_missing_toml_is_named(tmp_path):
    path = write(tmp_path)
    path.with_suffix(".toml").unlink()
    with pytest.raises(NotebookError, match=r"demo\.toml is missing"):
        build_source(path)


def test_cell_ids_stay_when_another_cell_is_put_in(tmp_path, source):
    more = build_source(
        write(tmp_path / "more", TEXT.replace("# %% tags", "# %% [markdown]\n# New.\n\n# %% tags"))
    )
    ids = [c["id"] for c in source["cells"]]
    assert [c["id"] for c in more["cells"] if c["source"] != "New."] == ids
    assert len(set(ids)) == len(ids)


def test_equal_texts_give_equal_bytes(tmp_path):
    texts = [to_text(build_release(build_source(write(tmp_path / name)))) for name in "ab"]
    assert texts[0] == texts[1]
    nbformat.validate(nbformat.reads(texts[0], as_version=4))


# --- one reader's copy --------------------------------------------------------------------------------


def test_the_solution_notebook_has_no_markers_and_holds_the_answers(source):
    solution = build_solution_notebook(source, "ada", {"Q-1": "1 2\n3 4"})
    text = to_text(solution)
    assert "BEGIN" not in text
    assert "y = 2 * x" in text
    assert "twice(3) == 6" in cell(solution, "test_twice")["source"]
    assert cell(solution, "Q-1")["source"] == '# answer: Q-1\nanswer = """\n1 2\n3 4\n"""'
    assert cell(solution, "student")["source"] == 'student = "ada"'


@pytest.mark.parametrize("answer", ["1", 'say "no"', '"""', "back\\slash", "", "a\nb", 'ends in "'])
def test_filled_in_answers_read_back(source, answer):
    for given in (answer, {"M": answer, 'the "n"': "2"}):
        fill_answer(source, "Q-1", given)
        scope = {}
        exec(cell(source, "Q-1")["source"], scope)
        found = scope["answer"]
        if isinstance(given, str):
            assert found.strip("\n") == answer.strip("\n")
        else:
            assert {k: v.strip("\n") for k, v in found.items()} == {"M": answer.strip("\n"), 'the "n"': "2"}


@pytest.mark.parametrize(
    "student", ["ada", 'a"b', "back\\slash", "Zoë", "line\nbreak", '"; import os #', "🙂"]
)
def test_a_personal_copy_states_id_and_prompts(source, student):
    release = build_release(source)
    handout = personalise(release, student, {"Q-1": "Square **7**."})
    scope = {}
    exec(cell(handout, "student")["source"], scope)
    assert scope["student"] == student
    shown = cell(handout, "show-Q-1")
    assert (shown["cell_type"], shown["source"]) == ("markdown", "Square **7**.")
    assert "nbgrader" not in shown["metadata"]
    assert "nbgrader" not in cell(handout, "student")["metadata"]
    untouched = [c for c in handout["cells"] if c["id"] not in ("student", "show-Q-1")]
    assert untouched == [c for c in release["cells"] if c["id"] not in ("student", "show-Q-1")]
    to_text(handout)


@pytest.mark.parametrize("prompts", [{}, {"Q-1": "a", "Q-2": "b"}, {"Q-2": "b"}])
def test_prompts_must_be_those_of_the_release(source, prompts):
    with pytest.raises(NotebookError, match="Q-"):
        personalise(build_release(source), "ada", prompts)


# --- the folder assignments/ -----------------------------------------------------------------------------


def test_built_files_are_up_to_date_until_the_source_changes(tmp_path):
    path = write(tmp_path / "solutions")
    out = tmp_path / "assignments"
    assert {p.name for p in build(path, out)} == {"demo.ipynb", "assignment.toml"}
    assert stale(path.parent, out) == []
    path.write_text(TEXT.replace("# A demo", "# The demo"), encoding="utf-8")
    (problem,) = stale(path.parent, out)
    assert "demo.ipynb" in problem
    (out / "old").mkdir()
    assert any("old" in p for p in stale(path.parent, out))


def test_the_command_builds_and_checks(tmp_path, capsys):
    solutions, out = str(write(tmp_path / "solutions").parent), tmp_path / "assignments"
    out.mkdir()
    assert main([solutions, str(out), "--check"]) == 1
    assert main([solutions, str(out)]) == 0
    assert main([solutions, str(out), "--check"]) == 0
    write(tmp_path / "solutions", TEXT.replace("### END SOLUTION", ""))
    assert main([solutions, str(out)]) == 1
    assert "END SOLUTION" in capsys.readouterr().err


# --- nbgrader itself --------------------------------------------------------------------------------------

needs_nbgrader = pytest.mark.skipif(
    importlib.util.find_spec("nbgrader") is None, reason="nbgrader is not installed"
)


@needs_nbgrader
def test_nbgrader_makes_the_same_release(tmp_path):
    """generate_assignment, run by itself on our source notebooks, gives our cells and metadata."""
    sources = {
        "demo": build_source(write(tmp_path / "s")),
        "convolution": build_source(ROOT / "solutions" / "convolution.py"),
    }
    for name, source in sources.items():
        folder = tmp_path / "course" / "source" / "week1"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.ipynb").write_text(to_text(source), encoding="utf-8")
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "week1", "--CourseDirectory.root=."]
    tools = os.pathsep.join(
        [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    )  # nbgrader calls alembic
    home = {
        "PATH": tools,
        "HOME": str(tmp_path),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "jupyter"),
        "IPYTHONDIR": str(tmp_path / "ipython"),
    }
    run = subprocess.run(
        command, cwd=tmp_path / "course", capture_output=True, text=True, env=os.environ | home
    )
    assert run.returncode == 0, run.stderr
    for name, source in sources.items():
        made = nbformat.read(tmp_path / "course" / "release" / "week1" / f"{name}.ipynb", as_version=4)
        ours = build_release(source)
        assert [plain(c) for c in made["cells"]] == [plain(c) for c in ours["cells"]]
        assert made["metadata"]["kernelspec"] == ours["metadata"]["kernelspec"]


def plain(cell):
    return {k: cell[k] for k in ("cell_type", "id", "source", "metadata")} | {
        "outputs": cell.get("outputs", [])
    }
