"""The trusted side: start the zygote, have it fork a child per submission, read, time and end the child."""

import array
import contextlib
import importlib.util
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ._script import Call
from .child import Child, SandboxError, Unstarted
from .evidence import Cell, Evidence, Limits
from .isolation import granted, refuse_if_weak, wanted_tier
from .running import Allowance, Running, Watch

START_SECONDS = 60.0
END_SECONDS = 5.0
CLOCKS_DIFFER = 2.0  # seconds at most between two ways of telling the time
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
SWEPT_AT = 64 << 20
LENT_BYTES = 16 << 20  # of scripts that the zygote keeps ready; every child has them in its memory
MANY_FILES, PREFIX = 256, "backmark-box-"
_FOLDERS: set[Path] = set()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_FOLDERS.clear)  # they are the parent's to remove


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


class Sandbox:
    """Run submissions, one at a time, each in its own confined process.

    Use as a context manager.  ``packages`` may be imported by submissions, with what they need themselves;
    ``files`` (name: path) lie in the working folder of every submission.  ``tier`` and ``layers`` say how
    far submissions are confined, ``reasons`` what keeps more layers away; the best tier that works is taken
    unless ``tier`` or the environment variable BACKMARK_TIER asks for one.

    Raises:
        WeakIsolation: this machine cannot confine them so far, or not at all and ``allow_weak`` is false.
        UnknownTier: there is no such tier.
        SandboxError: an allowed package is not installed, or the zygote does not start.
    """

    def __init__(
        self,
        packages: Sequence[str] = ("numpy",),
        limits: Limits | None = None,
        allow_weak: bool = False,
        files: Mapping[str, str | os.PathLike] | None = None,
        tier: str | None = None,
    ) -> None:
        self.packages = tuple(dict.fromkeys(("numpy", *packages)))
        self.limits = limits or Limits()
        self.allow_weak = allow_weak
        self.files = dict(files or {})
        self.wanted = wanted_tier(tier, os.environ)
        self.tier, self.layers = "T0", ()
        self.reasons: dict[str, str] = {}
        self.slot: int | None = None
        self._box: int | None = None
        self._folder: Path | None = None
        self._process: subprocess.Popen | None = None
        self._control: socket.socket | None = None
        self._lent: dict[bytes, int] = {}

    def __enter__(self) -> "Sandbox":
        if not hasattr(os, "fork"):
            raise SandboxError("Submissions can be run on Linux and macOS only.")
        try:
            try:
                self._start()
            except Unstarted:  # killed while it started, or no memory just then: neither need last
                self._stop()
                self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def run(
        self,
        cells: Sequence[Cell],
        scripts: Mapping[str, Sequence[Call]],
        allowance: Allowance | None = None,
        watch: Watch | None = None,
    ) -> Evidence:
        """Run the cells in order, then each question's script; never raise for anything student code does.

        A question that runs over time, or whose process dies, fails alone: a fresh process runs the cells
        again and goes on with the other questions.  A cell that does so is reduced to its definitions.  When
        ``allowance`` is spent, what is left to do has the status "spent"; without one it is made of the limits.

        ``watch`` sees every reply before it is read, and hears of every question while the next one runs.
        """
        running = Running(cells, scripts, self.limits, self.packages, allowance, watch)
        while running.wants_child():
            with self._child(running) as child:
                running.follow(child)
            running.printed += child.printed
        return running.evidence()

    def close(self) -> None:
        """End the zygote and remove everything of this sandbox; may be called twice."""
        self._stop()
        self._folder = None

    def hand_over(self) -> None:
        """Leave the running zygote to a process just forked, whose copy of this sandbox goes on with it.

        The zygote ends with that process; `close` then collects it.
        """
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._box is not None:
            os.close(self._box)
            self._box = None

    def processes(self) -> list[int]:
        """Return the process that children are forked from, where it runs."""
        return [] if self._process is None else [self._process.pid]

    def left_behind(self) -> list[str]:
        """List what lies in the working folder of submissions; between two, only the assignment's files."""
        return [] if self._box is None else sorted(os.listdir(self._box))

    def _lay_out_folder(self) -> Path:
        """Make the folder; where a zygote keeps its files in memory, this is removed when it has started."""
        _remove_orphans()
        self._folder = folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        _FOLDERS.add(folder)
        for name in ("box", "data", "root"):
            (folder / name).mkdir()
            (folder / name).chmod(0o755)
        for name, source in self.files.items():
            copy = folder / "data" / Path(name).name
            shutil.copyfile(source, copy)
            copy.chmod(0o644)
        return folder

    def _remove_folder(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            _FOLDERS.discard(self._folder)

    def _start(self) -> None:
        self._lay_out_folder()
        self._lent = {}
        ours, theirs = socket.socketpair()
        with theirs:
            script = str(Path(__file__).with_name("_zygote.py"))
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-s", "-S", "-B", script, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env=self._environment(),
                cwd="/",
            )
        self._control = ours
        ours.settimeout(START_SECONDS)
        hello = self._introduce(ours)
        if hello["apart"]:
            self._remove_folder()
        self.layers, self.reasons, self.slot = tuple(hello["layers"]), hello["reasons"], hello["slot"]
        self.tier = granted(self.wanted, self.layers, self.reasons)
        refuse_if_weak(self.tier, self.layers, self.allow_weak)
        self._sweep()

    def _environment(self) -> dict[str, str]:
        kept = {n: os.environ[n] for n in ("LD_LIBRARY_PATH", "SYSTEMROOT") if n in os.environ}
        fonts = os.environ.get("MPLCONFIGDIR") or os.path.expanduser("~/.cache/matplotlib")
        return {**kept, **ENVIRONMENT, "HOME": str(self._folder), "MPLCONFIGDIR": fonts}

    def _introduce(self, control: socket.socket) -> dict:
        settings = {
            "packages": self.packages,
            "paths": _package_folders(self.packages),
            "folder": str(self._folder),
            "box": os.path.join(str(self._folder), "box"),
            "memory_mb": self.limits.memory_mb,
            "tier": self.wanted,
        }
        try:
            control.sendall(json.dumps(settings).encode() + b"\n")
            answer, self._box = _hear(control)
        except OSError as error:
            raise Unstarted(f"The sandbox did not start: {error}.") from None
        hello = json.loads(answer or b'{"failed": "it ended at once"}')
        if "failed" in hello:
            raise Unstarted(f"The sandbox did not start: {hello['failed']}.")
        return hello

    def _stop(self) -> None:
        """Let the zygote end and collect its own; it does when its socket closes, or else is killed."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(END_SECONDS)
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._box is not None:
            os.close(self._box)
            self._box = None
        self._remove_folder()

    @contextlib.contextmanager
    def _child(self, running: Running):
        if self._folder is None:
            raise SandboxError("This sandbox is closed; use it inside its with block.")
        for attempt in range(3):
            try:
                child = self._fork(running.job(self._lend))
                break
            except (OSError, struct.error):
                if attempt == 2:
                    raise SandboxError("The sandbox died and could not be started again.") from None
                self._stop()
                self._start()
        try:
            yield child
        finally:
            child.end()
            self._sweep()

    def _lend(self, script: bytes) -> int | None:
        """Have the zygote read a packed script once, for all children; return its number, None if it has no room.

        All submissions of a class are asked the same, and reading it takes a child as long as its fork.
        """
        if script not in self._lent:
            if sum(map(len, self._lent)) + len(script) > LENT_BYTES:
                return None
            held = _sealed(script)
            try:
                self._send(b"L", held)
            finally:
                os.close(held)
            self._lent[script] = len(self._lent)
        return self._lent[script]

    def _fork(self, job: bytes) -> Child:
        with contextlib.ExitStack() as opened:
            held = _sealed(job)
            opened.callback(os.close, held)
            reply, reply_end = os.pipe()
            opened.callback(os.close, reply_end)
            output, output_end = os.pipe()
            opened.callback(os.close, output_end)
            try:
                number, handle = self._order(held, reply_end, output_end)
            except BaseException:
                os.close(reply)
                os.close(output)
                raise
        return Child(number, handle, reply, output, self._status_of_child, self._overflows)

    def _order(self, *descriptors: int) -> tuple[int, int | None]:
        """Have the zygote fork; return the child's number and, where there is such a thing, its pidfd."""
        self._send(b"F", *descriptors)
        assert self._control is not None
        answer, extra, _, _ = self._control.recvmsg(16, socket.CMSG_LEN(array.array("i").itemsize))
        number = struct.unpack("=i", answer)[0]
        return number, struct.unpack("i", extra[0][2])[0] if extra else None

    def _send(self, order: bytes, *descriptors: int) -> None:
        if self._control is None:
            raise OSError("there is no zygote")
        rights = array.array("i", descriptors)
        self._control.sendmsg([order], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])

    def _status_of_child(self) -> int | None:
        """Have the zygote collect its ended child; return the wait status, None if the zygote is gone."""
        try:
            assert self._control is not None
            self._control.sendall(b"W")
            return struct.unpack("=i", self._control.recv(16))[0]
        except (OSError, struct.error, AssertionError):
            return None

    def _sweep(self) -> None:
        """Empty the working folder and lay the assignment's files into it again."""
        assert self._box is not None
        assert self._folder is not None
        with os.scandir(self._box) as entries:
            found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        for name, is_folder in found:
            if is_folder:
                shutil.rmtree(name, ignore_errors=True, dir_fd=self._box)
            else:
                os.unlink(name, dir_fd=self._box)
        for name in self.files:
            os.symlink(self._folder / "data" / Path(name).name, Path(name).name, dir_fd=self._box)

    def _overflows(self) -> bool:
        """Tell whether a submission fills the disk; it can neither remove nor rename files."""
        assert self._box is not None
        count = size = 0
        with os.scandir(self._box) as entries:
            for entry in entries:
                count, size = count + 1, size + entry.stat(follow_symlinks=False).st_blocks * 512
                if count > MANY_FILES or size > SWEPT_AT:
                    return True
        return False


def _hear(control: socket.socket) -> tuple[bytes, int | None]:
    """Receive one line, and the descriptor that may come with it."""
    line, descriptors = b"", array.array("i")
    while not line.endswith(b"\n"):
        data, extra, _, _ = control.recvmsg(1 << 16, socket.CMSG_LEN(descriptors.itemsize))
        if not data:
            break
        line += data
        for _level, _kind, body in extra:
            descriptors.frombytes(body)
    return line, descriptors[0] if descriptors else None


def _sealed(data: bytes) -> int:
    """Put bytes where a file descriptor reads them from their start."""
    if hasattr(os, "memfd_create"):
        held = os.memfd_create("job", os.MFD_CLOEXEC)
    else:
        held, path = tempfile.mkstemp()
        os.unlink(path)
    with open(held, "wb", closefd=False) as file:
        file.write(data)
    os.lseek(held, 0, os.SEEK_SET)
    return held


def _package_folders(packages: Sequence[str]) -> list[str]:
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
