"""Generate the student kit: one numpy-only file `backmark_kit.py` per assignment.

`build_kit(assignment, public)` writes, one after the other: the source of every module of ours the kit
needs (found by following imports from `kit_template.py`, so the kit runs the very interpreter, parser
and judge that grading runs), the text of `kit_template.py`, and the public data.

`public` is a plain dict, filled by whoever makes the keys:

    {"title": "Convolution",                       shown nowhere but in the file's head
     "hints": True,                                False: mistakes are never named
     "exercises": {                                in the order of the assignment
       "conv_forward": {
         "title": "...", "points": 4.0, "part": "forward" | "backward",
         "needs": ["conv_out"], "results": ["Y"], "rule": None,
         "trials": [{...}],                        the fields of `key.KeyTrial`, public trials only
         "lookalikes": [{"name": "kernel-flipped-forward", "what": "You ...", "how": "...",
                         "values": [...]}]}},      per trial: one value per judged call, or None
     "by_hand": {
       "CONV-1": {"title": "...", "points": 2.0,
                  "parts": [{"id": "G", "prompt": "", "kind": "mat", "options": {}}]}},
     "grading": {...}}                              see `kit_release`; `backmark check` needs it, the kit does not

A trial of kind "probe" is the gradient check of the student's own forward (`exercises.own_gradient`):
call 0 is the forward, call 1 the backward, then forwards at x +- h v; `facts` holds directions, steps
and upstream.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import re
import sys
import textwrap
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder import __version__
from autograder.handouts.kit_typed import VARIANTS_SCHEMA, markdown, student_tag
from autograder.key import Key
from autograder.model import Variant
from autograder.sandbox import wire

KIT_NAME = "backmark_kit.py"
TEMPLATE = "autograder.handouts.kit_template"
ALWAYS = ("autograder.sandbox.wire",)
_ROOT = Path(__file__).resolve().parents[1]
_EXERCISE = {"title", "points", "part", "needs", "results", "trials", "lookalikes"}
_BY_HAND = {"title", "points", "parts"}


class KitError(ValueError):
    """The public data or a module cannot go into a student kit; the text says which."""


# --- public data ------------------------------------------------------------------------------------


def public_exercise(key: Key, points: float, lookalikes: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Return the entry of one exercise from a key that holds public trials only (one set).

    Raises:
        KitError: the key holds more than one set, or a trial that is not public.
    """
    if len(key.sets) != 1 or not all(trial.public or trial.kind == "probe" for trial in key.sets[0]):
        raise KitError(
            f"the key of {key.question} holds trials that are not public; they must not reach a kit"
        )
    trials = [{name: getattr(t, name) for name in t.__dataclass_fields__} for t in key.sets[0]]
    return {
        "title": key.title, "points": float(points), "part": key.part, "needs": list(key.needs),
        "rule": key.rule, "results": list(key.results), "arguments": list(key.arguments),
        "trials": trials,
        "lookalikes": [dict(x) for x in lookalikes],
    }  # fmt: skip


def public_statement(variant: Variant) -> dict[str, Any]:
    """Return what a student may see of a by-hand question: no truth, no solution, no parameters."""
    parts = [
        {"id": p.id, "prompt": p.prompt, "kind": p.kind, "options": dict(p.options)} for p in variant.parts
    ]
    return {"title": variant.title, "prompt": variant.prompt, "parts": parts}


def prompt_text(variant: Variant) -> str:
    """Return the whole statement of a variant as Markdown, as `kit.show` displays it."""
    return markdown(variant.question, public_statement(variant))


