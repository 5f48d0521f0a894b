"""Scripts: what student code is asked to do, and the one interpreter that plays them.

The interpreter runs in three places: beside student code in the sandboxed child, in the trusted judge
(which plays truth and mistakes), and, as pasted text, in the student kit. So it needs numpy and the
standard library only, and of ours `_plain.py` and `_dice.py`.
"""

import builtins
import collections.abc
import dataclasses
import functools
import itertools
import linecache
import time
import warnings

import numpy as np

from ._dice import dice_at_start, mark_of_dice
from ._plain import MAX_DEPTH, SCALARS, Foreign, snapshot

MAX_ITEMS = 2_000  # of a generator: no exercise has results of more
_NAMES = tuple(f"args[{i}]" for i in range(16))
_NEVER_CHANGE = frozenset((bool, int, float, complex, str, type(None)))
_NEVER_LAZY = _NEVER_CHANGE | {np.ndarray, np.float64, np.int64, np.bool_, tuple, list, dict}
_IGNORE_ALL = ("ignore", None, Warning, None, 0)  # as the module ``warnings`` keeps it


@dataclasses.dataclass(frozen=True)
class Handle:
    """Name an earlier result, or one item of a tuple or list result; the object itself is passed."""

    name: str
    item: int | None = None


@dataclasses.dataclass(frozen=True)
class Rng:
    """Ask for ``np.random.default_rng(seed)``, built where the script runs."""

    seed: int


@dataclasses.dataclass(frozen=True, eq=False)
class Source:
    """Ask for a public helper: run ``code`` afresh, take ``name``, call it if ``args`` is not None."""

    code: str
    name: str
    args: tuple | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Call:
    """One step of a script.

    ``do`` is a name in the student's namespace, ``"handle.method"`` of a saved result, or a Source, a
    public helper (it makes an object that two calls share, or changes one between them).  Arguments are
    addressed as ``"args[4]"`` or by keyword name in ``may_change`` and ``layouts`` (``"*"``: all arguments;
    layouts are "C", "F", "strided", "readonly").  ``show`` says what is reported of the result: "all",
    "none", or the positions of a tuple; the others appear as ``Foreign("kept")``.
    """

    do: str | Source
    args: tuple = ()
    kwargs: dict = dataclasses.field(default_factory=dict)
    save: str | None = None
    show: tuple | str = "all"
    may_change: tuple = ()
    attribute: bool = False
    layouts: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(eq=False)  # not frozen: that would take longer than most calls
class Outcome:
    """What one call did.

    status: ok | missing | not-callable | exception | unreachable | timeout | killed | garbled.
    ``facts`` are pairs (path, fact) such as ``("[0]", "matrix")``; ``changed`` names arguments that changed
    without leave; ``after`` holds the after-values of ``may_change``; ``error`` has type, cell, line, text.
    ``seconds`` is known where the call was played; no child sends it.
    What is seldom told comes last: fields left out at the end are not sent.
    """

    status: str
    value: object = None
    facts: tuple = ()
    seconds: float = 0.0
    changed: tuple = ()
    after: dict = dataclasses.field(default_factory=dict)
    error: dict | None = None
    global_random_touched: bool = False


class _Unreachable(Exception):
    """A handle names a call that failed, or an item the result does not have."""


class _Missing(Exception):
    """The student's code has no such name."""


def play(calls, namespace):
    """Play the calls in order against the names of ``namespace``; yield one Outcome per call.

    Never raises for anything the called code does.  Every call gets fresh copies of its arguments, and
    its result is copied at once, so that later changes in place cannot alter an earlier Outcome.
    The global generators start from a fixed state, so that seeding them is seen; it is put back at the end.
    """
    with dice_at_start():
        yield from _play(calls, namespace, handles={}, promised=set())


