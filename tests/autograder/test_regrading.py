"""Judged again: only what changed, with who moves; what people decided outlives it and reaches every format."""

import contextlib
import csv
import json
import os
import re
import shutil

import pytest

import autograder.grading as grading
import autograder.judging as judging
from autograder.assignment import read_assignment
from autograder.course import Course, CourseError
from autograder.exporting import export
from autograder.grading import grade
from autograder.journal import Journal, read_journal
from autograder.loading import load_bundle
from autograder.making import make
from autograder.marking import read_reports
from autograder.model import Report, Verdict
from autograder.workers import Judge

HEADER = "assignment,student,question,points,author,reason,time\n"


class Here:
    """Judge in this process, and write down what was run."""

    ran: list = []  # noqa: RUF012 - one log for all, emptied by the fixture

    def __init__(self, root, name, _workers, allow_weak, *_loaded):
        self.judge = None
        self.args = (load_bundle(Course(root), name), allow_weak)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.judge is not None:
            self.judge.close()

    def run(self, jobs):
        for job in jobs:
            self.judge = self.judge or Judge(*self.args)
            Here.ran.append((job.student, None if job.previous is None else job.only))
            yield [(job, self.judge.judge(job))]


@pytest.fixture
def run(monkeypatch):
    """run(course): grade here; returns how it went and which questions of whom were judged (None: all)."""
    monkeypatch.setattr(grading, "Pool", Here)
    monkeypatch.setattr(grading, "open_sandbox", lambda *_, **_more: contextlib.nullcontext())

    def go(course, **more):
        Here.ran = []
        return grade(course, "tiny", allow_weak=True, **more), dict(Here.ran)

    return go


@pytest.fixture(scope="module")
def graded_once(tiny_made, tinies, once):
    """ada is right, ben's corr2d is wrong, cleo's file is torn, dan handed in nothing."""

    def build(folder):
        course = Course(shutil.copytree(tiny_made.root, folder / "TINY"))
        tinies.hand_in(course, "ada")
        tinies.hand_in(course, "ben", tinies.notebook("ben", corr2d="def corr2d(F, H, pad):\n    return F"))
        tinies.hand_in(course, "cleo", b"{")
        grade(course, "tiny", allow_weak=True)

    return Course(once("graded-once", build) / "TINY")


@pytest.fixture
def graded(graded_once, tmp_path):
    return Course(shutil.copytree(graded_once.root, tmp_path / "TINY"))


def marks(course):
    return {r.student: r.score if r.status == "graded" else r.status for r in read_reports(course, "tiny")}


def remake(course, tiny_folder, tmp_path, *changes):
    folder = shutil.copytree(tiny_folder, tmp_path / "again")
    text = (folder / "assignment.toml").read_text()
    for change in changes:
        text = text.replace(*change)
    (folder / "assignment.toml").write_text(text)
    make(str(folder), course.root)


def verdicts(course, student, question):
    report = next(r for r in read_reports(course, "tiny") if r.student == student)
    return [v.to_json() for v in report.verdicts if v.question == question]


# --- only what changed ---------------------------------------------------------------------------


def test_only_the_questions_that_changed_are_judged_again(graded, run, tiny_folder, tmp_path):
    kept = verdicts(graded, "ben", "conv_out"), verdicts(graded, "ben", "CONV-1")
    remake(graded, tiny_folder, tmp_path, ('id = "corr2d"\npoints = 3', 'id = "corr2d"\npoints = 5'))
    progress, ran = run(graded)
    assert ran == {"ada": ("corr2d",), "ben": ("corr2d",), "cleo": None}
    assert marks(graded) == {"ada": 8.0, "ben": 3.0, "cleo": "error"}
    assert kept == (verdicts(graded, "ben", "conv_out"), verdicts(graded, "ben", "CONV-1"))
    (move,) = progress.moves
    assert (move.student, move.before, move.after, move.by) == ("ada", 6.0, 8.0, 2.0)
    assert move.questions == {"corr2d": (3.0, 5.0)}
    progress, ran = run(graded)
    assert (ran, progress.moves, progress.kept) == ({}, [], 3)


