"""Judge changed solutions: does anything that is wrong in a way nobody thought of still earn full marks?

A changed program is played in this process (it is our own, with one slip in it), within limits of time and memory,
and judged as a student's is. One that keeps full marks in any set is a survivor. Survivors are compared with the
program they came from on 10,000 further inputs: one that differs shows what the trials do not see; one that never
differs is equal, and `equal.toml` says why that is so.
"""

from __future__ import annotations

import multiprocessing
import re
import resource
import signal
import tomllib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from autograder.exercises import Functions
from autograder.proving.further import difference
from autograder.proving.mutants import Mutant, mutants
from autograder.proving.sources import Program, functions_of, key_of, right_programs, users
from autograder.proving.trying import first_wrong

SECONDS = 5  # of CPU for one changed program; the right ones need a fraction of one
MEMORY = 2 << 30
FURTHER = 10_000
Result = TypeVar("Result")
REASONS = Path(__file__).with_name("equal.toml")


@dataclass
class Score:
    """What became of the changes of one program. `survivors` are sentences."""

    program: str
    tried: int = 0
    killed: int = 0
    equivalent: int = 0
    survivors: list[str] = field(default_factory=list)


class TooSlow(BaseException):
    """A changed program did not end; a BaseException so that no `except Exception` keeps it alive."""


def mutate_all(
    ids: Collection[str] | None = None, piece: tuple[int, int] = (0, 1), further: int = FURTHER
) -> Iterator[Score]:
    """Yield a score for every right program at hand."""
    for program in right_programs(ids):
        chosen = [m for i, m in enumerate(mutants(program.text)) if i % piece[1] == piece[0]]
        yield mutate(program, chosen, further)


def mutate(program: Program, chosen: Sequence[Mutant], further: int = FURTHER) -> Score:
    """Judge the chosen changes of one program in processes of their own."""
    score = Score(program.name)
    for exercise in program.exercises:
        key_of(exercise)  # made once, before the processes part
    affected = [(m, judged_by(program, m)) for m in chosen]
    tasks = [(m.text, exercises) for m, exercises in affected if exercises]
    context = multiprocessing.get_context("fork")
    with context.Pool(initializer=limited) as pool:
        fates = pool.map(_fate, tasks, chunksize=4)
        left = [
            (m, e, fate) for (m, e), fate in zip([a for a in affected if a[1]], fates) if fate is not None
        ]
        seen = pool.starmap(_seen_further, [(program.text, m.text, e, further) for m, e, _ in left])
    score.tried = len(tasks)
    score.killed = len(tasks) - len(left)
    for (mutant, _, where), witness in zip(left, seen):
        _settle(score, mutant, where, witness)
    return score


def judged_by(program: Program, mutant: Mutant) -> tuple[str, ...]:
    """Return the exercises a change can show in: those whose code uses the changed function, the nearest first."""
    using = users(program.text).get(mutant.where, {mutant.where})
    needing = {e for e in program.exercises if using & set(key_of(e).needs)}
    found = [e for e in program.exercises if e in using or e in needing]
    return tuple(sorted(found, key=lambda e: (e != mutant.where, e in needing)))


def _settle(score: Score, mutant: Mutant, where: str, witness: str) -> None:
    place = f"{mutant.where}, line {mutant.line}: {mutant.change}"
    if witness:
        score.survivors.append(f"{place} keeps full marks ({where}), but differs: {witness}")
    elif reason_for(mutant) is None:
        score.survivors.append(f"{place} keeps full marks ({where}) and equal results; no reason is given")
    else:
        score.equivalent += 1


def reason_for(mutant: Mutant) -> str | None:
    """Return why a change changes nothing, as `equal.toml` has it."""
    for row in tomllib.loads(REASONS.read_text(encoding="utf-8")).get("equal", ()):
        if re.fullmatch(row["function"], mutant.where) and re.fullmatch(row["change"], mutant.change):
            return str(row["why"])
    return None


# --- in a process of its own ---------------------------------------------------------------------


def limited() -> None:
    """Bound memory, and let `isolated` bound time; for processes that play changed programs."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGPROF, _stop)


def isolated(do: Callable[[], Result]) -> Result | None:
    """Return do(), or None where it fails or does not end in time."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS, 0.05)  # and every call after that is stopped soon
    try:
        return do()
    except BaseException:
        return None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _stop(*_: Any) -> None:
    raise TooSlow


def _fate(task: tuple[str, tuple[str, ...]]) -> str | None:
    """Return in which sets a changed program keeps full marks; None when it loses some in each."""
    text, exercises = task
    survived: list[int] = []

    def play_sets() -> None:
        functions = functions_of(text)
        survived.extend(s for s in range(3) if all(_full(e, s, functions) for e in exercises))

    isolated(play_sets)
    return f"sets {', '.join(map(str, survived))}" if survived else None


def _full(exercise: str, s: int, functions: Functions) -> bool:
    key = key_of(exercise)
    return s < len(key.sets) and first_wrong(key, s, functions) is None


def _seen_further(right: str, changed: str, exercises: tuple[str, ...], count: int) -> str:
    signal.setitimer(signal.ITIMER_PROF, 600, 1)
    try:
        for exercise in exercises:
            if found := difference(exercise, functions_of(right), functions_of(changed), count):
                return f"{exercise} {found}"
    except TooSlow:
        return "too slow to compare"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return ""
