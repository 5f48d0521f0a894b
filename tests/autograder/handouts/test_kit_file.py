"""The student kit as a file: numpy alone runs it, the same data give the same, and what it must not hold is refused."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from autograder.handouts.kit import KitError, build_kit, public_exercise
from autograder.key import Key, KeyTrial

BLOCKED = [
    "autograder",
    "reference",
    "numba",
    "IPython",
    "nbformat",
    "jupytext",
    "matplotlib",
    "scipy",
    "nbgrader",
]


def test_the_kit_runs_with_numpy_alone(kit_with_variants, tmp_path):
    code = f"""
        import sys
        class Block:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] in {BLOCKED}:
                    raise ImportError(name)
        sys.meta_path.insert(0, Block())
        import backmark_kit as kit
        def square(x): return x ** 2, x
        def square_backward(dY, cache): return 2 * cache * dY
        assert kit.score("square_backward", globals()) == 3.0
        assert kit.readable("SQ-1", "3", "ada") == 1.0
        kit.show("SQ-1", "ada")
        kit.overview(globals())
    """
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        cwd=tmp_path, capture_output=True, text=True,
        env={"PATH": "", "PYTHONIOENCODING": "utf-8", "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert run.stderr == ""
    assert run.returncode == 0
    assert "Square $7$." in run.stdout


def test_the_kit_is_the_same_for_the_same_data(kit_text, public):
    assert build_kit("squares", public) == kit_text


@pytest.mark.parametrize("missing", ["points", "trials", "lookalikes", "results"])
def test_incomplete_public_data_are_refused(public, missing):
    del public["exercises"]["square"][missing]
    with pytest.raises(KitError, match=f"square.*{missing}"):
        build_kit("squares", public)


def test_an_object_in_the_public_data_is_refused(public):
    public["by_hand"]["SQ-1"]["parts"] = [object()]
    with pytest.raises(KitError, match="object"):
        build_kit("squares", public)


def test_lookalikes_must_answer_every_trial(public):
    public["exercises"]["square_backward"]["lookalikes"][0]["values"].pop()
    with pytest.raises(KitError, match="two-missing"):
        build_kit("squares", public)


def test_a_trial_that_is_not_public_never_enters_a_kit():
    hidden = KeyTrial("n", "g", "value", False, None, (), (), (), (), ())
    key = Key("square", "", "forward", (), None, ("y",), ((hidden,),))
    with pytest.raises(KitError, match="not public"):
        public_exercise(key, 2.0)