def test_a_partial_judgement_is_the_whole_one(graded, run, tiny_folder, tmp_path):
    """What a regrade puts together is what judging everything would have given."""
    remake(graded, tiny_folder, tmp_path, ('id = "conv_out"\npoints = 2', 'id = "conv_out"\npoints = 4'))
    run(graded)
    pieced = [timeless(r) for r in read_reports(graded, "tiny")]
    _, ran = run(graded, regrade=True)
    assert ran == dict.fromkeys(("ada", "ben", "cleo"))
    assert pieced == [timeless(r) for r in read_reports(graded, "tiny")]


def timeless(report):
    text = json.dumps(report.to_json())
    data = json.loads(text)
    for part in (data, *data["verdicts"]):
        part.pop("duration_s")
    data.pop("started_at")
    return data


def test_a_question_taken_out_takes_its_verdicts_along(graded, run, tiny_folder, tmp_path):
    remake(graded, tiny_folder, tmp_path, ('[[question]]\nid = "corr2d"\npoints = 3\n', ""))
    progress, ran = run(graded)
    assert ran["ada"] == ()
    assert marks(graded)["ada"] == 3.0
    assert {m.student: m.questions for m in progress.moves} == {
        "ada": {"corr2d": (3.0, None)},
        "ben": {"corr2d": (0.0, None)},
    }


def test_a_regrade_that_finds_nothing_new_moves_nobody(graded, run):
    progress, ran = run(graded, regrade=True)
    assert set(ran) == {"ada", "ben", "cleo"}
    assert progress.moves == []
    assert not graded.journal("tiny").with_suffix(".regrade").exists()


def test_an_interrupted_regrade_goes_on_and_still_knows_who_moved(graded, run):
    """The marks are made to differ by changing what the journal says was given before."""
    lines = graded.journal("tiny").read_text()
    unsealed = re.sub(r', "crc": "[0-9a-f]{8}"', "", lines)  # as an earlier version wrote them
    graded.journal("tiny").write_text(unsealed.replace('"score": 6.0', '"score": 5.0'))

    def stop(report, kept):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(graded, regrade=True, on_report=stop)
    progress, ran = run(graded, regrade=True)
    assert set(ran) == {"ben", "cleo"}
    assert [(m.student, m.before, m.after) for m in progress.moves] == [("ada", 5.0, 6.0)]
    assert set(run(graded, regrade=True)[1]) == {"ada", "ben", "cleo"}


@pytest.mark.usefixtures("run")
def test_the_command_shows_who_moves_and_by_how_much(graded, backmark, tiny_folder, tmp_path):
    (graded.root / "course.toml").write_text(RULE)
    late(graded, "ben", "2026-11-20 13:00:00 UTC")
    by_hand(graded, "tiny,ben,conv_out,1,M. S.,why")
    remake(graded, tiny_folder, tmp_path, ('id = "corr2d"\npoints = 3', 'id = "corr2d"\npoints = 5'))
    said = backmark("grade", graded.root, "--assignment", "tiny", "--allow-weak")
    assert said.code == 1  # cleo's file
    rows = {line.split()[0]: line.split() for line in said.out.splitlines() if line}
    table = said.out[said.out.index("Who moves") :].splitlines()
    assert table[1].split() == ["student", "before", "after", "by", "questions"]
    assert table[2].split() == ["ada", "6", "8", "+2", "corr2d:", "3", "->", "5"]
    assert table[3].split() == ["ben", "1.4", "1.2", "-0.2"]  # 10 % of 8 instead of 6 are taken off
    assert "2 of those judged again move: 1 up, 1 down." in said.out
    assert "1 with points off for lateness, 1 with marks set by hand." in said.out
    assert "less" in said.out
    assert rows["cleo"][1] == "-"
    again = backmark("grade", graded.root, "--assignment", "tiny", "--allow-weak", "--regrade", "--quiet")
    assert "nobody's marks move" in again.out


