"""Every known mistake is rejected and named, what must pass passes, and chance never decides.

For an exercise: the truth earns full marks with every set of several keys, also on inputs rounded otherwise, a
submission that defines nothing earns nothing, and a submission made from each mistake loses marks by a margin far
above the error bound and is given its own name. With `leave_one_out`, a mistake that is taken off the list must
not be given another's name. For a typed question: the independent evaluator agrees, and what somebody with a
mistake would type is wrong and named.
"""

from __future__ import annotations

import functools
import hashlib
import math
import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

import autograder
import reference
from autograder import answers
from autograder.assignment import Asked
from autograder.checks import Judgement, judge
from autograder.exercises import EXERCISES, Exercise, Functions, wrong_submissions
from autograder.instances import certificate, issue, lookalikes, name_typed
from autograder.key import Key, KeyTrial
from autograder.keymaking import make_key, play_all
from autograder.naming import name_mistakes
from autograder.proving.done import Done, name_of
from autograder.proving.trying import first_wrong
from autograder.questions import QUESTIONS
from autograder.sandbox._dice import dice_at_start
from autograder.sandbox._script import play
from autograder.tolerance import UNIT_64, disturb_all
from autograder.verdicts import verdicts

MARGIN = 100.0  # how many error bounds a mistake must stay away from the truth
HONEST = 0.1  # how much of the bound other roundings of the truth may use
AT_ONCE = 50  # keys that are drawn in one go, and then kept as done
STRANGER = 0.02  # how often a mistake off the list may be given another's name


@dataclass
class Proof:
    """What was shown for one question. `failures` are sentences; none means proved.

    `by` counts which check rejected a mistake first; `apart` holds mistakes that one instance does not tell
    apart, with the number of instances on which this was so. `flakes` more keys were drawn; what failed on them
    stands among the failures.
    """

    question: str
    tried: int = 0
    rejected: int = 0
    named: int = 0
    margin: float = math.inf
    truth_ratio: float = 0.0
    strangers: int = 0
    by: Counter[str] = field(default_factory=Counter)
    apart: Counter[tuple[str, ...]] = field(default_factory=Counter)
    flakes: int = 0
    failures: list[str] = field(default_factory=list)


def prove(
    questions: Sequence[Asked],
    *,
    seeds: int = 2,
    leave_one_out: bool = False,
    flakes: int = 0,
    on_question: Callable[[Proof], None] = lambda _proof: None,
    done: Done | None = None,
    workers: int | None = 1,
) -> list[Proof]:
    """Prove every question over several keys; `on_question` is called after each.

    `flakes` more keys are drawn to see that a verdict never depends on the draw; those that are `done` are not
    drawn again.
    """
    proofs = []
    for asked in questions:
        proof = (
            _exercise(EXERCISES[asked.id], seeds, leave_one_out)
            if asked.is_code
            else _typed(asked, range(10 * seeds))
        )
        proof.flakes = flakes
        if flakes:
            first = seeds if asked.is_code else 10 * seeds
            proof.failures += flaky(asked, range(first, first + flakes), done, workers)
        proofs.append(proof)
        on_question(proof)
    return proofs


def failures(proofs: Iterable[Proof]) -> list[str]:
    """Return every failure with the question it belongs to."""
    return [f"{p.question}: {sentence}" for p in proofs for sentence in p.failures]


def flaky(asked: Asked, seeds: range, done: Done | None = None, workers: int | None = 1) -> list[str]:
    """Return a sentence for every draw on which the truth loses marks or a known mistake does not."""
    done = done if done is not None else Done()
    tasks = [(asked, seeds[start : start + AT_ONCE]) for start in range(0, len(seeds), AT_ONCE)]
    names = [name_of("flaky", asked.id, str(asked.level), str(some), code_hash()) for _, some in tasks]
    left = [(name, task) for name, task in zip(names, tasks) if name not in done]
    if left:
        with multiprocessing.get_context("fork").Pool(workers) as pool:
            for (name, _), found in zip(left, pool.imap(_flaky, [task for _, task in left])):
                done[name] = found
    return [sentence for name in names for sentence in done[name]]


