"""The command `prove`."""

from __future__ import annotations

from typing import Any

import click
from rich.table import Table

from autograder.cli.screen import DONE, UNGRADED, err, escaped, out, progress_bar


@click.command()
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
    with progress_bar() as bar:
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
        err.print(f"[red]Not proved:[/red] {escaped(sentence)}", soft_wrap=True)
    out.print("Proved." if not sentences else f"{len(sentences)} things are not proved.")
    return UNGRADED if sentences else DONE
