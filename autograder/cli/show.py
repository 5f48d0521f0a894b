"""The commands `list` and `show`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from string import ascii_lowercase
from typing import Any

import click
from rich.table import Table

from autograder.cli.screen import escaped, out


@click.command(name="list")
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
        table.add_row(*(escaped(v) for v in one.values()))
    out.print(table)
    out.print(f"{len(found)} {what}")


@click.command()
@click.argument("question")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Which instance.")
@click.option("--level", type=int, help="How hard, 1 to 3.")
@click.option("--solution", is_flag=True, help="Print answer and worked solution too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(question: str, seed: int, level: int | None, solution: bool, as_json: bool) -> None:
    """Show one instance of a QUESTION such as CONV-3, or the trials of an exercise such as conv_forward."""
    from rich.markdown import Markdown  # takes as long to load as all of rich that other commands need

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
    for part in found["parts"]:
        options = [f"- **{letter}** {text}" for letter, text in zip(ascii_lowercase, part.get("choices", ()))]
        texts.append("\n".join([f"*{part['prompt'] or part['id']}*\n", *options]))
    if "answer" in found:
        texts += ["## Answer", "\n".join(f"- {k}: `{v}`" for k, v in found["answer"].items())]
        texts += ["## Worked solution", "\n\n".join(found["solution"])]
        texts += [
            "## Mistakes this instance tells apart",
            "\n".join(f"- `{m['answer']}` {m['name']}: {m['what']}" for m in found["mistakes"]),
        ]
    return texts
