"""Deadlines, extensions and what lateness costs: a rule in course.toml, applied to every report alike.

    timezone = "Europe/Berlin"          # of times written without one

    [lateness]                          # for all assignments
    penalty = 10                        # percent of the assignment's points for each started day
    per = "day"                         # or "hour"
    grace_minutes = 15                  # so much later costs nothing
    cap = 50                            # never more than so many percent
    cut_off_days = 7                    # so long after the deadline nothing counts any more

    [assignment.convolution]            # any setting of [lateness] may be said again here
    deadline = 2026-11-20T23:59:00
    times = "worksheet.csv"             # from the LMS, in the course folder

    [assignment.convolution.extensions]
    ada = "3 days"                      # or "12 hours", or a new deadline

The judge's score is never touched: what lateness costs is the report's `penalty`.
"""

from __future__ import annotations

import contextlib
import datetime
import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.course import Course, CourseError
from autograder.times import FILE, WORDS, HandedIn, read_times, zone

DAY = datetime.timedelta(days=1)
UNITS = {"day": DAY, "hour": datetime.timedelta(hours=1)}
SETTINGS = ("penalty", "per", "of", "grace_minutes", "cap", "cut_off_days", "file_times")
TABLES = ("timezone", "judge", "lateness", "assignment")
OWN = ("deadline", "times", "extensions")
MOST = {"grace_minutes": 1_000_000, "cut_off_days": 10_000}
_SPAN = re.compile(r"(\d+(?:\.\d+)?) *(day|hour|minute)s?")


@dataclass(frozen=True)
class Cost:
    """What lateness costs one student: points, one sentence (empty when in time), whether nothing counts."""

    penalty: float = 0.0
    sentence: str = ""
    unsure: bool = False


