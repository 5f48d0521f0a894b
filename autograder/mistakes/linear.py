"""What goes wrong in linear layers: mean subtraction and one dense layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.mistakes import mistake

Functions = dict[str, Callable[..., Any]]


def _instead(
    target: str, name: str, family: str, what: str, how: str, wrong: Callable[..., Any], kind: str = "value"
) -> None:
    """Register `wrong` as what a student writes instead of the function `target`."""

    def spoilt(right: Functions) -> Functions:
        return {**right, target: wrong}

    spoilt.__doc__ = f"{what}\n\n{how}"
    mistake(target, name, family=family, kind=kind)(spoilt)


# --- mean subtraction ----------------------------------------------------------------------------

_instead(
    "mean_sub_forward", "mean-sub-over-batch", "orientation",
    "You subtract the mean over the examples (axis 0).",
    "Rows are examples: subtract from every row its own mean, axis=1 with keepdims=True.",
    lambda X: X - X.mean(axis=0),
)  # fmt: skip
_instead(
    "mean_sub_forward", "mean-sub-no-keepdims", "orientation",
    "You subtract the row means without keepdims: NumPy lines them up with the columns, which raises an error or, "
    "where X is square, silently subtracts the wrong mean.",
    "Use X.mean(axis=1, keepdims=True), so that the means form a column.",
    lambda X: X - X.mean(axis=1),
)  # fmt: skip
_instead(
    "mean_sub_forward", "mean-sub-of-all", "scope",
    "You subtract the mean of the whole table.",
    "Every row has its own mean: axis=1, keepdims=True.",
    lambda X: X - X.mean(),
)  # fmt: skip
_instead(
    "mean_sub_forward", "mean-sub-sum", "scale",
    "You subtract the sum of a row instead of its mean.",
    "Divide the sum by the number D of features.",
    lambda X: X - X.sum(axis=1, keepdims=True),
)  # fmt: skip
_instead(
    "mean_sub_forward", "mean-sub-divided-by-n", "scale",
    "You divide the sum of a row by the number of examples.",
    "Divide by the number D of features, X.shape[1].",
    lambda X: X - X.sum(axis=1, keepdims=True) / X.shape[0],
)  # fmt: skip
_instead(
    "mean_sub_forward", "mean-sub-divided-by-d-minus-1", "off-by-one",
    "You divide the sum of a row by D - 1.",
    "The mean of D numbers is their sum divided by D.",
    lambda X: X - X.sum(axis=1, keepdims=True) / max(X.shape[1] - 1, 1),
)  # fmt: skip
_instead(
    "mean_sub_forward", "mean-sub-returns-mean", "omission",
    "You return the means and do not subtract them.",
    "Return X minus the means.",
    lambda X: np.broadcast_to(X.mean(axis=1, keepdims=True), X.shape).copy(),
)  # fmt: skip
_instead(
    "mean_sub_forward", "mean-sub-standardised", "wrong-op",
    "You also divide every row by its standard deviation.",
    "Only subtract the mean.",
    lambda X: (X - X.mean(axis=1, keepdims=True)) / X.std(axis=1, keepdims=True),
)  # fmt: skip
_instead(
    "mean_sub_backward", "mean-sub-over-batch", "orientation",
    "You subtract the mean of the gradient over the examples (axis 0).",
    "Every row has its own Jacobian I - 1/D: subtract the mean of each row, axis=1 with keepdims=True.",
    lambda dH: dH - dH.mean(axis=0),
)  # fmt: skip
_instead(
    "mean_sub_backward", "mean-sub-no-keepdims", "orientation",
    "You subtract the row means of the gradient without keepdims: NumPy lines them up with the columns.",
    "Use dH.mean(axis=1, keepdims=True), so that the means form a column.",
    lambda dH: dH - dH.mean(axis=1),
)  # fmt: skip
_instead(
    "mean_sub_backward", "mean-sub-of-all", "scope",
    "You subtract the mean of the whole gradient.",
    "Every row has its own mean: axis=1, keepdims=True.",
    lambda dH: dH - dH.mean(),
)  # fmt: skip
_instead(
    "mean_sub_backward", "mean-sub-backward-identity", "omission",
    "You pass the gradient on unchanged, as if the mean did not depend on X.",
    "Every x of a row enters its mean: subtract the mean of the row of dH.",
    lambda dH: np.array(dH),
)  # fmt: skip
_instead(
    "mean_sub_backward", "mean-sub-backward-diagonal", "omission",
    "You multiply the gradient by 1 - 1/D: that is the diagonal of the Jacobian only.",
    "Every h depends on all x of its row: subtract the mean of the row of dH.",
    lambda dH: dH * (1 - 1 / dH.shape[1]),
)  # fmt: skip
_instead(
    "mean_sub_backward", "mean-sub-sum", "scale",
    "You subtract the sum of a row of the gradient instead of its mean.",
    "Divide the sum by the number D of features.",
    lambda dH: dH - dH.sum(axis=1, keepdims=True),
)  # fmt: skip
_instead(
    "mean_sub_backward", "mean-sub-divided-by-n", "scale",
    "You divide the sum of a row of the gradient by the number of examples.",
    "Divide by the number D of features, dH.shape[1].",
    lambda dH: dH - dH.sum(axis=1, keepdims=True) / dH.shape[0],
)  # fmt: skip
_instead(
    "mean_sub_backward", "mean-sub-sign-swapped", "sign",
    "You add the mean of the row of dH.",
    "The mean is subtracted in the forward, and so it is on the way back.",
    lambda dH: dH + dH.mean(axis=1, keepdims=True),
)  # fmt: skip


def _in_place(rows: Any) -> Any:
    rows -= rows.mean(axis=1, keepdims=True)
    return rows


for _name in ("mean_sub_forward", "mean_sub_backward"):
    _instead(
        _name, "mean-sub-in-place", "scope",
        "You subtract in place (-=), which changes the array you were given.",
        "Write X = X - ..., which makes a new array.",
        _in_place, kind="behaviour",
    )  # fmt: skip


# --- one dense layer -----------------------------------------------------------------------------

_instead(
    "dense_forward", "dense-forward-wx-transposed", "orientation",
    "You compute x W, that is W^T x: it raises an error, or is wrong where W is square.",
    "W[M,D] has one row per output: compute W @ x.",
    lambda x, W, b: x @ W + b,
)  # fmt: skip
_instead(
    "dense_forward", "dense-no-bias", "omission",
    "You leave out the bias.",
    "Add b: h = W x + b.",
    lambda x, W, b: W @ x,
)  # fmt: skip
_instead(
    "dense_forward", "dense-bias-subtracted", "sign",
    "You subtract the bias.",
    "Add b: h = W x + b.",
    lambda x, W, b: W @ x - b,
)  # fmt: skip
_instead(
    "dense_forward", "dense-bias-per-product", "scope",
    "You add the bias inside the sum, once for every input.",
    "Sum the products first and add b[i] once.",
    lambda x, W, b: W @ x + len(x) * b,
)  # fmt: skip
_instead(
    "dense_forward", "dense-last-input-missing", "off-by-one",
    "Your sum leaves out the last input.",
    "Let j run over all D inputs, range(D).",
    lambda x, W, b: W[:, :-1] @ x[:-1] + b,
)  # fmt: skip


def _bias_in_place(x: Any, W: Any, b: Any) -> Any:
    b += W @ x
    return b


_instead(
    "dense_forward", "dense-adds-into-b", "scope",
    "You add the products into b, which changes the array you were given.",
    "Write h = W @ x + b, which makes a new array.",
    _bias_in_place, kind="behaviour",
)  # fmt: skip
_instead(
    "dense_backward", "dense-dx-not-transposed", "orientation",
    "You compute dx = W dh: it raises an error, or is wrong where W is square.",
    "Each input reaches all outputs, so its gradient sums over the rows of W: dx = W^T dh.",
    lambda dh, x, W: (W @ dh, np.outer(dh, x), dh.copy()),
)  # fmt: skip
_instead(
    "dense_backward", "dense-dW-transposed", "orientation",
    "Your dW is x dh^T, the transpose of what W needs.",
    "dW[i,j] = dh[i] x[j] has the shape of W: np.outer(dh, x).",
    lambda dh, x, W: (W.T @ dh, np.outer(x, dh), dh.copy()),
)  # fmt: skip
_instead(
    "dense_backward", "dense-db-summed", "scope",
    "You sum dh into one number for db.",
    "Every output has its own bias: db = dh.",
    lambda dh, x, W: (W.T @ dh, np.outer(dh, x), dh.sum()),
)  # fmt: skip
_instead(
    "dense_backward", "dense-db-ones", "omission",
    "You return ones for db: the gradient from the right is missing.",
    "The bias is added alone, so its gradient is db = dh.",
    lambda dh, x, W: (W.T @ dh, np.outer(dh, x), np.ones_like(dh)),
)  # fmt: skip
_instead(
    "dense_backward", "dense-db-times-x", "wrong-op",
    "You multiply the gradient of the bias by an input.",
    "The bias is added alone: db = dh.",
    lambda dh, x, W: (W.T @ dh, np.outer(dh, x), dh * x[0]),
)  # fmt: skip
_instead(
    "dense_backward", "dense-dx-last-output", "scope",
    "Your dx holds the contribution of the last output only: it is overwritten in the loop.",
    "Sum over all outputs: dx[j] += W[i,j] dh[i].",
    lambda dh, x, W: (W[-1] * dh[-1], np.outer(dh, x), dh.copy()),
)  # fmt: skip
_instead(
    "dense_backward", "dense-dx-no-dh", "omission",
    "You sum the columns of W for dx and leave out the gradient from the right.",
    "Multiply every weight by dh[i] before summing: dx = W^T dh.",
    lambda dh, x, W: (W.sum(axis=0), np.outer(dh, x), dh.copy()),
)  # fmt: skip
_instead(
    "dense_backward", "dense-dW-no-dh", "omission",
    "Your dW repeats x in every row: the gradient from the right is missing.",
    "dW[i,j] = dh[i] x[j].",
    lambda dh, x, W: (W.T @ dh, np.tile(x, (len(dh), 1)), dh.copy()),
)  # fmt: skip
_instead(
    "dense_backward", "returns-swapped", "order",
    "You return dW before dx.",
    "Return (dx, dW, db), in this order.",
    lambda dh, x, W: (np.outer(dh, x), W.T @ dh, dh.copy()),
)  # fmt: skip
