"""Back-propagation by hand as students write it: labelled files, further right styles, further slips."""

from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[1] / "data" / "submissions" / "graphs"
FILES = sorted(FOLDER.glob("*.py"))
EXERCISES = (
    "num_grad",
    "graph_forward",
    "graph_backward",
    "mean_sub_forward",
    "mean_sub_backward",
    "dense_forward",
    "dense_backward",
)
# Where the label's words and ours differ: the mistakes that say the same, one set for each fault.
SAME = {"mul-own-and-mean-identity": [{"mul-own-value"}, {"mean-sub-backward-identity"}]}
# Borderline files: what the text of the exercise makes of them.
BORDERLINE = {"grads-leaves-only": {"graph_backward"}, "numgrad-flat-result": {"num_grad"}}
PARTS = range(3)
UNNAMED = {"cell-stops-in-the-middle"}  # what is not defined says so; there is no result to name


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_marks_are_lost_on_exactly_the_functions_labelled(path, labelled):
    labelled.check_marks(path)


def test_most_bugs_are_named_as_labelled(labelled):
    labelled.check_names()


def test_a_cell_that_stops_costs_what_stands_below_and_says_so(judged, labelled):
    functions = labelled.defined("graphs_w21_cell-stops-in-the-middle")
    found = judged("dense_forward", functions)
    assert found.points == 0
    assert any("not defined" in v.message for v in found.verdicts)


def test_gradients_of_the_leaves_alone_earn_a_part(judged, labelled):
    found = judged("graph_backward", labelled.defined("graphs_b01_grads-leaves-only"))
    assert 0 < found.points < 10


def test_the_right_gradient_of_another_mean_earns_a_part(judged, labelled):
    found = judged("mean_sub_backward", labelled.defined("graphs_c01_mean-sub-over-batch"))
    assert 0 < found.points < 10
    assert found.judgement.consistent is True


# --- right in other styles -----------------------------------------------------------------------


def numpy_values():
    """Values are arrays of shape (), gradients only where out depends on them."""
    local = {
        "add": lambda y, a, b: (1, 1),
        "mul": lambda y, a, b: (b, a),
        "neg": lambda y, a: (-1,),
        "inv": lambda y, a: (-y * y,),
        "exp": lambda y, a: (y,),
        "addc": lambda y, a, c: (1,),
        "mulc": lambda y, a, c: (c,),
    }
    run = {
        "add": np.add,
        "mul": np.multiply,
        "neg": np.negative,
        "inv": np.reciprocal,
        "exp": np.exp,
        "addc": np.add,
        "mulc": np.multiply,
    }

    def read(values, entry):
        return values[entry] if isinstance(entry, str) else entry

    def graph_forward(nodes, values):
        found = {k: np.array(v, dtype=float) for k, v in values.items()}
        for name, op, inputs in nodes:
            found[name] = np.asarray(run[op](*(read(found, i) for i in inputs)))
        return found

    def graph_backward(nodes, values, out):
        grads = {out: np.float64(1)}
        for name, op, inputs in nodes[::-1]:
            if name in grads:
                for i, slope in zip(inputs, local[op](values[name], *(read(values, i) for i in inputs))):
                    if isinstance(i, str):
                        grads[i] = grads.get(i, 0) + grads[name] * slope
        return grads

    return {"graph_forward": graph_forward, "graph_backward": graph_backward}


def forward_mode():
    """Gradients by pushing a one through the graph from every value."""
    right = numpy_values()

    def slope(name, op, i, dot, values):
        if op in ("add", "addc"):
            return dot[i[0]] + (dot[i[1]] if op == "add" else 0)
        if op == "mul":
            return dot[i[0]] * values[i[1]] + values[i[0]] * dot[i[1]]
        factor = {"neg": -1, "inv": -(values[name] ** 2), "exp": values[name], "mulc": i[-1]}[op]
        return factor * dot[i[0]]

    def push(nodes, values, out, source):
        dot = dict.fromkeys(values, 0.0) | {source: 1.0}
        for name, op, inputs in nodes:
            if name != source:
                dot[name] = slope(name, op, inputs, dot, values)
        return dot[out]

    return right | {
        "graph_backward": lambda nodes, values, out: {s: push(nodes, values, out, s) for s in values}
    }


def jacobians():
    """Matrices for everything, and lists as results."""

    def mean_sub_forward(X):
        return [[float(v) - float(np.mean(row)) for v in row] for row in X]

    def mean_sub_backward(dH):
        D = dH.shape[1]
        return np.einsum("nk,kj->nj", dH, np.eye(D) - 1.0 / D).tolist()

    return {"mean_sub_forward": mean_sub_forward, "mean_sub_backward": mean_sub_backward}


def general_sum():
    """The general sum over all outputs and weights, with the full Jacobian."""

    def dense_forward(x, W, b):
        return np.array([sum(W[i, j] * x[j] for j in range(len(x))) + b[i] for i in range(len(b))])

    def dense_backward(dh, x, W):
        J = np.einsum("ki,j->kij", np.eye(len(dh)), x)
        return [np.tensordot(dh, W, 1), np.tensordot(dh, J, 1), list(dh)]

    return {"dense_forward": dense_forward, "dense_backward": dense_backward}


