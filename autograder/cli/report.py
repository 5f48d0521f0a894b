"""The command `report`."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.cli.screen import DONE, FOLDER, OURS, UNGRADED, err, escaped, out


@click.command()
@click.argument("course", type=FOLDER)
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
        out.print(escaped(path), soft_wrap=True)
    if len(files) > 6:
        out.print(f"and {len(files) - 1} more files", soft_wrap=True)
    for sentence in written.left_out:
        err.print(f"Left out: {escaped(sentence)}")
    return OURS if incomplete else UNGRADED if written.left_out else DONE
