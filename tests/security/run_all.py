"""Run the whole corpus in every world this machine can make, and print one line for each.

    python tests/security/run_all.py [--slice]

A world is who runs the sandbox and what the machine lets them do: root, root in a container, any user, any
user where there are no user namespaces. Root can make all of them, other users their own.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.sandbox import _namespaces

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
NOBODY = 65534


@dataclass(frozen=True)
class World:
    """Who attacks from where, and the tier that must come of it."""

    name: str
    user: int
    contained: bool
    tier: str
    asked: str | None = None

    def command(self, part: bool) -> list[str]:
        """Return how the attacks are started."""
        flags = ["--contained"] * self.contained + ["--slice"] * part
        asked = ["--tier", self.asked] if self.asked else []
        return [sys.executable, "-B", str(HERE / "attacking.py"), "--json", *flags, *asked]


ROOTS = (
    World("root", 0, False, "T3"),
    World("root in a container", 0, True, "T2"),
    World("root, no namespaces and no user asked for", 0, False, "T1", "T1"),
)
USERS = (
    World("a user", NOBODY, False, "T3"),
    World("a user without user namespaces", NOBODY, True, "T1"),
)


def worlds() -> tuple[World, ...]:
    """Return the worlds that this user can make."""
    return (
        ROOTS + USERS
        if os.getuid() == 0
        else tuple(World(w.name, os.getuid(), w.contained, w.tier) for w in USERS)
    )


def why_not(world: World) -> str:
    """Return why this machine cannot make a world, empty if it can."""
    if world.tier == "T3" and (reason := namespaces_refused(world.user)):
        return f"no namespaces here ({reason})"
    if world == ROOTS[0] or not shut_folders() or not namespaces_refused(0):
        return ""
    return f"other users cannot enter {', '.join(shut_folders())}, and this machine has no namespaces to open a way"


@functools.cache
def namespaces_refused(user: int) -> str:
    """Return why a user gets no namespaces on this machine, empty if they do."""
    flags = ["--user"] if user else []
    command = ["unshare", "--mount", "--pid", "--net", *flags, "true"]
    as_user = {"user": user, "group": user, "extra_groups": []} if user and os.getuid() == 0 else {}
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **as_user)
    except OSError as error:
        return str(error)
    return done.stderr.strip()


def attack_from(world: World, part: bool = False, seconds: float = 1800) -> dict[str, Any]:
    """Run the corpus in a world; return the sums, or why it could not be run."""
    done = subprocess.run(
        world.command(part),
        capture_output=True,
        text=True,
        cwd="/",
        env={"PATH": os.defpath, "HOME": "/nonexistent", "PYTHONPATH": os.pathsep.join(places()[:2])},
        timeout=seconds,
        check=False,
        preexec_fn=_entering(world),
    )
    try:
        return json.loads(done.stdout)
    except ValueError:
        return {"failed": (done.stderr or done.stdout)[-600:], "wrong": {"": ["it did not run"]}}


def places() -> list[str]:
    """Return the folders that the sandbox's user must be able to read: ours, the packages, Python."""
    return [str(ROOT), str(Path(np.__file__).parents[1]), sys.base_prefix, sys.prefix]


def shut_folders() -> list[str]:
    """Return the folders on the way to Python and ours that only their owner may enter."""
    ways = [p for place in places() for p in (Path(place), *Path(place).parents)]
    return sorted({str(p) for p in ways if p.stat().st_mode & 0o001 == 0})


def _entering(world: World) -> Callable[[], None] | None:
    """Return what the started process does first: see to it that Python can be read, and be the user."""
    if os.getuid() != 0 or world == ROOTS[0]:
        return None

    def enter() -> None:
        if shut_folders():
            open_the_way()
        if world.user:
            os.setgroups([])
            os.setresgid(*[world.user] * 3)
            os.setresuid(*[world.user] * 3)

    return enter


def open_the_way() -> None:
    """Put folders anybody may enter where ours are shut, in a mount namespace of this process alone."""
    if _namespaces.LIBC.unshare(_namespaces.NEWNS):
        raise OSError("Python lies in a folder that other users cannot enter")
    _namespaces._mount("none", "/", None, _namespaces.MS_REC | _namespaces.MS_PRIVATE)
    bind = _namespaces.MS_BIND | _namespaces.MS_REC
    for shut in shut_folders():
        inside = [p for p in places() if Path(p).is_relative_to(shut)]
        held = [(p, os.open(p, os.O_PATH | os.O_DIRECTORY)) for p in inside]
        _namespaces._mount("tmpfs", shut, "tmpfs", 0, "mode=755")
        for place, folder in held:
            os.makedirs(place, exist_ok=True)
            _namespaces._mount(f"/proc/self/fd/{folder}", place, None, bind)
            os.close(folder)


def main() -> int:
    """Print one line for each world; exit with 1 when anything is wrong in any of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--slice", action="store_true", help="one attack of each class only")
    part = parser.parse_args().slice
    bad = False
    heads = ("attacks", "wrongful", "leaks", "crashes", "left", "otherwise")
    print(f"{'world':44} tier {' '.join(f'{h:>8}' for h in heads)}")
    for world in worlds():
        if why := why_not(world):
            print(f"{world.name:44} not tried: {why}")
            continue
        sums = attack_from(world, part)
        if "failed" in sums:
            print(f"{world.name:44} {sums['failed']}")
            bad = True
            continue
        kinds = ("attacks", "wrongful marks", "leak", "crash", "leftover")
        counts = [*(sums[k] for k in kinds), len(sums["wrong"])]
        print(f"{world.name:44} {sums['tier']:4} {' '.join(f'{c:8}' for c in counts)}")
        bad = bad or bool(sums["wrong"]) or sums["tier"] != world.tier
        for name, sentences in sums["wrong"].items():
            print("\n".join(f"    {name}: {s}" for s in sentences))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
