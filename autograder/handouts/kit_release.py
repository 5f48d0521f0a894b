"""What a kit holds of an assignment beside its public cases, so that `backmark check` reads a file as `grade` will.

All of it is the released notebook's, which the student has anyway, or is told by the grader: name, limits, packages.
It is plain data of lists, dicts, texts and numbers. Whoever checks what somebody else handed in has that person's
kit beside it, so reading it back takes nothing for granted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.assignment import HIGHEST
from autograder.course import CourseError, valid_id
from autograder.sandbox import Limits, Release

GRADING = "grading"  # its place in the public data; kits of earlier versions have none


@dataclass(frozen=True)
class Grading:
    """How files of an assignment are read and run."""

    name: str
    release: Release
    limits: Limits = field(default_factory=Limits)
    packages: tuple[str, ...] = ("numpy",)


def grading_data(name: str, limits: Any, notebook: str) -> dict[str, Any]:
    """Return what goes into the public data, from the limits of assignment.toml and the text of the release.

    Raises:
        CourseError: the text is no notebook.
    """
    try:
        release = Release.from_notebook(json.loads(notebook))
    except (ValueError, KeyError, TypeError):
        raise CourseError(f"The notebook of {name} cannot be read: it is no notebook of format 4.") from None
    return {
        "name": name,
        "limits": {limit: getattr(limits, limit) for limit in HIGHEST},
        "packages": list(limits.packages),
        "setup": list(release.setup),
        "locked": dict(release.locked),
        "stubs": dict(release.stubs),
        "by_hand": list(release.by_hand),
        "student_placeholder": release.student_placeholder,
    }


def read_grading(public: Mapping[str, Any]) -> Grading | None:
    """Return what public data say of grading; None where they were made before they said anything.

    Raises:
        ValueError, KeyError, TypeError: they are not as `grading_data` makes them.
    """
    data = public.get(GRADING)
    if data is None:
        return None
    if not valid_id(data["name"]) or not all(name.isidentifier() for name in _texts(data["packages"])):
        raise ValueError("a name is none")
    placeholder = data["student_placeholder"]
    release = Release(
        setup=_texts(data["setup"]),
        locked=_named_texts(data["locked"]),
        stubs=_named_texts(data["stubs"]),
        by_hand=_texts(data["by_hand"]),
        student_placeholder=None if placeholder is None else _texts([placeholder])[0],
    )
    limits = Limits(**{limit: _number(data["limits"][limit], most) for limit, most in HIGHEST.items()})
    return Grading(data["name"], release, limits, _texts(data["packages"]))


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValueError("no list of texts")
    return tuple(value)


def _named_texts(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError("no dict of texts")
    return dict(zip(_texts(list(value)), _texts(list(value.values())), strict=True))


def _number(value: Any, most: float) -> Any:
    if type(value) not in (int, float) or not 0 < value <= most:
        raise ValueError("no number within bounds")
    return value
