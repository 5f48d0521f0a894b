"""Assignments as notebooks: one readable text file becomes source, release, solution and personal copies.

`solutions/<name>.py` is a jupytext percent file. Cells that nbgrader should know carry a short
`nbgrader={"grade_id": ..., "solution": true}` in their header; whatever that leaves out is filled in
here. Points are told once, in `solutions/<name>.toml`. Locked cells named `setup...` run before the
student's code at grading; other locked cells (prompts, pictures) get the role "kit" and do not.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from autograder.handouts.formats import jupytext, nbformat
from autograder.handouts.release import Cell, Notebook, NotebookError, build_release, checksum, grade_id

__all__ = [
    "NotebookError", "build", "build_release", "build_solution_notebook", "build_source", "checksum",
    "fill_answer", "personalise", "stale", "to_text",
]  # fmt: skip
STUDENT_TAG = "student"
BUNDLED = Path(__file__).resolve().parents[2] / "reference" / "data"
KERNEL = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_NBGRADER = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
_KEPT_METADATA = ("nbgrader", "backmark", "tags", "jupyter", "deletable", "editable")
_POINTS = re.compile(r"\{points:([\w-]+)\}")


# --- source ---------------------------------------------------------------------------------------


def build_source(solution_py: Path) -> Notebook:
    """Read the instructor's text file into an nbgrader source notebook.

    The points of `test_<id>` cells are those of question `<id>` in the toml beside the file;
    `{points:<id>}` and `{points:total}` in Markdown show them. Cells get stable ids (the grade id where
    there is one), no outputs and fixed notebook metadata, so that equal texts give equal bytes.

    Raises:
        NotebookError: a question without test cell, a test cell without question, a doubled id, ...
    """
    questions = read_questions(settings_of(solution_py))
    notebook = jupytext.read(solution_py, fmt={"extension": ".py", "format_name": "percent"})
    cells = [_source_cell(cell, questions) for cell in notebook.cells]
    _name_cells(cells)
    _check_source(solution_py.name, cells, questions)
    return nbformat.from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": KERNEL, "cells": cells})


def settings_of(solution_py: Path) -> Path:
    """Return the toml of a text notebook: `<name>.toml` in solutions/, `assignment.toml` in a folder of its own."""
    own = solution_py.with_name("assignment.toml")
    return own if own.exists() else solution_py.with_suffix(".toml")


def read_questions(toml: Path) -> dict[str, float]:
    """Return cell id -> points, in the order of the toml; `count = 2` asks for CONV-1 and CONV-1_2."""
    try:
        settings = tomllib.loads(toml.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotebookError(f"{toml} is missing: it names the questions and their points.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise NotebookError(f"{toml} cannot be read: {error}") from None
    questions: dict[str, float] = {}
    for entry in settings.get("question", []):
        name, points, count = entry.get("id"), entry.get("points"), entry.get("count", 1)
        if not isinstance(name, str) or isinstance(points, bool) or not isinstance(points, (int, float)):
            raise NotebookError(
                f"{toml}: each [[question]] needs an id (text) and points (a number), not {entry}"
            )
        if name in questions or not 0 <= points < float("inf") or not isinstance(count, int) or count < 1:
            raise NotebookError(
                f"{toml}: question {name!r} stands there twice, or has points {points} or count {count}"
            )
        questions |= {name if i == 1 else f"{name}_{i}": points for i in range(1, count + 1)}
    return questions


def _source_cell(cell: Mapping[str, Any], questions: Mapping[str, float]) -> Cell:
    metadata = {k: copy.deepcopy(v) for k, v in cell["metadata"].items() if k in _KEPT_METADATA}
    source = cell["source"]
    if "nbgrader" in metadata:
        metadata["nbgrader"] = whole = _whole_metadata(metadata["nbgrader"], questions)
        if cell["cell_type"] == "code" and _is_display(whole):
            metadata["backmark"] = {"role": "kit"}  # a picture or the kit's own: grading does not run it
    if cell["cell_type"] == "markdown":
        source = _POINTS.sub(lambda match: _points_text(match[1], questions), source)
    made: Cell = {"cell_type": cell["cell_type"], "metadata": metadata, "source": source}
    if cell["cell_type"] == "code":
        made |= {"execution_count": None, "outputs": []}
    return made


def _whole_metadata(short: Mapping[str, Any], questions: Mapping[str, float]) -> dict[str, Any]:
    whole = _NBGRADER | dict(short)
    if whole["grade"] and "points" not in whole:
        question = str(whole.get("grade_id", "")).removeprefix("test_")
        if question not in questions:
            raise NotebookError(
                f"the graded cell {whole.get('grade_id')!r} belongs to no question of the toml"
            )
        whole["points"] = questions[question]
    return whole


def _is_display(nbgrader: Mapping[str, Any]) -> bool:
    """Locked cells run at grading only if they set up names for the student's code (`setup`, `setup-…`)."""
    free = nbgrader["grade"] or nbgrader["solution"] or not nbgrader["locked"]
    return not free and not str(nbgrader.get("grade_id", "")).startswith("setup")


