"""A tiny assignment: y = x^2 forward and backward, one by-hand question, and the kit built from them."""

from __future__ import annotations

import importlib.util
import itertools

import numpy as np
import pytest

from autograder.handouts.kit import build_kit, variants_text
from autograder.model import Part, Variant
from autograder.sandbox._script import Call, Foreign, Handle

COUNT = itertools.count()
X = np.array([1.0, -2.0, 3.0])
DY = np.array([0.5, 1.0, -2.0])


def trial(name, calls, expected, judged, **more):
    bound = [_bounds(e, 1e-12) for e in expected]
    loose = [_bounds(e, 1e-5) for e in expected]
    return {
        "name": name, "group": more.pop("group", name), "kind": "value", "public": True, "forward": None,
        "calls": tuple(calls), "judged": judged, "expected": tuple(expected), "allowed64": bound,
        "allowed32": loose, "facts": {},
    } | more  # fmt: skip


def _bounds(expected, size):
    return [_bounds(e, size) for e in expected] if isinstance(expected, tuple) else size


def square_public():
    """Public data of `square` (y = x^2 and a cache) and `square_backward` (dx = 2 x dy)."""
    own = (X**2, Foreign("kept"))
    forward = trial("three numbers", [Call("square", (X,), show=(0,))], [own], (0,))
    pair = [Call("square", (X,), save="f", show=(0,)), Call("square_backward", (DY, Handle("f", 1)))]
    backward = trial("three numbers", pair, [own, np.array([1.0, -4.0, -12.0])], (0, 1), forward=0)
    v = np.array([1.0, 1.0, -1.0])
    probe_calls = [
        Call("square", (X,), save="own", show=(0,)),
        Call("square_backward", (DY, Handle("own", 1))),
    ]
    probe_calls += [Call("square", (X + step * v,), show=(0,)) for step in (0.5, -0.5, 0.25, -0.25)]
    facts = {"directions": [v], "steps": [0.5, 0.25], "upstream": DY}
    probe = trial("your own forward", probe_calls, [], (), forward=0, kind="probe", facts=facts)
    lookalikes = [
        {
            "name": "two-missing", "what": "You returned x dy: the 2 of the derivative is missing.",
            "how": "Differentiate x^2 again and write it down before you code it.",
            "values": [(own, X * DY), None],
        },
        {
            "name": "dy-ignored", "what": "You ignored dY.", "how": "Multiply by dY.",
            "values": [(own, 2 * X), None],
        },
    ]  # fmt: skip
    shared = {"title": "Square", "points": 2.0, "needs": [], "rule": None}
    return {
        "title": "Squares",
        "exercises": {
            "square": shared
            | {"part": "forward", "results": ["y", "cache"], "trials": [forward], "lookalikes": []},
            "square_backward": shared
            | {
                "points": 3.0, "part": "backward", "needs": ["square"], "results": ["dx"],
                "trials": [backward, probe], "lookalikes": lookalikes,
            },
        },
        "by_hand": {
            "SQ-1": {"title": "A square", "points": 1.0, "parts": [part("x", "int")]},
            "SQ-2": {"title": "Two", "points": 2.0, "parts": [part("M", "mat"), part("n", "int")]},
        },
    }  # fmt: skip


def part(name, kind):
    return {"id": name, "prompt": f"Give {name}.", "kind": kind, "options": {}}


def variant(question="SQ-1", prompt="Square $7$.", truth=49):
    return Variant(
        question, "A square", prompt, (Part("x", "Give x.", "int"),), {"x": truth}, ("7 x 7",), {"n": 7}
    )


def load(text, folder):
    """Write a kit into a folder and import it under a name of its own."""
    path = folder / "backmark_kit.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(f"backmark_kit_{next(COUNT)}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def public():
    return square_public()


@pytest.fixture(scope="session")
def kit_text():
    return build_kit("squares", square_public())


@pytest.fixture
def kit(kit_text, tmp_path):
    return load(kit_text, tmp_path)


@pytest.fixture
def kit_with_variants(kit, tmp_path):
    (tmp_path / "variants.json").write_text(variants_text("squares", {"ada": [variant()]}), encoding="utf-8")
    return kit


@pytest.fixture
def load_kit(tmp_path):
    return lambda public: load(build_kit("squares", public), tmp_path)


@pytest.fixture
def ada():
    return variant()
