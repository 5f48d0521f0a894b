"""Each assignment from `make` to the mark: the solution earns everything, the blank release nothing.

One test per assignment, because it executes the notebook: with nbgrader alone (public checks), with nbgrader and
Backmark's judge, and with `backmark grade`; all three must agree.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.answers import KINDS
from autograder.assignment import available, load_assignment, read_by_hand
from autograder.course import open_course
from autograder.grading import grade
from autograder.handouts.notebook import build_release, build_solution_notebook, build_source, stale, to_text
from autograder.making import make

pytest.importorskip("nbgrader")

from nbgrader.api import Gradebook

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(path.stem for path in (ROOT / "solutions").glob("*.py"))
TEN = {
    "graphs", "losses", "networks", "optimization", "normalization", "convolution", "resolution", "regularization",
    "evaluation", "capstone",
}  # fmt: skip


def source_of(name):
    return build_source(ROOT / "solutions" / f"{name}.py")


def test_the_ten_assignments_are_there():
    assert set(NAMES) == set(available()) == TEN


def test_committed_assignments_are_what_solutions_build():
    assert stale(ROOT / "solutions", ROOT / "assignments") == []


@pytest.mark.parametrize("name", NAMES)
def test_the_release_holds_no_line_of_a_solution(name):
    source, release = source_of(name), to_text(build_release(source_of(name)))
    outside, inside = [], []
    for cell in source["cells"]:
        within = False
        for line in cell["source"].split("\n"):
            within = within or "BEGIN SOLUTION" in line
            (inside if within else outside).append(line.strip())
            within = within and "END SOLUTION" not in line
    shown = "\n".join(outside)
    secret = {line for line in inside if len(line) > 14 and "SOLUTION" not in line and line not in shown}
    assert secret
    leaked = [line for line in secret if json.dumps(line)[1:-1] in release]
    assert leaked == []
    assert "BEGIN SOLUTION" not in release


@pytest.mark.parametrize("name", NAMES)
def test_cells_fit_on_a_screen_and_pictures_are_described(name):
    cells = source_of(name)["cells"]
    assert [c["id"] for c in cells if c["source"].count("\n") + 1 > 42] == []
    plots = [i for i, c in enumerate(cells) if c["id"].startswith("plot-")]
    assert plots
    undescribed = [cells[i]["id"] for i in plots if not cells[i + 1]["source"].startswith("*Picture")]
    assert undescribed == []


# --- the journey ---------------------------------------------------------------------------------


CONFIG = """
import sys
sys.path.insert(0, {root!r})
c = get_config()
c.CourseDirectory.root = {course!r}
c.ExecutePreprocessor.timeout = 300
c.Execute.timeout = 300
"""
JUDGED = "from autograder.nbgrader_plugin import PREPROCESSORS\nc.Autograde.autograde_preprocessors = PREPROCESSORS\n"
# Several commands in one process: loading nbgrader takes as long as its work. Of that, most goes into a grammar
# of internationalised addresses, which jsonschema does without.
NBGRADER = """
import json, os, sys
sys.modules["rfc3987_syntax"] = None
from nbgrader.apps import NbGraderApp
from traitlets.config import Application
for course, *command in json.loads(sys.argv[1]):
    os.chdir(course)
    NbGraderApp.launch_instance(command)
    type(Application.instance()).clear_instance()
