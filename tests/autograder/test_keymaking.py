"""Keys: right answers in any style stay far inside the bounds, and a stored key is the key that was made."""

import dataclasses

import numpy as np
import pytest

from autograder.checks import judge
from autograder.exercises import EXERCISES, Exercise, Trial
from autograder.key import hashed, load_keys, save_keys
from autograder.keymaking import ExerciseError, constant_bound, make_key, own_handles, play_all
from autograder.model import SchemaError
from autograder.sandbox._script import Call, Handle, Rng, Source
from autograder.verdicts import verdicts

SEEDS = range(20)
ONE_EACH = (
    "conv_out", "conv_params", "corr2d", "conv2d_true", "local_forward", "local_backward", "num_grad",
    "Sequential", "minibatches",
)  # fmt: skip
STYLES = ("loops_backwards", "windows_einsum", "columns_tensordot", "fourier")


def one_set(exercise, seed):
    return make_key(EXERCISES[exercise], lambda _set: np.random.default_rng(seed), sets=1)


def held_against(key, functions, part=0):
    judgement = judge(key, part, play_all(key, part, functions))
    return judgement, verdicts(judgement, key.title, 10.0)


WRITTEN = (*ONE_EACH, "conv_forward", "conv_backward")


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_truth_and_an_honest_other_version_get_full_marks_over_seeds(exercise, honest):
    versions = [EXERCISES[exercise].truth()]
    if exercise in WRITTEN:
        versions.append(honest.ONE_EACH.get(exercise) or honest.columns_tensordot())
    for seed in SEEDS if exercise in WRITTEN else SEEDS[:2]:
        key = one_set(exercise, seed)
        for functions in versions:
            judgement, found = held_against(key, functions)
            assert [v.message for v in found if v.status != "right"] == [], seed
            assert sum(v.points for v in found) == pytest.approx(10.0)
            assert max(r.ratio for r in judgement.results) <= 0.1, seed


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("exercise", ["conv_forward", "conv_backward"])
def test_honest_orders_of_the_layer_stay_within_a_tenth_of_the_bound(exercise, style, honest, make_key_of):
    for seed in range(3):
        key = make_key_of(exercise, seed)
        for part in range(3):
            judgement, found = held_against(key, honest.LAYERS[style](), part)
            assert [v.message for v in found if v.status != "right"] == []
            assert max(r.ratio for r in judgement.results) <= 0.1
            assert judgement.consistent in (None, True)


@pytest.mark.parametrize("exercise", [e for e in EXERCISES if EXERCISES[e].rule is None])
def test_every_bound_is_a_sliver_of_the_result(exercise, make_key_of):
    """A bound that is a visible part of the result could hide a mistake."""
    for trial in (t for part in make_key_of(exercise).sets for t in part if t.kind == "value"):
        for expected, a64, a32 in zip(trial.expected, trial.allowed64, trial.allowed32):
            for value, near, far in _leaves(expected, a64, a32):
                size = float(np.max(np.abs(value), initial=0.0))
                assert near <= 1e-6 * max(size, 1.0), (trial.name, near)
                assert near <= far <= 1e-3 * max(size, 1.0), (trial.name, far)


def _leaves(expected, a64, a32):
    if isinstance(expected, (tuple, list)):
        for e, a, b in zip(expected, a64, a32):
            yield from _leaves(e, a, b)
    elif isinstance(expected, (np.ndarray, float)):
        yield np.asarray(expected), a64, a32


# --- sets ----------------------------------------------------------------------------------------


def test_a_submission_meets_a_set_that_depends_on_its_content_only(make_key_of):
    key = make_key_of("conv_forward")
    met = [key.set_for(f"{i:064x}") for i in range(300)]
    assert met == [key.set_for(f"{i:064x}") for i in range(300)]
    assert min(met.count(s) for s in range(3)) > 60


def test_sets_hold_different_numbers_in_the_same_trials(make_key_of):
    first, second, _ = make_key_of("conv_forward").sets
    assert [t.name for t in first] == [t.name for t in second]
    hidden = [t for t in range(len(first)) if not first[t].public]
    assert all(
        not np.array_equal(first[t].calls[0].args[0], second[t].calls[0].args[0])
        for t in hidden
        if first[t].calls[0].do == "conv_forward"
    )


def test_only_worked_examples_are_public(make_key_of):
    for exercise in WRITTEN:
        for part in make_key_of(exercise).sets:
            public = {t.group for t in part if t.public}
            assert public <= {
                "worked example",
                "sizes quoted in the lectures",
                "counts quoted in the lectures",
            }