def _points_text(name: str, questions: Mapping[str, float]) -> str:
    if name != "total" and name not in questions:
        raise NotebookError(f"the text shows {{points:{name}}}, but the toml has no question {name!r}")
    points = sum(questions.values()) if name == "total" else questions[name]
    return f"{points:g} point" + ("" if points == 1 else "s")


def _name_cells(cells: Iterable[Cell]) -> None:
    """Give each cell an id that stays when other cells change."""
    taken: set[str] = set()
    for cell in cells:
        stem = grade_id(cell) or ((cell["metadata"].get("tags") or [""])[0])
        stem = stem or f"{cell['cell_type']}-{hashlib.sha1(cell['source'].encode()).hexdigest()[:8]}"
        name = next(n for n in (stem, *(f"{stem}-{i}" for i in range(2, 10_000))) if n not in taken)
        taken.add(name)
        cell["id"] = name[:64]


def _check_source(name: str, cells: list[Cell], questions: Mapping[str, float]) -> None:
    ids = [grade_id(cell) for cell in cells if grade_id(cell)]
    doubled = sorted({i for i in ids if ids.count(i) > 1})
    if doubled:
        raise NotebookError(f"{name}: the grade_id {doubled[0]!r} is used by {ids.count(doubled[0])} cells")
    for question in questions:
        for needed, role in ((question, "answer"), (f"test_{question}", "test")):
            if needed not in ids:
                raise NotebookError(f"{name}: question {question!r} has no {role} cell (grade_id {needed!r})")
    for cell in cells:
        nbgrader = cell["metadata"].get("nbgrader")
        if nbgrader is not None and not re.fullmatch(r"[a-zA-Z0-9_-]+", str(nbgrader.get("grade_id", ""))):
            raise NotebookError(
                f"{name}: the grade_id {nbgrader.get('grade_id')!r} must be letters, digits, - or _"
            )


# --- copies for one reader ------------------------------------------------------------------------


def build_solution_notebook(
    source: Notebook, student: str = "", answers: Mapping[str, str | Mapping[str, str]] | None = None
) -> Notebook:
    """Return the solution as a notebook to read and run: markers gone, by-hand answers filled in.

    Args:
        student: the id written into the student cell, so that the prompts shown are this student's.
        answers: question id -> answer text (or part -> text) for the by-hand cells.
    """
    solution = copy.deepcopy(source)
    for cell in solution["cells"]:
        lines = cell["source"].split("\n")
        cell["source"] = "\n".join(
            x for x in lines if not re.search(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)", x)
        )
    if student:
        _student_cell(solution)["source"] = _student_source(student)
    for question, answer in (answers or {}).items():
        fill_answer(solution, question, answer)
    return solution


def fill_answer(notebook: Notebook, question: str, answer: str | Mapping[str, str]) -> None:
    """Write an answer into the by-hand cell of a question, in place."""
    cell = _cell(notebook, question)
    text = _literal(answer) if isinstance(answer, str) else _dict_literal(answer)
    cell["source"] = f"# answer: {question}\nanswer = {text}"


def personalise(release: Notebook, student: str, prompts: Mapping[str, str]) -> Notebook:
    """Return one student's own copy: id and prompts are written into it.

    The cells written to carry no nbgrader metadata, because nbgrader would overwrite their text.

    Args:
        prompts: question id -> statement in Markdown, for exactly the by-hand questions of the release.

    Raises:
        NotebookError: prompts are missing, or there are prompts for questions the release does not ask.
    """
    handout = copy.deepcopy(release)
    shown = {
        grade_id(c).removeprefix("show-"): c for c in handout["cells"] if grade_id(c).startswith("show-")
    }
    if set(shown) != set(prompts):
        odd = ", ".join(sorted(set(shown) ^ set(prompts)))
        raise NotebookError(f"prompts and by-hand questions do not match for student {student!r}: {odd}")
    for question, cell in shown.items():
        cell.update(cell_type="markdown", source=prompts[question])
        cell["metadata"] = {"deletable": False, "editable": False}
        for key in ("outputs", "execution_count"):
            cell.pop(key, None)
    cell = _student_cell(handout)
    cell["source"] = _student_source(student)
    cell["metadata"].pop("nbgrader", None)
    return handout


