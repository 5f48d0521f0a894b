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
        self.tier: str | None = settings["tier"]
        self.layers: list[str] = ["rlimits"]
        self.reasons: dict[str, str] = {}
        self.memory = self.child = 0
        self.threads: int | None = None
        self.slot: int | None = None
        self.bare = self.apart = False
        self.first: tuple[int, int] | None = None
        self.namespace: dict = {}
        self.scripts: list = []  # inputs of questions, read once for all children; never an expected value

    def prepare(self) -> dict:
        """Load the packages, confine this process, try every layer; return what is to be told the grader."""
        self._separate()
        tops = _load_packages(self.settings["packages"], self.settings["paths"])
        from . import _child, _isolation, _trials

        self.memory = _isolation.address_space() + int(self.settings["memory_mb"] * (1 << 20))
        tasks = _isolation.own_tasks()
        readable = _isolation.readable_paths(tops)
        self._go_in(readable)
        box = os.open(self.settings["box"], os.O_RDONLY | os.O_DIRECTORY)
        self._give_up_rights(tops)
        if self.slot is not None:
            self.threads = _isolation.THREADS
        elif os.getuid() and tasks:
            self.threads = tasks + _isolation.THREADS
        self._confine(readable)
        _isolation.limit_resources(self.memory)
        facts = {"box": self.settings["box"], "memory": self.memory, "slot": self.slot}
        self.layers = _trials.layers_that_hold(self.layers, self._become_confined, facts)
        self.namespace = _child.prepare()
        _isolation.rehearse(self.threads is not None)
        _settle(self.settings["box"], self.settings["packages"], self.settings["late"])
        return {
            "layers": self.layers,
            "reasons": self.reasons,
            "slot": self.slot,
            "apart": self.apart,
            "box": box,
        }

    def _separate(self) -> None:
        """Take namespaces of our own where that works, with root's right or as any user."""
        from . import _namespaces

        if self.tier not in (None, "T3"):
            return
        for as_user in (False, True) if os.getuid() == 0 else (True,):
            reason = _namespaces.why_not(as_user, self.settings["folder"])
            if not reason:
                self.first = _namespaces.separate(as_user)
                self.layers += ["user namespace"] if as_user else []
                self.apart = True
                return
            self.reasons["namespaces"] = reason

    def _go_in(self, readable: list[str]) -> None:
        """Choose the user of submissions; leave the machine's files behind."""
        from . import _namespaces, _privileges

        if os.getuid() == 0 and self.tier in (None, "T2", "T3") and "user namespace" not in self.layers:
            try:
                self.slot = _privileges.slot(os.getpid())
            except OSError as error:
                self.reasons["own user"] = str(error)
        if self.apart:
            _namespaces.build(readable, self.settings["folder"])
            _namespaces.go_in(self.settings["folder"], self.slot, for_good=True)
            self.layers += _namespaces.LAYERS
        elif self.slot is not None:
            os.chmod(self.settings["folder"], 0o711)
            os.chown(self.settings["box"], 0, self.slot)
            os.chmod(self.settings["box"], 0o770)

    def _give_up_rights(self, tops: list[str]) -> None:
        """See which rights children can do without; keep only those that give them theirs."""
        from . import _privileges, _trials

        if self.tier == "T0":
            return
        slot = self.slot
        if slot is not None:
            reason = _trials.readable_as(lambda: _privileges.become(slot), tops)
            if reason:
                self.slot, self.reasons["own user"] = None, f"as a user of its own: {reason}"
            else:
                self.layers.append("own user")
        reason = _trials.readable_as(lambda: _privileges.keep_capabilities(0), tops)
        if reason and self.slot is None:
            self.reasons["no capabilities"] = f"without capabilities: {reason}"
            return
        self.bare = True
        self.layers.append("no capabilities")
        _privileges.shrink(_privileges.FOR_SLOTS if self.slot is not None else 0)

    def _confine(self, readable: list[str]) -> None:
        from . import _isolation

        if self.tier == "T0":
            return
        with contextlib.suppress(OSError, AttributeError):
            _isolation.hide()
        for name, put_on in (
            ("no_new_privs", _isolation.gain_nothing),
            ("landlock", lambda: _isolation.confine_files(readable, self.settings["folder"])),
            ("seccomp", _isolation.filter_zygote),
        ):
            try:
                put_on()
            except (OSError, AttributeError) as error:
                self.reasons[name] = f"{name}: {getattr(error, 'strerror', None) or error}"
                continue
            self.layers.append(name)

    def run(self, hello: dict) -> None:
        """Serve the grader until its end of the socket is closed; then clear up, it may have had no time to."""
        try:
            box = hello.pop("box")
            _send(self.control, json.dumps(hello).encode() + b"\n", [box])
            os.close(box)
            while self._obey(*_receive(self.control)):
                pass
        except OSError:
            pass  # the grader ended in the middle of an order
        self._clean_up()

    def _obey(self, order: bytes, descriptors: list[int]) -> bool:
        if order == b"F":
            self._fork(descriptors)
        elif order == b"L":
            self._keep_script(*descriptors)
        elif order == b"W":
            _, status = os.waitpid(self.child, 0)
            self.child = 0
            self.control.sendall(struct.pack("=i", status))
        return bool(order)

    def _keep_script(self, held: int) -> None:
        """Read a script, for all children to come; the collector never looks at it in any of them."""
        from . import _child

        self.scripts += _child.messages(_read(held))
        os.close(held)
        gc.freeze()

    def _clean_up(self) -> None:
        """End the child and the first process of our namespace, remove the folder."""
        if self.child:
            with contextlib.suppress(OSError):
                os.kill(self.child, signal.SIGKILL)
                os.waitpid(self.child, 0)
        if self.first is not None:
            number, pipe = self.first
            os.close(pipe)
            with contextlib.suppress(OSError):
                os.waitpid(number, 0)
        if self.apart:
            return  # our files exist in memory only, as long as we do
        for folder in (os.path.join(self.settings["folder"], name) for name in ("box", "data", "root")):
            with contextlib.suppress(OSError):
                for name in os.listdir(folder):
                    os.unlink(os.path.join(folder, name))
            with contextlib.suppress(OSError):
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
        from . import _child

        data = _read(job)
        # A descriptor shared by all children would carry its flags from one submission to the next.
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        if reply != REPLY_FD:
            os.dup2(reply, REPLY_FD)
        os.closerange(REPLY_FD + 1, 1 << 16)
        os.chdir(self.settings["box"])
        self._become_confined(parent)
        gc.enable()
        _child.serve(data, REPLY_FD, self.namespace, self.scripts)

    def _become_confined(self, parent: int | None = None) -> None:
        """Put on what every child gets for itself; the rest it has from this process."""
        from . import _isolation, _privileges

        if self.slot is not None:
            _privileges.become(self.slot)
        if self.bare:
            _privileges.keep_capabilities(0)
        _isolation.die_with_parent(os.getppid() if parent is None else parent)
        _isolation.limit_threads(self.threads)
        if "seccomp" in self.layers:
            _isolation.filter_child(threads=self.threads is not None)


