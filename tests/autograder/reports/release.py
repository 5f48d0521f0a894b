"""A tiny release notebook and submissions of it, with nbgrader's metadata written by hand."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

POINTS = {"conv2d": 4.0, "CONV-3": 2.0, "maxpool2d": 4.0}


def checksum(cell: dict[str, Any]) -> str:
    """nbgrader's recipe: source, type, grade, solution, locked, id, and points of a graded cell."""
    meta = cell["metadata"]["nbgrader"]
    locked = not meta["solution"] and (meta["grade"] or meta["locked"])
    parts = [cell["source"], cell["cell_type"], meta["grade"], meta["solution"], locked, meta["grade_id"]]
    parts += [float(meta["points"])] if meta["grade"] else []
    return hashlib.md5("".join(map(str, parts)).encode()).hexdigest()


def cell(
    grade_id: str | None, source: str, kind: str = "code", points: float | None = None, **meta: Any
) -> dict:
    """One cell; `grade_id` None makes an ordinary one."""
    name = hashlib.md5(f"{grade_id}{source}".encode()).hexdigest()[:8]
    made: dict[str, Any] = {"cell_type": kind, "id": name, "source": source}
    made["metadata"] = {}
    if kind == "code":
        made |= {"outputs": [], "execution_count": None}
    if grade_id is not None:
        nbgrader = {
            "schema_version": 3,
            "grade_id": grade_id,
            "grade": points is not None,
            "solution": False,
            "locked": points is not None,
            "task": False,
        } | meta
        nbgrader |= {"points": points} if points is not None else {}
        made["metadata"]["nbgrader"] = nbgrader
        nbgrader["checksum"] = checksum(made)
        nbgrader["cell_type"] = kind
    return made


def notebook(cells: list[dict]) -> dict[str, Any]:
    """A notebook of these cells."""
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": cells, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}


def cells(manual: bool = False) -> list[dict]:
    """Answer and test cell of each question; `manual` adds an essay that nbgrader leaves to a human."""
    made = [cell(None, "import numpy as np"), cell("intro", "# Convolution", "markdown", locked=True)]
    for question, points in POINTS.items():
        made.append(cell(question, f"# YOUR CODE HERE: {question}", solution=True))
        made.append(cell(f"test_{question}", f"check({question!r})", points=points))
    return made + ([cell("essay", "YOUR ANSWER HERE", "markdown", 3.0, solution=True)] if manual else [])


def write(path: Path, content: Any) -> Path:
    """Write JSON (or text as it is) to a file, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def course_folder(root: Path, students: tuple[str, ...] = ("anna", "ben"), manual: bool = False) -> Path:
    """A course folder with the release of `convolution` and submissions by these students."""
    write(root / "release" / "convolution" / "convolution.ipynb", notebook(cells(manual)))
    for student in students:
        answers = cells(manual)
        answers[2]["source"] = f"def conv2d():  # by {student}\n    pass"
        write(root / "submitted" / student / "convolution" / "convolution.ipynb", notebook(answers))
    return root
