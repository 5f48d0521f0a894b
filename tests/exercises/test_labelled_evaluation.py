"""Judging models as students write it: labelled files, further right styles, further wrong variants."""

import json
from pathlib import Path

import numpy as np
import pytest

from autograder import exercises
from autograder.keymaking import play_all

FILES = sorted((Path(__file__).parents[1] / "data" / "submissions" / "evaluation").glob("*.py"))
EXERCISES = (
    "fit_poly", "predict_poly", "join_dots", "kfold_indices", "kfold_score", "loocv_score", "train_test_split",
)  # fmt: skip
BUGS = {"means-and-last-point": {"kfold-mean-of-fold-means", "loocv-last-point-missing"}}
# The exercise says that training x come in any order, and that a list of test folds is asked for.
BORDERLINE = {
    "join-dots-expects-sorted": {"join_dots"},
    "kfold-pairs": {"kfold_indices", "kfold_score"},
}
PARTS = range(3)


def label_of(path):
    return json.loads(path.read_text(encoding="utf-8").splitlines()[0].removeprefix("#"))


def functions_of(path):
    namespace = {"__name__": "student"}
    exec(compile(path.read_text(encoding="utf-8"), "<cell 1>", "exec"), namespace)
    return namespace


def lost(judged, functions, part, exercises=EXERCISES):
    """Return the exercises that lose marks, with the names given to what is wrong."""
    found = {e: judged(e, functions, part=part) for e in exercises if e in functions}
    return {e: set(f.names) for e, f in found.items() if f.points < 10 - 1e-6}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_marks_are_lost_on_exactly_the_functions_labelled(path, judged):
    functions, label = functions_of(path), label_of(path)
    assert set(EXERCISES) <= set(functions)
    wanted = BORDERLINE[label["bug"]] if label["verdict"] == "borderline" else set(label["functions_wrong"])
    for part in PARTS:
        assert set(lost(judged, functions, part)) == wanted, part


@pytest.mark.parametrize(
    "path", [p for p in FILES if label_of(p)["verdict"] == "wrong"], ids=lambda p: p.stem
)
def test_the_bug_is_named_as_labelled(path, judged):
    label = label_of(path)
    names = set().union(*lost(judged, functions_of(path), 0).values())
    assert BUGS.get(label["bug"], {label["bug"]}) <= names


# --- right in other styles -----------------------------------------------------------------------


def polynomial_objects():
    return {
        "fit_poly": lambda x, y, degree: np.polynomial.Polynomial.fit(x, y, degree),
        "predict_poly": lambda coef, x: coef(x),
    }


def highest_first():
    return {"fit_poly": lambda x, y, degree: np.poly1d(np.polyfit(x, y, degree)), "predict_poly": np.polyval}


def normal_equations():
    def powers(x, degree):
        return np.array([[v**d for d in range(degree + 1)] for v in x])

    def fit_poly(x, y, degree):
        A = powers(x, degree)
        return list(np.linalg.inv(A.T @ A) @ A.T @ y)

    return {"fit_poly": fit_poly, "predict_poly": lambda coef, x: powers(x, len(coef) - 1) @ np.array(coef)}


def centred_with_its_centre():
    def fit_poly(x, y, degree):
        centre = float(np.mean(x))
        return {"centre": centre, "c": np.linalg.lstsq(np.vander(x - centre, degree + 1), y, rcond=None)[0]}

    return {
        "fit_poly": fit_poly,
        "predict_poly": lambda model, x: np.polyval(model["c"], x - model["centre"]),
    }


def loops():
    def join_dots(xt, yt, xq):
        dots = sorted(zip(xt.tolist(), yt.tolist()))
        out = []
        for q in xq:
            left = [d for d in dots if d[0] <= q] or dots[:1]
            right = [d for d in dots if d[0] >= q] or dots[-1:]
            (x0, y0), (x1, y1) = left[-1], right[0]
            out.append(y0 if x0 == x1 or q <= dots[0][0] else y0 + (q - x0) * (y1 - y0) / (x1 - x0))
        return out

    def mse(y, yhat):
        total = 0.0
        for a, b in zip(y, yhat):
            total += (a - b) * (a - b)
        return total / len(y)

    def kfold_indices(R, k, rng):
        folds = [[] for _ in range(k)]
        for place, i in enumerate(rng.permutation(R)):
            folds[place % k].append(int(i))
        return folds

    return {"join_dots": join_dots, "mse": mse, "kfold_indices": kfold_indices}


