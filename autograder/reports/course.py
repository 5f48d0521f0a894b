"""What a format may need to know beside the reports: the class, the assignment, and where files lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


class ExportError(Exception):
    """A format cannot be written; the text says what is missing and what to do."""


@dataclass(frozen=True)
class QuestionInfo:
    """One question as the assignment lists it; `points` is the sum of `out_of` over its verdicts."""

    id: str
    title: str
    points: float


@dataclass(frozen=True)
class CourseInfo:
    """The course folder, one assignment of it, and the class list (id -> first name, last name, e-mail)."""

    folder: Path
    assignment: str
    title: str
    questions: tuple[QuestionInfo, ...] = ()
    roster: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)

    def name_of(self, student: str) -> str:
        """Return "First Last" from the roster, the id where the roster has no name."""
        first, last, _ = self.roster.get(student, ("", "", ""))
        return f"{first} {last}".strip() or student


@dataclass(frozen=True)
class Written:
    """What an export did: the files it wrote, and one sentence for each thing it left out."""

    files: tuple[Path, ...] = ()
    left_out: tuple[str, ...] = ()
