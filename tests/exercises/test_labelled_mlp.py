"""The lectures' networks as students write them: labelled files, further right styles, further slips."""

from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[1] / "data" / "submissions" / "mlp"
FILES = sorted(FOLDER.glob("*.py"))
EXERCISES = (
    "logreg_forward",
    "logreg_backward",
    "nn2_forward",
    "nn2_backward",
    "relu_forward",
    "relu_backward",
    "leaky_relu_forward",
    "leaky_relu_backward",
    "sigmoid_forward",
    "sigmoid_backward",
    "mlp_forward",
    "mlp_backward",
)
# Where the label's words and ours differ: the mistakes that say the same, one set for each fault.
SAME = {"mask-and-likelihood": [{"mlp-mask-missing"}, {"likelihood-sign"}]}
# Borderline files: what the text of the exercise makes of them.
BORDERLINE = {
    "mlp-grads-averaged": {"mlp_backward"},
    "no-slide-sign-option": {"logreg_forward", "logreg_backward"},
}
PARTS = range(3)
UNNAMED = {"no-slide-sign-option"}  # a call that stops with an error has no result to name


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_marks_are_lost_on_exactly_the_functions_labelled(path, labelled):
    labelled.check_marks(path)


def test_most_bugs_are_named_as_labelled(labelled):
    labelled.check_names()


def test_without_the_slides_sign_only_that_check_is_lost(judged, labelled):
    functions = labelled.defined("mlp_b03_no-slide-sign-option")
    for exercise in ("logreg_forward", "logreg_backward"):
        assert {v.check for v in judged(exercise, functions).verdicts if v.status != "right"} == {
            "the slide's sign"
        }


def test_the_right_gradient_of_the_absolute_value_earns_a_part(judged, labelled):
    found = judged("relu_backward", labelled.defined("mlp_c01_relu-is-abs"))
    assert 0 < found.points < 10
    assert found.judgement.consistent is True


# --- right in other styles -----------------------------------------------------------------------


def closures():
    """The cache is the backward itself."""

    def logreg_forward(theta, x, ystar, slide_sign=False):
        a, sign = float(np.dot(theta, x)), -1 if slide_sign else 1
        J = sign * (np.logaddexp(0, a) - ystar * a)
        return np.asarray(J), lambda: tuple(
            sign * (1 / (1 + np.exp(-a)) - ystar) * v for v in (np.array(x), np.array(theta))
        )

    return {"logreg_forward": logreg_forward, "logreg_backward": lambda cache: cache()}


def loops():
    """Case 2 in loops over units and inputs."""

    def nn2_forward(alpha, beta, x, ystar):
        z = [1.0] + [1 / (1 + np.exp(-sum(a * v for a, v in zip(row, x)))) for row in alpha]
        y = 1 / (1 + np.exp(-sum(b * v for b, v in zip(beta, z))))
        return -np.log(y if ystar else 1 - y), {"alpha": alpha, "beta": beta, "x": x, "z": z, "d": y - ystar}

    def nn2_backward(c):
        dalpha, dbeta, dx = (np.zeros(np.shape(c[k])) for k in ("alpha", "beta", "x"))
        for j, z in enumerate(c["z"]):
            dbeta[j] = c["d"] * z
            for i in range(len(dx) if j else 0):
                da = c["d"] * c["beta"][j] * z * (1 - z)
                dalpha[j - 1, i] = da * c["x"][i]
                dx[i] += da * c["alpha"][j - 1, i]
        return [dalpha, dbeta, dx]

    return {"nn2_forward": nn2_forward, "nn2_backward": nn2_backward}


def masks():
    """Boolean masks and assignments on copies."""

    def relu_forward(x):
        y = np.array(x)
        y[y < 0] = 0
        return y, x >= 0

    def leaky_relu_forward(x):
        return np.where(x >= 0, x, x / 100), {"x": np.array(x)}

    return {
        "relu_forward": relu_forward,
        "relu_backward": lambda dy, cache: np.where(cache, dy, 0),
        "leaky_relu_forward": leaky_relu_forward,
        "leaky_relu_backward": lambda dy, cache: dy * (0.01 + 0.99 * (cache["x"] > 0)),
    }


def half_tanh():
    """The sigmoid as a tanh of half the size; its slope from cosh."""

    def sigmoid_backward(dy, cache):
        return dy / (4 * np.cosh(cache / 2) ** 2)

    return {"sigmoid_forward": lambda x: ((1 + np.tanh(x / 2)) / 2, x), "sigmoid_backward": sigmoid_backward}


def rows_of_examples():
    """Examples as rows inside, biases' gradients as vectors."""

    def mlp_forward(X, Ws, bs):
        hs = [np.ascontiguousarray(X.T)]
        for W, b in zip(Ws, bs):
            hs.append(hs[-1] @ W.T + np.ravel(b))
            if len(hs) <= len(Ws):
                hs[-1] = hs[-1].clip(0)
        S = hs.pop()
        S = np.exp(S - S.max(1, keepdims=True))
        P = (S / S.sum(1, keepdims=True)).T
        return P, {"h": hs, "W": [W.copy() for W in Ws], "P": P}

    def mlp_backward(cache, T):
        d, dWs, dbs = (cache["P"] - T).T, [], []
        for W, h in list(zip(cache["W"], cache["h"]))[::-1]:
            dWs, dbs = [d.T @ h, *dWs], [d.sum(0), *dbs]
            d = (d @ W) * (h > 0)
        return tuple(dWs), tuple(dbs)

    return {"mlp_forward": mlp_forward, "mlp_backward": mlp_backward}


