"""Packages an assignment allows beyond NumPy work in the sandbox as they do in a notebook."""

from pathlib import Path

import numpy as np
import pytest

from autograder.sandbox import Allowance, Call, Cell, Limits, Sandbox, SandboxError, WeakIsolation, wire

NUMBA = """
import numpy as np
from numba import njit, prange

@njit(cache=True)
def kept(x):
    return x.sum()

@njit(parallel=True)
def shared(x):
    total = 0.0
    for i in prange(x.size):
        total += x[i]
    return total
"""


def test_numba_compiles_caches_and_runs_in_parallel():
    x = np.arange(5.0)
    script = {"kept": (Call("kept", (x,)),), "shared": (Call("shared", (x,)),)}
    with Sandbox(packages=("numpy", "numba"), limits=Limits(seconds=60)) as box:
        evidence = box.run([Cell(1, NUMBA)], script)
    assert evidence.cells[0].status == "ok"
    assert [evidence.questions[name][0].value for name in script] == [10.0, 10.0]


def test_matplotlib_draws_without_a_screen():
    source = "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 2])\n"
    source += "def lines():\n    return len(ax.lines)"
    with Sandbox(packages=("numpy", "matplotlib"), limits=Limits(seconds=60)) as box:
        evidence = box.run([Cell(1, source)], {"lines": (Call("lines"),)})
    assert evidence.questions["lines"][0].value == 1


PLAIN = Cell(1, "def f():\n    import sys\n    return len(sys.modules) > 9")
NAMED = Cell(1, "def f():\n    import sys\n    return 'numba' in sys.modules")
PUT_TOGETHER = Cell(1, "def f():\n    return __import__('num' + 'ba').njit(lambda x: x + 1)(2)")
FOREIGN = Cell(1, "def f():\n    import pandas")
ASK = {"f": (Call("f"),)}
WEAKER = b'{"apart": false, "layers": ["rlimits"], "reasons": {}, "slot": null}'


def test_what_takes_long_to_load_is_loaded_for_those_who_name_it():
    with Sandbox(("numpy", "numba"), Limits(seconds=60)) as box:
        for cell, value, processes in (
            (PLAIN, True, 1),
            (FOREIGN, None, 1),
            (NAMED, True, 2),
            (PLAIN, True, 2),
        ):
            assert box.run([cell], ASK).questions["f"][0].value == value
            assert len(box.processes()) == processes
        running = box.processes()
        assert box._second.tier == box.tier
    assert not any(Path(f"/proc/{process}").exists() for process in running)
    with pytest.raises(SandboxError, match="closed"):
        box.run([NAMED], ASK)


def test_a_name_that_is_put_together_is_found_all_the_same():
    with Sandbox(("numpy", "numba"), Limits(seconds=60)) as box:
        assert box.run([PUT_TOGETHER], ASK).questions["f"][0].value == 3
    with Sandbox(("numpy",), Limits(seconds=60)) as box:
        assert box.run([PUT_TOGETHER], ASK).questions["f"][0].error["type"] == "ModuleNotFoundError"
        assert len(box.processes()) == 1


@pytest.mark.parametrize(
    "asking", ["importlib.util.find_spec('num' + 'ba')", "__import__('num' + 'ba.core')"]
)
def test_who_asks_for_it_in_a_cell_is_run_from_the_start_with_all_its_time(asking):
    cells = [
        Cell(1, "import time, importlib.util\ntime.sleep(1)\nx = 5"),
        Cell(2, f"m = {asking}\n{PLAIN.source}"),
    ]
    with Sandbox(("numpy", "numba"), Limits(seconds=60)) as box:
        allowance = Allowance(30)
        evidence = box.run(cells, ASK, allowance)
    assert [cell.status for cell in evidence.cells] == ["ok", "ok"]
    assert evidence.questions["f"][0].value is True
    assert 28.2 < allowance.left < 29.1  # what the first attempt took does not count


