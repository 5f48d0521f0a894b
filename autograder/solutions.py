"""Where the instructor's sources of the assignments lie: a clone, or an installed wheel."""

from __future__ import annotations

from pathlib import Path

from autograder.course import CourseError


def solution_homes() -> list[Path]:
    """Return the folders that may hold the sources."""
    here = Path(__file__).resolve().parent
    return [here.parent / "solutions", here / "_data" / "solutions"]


def solution_file(name: str) -> Path:
    """Return the text notebook of an assignment that comes with Backmark.

    Raises:
        CourseError: there is none.
    """
    for home in solution_homes():
        if (home / f"{name}.py").exists():
            return home / f"{name}.py"
    raise CourseError(
        f"The source of the assignment {name!r} is not here; looked in {', '.join(map(str, solution_homes()))}."
    )
