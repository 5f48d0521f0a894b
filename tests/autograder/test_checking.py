"""`backmark check`: what a student sees before handing in."""

import base64
import hashlib
import importlib.util
import json
import os
import re
import shutil
import zlib

import pytest

from autograder.course import CourseError
from autograder.handouts.kit_release import GRADING, grading_data, read_grading
from autograder.judging import judge_file, open_sandbox
from autograder.loading import load_bundle
from autograder.sandbox import read_submission, wire


@pytest.fixture
def saved(made, tmp_path, solved):
    """saved(notebook): the student's folder, with the kit beside it."""

    def save(content, kit=True, name="convolution.ipynb"):
        folder = tmp_path / "mine"
        folder.mkdir(exist_ok=True)
        if kit:
            for part in ("backmark_kit.py", "variants.json"):
                shutil.copy(made.release("convolution") / part, folder / part)
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return save


@pytest.mark.parametrize("kit", [True, False])
def test_the_solution_passes_every_public_check(backmark, saved, solved, kit):
    path = saved(solved("ada"), kit)
    said = backmark("check", path)
    assert said.code == 0
    for line in said.out.splitlines():
        if "public checks pass" in line:
            passed, total = [int(w) for w in line.split() if w.isdigit()][-2:]
            assert passed == total > 0
    assert hashlib.sha256(path.read_bytes()).hexdigest() in said.out
    assert "ada" in said.out
    assert said.out.count("public checks pass") == 8


def test_a_mistake_is_named_on_the_public_cases_unless_told_not_to(backmark, saved, solved, cell_of):
    notebook = solved("ada")
    source = cell_of(notebook, "conv_params")["source"]
    assert "+ (1 if bias else 0)" in source
    cell_of(notebook, "conv_params")["source"] = source.replace("+ (1 if bias else 0)", "")
    path = saved(notebook)
    said, quiet = backmark("check", path), backmark("check", path, "--no-hints")
    assert said.code == quiet.code == 0
    hint = next(line for line in said.out.splitlines() if "bias" in line and "You" in line)
    assert hint.strip() not in quiet.out
    for output in (said.out, quiet.out):
        assert "conv_params: 2 of 4" in output


def test_the_blank_notebook_is_read_and_told_what_is_missing(backmark, saved, blank):
    said = backmark("check", saved(blank))
    assert said.code == 0
    assert "not filled in" in said.out
    assert said.out.count("not defined") + said.out.count("not implemented") >= 8


def test_typed_answers_are_readable_or_not_never_right_or_wrong(backmark, saved, solved, cell_of):
    notebook = solved("ada", wrong=True)
    cell_of(notebook, "CARITH-2")["source"] = '# answer: CARITH-2\nanswer = """many"""'
    said = backmark("check", saved(notebook))
    lines = [line for line in said.out.splitlines() if line.startswith(("CARITH", "CONV-"))]
    assert any("CARITH-2" in line and "read" in line.lower() for line in said.out.splitlines())
    assert not any(word in " ".join(lines).lower() for word in ("wrong", "correct"))


def test_the_receipt_counts_cells_and_notes_what_went_wrong(backmark, saved, solved, cell_of):
    notebook = solved("ada")
    cell_of(notebook, "conv_out")["source"] = "%timeit 3\nimport torch\n1 / 0"
    said = backmark("check", saved(notebook))
    assert "Receipt for convolution.ipynb, assignment convolution" in said.out
    assert "ModuleNotFoundError" in said.out or "torch is not available" in said.out
    assert "only works in a notebook" in said.out


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"cells": 1}', b"[1, 2]"])
def test_an_unreadable_file_is_told_and_ends_with_one(backmark, saved, content):
    said = backmark("check", saved(content))
    assert said.code == 1
    assert "convolution.ipynb could not be graded" in said.out
    assert "Traceback" not in said.out + said.err


def test_hostile_code_harms_neither_the_check_nor_the_machine(backmark, saved, solved, tmp_path):
    notebook = solved("ada")
    target = tmp_path / "harm"
    for source in ("import os\nos._exit(0)", "while True:\n    pass"):
        notebook["cells"].insert(
            3,
            {
                "cell_type": "code",
                "metadata": {},
                "source": f"open({str(target)!r}, 'w')\n{source}",
                "outputs": [],
                "execution_count": None,
            },
        )
        said = backmark("check", saved(notebook))
        assert said.code == 0
        assert "Receipt" in said.out
        assert "Traceback" not in said.out
        del notebook["cells"][3]
    assert not target.exists()


