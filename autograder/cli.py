"""The command `backmark`: argument parsing and printing only.

Exit codes: 0 done, 1 some submission could not be graded, 2 misuse, 3 our fault, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markdown import Markdown
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from autograder import __version__

DONE, UNGRADED, MISUSE, OURS, STOPPED = 0, 1, 2, 3, 130

# Student code and judging are single-threaded by design: the class is graded by many processes.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


class Group(click.Group):
    """Suggest the nearest command, and turn our own errors into one sentence."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find a command; name the nearest one when there is none."""
        import difflib

        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], self.commands, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            ctx.fail(f"There is no command {args[0]!r}.{hint} Commands: {', '.join(self.commands)}.")
        return super().resolve_command(ctx, args)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="backmark")
def cli() -> None:
    """Make, check, grade and report exercises of a neural-network course.

    \b
    Instructor:  backmark make convolution --roster roster.csv -o COURSE
                 backmark grade COURSE --assignment convolution
                 backmark report COURSE --assignment convolution --to html
    Student:     backmark check convolution.ipynb
    Have a look: backmark demo
    """


def main() -> None:
    """Run the command line; every foreseen error is one sentence and an exit code."""
    from autograder.assignment import CourseError
    from autograder.journal import JournalError
    from autograder.model import SchemaError
    from autograder.sandbox import SandboxError, WeakIsolation

    try:
        code = cli.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else DONE)
    except click.ClickException as error:
        error.show()
        sys.exit(MISUSE)
    except (click.Abort, KeyboardInterrupt):
        err.print("Stopped. What was graded is kept; the same command goes on from there.")
        sys.exit(STOPPED)
    except (CourseError, SchemaError, WeakIsolation) as error:
        err.print(f"[red]Error:[/red] {_escaped(error)}", soft_wrap=True)
        sys.exit(MISUSE)
    except (JournalError, SandboxError) as error:
        err.print(f"[red]Error:[/red] {_escaped(error)}", soft_wrap=True)
        sys.exit(OURS)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(DONE)
    except Exception as error:
        if os.environ.get("BACKMARK_TRACEBACK"):
            raise
        what = f"{type(error).__name__}: {error}".rstrip(": ")
        err.print(
            f"[red]Our fault:[/red] {_escaped(what)}. What was graded is kept. "
            "BACKMARK_TRACEBACK=1 shows where it happened; please report it.",
            soft_wrap=True,
        )
        sys.exit(OURS)


def _escaped(text: object) -> str:
    from rich.markup import escape

    return escape(_printable(str(text)))


def _printable(text: str) -> str:
    """Keep control characters and lone surrogates of hostile names off the terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), console=err, transient=True,
    )  # fmt: skip


_EXISTING = click.Path(exists=True, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)


# --- make ----------------------------------------------------------------------------------------


@cli.command()
@click.argument("assignment")
@click.option(
    "-o", "--output", "course", type=_FOLDER, required=True, help="The course folder; made if missing."
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

    with _bar() as bar:
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


# --- grade ---------------------------------------------------------------------------------------


@cli.command()
@click.argument("course", type=_FOLDER)
@click.option("--assignment", required=True, help="The name given to `make`.")
@click.option(
    "--submissions",
    type=_FOLDER,
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
    table = _table()
    with _bar() as bar:
        task = bar.add_task("grading", total=None, rate="")

        def started(progress: Any) -> None:
            bar.update(task, total=progress.total)

        def row(report: Any, kept: bool) -> None:
            table.add_row(*_row(report, kept))
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


def _table() -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("student", no_wrap=True)
    table.add_column("marks", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("what was found", overflow="fold")
    return table


def _row(report: Any, kept: bool) -> tuple[str, str, str, str]:
    marks = f"{report.score:.1f} / {report.max_score:g}" if report.status == "graded" else "-"
    mark = {"graded": "", "error": "[red]not graded[/red]", "incomplete": "[red]incomplete[/red]"}[
        report.status
    ]
    return (
        _escaped(report.student[:40]),
        marks,
        mark + (" [dim]kept[/dim]" if kept else ""),
        _escaped(_found(report)),
    )


def _found(report: Any) -> str:
    """Say in one line what a report found: named mistakes first, then other complaints."""
    if report.status != "graded":
        return report.message
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
    lines = [f"{', '.join(questions)}: {text}" for text, questions in told.items()]
    return "; ".join(lines[:3]) + (f"; and {len(lines) - 3} more" if len(lines) > 3 else "")


def _short(text: str) -> str:
    return text if len(text) <= 90 else text[:87] + "..."


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
                f"[red]Ours:[/red] {_escaped(report.student)}: {_escaped(report.message)}", soft_wrap=True
            )


# --- check ---------------------------------------------------------------------------------------


@cli.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--assignment", help="Its name, where the file name does not say it.")
@click.option("--hints/--no-hints", default=True, help="Name mistakes on the public cases.")
def check(file: Path, assignment: str | None, hints: bool) -> int:
    """Check a saved notebook before handing it in.

    Reads FILE the way the grader will, runs the public checks in a fresh process, says which typed answers
    can be read, and prints a receipt: what was taken, what was left out, and the file's hash.
    """
    from autograder.checking import check_file

    result = check_file(file, assignment, hints)
    for line in result.lines:
        out.print(_escaped(line), soft_wrap=True)
    return DONE if result.readable else UNGRADED


# --- report --------------------------------------------------------------------------------------


@cli.command()
@click.argument("course", type=_FOLDER)
@click.option("--assignment", required=True, help="The name given to `make`.")
@click.option(
    "--to",
    "form",
    required=True,
    type=click.Choice(["csv", "csv-long", "nbgrader", "html", "junit", "gradescope"]),
    help="The format.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Where to write [default: COURSE/feedback/ASSIGNMENT/...; nbgrader: COURSE/gradebook.db].",
)
def report(course: Path, assignment: str, form: str, output: Path | None) -> int:
    """Write the marks in a format: a CSV, nbgrader's gradebook, pages, JUnit XML, Gradescope results."""
    from autograder.course import open_course
    from autograder.exporting import export

    written, incomplete = export(open_course(course), assignment, form, output)
    files = sorted(written.files, key=lambda path: (len(path.parts), path))
    for path in files[:1] if len(files) > 6 else files:
        out.print(_escaped(path), soft_wrap=True)
    if len(files) > 6:
        out.print(f"and {len(files) - 1} more files", soft_wrap=True)
    for sentence in written.left_out:
        err.print(f"Left out: {_escaped(sentence)}")
    return OURS if incomplete else UNGRADED if written.left_out else DONE


