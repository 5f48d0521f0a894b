"""A sandbox's process that is started ahead is taken for what it was started for, and else leaves nothing behind."""

import subprocess
import sys
from pathlib import Path

import pytest

from autograder.launch import MEMORY_MB, Ahead, Order, guessed_order
from autograder.sandbox import Call, Cell, Limits, Sandbox, SandboxError

PLAIN = Order(("numpy",))
F = Cell(1, "def f():\n    return 7")


@pytest.mark.parametrize(
    ("text", "packages"),
    [
        ("", ("numpy",)),
        ('[limits]\nseconds = 3\npackages = ["numba"]', ("numpy",)),
        ("[limits]\npackages = 5", None),
        ('[limits]\npackages = ["os.path"]', None),
        ("[limits]\nmemory_mb = -1", None),
        ('[limits]\nmemory_mb = "much"', None),
        ("[limits", None),
        ("limits = 3", None),
        (None, None),
    ],
)
def test_what_is_wanted_is_guessed_from_the_file_or_not_at_all(tmp_path, text, packages):
    path = tmp_path / "assignment.toml"
    if text is not None:
        path.write_text(text)
    found = guessed_order(path)
    assert (found and found.packages) == packages
    assert found is None or found.memory_mb == MEMORY_MB


def test_a_tier_that_is_asked_for_is_part_of_the_guess(monkeypatch):
    assert guessed_order() == PLAIN
    monkeypatch.setenv("BACKMARK_TIER", "T1")
    assert guessed_order() == Order(("numpy",), tier="T1")


def test_a_process_on_its_way_is_taken_once_and_for_the_same_order_only():
    with Ahead(PLAIN) as ahead:
        launched = ahead.take(PLAIN)
        assert launched is not None
        assert ahead.take(PLAIN) is None
        launched.end()
    with Ahead(PLAIN) as ahead:
        number = ahead._launched.process.pid
        with Sandbox(limits=Limits(memory_mb=99), allow_weak=True, ahead=ahead) as other:
            assert other.processes() != [number]
            assert not Path(f"/proc/{number}").exists()


def test_a_sandbox_goes_on_with_the_process_that_is_on_its_way():
    with Ahead(PLAIN) as ahead:
        number, folder = ahead._launched.process.pid, ahead._launched.folder
        with Sandbox(allow_weak=True, ahead=ahead) as box:
            assert box.processes() == [number]
            assert box.run([F], {"f": [Call("f")]}).questions["f"][0].value == 7
    assert not Path(f"/proc/{number}").exists()
    assert not folder.exists()


def test_nobody_takes_it_and_nothing_is_left():
    with Ahead(PLAIN) as ahead:
        number, folder = ahead._launched.process.pid, ahead._launched.folder
        assert folder.exists()
    assert not Path(f"/proc/{number}").exists()
    assert not folder.exists()


def test_what_keeps_it_from_starting_is_told_when_it_is_needed():
    with Ahead(Order(("numpy", "no_such_package"))) as ahead:
        assert ahead._launched is None
        with pytest.raises(SandboxError, match="no_such_package is not installed"):
            Sandbox(["no_such_package"], allow_weak=True, ahead=ahead).__enter__()


def test_starting_needs_nothing_but_the_standard_library():
    program = "import sys, autograder.launch; print(sorted({n.partition('.')[0] for n in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(eval(done.stdout)) - set(sys.stdlib_module_names)
    assert not loaded & {"numpy", "click", "rich", "numba", "reference"}, loaded
