"""The command `prove`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import click
from rich.table import Table

from autograder.cli.screen import DONE, UNGRADED, err, escaped, out, progress_bar

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
@click.option("--part", default="1/1", metavar="I/N", help="Run the I-th of N parts of the last three.")
def prove(
    what: str | None, seeds: int, deep: bool, leave_one_out: bool, mutate: bool, rewrites: bool,
    sabotage: bool, part: str,
) -> int:  # fmt: skip
    """Prove that the checks bite: every known mistake is rejected and named.

    WHAT is an assignment, a folder with assignment.toml, a Python file of your own, a topic, or the id of a
    question or exercise; without it all assignments are proved. Exits with 1 when anything is not proved.
    """
    from autograder.proving import find_targets

    targets = find_targets(what)
    ids = {asked.id for target in targets for asked in target.questions}
    if not (mutate or rewrites or sabotage):
        return _finish([s for t in targets for s in _known(t, seeds, 1000 if deep else 0, leave_one_out)])
    found: list[str] = []
    piece = _piece(part)
    for wanted, run in ((mutate, _mutate), (rewrites, _rewrite), (sabotage, _sabotage)):
        found += run(ids if what else None, piece) if wanted else []
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


def _known(target: Any, seeds: int, flakes: int, leave_one_out: bool) -> list[str]:
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

        proofs = prove_all(
            target.questions, seeds=seeds, flakes=flakes, leave_one_out=leave_one_out, on_question=row
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


def _mutate(ids: set[str] | None, piece: tuple[int, int]) -> list[str]:
    from autograder.proving.mutating import mutate_all

    table = _table("Changed solutions", "program", "changes", "rejected", "equal", "unexplained")
    sentences: list[str] = []
    with progress_bar() as bar:
        task = bar.add_task("changing solutions", total=None, rate="")
        for score in mutate_all(ids, piece):
            bar.update(task, advance=1)
            counts = (score.tried, score.killed, score.equivalent, len(score.survivors))
            table.add_row(score.program, *map(str, counts))
            sentences += [f"{score.program}, {survivor}" for survivor in score.survivors]
    out.print(table)
    return sentences


def _rewrite(ids: set[str] | None, piece: tuple[int, int]) -> list[str]:
    from autograder.proving.rewriting import rewrite_all

    table = _table("Right programs, rewritten", "program", "rewrites", "full marks", "most of the bound")
    sentences: list[str] = []
    with progress_bar() as bar:
        task = bar.add_task("rewriting", total=None, rate="")
        for score in rewrite_all(ids, piece):
            bar.update(task, advance=1)
            table.add_row(score.program, str(score.tried), str(score.right), f"{score.ratio:.3f}")
            sentences += [f"{score.program}, {failure}" for failure in score.failures]
    out.print(table)
    return sentences


def _sabotage(ids: set[str] | None, piece: tuple[int, int]) -> list[str]:
    from autograder.proving.sabotage import sabotage_all

    table = _table("Wrong references", "program", "mistakes", "tests failed", "survived")
    sentences: list[str] = []
    with progress_bar() as bar:
        task = bar.add_task("sabotage", total=None, rate="")
        for score in sabotage_all(ids, piece):
            bar.update(task, advance=1)
            table.add_row(score.op, str(score.tried), str(score.caught), str(len(score.survivors)))
            sentences += [f"the tests do not see {score.op} with {name}" for name in score.survivors]
    out.print(table)
    return sentences