def variants_text(assignment: str, variants: Mapping[str, Sequence[Variant]]) -> str:
    """Return the text of `variants.json`: all statements, filed under a hash of the student id."""
    students = {
        student_tag(student): {v.question: public_statement(v) for v in own}
        for student, own in variants.items()
    }
    content = {"schema": VARIANTS_SCHEMA, "assignment": assignment, "students": students}
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _checked(public: Mapping[str, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = {"title": "", "hints": True, "exercises": {}, "by_hand": {}} | dict(public)
    for group, needed in (("exercises", _EXERCISE), ("by_hand", _BY_HAND)):
        for name, entry in checked[group].items():
            missing = sorted(needed - set(entry))
            if missing:
                raise KitError(f"public[{group!r}][{name!r}] has no {', '.join(missing)}")
    for name, entry in checked["exercises"].items():
        for lookalike in entry["lookalikes"]:
            if len(lookalike["values"]) != len(entry["trials"]):
                raise KitError(
                    f"lookalike {lookalike['name']!r} of {name}: one entry of `values` per trial is needed"
                )
        if not any(trial["kind"] == "value" for trial in entry["trials"]):
            raise KitError(f"exercise {name} has no public trial of kind 'value'")
    if not checked["hints"]:
        checked["exercises"] = {n: dict(e) | {"lookalikes": []} for n, e in checked["exercises"].items()}
    return checked


# --- the file ---------------------------------------------------------------------------------------


def build_kit(assignment: str, public: Mapping[str, Any]) -> str:
    """Return the text of `backmark_kit.py` for one assignment.

    Raises:
        KitError: `public` lacks something, holds what cannot be stored, or a module needs more than
            numpy and the standard library.
    """
    checked = _checked(public)
    try:
        data = wire.pack(checked)
    except wire.WireError as error:
        raise KitError(f"the public data of {assignment} cannot be stored: {error}") from None
    sources = _modules(TEMPLATE, *ALWAYS)
    template = sources.pop(TEMPLATE)
    package = "_backmark_" + hashlib.sha256(repr(sorted(sources.items())).encode()).hexdigest()[:8]
    sources = {_renamed(name, package): _rename_imports(text, package) for name, text in sources.items()}
    return "\n\n".join([
        _head(assignment, str(checked["title"])),
        _PARTS + "\n\n".join(f"SOURCES[{name!r}] = {_raw(text)}" for name, text in sorted(sources.items())),
        _LOADER.replace("PACKAGE", package).strip(),
        _without_head(_rename_imports(template, package)),
        _data(data, package),
    ]) + "\n"  # fmt: skip


def _head(assignment: str, title: str) -> str:
    name = f"{_plain(assignment)}: {_plain(title)}" if title else _plain(assignment)
    return (
        f'"""Student kit of {name}. Keep it beside the notebook.\n\n'
        f"Made by Backmark {__version__}; needs Python 3.11 and numpy. The cells of the notebook use it:\n"
        "kit.show(question, student)   your own statement of a by-hand question\n"
        "kit.check(name, globals())    the public checks of a function you wrote, with hints\n"
        "kit.overview(globals())       one line per question\n\n"
        "There is nothing to edit here, and no answer to find: marks come from other inputs.\n"
        '"""\n\nfrom __future__ import annotations'
    )


def _plain(text: str) -> str:
    return re.sub(r"[^\w .,:;()+-]", "", text)


def _raw(source: str) -> str:
    """Return a literal of the source that stays readable."""
    return repr(source) if "'''" in source or source.endswith(("\\", "'")) else f"r'''{source}'''"


def _without_head(template: str) -> str:
    """Drop docstring and __future__ import: both have to open the file, and the head does."""
    body = ast.parse(template).body
    first = next(
        node for node in body[1:] if not (isinstance(node, ast.ImportFrom) and node.module == "__future__")
    )
    return "\n".join(template.split("\n")[first.lineno - 1 :]).rstrip()


def _data(data: bytes, package: str) -> str:
    lines = "\n".join(textwrap.wrap(base64.b64encode(zlib.compress(data, 9)).decode("ascii"), 110))
    return (
        "# --- the public data of this assignment ---------------------------------------\n\n"
        f"import base64, zlib  # noqa\n\nfrom {package}.sandbox import wire  # noqa\n\n"
        f'_DATA = """\n{lines}\n"""\nPUBLIC.update(wire.unpack(zlib.decompress(base64.b64decode(_DATA))))'
    )


_PARTS = """# --- parts of Backmark this file is made of, as text --------------------------

SOURCES = {}

"""

_LOADER = """
# --- make the parts importable, from this file only ---------------------------

import importlib.abc
import importlib.util
import sys


class _Parts(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name in SOURCES:
            inside = any(other.startswith(name + ".") for other in SOURCES)
            return importlib.util.spec_from_loader(name, self, is_package=inside)
        return None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        name = module.__name__
        exec(compile(SOURCES[name], f"<{name}>", "exec"), module.__dict__)


if "PACKAGE" not in sys.modules:
    sys.meta_path.append(_Parts())
"""


# --- which modules go in ----------------------------------------------------------------------------


def _modules(*roots: str) -> dict[str, str]:
    """Return the source of the roots and of everything of ours they import, by module name.

    Packages that are only passed through come in empty.
    """
    sources: dict[str, str] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in sources:
            sources[name] = _path(name).read_text(encoding="utf-8")
            waiting += _imports(name, sources[name])
    for name in list(sources):
        for parent in _parents(name):
            sources.setdefault(parent, "")
    return sources


def _parents(name: str) -> list[str]:
    steps = name.split(".")
    return [".".join(steps[:i]) for i in range(1, len(steps))]


def _path(name: str) -> Path:
    place = _ROOT.joinpath(*name.split(".")[1:])
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


def _imports(name: str, source: str) -> Iterator[str]:
    """Name our modules that a source imports; refuse what is neither ours, standard nor numpy."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _ours(alias.name, name)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(node, name)
            children = [f"{module}.{a.name}" for a in node.names if _is_module(f"{module}.{a.name}")]
            if len(children) < len(node.names):
                yield from _ours(module, name)
            yield from children


def _absolute(node: ast.ImportFrom, name: str) -> str:
    if not node.level:
        return node.module or ""
    package = name.split(".") if _path(name).name == "__init__.py" else name.split(".")[:-1]
    return ".".join([*package[: len(package) - node.level + 1], *([node.module] if node.module else [])])


def _is_module(name: str) -> bool:
    return name.startswith("autograder.") and _path(name).is_file()


def _ours(module: str, importer: str) -> Iterator[str]:
    head = module.partition(".")[0]
    if head == "autograder":
        yield module
    elif head not in sys.stdlib_module_names and head not in ("numpy", "IPython"):
        raise KitError(
            f"{importer} imports {module}: a student kit may use numpy and the standard library only"
        )


def _renamed(name: str, package: str) -> str:
    return package + name.removeprefix("autograder")


def _rename_imports(source: str, package: str) -> str:
    return re.sub(r"^(\s*(?:from|import)\s+)autograder\b", rf"\g<1>{package}", source, flags=re.MULTILINE)