def test_a_file_of_another_name_asks_for_its_assignment(backmark, saved, solved):
    path = saved(solved("ada"), kit=False, name="final_v3.ipynb")
    said = backmark("check", path)
    assert said.code == 2
    assert "--assignment" in said.err
    assert backmark("check", path, "--assignment", "convolution").code == 0


def test_a_kit_is_read_and_never_run(backmark, saved, solved, cell_of, tmp_path):
    """Staff who check a hand-in have a stranger's kit beside it."""
    notebook = solved("ada")
    cell_of(notebook, "conv_out")["source"] = "def conv_out(n, k, s=1, p=0, d=1):\n    return (n, True)\n"
    path = saved(notebook)
    kit = path.parent / "backmark_kit.py"
    harm = tmp_path / "harm"
    kit.write_text(f"open({str(harm)!r}, 'w')\n" + kit.read_text() + f"\nopen({str(harm)!r}, 'w')\n")
    said = backmark("check", path)
    assert said.code == 0
    assert "Receipt" in said.out
    assert not harm.exists()


def test_a_damaged_kit_is_told(backmark, saved, solved):
    path = saved(solved("ada"))
    (path.parent / "backmark_kit.py").write_text("import nothing_like_it\n")
    said = backmark("check", path)
    assert said.code == 2
    assert "backmark_kit.py" in said.err
    assert "download" in said.err


def test_a_python_file_is_checked_too(backmark, saved):
    source = b"def conv_params(c_in, k, c_out, bias=True):\n    return c_out * (c_in * k * k + bias)\n"
    said = backmark("check", saved(source, name="convolution.py"))
    assert said.code == 0
    assert "conv_params: 3 of 3 public checks pass" in said.out or "conv_params: 4 of 4" in said.out


# --- the same as `grade` says ---------------------------------------------------------------------

HELD = re.compile(r'(?<=_DATA = """\n)[A-Za-z0-9+/=\n]*')


def held(kit):
    """Read the data of a kit."""
    return wire.unpack(zlib.decompress(base64.b64decode(HELD.search(kit.read_text())[0])))


def rewrite(kit, change):
    """Change the data of a kit."""
    data = held(kit)
    change(data)
    packed = base64.b64encode(zlib.compress(wire.pack(data))).decode() + "\n"
    kit.write_text(HELD.sub(lambda _: packed, kit.read_text(), count=1))


def printed(said, label):
    """Return what stands behind a label of the receipt."""
    return [line[14:] for line in said.out.splitlines() if line[2:14].strip() == label]


def agree(said, bundle, box, path, student="ada"):
    """Hold a check against the judge: the code taken, the answers read, and the notes."""
    report = judge_file(bundle, box, path, student)
    submitted = read_submission(path, bundle.release, bundle.limits())
    assert printed(said, "cells run") == [str(len(submitted.cells))]
    assert printed(said, "answers") == [", ".join(sorted(submitted.answers)) or "none"]
    own = [note for note in report.notes if "The cells after it were run" not in note]
    assert printed(said, "note") == own
    return report


def with_numba(notebook, cell_of):
    cell = cell_of(notebook, "conv_params")
    fast = "\n\n@njit\ndef fast(n):\n    return n + 1\n\n\nassert fast(1) == 2\n"
    cell["source"] = "from numba import njit\n" + fast + cell["source"]
    return notebook


def test_an_allowed_package_is_there_as_when_it_is_graded(backmark, saved, solved, cell_of, bundle, box):
    path = saved(with_numba(solved("ada"), cell_of))
    said = backmark("check", path)
    assert agree(said, bundle, box, path).score == 36
    assert "conv_params: 4 of 4 public checks pass" in said.out
    assert "numba" not in said.out


