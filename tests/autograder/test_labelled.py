"""Submissions like students write them, labelled by hand in their first line, judged through the sandbox.

Right ones get full marks on the functions they define; wrong ones lose marks on exactly the functions
labelled; of the wrong ones most are named as labelled.
"""

import json
from pathlib import Path

import pytest

from autograder.judging import judge_file

FILES = sorted((Path(__file__).parents[1] / "data" / "submissions" / "conv").glob("*.py"))
# The label names what the student did; one of ours says the same in other words.
SAME = {"true-convolution": "kernel-flipped-forward"}


def label_of(path):
    return json.loads(path.read_text(encoding="utf-8").splitlines()[0].removeprefix("#"))


def defined(path):
    text = path.read_text(encoding="utf-8")
    return [f for f in ("conv_out", "conv_forward", "conv_backward") if f"def {f}(" in text]


@pytest.fixture(scope="module")
def reports(bundle, box):
    return {path.name: judge_file(bundle, box, path, "ada") for path in FILES}


def lost(report, functions):
    full = {q: sum(v.out_of for v in vs) for q, vs in report.questions().items()}
    got = {q: sum(v.points for v in vs) for q, vs in report.questions().items()}
    return sorted(f for f in functions if got[f] < full[f] - 1e-6)


def test_there_are_labelled_submissions_of_every_class():
    assert {label_of(p)["class"] for p in FILES} == {"right", "wrong", "two", "consistent", "borderline"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_marks_are_lost_on_exactly_the_functions_labelled(path, reports):
    label, report = label_of(path), reports[path.name]
    assert report.status == "graded"
    wrong = label["functions_wrong"]
    if label["verdict"] == "borderline":
        assert label["recommend"] in ("right", "wrong")
        wrong = [] if label["recommend"] == "right" else label["strict_wrong"]
    found = lost(report, defined(path))
    # A wrong forward that spoils the backward through the cache is labelled there too, with its root apart.
    assert found == sorted(wrong), [
        (v.question, v.check, v.message) for v in report.verdicts if v.status == "wrong"
    ]


def named(report):
    return {name for v in report.verdicts for name in v.mistakes_consistent}


def explained(path, report):
    """Tell whether everything the label says was said."""
    label = label_of(path)
    wanted = {SAME.get(bug, bug) for bug in label["bug"].split("+")}
    consistent = any("right gradient of the function you wrote" in v.message for v in report.verdicts)
    return wanted <= named(report) and (label["class"] != "consistent" or consistent)


def test_most_wrong_submissions_are_named_as_labelled(reports):
    wrong = [p for p in FILES if label_of(p)["verdict"] == "wrong"]
    unnamed = {p.stem: sorted(named(reports[p.name])) for p in wrong if not explained(p, reports[p.name])}
    share = 1 - len(unnamed) / len(wrong)
    print(f"named as labelled: {share:.0%} of {len(wrong)}")
    assert share >= 0.8, f"named as labelled: {share:.0%} of {len(wrong)}; not: {unnamed}"


def test_right_submissions_are_never_named(reports):
    for path in FILES:
        if label_of(path)["verdict"] == "right":
            functions = defined(path)
            assert not {
                n
                for v in reports[path.name].verdicts
                if v.question in functions
                for n in v.mistakes_consistent
            }


def test_float32_is_accepted_with_a_note(reports):
    report = reports["borderline_01_float32-output.py"]
    assert any("float64" in v.message for v in report.questions()["conv_forward"])
