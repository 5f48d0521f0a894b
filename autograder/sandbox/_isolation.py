"""The layers around a submission, put on inside the process that is to be confined."""

import contextlib
import ctypes
import glob
import os
import resource
import signal
import sys
import sysconfig

from . import _landlock, _seccomp

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
FILE_BYTES = 16 << 20
OPEN_FILES = 64
THREADS = 32
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
TIME_ZONES = ("/etc/localtime", "/usr/share/zoneinfo")
LIBRARY_FOLDERS = ("/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib", "/usr/lib/*-linux-*")


LIBC = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    if LIBC.prctl(option, ctypes.c_ulong(value), 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def gain_nothing() -> None:
    """Give up, for this process and all it starts, whatever set-uid programs could give."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


def hide() -> None:
    """Keep what this process holds open, and its children's, from processes of the same user."""
    _prctl(PR_SET_DUMPABLE, 0)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends; end at once if that happened already.

    A parent outside this process's namespace has the number 0. The kernel forgets the wish when the user changes.
    """
    with contextlib.suppress(OSError, AttributeError):  # there is no such thing outside Linux
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() not in (parent, 0):
        os._exit(1)


def readable_paths(tops: list[str]) -> list[str]:
    """List what submissions may read: the standard library, the loaded packages, system libraries.

    Other packages often lie inside the folder of the standard library, so its entries are listed one by one.
    """
    paths = [*DEVICES, *TIME_ZONES, "/etc/ld.so.cache"]
    for folder in {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}:
        if folder and os.path.isdir(folder):
            entries = (e for e in os.listdir(folder) if e not in ("site-packages", "dist-packages"))
            paths += [os.path.join(folder, e) for e in entries]
    paths += _package_paths(tops)
    folders = [
        f
        for pattern in (*LIBRARY_FOLDERS, "/usr/lib/*-linux-*", f"{sys.base_prefix}/lib")
        for f in glob.glob(pattern)
    ]
    real = {os.path.realpath(f) for f in folders}
    return paths + [p for f in real for p in glob.glob(f"{f}/*.so*") if os.path.isfile(p)]


def _package_paths(tops: list[str]) -> list[str]:
    paths = []
    for top in tops:
        module = sys.modules[top]
        places = list(getattr(module, "__path__", [])) or [str(module.__file__)]
        paths += places + [p for place in places for p in glob.glob(f"{glob.escape(place)}.libs")]
    return paths


def loaded_packages() -> list[str]:
    """List the top-level modules loaded from outside the standard library and this package."""
    outside = {n.partition(".")[0] for n, m in list(sys.modules.items()) if getattr(m, "__file__", None)}
    own = __name__.partition(".")[0]
    return sorted(n for n in outside if n in sys.modules and _is_package(n) and n not in (own, "__main__"))


def _is_package(name: str) -> bool:
    module = sys.modules[name]
    place = getattr(module, "__file__", None) or ""
    return name not in sys.stdlib_module_names and bool(place or getattr(module, "__path__", None))


def limit_resources(memory: int) -> None:
    """Cap address space (bytes) and files, for this process and its children."""
    caps = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_FSIZE: FILE_BYTES,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for name in ("RLIMIT_MEMLOCK", "RLIMIT_MSGQUEUE"):
        if hasattr(resource, name):
            caps[getattr(resource, name)] = 0
    _limit(caps)


def limit_threads(threads: int | None) -> None:
    """Cap the threads of this user where that works; a zygote under it might no longer fork."""
    if threads is not None and hasattr(resource, "RLIMIT_NPROC"):
        _limit({resource.RLIMIT_NPROC: threads})


def _limit(caps: dict[int, int]) -> None:
    for what, value in caps.items():
        hard = resource.getrlimit(what)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with contextlib.suppress(OSError, ValueError):  # some systems know a limit but do not take it
            resource.setrlimit(what, (value, value))


def own_tasks() -> int:
    """Count the threads of this user on the whole machine, 0 if unknown; RLIMIT_NPROC counts the same ones."""
    mine, count = os.getuid(), 0
    if not os.path.isdir("/proc/self/task"):
        return 0
    for entry in os.scandir("/proc"):
        try:
            if entry.name.isdigit() and entry.stat().st_uid == mine:
                count += len(os.listdir(f"/proc/{entry.name}/task"))
        except OSError:
            continue
    return count


def address_space() -> int:
    """Return the size of this process's address space in bytes."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 1 << 30


def rehearse(threads: bool) -> None:
    """Do once in the zygote what is alike in every child, so that children find it done."""
    with contextlib.suppress(OSError, AttributeError):
        _prctl(PR_SET_PDEATHSIG, 0)
        _seccomp.inner(os.getpid(), threads)


def filter_zygote() -> None:
    """Let this process and all it starts make only the system calls that it and a computation need."""
    _seccomp.install(_seccomp.outer())


def filter_child(threads: bool) -> None:
    """Take from this process what only the zygote needs: it cannot start, reach or signal another."""
    _seccomp.install(_seccomp.inner(os.getpid(), threads))


def confine_files(readable: list[str], folder: str) -> int:
    """Let this process reach these files and its own folder only; return the version of Landlock."""
    inside = [os.path.join(folder, "data")]
    return _landlock.restrict(readable + inside, [os.path.join(folder, "box"), os.devnull], folder)
