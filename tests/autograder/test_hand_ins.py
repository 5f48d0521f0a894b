"""What lies in the folder of hand-ins: found in order, never followed through a link, one row each."""

import json
import os
import shutil
from pathlib import Path

import pytest

from autograder.course import CourseError, valid_id
from autograder.grading import grade
from autograder.hand_ins import file_stem, find_submissions, fingerprint
from autograder.journal import write_whole
from autograder.model import Report

NOW = 1_700_000_000


def found(folder):
    return [(f.student, f.path.name, bool(f.notes)) for f in find_submissions(folder, "tiny")]


def put(folder, *parts):
    path = folder.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}")
    return path


def test_hand_ins_are_found_in_order_of_the_ids(tmp_path):
    for student in ("zoe", "ada", "Ben"):
        put(tmp_path, student, "tiny", "tiny.ipynb")
    put(tmp_path, "nobody", "other", "other.ipynb")
    put(tmp_path, "README.txt")
    put(tmp_path, ".git", "tiny", "tiny.ipynb")
    (tmp_path / "empty" / "tiny").mkdir(parents=True)
    assert found(tmp_path) == [
        ("Ben", "tiny.ipynb", False),
        ("ada", "tiny.ipynb", False),
        ("zoe", "tiny.ipynb", False),
    ]


def test_a_file_of_another_name_is_taken_with_a_note(tmp_path):
    put(tmp_path, "ada", "tiny", "tiny (1).ipynb")
    put(tmp_path, "ben", "tiny", "solution.py")
    put(tmp_path, "ben", "tiny", "backmark_kit.py")
    put(tmp_path, "cleo", "tiny", "tiny.ipynb")
    put(tmp_path, "cleo", "tiny", "old.ipynb")
    put(tmp_path, "dan", "tiny", "TINY.IPYNB")
    assert found(tmp_path) == [
        ("ada", "tiny (1).ipynb", True),
        ("ben", "solution.py", True),
        ("cleo", "tiny.ipynb", True),
        ("dan", "TINY.IPYNB", True),
    ]


def test_what_is_left_aside_and_what_is_there_instead_is_said(tmp_path):
    os.utime(put(tmp_path, "ada", "tiny", "a.ipynb"), (NOW, NOW))
    os.utime(put(tmp_path, "ada", "tiny", "b.ipynb"), (NOW - 1, NOW - 1))
    put(tmp_path, "ben", "tiny", "tiny.zip")
    put(tmp_path, "ben", "tiny", "timestamp.txt")
    put(tmp_path, "cleo", "tiny", "timestamp.txt")
    put(tmp_path, "dan", "tiny", "unpacked", "tiny.ipynb")
    notes = {f.student: f.notes for f in find_submissions(tmp_path, "tiny")}
    assert notes == {
        "ada": ("Expected a file named tiny.ipynb; 'a.ipynb' was taken instead. Left aside: 'b.ipynb'.",),
        "ben": ("Expected a file named tiny.ipynb; there is only 'tiny.zip'.",),
        "dan": ("Expected a file named tiny.ipynb; there is only 'unpacked'.",),
    }


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(CourseError, match="--submissions"):
        list(find_submissions(tmp_path / "nothing", "tiny"))


@pytest.mark.parametrize("shut", ["ada", "ada/tiny"])
def test_a_shut_folder_costs_one_row(tmp_path, monkeypatch, shut):
    """Archives can leave folders that their owner cannot enter; root, who can, is told the same here."""
    for student in ("ada", "zoe"):
        put(tmp_path, student, "tiny", "tiny.ipynb")
    ways = {"is_dir": Path.is_dir, "iterdir": Path.iterdir, "is_symlink": Path.is_symlink}

    def refused(name):
        def way(path):
            if path.is_relative_to(tmp_path / shut) and path != tmp_path / "ada":
                raise PermissionError(13, "Permission denied", str(path))
            return ways[name](path)

        return way

    for name in ways:
        monkeypatch.setattr(Path, name, refused(name))
    assert found(tmp_path) == [("ada", "tiny.ipynb", False), ("zoe", "tiny.ipynb", False)]


