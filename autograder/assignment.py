"""An assignment: its file, its questions, and each student's own numbers and keys.

`load_assignment` finds an assignment by name (those that come with Backmark) or by folder (an
instructor's own). `issue_by_hand` draws the variants of one student; `code_keys` makes the key that the
whole class shares. Seeds are keyed hashes of (course secret, assignment, student, question).
"""

from __future__ import annotations

import difflib
import hashlib
import importlib.util
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.course import CourseError, read_toml, rng_for
from autograder.exercises import EXERCISES
from autograder.instances import Certificate, issue_certified
from autograder.key import Key
from autograder.keymaking import make_key
from autograder.model import Part, Variant
from autograder.questions import QUESTIONS

HIGHEST = {"seconds": 86_400, "memory_mb": 1_000_000, "output_kb": 1_000_000}
MOST_POINTS, MOST_ASKED = 1_000_000, 1_000
WEIGHTS = ("behaviour", "consistent", "carried")
TABLES = {"assignment": ("name", "title", "files"), "course": ("python",), "limits": (), "question": ()}
BY_HAND_SCHEMA = "backmark/by-hand/1"


@dataclass(frozen=True)
class Asked:
    """One `[[question]]` of assignment.toml. A by-hand question with `count` n is asked n times."""

    id: str
    points: float
    level: int = 1
    count: int = 1
    weights: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_code(self) -> bool:
        """Tell whether the answer is a function."""
        return self.id in EXERCISES

    def has_room_for(self, cohort: int) -> bool:
        """Tell whether a by-hand question has enough instances for everybody to get others."""
        return QUESTIONS[self.id].space[self.level] >= 4 * cohort * self.count

    def instances(self) -> tuple[str, ...]:
        """Return the cell ids: CONV-1, CONV-1_2, CONV-1_3, ..."""
        return tuple(self.id if i == 0 else f"{self.id}_{i + 1}" for i in range(self.count))

    def names(self) -> tuple[str, ...]:
        """Return what its verdicts are filed under: the function's name, or the cell ids."""
        return (self.id,) if self.is_code else self.instances()


@dataclass(frozen=True)
class Limits:
    """What a submission may use, per question where a time is meant."""

    seconds: float = 10.0
    memory_mb: int = 512
    output_kb: int = 64
    packages: tuple[str, ...] = ("numpy",)


@dataclass(frozen=True)
class Assignment:
    """What assignment.toml says."""

    name: str
    title: str
    folder: Path
    questions: tuple[Asked, ...]
    limits: Limits
    files: tuple[str, ...] = ()

    @property
    def notebook(self) -> Path:
        """The released notebook."""
        return self.folder / f"{self.name}.ipynb"

    @property
    def max_score(self) -> float:
        """Sum of all points."""
        return sum(q.points * q.count for q in self.questions)

    def code(self) -> tuple[Asked, ...]:
        """The questions answered by a function."""
        return tuple(q for q in self.questions if q.is_code)

    def by_hand(self) -> tuple[Asked, ...]:
        """The questions answered by typing."""
        return tuple(q for q in self.questions if not q.is_code)


def homes() -> list[Path]:
    """Return the folders where the assignments of Backmark lie: a clone, or an installed wheel."""
    here = Path(__file__).resolve().parent
    return [here.parent / "assignments", here / "_data" / "assignments"]


def available() -> dict[str, Path]:
    """Return the assignments that come with Backmark."""
    found: dict[str, Path] = {}
    for home in homes():
        for toml in sorted(home.glob("*/assignment.toml")):
            found.setdefault(toml.parent.name, toml.parent)
    return found


