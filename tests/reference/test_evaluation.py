"""Splits, cross-validation and model selection: the lecture's tables, brute force, and refusal."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import (
    InputError,
    ShapeError,
    cross_validation_cost,
    hat_matrix,
    holdout,
    join_the_dots,
    k_fold,
    k_fold_score,
    leave_one_out,
    leave_one_out_linear,
    leave_one_out_score,
    mse,
    polynomial,
    rank_models,
    select_model,
    squared_errors,
)
from reference.evaluation import test_set_score as score_on_test_set

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text(encoding="utf-8"))
MODELS = {"linear": polynomial(1), "quadratic": polynomial(2), "join_the_dots": join_the_dots()}


def rng():
    return np.random.default_rng(3)


@pytest.fixture
def data():
    inputs = GOLDEN["G-EVAL-02"]["inputs"]
    return np.array(inputs["x"], float), np.array(inputs["y"], float)


# ------------------------------------------------------------------------------------- golden examples


@pytest.mark.parametrize("name", MODELS)
def test_all_scores_of_the_companion_data(name, data):
    record = GOLDEN["G-EVAL-02"]
    expected, (fit, predict) = record["expected"][name], MODELS[name]
    test, folds = record["params"]["test_idx"], record["params"]["folds"]
    assert mse(data[1], predict(fit(*data), data[0])) == pytest.approx(expected["train"], abs=1e-9)
    assert score_on_test_set(fit, predict, *data, test) == pytest.approx(expected["test_set"], abs=1e-9)
    assert leave_one_out_score(fit, predict, *data) == pytest.approx(expected["loocv"], abs=1e-9)
    assert k_fold_score(fit, predict, *data, folds) == pytest.approx(expected["kfold3"], abs=1e-9)
    errors = squared_errors(fit, predict, *data, folds)
    means = [errors[fold].mean() for fold in folds]
    assert np.mean(means) == pytest.approx(expected["kfold3_mean_of_fold_means"], abs=1e-9)


@pytest.mark.parametrize(("name", "degree"), [("linear", 1), ("quadratic", 2)])
def test_leave_one_out_in_closed_form(name, degree, data):
    expected = GOLDEN["G-EVAL-02"]["expected"][name]["loocv"]
    assert leave_one_out_linear(hat_matrix(data[0], degree), data[1]) == pytest.approx(expected, abs=1e-9)


def test_which_model_wins_depends_on_the_scheme(data):
    record = GOLDEN["G-EVAL-02"]
    scores = {
        name: score_on_test_set(*pair, *data, record["params"]["test_idx"]) for name, pair in MODELS.items()
    }
    assert rank_models(scores)[0] == "linear"
    assert select_model(MODELS, *data, leave_one_out(10)).best == "quadratic"
    by_folds = select_model(MODELS, *data, record["params"]["folds"])
    assert by_folds.best == "quadratic"
    for name, score in by_folds.scores.items():
        assert score == pytest.approx(record["expected"][name]["kfold3"], abs=1e-9)


def test_ranks_of_the_printed_scores():
    record = GOLDEN["G-EVAL-01"]
    ranks = [rank_models(scores) for scores in record["inputs"].values()]
    assert [rank[0] for rank in ranks] == record["expected"]["best"]
    assert [rank[1] for rank in ranks] == record["expected"]["second"]


def test_costs():
    record = GOLDEN["G-EVAL-03"]
    n = record["inputs"]["R"]
    for name, k in {"loocv": n, "10fold": 10, "3fold": 3, "Rfold": n}.items():
        cost = cross_validation_cost(n, k)
        sizes = record["expected"]["train_size"][name]
        assert cost.fits == record["expected"]["fits"][name]
        assert [cost.smallest, cost.largest] == (sizes if isinstance(sizes, list) else [sizes, sizes])
    split = holdout(n, record["params"]["test_frac"], rng())
    assert len(split.train) == record["expected"]["train_size"]["test_set"]


def test_the_mean_counts_examples_not_folds():
    """Squared errors 1,1,1,1 | 4,4 | 9: their mean is 3, the mean of the folds' means 14/3."""
    record = GOLDEN["G-EVAL-04"]
    errors = record["inputs"]["fold_sq_errors"]
    y = np.sqrt(np.concatenate(errors))
    ends = np.cumsum([len(e) for e in errors])
    folds = np.split(np.arange(len(y)), ends[:-1])
    zero = (lambda x, y: None, lambda model, x: np.zeros(len(x)))
    score = k_fold_score(*zero, np.arange(7.0), y, folds)
    assert score == pytest.approx(record["expected"]["overall"])
    assert score != pytest.approx(record["expected"]["mean_of_means"])


