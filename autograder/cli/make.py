"""The command `make`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from autograder.cli.screen import FOLDER, out, progress_bar


@click.command()
@click.argument("assignment", required=False)
@click.option(
    "-o", "--output", "course", type=FOLDER, required=True, help="The course folder; made if missing."
)
@click.option(
    "--roster",
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV with id,first_name,last_name,email (nbgrader's columns); kept in the course folder.",
)
@click.option(
    "--per-student", is_flag=True, help="Also write each student's own copy to COURSE/handouts/ID/."
)
@click.option(
    "--hints/--no-hints", default=True, help="Whether the student kit names mistakes on the public cases."
)
@click.option(
    "--questions", help="Instead of ASSIGNMENT: a plain problem set of these, such as CONV-1,CARITH-1."
)
@click.option(
    "--count", type=click.IntRange(1, 50), default=1, show_default=True, help="Problem set: how many of each."
)
@click.option(
    "--level", type=click.IntRange(1, 3), default=1, show_default=True, help="Problem set: how hard."
)
@click.option(
    "--to", "form", type=click.Choice(["notebook", "html"]), default="notebook", show_default=True,
    help="Problem set: notebooks that can be graded, or pages to read and print.",
)  # fmt: skip
def make(
    assignment: str | None, course: Path, roster: Path | None, per_student: bool, hints: bool,
    questions: str | None, count: int, level: int, form: str,
) -> None:  # fmt: skip
    """Make ASSIGNMENT (a name, or a folder with assignment.toml) for a class.

    Writes COURSE/release/ASSIGNMENT/ (the notebook, variants.json, backmark_kit.py: give these three to
    the students) and, for staff only, COURSE/keys/. Every student gets other numbers in the by-hand
    questions. The command can be repeated: nobody's numbers change.
    """
    if (assignment is None) == (questions is None):
        raise click.UsageError("Give the name of an assignment, or --questions for a plain problem set.")
    with progress_bar() as bar:
        tasks: dict[str, Any] = {}

        def step(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total, rate="")
            bar.update(tasks[what], completed=done)

        if questions is not None:
            from autograder.problem_sets import make_problem_set

            ids = [one.strip() for one in questions.split(",") if one.strip()]
            made = make_problem_set(ids, course, roster, count=count, level=level, to=form, on_step=step)
        else:
            from autograder.making import make as make_assignment

            made = make_assignment(
                str(assignment), course, roster, per_student=per_student, hints=hints, on_step=step
            )
    name = made.assignment.name
    out.print(f"{made.assignment.title}: {made.students} students, {made.assignment.max_score:g} points.")
    if made.kept:
        out.print(f"{made.kept} of them keep the numbers they already had.")
    out.print(f"  give to students   {made.course.release(name)}/", soft_wrap=True)
    if made.handouts:
        out.print(f"  one copy each      {made.course.root / 'handouts'}/ID/{name}/", soft_wrap=True)
    out.print(f"  staff only         {made.course.keys(name)}/", soft_wrap=True)
    out.print(f"Collect into {made.course.root / 'submitted'}/ID/{name}/{name}.ipynb, then: "
              f"backmark grade {made.course.root} --assignment {name}", soft_wrap=True)  # fmt: skip
