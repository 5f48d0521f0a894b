"""Code exercises: a function's name, the trials it is put to, and what a submission looks like.

An exercise is a question whose answer is a function. Its *trials* are scripts of calls (see
`sandbox/_script.py`); running them on the truth gives the key, running them on a mistake gives the
lookalike, running them in the sandbox gives the student's values. One interpreter plays all three.

Every file of this folder is a topic (the same names as in `reference/`) and is loaded on import; there
is no list to keep.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.mistakes import mistakes_of
from autograder.sandbox._script import Call, Handle, Rng, Source
from reference import use_kernels
from reference.op import OPS

# Trials are a few dozen numbers: loading Numba would take longer than everything it could speed up.
use_kernels(False)

Functions = dict[str, Callable[..., Any]]


@dataclass(frozen=True)
class Trial:
    """One script of calls and which of its results are judged.

    `group` is what the trial exercises, in the student's words ("padding"); all trials of a group are
    one check. `kind` is "value", "behaviour" (a result is right only if the function behaves: same
    result twice, independent of other calls) or "probe" (the student's own forward is differentiated;
    never costs marks by itself). `forward` is the position of the call whose result a backward builds
    on. `allowed` replaces the derived bound where the exercise itself is approximate.
    """

    name: str
    calls: tuple[Call, ...]
    group: str
    judged: tuple[int, ...] = (-1,)
    kind: str = "value"
    forward: int | None = None
    public: bool = False
    allowed: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Implementation:
    """An op as exercises see it: forward and backward by inputs, one part possibly a mistake."""

    op: Any
    mistake: Any = None

    def forward(self, *inputs: Any, **params: Any) -> Any:
        """Compute the result, rightly or as the mistake does."""
        if self.mistake is not None and self.mistake.part == "forward":
            return self.mistake.function(*inputs, **params)
        return self.op(*inputs, **params)

    def backward(self, dy: Any, *inputs: Any, **params: Any) -> Any:
        """Compute one gradient per input, rightly or as the mistake does."""
        if self.mistake is not None and self.mistake.part == "backward":
            return self.mistake.function(dy, *inputs, **params)
        _, cache = self.op.forward(*inputs, **params)
        return self.op.backward(cache, dy)


@dataclass(frozen=True)
class Exercise:
    """A function students write. `functions(implementation)` is what a submission would define.

    `results` names what is returned.
    `needs` names the functions of the same submission its trials also call. `rule` names a rule in
    `properties.py` where there is no single right result. `outside` holds mistakes of the op that cannot
    show in this exercise, each with the reason. `redraw` is for trials of whole numbers, where a wrong
    formula can be right by accident: a set is drawn again until every mistake shows.
    """

    id: str
    title: str
    topic: str
    op: Any
    functions: Callable[[Implementation], Functions]
    trials: Callable[[np.random.Generator], Sequence[Trial]]
    part: str = "forward"
    results: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    rule: str | None = None
    outside: Mapping[str, str] = field(default_factory=dict)
    redraw: bool = False

    def truth(self) -> Functions:
        """Return a right submission made from the op."""
        return self.functions(Implementation(self.op))


EXERCISES: dict[str, Exercise] = {}


def exercise(id: str, **fields: Any) -> Exercise:
    """Register an exercise under its function's name."""
    if id in EXERCISES:
        raise ValueError(
            f"exercise {id!r} is declared twice: {EXERCISES[id].topic} and {fields.get('topic')}"
        )
    EXERCISES[id] = Exercise(id=id, **fields)
    return EXERCISES[id]


def wrong_submissions(task: Exercise) -> Iterator[tuple[Any, Functions]]:
    """Yield every mistake that concerns the exercise with a submission made from it."""
    for mistake in mistakes_of(task.op, part=task.part, kind="value") if task.op is not None else ():
        if mistake.name not in task.outside:
            yield mistake, task.functions(Implementation(task.op, mistake))
    for mistake in mistakes_of(task.id, kind="behaviour" if task.op or task.id in OPS else None):
        yield mistake, mistake.function(task.truth())


