"""A small part of the fuzzing, the same cases every time; `fuzzing.py` runs as many as one likes."""

import json

import pytest

from autograder.sandbox import UnreadableSubmission, WireError, read_submission, wire

CASES = {"ingest_structure": 40, "values_judged": 25, "wire_structure": 60}


@pytest.mark.parametrize(
    "target",
    [
        *("ingest_bytes", "ingest_structure", "wire_bytes", "wire_structure"),
        *("values_sent", "values_judged", "typed_answers"),
    ],
)
def test_nothing_but_the_promised_comes_out(fuzzing, target):
    fuzzing.run(target, CASES.get(target, 100), fixed=True)


def test_every_target_is_run_here(fuzzing):
    assert len(fuzzing.TARGETS) == 7


def test_the_cases_reach_both_ends(fuzzing, tmp_path):
    # What is thrown must be read at times and refused at times; else a target would prove nothing.
    path = tmp_path / "a.ipynb"
    path.write_bytes(fuzzing.reading.changed(fuzzing.reading.NOTEBOOK, []))
    assert [c.index for c in read_submission(path, fuzzing.reading.RELEASE).cells] == [1, 1, 4, 5]
    path.write_bytes(fuzzing.reading.changed(fuzzing.reading.NOTEBOOK, [("set", 0, 0)]))
    with pytest.raises(UnreadableSubmission):
        read_submission(path, fuzzing.reading.RELEASE)
    assert wire.unpack(fuzzing.reading.changed(fuzzing.reading.HONEST, []))[0] == "question"
    with pytest.raises(WireError):
        wire.unpack(fuzzing.reading.changed(fuzzing.reading.HONEST, [("cut", 40, 3)]))
    twice = fuzzing.reading.Pairs([("a", 1), ("a", [fuzzing.reading.Pairs([])])])
    assert fuzzing.reading.written(twice) == '{"a":1,"a":[{}]}'
    assert json.loads(fuzzing.reading.written(twice)) == {"a": [{}]}
