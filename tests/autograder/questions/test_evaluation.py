"""Choosing models by hand: the lecture's numbers, acceptance, errors carried forward, wording, names."""

import numpy as np
import pytest

from autograder.answers import same
from autograder.instances import issue, name_typed
from autograder.questions import QUESTIONS
from reference import cross_validation_cost, rank_models

IDS = ("SPLIT-2", "CV-1", "CV-3")
LEVELS = (1, 2, 3)


def cost(n, k, grid=(1,), refit=False):
    return QUESTIONS["CV-1"].pose({"n": n, "k": k, "grid": [*grid], "refit": refit}, cross_validation_cost)


def folds(rows, **more):
    params = {
        "hyper": "degree of the polynomial",
        "settings": [str(i) for i in range(len(rows))],
        "folds": rows,
    }
    return QUESTIONS["CV-3"].pose({**params, **more}, rank_models)


def columns(train, validation, test, errors=False):
    params = {
        "hyper": "learning rate",
        "settings": ["0.1", "0.01", "0.001"],
        "errors": errors,
        "ask_gap": True,
    }
    return QUESTIONS["SPLIT-2"].pose(
        {**params, "train": train, "validation": validation, "test": test}, rank_models
    )


class TestGolden:
    """Numbers of the lectures (G-EVAL-01, G-EVAL-03, G-EVAL-04)."""

    @pytest.mark.parametrize(("k", "train"), [(100, 99), (10, 90), (3, 66)])
    def test_costs_for_a_hundred_records(self, k, train):
        truth = cost(100, k).truth
        assert truth == {"fits": k, "train": train, "test": 100 - train}
        assert QUESTIONS["CV-1"].exact(cost(100, k).params) == truth

    @pytest.mark.parametrize("scores", [(2.4, 0.9, 2.2), (2.12, 0.962, 3.33), (2.05, 1.11, 2.93)])
    def test_every_scheme_of_the_lecture_chooses_the_quadratic(self, scores):
        assert folds([[score] * 5 for score in scores]).truth["choice"] == 1

    def test_unequal_folds_are_not_averaged_fold_by_fold(self):
        # squared errors 1,1,1,1 | 4,4 | 9: in all 21 on 7 examples, but the fold means 1, 4, 9 average 4.67
        variant = folds([[4, 8, 9], [1, 1, 40]], sizes=[4, 2, 1])
        assert variant.truth["scores"][0] == pytest.approx(3.0)
        named = [m.name for m in name_typed("CV-3", variant, {"scores": [4.67, 13.58]})]
        assert named == ["mean-of-fold-means"]


class TestByHand:
    def test_the_validation_set_chooses_and_the_test_set_reports(self):
        variant = columns([99.0, 97.5, 95.0], [81.0, 86.0, 85.0], [84.0, 83.5, 86.5])
        assert variant.truth == {"choice": 1, "report": 83.5, "gap": 11.5}

    def test_errors_are_better_when_lower(self):
        variant = columns([1.0, 2.5, 5.0], [19.0, 14.0, 15.0], [16.0, 16.5, 13.5], errors=True)
        assert variant.truth == {"choice": 1, "report": 16.5, "gap": 11.5}

    def test_mean_and_spread_of_five_folds(self):
        # the mean of 1, 2, 3, 4, 5 is 3, the squared distances 4, 1, 0, 1, 4 average 2
        truth = folds([[1.0, 2.0, 3.0, 4.0, 5.0], [9.0, 9.0, 9.0, 9.0, 8.0]]).truth
        assert truth["scores"] == pytest.approx([3.0, 8.8])
        assert truth["choice"] == 0
        assert truth["spread"] == pytest.approx(2**0.5)

    def test_a_grid_of_two_and_a_last_fit(self):
        assert cost(20, 20, (3, 4), refit=True).truth == {"fits": 241, "train": 19, "test": 1}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("id", IDS)
def test_certificates_hold_and_mistakes_show(id, level, a_class):
    a_class(id, level, students=12, least=5)


@pytest.mark.parametrize("level", LEVELS)
def test_three_columns_disagree_clearly(level):
    for seed in range(10):
        params = issue("SPLIT-2", np.random.default_rng(seed), level).params
        better = min if params["errors"] else max
        winners = set()
        for name in ("train", "validation", "test"):
            ranked = sorted(params[name], reverse=not params["errors"])
            assert abs(ranked[0] - ranked[1]) >= 0.5
            winners.add(params[name].index(better(params[name])))
        assert len(winners) == 3


@pytest.mark.parametrize("level", LEVELS)
def test_the_best_single_fold_belongs_to_another_setting(level):
    for seed in range(10):
        variant = issue("CV-3", np.random.default_rng(seed), level)
        lows = [min(row) for row in variant.params["folds"]]
        assert lows.index(min(lows)) != variant.truth["choice"]
        ranked = sorted(variant.truth["scores"])
        assert ranked[1] - ranked[0] >= 0.4 - 1e-9
        assert ("sizes" in variant.params) == (level == 3)


class TestCarriedForward:
    def test_the_row_that_the_student_chose(self):
        params = columns([99.0, 97.5, 95.0], [81.0, 86.0, 85.0], [84.0, 83.5, 86.5]).params
        assert QUESTIONS["SPLIT-2"].carry(params, "report", {"choice": 2}) == 86.5
        assert QUESTIONS["SPLIT-2"].carry(params, "gap", {"choice": 0}) == 18.0

    def test_choice_and_spread_follow_the_student_s_own_numbers(self):
        params = folds([[1.0, 2.0, 3.0, 4.0, 5.0], [9.0, 9.0, 9.0, 9.0, 9.0]]).params
        carry = QUESTIONS["CV-3"].carry
        assert carry(params, "choice", {"scores": [7.0, 3.0]}) == 1
        assert carry(params, "choice", {"scores": [3.0, 3.0]}) is None
        assert carry(params, "choice", {"scores": [3.0]}) is None
        assert carry(params, "spread", {"choice": 1}) == 0

    @pytest.mark.parametrize("level", LEVELS)
    @pytest.mark.parametrize("id", ["SPLIT-2", "CV-3"])
    def test_the_truth_leads_to_the_truth(self, id, level):
        variant = issue(id, np.random.default_rng(3), level)
        for part in variant.parts[1:]:
            given = {name: variant.truth[name] for name in QUESTIONS[id].parents[part.id]}
            assert same(QUESTIONS[id].carry(variant.params, part.id, given), variant.truth[part.id], part)


def test_prompts_state_every_convention():
    for level in LEVELS:
        split = issue("SPLIT-2", np.random.default_rng(2), level).prompt
        assert ("lower is better" in split) == (level == 3)
        assert "per cent" in split
        price = issue("CV-1", np.random.default_rng(2), level).prompt
        assert ("count this fit, too" in price) == (level > 1)
        assert ("leave-one-out" in price) == (level == 3)
        read = issue("CV-3", np.random.default_rng(2), level).prompt
        assert "Lower is better" in read
        assert ("divided by the number of **all** examples" in read) == (level == 3)
