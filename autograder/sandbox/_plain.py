"""Plain data: what may leave a student's process, and how a result is copied to it.

Like the scripts it is used beside student code and as text in the student kit, so it needs numpy only.
"""

import dataclasses

import numpy as np

MAX_DEPTH = 16
MAX_NODES = 200_000
MAX_BYTES = 64 << 20
MAX_TEXT = 100_000
MAX_INT_BITS = 4096
MAX_AXES = 32
SENDABLE = frozenset(np.dtype(c).str for c in "?bBhHiIlLqQefdFD")
SCALARS = (bool, int, float, complex, str)
_SENDABLE_KINDS = frozenset(map(np.dtype, SENDABLE))
_AS_IT_IS = frozenset((float, bool, type(None)))
_NUMPY_FACTS = {kind.type: f"numpy {kind.name}" for kind in _SENDABLE_KINDS}


@dataclasses.dataclass(frozen=True)
class Foreign:
    """Stand for a value that is not plain data; only the name of its type is known."""

    typename: str


class _TooLarge(Exception):
    """A result is over budget."""


def snapshot(value, arguments=()):
    """Copy a result to plain data; return ``(copy, facts)``.

    Facts name what was lost or is odd: "matrix", "masked", "subclass", "numpy float32", "longdouble",
    "object array", "string array", "byte order", "set", "view" (shares memory with one of ``arguments``),
    "too large".  What is not plain data becomes ``Foreign``.
    """
    facts: list = []
    try:
        return _copy(value, "", facts, arguments, [MAX_NODES, MAX_BYTES], 0), tuple(facts)
    except _TooLarge:
        return Foreign("too large"), (("", "too large"),)


def _copy(value, path, facts, arguments, left, depth):
    left[0] -= 1
    if left[0] < 0 or depth > MAX_DEPTH:
        raise _TooLarge
    if type(value) in _AS_IT_IS:
        return value
    if isinstance(value, np.ndarray):
        return _copy_array(value, path, facts, arguments, left, depth)
    if isinstance(value, np.generic):
        facts.append((path, _NUMPY_FACTS.get(type(value)) or f"numpy {value.dtype.name}"))
        item = value.item()
        if isinstance(item, np.generic):
            item = complex(item) if value.dtype.kind == "c" else float(item)
        return _copy(item, path, facts, arguments, left, depth)
    if value is None or isinstance(value, SCALARS):
        return _copy_scalar(value, path, facts)
    if isinstance(value, (set, frozenset)):
        facts.append((path, "set"))
        value = sorted(value, key=repr)
    if isinstance(value, (tuple, list)):
        if type(value) not in (tuple, list):
            facts.append((path, "subclass"))
        items = [_copy(v, f"{path}[{i}]", facts, arguments, left, depth + 1) for i, v in enumerate(value)]
        return tuple(items) if isinstance(value, tuple) else items
    if isinstance(value, dict) and all(map(is_key, value)):
        if type(value) is not dict:
            facts.append((path, "subclass"))
        return {
            _copy_scalar(k, path, facts): _copy(v, f"{path}[{k!r:.99}]", facts, arguments, left, depth + 1)
            for k, v in value.items()
        }
    return value if type(value) is Foreign else Foreign(str(type(value).__name__)[:60])


def is_key(key):
    """Tell whether a dict key is plain; of those let through, nobody can make many with one hash."""
    return key is None or type(key) in (bool, float, str) or (type(key) is int and key.bit_length() <= 60)


def _copy_scalar(value, path, facts):
    if value is not None and type(value) not in SCALARS:
        facts.append((path, "subclass"))
        value = next(kind for kind in SCALARS if isinstance(value, kind))(value)
    if isinstance(value, int) and value.bit_length() > MAX_INT_BITS:
        raise _TooLarge
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise _TooLarge
        return value.encode("utf-8", "replace").decode()
    return value


def _copy_array(array, path, facts, arguments, left, depth):
    if type(array) is not np.ndarray:
        known = {"matrix": "matrix", "MaskedArray": "masked"}
        facts.append((path, known.get(type(array).__name__, "subclass")))
        array = np.asarray(array)
    if _may_share(array, arguments):
        facts.append((path, "view"))
    if array.ndim > MAX_AXES:
        return Foreign("array of too many axes")
    if array.dtype not in _SENDABLE_KINDS:
        return _copy_odd_array(array, path, facts, arguments, left, depth)
    return _counted(array, left)


def _may_share(array, arguments):
    """Tell whether an array may lie where an argument lies; arrays that own what they hold cannot."""
    for a in arguments:
        if (a is array or a.base is not None or array.base is not None) and np.may_share_memory(array, a):
            return True
    return False


def _copy_odd_array(array, path, facts, arguments, left, depth):
    if array.dtype.kind in "OUT":
        facts.append((path, "object array" if array.dtype.kind == "O" else "string array"))
        return _copy(array.tolist(), path, facts, arguments, left, depth + 1)
    if array.dtype.str not in SENDABLE:
        native = array.dtype.newbyteorder("=")
        if native.str not in SENDABLE:
            native = {"f": np.dtype(np.float64), "c": np.dtype(np.complex128)}.get(array.dtype.kind, native)
        if native.str not in SENDABLE:
            return Foreign(f"array of {array.dtype.name}"[:60])
        facts.append((path, "byte order" if native.itemsize == array.dtype.itemsize else "longdouble"))
        array = array.astype(native)
    elif array.dtype not in _SENDABLE_KINDS:  # plain numbers that also have fields
        array = array.view(array.dtype.str)
    return _counted(array, left)


def _counted(array, left):
    left[1] -= array.nbytes
    if left[1] < 0:
        raise _TooLarge
    return array.copy()
