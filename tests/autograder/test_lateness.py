"""Deadlines and what lateness costs; every expected number is worked by hand."""

import datetime
import os

import pytest

from autograder.course import Course, CourseError
from autograder.lateness import Rule, read_rule
from autograder.times import FILE, LIST, STAMP, HandedIn, better, handed_in, read_moment, read_times

UTC = datetime.UTC
NOON = datetime.datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def at(text, clock=LIST):
    return HandedIn(f"2026-11-{text}+00:00", clock)


def cost(when, score=8.0, student="ada", **rule):
    return Rule(NOON, **({"penalty": 10} | rule)).cost(student, when, score, 10.0)


@pytest.mark.parametrize(
    ("when", "rule", "points"),
    [
        ("20T12:00:00", {}, 0),
        ("20T12:00:01", {}, 1.0),  # one day begun, 10 % of 10
        ("21T12:00:00", {}, 1.0),
        ("21T12:00:01", {}, 2.0),
        ("21T12:00:01", {"of": "score"}, 1.6),  # 20 % of the 8 earned
        ("20T15:30:00", {"per": "hour", "penalty": 5}, 2.0),  # four hours begun
        ("20T12:15:00", {"grace_minutes": 15}, 0),
        ("20T12:15:01", {"grace_minutes": 15}, 1.0),
        ("29T12:00:00", {"cap": 50}, 5.0),
        ("30T12:00:00", {}, 8.0),  # 100 % of 10, but no more than was earned
        ("22T12:00:00", {"cut_off_days": 2}, 2.0),
        ("22T12:00:01", {"cut_off_days": 2}, 8.0),
        ("22T12:00:00", {"penalty": 0}, 0),
        ("20T13:00:00", {"penalty": 33.3333}, 3.3333),
    ],
)
def test_what_lateness_costs(when, rule, points):
    found = cost(at(when), **rule)
    assert found.penalty == points
    assert bool(found.sentence) == (points > 0 or rule.get("penalty") == 0)


def test_an_extension_moves_the_deadline_of_one_student():
    moved = {"extensions": {"ada": NOON + datetime.timedelta(days=3)}}
    assert cost(at("23T12:00:00"), **moved).penalty == 0
    assert cost(at("23T12:00:01"), **moved).penalty == 1.0
    assert cost(at("23T12:00:00"), student="ben", **moved).penalty == 3.0


def test_without_a_deadline_or_a_time_nothing_is_late():
    assert Rule(penalty=10).cost("ada", at("30T12:00:00"), 8, 10).penalty == 0
    assert cost(None).penalty == 0


def test_the_time_of_a_file_alone_takes_nothing_unless_asked():
    late = at("21T11:00:00", FILE)
    found = cost(late)
    assert (found.penalty, found.unsure) == (0, True)
    assert "Copying a file" in found.sentence
    assert cost(late, file_times=True).penalty == 1.0


def test_the_sentence_names_clock_lateness_and_percent():
    said = cost(at("21T13:05:00", STAMP)).sentence
    assert said == (
        "Handed in 1 d 1 h 5 min after the deadline (by timestamp.txt): 2 days begun, 20 % taken off."
    )


# --- course.toml ---------------------------------------------------------------------------------


@pytest.fixture
def course(tmp_path):
    (tmp_path / "roster.csv").write_text("id,email\nada,ada@example.org\nben,\n")
    return Course(tmp_path)


def settings(course, text):
    (course.root / "course.toml").write_text(text)
    return read_rule(course, "tiny")


def test_the_rule_of_an_assignment_goes_before_that_of_the_course(course):
    rule = settings(
        course,
        """timezone = "Europe/Berlin"
        [lateness]
        penalty = 10
        per = "hour"
        [assignment.tiny]
        penalty = 20
        deadline = 2026-11-20T13:00:00
        [assignment.tiny.extensions]
        ada = "3 days"
        ben = 2026-11-25T00:00:00+00:00
        [assignment.other]
        deadline = 2026-01-01T00:00:00
        """,
    )
    assert (rule.penalty, rule.per) == (20, "hour")
    assert rule.deadline == NOON  # 13:00 in Berlin in November
    assert rule.due("ada") == NOON + datetime.timedelta(days=3)
    assert rule.due("ben") == datetime.datetime(2026, 11, 25, tzinfo=UTC)
    assert rule.due("cleo") == NOON


def test_no_rule_means_nothing_is_late(course):
    assert read_rule(course, "tiny") == Rule()


