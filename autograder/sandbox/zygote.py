"""The trusted side: start the zygote, have it fork a child per submission, read, time and end the child."""

import array
import contextlib
import json
import os
import shutil
import socket
import struct
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from autograder.launch import Ahead, Launched, Order, SandboxError, package_folders

from ._script import Call
from .child import Child
from .evidence import Cell, Evidence, Limits
from .isolation import granted, refuse_if_weak, wanted_tier
from .running import Allowance, Running, Watch

START_SECONDS = 60.0
SWEPT_AT = 64 << 20
LENT_BYTES = 16 << 20  # of scripts that the zygote keeps ready; every child has them in its memory
MANY_FILES = 256
CLOSED = "This sandbox is closed; use it inside its with block."


class Unstarted(SandboxError):
    """The zygote ended before it was ready."""


class Sandbox:
    """Run submissions, one at a time, each in its own confined process.

    Use as a context manager.  ``packages`` may be imported by submissions, with what they need themselves;
    what takes long to load (`LATE`) is so for submissions that name it, in a second sandbox inside this one;
    ``files`` (name: path) lie in the working folder of every submission.  ``tier`` and ``layers`` say how
    far submissions are confined, ``reasons`` what keeps more layers away; the best tier that works is taken
    unless ``tier`` or the environment variable BACKMARK_TIER asks for one.  ``ahead`` may
    have a process for the same on its way already.

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
        ahead: Ahead | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.allow_weak = allow_weak
        self.whole = Order.of(packages, self.limits.memory_mb, wanted_tier(tier, os.environ), files)
        self.order = self.whole.early()
        self.tier, self.layers = "T0", ()
        self.reasons: dict[str, str] = {}
        self.slot: int | None = None
        self._ahead = ahead or Ahead(None)
        self._zygote: Launched | None = None
        self._box: int | None = None
        self._lent: dict[bytes, int] = {}
        self._second: Sandbox | None = None

    def __enter__(self) -> "Sandbox":
        if not hasattr(os, "fork"):
            raise SandboxError("Submissions can be run on Linux and macOS only.")
        try:
            try:
                self._start()
            except Unstarted:  # killed while it started, or no memory just then: neither need last
                self.close()
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
        late = set(self.whole.packages) - set(self.order.packages)
        allowance = allowance or Allowance(self.limits.total(len(scripts)))
        if any(name in cell.source for cell in cells for name in late):
            return self._with_all().run(cells, scripts, allowance, watch)
        before = allowance.left
        on_disk = "private tmpfs" not in self.layers
        running = Running(
            cells, scripts, self.limits, self.whole.packages, allowance, watch, bool(late), on_disk
        )
        while running.wants_child():
            with self._child(running) as child:
                running.follow(child)
            running.printed += child.printed
        if (
            running.asked_for_more
        ):  # the name was put together, so we did not see it: once more from the start
            allowance.give_back(before - allowance.left, self.limits.seconds)
            return self._with_all().run(cells, scripts, allowance, watch)
        return running.evidence()

    def _with_all(self) -> "Sandbox":
        """Return the sandbox that has loaded all packages, which starts when it is needed first."""
        if self._zygote is None:
            raise SandboxError(CLOSED)
        if self._second is None:
            least = self.whole.tier if self.tier == "T0" else self.tier  # it may not be weaker than this one
            second = Sandbox(self.whole.packages, self.limits, self.allow_weak, dict(self.whole.files), least)
            second.order = second.whole
            self._second = second.__enter__()
        self._second.limits = self.limits
        return self._second

    def close(self) -> None:
        """End the zygote and remove everything of this sandbox; may be called twice."""
        second, self._second = self._second, None
        if second is not None:
            second.close()
        zygote, self._zygote = self._zygote, None
        if zygote is not None:
            zygote.end()
        if self._box is not None:
            os.close(self._box)
            self._box = None

    def hand_over(self) -> None:
        """Leave the running zygote to a process just forked, whose copy of this sandbox goes on with it.

        The zygote ends with that process; `close` then collects it.
        """
        if self._second is not None:
            self._second.hand_over()
        if self._zygote is not None:
            self._zygote.control.close()
        if self._box is not None:
            os.close(self._box)
            self._box = None

    def processes(self) -> list[int]:
        """Return the processes that children are forked from, as far as they run."""
        second = [] if self._second is None else self._second.processes()
        return [] if self._zygote is None else [self._zygote.process.pid, *second]

    def left_behind(self) -> list[str]:
        """List what lies in the working folders of submissions; between two, only the assignment's files."""
        second = [] if self._second is None else self._second.left_behind()
        return [] if self._box is None else [*sorted(os.listdir(self._box)), *second]

    def _start(self) -> None:
        package_folders(self.whole.packages)  # what is missing is told before anything is run
        self._lent = {}
        self._zygote = self._ahead.take(self.order) or Launched(self.order)
        self._zygote.control.settimeout(START_SECONDS)
        hello = self._hello(self._zygote)
        if hello["apart"]:
            self._zygote.remove_folder()
        self.layers, self.reasons, self.slot = tuple(hello["layers"]), hello["reasons"], hello["slot"]
        self.tier = granted(self.order.tier, self.layers, self.reasons)
        refuse_if_weak(self.tier, self.layers, self.allow_weak)
        self._sweep()

    def _hello(self, zygote: Launched) -> dict:
        try:
            answer, self._box = _hear(zygote.control)
        except OSError as error:
            raise Unstarted(f"The sandbox did not start: {error}.") from None
        hello = json.loads(answer or b'{"failed": "it ended at once"}')
        if "failed" in hello:
            raise Unstarted(f"The sandbox did not start: {hello['failed']}.")
        return hello

    @contextlib.contextmanager
    def _child(self, running: Running):
        if self._zygote is None:
            raise SandboxError(CLOSED)
        for attempt in range(3):
            try:
                child = self._fork(running.job(self._lend))
                break
            except (OSError, struct.error):
                if attempt == 2:
                    raise SandboxError("The sandbox died and could not be started again.") from None
                self.close()
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
        answer, extra, _, _ = self._control().recvmsg(16, socket.CMSG_LEN(array.array("i").itemsize))
        number = struct.unpack("=i", answer)[0]
        return number, struct.unpack("i", extra[0][2])[0] if extra else None

    def _send(self, order: bytes, *descriptors: int) -> None:
        rights = array.array("i", descriptors)
        self._control().sendmsg([order], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])

    def _status_of_child(self) -> int | None:
        """Have the zygote collect its ended child; return the wait status, None if the zygote is gone."""
        try:
            self._control().sendall(b"W")
            return struct.unpack("=i", self._control().recv(16))[0]
        except (OSError, struct.error):
            return None

    def _control(self) -> socket.socket:
        if self._zygote is None:
            raise OSError("there is no zygote")
        return self._zygote.control

    def _sweep(self) -> None:
        """Empty the working folder and lay the assignment's files into it again."""
        assert self._box is not None
        with os.scandir(self._box) as entries:
            found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        for name, is_folder in found:
            if is_folder:
                shutil.rmtree(name, ignore_errors=True, dir_fd=self._box)
            else:
                os.unlink(name, dir_fd=self._box)
        for name, _source in self.order.files:
            assert self._zygote is not None
            os.symlink(self._zygote.folder / "data" / Path(name).name, Path(name).name, dir_fd=self._box)

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
