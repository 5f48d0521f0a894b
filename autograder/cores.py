"""How many processes this machine can run at once, and a core for each of those that judge."""

from __future__ import annotations

import contextlib
import math
import os
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_cores() -> int:
    """Return how many cores this process may use: what a container is allowed, not what the machine has."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, _allowed()))


def _allowed() -> int:
    """Read how much processor time the control group of a container grants, in whole cores."""
    try:
        quota, period = QUOTA.read_text(encoding="ascii").split()
        return math.ceil(int(quota) / int(period))
    except (OSError, ValueError):
        return 1 << 30  # "max", or no such group


def stay_on_core(number: int, processes: int, *others: int) -> None:
    """Keep this process, and those with the ids `others`, on one core, with all they start from now on.

    A judging process and its sandbox take turns: on two cores both are always cold, and with a process for
    each core the system moves them about all the time. With fewer processes than
    cores nobody is tied, for somebody else may be busy just there.
    """
    if not hasattr(os, "sched_setaffinity"):
        return
    cores = sorted(os.sched_getaffinity(0))
    if processes < len(cores):
        return
    tasks = [int(task) for task in os.listdir("/proc/self/task")]
    for task in (*tasks, *others):
        with contextlib.suppress(OSError):
            os.sched_setaffinity(task, {cores[number % len(cores)]})
