"""Make an assignment for a class: release, each student's numbers, keys, and what staff need.

Everything is written anew from the roster and the course's secret, so `make` can be repeated at any time:
students keep the numbers they have, because what was issued is read back and only posed again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autograder.assignment import (
    Assignment,
    Issued,
    certified,
    code_keys,
    issue_by_hand,
    issued,
    load_assignment,
    read_by_hand,
)
from autograder.course import Course, CourseError, Student, read_roster, read_toml
from autograder.exercises import EXERCISES, Exercise, wrong_submissions
from autograder.handouts import kit, kit_release
from autograder.instances import NoInstance, certificate, instance_key, issue, usual
from autograder.journal import write_whole
from autograder.judging import JUDGE_VERSION
from autograder.key import Key, KeyTrial, hashed, save_keys
from autograder.keymaking import make_key, play_all
from autograder.parallel import shared_out
from autograder.questions import QUESTIONS
from autograder.readings import read
from autograder.solutions import solution_file

PUBLIC_SEED = 20260101  # the public cases are the same in every course, and are in no key


@dataclasses.dataclass(frozen=True)
class Made:
    """What `make` wrote."""

    course: Course
    assignment: Assignment
    students: int
    kept: int
    handouts: int


def make(
    name: str,
    root: Path,
    roster: Path | None = None,
    *,
    per_student: bool = False,
    hints: bool = True,
    on_step: Callable[[str, int, int], None] = lambda _what, _done, _total: None,
) -> Made:
    """Write `root/release/<name>/`, `root/keys/<name>/`, `root/source/<name>/` and, if asked, handouts.

    Raises:
        CourseError: unknown assignment, unusable roster, or a folder that cannot be written.
    """
    assignment = load_assignment(name)
    course = Course(root)
    try:
        root.mkdir(parents=True, exist_ok=True)
        students = _roster(course, roster)
        secret = course.secret(create=True)
        variants, kept = _variants(course, assignment, secret, students, on_step)
        _write_release(course, assignment, variants, hints, on_step)
        _write_keys(course, assignment, code_keys(assignment, secret), variants)
        _write_source(course, assignment)
        _write_settings(course)
        handouts = _write_handouts(course, assignment, variants, on_step) if per_student else 0
    except OSError as error:
        raise CourseError(f"{error.filename or root} could not be written: {error.strerror}.") from None
    except NoInstance as none:
        raise CourseError(str(none)) from None
    return Made(course, assignment, len(students), kept, handouts)


def _roster(course: Course, given: Path | None) -> dict[str, Student]:
    own = course.root / "roster.csv"
    if given is None and not own.exists():
        raise CourseError("Who is in the class? Give a CSV with the column id: --roster roster.csv")
    students = read_roster(given or own)
    if given is not None and not (own.exists() and own.samefile(given)):
        write_whole(own, given.read_bytes())
    return students


SETTINGS = """# What this course has decided; see docs/marks.md of Backmark.
judge = {judge}  # the version of the judge that marks this course; `backmark grade --regrade` raises it
timezone = "UTC"  # of the times below and of lists without a time zone

# [lateness]
# penalty = 10          # percent of the points of an assignment, for each started
# per = "day"           # or "hour"
# grace_minutes = 15    # so much later costs nothing
# cap = 50              # percent, at most
# cut_off_days = 7      # so long after the deadline nothing counts any more

# [assignment.NAME]
# deadline = 2026-11-20T23:59:00
#
# [assignment.NAME.extensions]
# STUDENT = "3 days"
"""


def _write_settings(course: Course) -> None:
    """Begin course.toml, once; afterwards it belongs to whoever gives the course."""
    path = course.root / "course.toml"
    if not path.exists():
        write_whole(path, SETTINGS.format(judge=JUDGE_VERSION).encode())


# --- by-hand questions ---------------------------------------------------------------------------


def _variants(
    course: Course,
    assignment: Assignment,
    secret: bytes,
    students: Iterable[str],
    on_step: Callable[[str, int, int], None],
) -> tuple[dict[str, dict[str, Issued]], int]:
    """Draw or keep every student's variants, in the order of the roster."""
    students = list(students)
    path = course.keys(assignment.name) / "by-hand.jsonl"
    before = read_by_hand(path) if path.exists() else {}
    taken: dict[str, set[str]] = {}
    for old in (one for own in before.values() for one in own.values() if one.variant.question in QUESTIONS):
        question = QUESTIONS[old.variant.question]
        taken.setdefault(question.id, set()).add(instance_key(question, old.variant.params))
    wanted = {i: (q.id, q.level) for q in assignment.by_hand() for i in q.instances()}
    held = {
        student: {
            i: o
            for i, o in before.get(student, {}).items()
            if wanted.get(i) == (o.variant.question, o.variant.level)
        }
        for student in students
    }
    for asked in assignment.by_hand():
        usual(QUESTIONS[asked.id], asked.level)  # once, before processes are forked
    jobs = [(assignment, secret, student, held[student], len(students)) for student in students]
    found: dict[str, dict[str, Issued]] = {}
    for number, (student, own) in enumerate(zip(students, shared_out(_alone, jobs), strict=True), start=1):
        found[student] = _not_alike(assignment, secret, student, own, held[student], taken, len(students))
        on_step("numbers drawn", number, len(students))
    return found, sum(map(bool, held.values()))


