"""The command `make`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from autograder.cli.screen import FOLDER, out, progress_bar


@click.command()
@click.argument("assignment")
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
def make(assignment: str, course: Path, roster: Path | None, per_student: bool, hints: bool) -> None:
    """Make ASSIGNMENT (a name, or a folder with assignment.toml) for a class.

    Writes COURSE/release/ASSIGNMENT/ (the notebook, variants.json, backmark_kit.py: give these three to
    the students) and, for staff only, COURSE/keys/. Every student gets other numbers in the by-hand
    questions. The command can be repeated: nobody's numbers change.
    """
    from autograder.making import make as make_assignment

    with progress_bar() as bar:
        tasks: dict[str, Any] = {}

        def step(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total, rate="")
            bar.update(tasks[what], completed=done)

        made = make_assignment(assignment, course, roster, per_student=per_student, hints=hints, on_step=step)
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
