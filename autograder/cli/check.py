"""The command `check`."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.cli.screen import DONE, UNGRADED, escaped, out


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--assignment", help="Its name, where the file name does not say it.")
@click.option("--hints/--no-hints", default=True, help="Name mistakes on the public cases.")
def check(file: Path, assignment: str | None, hints: bool) -> int:
    """Check a saved notebook before handing it in.

    Reads FILE the way the grader will, runs the public checks in a fresh process, says which typed answers
    can be read, and prints a receipt: what was taken, what was left out, and the file's hash.
    """
    from autograder.launch import Ahead, guessed_order

    with Ahead(guessed_order()) as ahead:
        from autograder.checking import check_file

        result = check_file(file, assignment, hints, ahead)
    for line in result.lines:
        out.print(escaped(line), soft_wrap=True)
    return DONE if result.readable else UNGRADED
