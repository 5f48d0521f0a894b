"""Wire format: plain data as a JSON skeleton and raw array buffers; never pickle.

``encode`` and ``decode`` turn plain data and scripts into a JSON-able skeleton plus a list of arrays and
back.  ``pack`` and ``unpack`` lay that out as one run of bytes for a pipe, `wire_files` as two files.  The
decoder takes the sender for hostile: whatever is not exactly what ``encode`` writes, or is over budget,
raises WireError and nothing else.
"""

import dataclasses
import json
import math
import struct
from collections.abc import Collection
from typing import Any

import numpy as np

from ._plain import SENDABLE, Foreign, is_key
from ._script import Call, Handle, Outcome, Rng, Source


def _default(field: dataclasses.Field) -> object:
    """Return what a field holds when it is left out, MISSING where it must not be."""
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


MAGIC = b"BMw1"
HEADER = struct.Struct("<4sIQ")
LATE_WANTED = "a package that another process has loaded is wanted"  # instead of the next reply
RECORDS: dict[str, Any] = {kind.__name__: kind for kind in (Call, Foreign, Handle, Outcome, Rng, Source)}
_FIELDS = {name: tuple(f.name for f in dataclasses.fields(kind)) for name, kind in RECORDS.items()}
_DEFAULTS = {name: tuple(map(_default, dataclasses.fields(kind))) for name, kind in RECORDS.items()}
_NEEDED = {name: defaults.count(dataclasses.MISSING) for name, defaults in _DEFAULTS.items()}
_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_PLAIN_INT = 1 << 53
_KINDS = {code: np.dtype(code) for code in SENDABLE}
_CODES = {kind: code for code, kind in _KINDS.items()}
_JSON = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


class WireError(ValueError):
    """The bytes or the skeleton are not what ``encode`` writes, or are over budget."""


@dataclasses.dataclass(frozen=True)
class Budget:
    """Say how much a message may hold: nesting, values, bytes of JSON and of arrays, text, integer."""

    depth: int = 40
    nodes: int = 2_000_000
    skeleton: int = 64 << 20
    arrays: int = 1 << 30
    text: int = 4 << 20
    int_bits: int = 4096


def encode(obj: object, budget: Budget = Budget()) -> tuple[object, list[np.ndarray]]:
    """Split plain data into a JSON-able skeleton and the arrays it refers to.

    Takes None, bool, int, float (also nan, inf), complex, str, list, tuple, dict with simple keys, ndarray
    (bool, integer, float, complex; memory layout is not kept), numpy scalars (sent as Python scalars) and
    the records of a script.

    Raises:
        WireError: for anything else; it names the type.
    """
    arrays: list[np.ndarray] = []
    return _encode(obj, arrays, budget, 0), arrays


def _encode(value: object, arrays: list, budget: Budget, depth: int) -> object:
    if depth > budget.depth:
        raise WireError(f"data is nested deeper than {budget.depth}")
    write = _WRITERS.get(type(value))
    if write is not None:
        return write(value, arrays, budget, depth)
    if isinstance(value, np.generic):
        return _encode(value.item(), arrays, budget, depth)
    raise WireError(f"a value of type {type(value).__name__} cannot be sent")


def _encode_items(values: Collection, arrays: list, budget: Budget, depth: int) -> list:
    """Write many values; plain numbers and arrays, the most frequent by far, cost few calls."""
    if values and depth >= budget.depth:
        raise WireError(f"data is nested deeper than {budget.depth}")
    written: list = []
    for value in values:
        kind = type(value)
        if kind is np.ndarray:
            written.append({"a": _add_array(value, arrays)})
        elif (kind is float and value - value == 0.0) or (kind is int and -_PLAIN_INT < value < _PLAIN_INT):
            written.append(value)
        else:
            written.append(_encode(value, arrays, budget, depth + 1))
    return written


def _encode_dict(value: dict, arrays: list, budget: Budget, depth: int) -> object:
    for key in value:
        if not is_key(key):
            raise WireError(f"a dict key of type {type(key).__name__} cannot be sent")
    return {"d": [_encode_items(pair, arrays, budget, depth) for pair in value.items()]}


def _encode_record(value: object, arrays: list, budget: Budget, depth: int) -> object:
    kind = type(value).__name__
    return {"r": [kind, _encode_items(_told(value, kind), arrays, budget, depth)]}


def _told(record: object, kind: str) -> list:
    """Return the fields of a record up to the last that is not as it would be when left out."""
    values = [getattr(record, name) for name in _FIELDS[kind]]
    while len(values) > _NEEDED[kind] and _is_default(values[-1], _DEFAULTS[kind][len(values) - 1]):
        values.pop()
    return values


def _is_default(value: object, default: object) -> bool:
    return type(value) is type(default) and (
        value is default or (not isinstance(value, np.ndarray) and value == default)
    )


