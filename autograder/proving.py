"""Prove that an assignment's checks bite: what must pass passes, every known mistake is rejected and named.

For an exercise: the truth earns full marks with every set of several keys, a submission that defines nothing
earns nothing, and a submission made from each mistake loses marks by a margin far above the error bound and is
given its own name. With `leave_one_out`, a mistake that is taken off the list must not be given another's name.
For a typed question: the independent evaluator agrees, and what somebody with a mistake would type is wrong
and named.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from autograder import answers
from autograder.assignment import Asked, Assignment
from autograder.checks import Judgement, judge
from autograder.exercises import EXERCISES, Exercise, wrong_submissions
from autograder.instances import certificate, issue, lookalikes, name_typed
from autograder.key import Key
from autograder.keymaking import make_key, play_all
from autograder.naming import name_mistakes
from autograder.questions import QUESTIONS
from autograder.verdicts import verdicts

MARGIN = 100.0  # how many error bounds a mistake must stay away from the truth
STRANGER = 0.02  # how often a mistake off the list may be given another's name


@dataclass
class Proof:
    """What was shown for one question. `failures` are sentences; none means proved."""

    question: str
    tried: int = 0
    rejected: int = 0
    named: int = 0
    margin: float = math.inf
    truth_ratio: float = 0.0
    strangers: int = 0
    apart: set[tuple[str, ...]] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)


def prove(
    assignment: Assignment,
    *,
    seeds: int = 2,
    leave_one_out: bool = False,
    on_question: Callable[[Proof], None] = lambda _proof: None,
) -> list[Proof]:
    """Prove every question of an assignment over several keys; `on_question` is called after each."""
    proofs = []
    for asked in assignment.questions:
        proof = (
            _exercise(EXERCISES[asked.id], seeds, leave_one_out) if asked.is_code else _typed(asked, seeds)
        )
        proofs.append(proof)
        on_question(proof)
    return proofs


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
                    proof.strangers += bool(name_mistakes(judgement, without={mistake.name}))
    if leave_one_out and proof.tried and proof.strangers > STRANGER * proof.tried:
        share = proof.strangers / proof.tried
        proof.failures.append(f"{share:.1%} of the mistakes, taken off the list, are given another's name.")
    return proof


def _truth(proof: Proof, task: Exercise, key: Key, s: int) -> None:
    judgement = judge(key, s, play_all(key, s, task.truth()))
    proof.truth_ratio = max([proof.truth_ratio, *(r.ratio for r in judgement.results)])
    if not judgement.right or not math.isclose(_points(judgement), 1.0):
        wrong = next((r.trial.name for r in judgement.results if r.state != "right"), "behaviour")
        proof.failures.append(f"set {s}: the truth itself loses marks ({wrong}).")


def _blank(proof: Proof, key: Key, s: int) -> None:
    if _points(judge(key, s, play_all(key, s, {}))) != 0:
        proof.failures.append(f"set {s}: a submission that defines nothing earns marks.")


def _mistake(proof: Proof, name: str, kind: str, judgement: Judgement, where: str) -> None:
    proof.tried += 1
    if _points(judgement) >= 1 - 1e-9:
        proof.failures.append(f"{where}: {name} earns full marks.")
        return
    proof.rejected += 1
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
        proof.apart.add(tuple(sorted(found)))


def _points(judgement: Judgement) -> float:
    return sum(v.points for v in verdicts(judgement, "", 1.0))


# --- typed questions -----------------------------------------------------------------------------


def _typed(asked: Asked, seeds: int) -> Proof:
    proof = Proof(asked.id)
    question = QUESTIONS[asked.id]
    for seed in range(10 * seeds):
        variant = issue(question, np.random.default_rng(seed), asked.level)
        if not certificate(question, variant).agrees:
            proof.failures.append(f"seed {seed}: the independent evaluator disagrees or is missing.")
        for mistake, answer in lookalikes(question, variant):
            proof.tried += 1
            scores = [
                answers.KINDS[p.kind].judge(answer[p.id], variant.truth[p.id], p).score for p in variant.parts
            ]
            proof.rejected += min(scores) < 1
            found = tuple(m.name for m in name_typed(question, variant, answer))
            proof.named += mistake.name in found
            if len(found) > 1:
                proof.apart.add(tuple(sorted(found)))
            if min(scores) == 1 or mistake.name not in found:
                proof.failures.append(f"seed {seed}: what {mistake.name} gives is not both wrong and named.")
    return proof


def failures(proofs: Iterable[Proof]) -> list[str]:
    """Return every failure with the question it belongs to."""
    return [f"{p.question}: {sentence}" for p in proofs for sentence in p.failures]
