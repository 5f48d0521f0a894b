"""The key of the code exercises: everything marks need, made beforehand, staff only.

`keys/<assignment>/code.json` + `code.npz` hold, for every exercise, several sets of trials with their
inputs, upstream gradients, expected results, error bounds and probe directions. The stored key is the
truth, not a seed: random streams may change between versions of NumPy, stored arrays do not.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.model import SchemaError
from autograder.sandbox import wire, wire_files
from autograder.sandbox._script import Call

KEY_SCHEMA = "backmark/key/1"


@dataclass(frozen=True, eq=False)
class KeyTrial:
    """A trial with its expected results. `expected`, `allowed64`, `allowed32` go with `judged`."""

    name: str
    group: str
    kind: str
    public: bool
    forward: int | None
    calls: tuple[Call, ...]
    judged: tuple[int, ...]
    expected: tuple[Any, ...]
    allowed64: tuple[Any, ...]
    allowed32: tuple[Any, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Key:
    """The key of one exercise. `results` and `arguments` name what it returns and takes, for sentences."""

    question: str
    title: str
    part: str
    needs: tuple[str, ...]
    rule: str | None
    results: tuple[str, ...]
    sets: tuple[tuple[KeyTrial, ...], ...]
    hash: str = ""
    arguments: tuple[str, ...] = ()

    def set_for(self, submission_sha: str) -> int:
        """Return which set of trials a submission meets: a function of its content only."""
        digest = hashlib.sha256(f"{self.question}\x00{submission_sha}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % len(self.sets)

    def script(self, set_index: int, probes: bool = True) -> tuple[Call, ...]:
        """Return the calls of one set, in order; probes come last and are needed for few submissions only."""
        return _script(self, set_index, probes)


@functools.lru_cache(maxsize=256)
def _script(key: Key, set_index: int, probes: bool) -> tuple[Call, ...]:
    trials = key.sets[set_index]
    return tuple(call for trial in trials if probes or trial.kind != "probe" for call in trial.calls)


def save_keys(folder: Path, assignment: str, keys: Mapping[str, Key]) -> None:
    """Write `code.json` and `code.npz`."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = {name: _to_plain(key) for name, key in keys.items()}
    wire_files.save(folder / "code", {"schema": KEY_SCHEMA, "assignment": assignment, "questions": plain})


def load_keys(folder: Path) -> dict[str, Key]:
    """Read what `save_keys` wrote.

    Raises:
        SchemaError: the files are missing, damaged or of another schema.
    """
    try:
        data = wire_files.load(folder / "code")
    except (OSError, ValueError) as error:
        raise SchemaError(
            f"The key in {folder} cannot be read ({error}). `backmark make` writes it anew."
        ) from None
    if not isinstance(data, dict) or data.get("schema") != KEY_SCHEMA:
        raise SchemaError(
            f"The key in {folder} is not of schema {KEY_SCHEMA}. `backmark make` writes it anew."
        )
    return {name: _from_plain(plain) for name, plain in data["questions"].items()}


def hashed(key: Key) -> Key:
    """Return the key with the hash of everything that can change a mark."""
    return replace(key, hash=hashlib.sha256(wire.pack(_to_plain(replace(key, hash="")))).hexdigest()[:16])


def _to_plain(key: Key) -> dict[str, Any]:
    sets = [[_fields(trial) for trial in trials] for trials in key.sets]
    return _fields(key) | {"sets": sets}


def _from_plain(plain: Mapping[str, Any]) -> Key:
    sets = tuple(tuple(KeyTrial(**_tuples(trial)) for trial in trials) for trials in plain["sets"])
    return Key(**{**_tuples(plain), "sets": sets})


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def _tuples(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Lists of the stored form that are tuples in memory; values keep their own kind."""
    names = ("calls", "judged", "expected", "allowed64", "allowed32", "needs", "results", "arguments")
    return {k: tuple(v) if k in names else v for k, v in plain.items()}
