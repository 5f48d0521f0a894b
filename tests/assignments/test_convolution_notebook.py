"""The convolution notebook: its solution earns everything, its blank form nothing, and both run cleanly.

The public data of the kit are written here from the lecture's examples, by hand.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import nbclient
import nbformat
import numpy as np
import pytest

from autograder.handouts.kit import build_kit
from autograder.handouts.notebook import build_release, build_solution_notebook, build_source, stale, to_text
from autograder.sandbox._script import Call, Foreign, Handle

ROOT = Path(__file__).resolve().parents[2]
SOLUTION = ROOT / "solutions" / "convolution.py"
ANSWERS = {
    "CARITH-1": {"size": "14", "fits": "no"},
    "CARITH-2": "456",
    "CONV-1": "1 2\n3 4",
    "CONV-2": "1 2\n3 4",
    "CONV-3": "[[1, 2], [3, 4]]",
    "CONV-4": "5 1\n8 4",
    "CONV-5": {"dX": "1 2\n3 4", "dW": "[[1, 2], [3, 4]]", "db": "5"},
}

X = np.array([[[1, 0, 2], [3, 1, 0], [0, 2, 1]], [[0, 1, 0], [1, 0, 1], [2, 0, 1]]], float)[None]
W = np.array([[[[1, 0], [0, 1]], [[0, 1], [1, 0]]], [[[-1, 1], [1, 0]], [[2, 0], [0, -1]]]], float)
B = np.array([1.0, -2.0])
Y = np.array([[[[5, 1], [8, 4]], [[0, 2], [-2, -2]]]], float)
DY = np.array([[[[1, 0], [0, 2]], [[0, 1], [-1, 0]]]], float)
DX = np.array([[[[1, -1, 1], [1, 3, 0], [-1, 0, 2]], [[0, 3, 0], [-1, 0, 1], [0, 3, 0]]]], float)
DW = np.array([[[[3, 0], [7, 3]], [[0, 3], [1, 2]]], [[[-3, 1], [1, -2]], [[0, 0], [-2, 1]]]], float)
DB = np.array([3.0, 0.0])
IMPULSE, NINE = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]], float), np.arange(1.0, 10.0).reshape(3, 3)
FOUR_SIX_NINE = np.array([[[[4, 6, 6, 4], [6, 9, 9, 6], [6, 9, 9, 6], [4, 6, 6, 4]]]], float)

# One row of four pixels and windows of two: the lecture's example, with a second row of zeros.
LOCAL_X = np.array([[[[1, 2, 3, 4], [0, 0, 0, 0]]]], float)
LOCAL_W = np.zeros((1, 3, 1, 1, 2, 2))
LOCAL_W[0, :, 0, 0, 0] = [[1, 0], [0, 1], [1, -1]]
LOCAL_B = np.array([0.0, 1.0, 2.0]).reshape(1, 3, 1)
LOCAL_DW = np.zeros((1, 3, 1, 1, 2, 2))
LOCAL_DW[0, :, 0, 0, 0] = [[1, 2], [4, 6], [9, 12]]


def trial(name, calls, expected, judged=None, forward=None, kind="value", facts=None):
    judged = tuple(range(len(calls))) if judged is None else judged
    return {
        "name": name, "group": name, "kind": kind, "public": True, "forward": forward, "calls": tuple(calls),
        "judged": judged, "expected": tuple(expected), "allowed64": tuple(bounds(e) for e in expected),
        "allowed32": tuple(bounds(e, 1e-3) for e in expected), "facts": facts or {},
    }  # fmt: skip


def bounds(expected, size=1e-9):
    return [bounds(e, size) for e in expected] if isinstance(expected, tuple) else size


def probe(forward, backward, inputs, more, upstream, rng):
    """Central differences of the student's own forward along one random direction per input."""
    calls = [
        Call(forward, (*inputs, *more), save="own", show=(0,)),
        Call(backward, (upstream, Handle("own", 1))),
    ]
    directions = [rng.choice([-1.0, 1.0], size=x.shape) for x in inputs]
    for i, v in enumerate(directions):
        for step in (0.5, -0.5, 0.25, -0.25):
            moved = [x + step * v if j == i else x for j, x in enumerate(inputs)]
            calls.append(Call(forward, (*moved, *more), show=(0,)))
    facts = {"directions": directions, "steps": [0.5, 0.25], "upstream": upstream}
    return trial("gradient of your own forward", calls, (), (), 0, "probe", facts)


def entry(points, trials, results, part="forward", needs=()):
    return {
        "title": "", "points": points, "part": part, "needs": list(needs), "rule": None, "results": results,
        "trials": trials, "lookalikes": [],
    }  # fmt: skip


