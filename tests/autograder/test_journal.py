"""The journal: nothing written is lost, nothing half-written is believed."""

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from autograder.journal import JOURNAL_SCHEMA, Journal, JournalError, read_journal, write_whole


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal" / "convolution.jsonl"


def write(path, *students, **more):
    with Journal(path) as journal:
        for student in students:
            journal.append({"student": student, **more})


def test_the_newest_entry_of_each_student_counts(path):
    write(path, "ada", "ben", score=1)
    write(path, "ada", score=2)
    found = read_journal(path)
    assert {s: e["score"] for s, e in found.items()} == {"ada": 2, "ben": 1}
    assert all(e["schema"] == JOURNAL_SCHEMA for e in found.values())


def test_no_journal_means_nothing_graded(path):
    assert read_journal(path) == {}


def test_every_entry_is_one_line_of_ascii(path):
    write(path, "Gödel", text="two\nlines\u2028and a lone \ud800")
    data = path.read_bytes()
    assert data.count(b"\n") == 1
    assert data.isascii()
    assert read_journal(path)["Gödel"]["text"] == "two\nlines\u2028and a lone \ud800"


def test_a_last_line_that_lacks_only_its_end_is_kept(path):
    write(path, "ada", "ben")
    path.write_bytes(path.read_bytes()[:-1])
    write(path, "cleo")
    assert list(read_journal(path)) == ["ada", "ben", "cleo"]


@pytest.mark.parametrize("cut", [2, 5, 20])
def test_a_torn_last_line_is_ignored_and_then_overwritten(path, cut):
    write(path, "ada", "ben")
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    assert list(read_journal(path)) == ["ada"]
    write(path, "cleo")
    assert list(read_journal(path)) == ["ada", "cleo"]
    assert all(json.loads(line) for line in path.read_bytes().splitlines())


def test_a_torn_only_line_leaves_an_empty_journal(path):
    path.parent.mkdir()
    path.write_bytes(b'{"schema": "backmark/jour')
    assert read_journal(path) == {}
    write(path, "ada")
    assert list(read_journal(path)) == ["ada"]


@pytest.mark.parametrize(
    "line",
    [
        b"not json\n",
        b"[1]\n",
        b"3\n",
        b'{"schema": "backmark/journal/9", "student": "x"}\n',
        b"{}\n",
        b"\xff\n",
        b'{"schema": "backmark/journal/1", "student": []}\n',
        b'{"schema": "backmark/journal/1", "student": "x", "keys": 5}\n',
        b'{"schema": "backmark/journal/1"}\n',
    ],
)
def test_damage_before_the_end_is_refused_with_the_line(path, line):
    write(path, "ada")
    path.write_bytes(path.read_bytes() + line)
    write(path, "ben")
    with pytest.raises(JournalError, match="line 2"):
        read_journal(path)


def test_two_writers_are_kept_apart(path):
    with Journal(path) as first:
        with pytest.raises(JournalError, match="Another run"), Journal(path):
            pass
        first.append({"student": "ada"})
    write(path, "ben")
    assert list(read_journal(path)) == ["ada", "ben"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "journal").write_text("a file where a folder should be")
    with pytest.raises(JournalError, match="journal"), Journal(tmp_path / "journal" / "a.jsonl"):
        pass


def failing_write(after, kind=errno.ENOSPC):
    """Stand in for os.write: the first `after` bytes go through, then the disk is full."""
    left, write_really = [after], os.write

    def write(handle, data):
        if len(data) <= left[0]:
            left[0] -= len(data)
            return write_really(handle, data)
        if left[0]:
            done = write_really(handle, bytes(data[: left[0]]))
            left[0] = 0
            return done
        raise OSError(kind, os.strerror(kind))

    return write


@pytest.mark.parametrize("room", [0, 1, 40])
def test_a_full_disk_keeps_what_is_there_and_says_what_to_do(path, monkeypatch, room):
    with Journal(path) as journal:
        journal.append({"student": "ada"})
        before = path.read_bytes()
        monkeypatch.setattr(os, "write", failing_write(room))
        with pytest.raises(JournalError, match=r"No space left.*same command again"):
            journal.append({"student": "ben", "text": "x" * 200})
        monkeypatch.undo()
        assert path.read_bytes() == before
        journal.append({"student": "cleo"})
    assert list(read_journal(path)) == ["ada", "cleo"]


def test_short_writes_are_finished(path, monkeypatch):
    really = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: really(handle, bytes(data[:7])))
    write(path, "ada", "ben")
    monkeypatch.undo()
    assert list(read_journal(path)) == ["ada", "ben"]


def test_what_is_appended_survives_a_kill(path, tmp_path):
    """A writer that is killed right after `append` returns has lost nothing, and its lock is gone."""
    script = tmp_path / "writer.py"
    script.write_text(
        textwrap.dedent(f"""
        import os, signal, sys
        from pathlib import Path
        from autograder.journal import Journal
        with Journal(Path({str(path)!r})) as journal:
            journal.append({{"student": "ada"}})
            journal.append({{"student": "ben"}})
            os.kill(os.getpid(), signal.SIGKILL)
        """)
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert list(read_journal(path)) == ["ada", "ben"]
    write(path, "cleo")


# --- whole files ---------------------------------------------------------------------------------


def test_a_file_is_either_old_or_new(tmp_path, monkeypatch):
    target = tmp_path / "reports" / "ada.json"
    write_whole(target, b"old")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    with pytest.raises(OSError, match="full"):
        write_whole(target, b"new")
    monkeypatch.undo()
    assert target.read_bytes() == b"old"
    write_whole(target, b"new")
    assert target.read_bytes() == b"new"
    assert [p.name for p in target.parent.iterdir()] == ["ada.json"]


def test_a_file_can_be_for_staff_only(tmp_path):
    write_whole(tmp_path / "key", b"x", 0o600)
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0


def test_every_changed_bit_is_noticed(path):
    write(path, "ada", "ben")
    whole, sealed = path.read_bytes(), path.read_bytes().index(b', "crc"')
    for place in range(sealed):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(JournalError, match="line 1"):
            read_journal(path)


def test_lines_without_a_seal_and_blank_lines_are_read(path):
    write(path, "ada")
    old = b'{"schema": "backmark/journal/1", "student": "ben", "keys": {}, "report": {}}\n'
    path.write_bytes(path.read_bytes() + b"\n" + old + b"\n")
    write(path, "cleo")
    assert list(read_journal(path)) == ["ada", "ben", "cleo"]


def test_a_foreign_file_is_not_cut(path):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x" * 1000)
    with pytest.raises(JournalError, match="is no journal"):
        write(path, "ada")
    assert path.read_bytes() == b"x" * 1000
