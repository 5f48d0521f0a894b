"""Counting by hand: output sizes, parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.model import Part, Variant
from autograder.questions import question
from reference import conv_output_size, conv_parameters

_YES_NO = ("yes", "no")


def _pick(rng: np.random.Generator, *choices: int) -> int:
    return int(choices[rng.integers(len(choices))])


def _between(rng: np.random.Generator, least: int, most: int) -> int:
    return int(rng.integers(least, most + 1))


# ------------------------------------------------------------------------------------------ CARITH-1


@question(
    "CARITH-1",
    title="Output size of a convolution",
    op=conv_output_size,
    space={1: 550, 2: 1_700, 3: 20_000},
    min_exposed=4,
    tell_apart=False,  # a size is one small number: the 1 forgotten and the 1 inside the fraction look alike
    must_detect={
        1: ("out-plus1-forgotten",),
        2: ("out-plus1-forgotten", "out-ceil-instead-of-floor", "out-padding-ignored", "out-stride-ignored"),
        3: (
            "out-plus1-forgotten",
            "out-ceil-instead-of-floor",
            "out-padding-ignored",
            "out-dilation-ignored",
            "out-effective-kernel-dk",
        ),
    },
)
class OutputSizes:
    """How many positions does a kernel have? Level 2: it does not fit exactly; level 3: rows and columns."""

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        if level == 1:
            sizes, k = [_between(rng, 7, 32)], _between(rng, 2, 5)
            stride, padding, dilation = _pick(rng, 1, 2, 2), _between(rng, 0, 2), 1
        else:
            sizes, k = [_between(rng, 7, 64) for _ in range(level - 1)], _between(rng, 2, 7)
            stride, padding, dilation = _pick(rng, 2, 3), _between(rng, 1, 3), _pick(rng, 1, 2)
        dilation = 2 if level == 3 else dilation
        rooms = [n + 2 * padding - dilation * (k - 1) - 1 for n in sizes]
        if padding >= k or min(rooms) < stride or len(set(sizes)) < len(sizes):
            return None
        if level > 1 and not any(room % stride for room in rooms):
            return None
        return {"sizes": sizes, "k": k, "stride": stride, "padding": padding, "dilation": dilation}

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        k, s, p, d = (params[name] for name in ("k", "stride", "padding", "dilation"))
        found = [impl(n, k, s, p, d) for n in params["sizes"]]
        square = len(found) == 1
        truth = {
            "size": found[0].size if square else [size for size, _ in found],
            "fits": 0 if all(fits for _, fits in found) else 1,
        }
        return Variant(
            question="CARITH-1",
            title="Output size of a convolution",
            prompt=_size_prompt(params),
            parts=(_size_part(square), _fits_part(square)),
            truth=truth,
            solution=_size_steps(params, found),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        k, s, p, d = (params[name] for name in ("k", "stride", "padding", "dilation"))
        sizes, fits = [], []
        for n in params["sizes"]:
            start, last = 0, None
            taken = []
            while start + d * (k - 1) < n + 2 * p:
                taken.append(start)
                last = start + d * (k - 1)
                start += s
            sizes.append(len(taken))
            fits.append(last == n + 2 * p - 1)
        return {"size": sizes[0] if len(sizes) == 1 else sizes, "fits": 0 if all(fits) else 1}


def _size_prompt(params: dict[str, Any]) -> str:
    sizes, k = params["sizes"], params["k"]
    image = f"{sizes[0]} × {sizes[-1]}"
    gaps = (
        f"dilation $d = {params['dilation']}$ (neighbouring taps of the kernel lie $d$ pixels apart)"
        if params["dilation"] > 1
        else "no dilation ($d = 1$)"
    )
    return (
        f"A kernel of size {k} × {k} slides over an image of {image} pixels (rows × columns) with stride "
        f"$s = {params['stride']}$, zero padding $p = {params['padding']}$ on **each** of the four sides, "
        f"and {gaps}.\n\n"
        "A window that does not lie completely inside the padded image is left out (floor)."
    )


def _size_part(square: bool) -> Part:
    if square:
        return Part("size", "How many rows (and columns) does the output have?", "int", share=0.75)
    asked = "How many rows and columns does the output have? Give (rows, columns)."
    return Part("size", asked, "shape", {"axes": "(rows, columns)"}, share=0.75)


def _fits_part(square: bool) -> Part:
    where = "" if square else ", in both directions"
    asked = f"Does the last window end exactly at the border of the padded image{where}?"
    return Part("fits", asked, "mc1", {"choices": list(_YES_NO)}, share=0.25)


def _size_steps(params: dict[str, Any], found: list[Any]) -> tuple[str, ...]:
    k, s, p, d = (params[name] for name in ("k", "stride", "padding", "dilation"))
    span = d * (k - 1) + 1
    steps = [f"The kernel spans $d(k-1)+1 = {d} \\cdot {k - 1} + 1 = {span}$ pixels."]
    for n, (size, fits), axis in zip(params["sizes"], found, ("Rows", "Columns")):
        room = n + 2 * p - span
        name = f"{axis}: t" if len(found) == 2 else "T"
        end = "nothing left over: it fits exactly" if fits else f"{room % s} left over: it does not fit"
        steps += [
            f"{name}he padded image is $n + 2p = {n} + 2 \\cdot {p} = {n + 2 * p}$ long, so the kernel can "
            f"move by ${n + 2 * p} - {span} = {room}$ pixels.",
            f"${room} = {room // s} \\cdot {s} + {room % s}$: ${room // s}$ steps; {end}.",
            f"Steps plus the first position: ${room // s} + 1 = {size}$.",
        ]
    return tuple(steps)


# ------------------------------------------------------------------------------------------ CARITH-2


_BIASES = ("params-bias-forgotten", "params-one-bias", "params-bias-per-slice")


@question(
    "CARITH-2",
    title="Parameters of a convolutional layer",
    op=conv_parameters,
    space={1: 400, 2: 1_800, 3: 1_300},
    min_exposed=4,
    must_detect={
        1: (*_BIASES, "params-channels-forgotten", "params-k-not-squared", "params-times-positions"),
        2: (*_BIASES, "params-channels-forgotten", "params-first-side-squared"),
        3: (*_BIASES, "params-groups-ignored", "params-groups-divided-twice"),
    },
)
class Parameters:
    """How many numbers does a layer learn? Level 2: the kernel is not square; level 3: there are groups."""

    @staticmethod
    def draw(rng: np.random.Generator, level: int) -> dict[str, Any] | None:
        groups = _pick(rng, 2, 3, 4) if level == 3 else 1
        free = level > 1
        kernel = [_pick(rng, 1, 3, 5, 7) for _ in range(2)] if free else [_pick(rng, 3, 5, 7)] * 2
        image = [_between(rng, 8, 32) for _ in range(2)] if free else [_between(rng, 8, 32)] * 2
        c_in = groups * _between(rng, 2, 12 if groups == 1 else 8)
        c_out = groups * _between(rng, 2, 16 if groups == 1 else 6)
        if (level == 2 and kernel[0] == kernel[1]) or kernel == [1, 1] or c_in == c_out:
            return None
        batch = _pick(rng, 10, 16, 20, 32, 50)
        layer = {"c_in": c_in, "kernel": kernel, "c_out": c_out, "groups": groups}
        return {**layer, "image": image, "batch": batch}

    @staticmethod
    def canonical(params: dict[str, Any]) -> Any:
        # the image and the batch do not matter for the answer, so they do not make another instance
        return [params[name] for name in ("c_in", "kernel", "c_out", "groups")]

    @staticmethod
    def pose(params: dict[str, Any], impl: Any) -> Variant:
        count = impl(params["c_in"], tuple(params["kernel"]), params["c_out"], True, params["groups"])
        return Variant(
            question="CARITH-2",
            title="Parameters of a convolutional layer",
            prompt=_parameter_prompt(params),
            parts=(Part("parameters", "How many numbers does this layer learn, biases included?", "int"),),
            truth={"parameters": count},
            solution=_parameter_steps(params, count),
            params=params,
            level=params.get("level", 1),
        )

    @staticmethod
    def exact(params: dict[str, Any]) -> dict[str, Any]:
        seen = [c for c in range(params["c_in"]) if c * params["groups"] < params["c_in"]]
        weights = 0
        for _filter in range(params["c_out"]):
            weights += 1  # its bias
            for _channel in seen:
                for _row in range(params["kernel"][0]):
                    weights += params["kernel"][1]
        return {"parameters": weights}


def _parameter_prompt(params: dict[str, Any]) -> str:
    (rows, columns), (kh, kw) = params["image"], params["kernel"]
    c_in, c_out, groups = params["c_in"], params["c_out"], params["groups"]
    grouped = (
        f" The channels and the filters are divided into {groups} groups of equal size; a filter sees only "
        "the channels of its own group."
        if groups > 1
        else ""
    )
    return (
        f"A convolutional layer has {c_out} filters of {kh} × {kw} pixels (rows × columns) and one bias per "
        f"filter. It is applied with stride 1 and without padding to a batch of {params['batch']} images of "
        f"{rows} × {columns} pixels with {c_in} channel{'s' if c_in > 1 else ''} each.{grouped}"
    )


def _parameter_steps(params: dict[str, Any], count: Any) -> tuple[str, ...]:
    (kh, kw), c_in, c_out, groups = params["kernel"], params["c_in"], params["c_out"], params["groups"]
    depth, weights = c_in // groups, kh * kw * (c_in // groups)
    shared = "The image size and the batch do not matter: all positions of all images share the filters."
    deep = (
        f"Each filter sees ${c_in} : {groups} = {depth}$ channels."
        if groups > 1
        else f"Each filter is as deep as its input: {depth} channel{'s' if depth > 1 else ''}."
    )
    return (
        deep,
        f"One filter: ${kh} \\cdot {kw} \\cdot {depth} = {weights}$ weights and one bias: ${weights + 1}$.",
        f"All filters: ${weights + 1} \\cdot {c_out} = {count}$.",
        shared,
    )