def sets():
    def train_test_split(R, frac, rng):
        test = {int(i) for i in rng.choice(R, int(np.ceil(R * frac)), replace=False)}
        return sorted(set(range(R)) - test), sorted(test)

    def kfold_score(fit, predict, x, y, folds):
        worst = 0
        for fold in folds:
            rest = sorted(set(range(len(x))) - set(np.asarray(fold).tolist()))
            model = fit(np.array([x[i] for i in rest]), np.array([y[i] for i in rest]))
            worst += sum((float(predict(model, x[i])) - y[i]) ** 2 for i in fold)
        return worst / len(x)

    return {"train_test_split": train_test_split, "kfold_score": kfold_score}


def masks():
    def train_test_split(R, frac, rng):
        chance = rng.random(R)
        held = chance <= np.sort(chance)[max(int(R * frac), 1) - 1]
        return np.where(~held)[0], np.where(held)[0]

    def loocv_score(fit, predict, x, y):
        errors = np.empty_like(y)
        for i in range(y.size):
            model = fit(np.r_[x[:i], x[i + 1 :]], np.r_[y[:i], y[i + 1 :]])
            errors[i] = (y[i : i + 1] - predict(model, x[i : i + 1])).item()
        return np.linalg.norm(errors) ** 2 / y.size

    def test_set_score(fit, predict, x, y, test_idx):
        test = np.zeros(len(x), dtype=bool)
        test[test_idx] = True
        return np.square(predict(fit(x[~test], y[~test]), x[test]) - y[test]).mean()

    def select_model(models, x, y, scheme):
        best, lowest = None, np.inf
        for name in models:
            fit, predict = models[name]
            score = scheme(fit, predict, x, y)
            if score < lowest:
                best, lowest = name, score
        return best

    return {
        "train_test_split": train_test_split, "loocv_score": loocv_score, "test_set_score": test_set_score,
        "select_model": select_model,
    }  # fmt: skip


STYLES = (
    polynomial_objects, highest_first, normal_equations, centred_with_its_centre, loops, sets, masks,
)  # fmt: skip


@pytest.mark.parametrize("style", STYLES, ids=lambda s: s.__name__)
def test_other_right_styles_get_full_marks(style, judged):
    for part in PARTS:
        assert lost(judged, style(), part, style()) == {}, part


# --- wrong in other ways -------------------------------------------------------------------------


def scored(errors, total):
    """Return a k-fold score: errors(fit, predict, x, y, fold) of each fold, put together by total(list, R)."""

    def kfold_score(fit, predict, x, y, folds):
        return total([errors(fit, predict, x, y, fold) for fold in folds], len(x))

    return {"kfold_score": kfold_score}


def held_out(fit, predict, x, y, fold):
    return predict(fit(np.delete(x, fold), np.delete(y, fold)), x[fold]) - y[fold]


def on_the_fold_itself(fit, predict, x, y, fold):
    rest = np.delete(np.arange(len(x)), fold)
    return predict(fit(x[rest], y[rest]), x[rest]) - y[rest]


def nearest(xt, yt, xq):
    return np.array([yt[np.abs(xt - q).argmin()] for q in xq])


def with_replacement(R, frac, rng):
    order = rng.integers(0, R, R)
    cut = int(round(R * frac))
    return order[cut:], order[:cut]


def sorts_in_place(xt, yt, xq):
    order = np.argsort(xt)
    xt[:] = xt[order]
    yt[:] = yt[order]
    return np.interp(xq, xt, yt)


