"""Judge changed solutions: does anything that is wrong in a way nobody thought of still earn full marks?

A changed program is played in this process (it is our own, with one slip in it), within limits of time and memory,
and judged as a student's is. One that keeps full marks in any set is a survivor. Survivors are compared with the
program they came from on 10,000 further inputs: one that differs shows what the trials do not see; one that never
differs is equal, and `equal.toml` says why that is so, change by change. It also names those that differ only
on inputs outside of what the exercise asks for.
"""

from __future__ import annotations

import contextlib
import functools
import io
import math
import multiprocessing
import resource
import signal
import tomllib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from autograder.course import CourseError
from autograder.exercises import Functions
from autograder.proving.done import Done, name_of
from autograder.proving.further import agreed, first_difference, for_calls, further_inputs
from autograder.proving.mutants import Mutant, mutants
from autograder.proving.sources import Program, functions_of, key_of, right_programs, users
from autograder.proving.trying import first_wrong
from autograder.sandbox._dice import dice_at_start

SECONDS = 2  # of CPU for one changed program; the right ones need a fraction of one
COMPARING = 300  # of CPU for comparing one changed program with the right one on all further inputs
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
    ids: Collection[str] | None = None,
    piece: tuple[int, int] = (0, 1),
    further: int = FURTHER,
    done: Done | None = None,
    workers: int | None = None,
) -> Iterator[Score]:
    """Yield a score for every right program at hand.

    Raises:
        CourseError: one is not right as it stands.
    """
    for program in right_programs(ids):
        for exercise in program.exercises:
            key_of(exercise)  # made once, before the processes part
        see_it_is_right(program, workers)
        own = [m for m in mutants(program.text) if m.where not in program.given]
        chosen = [m for i, m in enumerate(own) if i % piece[1] == piece[0]]
        yield mutate(program, chosen, further, done, workers)


def mutate(
    program: Program,
    chosen: Sequence[Mutant],
    further: int = FURTHER,
    done: Done | None = None,
    workers: int | None = None,
) -> Score:
    """Judge the chosen changes of one program in processes of their own; what is `done` is not done again."""
    done = done if done is not None else Done()
    for exercise in program.exercises:
        key_of(exercise)  # made once, before the processes part
    affected = [(m, e) for m in chosen if (e := judged_by(program, m))]
    fates = _fates(workers, done, affected)
    left = [(m, e) for m, e in affected if fates[m.text]]
    seen = _compared(workers, done, program, left, further)
    score = Score(program.name, len(affected), len(affected) - len(left))
    for mutant, _ in left:
        _settle(score, mutant, fates[mutant.text], seen[mutant.text])
    return score


def _fates(
    workers: int | None, done: Done, affected: Sequence[tuple[Mutant, tuple[str, ...]]]
) -> dict[str, str]:
    """Return for each changed program in which sets it keeps full marks, "" where it keeps them in none."""
    names = {m.text: name_of("fate", m.text, *(key_of(e).hash for e in es)) for m, es in affected}
    tasks = [(m.text, exercises) for m, exercises in affected if names[m.text] not in done]
    for (text, _), fate in zip(tasks, _results(workers, _fate, tasks, 4)):
        done[names[text]] = fate
    return {text: done[name] for text, name in names.items()}


def _compared(
    workers: int | None,
    done: Done,
    program: Program,
    left: Sequence[tuple[Mutant, tuple[str, ...]]],
    further: int,
) -> dict[str, str]:
    """Return for each changed program on which input it differs; the inputs are shared by its exercises."""
    tasks: dict[str, list[tuple[str, int]]] = defaultdict(list)
    names = {}
    for mutant, exercises in left:
        for e in exercises:
            count = math.ceil(further / len(exercises))
            name = names[mutant.text, e] = name_of(
                "further", program.text, mutant.text, key_of(e).hash, str(count)
            )
            if name not in done:
                tasks[e].append((mutant.text, count))
    jobs = [(program.text, e, texts) for e, texts in tasks.items()]
    for _, e, texts in jobs:
        further_inputs(e, max(count for _, count in texts))  # made once, before the processes part
    for (_, e, texts), witnesses in zip(jobs, _results(workers, _seen_further, jobs)):
        for (text, _count), witness in zip(texts, witnesses):
            done[names[text, e]] = witness
    found: dict[str, str] = {}
    for (text, e), name in names.items():
        found[text] = found.get(text) or (done[name] and f"{e} {done[name]}")
    return found