def _play(calls, namespace, handles, promised):
    for call in calls:
        try:
            outcome, result = _perform(call, namespace, handles, promised)
        except BaseException as error:  # such as memory running out while the outcome was being written
            outcome, result = Outcome("exception", error=describe_error(error)), None
        if call.save is not None:
            promised.add(call.save)
            handles.pop(call.save, None)
            if outcome.status == "ok":
                handles[call.save] = result
        yield outcome


def _perform(call, namespace, handles, promised):
    try:
        target = _find(call, namespace, handles, promised)
        given = {
            p: _fresh(a, call, p, handles) for p, a in zip(_places(call), (*call.args, *call.kwargs.values()))
        }
    except _Unreachable:
        return Outcome("unreachable"), None
    except _Missing:
        return Outcome("missing"), None
    except BaseException as error:
        return Outcome("exception", error=describe_error(error)), None
    if not call.attribute and not callable(target):
        return Outcome("not-callable"), None
    return _run(call, target, given)


def _places(call):
    """Name the arguments of a call, in their order."""
    number = len(call.args)
    return (
        *(_NAMES[:number] if number <= len(_NAMES) else (f"args[{i}]" for i in range(number))),
        *call.kwargs,
    )


def _run(call, target, given):
    values = list(given.values())
    positional, keywords = values[: len(call.args)], {name: given[name] for name in call.kwargs}
    before = {p: _fingerprint(v) for p, v in given.items() if type(v) not in _NEVER_CHANGE}
    dice, started = mark_of_dice(), _clock()
    status, result, value, error = "ok", None, None, None
    facts: tuple = ()
    try:
        with np.errstate(all="ignore"), _Silence():
            result = target if call.attribute else target(*positional, **keywords)
            result, lazy = _materialise(result) if call.show != "none" else (result, None)
        seconds = _clock() - started
        value, facts = _show(call.show, result, lazy, given)
    except BaseException as raised:
        status, result, seconds, error = "exception", None, _clock() - started, describe_error(raised)
    changed = [p for p in before if p not in call.may_change and _fingerprint(given[p]) != before[p]]
    if changed:
        passed = dict(zip(given, (*call.args, *call.kwargs.values())))
        kept = [p for p in changed if isinstance(passed[p], Handle)]
        facts += tuple((p, "shape changed") for p in changed if _reshaped(before[p], given[p]))
        facts += tuple((p, "handle changed") for p in kept)
        changed = [p for p in changed if p not in kept]
    outcome = Outcome(
        status=status,
        value=value,
        facts=facts,
        changed=tuple(changed),
        after={p: snapshot(given[p])[0] for p in call.may_change if p in given},
        error=error,
        seconds=seconds,
        global_random_touched=dice != mark_of_dice(),
    )
    return outcome, result


class _Silence:
    """Let nobody be warned: for every call, so in fewer steps than ``warnings.catch_warnings`` takes."""

    def __enter__(self):
        self.before, warnings.filters = warnings.filters, [_IGNORE_ALL]

    def __exit__(self, *_):
        warnings.filters = self.before


def _find(call, namespace, handles, promised):
    if isinstance(call.do, Source):
        return _fresh(call.do, call, "do", handles)
    head, *rest = call.do.split(".")
    known = handles if rest and (head in handles or head in promised) else namespace
    if head not in known:
        raise _Unreachable if known is handles else _Missing
    target = known[head]
    for name in rest:
        try:
            target = getattr(target, name)
        except AttributeError:
            raise _Missing from None
    return target


def _fresh(value, call, path, handles):
    """Build one argument: own copies of arrays and containers, live objects for what is asked by name."""
    kind = type(value)
    if kind in _NEVER_CHANGE:
        return value
    if isinstance(value, np.ndarray):
        return _laid_out(value, call.layouts.get(path, call.layouts.get("*", "C")))
    if kind in (list, tuple):
        return kind(_fresh(v, call, path, handles) for v in value)
    if kind is dict:
        return {k: _fresh(v, call, path, handles) for k, v in value.items()}
    if kind is Handle:
        return _reach(value, handles)
    if kind is Rng:
        return np.random.default_rng(value.seed)
    if kind is Source:
        scope: dict = {"__name__": "helper", "np": np}
        exec(_compiled(value.code), scope)
        helper = scope[value.name]
        return helper if value.args is None else helper(*_fresh(value.args, call, path, handles))
    return value


