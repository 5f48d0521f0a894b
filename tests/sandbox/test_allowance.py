"""A submission has a time for everything together, and a room for what it returns; nothing read before is lost."""

import time

import numpy as np
import pytest

from autograder import judging
from autograder.sandbox import Allowance, Call, Cell, Evidence, Foreign, Limits, Outcome, Sandbox, running
from autograder.sandbox.child import Child
from autograder.sandbox.replies import read_question

ENDLESS = "def {name}(x):\n    while True:\n        pass\n"
ONE = np.ones(3)


@pytest.fixture(scope="module")
def box():
    with Sandbox(limits=Limits(seconds=0.6, memory_mb=200), allow_weak=True) as sandbox:
        yield sandbox


def scripts(*names):
    return {name: [Call(name, (ONE,))] for name in names}


def statuses(evidence):
    return [outcomes[0].status for outcomes in evidence.questions.values()]


def test_the_whole_is_three_times_a_question_and_half_of_one_more_for_each():
    assert Limits(seconds=10).total(0) == 30
    assert Limits(seconds=10).total(4) == 50
    assert Limits(seconds=30).total(12) == 270


def test_questions_that_never_end_are_bounded_together(box):
    names = ("f1", "right", "f2", "f3", "f4", "f5", "last")
    source = (
        "".join(ENDLESS.format(name=n) for n in names[:1] + names[2:]) + "def right(x):\n    return x + 1\n"
    )
    allowance, started = Allowance(1.5), time.monotonic()
    evidence = box.run([Cell(1, source)], scripts(*names), allowance)
    assert time.monotonic() - started < 5
    assert statuses(evidence) == ["timeout", "ok", "timeout", "spent", "spent", "spent", "spent"]
    assert np.array_equal(evidence.questions["right"][0].value, ONE + 1)
    assert allowance.left <= 0
    assert evidence.questions["last"][0].error["type"] == "the time for the whole submission was used up"
    (note,) = evidence.notes
    assert note.startswith("This submission had 1.5 s for everything together, and used them up;")


def test_no_cell_is_blamed_for_the_whole(box):
    slow = "import time\ntime.sleep(0.4)\n"
    cells = [Cell(1, slow), Cell(2, ENDLESS.format(name="f")), Cell(3, "def g(x):\n    return x\n")]
    evidence = box.run(cells, scripts("f", "g"), Allowance(1.3))
    assert statuses(evidence)[1] == "spent"
    assert [c.status for c in evidence.cells] == ["ok"] * 3
    assert len(evidence.notes) == 1


def test_an_allowance_holds_over_all_runs(box, monkeypatch):
    allowance = Allowance(20.0)
    cells = [Cell(1, "def f(x):\n    return x\n")]
    assert statuses(box.run(cells, scripts("f"), allowance)) == ["ok"]
    used = 20.0 - allowance.left
    assert 0 < used < 20
    box.run(cells, scripts("f"), allowance)
    assert 20.0 - allowance.left > used
    allowance.left = 0.0
    monkeypatch.setattr(box, "_child", None)  # no process is started any more
    evidence = box.run(cells, scripts("f"), allowance)
    assert statuses(evidence) == ["spent"]
    assert [c.status for c in evidence.cells] == ["skipped"]


class Box:
    """Play a sandbox that has its evidence ready, run by run."""

    def __init__(self, *ready):
        self.ready, self.asked = list(ready), []

    def run(self, _cells, scripts, _allowance, _watch=None):
        self.asked.append(list(scripts))
        return self.ready.pop(0)


class Handed:
    cells = ()


def test_a_second_run_that_is_not_finished_takes_nothing_away():
    killed, fine, spent = (Outcome("killed"),), (Outcome("ok", 1),), (Outcome("spent"),)
    asked = {"f": (), "g": (), "h": ()}
    first = Evidence(questions={"f": killed, "g": fine, "h": killed})
    box = Box(first, Evidence(questions={"f": fine, "h": spent}))
    found = judging._run(box, Handed, asked, Allowance(9.0), None)
    assert found.questions == {"f": fine, "g": fine, "h": killed}
    assert box.asked == [["f", "g", "h"], ["f", "h"]]
    box = Box(first)
    assert judging._run(box, Handed, asked, Allowance(0.0), None) is first