HEAD = "[assignment.tiny]\ndeadline = 2026-11-20T12:00:00\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('timezone = "Berlin"', "no time zone 'Berlin'"),
        ("lateness = 3", "must be a table"),
        ("[lateness]\npenaltie = 3", "Did you mean penalty"),
        ("[lateness]\npenalty = 120", "percent from 0 to 100"),
        ("[lateness]\npenalty = true", "percent from 0 to 100"),
        ('[lateness]\nper = ["day"]', "it can be"),
        ("[lateness]\ngrace_minutes = 1e15", "from 0 to"),
        ("[lateness]\ncut_off_days = 1e30", "from 0 to"),
        ("[latenes]\npenalty = 3", "Did you mean lateness"),
        ('timezon = "UTC"', "Did you mean timezone"),
        ("[lateness]\ngrace_minutes = -1", "from 0 to 1000000"),
        ('[lateness]\nper = "week"', '"day" or "hour"'),
        ('[lateness]\nof = "all"', "max_score"),
        ('[lateness]\nfile_times = "yes"', "true or false"),
        ("[assignment.tiny]\ndeadline = 2026-11-20", "write 2026-11-20T23:59:00"),
        ('[assignment.tiny]\ndeadline = "soon"', "is no moment"),
        (HEAD + '[assignment.tiny.extensions]\nadda = "3 days"', "Did you mean ada"),
        (HEAD + '[assignment.tiny.extensions]\nada = "long"', "3 days"),
        ('[assignment.tiny.extensions]\nada = "3 days"', "needs a deadline"),
        (HEAD + 'times = "none.csv"', "is not there"),
        ("[lateness", "cannot be read"),
    ],
)
def test_a_bad_setting_is_a_sentence(course, text, says):
    with pytest.raises(CourseError, match=says):
        settings(course, text)


# --- clocks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-11-20 12:00:00.123456 UTC", 12),  # as nbgrader writes it
        ("2026-11-20 12:00", 11),
        ("2026-11-20T12:00:00+02:00", 10),
        ("2026-11-20 12:00:00 -0800", 20),  # as Gradescope writes it
        ("2026-11-20 12:00:00 America/New_York", 17),
        ("Friday, 20 November 2026, 12:00 PM", 11),  # as Moodle writes it
        ("20 November 2026, 01:00 PM", 12),
    ],
)
def test_moments_are_read_as_others_write_them(text, hour):
    moment = read_moment(text, datetime.timezone(datetime.timedelta(hours=1)))
    assert moment is not None
    assert (moment.day, moment.hour, moment.tzinfo) == (20, hour, UTC)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-13-40 12:00", "2026-11-20 12:00 Nowhere/Else", "12:00", "9999-12-31 23:59 -2300"],
)
def test_what_is_no_moment_is_none(text):
    assert read_moment(text, UTC) is None


def test_the_surest_clock_counts(tmp_path):
    path = tmp_path / "tiny.ipynb"
    assert handed_in(path) is None
    path.write_text("{}")
    os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    assert handed_in(path) == HandedIn("2026-11-20T12:00:00+00:00", FILE)
    (tmp_path / "timestamp.txt").write_text("nonsense")
    assert handed_in(path).clock == FILE
    (tmp_path / "timestamp.txt").write_text("2026-11-19 08:00:00.5 UTC\n")
    assert handed_in(path) == HandedIn("2026-11-19T08:00:00+00:00", STAMP)
    assert handed_in(path, NOON).clock == LIST


def test_a_stamp_is_never_followed(tmp_path):
    (tmp_path / "x").write_text("2026-11-19 08:00:00 UTC")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "timestamp.txt").symlink_to(tmp_path / "x")
    (tmp_path / "a" / "tiny.ipynb").write_text("{}")
    assert handed_in(tmp_path / "a" / "tiny.ipynb").clock == FILE


def test_a_later_copy_is_no_later_hand_in():
    first, copy = at("19T08:00:00", FILE), at("25T08:00:00", FILE)
    assert better(first, copy) == better(copy, first) == first
    assert better(first, at("25T08:00:00", STAMP)).clock == STAMP
    assert better(at("19T08:00:00", LIST), copy).clock == LIST
    assert better(at("19T08:00:00", LIST), at("18T08:00:00", LIST)).at.startswith("2026-11-18")
    assert better(None, copy) == better(copy, None) == copy


@pytest.mark.parametrize(
    "text",
    [
        "id,submitted_at\nada,2026-11-20 12:00\nzeno,2026-11-20 12:00\nben,\n",
        "Identifier,Full name,Email address,Last modified (submission)\n"
        'Participant 7,Ada L,ADA@example.org,"Friday, 20 November 2026, 12:00 PM"\nParticipant 8,B,,-\n',
        "\ufeffFirst Name,SID,Submission Time\nAda,ada,2026-11-20 07:00:00 -0500\n",
    ],
)
def test_lists_of_an_lms_are_read(course, text):
    (course.root / "times.csv").write_text(text, encoding="utf-8")
    assert read_times(course.root / "times.csv", course.students(), UTC) == {"ada": NOON}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,when\n", "needs a column"),
        ("", "no header"),
        ("id,submitted_at\nada,yesterday\n", "line 2: 'yesterday' is no time"),
    ],
)
def test_a_bad_list_is_a_sentence(course, text, says):
    (course.root / "times.csv").write_text(text)
    with pytest.raises(CourseError, match=says):
        read_times(course.root / "times.csv", course.students(), UTC)
