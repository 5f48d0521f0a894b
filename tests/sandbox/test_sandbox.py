"""The sandbox from its user's side: evidence, limits, blame, restarts, and leaving nothing behind."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from autograder import launch
from autograder.sandbox import (
    Call,
    Cell,
    Foreign,
    Handle,
    Limits,
    Rng,
    Sandbox,
    SandboxError,
    Source,
    WeakIsolation,
)
from autograder.sandbox import isolation as tiers
from autograder.sandbox import zygote as zygotes

X = np.arange(4.0)
F = Cell(1, "def f(x):\n    return x + 1\n")
PATIENT = Limits(seconds=20, memory_mb=200)
ASK_F = {"f": [Call("f", (X,))]}


@pytest.fixture(scope="module")
def box():
    with Sandbox(limits=PATIENT, allow_weak=True) as sandbox:
        yield sandbox


@pytest.fixture
def hasty(box):
    """The same sandbox, for tests that wait for its limit of time."""
    box.limits = Limits(seconds=0.8, memory_mb=200)
    yield box
    box.limits = PATIENT


def test_this_machine_confines(box):
    if not sys.platform.startswith("linux"):
        pytest.skip("layers exist on Linux only")
    assert box.tier != "T0"
    assert {"rlimits", "no_new_privs", "landlock", "seccomp"} <= set(box.layers)


def test_values_come_back(box):
    cells = [
        Cell(1, "import numpy as np\n", setup=True),
        Cell(3, "def f(x, y=0, rng=None):\n    return x * 2 + y, rng.random()\n"),
    ]
    script = [
        Call("f", (X,), {"y": X, "rng": Rng(4)}, save="r", show=(1,)),
        Call(Source("def total(v):\n    return v.sum()\n", "total"), (Handle("r", 0),)),
    ]
    evidence = box.run(cells, {"f": script, "nothing": [Call("nothing")], "empty": []})
    first, second = evidence.questions["f"]
    assert first.value == (Foreign("kept"), np.random.default_rng(4).random())
    assert second.value == 18.0
    assert evidence.questions["nothing"][0].status == "missing"
    assert evidence.questions["empty"] == ()
    assert [(c.index, c.status, c.setup) for c in evidence.cells] == [(1, "ok", True), (3, "ok", False)]
    assert list(evidence.questions) == ["f", "nothing", "empty"]


def test_cells_share_a_namespace_and_go_on_after_an_exception(box):
    cells = [Cell(1, "a = 1\n\n1 / 0\na = 2\n"), Cell(2, "def f(x):\n    return a\n"), Cell(4, "b = (\n")]
    evidence = box.run(cells, ASK_F)
    assert evidence.questions["f"][0].value == 1
    assert [c.status for c in evidence.cells] == ["exception", "ok", "exception"]
    assert evidence.cells[0].error == {"type": "ZeroDivisionError", "cell": 1, "line": 3, "text": "1 / 0"}
    assert (evidence.cells[2].error["type"], evidence.cells[2].error["cell"]) == ("SyntaxError", 4)


def test_no_cells_and_no_scripts(hasty):
    assert hasty.run([], {}).questions == {}
    assert hasty.run([Cell(1, "while True: pass")], {}).cells[0].status == "timeout"


def test_nothing_is_carried_from_one_submission_to_the_next(box):
    box.run(
        [Cell(1, "import builtins, numpy\nbuiltins.left = 1\nnumpy.left = 1\nopen('left', 'w').close()\n")],
        {},
    )
    look = "import os, numpy, builtins\ndef f(x):\n    return hasattr(numpy, 'left'), hasattr(builtins, 'left'), os.listdir('.')\n"  # noqa: E501
    assert box.run([Cell(1, look)], ASK_F).questions["f"][0].value == (False, False, [])


def test_descriptors_carry_no_flags_to_the_next_submission(box):
    mark = "import fcntl, os\nfor fd in range(4):\n    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_APPEND)\n"  # noqa: E501
    look = "import fcntl, os\ndef f(x):\n    return [fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_APPEND for fd in range(4)]\n"
    assert box.run([Cell(1, mark + look)], ASK_F).questions["f"][0].value == [os.O_APPEND] * 4
    assert box.run([Cell(1, look)], ASK_F).questions["f"][0].value == [0] * 4


def test_a_slow_cell_is_reduced_to_what_it_defines(hasty):
    slow = (
        "import math\nRATE = (0.1, [1, -2])\ndef f(x):\n    return math.pi * RATE[0]\nwhile True:\n    f(1)\n"
    )
    evidence = hasty.run(
        [Cell(5, slow), Cell(6, "after = 1")],
        {"f": [Call("f", (1,))], "after": [Call("after", attribute=True)]},
    )
    assert evidence.questions["f"][0].value == np.pi * 0.1
    assert evidence.questions["after"][0].value == 1
    assert [c.status for c in evidence.cells] == ["timeout", "ok"]
    assert evidence.notes == ("Cell 5 ran longer than 0.8 s; only what it defines was used.",)


def test_the_cell_that_took_longest_is_blamed(hasty):
    cells = [
        Cell(1, "import time\ntime.sleep(0.7)"),
        Cell(2, "time.sleep(0.3)\ndef f(x):\n    return 1\nmade = 2\n"),
    ]
    evidence = hasty.run(cells, {"made": [Call("made", attribute=True)]})
    assert [c.status for c in evidence.cells] == ["timeout", "exception"] or evidence.cells[
        0
    ].status == "timeout"
    assert evidence.notes[0].startswith("Cell 1 ")


def test_too_many_bad_cells_end_it(box):
    cells = [Cell(i, "import os\nos._exit(3)\n") for i in range(1, 8)]
    evidence = box.run(cells, ASK_F)
    assert evidence.questions["f"][0].status == "killed"
    assert evidence.questions["f"][0].error["type"] == "ended its own process"
    assert evidence.notes[-1].endswith("nothing could be run after that.")


def test_one_bad_question_does_not_touch_the_others(hasty):
    source = "import os, time\ndef a(): return 1\ndef b(): os._exit(0)\ndef c(): time.sleep(60)\ndef d(): return 4\n"
    evidence = hasty.run([Cell(1, source)], {n: [Call(n), Call(n)] for n in "abcd"})
    assert {n: [o.status for o in found] for n, found in evidence.questions.items()} == {
        "a": ["ok", "ok"],
        "b": ["killed", "killed"],
        "c": ["timeout", "timeout"],
        "d": ["ok", "ok"],
    }


def test_output_is_counted_and_thrown_away(box):
    evidence = box.run(
        [Cell(1, "import sys\nprint('x' * 99, flush=True)\nsys.stderr.write('y' * 49 + chr(10))\n")], ASK_F
    )
    assert evidence.output == 150


def test_same_submission_same_values(box):
    source = (
        "import numpy as np, random\nleft = np.random.rand()\n"
        "def f(x):\n    return random.random(), np.random.rand(), list({'a', 'b', 'c', 'd'}), hash('text'), left\n"
    )
    with Sandbox(limits=Limits(seconds=20), allow_weak=True) as other:
        runs = [b.run([Cell(1, source)], ASK_F).questions["f"][0].value for b in (box, box, other)]
    assert runs[0] == runs[1] == runs[2]


def test_memory_that_is_not_filled_is_not_zero_by_luck(box):
    source = "import numpy as np\ndef f(x):\n    return float(np.abs(np.empty(100_000)).min())\n"
    if sys.platform.startswith("linux"):
        assert box.run([Cell(1, source)], ASK_F).questions["f"][0].value > 1e300


def test_notebook_only_names_do_nothing(box):
    source = (
        "get_ipython().run_line_magic('matplotlib', 'inline')\ndisplay(1)\n"
        "import backmark_kit as kit\nkit.show('CONV-3')\nfrom backmark_kit import check\ncheck(1)(2)\n"
        "from IPython.display import Image, display\ndisplay(Image('x'))\ndef f(x):\n    return 7\n"
    )
    evidence = box.run([Cell(1, source)], ASK_F)
    assert evidence.cells[0].status == "ok"
    assert evidence.questions["f"][0].value == 7


def test_main_guard_runs_as_in_a_notebook(box):
    source = "import dataclasses\n@dataclasses.dataclass\nclass P:\n    x: int = 3\nif __name__ == '__main__':\n    def f(x): return P().x\n"  # noqa: E501
    assert box.run([Cell(1, source)], ASK_F).questions["f"][0].value == 3


def test_standard_library_and_scratch_folder_can_be_used(box):
    source = (
        "import csv, decimal, sqlite3, tempfile, zoneinfo, unittest, numpy as np\n"
        "def f(x):\n    np.save('x.npy', x)\n    with open('t.txt', 'w') as file:\n        file.write('ok')\n"
        "    return np.load('x.npy'), open('t.txt').read(), sqlite3.connect(':memory:').execute('select 3').fetchone()[0]\n"  # noqa: E501
    )
    evidence = box.run([Cell(1, source)], ASK_F)
    value = evidence.questions["f"][0].value
    assert value is not None, evidence
    np.testing.assert_array_equal(value[0], X)
    assert value[1:] == ("ok", 3)


def test_large_values_travel(box):
    source = "def f(x):\n    return x * 2\n"
    big = np.arange(2_000_000.0)
    outcome = box.run([Cell(1, source)], {"f": [Call("f", (big,))]}).questions["f"][0]
    np.testing.assert_array_equal(outcome.value, 2 * big)


def test_files_of_the_assignment_lie_in_the_folder(tmp_path):
    (tmp_path / "data.txt").write_text("rows")
    read = "def f(x):\n    return open('data.txt').read()\n"
    spoil = "def f(x):\n    open('data.txt', 'w').write('spoilt')\n"
    with Sandbox(
        limits=Limits(seconds=20), allow_weak=True, files={"data.txt": tmp_path / "data.txt"}
    ) as box:
        assert box.run([Cell(1, read)], ASK_F).questions["f"][0].value == "rows"
        assert box.run([Cell(1, spoil)], ASK_F).questions["f"][0].status == "exception"
        assert box.run([Cell(1, read)], ASK_F).questions["f"][0].value == "rows"
    assert (tmp_path / "data.txt").read_text() == "rows"


def test_allowed_package_can_be_imported():
    pytest.importorskip("matplotlib")
    source = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.savefig('a.png')\ndef f(x):\n    return plt.get_backend()\n"  # noqa: E501
    with Sandbox(packages=("numpy", "matplotlib"), limits=Limits(seconds=20), allow_weak=True) as box:
        evidence = box.run([Cell(1, source)], ASK_F)
    assert evidence.cells[0].status == "ok", evidence
    assert str(evidence.questions["f"][0].value).lower() == "agg"


def test_a_package_that_is_not_installed_is_staffs_problem():
    with (
        pytest.raises(SandboxError, match="allows no_such_thing, but no_such_thing is not installed"),
        Sandbox(("no_such_thing",)),
    ):
        pass


def test_death_of_the_zygote_goes_unnoticed(box):
    box.run([F], ASK_F)
    os.kill(box.processes()[0], signal.SIGKILL)
    np.testing.assert_array_equal(box.run([F], ASK_F).questions["f"][0].value, X + 1)
    np.testing.assert_array_equal(box.run([F], ASK_F).questions["f"][0].value, X + 1)


def test_inputs_are_the_same_for_every_submission_whatever_the_last_one_did(box):
    vandal = Cell(1, "import gc\ngc.unfreeze()\nimport numpy as np\nfor a in gc.get_objects():\n"
                     "    if isinstance(a, tuple):\n        for b in a:\n            if type(b) is np.ndarray:\n"
                     "                b.fill(0)\ndef f(x):\n    return x + 1\n")  # fmt: skip
    box.run([F], ASK_F)
    assert box.run([vandal], ASK_F).questions["f"][0].value is not None
    np.testing.assert_array_equal(box.run([F], ASK_F).questions["f"][0].value, X + 1)


def test_a_script_too_large_to_be_kept_is_sent_each_time(box, monkeypatch):
    monkeypatch.setattr(zygotes, "LENT_BYTES", 100)
    asked = {"f": (Call("f", (X + 2,)),), "g": (Call("f", (X + 3,)),)}
    for _ in range(2):
        questions = box.run([F], asked).questions
        np.testing.assert_array_equal(questions["f"][0].value, X + 3)
        np.testing.assert_array_equal(questions["g"][0].value, X + 4)


def test_death_of_the_zygote_in_the_middle_costs_nothing(box):
    box.run([F], ASK_F)
    slow = Cell(1, "import time\ntime.sleep(0.3)\ndef f(x):\n    return x + 1\n")
    killer = subprocess.Popen(["/bin/sh", "-c", f"sleep 0.15; kill -9 {box.processes()[0]}"])
    try:
        np.testing.assert_array_equal(box.run([slow], ASK_F).questions["f"][0].value, X + 1)
    finally:
        killer.wait()


def test_a_zygote_that_dies_while_it_starts_is_started_once_more(monkeypatch):
    started, really = [], launch._start

    def killed_first(theirs, folder):
        process = really(theirs, folder)
        started.append(process.pid)
        if len(started) <= deaths:
            os.kill(process.pid, signal.SIGKILL)
        return process

    monkeypatch.setattr(launch, "_start", killed_first)
    deaths = 1
    with Sandbox(allow_weak=True) as box:
        assert box.run([F], ASK_F).questions["f"][0].status == "ok"
    assert len(started) == 2
    deaths = 9
    with pytest.raises(SandboxError, match="did not start"), Sandbox(allow_weak=True):
        pass
    assert len(started) == 4
    assert not any(Path(f"/proc/{pid}").exists() for pid in started)


def test_closing_leaves_nothing(tmp_path):
    descriptors = len(os.listdir("/proc/self/fd"))
    with Sandbox(allow_weak=True) as box:
        box.run([F], ASK_F)
        folder, zygote = box._zygote.folder, box.processes()[0]
    box.close()
    assert not folder.exists()
    assert not Path(f"/proc/{zygote}").exists()
    assert len(os.listdir("/proc/self/fd")) == descriptors
    with pytest.raises(SandboxError, match="closed"):
        box.run([F], ASK_F)


def test_what_killed_graders_left_goes_also_where_another_process_has_their_number(tmp_path, monkeypatch):
    monkeypatch.setattr(launch.tempfile, "gettempdir", lambda: str(tmp_path))
    living = subprocess.Popen(["sleep", "60"])
    try:
        made = {
            "gone": (4_000_000, 0),
            "older": (living.pid, 100),
            "own": (os.getpid(), 0),
            "now": (living.pid, 0),
        }
        folders = {n: tmp_path / f"{launch.PREFIX}{number}-{n}" for n, (number, _) in made.items()}
        for name, (_, age) in made.items():
            folders[name].mkdir()
            os.utime(folders[name], (time.time() - age,) * 2)
        launch._remove_orphans()
        assert {n for n, folder in folders.items() if folder.exists()} == {"own", "now"}
    finally:
        living.kill()
        living.wait()


def test_death_of_the_grader_ends_everything():
    program = textwrap.dedent(
        """
        import sys
        from autograder.sandbox import Call, Cell, Limits, Sandbox
        with Sandbox(limits=Limits(seconds=60), allow_weak=True) as box:
            print(box.processes()[0], box._zygote.folder, flush=True)
            box.run([Cell(1, "while True: pass")], {})
        """
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=root, text=True
    ) as grader:
        zygote, folder = grader.stdout.readline().split()
        child = _wait_for(lambda: Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split())
        grader.kill()
    for process in (zygote, child[0]):
        assert _wait_for(lambda process=process: not _is_running(process))
    assert not os.path.exists(folder)


def _is_running(process: str) -> bool:
    """Tell whether a process exists and is no zombie waiting for somebody to collect it."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _wait_for(condition):
    end = time.monotonic() + 10
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    return None