def zipped():
    """The update as list comprehensions, a list for the pair."""

    def mlp_update(Ws, bs, dWs, dbs, lr, N):
        return [[v - lr * (g / N) for v, g in zip(vs, gs)] for vs, gs in ((Ws, dWs), (bs, dbs))]

    return {"mlp_update": mlp_update}


STYLES = (closures, loops, masks, half_tanh, rows_of_examples, zipped)


@pytest.mark.parametrize("style", STYLES, ids=lambda s: s.__name__)
def test_other_right_styles_get_full_marks(style, judged):
    functions = style()
    for exercise in functions:
        for part in PARTS:
            found = judged(exercise, functions, part=part)
            assert found.points == pytest.approx(10), (
                exercise,
                [v.message for v in found.verdicts if v.status != "right"],
            )


# --- single slips --------------------------------------------------------------------------------

BASE = "mlp_r01_s1"
WRONG = [
    (
        "    return J, (theta, x, ystar, y, slide_sign)",
        "    return J, (theta, x, ystar, y, False)",
        ["logreg_backward"],
        "slide-sign-ignored",
    ),
    (
        "    return da * x, da * theta",
        "    return da * y * (1 - y) * x, da * y * (1 - y) * theta",
        ["logreg_backward"],
        "slope-counted-twice",
    ),
    (
        "    return da * x, da * theta",
        "    return da * x, da * theta[1:]",
        ["logreg_backward"],
        "dx-without-bias-entry",
    ),
    (
        "np.concatenate(([1.0], sigmoid(a)))",
        "np.concatenate(([1.0], a))",
        ["nn2_forward", "nn2_backward"],
        None,
    ),
    ("da = dz * z[1:] * (1 - z[1:])", "da = dz", ["nn2_backward"], "nn2-sigmoid-slope-forgotten"),
    ("    dx = alpha.T @ da", "    dx = alpha[-1] * da[-1]", ["nn2_backward"], "nn2-dx-last-unit"),
    ("np.outer(da, x)", "np.outer(x, da)", ["nn2_backward"], "nn2-dalpha-transposed"),
    ("return np.maximum(0, x), x", "return np.abs(x), x", ["relu_forward"], "relu-is-abs"),
    ("return dy * (cache > 0)", "dy *= cache > 0\n    return dy", ["relu_backward"], "dy-changed-in-place"),
    (
        "return np.where(x > 0, x, 0.01 * x), x",
        "return np.where(x > 0, x, 0.1 * x), x",
        ["leaky_relu_forward"],
        "leak-of-one-tenth",
    ),
    (
        "np.where(cache > 0, 1.0, 0.01)",
        "np.where(dy > 0, 1.0, 0.01)",
        ["leaky_relu_backward"],
        "leak-mask-from-dy",
    ),
    ("return dy * cache * (1 - cache)", "return dy * cache", ["sigmoid_backward"], "slope-is-y"),
    ("    return y, y\n", "    return y, x\n", ["sigmoid_backward"], "slope-of-the-input"),
    ("H.append(np.maximum(Z, 0))", "H.append(Z)", ["mlp_forward", "mlp_backward"], None),
    ("E = np.exp(Z - Z.max(axis=0, keepdims=True))", "E = np.exp(Z)", ["mlp_forward"], "softmax-overflow"),
    (
        "P = E / E.sum(axis=0, keepdims=True)",
        "P = E / E.sum(axis=1, keepdims=True)",
        ["mlp_forward", "mlp_backward"],
        None,
    ),
    (
        "dbs[l] = delta.sum(axis=1).reshape(bs[l].shape)",
        "dbs[l] = delta.mean(axis=1).reshape(bs[l].shape)",
        ["mlp_backward"],
        "mlp-db-averaged",
    ),
    ("dWs[l] = delta @ H[l].T", "dWs[l] = delta @ H[l].T / T.shape[1]", ["mlp_backward"], "mlp-dW-averaged"),
    ("dWs[l] = delta @ H[l].T", "dWs[l] = H[l] @ delta.T", ["mlp_backward"], "mlp-dW-transposed"),
    (
        "delta = (Ws[l].T @ delta) * (H[l] > 0)",
        "delta = (Ws[l] @ delta) * (H[l] > 0)",
        ["mlp_backward"],
        "mlp-not-transposed",
    ),
    ("    return dWs, dbs", "    return dWs[::-1], dbs[::-1]", ["mlp_backward"], "mlp-lists-reversed"),
    ("    return dWs, dbs", "    return dbs, dWs", ["mlp_backward"], "returns-swapped"),
]


@pytest.mark.parametrize(("old", "new", "wrong", "name"), WRONG)
def test_a_single_slip_costs_the_functions_it_spoils_and_is_named(old, new, wrong, name, labelled):
    labelled.check_slip(BASE, (old, new), wrong, name)