def test_odd_hand_ins_cost_one_row_each_and_never_follow_a_link(handed_in, tinies):
    """Links, pipes, folders and hostile names: an error with a sentence, and the others are graded."""
    home = handed_in.root / "submitted"
    outside = tinies.hand_in(handed_in, "ben").parent

    def empty(student):
        folder = home / student / "tiny"
        shutil.rmtree(home / student, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    (empty("ada") / "tiny.ipynb").symlink_to(outside / "tiny.ipynb")
    os.mkfifo(empty("cleo") / "tiny.ipynb")
    shutil.rmtree(home / "dan")
    (home / "dan").mkdir()
    (home / "dan" / "tiny").symlink_to(outside, target_is_directory=True)
    (home / "linked").symlink_to(home / "ben", target_is_directory=True)
    (empty("folder") / "tiny.ipynb").mkdir()
    hostile = [
        "-rf",
        "a\nb",
        "x" * 200,
        "%s%n",
        "<script>",
        "$(id)",
        "née",
        os.fsdecode(b"\xff\xfe"),
        "ada ",
        "a'b\"c",
    ]
    for name in hostile:
        tinies.hand_in(handed_in, name, tinies.notebook("ben"))
    rows = {}
    grade(
        handed_in, "tiny", workers=2, allow_weak=True, on_report=lambda r, _kept: rows.update({r.student: r})
    )
    assert set(rows) == {"ada", "ben", "cleo", "dan", "linked", "folder", "zeno", *hostile}
    assert rows["ben"].score == 6.0
    assert {r.status for s, r in rows.items() if s != "ben"} == {"error"}
    assert all(r.message for s, r in rows.items() if s != "ben")
    reports = handed_in.reports("tiny")
    assert len(list(reports.iterdir())) == len(rows)
    assert all(p.parent == reports and p.suffix == ".json" for p in reports.rglob("*"))
    for path in reports.iterdir():
        Report.from_json(json.loads(path.read_text(encoding="utf-8")))
    assert grade(handed_in, "tiny", allow_weak=True).graded == 0


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "x" * 300, "\ud800", "a\0b"])
def test_an_impossible_id_gets_a_name_of_its_own(name):
    stem = file_stem(name)
    assert stem.startswith("unknown-")
    assert file_stem(name) == stem != file_stem(name + "x")


def test_fingerprints_tell_contents_and_kinds_apart(tmp_path):
    one, two = put(tmp_path, "1"), put(tmp_path, "2")
    assert fingerprint(one) == fingerprint(two)
    two.write_text("[]")
    link = tmp_path / "link"
    link.symlink_to(one)
    os.mkfifo(tmp_path / "pipe")
    marks = {fingerprint(p) for p in (one, two, link, tmp_path, tmp_path / "pipe", tmp_path / "nothing")}
    assert len(marks) == 6


@pytest.mark.parametrize(
    ("files", "taken", "says"),
    [
        (("backmark_kit (1).py", "tiny (1).ipynb"), "tiny (1).ipynb", "'tiny (1).ipynb' was taken"),
        (("aa_helper.py", "tiny (2).ipynb"), "tiny (2).ipynb", "Left aside: 'aa_helper.py'"),
        (("a_blank.ipynb", "Tiny (1).ipynb"), "Tiny (1).ipynb", "Left aside: 'a_blank.ipynb'"),
        (("a.ipynb/", "b.ipynb"), "b.ipynb", "Left aside: 'a.ipynb'"),
        (("a.ipynb", "b.ipynb"), "b.ipynb", "Left aside: 'a.ipynb'"),  # the newer one
        (("tiny.ipynb", "tiny-Copy1.ipynb"), "tiny.ipynb", "Left aside: 'tiny-Copy1.ipynb'"),
        (("tiny.ipynb", "helper.py", "variants (1).json"), "tiny.ipynb", ""),
    ],
)
def test_of_several_files_the_one_that_is_meant_is_taken(tmp_path, files, taken, says):
    home = tmp_path / "ada" / "tiny"
    home.mkdir(parents=True)
    for age, name in enumerate(files):
        if name.endswith("/"):
            (home / name).mkdir()
        else:
            (home / name).write_text("{}")
            os.utime(home / name, (NOW + age, NOW + age))
    (found,) = find_submissions(tmp_path, "tiny")
    assert found.path == home / taken
    assert says in " ".join(found.notes)
    assert bool(found.notes) == bool(says)


@pytest.mark.parametrize("place", ["tiny.ipynb", "Tiny/tiny.ipynb", "tiny (1).ipynb"])
def test_a_notebook_beside_its_folder_is_not_lost(tmp_path, place):
    (tmp_path / "ada" / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "ada" / place).write_text("{}")
    (tmp_path / "ada" / "other.ipynb").write_text("{}")
    (found,) = find_submissions(tmp_path, "tiny")
    assert found.path == tmp_path / "ada" / place
    assert bool(found.notes) == ("/" not in place)


def test_the_longest_names_leave_room_for_what_is_put_around_them(tmp_path):
    assert valid_id("ä" * 100)
    assert not valid_id("ä" * 101)
    long = tmp_path / ("x" * 255)
    write_whole(long, b"all")
    assert long.read_bytes() == b"all"
    assert os.listdir(tmp_path) == [long.name]


def test_a_bare_name_is_written_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_whole(Path("quiz.html"), b"all")
    assert (tmp_path / "quiz.html").read_bytes() == b"all"
