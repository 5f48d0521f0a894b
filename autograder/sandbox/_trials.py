"""Each layer tried for what it forbids, from inside a process confined as a submission is."""

import contextlib
import json
import os
import resource
import socket
import sys
from collections.abc import Callable

from . import _privileges


def readable_as(change: Callable[[], None], tops: list[str]) -> str:
    """Try in a throw-away process whether packages and standard library can be read after a change of rights.

    Returns what is in the way, empty if nothing is.
    """
    files = [f for f in (getattr(sys.modules[n], "__file__", None) for n in ("os", *tops)) if f]

    def look() -> str:
        change()
        for path in files:
            with open(path, "rb") as file:
                file.read(1)
        return ""

    return str(thrown_away(lambda: _told(look)))


def _told(look: Callable[[], str]) -> str:
    try:
        return look()
    except OSError as error:
        return f"{error.strerror}: {error.filename or error.args[-1]}"


def thrown_away(work: Callable[[], object]) -> object:
    """Return what a function finds in a forked process; None if that process ends badly."""
    hear, say = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(say, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(say)
    with open(hear, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return json.loads(said) if said else None


def layers_that_hold(layers: list[str], confine: Callable[[], None], facts: dict) -> list[str]:
    """Confine a throw-away process; return the layers that forbid there what they should."""

    def look() -> list[str]:
        confine()
        return [layer for layer in layers if _holds(layer, facts)]

    found = thrown_away(look)
    return found if isinstance(found, list) else []


def _holds(layer: str, facts: dict) -> bool:
    try:
        return TRIALS[layer](facts) if layer in TRIALS else True
    except Exception:
        return False


def _limits_hold(facts: dict) -> bool:
    return 0 < resource.getrlimit(resource.RLIMIT_AS)[1] <= facts["memory"]


def _forbids_reading(facts: dict) -> bool:
    """Try the folder of this very file, which no submission may read, and the root, which is always there."""
    with open(sys.modules["numpy"].__file__ or "", "rb") as file:
        file.read(1)
    _write(facts)
    forbidden = (__file__, "/etc/passwd", os.path.dirname(__file__), "/")
    return not any(_can_open(path) for path in forbidden) and _refusal("/") != "FileNotFoundError"


def _write(facts: dict) -> None:
    with open(os.path.join(facts["box"], "trial"), "w") as file:
        file.write("written")


def _can_open(path: str) -> bool:
    return _refusal(path) == ""


def _refusal(path: str) -> str:
    try:
        os.close(os.open(path, os.O_RDONLY))
    except OSError as error:
        return type(error).__name__
    return ""


def _forbids_calls(_facts: dict) -> bool:
    tries = (os.fork, socket.socket, lambda: os.kill(os.getppid(), 0), lambda: os.chmod(".", 0o700))
    for forbidden in tries:
        try:
            forbidden()
        except PermissionError:
            continue
        return False
    return True


def _holds_no_capability(_facts: dict) -> bool:
    return _privileges.held_capabilities() == 0


def _is_own_user(facts: dict) -> bool:
    _write(facts)
    with contextlib.suppress(OSError):
        os.setresuid(0, 0, 0)
    return {*os.getresuid(), *os.getresgid()} == {facts["slot"]} and not os.getgroups()


def _sees_no_parent(_facts: dict) -> bool:
    return os.getppid() == 0


def _root_is_closed(_facts: dict) -> bool:
    return bool(
        os.statvfs("/usr" if os.path.isdir("/usr") else "/").f_flag & os.ST_RDONLY
    ) and not os.path.exists("/proc")


TRIALS: dict[str, Callable[[dict], bool]] = {
    "rlimits": _limits_hold,
    "landlock": _forbids_reading,
    "seccomp": _forbids_calls,
    "no capabilities": _holds_no_capability,
    "own user": _is_own_user,
    "pid namespace": _sees_no_parent,
    "read-only root": _root_is_closed,
}
