"""Normalisation as students write it: labelled files, further right styles, further wrong variants."""

import json
from pathlib import Path

import numpy as np
import pytest

FILES = sorted((Path(__file__).parents[1] / "data" / "submissions" / "bn").glob("*.py"))
EXERCISES = ("fit_normalizer", "apply_normalizer", "bn_forward", "bn_backward", "bn2d_forward")
# Where the label's words and ours differ: the mistake that says the same.
SAME = {"eps-forgotten": {"eps-forgotten", "eps-forgotten-in-training"}}
PARTS = range(3)


def label_of(path):
    return json.loads(path.read_text(encoding="utf-8").splitlines()[0].removeprefix("#"))


def functions_of(path):
    namespace = {"__name__": "student"}
    exec(compile(path.read_text(encoding="utf-8"), "<cell 1>", "exec"), namespace)
    return namespace


def expected_wrong(label):
    if label["verdict"] == "borderline":
        return set() if label["recommend"] == "right" else set(label["strict_wrong"])
    return set(label["functions_wrong"])


def lost(judged, functions, part, exercises=EXERCISES):
    """Return the exercises that lose marks, with the names given to what is wrong."""
    found = {e: judged(e, functions, part=part) for e in exercises if e in functions}
    return {e: set(f.names) for e, f in found.items() if f.points < 10 - 1e-6}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_marks_are_lost_on_exactly_the_functions_labelled(path, judged):
    functions, label = functions_of(path), label_of(path)
    assert {e for e in EXERCISES if e in functions} == set(EXERCISES)
    for part in PARTS:
        assert set(lost(judged, functions, part)) == expected_wrong(label), part


def test_most_bugs_are_named_as_labelled(judged):
    told = []
    for path in FILES:
        label = label_of(path)
        if expected_wrong(label):
            names = set().union(*lost(judged, functions_of(path), 0).values())
            told += [bool(names & (SAME.get(bug, set()) | {bug})) for bug in label["bug"].split("+")]
    assert np.mean(told) >= 0.8, told


def test_a_backward_spoilt_by_its_forward_says_so(judged):
    for path in FILES:
        root = label_of(path).get("root", [])
        if root == ["bn_forward"]:
            found = judged("bn_backward", functions_of(path))
            assert any("forward" in line for v in found.verdicts for line in v.hint), path.name


def test_the_right_gradient_of_another_function_earns_a_part(judged):
    path = next(p for p in FILES if "unbiased-variance" in p.name)
    found = judged("bn_backward", functions_of(path))
    assert 0 < found.points < 10
    assert found.judgement.consistent is True


# --- right in other styles -----------------------------------------------------------------------


def in_place():
    def bn_forward(X, gamma, beta, eps, running, momentum, train):
        mean, var = running["mean"], running["var"]
        if train:
            mu = np.mean(X, axis=0, keepdims=True)
            sq = np.mean(X**2, axis=0, keepdims=True) - mu**2
            mean[:] = mean - momentum * (mean - mu[0])
            var[...] = (1 - momentum) * var + momentum * sq[0]
        else:
            mu, sq = mean, var
        inv = np.power(sq + eps, -0.5)
        cache = [X - mu, inv, gamma]
        return np.multiply(cache[0] * inv, gamma) + beta, cache

    def bn_backward(dY, cache):
        xc, inv, gamma = cache
        m = len(xc)
        dgamma = np.einsum("ij,ij->j", dY, xc * inv)
        dvar = -0.5 * (dY * gamma * xc).sum(0) * inv[0] ** 3
        dxc = dY * gamma * inv + 2.0 / m * xc * dvar
        return dxc - dxc.sum(0) / m, dgamma, np.add.reduce(dY)

    return {"bn_forward": bn_forward, "bn_backward": bn_backward}


