"""What each tier of isolation lacks on this machine, and how to get it."""

import dataclasses
import os
import time
from collections.abc import Iterator, Mapping

from autograder.launch import SandboxError

from ._script import Call
from .evidence import Cell, Limits
from .isolation import TIERS, WeakIsolation
from .zygote import Sandbox

WHAT = {
    "T3": "a world of its own: namespaces, a read-only root, files in memory only",
    "T2": "a user of its own for each submission, without capabilities",
    "T1": "only named files and system calls, limits on time and memory",
    "T0": "limits on time and memory alone; refused unless --allow-weak is given",
}
NAMESPACES = (
    "As root it works on a plain machine; in Docker add --cap-add SYS_ADMIN and --security-opt seccomp=unconfined "
    "--security-opt apparmor=unconfined (or a profile that lets unshare, mount and pivot_root pass). "
    "For other users user namespaces must be allowed: sysctl user.max_user_namespaces above 0 and, "
    "on Ubuntu, kernel.apparmor_restrict_unprivileged_userns=0."
)
HOW = {
    "landlock": "Use Linux 5.13 or later with Landlock among its security modules (boot option lsm=landlock,...).",
    "seccomp": "Use an x86-64 or aarch64 kernel with seccomp filters.",
    "no_new_privs": "Use Linux 3.5 or later.",
    "no capabilities": "Give the user who grades Python and its packages to read, as their owner or as anybody.",
    "own user": (
        "Grade as root (a default container is enough), with Python and its packages in folders that any user "
        "can enter and read, such as /opt or /usr/local, and at least 65536 user numbers."
    ),
    "namespaces": NAMESPACES,
}
ROUNDS = 12


@dataclasses.dataclass(frozen=True)
class TierReport:
    """One tier on this machine; ``milliseconds`` is the least that a submission that does nothing takes in it."""

    tier: str
    what: str
    holds: bool
    layers: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    why: str = ""
    how: tuple[str, ...] = ()
    milliseconds: float | None = None


def best_tier() -> TierReport:
    """Report the tier that `grade` uses here."""
    return _tried(None)


def every_tier() -> Iterator[TierReport]:
    """Report the tiers from the strongest to the weakest; each is really started."""
    for tier in TIERS:
        yield _tried(tier)


def _tried(tier: str | None) -> TierReport:
    box = Sandbox(limits=Limits(seconds=20), tier=tier, allow_weak=True)
    try:
        with box:
            return TierReport(box.tier, WHAT[box.tier], True, box.layers, milliseconds=_milliseconds(box))
    except (WeakIsolation, SandboxError) as error:
        name = tier or "T0"
        missing = tuple(sorted(TIERS[name] - set(box.layers))) if box.layers else ()
        alone = (
            "only root can give submissions a user of their own" if missing == ("own user",) else str(error)
        )
        why = "; ".join(dict.fromkeys(box.reasons.values())) or alone
        return TierReport(
            name, WHAT[name], False, box.layers, missing, why, _how(missing, os.getuid(), box.reasons)
        )


def _how(missing: tuple[str, ...], user: int, reasons: Mapping[str, str]) -> tuple[str, ...]:
    """Return one piece of advice for each thing to be done, in the order of the layers that are missing."""
    named = dict.fromkeys(layer if layer in HOW else "namespaces" for layer in missing)
    if user and "own user" in named:
        named.pop("no capabilities", None)
    if "own user" in reasons and "own user" in named:
        named.pop("no capabilities", None)
    return tuple(HOW[layer] for layer in named)


def _milliseconds(box: Sandbox) -> float:
    cell, script = [Cell(1, "def f():\n    return 1\n")], {"f": (Call("f"),)}
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        box.run(cell, script)
        times.append(time.perf_counter() - started)
    return round(1000 * min(times), 2)