def _flaky(task: tuple[Asked, range]) -> list[str]:
    asked, seeds = task
    with dice_at_start():
        return _flaky_keys(EXERCISES[asked.id], seeds) if asked.is_code else _typed(asked, seeds).failures


def _flaky_keys(task: Exercise, seeds: Iterable[int]) -> list[str]:
    found = []
    wrong = list(wrong_submissions(task))
    seen_by: dict[int, set[str]] = {i: set() for i in range(len(wrong))}  # with most other keys, too
    for seed in seeds:
        key = make_key(task, lambda s, seed=seed: np.random.default_rng([seed, s]), sets=1)  # type: ignore[misc]
        if first_wrong(key, 0, task.truth()) is not None:
            found.append(f"key {seed}: the truth itself loses marks.")
        for number, (mistake, functions) in enumerate(wrong):
            soonest = seen_by[number] if mistake.kind == "value" else ()
            check = first_wrong(key, 0, _fresh(task, mistake, functions), soonest)
            seen_by[number].add(check or "")
            if check is None:
                found.append(f"key {seed}: {mistake.name} earns full marks.")
    return found


@functools.cache
def code_hash() -> str:
    """Return a hash of all our code: what was found with other code is found anew."""
    homes = [Path(package.__path__[0]) for package in (autograder, reference)]
    texts = [path.read_bytes() for home in homes for path in sorted(home.rglob("*.py"))]
    return hashlib.sha256(b"".join(texts)).hexdigest()[:24]


def _fresh(task: Exercise, mistake: object, functions: Functions) -> Functions:
    """Return the submission with nothing remembered from another key."""
    if getattr(mistake, "kind", "") == "behaviour":
        return mistake.function(task.truth())  # type: ignore[attr-defined]
    return functions


# --- exercises -----------------------------------------------------------------------------------


def _exercise(task: Exercise, seeds: int, leave_one_out: bool) -> Proof:
    proof = Proof(task.id)
    for seed in range(seeds):
        key = make_key(task, lambda s, seed=seed: np.random.default_rng([seed, s]))  # type: ignore[misc]
        for s in range(len(key.sets)):
            _truth(proof, task, key, s)
            _blank(proof, key, s)
            for mistake, functions in wrong_submissions(task):
                judgement = judge(key, s, play_all(key, s, functions))
                _mistake(proof, mistake.name, mistake.kind, judgement, f"key {seed}, set {s}")
                if leave_one_out:
                    proof.strangers += _is_stranger(judgement, mistake.name)
    if leave_one_out and proof.tried and proof.strangers > STRANGER * proof.tried:
        share = proof.strangers / proof.tried
        proof.failures.append(f"{share:.1%} of the mistakes, taken off the list, are given another's name.")
    return proof


def _is_stranger(judgement: Judgement, name: str) -> bool:
    """Tell whether another's name is given. Several names together, one for each result, are no stranger's."""
    found = name_mistakes(judgement, without={name})
    return bool(found) and not all("+" in n.name for n in found)


def _truth(proof: Proof, task: Exercise, key: Key, s: int) -> None:
    judgement = judge(key, s, play_all(key, s, task.truth()))
    ratios = [r.ratio for r in judgement.results]
    if not judgement.right or not math.isclose(_points(judgement), 1.0):
        wrong = next((r.trial.name for r in judgement.results if r.state != "right"), "behaviour")
        proof.failures.append(f"set {s}: the truth itself loses marks ({wrong}).")
    ratios += [_rounded_otherwise(task, key, s, seed) for seed in range(2)]
    proof.truth_ratio = max([proof.truth_ratio, *ratios])
    if proof.truth_ratio > HONEST:
        proof.failures.append(f"set {s}: other roundings use {proof.truth_ratio:.2f} of the error bound.")