# --- the judge's version -------------------------------------------------------------------------


def test_marks_of_two_judges_are_not_mixed(graded, run, monkeypatch):
    for module in (grading, judging):
        monkeypatch.setattr(module, "JUDGE_VERSION", 2)
    with pytest.raises(CourseError, match=r"version 1 of the judge.*version 2.*--regrade"):
        run(graded)
    _, ran = run(graded, regrade=True)
    assert set(ran) == {"ada", "ben", "cleo"}
    assert graded.judge() == 2
    assert "[lateness]" in (graded.root / "course.toml").read_text()
    assert run(graded)[1] == {}
    for module in (grading, judging):
        monkeypatch.setattr(module, "JUDGE_VERSION", 1)
    with pytest.raises(CourseError, match="newer Backmark"):
        run(graded, regrade=True)


def test_a_course_without_a_pin_is_held_to_its_journal(graded, run, monkeypatch):
    (graded.root / "course.toml").unlink()
    monkeypatch.setattr(grading, "JUDGE_VERSION", 2)
    with pytest.raises(CourseError, match="--regrade"):
        run(graded)
    run(graded, regrade=True)
    assert not (graded.root / "course.toml").exists()


def test_a_pin_that_is_no_number_is_named(graded, run):
    (graded.root / "course.toml").write_text('judge = "newest"')
    with pytest.raises(CourseError, match="whole number"):
        run(graded)


# --- lateness ------------------------------------------------------------------------------------

RULE = """judge = 1
[lateness]
penalty = 10
[assignment.tiny]
deadline = 2026-11-20T12:00:00
"""


def late(course, student, text):
    (course.root / "submitted" / student / "tiny" / "timestamp.txt").write_text(text)


def test_lateness_is_kept_apart_from_the_score_and_follows_the_rule_at_once(graded, run):
    (graded.root / "course.toml").write_text(RULE)
    late(graded, "ada", "2026-11-21 13:00:00 UTC")
    late(graded, "ben", "2026-11-20 11:00:00 UTC")
    progress, ran = run(graded)
    assert ran == {}
    reports = {r.student: r for r in read_reports(graded, "tiny")}
    assert (reports["ada"].score, reports["ada"].penalty) == (6.0, 1.2)  # two days begun: 20 % of 6
    assert reports["ada"].submission["submitted_at"] == "2026-11-21T13:00:00+00:00"
    assert reports["ada"].submission["clock"] == "timestamp.txt"
    assert any("2 days begun" in note for note in reports["ada"].notes)
    assert reports["ben"].penalty == 0
    assert progress.penalised == 1
    stored = read_journal(graded.journal("tiny"))["ada"]["report"]
    assert (stored["score"], stored["penalty"]) == (6.0, 0.0)
    (graded.root / "course.toml").write_text(RULE + '[assignment.tiny.extensions]\nada = "2 days"\n')
    assert {r.penalty for r in read_reports(graded, "tiny")} == {0.0}


def test_the_first_copy_of_a_file_tells_the_time(graded, run):
    (graded.root / "course.toml").write_text(RULE + "file_times = true\n")
    path = graded.root / "submitted" / "ada" / "tiny" / "tiny.ipynb"
    for student in ("ada", "ben"):
        os.utime(graded.root / "submitted" / student / "tiny" / "tiny.ipynb", (1795176000, 1795176000))
    run(graded)
    assert next(r for r in read_reports(graded, "tiny")).submission["clock"] == "file"
    os.utime(path, (1800000000, 1800000000))
    lines = graded.journal("tiny").read_bytes()
    progress, _ = run(graded)
    assert (progress.penalised, lines) == (0, graded.journal("tiny").read_bytes())


def test_a_rule_that_cannot_be_stops_before_anything_is_graded(graded, run):
    (graded.root / "course.toml").write_text("[lateness]\npenalty = 200")
    with pytest.raises(CourseError, match="percent"):
        run(graded)


