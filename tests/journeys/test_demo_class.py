"""The made-up class from end to end: every kind of hand-in is graded as it must be, and reports keep secrets."""

import json
import re
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import autograder.reports
from autograder.course import Course
from autograder.demo import run
from autograder.demo.submissions import CLASS
from autograder.exporting import export
from autograder.grading import grade
from autograder.loading import load_bundle
from autograder.marking import read_reports
from autograder.reports import FORMATS

SCHEMA = json.loads((Path(autograder.reports.__file__).parent / "report.schema.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def graded(once):
    """The graded class; what came out unexpectedly lies beside it."""

    def build(folder):
        shown = run(folder / "COURSE", workers=2)
        (folder / "unexpected.json").write_text(
            json.dumps([*shown.unexpected(), *([] if shown.tier else ["no tier"])])
        )

    return once("demo", build)


@pytest.fixture(scope="module")
def course(graded):
    return Course(graded / "COURSE")


@pytest.fixture(scope="module")
def reports(course):
    return {r.student: r for r in read_reports(course, "convolution")}


@pytest.mark.slow
def test_everything_in_the_class_is_found(graded, reports):
    assert json.loads((graded / "unexpected.json").read_text()) == []
    assert set(reports) == {p.id for p in CLASS}


@pytest.mark.parametrize("pupil", [p for p in CLASS if p.expects != "error"], ids=lambda p: p.id)
def test_marks_and_sums_of_each(pupil, reports):
    report = reports[pupil.id]
    assert report.status == "graded"
    assert report.score == pytest.approx(sum(v.points for v in report.verdicts), abs=1e-3)
    assert report.max_score == pytest.approx(sum(v.out_of for v in report.verdicts), abs=1e-3)
    assert all(len(v.hint) <= 3 and v.message for v in report.verdicts)
    assert not any("Traceback" in v.message for v in report.verdicts)


def test_every_report_fits_the_schema(course, reports):
    validator = jsonschema.Draft202012Validator(SCHEMA)
    files = sorted(course.reports("convolution").glob("*.json"))
    assert len(files) == len(reports)
    for path in files:
        validator.validate(json.loads(path.read_text(encoding="utf-8")))


def test_a_second_run_does_nothing(course):
    journal = course.journal("convolution").read_bytes()
    progress = grade(course, "convolution", workers=1, allow_weak=True)
    assert (progress.graded, progress.kept) == (0, len(CLASS))
    assert course.journal("convolution").read_bytes() == journal


@pytest.mark.parametrize(
    "form", sorted(set(FORMATS) - {"nbgrader"})
)  # nbgrader's gradebook has tests of its own
def test_every_format_takes_the_whole_class(course, form, tmp_path):
    written, incomplete = export(course, "convolution", form, tmp_path / form)
    assert written.files
    assert not incomplete


# --- secrets -------------------------------------------------------------------------------------

NUMBER = re.compile(r"(?<![\w.])-?\d+\.\d{5,}(?:e-?\d+)?(?![\w])")


def numbers_in(text):
    return np.array([float(n) for n in NUMBER.findall(text)])


def hidden_values(bundle):
    """Every number of every hidden trial: inputs, upstream gradients, expected results."""
    found = []
    for key in bundle.keys.values():
        for trial in (t for part in key.sets for t in part if not t.public):
            for value in (
                *(a for call in trial.calls for a in (*call.args, *call.kwargs.values())),
                *trial.expected,
            ):
                found += [np.ravel(a) for a in arrays(value)]
    return np.unique(np.concatenate(found))


def arrays(value):
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        yield value
    elif isinstance(value, (tuple, list)):
        for v in value:
            yield from arrays(v)


def shared(text, hidden):
    """Numbers of the text that are, to five digits, numbers of the hidden trials."""
    shown = numbers_in(text)
    places = np.clip(np.searchsorted(hidden, shown), 1, len(hidden) - 1)
    distance = np.minimum(np.abs(hidden[places] - shown), np.abs(hidden[places - 1] - shown))
    return shown[distance <= 1e-5 * np.abs(shown)]


@pytest.fixture(scope="module")
def hidden(course):
    return hidden_values(load_bundle(course, "convolution"))


def test_the_search_for_hidden_numbers_finds_one(hidden):
    assert len(hidden) > 5000
    value = hidden[len(hidden) // 3]
    assert len(shared(f'{{"got": {value!r}}}', hidden)) == 1
    assert len(shared(f"expected {value:.7f}, got 1.2345678 and 0.123456789e3", hidden)) >= 1


def test_no_hidden_number_is_in_any_report(reports, hidden):
    for report in reports.values():
        assert not len(shared(json.dumps(report.to_json()), hidden)), report.student


def test_no_hidden_number_is_on_any_page(course, hidden, tmp_path):
    written, _ = export(course, "convolution", "html", tmp_path / "html")
    pages = [p for p in written.files if p.suffix == ".html"]
    assert len(pages) > 20
    for page in pages:
        assert not len(shared(page.read_text(encoding="utf-8"), hidden)), page.name


def test_entries_that_are_shown_are_of_public_cases(reports):
    for report in reports.values():
        for verdict in report.verdicts:
            assert verdict.worst is None or verdict.check in {
                "worked example",
                "sizes quoted in the lectures",
                "counts quoted in the lectures",
            }


def test_students_pages_do_not_name_other_students(course, reports, tmp_path):
    export(course, "convolution", "html", tmp_path / "html")
    page = (tmp_path / "html" / "students" / "sofia.html").read_text(encoding="utf-8")
    others = [p.id for p in CLASS if p.id != "sofia"]
    assert not [o for o in others if re.search(rf"\b{o}\b", page)]


def test_forged_output_earns_nothing(reports):
    report = reports["wilhelm"]
    points = {q: sum(v.points for v in vs) for q, vs in report.questions().items()}
    assert points["conv_forward"] == 0
    assert report.score < report.max_score


def test_hostile_hand_ins_lose_only_their_own_function(reports):
    """An endless loop, a memory hog, an exit: the other functions of the same notebook keep their marks."""
    for student, question in (
        ("ursula", "conv_forward"),
        ("vera", "conv_forward"),
        ("xenia", "conv_backward"),
    ):
        points = {q: sum(v.points for v in vs) for q, vs in reports[student].questions().items()}
        full = {q: sum(v.out_of for v in vs) for q, vs in reports[student].questions().items()}
        assert points[question] == 0
        untouched = [q for q in full if q not in ("conv_forward", "conv_backward")]
        assert all(points[q] == pytest.approx(full[q]) for q in untouched), student
