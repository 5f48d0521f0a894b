"""Play scripts on a student's functions inside a notebook, quietly, and find their own lines in errors.

Part of the student kit: numpy and the standard library only.
"""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import io
import linecache
from typing import Any

from autograder.sandbox._script import Outcome, play


class Log(io.TextIOBase):
    """Swallow what student code prints (nbgrader takes anything on stderr for a failure), and count it."""

    def __init__(self) -> None:
        self.length = 0

    def write(self, text: str) -> int:
        self.length += len(text)
        return len(text)


def played(calls: Any, namespace: dict[str, Any], log: Log | None = None) -> tuple[list[Outcome], list[str]]:
    """Play a script on the student's functions; return the outcomes and what Python said about errors."""
    raised: list[BaseException] = []
    own = [call.do if isinstance(call.do, str) else "" for call in calls]  # a Source is a helper of ours
    names = {name.partition(".")[0] for name in own}
    watched = {n: _watched(namespace[n], raised) for n in names if n in namespace}
    outcomes, texts = [], []
    log = log or Log()
    with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
        for name, outcome in zip(own, play(calls, watched), strict=True):
            if outcome.status == "exception" and raised:
                outcome = dataclasses.replace(outcome, error=_located(raised[-1], namespace))
                if not isinstance(raised[-1], NotImplementedError):
                    texts.append(f"{type(raised[-1]).__name__}: {str(raised[-1])[:300]}")
            if any(isinstance(error, KeyboardInterrupt) for error in raised):
                raise KeyboardInterrupt
            raised.clear()
            changed = _argument_names(outcome.changed, namespace.get(name))
            outcomes.append(dataclasses.replace(outcome, changed=changed))
    return outcomes, texts


def _watched(target: Any, raised: list[BaseException]) -> Any:
    if not callable(target):
        return target

    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return target(*args, **kwargs)
        except BaseException as error:
            raised.append(error)
            raise

    return call


def _located(error: BaseException, namespace: dict[str, Any]) -> dict[str, Any]:
    """Find the innermost line of the student's own code."""
    place, step = None, error.__traceback__
    while step is not None:
        if step.tb_frame.f_globals is namespace:
            place = (step.tb_frame.f_code.co_filename, step.tb_lineno)
        step = step.tb_next
    text = linecache.getline(*place).strip()[:200] if place else ""
    return {"type": type(error).__name__, "cell": None, "line": place[1] if place else None, "text": text}


def _argument_names(paths: tuple[str, ...], function: Any) -> tuple[str, ...]:
    """Call `args[0]` by the name the student gave it."""
    try:
        own = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return paths
    names = {f"args[{i}]": name for i, name in enumerate(own)}
    return tuple(names.get(path, path) for path in paths)