def test_large_results_are_kept_while_there_is_room(box, monkeypatch):
    monkeypatch.setattr(running, "ROOM", 5 << 20)
    source = "import numpy as np\ndef big(x):\n    return np.ones(1 << 18)\ndef small(x):\n    return x\n"
    asked = {f"q{i}": [Call("big", (ONE,))] for i in range(4)} | {"last": [Call("small", (ONE,))]}
    evidence = box.run([Cell(1, source)], asked)
    values = [outcomes[0].value for outcomes in evidence.questions.values()]
    assert [v == Foreign("too large") if isinstance(v, Foreign) else v.size for v in values] == [
        *(1 << 18, 1 << 18, True, True),
        3,
    ]
    assert set(statuses(evidence)) == {"ok"}


class Slow:
    """Know the first question, and take its time over each."""

    def __init__(self, given):
        self.given, self.seen, self.heard = given, [], []

    def look(self, question, reply):
        self.seen.append((question, reply))
        return self.given if question == "f" else None

    def took(self, question, outcomes):
        time.sleep(0.4)
        self.heard.append((question, outcomes))


def test_whoever_watches_sees_every_reply_and_takes_no_time_of_the_submission(box):
    cells = [
        Cell(1, "def f(x):\n    return x\n" + ENDLESS.format(name="g") + "def h(x):\n    return 2 * x\n")
    ]
    given = (Outcome("ok", 5.0),)
    watch, allowance = Slow(given), Allowance(20.0)
    found = box.run(cells, scripts("f", "g", "h"), allowance, watch)
    assert [question for question, _ in watch.seen] == ["f", "h"]  # g gave no reply
    (read,) = read_question(watch.seen[0][1], "f", scripts("f")["f"], {})
    np.testing.assert_array_equal(read.value, ONE)
    assert found.questions["f"] is given
    assert statuses(found) == ["ok", "timeout", "ok"]
    assert [(q, o is found.questions[q]) for q, o in watch.heard] == [("f", True), ("h", True)]
    assert 0.6 <= 20.0 - allowance.left < 0.6 + 0.4 * len(watch.heard)


def test_a_machine_that_stands_still_costs_no_submission_its_time(box, monkeypatch):
    """A laptop that is closed, a container that is frozen: clocks go on, no process does."""
    real, waits, stood = time.monotonic, Child._looks_again, []

    def stand_still(child):
        stood.append(100.0 if not stood else 0.0)
        return waits(child)

    slow = "import time\ndef f(x):\n    time.sleep(0.4)\n    return x\ndef g(x):\n    return x\n"
    monkeypatch.setattr(Child, "_looks_again", stand_still)
    monkeypatch.setattr(time, "monotonic", lambda: real() + sum(stood))
    allowance = Allowance(3.0)
    assert statuses(box.run([Cell(1, slow)], scripts("f", "g"), allowance)) == ["ok", "ok"]
    assert stood
    assert 0 < allowance.left < 3


def test_files_are_looked_at_while_a_question_is_judged():
    """Where a child's files lie on our disk nobody may fill it while this side does something else."""
    source = "def f(x):\n    return x\ndef g(x):\n    import time\n    for n in range(250):\n"
    source += "        with open(f'f{n}', 'wb') as file:\n            file.write(b'x' * (1 << 20))\n"
    source += "        time.sleep(0.01)\n    return x\n"
    found = []

    class Judging:
        def look(self, *_reply):
            return None

        def took(self, question, _outcomes):
            if question == "f":
                time.sleep(5)  # g could write all its files meanwhile
                found.extend(box.left_behind())

    with Sandbox(limits=Limits(seconds=20, memory_mb=200), allow_weak=True, tier="T1") as box:
        evidence = box.run([Cell(1, source)], scripts("f", "g"), Allowance(60), Judging())
    assert statuses(evidence) == ["ok", "killed"]
    assert evidence.questions["g"][0].error["type"] == "wrote too many files"
    assert 50 < len(found) < 200
