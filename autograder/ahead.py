"""Start a sandbox beside everything else that must be loaded first: it takes as long as all of that.

This file imports little, so that the sandbox can be on its way before the rest is read.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import TracebackType

from autograder.course import Course, CourseError, read_toml
from autograder.sandbox import Limits, Sandbox


class Ahead:
    """A sandbox that is starting; use as a context manager, which closes it."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._start, daemon=True)
        self._thread.start()

    def _start(self) -> None:
        try:
            self.box.__enter__()
        except BaseException as error:
            self._error = error

    def ready(self) -> Sandbox:
        """Wait until it has started; raise what kept it from starting."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self.box

    def is_for(self, packages: Sequence[str], limits: Limits, allow_weak: bool) -> bool:
        """Tell whether a sandbox with these settings would be the same."""
        wanted = Sandbox(packages, limits, allow_weak)
        return all(getattr(self.box, n) == getattr(wanted, n) for n in ("packages", "limits", "allow_weak"))

    def close(self) -> None:
        """Close it; may be called twice."""
        self._thread.join()  # a sandbox that is starting cannot be closed
        self.box.close()

    def __enter__(self) -> Ahead:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def guessed_sandbox(course: Course, name: str, allow_weak: bool) -> Sandbox | None:
    """Return a sandbox as the assignment's file asks for, not started; None where the file says nothing usable.

    The file is only glanced at. Whoever judges reads it properly and sees whether the guess was right.
    """
    try:
        row = dict(read_toml(course.keys(name) / "assignment.toml").get("limits", {}))
        packages = [str(package) for package in row.pop("packages", ("numpy",))]
        return Sandbox(packages, Limits(**row), allow_weak)
    except (CourseError, TypeError, ValueError):
        return None
