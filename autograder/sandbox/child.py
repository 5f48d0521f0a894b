"""A child as the grader sees it: what it sends is waited for, taken off, and never believed."""

import contextlib
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator

from . import wire
from .replies import REPLY

LOOKS = 0.05  # seconds between two looks at a child's files
FULL = "wrote too many files"
PAUSE = 1.0  # seconds between two looks that are a tenth of a second apart: nobody ran meanwhile


class ChildEnded(Exception):
    """A child gave no reply; ``status`` is timeout, killed, garbled or lost, ``reason`` a few words."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(status, reason)
        self.status, self.reason = status, reason


class Child:
    """One forked process as the grader sees it: a pidfd, a reply pipe, an output pipe."""

    def __init__(
        self,
        number: int,
        handle: int | None,
        reply: int,
        output: int,
        collect: Callable[[], int | None],
        overflows: Callable[[], bool],
    ) -> None:
        self.number, self.handle, self.reply, self.output = number, handle, reply, output
        self._collect, self._overflows = collect, overflows
        self.printed = 0
        self.status: int | None = None
        self._bytes = bytearray()
        self._ended = self.full = False
        self._looked = self._paused = 0.0
        self._poll = select.poll()
        for descriptor in (reply, output):
            os.set_blocking(descriptor, False)
            self._poll.register(descriptor, select.POLLIN)

    def frame(self, deadline: float) -> bytes:
        """Wait for the next whole message.

        Raises:
            ChildEnded: the deadline (of ``clock``) passed, the process ended, or the bytes
                are no message.
        """
        before = time.monotonic()
        while True:
            now = time.monotonic()
            if now - before > PAUSE:
                self._paused += now - before
            before = now
            message = self._cut()
            if message is not None:
                if self._overflows():  # where the folder is small, filling it ends in an exception instead
                    raise ChildEnded("killed", FULL)
                return message
            left = deadline - self.clock()
            if left <= 0:
                raise ChildEnded("timeout", "ran out of time")
            ready = dict(self._poll.poll(min(left, 0.1) * 1000))
            if self.output in ready:
                self._drain()
            if self.reply in ready:
                self._receive()
            if self.full or (self._looks_again() and self._overflows()):
                raise ChildEnded("killed", FULL)

    def clock(self) -> float:
        """Return the seconds that count: a machine that stands still (suspended, frozen) costs nobody time."""
        return time.monotonic() - self._paused

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Look at the child's files meanwhile; for when nobody waits for its messages."""
        done = threading.Event()
        watcher = threading.Thread(target=self._look_until, args=(done,), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()

    def _look_until(self, done: threading.Event) -> None:
        while not done.wait(LOOKS):
            if self._overflows():
                self.full = True
                with contextlib.suppress(ProcessLookupError):
                    self._kill()
                return

    def _looks_again(self) -> bool:
        """Tell whether it is time to look at the child's files once more."""
        due = time.monotonic() - self._looked > LOOKS
        if due:
            self._looked = time.monotonic()
        return due

    def _cut(self) -> bytes | None:
        """Take one message off what has come in, if it is all there."""
        if len(self._bytes) < wire.HEADER.size:
            return None
        try:
            whole = wire.HEADER.size + wire.measure(bytes(self._bytes[: wire.HEADER.size]), REPLY)
        except wire.WireError:
            raise ChildEnded("garbled", "wrote to the grader's channel") from None
        if len(self._bytes) < whole:
            return None
        message = bytes(self._bytes[:whole])
        del self._bytes[:whole]
        return message

    def _receive(self) -> None:
        try:
            chunk = os.read(self.reply, 1 << 20)
        except BlockingIOError:
            return
        if not chunk:
            raise self._ending()
        self._bytes += chunk

    def _drain(self) -> None:
        try:
            chunk = os.read(self.output, 1 << 20)
        except BlockingIOError:
            return
        self.printed += len(chunk)
        if not chunk:
            self._poll.unregister(self.output)

    def _ending(self) -> ChildEnded:
        """Say why the reply channel was closed."""
        if self.handle is not None:
            alive = select.poll()
            alive.register(self.handle, select.POLLIN)
            if not alive.poll(2000):  # on a busy machine a process takes its time to end
                return ChildEnded("garbled", "closed the grader's channel")
        self.end()
        if self.full:
            return ChildEnded("killed", FULL)
        if self.status is None:
            return ChildEnded("lost", "was lost with the sandbox")
        return ChildEnded("killed", _describe_status(self.status))

    def end(self) -> None:
        """Kill the process, collect it, close everything; may be called twice."""
        if self._ended:
            return
        self._ended = True
        with contextlib.suppress(ProcessLookupError):
            self._kill()
        self.status = self._collect()
        with contextlib.suppress(OSError, KeyError):
            self._drain()
        for descriptor in (self.handle, self.reply, self.output):
            if descriptor is not None:
                os.close(descriptor)

    def _kill(self) -> None:
        if self.handle is not None:
            signal.pidfd_send_signal(self.handle, signal.SIGKILL)
        else:  # its number cannot have been given to another: the zygote has not collected it yet
            os.kill(self.number, signal.SIGKILL)


def _describe_status(status: int) -> str:
    if os.WIFSIGNALED(status):
        known = {signal.SIGSEGV: "crashed (segmentation fault)", signal.SIGKILL: "ran out of memory"}
        number = os.WTERMSIG(status)  # real-time signals have no name
        return {int(s): what for s, what in known.items()}.get(number, f"ended by signal {number}")
    return "ended its own process"
