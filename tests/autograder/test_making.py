"""Making an assignment: what is written, what is not, and that nobody's numbers ever change."""

import json
import stat

import pytest

from autograder.assignment import read_by_hand
from autograder.course import CourseError
from autograder.key import load_keys
from autograder.loading import load_bundle
from autograder.making import make, public_key


def numbers(course, assignment="tiny"):
    found = read_by_hand(course.keys(assignment) / "by-hand.jsonl")
    return {s: {i: (one.variant.params, one.hash) for i, one in own.items()} for s, own in found.items()}


def roster(course, *ids):
    path = course.root.parent / "new.csv"
    path.write_text("id\n" + "".join(f"{i}\n" for i in ids), encoding="utf-8")
    return path


# --- what is written -----------------------------------------------------------------------------


def test_the_folders_of_a_course(made):
    release = made.release("convolution")
    assert sorted(p.name for p in release.iterdir()) == [
        "backmark_kit.py",
        "convolution.ipynb",
        "variants.json",
    ]
    assert (made.root / "roster.csv").exists()
    assert sorted(p.name for p in made.keys("convolution").iterdir()) == [
        "assignment.toml",
        "by-hand.jsonl",
        "code.json",
        "code.npz",
        "release.json",
    ]
    assert (made.root / "source" / "convolution" / "convolution.ipynb").exists()
    assert list(made.students()) == ["ada", "ben", "cleo", "dan"]


def test_keys_are_for_staff_only(made):
    assert stat.S_IMODE((made.root / "keys").stat().st_mode) == 0o700
    assert stat.S_IMODE((made.root / "secret").stat().st_mode) == 0o600


def test_nothing_of_the_keys_lies_in_the_release(made, bundle):
    texts = [p.read_text(encoding="utf-8") for p in made.release("convolution").iterdir()]
    for own in bundle.by_hand.values():
        for one in own.values():
            assert not any(one.hash in text for text in texts)
    secret = (made.root / "secret").read_text().strip()
    assert not any(secret in text for text in texts)
    variants = json.loads((made.release("convolution") / "variants.json").read_text())
    assert not {"truth", "solution", "params"} & set(keys_of(variants))


def keys_of(data):
    if isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from keys_of(value)
    elif isinstance(data, list):
        for value in data:
            yield from keys_of(value)


def test_students_are_not_named_in_what_everybody_receives(made):
    variants = json.loads((made.release("convolution") / "variants.json").read_text())
    assert len(variants["students"]) == 4
    assert not {"ada", "ben", "cleo", "dan"} & set(keys_of(variants))


def test_public_cases_are_no_cases_of_the_key(bundle):
    from autograder.exercises import EXERCISES

    for name in ("conv_forward", "conv_backward", "corr2d"):
        public = {arrays_of(t) for t in public_key(EXERCISES[name]).sets[0]}
        hidden = {arrays_of(t) for part in bundle.keys[name].sets for t in part if not t.public}
        assert not public & hidden


def arrays_of(trial):
    return b"".join(a.tobytes() for call in trial.calls for a in call.args if hasattr(a, "tobytes"))


# --- again and again -----------------------------------------------------------------------------


def test_making_again_changes_nothing(tiny, tiny_folder):
    before = {
        p.relative_to(tiny.root): p.read_bytes()
        for p in tiny.root.rglob("*")
        if p.is_file() and p.suffix != ".npz"
    }
    again = make(str(tiny_folder), tiny.root)
    assert again.kept == again.students == 4
    hashes = load_bundle(tiny, "tiny").hashes("ada")
    assert {n: k.hash for n, k in load_keys(tiny.keys("tiny")).items()} == {
        n: hashes[n].split()[0] for n in ("conv_out", "corr2d")
    }
    assert before == {
        p.relative_to(tiny.root): p.read_bytes()
        for p in tiny.root.rglob("*")
        if p.is_file() and p.suffix != ".npz"
    }


@pytest.mark.parametrize(
    "order",
    [("dan", "ada", "new", "cleo", "ben"), ("aaa", "ada", "ben", "cleo", "dan", "zzz"), ("ben", "ada")],
)
def test_another_roster_keeps_everybodys_numbers(tiny, tiny_folder, order):
    before = numbers(tiny)
    result = make(str(tiny_folder), tiny.root, roster(tiny, *order))
    after = numbers(tiny)
    assert list(after) == list(order)
    assert result.kept == len(set(order) & set(before))
    assert all(after[s] == before[s] for s in set(before) & set(after))
    params = [json.dumps(own["CONV-1"][0], sort_keys=True) for own in after.values()]
    assert len(set(params)) == len(params)


