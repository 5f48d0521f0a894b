"""Sizes by hand: Keras' padding rules, dilated kernels, transposed convolution."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from reference import conv_output_size, conv_transpose_output_size, keras_output_size, same_padding


def _between(rng: np.random.Generator, least: int, most: int) -> int:
    return int(rng.integers(least, most + 1))


def _positions(room: int, span: int, stride: int) -> list[int]:
    """List where a window of length `span` can start in `room` pixels."""
    return [start for start in range(0, room, stride) if start + span <= room]


def _span(params: dict[str, Any]) -> int:
    return params["dilation"] * (params["k"] - 1) + 1


# ------------------------------------------------------------------------------------------ CARITH-4


_VALIDS = ("valid-taken-as-same", "valid-plus1-forgotten")
_ZEROS = ("same-symmetric", "same-extra-zero-first")


@question(
    "CARITH-4",
    title='Padding "same" and "valid"',
    op=same_padding,
    space={1: 1_200, 2: 400, 3: 350},
    min_exposed=4,
    must_detect={
        1: (*_VALIDS, *_ZEROS),
        2: (*_VALIDS, *_ZEROS, "same-keeps-the-size", "same-rounded-down", "valid-rounded-up"),
        3: (*_VALIDS, *_ZEROS, "same-keeps-the-size", "same-rounded-down", "valid-rounded-up"),
    },
)
class KerasPadding:
    """What do the two rules make of one axis? Level 2: larger strides; level 3: a dilated kernel."""

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        n, k = _between(rng, 8, 240), _between(rng, 2, 7)
        stride, dilation = _between(rng, min(level, 2), 2 if level == 1 else 4), 2 if level == 3 else 1
        params = {"n": n, "k": k, "stride": stride, "dilation": dilation}
        return params if n >= _span(params) + 2 * stride else None

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        n, k, s, d = (params[name] for name in ("n", "k", "stride", "dilation"))
        size, before, after = impl(n, k, s, d)
        truth = {"same": size, "zeros": [before, after], "valid": keras_output_size(n, k, s, "valid", d)}
        return Variant(
            question="CARITH-4",
            title='Padding "same" and "valid"',
            prompt=_keras_prompt(params),
            parts=_KERAS_PARTS,
            truth=truth,
            solution=_keras_steps(params, truth),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        n, s, span = params["n"], params["stride"], _span(params)
        size, zeros = len(range(0, n, s)), 0
        while len(_positions(n + zeros, span, s)) < size:
            zeros += 1
        before = sum(1 for _pair in range(1, zeros, 2))  # one of each two; the odd one comes last
        return {"same": size, "zeros": [before, zeros - before], "valid": len(_positions(n, span, s))}


_KERAS_PARTS = (
    Part("same", 'Size of the output with padding="same":', "int"),
    Part(
        "zeros",
        'How many zeros does "same" put before and after the input? Give (before, after).',
        "shape",
        {"axes": "(before, after)"},
    ),
    Part("valid", 'Size of the output with padding="valid":', "int"),
)


def _keras_prompt(params: dict[str, Any]) -> str:
    n, k, s, d = (params[name] for name in ("n", "k", "stride", "dilation"))
    gaps = f", dilation $d = {d}$ (neighbouring taps lie {d} pixels apart)" if d > 1 else ""
    return (
        f"In Keras the padding of a layer is a rule. Take one axis of $n = {n}$ pixels, a kernel of size $k = {k}$ "
        f'and stride $s = {s}${gaps}.\n\n- `padding="valid"` adds nothing: only windows that lie completely inside the '
        'input count.\n- `padding="same"` makes the output $\\lceil n/s \\rceil$ long. It adds just as many zeros as '
        "this needs, half of them on either side; if their number is odd, the one left over comes **after** the input."
    )


def _keras_steps(params: dict[str, Any], truth: dict[str, Any]) -> tuple[str, ...]:
    n, k, s, d = (params[name] for name in ("n", "k", "stride", "dilation"))
    span, size, (before, after) = _span(params), truth["same"], truth["zeros"]
    reach = (size - 1) * s + span
    spans = (f"The kernel spans $d(k-1)+1 = {d} \\cdot {k - 1} + 1 = {span}$ pixels.",) if d > 1 else ()
    needed = (
        f"{reach - n} {'zeros are' if reach - n > 1 else 'zero is'} missing: {before} before and {after} after."
        if reach > n
        else "no zeros are needed."
    )
    return (
        *spans,
        f'"same": $\\lceil {n}/{s} \\rceil = {size}$.',
        f"{size} windows reach over $({size} - 1) \\cdot {s} + {span} = {reach}$ pixels; there are {n}, so {needed}",
        f'"valid": $\\lfloor ({n} - {span})/{s} \\rfloor + 1 = {truth["valid"]}$.',
    )


# --------------------------------------------------------------------------------------------- DIL-1


_SPANS = ("span-dk", "span-k-plus-d", "span-one-gap", "span-last-tap-forgotten", "span-dilation-minus-one")


@question(
    "DIL-1",
    title="How far a dilated kernel reaches",
    op=conv_output_size,
    space={1: 400, 2: 1_200, 3: 1_500},
    min_exposed=5,
    must_detect={
        1: _SPANS,
        2: (*_SPANS, "out-padding-ignored", "out-stride-ignored", "out-plus1-forgotten"),
        3: (*_SPANS, "keep-both-sides", "keep-dilation-ignored", "out-plus1-forgotten"),
    },
)
class DilatedKernel:
    """The span of a kernel, and the size it leaves. Level 2: stride and padding; level 3: what keeps the size."""

    parents = {"size": ("span",), "keep": ("span",)}  # noqa: RUF012 - read once, when the question is registered

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        k, dilation = _between(rng, 3, 6), _between(rng, 2, 5)
        stride, padding = (1, 0) if level == 1 else (_between(rng, 2, 3), _between(rng, 1, 3))
        keep = level == 3
        params = {"n": _between(rng, 12, 64), "k": k, "stride": stride, "padding": padding}
        params |= {"dilation": dilation, "keep": keep}
        if (keep and dilation * (k - 1) % 2) or params["n"] < dilation * (k + 1) + 2 * stride:
            return None
        return params

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        n, k, s, p, d = (params[name] for name in ("n", "k", "stride", "padding", "dilation"))
        truth = {"span": _span(params), "size": impl(n, k, s, p, d).size}
        if params["keep"]:
            truth["keep"] = (truth["span"] - 1) // 2
        return Variant(
            question="DIL-1",
            title="How far a dilated kernel reaches",
            prompt=_dilated_prompt(params),
            parts=_DILATED_PARTS[: 3 if params["keep"] else 2],
            truth=truth,
            solution=_dilated_steps(params, truth),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        taps = [tap * params["dilation"] for tap in range(params["k"])]
        span = taps[-1] - taps[0] + 1
        found = {
            "span": span,
            "size": len(_positions(params["n"] + 2 * params["padding"], span, params["stride"])),
        }
        if params["keep"]:
            found["keep"] = next(
                p for p in range(span) if len(_positions(params["n"] + 2 * p, span, 1)) == params["n"]
            )
        return found

    @staticmethod
    def carry(params: dict[str, Any], part: str, given: dict[str, Any]) -> Any:
        span, room = given["span"], params["n"] + 2 * params["padding"]
        # a span of k taps side by side would leave nothing of the dilation; one beyond the image fits nowhere
        if not params["k"] < span <= room:
            return None
        if part == "size":
            return (room - span) // params["stride"] + 1
        return (span - 1) // 2 if span % 2 else None


_DILATED_PARTS = (
    Part("span", "How many pixels lie between the first and the last tap, both counted?", "int"),
    Part("size", "How many entries does the output have?", "int"),
    Part("keep", "Which padding $p$ on each side would keep the size of the input, with stride 1?", "int"),
)


def _dilated_prompt(params: dict[str, Any]) -> str:
    n, k, s, p, d = (params[name] for name in ("n", "k", "stride", "padding", "dilation"))
    framed = f"zero padding $p = {p}$ on each side" if p else "no padding"
    return (
        f"A kernel has $k = {k}$ taps along one axis and is used with dilation $d = {d}$: neighbouring taps meet "
        f"pixels that lie ${d}$ apart, so $d - 1 = {d - 1}$ {'pixels are' if d > 2 else 'pixel is'} passed over "
        f"between them. It slides over $n = {n}$ pixels with stride $s = {s}$ and {framed}. A window that does not lie "
        "completely inside the (padded) input is left out."
    )


def _dilated_steps(params: dict[str, Any], truth: dict[str, Any]) -> tuple[str, ...]:
    n, k, s, p, d = (params[name] for name in ("n", "k", "stride", "padding", "dilation"))
    span, size = truth["span"], truth["size"]
    steps = [
        f"{k} taps have {k - 1} gaps, each with ${d} - 1 = {d - 1}$ {'pixels' if d > 2 else 'pixel'} between "
        f"the taps: "
        f"$k + (k-1)(d-1) = {k} + {k - 1} \\cdot {d - 1} = {span}$.",
        f"$\\lfloor (n + 2p - {span})/s \\rfloor + 1 = \\lfloor ({n} + {2 * p} - {span})/{s} \\rfloor + 1 = {size}$.",
    ]
    if params["keep"]:
        keep = truth["keep"]
        steps.append(
            f"With stride 1 the output has $n + 2p - {span} + 1$ entries; that is $n$ for $2p = {span} - 1$, so "
            f"$p = {keep}$."
        )
    return tuple(steps)


# ------------------------------------------------------------------------------------------- TCONV-1


_PADS = ("size-padding-added", "size-padding-one-side", "size-padding-ignored")
_BLOWN = ("size-of-convolution", "size-minus-one-forgotten", "size-stride-ignored")


@question(
    "TCONV-1",
    title="Output size of a transposed convolution",
    op=conv_transpose_output_size,
    space={1: 330, 2: 650, 3: 9_000},
    min_exposed=5,
    must_detect={
        1: (*_PADS, *_BLOWN),
        2: (*_PADS, *_BLOWN, "size-output-padding-ignored"),
        3: (*_PADS, *_BLOWN, "size-output-padding-ignored", "size-dilation-ignored"),
    },
)
class BlownUpSize:
    """How large does the map become? Level 2: output padding; level 3: rows and columns, dilated kernel."""

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        sizes = [_between(rng, 3, 64) for _ in range(1 if level < 3 else 2)]
        stride = _between(rng, 2, 3 if level == 1 else 4)
        extra = _between(rng, 1, stride - 1) if level > 1 else 0
        params = {"sizes": sizes, "k": _between(rng, 3, 5), "stride": stride, "padding": _between(rng, 1, 2)}
        params |= {"extra": extra, "dilation": 2 if level == 3 else 1}
        return params if len(set(sizes)) == len(sizes) else None

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        settings = [params[name] for name in ("k", "stride", "padding", "extra", "dilation")]
        found = [impl(n, *settings) for n in params["sizes"]]
        single = len(found) == 1
        asked = "How many rows (and columns) does the result have?" if single else _BOTH
        kind, options = ("int", {}) if single else ("shape", {"axes": "(rows, columns)"})
        return Variant(
            question="TCONV-1",
            title="Output size of a transposed convolution",
            prompt=_blown_prompt(params),
            parts=(Part("size", asked, kind, options),),
            truth={"size": found[0] if single else found},
            solution=_blown_steps(params, found),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        # stamp by stamp: the last one ends at the border of the map, then p entries go on either side
        found = []
        for n in params["sizes"]:
            touched = {
                i * params["stride"] + tap * params["dilation"]
                for i in range(n)
                for tap in range(params["k"])
            }
            found.append(
                len(range(max(touched) + 1)[params["padding"] :]) - params["padding"] + params["extra"]
            )
        return {"size": found[0] if len(found) == 1 else found}


_BOTH = "How many rows and columns does the result have? Give (rows, columns)."


def _blown_prompt(params: dict[str, Any]) -> str:
    sizes, k, s, p, e, d = (params[name] for name in ("sizes", "k", "stride", "padding", "extra", "dilation"))
    gaps = (
        f" and dilation $d = {d}$ (the entries of the kernel are stamped {d} pixels apart)" if d > 1 else ""
    )
    more = (
        f" The output padding of {e} makes the result {e} {'rows' if e > 1 else 'row'} and "
        f"{'columns' if e > 1 else 'column'} larger, at the bottom and on the right."
        if e
        else " There is no output padding."
    )
    return (
        f"A map of {sizes[0]} × {sizes[-1]} entries (rows × columns) goes through a **transposed convolution** with a "
        f"kernel of {k} × {k}, stride $s = {s}${gaps}: each entry stamps the kernel on a large empty map, "
        f"neighbouring stamps {s} pixels apart. Then the padding $p = {p}$ **cuts** {p} "
        f"{'rows' if p > 1 else 'row'} and {'columns' if p > 1 else 'column'} off on **each** of the four sides."
        f"{more}"
    )


def _blown_steps(params: dict[str, Any], found: list[int]) -> tuple[str, ...]:
    sizes, k, s, p, e, d = (params[name] for name in ("sizes", "k", "stride", "padding", "extra", "dilation"))
    span = d * (k - 1) + 1
    steps = [f"A stamp spans $d(k-1)+1 = {d} \\cdot {k - 1} + 1 = {span}$ pixels."] if d > 1 else []
    for n, size, axis in zip(sizes, found, ("Rows", "Columns")):
        name = f"{axis}: t" if len(found) == 2 else "T"
        steps.append(
            f"{name}he last stamp starts at $({n} - 1) \\cdot {s} = {(n - 1) * s}$, so all stamps together cover "
            f"${(n - 1) * s} + {span} = {(n - 1) * s + span}$."
        )
        plus, add = (f" + {e}", ", add the output padding") if e else ("", "")
        cut = f"{(n - 1) * s + span} - {2 * p}{plus} = {size}"
        steps.append(f"Cut off $2 \\cdot {p}${add}: ${cut}$.")
    return tuple(steps)
