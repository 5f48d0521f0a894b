"""Optimizers as students write them: labelled files, further right styles, further wrong variants."""

import json
from pathlib import Path

import numpy as np
import pytest

FILES = sorted((Path(__file__).parents[1] / "data" / "submissions" / "optim").glob("*.py"))
EXERCISES = (
    "gd",
    "wiggle_step",
    "minibatches",
    "momentum_slide",
    "momentum_classical",
    "iterations_per_epoch",
)
BUGS = {"ema-and-drop-last": {"classical-momentum-ema", "last-batch-dropped"}}
PARTS = range(3)


def label_of(path):
    return json.loads(path.read_text(encoding="utf-8").splitlines()[0].removeprefix("#"))


def functions_of(path):
    namespace = {"__name__": "student"}
    exec(compile(path.read_text(encoding="utf-8"), "<cell 1>", "exec"), namespace)
    return namespace


def lost(judged, source, part, exercises=EXERCISES):
    """Return the exercises that lose marks, with the names given to what is wrong; every one starts afresh."""
    found = {}
    for e in exercises:
        functions = functions_of(source) if isinstance(source, Path) else source()
        if e in functions:
            found[e] = judged(e, functions, part=part)
    return {e: set(f.names) for e, f in found.items() if f.points < 10 - 1e-6}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_marks_are_lost_on_exactly_the_functions_labelled(path, judged):
    assert set(EXERCISES) <= set(functions_of(path))
    for part in PARTS:  # lists where arrays are expected are right, with a note
        assert set(lost(judged, path, part)) == set(label_of(path)["functions_wrong"]), part


@pytest.mark.parametrize(
    "path", [p for p in FILES if label_of(p)["verdict"] == "wrong"], ids=lambda p: p.stem
)
def test_the_bug_is_named_as_labelled(path, judged):
    label = label_of(path)
    names = set().union(*lost(judged, path, 0).values())
    assert BUGS.get(label["bug"], {label["bug"]}) <= names


# --- right in other styles -----------------------------------------------------------------------


def a_class():
    class Walker:
        def __init__(self, grad, w0, lr):
            self.grad, self.lr, self.seen = grad, lr, [tuple(float(v) for v in w0)]

        def go(self, step):
            here = np.array(self.seen[-1])
            self.seen.append(tuple(here - self.lr * step(self.grad(here))))

    def gd(grad, w0, lr, steps):
        walker = Walker(grad, w0, lr)
        for _ in range(steps):
            walker.go(lambda g: g)
        return np.array(walker.seen)

    def momentum_classical(grad, w0, lr, alpha, steps):
        walker, v = Walker(grad, w0, lr), 0.0
        for _ in range(steps):
            walker.go(lambda g, v=v: alpha * v + g)
            v = (np.array(walker.seen[-2]) - np.array(walker.seen[-1])) / lr
        return np.array(walker.seen)

    return {"gd": gd, "momentum_classical": momentum_classical}


def differences_of_places():
    def momentum_classical(grad, w0, lr, alpha, steps):
        """Heavy ball: w_{t+1} = w_t - lr g_t + alpha (w_t - w_{t-1})."""
        path = np.empty((steps + 1, len(w0)))
        path[0] = w0
        for t in range(steps):
            push = path[t] - path[t - 1] if t else np.zeros(len(w0))
            path[t + 1] = path[t] - lr * grad(path[t]) + alpha * push
        return path

    def momentum_slide(grad, w0, lr, alpha, steps):
        path, olds = [1.0 * np.asarray(w0)], [0.0]
        while len(path) <= steps:
            olds.append(np.asarray(grad(path[-1].copy())))
            path += [path[-1] - lr * (alpha * olds[-2] + olds[-1])]
        return np.vstack(path)

    return {"momentum_classical": momentum_classical, "momentum_slide": momentum_slide}


def generators():
    def walk(grad, w, lr, steps):
        w = w.copy()
        yield w.copy()
        for _ in range(steps):
            w -= lr * grad(w)
            yield w.copy()

    def minibatches(N, batch, rng):
        yield from np.array_split(rng.choice(N, N, replace=False), np.arange(batch, N, batch))

    return {
        "gd": lambda grad, w0, lr, steps: np.array(list(walk(grad, w0, lr, steps))),
        "minibatches": minibatches,
    }


def ternaries():
    def wiggle_step(loss, w, eps):
        out = []
        for i, v in enumerate(w):
            up = list(w)
            up[i] = v + eps
            a, b = loss(np.array(w)), loss(np.array(up))
            out.append(v + eps if b < a else v - eps if b > a else v)
        return out

    def iterations_per_epoch(n, batch):
        return n // batch + (n % batch > 0)

    return {"wiggle_step": wiggle_step, "iterations_per_epoch": iterations_per_epoch}


def lists_of_floats():
    def gd(grad, w0, lr, steps):
        path = [w0.tolist()]
        for _ in range(steps):
            path.append([w - lr * float(g) for w, g in zip(path[-1], grad(np.array(path[-1])))])
        return path

    def minibatches(N, batch, rng):
        order = rng.permutation(N).tolist()
        return tuple(order[i : i + batch] for i in range(0, N, batch))

    return {"gd": gd, "minibatches": minibatches, "iterations_per_epoch": lambda n, b: np.ceil(n / b)}


