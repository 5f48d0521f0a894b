"""`backmark check`: what a student sees before handing in."""

import hashlib
import json
import shutil

import pytest


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
