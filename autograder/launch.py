"""Start the process of a sandbox: with the standard library alone, so that it is on its way before anything else loads.

Starting takes as long as loading all the rest. The sandbox itself (`sandbox/zygote.py`) waits until the process is
ready and goes on with it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

MEMORY_MB = 512
LATE = frozenset({"numba"})  # takes longer to load than all the rest, and few use it
WITHOUT_LATE = frozenset({"numpy", "scipy", "matplotlib", "pandas", "sympy"})  # load none of them themselves
END_SECONDS = 5.0
CLOCKS_DIFFER = 2.0  # seconds at most between two ways of telling the time
PREFIX = "backmark-box-"
PROGRAM = Path(__file__).parent / "sandbox" / "_zygote.py"
ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "PATH": "/usr/bin:/bin",
    # The same order of sets and dicts of strings in every child.
    "PYTHONHASHSEED": "0",
    # Fresh memory holds huge numbers, so that code which forgets to fill np.empty is wrong every time.
    "MALLOC_PERTURB_": "128",
    **{
        f"{name}_NUM_THREADS": "1"
        for name in ("OPENBLAS", "MKL", "OMP", "BLIS", "NUMBA", "VECLIB", "NUMEXPR")
    },
}
_FOLDERS: set[Path] = set()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_FOLDERS.clear)  # they are the parent's to remove


class SandboxError(RuntimeError):
    """The sandbox itself cannot start or keep going; never caused by a submission."""


@dataclass(frozen=True)
class Order:
    """What a process is started for: packages that may be imported, memory, a tier (None: the best), extra files."""

    packages: tuple[str, ...]
    memory_mb: int = MEMORY_MB
    tier: str | None = None
    files: tuple[tuple[str, str], ...] = ()
    late: tuple[str, ...] = ()  # packages that are allowed, and loaded by another process

    @classmethod
    def of(
        cls,
        packages: Iterable[str],
        memory_mb: int,
        tier: str | None = None,
        files: Mapping[str, Any] | None = None,
    ) -> Order:
        """Return the order for these packages, among which numpy always is."""
        placed = tuple((name, os.fspath(path)) for name, path in (files or {}).items())
        return cls(tuple(dict.fromkeys(("numpy", *packages))), memory_mb, tier, placed)

    def early(self) -> Order:
        """Return the order without what is loaded only for those who name it."""
        at_once = tuple(p for p in self.packages if p not in LATE)
        if not WITHOUT_LATE.issuperset(at_once):
            return self
        return dataclasses.replace(self, packages=at_once, late=tuple(p for p in self.packages if p in LATE))


class Launched:
    """A process on its way to be a zygote, its folder, and the socket to it.

    Raises:
        SandboxError: an allowed package is not installed.
        OSError: no process can be started or no folder made.
    """

    def __init__(self, order: Order) -> None:
        self.order = order
        paths = package_folders(order.packages)
        self.folder = _lay_out_folder(order.files)
        self.control, theirs = socket.socketpair()
        try:
            with theirs:
                self.process = _start(theirs, self.folder)
        except BaseException:
            self.control.close()
            self.remove_folder()
            raise
        settings = {
            "packages": order.packages,
            "late": order.late,
            "paths": paths,
            "folder": str(self.folder),
            "box": str(self.folder / "box"),
            "memory_mb": order.memory_mb,
            "tier": order.tier,
        }
        with contextlib.suppress(OSError):  # it ended at once: whoever waits for its answer is told
            self.control.sendall(json.dumps(settings).encode() + b"\n")

    def end(self) -> None:
        """Let the process end and collect its own; it does when its socket closes, or else is killed."""
        self.control.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(END_SECONDS)
        self.process.kill()
        self.process.wait()
        self.remove_folder()

    def remove_folder(self) -> None:
        """Remove the folder; where the process keeps its files in memory, this may be done when it has started."""
        shutil.rmtree(self.folder, ignore_errors=True)
        _FOLDERS.discard(self.folder)


def _start(theirs: socket.socket, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-s", "-S", "-B", str(PROGRAM), str(theirs.fileno())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(theirs.fileno(),),
        env=_environment(folder),
        cwd="/",
    )


def _environment(folder: Path) -> dict[str, str]:
    kept = {n: os.environ[n] for n in ("LD_LIBRARY_PATH", "SYSTEMROOT") if n in os.environ}
    fonts = os.environ.get("MPLCONFIGDIR") or os.path.expanduser("~/.cache/matplotlib")
    return {**kept, **ENVIRONMENT, "HOME": str(folder), "MPLCONFIGDIR": fonts}


def package_folders(packages: Iterable[str]) -> list[str]:
    """Find the folders the packages are installed in.

    Raises:
        SandboxError: one is not installed.
    """
    folders: dict[str, None] = {}
    for name in packages:
        found = importlib.util.find_spec(name)
        if found is None or found.origin is None:
            raise SandboxError(f"The assignment allows {name}, but {name} is not installed on this machine.")
        depth = 2 if found.submodule_search_locations else 1
        folders[os.sep.join(found.origin.split(os.sep)[:-depth])] = None
    return list(folders)


def _lay_out_folder(files: Iterable[tuple[str, str]]) -> Path:
    _remove_orphans()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    _FOLDERS.add(folder)
    for name in ("box", "data", "root"):
        (folder / name).mkdir()
        (folder / name).chmod(0o755)
    for name, source in files:
        copy = folder / "data" / Path(name).name
        shutil.copyfile(source, copy)
        copy.chmod(0o644)
    return folder


def _remove_orphans() -> None:
    """Remove what a killed process left: no killed process can tidy up itself, so the next one does."""
    if not Path("/proc/self").exists():
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdecimal() and not _runs_since(owner, folder):
            shutil.rmtree(folder, ignore_errors=True)


def _runs_since(process: str, folder: Path) -> bool:
    """Tell whether a process runs that can have made a folder; its number may have gone to a younger one."""
    try:
        ticks = int(Path("/proc", process, "stat").read_bytes().rpartition(b")")[2].split()[19])
        up = float(Path("/proc/uptime").read_text().split()[0])
        started = time.time() - up + ticks / os.sysconf("SC_CLK_TCK")
        return started < folder.stat().st_mtime + CLOCKS_DIFFER
    except FileNotFoundError:
        return False
    except (OSError, ValueError, IndexError):
        return True  # it cannot be told


def remove_folders() -> None:
    """Remove the folders of sandboxes that this process has open or is opening, before it ends at once."""
    for folder in tuple(_FOLDERS):
        shutil.rmtree(folder, ignore_errors=True)


class Ahead:
    """A sandbox's process that is on its way; use as a context manager, which ends it where nobody took it.

    What keeps it from starting is not told: whoever needs a sandbox starts one then, and hears of it.
    """

    def __init__(self, order: Order | None) -> None:
        self._launched: Launched | None = None
        if order is not None and hasattr(os, "fork"):
            with contextlib.suppress(SandboxError, OSError, ValueError):
                self._launched = Launched(order)

    def take(self, order: Order) -> Launched | None:
        """Hand the process over, once; one that was started for something else is ended."""
        launched, self._launched = self._launched, None
        if launched is not None and launched.order != order:
            launched.end()
            return None
        return launched

    def __enter__(self) -> Ahead:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._launched is not None:
            self._launched.end()


def guessed_order(settings: Path | None = None) -> Order | None:
    """Return what an assignment.toml asks of a sandbox, or nobody in particular; None where it says nothing usable.

    The file is only glanced at. Whoever judges reads it properly and sees whether the guess was right.
    """
    try:
        limits = tomllib.loads(settings.read_text(encoding="utf-8")).get("limits", {}) if settings else {}
        packages, memory = limits.get("packages", ("numpy",)), limits.get("memory_mb", MEMORY_MB)
        if not all(name.isidentifier() for name in packages) or not memory > 0:
            return None
        return Order.of(packages, memory, os.environ.get("BACKMARK_TIER") or None).early()
    except (OSError, ValueError, TypeError, AttributeError):
        return None
