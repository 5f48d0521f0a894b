"""The data that parts exchange: frozen, plain, and the same in memory as in JSON.

Nothing here computes a mark. `Part` and `Variant` describe a typed question as one student sees it,
`Verdict` and `Report` what became of an answer. Every stored form carries its schema.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

REPORT_SCHEMA = "backmark/report/1"
# json.dumps would make a new encoder for every call with settings of its own.
ascii_json = json.JSONEncoder(ensure_ascii=True).encode

Kind = Literal["value", "gradient", "contract", "behaviour", "typed", "manual"]
Status = Literal["right", "partial", "wrong", "skipped", "broken"]
Visibility = Literal["visible", "hidden", "after_due_date", "after_published"]


class SchemaError(ValueError):
    """A stored file is not what this version of Backmark reads."""


@dataclass(frozen=True)
class Part:
    """One answer field of a typed question: how it is asked and which kind of answer it takes."""

    id: str
    prompt: str
    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)
    share: float = 1.0


@dataclass(frozen=True)
class Variant:
    """A typed question with one student's own numbers."""

    question: str
    title: str
    prompt: str
    parts: tuple[Part, ...]
    truth: Mapping[str, Any]
    solution: tuple[str, ...]
    params: Mapping[str, Any]
    level: int = 1


@dataclass(frozen=True)
class Verdict:
    """What one check found. `points` of `out_of` are earned; `hint` goes from where to what to how.

    `message` is one sentence for the student. `worst` (index, got, expected, allowed) is filled for
    public cases only; whatever could carry a hidden input belongs into `staff`.
    """

    question: str
    title: str
    check: str
    kind: Kind
    status: Status
    points: float
    out_of: float
    message: str
    part: Literal["forward", "backward"] | None = None
    credit_reason: str = ""
    hint: tuple[str, ...] = ()
    mistake: str | None = None
    mistakes_consistent: tuple[str, ...] = ()
    worst: Mapping[str, Any] | None = None
    visibility: Visibility = "visible"
    question_hash: str = ""
    duration_s: float = 0.0
    staff: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data; `from_json` reads it back."""
        return dict(self._plain)

    @functools.cached_property
    def _plain(self) -> dict[str, Any]:
        return _plain(self)  # made once: the verdicts on right answers are those of a whole class

    @functools.cached_property
    def text(self) -> str:
        """The verdict as `json.dumps` writes it."""
        return ascii_json(self._plain)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Verdict:
        """Rebuild a verdict, refusing fields it does not know."""
        fields = _tuples(_known(cls, data), "hint", "mistakes_consistent")
        if len(fields) < len(cls.__dataclass_fields__):
            return cls(**fields)
        # A class has many verdicts, and a frozen one would set each of its fields by a call.
        made = cls.__new__(cls)
        made.__dict__.update(fields)
        return made


@dataclass(frozen=True)
class Report:
    """All verdicts on one student's submission of one assignment."""

    assignment: str
    student: str
    status: Literal["graded", "incomplete", "error"]
    verdicts: tuple[Verdict, ...] = ()
    score: float = 0.0
    max_score: float = 0.0
    penalty: float = 0.0
    submission: Mapping[str, Any] = field(default_factory=dict)
    isolation: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    message: str = ""
    params_digest: str = ""
    started_at: str = ""
    duration_s: float = 0.0
    tool_version: str = ""
    schema: str = REPORT_SCHEMA

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data; `from_json` reads it back."""
        rows = ((name, getattr(self, name)) for name in _fields(Report))
        return {n: [verdict.to_json() for verdict in v] if n == "verdicts" else _plain(v) for n, v in rows}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Report:
        """Rebuild a report.

        Raises:
            SchemaError: the data is of another schema, or has fields this version does not know.
        """
        if data.get("schema") != REPORT_SCHEMA:
            raise SchemaError(f"expected a report of schema {REPORT_SCHEMA}, got {data.get('schema')!r}")
        fields = _tuples(_known(cls, data), "notes")
        fields["verdicts"] = tuple(Verdict.from_json(v) for v in data.get("verdicts", ()))
        return cls(**fields)

    def questions(self) -> dict[str, tuple[Verdict, ...]]:
        """Group the verdicts by question, in the order of the assignment."""
        groups: dict[str, list[Verdict]] = {}
        for verdict in self.verdicts:
            groups.setdefault(verdict.question, []).append(verdict)
        return {name: tuple(group) for name, group in groups.items()}


_ATOMS = frozenset({str, int, float, bool, type(None)})


@functools.cache
def _fields(cls: type) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(cls))


def _plain(value: Any) -> Any:
    """Turn what is no atom into lists and dicts; atoms, the most by far, cost no call."""
    kind: type = type(value)
    if isinstance(value, (list, tuple)):
        return [v if type(v) in _ATOMS else _plain(v) for v in value]
    if hasattr(kind, "__dataclass_fields__"):
        rows: Iterable[tuple[Any, Any]] = ((name, getattr(value, name)) for name in _fields(kind))
    elif isinstance(value, Mapping):
        rows = ((str(k), v) for k, v in value.items())
    else:
        return value
    return {k: v if type(v) in _ATOMS else _plain(v) for k, v in rows}


def _known(cls: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    if not data.keys() <= cls.__dataclass_fields__.keys():
        strange = sorted(set(data).difference(cls.__dataclass_fields__))
        raise SchemaError(f"{cls.__name__.lower()} has unknown fields {', '.join(strange)}")
    return dict(data)


def _tuples(data: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        if name in data:
            data[name] = tuple(data[name])
    return data