# --- marks set by hand ---------------------------------------------------------------------------


def by_hand(course, *lines):
    (course.root / "overrides.csv").write_text(HEADER + "".join(f"{line}\n" for line in lines))


def test_marks_set_by_hand_outlive_every_regrade(graded, run, tiny_folder, tmp_path):
    by_hand(
        graded,
        "tiny,ben,corr2d,1,M. S.,draft",
        'tiny,ben,corr2d,"2,5",M. S.,"Nearly right, see paper",2026-11-26 10:00',
        "other,nobody,x,1,M. S.,another assignment",
    )
    assert marks(graded)["ben"] == 5.5
    remake(graded, tiny_folder, tmp_path, ('id = "conv_out"\npoints = 2', 'id = "conv_out"\npoints = 4'))
    progress, _ = run(graded)
    assert progress.by_hand == 1
    run(graded, regrade=True)
    assert marks(graded) == {"ada": 8.0, "ben": 7.5, "cleo": "error"}
    (verdict,) = verdicts(graded, "ben", "corr2d")
    assert (verdict["kind"], verdict["status"], verdict["points"], verdict["out_of"]) == (
        "manual",
        "partial",
        2.5,
        3.0,
    )
    assert verdict["credit_reason"] == "Set by M. S. on 2026-11-26 10:00: Nearly right, see paper"
    assert verdict["staff"]["judged"] == 0
    report = json.loads((graded.reports("tiny") / "ben.json").read_text())
    assert report["score"] == 7.5
    (graded.root / "overrides.csv").unlink()
    assert marks(graded)["ben"] == 5.0


def test_a_penalty_can_be_waived_or_set(graded, run):
    (graded.root / "course.toml").write_text(RULE)
    late(graded, "ada", "2026-11-21 13:00:00 UTC")
    run(graded)
    by_hand(graded, "tiny,ada,penalty,0,M. S.,Was ill.")
    report = next(r for r in read_reports(graded, "tiny") if r.student == "ada")
    assert (report.score, report.penalty) == (6.0, 0.0)
    assert "Was ill." in report.notes[-1]
    by_hand(graded, "tiny,ben,penalty,4,M. S.,Agreed.")
    assert next(r for r in read_reports(graded, "tiny") if r.student == "ben").penalty == 3.0


def test_what_no_machine_could_judge_can_be_marked_by_hand(graded, run):
    """cleo's file cannot be read; dan handed in on paper."""
    everything = ("CONV-1,1", "conv_out,2", "corr2d,0")
    by_hand(graded, *(f"tiny,{s},{q},M. S.,On paper." for s in ("cleo", "dan") for q in everything))
    assert marks(graded) == {"ada": 6.0, "ben": 3.0, "cleo": 3.0, "dan": 3.0}
    progress, _ = run(graded)
    assert (progress.by_hand, progress.failed) == (2, 0)
    assert json.loads((graded.reports("tiny") / "dan.json").read_text())["score"] == 3.0
    by_hand(graded, "tiny,dan,CONV-1,1,M. S.,On paper.")
    assert marks(graded)["dan"] == "error"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("tiny,adda,corr2d,1,M,why", "line 2: 'adda' is not in the roster. Did you mean ada"),
        ("tiny,ada,corr3d,1,M,why", "Did you mean corr2d"),
        ("tiny,ada,corr2d,4,M,why", "from 0 to 3"),
        ("tiny,ada,corr2d,-1,M,why", "from 0 to 3"),
        ("tiny,ada,corr2d,nan,M,why", "from 0 to 3"),
        ("tiny,ada,corr2d,,M,why", "from 0 to 3"),
        ("tiny,ada,corr2d,1,,why", "author is empty"),
        ("tiny,ada,corr2d,1,M,", "reason is empty"),
        ("tiny,ada,corr2d,1,M,why,yesterday", "is no time"),
        ("tiny", "is not in the roster"),
    ],
)
def test_a_line_that_cannot_be_is_a_sentence(graded, line, says):
    by_hand(graded, line)
    with pytest.raises(CourseError, match=says):
        read_reports(graded, "tiny")