def to_text(notebook: Notebook) -> str:
    """Return the notebook file's text: valid, sorted keys, the same for the same notebook."""
    nbformat.validate(notebook)
    return nbformat.writes(nbformat.from_dict(notebook)) + "\n"


def _student_source(student: str) -> str:
    return f"student = {_quoted(student)}"


def _student_cell(notebook: Notebook) -> Cell:
    for cell in notebook["cells"]:
        if STUDENT_TAG in cell["metadata"].get("tags", ()):
            return cell
    raise NotebookError('the notebook has no cell tagged "student" that sets student = "..."')


def _cell(notebook: Notebook, name: str) -> Cell:
    for cell in notebook["cells"]:
        if grade_id(cell) == name:
            return cell
    raise NotebookError(f"the notebook has no cell with grade_id {name!r}")


def _quoted(text: str) -> str:
    plain = '"' not in text and "\\" not in text and text.isprintable()
    return f'"{text}"' if plain else ascii(text)


def _literal(text: str) -> str:
    if '"""' in text or "\\" in text or text.endswith('"'):
        return repr(text)
    return f'"""\n{text}\n"""'


def _dict_literal(parts: Mapping[str, str]) -> str:
    texts = {name: _literal(text) if "\n" in text else repr(text) for name, text in parts.items()}
    return "{\n" + "".join(f"    {_quoted(name)}: {text},\n" for name, text in texts.items()) + "}"


# --- building assignments/ from solutions/ ----------------------------------------------------------


def built_files(solution_py: Path) -> dict[str, str]:
    """Return the files of `assignments/<name>/` as file name -> text."""
    release = build_release(build_source(solution_py))
    toml = settings_of(solution_py).read_text(encoding="utf-8")
    return {f"{solution_py.stem}.ipynb": to_text(release), "assignment.toml": toml}


def data_files(solution_py: Path) -> dict[str, Path]:
    """Return the `files` of an assignment as name -> source: beside the solution, else the bundled data.

    Raises:
        NotebookError: a file is in neither place.
    """
    table = tomllib.loads(settings_of(solution_py).read_text(encoding="utf-8")).get("assignment", {})
    found = {}
    for name in table.get("files", ()):
        places = (solution_py.with_name(name), BUNDLED / name)
        if not any(place.is_file() for place in places):
            raise NotebookError(
                f"{solution_py.name}: the file {name!r} lies neither beside it nor in {BUNDLED}"
            )
        found[name] = next(place for place in places if place.is_file())
    return found


def _wanted(solution_py: Path) -> dict[str, bytes]:
    texts = {name: text.encode("utf-8") for name, text in built_files(solution_py).items()}
    return texts | {name: source.read_bytes() for name, source in data_files(solution_py).items()}


def build(solution_py: Path, out_dir: Path) -> list[Path]:
    """Write `out_dir/<name>/{<name>.ipynb, assignment.toml}` and the files it names, from `solutions/<name>.*`."""
    folder = out_dir / solution_py.stem
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in _wanted(solution_py).items():
        path = folder / name
        path.write_bytes(content)
        written.append(path)
    return written


def stale(solutions: Path, assignments: Path) -> list[str]:
    """Name every built file that is missing or differs from what `solutions` gives now, and leftovers."""
    problems = []
    for solution in sorted(solutions.glob("*.py")):
        for name, content in _wanted(solution).items():
            path = assignments / solution.stem / name
            if not path.is_file() or path.read_bytes() != content:
                problems.append(f"{path} is not what {solution} builds; run `make assignments`")
    known = {solution.stem for solution in solutions.glob("*.py")}
    leftovers = [f for f in sorted(assignments.iterdir()) if f.is_dir() and f.name not in known]
    return problems + [f"{folder} has no source in {solutions}" for folder in leftovers]


def main(arguments: list[str] | None = None) -> int:
    """Build (or, with --check, compare) all assignments of a folder of solutions."""
    parser = argparse.ArgumentParser(prog="autograder.handouts.notebook", description=main.__doc__)
    parser.add_argument("solutions", type=Path)
    parser.add_argument("assignments", type=Path)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when something is stale")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.check:
            problems = stale(chosen.solutions, chosen.assignments)
            print("\n".join(problems) or f"{chosen.assignments} is up to date")
            return 1 if problems else 0
        for solution in sorted(chosen.solutions.glob("*.py")):
            print(*build(solution, chosen.assignments), sep="\n")
    except NotebookError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
