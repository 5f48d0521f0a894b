"""Assignment files, each student's own numbers, and keys that do not move."""

import json

import pytest

from autograder.assignment import (
    Issued,
    available,
    code_keys,
    issue_by_hand,
    issued,
    load_assignment,
    read_assignment,
    read_by_hand,
)
from autograder.course import CourseError
from autograder.exercises import EXERCISES
from autograder.questions import QUESTIONS

SECRET, OTHER = bytes(range(32)), bytes(32)
STUDENTS = [f"s{i:02d}" for i in range(24)]


@pytest.fixture(scope="module")
def convolution():
    return load_assignment("convolution")


def issue(assignment, students, secret=SECRET):
    taken: dict[str, set[str]] = {}
    return {
        s: {i.instance: i for i in issue_by_hand(assignment, secret, s, taken, len(students))}
        for s in students
    }


@pytest.fixture(scope="module")
def issued_to_all(convolution):
    return issue(convolution, STUDENTS)


# --- assignment.toml -----------------------------------------------------------------------------


def write(tmp_path, text):
    (tmp_path / "assignment.toml").write_text(text, encoding="utf-8")
    return tmp_path


BASE = '[assignment]\nname = "a"\n'
ONE = '[[question]]\nid = "corr2d"\npoints = 1\n'


def test_every_assignment_that_comes_along_can_be_read():
    assert "convolution" in available()
    for name, folder in available().items():
        found = read_assignment(folder)
        assert found.name == name
        assert found.max_score > 0
        assert found.notebook.exists()
        assert len({q.id for q in found.questions}) == len(found.questions)


def test_code_and_by_hand_questions_are_told_apart(convolution):
    assert [q.id for q in convolution.code()] == [q.id for q in convolution.questions if q.id in EXERCISES]
    assert {q.id for q in convolution.by_hand()} <= set(QUESTIONS)
    assert len(convolution.code()) + len(convolution.by_hand()) == len(convolution.questions)


def test_an_unknown_assignment_suggests_the_nearest():
    with pytest.raises(CourseError, match="Did you mean convolution"):
        load_assignment("convolutoin")
    with pytest.raises(CourseError, match=r"Known: .*convolution"):
        load_assignment("zzz")


def test_an_assignment_of_ones_own_is_given_by_folder(tmp_path):
    write(
        tmp_path,
        BASE
        + '[[question]]\nid = "corr2d"\npoints = 3\n[[question]]\nid = "CONV-1"\npoints = 2\ncount = 3\n',
    )
    found = load_assignment(str(tmp_path))
    assert found.max_score == 9
    assert found.by_hand()[0].instances() == ("CONV-1", "CONV-1_2", "CONV-1_3")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BASE, "asks nothing"),
        ("", "asks nothing"),
        (BASE + '[[question]]\nid = "conv_forwrd"\npoints = 1\n', "Did you mean conv_forward"),
        (BASE + '[[question]]\nid = "corr2d"\n', "without id or points"),
        (BASE + "[[question]]\npoints = 1\n", "without id or points"),
        (BASE + '[[question]]\nid = "corr2d"\npoints = 1\nweight = 3\n', "unknown entry 'weight'"),
        (BASE + '[[question]]\nid = "corr2d"\npoints = -1\n', "points from 0 to"),
        (BASE + '[[question]]\nid = "CONV-1"\npoints = 1\ncount = 0\n', "count from 1 to"),
        (BASE + '[[question]]\nid = "corr2d"\npoints = "four"\n', "corr2d"),
        (BASE + '[[question]]\nid = "CONV-1"\npoints = 1\nlevel = 9\n', "level"),
        (
            BASE + '[[question]]\nid = "corr2d"\npoints = 1\n[[question]]\nid = "corr2d"\npoints = 1\n',
            "twice",
        ),
        (
            BASE + '[[question]]\nid = "corr2d"\npoints = 1\nweights = {behavior = 0.5}\n',
            "behaviour or consistent",
        ),
        (BASE + '[[question]]\nid = "corr2d"\npoints = 1\nweights = {consistent = 2}\n', "between 0 and 1"),
        (BASE + '[[question]]\nid = "corr2d"\npoints = inf\n', "points from 0 to"),
        (
            BASE + '[limits]\nseconds = "4"\n[[question]]\nid = "corr2d"\npoints = 1\n',
            "seconds must be a number",
        ),
        (BASE + '[limits]\nmemory_mb = 0\n[[question]]\nid = "corr2d"\npoints = 1\n', "memory_mb must be"),
        (
            BASE + '[limits]\nminutes = 3\n[[question]]\nid = "corr2d"\npoints = 1\n',
            "unknown limit 'minutes'",
        ),
        (BASE + "[limits]\nseconds = inf\n" + ONE, "seconds must be a number"),
        (BASE + '[limits]\npackages = "numpy"\n' + ONE, "must be a list of names"),
        (BASE + "[limits]\npackages = 5\n" + ONE, "must be a list of names"),
        (BASE + '[limits]\npackages = ["scipy.stats"]\n' + ONE, "must be a list of names"),
        ("limits = 5\n" + BASE + ONE, r"limits must be a table that begins with a line \[limits\]"),
        ("question = 5\n" + BASE, r"a line \[\[question\]\]"),
        (BASE + "[limit]\nseconds = 3\n" + ONE, r"unknown table \[limit\]. Did you mean limits"),
        (BASE + 'titel = "A"\n' + ONE, "unknown entry 'titel' in .assignment.. Did you mean title"),
        (BASE + 'files = "data.csv"\n' + ONE, "files in .assignment. must be a list"),
        (BASE + "title = 3\n" + ONE, "title in .assignment. must be a text"),
        (BASE + '[course]\npyton = "extra.py"\n' + ONE, "'pyton' in .course.. Did you mean python"),
        ("[assignment\n", r"assignment\.toml cannot be read"),
        ('[course]\npython = "extra.py"\n' + BASE, "extra.py"),
    ],
)
def test_mistakes_in_the_file_are_named(tmp_path, text, says):
    with pytest.raises(CourseError, match=says):
        read_assignment(write(tmp_path, text))


