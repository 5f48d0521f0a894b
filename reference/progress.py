"""A progress bar: with `rich` where it is installed, one plain line per step elsewhere, or silence."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["show_progress"]


@contextmanager
def show_progress(total: int, show: bool = True) -> Iterator[Callable[[str], None]]:
    """Yield a function to be called with a short text after each of `total` steps; it writes to stderr.

    >>> with show_progress(2, show=False) as advance:
    ...     advance("half way")
    ...     advance("done")
    """
    if not show or total == 0:
        yield lambda _text: None
    elif importlib.util.find_spec("rich") is not None:
        with _rich_bar(total) as advance:
            yield advance
    else:
        yield _plain(total)


def _plain(total: int) -> Callable[[str], None]:
    done = 0

    def advance(text: str) -> None:
        nonlocal done
        done += 1
        sys.stderr.write(f"{done:{len(str(total))}}/{total} {text}\n")
        sys.stderr.flush()

    return advance


@contextmanager
def _rich_bar(total: int) -> Iterator[Callable[[str], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (MofNCompleteColumn(), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=total)
        yield lambda text: bar.update(task, advance=1, description=text.strip())