@dataclass(frozen=True)
class Rule:
    """What course.toml says about one assignment."""

    deadline: datetime.datetime | None = None
    extensions: Mapping[str, datetime.datetime] = field(default_factory=dict)
    listed: Mapping[str, datetime.datetime] = field(default_factory=dict)
    penalty: float = 0.0
    per: str = "day"
    of: str = "max_score"
    grace_minutes: float = 0.0
    cap: float = 100.0
    cut_off_days: float | None = None
    file_times: bool = False

    def due(self, student: str) -> datetime.datetime | None:
        """Return a student's own deadline."""
        return self.extensions.get(student, self.deadline)

    def cost(self, student: str, when: HandedIn | None, score: float, max_score: float) -> Cost:
        """Say what a hand-in at this moment costs.

        Within the grace nothing is taken; after it lateness counts from the deadline, by started days or
        hours. File times alone take nothing unless `file_times = true`.
        """
        due = self.due(student)
        if due is None or when is None:
            return Cost()
        late = when.moment - due
        if late <= datetime.timedelta(minutes=self.grace_minutes):
            return Cost()
        told = f"Handed in {_span(late)} after the deadline (by {WORDS[when.clock]})"
        if when.clock == FILE and not self.file_times:
            return Cost(0.0, f"{told}. Copying a file can change its time, so nothing is taken off.", True)
        if self.cut_off_days is not None and late > self.cut_off_days * DAY:
            return Cost(score, f"{told}, which is after the last day on which anything counts.")
        begun = -(-late // UNITS[self.per])
        percent = min(self.cap, begun * self.penalty)
        points = min(score, round((max_score if self.of == "max_score" else score) * percent / 100, 4))
        what = f"{begun} {self.per}{'s' if begun != 1 else ''} begun, {percent:g} % taken off"
        return Cost(points, f"{told}: {what}.")


def read_rule(course: Course, assignment: str) -> Rule:
    """Read the rule of an assignment; without one nothing is ever late.

    Raises:
        CourseError: a setting that does not exist or cannot be; the text says which and what could be.
    """
    data = course.settings()
    where = str(course.root / "course.toml")
    _known(data, TABLES, where)
    default = zone(data.get("timezone", "UTC"), where)
    general = _table(data, "lateness", where)
    own = _table(_table(data, "assignment", where), assignment, where)
    _known(general, SETTINGS, f"{where}, [lateness]")
    _known(own, (*SETTINGS, *OWN), f"{where}, [assignment.{assignment}]")
    settings = {**general, **{k: v for k, v in own.items() if k in SETTINGS}}
    for name, value in settings.items():
        _check(name, value, where)
    deadline = _moment(own["deadline"], default, f"{where}, deadline") if "deadline" in own else None
    roster = course.students() if "extensions" in own or "times" in own else {}
    listed = read_times(course.root / str(own["times"]), roster, default) if "times" in own else {}
    extensions = _extensions(_table(own, "extensions", where), deadline, roster, default, where)
    return Rule(deadline, extensions, listed, **settings)


def _extensions(
    given: Mapping[str, Any],
    deadline: datetime.datetime | None,
    roster: Mapping[str, Any],
    default: datetime.tzinfo,
    where: str,
) -> dict[str, datetime.datetime]:
    found = {}
    for student, value in given.items():
        place = f"{where}, extension of {student!r}"
        if student not in roster:
            raise CourseError(f"{place}: nobody of this id is in the roster.{_near(student, roster)}")
        span = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
        if span is None:
            found[student] = _moment(value, default, place)
        elif deadline is None:
            raise CourseError(f"{place}: {value!r} needs a deadline of the assignment to count from.")
        else:
            try:
                found[student] = deadline + datetime.timedelta(**{f"{span[2]}s": float(span[1])})
            except OverflowError:
                raise CourseError(
                    f"{place}: {value!r} is longer than any calendar; write a moment."
                ) from None
    return found


def _moment(value: Any, default: datetime.tzinfo, where: str) -> datetime.datetime:
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = datetime.datetime.fromisoformat(value)
    if type(value) is datetime.date:
        raise CourseError(f"{where}: {value} has no time of day; write {value}T23:59:00.")
    if not isinstance(value, datetime.datetime):
        raise CourseError(
            f'{where}: {value!r} is no moment; write 2026-11-20T23:59:00 (for an extension also "3 days").'
        )
    try:
        return (value if value.tzinfo else value.replace(tzinfo=default)).astimezone(datetime.UTC)
    except OverflowError:
        raise CourseError(
            f"{where}: {value} lies at the end of all calendars; write a moment of this age."
        ) from None


def _check(name: str, value: Any, where: str) -> None:
    if name == "per" and value not in list(UNITS):
        raise CourseError(f'{where}: per is {value!r}; it can be "day" or "hour".')
    if name == "of" and value not in ("max_score", "score"):
        raise CourseError(
            f'{where}: of is {value!r}; it can be "max_score" (of the assignment) or "score" (of what was earned).'
        )
    if name == "file_times" and type(value) is not bool:
        raise CourseError(f"{where}: file_times is {value!r}; it can be true or false.")
    if name in ("penalty", "cap", "grace_minutes", "cut_off_days"):
        most = MOST.get(name, 100)
        if type(value) not in (int, float) or not 0 <= value <= most:
            unit = "percent from 0 to 100" if most == 100 else f"a number from 0 to {most}"
            raise CourseError(f"{where}: {name} is {value!r}; it must be {unit}.")


def _table(data: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    table = data.get(name, {})
    if not isinstance(table, Mapping):
        raise CourseError(f"{where}: {name} must be a table, [{name}].")
    return table


def _known(table: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    strange = sorted(set(table) - set(names))
    if strange:
        raise CourseError(
            f"{where}: there is no setting {strange[0]!r}.{_near(strange[0], names)} Known: {', '.join(names)}."
        )


def _near(word: str, known: Any) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean {close[0]}?" if close else ""


def _span(late: datetime.timedelta) -> str:
    minutes = max(1, int(late.total_seconds() // 60))
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    return " ".join(
        f"{n} {unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if n
    )  # fmt: skip