# --- what is stored ------------------------------------------------------------------------------


def test_a_stored_key_is_the_key_that_was_made(make_key_of, honest, tmp_path):
    keys = {name: make_key_of(name) for name in WRITTEN}
    save_keys(tmp_path, "all", keys)
    loaded = load_keys(tmp_path)
    assert {n: k.hash for n, k in loaded.items()} == {n: k.hash for n, k in keys.items()}
    assert all(hashed(k).hash == k.hash for k in loaded.values())
    for exercise, functions in honest.ONE_EACH.items():
        before, after = held_against(keys[exercise], functions), held_against(loaded[exercise], functions)
        assert before[1] == after[1]


def test_the_hash_follows_everything_that_can_change_a_mark(make_key_of):
    key = make_key_of("corr2d")
    trial = key.sets[0][1]
    changes = [
        dataclasses.replace(trial, expected=(trial.expected[0] + 1e-9,)),
        dataclasses.replace(trial, allowed64=(2e-12,)),
        dataclasses.replace(trial, group="other"),
        dataclasses.replace(trial, calls=(dataclasses.replace(trial.calls[0], layouts={}),)),
        dataclasses.replace(
            trial, calls=(dataclasses.replace(trial.calls[0], args=(*trial.calls[0].args[:2], 7)),)
        ),
    ]
    hashes = {key.hash}
    for changed in changes:
        sets = ((key.sets[0][0], changed, *key.sets[0][2:]), *key.sets[1:])
        hashes.add(hashed(dataclasses.replace(key, sets=sets)).hash)
    assert len(hashes) == 1 + len([c for c in changes if c != trial])


def test_keys_are_the_same_for_the_same_generator_and_differ_otherwise():
    assert one_set("conv_backward", 4).hash == one_set("conv_backward", 4).hash
    assert one_set("conv_backward", 4).hash != one_set("conv_backward", 5).hash


@pytest.mark.parametrize("damage", ["missing", "half", "empty", "text", "schema", "buffers"])
def test_a_damaged_key_is_refused_with_what_to_do(damage, make_key_of, tmp_path):
    save_keys(tmp_path, "a", {"corr2d": make_key_of("corr2d")})
    plain, buffers = tmp_path / "code.json", tmp_path / "code.npz"
    text = plain.read_text()
    {
        "missing": plain.unlink,
        "half": lambda: plain.write_text(text[: len(text) // 2]),
        "empty": lambda: plain.write_text(""),
        "text": lambda: plain.write_bytes(b"\xff\xfe"),
        "schema": lambda: plain.write_text(text.replace("backmark/key/1", "backmark/key/9")),
        "buffers": lambda: np.savez(buffers, other=np.ones(3)),
    }[damage]()
    with pytest.raises(SchemaError, match="backmark make"):
        load_keys(tmp_path)


# --- making --------------------------------------------------------------------------------------


def test_an_exercise_whose_truth_fails_is_refused_by_name():
    def trials(rng):
        return [Trial("too few arguments", (Call("half", ()),), "all")]

    task = Exercise("half", "Half", "t", None, lambda _impl: {"half": lambda x: x / 2}, trials)
    with pytest.raises(ExerciseError, match=r"half.*too few arguments"):
        make_key(task, np.random.default_rng)


def test_handles_of_different_trials_never_meet():
    call = Call(
        "net.forward",
        (Handle("a", 1), [Handle("a")], {"k": (Handle("b"),)}, Rng(3), Source("", "x", (Handle("a"),))),
        {"w": Handle("a")},
        save="a",
    )
    made = own_handles(call, "t7")
    assert made.do == "t7_net.forward"
    assert made.save == "t7_a"
    assert made.args[0] == Handle("t7_a", 1)
    assert made.args[1] == [Handle("t7_a")]
    assert made.args[2] == {"k": (Handle("t7_b"),)}
    assert made.args[3] == Rng(3)
    assert made.args[4].args == (Handle("t7_a"),)
    assert made.kwargs == {"w": Handle("t7_a")}
    assert own_handles(Call("conv_forward", (1,)), "t7").do == "conv_forward"


def test_a_constant_bound_has_the_shape_of_the_result():
    assert constant_bound((1.0, [np.ones(2)], {"a": 3}), 0.5) == [0.5, [0.5], {"a": 0.5}]