def _load_packages(packages: list[str], paths: list[str]) -> list[str]:
    before = list(sys.path)
    # What modules do after a fork is for processes with threads; `random` would throw new dice in every child.
    os.register_at_fork = lambda **_: None
    sys.path += paths
    from . import _child, _isolation, _trials  # noqa: F401  (loaded now: our own files cannot be read later)

    # Numba first: whoever else compiles with it then does so without files, too.
    for name in (*sorted(packages, key=lambda name: name != "numba"), *PRELOADED):
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


def _settle(box: str, packages: list[str], late: list[str]) -> None:
    """Make the state every child starts from, and keep the collector from touching it."""
    os.environ.clear()
    os.environ.update(
        HOME=box, TMPDIR=box, USER="student", LANG="C.UTF-8", MPLBACKEND="Agg", MPLCONFIGDIR=box
    )
    sys.argv = [""]
    sys.path[:] = [p for p in sys.path if "site-packages" not in p]
    sys.meta_path.append(_Refusal(packages, late))
    for name in [n for n in sys.modules if n.partition(".")[0] == _PACKAGE]:
        sys.modules[name].__dict__.pop("__path__", None)
    gc.disable()
    gc.collect()
    gc.freeze()


class _Refusal:
    """Come last among the finders; say why a package cannot be imported, or ask for the process that has it."""

    def __init__(self, packages: list[str], late: list[str]) -> None:
        from . import _child

        self.packages, self.late, self.ask = packages, late, _child.ask_for_more

    def find_spec(self, name: str, path: object = None, _target: object = None) -> None:
        top = name.partition(".")[0]
        if top in self.late:
            self.ask(REPLY_FD)
        if path is None and top not in sys.stdlib_module_names:
            allowed = ", ".join((*self.packages, *self.late))
            text = f"{top} is not available when grading this assignment; allowed: {allowed}"
            raise ModuleNotFoundError(text, name=name)


def _read(descriptor: int) -> bytes:
    with open(descriptor, "rb", closefd=False) as file:
        return file.read()


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
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches us too; the grader decides when to stop
    with control.makefile("rb") as lines:
        settings = json.loads(lines.readline())
    zygote = Zygote(control, settings)
    try:
        hello = zygote.prepare()
    except Exception as error:
        control.sendall(json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode() + b"\n")
        return
    zygote.run(hello)
    os._exit(0)  # there is nothing to be tidied up in memory


_PACKAGE = "backmark_sandbox"

if __name__ == "__main__":
    _package = types.ModuleType(_PACKAGE)
    _package.__path__ = [os.path.dirname(os.path.abspath(__file__))]
    sys.modules[_PACKAGE] = _package
    importlib.import_module(f"{_PACKAGE}._zygote").main(socket.socket(fileno=int(sys.argv[1])))
