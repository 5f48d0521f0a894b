"""What this machine has for grading: Python, packages, cores, memory, disk, a place for compiled code."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.cores import usable_cores

OLDEST_PYTHON = (3, 11)
# package: what it is for, and the extra that brings it; the first two are needed by everybody.
PACKAGES = {
    "numpy": ("everything", ""),
    "numba": ("the fast kernels", ""),
    "click": ("the command", "student"),
    "rich": ("the command", "student"),
    "jinja2": ("reports as web pages", "grader"),
    "nbformat": ("notebooks", "grader"),
    "jupytext": ("notebooks", "grader"),
    "matplotlib": ("assignments with pictures", "grader"),
    "nbgrader": ("nbgrader's gradebook", "instructor"),
    "distributed": ("grading on a cluster", "cluster"),
}
NEEDED = ("numpy", "numba")
LITTLE_MEMORY, LITTLE_DISK = 2 << 30, 1 << 30


@dataclass(frozen=True)
class Finding:
    """One thing looked at; status: ok | note | bad (nothing can be graded before it is mended)."""

    name: str
    status: str
    value: str
    advice: str = ""


def examine(folder: Path = Path()) -> Iterator[Finding]:
    """Look at the machine; ``folder`` is where the course lies."""
    yield _python()
    yield from map(_package, PACKAGES)
    yield _cores()
    yield _memory()
    for name, place in (
        ("disk for the course", folder),
        ("disk for temporary files", Path(tempfile.gettempdir())),
    ):
        yield _disk(name, place)
    yield _compiled_code()


def _python() -> Finding:
    version = platform.python_version()
    where = f"{version}, {platform.system()} {platform.machine()}"
    if sys.version_info >= OLDEST_PYTHON:
        return Finding("Python", "ok", where)
    return Finding("Python", "bad", where, f"Use Python {OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} or newer.")


def _package(name: str) -> Finding:
    what, extra = PACKAGES[name]
    try:
        return Finding(name, "ok", importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        wanted = f"backmark[{extra}]" if extra else name
        status = "bad" if name in NEEDED else "note"
        return Finding(name, status, "not installed", f"Needed for {what}: pip install '{wanted}'.")


def _cores() -> Finding:
    return Finding("cores", "ok", f"{usable_cores()} of {os.cpu_count()}")


def _memory() -> Finding:
    """Read the memory that is available; what a container allows may be less than what the machine has."""
    free = min([m for m in (_available(), _allowed()) if m is not None], default=None)
    if free is None:
        return Finding("memory", "note", "unknown")
    advice = "" if free >= LITTLE_MEMORY else "Grade with --workers 1; each worker takes about 0.5 GB."
    return Finding("memory", "note" if advice else "ok", f"{_size(free)} free", advice)


def _available() -> int | None:
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) << 10
    except (OSError, ValueError, KeyError):
        return None


def _allowed() -> int | None:
    for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            return int(Path(name).read_text())
        except (OSError, ValueError):
            continue
    return None


def _disk(name: str, place: Path) -> Finding:
    try:
        free = shutil.disk_usage(place).free
    except OSError as error:
        return Finding(name, "bad", f"{place}: {error.strerror}", "Choose another folder.")
    if not os.access(place, os.W_OK):
        return Finding(name, "bad", f"{place} cannot be written", "Choose another folder.")
    advice = "" if free >= LITTLE_DISK else "Make room before a class is graded."
    return Finding(name, "note" if advice else "ok", f"{_size(free)} free", advice)


def _compiled_code() -> Finding:
    """Find where Numba keeps compiled code; without such a place each process compiles anew."""
    kernels = Path(__file__).resolve().parents[1] / "reference" / "kernels" / "__pycache__"
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    place = Path(chosen) if chosen else kernels
    near = next((p for p in (place, *place.parents) if p.exists()), Path("/"))
    if os.access(near, os.W_OK):
        return Finding("cache of compiled code", "ok", str(place))
    advice = "Set NUMBA_CACHE_DIR to a folder of your own; until then every process compiles anew."
    return Finding("cache of compiled code", "note", f"{place} cannot be written", advice)


def _size(count: int) -> str:
    return f"{count / (1 << 30):.1f} GB"
