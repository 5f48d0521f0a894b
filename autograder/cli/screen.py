"""What every command prints with: consoles, progress bar, tables of reports, exit codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from autograder.cores import usable_cores

DONE, UNGRADED, MISUSE, OURS, STOPPED = 0, 1, 2, 3, 130

# No emoji: `local:abc:` or an id may look like the name of one.
out = Console(highlight=False, emoji=False)
err = Console(stderr=True, highlight=False, emoji=False)

WIDTH = 16  # of the column with ids; a longer one pushes its own row only

FOLDER = click.Path(file_okay=False, path_type=Path)


def workers_option(help: str) -> Callable[[Any], Any]:
    """Return the option of commands that share their work out to several processes."""
    return click.option(
        "--workers",
        type=click.IntRange(1, 1024),
        default=usable_cores(),
        show_default="all cores",
        help=help,
    )


def escaped(text: object) -> str:
    from rich.markup import escape

    return escape(printable(str(text)))


def printable(text: str) -> str:
    """Keep control characters and lone surrogates of hostile names off the terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def one_line(text: str) -> str:
    """Keep a row a row, whatever an id holds."""
    return text.replace("\n", "\N{REPLACEMENT CHARACTER}").replace("\t", " ")


def progress_bar(auto_refresh: bool = True) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), transient=True,
        auto_refresh=auto_refresh,
        console=out if out.is_terminal else err,  # rows printed meanwhile then stay clear of the bar
    )  # fmt: skip


def report_row(report: Any, kept: bool) -> tuple[str, str, str, str]:
    marks = f"{report.score:.1f} / {report.max_score:g}" if report.status == "graded" else "-"
    mark = {"graded": "", "error": "[red]not graded[/red]", "incomplete": "[red]incomplete[/red]"}[
        report.status
    ]
    return (
        escaped(one_line(report.student[:40])),
        marks,
        mark + (" [dim]kept[/dim]" if kept else ""),
        escaped(one_line(_found(report))),
    )


def printed_row(report: Any, kept: bool) -> str:
    """Write a row by itself, as wide as rows are: a table of a large class would have to be held."""
    student, marks, mark, found = report_row(report, kept)
    late = f"[dim]less {report.penalty:g}[/dim]" if report.penalty else ""
    cells = (_wide(student, WIDTH), marks.rjust(12), late, mark.strip(), found)
    return "  ".join(cell for cell in cells if cell)


def _wide(text: str, width: int) -> str:
    from rich.cells import cell_len

    return text + " " * (width - cell_len(text))


def _found(report: Any) -> str:
    """Say in one line what a report found: named mistakes first, then other complaints."""
    if report.status != "graded":
        return " ".join([report.message, *report.notes[:1]])
    told: dict[str, list[str]] = {}
    for verdict in report.verdicts:
        if verdict.status in ("wrong", "partial"):
            named = " or ".join(verdict.mistakes_consistent[:3])
            text = named or _short(verdict.message.replace("`", "").removeprefix(verdict.question).strip())
            questions = told.setdefault(text, [])
            if verdict.question not in questions:
                questions.append(verdict.question)
    if not told:
        return "all right" + (f" ({_short(report.notes[0])})" if report.notes else "")
    lines = [f"{', '.join(questions)}: {text.removesuffix('.')}" for text, questions in told.items()]
    return "; ".join(lines[:3]) + (f"; and {len(lines) - 3} more" if len(lines) > 3 else "")


def _short(text: str) -> str:
    return text if len(text) <= 90 else text[:87] + "..."
