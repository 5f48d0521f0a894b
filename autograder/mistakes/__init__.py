"""What students do instead: executable wrong versions, each with the hint its author should read.

A mistake targets an op (and then has the op's own signature), a typed question (and then takes the
question's params) or a code exercise (and then turns the right functions into misbehaving ones).
Every file of this folder is loaded on import; there is no list to keep.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from reference import ShapeError

__all__ = ["FAMILIES", "Mistake", "all_mistakes", "lend_hint", "mistake", "mistakes_of"]

FAMILIES = (
    "sign", "off-by-one", "orientation", "scale", "omission", "rounding",
    "swap", "wrong-op", "order", "convention", "scope",
)  # fmt: skip
_KINDS = ("value", "behaviour", "concept")
_PARTS = ("forward", "backward")
_NAME = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")


@dataclass(frozen=True)
class Mistake:
    """One wrong version of something, ready to be run, named and explained.

    `what` says what the student did, `how` how to mend it; both address the student. `function` never
    raises `ShapeError`: where the wrong version cannot run it returns None ("does not apply").
    `belief` is the tag of the statement a student holding the mistake believes (for analytics), or "".
    """

    name: str
    target: str
    part: str
    kind: str
    family: str
    credit: float
    function: Callable[..., Any]
    what: str
    how: str
    belief: str = ""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)


Key = tuple[str, str, str]  # target, part, name


class Registry(dict[Key, Mistake]):
    """All mistakes in the order they are written; those of one target are found without looking through all."""

    def __init__(self) -> None:
        super().__init__()
        self._aimed_at: dict[str, dict[Key, Mistake]] = {}

    def __setitem__(self, key: Key, found: Mistake) -> None:
        super().__setitem__(key, found)
        self._aimed_at.setdefault(key[0], {})[key] = found

    def __delitem__(self, key: Key) -> None:
        super().__delitem__(key)
        del self._aimed_at[key[0]][key]

    def of(self, target: str) -> Iterable[Mistake]:
        """List the mistakes of one target."""
        return self._aimed_at.get(target, {}).values()


_REGISTRY = Registry()


def mistake(
    target: Callable[..., Any] | str,
    name: str,
    part: str = "forward",
    *,
    family: str,
    kind: str = "value",
    credit: float = 0.0,
    belief: str = "",
) -> Callable[[Callable[..., Any]], Mistake]:
    """Register the decorated function as the mistake `name` of `target`.

    target: an op, the id of a typed question ("CARITH-1") or of a code exercise (kind="behaviour").
    The docstring is the hint: paragraph 1 says what the student did ("You ..."), paragraph 2 how to mend it.
    `credit` above 0 is for legitimate conventions that merely differ from the course's.
    One target cannot have two mistakes of one name in the same part; forward and backward may share a name
    when they are the same fault seen twice.

    Raises ValueError when a field is out of range, the hint is incomplete or the name is taken.
    """
    _check_fields(name, part, family, kind, credit)

    def register(function: Callable[..., Any]) -> Mistake:
        what, how = _hint(function, name)
        made = Mistake(
            name, target_name(target), part, kind, family, credit, _quiet(function), what, how, belief
        )
        key = (made.target, made.part, made.name)
        if key in _REGISTRY:
            raise ValueError(
                f"{made.target} already has a {part} mistake named {name!r}; choose another name."
            )
        _REGISTRY[key] = made
        return made

    return register


def mistakes_of(
    target: Callable[..., Any] | str, part: str | None = None, kind: str | None = None
) -> list[Mistake]:
    """List the mistakes of an op, question or exercise, in the order they are written.

    An op and an exercise may share a name (`softmax`): kind="value" or kind="behaviour" tells them apart.
    """
    return [
        found
        for found in _REGISTRY.of(target_name(target))
        if part in (None, found.part) and kind in (None, found.kind)
    ]


def all_mistakes() -> list[Mistake]:
    """List every registered mistake, in the order they are written."""
    return list(_REGISTRY.values())


def lend_hint(mistaken: Callable[..., Any], wrong: Callable[..., Any]) -> Callable[..., Any]:
    """Give `mistaken`, which has the op's signature, the name and the hint of `wrong`, whose body it calls."""
    mistaken.__name__, mistaken.__qualname__ = wrong.__name__, wrong.__qualname__
    mistaken.__doc__, mistaken.__module__ = wrong.__doc__, wrong.__module__
    return mistaken


def target_name(target: Callable[..., Any] | str) -> str:
    """Name what a mistake aims at: a string as it is, an op by its registered name."""
    if isinstance(target, str):
        return target
    return getattr(target, "name", None) or target.__name__


def _check_fields(name: str, part: str, family: str, kind: str, credit: float) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"A mistake's name is a hyphenated fact such as 'dW-last-example', not {name!r}.")
    for word, value, allowed in (
        ("part", part, _PARTS),
        ("family", family, FAMILIES),
        ("kind", kind, _KINDS),
    ):
        if value not in allowed:
            raise ValueError(f"Mistake {name!r}: {word} is one of {', '.join(allowed)}, not {value!r}.")
    if not 0.0 <= credit <= 1.0:
        raise ValueError(f"Mistake {name!r}: credit lies between 0 and 1, not {credit!r}.")


def _hint(function: Callable[..., Any], name: str) -> tuple[str, str]:
    text = inspect.cleandoc(function.__doc__ or "")
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]
    if len(paragraphs) != 2:
        raise ValueError(
            f"Mistake {name!r}: the docstring of {function.__name__} needs two paragraphs, what the student "
            f"did and how to mend it; it has {len(paragraphs)}."
        )
    return paragraphs[0], paragraphs[1]


def _quiet(function: Callable[..., Any]) -> Callable[..., Any]:
    # A wrong geometry may leave no room for a single window: then the student's code would not run either.
    @functools.wraps(function)
    def mistaken(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except ShapeError:
            return None

    return mistaken


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
