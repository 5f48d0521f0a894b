"""The lectures' networks: the keys hold the published numbers, and the conventions are those of the text."""

import numpy as np
import pytest

PARTS = range(3)


def example(key, name, part=0):
    return next(t for t in key.sets[part] if t.name == name).expected[-1]


def test_case_1(make_key_of):
    assert example(make_key_of("logreg_forward"), "Case 1 of the lecture")[0] == pytest.approx(
        1.1368710061149
    )
    dtheta, dx = example(make_key_of("logreg_backward"), "Case 1 of the lecture")
    np.testing.assert_allclose(dtheta, [-0.679178699175393, -1.358357398350786, 0.679178699175393])
    np.testing.assert_allclose(dx, [-0.3395893495876965, 0.16979467479384824, -0.5093840243815447])


def test_case_2(make_key_of):
    assert example(make_key_of("nn2_forward"), "Case 2 of the lecture")[0] == pytest.approx(
        0.4984743240110901
    )
    dalpha, dbeta, dx = example(make_key_of("nn2_backward"), "Case 2 of the lecture")
    np.testing.assert_allclose(dalpha[0], [-0.06457438709239573, -0.032287193546197863, 0.06457438709239573])
    np.testing.assert_allclose(dbeta, [-0.3925432647573398, -0.24434221804864628, -0.13025065519951431])
    np.testing.assert_allclose(dx, [-0.02212317983105691, -0.015385927422413397, 0.03902444595484138])


def test_the_post(make_key_of):
    w, E = example(make_key_of("mazur_step"), "the numbers of the post")
    expected = [
        0.149780716,
        0.19956143,
        0.24975114,
        0.29950229,
        0.35891648,
        0.408666186,
        0.51130127,
        0.561370121,
    ]
    np.testing.assert_allclose(w, expected, atol=1e-9)
    assert pytest.approx(0.2910277736935993) == E


def test_the_toy_trainer_sums_over_examples(make_key_of):
    P, _ = example(make_key_of("mlp_forward"), "the toy network of the lecture")
    np.testing.assert_allclose(
        P[0], [0.4316800165217519, 0.20998762657360254, 0.27888482197713693, 0.6456563062257954]
    )
    dWs, dbs = example(make_key_of("mlp_backward"), "the toy network of the lecture")
    np.testing.assert_allclose(
        dWs[0], [[-0.6385036855133288, 0.17717184688710236], [1.2708072081830775, -0.7333086728261091]]
    )
    np.testing.assert_allclose(dbs[1], [[-0.4337912287017132], [0.43379122870171316]])


def test_the_slides_sign_turns_loss_and_gradients_round(make_key_of):
    for name in ("logreg_forward", "logreg_backward"):
        for trial in make_key_of(name).sets[0]:
            asked = trial.calls[0].kwargs.get("slide_sign", False)
            assert asked == (trial.group == "the slide's sign")
    losses = {
        t.name: t.expected[0][0]
        for t in make_key_of("logreg_forward").sets[0]
        if t.group == "the slide's sign"
    }
    assert all(J < 0 for J in losses.values())


def test_no_activation_is_asked_at_its_kink(make_key_of):
    for name in ("relu_forward", "relu_backward", "leaky_relu_forward", "leaky_relu_backward"):
        for part in make_key_of(name).sets:
            given = [c.args[0] for t in part for c in t.calls if c.do == f"{name.rsplit('_', 1)[0]}_forward"]
            assert all(np.abs(x).min() > 0.1 for x in given if isinstance(x, np.ndarray))


def test_hidden_units_are_on_and_off_and_never_at_the_kink(make_key_of):
    for part in make_key_of("mlp_backward").sets:
        for trial in (t for t in part if t.kind == "value" and len(t.calls[0].args[1]) > 1):
            X, Ws, bs = trial.calls[0].args
            Z = Ws[0] @ X + bs[0]
            assert (Z > 0).any()
            assert (Z < 0).any()
            assert np.abs(Z).min() > 1e-4


def test_an_update_in_place_is_told_apart_from_a_wrong_one(judged):
    def mlp_update(Ws, bs, dWs, dbs, lr, N):
        for value, gradient in [*zip(Ws, dWs), *zip(bs, dbs)]:
            value -= lr / N * gradient
        return Ws, bs

    found = judged("mlp_update", {"mlp_update": mlp_update})
    assert 0 < found.points < 10
    assert found.judgement.changed


def test_gradients_of_biases_may_be_vectors_but_not_numbers(judged):
    from autograder.exercises import EXERCISES

    right = EXERCISES["mlp_backward"].truth()

    def returned(change):
        def mlp_backward(cache, T):
            dWs, dbs = right["mlp_backward"](cache, T)
            return dWs, [change(b) for b in dbs]

        return judged("mlp_backward", right | {"mlp_backward": mlp_backward}).points

    assert returned(np.ravel) == pytest.approx(10)
    assert returned(np.sum) == 0
    assert returned(np.transpose) == 0


@pytest.mark.parametrize("result", [None, 3, ([],), ([], []), (None, None), "dWs"])
def test_odd_results_are_judged_not_crashed_on(result, judged):
    from autograder.exercises import EXERCISES

    right = EXERCISES["mlp_backward"].truth()
    assert judged("mlp_backward", right | {"mlp_backward": lambda cache, T: result}).points == 0


def test_a_missing_forward_leaves_the_backward_unjudged(judged):
    found = judged("mlp_backward", {"mlp_backward": lambda cache, T: ([], [])})
    assert found.points == 0
    assert any("mlp_forward" in v.message for v in found.verdicts)
