"""Every attack of the corpus in the best tier there is: the outcome it must have, and nothing left of it."""

import os
from pathlib import Path

import pytest

from autograder.sandbox import Cell, Sandbox


@pytest.fixture(scope="module")
def box(attacking):
    with Sandbox(limits=attacking.PATIENT) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def box_with_numba(attacking):
    with Sandbox(("numpy", "numba"), limits=attacking.PATIENT) as sandbox:
        assert attacking.honest_complaints(sandbox) == []  # now both its processes run
        yield sandbox


def test_attack_is_contained(attacking, attack_file: Path, request):
    name = "box_with_numba" if "numba" in attacking.packages(attack_file) else "box"
    assert attacking.attack(request.getfixturevalue(name), attack_file) == []


def test_attack_files_left_no_trace(box: Sandbox):
    assert not os.path.exists("/tmp/backmark-was-here")


def test_hidden_inputs_do_not_come_out_in_words(box: Sandbox, attacking):
    secret = "3_1_4"
    for path in attacking.CORPUS:
        if path.stem in (
            "name_carries_input",
            "message_carries_input",
            "type_name_carries_input",
            "names_in_errors",
        ):
            evidence = box.run([Cell(1, path.read_text(encoding="utf-8"))], {"f": attacking.SCRIPTS["f"]})
            outcome = evidence.questions["f"][0]
            words = repr((outcome.error, outcome.value, outcome.facts, evidence.notes, evidence.cells))
            assert secret not in words
            assert "3." not in words


def test_text_quoted_for_an_error_is_the_graders_own_copy(box: Sandbox, attacking):
    source = "import linecache\ndef f(x):\n    linecache.cache['<cell 1>'] = (1, None, ['leak'] * 9, '<cell 1>')\n    1 / 0\n"  # noqa: E501
    error = box.run([Cell(1, source)], {"f": attacking.SCRIPTS["f"]}).questions["f"][0].error
    assert error == {"type": "ZeroDivisionError", "cell": 1, "line": 4, "text": "1 / 0"}


def test_every_corpus_file_names_its_class(attacking):
    known = {"forging", "leak", "resources", "escape", "notebook", "protocol", "behaviour"}
    assert {attacking.header(p)["attack"] for p in attacking.CORPUS} == known
    assert {
        attacking.header(p)["attack"] for p in attacking.CORPUS if p.stem in attacking.ONE_OF_EACH
    } == known
    assert len(attacking.CORPUS) >= 360


def test_an_attack_that_succeeds_is_seen(box: Sandbox, attacking, tmp_path: Path):
    # The measuring is measured: each kind of failure, played by a harmless submission under a wrong expectation.
    path = tmp_path / "harmless.py"
    cases = {
        "wrongful marks": ('{"f": "ok!", "g": "ok"}', "def f(x):\n    return x + 1\n"),
        "f: ok expected": ('{"f": "ok", "g": "ok"}', "def f(x):\n    return x\n"),
        "f: refused expected": ('{"f": "refused", "g": "ok"}', "def f(x):\n    return [-1, 0]\n"),
        "value": ('{"f": "ok!", "g": "ok", "value": [1]}', "def f(x):\n    return [2]\n"),
        "leak": ('{"f": "exception", "g": "ok"}', "def f(x):\n    assert 3.0 < 0\n"),
        "cells": ('{"f": "ok", "g": "ok", "cells": ["killed"]}', "def f(x):\n    return x + 1\n"),
    }
    for kind, (expect, source) in cases.items():
        path.write_text(f'{{"attack": "leak", "expect": {expect}}}\n{source}', encoding="utf-8")
        attacking.header.cache_clear()
        (sentence,) = attacking.attack(box, path)
        assert sentence.startswith(kind)
