"""Judge right programs written otherwise: all of them must get full marks."""

from __future__ import annotations

import contextlib
import hashlib
import io
import multiprocessing
import signal
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.checks import judge
from autograder.key import Key
from autograder.keymaking import play_all
from autograder.proving import rewrites_arrays, rewrites_loops
from autograder.proving.done import Done, name_of
from autograder.proving.known import HONEST
from autograder.proving.rewrites import WAYS, rewritten
from autograder.proving.sources import Program, functions_of, key_of, right_programs

EACH = 50  # rewrites of one program
SECONDS = 60
assert rewrites_arrays, rewrites_loops  # they register their ways


@dataclass
class Score:
    """What became of the rewrites of one program; `ratio` is the most of an error bound that one of them used."""

    program: str
    tried: int = 0
    right: int = 0
    ratio: float = 0.0
    failures: list[str] = field(default_factory=list)


def rewrite_all(
    ids: Collection[str] | None = None,
    piece: tuple[int, int] = (0, 1),
    each: int = EACH,
    done: Done | None = None,
    workers: int | None = None,
) -> Iterator[Score]:
    """Yield a score for every right program at hand; what is `done` is not done again."""
    done = done if done is not None else Done()
    for program in right_programs(ids):
        score = Score(program.name)
        made = list(rewrites_of(program, each))
        tasks = [
            (text, ways, program.exercises, i)
            for i, (text, ways) in enumerate(made)
            if i % piece[1] == piece[0]
        ]
        keys = [key_of(exercise).hash for exercise in program.exercises]
        names = [name_of("rewrite", text, str(i), *keys) for text, _, _, i in tasks]
        left = [(name, task) for name, task in zip(names, tasks) if name not in done]
        with multiprocessing.get_context("fork").Pool(workers) as pool:
            for (name, _), found in zip(left, pool.imap(_judged, [task for _, task in left], chunksize=4)):
                done[name] = found
        for failure, ratio in (done[name] for name in names):
            score.tried += 1
            score.right += not failure
            score.ratio = max(score.ratio, ratio)
            score.failures += [failure] if failure else []
        yield score


def rewrites_of(program: Program, count: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield up to `count` different rewrites of a program, the same ones every time, with the ways used."""
    seed = int.from_bytes(hashlib.sha256(program.name.encode()).digest()[:8], "big")
    rng = np.random.default_rng(seed)
    seen = {program.text}
    names = list(WAYS)
    for number in range(3 * count):
        first = [names[number % len(names)]]  # every way gets its turn
        others = rng.permutation([n for n in names if n not in first])[: int(rng.integers(0, 4))].tolist()
        text, used = rewritten(program.text, first + others, rng)
        if used and text not in seen:
            seen.add(text)
            yield text, tuple(used)
        if len(seen) > count:
            return


def _judged(task: tuple[str, tuple[str, ...], tuple[str, ...], int]) -> tuple[str, float]:
    text, ways, exercises, number = task
    signal.signal(signal.SIGPROF, _stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS, 1)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return judged(text, exercises, number, " then ".join(ways))
    except BaseException as error:
        return f"rewritten by {' then '.join(ways)}, stops with {type(error).__name__}: {error}", 0.0
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _stop(*_: Any) -> None:
    raise TimeoutError


def judged(
    text: str, exercises: Collection[str], number: int, how: str, key_for: Callable[[str], Key] = key_of
) -> tuple[str, float]:
    """Return what is wrong with a right program ("" when it gets full marks) and how much of a bound it used."""
    functions, most = functions_of(text), 0.0
    for exercise in exercises:
        key = key_for(exercise)
        s = number % len(key.sets)
        judgement = judge(key, s, play_all(key, s, functions))
        ratios = [r.ratio for r in judgement.results if not r.notes]
        most = max([most, *ratios])
        if not judgement.right:
            bad = next((r for r in judgement.results if r.state != "right"), None)
            why = f"{bad.trial.name}: {bad.message}" if bad else f"changes {judgement.changed}"
            return f"rewritten by {how}, loses marks on {exercise} ({why})", most
        if max(ratios, default=0.0) > HONEST:
            return f"rewritten by {how}, uses {max(ratios):.2f} of an error bound of {exercise}", most
    return "", most
