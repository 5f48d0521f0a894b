"""Every attack of the corpus: the outcome it must have, and nothing left of it for the next submission."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from autograder.sandbox import Call, Cell, Evidence, Foreign, Limits, Outcome, Sandbox

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.py"))
INPUTS = np.array([3.0, 1.0, 4.0])
SCRIPTS = {"f": [Call("f", (INPUTS,))], "g": [Call("g", (INPUTS,))]}
# A busy machine must not turn another outcome into a timeout; where one is expected nobody wants to wait.
PATIENT = Limits(seconds=20, memory_mb=200)
HASTY = Limits(seconds=0.8, memory_mb=200)
HONEST = Cell(2, "def g(x):\n    return x * 3\n")


@pytest.fixture(scope="module")
def box():
    with Sandbox(limits=PATIENT) as sandbox:
        if sandbox.tier == "T0":
            pytest.skip("this machine cannot confine submissions")
        yield sandbox


def _expected(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8").split("\n", 1)[0])["expect"]


@pytest.mark.parametrize("path", CORPUS, ids=lambda p: p.stem)
def test_attack_is_contained(box: Sandbox, path: Path):
    expect = _expected(path)
    before = _belongings(box)

    box.limits = HASTY if "timeout" in json.dumps(expect) else PATIENT
    evidence = box.run([Cell(1, path.read_text(encoding="utf-8")), HONEST], SCRIPTS)
    box.limits = PATIENT

    _check(evidence.questions["f"][0], expect["f"], right=INPUTS + 1)
    _check(evidence.questions["g"][0], expect["g"], right=INPUTS * 3)
    _check_details(evidence, expect)
    _check_honest_afterwards(box)
    assert _belongings(box) == before


def _check(outcome: Outcome, expected: str, right: np.ndarray) -> None:
    """Hold an outcome to "status", "status:reason" or "foreign:type"; "ok!" is ok with a value that is not right."""
    status, _, detail = expected.partition(":")
    if status in ("any", "any-not-ok"):
        assert status == "any" or outcome.status != "ok"
    elif status == "foreign":
        assert outcome.status == "ok"
        assert outcome.value == Foreign(detail)
    else:
        assert outcome.status == status.rstrip("!"), outcome
        if detail:
            assert outcome.error is not None
            assert outcome.error["type"] == detail
        if status == "ok":
            np.testing.assert_array_equal(outcome.value, right)
        if status == "ok!":
            assert not np.array_equal(np.asarray(outcome.value, dtype=object), right)


def _check_details(evidence: Evidence, expect: dict) -> None:
    for cell, status in zip(evidence.cells, expect.get("cells", []), strict=False):
        assert cell.status == status
    outcome = evidence.questions["f"][0]
    if "fact" in expect:
        assert tuple(expect["fact"]) in outcome.facts
    assert outcome.changed == tuple(expect.get("changed", ()))
    assert expect.get("note", "") in ("", *evidence.notes)


def _check_honest_afterwards(box: Sandbox) -> None:
    evidence = box.run([Cell(1, "def f(x):\n    return x + 1\n"), HONEST], SCRIPTS)
    np.testing.assert_array_equal(evidence.questions["f"][0].value, INPUTS + 1)
    np.testing.assert_array_equal(evidence.questions["g"][0].value, INPUTS * 3)
    assert [c.status for c in evidence.cells] == ["ok", "ok"]


def _belongings(box: Sandbox) -> tuple:
    """List what an attack could leave behind: processes, files, descriptors."""
    zygote = box._process.pid
    children = Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split()
    return (
        children,
        box.left_behind(),
        len(os.listdir(f"/proc/{zygote}/fd")),
        len(os.listdir("/proc/self/fd")),
        zygote,
    )


def test_attack_files_left_no_trace(box: Sandbox):
    assert not os.path.exists("/tmp/backmark-was-here")


@pytest.mark.parametrize(
    "name",
    [
        "fork_by_system_call",
        "kill_parent",
        "signal_by_owner_of_pipe",
        "ptrace_and_memory_of_others",
        "strange_system_calls",
    ],
)
def test_raw_system_calls_are_all_refused(box: Sandbox, name: str):
    source = next(p for p in CORPUS if p.stem == name).read_text(encoding="utf-8")
    value = box.run([Cell(1, source)], {"f": SCRIPTS["f"]}).questions["f"][0].value
    assert set(value) == {-1}


def test_hidden_inputs_do_not_come_out_in_words(box: Sandbox):
    secret = "3_1_4"
    for name in ("name_carries_input", "message_carries_input", "type_name_carries_input"):
        source = next(p for p in CORPUS if p.stem == name).read_text(encoding="utf-8")
        evidence = box.run([Cell(1, source)], {"f": SCRIPTS["f"]})
        outcome = evidence.questions["f"][0]
        words = repr((outcome.error, outcome.value, outcome.facts, evidence.notes, evidence.cells))
        assert secret not in words
        assert "3." not in words


def test_text_quoted_for_an_error_is_the_graders_own_copy(box: Sandbox):
    source = "import linecache\ndef f(x):\n    linecache.cache['<cell 1>'] = (1, None, ['leak'] * 9, '<cell 1>')\n    1 / 0\n"  # noqa: E501
    error = box.run([Cell(1, source)], {"f": SCRIPTS["f"]}).questions["f"][0].error
    assert error == {"type": "ZeroDivisionError", "cell": 1, "line": 4, "text": "1 / 0"}


def test_every_corpus_file_names_its_class():
    known = {"forging", "leak", "resources", "escape", "notebook", "protocol", "behaviour"}
    classes = {json.loads(p.read_text(encoding="utf-8").split("\n", 1)[0])["attack"] for p in CORPUS}
    assert classes == known