def test_numbers_come_back_from_the_secret_alone(tiny, tiny_folder):
    before = numbers(tiny)
    (tiny.keys("tiny") / "by-hand.jsonl").unlink()
    assert make(str(tiny_folder), tiny.root).kept == 0
    assert numbers(tiny) == before


def test_a_mended_reference_changes_answers_but_never_numbers(tiny, tiny_folder):
    path = tiny.keys("tiny") / "by-hand.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    stale = [{**row, "truth": dict.fromkeys(row["truth"]), "hash": "0"} for row in rows]
    path.write_text("".join(json.dumps(row) + "\n" for row in stale))
    make(str(tiny_folder), tiny.root)
    assert [json.loads(line) for line in path.read_text().splitlines()] == rows


def test_two_courses_have_different_keys(tiny_folder, tiny_made, tmp_path):
    other = make(str(tiny_folder), tmp_path / "OTHER", tiny_made.root / "roster.csv").course
    assert numbers(other) != numbers(tiny_made)
    mine, theirs = load_keys(tiny_made.keys("tiny")), load_keys(other.keys("tiny"))
    assert all(mine[n].hash != theirs[n].hash for n in mine)


def test_a_copy_for_each_student(tiny, tiny_folder):
    result = make(str(tiny_folder), tiny.root, per_student=True)
    assert result.handouts == 4
    for student, own in numbers(tiny).items():
        folder = tiny.handout(student, "tiny")
        assert sorted(p.name for p in folder.iterdir()) == ["backmark_kit.py", "tiny.ipynb", "variants.json"]
        text = json.loads((folder / "tiny.ipynb").read_text())
        sources = ["".join(c["source"]) for c in text["cells"]]
        assert f'student = "{student}"' in sources
        assert own
        assert len(json.loads((folder / "variants.json").read_text())["students"]) == 1
    assert not any("NotImplementedError" not in s for s in sources if s.startswith("def "))


# --- what is refused -----------------------------------------------------------------------------


def test_a_class_needs_a_roster(tiny_folder, tmp_path):
    with pytest.raises(CourseError, match="--roster"):
        make(str(tiny_folder), tmp_path / "COURSE")


def test_an_unknown_assignment_leaves_no_folder_behind(tmp_path):
    with pytest.raises(CourseError, match="Did you mean convolution"):
        make("convolutions", tmp_path / "COURSE", tmp_path / "r.csv")
    assert not (tmp_path / "COURSE").exists()


@pytest.mark.parametrize("text", ["name\nada\n", "id\nada\nada\n", "id\n", "id\n../x\n"])
def test_an_unusable_roster_changes_nothing(tiny, tiny_folder, text):
    before = numbers(tiny)
    path = tiny.root.parent / "bad.csv"
    path.write_text(text)
    with pytest.raises(CourseError, match="roster"):
        make(str(tiny_folder), tiny.root, path)
    assert numbers(tiny) == before
    assert list(tiny.students()) == ["ada", "ben", "cleo", "dan"]


def test_a_place_that_cannot_be_written_is_named(tiny_folder, tiny_made, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CourseError, match="could not be written"):
        make(str(tiny_folder), tmp_path / "file" / "COURSE", tiny_made.root / "roster.csv")


def test_a_folder_without_its_notebook_is_refused(tiny_made, tmp_path):
    (tmp_path / "assignment.toml").write_text(
        '[assignment]\nname = "lone"\n[[question]]\nid = "conv_out"\npoints = 1\n'
    )
    with pytest.raises(CourseError, match=r"lone\.ipynb"):
        make(str(tmp_path), tmp_path / "COURSE", tiny_made.root / "roster.csv")


def test_a_key_stays_usable_when_the_assignment_grows(tiny, tiny_folder, tmp_path):
    """A question added later draws new numbers for it alone."""
    before = numbers(tiny)
    folder = tmp_path / "tiny"
    folder.mkdir()
    text = (
        (tiny_folder / "assignment.toml")
        .read_text()
        .replace('id = "CONV-1"\npoints = 1', 'id = "CONV-1"\npoints = 1\ncount = 2')
    )
    (folder / "assignment.toml").write_text(text)
    notebook = json.loads((tiny_folder / "tiny.ipynb").read_text())
    (folder / "tiny.ipynb").write_text(json.dumps(notebook))
    make(str(folder), tiny.root)
    after = numbers(tiny)
    assert all(set(own) == {"CONV-1", "CONV-1_2"} for own in after.values())
    assert all(after[s]["CONV-1"] == before[s]["CONV-1"] != after[s]["CONV-1_2"] for s in before)