@pytest.mark.parametrize(("content", "says"), [(b"student,points\n", "no column"), (b"\xff\xfe", "UTF-8")])
def test_a_file_that_cannot_be_read_is_a_sentence(graded, content, says):
    (graded.root / "overrides.csv").write_bytes(content)
    with pytest.raises(CourseError, match=says):
        read_reports(graded, "tiny")


def table(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_penalty_and_hand_set_marks_reach_every_format(graded, run, tmp_path):
    (graded.root / "course.toml").write_text(RULE)
    late(graded, "ben", "2026-11-20 13:00:00 UTC")  # one day begun: 10 % of 6 points
    run(graded)
    by_hand(graded, "tiny,ben,corr2d,2,M. S.,Nearly right.")  # 3 + 2 - 0.6
    for form in ("csv", "csv-long", "gradescope", "junit", "html"):
        export(graded, "tiny", form, tmp_path / form)
    row = next(r for r in table(tmp_path / "csv") if r["student"] == "ben")
    assert (row["score"], row["penalty"], row["corr2d"]) == ("5", "0.6", "2")
    verdict = next(
        r for r in table(tmp_path / "csv-long") if (r["student"], r["question"]) == ("ben", "corr2d")
    )
    assert (verdict["kind"], verdict["points"]) == ("manual", "2")
    assert "Set by M. S.: Nearly right." in verdict["credit_reason"]
    results = json.loads((tmp_path / "gradescope" / "ben" / "results.json").read_text())
    assert results["score"] == pytest.approx(4.4)
    assert "1 day begun" in results["output"]
    test = next(t for t in results["tests"] if t["name"].endswith("set by hand"))
    assert (test["score"], test["max_score"]) == (2.0, 3.0)
    assert "Nearly right." in test["output"]
    junit = (tmp_path / "junit").read_text()
    assert '<property name="penalty" value="0.6" />' in junit
    assert 'name="set by hand"' in junit
    assert "Set by M. S.: Nearly right." in junit
    page = (tmp_path / "html" / "students" / "ben.html").read_text()
    assert "4.4 / 6" in page
    assert "5 earned, less a penalty of 0.6" in page
    assert "Nearly right." in page


def test_marks_set_by_hand_reach_the_gradebook(course, hand_in, blank):
    """ada has full marks on everything; one question is set to nothing, and she was late."""
    pytest.importorskip("nbgrader", reason="nbgrader is not installed")
    from nbgrader.api import Gradebook

    hand_in(course, "ada", blank)
    assignment = read_assignment(course.keys("convolution"))
    full = [
        Verdict(name, name, "all", "value", "right", q.points, q.points, "Right.")
        for q in assignment.questions
        for name in q.names()
    ]
    report = Report("convolution", "ada", "graded", tuple(full), assignment.max_score, assignment.max_score)
    late_by_a_day = {"at": "2026-11-20T13:00:00+00:00", "clock": "list"}
    with Journal(course.journal("convolution")) as journal:
        journal.append({"student": "ada", "handed_in": late_by_a_day, "report": report.to_json()})
    (course.root / "course.toml").write_text(RULE.replace("tiny", "convolution"))
    last = full[-1]
    (course.root / "overrides.csv").write_text(HEADER + f"convolution,ada,{last.question},0,M. S.,Copied.\n")
    (counts,) = read_reports(course, "convolution")
    assert counts.score == pytest.approx(assignment.max_score - last.points)
    assert counts.penalty == pytest.approx(assignment.max_score / 10)
    export(course, "convolution", "nbgrader")
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as book:
        submission = book.find_submission("convolution", "ada")
        assert submission.score == pytest.approx(counts.score)
        assert submission.late_submission_penalty == pytest.approx(counts.penalty)
