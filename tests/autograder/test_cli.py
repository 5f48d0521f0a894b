"""The command line: help without a manual, exit codes as documented, one sentence for every misuse."""

import errno
import json
import os
import re
import shlex
from pathlib import Path

import click
import pytest

import autograder
from autograder.cli import cli
from autograder.exercises import EXERCISES
from autograder.reports import FORMATS

ROOT = Path(__file__).parents[2]
COMMANDS = sorted(cli.commands)


def one_sentence(said, code):
    """Hold what every refusal looks like."""
    assert said.code == code, said
    assert "Traceback" not in said.err + said.out
    text = re.sub(r"\s+", " ", said.err.strip())
    assert re.match(r"(Usage: .*)?Error: \S", text)
    return text


# --- help ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_the_first_page_names_every_command(backmark, flag):
    said = backmark(flag)
    assert said.code == 0
    assert all(name in said.out for name in COMMANDS)
    assert "Instructor:" in said.out
    assert "Student:" in said.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_its_options(backmark, command):
    said = backmark(command, "--help")
    assert said.code == 0
    assert str(cli.commands[command].help).split("\n")[0].rstrip(".").split()[0] in said.out
    for option in cli.commands[command].params:
        if isinstance(option, click.Option) and option.name != "help":
            assert option.opts[0] in said.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_says_what_it_is_for(command):
    for option in cli.commands[command].params:
        if isinstance(option, click.Option) and option.name not in ("help", "workers"):
            assert option.help, (command, option.name)


def test_the_version(backmark):
    assert autograder.__version__ in backmark("--version").out


def commands_in(text):
    """Yield the command lines of `backmark` in a page: console blocks and inline code."""
    for line in text.splitlines():
        if line.startswith("$ backmark "):
            yield line[2:].split("#")[0].strip()
    for inline in re.findall(r"`(backmark [^`]+)`", text):
        yield inline.split("#")[0].strip()


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
WRITTEN = sorted(
    {
        (page.name, line)
        for page in PAGES
        if page.exists()
        for line in commands_in(page.read_text(encoding="utf-8"))
    }
)


@pytest.mark.parametrize(("page", "line"), WRITTEN, ids=lambda v: str(v)[:60])
def test_every_command_in_the_pages_exists_with_its_options(page, line):
    """A placeholder such as [--json] or assignments|questions is taken apart first."""
    plain = re.sub(r"\[([^\]]*)\]", r"\1", line)
    words = shlex.split(plain)[1:]
    command = cli.commands[words[0]]
    options = {
        o: p for p in command.params if isinstance(p, click.Option) for o in (*p.opts, *p.secondary_opts)
    }
    for i, word in enumerate(words[1:], start=1):
        if word.startswith("-"):
            assert word in options, f"{page}: {word} of {line}"
            kind = options[word].type
            if isinstance(kind, click.Choice) and i + 1 < len(words) and words[i + 1].islower():
                assert set(words[i + 1].split("|")) <= set(kind.choices)
        elif words[0] == "list" and i == 1:
            assert set(word.split("|")) <= set(command.params[0].to_info_dict()["type"]["choices"])


def test_the_pages_show_commands():
    assert len(WRITTEN) >= 5
    assert {line.split()[1] for _, line in WRITTEN} >= {"make", "grade", "report", "check"}


# --- misuse --------------------------------------------------------------------------------------


def test_no_command_is_help(backmark):
    said = backmark()
    assert said.code == 2
    assert "Usage" in said.out + said.err


@pytest.mark.parametrize(
    ("word", "meant"), [("grad", "grade"), ("reprot", "report"), ("chek", "check"), ("xyzzy", "make")]
)
def test_an_unknown_command_suggests_the_nearest(backmark, word, meant):
    said = backmark(word)
    assert meant in one_sentence(said, 2)


