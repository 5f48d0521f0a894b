"""Run the attacks of the corpus in a sandbox and say what was not as it must be.

    python tests/security/attacking.py [--tier T1] [--slice] [--contained] [--json]

runs them as whoever starts it. ``--slice`` takes one attack of each class, ``--contained`` first forbids this
process to make namespaces, as a default container does. ``run_all.py`` starts this in every world there is.
"""

from __future__ import annotations

import argparse
import dataclasses
import errno
import functools
import json
import os
import struct
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from autograder.launch import LATE
from autograder.sandbox import Allowance, Call, Cell, Evidence, Foreign, Limits, Outcome, Sandbox, _seccomp

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.py"))
INPUTS = np.array([3.0, 1.0, 4.0])
SCRIPTS = {"f": [Call("f", (INPUTS,))], "g": [Call("g", (INPUTS,))]}
# A busy machine must not turn another outcome into a timeout; where one is expected nobody wants to wait.
PATIENT = Limits(seconds=20, memory_mb=200)
HASTY = Limits(seconds=0.8, memory_mb=200)
HONEST = Cell(2, "def g(x):\n    return x * 3\n")
SECRET = ("3_1_4", "3.0", "[3.", "314")
ONE_OF_EACH = (
    *("forged_reply", "proc_environment", "fill_disk", "kill_parent", "garbage_on_every_descriptor"),
    *(
        "null_byte_and_surrogate",
        "changes_its_argument",
        "endless_loop",
        "memory_hog",
        "thread_bomb",
        "write_outside",
    ),
)
WORK = """
import csv, decimal, sqlite3, unittest, zoneinfo
import numpy as np
from numba import njit, prange

@njit(cache=True, parallel=True)
def total(x):
    s = 0.0
    for i in prange(x.size):
        s += x[i]
    return s

def f(x):
    np.save("kept.npy", x)
    with open("text", "w") as file:
        file.write("as at home")
    table = sqlite3.connect(":memory:").execute("select 3").fetchone()[0]
    return np.linalg.inv(np.eye(3)) @ np.load("kept.npy") + (total(np.ones(4)) - table)
"""
DENIED = {"x86_64": (272, 165, 308), "aarch64": (97, 40, 268)}  # unshare, mount, setns


@functools.cache
def header(path: Path) -> dict[str, Any]:
    """Return the first line of an attack: its class and what must become of it."""
    return json.loads(path.read_text(encoding="utf-8").split("\n", 1)[0])


def attack(box: Sandbox, path: Path) -> list[str]:
    """Run one attack and an honest submission after it; return a sentence for everything that is wrong."""
    expect = header(path)["expect"]
    before = settled(box)
    hasty = dataclasses.replace(HASTY, seconds=expect.get("seconds", HASTY.seconds))
    box.limits = hasty if "timeout" in json.dumps(expect) else PATIENT
    allowance = Allowance(expect["total"]) if "total" in expect else None
    evidence = box.run([Cell(1, path.read_text(encoding="utf-8")), HONEST], SCRIPTS, allowance)
    box.limits = PATIENT
    found = complaints(evidence, expect) + honest_complaints(box)
    after = settled(box)
    return found + [
        f"leftover {k}: {before[k]} became {after[k]}" for k in before if _grew(before[k], after[k])
    ]


def packages(path: Path) -> tuple[str, ...]:
    """Return the packages that an attack needs."""
    return tuple(header(path).get("packages", ("numpy",)))


def complaints(evidence: Evidence, expect: dict[str, Any]) -> list[str]:
    """Hold what came out to what must come out."""
    found = []
    for name, right in (("f", INPUTS + 1), ("g", INPUTS * 3)):
        found += judged(name, evidence.questions[name][0], expect[name], right)
    outcome = evidence.questions["f"][0]
    cells = [c.status for c in evidence.cells]
    for cell, status in zip(cells, expect.get("cells", []), strict=False):
        found += [] if cell == status else [f"cells: {cells}"]
    if "fact" in expect and tuple(expect["fact"]) not in outcome.facts:
        found.append(f"facts: {outcome.facts}")
    if expect["f"] != "any" and outcome.changed != tuple(expect.get("changed", ())):
        found.append(f"changed: {outcome.changed}")
    if "random" in expect and outcome.global_random_touched != expect["random"]:
        found.append(f"random: {outcome.global_random_touched}")
    if expect.get("note", "") not in ("", *evidence.notes):
        found.append(f"notes: {evidence.notes}")
    if "value" in expect and outcome.value != expect["value"]:
        found.append(f"value: {outcome.value!r:.200}")
    words = repr((outcome.error, evidence.notes, evidence.cells))
    return found + [f"leak: {secret} in {words}" for secret in SECRET if secret in words]


