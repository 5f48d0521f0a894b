"""Statements and solutions as HTML that needs nothing from elsewhere: Markdown, and formulas as MathML."""

from __future__ import annotations

import functools
import html
import itertools
import re

from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin


def to_html(text: str) -> str:
    """Render Markdown with `$...$` formulas; raw HTML in the text is shown, not obeyed."""
    return _renderer().render(text)


def to_inline_html(text: str) -> str:
    """Render one line, such as an option, without a paragraph around it."""
    return _renderer().renderInline(text)


@functools.cache
def _renderer() -> MarkdownIt:
    plain = MarkdownIt("commonmark", {"html": False}).enable("table")
    return plain.use(dollarmath_plugin, renderer=_formula, allow_digits=True, double_inline=True)


def _formula(latex: str, options: dict[str, bool]) -> str:
    """Convert a formula; those that differ in their numbers alone are converted once."""
    display = bool(options.get("display_mode"))
    if _WHOLE.search(latex):
        return _mathml(latex, display)
    found = _NUMBER.findall(latex)
    names = itertools.count(1)
    pieces = _pieces(_NUMBER.sub(lambda _: f"90{next(names):03d}09", latex), display)
    return "".join(found[int(piece) - 1] if i % 2 else piece for i, piece in enumerate(pieces))


_NUMBER = re.compile(r"(?<![_^.\d])\d+(?:\.\d+)?(?!\d)")
"""A number as the converter reads one; after _ or ^ without braces it takes a single digit."""

_WHOLE = re.compile(
    r"\\[cdt]?frac\s*[.\d]|\d\s*(?:in|mm|cm|pt|em|ex|pc|bp|dd|cc|sp|mu)|\\(?:above|rule|verb|begin|\\)|\d{6}|\.\d+\."
)
"""Where digits have a further meaning, such as lengths, or could be taken for a name of ours."""

_NAME = re.compile(r"90(\d{3})09")


@functools.lru_cache(maxsize=4096)
def _pieces(template: str, display: bool) -> list[str]:
    """Return a formula as MathML, split at the names that stand for numbers."""
    return _NAME.split(_mathml(template, display))


@functools.lru_cache(maxsize=1024)
def _mathml(latex: str, display: bool) -> str:
    try:
        return spaced(convert(latex, display="block" if display else "inline"))
    except Exception:  # a formula the converter does not know is shown as it was typed
        return f"<code>{html.escape(latex)}</code>"


def spaced(mathml: str) -> str:
    """Set a name such as ln apart from what it is applied to, which the converter does not."""
    return re.sub(r"(<mi>(?:ln|log|exp|tanh)</mi>)(?=<m(?:i|n|sub)>)", r'\1<mspace width="0.17em" />', mathml)