WRONG = {
    "mean of means": (scored(held_out, lambda e, R: np.mean([np.mean(f**2) for f in e])), "kfold-mean-of-fold-means"),
    "divided by k": (scored(held_out, lambda e, R: sum((f**2).sum() for f in e) / len(e)), "kfold-divides-by-k"),
    "absolute": (scored(held_out, lambda e, R: np.abs(np.concatenate(e)).sum() / R), "kfold-not-squared"),
    "root": (scored(held_out, lambda e, R: np.sqrt((np.concatenate(e) ** 2).mean())), "kfold-root"),
    "seen examples": (scored(on_the_fold_itself, lambda e, R: (np.concatenate(e) ** 2).mean()), "kfold-training-error"),
    "median": (scored(held_out, lambda e, R: np.median(np.concatenate(e) ** 2)), None),
    "nearest dot": ({"join_dots": nearest}, "join-dots-nearest"),
    "dots sorted in place": ({"join_dots": sorts_in_place}, "join-dots-changes-dots"),
    "end of the data": (
        {"train_test_split": lambda R, frac, rng: (np.arange(R)[: -round(R * frac)], np.arange(R)[-round(R * frac) :])},
        "split-not-shuffled"),
    "with replacement": ({"train_test_split": with_replacement}, "split-with-replacement"),
    "share for training": (
        {"train_test_split": lambda R, f, rng: (lambda o: (o[: round(R * f)], o[round(R * f) :]))(rng.permutation(R))},
        "split-swapped"),
    "rest dropped": (
        {"kfold_indices": lambda R, k, rng: (lambda o: [o[i * (R // k) : (i + 1) * (R // k)] for i in range(k)])(
            rng.permutation(R))}, "kfold-rest-dropped"),
    "only the folds shuffled": (
        {"kfold_indices": lambda R, k, rng: [np.array_split(np.arange(R), k)[i] for i in rng.permutation(k)]}, None),
    "a fixed seed": (
        {"kfold_indices": lambda R, k, rng: np.array_split(np.random.default_rng(1).permutation(R), k)},
        "kfold-reseeds"),
    "the largest": ({"select_model": lambda models, x, y, scheme: max(models, key=lambda n: scheme(*models[n], x, y))},
                    "select-highest-score"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_other_wrong_variants_lose_marks(what, judged):
    functions, name = WRONG[what]
    (exercise,) = functions
    for part in PARTS:
        found = judged(exercise, functions, part=part)
        assert found.points < 10 - 1e-6, part
        assert name is None or name in found.names, (part, found.names)


def test_drawing_the_test_set_with_replacement_is_no_other_mistake(make_key_of):
    """Without its name in the list it must not be taken for drawing everything with replacement."""
    from autograder.checks import judge
    from autograder.naming import name_mistakes

    key = make_key_of("train_test_split")
    for name in ("split-with-replacement", "split-test-with-replacement"):
        (functions,) = (
            f for m, f in exercises.wrong_submissions(exercises.EXERCISES[key.question]) if m.name == name
        )
        for part in PARTS:
            judgement = judge(key, part, play_all(key, part, functions))
            assert [n.name for n in name_mistakes(judgement)] == [name]
            assert name_mistakes(judgement, without={name}) == []


# --- a fit and a predict that do not belong together ---------------------------------------------


def increasing(x, y, degree):
    return np.linalg.lstsq(np.vander(x, degree + 1, increasing=True), y, rcond=None)[0]


PAIRS = {
    "predict in the other order": (increasing, np.polyval, {"predict_poly"}),
    "fit in the other order": (np.polyfit, lambda c, x: np.polyval(c[::-1], x), {"fit_poly"}),
    "predict without the constant": (
        increasing, lambda c, x: sum(c[d] * x**d for d in range(1, len(c))) + 0 * x, {"predict_poly"}),
    "predict stops with an error": (increasing, lambda c, x: c @ x, {"predict_poly"}),
    "one degree too few": (lambda x, y, d: np.polyfit(x, y, max(d - 1, 0)), np.polyval, {"fit_poly"}),
    "ridge": (
        lambda x, y, d: np.linalg.solve(
            np.vander(x, d + 1).T @ np.vander(x, d + 1) + 0.1 * np.eye(d + 1), np.vander(x, d + 1).T @ y),
        np.polyval, {"fit_poly"}),
}  # fmt: skip


@pytest.mark.parametrize("pair", PAIRS)
def test_only_the_function_that_is_wrong_loses_marks(pair, judged):
    fit, predict, wrong = PAIRS[pair]
    for part in PARTS:
        assert set(lost(judged, {"fit_poly": fit, "predict_poly": predict}, part)) == wrong