def test_who_asks_for_it_late_and_again_gets_no_second_time():
    late = Cell(1, "import time\ndef f():\n    time.sleep(0.7)\n    return bool(__import__('num' + 'ba'))")
    with Sandbox(("numpy", "numba"), Limits(seconds=0.5)) as box:
        box.run([Cell(1, "m = __import__('num' + 'ba')")], {}, Allowance(60))  # it has started now
        allowance = Allowance(30)
        allowance.give_back(2.0, 0.5)
        assert allowance.left == 30.5
        allowance.give_back(2.0, 0.5)
        assert allowance.left == 30.5
        evidence = box.run([late], ASK, allowance)
    assert evidence.questions["f"][0].status == "timeout"


@pytest.mark.parametrize(
    "failing",
    [
        "import pandas",
        "raise ImportError('pip install it')",
        "__import__('pan' + 'das')",
        "from numpy import nothing",
    ],
)
def test_no_other_import_that_fails_needs_a_second_process(failing):
    with Sandbox(("numpy", "numba"), Limits(seconds=60)) as box:
        evidence = box.run([Cell(1, failing, setup=True), Cell(1, failing), PLAIN], ASK)
        assert [cell.status for cell in evidence.cells] == ["exception", "exception", "ok"]
        assert len(box.processes()) == 1


def test_who_asks_for_more_than_there_is_wrote_to_the_graders_channel():
    forged = wire.pack([wire.LATE_WANTED])
    forging = Cell(1, f"import os\ndef f():\n    os.write(3, {forged!r})")
    for packages, processes in ((("numpy",), 1), (("numpy", "numba"), 2)):
        with Sandbox(packages, Limits(seconds=60)) as box:
            assert box.run([forging], ASK).questions["f"][0].status == "garbled"
            assert len(box.processes()) == processes
            assert box.run([PLAIN], ASK).questions["f"][0].value is True


def test_a_package_that_needs_numba_itself_compiles_without_files(tmp_path, monkeypatch):
    (tmp_path / "summing.py").write_text(
        "import numba\n@numba.njit(cache=True)\ndef total(x):\n    return x.sum()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    cell = Cell(1, "import numpy as np, summing\ndef f():\n    return summing.total(np.ones(3))")
    with Sandbox(("numpy", "summing", "numba"), Limits(seconds=60)) as box:
        assert box.run([cell], ASK).questions["f"][0].value == 3.0
        assert len(box.processes()) == 1
    assert [p.name for p in tmp_path.iterdir() if p.name != "__pycache__"] == ["summing.py"]


@pytest.mark.parametrize("tier", ["T1", "T0"])
def test_the_second_process_is_confined_as_far_as_the_first(tier):
    with Sandbox(("numpy", "numba"), Limits(seconds=60), allow_weak=True, tier=tier) as box:
        assert box.run([NAMED], ASK).questions["f"][0].value is True
        assert (box._second.tier, box._second.layers) == (tier, box.layers)


def test_a_second_process_that_cannot_be_confined_as_far_is_refused(monkeypatch):
    with Sandbox(("numpy", "numba"), Limits(seconds=60), allow_weak=True, tier="T1") as box:
        monkeypatch.setattr("autograder.sandbox.zygote._hear", lambda _: (WEAKER, None))
        with pytest.raises(WeakIsolation, match="T1 does not hold"):
            box.run([NAMED], ASK)
        monkeypatch.undo()
        assert box.run([PLAIN], ASK).questions["f"][0].value is True


def test_limits_hold_in_both_processes():
    with Sandbox(("numpy", "numba"), Limits(seconds=60)) as box:
        box.run([NAMED], ASK)
        box.limits = Limits(seconds=0.3)
        for mentioned in ("", "numba"):
            endless = Cell(1, f"def f():\n    while True: pass  # {mentioned}")
            assert box.run([endless], ASK).questions["f"][0].status == "timeout"


def test_a_package_that_is_not_installed_is_refused_before_anybody_needs_it(monkeypatch):
    monkeypatch.setattr("autograder.launch.LATE", {"no_such_package"})
    monkeypatch.setattr("autograder.launch.WITHOUT_LATE", {"numpy"})
    with pytest.raises(SandboxError, match="no_such_package is not installed"):
        Sandbox(("no_such_package",)).__enter__()