@pytest.mark.parametrize(
    "args",
    [
        ["make"], ["make", "convolution"], ["grade"], ["grade", "COURSE"], ["report", "COURSE", "--assignment", "x"],
        ["report", "COURSE", "--assignment", "x", "--to", "pdf"], ["check"], ["check", "no-such-file.ipynb"], ["list"],
        ["list", "everything"], ["show"], ["show", "CONV-1", "--seed", "-1"], ["show", "CONV-1", "--seed", "x"],
        ["grade", "COURSE", "--assignment", "x", "--workers", "0"], ["demo", "--workers", "none"],
        ["list", "ops", "--jsn"],
    ],
)  # fmt: skip
def test_wrong_arguments_are_refused_with_the_usage(backmark, args, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = backmark(*args)
    assert said.code == 2
    assert "Usage: backmark" in said.err
    assert "Error: " in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["make", "convolutoin", "-o", "C"], "Did you mean convolution"),
        (["make", "convolution", "-o", "C"], "--roster"),
        (["make", "convolution", "-o", "C", "--roster", "no.csv"], "no roster no.csv"),
        (["make", "convolution", "-o", "C", "--roster", "."], "directory"),
        (["grade", "C", "--assignment", "convolution"], "no course folder C"),
        (["report", "C", "--assignment", "convolution", "--to", "csv"], "no course folder C"),
        (["show", "CONV-33"], "Did you mean CONV-3"),
        (["show", "CONV-1", "--level", "7"], "has the levels"),
    ],
)
def test_foreseen_mistakes_are_one_sentence(backmark, args, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert says in one_sentence(backmark(*args), 2)


def test_hostile_text_does_not_reach_the_terminal(backmark, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = backmark("grade", "\x1b[31mred\x07", "--assignment", "a")
    assert "\x1b" not in said.err
    assert "\x07" not in said.err
    assert said.code == 2
    said = backmark("grade", ":x: or :-1:", "--assignment", "a")
    assert ":x: or :-1:" in said.err
    said = backmark("make", "[bold]x[/bold]", "-o", "C")
    assert "[bold]x[/bold]" in said.err


def test_a_roster_without_the_column_says_what_was_expected(backmark, tmp_path):
    (tmp_path / "r.csv").write_text("name,email\nada,x\n")
    said = backmark("make", "convolution", "-o", tmp_path / "C", "--roster", tmp_path / "r.csv")
    text = one_sentence(said, 2)
    assert "no column `id`" in text
    assert "id,first_name,last_name,email" in text


# --- our own faults ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (ZeroDivisionError("division by zero"), 3, "ZeroDivisionError: division by zero"),
        (OSError(errno.ENOSPC, "No space left on device"), 3, "No space left"),
        (
            PermissionError(errno.EACCES, "Permission denied", "C/keys"),
            2,
            "C/keys: Permission denied. See that",
        ),
        (MemoryError(), 3, "MemoryError"),
        (KeyboardInterrupt(), 130, "same command goes on"),
        (BrokenPipeError(), 0, ""),
    ],
)
def test_what_nobody_foresaw_is_a_sentence_too(backmark, monkeypatch, error, code, says):
    import autograder.listing as listing

    def fails(_what):
        raise error

    monkeypatch.setattr(listing, "rows", fails)
    if isinstance(error, BrokenPipeError):
        monkeypatch.setattr(os, "dup2", lambda *_: None)
        monkeypatch.setattr("sys.stdout.fileno", lambda: 1, raising=False)
    said = backmark("list", "ops")
    assert said.code == code
    assert "Traceback" not in said.err
    assert says in re.sub(r"\s+", " ", said.err)


def test_a_sandbox_that_is_too_weak_says_how_to_go_on(backmark, handed_in, monkeypatch):
    from autograder.sandbox import Sandbox, WeakIsolation

    def weak(*_args):
        raise WeakIsolation(
            "This machine cannot confine submissions. Give --allow-weak to grade all the same."
        )

    monkeypatch.setattr(Sandbox, "__enter__", weak)
    assert "--allow-weak" in one_sentence(backmark("grade", handed_in.root, "--assignment", "tiny"), 2)


# --- list and show -------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["mistakes", "questions", "exercises", "ops", "assignments"])
def test_lists_for_people_and_for_programs(backmark, what):
    rows = json.loads(backmark("list", what, "--json").out)
    assert rows
    assert all(row["name"] for row in rows)
    said = backmark("list", what)
    assert said.code == 0
    assert f"{len(rows)} {what}" in said.out
    assert rows[0]["name"] in said.out


def test_an_instance_for_people_and_for_programs(backmark):
    plain = json.loads(backmark("show", "CONV-3", "--seed", "7", "--json").out)
    solved = json.loads(backmark("show", "CONV-3", "--seed", "7", "--solution", "--json").out)
    assert plain["prompt"] == solved["prompt"]
    assert "answer" not in plain
    assert solved["answer"]
    assert json.loads(backmark("show", "CONV-3", "--seed", "8", "--json").out)["prompt"] != plain["prompt"]
    said = backmark("show", "CONV-3", "--seed", "7", "--solution")
    assert "Worked solution" in said.out
    assert next(iter(solved["answer"].values())).split()[0] in said.out


@pytest.mark.parametrize("exercise", sorted(EXERCISES))
def test_an_exercise_can_be_shown(backmark, exercise):
    said = backmark("show", exercise)
    assert said.code == 0
    assert exercise in said.out