# --- list, show, demo ----------------------------------------------------------------------------


@cli.command(name="list")
@click.argument("what", type=click.Choice(["mistakes", "questions", "exercises", "ops", "assignments"]))
@click.option("--json", "as_json", is_flag=True, help="Print JSON rows, each with a `name`.")
def list_(what: str, as_json: bool) -> None:
    """List mistakes, questions, exercises, ops or assignments."""
    from autograder.listing import rows

    found = rows(what)
    if as_json:
        click.echo(json.dumps(found, indent=1, ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in found[0] if found else ():
        table.add_column(column, overflow="fold", no_wrap=column == "name")
    for one in found:
        table.add_row(*(_escaped(v) for v in one.values()))
    out.print(table)
    out.print(f"{len(found)} {what}")


@cli.command()
@click.argument("question")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Which instance.")
@click.option("--level", type=int, help="How hard, 1 to 3.")
@click.option("--solution", is_flag=True, help="Print answer and worked solution too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(question: str, seed: int, level: int | None, solution: bool, as_json: bool) -> None:
    """Show one instance of a QUESTION such as CONV-3, or the trials of an exercise such as conv_forward."""
    from autograder.formulas import readable
    from autograder.listing import instance

    found = instance(question, seed, level, solution)
    if as_json:
        click.echo(json.dumps(found, indent=1, ensure_ascii=False))
        return
    for text in _shown(found):
        out.print(Markdown(readable(text)))


def _shown(found: dict[str, Any]) -> Sequence[str]:
    texts = [f"# {found['name']}: {found['title']}", found["prompt"]]
    if "answer" in found:
        texts += ["## Answer", "\n".join(f"- {k}: `{v}`" for k, v in found["answer"].items())]
        texts += ["## Worked solution", "\n\n".join(found["solution"])]
        texts += [
            "## Mistakes this instance tells apart",
            "\n".join(f"- `{m['answer']}` {m['name']}: {m['what']}" for m in found["mistakes"]),
        ]
    return texts


@cli.command()
@click.argument("assignment")
@click.option(
    "--seeds", type=click.IntRange(1), default=2, show_default=True, help="How many keys are drawn."
)
@click.option("--deep", is_flag=True, help="1,000 keys for every exercise; takes hours.")
@click.option(
    "--leave-one-out", is_flag=True, help="Take each mistake off the list; it must get no other name."
)
def prove(assignment: str, seeds: int, deep: bool, leave_one_out: bool) -> int:
    """Prove that the checks of ASSIGNMENT bite: every known mistake is rejected and named.

    ASSIGNMENT is a name or a folder with assignment.toml. Exits with 1 when anything is not proved.
    """
    from autograder.assignment import load_assignment
    from autograder.proving import failures
    from autograder.proving import prove as prove_all

    found = load_assignment(assignment)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in (
        "question",
        "mistakes tried",
        "rejected",
        "named",
        "least margin",
        "truth / bound",
        "other's name",
    ):
        table.add_column(column, justify="left" if column == "question" else "right")
    with _bar() as bar:
        task = bar.add_task("proving", total=len(found.questions), rate="")

        def row(proof: Any) -> None:
            bar.update(task, advance=1)
            margin = "-" if proof.margin == float("inf") else f"{proof.margin:.1e}"
            strangers = str(proof.strangers) if leave_one_out else "-"
            counts = (proof.tried, proof.rejected, proof.named)
            table.add_row(proof.question, *map(str, counts), margin, f"{proof.truth_ratio:.2f}", strangers)

        proofs = prove_all(found, seeds=1000 if deep else seeds, leave_one_out=leave_one_out, on_question=row)
    out.print(table)
    alike = sorted({names for proof in proofs for names in proof.apart})
    for names in alike[:20]:
        out.print(f"Not told apart on some instances: {', '.join(names)}", soft_wrap=True)
    sentences = failures(proofs)
    for sentence in sentences[:40]:
        err.print(f"[red]Not proved:[/red] {_escaped(sentence)}", soft_wrap=True)
    out.print("Proved." if not sentences else f"{len(sentences)} things are not proved.")
    return UNGRADED if sentences else DONE


@cli.command()
@click.option("--keep", type=_FOLDER, help="Keep the made-up course in this folder.")
@click.option(
    "--workers", type=click.IntRange(1, 1024), default=os.cpu_count() or 1, show_default="all cores"
)
def demo(keep: Path | None, workers: int) -> int:
    """Make a class, let made-up students hand in, grade them, and print what was found."""
    from autograder.demo import run

    with _bar() as bar:
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
        shown = _row(finished, False)
        table.add_row(_escaped(student), _escaped(what), shown[1], shown[3])
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
        err.print(f"[red]Unexpected:[/red] {_escaped(sentence)}")
    return OURS if unexpected else DONE


if __name__ == "__main__":
    main()
