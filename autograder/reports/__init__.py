"""Turn reports into files: one module per format, all with the same signature.

`FORMATS[name](reports, target, course=course)` writes a format and returns what it wrote and left out.
Adding a format is one module and one line here.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from autograder.model import Report
from autograder.reports import gradebook, gradescope, junit, spreadsheet, webpage
from autograder.reports.course import CourseInfo, ExportError, QuestionInfo, Written

__all__ = ["FORMATS", "CourseInfo", "ExportError", "Format", "QuestionInfo", "Written"]


class Format(Protocol):
    """Write reports to `target`: a file, or a folder where a format has several files."""

    def __call__(self, reports: Iterable[Report], target: Path, *, course: CourseInfo) -> Written: ...


FORMATS: dict[str, Format] = {
    "csv": spreadsheet.export,
    "csv-long": spreadsheet.export_long,
    "gradescope": gradescope.export,
    "html": webpage.export,
    "junit": junit.export,
    "nbgrader": gradebook.export,
}
