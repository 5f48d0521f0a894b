"""A quiz as one page for a course site: no content from elsewhere, answers inside, judged in the browser.

`page_files/judge.js` reads and judges as `autograder.answers` does; a test holds the two together.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from autograder import reports
from autograder.instances import lookalikes
from autograder.journal import write_whole
from autograder.model import Part, Variant
from autograder.quiz.engine import Quiz, right_answers
from autograder.webtext import to_html, to_inline_html

FILES = Path(__file__).parent / "page_files"
STYLE = Path(reports.__file__).parent / "templates" / "style.css"
_HOW = {
    "mat": "One row per line, spaces between the numbers.",
    "ten": "One row per line, an empty line between matrices.",
    "trace": "One line per row, | between the entries.",
    "vec": "Numbers with spaces between them.",
    "shape": "Such as 3x32x32.",
    "order": "The letters in order, such as b a c.",
}
_ROWS = {"mat": 5, "ten": 8, "trace": 6}


def write_page(quiz: Quiz, path: Path, title: str = "Check yourself") -> int:
    """Write all questions of a quiz into one HTML file; return how many there are."""
    variants = list(iter(quiz.ask, None))
    write_whole(path, page(variants, title).encode())
    return len(variants)


def page(variants: Iterable[Variant], title: str) -> str:
    """Return the page of these questions."""
    variants = list(variants)
    scripts = [(FILES / name).read_text(encoding="utf-8") for name in ("judge.js", "page.js")]
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts
    )
    data = json.dumps([_data(number, v) for number, v in enumerate(variants)], ensure_ascii=True)
    return _template().render(
        title=title,
        items=[_shown(number, v) for number, v in enumerate(variants)],
        style=Markup(STYLE.read_text(encoding="utf-8") + (FILES / "quiz.css").read_text(encoding="utf-8")),
        script_hashes=Markup(hashes),
        data=Markup(data.replace("<", "\\u003c")),
        judge_js=Markup(scripts[0]),
        page_js=Markup(scripts[1]),
    )


@cache
def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(FILES)
    return jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).get_template("quiz.html.j2")


def _shown(number: int, variant: Variant) -> dict[str, Any]:
    return {
        "id": variant.question,
        "number": number,
        "title": variant.title,
        "level": variant.level,
        "prompt": Markup(to_html(variant.prompt)),
        "parts": [_field(number, part) for part in variant.parts],
        "solution": [Markup(to_html(step)) for step in variant.solution],
        "right": "; ".join(
            (f"{name}: " if len(variant.parts) > 1 else "") + text
            for name, text in right_answers(variant).items()
        ),
    }


def _field(number: int, part: Part) -> dict[str, Any]:
    return {
        "name": _name(number, part),
        "kind": part.kind,
        "ask": Markup(to_inline_html(part.prompt or part.id)),
        "choices": [Markup(to_inline_html(str(choice))) for choice in part.options.get("choices", ())],
        "how": _HOW.get(part.kind, ""),
        "rows": _ROWS.get(part.kind, 1),
    }


def _name(number: int, part: Part) -> str:
    return f"{number}-{part.id}"


def _data(number: int, variant: Variant) -> dict[str, Any]:
    """Return what the script needs: how each part is read, the truth, and what each mistake answers."""
    parts = [
        {
            "id": p.id, "name": _name(number, p), "kind": p.kind, "options": _plain(p.options),
            "truth": _plain(variant.truth[p.id]),
        }
        for p in variant.parts
    ]  # fmt: skip
    found = [
        {"what": m.what, "how": m.how, "answers": {p.id: _plain(answer[p.id]) for p in variant.parts}}
        for m, answer in lookalikes(variant.question, variant)
    ]
    return {"number": number, "parts": parts, "lookalikes": found}


def _plain(value: Any) -> Any:
    """Return JSON data; fractions become text, which the script reads exactly."""
    if isinstance(value, Fraction):
        return str(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value
