"""Learning curves and transfer: every class by example, both sides of every threshold, and refusal."""

import json
from pathlib import Path

import numpy as np
import pytest

from reference import InputError, Thresholds, diagnose, diagnose_loss, transfer_plan

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text(encoding="utf-8"))


def towards(start, end, epochs=30, pace=4.0):
    """A curve that approaches its end exponentially."""
    return end + (start - end) * np.exp(-np.arange(epochs) / pace)


CURVES = {
    "good": (towards(0.1, 0.95), towards(0.1, 0.92)),
    "overfit": (towards(0.1, 0.99), towards(0.1, 0.85) - 0.003 * np.arange(30)),
    "underfit": (towards(0.1, 0.55), towards(0.1, 0.54)),
    "leakage": (towards(0.1, 0.85), towards(0.1, 0.93)),
    "too slow": (np.linspace(0.1, 0.5, 30), np.linspace(0.1, 0.49, 30)),
    "divergent": (np.r_[towards(0.1, 0.8, 20), np.full(10, 0.1)], np.full(30, 0.1)),
}


@pytest.mark.parametrize("label", CURVES)
def test_accuracy_curves(label):
    found = diagnose(*CURVES[label])
    assert found.label == label, found.evidence
    assert found.remedy


@pytest.mark.parametrize("label", CURVES)
def test_small_wobbles_do_not_change_the_diagnosis(label):
    rng = np.random.default_rng(4)
    for _ in range(20):
        train, validation = (np.clip(c + 0.004 * rng.normal(size=len(c)), 0, 1) for c in CURVES[label])
        assert diagnose(train, validation).label == label


@pytest.mark.parametrize(
    ("train", "validation", "label"),
    [
        (0.90, 0.81, "good"),
        (0.90, 0.80, "overfit"),
        (0.80, 0.83, "leakage"),
        (0.80, 0.82, "good"),
        (0.70, 0.67, "underfit"),
        (0.70, 0.66, "unclear"),
        (0.71, 0.70, "unclear"),
        (0.72, 0.71, "good"),
    ],
)
def test_either_side_of_each_threshold(train, validation, label):
    assert diagnose([train] * 10, [validation] * 10).label == label


def test_no_gap_at_a_high_accuracy_is_no_underfitting():
    """The slide says 'no gap: underfitting' (E13)."""
    table = GOLDEN["G-TRAIN-01"]["expected"]["table"]
    assert diagnose([0.95] * 9, [0.95] * 9).label == "good"
    low = diagnose([0.5] * 9, [0.5] * 9)
    label, *remedies = table["train/val accuracy no gap"]
    assert label.startswith(low.label)
    for remedy in remedies:
        assert remedy.removeprefix("or ").replace("ization", "isation") in low.remedy