# ----------------------------------------------------------------------------------------------- splits


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    n=st.integers(12, 200),
    test=st.floats(0.1, 0.45),
    validation=st.floats(0.1, 0.45),
    seed=st.integers(0, 999),
)
def test_holdout_gives_every_example_one_role(n, test, validation, seed):
    split = holdout(n, test, np.random.default_rng(seed), validation)
    assert sorted(np.concatenate(split)) == list(range(n))
    assert abs(len(split.test) - n * test) < 1
    assert abs(len(split.validation) - n * validation) < 1


@pytest.mark.parametrize(
    ("n", "share", "size"), [(100, 0.07, 7), (100, 0.29, 29), (10, 0.3, 3), (100, 1 / 3, 33)]
)
def test_holdout_takes_the_share_that_was_meant(n, share, size):
    assert len(holdout(n, share, rng()).test) == size


@settings(max_examples=80, deadline=None, derandomize=True)
@given(n=st.integers(2, 100), k=st.integers(2, 100), seed=st.integers(0, 999))
def test_folds_hold_every_example_once_and_are_nearly_equal(n, k, seed):
    if k > n:
        with pytest.raises(ShapeError):
            k_fold(n, k, np.random.default_rng(seed))
        return
    folds = k_fold(n, k, np.random.default_rng(seed))
    assert sorted(np.concatenate(folds)) == list(range(n))
    assert [len(fold) for fold in folds] == [n // k + (i < n % k) for i in range(k)]
    cost = cross_validation_cost(n, k)
    assert {cost.smallest, cost.largest} == {n - len(fold) for fold in folds}


def test_splits_come_from_the_generator_alone():
    for draw in (lambda r: np.concatenate(k_fold(40, 3, r)), lambda r: np.concatenate(holdout(40, 0.3, r))):
        a, b, c = (draw(np.random.default_rng(seed)).tolist() for seed in (1, 1, 2))
        assert a == b != c
        assert a != sorted(a)


# ----------------------------------------------------------------------------------------------- scores


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), degree=st.integers(0, 3), n=st.integers(6, 15))
def test_the_closed_form_equals_leaving_each_out(seed, degree, n):
    r = np.random.default_rng(seed)
    x, y = r.uniform(-3, 8, n), r.normal(size=n)
    expected = 0.0
    for i in range(n):
        keep = np.arange(n) != i
        expected += (np.polyval(np.polyfit(x[keep], y[keep], degree), x[i]) - y[i]) ** 2 / n
    assert leave_one_out_linear(hat_matrix(x, degree), y) == pytest.approx(expected, rel=1e-5)
    assert leave_one_out_score(*polynomial(degree), x, y) == pytest.approx(expected, rel=1e-5)


def test_each_model_sees_all_but_its_fold(data):
    seen = []

    def fit(x, y):
        seen.append(sorted(x.tolist()))
        return float(y.mean())

    folds = k_fold(10, 3, rng())
    k_fold_score(fit, lambda mean, x: np.full(len(x), mean), *data, folds)
    assert seen == [sorted(set(range(10)) - set(fold.tolist())) for fold in folds]


def test_models_may_have_many_features(data):
    x = np.stack([data[0], data[0] ** 2, np.ones(10)], axis=1)

    def fit(x, y):
        return np.linalg.lstsq(x, y, rcond=None)[0]

    score = leave_one_out_score(fit, lambda w, x: x @ w, x, data[1])
    assert score == pytest.approx(leave_one_out_score(*polynomial(2), *data))


def test_a_fit_that_spoils_its_data_spoils_nothing(data):
    before = [array.copy() for array in data]

    def fit(x, y):
        model = polynomial(1).fit(x, y)
        x[:], y[:] = 0, 0
        return model

    score = leave_one_out_score(fit, polynomial(1).predict, *data)
    assert score == pytest.approx(GOLDEN["G-EVAL-02"]["expected"]["linear"]["loocv"])
    np.testing.assert_array_equal(data, before)


def test_selection_may_take_folds_from_a_generator(data):
    again = select_model(MODELS, *data, (fold for fold in leave_one_out(10)))
    assert again == select_model(MODELS, *data, leave_one_out(10))


def test_nan_never_wins_and_ties_keep_their_order():
    assert rank_models({"a": np.nan, "b": 1.0, "c": 1, "d": 0.5}) == ["d", "b", "c", "a"]