KEPT = Foreign("kept")  # the cache stays with the student


def arithmetic(points):
    sizes = [(32, 5), (7, 3), (7, 3, 2), (7, 3, 3), (32, 3, 1, 1), (7, 3, 2, 1)]
    found = [(28, True), (5, True), (3, True), (2, False), (32, True), (4, True)]
    out = trial("lecture", [Call("conv_out", s) for s in sizes], found)
    params = [Call("conv_params", a) for a in ((3, 5, 1), (3, 5, 6), (3, 5, 6, False))]
    return {
        "conv_out": entry(points["conv_out"], [out], ["floor_size", "fits_exactly"]),
        "conv_params": entry(points["conv_params"], [trial("lecture", params, [76, 456, 450])], ["count"]),
    }


def one_image(points):
    corr = trial("impulse", [Call("corr2d", (IMPULSE, NINE, 1))], [NINE[::-1, ::-1]])
    conv = trial("impulse", [Call("conv2d_true", (IMPULSE, NINE, 1))], [NINE])
    return {
        "corr2d": entry(points["corr2d"], [corr], ["G"]),
        "conv2d_true": entry(points["conv2d_true"], [conv], ["G"]),
    }


def layer(points):
    rng = np.random.default_rng(3)
    two = Call("conv_forward", (X, W, B, 1, 0), save="f", show=(0,))
    ones = Call("conv_forward", (np.ones((1, 1, 7, 7)), np.ones((1, 1, 3, 3)), np.zeros(1), 2, 1), show=(0,))
    back = [two, Call("conv_backward", (DY, Handle("f", 1)))]
    inputs = [rng.normal(size=s) for s in ((2, 2, 4, 5), (2, 2, 3, 3), (2,))]
    upstream = rng.normal(size=(2, 2, 2, 3))
    forward = [
        trial("two channels", [two], [(Y, KEPT)]),
        trial("padding 1, stride 2", [ones], [(FOUR_SIX_NINE, KEPT)]),
    ]
    backward = [
        trial("two channels", back, [(Y, KEPT), (DX, DW, DB)], (0, 1), 0),
        probe("conv_forward", "conv_backward", inputs, (2, 1), upstream, rng),
    ]
    gradients = ["dX", "dW", "db"]
    return {
        "conv_forward": entry(points["conv_forward"], forward, ["Y", "cache"]),
        "conv_backward": entry(points["conv_backward"], backward, gradients, "backward", ["conv_forward"]),
    }


def local_layer(points):
    forward = Call("local_forward", (LOCAL_X, LOCAL_W, LOCAL_B, 1, 0), save="l", show=(0,))
    back = [forward, Call("local_backward", (np.array([[[[1.0, 2.0, 3.0]]]]), Handle("l", 1)))]
    y = np.array([[[[1.0, 4.0, 1.0]]]])
    dx, db = np.array([[[[1.0, 0, 5, -3], [0, 0, 0, 0]]]]), np.array([1.0, 2, 3]).reshape(1, 3, 1)
    forwards = [trial("lecture", [forward], [(y, KEPT)])]
    backwards = [trial("lecture", back, [(y, KEPT), (dx, LOCAL_DW, db)], (0, 1), 0)]
    gradients = ["dX", "dW", "db"]
    return {
        "local_forward": entry(points["local_forward"], forwards, ["Y", "cache"]),
        "local_backward": entry(
            points["local_backward"], backwards, gradients, "backward", ["local_forward"]
        ),
    }


def public():
    points = {
        q["id"]: q["points"] for q in tomllib.loads(SOLUTION.with_suffix(".toml").read_text())["question"]
    }
    exercises = arithmetic(points) | one_image(points) | layer(points) | local_layer(points)
    kinds = {"CARITH-2": "int", "CONV-1": "mat", "CONV-2": "mat", "CONV-3": "mat", "CONV-4": "ten"}
    parts = {q: [{"id": "result", "prompt": "", "kind": kind, "options": {}}] for q, kind in kinds.items()}
    parts["CARITH-1"] = [
        {"id": "size", "prompt": "", "kind": "int", "options": {}},
        {"id": "fits", "prompt": "", "kind": "mc1", "options": {"choices": ["yes", "no"]}},
    ]
    parts["CONV-5"] = [
        {"id": part, "prompt": "", "kind": kind, "options": {}}
        for part, kind in (("dX", "mat"), ("dW", "mat"), ("db", "int"))
    ]
    by_hand = {q: {"title": q, "points": points[q], "parts": p} for q, p in parts.items()}
    return {"title": "Convolution", "exercises": exercises, "by_hand": by_hand}


