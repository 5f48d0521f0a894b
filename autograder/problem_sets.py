"""Plain problem sets: questions by id, everybody's own numbers, answer key and worked solutions apart.

A problem set is an assignment without code. Its text notebook and toml are written here; everything else is
what `make` does with any assignment. Pages for print and screen come on top, where they are asked for.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from autograder import reports
from autograder.answers import KINDS
from autograder.assignment import Issued, read_by_hand
from autograder.course import Course, CourseError
from autograder.forms import written
from autograder.journal import write_whole
from autograder.making import Made, make
from autograder.model import Part
from autograder.parallel import shared_out
from autograder.questions import QUESTIONS
from autograder.webtext import to_html, to_inline_html

TEMPLATES = Path(__file__).parent / "handouts"
STYLE = Path(reports.__file__).parent / "templates" / "style.css"
NAME = "problems"
Step = Callable[[str, int, int], None]


def make_problem_set(
    ids: Sequence[str], root: Path, roster: Path | None, *, count: int = 1, level: int = 1, to: str = "notebook",
    title: str = "Problems", on_step: Step = lambda _what, _done, _total: None,
) -> Made:  # fmt: skip
    """Write a problem set into a course folder.

    Everybody gets `count` instances of each question. `to` is "notebook" (to be graded) or "html" (to be read
    or printed). Answer key and worked solutions lie apart: keys/problems/answers.csv and solutions/.

    Raises:
        CourseError: an unknown question or level, an unusable roster, or a folder that cannot be written.
    """
    levels = {id: _level(id, level) for id in ids}
    folder = root / "source-text" / NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / "assignment.toml", _toml(title, levels, count).encode())
        write_whole(folder / f"{NAME}.py", _text(title, levels, count).encode())
    except OSError as error:
        raise CourseError(f"{error.filename or root} could not be written: {error.strerror}.") from None
    made = make(str(folder), root, roster, per_student=to == "notebook", on_step=on_step)
    _write_staff(made.course, title, on_step, pages=to == "html")
    return made


def _level(id: str, level: int) -> int:
    if id not in QUESTIONS:
        import difflib

        close = difflib.get_close_matches(id, QUESTIONS, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise CourseError(f"There is no question {id!r}.{hint} `backmark list questions` names them all.")
    levels = QUESTIONS[id].levels
    return min(levels, key=lambda have: abs(have - level))


def _instances(levels: Mapping[str, int], count: int) -> Iterator[tuple[str, str]]:
    for id in levels:
        for number in range(1, count + 1):
            yield id, id if number == 1 else f"{id}_{number}"


def _toml(title: str, levels: Mapping[str, int], count: int) -> str:
    rows = [
        f'[[question]]\nid = "{id}"\npoints = 1\nlevel = {level}\ncount = {count}'
        for id, level in levels.items()
    ]
    return (
        "\n\n".join([f"[assignment]\nname = {json.dumps(NAME)}\ntitle = {json.dumps(title)}", *rows]) + "\n"
    )


def _text(title: str, levels: Mapping[str, int], count: int) -> str:
    """Write the notebook as jupytext reads it."""
    cells = [
        f"# %% [markdown]\n# # {title}\n#\n# {{points:total}}. Write your student id into the next cell.",
        '# %% tags=["student"]\nstudent = ""',
        '# %% nbgrader={"grade_id": "kit", "locked": true}\nimport backmark_kit as kit',
    ]
    for id, instance in _instances(levels, count):
        parts = [part.id for part in _example(id, levels[id]).parts]
        blank = (
            '"""\n\n"""'
            if len(parts) == 1
            else "{\n" + "".join(f'    "{p}": """ """,\n' for p in parts) + "}"
        )
        cells += [
            f"# %% [markdown]\n# ## {QUESTIONS[id].title} ({{points:{instance}}})",
            f'# %% nbgrader={{"grade_id": "show-{instance}", "locked": true}}\nkit.show("{instance}", student)',
            f'# %% deletable=false nbgrader={{"grade_id": "{instance}"}}\n# answer: {instance}\nanswer = {blank}',
            f'# %% nbgrader={{"grade_id": "test_{instance}", "grade": true, "locked": true}}\n'
            f'kit.score("{instance}", globals())',
        ]
    return "\n\n".join(cells) + "\n"


@cache
def _example(id: str, level: int) -> Any:
    import numpy as np

    from autograder.instances import issue

    return issue(id, np.random.default_rng(0), level)


# --- answer key, solutions, pages ----------------------------------------------------------------


def _write_staff(course: Course, title: str, on_step: Step, pages: bool) -> None:
    variants = read_by_hand(course.keys(NAME) / "by-hand.jsonl")
    write_whole(course.keys(NAME) / "answers.csv", _answers(variants).encode(), 0o600)
    jobs = [
        (
            student,
            list(own.values()),
            title,
            course.handout(student, NAME) if pages else None,
            course.root / "solutions" / student,
        )
        for student, own in variants.items()
    ]
    for done, _ in enumerate(shared_out(_write_pages, jobs), start=1):
        on_step("solutions written", done, len(jobs))


def _answers(variants: Mapping[str, Mapping[str, Issued]]) -> str:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["student", "question", "part", "answer"])
    for student, own in variants.items():
        for instance, one in own.items():
            for part in one.variant.parts:
                writer.writerow([student, instance, part.id, _typed(part, one.variant.truth[part.id])])
    return table.getvalue()


def _typed(part: Part, truth: Any) -> str:
    """Write an answer as a student types it: options by their letters."""
    return KINDS[part.kind].show(truth) if part.kind in ("mc1", "mcN", "order") else written(part, truth)


def _write_pages(job: tuple[str, list[Issued], str, Path | None, Path]) -> None:
    student, own, title, handout, solutions = job
    items = [_item(one) for one in own]
    for folder, solved in ((handout, False), (solutions, True)):
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            page = _template().render(
                title=title, student=student, items=items, solved=solved, style=_style()
            )
            (folder / f"{NAME}.html").write_text(page, encoding="utf-8")


def _item(one: Issued) -> dict[str, Any]:
    v = one.variant
    return {
        "id": one.instance,
        "title": v.title,
        "prompt": Markup(to_html(v.prompt)),
        "parts": [
            {
                "ask": Markup(to_inline_html(p.prompt or p.id)),
                "choices": [Markup(to_inline_html(str(choice))) for choice in p.options.get("choices", ())],
                "answer": _typed(p, v.truth[p.id]),
            }
            for p in v.parts
        ],
        "solution": [Markup(to_html(step)) for step in v.solution],
    }


@cache
def _style() -> Markup:
    return Markup(STYLE.read_text(encoding="utf-8"))


@cache
def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(TEMPLATES)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("problems.html.j2")
