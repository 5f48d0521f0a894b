"""The command `backmark`: argument parsing and printing only.

Each file of this folder but `screen` holds the commands it is named after; there is no list to keep.
Exit codes: 0 done, 1 some submission could not be graded, 2 misuse, 3 our fault, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from typing import Any

import click

from autograder import __version__
from autograder.cli.screen import DONE, MISUSE, OURS, STOPPED, err, escaped

# Student code and judging are single-threaded by design: the class is graded by many processes.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


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
    try:
        code = cli.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else DONE)
    except click.ClickException as error:
        error.show()
        sys.exit(MISUSE)
    except (click.Abort, KeyboardInterrupt):
        err.print("Stopped. What was graded is kept; the same command goes on from there.")
        sys.exit(STOPPED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(DONE)
    except Exception as error:
        if (code := _foreseen(error)) is not None:
            err.print(f"[red]Error:[/red] {escaped(error)}", soft_wrap=True)
            sys.exit(code)
        if os.environ.get("BACKMARK_TRACEBACK"):
            raise
        if isinstance(error, OSError) and error.filename is not None and error.strerror:
            err.print(
                f"[red]Error:[/red] {escaped(error.filename)}: {escaped(error.strerror)}. See that whoever gives this "
                "command may read and write there, and run it again. What was graded is kept.",
                soft_wrap=True,
            )
            sys.exit(MISUSE)
        what = f"{type(error).__name__}: {error}".rstrip(": ")
        err.print(
            f"[red]Our fault:[/red] {escaped(what)}. What was graded is kept. "
            "BACKMARK_TRACEBACK=1 shows where it happened; please report it.",
            soft_wrap=True,
        )
        sys.exit(OURS)


def _foreseen(error: Exception) -> int | None:
    """Return the exit code of an error whose text says what to do; loads what a good run may not need."""
    from autograder.course import CourseError
    from autograder.journal import JournalError
    from autograder.model import SchemaError
    from autograder.sandbox import SandboxError, WeakIsolation

    if isinstance(error, (CourseError, SchemaError, WeakIsolation)):
        return MISUSE
    return OURS if isinstance(error, (JournalError, SandboxError)) else None


for _file in pkgutil.iter_modules(__path__):
    for _found in vars(importlib.import_module(f"{__name__}.{_file.name}")).values():
        if isinstance(_found, click.Command):
            cli.add_command(_found)
