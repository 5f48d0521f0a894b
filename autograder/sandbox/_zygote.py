"""The process that is forked once per submission: packages loaded, files confined, nothing secret.

Started by path, not as a module, so that nothing of ours but the few files named here is ever imported.
It holds no key and no student's data; it reads one job's file descriptors at a time from its socket.
"""

import array
import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import struct
import sys
import types

PRELOADED = (
    *("numpy.fft", "numpy.polynomial", "numpy.ma", "numpy.lib.stride_tricks"),
    *("collections", "copy", "dataclasses", "functools", "inspect", "itertools", "json", "math", "operator"),
    *("random", "re", "statistics", "string", "textwrap", "time", "traceback", "typing"),
)
AT_HOME = {"matplotlib": "matplotlib.pyplot"}
REPLY_FD = 3


class Zygote:
    """Hold what every child inherits: the confined process, its limits, and the socket to the grader."""

    def __init__(self, control: socket.socket, settings: dict) -> None:
        self.control, self.settings = control, settings
        self.layers: list[str] = []
        self.memory = self.child = 0
        self.threads: int | None = None
        self.namespace: dict = {}

    def prepare(self) -> dict:
        """Load the packages, confine this process, try every layer; return what is to be told the grader."""
        tops = _load_packages(self.settings["packages"], self.settings["paths"])
        from . import _child, _isolation

        self.memory = _isolation.address_space() + (self.settings["memory_mb"] << 20)
        if os.getuid():
            self.threads = _isolation.own_tasks() + _isolation.THREADS
        self._confine(_isolation.readable_paths(tops))
        self.namespace = _child.prepare()
        _isolation.rehearse(self.threads is not None)
        _settle(self.settings["box"], self.settings["packages"])
        return {"layers": self.layers, "tops": tops, "pid": os.getpid()}

    def _confine(self, readable: list[str]) -> None:
        from . import _isolation

        self.layers.append("rlimits")
        for name, put_on in (
            ("no_new_privs", _isolation.gain_nothing),
            ("landlock", lambda: _isolation.confine_files(readable, self.settings["folder"])),
            ("seccomp", _isolation.filter_zygote),
        ):
            try:
                put_on()
            except (OSError, AttributeError):
                continue
            self.layers.append(name)
        self.layers = [layer for layer in self.layers if self._holds(layer)]

    def _holds(self, layer: str) -> bool:
        """Try a layer for what it forbids, in a child that is thrown away."""
        if layer not in TRIALS:
            return True
        child = os.fork()
        if not child:
            try:
                if layer == "seccomp":
                    self._filter()
                os._exit(0 if TRIALS[layer](self.settings) else 1)
            finally:
                os._exit(2)
        return os.waitpid(child, 0)[1] == 0

    def _filter(self) -> None:
        from . import _isolation

        _isolation.filter_child(threads=self.threads is not None)

    def run(self, hello: dict) -> None:
        """Serve the grader until its end of the socket is closed; then clear up, it may have had no time to."""
        try:
            self.control.sendall(json.dumps(hello).encode() + b"\n")
            while self._obey(*_receive(self.control)):
                pass
        except OSError:
            pass  # the grader ended in the middle of an order
        self._clean_up()

    def _obey(self, order: bytes, descriptors: list[int]) -> bool:
        if order == b"F":
            self._fork(descriptors)
        elif order == b"W":
            _, status = os.waitpid(self.child, 0)
            self.child = 0
            self.control.sendall(struct.pack("=i", status))
        return bool(order)

    def _clean_up(self) -> None:
        """End the child and remove the folder."""
        if self.child:
            with contextlib.suppress(OSError):
                os.kill(self.child, signal.SIGKILL)
                os.waitpid(self.child, 0)
        for folder in (self.settings["box"], os.path.join(self.settings["folder"], "data")):
            with contextlib.suppress(OSError):
                for name in os.listdir(folder):
                    os.unlink(os.path.join(folder, name))
                os.rmdir(folder)
        with contextlib.suppress(OSError):
            os.rmdir(self.settings["folder"])

    def _fork(self, descriptors: list[int]) -> None:
        parent = os.getpid()
        self.child = os.fork()
        if not self.child:
            try:
                self._become_child(parent, *descriptors)
            finally:
                os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)
        handles = [os.pidfd_open(self.child)] if hasattr(os, "pidfd_open") else []
        _send(self.control, struct.pack("=i", self.child), handles)
        for handle in handles:
            os.close(handle)

    def _become_child(self, parent: int, job: int, reply: int, output: int) -> None:
        from . import _child, _isolation

        with open(job, "rb", closefd=False) as file:
            data = file.read()
        os.dup2(output, 1)
        os.dup2(output, 2)
        if reply != REPLY_FD:
            os.dup2(reply, REPLY_FD)
        os.closerange(REPLY_FD + 1, 1 << 16)
        os.chdir(self.settings["box"])
        _isolation.die_with_parent(parent)
        _isolation.limit_resources(self.memory, self.threads)
        if "seccomp" in self.layers:
            self._filter()
        gc.enable()
        _child.serve(data, REPLY_FD, self.namespace)


