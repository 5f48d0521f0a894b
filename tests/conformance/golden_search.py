"""Golden records of optimisers, evaluation and diagnosis: `opt_01` is G-OPT-01 (see golden_layers.py).

These are functions rather than ops; they have no second form, so `use` has nothing to choose.
"""

from __future__ import annotations

from functools import partial

import numpy as np

import reference
from reference import gradient_descent, momentum, momentum_slide

# ------------------------------------------------------------------------------------------ optimisers


def opt_01(g, ledger, use):
    w0, steps = g["inputs"]["w0"], g["params"]["steps"]
    paths = [gradient_descent(lambda w: 2 * (w - 3), w0, lr, steps) for lr in g["params"]["lrs"]]
    ledger.compare("w", paths)


def opt_02(g, ledger, use):
    how = {name: g["params"][name] for name in ("lr", "alpha", "steps")}
    ledger.compare("slide", momentum_slide(lambda w: 2 * w, g["inputs"]["w0"], **how))
    ledger.compare("classical", momentum(lambda w: 2 * w, g["inputs"]["w0"], **how))


def opt_03(g, ledger, use):
    how = {name: g["params"][name] for name in ("lr", "alpha", "steps")}
    for name, walk in (("slide", momentum_slide), ("classical", momentum)):
        path = walk(lambda w: g["inputs"]["g"], 0.0, **how)
        ledger.compare(f"step_{name}", path[-2] - path[-1])


def opt_04(g, ledger, use):
    calls = []

    def loss(w):
        calls.append(w)
        return w[0] ** 2 + 3 * w[1] + 0 * w[2]

    ledger.compare("w_new", reference.sign_step(loss, g["inputs"]["w"], g["params"]["eps"]))
    ledger.compare("loss_evals", len(calls))


def opt_06(g, ledger, use):
    runs = reference.random_restarts(
        lambda x: x**4 - 3 * x**2 + x,
        lambda x: 4 * x**3 - 6 * x + 1,
        g["inputs"]["starts"],
        g["params"]["lr"],
        g["params"]["steps"],
    )
    ledger.compare("ends", runs.ends)
    ledger.compare("best", runs.best)
    ledger.compare("f_best", runs.values.min())


def opt_07(g, ledger, use):
    """Gradient descent comes to rest on a saddle: no slope left, and one curvature is negative."""

    def slope(w):
        return np.array([2 * w[0], -2 * w[1]])

    end = gradient_descent(slope, g["inputs"]["start"], g["params"]["lr"], g["params"]["steps"])[-1]
    ledger.compare("end", end)
    ledger.compare("grad_norm", np.linalg.norm(slope(end)))
    ledger.leave("hessian_eigs", "second derivatives of the record's function; no op computes them")


def opt_09(g, ledger, use):
    i, lr = {name: np.array(value) for name, value in g["inputs"].items()}, g["params"]["lr"]

    def loss(w):
        return reference.squared_error(w * i["x"], i["y"])

    def slope(w, batch):
        x, y = i["x"][batch], i["y"][batch]
        _, cache = reference.linear.forward(x[:, None], [[float(w)]])
        (dy,) = reference.squared_error.backward(reference.squared_error.forward(w * x, y)[1])
        return reference.linear.backward(cache, dy[:, None])[1][0, 0]

    order = g["params"]["order"]
    paths = [
        reference.sgd(slope, i["w0"], lr, [order[n : n + size] for n in range(0, len(order), size)])
        for size in g["params"]["batches"]
    ]
    along = [loss(w) for w in paths[0]]
    ledger.compare_each("w", paths)
    ledger.compare("full_loss_w1", along)
    ledger.compare("monotone", bool(np.all(np.diff(along) < 0)))


def norm_05(g, ledger, use):
    p = g["params"]
    for name in ("bad", "good"):
        curvature = np.array(p[f"curv_{name}"])
        how = {"lr": p[f"lr_{name}"], "steps": g["expected"][f"steps_{name}"] + 1}
        path = gradient_descent(partial(np.multiply, curvature), g["inputs"]["start"], **how)
        arrived = np.abs(path).max(axis=1) < p["tol"]
        ledger.compare(f"steps_{name}", int(np.argmax(arrived)))