def centring_matrix():
    def bn_forward(X, gamma, beta, eps, running, momentum, train):
        n = X.shape[0]
        if not train:
            return (X - running["mean"]) @ np.diag(gamma / np.sqrt(running["var"] + eps)) + beta, ()
        C = np.eye(n) - 1.0 / n
        Z = C @ X
        v = np.diag(Z.T @ Z) / n
        new = {"mean": np.ones(n) @ X / n, "var": v}
        for name in running:
            running[name] = np.average([running[name], new[name]], axis=0, weights=[1 - momentum, momentum])
        return gamma * Z / np.sqrt(v + eps) + beta, (Z, v + eps, gamma, C)

    def bn_backward(dY, cache):
        Z, v, gamma, C = cache
        n = len(Z)
        dX = np.stack(
            [
                gamma[j] / v[j] ** 0.5 * (C - np.outer(Z[:, j], Z[:, j]) / (n * v[j])) @ dY[:, j]
                for j in range(Z.shape[1])
            ],
            axis=1,
        )
        return dX, np.diag((Z / np.sqrt(v)).T @ dY), dY.T @ np.ones(n)

    return {"bn_forward": bn_forward, "bn_backward": bn_backward}


def closures_and_lists():
    def bn_forward(X, gamma, beta, eps, running, momentum, train):
        if train:
            mu, var = [float(np.mean(c)) for c in X.T], [float(np.var(c)) for c in X.T]
            running["mean"] = [(1 - momentum) * a + momentum * b for a, b in zip(running["mean"], mu)]
            running["var"] = [(1 - momentum) * a + momentum * b for a, b in zip(running["var"], var)]
        else:
            mu, var = running["mean"], running["var"]
        xhat = (X - np.array(mu)) / np.sqrt(np.array(var) + eps)

        def back(dY):
            g = dY * gamma
            dX = (g - g.mean(0) - xhat * (g * xhat).mean(0)) / np.sqrt(np.array(var) + eps)
            return [dX, (dY * xhat).sum(0), dY.sum(0)]

        return [gamma * xhat + beta, back]

    return {"bn_forward": bn_forward, "bn_backward": lambda dY, cache: cache(dY)}


def maps_one_channel_at_a_time():
    def bn2d_forward(X, gamma, beta, eps, running, momentum, train):
        Y = np.empty(X.shape, X.dtype)
        for c in range(X.shape[1]):
            plane = X[:, c].ravel()
            mu, var = running["mean"][c], running["var"][c]
            if train:
                mu, var = plane.sum() / plane.size, ((plane - plane.mean()) ** 2).sum() / plane.size
                running["mean"][c] += momentum * (mu - running["mean"][c])
                running["var"][c] += momentum * (var - running["var"][c])
            Y[:, c] = gamma[c] * (X[:, c] - mu) / (var + eps) ** 0.5 + beta[c]
        return Y, None

    return {"bn2d_forward": bn2d_forward}


def maps_by_moving_the_axis():
    rows = in_place()

    def bn2d_forward(X, *more):
        moved = np.moveaxis(X, 1, -1)
        Y, cache = rows["bn_forward"](moved.reshape(-1, X.shape[1]), *more)
        return np.moveaxis(Y.reshape(moved.shape), -1, 1), (cache, moved.shape)

    def bn2d_backward(dY, cache):
        inner, shape = cache
        dX, dgamma, dbeta = rows["bn_backward"](np.moveaxis(dY, 1, -1).reshape(-1, shape[-1]), inner)
        return np.moveaxis(dX.reshape(shape), -1, 1), dgamma, dbeta

    return {"bn2d_forward": bn2d_forward, "bn2d_backward": bn2d_backward}


def data_with_plain_python():
    def fit_normalizer(X, ddof):
        columns = [list(c) for c in zip(*X.tolist())]
        mu = [sum(c) / len(c) for c in columns]
        return mu, [(sum((v - m) ** 2 for v in c) / (len(c) - ddof)) ** 0.5 for c, m in zip(columns, mu)]

    return {
        "fit_normalizer": fit_normalizer,
        "apply_normalizer": lambda X, mu, sigma: [
            [(x - m) / s for x, m, s in zip(row, mu, sigma)] for row in X
        ],
    }


