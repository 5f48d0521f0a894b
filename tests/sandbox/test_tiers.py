"""Tiers: the best that works is taken, one that is asked for holds or is refused, and every layer was tried."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from autograder.sandbox import Call, Cell, Limits, Sandbox, WeakIsolation, _privileges, isolation

X = np.arange(3.0)
ASK = {"f": [Call("f", (X,))]}
PATIENT = Limits(seconds=20, memory_mb=200)
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="layers exist on Linux only")


def value_of(source: str, tier: str | None = None, limits: Limits = PATIENT):
    """Return what `f` returns in a sandbox of this tier."""
    with Sandbox(limits=limits, tier=tier, allow_weak=True) as box:
        outcome = box.run([Cell(1, source)], ASK).questions["f"][0]
    assert outcome.status == "ok", outcome
    return outcome.value


@LINUX
def test_the_best_tier_that_works_is_taken_and_named():
    with Sandbox(limits=PATIENT) as box:
        assert box.tier == isolation.tier_of(box.layers)
        assert isolation.TIERS[box.tier] <= set(box.layers)
        for tier in [t for t in isolation.TIERS if t > box.tier]:
            assert not isolation.TIERS[tier] <= set(box.layers)


@LINUX
def test_a_tier_that_is_asked_for_is_taken(monkeypatch):
    with Sandbox(limits=PATIENT, tier="T1") as box:
        assert box.tier == "T1"
        assert not {"own user", "pid namespace", "private tmpfs"} & set(box.layers)
    monkeypatch.setenv("BACKMARK_TIER", "T0")
    with Sandbox(limits=PATIENT, allow_weak=True) as box:
        assert (box.tier, box.layers) == ("T0", ("rlimits",))
    with pytest.raises(WeakIsolation, match="weak isolation"), Sandbox(limits=PATIENT):
        pass
    with Sandbox(limits=PATIENT, tier="T1") as box:
        assert box.tier == "T1"


def test_an_unknown_tier_is_refused(monkeypatch):
    with pytest.raises(ValueError, match="no tier 'T9' of isolation; choose one of T0, T1, T2, T3"):
        Sandbox(tier="T9")
    monkeypatch.setenv("BACKMARK_TIER", "strong")
    with pytest.raises(ValueError, match="no tier 'strong'"):
        Sandbox()


def test_less_than_was_asked_for_is_refused_with_the_reason():
    layers = ("rlimits", "no_new_privs", "landlock", "seccomp")
    reasons = {"namespaces": "unshare: Operation not permitted"}
    with pytest.raises(
        WeakIsolation, match=r"T2 does not hold .*missing: no capabilities, own user; unshare: Op"
    ):
        isolation.granted("T2", layers, reasons)
    assert isolation.granted("T1", layers, reasons) == "T1"
    assert isolation.granted(None, layers, reasons) == "T1"
    assert isolation.granted(None, tuple(isolation.T3), {}) == "T3"
    assert isolation.granted(None, tuple(isolation.T2), {}) == "T2"


@LINUX
def test_nothing_of_the_machine_is_seen_from_inside():
    source = (
        "import os\ndef f(x):\n"
        "    found = [p for p in ('/proc', '/sys', '/etc/passwd', '/dev/shm') if os.path.exists(p)]\n"
        "    space = os.statvfs('.')\n"
        "    return found, os.getppid(), os.uname().nodename, space.f_blocks * space.f_frsize, space.f_files\n"
    )
    with Sandbox(limits=PATIENT) as box:
        if box.tier != "T3":
            pytest.skip(f"no namespaces here: {box.reasons}")
    found, parent, name, size, files = value_of(source)
    assert found == []
    assert parent == 0
    assert name == "backmark"
    assert 64 << 20 < size <= 80 << 20
    assert files <= 320


@LINUX
def test_submissions_of_root_are_somebody_else():
    if os.getuid():
        pytest.skip("this user is not root")
    with Sandbox(limits=PATIENT) as box, Sandbox(limits=PATIENT) as other:
        if box.slot is None:
            pytest.skip(f"no user of its own here: {box.reasons}")
        source = "import os\ndef f(x):\n    return os.getresuid(), os.getresgid(), os.getgroups()\n"
        who, group, groups = box.run([Cell(1, source)], ASK).questions["f"][0].value
        assert who == group == (box.slot,) * 3
        assert groups == []
        assert box.slot != other.slot


@LINUX
def test_files_of_the_assignment_can_be_read_in_every_tier(tmp_path):
    (tmp_path / "data.txt").write_text("rows")
    os.chmod(tmp_path / "data.txt", 0o600)
    for tier in (None, "T1"):
        with Sandbox(limits=PATIENT, tier=tier, files={"data.txt": tmp_path / "data.txt"}) as box:
            for _ in range(2):
                source = "def f(x):\n    open('mine', 'w').close()\n    return open('data.txt').read()\n"
                assert box.run([Cell(1, source)], ASK).questions["f"][0].value == "rows"
                assert box.left_behind() == ["data.txt"]


@LINUX
@pytest.mark.parametrize(
    ("maps", "expected"),
    [
        ([(0, 4294967295)], 2_000_000_000 - 16 - 77),
        ([(0, 65536)], 65536 - 16 - 77),
        ([(0, 1), (1, 65536)], 65537 - 16 - 77),
    ],
)
def test_slots_lie_high_among_the_numbers_there_are(monkeypatch, maps, expected):
    monkeypatch.setattr(_privileges, "_ranges", lambda: maps)
    assert _privileges.slot(77) == expected
    assert _privileges.slot(77) != _privileges.slot(78)


def test_a_container_of_one_user_has_no_slot(monkeypatch):
    monkeypatch.setattr(_privileges, "_ranges", lambda: [(0, 1)])
    with pytest.raises(OSError, match="only 1 user numbers exist here"):
        _privileges.slot(77)


@LINUX
def test_closing_collects_every_process():
    with Sandbox(limits=PATIENT) as box:
        box.run([Cell(1, "def f(x):\n    return x\n")], ASK)
        zygote = box.processes()[0]
        below = Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split()
    assert [p for p in (str(zygote), *below) if os.path.exists(f"/proc/{p}")] == []


@LINUX
@pytest.mark.parametrize("tier", [None, "T1"])
def test_killing_the_grader_leaves_no_folder_and_no_process(tier):
    program = (
        "import os, signal\nfrom autograder.sandbox import Cell, Limits, Sandbox\n"
        f"with Sandbox(limits=Limits(seconds=60), tier={tier!r}) as box:\n"
        "    print(box.processes()[0], box._zygote.folder, flush=True)\n"
        "    box.run([Cell(1, 'while True: pass')], {})\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as grader:
        zygote, folder = grader.stdout.readline().split()
        time.sleep(0.3)
        below = set(Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split())
        grader.kill()
    end = time.monotonic() + 20
    while time.monotonic() < end and any(alive(p) for p in below | {zygote}):
        time.sleep(0.02)
    assert below
    assert not any(alive(p) for p in below | {zygote})
    assert not os.path.exists(folder)


def alive(process: str) -> bool:
    """Tell whether a process exists and is no zombie."""
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
