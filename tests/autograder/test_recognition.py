"""A reply known again is what judging it would say; a wrong one is never taken for right, nor for another wrong one."""

import dataclasses
import itertools
import pickle

import numpy as np
import pytest

from autograder.checks import judge, wants_probe
from autograder.exercises import EXERCISES, wrong_submissions
from autograder.judging import _Code
from autograder.recognition import FORMS, LARGE, SAME, Known, Recognition
from autograder.sandbox import Evidence, Outcome, Submitted, wire
from autograder.sandbox._child import _question
from autograder.sandbox._script import play
from autograder.sandbox.replies import read_question
from autograder.verdicts import verdicts

RULED = ("minibatches",)


class Class:
    """The replies of a class to one set of one question."""

    def __init__(self, key, part=0):
        self.key, self.part, self.known = key, part, Known()
        self.script = key.script(part, probes=False)

    def reply(self, functions):
        return _question(self.key.question, list(play(self.script, dict(functions))))

    def hand_in(self, reply):
        """Return the verdicts, how they came about, and whether judging finds the reply right."""
        name, recognition = self.key.question, Recognition(self.known, {self.key.question: self.part})
        judgement = judge(self.key, self.part, read_question(reply, name, self.script, {}))
        judged = verdicts(judgement, self.key.title, 10.0)
        seen = recognition.look(name, reply)
        if seen is None:
            if not judgement.stopped and not wants_probe(judgement):
                recognition.learn(name, judgement, judged)
            return judged, "judged", judgement.right
        assert recognition.verdicts(name, seen) == judged
        return judged, "recognised", judgement.right


@pytest.fixture
def a_class(make_key_of):
    return lambda exercise, part=0: Class(make_key_of(exercise, 0), part)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_no_wrong_reply_is_taken_for_a_right_one(exercise, a_class):
    group, task = a_class(exercise), EXERCISES[exercise]
    truth = group.reply(task.truth())
    assert group.hand_in(truth)[1:] == ("judged", True)
    known = group.known[exercise, 0]
    for mistake, functions in wrong_submissions(task):
        found, how, right = group.hand_in(group.reply(functions))
        assert right or how == "judged" or known.same, mistake.name  # two mistakes may reply the same
        assert right or any(v.status != "right" for v in found), mistake.name
    assert group.hand_in(truth)[1] == "recognised"


@pytest.mark.parametrize(
    "exercise", ["conv_backward", "softmax", "conv_out", "bn_forward", "dropout_forward"]
)
def test_an_equal_wrong_reply_is_recognised(exercise, a_class):
    group, seen = a_class(exercise), 0
    for mistake, functions in wrong_submissions(EXERCISES[exercise]):
        reply = group.reply(functions)
        first = group.hand_in(reply)
        again = group.hand_in(reply)
        assert again[0] == first[0], mistake.name
        seen += again[1] == "recognised"
    assert seen > 2


def test_a_wrong_reply_is_another_by_its_last_bit(a_class):
    group, truth = a_class("softmax"), EXERCISES["softmax"].truth()["softmax"]
    reply = group.reply({"softmax": lambda s: 2 * truth(s)})
    assert [group.hand_in(reply)[1] for _ in range(2)] == ["judged", "recognised"]
    row, again = numbers(reply)
    row[-1] = np.nextafter(row[-1], 9)
    assert group.hand_in(again())[1] == "judged"


def test_what_is_told_in_the_student_s_own_words_is_judged_every_time(a_class):
    group, truth = a_class("softmax"), EXERCISES["softmax"].truth()["softmax"]
    own_type, calls = type("Mine", (), {}), itertools.count()

    def raises_sometimes(s):
        return 2 * truth(s) if next(calls) % 4 else 1 / 0

    for wrong in (
        lambda s: own_type(),
        lambda s: [own_type()],
        lambda s: {"p": own_type()},
        raises_sometimes,
    ):
        calls = itertools.count()
        reply = group.reply({"softmax": wrong})
        assert [group.hand_in(reply)[1] for _ in range(2)] == ["judged", "judged"]
        recognition = Recognition(group.known, {"softmax": 0})
        assert recognition.look("softmax", reply) is None
        judgement = judge(group.key, 0, read_question(reply, "softmax", group.script, {}))
        recognition.learn("softmax", judgement, verdicts(judgement, "Softmax", 10.0))
        assert recognition.look("softmax", reply) is None