def judged(name: str, outcome: Outcome, expected: str, right: np.ndarray) -> list[str]:
    """Hold an outcome to "status", "status:reason|other" or "foreign:type"; "ok!" is a value that is not right.

    "A or B" is met by either.
    """
    first, _, other = expected.partition(" or ")
    if other:
        return judged(name, outcome, first, right) and judged(name, outcome, other, right)
    status, _, detail = expected.partition(":")
    is_right = outcome.status == "ok" and np.array_equal(np.asarray(outcome.value, dtype=object), right)
    if is_right and status not in ("ok", "any", "any!"):
        return [f"wrongful marks: {name} is right"]
    reason = (outcome.error or {}).get("type")
    as_it_must = {
        "any": True,
        "any-not-ok": outcome.status != "ok" or isinstance(outcome.value, Foreign),
        "refused": outcome.status == "ok" and _is_refusal(outcome.value),
        "foreign": outcome.status == "ok" and outcome.value == Foreign(detail),
        "ok": is_right,
        "ok!": outcome.status == "ok",
    }.get(status, outcome.status == status and (not detail or reason in detail.split("|")))
    return (
        []
        if as_it_must
        else [f"{name}: {expected} expected, got {outcome.status}:{reason} {outcome.value!r:.80}"]
    )


def _is_refusal(value: object) -> bool:
    """Tell whether every one of several tries was answered with -1."""
    return isinstance(value, list) and bool(value) and all(type(v) is int and v == -1 for v in value)


def honest_complaints(box: Sandbox) -> list[str]:
    """Run an honest submission, in every process that submissions are forked from; it must get everything."""
    found = []
    for mentioned in ("", *sorted(set(box.whole.packages) & LATE)):
        evidence = box.run([Cell(1, f"def f(x):\n    return x + 1  # {mentioned}\n"), HONEST], SCRIPTS)
        found += complaints(evidence, {"f": "ok", "g": "ok", "cells": ["ok", "ok"]})
    return [f"honest afterwards: {sentence}" for sentence in found]


def _grew(before: Any, after: Any) -> bool:
    """Tell whether something is left; what a slow zygote closes only now was not there to stay."""
    return any(a > b for a, b in zip(after, before)) if isinstance(before, tuple) else after != before


def settled(box: Sandbox) -> dict[str, Any]:
    """Count when nothing changes any more: the zygote closes its descriptors while the grader goes on."""
    found, end = belongings(box), time.monotonic() + 2
    while time.monotonic() < end:
        time.sleep(0.005)
        again = belongings(box)
        if again == found:
            break
        found = again
    return found


def belongings(box: Sandbox) -> dict[str, Any]:
    """Count what an attack could leave behind."""
    zygotes = box.processes()
    return {
        "zygotes": zygotes,
        "processes": [c for z in zygotes for c in _text(f"/proc/{z}/task/{z}/children").split()],
        "processes of the slots": [p for p in _processes() if _owner(f"/proc/{p}") in slots(box)],
        "files": box.left_behind(),
        "descriptors": tuple(_count(f"/proc/{process}/fd") for process in (*zygotes, "self")),
        "mounts": tuple(_text(f"/proc/{process}/mountinfo").count("\n") for process in (*zygotes, "self")),
        "shared memory": _shared_memory(slots(box)),
        "temporary files": [n for n in _listed("/tmp") if "backmark-was-here" in n],
    }


def slots(box: Sandbox) -> set[int]:
    """Return the users that submissions run as, where they have their own."""
    return {one.slot for one in (box, box._second) if one is not None and one.slot is not None}