@functools.lru_cache(maxsize=256)
def _compiled(code):
    """Compile a helper once: the same few texts are played again and again, and running them takes far less."""
    return compile(code, "<helper>", "exec")


def _reach(handle, handles):
    if handle.name not in handles:
        raise _Unreachable
    whole = handles[handle.name]
    if handle.item is None:
        return whole
    if not isinstance(whole, (tuple, list)) or not -len(whole) <= handle.item < len(whole):
        raise _Unreachable
    return whole[handle.item]


def _laid_out(array, layout):
    if layout == "F":
        return np.array(array, order="F")
    if layout == "strided" and array.ndim:
        wide = np.empty((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
        wide.view(np.uint8).fill(0x7F)  # huge numbers, for code that reads past the strides
        wide[..., ::2] = array
        return wide[..., ::2]
    copy = array.copy()
    if layout == "readonly":
        copy.flags.writeable = False
    return copy


def _fingerprint(value, depth=0):
    """Hold everything about plain data that may not change; equal exactly when nothing did."""
    kind = type(value)
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return ("array", value.dtype, value.shape, value.strides, value.tobytes())
    if kind is dict and depth < MAX_DEPTH:
        names = ((repr(k) if type(k) in SCALARS else id(k), v) for k, v in value.items())
        return ("dict", {name: _fingerprint(v, depth + 1) for name, v in names})
    if kind in (list, tuple) and depth < MAX_DEPTH:
        return (kind.__name__, [_fingerprint(v, depth + 1) for v in value])
    if kind in (float, complex):
        return (kind.__name__, repr(value))
    return (kind.__name__, value if kind in SCALARS else id(value))


def _reshaped(before, value):
    return isinstance(value, np.ndarray) and before[0] == "array" and before[2] != value.shape


def _materialise(result):
    """Turn a lazy result into a list; return it with the fact to report."""
    if type(result) in _NEVER_LAZY:
        return result, None
    if isinstance(result, collections.abc.Iterator):
        return list(itertools.islice(result, MAX_ITEMS)), "generator"
    if isinstance(result, (range, collections.abc.KeysView, collections.abc.ValuesView)):
        return list(result), type(result).__name__
    return result, None


def _show(show, result, lazy, given):
    if show == "none":
        return None, ()
    if isinstance(show, tuple) and isinstance(result, (tuple, list)):
        kept = [item if i in show else Foreign("kept") for i, item in enumerate(result)]
        result = tuple(kept) if isinstance(result, tuple) else kept
    value, facts = snapshot(result, [a for a in given.values() if isinstance(a, np.ndarray)])
    return value, (*((("", lazy),) if lazy else ()), *facts)


def describe_error(error):
    """Report an exception by type and the innermost line of the student's cells, never by its message."""
    known = (c for c in type(error).__mro__ if _KNOWN_ERRORS.get(c.__name__) is c)
    place, step = None, error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename.startswith("<cell "):
            place = (step.tb_frame.f_code.co_filename, step.tb_lineno)
        step = step.tb_next
    name, line = place or ("<cell None>", None)
    cell = name[6:-1]
    text = linecache.getline(name, line).strip()[:200] if line else ""
    kind = next(known, Exception).__name__
    return {"type": kind, "cell": int(cell) if cell.isdigit() else None, "line": line, "text": text}


_KNOWN_ERRORS = {
    name: kind
    for name, kind in (*vars(builtins).items(), ("LinAlgError", np.linalg.LinAlgError))
    if isinstance(kind, type) and issubclass(kind, BaseException)
}
# Kept from before any student code ran, so that replacing them in the modules changes nothing here.
_clock = time.perf_counter