def _forbids_reading(settings: dict) -> bool:
    """Try to read the folder of this very file, which no submission may."""
    with open(sys.modules["numpy"].__file__ or "", "rb") as file:
        file.read(1)
    with open(os.path.join(settings["box"], "trial"), "w") as file:
        file.write("written")
    for path in (__file__, "/etc/passwd", os.path.dirname(__file__)):
        try:
            os.close(os.open(path, os.O_RDONLY))
        except PermissionError:
            continue
        return False
    return True


def _forbids_calls(_settings: dict) -> bool:
    for forbidden in (os.fork, socket.socket, lambda: os.kill(os.getppid(), 0), lambda: os.chmod(".", 0o700)):
        try:
            forbidden()
        except PermissionError:
            continue
        return False
    return True


TRIALS = {"landlock": _forbids_reading, "seccomp": _forbids_calls}


def _load_packages(packages: list[str], paths: list[str]) -> list[str]:
    before = list(sys.path)
    sys.path += paths
    from . import _child, _isolation  # noqa: F401  (loaded now: our own files cannot be read later)

    for name in (*packages, *PRELOADED):
        importlib.import_module(name)
        if name == "matplotlib":
            sys.modules[name].use("Agg")
        importlib.import_module(AT_HOME.get(name, name))
        if name == "numba":
            _compile_without_files()
    sys.path[:] = before
    return _isolation.loaded_packages()


def _compile_without_files() -> None:
    """Let `cache=True` pass without effect: a cell is no file that Numba could keep compiled code beside."""
    dispatcher = importlib.import_module("numba.core.dispatcher")
    dispatcher.Dispatcher.enable_caching = lambda _self: None


def _settle(box: str, packages: list[str]) -> None:
    """Make the state every child starts from, and keep the collector from touching it."""
    os.environ.clear()
    os.environ.update(
        HOME=box, TMPDIR=box, USER="student", LANG="C.UTF-8", MPLBACKEND="Agg", MPLCONFIGDIR=box
    )
    sys.argv = [""]
    sys.path[:] = [p for p in sys.path if "site-packages" not in p]
    sys.meta_path.append(_Refusal(packages))
    for name in [n for n in sys.modules if n.partition(".")[0] == _PACKAGE]:
        sys.modules[name].__dict__.pop("__path__", None)
    gc.disable()
    gc.collect()
    gc.freeze()


class _Refusal:
    """Come last among the finders; say why a package cannot be imported."""

    def __init__(self, packages: list[str]) -> None:
        self.packages = packages

    def find_spec(self, name: str, path: object = None, _target: object = None) -> None:
        top = name.partition(".")[0]
        if path is None and top not in sys.stdlib_module_names:
            allowed = ", ".join(self.packages)
            text = f"{top} is not available when grading this assignment; allowed: {allowed}"
            raise ModuleNotFoundError(text, name=name)


def _receive(control: socket.socket) -> tuple[bytes, list[int]]:
    room = socket.CMSG_LEN(3 * array.array("i").itemsize)
    data, extra, _, _ = control.recvmsg(1, room)
    descriptors = array.array("i")
    for level, kind, body in extra:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(body)
    return data, list(descriptors)


def _send(control: socket.socket, data: bytes, descriptors: list[int]) -> None:
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
    control.sendmsg([data], rights)


def main(control: socket.socket) -> None:
    """Prepare as the grader's first message says, report, serve."""
    with control.makefile("rb") as lines:
        settings = json.loads(lines.readline())
    zygote = Zygote(control, settings)
    try:
        hello = zygote.prepare()
    except Exception as error:
        control.sendall(json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode() + b"\n")
        return
    zygote.run(hello)


_PACKAGE = "backmark_sandbox"

if __name__ == "__main__":
    _package = types.ModuleType(_PACKAGE)
    _package.__path__ = [os.path.dirname(os.path.abspath(__file__))]
    sys.modules[_PACKAGE] = _package
    importlib.import_module(f"{_PACKAGE}._zygote").main(socket.socket(fileno=int(sys.argv[1])))
