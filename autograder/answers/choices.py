"""Answers from a closed set: one option, several, an order, a word."""

# ruff: noqa: ARG002 - every kind has the same four functions, whether or not it needs the part

from __future__ import annotations

import itertools
import re
import string
from collections.abc import Sequence
from typing import Any

from autograder.answers.kind import HOSTILE, Asked, Judged, Samples, cellwise, one
from autograder.answers.reading import Unreadable, plain


class Choice:
    """One of the lettered options, by its letter or its text; the value is its index."""

    def parse(self, raw: Any, part: Asked) -> int:
        text, choices = folded(plain(raw)), [folded(choice) for choice in part.options["choices"]]
        if choices.count(text) == 1:
            return choices.index(text)
        found = _letters(text, len(choices))
        if found is None or len(found) != 1:
            raise Unreadable(f"Write one letter from {_span(choices)}, or the text of an option.")
        return found[0]

    def judge(self, value: Any, truth: Any, part: Asked) -> Judged:
        return one(value == truth, "Another option is right.")

    def show(self, value: Any) -> str:
        return string.ascii_lowercase[value]

    def samples(self, part: Asked, truth: Any) -> Samples:
        choices = part.options["choices"]
        letter = self.show(truth)
        right = (letter, letter.upper(), f" ({letter}) ", f"{letter})", f"{letter}.", str(choices[truth]))
        others = tuple(self.show(i) for i in range(len(choices)) if i != truth)
        return Samples(right, others, (*HOSTILE, f"{letter} {letter}", "zz", "ä"))


class Choices:
    """Several of the lettered options; ticking a wrong one takes back a right one."""

    def parse(self, raw: Any, part: Asked) -> tuple[int, ...]:
        text, choices = folded(plain(raw)), part.options["choices"]
        found = () if text in ("none", "keine", "-") else _letters(text, len(choices))
        if found is None or len(set(found)) != len(found):
            raise Unreadable(
                f"Write the letters of your options from {_span(choices)}, such as a, c; or none."
            )
        return tuple(sorted(found))

    def judge(self, value: Any, truth: Any, part: Asked) -> Judged:
        count = len(part.options["choices"])
        got, want = set(value), set(truth)
        balance = (len(got & want) - len(got - want)) / len(want) if want else float(not got)
        cells = tuple((i in got) == (i in want) for i in range(count))
        return Judged(
            max(0.0, balance),
            cells,
            "Right." if got == want else "Not all of the right options, or too many.",
        )

    def show(self, value: Any) -> str:
        return ", ".join(string.ascii_lowercase[i] for i in value) or "none"

    def samples(self, part: Asked, truth: Any) -> Samples:
        shown = self.show(sorted(truth))
        others = [i for i in range(len(part.options["choices"])) if i not in truth]
        right = (
            shown,
            shown.upper().replace("NONE", "None"),
            shown.replace(", ", " "),
            shown[::-1] if truth else "none",
        )
        wrong = (self.show(sorted({*truth, *others[:1]})) if others else "none", self.show(others))
        return Samples(right, wrong, (*(h for h in HOSTILE if h != "None"), "a, a", "a, 7", "zz"))


class Order:
    """All lettered steps put in order; credit for every right neighbour."""

    def parse(self, raw: Any, part: Asked) -> tuple[int, ...]:
        steps = part.options["choices"]
        found = _letters(folded(plain(raw)).replace("->", " ").replace(">", " "), len(steps))
        if found is None or sorted(found) != list(range(len(steps))):
            example = self.show(range(len(steps)))
            raise Unreadable(f"Write every letter from {_span(steps)} once, in order, such as {example}.")
        return tuple(found)

    def judge(self, value: Any, truth: Any, part: Asked) -> Judged:
        if list(value) == list(truth):
            return one(True)
        pairs = set(itertools.pairwise(truth))
        return cellwise([pair in pairs for pair in itertools.pairwise(value)], "neighbouring pairs")

    def show(self, value: Any) -> str:
        return " ".join(string.ascii_lowercase[i] for i in value)

    def samples(self, part: Asked, truth: Any) -> Samples:
        shown = self.show(truth)
        right = (
            shown,
            shown.replace(" ", ", "),
            shown.replace(" ", ""),
            shown.replace(" ", " > "),
            shown.upper(),
        )
        return Samples(right, (self.show(list(truth)[::-1]),), (*HOSTILE, shown[:-2], shown + " a", "1 2 3"))


class Text:
    """A word from a closed set; case and spacing do not matter."""

    def parse(self, raw: Any, part: Asked) -> str:
        text = folded(plain(raw)).strip("\"'.!`* ")
        synonyms = {folded(k): folded(v) for k, v in part.options.get("synonyms", {}).items()}
        allowed = [folded(word) for word in part.options.get("choices", ())]
        text = synonyms.get(text, text)
        if len(text) > 200 or (allowed and text not in allowed):
            words = ", ".join(map(str, part.options.get("choices", ())))
            raise Unreadable(f"Write one of: {words}." if words else "Write one or two words.")
        return text

    def judge(self, value: Any, truth: Any, part: Asked) -> Judged:
        return one(folded(value) == folded(truth), "Another word is right.")

    def show(self, value: Any) -> str:
        return str(value)

    def samples(self, part: Asked, truth: Any) -> Samples:
        words = [word for word in part.options.get("choices", ()) if folded(word) != folded(truth)]
        right = (truth, truth.upper(), f"  {truth} \n", f'"{truth}"')
        hostile = HOSTILE if words else ("", "x" * 300)
        return Samples(right, tuple(words) or (truth + " not",), hostile)


def folded(text: Any) -> str:
    return " ".join(str(text).casefold().split())


def _letters(text: str, count: int) -> list[int] | None:
    """Read the letters of options, or return None when anything else is there."""
    bare = re.sub(r"[\s,;.()\[\]]+", "", text)
    found = [string.ascii_lowercase.find(letter) for letter in bare]
    return found if found and all(0 <= i < count for i in found) else None


def _span(choices: Sequence[Any]) -> str:
    return f"a to {string.ascii_lowercase[len(choices) - 1]}"