def data_with_a_small_guard():
    return {
        "fit_normalizer": lambda X, ddof: (
            np.average(X, axis=0),
            np.sqrt(np.diag(np.atleast_2d(np.cov(X.T, ddof=ddof)))),
        ),
        "apply_normalizer": lambda X, mu, sigma: (X - mu) / (sigma + 1e-12),
    }


def data_in_float32():
    return {
        "fit_normalizer": lambda X, ddof: (X.mean(0, dtype=np.float32), X.astype("f4").std(0, ddof=ddof)),
        "apply_normalizer": lambda X, mu, sigma: ((X - mu) / sigma).astype(np.float32),
    }


RIGHT = (
    in_place,
    centring_matrix,
    closures_and_lists,
    maps_one_channel_at_a_time,
    maps_by_moving_the_axis,
    data_with_plain_python,
    data_with_a_small_guard,
    data_in_float32,
)


@pytest.mark.parametrize("style", RIGHT, ids=lambda s: s.__name__)
def test_other_right_styles_get_full_marks(style, judged):
    for part in PARTS:
        assert lost(judged, style(), part, (*EXERCISES, "bn2d_backward")) == {}


# --- wrong in other ways -------------------------------------------------------------------------


def rows(**changes):
    """A plain right layer with pieces to exchange."""
    use = {
        "var": lambda X, mu: X.var(0),
        "root": lambda var, eps: np.sqrt(var + eps),
        "mix": lambda old, new, a: (1 - a) * old + a * new,
        "kept_var": lambda X, var: var,
        "affine": lambda xhat, gamma, beta: gamma * xhat + beta,
        "test": lambda X, running: (running["mean"], running["var"]),
        "after": lambda X, gamma, running: None,
    } | changes

    def bn_forward(X, gamma, beta, eps, running, momentum, train):
        if train:
            mu, var = X.mean(0), use["var"](X, X.mean(0))
            running["mean"] = use["mix"](running["mean"], mu, momentum)
            running["var"] = use["mix"](running["var"], use["kept_var"](X, var), momentum)
        else:
            mu, var = use["test"](X, running)
        root = use["root"](var, eps)
        xhat = (X - mu) / root
        Y = use["affine"](xhat, gamma, beta)
        use["after"](X, gamma, running)
        return Y, (xhat, root, gamma)

    return {"bn_forward": bn_forward}


def touching(X, gamma, running):
    gamma *= 2.0


def drifting(X, gamma, running):
    running["mean"] = running["mean"] + 0.01


FORWARD = {
    "eps-outside-the-root": rows(root=lambda var, eps: np.sqrt(var) + eps),
    "momentum-exchanged": rows(mix=lambda old, new, a: a * old + (1 - a) * new),
    "running-replaced": rows(mix=lambda old, new, a: new),
    "running-adds-up": rows(mix=lambda old, new, a: old + a * new),
    "running-std-stored": rows(kept_var=lambda X, var: np.sqrt(var)),
    "batch-statistics-in-test": rows(test=lambda X, running: (X.mean(0), X.var(0))),
    "beta-forgotten": rows(affine=lambda xhat, gamma, beta: gamma * xhat),
    "beta-before-gamma": rows(affine=lambda xhat, gamma, beta: gamma * (xhat + beta)),
    "squares-not-centred": rows(var=lambda X, mu: (X**2).mean(0)),
    "gamma changed in place": rows(after=touching),
    "running touched always": rows(after=drifting),
    "eps in test only": rows(var=lambda X, mu: X.var(0) - 1e-3),
}


@pytest.mark.parametrize("fault", FORWARD)
def test_wrong_layers_lose_marks_and_known_faults_are_named(fault, judged):
    for part in PARTS:
        found = lost(judged, FORWARD[fault], part)
        assert set(found) == {"bn_forward"}
        assert found["bn_forward"] == ({fault} if "-" in fault else set())