def test_mse_passes_nan_on():
    assert np.isnan(mse([1.0, np.nan], [1.0, 2.0]))
    assert mse([1, 2], [3, 2]) == 2.0


# --------------------------------------------------------------------------------------------- refusal

LINE = polynomial(1)
X, Y = [1.0, 2.0, 3.0], [1.0, 2.0, 2.0]
FLAT = (lambda x, y: 0, lambda model, x: np.zeros(len(x)))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: holdout(10), "rng is None"),
        (lambda: holdout(1, 0.3, rng()), "n must be at least 2"),
        (lambda: holdout(10, 1.3, rng()), "test is 1.3"),
        (lambda: holdout(10, 0, rng()), "test is 0"),
        (lambda: holdout(10, "a", rng()), "test is 'a'"),
        (lambda: holdout(10, np.nan, rng()), "test is nan"),
        (lambda: holdout(10, 0.3, rng(), 0.7), "test and validation take 1 of all"),
        (lambda: holdout(3, 0.1, rng()), "empty"),
        (lambda: k_fold(5, 1, rng()), "k must be at least 2"),
        (lambda: k_fold(5, 2, 0), "rng is 0"),
        (lambda: leave_one_out(1), "n must be at least 2"),
        (lambda: cross_validation_cost(5, 6), "k = 6 folds of n = 5"),
        (lambda: mse([1, 2], [[1], [2]]), "prediction has shape (2, 1)"),
        (lambda: mse([], []), "y has shape (0,)"),
        (lambda: mse("a", [1]), "not real numbers"),
        (lambda: squared_errors(*LINE, X, Y, [[0], [1]]), "example 2 is in 0 folds"),
        (lambda: squared_errors(*LINE, X, Y, [[0], [1], [2], [2]]), "example 2 is in 2 folds"),
        (lambda: squared_errors(*LINE, X, Y, [[0, 1, 2]]), "no example is left to train on"),
        (lambda: squared_errors(*LINE, X, Y, [[0], [1], [3]]), "folds[2] must hold different indices"),
        (lambda: squared_errors(*LINE, X, Y, [[0], [1], [-1]]), "folds[2] must hold different indices"),
        (lambda: squared_errors(*LINE, X, Y, [[0.0], [1], [2]]), "folds[0] holds float64"),
        (lambda: squared_errors(*LINE, X, Y, []), "example 0 is in 0 folds"),
        (lambda: squared_errors(*LINE, X, Y, 3), "folds is 3"),
        (lambda: squared_errors(*LINE, X[:2], Y, leave_one_out(3)), "x has shape (2,), but y has 3"),
        (lambda: squared_errors(*LINE, [1, 2, np.nan], Y, leave_one_out(3)), "x holds NaN"),
        (lambda: squared_errors(*polynomial(2), X, Y, leave_one_out(3)), "needs 3 different x"),
        (lambda: score_on_test_set(*LINE, X, Y, [0, 0]), "test must hold different indices"),
        (lambda: score_on_test_set(*LINE, X, Y, -1), "test has shape ()"),
        (
            lambda: k_fold_score(FLAT[0], lambda m, x: 0.0, X, Y, leave_one_out(3)),
            "has shape () for 1 examples",
        ),
        (
            lambda: k_fold_score(FLAT[0], lambda m, x: None, X, Y, leave_one_out(3)),
            "predict(model, x) is None",
        ),
        (lambda: k_fold_score(None, FLAT[1], X, Y, leave_one_out(3)), "fit is None"),
        (lambda: k_fold_score(FLAT[0], 5, X, Y, leave_one_out(3)), "predict is 5"),
        (lambda: leave_one_out_linear(hat_matrix([0, 1], 1), [1, 2]), "is 1: without example"),
        (lambda: leave_one_out_linear(np.eye(2), [1, 2, 3]), "hat has shape (2, 2)"),
        (lambda: select_model({}, X, Y, leave_one_out(3)), "models is {}"),
        (lambda: select_model({"a": 3}, X, Y, leave_one_out(3)), "models['a'] is 3"),
        (lambda: select_model({"a": LINE}, X, Y, 3), "folds is 3"),
        (lambda: rank_models({}), "scores is {}"),
        (lambda: rank_models({"c": "x"}), "scores['c']"),
    ],
)
def test_what_makes_no_sense_is_refused(call, text):
    with pytest.raises(InputError) as caught:
        call()
    assert text in str(caught.value)
    assert "to do:" in str(caught.value)
    assert str(caught.value).split(":")[0].isidentifier()