def _rounded_otherwise(task: Exercise, key: Key, s: int, seed: int) -> float:
    """Return how much of the bound the truth uses when all its inputs are rounded to another last place."""
    if key.rule is not None:
        return 0.0
    calls = [
        replace(
            c, args=disturb_all(c.args, seed, 2 * UNIT_64), kwargs=disturb_all(c.kwargs, seed, 2 * UNIT_64)
        )
        for c in key.script(s, probes=False)
    ]
    judgement = judge(key, s, list(play(calls, dict(task.truth()))))
    judged = [r for r in judgement.values if "rule" not in r.trial.facts and not _exact(r.trial)]
    return max((r.ratio for r in judged), default=0.0)


def _exact(trial: KeyTrial) -> bool:
    """Tell whether all inputs are short and no bound comes from moving them: their sums are not rounded.

    Then a threshold met exactly is met by every program, and 0 stays 0.
    """
    given = [value for call in trial.calls for value in (*call.args, *call.kwargs.values())]
    return all(map(_short, given)) and trial.allowed64 == trial.allowed32


def _short(value: object) -> bool:
    """Tell whether these numbers have at most ten binary places, like 3 and 0.625 but not 0.7."""
    if isinstance(value, Mapping):
        return all(map(_short, value.values()))
    if isinstance(value, (int, float, np.ndarray)) and np.asarray(value).dtype.kind in "biuf":
        steps = np.asarray(value) * 2.0**10
        return bool(np.all(steps == np.round(steps))) and bool(np.all(np.abs(steps) < 2.0**30))
    return False


def _blank(proof: Proof, key: Key, s: int) -> None:
    if _points(judge(key, s, play_all(key, s, {}))) != 0:
        proof.failures.append(f"set {s}: a submission that defines nothing earns marks.")


def _mistake(proof: Proof, name: str, kind: str, judgement: Judgement, where: str) -> None:
    proof.tried += 1
    if _points(judgement) >= 1 - 1e-9:
        proof.failures.append(f"{where}: {name} earns full marks.")
        return
    proof.rejected += 1
    proof.by[_rejected_by(judgement)] += 1
    if kind == "value":
        margin = max(
            r.ratio if r.cause == "value" else math.inf for r in judgement.results if r.state == "wrong"
        )
        proof.margin = min(proof.margin, margin)
        if margin < MARGIN:
            proof.failures.append(f"{where}: {name} is only {margin:.0f} error bounds away from the truth.")
    found = tuple(n.name for n in name_mistakes(judgement))
    if name not in found:
        called = " or ".join(found) or "nothing"
        proof.failures.append(f"{where}: {name} is named {called}.")
        return
    proof.named += 1
    if len(found) > 1:
        proof.apart[tuple(sorted(found))] += 1


def _rejected_by(judgement: Judgement) -> str:
    if judgement.stopped:
        return "contract"
    if first := next((r for r in judgement.results if r.state == "wrong"), None):
        return first.trial.group
    return "inputs left alone"


def _points(judgement: Judgement) -> float:
    return sum(v.points for v in verdicts(judgement, "", 1.0))


# --- typed questions -----------------------------------------------------------------------------


def _typed(asked: Asked, seeds: Iterable[int]) -> Proof:
    proof = Proof(asked.id)
    question = QUESTIONS[asked.id]
    for seed in seeds:
        variant = issue(question, np.random.default_rng(seed), asked.level)
        if not certificate(question, variant).agrees:
            proof.failures.append(f"seed {seed}: the independent evaluator disagrees or is missing.")
        seen = lookalikes(question, variant)
        for mistake, answer in seen:
            proof.tried += 1
            scores = {
                p.id: answers.KINDS[p.kind].judge(answer[p.id], variant.truth[p.id], p).score
                for p in variant.parts
            }
            proof.rejected += min(scores.values()) < 1
            proof.by[next((p for p, score in scores.items() if score < 1), "nothing")] += 1
            found = tuple(m.name for m in name_typed(question, variant, answer, seen))
            proof.named += mistake.name in found
            if len(found) > 1:
                proof.apart[tuple(sorted(found))] += 1
            if min(scores.values()) == 1 or mistake.name not in found:
                proof.failures.append(f"seed {seed}: what {mistake.name} gives is not both wrong and named.")
    return proof
