"""Made-up notebooks, and made-up messages from a child."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import shutil
import struct
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autograder.sandbox import (
    Call,
    Cell,
    Foreign,
    Outcome,
    Release,
    UnreadableSubmission,
    WireError,
    read_submission,
    wire,
)
from autograder.sandbox.replies import read_cell, read_question

RELEASE = Release(
    setup=("import numpy as np",),
    locked={"setup": "import numpy as np", "test_f": "assert f(1) == 2"},
    stubs={"f": "def f(x):\n    raise NotImplementedError()", "CONV-1": 'answer = """ """'},
    by_hand=("CONV-1",),
    student_placeholder="",
)
CALL = Call("f", (np.ones(2), 1), {"run": {}}, may_change=("run",))
SOURCES = {3: "class Cache:\n    pass\ndef f(x):\n    return 1 / 0\n"}
# --- strategies ----------------------------------------------------------------------------------

TOKENS = st.sampled_from(
    [
        *(
            b'"',
            b"\\",
            b"{",
            b"}",
            b"[",
            b"]",
            b",",
            b":",
            b"\0",
            b"\xff",
            b"\xed\xa0\x80",
            b"\xef\xbb\xbf",
            b"\r",
        ),
        *(
            b"\\ud800",
            b"\\u0000",
            b"NaN",
            b"Infinity",
            b"-0",
            b"1e999",
            b"9" * 30,
            b"[" * 120,
            b'{"a":' * 120,
        ),
        *(
            b"null",
            b"true",
            b'"cells"',
            b'"source"',
            b'"metadata"',
            b'"nbgrader"',
            b'"worksheets"',
            b"%%",
            b"!",
            b"BMw1",
        ),
    ]
)
PLACES = st.integers(0, 1 << 16)
CHANGES = st.lists(
    st.tuples(st.just("cut"), PLACES, PLACES)
    | st.tuples(st.just("double"), PLACES, PLACES)
    | st.tuples(st.just("put"), PLACES, TOKENS)
    | st.tuples(st.just("set"), PLACES, st.integers(0, 255)),
    max_size=6,
)
ANY_TEXT = st.text(max_size=12) | st.text(
    st.characters(categories=["Cs", "Cc", "Cf", "Lo", "Nd"]), max_size=6
)
SOURCE_TEXT = st.text(st.sampled_from("%!?\"'\\\n #()[]{}=ax1:\t\r\f\0\ud800é"), max_size=40) | ANY_TEXT
WORDS = st.sampled_from(
    ["f", "test_f", "setup", "CONV-1", "code", "markdown", "raw", "answer", "cells", "source", ""]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | WORDS


def changed(data: bytes, changes: list[tuple[Any, ...]]) -> bytes:
    """Return the bytes with cuts, doublings and insertions."""
    held = bytearray(data)
    for what, place, value in changes:
        at = place % (len(held) + 1)
        if what == "cut":
            del held[at : at + value % 50]
        elif what == "double":
            held[at:at] = held[at : at + value % 200]
        elif what == "put":
            held[at:at] = value
        elif held:
            held[at % len(held)] = value
    return bytes(held)


def _inner(some: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    pairs = st.lists(st.tuples(WORDS | ANY_TEXT, some), max_size=4)
    return st.lists(some, max_size=4) | pairs.map(lambda p: Pairs(p))


class Pairs(list):
    """A JSON object whose names may come twice."""


ANY_JSON = st.recursive(LEAVES, _inner, max_leaves=4)
MARKS = st.lists(
    st.tuples(st.sampled_from(["grade_id", "grade", "locked", "solution", "points"]), WORDS | ANY_JSON),
    max_size=5,
)
METADATA = st.lists(
    st.tuples(st.sampled_from(["nbgrader", "tags", "backmark"]), MARKS.map(Pairs) | ANY_JSON), max_size=3
)
CELLS = ANY_JSON | st.lists(
    st.tuples(st.just("cell_type"), st.sampled_from(["code", "markdown", "raw"]) | ANY_JSON)
    | st.tuples(st.just("source"), SOURCE_TEXT | st.lists(SOURCE_TEXT, max_size=3) | ANY_JSON)
    | st.tuples(st.just("metadata"), METADATA.map(Pairs) | ANY_JSON)
    | st.tuples(WORDS, ANY_JSON),
    max_size=6,
).map(Pairs)


def written(value: Any) -> str:
    """Write JSON as an enemy would: names twice, nan, lone surrogates."""
    if isinstance(value, Pairs):
        return "{" + ",".join(f"{json.dumps(k)}:{written(v)}" for k, v in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)


NOTEBOOK = json.dumps(
    {
        "cells": [
            {"cell_type": "code", "source": ["student = 'ada'\n"], "metadata": {}, "outputs": []},
            *(
                {
                    "cell_type": "code",
                    "source": source,
                    "metadata": {"nbgrader": {"grade_id": name, "solution": True}},
                }
                for name, source in (
                    *RELEASE.stubs.items(),
                    ("f", "def f(x):\n    %timeit x\n    return x + 1"),
                )
            ),
            {"cell_type": "markdown", "source": "# Title", "metadata": {"nbgrader": {"grade_id": "f"}}},
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
).encode()

# --- targets -------------------------------------------------------------------------------------


@functools.cache
def _folder() -> Path:
    folder = tempfile.mkdtemp(prefix="backmark-fuzz-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _ingested(data: bytes, name: str) -> None:
    path = _folder() / name
    path.write_bytes(data)
    try:
        got = read_submission(path, RELEASE)
    except UnreadableSubmission as problem:
        said = [str(problem)]
    else:
        said = list(got.notes)
        assert set(got.answers) <= {"CONV-1"}
        for cell in got.cells:
            cell.source.encode()
    assert all(s.endswith(".") and "\n" not in s and s.isprintable() for s in said), said


@given(CHANGES, st.sampled_from(["a.ipynb", "a.py"]))
def ingest_bytes(changes: list[Any], name: str) -> None:
    """Read a notebook, or a Python file, with some bytes changed."""
    _ingested(changed(NOTEBOOK, changes), name)


@given(st.lists(CELLS, max_size=3), st.lists(st.tuples(WORDS, ANY_JSON), max_size=2), st.integers(0, 30))
def ingest_structure(cells: list[Any], others: list[Any], depth: int) -> None:
    """Read a notebook of made-up cells."""
    text = written(Pairs([*others, ("cells", cells), ("deep", json.loads("[" * depth + "]" * depth or "0"))]))
    _ingested(text.encode("utf-8", "surrogatepass"), "a.ipynb")


def _read(frame: bytes) -> None:
    with contextlib.suppress(WireError):
        wire.unpack(frame)
    with contextlib.suppress(WireError):
        (outcome,) = read_question(frame, "f", [CALL], SOURCES)
        assert outcome.status in ("ok", "missing", "not-callable", "exception", "unreachable")
        wire.pack(outcome)
    with contextlib.suppress(WireError):
        assert read_cell(frame, Cell(3, SOURCES[3])).status in ("ok", "exception")


HONEST = wire.pack(
    [
        "question",
        "f",
        [Outcome("ok", (np.ones(3), 1.5, {"a": 1 << 90, 2: None}, Foreign("Cache")), (("[0]", "view"),))],
    ]
)


@given(CHANGES)
def wire_bytes(changes: list[Any]) -> None:
    """Read a reply with some bytes changed, once as it is and once with a header that fits."""
    data = changed(HONEST, changes)
    _read(data)
    _, text, arrays = wire.HEADER.unpack(HONEST[: wire.HEADER.size])
    body = data[wire.HEADER.size :]
    cut = min(text, len(body))
    _read(wire.HEADER.pack(wire.MAGIC, cut, len(body) - cut) + body)
    _read(wire.HEADER.pack(wire.MAGIC, max(len(body) - arrays, 0), min(arrays, len(body))) + body)


TAGS = st.sampled_from(["a", "t", "d", "i", "f", "c", "r", "x"])
WIRE_WORDS = st.sampled_from(
    [
        "question",
        "cell",
        "f",
        "ok",
        "exception",
        "Outcome",
        "Foreign",
        "Call",
        "nan",
        "inf",
        "0x1f",
        "args[0]",
    ]
)
SKELETON = st.recursive(
    LEAVES | WIRE_WORDS | st.integers(-3, 3),
    lambda some: (
        st.lists(some, max_size=5)
        | st.tuples(TAGS, some).map(lambda p: Pairs([p]))
        | st.tuples(st.just("Outcome"), st.lists(some, max_size=9)).map(lambda p: Pairs([("r", list(p))]))
        | st.lists(st.tuples(TAGS, some), max_size=2).map(Pairs)
    ),
    max_leaves=14,
)
REPLIES = SKELETON | st.lists(SKELETON, max_size=2).map(lambda o: ["question", "f", o])
SHAPES = st.lists(
    st.tuples(
        st.sampled_from(["<f8", "|b1", "<i8", "<c16", "|O", "<U4", ">f8", "|V8", "f8"]) | ANY_JSON,
        st.lists(st.integers(-1, 4) | st.just(1 << 62) | ANY_JSON, max_size=40) | ANY_JSON,
    ).map(list)
    | ANY_JSON,
    max_size=3,
)


@given(REPLIES, SHAPES, st.binary(max_size=64))
def wire_structure(skeleton: Any, shapes: list[Any], raw: bytes) -> None:
    """Read a reply of made-up pieces."""
    text = written([skeleton, shapes]).encode("utf-8", "surrogatepass")
    _read(struct.pack("<4sIQ", wire.MAGIC, len(text), len(raw)) + text + raw)


TARGETS = (ingest_bytes, ingest_structure, wire_bytes, wire_structure)