def see_it_is_right(program: Program, workers: int | None = None) -> None:
    """See that a program gets full marks as it is; otherwise nothing is shown by what its changes lose.

    Raises:
        CourseError: it does not.
    """
    tasks = [(program.text, (e,)) for e in program.exercises]
    fates = zip(program.exercises, _results(workers, _fate, tasks))
    if bad := [e for e, fate in fates if not fate]:
        raise CourseError(f"{program.name} gets no full marks for {', '.join(bad)} as it stands.")


def judged_by(program: Program, mutant: Mutant) -> tuple[str, ...]:
    """Return the exercises a change can show in: those whose code uses the changed function, the nearest first."""
    using = _users(program.text).get(mutant.where, {mutant.where})
    needing = {e for e in program.exercises if using & set(key_of(e).needs)}
    found = [e for e in program.exercises if e in using or e in needing]
    return tuple(sorted(found, key=lambda e: (e != mutant.where, e in needing)))


_users = functools.lru_cache(maxsize=4)(users)


def _settle(score: Score, mutant: Mutant, where: str, witness: str) -> None:
    name = f"{score.program}, {mutant.place}"
    if name in reasons("outside") or (not witness and name in reasons("equal")):
        score.equivalent += 1
    elif witness:
        score.survivors.append(f"{mutant.place} keeps full marks ({where}), but differs: {witness}")
    else:
        score.survivors.append(
            f"{mutant.place} keeps full marks ({where}) and equal results; no reason is given"
        )


@functools.cache
def reasons(kind: str) -> dict[str, str]:
    """Return why changes do not count, by program and place.

    The "equal" ones change nothing; those "outside" change what the exercise does not ask for.
    """
    rows = tomllib.loads(REASONS.read_text(encoding="utf-8")).get(kind, ())
    return {change: str(row["why"]) for row in rows for change in row["changes"]}


# --- in a process of its own ---------------------------------------------------------------------


def _results(
    workers: int | None, do: Callable[[Any], Result], tasks: Sequence[Any], at_once: int = 1
) -> Iterator[Result]:
    """Yield do(task) for each task, in order, as soon as it is known."""
    if tasks:
        with multiprocessing.get_context("fork").Pool(workers, initializer=limited) as pool:
            yield from pool.imap(do, tasks, chunksize=at_once)


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


def _fate(task: tuple[str, tuple[str, ...]]) -> str:
    """Return in which sets a changed program keeps full marks; "" when it loses some in each."""
    text, exercises = task
    survived: list[int] = []

    def play_sets() -> None:
        functions = functions_of(text)
        with dice_at_start():
            survived.extend(s for s in range(3) if all(_full(e, s, functions) for e in exercises))

    with contextlib.redirect_stdout(io.StringIO()):
        isolated(play_sets)
    return f"sets {', '.join(map(str, survived))}" if survived else ""


def _full(exercise: str, s: int, functions: Functions) -> bool:
    key = key_of(exercise)
    return s < len(key.sets) and first_wrong(key, s, functions) is None


def _seen_further(job: tuple[str, str, list[tuple[str, int]]]) -> list[str]:
    """Return for each of some changed programs on which further input of an exercise it differs."""
    right, exercise, texts = job
    with contextlib.redirect_stdout(io.StringIO()):
        inputs = agreed(
            exercise, functions_of(right), further_inputs(exercise, max(count for _, count in texts))
        )
        found = []
        for text, count in texts:
            signal.setitimer(signal.ITIMER_PROF, COMPARING, 1)
            try:
                found.append(first_difference(exercise, for_calls(inputs, count), functions_of(text)))
            except TooSlow:
                found.append("too slow to compare")
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
    return found