def test_of_wrong_replies_those_met_last_are_remembered(a_class):
    group, truth = a_class("softmax"), EXERCISES["softmax"].truth()["softmax"]
    replies = [group.reply({"softmax": lambda s, n=n: n * truth(s)}) for n in range(2, SAME + 3)]
    first, *more = replies
    assert len(more) == SAME
    for reply in more:
        assert group.hand_in(first)[1] == ("judged" if reply is more[0] else "recognised")
        assert group.hand_in(reply)[1] == "judged"
    assert len(group.known["softmax", 0].same) == SAME
    assert [group.hand_in(r)[1] for r in (first, more[-1], more[1])] == ["recognised"] * 3
    assert group.hand_in(more[0])[1] == "judged"


def test_most_exercises_are_recognised(a_class):
    learned = {}
    for exercise, task in EXERCISES.items():
        group = a_class(exercise)
        group.hand_in(group.reply(task.truth()))
        learned[exercise] = bool(group.known[exercise, 0].right)
    assert sum(learned.values()) > 0.8 * len(learned), [e for e, known in learned.items() if not known]


@pytest.fixture
def learned(a_class):
    """learned(exercise): a class that has seen the truth, the truth's reply, and what is remembered of it."""

    def build(exercise):
        group = a_class(exercise)
        truth = group.reply(EXERCISES[exercise].truth())
        group.hand_in(truth)
        (right,) = group.known[exercise, 0].right.values()
        return group, truth, right

    return build


def numbers(reply):
    """Return the arrays of a reply as one row of numbers that may be changed, and how to put it back."""
    end = wire.HEADER.size + wire.HEADER.unpack_from(reply)[1]
    row = np.frombuffer(reply[end:], np.float64).copy()
    return row, lambda: reply[:end] + row.tobytes()