def test_the_courses_own_file_may_add_questions_and_its_errors_are_told(tmp_path):
    (tmp_path / "extra.py").write_text("raise RuntimeError('no such thing')\n")
    write(tmp_path, '[course]\npython = "extra.py"\n' + BASE + '[[question]]\nid = "corr2d"\npoints = 1\n')
    with pytest.raises(CourseError, match=r"extra\.py does not run: RuntimeError: no such thing"):
        read_assignment(tmp_path)
    (tmp_path / "extra.py").write_text("ADDED = 1\n")
    assert read_assignment(tmp_path).questions[0].id == "corr2d"


# --- each student's own numbers ------------------------------------------------------------------


def test_numbers_are_stable(convolution, issued_to_all):
    again = issue(convolution, STUDENTS)
    assert again == issued_to_all


def test_another_course_draws_other_numbers(convolution, issued_to_all):
    other = issue(convolution, STUDENTS[:2], OTHER)
    assert all(other[s] != issued_to_all[s] for s in other)


def test_no_two_students_share_an_instance_where_there_is_room(convolution, issued_to_all):
    for asked in convolution.by_hand():
        question = QUESTIONS[asked.id]
        if question.space[asked.level] < 4 * len(STUDENTS):
            continue
        params = [json.dumps(own[asked.id].variant.params, sort_keys=True) for own in issued_to_all.values()]
        assert len(set(params)) == len(STUDENTS), asked.id


def test_every_student_gets_every_instance_asked_for(convolution, issued_to_all):
    wanted = [i for q in convolution.by_hand() for i in q.instances()]
    assert all(list(own) == wanted for own in issued_to_all.values())


def test_a_student_never_gets_one_instance_twice(tmp_path):
    write(tmp_path, BASE + '[[question]]\nid = "CONV-1"\npoints = 1\ncount = 4\n')
    own = issue(read_assignment(tmp_path), ["ada"])["ada"]
    params = [json.dumps(one.variant.params, sort_keys=True) for one in own.values()]
    assert len(set(params)) == 4


def test_issued_variants_survive_json(issued_to_all):
    for one in issued_to_all["s00"].values():
        back = Issued.from_json(json.loads(json.dumps(one.to_json(), allow_nan=False)))
        assert back.to_json() == one.to_json()
        assert issued(back.student, back.instance, back.variant).hash == one.hash


def test_the_hash_follows_truth_and_points_of_view(issued_to_all):
    ada, ben = issued_to_all["s00"]["CONV-1"], issued_to_all["s01"]["CONV-1"]
    assert ada.hash != ben.hash
    assert issued("s00", "CONV-1", ben.variant).hash != ada.hash


# --- keys ----------------------------------------------------------------------------------------


def test_keys_belong_to_the_secret_and_are_stable(tmp_path):
    write(
        tmp_path,
        BASE + '[[question]]\nid = "corr2d"\npoints = 1\n[[question]]\nid = "conv_out"\npoints = 1\n',
    )
    assignment = read_assignment(tmp_path)
    first, again, other = (code_keys(assignment, s) for s in (SECRET, SECRET, OTHER))
    assert {n: k.hash for n, k in first.items()} == {n: k.hash for n, k in again.items()}
    assert all(first[n].hash != other[n].hash for n in first)
    assert set(first) == {"corr2d", "conv_out"}


def test_damaged_by_hand_keys_are_located(tmp_path, issued_to_all):
    path = tmp_path / "by-hand.jsonl"
    with pytest.raises(CourseError, match="backmark make"):
        read_by_hand(path)
    lines = [json.dumps(o.to_json()) for o in issued_to_all["s00"].values()]
    path.write_text("\n".join(lines) + "\n")
    assert set(read_by_hand(path)["s00"]) == set(issued_to_all["s00"])
    for damage in (
        "{",
        "[]",
        "3",
        json.dumps({**issued_to_all["s00"]["CONV-1"].to_json(), "schema": "backmark/by-hand/9"}),
        json.dumps({"schema": "backmark/by-hand/1"}),
    ):
        path.write_text("\n".join([lines[0], damage]) + "\n")
        with pytest.raises(CourseError, match=r"line 2|schema"):
            read_by_hand(path)
    path.write_bytes(b"\xff\xff\n")
    with pytest.raises(CourseError, match=r"by-hand\.jsonl"):
        read_by_hand(path)