def _alone(job: tuple[Assignment, bytes, str, Mapping[str, Issued], int]) -> dict[str, Issued]:
    """Draw one student's variants as if there were nobody else."""
    assignment, secret, student, old, cohort = job
    return _of_student(assignment, secret, student, old, {}, cohort)


def _not_alike(
    assignment: Assignment, secret: bytes, student: str, own: dict[str, Issued], old: Mapping[str, Issued],
    taken: dict[str, set[str]], cohort: int,
) -> dict[str, Issued]:  # fmt: skip
    """Keep what a student drew alone; a question somebody has the same of already is drawn again, knowing of them.

    Each question draws from a generator of its own, so the result is the same as drawing for one student after
    the other.
    """
    roomy = {q.id for q in assignment.by_hand() if q.has_room_for(cohort)}
    new = [o for i, o in own.items() if i not in old and o.variant.question in roomy]
    keys = {o.instance: instance_key(o.variant.question, o.variant.params) for o in new}
    alike = {o.variant.question for o in new if keys[o.instance] in taken.get(o.variant.question, ())}
    for o in new:
        if o.variant.question not in alike:
            taken.setdefault(o.variant.question, set()).add(keys[o.instance])
    if not alike:
        return own
    asked = tuple(q for q in assignment.questions if q.id in alike)
    again = issue_by_hand(dataclasses.replace(assignment, questions=asked), secret, student, taken, cohort)
    return own | {o.instance: o for o in again if o.instance not in old}


def _of_student(
    assignment: Assignment,
    secret: bytes,
    student: str,
    old: Mapping[str, Issued],
    taken: dict[str, set[str]],
    cohort: int,
) -> dict[str, Issued]:
    if len(old) == sum(q.count for q in assignment.by_hand()):
        return {i: _posed_again(o) for i, o in old.items()}
    fresh = {one.instance: one for one in issue_by_hand(assignment, secret, student, taken, cohort)}
    return fresh | {i: _posed_again(o) for i, o in old.items()}


def _posed_again(old: Issued) -> Issued:
    """Pose the stored numbers with today's reference: a mended reference never changes what students hold."""
    question = QUESTIONS[old.variant.question]
    variant = question.pose(dict(old.variant.params), question.op)
    again = issued(old.student, old.instance, dataclasses.replace(variant, level=old.variant.level))
    why = old.certificate if again.hash == old.hash else None
    return dataclasses.replace(again, certificate=why or certified(certificate(question, again.variant)))


# --- what students receive -----------------------------------------------------------------------


def _write_release(
    course: Course, assignment: Assignment, variants: Mapping[str, Mapping[str, Issued]], hints: bool,
    on_step: Callable[[str, int, int], None],
) -> None:  # fmt: skip
    folder = course.release(assignment.name)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / f"{assignment.name}.ipynb", release_text(assignment).encode())
    for extra in assignment.files:
        shutil.copyfile(assignment.folder / extra, folder / extra)
    write_whole(folder / "variants.json", _variants_text(assignment.name, variants).encode())
    on_step("student kit", 0, 1)
    write_whole(
        folder / kit.KIT_NAME, kit.build_kit(assignment.name, public_data(assignment, hints)).encode()
    )
    on_step("student kit", 1, 1)


def release_text(assignment: Assignment) -> str:
    """Return the released notebook: the built one, or built now from `<name>.py` in an instructor's own folder.

    Raises:
        CourseError: there is neither, or the text cannot be built.
    """
    text = assignment.folder / f"{assignment.name}.py"
    if assignment.notebook.exists() and not text.exists():
        return assignment.notebook.read_text(encoding="utf-8")
    if not text.exists():
        raise CourseError(
            f"{assignment.folder} holds neither {assignment.name}.py nor {assignment.name}.ipynb."
        )
    from autograder.handouts import notebook

    try:
        return notebook.to_text(notebook.build_release(notebook.build_source(text)))
    except notebook.NotebookError as error:
        raise CourseError(str(error)) from None


def _variants_text(name: str, variants: Mapping[str, Mapping[str, Issued]]) -> str:
    named = {
        s: [dataclasses.replace(o.variant, question=o.instance) for o in own.values()]
        for s, own in variants.items()
    }
    return kit.variants_text(name, named)


def public_data(assignment: Assignment, hints: bool = True, lookalikes: bool = True) -> dict[str, Any]:
    """Return the public cases of an assignment for its student kit, and how files are read and run."""
    exercises = {
        q.id: _public_exercise(EXERCISES[q.id], q.points, hints and lookalikes) for q in assignment.code()
    }
    by_hand = {
        i: _public_question(q.id, q.level, q.points) for q in assignment.by_hand() for i in q.instances()
    }
    grading = kit_release.grading_data(assignment.name, assignment.limits, release_text(assignment))
    shown = {"title": assignment.title, "hints": hints, kit_release.GRADING: grading}
    return shown | {"exercises": exercises, "by_hand": by_hand}


