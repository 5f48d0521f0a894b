"""What the tests of labelled submissions share: files whose first line says which functions are wrong, and why."""

from __future__ import annotations

import contextlib
import functools
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

PARTS = range(3)


@dataclass(frozen=True, eq=False)
class Labelled:
    """The labelled files of a topic; its module says FILES, EXERCISES, SAME, BORDERLINE and UNNAMED."""

    module: ModuleType
    judged: Callable[..., Any]

    def source(self, stem: str) -> str:
        return next(path for path in self.module.FILES if path.stem == stem).read_text(encoding="utf-8")

    def defined(self, stem: str, *changes: tuple[str, str]) -> dict[str, Any]:
        """Return what a file defines, with some of its code written otherwise."""
        source = self.source(stem)
        for old, new in changes:
            assert source.count(old) == 1, (source.count(old), old)
            source = source.replace(old, new)
        return defined_by(source)

    def lost(self, functions: dict[str, Any], part: int = 0) -> dict[str, set[str]]:
        """Return the exercises that lose marks, with the names given to what is wrong."""
        with contextlib.redirect_stdout(io.StringIO()):
            found = {e: self.judged(e, functions, part=part) for e in self.module.EXERCISES}
        return {e: set(f.names) for e, f in found.items() if f.points < 10 - 1e-6}

    @functools.cache  # noqa: B019  # a few dozen files, as long as the tests run
    def lost_by(self, path: Path, part: int) -> dict[str, set[str]]:
        return self.lost(self.defined(path.stem), part)

    def wrong(self, path: Path) -> set[str]:
        """Return the functions that the label calls wrong; of borderline files, what the exercise makes of them."""
        label = label_of(path)
        return (
            self.module.BORDERLINE[label["bug"]]
            if label["verdict"] == "borderline"
            else set(label["functions_wrong"])
        )

    def check_marks(self, path: Path) -> None:
        for part in PARTS:
            assert set(self.lost_by(path, part)) == self.wrong(path), part

    def check_names(self) -> None:
        told = []
        for path in self.module.FILES:
            bug = label_of(path)["bug"]
            if self.wrong(path) and bug not in self.module.UNNAMED:
                names = set().union(*self.lost_by(path, 0).values())
                told += [bool(names & same) for same in self.module.SAME.get(bug, [{bug}])]
        assert len(told) > 5
        assert np.mean(told) >= 0.8, told

    def check_slip(self, base: str, change: tuple[str, str], wrong: list[str], name: str | None) -> None:
        functions = self.defined(base, change)
        for part in PARTS:
            found = self.lost(functions, part)
            assert set(found) == set(wrong), part
            assert name is None or all(name in names for names in found.values()), found


def label_of(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8").splitlines()[0].removeprefix("#"))


def defined_by(source: str) -> dict[str, Any]:
    """Run a cell as a notebook does: what stands above an error is defined, the rest is not."""
    namespace = {"__name__": "student"}
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SyntaxError, NameError):
        exec(compile(source, "<cell 1>", "exec"), namespace)
    return namespace


@pytest.fixture(scope="module")
def labelled(request: pytest.FixtureRequest, judged: Any) -> Labelled:
    """The labelled files of the topic of this module."""
    return Labelled(request.module, judged)