def matrices():
    def wiggle_step(loss, w, eps):
        moved = w[None, :] + eps * np.identity(len(w))
        losses = np.apply_along_axis(loss, 1, moved)
        better, worse = losses < loss(w), losses > loss(w)
        return w + eps * (better.astype(float) - worse.astype(float))

    def sgd_epoch(X, y, w, grad, lr, batch, order):
        path = np.tile(np.asarray(w, dtype=float), (-(-len(order) // batch) + 1, 1))
        for t, i in enumerate(range(0, len(order), batch)):
            part = list(order[i : i + batch])
            path[t + 1] = path[t] - lr * grad(path[t], X[part, :], y[part])
        return path

    def random_restarts(f, grad, starts, lr, steps):
        best, ends = None, []
        for start in starts:
            w = start.astype(float)
            for _ in range(steps):
                w = w - lr * grad(w)
            ends.append(w)
            if best is None or f(w) < f(best):
                best = w
        return best, ends

    return {"wiggle_step": wiggle_step, "sgd_epoch": sgd_epoch, "random_restarts": random_restarts}


def single_precision():
    def gd(grad, w0, lr, steps):
        path = [w0.astype(np.float32)]
        for _ in range(steps):
            path.append((path[-1] - lr * grad(path[-1])).astype(np.float32))
        return np.array(path, dtype=np.float32)

    return {"gd": gd}


STYLES = (
    a_class, differences_of_places, generators, ternaries, lists_of_floats, matrices, single_precision,
)  # fmt: skip


@pytest.mark.parametrize("style", STYLES, ids=lambda s: s.__name__)
def test_other_right_styles_get_full_marks(style, judged):
    for part in PARTS:
        assert lost(judged, style, part, style()) == {}, part


def test_float32_and_lists_are_noted(judged):
    notes = " ".join(v.message for v in judged("gd", single_precision()).verdicts)
    assert "float64" in notes
    assert "NumPy array" in " ".join(v.message for v in judged("wiggle_step", ternaries()).verdicts)


# --- wrong in other ways -------------------------------------------------------------------------


def descent(change, name="gd"):
    """Return a descent whose step is changed: change(w, g, lr, t) -> next w."""

    def gd(grad, w0, lr, steps):
        path = [np.array(w0, dtype=float)]
        for t in range(steps):
            path.append(change(path[-1], grad(path[-1]), lr, t))
        return np.array(path)

    return {name: gd}


def same_row(grad, w0, lr, steps):
    w = np.array(w0)
    path = [w]
    for _ in range(steps):
        w -= lr * grad(w)
        path.append(w)
    return np.array(path)


def in_the_callers_array(grad, w0, lr, steps):
    path = [w0.copy()]
    for _ in range(steps):
        w0 -= lr * grad(w0)
        path.append(w0.copy())
    return np.array(path)


def half_integer(loss, w, eps):
    w_new = w.copy()
    for i in range(len(w)):
        before = loss(w_new)
        w_new[i] += eps
        if loss(w_new) >= before:
            w_new[i] -= 2 * eps
    return w_new


def raises_and_leaves(loss, w, eps):
    out = w.copy()
    base = loss(w)
    for i in range(len(w)):
        w[i] += eps
        out[i] += eps * np.sign(base - loss(w))
    return out


def remembers(state={"g": None}):  # noqa: B006 - the bug itself
    def momentum_slide(grad, w0, lr, alpha, steps):
        path = [np.array(w0)]
        for _ in range(steps):
            g = grad(path[-1])
            old = state["g"] if state["g"] is not None and len(state["g"]) == len(g) else 0 * g
            path.append(path[-1] - lr * (alpha * old + g))
            state["g"] = g
        return np.array(path)

    return {"momentum_slide": momentum_slide}


def unused_rng(N, batch, rng):
    order = np.random.default_rng(42).permutation(N)
    return [order[i : i + batch] for i in range(0, N, batch)]


def legacy_shuffle(N, batch):
    order = np.random.permutation(N)  # noqa: NPY002 - the bug itself
    return [order[i : i + batch] for i in range(0, N, batch)]


WRONG = {
    "rows of one array": ({"gd": same_row}, "gd-rows-are-one-array"),
    "the caller's array": ({"gd": in_the_callers_array}, "gd-changes-w0"),
    "uphill": (descent(lambda w, g, lr, t: w + lr * g), "gd-ascent"),
    "normalised step": (descent(lambda w, g, lr, t: w - lr * g / np.linalg.norm(g)), None),
    "sign step": (descent(lambda w, g, lr, t: w - lr * np.sign(g)), None),
    "falling rate": (descent(lambda w, g, lr, t: w - lr / (t + 1) * g), None),
    "rounded": (descent(lambda w, g, lr, t: np.round(w - lr * g, 3)), None),
    "no start": ({"gd": lambda *a: descent(lambda w, g, lr, t: w - lr * g)["gd"](*a)[1:]}, "gd-start-missing"),
    "one after the other": ({"wiggle_step": half_integer}, None),
    "w left raised": ({"wiggle_step": raises_and_leaves}, "wiggle-leaves-w-raised"),
    "memory of an earlier walk": (remembers(), None),
    "a generator of its own": ({"minibatches": unused_rng}, "rng-reseeded"),
    "generator of numpy": (
        {"minibatches": lambda N, batch, rng: legacy_shuffle(N, batch)}, None),
    "one too many": ({"iterations_per_epoch": lambda n, b: n // b + 1}, "iterations-always-one-more"),
    "rounded count": ({"iterations_per_epoch": lambda n, b: int(n / b + 0.5)}, "iterations-rounded"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_other_wrong_variants_lose_marks(what, judged):
    functions, name = WRONG[what]
    (exercise,) = functions
    for part in PARTS:
        found = judged(exercise, functions, part=part)
        assert found.points < 10 - 1e-6, part
        assert name is None or name in found.names, (part, found.names)
