"""From nbgrader's source notebook to the students' release, by nbgrader's own rules.

Solutions become stubs, hidden tests and mark schemes go, cells are locked and signed. nbgrader itself is
not imported; a test holds the result equal to that of `nbgrader generate_assignment`.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

CODE_STUB = ("# YOUR CODE HERE", "raise NotImplementedError()")
TEXT_STUB = ("YOUR ANSWER HERE",)
Notebook = dict[str, Any]
Cell = dict[str, Any]


class NotebookError(ValueError):
    """The instructor's source of an assignment is not as it must be; the text says what to mend."""


def build_release(source: Notebook) -> Notebook:
    """Make the students' notebook: solutions become stubs, cells are locked, checksums are written.

    Raises:
        NotebookError: markers that are nested, unclosed or outside the cells they belong to.
    """
    release = copy.deepcopy(source)
    release["metadata"].pop("celltoolbar", None)
    for cell in release["cells"]:
        _lock(cell)
        _clear_solution(cell)
        _cut_regions(cell, "HIDDEN TESTS", _is_grade)
        _cut_regions(cell, "MARK SCHEME", _is_task)
        if cell["cell_type"] == "code":
            cell |= {"execution_count": None, "outputs": []}
        if _is_grade(cell) or _is_solution(cell) or _is_locked(cell):
            cell["metadata"]["nbgrader"] |= {"checksum": checksum(cell), "cell_type": cell["cell_type"]}
    return release


def checksum(cell: Mapping[str, Any]) -> str:
    """Return nbgrader's md5 over source, type, roles, id and (for graded cells) points."""
    parts = [
        cell["source"],
        cell["cell_type"],
        _is_grade(cell),
        _is_solution(cell),
        _is_locked(cell),
        grade_id(cell),
    ]
    if _is_grade(cell):
        parts.append(float(cell["metadata"]["nbgrader"]["points"]))
    return hashlib.md5("".join(str(part) for part in parts).encode("utf-8")).hexdigest()


def _clear_solution(cell: Cell) -> None:
    stub = CODE_STUB if cell["cell_type"] == "code" else TEXT_STUB
    source, found = _replace_regions(cell["source"], "SOLUTION", stub, grade_id(cell))
    if found and not _is_solution(cell):
        raise NotebookError(
            f"a solution region stands in a cell that is no solution cell: {cell['source'][:80]!r}"
        )
    if _is_solution(cell) and not found:
        source = "\n".join(stub)
    cell["source"] = source


def _cut_regions(cell: Cell, what: str, belongs: Callable[[Cell], bool]) -> None:
    source, found = _replace_regions(cell["source"], what, (), grade_id(cell))
    if found and not belongs(cell):
        raise NotebookError(f"a region {what} stands in the wrong kind of cell: {cell['source'][:80]!r}")
    cell["source"] = source


def _replace_regions(source: str, what: str, stub: tuple[str, ...], where: str) -> tuple[str, bool]:
    """Replace each region between `BEGIN what` and `END what` by the stub, at the indent of its begin."""
    kept: list[str] = []
    inside = found = False
    for line in source.split("\n"):
        if f"BEGIN {what}" in line:
            if inside:
                raise NotebookError(f"cell {where!r}: BEGIN {what} stands inside another {what} region")
            inside = found = True
            indent = line[: len(line) - len(line.lstrip())]
            kept += [indent + text for text in stub]
        elif f"END {what}" in line:
            inside = False
        elif not inside:
            kept.append(line)
    if inside:
        raise NotebookError(f"cell {where!r}: BEGIN {what} has no END {what}")
    return "\n".join(kept), found


def _lock(cell: Cell) -> None:
    if _is_solution(cell):
        cell["metadata"]["deletable"] = False
    elif _is_locked(cell):
        cell["metadata"] |= {"deletable": False, "editable": False}


def _role(cell: Mapping[str, Any], role: str) -> bool:
    return bool(cell["metadata"].get("nbgrader", {}).get(role, False))


def _is_grade(cell: Mapping[str, Any]) -> bool:
    return _role(cell, "grade")


def _is_solution(cell: Mapping[str, Any]) -> bool:
    return _role(cell, "solution")


def _is_task(cell: Mapping[str, Any]) -> bool:
    return _role(cell, "task")


def _is_locked(cell: Mapping[str, Any]) -> bool:
    return not _is_solution(cell) and (_is_grade(cell) or _role(cell, "locked"))


def grade_id(cell: Mapping[str, Any]) -> str:
    """Return the id by which nbgrader knows a cell, or an empty text."""
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))
