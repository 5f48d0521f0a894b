"""Replies of a child: parsed as the words of an enemy, rid of what could carry hidden inputs out."""

import builtins
import functools
import math
import re

import numpy as np

from . import wire
from ._plain import Foreign
from ._script import Call, Outcome
from .evidence import Cell, CellOutcome

REPLY = wire.Budget(depth=48, nodes=400_000, skeleton=5 << 20, arrays=130 << 20, text=1 << 17)
STATUSES = {"ok", "missing", "not-callable", "exception", "unreachable"}
EXCEPTIONS = {n for n, c in vars(builtins).items() if isinstance(c, type) and issubclass(c, BaseException)}
EXCEPTIONS |= {"LinAlgError"}
FACTS = {"matrix", "masked", "subclass", "longdouble", "object array", "string array", "byte order", "set"}
FACTS |= {
    "view",
    "too large",
    "generator",
    "range",
    "dict_keys",
    "dict_values",
    "handle changed",
    "shape changed",
}
SCALAR_FACT = re.compile(
    r"numpy (bool|u?int\d{1,2}|(b?float|complex)\d{1,3}|str\d{0,9}|longdouble|datetime64.{0,8})"
)
PATH = re.compile(r"args\[\d{1,3}\]|(\[(\d{1,7}|'[A-Za-z_]\w{0,30}')\]){0,16}|[A-Za-z_]\w{0,30}")
PUBLIC_TYPES = {"kept", "too large", "function", "builtin_function_or_method", "module", "type", "method"}
_AS_THEY_ARE = frozenset((np.ndarray, float, int, bool, str, type(None)))
PUBLIC_TYPES |= {"Generator", "RandomState", "object", "bytes", "bytearray", "slice", "date", "datetime"}


def read_cell(frame: bytes, cell: Cell) -> CellOutcome:
    """Read the reply that this cell has been run.

    Raises:
        WireError: it is anything else.
    """
    if frame == _all_well(cell.index):
        return CellOutcome(cell.index, "ok", None, cell.setup)
    head, index, status, error = _fields(frame, 4)
    if head != "cell" or type(index) is not int or index != cell.index:
        raise wire.WireError("a reply about a cell was expected")
    if not isinstance(status, str) or status not in ("ok", "exception"):
        raise wire.WireError("a cell has no such status")
    cells = {} if cell.setup else {cell.index: cell.source}
    shown = _error(error, cells) if status == "exception" else None
    return CellOutcome(cell.index, status, shown, cell.setup)


@functools.lru_cache(maxsize=4096)
def _all_well(index: int) -> bytes:
    """Return the reply that is by far the most frequent."""
    return wire.pack(["cell", index, "ok", None])


def read_question(frame: bytes, name: str, calls: list[Call], sources: dict[int, str]) -> tuple[Outcome, ...]:
    """Read the outcomes of this question's calls; ``sources`` are the student's cells by index.

    Raises:
        WireError: it is anything else.
    """
    head, about, outcomes = _fields(frame, 3)
    if head != "question" or about != name:
        raise wire.WireError("a reply to this question was expected")
    if not isinstance(outcomes, list) or len(outcomes) != len(calls):
        raise wire.WireError("a reply has the wrong number of outcomes")
    names = _Names(sources)
    return tuple(_outcome(o, call, names) for o, call in zip(outcomes, calls, strict=True))


def _fields(frame: bytes, count: int) -> list:
    reply = wire.unpack(frame, REPLY)
    if not isinstance(reply, list) or len(reply) != count:
        raise wire.WireError("a reply of another shape was expected")
    # Texts first: anything else could answer a comparison with an array.
    if not isinstance(reply[0], str) or isinstance(reply[1], np.ndarray):
        raise wire.WireError("a reply is garbled")
    return reply


class _Names:
    """Know the words a student may be shown: public type names and the identifiers of the student's cells."""

    def __init__(self, sources: dict[int, str]) -> None:
        self.sources = sources

    @functools.cached_property
    def own(self) -> frozenset[str]:
        """All identifiers in the student's cells; looked for only when a reply holds a foreign type."""
        return frozenset(
            word for source in self.sources.values() for word in re.findall(r"[^\W\d]\w*", source)
        )

    def shown(self, name: object) -> str:
        """Return the name of a type if it is such a word, else "object"."""
        known = isinstance(name, str) and len(name) <= 60 and (name in PUBLIC_TYPES or name in self.own)
        return str(name) if known else "object"


def _outcome(raw: object, call: Call, names: _Names) -> Outcome:
    if type(raw) is list and len(raw) == 1:  # in short: it worked, and there is nothing else to tell
        return Outcome("ok", _value(raw[0], names))
    if type(raw) is not Outcome or not isinstance(raw.status, str) or raw.status not in STATUSES:
        raise wire.WireError("an outcome is garbled")
    if not isinstance(raw.changed, tuple) or not all(isinstance(p, str) for p in raw.changed):
        raise wire.WireError("an outcome is garbled")
    if not isinstance(raw.after, dict):
        raise wire.WireError("an outcome is garbled")
    return Outcome(
        status=raw.status,
        value=_value(raw.value, names) if raw.status == "ok" else None,
        facts=_facts(raw.facts),
        changed=_arguments(call, set(raw.changed)) if raw.changed else (),
        after={p: _value(raw.after[p], names) for p in call.may_change if p in raw.after},
        error=_error(raw.error, names.sources) if raw.status == "exception" else None,
        seconds=_seconds(raw.seconds),
        global_random_touched=raw.global_random_touched is True,
    )


def _arguments(call: Call, changed: set[str]) -> tuple[str, ...]:
    """Keep the names that are arguments of this call."""
    known = (*(f"args[{i}]" for i in range(len(call.args))), *call.kwargs)
    return tuple(name for name in known if name in changed)


def _value(value: object, names: _Names) -> object:
    """Let plain data pass; show a foreign type's name only if it is public or the student's own word."""
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, Foreign):
        return Foreign(names.shown(value.typename))
    if isinstance(value, (list, tuple)):
        return type(value)(_value(v, names) for v in value)
    if isinstance(value, dict):
        return {k: _value(v, names) for k, v in value.items()}
    if type(value).__name__ in wire.RECORDS:
        raise wire.WireError("a value is garbled")
    return value


def _facts(raw: object) -> tuple:
    if not isinstance(raw, tuple):
        raise wire.WireError("the facts are garbled")
    kept = []
    for pair in raw[:1000]:
        if not isinstance(pair, tuple) or len(pair) != 2 or not all(isinstance(p, str) for p in pair):
            raise wire.WireError("a fact is garbled")
        if (pair[1] in FACTS or SCALAR_FACT.fullmatch(pair[1])) and PATH.fullmatch(pair[0]):
            kept.append(pair)
    return tuple(kept)


def _error(raw: object, sources: dict[int, str]) -> dict:
    """Keep a type everybody knows and a place that exists; quote the line from our own copy."""
    raw = raw if isinstance(raw, dict) else {}
    kind = raw.get("type")
    kind = kind if isinstance(kind, str) and kind in EXCEPTIONS else "Exception"
    cell, line = raw.get("cell"), raw.get("line")
    lines = sources[cell].split("\n") if type(cell) is int and cell in sources else []
    if type(line) is not int or not 1 <= line <= len(lines):
        return {"type": kind, "cell": cell if lines else None, "line": None, "text": ""}
    return {"type": kind, "cell": cell, "line": line, "text": lines[line - 1].strip()[:200]}


def _seconds(raw: object) -> float:
    return float(raw) if isinstance(raw, (int, float)) and math.isfinite(raw) and 0 <= raw < 1e6 else 0.0
