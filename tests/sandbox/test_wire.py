"""The wire format: everything plain survives the trip, and nothing else gets in."""

import json  # noqa: I001
import math
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.sandbox import Call, Foreign, Handle, Outcome, Rng, Source, wire, wire_files
import contextlib

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(1 << 200), 1 << 200) | st.floats() | TEXT | st.complex_numbers()
)
DTYPES = st.sampled_from([np.dtype(c) for c in "?bBhHiIqQefdFD"])
ARRAYS = hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3))
KEYS = TEXT | st.integers(1 - (1 << 60), (1 << 60) - 1) | st.booleans() | st.none()
DATA = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=15,
)


def same(a: object, b: object) -> bool:
    """Tell whether two plain values are alike in type, order and every bit, nan included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, complex):
        return same(a.real, b.real) and same(a.imag, b.imag)
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    return a == b


@settings(max_examples=150, deadline=None)
@given(DATA)
def test_plain_data_survives(data):
    assert same(wire.unpack(wire.pack(data)), data)
    skeleton, arrays = wire.encode(data)
    assert same(wire.decode(json.loads(json.dumps(skeleton, allow_nan=False)), arrays), data)


def test_scripts_and_outcomes_survive():
    script = [
        Call(
            "f",
            (np.ones((2, 2)), Handle("a", 1), Rng(3), Source("def g(): ...", "g", (1,))),
            {"k": [1]},
            save="s",
        ),
        Call(
            Source("def h(): ...", "h"),
            show=(0, 2),
            may_change=("args[1]",),
            layouts={"*": "F"},
            attribute=True,
        ),
    ]
    back = wire.unpack(wire.pack(script))
    assert back[0].args[1:] == script[0].args[1:3] + (back[0].args[3],)
    assert (back[0].args[3].code, back[0].args[3].args) == ("def g(): ...", (1,))
    assert (back[1].do.name, back[1].show, back[1].may_change) == ("h", (0, 2), ("args[1]",))
    assert (back[1].layouts, back[1].attribute, back[0].save) == ({"*": "F"}, True, "s")
    outcome = wire.unpack(
        wire.pack(Outcome("ok", (Foreign("kept"), 1.5), (("", "view"),), error={"line": 3}))
    )
    assert outcome.value == (Foreign("kept"), 1.5)
    assert (outcome.facts, outcome.error, outcome.status) == ((("", "view"),), {"line": 3}, "ok")


def test_numpy_scalars_become_plain():
    assert same(wire.unpack(wire.pack([np.float32(0.5), np.int8(3), np.bool_(True)])), [0.5, 3, True])


@pytest.mark.parametrize(
    "value",
    [
        object(),
        b"bytes",
        {1, 2},
        np.array([object()]),
        np.array(["a"]),
        np.array([1.0]).astype(">f8"),
        np.ma.array([1.0]),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
        {(1, 2): 3},
        {1 << 61: 3},
        {1j: 3},
        "\ud800",
        lambda: 0,
    ],
    ids=lambda v: type(v).__name__,
)
def test_anything_else_is_refused(value):
    with pytest.raises(wire.WireError, match="cannot be sent"):
        wire.pack([value])


def test_depth_is_bounded():
    deep: list = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(wire.WireError, match="nested"):
        wire.encode(deep)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_raise_wire_error_only(data):
    with pytest.raises(wire.WireError):
        wire.unpack(data)
    framed = wire.HEADER.pack(wire.MAGIC, len(data), 0) + data
    with contextlib.suppress(wire.WireError):
        wire.unpack(framed)


@settings(max_examples=200, deadline=None)
@given(DATA, st.data())
def test_spoilt_messages_raise_wire_error_only(data, draw):
    message = bytearray(wire.pack(data))
    place = draw.draw(st.integers(0, len(message) - 1))
    message[place] = draw.draw(st.integers(0, 255))
    with contextlib.suppress(wire.WireError):
        wire.unpack(bytes(message))
    with pytest.raises(wire.WireError):
        wire.unpack(bytes(wire.pack(data))[:-1])


JSONS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from([*"atdifcr", "nan", "Call"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*"atdifcr", "x"]), inner, max_size=2)
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(JSONS)
def test_hostile_skeletons_raise_wire_error_only(skeleton):
    with contextlib.suppress(wire.WireError):
        wire.decode(skeleton, [np.ones(2)])


def _message(skeleton, shapes, raw=b""):
    text = json.dumps([skeleton, shapes]).encode()
    return wire.HEADER.pack(wire.MAGIC, len(text), len(raw)) + text + raw


@pytest.mark.parametrize(
    ("shapes", "raw"),
    [
        ([["<f8", [2]]], b"x" * 15),
        ([["<f8", [2]]], b"x" * 17),
        ([["<f8", [-1]]], b""),
        ([["<f8", [1 << 62, 1 << 62]]], b""),
        ([["<f8", [0, 1 << 70]]], b""),
        ([["<f8", [True]]], b"x" * 8),
        ([["|O", [1]]], b"x" * 8),
        ([["<f16", [1]]], b"x" * 16),
        ([["<U1", [1]]], b"x" * 4),
        ([["f8,f8", [1]]], b"x" * 16),
        ([["<f8", [1] * 100]], b"x" * 8),
        ([["<f8", 1]], b"x" * 8),
        ([["<f8"]], b""),
        ([5], b""),
        ({"a": 1}, b""),
        ([[["<f8"], [1]]], b"x" * 8),
    ],
)
def test_hostile_array_descriptions(shapes, raw):
    with pytest.raises(wire.WireError):
        wire.unpack(_message({"a": 0}, shapes, raw))


def test_bools_are_made_proper():
    value = wire.unpack(_message({"a": 0}, [["|b1", [3]]], b"\x00\x02\xff"))
    assert value.tobytes() == b"\x00\x01\x01"


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 100_000,
        b"9" * 50_000,
        b"[NaN,[]]",
        b"[1e999,[]]",
        b'["\\ud800",[]]',
        b"\xff\xfe",
        b"[{},[]]",
        b"[1]",
        b"null",
    ],
)
def test_hostile_json(text):
    with pytest.raises(wire.WireError):
        wire.unpack(wire.HEADER.pack(wire.MAGIC, len(text), 0) + text)


@pytest.mark.parametrize("named", [[0, 0], [1, 0], [0, 2], [1], [True]])
def test_every_array_is_named_once_and_in_its_turn(named):
    """A thousand names of one array would be a thousand arrays to whoever puts them side by side."""
    arrays = [np.zeros(2), np.ones(2)]
    assert len(wire.decode([{"a": 0}, {"a": 1}], arrays)) == 2
    with pytest.raises(wire.WireError, match="array"):
        wire.decode([{"a": n} for n in named], arrays)


@pytest.mark.parametrize(
    "header",
    [b"", b"BMw1", struct.pack("<4sIQ", b"BMw1", 1 << 31, 0), struct.pack("<4sIQ", b"BMw1", 0, 1 << 63)],
)
def test_headers_over_budget(header):
    with pytest.raises(wire.WireError):
        wire.measure(header)


def test_budgets_of_a_reader():
    small = wire.Budget(nodes=10, text=5, int_bits=64, depth=3)
    for data in ([0] * 20, "x" * 9, 1 << 80, [[[[1]]]], {"a" * 9: 1}):
        message = wire.pack(data)
        with pytest.raises(wire.WireError):
            wire.unpack(message, small)


def test_save_and_load(tmp_path):
    data = {
        "x": np.arange(3.0),
        "calls": [Call("f", (np.eye(2),))],
        "scalar": np.array(1.5),
        "n": float("nan"),
    }
    wire_files.save(tmp_path / "code", data)
    first = [(tmp_path / f"code.{end}").read_bytes() for end in ("json", "npz")]
    back = wire_files.load(tmp_path / "code")
    np.testing.assert_array_equal(back["x"], [0, 1, 2])
    np.testing.assert_array_equal(back["calls"][0].args[0], np.eye(2))
    assert back["scalar"].shape == ()
    wire_files.save(tmp_path / "code", data)
    assert [(tmp_path / f"code.{end}").read_bytes() for end in ("json", "npz")] == first
    assert sorted(p.name for p in tmp_path.iterdir()) == ["code.json", "code.npz"]


def test_load_says_what_is_wrong(tmp_path):
    with pytest.raises(FileNotFoundError):
        wire_files.load(tmp_path / "none")
    wire_files.save(tmp_path / "a", [np.ones(2)])
    (tmp_path / "a.npz").write_bytes(b"PK broken")
    with pytest.raises(wire.WireError, match=r"a\.json"):
        wire_files.load(tmp_path / "a")
    wire_files.save(tmp_path / "b", [1])
    text = (tmp_path / "b.json").read_text().replace("wire/2", "wire/9")
    (tmp_path / "b.json").write_text(text)
    with pytest.raises(wire.WireError, match="schema"):
        wire_files.load(tmp_path / "b")


def test_load_takes_no_pickle(tmp_path):
    wire_files.save(tmp_path / "c", [np.ones(2)])
    with open(tmp_path / "c.npz", "wb") as file:
        np.savez(file, bytes=np.array([{"a": 1}], dtype=object))
    with pytest.raises(wire.WireError):
        wire_files.load(tmp_path / "c")


def test_fields_left_out_at_the_end_are_not_sent():
    skeleton, _ = wire.encode(Outcome("ok", 1.5, (), 0.25))
    assert skeleton == {"r": ["Outcome", ["ok", 1.5, {"t": []}, 0.25]]}
    got = wire.decode(skeleton, [])
    assert (got.status, got.value, got.facts, got.seconds) == ("ok", 1.5, (), 0.25)
    assert (got.changed, got.after, got.error, got.global_random_touched) == ((), {}, None, False)


@pytest.mark.parametrize("fields", [[], ["ok"] * 9])
def test_records_with_too_few_or_too_many_fields_are_refused(fields):
    with pytest.raises(wire.WireError, match="number of fields"):
        wire.decode({"r": ["Outcome", fields]}, [])