def _encode_int(value: int) -> object:
    return value if abs(value) < _PLAIN_INT else {"i": hex(value)}


def _encode_float(value: float) -> object:
    return value if math.isfinite(value) else {"f": repr(value)}


def _encode_text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise WireError("a text with lone surrogates cannot be sent") from None
    return value


_WRITERS: dict[type, Any] = {
    type(None): lambda value, *_: value,
    bool: lambda value, *_: value,
    int: lambda value, *_: _encode_int(value),
    float: lambda value, *_: _encode_float(value),
    complex: lambda z, *_: {"c": [_encode_float(z.real), _encode_float(z.imag)]},
    str: lambda value, *_: _encode_text(value),
    np.ndarray: lambda value, arrays, *_: {"a": _add_array(value, arrays)},
    list: _encode_items,
    tuple: lambda value, *rest: {"t": _encode_items(value, *rest)},
    dict: _encode_dict,
    **dict.fromkeys(RECORDS.values(), _encode_record),
}


def _add_array(array: np.ndarray, arrays: list) -> int:
    if array.dtype not in _CODES:
        raise WireError(f"an array of {array.dtype} cannot be sent")
    arrays.append(array)
    return len(arrays) - 1


def decode(skeleton: object, arrays: list[np.ndarray], budget: Budget = Budget()) -> object:
    """Rebuild what ``encode`` was given; the inverse, for a skeleton nobody vouches for.

    Raises:
        WireError: the skeleton is not of ``encode``'s making or is over budget.
    """
    try:
        return _Decoder(arrays, budget).value(skeleton, 0)
    except WireError:
        raise
    except Exception as error:
        raise WireError(f"the skeleton cannot be read ({type(error).__name__})") from None


class _Decoder:
    """Carry the arrays and what is left of the budget through one decoding."""

    def __init__(self, arrays: list[np.ndarray], budget: Budget) -> None:
        self.arrays, self.budget, self.nodes, self.taken = arrays, budget, 0, 0

    def value(self, node: object, depth: int) -> object:
        self.nodes += 1
        if self.nodes > self.budget.nodes or depth > self.budget.depth:
            raise WireError("the skeleton is over budget")
        read = _READERS.get(type(node))
        if read is None:
            raise WireError("the skeleton holds something unknown")
        return read(self, node, depth)

    def items(self, nodes: list, depth: int) -> list:
        """Read many values; plain numbers and arrays, the most frequent by far, cost few calls."""
        self.nodes += len(nodes)
        if self.nodes > self.budget.nodes or (nodes and depth > self.budget.depth):
            raise WireError("the skeleton is over budget")
        found = []
        for node in nodes:
            kind = type(node)
            if (kind is float and node - node == 0.0) or (kind is int and -_PLAIN_INT < node < _PLAIN_INT):
                found.append(node)
            elif kind is dict and len(node) == 1 and "a" in node:
                found.append(self.array(node["a"], depth))
            elif (read := _READERS.get(kind)) is not None:
                found.append(read(self, node, depth))
            else:
                raise WireError("the skeleton holds something unknown")
        return found

    def listed(self, node: list, depth: int) -> list:
        return self.items(node, depth + 1)

    def tagged(self, node: dict, depth: int) -> object:
        if len(node) == 1:
            ((tag, body),) = node.items()
            if tag in _TAGS:
                return _TAGS[tag](self, body, depth)
        raise WireError("the skeleton holds something unknown")

    def plain(self, node: object, _depth: int) -> object:
        return node

    def finite(self, node: float, _depth: int) -> float:
        if not math.isfinite(node):
            raise WireError("the skeleton holds a bare nan or inf")
        return node

    def small(self, node: int, _depth: int = 0) -> int:
        if node.bit_length() > self.budget.int_bits:
            raise WireError("an integer is over budget")
        return node

    def text(self, node: object, _depth: int = 0) -> str:
        if not isinstance(node, str) or len(node) > self.budget.text:
            raise WireError("a text is over budget")
        node.encode()
        return node

    def array(self, body: object, _depth: int) -> np.ndarray:
        # Each in its turn, as they are written: one that is named a thousand times would be a thousand arrays.
        if type(body) is not int or body != self.taken or body >= len(self.arrays):
            raise WireError("an array is missing")
        self.taken += 1
        return self.arrays[body]

    def sequence(self, body: object, depth: int) -> tuple:
        if not isinstance(body, list):
            raise WireError("a tuple is garbled")
        return tuple(self.items(body, depth + 1))

    def mapping(self, body: object, depth: int) -> dict:
        if not isinstance(body, list) or any(not isinstance(p, list) or len(p) != 2 for p in body):
            raise WireError("a dict is garbled")
        result: dict = {}
        for raw, value in body:
            key = self.value(raw, depth + 1)
            if not is_key(key):
                raise WireError("a dict key is garbled")
            result[key] = self.value(value, depth + 1)
        return result

    def long(self, body: object, _depth: int) -> int:
        text = self.text(body)
        if len(text) > self.budget.int_bits // 4 + 3:
            raise WireError("an integer is over budget")
        return self.small(int(text, 16))

    def odd_float(self, body: object, _depth: int) -> float:
        return _NOT_FINITE[self.text(body)]

    def complex_number(self, body: object, depth: int) -> complex:
        parts = self.sequence(body, depth)
        if len(parts) != 2 or any(type(p) is not float for p in parts):
            raise WireError("a complex number is garbled")
        return complex(*parts)

    def record(self, body: object, depth: int) -> object:
        if not isinstance(body, list) or len(body) != 2 or not isinstance(body[1], list):
            raise WireError("a record is garbled")
        kind = RECORDS[self.text(body[0])]
        if not _NEEDED[kind.__name__] <= len(body[1]) <= len(_FIELDS[kind.__name__]):
            raise WireError("a record has the wrong number of fields")
        return kind(*self.items(body[1], depth + 1))