def test_an_allowed_package_that_is_not_installed_is_told(backmark, saved, solved, cell_of, monkeypatch):
    notebook = with_numba(solved("ada"), cell_of)
    cell_of(notebook, "conv_out")["source"] = "import torch\n"
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n, *more: None if n == "numba" else real(n, *more)
    )
    said = backmark("check", saved(notebook))
    assert said.code == 0
    assert "allows numba, but numba is not installed on this machine" in said.out
    assert "numba is not available" not in said.out
    assert printed(said, "note") == [
        "torch is not available when grading this assignment; allowed: numpy, numba."
    ]
    assert "corr2d: 5 of 5 public checks pass" in said.out


@pytest.mark.parametrize(
    "name", ["convolution (1).ipynb", "ada_convolution.ipynb", "convolution-Copy1.ipynb", "Übung.ipynb"]
)
def test_a_file_may_have_any_name_beside_the_kit(backmark, saved, solved, cell_of, bundle, box, name):
    notebook = solved("ada")
    notebook["cells"].remove(cell_of(notebook, "conv_params"))
    cell_of(notebook, "conv_out")["source"] += "\n%timeit 3\nimport torch"
    cell_of(notebook, "setup")["source"] += "\n# mine"
    path = saved(notebook, name=name)
    said = backmark("check", path)
    agree(said, bundle, box, path)
    notes = " ".join(printed(said, "note"))
    for part in ("conv_params is missing", "only works in a notebook", "what was changed", "torch is not"):
        assert part in notes
    assert f"Receipt for {name}, assignment convolution" in said.out
    assert "no answer was found" not in said.out


def test_the_blank_notebook_under_another_name_holds_no_answers(backmark, saved, blank, bundle, box):
    path = saved(blank, name="mine.ipynb")
    agree(backmark("check", path), bundle, box, path)


def test_an_unknown_assignment_is_refused_and_the_kit_says_whose_it_is(backmark, saved, solved):
    path = saved(solved("ada"), name="final.ipynb")
    said = backmark("check", path, "--assignment", "convolutoin")
    assert said.code == 2
    assert "convolutoin" in said.err
    assert "is for convolution" in said.err
    assert backmark("check", path, "--assignment", "convolution").code == 0


def test_without_a_kit_an_unknown_assignment_is_refused_with_the_nearest(backmark, saved, solved):
    said = backmark("check", saved(solved("ada"), kit=False), "--assignment", "convolutoin")
    assert said.code == 2
    assert "Did you mean convolution?" in said.err


def test_the_kit_of_another_assignment_is_left_aside(backmark, saved, solved, tiny_made):
    path = saved(solved("ada"))
    shutil.copy(tiny_made.release("tiny") / "backmark_kit.py", path.parent)
    said = backmark("check", path)
    assert "is for tiny; it was left aside" in said.out
    assert "conv_params: 4 of 4 public checks pass" in said.out


def test_a_notebook_beside_the_kit_of_another_assignment_is_told(backmark, saved, solved, tiny_made):
    path = saved(solved("ada"), name="mine.ipynb")
    assert "holds none of the cells" not in backmark("check", path).out
    shutil.copy(tiny_made.release("tiny") / "backmark_kit.py", path.parent)
    path.write_text(json.dumps({"cells": [c for c in solved("ada")["cells"] if _strange(c)]}))
    assert "mine.ipynb holds none of the cells of tiny" in backmark("check", path).out


def _strange(cell):
    """Tell whether a cell of convolution has no namesake in the tiny assignment."""
    return cell["metadata"].get("nbgrader", {}).get("grade_id") not in ("CONV-1", "conv_out", "corr2d")


@pytest.fixture
def own(tiny_made, tinies, tmp_path):
    """own(**cells): a hand-in of an assignment that is not among those of Backmark, the kit beside it."""

    def save(**cells):
        path = tmp_path / "ada_tiny (1).ipynb"
        path.write_text(json.dumps(tinies.notebook("ada", **cells)))
        shutil.copy(tiny_made.release("tiny") / "backmark_kit.py", tmp_path)
        return path

    return save


