"""The command `grade`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from autograder.cli.screen import (
    DONE,
    FOLDER,
    OURS,
    UNGRADED,
    err,
    escaped,
    out,
    progress_bar,
    report_row,
    report_table,
)


@click.command()
@click.argument("course", type=FOLDER)
@click.option("--assignment", required=True, help="The name given to `make`.")
@click.option(
    "--submissions",
    type=FOLDER,
    help="Folder with ID/ASSIGNMENT/ASSIGNMENT.ipynb [default: COURSE/submitted].",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 1024),
    default=os.cpu_count() or 1,
    show_default="all cores",
    help="Processes that judge.",
)
@click.option(
    "--allow-weak", is_flag=True, help="Grade also where only limits on time and memory protect this machine."
)
@click.option("--quiet", is_flag=True, help="Print the summary only, not one row per student.")
def grade(
    course: Path, assignment: str, submissions: Path | None, workers: int, allow_weak: bool, quiet: bool
) -> int:
    """Grade what students handed in; untrusted code runs in a sandbox.

    One row per student; one JSON report each in COURSE/reports/ASSIGNMENT/. Stop it at any time: the same
    command goes on where it stopped, and grades anew only what was handed in again or whose key changed.
    """
    from autograder.course import open_course
    from autograder.grading import grade as grade_all

    if submissions is not None and not submissions.is_dir():
        raise click.UsageError(f"There is no folder of submissions {submissions}.")
    opened = open_course(course)
    table = report_table()
    with progress_bar() as bar:
        task = bar.add_task("grading", total=None, rate="")

        def started(progress: Any) -> None:
            bar.update(task, total=progress.total)

        def row(report: Any, kept: bool) -> None:
            table.add_row(*report_row(report, kept))
            speed = bar.tasks[0].speed
            bar.update(task, advance=1, rate=f"{speed:.1f}/s" if speed else "")

        progress = grade_all(
            opened,
            assignment,
            submissions,
            workers=workers,
            allow_weak=allow_weak,
            on_start=started,
            on_report=row,
        )
    if not quiet and progress.total:
        out.print(table)
    _summary(progress, opened.reports(assignment))
    return OURS if progress.broken else UNGRADED if progress.failed else DONE


def _summary(progress: Any, reports: Path) -> None:
    graded = [r for r in progress.rows if r.status == "graded"]
    mean = (
        f", mean {sum(r.score for r in graded) / len(graded):.1f} of {graded[0].max_score:g}"
        if graded
        else ""
    )
    out.print(
        f"{progress.graded} graded now, {progress.kept} kept, {progress.failed} could not be graded, "
        f"{len(progress.missing)} handed in nothing{mean}."
    )
    tiers = sorted({str(r.isolation.get("tier")) for r in graded})
    if tiers:
        out.print(f"Isolation: {', '.join(tiers)}. Reports: {reports}/", soft_wrap=True)
    for report in progress.rows:
        if report.status == "incomplete":
            err.print(
                f"[red]Ours:[/red] {escaped(report.student)}: {escaped(report.message)}", soft_wrap=True
            )