_READERS: dict[type, Any] = {
    float: _Decoder.finite,
    int: _Decoder.small,
    bool: _Decoder.plain,
    type(None): _Decoder.plain,
    str: _Decoder.text,
    list: _Decoder.listed,
    dict: _Decoder.tagged,
}
_TAGS = {
    "a": _Decoder.array,
    "t": _Decoder.sequence,
    "d": _Decoder.mapping,
    "i": _Decoder.long,
    "f": _Decoder.odd_float,
    "c": _Decoder.complex_number,
    "r": _Decoder.record,
}


def pack(obj: object) -> bytes:
    """Lay data out as bytes: header (magic, length of the JSON, length of the arrays), JSON, raw arrays."""
    skeleton, shapes, raw = laid_out(obj)
    text = _JSON.encode([skeleton, shapes]).encode()
    return HEADER.pack(MAGIC, len(text), len(raw)) + text + raw


def laid_out(obj: object) -> tuple[object, list, bytes]:
    """Return the skeleton, kind and shape of each array, and the arrays' bytes in a row."""
    skeleton, arrays = encode(obj)
    return skeleton, [[_CODES[a.dtype], a.shape] for a in arrays], b"".join([a.tobytes() for a in arrays])


def measure(header: bytes, budget: Budget = Budget()) -> int:
    """Read a header; return how many bytes follow it.

    Raises:
        WireError: it is not a header, or announces more than the budget.
    """
    if len(header) != HEADER.size:
        raise WireError("the header is cut short")
    magic, text, raw = HEADER.unpack(header)
    if magic != MAGIC:
        raise WireError("this is not one of our messages")
    if text > budget.skeleton or raw > budget.arrays:
        raise WireError("the message is over budget")
    return text + raw


def unpack(data: bytes, budget: Budget = Budget()) -> object:
    """Rebuild what ``pack`` was given, from bytes nobody vouches for.

    Raises:
        WireError: for any bytes that ``pack`` would not have written, or that are over budget.
    """
    body = measure(data[: HEADER.size], budget)
    if len(data) != HEADER.size + body:
        raise WireError("the message has the wrong length")
    try:
        cut = HEADER.size + HEADER.unpack(data[: HEADER.size])[1]
        content = json.loads(data[HEADER.size : cut].decode())
        if not isinstance(content, list) or len(content) != 2:
            raise WireError("the message is garbled")
        skeleton, shapes = content
        arrays = cut_arrays(memoryview(data)[cut:], shapes)
    except WireError:
        raise
    except (ValueError, TypeError, RecursionError, MemoryError, OverflowError) as error:
        raise WireError(f"the message cannot be read ({type(error).__name__})") from None
    return decode(skeleton, arrays, budget)


def cut_arrays(raw: memoryview, shapes: list) -> list[np.ndarray]:
    """Cut the arrays out of a copy of the bytes; only one that begins at an odd place is copied once more."""
    arrays, start, copied = [], 0, np.array(raw, np.uint8)
    for code, shape in shapes:
        kind = _KINDS.get(code)
        if kind is None or len(shape) > 32 or not all(type(n) is int and n >= 0 for n in shape):
            raise WireError("an array is described wrongly")
        stop = start + math.prod(shape) * kind.itemsize
        if stop > len(raw):
            raise WireError("an array is cut short")
        flat = copied[start:stop] if start % kind.itemsize == 0 else copied[start:stop].copy()
        arrays.append((flat != 0 if kind.kind == "b" else flat.view(kind)).reshape(shape))
        start = stop
    if start != len(raw):
        raise WireError("there are bytes after the last array")
    return arrays