@pytest.mark.parametrize("assignment", [(), ("--assignment", "tiny")])
@pytest.mark.parametrize("cells", [{}, {"corr2d": "import torch\n%pylab"}])
def test_an_assignment_of_ones_own_is_checked_as_it_is_graded(backmark, tiny_made, own, assignment, cells):
    path, bundle = own(**cells), load_bundle(tiny_made, "tiny")
    said = backmark("check", path, *assignment)
    with open_sandbox(bundle, allow_weak=True) as box:
        report = agree(said, bundle, box, path)
    assert report.score == (3 if cells else 6)
    assert "conv_out: 6 of 6 public checks pass" in said.out
    assert "CONV-1: can be read" in said.out
    assert "assignment tiny" in said.out


@pytest.mark.parametrize("name", ["convolution", "tiny"])
def test_a_kit_holds_the_release_and_the_limits_of_grading(made, tiny_made, name):
    course = {"convolution": made, "tiny": tiny_made}[name]
    bundle = load_bundle(course, name)
    data = held(course.release(name) / "backmark_kit.py")
    grading = read_grading(data)
    assert grading.release == bundle.release
    assert grading.limits == bundle.limits()
    assert grading.packages == bundle.assignment.limits.packages
    cells = json.loads((course.release(name) / f"{name}.ipynb").read_text())["cells"]
    sources = {"".join(c["source"]) for c in cells}
    told = data[GRADING]
    assert sources.issuperset([*told["setup"], *told["locked"].values(), *told["stubs"].values()])


@pytest.mark.parametrize("text", ["{", "[]", "{}", "nothing"])
def test_what_is_no_notebook_goes_into_no_kit(bundle, text):
    with pytest.raises(CourseError, match="notebook of x cannot be read"):
        grading_data("x", bundle.assignment.limits, text)


# --- kits of earlier versions, and kits that somebody else wrote ------------------------------------


def test_an_earlier_kit_of_an_assignment_of_backmark_is_enough(backmark, saved, solved, cell_of, bundle, box):
    path = saved(with_numba(solved("ada"), cell_of), name="mine.ipynb")
    rewrite(path.parent / "backmark_kit.py", lambda data: data.pop(GRADING))
    said = backmark("check", path)
    agree(said, bundle, box, path)
    assert "conv_params: 4 of 4 public checks pass" in said.out


def test_an_earlier_kit_of_ones_own_assignment_still_checks_and_says_what_it_lacks(backmark, own):
    path = own()
    rewrite(path.parent / "backmark_kit.py", lambda data: data.pop(GRADING))
    said = backmark("check", path)
    assert "made by an earlier version of Backmark" in said.out
    assert "conv_out: 6 of 6 public checks pass" in said.out
    assert "CONV-1: can be read" in said.out
    assert backmark("check", path, "--assignment", "tinny").code == 2


@pytest.mark.parametrize(
    "change",
    [
        {"name": "../x"},
        {"name": 3},
        {"packages": ["os.path"]},
        {"packages": "numpy"},
        {"limits": {"seconds": 1e9, "memory_mb": 512, "output_kb": 64}},
        {"limits": {"seconds": float("nan"), "memory_mb": 512, "output_kb": 64}},
        {"limits": {}},
        {"setup": [1]},
        {"stubs": {"conv_out": None}},
        {"locked": []},
        {"student_placeholder": 5},
    ],
)
def test_a_kit_with_impossible_data_is_told(backmark, own, change):
    path = own()
    rewrite(path.parent / "backmark_kit.py", lambda data: data[GRADING].update(change))
    said = backmark("check", path)
    assert said.code == 2
    assert "does not load" in said.err


def test_a_module_beside_the_file_is_no_package_that_may_be_loaded(backmark, own, monkeypatch):
    """The sandbox loads packages before it locks itself in; a stranger's folder may be the working folder."""
    path = own()
    harm = path.parent / "harm"
    (path.parent / "helper_of_mine.py").write_text(f"open({os.fspath(harm)!r}, 'w')")
    rewrite(
        path.parent / "backmark_kit.py",
        lambda data: data[GRADING].update(packages=["numpy", "helper_of_mine", "os"]),
    )
    monkeypatch.chdir(path.parent)
    monkeypatch.syspath_prepend(path.parent)
    said = backmark("check", path)
    assert said.code == 0
    assert "helper_of_mine is not installed" in said.out
    assert "conv_out: 6 of 6 public checks pass" in said.out
    assert not harm.exists()