@pytest.mark.parametrize("exercise", ["conv_backward", "softmax", "relu_backward", "bn_forward"])
def test_numbers_count_to_the_last_bit_of_the_bound(exercise, learned):
    group, truth, right = learned(exercise)
    rng = np.random.default_rng(3)
    for at, expected, allowed in right.near:
        for _ in range(8):
            row, again = numbers(truth)
            i = int(rng.integers(len(expected)))
            row[at // 8 + i] = expected[i] + 0.5 * allowed[i]
            assert group.hand_in(again())[1:] == ("recognised", True)
            for wrong in (expected[i] + 1.5 * allowed[i], np.nan, np.inf, -np.inf):
                row[at // 8 + i] = wrong
                assert not right.fits(memoryview(row.tobytes()))
                group.hand_in(again())  # if it is known, then as what it was judged to be


def test_what_nobody_judges_may_be_anything(learned):
    """A call in between two others, as the script has it, is made for what it may spoil, not for what it returns."""
    group, truth, right = learned("conv_backward")
    row, again = numbers(truth)
    held = np.zeros(len(row), bool)
    for at, expected, _ in right.near:
        held[at // 8 : at // 8 + len(expected)] = True
    assert 0 < held.sum() < len(row)
    row[~held] = np.nan
    assert group.hand_in(again())[1:] == ("recognised", True)


def test_other_styles_are_recognised_and_what_earns_a_note_is_not(a_class, honest):
    group = a_class("conv_backward")
    hows = [group.hand_in(group.reply(style()))[1] for style in (
        honest.windows_einsum, honest.loops_backwards, honest.columns_tensordot, honest.fourier
    )]  # fmt: skip
    assert hows == ["judged", "recognised", "recognised", "recognised"]
    group = a_class("softmax")
    assert group.hand_in(group.reply(EXERCISES["softmax"].truth()))[1] == "judged"
    truth = EXERCISES["softmax"].truth()["softmax"]
    for form in (lambda y: y.astype(np.float32), lambda y: y.tolist(), np.asfortranarray):
        expected = "recognised" if form is np.asfortranarray else "judged"
        found, how, _ = group.hand_in(group.reply({"softmax": lambda s, form=form: form(truth(s))}))
        assert how == expected
        assert any("Note:" in v.message for v in found) == (how == "judged")


@pytest.mark.parametrize("exercise", RULED)
def test_what_a_rule_judges_has_no_form(exercise, a_class):
    group = a_class(exercise)
    truth = group.reply(EXERCISES[exercise].truth())
    assert [group.hand_in(truth)[1] for _ in range(2)] == ["judged", "recognised"]  # to the last bit
    assert group.known[exercise, 0].right == {}


def test_a_right_backward_of_a_wrong_forward_is_recognised_to_the_last_bit_only(a_class):
    """How wrong the forward is says no bound: two who get the backward right all the same are told the same."""
    group = a_class("conv_backward")
    truth = EXERCISES["conv_backward"].truth()
    wrong = dict(truth, conv_forward=lambda *given, **named: _off(truth["conv_forward"](*given, **named)))
    reply = group.reply(wrong)
    first, again = group.hand_in(reply), group.hand_in(reply)
    assert first[1:] == ("judged", True)
    assert again == (first[0], "recognised", True)
    assert group.known["conv_backward", 0].right == {}
    row, changed = numbers(reply)
    row[-1] = np.nextafter(row[-1], 9)
    assert group.hand_in(changed())[1] == "judged"


def _off(result):
    """Shift what a forward returns and leave alone what it keeps for the backward."""
    return result[0] + 1.0, result[1]


def in_another_form(n):
    """Return a softmax that hides the result of some of its calls, others for every n, in a class of its own."""
    truth, calls = EXERCISES["softmax"].truth()["softmax"], itertools.count()
    kinds = np.ndarray, type("Mine", (np.ndarray,), {})
    return {"softmax": lambda s: truth(s).view(kinds[n >> next(calls) % 5 & 1])}


def test_only_so_many_forms_are_remembered_and_no_large_reply(a_class, monkeypatch):
    truth = EXERCISES["softmax"].truth()["softmax"]
    group = a_class("softmax")
    replies = [group.reply(in_another_form(n)) for n in range(FORMS + 3)]
    assert len(set(replies)) == len(replies)
    assert [group.hand_in(reply)[1:] for reply in replies] == [("judged", True)] * len(replies)
    assert len(group.known["softmax", 0].right) == FORMS
    hows = [group.hand_in(reply)[1] for reply in replies]
    assert hows == ["recognised"] * len(replies)  # those without a form to the last bit
    row, again = numbers(replies[-1])
    row[-1] = np.nextafter(row[-1], 9)
    assert group.hand_in(again())[1:] == ("judged", True)
    for limit in ("LARGE", "ROOM"):
        group = a_class("softmax")
        with monkeypatch.context() as patched:
            patched.setattr(f"autograder.recognition.{limit}", 100)
            group.hand_in(group.reply({"softmax": truth}))
        assert group.known["softmax", 0].right == {}


def test_a_reply_of_known_form_and_another_length_is_not_the_same(learned):
    _, truth, right = learned("softmax")
    row, _ = numbers(truth)
    assert right.fits(memoryview(row.tobytes()))
    assert not right.fits(memoryview(row.tobytes()[:-8]))
    assert not right.fits(memoryview(row.tobytes() + bytes(8)))


def test_only_the_reply_that_was_looked_at_last_is_learned(a_class):
    group = a_class("softmax")
    reply = group.reply(EXERCISES["softmax"].truth())
    recognition = Recognition(group.known, {"softmax": 0, "relu_forward": 0})
    assert recognition.look("softmax", reply) is None
    judgement = judge(group.key, 0, read_question(reply, "softmax", group.script, {}))
    assert recognition.look("relu_forward", reply) is None
    recognition.learn("softmax", judgement, verdicts(judgement, "Softmax", 10.0))
    assert group.known["softmax", 0].right == {}


def test_what_one_process_learned_another_knows(a_class):
    teacher, pupil = a_class("conv_backward"), a_class("conv_backward")
    truth = EXERCISES["conv_backward"].truth()
    right = teacher.reply(truth)
    wrong = teacher.reply(
        dict(truth, conv_backward=lambda *given: [2 * g for g in truth["conv_backward"](*given)])
    )
    assert teacher.known.take() == []
    told = [teacher.hand_in(reply) for reply in (right, wrong)]
    assert [how for _, how, _ in told] == ["judged", "judged"]
    lessons = pickle.loads(pickle.dumps(teacher.known.take()))
    assert len(lessons) == 2
    assert teacher.known.take() == []  # once is enough
    pupil.known.add(lessons)
    assert [pupil.hand_in(reply) for reply in (right, wrong)] == [
        (found, "recognised", r) for found, _, r in told
    ]
    row, again = numbers(right)
    row[-1] += 1
    assert pupil.hand_in(again())[1:] == ("judged", False)  # its bounds came along


def test_what_is_told_is_kept_only_where_somebody_asks_and_no_large_form(a_class, monkeypatch):
    truth = EXERCISES["softmax"].truth()
    group = a_class("softmax")
    group.hand_in(group.reply(truth))
    assert group.known.fresh is None
    monkeypatch.setattr("autograder.recognition.SHARED", 100)
    group = a_class("softmax")
    group.known.take()
    group.hand_in(group.reply(truth))
    assert group.known["softmax", 0].right
    assert group.known.take() == []


def test_lessons_are_held_to_the_same_bounds(a_class):
    group, truth = a_class("softmax"), EXERCISES["softmax"].truth()["softmax"]
    group.known.take()
    for n in range(2, SAME + 5):
        group.hand_in(group.reply({"softmax": lambda s, n=n: n * truth(s)}))
    for n in range(FORMS):
        group.hand_in(group.reply(in_another_form(n)))
    lessons = group.known.take()
    other = Known()
    for _ in range(2):  # what is known already pushes nothing out
        other.add(lessons)
        assert len(other["softmax", 0].same) == SAME
        assert len(other["softmax", 0].right) == FORMS


def test_no_large_reply_is_held(a_class):
    recognition = Recognition(a_class("softmax").known, {"softmax": 0})
    for large, held in ((False, True), (True, False)):
        reply = wire.pack(["question", "softmax", [[np.zeros(LARGE // 8 - 1000 * (not large))]]])
        assert recognition.look("softmax", reply) is None
        assert bool(recognition.last[1]) == held


def test_of_a_right_reply_nothing_of_the_student_is_remembered(a_class):
    group = a_class("softmax")
    truth, outcomes = EXERCISES["softmax"].truth()["softmax"], []
    for outcome in play(group.script, {"softmax": lambda s: truth(s).view(type("Mine", (np.ndarray,), {}))}):
        outcome.error = {"type": "ValueError", "cell": 1, "line": 1, "text": ""}
        outcomes.append(outcome)
    group.hand_in(_question("softmax", outcomes))
    (right,) = group.known["softmax", 0].right.values()
    for outcome in right.outcomes:
        assert (outcome.status, outcome.value, outcome.facts, outcome.after) == ("ok", None, (), {})
        assert outcome.error is None


class SecondRun:
    """A sandbox in which a program does what it did not do the first time."""

    tier = "T3"

    def __init__(self, reply, first, second):
        self.reply, self.ready = reply, [first, second]

    def run(self, _cells, scripts, _allowance, watch=None):
        (name,) = scripts
        outcomes = self.ready.pop(0)
        if watch is not None:
            assert watch.look(name, self.reply) is None
            watch.took(name, outcomes)
        return Evidence(questions={name: outcomes})


def test_a_wrong_reply_is_not_learned_from_a_second_run_that_is_right(a_class, bundle):
    """One that differs from run to run could else make known whatever it sent first, for all its friends."""
    group, name = a_class("conv_backward"), "conv_backward"
    right = list(play(group.script, EXERCISES[name].truth()))
    wrong = [Outcome("ok", (*o.value, 0.5) if isinstance(o.value, tuple) else o.value) for o in right]
    reply = _question(name, wrong)
    first = read_question(reply, name, group.script, {})
    assert wants_probe(judge(group.key, 0, first))
    probes = [Outcome("missing")] * (len(group.key.script(0)) - len(group.script))
    mine = dataclasses.replace(bundle, keys={**bundle.keys, name: group.key}, known=Known())
    code = _Code(
        mine, SecondRun(reply, first, (*right, *probes)), Submitted((), {}, (), "", None), {name}
    )  # fmt: skip
    code.sets[name] = 0
    asked = code.asked[name]
    assert {v.status for v in code.verdicts(asked, code.run())} == {"right"}  # as ever: the second run counts
    assert not any(seen.right or seen.same for seen in mine.known.values())


@pytest.mark.parametrize("exercise", ["conv_backward", "softmax", "conv_out"])
def test_a_spoilt_reply_is_not_known_or_right_all_the_same(exercise, a_class):
    group = a_class(exercise)
    truth = group.reply(EXERCISES[exercise].truth())
    assert group.hand_in(truth)[1] == "judged"
    rng, hows = np.random.default_rng(11), []
    for _ in range(150):
        spoilt = bytearray(truth)
        for at in rng.integers(wire.HEADER.size, len(truth), int(rng.integers(1, 4))):
            spoilt[at] = int(rng.integers(256))
        magic, text, raw = wire.HEADER.unpack_from(spoilt)
        if rng.random() < 0.2:  # the border between the words and the numbers elsewhere
            step = int(rng.integers(-8, min(raw, 8) + 1))
            spoilt[: wire.HEADER.size] = wire.HEADER.pack(magic, text + step, raw - step)
        try:
            _, how, right = group.hand_in(bytes(spoilt))
        except wire.WireError:
            how, right = "garbled", False
            assert Recognition(group.known, {exercise: 0}).look(exercise, bytes(spoilt)) is None
        assert right or how != "recognised"
        hows.append(how)
    assert {"judged", "garbled"} & set(hows)