def moves_in_place():
    """num_grad moves x itself and writes every old value back."""

    def num_grad(f, x, eps=1e-5):
        dx = np.zeros(x.shape)
        for i in np.ndindex(*x.shape):
            old = x[i]
            x[i] = old + eps
            up = f(x)
            x[i] = old - eps
            down = f(x)
            x[i] = old
            dx[i] = (up - down) / (2 * eps)
        return dx

    return {"num_grad": num_grad}


def five_points():
    """A formula of higher order is as good."""

    def num_grad(f, x, eps=1e-5):
        h, dx = 1e-3, np.empty(np.shape(x))
        for i in np.ndindex(dx.shape):
            e = np.zeros(dx.shape)
            e[i] = h
            dx[i] = (8 * (f(x + e) - f(x - e)) - (f(x + 2 * e) - f(x - 2 * e))) / (12 * h)
        return dx

    return {"num_grad": num_grad}


STYLES = (numpy_values, forward_mode, jacobians, general_sum, moves_in_place)


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


def test_float32_is_too_coarse_for_a_numeric_gradient(judged, labelled):
    right = labelled.defined("graphs_r01_s1")["num_grad"]
    assert (
        judged("num_grad", {"num_grad": lambda f, x, eps=1e-5: right(f, x, eps).astype(np.float32)}).points
        < 10
    )


# --- single slips --------------------------------------------------------------------------------

BASE = "graphs_r01_s1"
BOTH = ("graph_forward", "graph_backward")
WRONG = [
    ("(f(xp) - f(xm)) / (2 * eps)", "(f(xp) - f(x)) / eps", ["num_grad"], "one-sided-difference"),
    ("(f(xp) - f(xm)) / (2 * eps)", "(f(xp) - f(xm)) / eps", ["num_grad"], "divides-by-eps"),
    ("xp[ix] += eps", "xp += eps", ["num_grad"], None),
    ("        xm = x.copy()", "        xm = x", ["num_grad"], None),
    ("    vals = dict(values)", "    vals = values", ["graph_forward"], "values-changed"),
    ("vals[name] = vals[inp[0]] * inp[1]", "vals[name] = vals[inp[0]] + inp[1]", BOTH, None),
    (
        "            grads[a] += g * values[b]",
        "            grads[a] = g * values[b]",
        ["graph_backward"],
        None,
    ),
    ("grads[inp[0]] += g * values[name]", "grads[inp[0]] += g", ["graph_backward"], "exp-derivative-one"),
    ("grads[inp[0]] -= g", "grads[inp[0]] += g", ["graph_backward"], "neg-derivative-plus"),
    ("grads[inp[0]] += g * inp[1]", "grads[inp[0]] += g", ["graph_backward"], "mulc-derivative-one"),
    ("-g / values[inp[0]] ** 2", "g / values[inp[0]] ** 2", ["graph_backward"], "inv-derivative-no-minus"),
    ("in reversed(nodes)", "in nodes", ["graph_backward"], "nodes-in-forward-order"),
    ("grads[out] = 1.0", "grads[nodes[-1][0]] = 1.0", ["graph_backward"], "out-taken-as-last"),
    (
        "    return grads",
        "    return {k: grads[k] for k in grads if k != out}",
        ["graph_backward"],
        "out-left-at-zero",
    ),
    (
        "return X - X.mean(axis=1, keepdims=True)",
        "X -= X.mean(axis=1, keepdims=True)\n    return X",
        ["mean_sub_forward"],
        "mean-sub-in-place",
    ),
    (
        "dH - dH.mean(axis=1, keepdims=True)",
        "dH - dH.sum(axis=1, keepdims=True) / dH.shape[0]",
        ["mean_sub_backward"],
        "mean-sub-divided-by-n",
    ),
    (
        "dH - dH.mean(axis=1, keepdims=True)",
        "dH * (1 - 1 / dH.shape[1])",
        ["mean_sub_backward"],
        "mean-sub-backward-diagonal",
    ),
    ("grads[inp[0]] += -g /", "grads[inp[0]] = -g /", ["graph_backward"], None),
    ("grads[inp[0]] += g * inp[1]", "grads[inp[0]] = g * inp[1]", ["graph_backward"], None),
    (
        "elif op == 'addc':\n            grads[inp[0]] +=",
        "elif op == 'addc':\n            grads[inp[0]] =",
        ["graph_backward"],
        None,
    ),
    ("return W @ x + b", "return W @ x", ["dense_forward"], "dense-no-bias"),
    ("np.outer(dh, x)", "np.outer(x, dh)", ["dense_backward"], "dense-dW-transposed"),
    ("db = dh.copy()", "db = dh.sum()", ["dense_backward"], "dense-db-summed"),
    ("return dx, dW, db", "return dW, dx, db", ["dense_backward"], "returns-swapped"),
    ("return W @ x + b", "b += W @ x\n    return b", ["dense_forward"], "dense-adds-into-b"),
]


@pytest.mark.parametrize(("old", "new", "wrong", "name"), WRONG)
def test_a_single_slip_costs_the_functions_it_spoils_and_is_named(old, new, wrong, name, labelled):
    labelled.check_slip(BASE, (old, new), wrong, name)
