"""Losses as students write them: labelled files, further right styles, further slips."""

from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[1] / "data" / "submissions" / "losses"
FILES = sorted(FOLDER.glob("*.py"))
EXERCISES = ("svm_loss", "softmax", "log_softmax", "softmax_loss", "bce_loss", "l2_penalty")
# Where the label's words and ours differ: the mistakes that say the same, one set for each fault.
SAME = {"hinge-mean-and-l2-half": [{"loss-not-averaged"}, {"l2-gradient-no-two"}]}
# Borderline files: what the text of the exercise makes of them.
BORDERLINE = {"float32-result": set(), "extra-return-value": {"softmax_loss"}}
PARTS = range(3)
UNNAMED = {"syntax-error"}  # nothing is defined; there is no result to name


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_marks_are_lost_on_exactly_the_functions_labelled(path, labelled):
    labelled.check_marks(path)


def test_most_bugs_are_named_as_labelled(labelled):
    labelled.check_names()


def test_float32_is_right_with_a_note(judged, labelled):
    found = judged("softmax", labelled.defined("losses_b01_float32-result"))
    assert found.points == pytest.approx(10)
    assert any("float64" in v.message for v in found.verdicts)


# --- right in other styles -----------------------------------------------------------------------


def svm_pairs():
    """All pairs of classes, and arrays of shape () as losses."""

    def svm_loss(S, y):
        n, c = S.shape
        total, dS = np.zeros(()), np.zeros_like(S)
        for i, j in np.ndindex(n, c):
            margin = S[i, j] - S[i, y[i]] + 1
            if j != y[i] and margin > 0:
                total += margin / n
                dS[i] += (np.eye(c)[j] - np.eye(c)[y[i]]) / n
        return np.asarray(total), dS

    return {"svm_loss": svm_loss}


def softmax_of_differences():
    """Every probability as one over a sum of exponentials of differences."""

    def softmax(F):
        with np.errstate(all="ignore"):
            return 1.0 / np.exp(F[:, None, :] - F[:, :, None]).sum(axis=2)

    def log_softmax(F):
        return [[float(row[j]) - float(np.logaddexp.reduce(row)) for j in range(len(row))] for row in F]

    return {"softmax": softmax, "log_softmax": log_softmax}


def lists():
    """Lists for everything, and a list instead of a tuple."""
    import math

    def softmax_loss(F, y):
        loss, grads = 0.0, []
        for row, k in zip(F.tolist(), y.tolist()):
            top = max(row)
            total = math.fsum(math.exp(v - top) for v in row)
            loss += (top + math.log(total) - row[k]) / len(F)
            grads.append([(math.exp(v - top) / total - (j == k)) / len(F) for j, v in enumerate(row)])
        return [loss, grads]

    return {"softmax_loss": softmax_loss}


def jacobian_of_softmax():
    """The gradient through -1/p and the Jacobian would fail far out; -log p and P - T do not."""

    def softmax_loss(F, y):
        G = F - F.max(1)[:, None]
        P = np.exp(G) / np.exp(G).sum(1)[:, None]
        T = np.zeros(F.shape)
        T[range(len(y)), y] = 1
        L = np.mean(np.log(np.exp(G).sum(1)) - (G * T).sum(1))
        return L, np.subtract(P, T) / len(F)

    return {"softmax_loss": softmax_loss}


def two_signs():
    """The loss as softplus of the signed logit."""

    def bce_loss(a, y):
        s = 2 * y - 1
        with np.errstate(all="ignore"):
            da = -s / (1 + np.exp(s * a)) / a.size
        return float(np.logaddexp(0, -s * a).mean()), da

    return {"bce_loss": bce_loss}


def loops():
    """Plain loops over flat arrays."""

    def l2_penalty(W, lam):
        R, dW = 0.0, np.empty(W.size)
        for k, w in enumerate(W.ravel()):
            R += w * w
            dW[k] = lam * (w + w)
        return lam * R, dW.reshape(W.shape)

    return {"l2_penalty": l2_penalty}


STYLES = (svm_pairs, softmax_of_differences, lists, jacobian_of_softmax, two_signs, loops)


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

BASE = "losses_r01_s1"
WRONG = [
    ("S - correct + 1.0", "S - correct", ["svm_loss"], "hinge-no-delta"),
    ("S - correct + 1.0", "S + correct + 1.0", ["svm_loss"], None),
    ("    margins[idx, y] = 0\n", "", ["svm_loss"], None),
    ("L = margins.sum() / N", "L = margins.mean()", ["svm_loss"], "loss-averaged-over-classes"),
    ("(margins > 0)", "(margins >= 0)", ["svm_loss"], None),
    ("    dS[idx, y] = -dS.sum(axis=1)\n", "", ["svm_loss"], "hinge-grad-right-class-missing"),
    ("    dS /= N\n", "", ["svm_loss"], "gradient-not-averaged"),
    (
        "return E / E.sum(axis=1, keepdims=True)",
        "return E / E.sum()",
        ["softmax"],
        "softmax-divided-by-total",
    ),
    ("return E / E.sum(axis=1, keepdims=True)", "return E", ["softmax"], "softmax-not-normalised"),
    ("return Z - np.log(np.exp(Z)", "return F - np.log(np.exp(Z)", ["log_softmax", "softmax_loss"], None),
    ("logp = log_softmax(F)", "logp = np.log(softmax(F))", ["softmax_loss"], "log-of-softmax"),
    ("L = -logp[idx, y].mean()", "L = logp[idx, y].mean()", ["softmax_loss"], "loss-sign-swapped"),
    ("L = -logp[idx, y].mean()", "L = -logp[idx, y].sum()", ["softmax_loss"], "loss-not-averaged"),
    ("    dF[idx, y] -= 1\n", "", ["softmax_loss"], "one-hot-not-subtracted"),
    ("return L, dF / N", "return L, dF", ["softmax_loss"], "gradient-not-averaged"),
    ("return L, dF / N", "return L", ["softmax_loss"], None),
    ("np.log1p(np.exp(-np.abs(a)))", "np.log1p(np.exp(np.abs(a)))", ["bce_loss"], None),
    ("da = (s - y) / len(a)", "da = (y - s) / len(a)", ["bce_loss"], "bce-grad-sign"),
    ("da = (s - y) / len(a)", "da = s - y", ["bce_loss"], "gradient-not-averaged"),
    ("da = (s - y) / len(a)", "da = (a - y) / len(a)", ["bce_loss"], "bce-logit-taken-as-probability"),
    ("R = lam * np.sum(W ** 2)", "R = np.sum(W ** 2)", ["l2_penalty"], "l2-penalty-without-lam"),
    ("dW = 2 * lam * W", "dW = lam * W", ["l2_penalty"], "l2-gradient-no-two"),
    ("    return R, dW", "    return dW, R", ["l2_penalty"], "returns-swapped"),
    (
        "    R = lam * np.sum(W ** 2)\n",
        "    W *= 1.5\n    W /= 1.5\n    W += 1e-9\n    R = lam * np.sum(W ** 2)\n",
        ["l2_penalty"],
        None,
    ),
]


@pytest.mark.parametrize(("old", "new", "wrong", "name"), WRONG)
def test_a_single_slip_costs_the_functions_it_spoils_and_is_named(old, new, wrong, name, labelled):
    labelled.check_slip(BASE, (old, new), wrong, name)