def load_assignment(name: str) -> Assignment:
    """Read an assignment by name or by folder.

    Raises:
        CourseError: there is no such assignment, or its file says something that cannot be.
    """
    folder = available().get(name)
    if folder is None and (Path(name) / "assignment.toml").exists():
        folder = Path(name).resolve()
    if folder is None:
        close = difflib.get_close_matches(name, available(), n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise CourseError(
            f"There is no assignment {name!r}.{hint} Known: {', '.join(available()) or 'none'}; "
            "or give a folder that holds assignment.toml."
        )
    return read_assignment(folder)


def read_assignment(folder: Path) -> Assignment:
    """Read `assignment.toml` in a folder and load the instructor's own Python file if it names one."""
    path = folder / "assignment.toml"
    data = read_toml(path)
    _see_tables(data, path)
    table = data.get("assignment", {})
    if "python" in data.get("course", {}):
        load_own_file(folder / str(data["course"]["python"]))
    name = str(table.get("name", folder.name))
    questions = tuple(_asked(row, path) for row in data.get("question", ()))
    if not questions:
        raise CourseError(f"{path} asks nothing: add [[question]] tables with id and points.")
    ids = [q.id for q in questions]
    doubled = next((i for i in ids if ids.count(i) > 1), None)
    if doubled is not None:
        raise CourseError(f"{path} asks {doubled} twice; use one table, for by-hand questions with a count.")
    return Assignment(
        name,
        str(table.get("title", name)),
        folder,
        questions,
        _limits(data, path),
        tuple(table.get("files", ())),
    )


def _see_tables(data: Mapping[str, Any], path: Path) -> None:
    """Refuse a table or an entry that nothing reads: it is a slip, and what was meant would not be in force."""
    for name, table in data.items():
        if name not in TABLES:
            raise CourseError(
                f"{path}: unknown table [{name}].{_meant(name, TABLES)} Known: {', '.join(TABLES)}."
            )
        several = name == "question"
        if not isinstance(table, list if several else dict):
            brackets = "[[question]]" if several else f"[{name}]"
            raise CourseError(f"{path}: {name} must be a table that begins with a line {brackets}.")
        if isinstance(table, dict) and TABLES[name]:
            _see_entries(name, table, path)


def _see_entries(name: str, table: Mapping[str, Any], path: Path) -> None:
    known = TABLES[name]
    for entry, value in table.items():
        if entry not in known:
            raise CourseError(
                f"{path}: unknown entry {entry!r} in [{name}].{_meant(entry, known)} Known: {', '.join(known)}."
            )
        if not isinstance(value, list if entry == "files" else str):
            wanted = "a list of file names" if entry == "files" else "a text in quotes"
            raise CourseError(f"{path}: {entry} in [{name}] must be {wanted}, not {value!r}.")


def _meant(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean {close[0]}?" if close else ""


def _asked(row: Mapping[str, Any], path: Path) -> Asked:
    known = set(Asked.__dataclass_fields__)
    strange = sorted(set(row) - known)
    if strange or "id" not in row or "points" not in row:
        what = f"unknown entry {strange[0]!r}" if strange else "a question without id or points"
        raise CourseError(f"{path}: {what}. A [[question]] has {', '.join(sorted(known))}.")
    asked = Asked(**row)
    if not isinstance(asked.id, str):
        raise CourseError(f"{path}: the id of a question must be a text in quotes, not {asked.id!r}.")
    if asked.id not in EXERCISES and asked.id not in QUESTIONS:
        raise CourseError(f"{path}: no question {asked.id!r}.{_meant(asked.id, [*EXERCISES, *QUESTIONS])}")
    wrong = next(_unusable(asked), "")
    if wrong:
        raise CourseError(f"{path}: question {asked.id} needs {wrong}.")
    return asked


def _unusable(asked: Asked) -> Iterator[str]:
    """Yield what an entry of a question would have to be."""
    if type(asked.points) not in (int, float) or not 0 <= asked.points <= MOST_POINTS:
        yield f"points from 0 to {MOST_POINTS}"
    if type(asked.count) is not int or not 1 <= asked.count <= MOST_ASKED:
        yield f"a count from 1 to {MOST_ASKED}"
    levels = QUESTIONS[asked.id].levels if not asked.is_code else (asked.level,)
    if asked.level not in levels:
        yield f"a level it has ({', '.join(map(str, levels))})"
    shares = asked.weights.items() if isinstance(asked.weights, Mapping) else [("weights", None)]
    for name, share in shares:
        if name not in WEIGHTS or type(share) not in (int, float) or not 0 <= share <= 1:
            yield f"weights between 0 and 1 named {' or '.join(WEIGHTS)}"


def _limits(data: Mapping[str, Any], path: Path) -> Limits:
    row = dict(data.get("limits", {}))
    strange = sorted(set(row) - set(Limits.__dataclass_fields__))
    if strange:
        raise CourseError(
            f"{path}: unknown limit {strange[0]!r}; known: {', '.join(Limits.__dataclass_fields__)}."
        )
    if "packages" in row:
        row["packages"] = _packages(row["packages"], path)
    limits = Limits(**row)
    for name in HIGHEST:
        number = getattr(limits, name)
        if type(number) not in (int, float) or not 0 < number <= HIGHEST[name]:
            raise CourseError(
                f"{path}: the limit {name} must be a number above 0, at most {HIGHEST[name]}, not {row[name]!r}."
            )
    return limits


def _packages(names: Any, path: Path) -> tuple[str, ...]:
    if not isinstance(names, list) or not all(isinstance(n, str) and n.isidentifier() for n in names):
        raise CourseError(
            f'{path}: the limit packages must be a list of names as after `import`, such as ["numpy"], not {names!r}.'
        )
    return tuple(names)


def load_own_file(path: Path) -> None:
    """Run an instructor's file, once; it registers questions, mistakes and exercises. Staff machines only."""
    name = f"backmark_course_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    if name in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.exists():
        raise CourseError(f"[course] python names {path}, which is not there.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise CourseError(
            f"The course's own file {path} does not run: {type(error).__name__}: {error}"
        ) from error


# --- keys ----------------------------------------------------------------------------------------


def code_keys(assignment: Assignment, secret: bytes) -> dict[str, Key]:
    """Make the keys of all code exercises, the same for the whole class."""
    return {q.id: _code_key(assignment.name, q.id, secret) for q in assignment.code()}


def _code_key(assignment: str, question: str, secret: bytes) -> Key:
    return make_key(EXERCISES[question], lambda i: rng_for(secret, assignment, "code", question, str(i)))


@dataclass(frozen=True)
class Issued:
    """A variant given to one student, as stored in `by-hand.jsonl`."""

    student: str
    instance: str
    variant: Variant
    hash: str
    certificate: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        v = self.variant
        parts = [
            {"id": p.id, "prompt": p.prompt, "kind": p.kind, "options": dict(p.options), "share": p.share}
            for p in v.parts
        ]
        return {
            "schema": BY_HAND_SCHEMA, "student": self.student, "instance": self.instance, "hash": self.hash,
            "question": v.question, "title": v.title, "level": v.level, "params": dict(v.params),
            "prompt": v.prompt, "parts": parts, "truth": dict(v.truth), "solution": list(v.solution),
        } | ({"certificate": dict(self.certificate)} if self.certificate else {})  # fmt: skip

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Issued:
        """Rebuild what `to_json` wrote.

        Raises:
            CourseError: the line is of another schema.
        """
        if data["schema"] != BY_HAND_SCHEMA:
            raise CourseError(
                f"by-hand.jsonl is of schema {data['schema']!r}; this version reads {BY_HAND_SCHEMA}."
            )
        variant = Variant(
            data["question"], data["title"], data["prompt"], tuple(Part(**p) for p in data["parts"]),
            data["truth"], tuple(data["solution"]), data["params"], data["level"],
        )  # fmt: skip
        return cls(data["student"], data["instance"], variant, data["hash"], data.get("certificate"))


def issue_by_hand(
    assignment: Assignment, secret: bytes, student: str, taken: dict[str, set[str]], cohort: int
) -> Iterator[Issued]:
    """Draw one student's by-hand variants; `taken` keeps what the cohort already has.

    No two students share an instance where the question has room for it (at least four instances for each
    student); where it has not, a student still never gets the same instance twice.
    """
    for asked in assignment.by_hand():
        question = QUESTIONS[asked.id]
        known = taken.setdefault(asked.id, set()) if asked.has_room_for(cohort) else set()
        for instance in asked.instances():
            rng = rng_for(secret, assignment.name, student, instance)
            yield issued(student, instance, *issue_certified(question, rng, asked.level, known))


def issued(student: str, instance: str, variant: Variant, why: Certificate | None = None) -> Issued:
    """Stamp a variant with the hash of everything that can change its mark; its certificate cannot."""
    made = Issued(student, instance, variant, "")
    plain = json.dumps(made.to_json(), sort_keys=True, allow_nan=False)
    return replace(
        made,
        hash=hashlib.sha256(plain.encode()).hexdigest()[:16],
        certificate=certified(why) if why else None,
    )


def certified(why: Certificate) -> dict[str, Any]:
    """Return a certificate as the key stores it: what was checked, and what every mistake would answer."""
    return {
        "agrees": why.agrees,
        "exposed": list(why.exposed),
        "alike": [list(names) for names in why.merged],
        "mistakes": [[one.mistake, one.part, _plain(one.answer), one.gap] for one in why.lookalikes],
    }


def _plain(answer: Any) -> Any:
    return answer if isinstance(answer, (int, float, str, list, type(None))) else str(answer)


_DRAW_AGAIN = "Restore it, or move it away and run `backmark make`: the same numbers are drawn again."


def read_by_hand(path: Path) -> dict[str, dict[str, Issued]]:
    """Read `by-hand.jsonl`: student -> instance -> variant."""
    found: dict[str, dict[str, Issued]] = {}
    try:
        lines: Iterable[str] = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise CourseError(
            f"The key {path} is missing. `backmark make` writes it anew with the same numbers."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"The key {path} cannot be read ({error}). {_DRAW_AGAIN}") from None
    for number, line in enumerate(lines, start=1):
        try:
            one = Issued.from_json(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            raise CourseError(f"{path}, line {number} cannot be read ({error}). {_DRAW_AGAIN}") from None
        found.setdefault(one.student, {})[one.instance] = one
    return found