def _shared_memory(users: set[int]) -> list[str]:
    """List what belongs to submissions; other programs of the machine come and go."""
    ours = [n for n in _listed("/dev/shm") if "backmark-was-here" in n or _owner(f"/dev/shm/{n}") in users]
    lines = [line for kind in ("shm", "msg", "sem") for line in _text(f"/proc/sysvipc/{kind}").splitlines()]
    return ours + [line for line in lines if {str(user) for user in users} & set(line.split())]


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


def _listed(path: str) -> list[str]:
    try:
        return sorted(os.listdir(path))
    except OSError:
        return []


def _count(path: str) -> int:
    return len(_listed(path))


def _processes() -> list[str]:
    return [n for n in os.listdir("/proc") if n.isdigit()]


def _owner(path: str) -> int:
    try:
        return os.lstat(path).st_uid
    except OSError:
        return -1


def resident(process: int) -> int:
    """Return the memory of a process in bytes."""
    fields = _text(f"/proc/{process}/statm").split()
    return int(fields[1]) * os.sysconf("SC_PAGESIZE") if fields else 0


def work_complaints(tier: str | None) -> list[str]:
    """Run what honest students do: files of their own, much of the standard library, compiled loops."""
    with Sandbox(("numpy", "numba"), limits=Limits(seconds=60, memory_mb=400), tier=tier) as box:
        evidence = box.run([Cell(1, WORK), HONEST], SCRIPTS)
    found = complaints(evidence, {"f": "ok", "g": "ok", "cells": ["ok", "ok"]})
    return [f"honest afterwards: {sentence} {evidence}" for sentence in found]


def attacked(box: Sandbox, paths: list[Path]) -> dict[str, list[str]]:
    """Run attacks one after the other; return what is wrong, by the name of the attack."""
    wrong = {}
    honest_complaints(box)
    memory = sum(map(resident, box.processes()))
    for path in paths:
        try:
            found = attack(box, path)
        except Exception:
            found = [f"crash: {traceback.format_exc(limit=3)}"]
        if found:
            wrong[path.stem] = found
    grown = sum(map(resident, box.processes())) - memory
    if grown > 8 << 20:
        wrong["the zygotes"] = [f"leftover memory: {grown >> 20} MB"]
    return wrong


def run(paths: list[Path], tier: str | None) -> dict[str, Any]:
    """Run attacks in one sandbox; return the tier, its layers and the sums."""
    wrong: dict[str, list[str]] = {}
    if work := work_complaints(tier):
        wrong["honest work"] = work
    sums: dict[str, Any] = {"attacks": len(paths)}
    for needed in sorted({packages(p) for p in paths}):
        with Sandbox(needed, limits=PATIENT, tier=tier) as box:
            sums |= {"tier": box.tier, "layers": list(box.layers)}
            wrong |= attacked(box, [p for p in paths if packages(p) == needed])
    sums["wrong"] = wrong
    every = [sentence for found in wrong.values() for sentence in found]
    for kind in ("wrongful marks", "leak", "crash", "leftover", "honest afterwards"):
        sums[kind] = sum(s.startswith(kind) for s in every)
    return sums


def forbid_namespaces() -> None:
    """Take from this process what a default container takes: new namespaces and mounts."""
    numbers = DENIED[os.uname().machine]
    refuse = struct.pack("=HBBI", 0x06, 0, 0, 0x00050000 | errno.EPERM)
    tests = [struct.pack("=HBBI", 0x15, 0, 1, n) + refuse for n in numbers]
    code = (
        struct.pack("=HBBI", 0x20, 0, 0, 0) + b"".join(tests) + struct.pack("=HBBI", 0x06, 0, 0, 0x7FFF0000)
    )
    if os.getuid():
        _seccomp.LIBC.prctl(38, 1, 0, 0, 0)
    _seccomp.install(code)


def main() -> int:
    """Print the sums; exit with 1 when anything is not as it must be."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tier")
    for flag in ("--slice", "--contained", "--json"):
        parser.add_argument(flag, action="store_true")
    options = parser.parse_args()
    if options.contained:
        forbid_namespaces()
    paths = [p for p in CORPUS if not options.slice or p.stem in ONE_OF_EACH]
    sums = run(paths, options.tier)
    print(json.dumps(sums) if options.json else "\n".join(f"{k}: {v}" for k, v in sums.items()))
    return 1 if sums["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
