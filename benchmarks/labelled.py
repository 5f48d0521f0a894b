"""Judge labelled student code in the sandbox and print how often the verdict and the name are as labelled.

    python benchmarks/labelled.py [GROUP ...] [--folder FOLDER]

Each file's first line is a JSON label (verdict, functions_wrong, bug). A verdict is as labelled when marks are
lost on exactly the labelled functions; a wrong file is named when its bug, or each of its two, is among what is named.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])  # not this folder: it has a reference.py of its own
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from rich.console import Console
from rich.table import Table

from autograder.checks import judge, wants_probe
from autograder.exercises import EXERCISES
from autograder.keymaking import make_key
from autograder.naming import name_mistakes, name_stop
from autograder.sandbox import Cell, Limits, Sandbox
from autograder.verdicts import verdicts

# Labels that say in one word what we say in others: all of ours must be named.
SAME = {
    "means-and-last-point": {"kfold-mean-of-fold-means", "loocv-last-point-missing"},
    "mul-own-and-mean-identity": {"mul-own-value", "mean-sub-backward-identity"},
    "hinge-mean-and-l2-half": {"loss-not-averaged", "l2-gradient-no-two"},
    "mask-and-likelihood": {"mlp-mask-missing", "likelihood-sign"},
    "ema-and-drop-last": {"classical-momentum-ema", "last-batch-dropped"},
    "scale-one-over-p-both": {"inverted-scale-by-drop-share", "backward-scale-by-drop-share"},
    "scale-and-axis": {"inverted-scale-by-drop-share", "vote-wrong-axis"},
    "flipped-both-ways": {"kernel-flipped"},
    "exponential-recursion": {"does-not-finish"},
}
DATA = Path(__file__).resolve().parents[1] / "tests" / "data" / "submissions"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("groups", nargs="*", help="such as conv [all]")
    parser.add_argument("--folder", type=Path, default=DATA)
    options = parser.parse_args()
    table = Table(title="Labelled student code")
    for column in ("group", "right, full marks", "wrong, as labelled", "named", "not as labelled"):
        table.add_column(column)
    failed = 0
    with Sandbox(limits=Limits(seconds=3)) as box:
        for group in options.groups or sorted(p.name for p in options.folder.iterdir() if p.is_dir()):
            row, odd = judge_group(box, options.folder / group)
            failed += len(odd)
            table.add_row(group, *row, ", ".join(odd))
    Console().print(table)
    return int(failed > 0)


def judge_group(box: Sandbox, folder: Path) -> tuple[list[str], list[str]]:
    """Return the counts of one group and the files whose verdict is not the label's; borderline ones are left out."""
    counts, odd = {"right": [0, 0], "wrong": [0, 0], "named": [0, 0]}, []
    for path in sorted(folder.glob("*.py")):
        source = path.read_text(encoding="utf-8")
        label = json.loads(source.splitlines()[0].lstrip("# "))
        if label["verdict"] not in ("right", "wrong"):
            continue
        lost, names = judge_source(box, source, set(label["functions_wrong"]))
        fits = lost == set(label["functions_wrong"])
        _count(counts[label["verdict"]], fits)
        odd += [] if fits else [path.name]
        if label["verdict"] == "wrong":
            parts = SAME.get(label["bug"], set(label["bug"].split("+")))
            _count(counts["named"], all(any(part in name for name in names) for part in parts))
    return [f"{good} of {total}" for good, total in counts.values()], odd


def judge_source(box: Sandbox, source: str, asked: set[str]) -> tuple[set[str], set[str]]:
    """Return the functions that lose marks and what is named, for the functions the file defines or should."""
    asked |= {name for name in EXERCISES if f"def {name}(" in source}
    keys = {name: _key(name) for name in sorted(asked) if name in EXERCISES}
    cells = [Cell(1, source)]
    evidence = box.run(cells, {name: key.script(0, probes=False) for name, key in keys.items()})
    lost, names = set(), set()
    for name, key in keys.items():
        judgement = judge(key, 0, evidence.questions[name])
        if wants_probe(judgement):
            judgement = judge(key, 0, box.run(cells, {name: key.script(0)}).questions[name])
        if sum(v.points for v in verdicts(judgement, "", 1.0)) < 1 - 1e-9:
            lost.add(name)
            named = name_stop(judgement, evidence.cells) if judgement.stopped else name_mistakes(judgement)
            names |= {n.name for n in named}
    return lost, names


_KEYS: dict = {}


def _key(name: str):
    if name not in _KEYS:
        _KEYS[name] = make_key(EXERCISES[name], lambda s: np.random.default_rng([2026, s]), sets=1)
    return _KEYS[name]


def _count(pair: list[int], hit: bool) -> None:
    pair[0] += hit
    pair[1] += 1


if __name__ == "__main__":
    sys.exit(main())
