"""The command `doctor`."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from autograder.cli.screen import DONE, FOLDER, UNGRADED, escaped, out

MARKS = {"ok": "[green]ok[/green]", "note": "[yellow]note[/yellow]", "bad": "[red]bad[/red]"}


@click.command()
@click.argument("course", type=FOLDER, default=".")
@click.option(
    "--sandbox", is_flag=True, help="Try every tier of isolation, not only the best; takes seconds."
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(course: Path, sandbox: bool, as_json: bool) -> int:
    """Look at this machine: what grading has here, what it lacks, and how to get it.

    COURSE is the folder of the course. Exits with 1 when nothing can be graded here.
    """
    from autograder.doctor import examine
    from autograder.sandbox.advice import best_tier, every_tier

    findings = list(examine(course))
    tiers = list(every_tier()) if sandbox else [best_tier()]
    active = next((t for t in tiers if t.holds), tiers[-1])
    weak = not active.holds or active.tier == "T0"
    if as_json:
        found = {
            "machine": [dataclasses.asdict(f) for f in findings],
            "active": active.tier if active.holds else None,
            "tiers": [dataclasses.asdict(t) for t in tiers],
        }
        click.echo(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        _show_machine(findings)
        _show_tiers(tiers, active, sandbox)
    return UNGRADED if weak or any(f.status == "bad" for f in findings) else DONE


def _show_machine(findings: list[Any]) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    for column in ("what", "status", "value"):
        table.add_column(column, no_wrap=column == "what", overflow="fold")
    for finding in findings:
        text = escaped(finding.value) + (f"\n{escaped(finding.advice)}" if finding.advice else "")
        table.add_row(escaped(finding.name), MARKS[finding.status], text)
    out.print(table)


def _show_tiers(tiers: list[Any], active: Any, every: bool) -> None:
    out.print()
    for tier in tiers:
        state = (
            "active"
            if tier is active and tier.holds
            else "works"
            if tier.holds
            else "[yellow]not here[/yellow]"
        )
        out.print(f"[bold]Isolation {tier.tier}[/bold] {state}: {tier.what}.", soft_wrap=True)
        if tier.holds:
            out.print(f"  layers: {', '.join(tier.layers)}", soft_wrap=True)
            out.print(f"  {tier.milliseconds:g} ms at best for a submission that does nothing")
            continue
        for name, text in (("missing", ", ".join(tier.missing)), ("why", tier.why)):
            if text:
                out.print(f"  {name}: {escaped(text)}", soft_wrap=True)
        for advice in tier.how:
            out.print(f"  to get it: {escaped(advice)}", soft_wrap=True)
    if not every:
        out.print(
            "`backmark doctor --sandbox` tries every tier and says what the others need.", soft_wrap=True
        )