"""


def hand_in(course, name, student, notebook):
    folder = course / "submitted" / student / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.ipynb").write_text(to_text(notebook), encoding="utf-8")
    for extra in load_assignment(name).files:
        (folder / extra).write_bytes((course / "release" / name / extra).read_bytes())
    for file in ("backmark_kit.py", "variants.json"):
        (folder / file).write_bytes((course / "release" / name / file).read_bytes())


def nbgrader(home, commands, fonts):
    """Run nbgrader commands one after the other, each a list of a course folder and its arguments."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "JUPYTER_NO_CONFIG": "1",
        "HOME": str(home),
        "MPLCONFIGDIR": str(fonts),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    done = subprocess.run(
        [sys.executable, "-c", NBGRADER, json.dumps(commands)],
        cwd=home, env=environment, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


def scores(course, name):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return {
            s.student.id: {g.cell.name: g.score for n in s.notebooks for g in n.grades}
            for s in gradebook.assignment_submissions(name)
        }


def complaints(notebook):
    """What a reader would stumble over: errors, and anything on stderr (warnings)."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                found.append(f"{cell.id}: {output.ename}: {output.evalue}")
            elif output.get("name") == "stderr":
                found.append(f"{cell.id}: {output.text[:300]}")
    return found


@pytest.fixture(scope="session")
def fonts(once):
    """Matplotlib's list of fonts: without one it makes one in every new home, and says so where that takes long."""

    def build(folder):
        list_fonts = [sys.executable, "-c", "import matplotlib.font_manager"]
        subprocess.run(list_fonts, env=os.environ | {"MPLCONFIGDIR": str(folder)}, check=True, capture_output=True)

    return once("fonts", build)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_from_make_to_the_mark(name, tmp_path, fonts):
    course = handed_in(name, tmp_path)
    judged = grade_all(course, name)
    check_marks(name, judged)

    for student in ("kurt", "emmy"):  # two are enough for nbgrader, which executes every cell
        shutil.rmtree(course / "submitted" / student)
    other = Path(shutil.copytree(course, tmp_path / "judged"))
    delete_a_test_cell(other / "submitted" / "ada" / name / f"{name}.ipynb")
    commands = []
    for folder, more in ((course, ""), (other, JUDGED)):
        config = CONFIG.format(root=str(ROOT), course=str(folder)) + more
        (folder / "nbgrader_config.py").write_text(config, encoding="utf-8")
        commands.append([str(folder), "generate_assignment", name, "--force", "--create"])
        commands.append([str(folder), "autograde", name, "--force"])
    nbgrader(tmp_path, commands, fonts)

    public = scores(course, name)
    points = load_assignment(name).max_score
    assert {s: sum(cells.values()) for s, cells in public.items()} == {"ada": points, "blank": 0.0}
    check_pages(course, name)
    plugin = scores(other, name)
    for student in ("ada", "blank"):
        ours = {}
        for v in judged[student]["verdicts"]:
            ours[f"test_{v['question']}"] = ours.get(f"test_{v['question']}", 0.0) + v["points"]
        assert plugin[student] == pytest.approx(ours)


def handed_in(name, tmp_path):
    """A course in which three students hand in the solution with their own typed answers, and one nothing."""
    course, roster = tmp_path / "course", tmp_path / "roster.csv"
    roster.write_text("id,first_name,last_name,email\nada,A,L,a@x\nkurt,K,G,k@x\nemmy,E,N,e@x\nblank,B,B,b@x\n")
    make(name, course, roster)
    source, variants = source_of(name), read_by_hand(course / "keys" / name / "by-hand.jsonl")
    for student in ("ada", "kurt", "emmy"):
        solution = build_solution_notebook(source, student, answers_of(variants.get(student, {})))
        hand_in(course, name, student, solution)
    hand_in(course, name, "blank", build_release(source))
    return course


def check_marks(name, judged):
    points, limit = load_assignment(name).max_score, load_assignment(name).limits.seconds
    less = {s: [(v["question"], v["message"]) for v in r["verdicts"] if v["status"] != "right"] for s, r in judged.items()}
    assert {s: less[s] for s in ("ada", "kurt", "emmy")} == {"ada": [], "kurt": [], "emmy": []}
    assert {s: r["score"] for s, r in judged.items()} == {"ada": points, "kurt": points, "emmy": points, "blank": 0.0}
    assert [r["notes"] for s, r in judged.items() if s != "blank"] == [[], [], []]
    assert judged["ada"]["duration_s"] < 0.2 * limit * len(load_assignment(name).code())


def check_pages(course, name):
    """What nbgrader executed runs cleanly and shows its pictures; the blank one stops where something is missing."""
    executed = {
        s: nbformat.read(course / "autograded" / s / name / f"{name}.ipynb", as_version=4) for s in ("ada", "blank")
    }
    assert complaints(executed["ada"]) == []
    assert [c for c in complaints(executed["blank"]) if "NotImplementedError" not in c] == []
    pictures = [c.id for c in executed["ada"].cells for o in c.get("outputs", []) if "image/png" in o.get("data", {})]
    assert len(set(pictures)) >= len([c for c in executed["ada"].cells if str(c.id).startswith("plot-")])


def delete_a_test_cell(path):
    """A deleted test cell costs nobody marks where Backmark judges."""
    notebook = nbformat.read(path, as_version=4)
    first = next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade"))
    notebook.cells.remove(first)
    path.write_text(to_text(notebook), encoding="utf-8")


def answers_of(own):
    """The right answers as typed text, by cell."""
    found = {}
    for instance, one in own.items():
        texts = {p.id: typed(p, one.variant.truth[p.id]) for p in one.variant.parts}
        found[instance] = texts if len(texts) > 1 else next(iter(texts.values()))
    return found


def typed(part, truth):
    return re.sub(r"\s+$", "", KINDS[part.kind].show(truth))


def grade_all(course, name):
    grade(open_course(course), name, None, workers=1)
    folder = course / "reports" / name
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
