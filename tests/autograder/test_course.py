"""The course folder: the roster, ids that are safe as names, the secret, and the draws that follow from it."""

import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.course import Course, CourseError, open_course, read_roster, read_toml, rng_for, valid_id

SECRET = bytes(range(32))


def roster(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "roster.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


# --- roster --------------------------------------------------------------------------------------


def test_the_columns_of_nbgrader_in_any_order_with_others_beside_them(tmp_path):
    path = roster(
        tmp_path, "email,section,id,last_name,first_name\na@x,3,ada,Lovelace,Ada\n,,kurt,Gödel,Kurt\n"
    )
    found = read_roster(path)
    assert list(found) == ["ada", "kurt"]
    assert (found["ada"].first_name, found["ada"].email) == ("Ada", "a@x")
    assert (found["kurt"].last_name, found["kurt"].email) == ("Gödel", "")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("id\nada\nben\n", "utf-8"),
        ("id\r\nada\r\nben\r\n", "utf-8-sig"),
        (" id , email \n ada , x \n ben,\n", "utf-8"),
        ('id,email\n"ada","a, b"\nben\n', "utf-8"),
        ("id,email\nada,x,extra,columns\nben\n\n", "utf-8"),
        ("id\nada\nben", "utf-8"),
    ],
)
def test_rosters_as_spreadsheets_write_them(tmp_path, text, encoding):
    assert list(read_roster(roster(tmp_path, text, encoding))) == ["ada", "ben"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,email\nada,x\n", "no column `id`; it has name, email"),
        ("", "no header"),
        ("id;email\nada;x\n", "no column `id`"),
        ("id,email\n", "names no student"),
        ("id\nada\nben\nada\n", r"'ada' twice \(line 4\)"),
        ("id,email\n,x\n", "line 2"),
        ("id\n../../etc\n", "line 2: '../../etc'"),
        ("id\nada\n.hidden\n", "line 3"),
        (b"id\n\xff\xfe\n", "UTF-8"),
        (b"\xff\xfei\x00d\x00", "UTF-8"),
    ],
)
def test_an_unusable_roster_is_named_with_the_line_and_what_was_expected(tmp_path, text, says):
    with pytest.raises(CourseError, match=says):
        read_roster(roster(tmp_path, text))


def test_a_missing_roster_says_what_to_give(tmp_path):
    with pytest.raises(CourseError, match="--roster"):
        read_roster(tmp_path / "nothing.csv")
    with pytest.raises(CourseError, match="cannot be read"):
        read_roster(tmp_path)


# --- ids -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "good", ["ada", "A-1_2.b", "s1234567", "名前", "o'neil", "ada@example.org", "ß" * 64, "a b"]
)
def test_usual_ids_are_valid(good):
    assert valid_id(good)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        ".",
        "..",
        ".x",
        "a/b",
        "a\\b",
        "a:b",
        "a\nb",
        "a\0",
        "a" * 129,
        "a+b",
        "\x7f",
        "\ud800",
        "a*",
        "<a>",
        "a|b",
    ],
)
def test_ids_that_could_leave_the_folder_are_not(bad):
    assert not valid_id(bad)


@given(st.text(max_size=12))
def test_a_valid_id_names_one_file_in_its_folder(tmp_path_factory, text):
    if valid_id(text):
        folder = tmp_path_factory.getbasetemp()
        assert (folder / f"{text}.json").parent == folder
        assert os.fsencode(text)


# --- draws ---------------------------------------------------------------------------------------


def test_draws_are_stable_and_belong_to_names():
    def first(*names, secret=SECRET):
        return int(rng_for(secret, *names).integers(2**62))

    assert first("convolution", "ada", "CONV-1") == first("convolution", "ada", "CONV-1")
    seen = {
        first("convolution", "ada", "CONV-1"),
        first("convolution", "ben", "CONV-1"),
        first("convolution", "ada", "CONV-3"),
        first("pooling", "ada", "CONV-1"),
        first("convolution", "ada", "CONV-1", secret=bytes(32)),
        first("convolution", "adaCONV-1"),
        first("convolution", "ada", "CONV-1", ""),
        first("convolution", "ada\x00CONV-1", "x"),
    }
    assert len(seen) == 8


def test_names_that_run_together_do_not_draw_the_same():
    assert rng_for(SECRET, "ab", "c").integers(2**62) != rng_for(SECRET, "a", "bc").integers(2**62)


# --- secret --------------------------------------------------------------------------------------


def test_the_secret_is_made_once_for_staff_only(tmp_path):
    course = Course(tmp_path / "COURSE")
    first = course.secret(create=True)
    assert len(first) == 32
    assert course.secret() == course.secret(create=True) == first
    assert stat.S_IMODE((course.root / "secret").stat().st_mode) == 0o600
    assert Course(tmp_path / "OTHER").secret(create=True) != first


def test_a_missing_secret_is_never_replaced_silently(tmp_path):
    with pytest.raises(CourseError, match="Restore it"):
        Course(tmp_path).secret()


@pytest.mark.parametrize("text", ["", "abc", "g" * 64, "0" * 63, "0" * 65, "é" * 64])
def test_a_damaged_secret_is_refused(tmp_path, text):
    (tmp_path / "secret").write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match="64 hexadecimal digits"):
        Course(tmp_path).secret(create=True)


# --- folder and settings -------------------------------------------------------------------------


def test_a_folder_that_is_not_there_says_how_to_make_it(tmp_path):
    with pytest.raises(CourseError, match="backmark make"):
        open_course(tmp_path / "COURSE")
    assert open_course(tmp_path).root == tmp_path


def test_settings_are_read_and_mistakes_in_them_located(tmp_path):
    assert Course(tmp_path).settings() == {}
    (tmp_path / "course.toml").write_text("[penalty]\nper_day = 0.1\n")
    assert Course(tmp_path).settings() == {"penalty": {"per_day": 0.1}}
    (tmp_path / "course.toml").write_text("[penalty\n")
    with pytest.raises(CourseError, match=r"course\.toml.*line 1"):
        Course(tmp_path).settings()
    with pytest.raises(CourseError, match="no file"):
        read_toml(tmp_path / "other.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff")
    with pytest.raises(CourseError, match=r"bytes\.toml"):
        read_toml(tmp_path / "bytes.toml")


def test_every_path_of_a_course_lies_in_it(tmp_path):
    course = Course(tmp_path)
    paths = [
        course.release("a"),
        course.keys("a"),
        course.journal("a"),
        course.reports("a"),
        course.handout("s", "a"),
        course.submitted("s", "a"),
    ]
    assert all(tmp_path in p.parents for p in paths)
    assert len(set(paths)) == len(paths)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('id,first_name\nada,"Ada\nben,Ben\n', "is a quote never closed"),
        ("id\nJos\u00e9\nJose\u0301\n", "two ids look alike"),
        ("id\n" + "x" * 140_000 + "\n", "cannot be read as CSV"),
    ],
)
def test_a_roster_that_would_name_others_is_refused(tmp_path, text, says):
    (tmp_path / "roster.csv").write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match=says):
        read_roster(tmp_path / "roster.csv")


def test_blank_rows_and_odd_line_ends_in_names_are_no_students(tmp_path):
    (tmp_path / "roster.csv").write_text(
        "id,first_name\nada,Ada\u2028Maria\n,\nben,Ben\n,,,\n", encoding="utf-8"
    )
    assert list(read_roster(tmp_path / "roster.csv")) == ["ada", "ben"]