# --- trials that every exercise with these shapes shares -----------------------------------------


def repeated(name: str, call: Call) -> Trial:
    """Call twice with the same arguments: the second result must be the first."""
    return Trial(name, (call, call), "same result twice", judged=(0, 1), kind="behaviour")


def many_draws(
    name: str, args: tuple[Any, ...], rng: np.random.Generator, group: str, facts: Mapping[str, Any]
) -> Trial:
    """Call forty times, each time with another generator: what is never or always so is then no chance."""
    seeds = rng.choice(2**31 - 1, size=40, replace=False)
    calls = tuple(Call(name, (*args, Rng(int(s)))) for s in seeds)
    return Trial("forty draws", calls, group, tuple(range(len(calls))), facts=facts)


# Keep an argument under a name, or look at an earlier result again.
GIVE_BACK = Source("def share(x):\n    return x", "share")
_CHANGE = Source("def change(x):\n    x *= -2.0\n    x += 1.0", "change")


def kept(
    name: str, call: Callable[..., Call], first: Any, second: Any, item: str = ".__getitem__", index: int = 0
) -> Trial:
    """Look at the first result again after a second call: it must not have changed meanwhile.

    `call(x, save, show)` makes the call with input x. `item` reads the array out of the first result, of a tuple
    that at `index`.
    """
    again = Call(f"first{item}", (index,)) if item else Call("first.copy")
    return Trial(
        name,
        (call(first, "first", "none"), call(second, None, "none"), again),
        "same result twice",
        (2,),
        "behaviour",
    )


def same_object(name: str, call: Callable[..., Call], x: np.ndarray) -> Trial:
    """Call twice with one array object whose content changed in between: the content counts, not the object."""
    shared = Handle("x")
    calls = (
        Call(GIVE_BACK, (x,), save="x", show="none"),
        call(shared, None, "none"),
        Call(_CHANGE, (shared,), show="none"),
        call(shared, None, None),
    )
    return Trial(name, calls, "same result twice", (3,), "behaviour")


def left_alone(
    forward: Callable[..., Call], backward: Callable[[Handle], Call], inputs: Sequence[np.ndarray]
) -> Trial:
    """Look at the inputs after forward and backward: what the cache holds belongs to the caller."""
    names = [f"x{i}" for i in range(len(inputs))]
    calls = [Call(GIVE_BACK, (x,), save=name, show="none") for name, x in zip(names, inputs)]
    calls.append(forward(*map(Handle, names), save="f", show="none"))
    calls.append(backward(Handle("f", 1)))
    calls += [Call(GIVE_BACK, (Handle(name),)) for name in names]
    last = len(calls)
    judged = tuple(range(last - len(names), last))
    name = "the arrays given to the forward, after the backward"
    return Trial(name, tuple(calls), "independent of other calls", judged, "behaviour")


def own_gradient(
    forward: Callable[..., Call],
    backward: Callable[[Handle], Call],
    inputs: Sequence[np.ndarray],
    upstream: np.ndarray,
    rng: np.random.Generator,
    *,
    result: int | None = 0,
    steps: tuple[float, ...] = (0.5, 0.25),
) -> Trial:
    """Build the probe that compares a backward with the student's own forward.

    For each input a random direction v of +-1 is drawn, and the forward is called at x +- h v for each
    step h. `forward(*inputs, save=..., show=...)` and `backward(handle)` make the calls.
    """
    calls = [
        forward(*inputs, save="own", show=() if result is None else (result,)),
        backward(Handle("own", 1)),
    ]
    directions = [rng.choice([-1.0, 1.0], size=np.shape(x)) for x in inputs]
    for i, v in enumerate(directions):
        for h in steps:
            for sign in (1.0, -1.0):
                moved = [x + sign * h * v if j == i else x for j, x in enumerate(inputs)]
                calls.append(forward(*moved, save=None, show=(result,)))
    facts = {"directions": directions, "steps": list(steps), "upstream": upstream}
    return Trial(
        "your own forward", tuple(calls), "gradient of your own forward", (), "probe", 0, facts=facts
    )


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