@pytest.fixture(scope="module")
def source():
    return build_source(SOLUTION)


def run(notebook, folder: Path):
    """Execute a notebook as Jupyter would, going on after errors."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "backmark_kit.py").write_text(build_kit("convolution", public()), encoding="utf-8")
    notebook = nbformat.reads(to_text(notebook), as_version=4)
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    client = nbclient.NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        allow_errors=True,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    return notebook


@pytest.fixture(scope="module")
def solved(source, tmp_path_factory):
    return run(build_solution_notebook(source, "ada", ANSWERS), tmp_path_factory.mktemp("solved"))


@pytest.fixture(scope="module")
def blank(source, tmp_path_factory):
    return run(build_release(source), tmp_path_factory.mktemp("blank"))


def nbgrader_score(cell):
    """Award points as nbgrader does: an error or stderr is 0, a number is itself, anything else is full."""
    for output in cell.outputs:
        if output.output_type == "error" or output.get("name") == "stderr":
            return 0.0
        if output.output_type == "execute_result":
            return float(output["data"]["text/plain"])
    return float(cell.metadata.nbgrader["points"])


def graded(notebook):
    return {
        c.metadata.nbgrader["grade_id"]: c
        for c in notebook.cells
        if c.metadata.get("nbgrader", {}).get("grade")
    }


def test_solution_earns_every_point(solved):
    scores = {name: nbgrader_score(cell) for name, cell in graded(solved).items()}
    assert scores == {name: cell.metadata.nbgrader["points"] for name, cell in graded(solved).items()}
    assert len(scores) == 15


def test_solution_runs_without_errors_and_stderr(solved):
    for cell in solved.cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", output


def test_solution_draws_its_pictures(solved):
    pictures = [c.id for c in solved.cells for o in c.get("outputs", []) if "image/png" in o.get("data", {})]
    assert pictures == [
        "plot-sliding-window",
        "plot-activation-maps",
        "plot-activation-cube",
        "plot-receptive-field",
    ]


def test_blank_earns_nothing(blank):
    assert {name: nbgrader_score(cell) for name, cell in graded(blank).items()} == dict.fromkeys(
        graded(blank), 0.0
    )


def test_blank_runs_from_top_to_bottom_without_an_error(blank):
    errors = [(c.id, o.evalue) for c in blank.cells for o in c.get("outputs", []) if o.output_type == "error"]
    assert errors == []


def test_feedback_comes_on_stdout_before_the_number(blank):
    for cell in graded(blank).values():
        # The kernel may send one text in several pieces when the machine is busy.
        *texts, number = cell.outputs
        assert {(o.output_type, o.name) for o in texts} == {("stream", "stdout")}, cell.source
        assert number.output_type == "execute_result"
        assert re.fullmatch(r"\d+\.\d+", number["data"]["text/plain"])


def test_no_cell_is_longer_than_a_screen(source):
    assert [
        (c["id"], c["source"].count("\n") + 1) for c in source["cells"] if c["source"].count("\n") + 1 > 42
    ] == []


def test_release_holds_no_solution(source):
    text = to_text(build_release(source))
    for secret in (
        "left // s + 1",
        "* W[f]) + b[f]",
        "H[::-1, ::-1]",
        "dXp[window]",
        "tensordot",
        "BEGIN SOLUTION",
    ):
        assert secret in to_text(source)
        assert secret not in text


def test_every_solution_cell_defines_just_its_function(source):
    cells = [c for c in source["cells"] if c["metadata"].get("nbgrader", {}).get("solution")]
    for cell in cells:
        assert re.findall(r"^def (\w+)", cell["source"], re.MULTILINE) == [
            cell["metadata"]["nbgrader"]["grade_id"]
        ]
        assert '"""' in cell["source"]


def test_pictures_are_locked_and_described_right_below(source):
    cells = source["cells"]
    plots = [i for i, c in enumerate(cells) if c["id"].startswith("plot-")]
    assert len(plots) == 4
    for i in plots:
        assert cells[i]["metadata"]["nbgrader"]["locked"]
        assert cells[i + 1]["source"].startswith("*Picture: "), cells[i]["id"]


def test_only_the_setup_cell_of_the_release_runs_at_grading(source):
    locked = [c for c in source["cells"] if c["metadata"].get("nbgrader", {}).get("locked")]
    run = [c["id"] for c in locked if c["cell_type"] == "code" and not c["metadata"]["nbgrader"]["grade"]]
    assert [i for i in run if "backmark" not in next(c for c in locked if c["id"] == i)["metadata"]] == [
        "setup"
    ]


def test_committed_assignments_are_what_solutions_build():
    assert stale(ROOT / "solutions", ROOT / "assignments") == []
