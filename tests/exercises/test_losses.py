"""Losses and classifiers: the keys hold the lecture's numbers, and far-out scores and kinks are judged as told."""

import numpy as np
import pytest

PARTS = range(3)


def example(key, name, part=0):
    return next(t for t in key.sets[part] if t.name == name).expected[-1]


def test_cat_car_and_frog(make_key_of):
    L, dS = example(make_key_of("svm_loss"), "cat, car and frog")
    assert pytest.approx(5.266666666666667) == L
    np.testing.assert_allclose(dS, np.array([[-1, 1, 0], [0, 0, 0], [1, 1, -2]]) / 3)


def test_softmax_of_one_two_three(make_key_of):
    P = example(make_key_of("softmax"), "scores 1, 2, 3")
    np.testing.assert_allclose(P[0], [0.09003057317038046, 0.24472847105479764, 0.6652409557748218])
    np.testing.assert_allclose(example(make_key_of("log_softmax"), "scores 1, 2, 3")[1], -np.log(3.0))


def test_cross_entropy_of_cat_car_and_frog(make_key_of):
    _, dF = example(make_key_of("softmax_loss"), "cat, car and frog")
    np.testing.assert_allclose(dF[0] * 3, [-0.8700174609828268, 0.8690495352082659, 0.0009679257745610439])


def test_binary_cross_entropy_of_logits_far_out(make_key_of):
    L, da = example(make_key_of("bce_loss"), "sure and wrong")
    assert pytest.approx((800 + 800 + np.log1p(np.exp(-0.5))) / 3) == L
    np.testing.assert_allclose(da[:2], [1 / 3, -1 / 3])


def test_the_lectures_penalty(make_key_of):
    R, dW = example(make_key_of("l2_penalty"), "three weights of the lecture")
    assert pytest.approx(0.0525) == R
    np.testing.assert_allclose(dW, [0.01, -0.04, 0.02])


def test_the_gradient_at_the_kink_is_zero(make_key_of):
    L, dS = example(make_key_of("svm_loss"), "a margin of exactly 0 (gradient 0)")
    # Rows: 0 and 3; 0 and 0 (both at the kink or beyond); 0 and 0; 0 and 0 at the kink.
    assert pytest.approx(0.75) == L
    np.testing.assert_allclose(dS, [[-0.25, 0, 0.25], [0, 0, 0], [0, 0, 0], [0, 0, 0]])


def test_margins_keep_away_from_the_kink_elsewhere(make_key_of):
    for part in make_key_of("svm_loss").sets:
        for trial in part:
            if trial.kind == "value" and "exactly 0" not in trial.name:
                S, y = trial.calls[0].args
                margins = S - S[np.arange(len(y)), y][:, None] + 1
                assert np.abs(margins).min() > 0.01, trial.name


def test_scores_of_a_thousand_cost_the_naive_softmax_but_not_everything(judged):
    def softmax(F):
        return np.exp(F) / np.exp(F).sum(axis=1, keepdims=True)

    found = judged("softmax", {"softmax": softmax})
    assert {v.check for v in found.verdicts if v.status == "wrong"} == {"very large and very small scores"}
    assert found.names == ["softmax-overflow"]


def test_the_lectures_signal(make_key_of):
    assert example(make_key_of("perceptron_slide"), "the lecture's signal").tolist() == [0, 1, 0, 0, 0, 0, 1]


@pytest.mark.parametrize("kind", [int, float, bool, np.int8, np.float64, np.bool_])
def test_a_perceptron_may_answer_in_any_kind_of_number(kind, judged):
    found = judged("perceptron", {"perceptron": lambda x, w, b: kind(np.dot(w, x) + b > 0)})
    assert found.points == pytest.approx(10)


def test_sliding_may_collect_answers_in_a_list(judged):
    def perceptron_slide(x, w, b):
        return [bool(sum(x[t + k] * w[k] for k in range(len(w))) + b > 0) for t in range(len(x) - len(w) + 1)]

    assert judged("perceptron_slide", {"perceptron_slide": perceptron_slide}).points == pytest.approx(10)


def test_one_hot_may_be_written_in_several_ways(judged):
    def compared(y, C):
        return y[:, None] == np.arange(C)

    def written(y, C):
        T = np.zeros((len(y), C), dtype=int)
        for n, k in enumerate(y):
            T[n, k] = 1
        return T

    for one_hot in (
        compared,
        written,
        lambda y, C: np.eye(C)[y],
        lambda y, C: np.eye(C, dtype=np.float32)[y].tolist(),
    ):
        assert judged("one_hot", {"one_hot": one_hot}).points == pytest.approx(10)


def test_other_right_classifiers(judged):
    def linear_scores(X, W, b):
        return [[sum(v * w for v, w in zip(row, weights)) + bias for weights, bias in zip(W, b)] for row in X]

    def predict(F):
        return [max(range(len(row)), key=row.__getitem__) for row in F.tolist()]

    for part in PARTS:
        assert judged("linear_scores", {"linear_scores": linear_scores}, part=part).points == pytest.approx(
            10
        )
        assert judged("predict", {"predict": predict}, part=part).points == pytest.approx(10)