def _public_question(question: str, level: int, points: float) -> dict[str, Any]:
    """Describe the answer fields with an example's parts; the numbers come from variants.json."""
    variant = issue(QUESTIONS[question], np.random.default_rng(PUBLIC_SEED), level, set())
    return kit.public_statement(variant) | {"points": points}


def _public_exercise(task: Exercise, points: float, lookalikes: bool) -> dict[str, Any]:
    key = public_key(task)
    rows = []
    for mistake, functions in wrong_submissions(task) if lookalikes else ():
        values = _values(key.sets[0], play_all(key, 0, functions))
        if any(v is not None for v in values):
            rows.append({"name": mistake.name, "what": mistake.what, "how": mistake.how, "values": values})
    return kit.public_exercise(key, points, rows)


def public_key(task: Exercise) -> Key:
    """Return a key with public cases only: one trial of each group and kind, on numbers of its own."""
    full = make_key(task, lambda _set: np.random.default_rng(PUBLIC_SEED), sets=1)
    chosen: dict[tuple[str, str], KeyTrial] = {}
    for trial in full.sets[0]:
        chosen.setdefault((trial.kind, trial.group), dataclasses.replace(trial, public=True))
    return hashed(dataclasses.replace(full, sets=(tuple(chosen.values()),)))


def _values(trials: Iterable[KeyTrial], outcomes: list[Any]) -> list[Any]:
    """Per trial one value per judged call, None where the mistake does not apply."""
    values: list[Any] = []
    start = 0
    for trial in trials:
        seen = read(trial, outcomes[start : start + len(trial.calls)])
        own = [seen[i] for i in trial.judged]
        start += len(trial.calls)
        ok = trial.kind != "probe" and own and all(o.status == "ok" and o.value is not None for o in own)
        values.append([o.value for o in own] if ok else None)
    return values


# --- what staff keep -----------------------------------------------------------------------------


def _write_keys(
    course: Course,
    assignment: Assignment,
    keys: Mapping[str, Key],
    variants: Mapping[str, Mapping[str, Issued]],
) -> None:
    folder = course.keys(assignment.name)
    folder.mkdir(parents=True, exist_ok=True)
    os.chmod(course.root / "keys", 0o700)
    save_keys(folder, assignment.name, keys)
    lines = [json.dumps(one.to_json(), sort_keys=True) for own in variants.values() for one in own.values()]
    write_whole(folder / "by-hand.jsonl", ("\n".join(lines) + "\n" if lines else "").encode(), 0o600)
    write_whole(folder / "assignment.toml", _own_toml(assignment).encode())
    released = (course.release(assignment.name) / f"{assignment.name}.ipynb").read_bytes()
    stamp = {"schema": "backmark/release/1", "sha256": hashlib.sha256(released).hexdigest()}
    write_whole(folder / "release.json", (json.dumps(stamp) + "\n").encode())


def _own_toml(assignment: Assignment) -> str:
    """Copy assignment.toml; the instructor's own Python file is then named by its full path."""
    text = (assignment.folder / "assignment.toml").read_text(encoding="utf-8")
    own = str(read_toml(assignment.folder / "assignment.toml").get("course", {}).get("python", ""))
    lines = []
    for line in text.splitlines():
        name, equals, _ = line.partition("=")
        if equals and name.strip() == "python":
            line = f"python = {json.dumps(str((assignment.folder / own).resolve()))}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def _write_source(course: Course, assignment: Assignment) -> None:
    """Keep nbgrader's source notebook beside the release, where the text form of the assignment is at hand."""
    text = assignment.folder / f"{assignment.name}.py"
    if not text.exists():
        try:
            text = solution_file(assignment.name)
        except CourseError:
            return
    from autograder.handouts import notebook  # brings jupytext and nbformat, which take a second to load

    folder = course.root / "source" / assignment.name
    folder.mkdir(parents=True, exist_ok=True)
    source = notebook.to_text(notebook.build_source(text))
    write_whole(folder / f"{assignment.name}.ipynb", source.encode())


def _share(source: Path, target: Path) -> None:
    """Let a student's folder hold a file that is the same for all, without a copy of its own where possible."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _write_handouts(
    course: Course,
    assignment: Assignment,
    variants: Mapping[str, Mapping[str, Issued]],
    on_step: Callable[[str, int, int], None],
) -> int:
    from autograder.handouts import notebook

    release = json.loads(release_text(assignment))
    for number, (student, own) in enumerate(variants.items(), start=1):
        folder = course.handout(student, assignment.name)
        folder.mkdir(parents=True, exist_ok=True)
        prompts = {i: kit.prompt_text(one.variant) for i, one in own.items()}
        personal = notebook.personalise(release, student, prompts)
        (folder / f"{assignment.name}.ipynb").write_text(notebook.to_text(personal), encoding="utf-8")
        for extra in (kit.KIT_NAME, *assignment.files):
            _share(course.release(assignment.name) / extra, folder / extra)
        (folder / "variants.json").write_text(
            _variants_text(assignment.name, {student: own}), encoding="utf-8"
        )
        on_step("handouts written", number, len(variants))
    return len(variants)
