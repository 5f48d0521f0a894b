"""Files that travel with an assignment, and which locked cells run before a student's code."""

import shutil
from pathlib import Path

import pytest

from autograder.handouts.notebook import NotebookError, build, build_source, data_files, stale

SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"


@pytest.fixture
def own(tmp_path):
    """A folder with the capstone's source."""
    for name in ("capstone.py", "capstone.toml"):
        shutil.copyfile(SOLUTIONS / name, tmp_path / name)
    return tmp_path / "capstone.py"


def test_the_bundled_digits_are_built_with_the_capstone(own, tmp_path):
    written = build(own, tmp_path / "out")
    digits = tmp_path / "out" / "capstone" / "digits.npz"
    assert digits in written
    assert digits.read_bytes() == (SOLUTIONS.parent / "reference" / "data" / "digits.npz").read_bytes()
    assert stale(tmp_path, tmp_path / "out") == []
    digits.write_bytes(b"other")
    assert len(stale(tmp_path, tmp_path / "out")) == 1


def test_a_file_beside_the_source_goes_first(own):
    own.with_name("digits.npz").write_bytes(b"own")
    assert data_files(own) == {"digits.npz": own.with_name("digits.npz")}


def test_a_missing_file_is_named(own):
    toml = own.with_suffix(".toml")
    toml.write_text(toml.read_text().replace("digits.npz", "letters.npz"))
    with pytest.raises(NotebookError, match=r"letters\.npz"):
        build(own, own.parent / "out")


def test_cells_named_setup_run_before_the_students_code(own):
    roles = {cell["id"]: cell["metadata"].get("backmark", {}).get("role") for cell in build_source(own)["cells"]}
    assert {roles[name] for name in ("setup", "setup-plain-layers", "setup-image-layers")} == {None}
    assert {roles[name] for name in ("kit", "load-digits", "plot-curves", "show-TL-1")} == {"kit"}
