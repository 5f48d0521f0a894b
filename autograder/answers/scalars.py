"""Single numbers: whole, decimal, rational."""

# ruff: noqa: ARG002 - every kind has the same four functions, whether or not it needs the part

from __future__ import annotations

from fractions import Fraction
from typing import Any

from autograder.answers.kind import HOSTILE, NOT_WHOLE, Asked, Judged, Samples, near, one, same_whole
from autograder.answers.reading import Unreadable, comma_number, decimal, plain, rational, whole


class Int:
    """A whole number, compared exactly.

    A fraction can be read, for it tells what somebody did: a size that was not rounded down, say.
    """

    def parse(self, raw: Any, part: Asked) -> int | float:
        text = plain(raw)
        for read in (whole, decimal, comma_number):
            value = read(text)
            if value is not None:
                return value
        raise Unreadable("Write one whole number in digits, such as 13.")

    def judge(self, value: Any, truth: Any, part: Asked) -> Judged:
        right = bool(same_whole(value, truth))
        return one(right) if right or float(value).is_integer() else one(False, NOT_WHOLE)

    def show(self, value: Any) -> str:
        return str(value) if float(value).is_integer() else f"{value:.2f}"

    def samples(self, part: Asked, truth: Any) -> Samples:
        right = (
            str(truth),
            f"{truth:+d}",
            f"{truth}.0",
            f"  {truth} \n",
            f"${truth}$",
            str(truth).replace("-", "−"),
        )
        wrong = (str(truth + 1), str(truth - 10), f"{truth}.4", f"{truth}.001", f"{3 * truth + 1}/3")
        return Samples(right, wrong, (*HOSTILE, f"{truth} 7", "1,234"))


class Num:
    """A decimal, right to `places` decimal places."""

    def parse(self, raw: Any, part: Asked) -> float:
        text = plain(raw)
        value = decimal(text)
        value = comma_number(text) if value is None else value
        if value is None:
            raise Unreadable(
                "Write one decimal number with a point, such as 0.25, or a fraction such as 1/4."
            )
        return value

    def judge(self, value: Any, truth: Any, part: Asked) -> Judged:
        return one(near(value, truth, part.options))

    def show(self, value: Any) -> str:
        return repr(float(value))

    def samples(self, part: Asked, truth: Any) -> Samples:
        places = part.options.get("places", 2)
        text, step = f"{truth:.{places}f}", 10.0**-places
        right = (text, f" {text}\n", text.replace("-", "−"), repr(float(truth)))
        return Samples(
            right, (f"{truth + 2 * step:.{places + 2}f}", repr(truth + 1e6)), (*HOSTILE, "1,234", "0.5 0.5")
        )


class Frac:
    """A rational number: fractions exactly, decimals to three places."""

    def parse(self, raw: Any, part: Asked) -> Fraction | float:
        text = plain(raw)
        exact = rational(text)
        value = decimal(text) if exact is None else None
        if exact is None and value is None:
            raise Unreadable("Write a fraction such as 3/4, a whole number, or a decimal with a point.")
        return exact if exact is not None else float(value or 0.0)

    def judge(self, value: Any, truth: Any, part: Asked) -> Judged:
        if isinstance(value, float):
            return one(near(value, str(truth), {"places": 3}))
        return one(Fraction(value) == Fraction(truth))

    def show(self, value: Any) -> str:
        return str(value)

    def samples(self, part: Asked, truth: Any) -> Samples:
        exact = Fraction(truth)
        n, d = exact.numerator, exact.denominator
        right = (f"{n}/{d}", f" {3 * n} / {3 * d} ", f"{-n}/{-d}", f"{float(exact):.4f}")
        return Samples(
            right, (f"{n + 1}/{d}", f"{n}/{d + 1}" if n else "1/2"), (*HOSTILE, "1/0", "1/2/3", "1 1/2")
        )
