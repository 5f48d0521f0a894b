"""The untrusted side: run the cells, play the scripts, write the replies."""

import ast
import contextlib
import dataclasses
import linecache
import os
import sys
import types
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import wire
from ._dice import put_dice_at_start
from ._plain import Foreign
from ._script import Call, Handle, Outcome, Rng, describe_error, play

REPLY_ARRAYS = 128 << 20
REPLY_TEXT = 4 << 20
REPLY_PIECES = 350_000  # a judge works through every one of them
OFTEN = 20
NOTEBOOK_ONLY = ("backmark_kit", "IPython", "IPython.display")
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def prepare() -> dict:
    """Make the namespace every submission starts from; rehearse, so that no child does anything first."""
    _rehearse()
    main = types.ModuleType("__main__")
    main.__dict__.update(get_ipython=_Inert, display=_Inert)
    sys.modules["__main__"] = main
    for name in NOTEBOOK_ONLY:
        module: Any = _InertModule(name)
        module.__path__, module.version_info = [], (99, 0)
        sys.modules[name] = module
    # The same dice in every child, so that code that does not seed them gives the same results again.
    put_dice_at_start()
    return main.__dict__


def _rehearse() -> None:
    """Do a small job, so often that Python has made the code fast that it finds to be used often."""
    cell = (
        "import numpy as np\ndef f(x, k=1, *more, **named):\n    return (x.sum(axis=0), {}), x + k, float(k)"
    )
    layouts = [{}, {"*": "F"}, {"*": "strided"}, {"*": "readonly"}]
    calls = [Call("f", (np.ones((2, 3)), 2, [1, 2.0]), {"run": "a"}, "y", layouts=form) for form in layouts]
    calls += [Call("f", (Handle("y", 1),), show=(1, 2)), Call("f", (Rng(1),))]
    job = wire.pack([[[1, cell, False, "full"]], [None]]) + wire.pack(["f", calls])
    with open(os.devnull, "wb") as nowhere:
        for _ in range(OFTEN):
            serve(job, nowhere.fileno(), {})


def serve(job: bytes, reply: int, namespace: dict, known: Sequence[list] = ()) -> None:
    """Do a job: send one message per cell, then one per question, each when it is finished.

    A job begins with the cells and, for each question, the number of its script among the `known`, or None for one
    that follows.
    """
    (cells, asked), *sent = messages(job)  # all of them now, before any student code has run
    scripts = [known[number] if number is not None else sent.pop(0) for number in asked]
    send = _sender(reply, wire.pack, os.write)
    for index, source, setup, mode in cells:
        send(["cell", index, *_run_cell(index, source, setup, mode, namespace)])
    for name, calls in scripts:
        send(_question(name, list(play(calls, namespace))))


def ask_for_more(reply: int) -> None:
    """Say that a package is wanted that another process has loaded, and end: everything is run again there."""
    os.write(reply, wire.pack([wire.LATE_WANTED]))
    os._exit(0)


def messages(job: bytes) -> list[Any]:
    """Take a run of messages apart."""
    messages, start = [], 0
    while start < len(job):
        end = start + wire.HEADER.size
        end += wire.measure(job[start:end])
        messages.append(wire.unpack(job[start:end]))
        start = end
    return messages


def _sender(reply: int, pack, write):
    def send(message) -> None:
        data = memoryview(message if isinstance(message, bytes) else pack(message))
        while data:
            data = data[write(reply, data) :]

    return send


def _question(name: str, outcomes: list[Outcome]) -> bytes:
    message = wire.pack(["question", name, [_in_short(o) for o in outcomes]])
    _, text, arrays = wire.HEADER.unpack(message[: wire.HEADER.size])
    pieces = sum(message.count(mark, 0, wire.HEADER.size + text) for mark in (b",", b"[", b"{"))
    if text <= REPLY_TEXT and arrays <= REPLY_ARRAYS and pieces <= REPLY_PIECES:
        return message
    large = Foreign("too large")
    short = [
        Outcome(o.status, large, (("", "too large"),), changed=o.changed, error=o.error) for o in outcomes
    ]
    return wire.pack(["question", name, short])


def _in_short(outcome: Outcome) -> Outcome | list:
    """Leave of an outcome as most are, with nothing to tell beside the result, the value; never the time.

    So right answers to one question are alike to the byte, but for their arrays.
    """
    told = outcome.facts or outcome.changed or outcome.after or outcome.global_random_touched
    return dataclasses.replace(outcome, seconds=0.0) if told or outcome.status != "ok" else [outcome.value]


def _run_cell(index: int, source: str, setup: bool, mode: str, namespace: dict) -> tuple[str, dict | None]:
    name = f"<setup {index}>" if setup else f"<cell {index}>"
    linecache.cache[name] = (len(source), None, [line + "\n" for line in source.split("\n")], name)
    try:
        code = source if mode == "full" else _definitions(source)
        _run(code, name, namespace)
    except ImportError as error:
        _go_on_after_import(source, name, error, namespace)
        return "exception", describe_error(error)
    except SyntaxError as error:
        if error.filename != name:
            return "exception", describe_error(error)
        own = {"type": type(error).__name__, "cell": None if setup else index, "line": error.lineno}
        return "exception", {**own, "text": ""}
    except BaseException as error:
        return "exception", describe_error(error)
    return "ok", None


def _go_on_after_import(source: str, name: str, error: BaseException, namespace: dict) -> None:
    """Run what stands below an import that failed: one import too many must cost nobody a question."""
    with contextlib.suppress(BaseException):  # the first error is told; what comes of the rest is seen later
        body = ast.parse(source).body
        while True:
            line = _line_in(error, name)
            number = next((i for i, s in enumerate(body) if s.lineno <= line <= (s.end_lineno or line)), None)
            if number is None or not isinstance(failed := body[number], (ast.Import, ast.ImportFrom)):
                return
            parts = [ast.Import([alias], lineno=line, col_offset=0) for alias in failed.names]
            body = body[number + 1 :]
            for part in parts if isinstance(failed, ast.Import) else ():
                with contextlib.suppress(ImportError):
                    _run(ast.Module([part], []), name, namespace)
            try:
                return _run(ast.Module(body, []), name, namespace)
            except ImportError as another:
                error = another


def _line_in(error: BaseException, name: str) -> int:
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != name:
        trace = trace.tb_next
    return 0 if trace is None else trace.tb_lineno


def _run(code: str | ast.Module, name: str, namespace: dict) -> None:
    exec(compile(code, name, "exec", dont_inherit=True), namespace)


def _definitions(source: str) -> ast.Module:
    """Keep what a cell defines and leave out what it does."""
    tree = ast.parse(source)
    tree.body = [s for s in tree.body if isinstance(s, DEFINITIONS) or _is_constant(s)]
    return tree


def _is_constant(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Assign):
        return False
    plain = (ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.UnaryOp, ast.USub, ast.Load)
    return all(isinstance(node, plain) for node in ast.walk(statement.value))


class _Inert:
    """Stand in for what exists only inside a notebook: every use of it does nothing.

    It is false, because libraries take a true one for a real notebook and want more of it.
    """

    def __init__(self, *_args, **_keywords) -> None: ...

    def __bool__(self) -> bool:
        return False

    def __call__(self, *_args, **_keywords) -> None: ...

    def __getattr__(self, name: str) -> "_Inert":
        if name.startswith("__"):
            raise AttributeError(name)
        return _Inert()


class _InertModule(types.ModuleType):
    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Inert
