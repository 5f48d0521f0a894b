"""Right functions in the styles of many students: full marks, and nothing is named.

Every file of the folder is an assignment, `odd` holds unusual results; `# === style` begins a program, which may
define one function or a whole assignment. `# %%` parts its cells.
"""

import builtins
import contextlib
import functools
import io
import re
from pathlib import Path

import numpy as np
import pytest

from autograder.checks import judge
from autograder.exercises import EXERCISES
from autograder.keymaking import make_key, play_all
from autograder.naming import name_mistakes
from autograder.verdicts import verdicts

FOLDER = Path(__file__).parents[1] / "data" / "right_programs"
FILES = sorted(FOLDER.glob("*.py"))


def programs(path):
    """Yield (style, source)."""
    for part in re.split(r"^# === ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        style, source = part.split("\n", 1)
        yield style.strip(), source


def defined_by(style, source):
    namespace = {"__name__": "student", "__builtins__": builtins, "np": np}
    for cell in re.split(r"^# %%.*$", source, flags=re.MULTILINE):
        exec(compile(cell, f"<{style}>", "exec"), namespace)
    return {name: found for name, found in namespace.items() if name in EXERCISES}


@functools.cache
def key_of(exercise):
    return make_key(EXERCISES[exercise], lambda i: np.random.default_rng([7, i]), sets=1)


def lost_by(exercise, functions):
    """Return what costs marks or is named: nothing, for a right program."""
    key = key_of(exercise)
    with contextlib.redirect_stdout(io.StringIO()):
        judgement = judge(key, 0, play_all(key, 0, functions))
    named = name_mistakes(judgement)
    found = verdicts(judgement, key.title, 10.0, named)
    full = sum(v.points for v in found) > 10 - 1e-9
    return [n.name for n in named] if full else [v.message for v in found if v.status == "wrong"]


def test_every_assignment_has_programs():
    notebooks = {p.stem for p in (Path(__file__).parents[2] / "solutions").glob("*.toml")}
    assert {path.stem for path in FILES} == notebooks | {"odd"}


def test_every_exercise_is_written_several_times():
    counts = dict.fromkeys(EXERCISES, 0)
    for path in FILES:
        for style, source in programs(path):
            for name in defined_by(style, source):
                counts[name] += 1
    assert {name for name, count in counts.items() if count < 2} == set()


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_right_programs_get_full_marks(path):
    found = {}
    for style, source in programs(path):
        functions = defined_by(style, source)
        assert functions, style
        found |= {(style, name): lost for name in functions if (lost := lost_by(name, functions))}
    assert found == {}