def test_a_big_gap_is_the_slides_overfitting():
    label, remedy = GOLDEN["G-TRAIN-01"]["expected"]["table"]["train/val accuracy big gap"]
    found = diagnose(*CURVES["overfit"])
    assert found.label.startswith("overfit")
    assert label.startswith(found.label)
    assert remedy.replace("regularization", "regularisation") in found.remedy
    assert found.evidence["fallen"] > 0.01
    assert found.evidence["gap"] == pytest.approx(
        CURVES["overfit"][0][-3:].mean() - CURVES["overfit"][1][-3:].mean()
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_divergence(bad):
    if np.isnan(bad):
        assert diagnose([0.5, 0.6, bad, 0.6], [0.5, 0.6, 0.6, 0.6]).label == "divergent"
        assert diagnose([0.5, 0.6, 0.6, 0.6], [bad, 0.6, 0.6, 0.6]).label == "divergent"
    assert diagnose_loss([1.0] * 5 + [bad] + [0.5] * 9).label == "divergent"


def test_thresholds_can_be_moved():
    train, validation = [0.9] * 9, [0.78] * 9
    assert diagnose(train, validation).label == "overfit"
    assert diagnose(train, validation, Thresholds(big_gap=0.15)).label == "good"


# ------------------------------------------------------------------------------------------ loss curves

RNG = np.random.default_rng(0)
LOSSES = {
    "good": towards(2.3, 0.2, 60, 8),
    "nearly linear": 2.3 - 0.01 * np.arange(60),
    "noisy": towards(2.3, 0.2, 200, 30) + 0.6 * RNG.normal(size=200),
    "stuck": np.full(60, 2.3),
    "divergent": 2.3 * 1.1 ** np.arange(60),
}


@pytest.mark.parametrize("label", LOSSES)
def test_loss_curves(label):
    found = diagnose_loss(LOSSES[label])
    assert found.label == label, found.evidence


@pytest.mark.parametrize("label", LOSSES)
@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_unit_of_the_loss_does_not_matter(label, scale):
    assert diagnose_loss(scale * LOSSES[label]).label == label


def test_remedies_of_the_slide():
    table = GOLDEN["G-TRAIN-01"]["expected"]["table"]
    assert diagnose_loss(LOSSES["noisy"]).remedy in table["loss curve too noisy/wide"][0]
    assert "learning rate" in diagnose_loss(LOSSES["nearly linear"]).remedy
    assert "too small" in diagnose_loss(LOSSES["nearly linear"]).remedy


def test_a_straight_line_makes_half_of_its_drop_in_the_first_half():
    evidence = diagnose_loss(LOSSES["nearly linear"]).evidence
    assert evidence["first_half"] == pytest.approx(0.5, abs=0.01)
    assert evidence["width"] == pytest.approx(0, abs=1e-12)


# --------------------------------------------------------------------------------------------- transfer


def test_the_table_of_the_slide():
    for cell, advice in GOLDEN["G-TL-01"]["expected"]["table"].items():
        data, similarity = cell.split("|")
        plan = transfer_plan(data.removesuffix("_data"), similarity)
        assert plan.advice == advice
        assert plan.why


def test_numbers_need_a_yardstick():
    assert transfer_plan(999, "similar", lots_from=1000) == transfer_plan("little", "similar")
    assert transfer_plan(1000, "similar", lots_from=1000) == transfer_plan("lots", "similar")


# --------------------------------------------------------------------------------------------- refusal


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: diagnose([0.5, 0.6], [0.5, 0.6]), "train has 2 entries"),
        (lambda: diagnose([50, 60, 70], [50, 60, 70]), "as fractions of 1"),
        (lambda: diagnose([0.5, 0.6, -0.1], [0.5] * 3), "train holds -0.1"),
        (lambda: diagnose([0.5, 0.6, 0.7], [0.5] * 4), "train has 3 epochs, but validation has 4"),
        (lambda: diagnose([[0.5] * 3], [0.5] * 3), "train has shape (1, 3)"),
        (lambda: diagnose("abc", [0.5] * 3), "not real numbers"),
        (lambda: diagnose(None, [0.5] * 3), "train is None"),
        (lambda: diagnose([0.5] * 3, [0.5] * 3, {}), "thresholds is {}"),
        (lambda: diagnose_loss([1, 2, 3]), "loss has 3 entries"),
        (lambda: Thresholds(big_gap=2), "big_gap is 2"),
        (lambda: Thresholds(low="a"), "low is 'a'"),
        (lambda: Thresholds(tail=0), "tail is 0"),
        (lambda: Thresholds(small_gap=0.5), "larger than big_gap"),
        (lambda: transfer_plan("few", "similar"), "say 'little' or 'lots'"),
        (lambda: transfer_plan("little", "alike"), "say 'similar' or 'different'"),
        (lambda: transfer_plan("little", True), "similarity is True"),
        (lambda: transfer_plan(100, "similar"), "nothing says how many"),
        (lambda: transfer_plan(-1, "similar", 5), "data must be at least 0"),
        (lambda: transfer_plan(None, "similar"), "data must be a whole number"),
    ],
)
def test_what_makes_no_sense_is_refused(call, text):
    with pytest.raises(InputError) as caught:
        call()
    assert text in str(caught.value)
    assert "to do:" in str(caught.value)