def test_weak_isolation_is_refused_and_says_what_is_missing():
    with pytest.raises(WeakIsolation, match="missing: landlock, seccomp"):
        tiers.refuse_if_weak("T0", ("rlimits", "no_new_privs"), allow_weak=False)
    tiers.refuse_if_weak("T0", (), allow_weak=True)
    tiers.refuse_if_weak("T1", ("rlimits", "no_new_privs", "landlock", "seccomp"), allow_weak=False)


def test_tier_needs_every_layer():
    full = ("rlimits", "no_new_privs", "landlock", "seccomp")
    assert tiers.tier_of(full) == "T1"
    for missing in full:
        assert tiers.tier_of(tuple(layer for layer in full if layer != missing)) == "T0"


def test_the_child_loads_none_of_the_grader(box):
    source = "import sys\ndef f(x):\n    return [n for n in sys.modules if n.split('.')[0] in ('autograder', 'reference', 'numba', 'pytest')]\n"  # noqa: E501
    assert box.run([Cell(1, source)], ASK_F).questions["f"][0].value == []


def test_the_child_sees_nothing_of_the_graders_environment(box, monkeypatch):
    source = "import os, sys\ndef f(x):\n    return sorted(os.environ), sys.argv, os.getcwd() == os.environ['HOME']\n"
    names, arguments, at_home = box.run([Cell(1, source)], ASK_F).questions["f"][0].value
    assert set(names) <= {"HOME", "TMPDIR", "USER", "LANG", "MPLBACKEND", "MPLCONFIGDIR", "LC_CTYPE"}
    assert arguments == [""]
    assert at_home


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ndef f(x):\n    return x + 1",
        "import math, tqdm, itertools\nfrom pandas import A\ndef f(x):\n    return x + math.floor(1.5)\nimport keras",
        "import numpy as np\nimport nowhere.at.all as no\nk = 1\ndef f(x):\n    return np.add(x, k)\nno.use()",
    ],
)
def test_an_import_too_many_costs_nothing_below_it(source):
    with Sandbox(limits=Limits(seconds=5), allow_weak=True) as box:
        evidence = box.run([Cell(1, source)], {"f": [Call("f", (np.ones(2),))]})
    (cell,), (outcome,) = evidence.cells, evidence.questions["f"]
    assert (cell.status, cell.error["type"]) == ("exception", "ModuleNotFoundError")
    assert cell.error["line"] in (1, 2)
    np.testing.assert_array_equal(outcome.value, np.full(2, 2.0))


def test_what_fails_otherwise_stops_its_cell_as_in_a_notebook():
    source = "def own():\n    import torch\nown()\ndef f(x):\n    return x"
    with Sandbox(limits=Limits(seconds=5), allow_weak=True) as box:
        evidence = box.run([Cell(1, source)], {"f": [Call("f", (np.ones(2),))]})
    assert evidence.questions["f"][0].status == "missing"
