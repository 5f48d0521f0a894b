"""Functions as students write them, with one mistake each: marks are lost, and the mistake is named.

Every file of the folder is an assignment; `# === exercise: name` begins a submission. What it does not define is right.
"""

import functools
import re
from pathlib import Path

import numpy as np
import pytest

from autograder.checks import judge
from autograder.exercises import EXERCISES
from autograder.keymaking import make_key, play_all
from autograder.naming import name_mistakes
from autograder.verdicts import verdicts

FILES = sorted((Path(__file__).parents[1] / "data" / "single_bugs").glob("*.py"))
SHARE = 0.9  # 0.8 is promised for code nobody has seen


def submissions(path):
    """Yield (exercise, name, source)."""
    for part in re.split(r"^# === ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        head, source = part.split("\n", 1)
        yield *head.strip().split(": "), source


def functions_of(exercise, source):
    """Run a submission; `truth` holds the right functions for what a student would have right."""
    right = EXERCISES[exercise].truth()
    namespace = {"np": np, "truth": right}
    exec(compile(source, f"<{exercise}>", "exec"), namespace)
    return right | {name: f for name, f in namespace.items() if callable(f)}


@functools.cache
def key_of(exercise):
    return make_key(EXERCISES[exercise], lambda i: np.random.default_rng([0, i]), sets=1)


def names_of(exercise, source):
    """Return the names given to a submission that must lose marks."""
    key = key_of(exercise)
    judgement = judge(key, 0, play_all(key, 0, functions_of(exercise, source)))
    named = name_mistakes(judgement)
    assert sum(v.points for v in verdicts(judgement, key.title, 10.0, named)) < 10 - 1e-6, exercise
    return [n.name for n in named]


def test_every_assignment_has_submissions():
    names = {path.stem for path in FILES}
    assert names == {p.stem for p in (Path(__file__).parents[2] / "solutions").glob("*.toml")}


@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning")
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_one_mistake_loses_marks_and_is_named(path):
    found = [(e, n, names_of(e, source)) for e, n, source in submissions(path)]
    missed = [row for row in found if row[1] not in row[2]]
    assert len(missed) <= (1 - SHARE) * len(found), missed
    assert [row for row in found if len(row[2]) > 4] == []
