"""The command `demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.table import Table

from autograder.cli.screen import DONE, FOLDER, OURS, err, escaped, out, progress_bar, report_row
from autograder.cores import usable_cores


@click.command()
@click.option("--keep", type=FOLDER, help="Keep the made-up course in this folder.")
@click.option("--workers", type=click.IntRange(1, 1024), default=usable_cores(), show_default="all cores")
def demo(keep: Path | None, workers: int) -> int:
    """Make a class, let made-up students hand in, grade them, and print what was found."""
    from autograder.demo import run

    with progress_bar() as bar:
        task = bar.add_task("grading a made-up class", total=None, rate="")

        def started(progress: Any) -> None:
            bar.update(task, total=progress.total)

        def advanced(_report: Any, _kept: bool) -> None:
            speed = bar.tasks[0].speed
            bar.update(task, advance=1, rate=f"{speed:.1f}/s" if speed else "")

        result = run(keep, workers, started, advanced)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("student", "handed in"):
        table.add_column(column, no_wrap=True)
    table.add_column("marks", justify="right", no_wrap=True)
    table.add_column("what was named", overflow="fold")
    for student, what, finished in result.rows:
        shown = report_row(finished, False)
        table.add_row(escaped(student), escaped(what), shown[1], shown[3])
    out.print(table)
    out.print(
        f"{len(result.rows)} submissions in {result.seconds:.1f} s with {workers} processes "
        f"({len(result.rows) / result.seconds:.1f} per second), isolation {result.tier}."
    )
    if keep:
        out.print(
            f"The course is in {keep}/; try: backmark report {keep} --assignment convolution --to html",
            soft_wrap=True,
        )
    unexpected = result.unexpected()
    for sentence in unexpected:
        err.print(f"[red]Unexpected:[/red] {escaped(sentence)}")
    return OURS if unexpected else DONE
