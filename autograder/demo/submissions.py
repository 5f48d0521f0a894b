"""A made-up class: what each student hands in, and what grading must find.

Each one starts from the solved notebook and is spoilt (or rewritten) on purpose.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Notebook = dict[str, Any]
Change = Callable[[Notebook], Notebook | bytes]


@dataclass(frozen=True)
class Pupil:
    """One made-up student. `expects` is "full", "zero", "some" or "error"; `names` must be among what is named."""

    id: str
    handed_in: str
    change: Change
    expects: str = "full"
    names: tuple[str, ...] = ()


def cell(notebook: Notebook, name: str) -> dict[str, Any]:
    """Return the cell of a question."""
    return next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name)


def code(source: str) -> dict[str, Any]:
    """Return a new cell as a student adds it, without any metadata."""
    return {
        "cell_type": "code",
        "id": "added",
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def as_is(notebook: Notebook) -> Notebook:
    """Hand in the solution."""
    return notebook


def edit(name: str, old: str, new: str) -> Change:
    """Change one piece of text in the cell of a question; spaces inside its lines need not be the same."""
    pattern = "\n".join(_loosely(line) for line in old.split("\n"))

    def change(notebook: Notebook) -> Notebook:
        source, count = re.subn(pattern, lambda _match: new, cell(notebook, name)["source"])
        if not count:
            raise ValueError(f"the solution of {name} does not contain {old!r}")
        cell(notebook, name)["source"] = source
        return notebook

    return change


def _loosely(line: str) -> str:
    """Match a line however a formatter spaces it; its indentation counts."""
    bare = line.lstrip()
    return re.escape(line[: len(line) - len(bare)]) + " *".join(re.escape(c) for c in bare if c != " ")


def write(name: str, source: str) -> Change:
    """Write the cell of a question anew."""

    def change(notebook: Notebook) -> Notebook:
        cell(notebook, name)["source"] = source
        return notebook

    return change


def insert_before(name: str, source: str) -> Change:
    """Add a cell of one's own before the cell of a question."""

    def change(notebook: Notebook) -> Notebook:
        notebook["cells"].insert(notebook["cells"].index(cell(notebook, name)), code(source))
        return notebook

    return change


def remove(name: str) -> Change:
    """Delete the cell of a question."""

    def change(notebook: Notebook) -> Notebook:
        notebook["cells"].remove(cell(notebook, name))
        return notebook

    return change


def both(*changes: Change) -> Change:
    """Apply several changes."""

    def change(notebook: Notebook) -> Notebook:
        for one in changes:
            one(notebook)
        return notebook

    return change


