"""Report on the bank of questions: every type, every level, many seeds.

    python benchmarks/questions.py [--seeds 200] [--only CONV-1,POOL-1]

Per type and level: share of draws accepted, instances that expose at least four mistakes (target: 60 %), mistakes
exposed per instance (median), distinct instances, duplicates handed out (must be 0), agreement with the
independent evaluator (must be 100 %), and processor time per issued instance. Exits with 1 when a "must" fails.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path[0] = str(Path(__file__).resolve().parents[1])  # not this folder: its reference.py is a benchmark

from rich.console import Console
from rich.progress import track
from rich.table import Table

from autograder import instances
from autograder.instances import NoInstance, certificate, instance_key, issue
from autograder.parallel import shared_out
from autograder.questions import QUESTIONS


def measure(job: tuple[str, int, int]) -> dict[str, object]:
    """Issue many instances of one type at one level."""
    id, level, seeds = job
    question, taken, exposed, agree, keys = QUESTIONS[id], set(), [], 0, []
    tries = [0]

    def counted(rng, wanted, draw=question.draw):
        tries[0] += 1
        return draw(rng, wanted)

    watched = instances.replace(question, draw=counted)
    started = time.process_time()
    for seed in range(seeds):
        try:
            variant = issue(watched, np.random.default_rng(seed), level, taken)
        except NoInstance:
            break
        keys.append((variant, instance_key(question, variant.params)))
    spent = time.process_time() - started
    for variant, _ in keys:
        why = certificate(question, variant)
        exposed.append(len(why.exposed))
        agree += why.agrees
    issued = len(keys)
    return {
        "id": id, "level": level, "issued": issued, "accepted": issued / tries[0],
        "four": sum(n >= 4 for n in exposed) / max(issued, 1), "exposed": statistics.median(exposed or [0]),
        "distinct": len({key for _, key in keys}), "agree": agree / max(issued, 1), "ms": 1000 * spent / max(issued, 1),
    }  # fmt: skip


def main() -> int:
    """Print the table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--only", default="", help="ids, separated by commas")
    chosen = parser.parse_args()
    ids = [id for id in sorted(QUESTIONS) if not chosen.only or id in chosen.only.split(",")]
    jobs = [(id, level, chosen.seeds) for id in ids for level in QUESTIONS[id].levels]
    table = Table(title=f"{len(ids)} types, {chosen.seeds} seeds each", box=None)
    for name in (
        "type",
        "level",
        "issued",
        "draws accepted",
        ">= 4 mistakes",
        "mistakes",
        "distinct",
        "agrees",
        "ms",
    ):
        table.add_column(name, justify="left" if name == "type" else "right")
    bad = 0
    rows = list(track(shared_out(measure, jobs), total=len(jobs), console=Console(stderr=True)))
    for row in rows:
        fails = row["agree"] < 1 or row["distinct"] < row["issued"] or not row["issued"]
        bad += fails
        table.add_row(
            f"[red]{row['id']}[/red]" if fails else str(row["id"]), str(row["level"]), str(row["issued"]),
            f"{row['accepted']:.0%}", f"{row['four']:.0%}", f"{row['exposed']:g}", str(row["distinct"]),
            f"{row['agree']:.0%}", f"{row['ms']:.1f}",
        )  # fmt: skip
    Console().print(table)
    few = sorted({row["id"] for row in rows if row["four"] < 0.6})
    print(
        f"{bad} of {len(rows)} rows fail; below the target of 4 mistakes on 60 %: {', '.join(few) or 'none'}"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
