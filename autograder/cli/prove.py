"""The command `prove`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from autograder.cli.screen import DONE, UNGRADED, err, escaped, out, progress_bar, workers_option

SHOWN = 40  # more lines than this help nobody


@click.command()
@click.argument("what", required=False)
@click.option(
    "--seeds", type=click.IntRange(1), default=2, show_default=True, help="How many keys are drawn."
)
@click.option("--deep", is_flag=True, help="1,000 keys more, to see that chance never decides; takes hours.")
@click.option(
    "--leave-one-out", is_flag=True, help="Take each mistake off the list; it must get no other name."
)
@click.option(
    "--mutate", is_flag=True, help="Change the right solutions at every place; nothing may pass unseen."
)
@click.option("--rewrites", is_flag=True, help="Rewrite right programs automatically; all must stay right.")
@click.option(
    "--sabotage", is_flag=True, help="Put each mistake into the reference; the project's tests must fail."
)
@click.option(
    "--part",
    default="1/1",
    metavar="I/N",
    help="Run the I-th of N parts of --mutate, --rewrites, --sabotage.",
)
@click.option(
    "--log",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep what is found in this file; the next run with it goes on from there.",
)
@workers_option("How many processes --deep, --mutate, --rewrites and --sabotage use.")
def prove(
    what: str | None, seeds: int, deep: bool, leave_one_out: bool, mutate: bool, rewrites: bool,
    sabotage: bool, part: str, log: Path | None, workers: int,
) -> int:  # fmt: skip
    """Prove that the checks bite: every known mistake is rejected and named.

    WHAT is an assignment, a folder with assignment.toml, a Python file of your own, a topic, or the id of a
    question or exercise; without it all assignments are proved. Exits with 1 when anything is not proved.
    """
    from autograder.proving import find_targets
    from autograder.proving.done import Done

    targets = find_targets(what)
    ids = {asked.id for target in targets for asked in target.questions}
    if not (mutate or rewrites or sabotage):
        more = {"flakes": 1000 if deep else 0, "done": Done(log), "workers": workers}
        return _finish([s for t in targets for s in _known(t, seeds, leave_one_out, more)])
    found: list[str] = []
    piece, done = _piece(part), Done(log)
    for wanted, run in ((mutate, _mutate), (rewrites, _rewrite), (sabotage, _sabotage)):
        found += run(ids if what else None, piece, done, workers) if wanted else []
    return _finish(found)


def _piece(text: str) -> tuple[int, int]:
    first, _, of = text.partition("/")
    if not (first.isdigit() and of.isdigit() and 1 <= int(first) <= int(of)):
        raise click.BadParameter("write it as 2/5: the second of five parts", param_hint="--part")
    return int(first) - 1, int(of)


def _finish(sentences: Sequence[str]) -> int:
    for sentence in sentences[:SHOWN]:
        err.print(f"[red]Not proved:[/red] {escaped(sentence)}", soft_wrap=True)
    if len(sentences) > SHOWN:
        err.print(f"... and {len(sentences) - SHOWN} more.")
    out.print("Proved." if not sentences else f"{len(sentences)} things are not proved.")
    return UNGRADED if sentences else DONE


def _known(target: Any, seeds: int, leave_one_out: bool, more: dict[str, Any]) -> list[str]:
    from autograder.proving import failures
    from autograder.proving import prove as prove_all

    table = _table(
        target.name, "question", "mistakes tried", "rejected", "named", "mostly by", "least margin",
        "truth / bound", "other's name",
    )  # fmt: skip
    with progress_bar() as bar:
        task = bar.add_task(f"proving {target.name}", total=len(target.questions), rate="")

        def row(proof: Any) -> None:
            bar.update(task, advance=1)
            margin = "-" if proof.margin == float("inf") else f"{proof.margin:.1e}"
            strangers = str(proof.strangers) if leave_one_out else "-"
            by = ", ".join(f"{group} {n}" for group, n in proof.by.most_common(1))
            counts = map(str, (proof.tried, proof.rejected, proof.named))
            table.add_row(proof.question, *counts, escaped(by), margin, f"{proof.truth_ratio:.3f}", strangers)
            if proof.flakes:  # this took long: say at once what came of it
                out.print(f"{proof.question}: {proof.flakes} more keys, {len(proof.failures)} not proved")

        proofs = prove_all(
            target.questions, seeds=seeds, leave_one_out=leave_one_out, on_question=row, **more
        )
    out.print(table)
    _alike(proofs)
    return failures(proofs)


def _alike(proofs: Sequence[Any]) -> None:
    alike: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for proof in proofs:
        for names, times in proof.apart.items():
            alike[proof.question, names] += times
    for (question, names), times in alike.most_common(20):
        text = f"{question}: not told apart on {times} instances tried: {', '.join(names)}"
        out.print(escaped(text), soft_wrap=True)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(
            column, justify="left" if column in ("question", "mostly by", "program") else "right"
        )
    return table


def _run(title: str, doing: str, columns: Sequence[str], rows: Iterator[tuple[Any, list[str]]]) -> list[str]:
    """Print every row as soon as it is known, with what it leaves unproved, and all of them at the end."""
    table = _table(title, *columns)
    sentences: list[str] = []
    with progress_bar() as bar:
        task = bar.add_task(doing, total=None, rate="")
        for row, new in rows:
            bar.update(task, advance=1)
            cells = [str(cell) for cell in row]
            table.add_row(*cells)
            out.print(", ".join(f"{name}: {cell}" for name, cell in zip(columns, cells)), soft_wrap=True)
            for sentence in new:
                out.print(f"  {escaped(sentence)}", soft_wrap=True)
            sentences += new
    out.print(table)
    return sentences


def _mutate(ids: set[str] | None, piece: tuple[int, int], done: Any, workers: int) -> list[str]:
    from autograder.proving.mutating import mutate_all

    columns = ("program", "changes", "rejected", "equal", "unexplained")
    rows = (
        (
            (s.program, s.tried, s.killed, s.equivalent, len(s.survivors)),
            [f"{s.program}, {survivor}" for survivor in s.survivors],
        )
        for s in mutate_all(ids, piece, done=done, workers=workers)
    )
    return _run("Changed solutions", "changing solutions", columns, rows)


def _rewrite(ids: set[str] | None, piece: tuple[int, int], done: Any, workers: int) -> list[str]:
    from autograder.proving.rewriting import rewrite_all

    columns = ("program", "rewrites", "full marks", "most of the bound")
    rows = (
        (
            (s.program, s.tried, s.right, f"{s.ratio:.3f}"),
            [f"{s.program}, {failure}" for failure in s.failures],
        )
        for s in rewrite_all(ids, piece, done=done, workers=workers)
    )
    return _run("Right programs, rewritten", "rewriting", columns, rows)


def _sabotage(ids: set[str] | None, piece: tuple[int, int], done: Any, workers: int) -> list[str]:
    from autograder.proving.sabotage import sabotage_all

    columns = ("program", "mistakes", "tests failed", "survived")
    rows = (
        (
            (s.op, s.tried, s.caught, len(s.survivors)),
            [f"the tests do not see {s.op} with {name}" for name in s.survivors],
        )
        for s in sabotage_all(ids, piece, done=done, workers=workers)
    )
    return _run("Wrong references", "sabotage", columns, rows)