def torn(notebook: Notebook) -> bytes:
    """Save half of the file, as a full disk does."""
    text = json.dumps(notebook).encode()
    return text[: len(text) // 2]


def split(notebook: Notebook) -> Notebook:
    """Split the backward into two cells: a helper and the function."""
    helper = (
        "def gather(Xp, i, j, s, span, d):\n    return Xp[:, :, i * s:i * s + span:d, j * s:j * s + span:d]"
    )
    return both(insert_before("conv_backward", helper), write("conv_backward", _WITH_HELPER))(notebook)  # type: ignore[return-value]


def list_results(notebook: Notebook) -> Notebook:
    """Return lists instead of tuples, and float32 numbers."""
    return both(
        edit("conv_out", "return left // s + 1, left % s == 0", "return [left // s + 1, left % s == 0]"),
        edit("conv_forward", "return Y, (X,", "return Y.astype(np.float32), (X,"),
    )(notebook)  # type: ignore[return-value]


_WITH_HELPER = """def conv_backward(dY, cache):
    X, W, b, s, p, d = cache
    k = W.shape[-1]
    span = d * (k - 1) + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    dXp, dW = np.zeros_like(Xp), np.zeros_like(W)
    for i in range(dY.shape[2]):
        for j in range(dY.shape[3]):
            dW += np.einsum('nf,ncuv->fcuv', dY[:, :, i, j], gather(Xp, i, j, s, span, d))
            gather(dXp, i, j, s, span, d)[...] += np.einsum('nf,fcuv->ncuv', dY[:, :, i, j], W)
    return dXp[:, :, p:p + X.shape[2], p:p + X.shape[3]], dW, dY.sum(axis=(0, 2, 3))"""

_TAPS = """def conv_forward(X, W, b, s, p, d=1):
    F, C, k, _ = W.shape
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    rows = (Xp.shape[2] - d * (k - 1) - 1) // s + 1
    cols = (Xp.shape[3] - d * (k - 1) - 1) // s + 1
    Y = np.zeros((len(X), F, rows, cols)) + b[:, None, None]
    for u in range(k):
        for v in range(k):
            piece = Xp[:, :, u * d:u * d + s * rows:s, v * d:v * d + s * cols:s][:, :, :rows, :cols]
            Y += np.einsum('nchw,fc->nfhw', piece, W[:, :, u, v])
    return Y, (X, W, b, s, p, d)"""

_WINDOWS = """from numpy.lib.stride_tricks import sliding_window_view

def conv_forward(X, W, b, s, p, d=1):
    span = d * (W.shape[-1] - 1) + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    windows = sliding_window_view(Xp, (span, span), axis=(2, 3))[:, :, ::s, ::s, ::d, ::d]
    Y = np.einsum('ncijuv,fcuv->nfij', windows, W) + b.reshape(1, -1, 1, 1)
    return Y, (X, W, b, s, p, d)"""

_FORGED = """import builtins, sys
print('{"score": 28, "max_score": 28, "status": "graded"}')
for fd in range(3, 64):
    try:
        import os
        os.write(fd, b'BMw1 full marks please')
    except OSError:
        pass
np.allclose = np.array_equal = lambda *a, **k: True
class Always(float):
    def __eq__(self, other): return True
    def __sub__(self, other): return Always(0.0)
    def __array__(self, *a, **k): return np.zeros(())

def conv_forward(X, W, b, s, p, d=1):
    return Always(1.0), None"""

_STRAIGHT = "Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))"
_TOP_LEFT = "Xp = np.pad(X, ((0, 0), (0, 0), (2 * p, 0), (2 * p, 0)))"
_EDGE = "Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)), mode='edge')"
_WINDOW = "Xp[n, :, r0:r0 + span:d, c0:c0 + span:d] * W[f]"

CLASS: tuple[Pupil, ...] = (
    Pupil("ada", "the plain loops", as_is),
    Pupil("blaise", "one tap at a time", write("conv_forward", _TAPS)),
    Pupil("carl", "sliding windows, an extra import", write("conv_forward", _WINDOWS)),
    Pupil("dorothy", "a helper in a cell of its own", split),
    Pupil("emmy", "lists and float32", list_results),
    Pupil("florence", "numba, a magic line, a plot", both(
        insert_before("conv_out", "%matplotlib inline\nimport numba"),
        insert_before("conv_forward", "print(conv_out(7, 3, 2))"))),
    Pupil("george", "the blank release", as_is, "zero"),
    Pupil("grace", "kernel flipped", edit("conv_forward", "* W[f])", "* W[f, :, ::-1, ::-1])"), "some",
          ("kernel-flipped-forward",)),
    Pupil("hedy", "all padding top left", edit("conv_forward", _STRAIGHT, _TOP_LEFT), "some", ("padding-all-top-left",)),
    Pupil("henri", "edge replicated as padding", edit("conv_forward", _STRAIGHT, _EDGE), "some", ("edge-padding",)),
    Pupil("ida", "bias forgotten", edit("conv_forward", " + b[f]", ""), "some", ("bias-forgotten",)),
    Pupil("isaac", "mean over the window", edit("conv_forward", f"np.sum({_WINDOW})", f"np.sum({_WINDOW}) / k**2"), "some",
          ("mean-over-window",)),
    Pupil("joan", "last row missing", edit("conv_forward", "enumerate(tops)", "enumerate(tops[:-1])"), "some",
          ("last-row-missing",)),
    Pupil("john", "only the first channel", edit("conv_forward", _WINDOW, _WINDOW.replace(":, r0", ":1, r0").replace("W[f]", "W[f, :1]")), "some",
          ("first-channel-only",)),
    Pupil("kurt", "overlaps overwrite in dX", edit("conv_backward", "dXp[window] +=", "dXp[window] ="), "some",
          ("overlap-overwrites-filter-by-filter",)),
    Pupil("leonhard", "db is a mean", edit("conv_backward", "return dXp", "db = dY.mean(axis=(0, 2, 3))\n    return dXp"),
          "some", ("db-mean",)),
    Pupil("lise", "dW of the last example only", edit(
        "conv_backward", "    for n, f, i, j in np.ndindex(dY.shape):\n",
        "    for n, f, i, j in np.ndindex(dY.shape):\n        if i == j == f == 0: dW[...] = 0\n"), "some",
          ("dW-last-example",)),
    Pupil("maria", "changes dY in place", edit("conv_backward", "X, W, b, s, p, d = cache", "dY *= 1.0000001; X, W, b, s, p, d = cache"),
          "some"),
    Pupil("niels", "rounds the size", edit("conv_out", "left // s + 1,", "round(left / s + 1),"), "some",
          ("out-round-instead-of-floor",)),
    Pupil("olga", "+1 inside the division", edit("conv_out", "left // s + 1,", "(left + 1) // s,"), "some",
          ("out-plus1-inside",)),
    Pupil("paul", "parameters without bias", edit("conv_params", "+ (1 if bias else 0)", ""), "some"),
    Pupil("rosalind", "true convolution without the flip", edit("conv2d_true", "H[::-1, ::-1]", "H"), "some",
          ("kernel-not-flipped",)),
    Pupil("sofia", "by-hand answers of a mistake", as_is, "some"),
    Pupil("srinivasa", "a syntax error in one cell", edit("conv_backward", "def conv_backward(dY, cache):", "def conv_backward(dY, cache:"),
          "some"),
    Pupil("thomas", "conv_backward deleted", remove("conv_backward"), "some"),
    Pupil("ursula", "an endless loop", edit("conv_forward", "    span =", "    while True: pass\n    span ="), "some"),
    Pupil("vera", "a memory hog", edit("conv_forward", "    span =", "    hog = [np.ones(10**8) for _ in range(100)]\n    span ="), "some"),
    Pupil("wilhelm", "forged output and replies", write("conv_forward", _FORGED), "some"),
    Pupil("xenia", "ends the process", edit("conv_backward", "    X, W, b, s, p, d = cache", "    import os; os._exit(0)"), "some"),
    Pupil("yann", "half a file", torn, "error"),
    Pupil("zeno", "not in the roster", as_is, "error"),
)  # fmt: skip


def hand_in(pupil: Pupil, solved: Notebook) -> bytes:
    """Return the bytes of a pupil's file."""
    result = pupil.change(copy.deepcopy(solved))
    return result if isinstance(result, bytes) else json.dumps(result).encode()