# ------------------------------------------------------------------------------------------ evaluation

MODELS = {
    "linear": reference.polynomial(1),
    "quadratic": reference.polynomial(2),
    "join_the_dots": reference.join_the_dots(),
}


def eval_01(g, ledger, use):
    ranks = [reference.rank_models(scores) for scores in g["inputs"].values()]
    ledger.compare("best", [rank[0] for rank in ranks])
    ledger.compare("second", [rank[1] for rank in ranks])


def eval_02(g, ledger, use):
    x, y = (np.array(g["inputs"][name], float) for name in "xy")
    folds, test = g["params"]["folds"], g["params"]["test_idx"]
    for name, (fit, predict) in MODELS.items():
        errors = reference.squared_errors(fit, predict, x, y, folds)
        found = {
            "train": reference.mse(y, predict(fit(x, y), x)),
            "test_set": reference.test_set_score(fit, predict, x, y, test),
            "loocv": reference.leave_one_out_score(fit, predict, x, y),
            "kfold3": reference.k_fold_score(fit, predict, x, y, folds),
            "kfold3_mean_of_fold_means": np.mean([errors[fold].mean() for fold in folds]),
        }
        expected = g["expected"][name]
        assert found.keys() == expected.keys()
        ledger.agree(name, all(abs(found[key] - expected[key]) <= g["tol"] for key in expected))
    for name, degree in (("linear", 1), ("quadratic", 2)):
        closed = reference.leave_one_out_linear(reference.hat_matrix(x, degree), y)
        ledger.agree(name, abs(closed - g["expected"][name]["loocv"]) <= g["tol"])
    best = min(g["expected"], key=lambda name: g["expected"][name]["kfold3"])
    ledger.agree(best, reference.select_model(MODELS, x, y, folds).best == best)


def eval_04(g, ledger, use):
    """Targets are the roots of the record's errors, and the model always says 0."""
    fold_errors = g["inputs"]["fold_sq_errors"]
    y = np.sqrt(np.concatenate(fold_errors))
    ends = np.cumsum([len(errors) for errors in fold_errors])
    folds = [np.arange(end - len(errors), end) for errors, end in zip(fold_errors, ends, strict=True)]
    zero = (lambda x, y: None, lambda model, x: np.zeros(len(x)))
    x = np.arange(float(len(y)))
    ledger.compare("overall", reference.k_fold_score(*zero, x, y, folds))
    errors = reference.squared_errors(*zero, x, y, folds)
    ledger.compare("mean_of_means", np.mean([errors[fold].mean() for fold in folds]))


# ------------------------------------------------------------------------------------------- diagnosis


def tl_01(g, ledger, use):
    table = g["expected"]["table"]
    words = {"little_data": "little", "lots_data": "lots"}
    found = {}
    for key in table:
        data, similarity = key.split("|")
        found[key] = reference.transfer_plan(words[data], similarity).advice
    ledger.agree("table", found == table)


def train_01(g, ledger, use):
    """Curves that look like those of the slide; what the slide says about them must be in the answer."""
    rng, t = np.random.default_rng(0), np.arange(100)
    steep = np.exp(-t / 15)
    rising = 1 - np.exp(-t / 10)
    answers = {
        "loss curve too noisy/wide": reference.diagnose_loss(steep + 0.3 * rng.normal(size=100)),
        "loss nearly linear": reference.diagnose_loss(2.3 - 0.01 * t),
        "train/val accuracy big gap": reference.diagnose(0.99 * rising, 0.7 * rising),
        "train/val accuracy no gap": reference.diagnose(0.5 * rising, 0.49 * rising),
    }
    said = {
        "loss curve too noisy/wide": "increase the batch size",
        "loss nearly linear": "learning rate may be too small",
        "train/val accuracy big gap": "increase regularisation",
        "train/val accuracy no gap": "increase model capacity",
    }
    labels = {name: answer.label for name, answer in answers.items()}
    ledger.agree("table", set(g["expected"]["table"]) == set(answers))
    ledger.agree("table", list(labels.values()) == ["noisy", "nearly linear", "overfit", "underfit"])
    ledger.agree("table", all(said[name] in answer.remedy for name, answer in answers.items()))