def gradients(change):
    def bn_backward(dY, cache):
        xhat, root, gamma = cache
        g = dY * gamma
        dX = (g - g.mean(0) - xhat * (g * xhat).mean(0)) / root
        return change(dY, xhat, root, gamma, dX, (dY * xhat).sum(0), dY.sum(0))

    return rows() | {"bn_backward": bn_backward}


LAST = {}


def of_latest_call():
    right = rows()["bn_forward"]

    def bn_forward(*given):
        Y, LAST["cache"] = right(*given)
        return Y, None

    back = gradients(lambda dY, xhat, root, gamma, *found: found)["bn_backward"]
    return {"bn_forward": bn_forward, "bn_backward": lambda dY, cache: back(dY, LAST["cache"])}


BACKWARD = {
    "mean-term-dropped": gradients(
        lambda dY, xhat, root, gamma, dX, dg, db: (
            (dY * gamma - xhat * (dY * gamma * xhat).mean(0)) / root,
            dg,
            db,
        )
    ),
    "statistics-taken-as-constants": gradients(
        lambda dY, xhat, root, gamma, dX, dg, db: (dY * gamma / root, dg, db)
    ),
    "dgamma-and-dbeta-exchanged": gradients(lambda dY, xhat, root, gamma, dX, dg, db: (dX, db, dg)),
    "dgamma-with-centred-x": gradients(lambda dY, xhat, root, gamma, dX, dg, db: (dX, dg * root, db)),
    "gamma-forgotten-in-dX": gradients(lambda dY, xhat, root, gamma, dX, dg, db: (dX / gamma, dg, db)),
    "dX-divided-by-variance": gradients(lambda dY, xhat, root, gamma, dX, dg, db: (dX / root, dg, db)),
    "cache-shared-between-calls": of_latest_call(),
    "dX lacks its last row": gradients(
        lambda dY, xhat, root, gamma, dX, dg, db: (np.vstack([dX[:-1], 0 * dX[-1:]]), dg, db)
    ),
    "two results only": gradients(lambda dY, xhat, root, gamma, dX, dg, db: (dX, dg)),
}


@pytest.mark.parametrize("fault", BACKWARD)
def test_wrong_gradients_lose_marks_and_known_faults_are_named(fault, judged):
    for part in PARTS:
        found = lost(judged, BACKWARD[fault], part)
        assert set(found) == {"bn_backward"}
        assert found["bn_backward"] == ({fault} if "-" in fault else set())


DATA = {
    "fit_normalizer": {
        "ddof-ignored": lambda X, ddof: (X.mean(0), X.std(0)),
        "variance-for-sigma": lambda X, ddof: (X.mean(0), X.var(0, ddof=ddof)),
        "statistics-per-example": lambda X, ddof: (
            (X.mean(1), X.std(1, ddof=ddof)) if X.shape[1] > ddof else None
        ),
        "kept axes": lambda X, ddof: (X.mean(0, keepdims=True), X.std(0, ddof=ddof, keepdims=True)),
    },
    "apply_normalizer": {
        "own-mean-used": lambda X, mu, sigma: (X - X.mean(0)) / sigma,
        "distance-negated": lambda X, mu, sigma: (mu - X) / sigma,
        "divides-by-variance": lambda X, mu, sigma: (X - mu) / sigma**2,
        "clipped": lambda X, mu, sigma: np.clip((X - mu) / sigma, -1, 1),
    },
}


@pytest.mark.parametrize(("exercise", "fault"), [(e, f) for e in DATA for f in DATA[e]])
def test_wrong_ways_with_data_lose_marks_and_known_faults_are_named(exercise, fault, judged):
    for part in PARTS:
        found = lost(judged, {exercise: DATA[exercise][fault]}, part)
        assert found == {exercise: {fault} if "-" in fault else set()}