# --- make, grade, report -------------------------------------------------------------------------


@pytest.fixture
def handed_in(tiny, tinies):
    tinies.hand_in(tiny, "ada")
    tinies.hand_in(
        tiny, "ben", tinies.notebook("ben", corr2d="def corr2d(F, H, pad):\n    return np.pad(F, pad)")
    )
    return tiny


def test_make_says_what_to_do_next(backmark, tiny_folder, tmp_path):
    (tmp_path / "r.csv").write_text("id\nada\nben\n")
    said = backmark(
        "make", tiny_folder, "-o", tmp_path / "C", "--roster", tmp_path / "r.csv", "--per-student"
    )
    assert said.code == 0
    assert "2 students, 6 points" in said.out
    assert str(tmp_path / "C" / "release" / "tiny") in said.out
    assert "backmark grade" in said.out
    again = backmark("make", tiny_folder, "-o", tmp_path / "C")
    assert "2 of them keep the numbers" in again.out


def test_grade_shows_a_row_each_and_ends_with_zero(backmark, handed_in):
    said = backmark("grade", handed_in.root, "--assignment", "tiny", "--workers", "1", "--allow-weak")
    assert said.code == 0
    assert re.search(r"ada\s+6\.0 / 6\s+all right", said.out)
    assert re.search(r"ben\s+3\.0 / 6\s+corr2d:", said.out)
    assert "2 graded now, 0 kept, 0 could not be graded, 2 handed in nothing" in said.out
    again = backmark("grade", handed_in.root, "--assignment", "tiny", "--workers", "1", "--allow-weak")
    assert again.code == 0
    assert "0 graded now, 2 kept" in again.out
    assert again.out.count("kept") == 3
    quiet = backmark("grade", handed_in.root, "--assignment", "tiny", "--quiet")
    assert "ada" not in quiet.out.replace(str(handed_in.root), "")
    for form in sorted(FORMATS):
        if form == "nbgrader":
            continue
        said = backmark("report", handed_in.root, "--assignment", "tiny", "--to", form)
        assert said.code == 0, (form, said.err)
        first = said.out.splitlines()[0].strip()
        assert Path(first).exists(), form
    assert backmark("report", handed_in.root, "--assignment", "other", "--to", "csv").code == 2


def test_grade_ends_with_one_where_something_could_not_be_graded(backmark, handed_in, tinies):
    tinies.hand_in(handed_in, "mallory")
    tinies.hand_in(handed_in, "cleo", b"{ half a noteb")
    said = backmark("grade", handed_in.root, "--assignment", "tiny", "--workers", "1", "--allow-weak")
    assert said.code == 1
    assert said.out.count("not graded") == 2
    assert "damaged or cut short" in re.sub(r"\s+", " ", said.out)
    assert "2 could not be graded" in said.out


def test_grade_ends_with_three_where_it_was_our_fault(backmark, handed_in):
    (handed_in.keys("tiny") / "by-hand.jsonl").write_text("")
    said = backmark("grade", handed_in.root, "--assignment", "tiny", "--workers", "1", "--allow-weak")
    assert said.code == 3
    assert "Ours:" in said.err
    assert "ada" in said.err


def test_a_second_grader_is_told_to_wait(backmark, handed_in):
    from autograder.journal import Journal

    with Journal(handed_in.journal("tiny")):
        said = backmark("grade", handed_in.root, "--assignment", "tiny", "--workers", "1", "--allow-weak")
    assert "Another run" in one_sentence(said, 3)


def test_submissions_from_another_folder(backmark, handed_in, tmp_path):
    moved = tmp_path / "collected"
    (handed_in.root / "submitted").rename(moved)
    missing = backmark("grade", handed_in.root, "--assignment", "tiny", "--submissions", tmp_path / "nothing")
    assert missing.code == 2
    said = backmark(
        "grade",
        handed_in.root,
        "--assignment",
        "tiny",
        "--submissions",
        moved,
        "--workers",
        "1",
        "--allow-weak",
    )
    assert said.code == 0
    assert "2 graded now" in said.out
    assert "--submissions" in one_sentence(backmark("grade", handed_in.root, "--assignment", "tiny"), 2)


def test_hostile_names_are_shown_harmlessly(backmark, handed_in, tinies):
    tinies.hand_in(handed_in, "a\x1b[2Jb")
    tinies.hand_in(handed_in, "[red]c")
    said = backmark("grade", handed_in.root, "--assignment", "tiny", "--workers", "1", "--allow-weak")
    assert said.code == 1
    assert "\x1b" not in said.out
    assert "[red]c" in said.out
