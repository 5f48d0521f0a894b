"""Statements and solutions as HTML that needs nothing from elsewhere: Markdown, and formulas as MathML."""

from __future__ import annotations

import functools
import html

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


@functools.lru_cache(maxsize=4096)
def _formula_cached(latex: str, display: str) -> str:
    try:
        return convert(latex, display=display)
    except Exception:  # a formula the converter does not know is shown as it was typed
        return f"<code>{html.escape(latex)}</code>"


def _formula(latex: str, options: dict[str, bool]) -> str:
    return _formula_cached(latex, "block" if options.get("display_mode") else "inline")
