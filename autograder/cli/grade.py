"""The command `grade`."""

from __future__ import annotations

import gc
import time
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from autograder.cli.screen import (
    DONE,
    FOLDER,
    OURS,
    UNGRADED,
    err,
    escaped,
    out,
    printed_row,
    progress_bar,
    workers_option,
)

DRAWN_EVERY = 0.2  # seconds


@click.command()
@click.argument("course", type=FOLDER)
@click.option("--assignment", required=True, help="The name given to `make`.")
@click.option(
    "--submissions",
    type=FOLDER,
    help="Folder with ID/ASSIGNMENT/ASSIGNMENT.ipynb [default: COURSE/submitted].",
)
@workers_option("Processes that judge.")
@click.option(
    "--dask",
    metavar="ADDRESS",
    default="",
    help="Judge on Dask instead: tcp://HOST:PORT of a scheduler, or local:N for N workers on this machine.",
)
@click.option(
    "--regrade",
    is_flag=True,
    help="Judge everything anew, also what has not changed: with a newer judge, or to be sure.",
)
@click.option(
    "--allow-weak", is_flag=True, help="Grade also where only limits on time and memory protect this machine."
)
@click.option("--quiet", is_flag=True, help="Print the summary only, not one row per student.")
def grade(
    course: Path,
    assignment: str,
    submissions: Path | None,
    workers: int,
    dask: str,
    regrade: bool,
    allow_weak: bool,
    quiet: bool,
) -> int:
    """Grade what students handed in; untrusted code runs in a sandbox.

    One row per student; one JSON report each in COURSE/reports/ASSIGNMENT/. Stop it at any time: the same
    command goes on where it stopped. Graded anew is only what was handed in again or whose key changed, and
    of that only the questions that changed; a table then says who moves and by how much.

    Deadlines, extensions and what lateness costs stand in COURSE/course.toml, marks set by hand in
    COURSE/overrides.csv; both outlive every regrade.
    """
    from autograder.course import open_course
    from autograder.launch import Ahead, guessed_order

    if submissions is not None and not submissions.is_dir():
        raise click.UsageError(f"There is no folder of submissions {submissions}.")
    opened = open_course(course)
    order = None if dask else guessed_order(opened.keys(assignment) / "assignment.toml")
    with Ahead(order) as ahead, Rows(quiet) as rows:
        gc.disable()  # what is loaded stays: looking through it would only take time
        from autograder.grading import grade as grade_all

        gc.freeze()
        gc.enable()
        progress = grade_all(
            opened,
            assignment,
            submissions,
            workers=workers,
            allow_weak=allow_weak,
            regrade=regrade,
            dask=dask,
            ahead=ahead,
            on_start=rows.begin,
            on_report=rows.add,
            on_wait=rows.draw,
        )
    _moves(progress.moves, regrade)
    _summary(progress, opened.reports(assignment))
    return OURS if progress.broken else UNGRADED if progress.failed else DONE


class Rows:
    """The rows and the bar, drawn a few times a second: drawing takes longer than writing marks down.

    No thread draws: where there is none, the processes that judge can be forked.
    """

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.bar = progress_bar(auto_refresh=False)
        self.task = self.bar.add_task("grading", total=None, rate="")
        self.rows: list[str] = []
        self.count, self.drawn_at = 0, 0.0

    def __enter__(self) -> Rows:
        return self

    def __exit__(self, *_: object) -> None:
        self.drawn_at = 0.0
        self.draw()
        self.bar.stop()

    def begin(self, progress: Any) -> None:
        """Show the bar, now that the work is counted."""
        self.bar.update(self.task, total=progress.total)
        self.bar.start()

    def add(self, report: Any, kept: bool) -> None:
        """Take a row; it is shown when things are next drawn."""
        self.count += 1
        if not self.quiet:
            self.rows.append(printed_row(report, kept))
        self.draw()

    def draw(self) -> None:
        """Draw what is new, unless that was just done."""
        if time.monotonic() - self.drawn_at < DRAWN_EVERY:
            return
        if self.rows:
            out.print("\n".join(self.rows), soft_wrap=True)
            self.rows = []
        speed = self.bar.tasks[0].speed
        rate = f"{speed:.1f}/s" if speed else ""
        self.bar.update(self.task, completed=self.count, rate=rate, refresh=True)
        self.drawn_at = time.monotonic()


def _moves(moves: list[Any], regrade: bool) -> None:
    """Show who moves, per question and in total, the largest moves first."""
    if regrade and not moves:
        out.print("Judged anew: nobody's marks move.")
    if not moves:
        return
    table = Table(box=None, pad_edge=False, header_style="bold", title="Who moves", title_justify="left")
    table.add_column("student", no_wrap=True)
    for column in ("before", "after", "by"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("questions", overflow="fold")
    for move in sorted(moves, key=lambda m: (-abs(m.by), m.student)):
        told = "; ".join(f"{q}: {_mark(a)} -> {_mark(b)}" for q, (a, b) in move.questions.items())
        by = f"{move.by:+.4g}" if move.by else ""
        table.add_row(escaped(move.student[:40]), _mark(move.before), _mark(move.after), by, escaped(told))
    out.print(table)
    up, down = sum(m.by > 0 for m in moves), sum(m.by < 0 for m in moves)
    out.print(f"{len(moves)} of those judged again move: {up} up, {down} down.")


def _mark(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _summary(progress: Any, reports: Path) -> None:
    mean = (
        f", mean {progress.points / progress.scored:.1f} of {progress.max_score:g}" if progress.scored else ""
    )
    out.print(
        f"{progress.graded} graded now, {progress.kept} kept, {progress.failed} could not be graded, "
        f"{len(progress.missing)} handed in nothing{mean}.",
        soft_wrap=True,
    )
    if progress.penalised or progress.by_hand:
        out.print(
            f"{progress.penalised} with points off for lateness, {progress.by_hand} with marks set by hand.",
            soft_wrap=True,
        )
    if progress.unsure:
        out.print(
            f"{progress.unsure} late by the time of their file only, which copying can change: nothing was taken off. "
            "`file_times = true` in course.toml counts them.",
            soft_wrap=True,
        )
    if progress.tiers:
        tiers = ", ".join(sorted(progress.tiers))
        out.print(f"Isolation: {tiers}. Reports: {reports}/", soft_wrap=True)
    for student, message in progress.alarms:
        err.print(f"[red]Ours:[/red] {escaped(student)}: {escaped(message)}", soft_wrap=True)
    if progress.broken > len(progress.alarms):
        err.print(f"[red]Ours:[/red] {progress.broken - len(progress.alarms)} more.")
